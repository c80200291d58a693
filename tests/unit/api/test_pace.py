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

import contextlib
import threading
import time

import fixtures
import testtools

from osc_port_iface.api import pace
from tests.unit import clock


class WouldWaitError(Exception):
    """A thread would have to wait for another one."""


class TestPace(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.pace = pace.Pace()

    def complain(self, under_way: int, seconds: float = 0.0) -> None:
        """Refuse one of this many requests."""
        with contextlib.ExitStack() as turns:
            for _number in range(under_way - 1):
                turns.enter_context(self.pace)
            self.pace.slow_down(seconds)

    def limit(self) -> int:
        """Return the number of requests allowed in parallel, up to 100."""

        def wait(*_arguments: object) -> None:
            raise WouldWaitError

        with (
            fixtures.MonkeyPatch('threading.Condition.wait', wait),
            contextlib.ExitStack() as turns,
        ):
            for count in range(100):
                try:
                    turns.enter_context(self.pace)
                except WouldWaitError:
                    return count
        return 100

    def test_no_limit_without_a_complaint(self) -> None:
        self.pace.succeeded()
        self.assertEqual(100, self.limit())
        self.assertEqual([], self.clock.slept)

    def test_complaint_halves(self) -> None:
        self.complain(8)
        self.assertEqual(4, self.limit())
        self.complain(4)
        self.assertEqual(2, self.limit())

    def test_one_is_always_possible(self) -> None:
        for _number in range(10):
            self.complain(1)
        self.assertEqual(1, self.limit())

    def test_burst_counts_once(self) -> None:
        self.complain(8, 5.0)
        for _number in range(7):
            self.pace.slow_down(5.0)
        self.assertEqual(4, self.limit())
        self.assertEqual([5.0], self.clock.slept)

    def test_complaint_after_the_pause_counts_again(self) -> None:
        self.complain(8, 5.0)
        time.sleep(5.0)
        self.pace.slow_down(5.0)
        self.assertEqual(2, self.limit())

    def test_longest_pause_counts(self) -> None:
        self.complain(2, 5.0)
        self.pace.slow_down(2.0)
        self.limit()
        self.assertEqual([5.0], self.clock.slept)
        self.clock.slept.clear()
        self.complain(1, 1.0)
        self.pace.slow_down(3.0)
        self.limit()
        self.assertEqual([3.0], self.clock.slept)

    def test_successes_allow_more(self) -> None:
        self.complain(8)
        limits = []
        for _number in range(20):
            self.pace.succeeded()
            limits.append(self.limit())
        # The limit rises by one after about as many successes as its value.
        self.assertEqual(sorted(limits), limits)
        self.assertEqual([4, 4, 4, 4, 5], limits[:5])
        self.assertEqual(7, limits[-1])

    def test_place_is_free_after_a_failure(self) -> None:
        self.complain(2)
        with contextlib.suppress(ZeroDivisionError), self.pace:
            raise ZeroDivisionError
        self.assertEqual(1, self.limit())

    def test_all_threads_wait(self) -> None:
        self.complain(8, 7.0)
        complained = time.monotonic()
        begun: list[float] = []

        def work() -> None:
            with self.pace:
                begun.append(time.monotonic())

        threads = [threading.Thread(target=work) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(8, len(begun))
        self.assertGreaterEqual(min(begun), complained + 7.0)
