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

from collections.abc import Callable
import datetime
import errno
import io
import json
import os
import pathlib
import re
import signal
import sys
import termios
import time
from typing import Any
from unittest import mock

import fixtures

from osc_port_iface.commands import plugin_command
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.repair import audit
from osc_port_iface import printable
from tests import command_result
from tests.unit.commands import test_check
from tests.unit.commands import test_progress
from tests.unit import fake_cloud

EVENTS_URL = f'{fake_cloud.COMPUTE_URL}/os-server-external-events'
PORTS_URL = f'{fake_cloud.NETWORK_URL}/v2.0/ports'
COLUMNS = (
    '-f',
    'value',
    '-c',
    'Server Name',
    '-c',
    'Finding',
    '-c',
    'Action',
    '-c',
    'Result',
    '-c',
    'Before',
    '-c',
    'After',
    '-c',
    'Reason',
)
FULL = os.strerror(errno.ENOSPC)
ENDED = 'the run ended before'
MISSING = 'missing-from-cache refresh-cache'
SEE_FINDINGS = "see 'Findings' in the documentation of osc-port-iface"
TOUCHED = 'missing-from-cache update-port'


class DiskThatGetsFull(io.FileIO):
    """A file that takes a few lines.

    :ivar lines: How many more it takes.
    """

    lines = 0

    def write(self, data: Any) -> int:
        if not self.lines:
            raise OSError(errno.ENOSPC, FULL)
        self.lines -= 1
        return super().write(data)


def full_after(count: int) -> Any:
    """Let the disk be full after this many lines of the log."""

    class Disk(DiskThatGetsFull):
        lines = count

    return mock.patch.object(io, 'FileIO', Disk)


class RepairTestCase(test_check.CheckTestCase):
    """Two servers, each with an interface missing from its cache."""

    def setUp(self) -> None:
        super().setUp()
        self.ports = [test_check.port(11, 1), test_check.port(12, 1)]
        self.ports += [test_check.port(21, 2), test_check.port(22, 2)]
        self.servers = [test_check.server(1, 11), test_check.server(2, 21)]
        self.register(self.servers, self.ports)
        self.cloud.register_network('floatingips')
        self.cloud.post(EVENTS_URL, json=self.refresh)
        # Whether Neutron notifies Nova of updates of ports.
        self.notifies = False
        self.cloud.put(re.compile(f'{PORTS_URL}/[^/]*$'), json=self.update)

    def update(self, request: Any, _context: object) -> dict[str, Any]:
        """Act on an update of a port as Neutron does."""
        if self.notifies:
            number = int(request.path[-2:], 16) - 1
            self.put_right(1 if number < 15 else 2)
        return {'port': request.json()['port']}

    def refresh(self, request: Any, context: Any) -> dict[str, Any]:
        """Act on an event as Nova does."""
        events = request.json()['events']
        for event in events:
            (number,) = (
                number
                for number in (1, 2)
                if fake_cloud.identifier(number) == event['server_uuid']
            )
            self.put_right(number)
        context.headers['x-openstack-request-id'] = 'req-event'
        return {'events': [{'code': 200} for _event in events]}

    def put_right(self, number: int) -> None:
        self.register_live(
            test_check.server(number, 10 * number + 1, 10 * number + 2),
            self.ports,
        )

    def repair(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server', 'interface', 'repair', *arguments, *COLUMNS
        )

    def writes(self) -> list[str]:
        return [
            line
            for line in self.cloud.requested()
            if not line.startswith('GET') and '/auth/tokens' not in line
        ]

    def events(self) -> int:
        """Return how many events were sent."""
        return self.writes().count(f'POST {EVENTS_URL}')


class TestRepair(RepairTestCase):
    def test_repaired(self) -> None:
        row = f'{MISSING} repaired not in the cache'
        self.assertEqual(
            command_result.Result(
                0, f's1 {row} 10.0.0.12 \ns2 {row} 10.0.0.22 \n', ''
            ),
            self.repair('--auto-approve'),
        )
        # One server shows that Neutron does not notify Nova.
        self.assertEqual(
            [f'PUT {PORTS_URL}/{fake_cloud.identifier(12)}']
            + [f'POST {EVENTS_URL}'] * 2,
            self.writes(),
        )

    def test_repaired_by_updates_of_ports(self) -> None:
        self.notifies = True
        row = 'missing-from-cache update-port repaired not in the cache'
        self.assertEqual(
            command_result.Result(
                0, f's1 {row} 10.0.0.12 \ns2 {row} 10.0.0.22 \n', ''
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual(
            [
                f'PUT {PORTS_URL}/{fake_cloud.identifier(number)}'
                for number in (12, 22)
            ],
            self.writes(),
        )

    def test_what_cannot_be_looked_for(self) -> None:
        """It says nothing against a repair of something else."""
        self.notifies = True
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips',
            status_code=403,
            json={},
        )
        row = 'missing-from-cache update-port repaired not in the cache'
        self.assertEqual(
            command_result.Result(
                1,
                f's1 {row} 10.0.0.12 \ns2 {row} 10.0.0.22 \n',
                'Not looked for: floating-ip-differs. Floating IPs: this is '
                'not allowed (HTTP 403)\n',
            ),
            self.repair('--auto-approve'),
        )

    def test_interrupted(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                self.register(self.servers, self.ports)

                def refresh(
                    request: Any, context: object, number: int = number
                ) -> dict[str, Any]:
                    signal.raise_signal(number)
                    return self.refresh(request, context)

                self.cloud.post(EVENTS_URL, json=refresh)
                self.assertEqual(
                    command_result.Result(
                        130,
                        f's1 {MISSING} repaired not in the cache 10.0.0.12 \n'
                        's2 missing-from-cache update-port skipped not in the '
                        'cache  the run was interrupted\n',
                        '',
                    ),
                    self.repair('--auto-approve'),
                )

    def test_interrupted_while_neutron_may_notify_nova(self) -> None:
        def update(request: Any, context: object) -> dict[str, Any]:
            signal.raise_signal(signal.SIGINT)
            return self.update(request, context)

        self.cloud.put(re.compile(f'{PORTS_URL}/[^/]*$'), json=update)
        self.assertEqual(
            command_result.Result(
                130,
                f's1 {TOUCHED} unfinished not in the cache not in the cache '
                'it was interrupted\n'
                f's2 {TOUCHED} skipped not in the cache  the run was '
                'interrupted\n',
                '',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual(0, self.events())

    def test_not_repairable_and_too_much(self) -> None:
        self.ports.append(test_check.port(23, 2, status='DOWN'))
        self.servers[1] = test_check.server(2, 21, 23)
        self.register(self.servers, self.ports)
        result = self.repair('--auto-approve', '--max', '1')
        self.assertIn(
            's2 port-down  not repairable DOWN  only with --bounce, which '
            'interrupts any traffic\n',
            result.stdout,
        )
        self.assertEqual(2, result.stdout.count(' skipped '))

    def test_what_cannot_be_repaired_beside_what_can(self) -> None:
        self.ports.append(test_check.port(23, 2, status='DOWN'))
        self.servers[1] = test_check.server(2, 21, 22, 23)
        self.register(self.servers, self.ports)
        self.assertEqual(
            command_result.Result(
                3,
                f's1 {MISSING} repaired not in the cache 10.0.0.12 \n'
                's2 port-down  not repairable DOWN  only with --bounce, which '
                'interrupts any traffic\n',
                '',
            ),
            self.repair('--auto-approve'),
        )

    def test_each_server_is_read_back_before_the_next(self) -> None:
        nowhere = {'binding:vif_type': 'unbound', 'binding:host_id': ''}
        self.ports = [
            test_check.port(10 * number + 1, number, **nowhere)
            for number in (1, 2)
        ]
        self.register(self.servers, self.ports)
        result = self.repair('--auto-approve', '--timeout', '0')
        self.assertEqual(
            (3, 2), (result.status, result.stdout.count(' still there '))
        )
        requested = self.cloud.requested()
        first, second = (
            requested.index(f'PUT {PORTS_URL}/{port["id"]}')
            for port in self.ports
        )
        self.assertIn(
            f'GET {test_check.SERVERS_URL}/{fake_cloud.identifier(1)}',
            requested[first:second],
        )

    def test_every_server_after_a_failure_is_skipped(self) -> None:
        self.ports += [test_check.port(31, 3), test_check.port(32, 3)]
        self.servers.append(test_check.server(3, 31))
        self.register(self.servers, self.ports)
        self.cloud.post(EVENTS_URL, status_code=403, json={})
        result = self.repair('--auto-approve')
        row = 'missing-from-cache update-port skipped not in the cache'
        self.assertEqual(
            [f's2 {row}  {ENDED}', f's3 {row}  {ENDED}'],
            result.stdout.splitlines()[1:],
        )

    def test_nothing_to_do(self) -> None:
        self.register([test_check.server(1, 11)], [test_check.port(11, 1)])
        for arguments in (('--dry-run',), ('--auto-approve',)):
            self.assertEqual(
                command_result.Result(0, '', ''), self.repair(*arguments)
            )

    def test_dry_run(self) -> None:
        row = 'missing-from-cache update-port planned not in the cache  '
        self.assertEqual(
            command_result.Result(3, f's1 {row}\ns2 {row}\n', ''),
            self.repair('--dry-run'),
        )
        self.assertEqual([], self.writes())

    def test_requests_in_json(self) -> None:
        result = self.openstack(
            'server', 'interface', 'repair', '--dry-run', '-f', 'json'
        )
        first, _second = json.loads(result.stdout)
        self.assertEqual(
            [
                {
                    'service': 'network',
                    'method': 'PUT',
                    'path': f'/v2.0/ports/{fake_cloud.identifier(12)}',
                    'body': {'port': {}},
                },
                {
                    'service': 'compute',
                    'method': 'POST',
                    'path': '/v2.1/os-server-external-events',
                    'body': {
                        'events': [
                            {
                                'name': 'network-changed',
                                'server_uuid': fake_cloud.identifier(1),
                                'tag': fake_cloud.identifier(12),
                            }
                        ]
                    },
                },
            ],
            first['Requests'],
        )

    def test_still_there(self) -> None:
        self.cloud.post(EVENTS_URL, json={'events': [{'code': 200}]})
        result = self.repair('--auto-approve', '--timeout', '7')
        self.assertEqual((3, ''), (result.status, result.stderr))
        self.assertEqual(2, result.stdout.count('still there'))
        # A repair without effect is harmless, so the other server is repaired.
        self.assertEqual(2, self.events())

    def test_only_what_was_sent_is_shown(self) -> None:
        def update(request: Any, context: object) -> dict[str, Any]:
            signal.raise_signal(signal.SIGINT)
            return self.update(request, context)

        self.cloud.put(re.compile(f'{PORTS_URL}/[^/]*$'), json=update)
        result = self.openstack(
            'server',
            'interface',
            'repair',
            '--auto-approve',
            '-f',
            'json',
            fake_cloud.identifier(1),
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            ('unfinished', ['PUT']),
            (row['Result'], [call['method'] for call in row['Requests']]),
        )

    def test_pauses(self) -> None:
        """Neutron has eight seconds to notify Nova, and Nova has a minute."""
        self.cloud.post(EVENTS_URL, json={'events': [{'code': 200}]})
        with mock.patch.object(check, 'SETTLING', 0.5):
            self.repair(fake_cloud.identifier(1), '--auto-approve')
        until_8 = [0.5, *[1.0, 0.5] * 5]
        until_60 = [0.5, *[1.0, 0.5] * 40]
        self.assertEqual([0.5, *until_8, *until_60], self.clock.slept)

    def test_log(self) -> None:
        path = self.create_file('before\n')
        self.repair('--auto-approve', '--audit-log', path)
        before, *lines = pathlib.Path(path).read_text().splitlines()
        self.assertEqual('before', before)
        found = [json.loads(line) for line in lines]
        update, _answer, event, accepted, outcome = found[:5]
        server_id, port_id = (fake_cloud.identifier(n) for n in (1, 12))
        for line in found:
            self.assertIsNotNone(
                datetime.datetime.fromisoformat(line.pop('time')).tzinfo
            )
            self.assertEqual('demo', line.pop('user'))
            self.assertRegex(line.pop('user_id'), '^[0-9a-f]{32}$')
            self.assertEqual(fake_cloud.PROJECT_ID, line.pop('project_id'))
        findings = [
            {
                'finding': 'missing-from-cache',
                'port_id': port_id,
                'actual': 'not in the cache',
            }
        ]
        self.assertEqual(
            {
                'event': 'request',
                'service': 'network',
                'method': 'PUT',
                'path': f'/v2.0/ports/{port_id}',
                'body': {'port': {}},
                'server_id': server_id,
                'port_id': port_id,
                'findings': findings,
                'before': {},
            },
            update,
        )
        self.assertEqual(
            (None, findings), (event['port_id'], event['findings'])
        )
        self.assertEqual(
            {
                **event,
                'event': 'result',
                'status': 200,
                'request_id': 'req-event',
                'after': [200],
                'problem': None,
            },
            accepted,
        )
        self.assertEqual(
            {
                'event': 'outcome',
                'server_id': server_id,
                'port_id': port_id,
                'finding': 'missing-from-cache',
                'action': 'refresh-cache',
                'result': 'repaired',
                'before': 'not in the cache',
                'after': '10.0.0.12',
                'reason': None,
            },
            outcome,
        )
        self.assertEqual(
            [
                (event, fake_cloud.identifier(2))
                for event in ('request', 'result', 'outcome')
            ],
            [(line['event'], line['server_id']) for line in found[5:]],
        )

    def test_log_of_what_is_not_done(self) -> None:
        self.ports.append(test_check.port(23, 2, status='DOWN'))
        self.cloud.put(
            re.compile(f'{PORTS_URL}/[^/]*$'), status_code=409, json={}
        )
        self.servers[1] = test_check.server(2, 23)
        self.register(self.servers, self.ports)
        path = self.create_file('')
        self.repair('--auto-approve', '--audit-log', path)
        lines = map(json.loads, pathlib.Path(path).read_text().splitlines())
        self.assertEqual(
            [
                (fake_cloud.identifier(23), 'not repairable'),
                (fake_cloud.identifier(12), 'refused'),
                (fake_cloud.identifier(21), 'skipped'),
                (fake_cloud.identifier(22), 'skipped'),
            ],
            [
                (line['port_id'], line['result'])
                for line in lines
                if line['event'] == 'outcome'
            ],
        )

    def test_log_of_two_ports(self) -> None:
        """Each request has the finding that it is about."""
        self.servers[0] = test_check.server(1, 17)
        self.ports += [test_check.port(17, 1), test_check.port(18, 1)]
        self.register(self.servers, self.ports)
        path = self.create_file('')
        self.repair(
            fake_cloud.identifier(1),
            '--auto-approve',
            '--timeout',
            '0',
            '--audit-log',
            path,
        )
        lines = map(json.loads, pathlib.Path(path).read_text().splitlines())
        ports = [
            [finding['port_id'] for finding in line['findings']]
            for line in lines
            if line['event'] == 'request'
        ]
        ids = [fake_cloud.identifier(number) for number in (11, 12, 18)]
        self.assertEqual([*([port_id] for port_id in ids), ids], ports)

    def test_log_that_is_full(self) -> None:
        result = self.repair('--auto-approve', '--audit-log', '/dev/full')
        problem = 'The log cannot be written: No space left on device'
        row = 'missing-from-cache update-port skipped not in the cache'
        self.assertEqual(
            command_result.Result(
                1, f's1 {row}  {problem}\ns2 {row}  {ENDED}\n', f'{problem}\n'
            ),
            result,
        )
        self.assertEqual([], self.writes())

    def test_log_that_becomes_full(self) -> None:
        full = f'The log cannot be written: {FULL}'
        for name, count, result, writes, reason in (
            ('before the event', 2, 'unfinished', 1, ENDED),
            ('after the event', 3, 'unfinished', 2, ENDED),
            ('before the outcome', 4, 'repaired', 2, ENDED),
            ('before the second server', 5, 'repaired', 2, full),
        ):
            with (
                self.subTest(name),
                full_after(count),
            ):
                self.register(self.servers, self.ports)
                before = len(self.writes())
                path = self.create_file('')
                found = self.repair('--auto-approve', '--audit-log', path)
                first, second = found.stdout.splitlines()
                self.assertEqual(
                    (1, writes), (found.status, len(self.writes()) - before)
                )
                self.assertIn(f' {result} ', first)
                self.assertIn(' skipped ', second)
                self.assertTrue(second.endswith(f'  {reason}'), second)
                self.assertIn('No space left on device', found.stderr)

    def test_log_that_is_a_pipe(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        result = self.repair(
            '--auto-approve', '--audit-log', f'/dev/fd/{writer}'
        )
        self.assertEqual((0, ''), (result.status, result.stderr))
        self.assertEqual(8, os.read(reader, 65536).count(b'\n'))

    def test_signals_end_a_run_whose_log_does_not_open(self) -> None:
        """A pipe opens as soon as somebody reads it, which may be never."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        usual = [*map(signal.getsignal, numbers)]
        during: list[Any] = []

        def wait(*_arguments: object, **_options: object) -> None:
            during.extend(map(signal.getsignal, numbers))
            raise KeyboardInterrupt

        with mock.patch(
            f'{audit.__name__}.io.FileIO', autospec=True, side_effect=wait
        ):
            result = self.repair('--auto-approve', '--audit-log', 'a-pipe')
        self.assertEqual(command_result.Result(130, '', ''), result)
        self.assertEqual(usual, during)
        self.assertEqual([], self.writes())

    def test_log_that_cannot_be_written(self) -> None:
        for path, problem in (
            ('/nowhere/log', 'No such file or directory'),
            ('/', 'Is a directory'),
            (f'/{"x" * 300}', 'File name too long'),
        ):
            with self.subTest(path):
                result = self.repair('--auto-approve', '--audit-log', path)
                shown = printable.one_line(path)
                self.assertEqual(
                    command_result.Result(1, '', f'{shown}: {problem}\n'),
                    result,
                )
        self.assertEqual([], self.writes())


class TestMember(RepairTestCase):
    """A caller who cannot send events."""

    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_tokens('a-token', role='member')
        for one in self.servers:
            del one['OS-EXT-SRV-ATTR:host']
        for port in self.ports:
            for name in [key for key in port if key.startswith('binding:')]:
                del port[name]
        self.register(self.servers, self.ports)

    def updates(self) -> list[str]:
        return [
            f'PUT {PORTS_URL}/{fake_cloud.identifier(number)}'
            for number in (12, 22)
        ]

    def test_each_server_costs_a_timeout(self) -> None:
        waited = []
        row = f'{TOUCHED} still there not in the cache not in the cache'
        for names in (('s1',), ('s1', 's2')):
            self.clock.slept.clear()
            self.assertEqual(
                command_result.Result(
                    3,
                    ''.join(
                        f'{name} {row} {SEE_FINDINGS}\n' for name in names
                    ),
                    '',
                ),
                self.repair(
                    '--auto-approve',
                    '--timeout',
                    '30',
                    *(fake_cloud.identifier(int(name[1])) for name in names),
                ),
            )
            waited.append(sum(self.clock.slept))
        self.assertGreaterEqual(waited[0], 30)
        self.assertEqual(2 * waited[0] - check.SETTLING, waited[1])
        self.assertEqual([*self.updates()[:1], *self.updates()], self.writes())

    def test_nova_hears_of_one_of_them(self) -> None:
        """The nova-compute of the other server may be down."""

        def update(request: Any, context: object) -> dict[str, Any]:
            self.notifies = request.path.endswith(fake_cloud.identifier(22))
            return self.update(request, context)

        self.cloud.put(re.compile(f'{PORTS_URL}/[^/]*$'), json=update)
        result = self.repair('--auto-approve')
        self.assertEqual(
            command_result.Result(
                3,
                f's1 {TOUCHED} still there not in the cache not in the cache '
                f'{SEE_FINDINGS}\n'
                f's2 {TOUCHED} repaired not in the cache 10.0.0.22 \n',
                '',
            ),
            result,
        )

    def test_refused_update(self) -> None:
        """What was sent before is read back all the same."""

        def update(request: Any, context: Any) -> dict[str, Any]:
            if request.url == self.updates()[1].partition(' ')[2]:
                context.status_code = 403
                return {}
            self.notifies = True
            return self.update(request, context)

        self.cloud.put(re.compile(f'{PORTS_URL}/[^/]*$'), json=update)
        problem = (
            f'Update of port {fake_cloud.identifier(22)}: this is not allowed;'
            " it needs the role 'member' in the project of the port (HTTP "
            '403)'
        )
        self.assertEqual(
            command_result.Result(
                1,
                f's1 {TOUCHED} repaired not in the cache 10.0.0.12 \n'
                f's2 {TOUCHED} refused not in the cache not in the cache '
                f'{problem}\n',
                f'{problem}\n',
            ),
            self.repair('--auto-approve'),
        )


class TestUsage(RepairTestCase):
    def test_wrong(self) -> None:
        for name, arguments, message in (
            ('nobody to ask', (), 'There is no terminal to ask for approval'),
            ('none at all', ('--dry-run', '--max', '0'), "'0' is not a"),
            ('both', ('--dry-run', '--auto-approve'), 'not allowed with'),
            (
                'both ends',
                ('--dry-run', '--delete-orphans', '--release-orphans'),
                'not allowed with',
            ),
        ):
            with self.subTest(name):
                result = self.repair(*arguments)
                self.assertEqual((2, ''), (result.status, result.stdout))
                self.assertIn(message, result.stderr)
        self.assertEqual([], self.writes())

    def test_too_much(self) -> None:
        result = self.repair('--auto-approve', '--max', '1')
        self.assertEqual(
            (
                1,
                'Nothing is changed: 2 findings are to be repaired, and '
                '--max allows 1.\n',
            ),
            (result.status, result.stderr),
        )
        row = 'missing-from-cache update-port skipped not in the cache'
        reason = 'more findings than --max allows'
        self.assertEqual(
            f's1 {row}  {reason}\ns2 {row}  {reason}\n', result.stdout
        )
        result = self.openstack(
            'server',
            'interface',
            'repair',
            '--auto-approve',
            '--max',
            '1',
            '-f',
            'json',
        )
        rows = json.loads(result.stdout)
        self.assertEqual([[], []], [row['Requests'] for row in rows])
        self.assertEqual([], self.writes())


class TestApproval(RepairTestCase):
    """A person at a terminal."""

    stream = test_progress.Terminal

    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network(
            'networks', {'id': fake_cloud.identifier(700), 'name': 'net'}
        )
        self.notifies = True

    def answer(
        self, typed: str, *arguments: str
    ) -> tuple[command_result.Result, list[str]]:
        """Type something; return the lines of the dialogue as well."""
        keyboard = test_progress.Terminal()
        keyboard.write(typed)
        keyboard.seek(0)
        with mock.patch.object(sys, 'stdin', keyboard):
            result = self.repair(*arguments)
        return result, re.split(r'[\r\n]+', result.stderr)

    def test_what_is_typed_before_the_question(self) -> None:
        typing, keyboard = os.openpty()
        self.addCleanup(os.close, typing)
        flush = termios.tcflush

        def flush_and_type(*arguments: Any) -> None:
            flush(*arguments)
            os.write(typing, b'n\n')

        os.write(typing, b'y\n')
        with (
            open(keyboard) as stdin,
            mock.patch.object(sys, 'stdin', stdin),
            mock.patch.object(termios, 'tcflush', flush_and_type),
        ):
            result = self.repair()
        self.assertEqual(2, result.stdout.count(' skipped '))
        self.assertEqual([], self.writes())

    def test_answers(self) -> None:
        question = 'Repair 2 findings? [y/N] '
        for typed, status, result in (
            ('n\n', 3, 'skipped'),
            ('\n', 3, 'skipped'),
            # The end of the input.
            ('', 3, 'skipped'),
            ('yess\ny\n', 3, 'skipped'),
            (' Y \n', 0, 'repaired'),
            ('yes\n', 0, 'repaired'),
        ):
            with self.subTest(typed):
                self.register(self.servers, self.ports)
                found, lines = self.answer(typed)
                self.assertEqual(status, found.status)
                self.assertEqual(2, found.stdout.count(f' {result} '))
                self.assertEqual(
                    2 if result == 'skipped' else 0,
                    found.stdout.count('  not approved\n'),
                )
                self.assertIn(question, ''.join(lines))
                self.assertEqual(not typed, f'{question}\n' in found.stderr)

    def test_no_finding(self) -> None:
        self.register([test_check.server(1, 11)], self.ports[:1])
        result, _lines = self.answer('')
        self.assertEqual(
            (0, 'Nothing to repair; servers looked at: 1.\n'),
            (result.status, result.stderr.splitlines(True)[-1]),
        )

    def test_one_finding(self) -> None:
        self.register([test_check.server(1, 11)], self.ports[:2])
        _result, lines = self.answer('n\n')
        self.assertIn('Repair 1 finding? [y/N] ', ''.join(lines))

    def test_plan(self) -> None:
        _result, lines = self.answer('n\n')
        way = (
            'missing-from-cache (not in the cache): let Nova read it again, '
            'by an update of the port, or else by an event'
        )
        self.assertEqual(
            [
                f's1, net, 10.0.0.12: {way}',
                f's2, net, 10.0.0.22: {way}',
                'Note for 2 of them: it goes to the end of the cache, so it '
                'is the last NIC after the next hard reboot; from now on, '
                'Nova deletes the port together with the server',
                '2 of 2 findings can be repaired.',
            ],
            lines[:4],
        )
        self.assertEqual([], self.writes())

    def test_steps(self) -> None:
        with mock.patch.object(
            plugin_command.PluginCommand, 'show_progress', autospec=True
        ) as shown:
            self.answer('y\n')
        texts = [call.args[1] for call in shown.call_args_list]
        self.assertEqual(
            ['Step 1 of 2: s1, 10.0.0.12', 'Step 2 of 2: s2, 10.0.0.22'],
            [
                text.partition(': missing')[0]
                for text in texts
                if text.startswith('Step')
            ],
        )

    def test_networks_that_cannot_be_read(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/networks', status_code=403, json={}
        )
        _result, lines = self.answer('n\n')
        self.assertTrue(lines[0].startswith('s1, 10.0.0.12: miss'), lines[0])

    def test_requests(self) -> None:
        _result, lines = self.answer('n\n', '-v')
        path = f'/v2.0/ports/{fake_cloud.identifier(12)}'
        self.assertIn(f'    PUT {path} {{"port": {{}}}}', lines)

    def test_summary_of_a_dry_run(self) -> None:
        _result, lines = self.answer('', '--dry-run')
        self.assertIn('2 of 2 findings can be repaired.', lines)


class TestNotAsPlanned(RepairTestCase):
    def assert_stopped(self, message: str, *results: str) -> None:
        """Check that the first server ends the run, before the second."""
        result = self.repair('--auto-approve')
        self.assertEqual(1, result.status)
        self.assertIn(message, result.stderr)
        self.assertEqual(1, result.stderr.count('\n'))
        for line, expected in zip(
            result.stdout.splitlines(), results, strict=True
        ):
            self.assertIn(f' {expected} ', f'{line} ')
            self.assertEqual(expected == 'repaired', line.endswith(' '), line)

    def test_refused(self) -> None:
        self.cloud.post(EVENTS_URL, status_code=403, json={})
        self.assert_stopped(
            "it needs the role 'admin' or 'service'", 'refused', 'skipped'
        )
        self.assertEqual(1, self.events())

    def test_answer_that_was_not_planned(self) -> None:
        self.cloud.post(
            EVENTS_URL, status_code=207, json={'events': [{'code': 422}]}
        )
        self.assert_stopped('HTTP 207, [422]', 'unfinished', 'skipped')
        self.assertEqual(1, self.events())

    def test_finding_that_has_changed(self) -> None:
        # Read once for the check, and again before the write.
        one = self.servers[0]
        url = f'{test_check.SERVERS_URL}/{one["id"]}'
        self.cloud.get(
            url,
            [
                {'json': {'server': one}},
                {'json': {'server': {**one, 'OS-EXT-STS:task_state': 'x'}}},
            ],
        )
        self.assert_stopped(
            'not as it was when the plan was made', 'skipped', 'skipped'
        )
        self.assertEqual([], self.writes())

    def test_finding_that_is_another_one_now(self) -> None:
        one, other = (
            test_check.server(
                1, addresses={'net': [fake_cloud.cached(19, address)]}
            )
            for address in ('10.0.0.98', '10.0.0.99')
        )
        del self.ports[:2]
        self.register([one, self.servers[1]], self.ports)
        url = f'{test_check.SERVERS_URL}/{one["id"]}'
        self.cloud.get(
            url, [{'json': {'server': one}}, {'json': {'server': other}}]
        )
        result = self.repair('--auto-approve', 's1')
        problem = f'Server {one["id"]}: not as it was when the plan was made'
        self.assertEqual(
            command_result.Result(
                1,
                's1 only-in-cache refresh-cache skipped 10.0.0.98  '
                f'{problem}\n',
                f'{problem}\n',
            ),
            result,
        )
        self.assertEqual([], self.writes())

    def test_neutron_that_no_longer_shows_the_effect(self) -> None:
        def refuse(request: Any, context: object) -> dict[str, Any]:
            answer = self.refresh(request, context)
            self.cloud.get(PORTS_URL, status_code=403, json={})
            return answer

        self.cloud.post(EVENTS_URL, json=refuse)
        self.assert_stopped(
            'Ports: this is not allowed', 'unfinished', 'skipped'
        )
        self.assertEqual(1, self.events())

    def test_finding_that_is_gone(self) -> None:
        one = self.servers[0]
        self.cloud.get(
            f'{test_check.SERVERS_URL}/{one["id"]}',
            [
                {'json': {'server': one}},
                {'json': {'server': test_check.server(1, 11, 12)}},
            ],
        )
        self.assertEqual(
            command_result.Result(
                0,
                f's1 {TOUCHED} skipped not in the cache 10.0.0.12 it was gone '
                'already\n'
                f's2 {MISSING} repaired not in the cache 10.0.0.22 \n',
                '',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual(1, self.events())

    def test_new_finding(self) -> None:
        def break_another(request: Any, context: object) -> dict[str, Any]:
            self.ports[0] = test_check.port(11, 1, status='DOWN')
            self.register(self.servers, self.ports)
            return self.refresh(request, context)

        self.cloud.post(EVENTS_URL, json=break_another)
        self.assert_stopped(
            f'Port {fake_cloud.identifier(11)}: port-down is new\n',
            'repaired',
            'skipped',
        )
        self.assertEqual(1, self.events())

    def delete(self, number: int) -> None:
        """Delete a server from Nova."""
        url = f'{test_check.SERVERS_URL}/{fake_cloud.identifier(number)}'
        for path in ('', '/os-interface', '/os-instance-actions'):
            self.cloud.get(
                f'{url}{path}', status_code=404, json=fake_cloud.NOT_FOUND
            )

    def test_server_that_is_deleted_before_its_step(self) -> None:
        def delete(request: Any, context: object) -> dict[str, Any]:
            self.delete(2)
            return self.refresh(request, context)

        self.cloud.post(EVENTS_URL, json=delete)
        self.assertEqual(
            command_result.Result(
                0,
                f's1 {MISSING} repaired not in the cache 10.0.0.12 \n'
                's2 missing-from-cache update-port skipped not in the cache  '
                'the server no '
                'longer exists\n',
                '',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual(1, self.events())

    def test_server_that_is_deleted_during_its_step(self) -> None:
        def delete(request: Any, context: object) -> dict[str, Any]:
            found = self.refresh(request, context)
            self.delete(1)
            return found

        self.cloud.post(EVENTS_URL, json=delete)
        self.assertEqual(
            command_result.Result(
                0,
                f's1 {MISSING} unfinished not in the cache  the server no '
                'longer exists\n'
                f's2 {MISSING} repaired not in the cache 10.0.0.22 \n',
                '',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual(2, self.events())

    def test_failure_at_a_server_that_is_deleted(self) -> None:
        """The failure may be the same for the next server."""

        def fail(_request: Any, context: Any) -> dict[str, Any]:
            self.delete(1)
            context.status_code = 500
            return {}

        self.cloud.put(re.compile(f'{PORTS_URL}/[^/]*$'), json=fail)
        self.assert_stopped('the service failed', 'unfinished', 'skipped')

    def test_server_that_changes_all_the_time(self) -> None:
        def begin(request: Any, context: object) -> dict[str, Any]:
            self.register_actions(fake_cloud.identifier(2), 1.0)
            return self.refresh(request, context)

        self.cloud.post(EVENTS_URL, json=begin)
        self.assert_stopped(
            f'Server {fake_cloud.identifier(2)}: not judged, as it keeps '
            'changing',
            'repaired',
            'skipped',
        )
        self.assertEqual(1, self.events())

    def test_server_that_changes_all_the_time_after_its_step(self) -> None:
        def begin(_request: Any, _context: object) -> dict[str, Any]:
            self.register_actions(fake_cloud.identifier(1), 1.0)
            return {'events': [{'code': 200}]}

        self.cloud.post(EVENTS_URL, json=begin)
        self.assert_stopped(
            'not judged, as it keeps changing', 'unfinished', 'skipped'
        )
        self.assertEqual(1, self.events())

    def test_server_that_stays_busy_after_its_step(self) -> None:
        busy = test_check.server(1, 11, **{'OS-EXT-STS:task_state': 'x'})

        def begin(_request: Any, _context: object) -> dict[str, Any]:
            self.register_live(busy, self.ports)
            return {'events': [{'code': 200}]}

        self.cloud.post(EVENTS_URL, json=begin)
        self.assert_stopped(
            'not judged, as it changes (x)', 'unfinished', 'skipped'
        )
        self.assertEqual(1, self.events())

    def assert_awaited(self, act: Callable[[], None]) -> None:
        """Check that a state is waited out that an event leads to."""
        sleep = time.sleep
        acted: list[float] = []

        def accept(_request: Any, _context: object) -> dict[str, Any]:
            acted.append(0.0)
            act()
            return {'events': [{'code': 200}]}

        def sleep_and_put_right(seconds: float) -> None:
            sleep(seconds)
            if acted and seconds == 1.0:
                self.ports[0] = test_check.port(11, 1)
                self.register(self.servers, self.ports)
                self.put_right(1)

        self.cloud.post(EVENTS_URL, json=accept)
        self.useFixture(
            fixtures.MonkeyPatch('time.sleep', sleep_and_put_right)
        )
        self.assertEqual(
            command_result.Result(
                0, f's1 {MISSING} repaired not in the cache 10.0.0.12 \n', ''
            ),
            self.repair('--auto-approve', fake_cloud.identifier(1)),
        )

    def test_server_that_is_busy_for_a_moment(self) -> None:
        busy = test_check.server(1, 11, **{'OS-EXT-STS:task_state': 'x'})
        self.assert_awaited(lambda: self.register_live(busy, self.ports))

    def test_new_finding_for_a_moment(self) -> None:
        def break_another() -> None:
            self.ports[0] = test_check.port(11, 1, status='DOWN')
            self.register(self.servers, self.ports)
            self.put_right(1)

        self.assert_awaited(break_another)

    def test_server_that_no_longer_has_the_status(self) -> None:
        """It is read back by its ID, whatever was selected."""
        self.notifies = True
        self.repair('--auto-approve', '--status', 'ACTIVE')
        requested = self.cloud.requested()
        first = requested.index(f'PUT {PORTS_URL}/{fake_cloud.identifier(12)}')
        self.assertTrue(any('status=' in line for line in requested[:first]))
        self.assertFalse(any('status=' in line for line in requested[first:]))

    def test_nothing_can_be_read_back(self) -> None:
        def fail(request: Any, context: object) -> dict[str, Any]:
            self.cloud.get(
                f'{test_check.SERVERS_URL}/{fake_cloud.identifier(1)}',
                status_code=500,
                json={},
            )
            return {'events': [{'code': 200}]}

        self.cloud.post(EVENTS_URL, json=fail)
        self.assert_stopped('the service failed', 'unfinished', 'skipped')
