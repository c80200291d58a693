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

"""Failures in a listing of many servers."""

import json
import re
import signal
import threading
from typing import Any
from unittest import mock

import requests

from tests import command_result
from tests.unit import clock
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud

OTHER_PROJECT_HINT = test_list_fleet.OTHER_PROJECT_HINT
CELL_DOWN = (
    "the cell that holds the server is down; 'openstack server show' with "
    '--os-compute-api-version 2.69 shows UNKNOWN if so'
)


class TestFailures(test_list_fleet.FleetTestCase):
    def refuse(self, server: int, status: int, key: str, text: str) -> None:
        self.cloud.get(
            test_list_fleet.interfaces_url(server),
            status_code=status,
            json={key: {'code': status, 'message': text}},
            headers={'x-openstack-request-id': f'req-{server}'},
        )

    def test_others_are_shown(self) -> None:
        self.register(
            *(fake_cloud.server(number, f's{number}') for number in range(6))
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(0), fake_cloud.attachment(10)
        )
        self.refuse(4, 404, 'itemNotFound', 'Instance could not be found.')
        self.refuse(1, 403, 'forbidden', "Policy doesn't allow it.")
        self.refuse(
            3,
            500,
            'computeFault',
            "Unexpected. <class 'nova.exception.NovaException'>",
        )
        result = self.list('-f', 'json')
        self.assertEqual(1, result.status)
        self.assertEqual(
            [('s0', 10), ('s2', 12), ('s5', 15)],
            [
                (row['Server Name'], int(row['Port ID'][-4:], 16))
                for row in json.loads(result.stdout)
            ],
        )
        self.assertEqual(
            f'Interfaces of server {fake_cloud.identifier(1)}: this is not '
            "allowed: Policy doesn't allow it. "
            '(HTTP 403, request ID req-1)\n'
            f'Interfaces of server {fake_cloud.identifier(3)}: {CELL_DOWN}: '
            "Unexpected. <class 'nova.exception.NovaException'> "
            '(HTTP 500, request ID req-3)\n'
            f'Interfaces of server {fake_cloud.identifier(4)}: '
            f'{OTHER_PROJECT_HINT}: Instance could not be found. '
            '(HTTP 404, request ID req-4)\n',
            result.stderr,
        )

    def test_none_can_be_shown(self) -> None:
        self.register(fake_cloud.server(1, 'web'))
        self.refuse(1, 404, 'itemNotFound', 'Gone.')
        self.assertEqual(
            command_result.Result(
                1,
                '[]\n',
                f'Interfaces of server {fake_cloud.identifier(1)}: '
                f'{OTHER_PROJECT_HINT}: Gone. (HTTP 404, request ID req-1)\n',
            ),
            self.list('-f', 'json'),
        )

    def test_problems_of_look_up_come_first(self) -> None:
        self.refuse(1, 404, 'itemNotFound', 'Gone.')
        result = self.list(
            *test_list_fleet.SERVER_AND_PORT, 'web', 'db', 'missing'
        )
        self.assertEqual(
            (1, test_list_fleet.rows((2, 'db', 12))),
            (result.status, result.stdout),
        )
        self.assertEqual(
            [
                "No server with the name or ID 'missing' exists in project "
                'demo.',
                'Interfaces of server web: '
                f'{OTHER_PROJECT_HINT}: Gone. (HTTP 404, request ID req-1)',
            ],
            result.stderr.splitlines(),
        )

    def test_listing_fails(self) -> None:
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}/detail',
            status_code=403,
            json={'forbidden': {'code': 403, 'message': 'No.'}},
        )
        self.assert_fails(
            self.list('--all-projects'),
            'Servers: this is not allowed: No. (HTTP 403)',
        )


class TestPace(test_list_fleet.FleetTestCase):
    def test_nova_is_down_from_the_second_server_on(self) -> None:
        """Not all servers cost the retries."""
        self.useFixture(clock.Clock())
        self.cloud.get(
            re.compile('.*/os-interface'),
            [{'json': {'interfaceAttachments': []}}, {'status_code': 503}],
        )
        result = self.list('--concurrency', '1')
        self.assertEqual(1, result.status)
        asked = [
            line for line in self.cloud.requested() if 'os-interface' in line
        ]
        self.assertEqual(1 + 4 + 2, len(asked))

    def test_all_wait_when_asked_to(self) -> None:
        time = self.useFixture(clock.Clock())
        self.cloud.get(
            test_list_fleet.interfaces_url(3),
            [
                {'status_code': 429, 'headers': {'Retry-After': '7'}},
                {'json': {'interfaceAttachments': []}},
            ],
        )
        self.assert_lists(
            test_list_fleet.rows(
                (2, 'db', 12), (1, 'web', 11), (4, 'web-2', 14)
            ),
            '--concurrency',
            '1',
        )
        # The first of the four requests was refused.
        self.assertEqual([7.0], time.slept)

    def test_concurrency_is_checked(self) -> None:
        for number in ('0', '65', '-1', '1.5', 'many', ''):
            self.cloud.reset_mock()
            result = self.list(f'--concurrency={number}')
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertTrue(
                result.stderr.endswith(
                    f"error: argument --concurrency: '{number}' is not a "
                    'number from 1 to 64\n'
                )
            )
            self.assertEqual([], self.cloud.requested())

    def test_same_bytes_however_many_at_a_time(self) -> None:
        self.register(
            *(fake_cloud.server(number, 'same') for number in range(30, 0, -1))
        )
        for number in range(1, 31):
            self.cloud.register_interfaces(
                fake_cloud.identifier(number),
                fake_cloud.attachment(100 + number),
            )
        expected = command_result.Result(
            0,
            test_list_fleet.rows(
                *((number, 'same', 100 + number) for number in range(1, 31))
            ),
            '',
        )
        for concurrency in ('1', '8', '64'):
            self.assertEqual(
                expected,
                self.list(
                    *test_list_fleet.SERVER_AND_PORT,
                    '--concurrency',
                    concurrency,
                ),
            )


class TestInterrupt(test_list_fleet.FleetTestCase):
    INTERRUPTED = command_result.Result(130, '', '')

    def test_while_servers_are_listed(self) -> None:
        self.cloud.get(
            test_list_fleet.SERVERS_URL,
            json=mock.Mock(side_effect=KeyboardInterrupt),
        )
        self.assertEqual(self.INTERRUPTED, self.list('-f', 'json'))

    def test_while_nova_does_not_answer(self) -> None:
        # A shell starts background jobs with SIGINT ignored.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        answered = threading.Event()

        def answer(
            _request: requests.PreparedRequest, _context: object
        ) -> dict[str, Any]:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            answered.wait(60)
            return {'interfaceAttachments': []}

        self.cloud.get(test_list_fleet.interfaces_url(1), json=answer)
        before = threading.enumerate()
        self.assertEqual(self.INTERRUPTED, self.list('-f', 'json'))
        waiting = [
            thread
            for thread in threading.enumerate()
            if thread not in before and thread.is_alive()
        ]
        self.assertNotEqual([], waiting)
        # The interpreter does not wait for any of them.
        self.assertTrue(all(thread.daemon for thread in waiting))
        answered.set()
        for thread in waiting:
            thread.join()
