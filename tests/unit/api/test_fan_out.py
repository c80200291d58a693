# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import collections
from collections import abc
import queue
import threading
from unittest import mock

import testtools

from osc_port_iface.api import errors
from osc_port_iface.api import fan_out

# Long enough for a machine under load; nothing waits so long if all is well.
PATIENCE = 60


class TestFanOut(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.threads = set(threading.enumerate())

    def started(self) -> set[threading.Thread]:
        """Return the threads started since the test began."""
        return {
            thread
            for thread in threading.enumerate()
            if thread not in self.threads and thread.is_alive()
        }

    def join(self) -> None:
        for thread in self.started():
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())

    def test_each_item_once_however_many_workers(self) -> None:
        items = range(100)
        for workers in (1, 2, 7, 100, 1000):
            done = collections.Counter[int]()
            for item, result in fan_out.fan_out(
                lambda item: item * item, items, workers
            ):
                self.assertEqual(item * item, result)
                done[item] += 1
            self.assertEqual(collections.Counter(items), done)
        self.join()

    def test_no_item_no_thread(self) -> None:
        with mock.patch('threading.Thread', autospec=True) as thread:
            self.assertEqual([], list(fan_out.fan_out(str, [], 8)))
        thread.assert_not_called()

    def test_as_many_at_a_time_as_workers(self) -> None:
        # Each thread waits for the others, so all must run in parallel.
        barrier = threading.Barrier(4)
        results = fan_out.fan_out(
            lambda item: barrier.wait(PATIENCE), range(8), 4
        )
        self.assertEqual(8, len(list(results)))
        self.join()

    def test_no_more_at_a_time_than_workers(self) -> None:
        lock = threading.Lock()
        under_way = most = 0

        def work(_item: int) -> None:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            with lock:
                under_way -= 1

        self.assertEqual(200, len(list(fan_out.fan_out(work, range(200), 3))))
        self.assertLessEqual(most, 3)
        self.join()

    def test_as_they_are_finished(self) -> None:
        second_is_read = threading.Event()

        def work(item: str) -> str:
            if item == 'slow':
                second_is_read.wait(PATIENCE)
            return item.upper()

        results = fan_out.fan_out(work, ['slow', 'quick'], 2)
        self.assertEqual(('quick', 'QUICK'), next(results))
        second_is_read.set()
        self.assertEqual([('slow', 'SLOW')], list(results))
        self.join()

    def test_api_error_is_what_came_of_an_item(self) -> None:
        problem = errors.NotFound('gone')

        def work(item: int) -> int:
            if item == 2:
                raise problem
            return item

        self.assertEqual(
            {1: 1, 2: problem, 3: 3},
            dict(fan_out.fan_out(work, [1, 2, 3], 2)),
        )
        self.join()

    def test_refused_token_ends_it(self) -> None:
        refused = errors.TokenRefused('no')

        def work(_item: int) -> None:
            raise refused

        results = fan_out.fan_out(work, range(100), 1)
        self.assertIs(
            refused, self.assertRaises(errors.TokenRefused, next, results)
        )
        self.assertEqual([], list(results))
        self.join()

    def test_refused_token_keeps_what_was_read(self) -> None:
        refused = errors.TokenRefused('no')

        def work(item: int) -> int:
            if item > 1:
                raise refused
            return item

        results = fan_out.fan_out(work, range(100), 1)
        expected: dict[int, object] = dict.fromkeys(range(100), refused)
        self.assertEqual({**expected, 0: 0, 1: 1}, dict(results))
        self.join()

    def test_another_exception_ends_it(self) -> None:
        begun: list[int] = []

        def work(item: int) -> None:
            begun.append(item)
            raise ZeroDivisionError(f'item {item}')

        results = fan_out.fan_out(work, [1, 2], 1)
        error = self.assertRaises(ZeroDivisionError, next, results)
        self.assertEqual('item 1', str(error))
        self.assertEqual([], list(results))
        self.join()

    def test_closing_stops_the_threads(self) -> None:
        begun: list[int] = []
        closed = threading.Event()

        def work(item: int) -> int:
            begun.append(item)
            if item:
                closed.wait(PATIENCE)
            return item

        results = fan_out.fan_out(work, range(100), 2)
        self.assertEqual((0, 0), next(results))
        assert isinstance(results, abc.Generator)
        results.close()
        closed.set()
        self.join()
        # Each of the two threads has finished its current item.
        self.assertLessEqual(len(begun), 3)

    def test_interrupt(self) -> None:
        begun: list[int] = []
        interrupted = threading.Event()

        def work(item: int) -> None:
            begun.append(item)
            interrupted.wait(PATIENCE)

        class Interrupted(queue.SimpleQueue[object]):
            def get(self, *_args: object, **_options: object) -> object:
                raise KeyboardInterrupt

        with mock.patch('queue.SimpleQueue', Interrupted):
            results = fan_out.fan_out(work, range(100), 2)
            self.assertRaises(KeyboardInterrupt, next, results)
        # The interpreter would not wait for the threads.
        self.assertTrue(all(thread.daemon for thread in self.started()))
        interrupted.set()
        self.join()
        self.assertLessEqual(len(begun), 2)
