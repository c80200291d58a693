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
import functools
import json
import pathlib
import re
import signal
import time
from typing import Any
from unittest import mock

import fixtures
import requests

from osc_port_iface.commands import plan_text
from osc_port_iface.interfaces.repair import safeguards
from osc_port_iface import records
from tests import command_result
from tests.unit.commands import test_check
from tests.unit.commands import test_repair
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

PORT_ID = fake_cloud.identifier(11)
PORT_URL = f'{test_repair.PORTS_URL}/{PORT_ID}'
DOWN = 's1 port-down bounce-port'
ORPHAN = ' orphan-port delete-port'
GONE = 'its server is not found'
NO_ANSWER = requests.exceptions.ReadTimeout

ENABLE = f'PUT {PORT_ID} True'
DISABLE = f'PUT {PORT_ID} False'
MARK = 'PUT server-interface-repair-bounce'
UNMARK = 'DELETE server-interface-repair-bounce'


class PortsTestCase(test_repair.RepairTestCase):
    """A server with one port, which Neutron changes as it is asked to.

    :ivar seen: The writes, with the state that they set.
    :ivar faults: What happens to a write, by its number from 1.
    :ivar after: What somebody else does right after a write.
    """

    def setUp(self) -> None:
        super().setUp()
        self.faults: dict[int, Any] = {}
        self.after: dict[int, Callable[[], None]] = {}
        self.seen: list[str] = []
        self.servers = [test_check.server(1, 11)]
        self.others: list[dict[str, Any]] = []
        self.change(test_check.port(11, 1))
        for method in ('PUT', 'DELETE'):
            self.cloud.register_uri(
                method, re.compile(test_repair.PORTS_URL), json=self.write
            )

    def change(self, port: dict[str, Any] | None) -> None:
        """Register the server, and its port as it is now."""
        self.port = port
        self.register(self.servers, [*self.others, *([port] if port else [])])
        for name in ('trunks', 'routers', 'subnets'):
            self.cloud.register_network(name)

    def write(self, request: Any, context: Any) -> Any:
        words = [request.method, request.path.rpartition('/')[2]]
        if 'admin_state_up' in (request.text or ''):
            words.append(str(request.json()['port']['admin_state_up']))
        self.seen.append(' '.join(words))
        fault = self.faults.get(len(self.seen))
        if isinstance(fault, type):
            raise fault
        if callable(fault):
            fault = fault()
        if fault:
            context.status_code = fault
            return {}
        assert self.port is not None
        if '/tags/' in request.path:
            tags = {*self.port.get('tags', ())}
            tag = request.path.rpartition('/')[2]
            change = tags.add if request.method == 'PUT' else tags.discard
            change(tag)
            self.change({**self.port, 'tags': sorted(tags)})
            context.status_code = 201 if request.method == 'PUT' else 204
            return None
        if request.method == 'DELETE':
            self.change(None)
            context.status_code = 204
            return None
        changes = request.json()['port']
        self.change({**self.port, **changes, **self.following(changes)})
        self.after.get(len(self.seen), bool)()
        return {'port': {**self.port, **changes}}

    def following(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return what an update changes in addition."""
        if 'admin_state_up' not in changes:
            return {}
        return {'status': 'ACTIVE' if changes['admin_state_up'] else 'DOWN'}


class TestBounce(PortsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.restart()

    def restart(self) -> None:
        """Forget all requests and faults; the port is DOWN."""
        self.faults = {}
        self.seen = []
        self.change(
            {
                **test_check.port(11, 1),
                'status': 'DOWN',
                'admin_state_up': True,
                'tags': [],
            }
        )

    def bounce(self) -> command_result.Result:
        return self.repair('--auto-approve', '--bounce', '--timeout', '5')

    def test_done(self) -> None:
        self.assertEqual(
            command_result.Result(0, f'{DOWN} repaired DOWN ACTIVE \n', ''),
            self.bounce(),
        )
        self.assertEqual([MARK, DISABLE, ENABLE, UNMARK], self.seen)

    def test_broken_off(self) -> None:
        """Neutron fails at one of the writes."""
        for name, faults, row, writes, message in (
            (
                'no answer to the enabling',
                {3: NO_ANSWER},
                f'{DOWN} unfinished DOWN ACTIVE Update of port',
                [MARK, DISABLE, ENABLE, ENABLE, UNMARK],
                'Update of port',
            ),
            (
                'the enabling fails, and the next one',
                {3: 504, 4: 504},
                f'{DOWN} unfinished DOWN ACTIVE Update of port',
                [MARK, DISABLE, ENABLE, ENABLE, ENABLE, UNMARK],
                'HTTP 504',
            ),
            (
                'the enabling fails for long',
                dict.fromkeys(range(3, 9), 504),
                f'{DOWN} unfinished DOWN disabled Update of port',
                [MARK, DISABLE, ENABLE, ENABLE, ENABLE, ENABLE],
                f'Port {PORT_ID}: it is disabled; run '
                f"'openstack port set --enable {PORT_ID}'",
            ),
            (
                'no answer to the disabling',
                {2: NO_ANSWER},
                f'{DOWN} unfinished DOWN ACTIVE Update of port',
                [MARK, DISABLE, ENABLE, UNMARK],
                'Update of port',
            ),
            (
                'disabling refused',
                {2: 403},
                f'{DOWN} unfinished DOWN ACTIVE Update of port',
                [MARK, DISABLE, ENABLE, UNMARK],
                'not allowed',
            ),
            (
                'mark refused',
                {1: 403},
                f'{DOWN} refused DOWN DOWN Mark on port',
                [MARK],
                'not allowed',
            ),
            (
                'no answer to the mark',
                {1: NO_ANSWER},
                f'{DOWN} unfinished DOWN DOWN Mark on port',
                [MARK, UNMARK],
                'Mark on port',
            ),
            (
                'the mark stays',
                {4: 500},
                f'{DOWN} unfinished DOWN ACTIVE Mark on port',
                [MARK, DISABLE, ENABLE, UNMARK, ENABLE, UNMARK],
                'Mark on port',
            ),
        ):
            with self.subTest(name):
                self.restart()
                self.faults = faults
                result = self.bounce()
                self.assertEqual(1, result.status)
                self.assertIn(row, result.stdout)
                self.assertIn(message, result.stderr)
                self.assertEqual(writes, self.seen)
                assert self.port is not None
                self.assertEqual(
                    'disabled' not in row, self.port['admin_state_up']
                )

    def test_port_that_a_run_has_left_disabled(self) -> None:
        tags = ['server-interface-repair-bounce']
        for fault, writes in (
            (NO_ANSWER, [ENABLE, ENABLE, UNMARK]),
            (403, [ENABLE]),
        ):
            with self.subTest(str(fault)):
                self.restart()
                self.change(
                    {
                        **(self.port or {}),
                        'admin_state_up': False,
                        'tags': tags,
                    }
                )
                self.faults = {1: fault}
                self.assertEqual(1, self.bounce().status)
                self.assertEqual(writes, self.seen)

    def test_what_makes_it_good_is_logged_and_shown(self) -> None:
        path = self.create_file('')
        self.faults = {3: 504, 4: 504}
        result = self.openstack(
            'server',
            'interface',
            'repair',
            '--auto-approve',
            '--bounce',
            '--audit-log',
            path,
            '-f',
            'json',
        )
        (row,) = json.loads(result.stdout)
        methods = ['PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'DELETE']
        self.assertEqual(methods, [call['method'] for call in row['Requests']])
        lines = map(json.loads, pathlib.Path(path).read_text().splitlines())
        self.assertEqual(
            [
                *(
                    (event, method)
                    for method in methods
                    for event in ('request', 'result')
                ),
                ('outcome', None),
            ],
            [(line['event'], line.get('method')) for line in lines],
        )

    def test_pauses_between_attempts_to_enable_the_port(self) -> None:
        self.faults = dict.fromkeys(range(3, 9), 504)
        self.clock.slept.clear()
        self.bounce()
        self.assertEqual([0.0, 2.0, 5.0], self.clock.slept[-3:])

    def test_killed_while_the_port_is_disabled(self) -> None:
        assert self.port is not None
        mark = MARK.partition(' ')[2]
        self.change(
            {
                **self.port,
                'admin_state_up': False,
                'tags': ['mine', mark],
                'revision_number': 7,
            }
        )
        left = 'disabled by a repair that was interrupted'
        self.assert_finds(f's1 {PORT_ID} port-down ACTIVE {left}\n')
        self.assertEqual(
            command_result.Result(0, f'{DOWN} repaired {left} ACTIVE \n', ''),
            self.bounce(),
        )
        self.assertEqual([ENABLE, UNMARK], self.seen)
        # A tag has no revision.
        for request in self.cloud.request_history:
            self.assertNotIn('If-Match', request.headers)
        # A user may disable a port, which has no such mark.
        self.change({**self.port, 'admin_state_up': False, 'status': 'DOWN'})
        self.assertEqual(command_result.Result(0, '', ''), self.bounce())

    def test_port_that_needs_a_while(self) -> None:
        pauses: list[float] = []
        sleep = time.sleep

        def sleep_and_plug(seconds: float) -> None:
            sleep(seconds)
            if self.seen[-1:] == [UNMARK]:
                pauses.append(seconds)
            if len(pauses) == 5:
                assert self.port is not None
                self.change({**self.port, 'status': 'ACTIVE'})

        self.useFixture(
            fixtures.MockPatchObject(self, 'following', return_value={})
        )
        self.useFixture(fixtures.MonkeyPatch('time.sleep', sleep_and_plug))
        self.assertEqual(
            command_result.Result(0, f'{DOWN} repaired DOWN ACTIVE \n', ''),
            self.repair('--auto-approve', '--bounce'),
        )
        self.assertEqual([MARK, DISABLE, ENABLE, UNMARK], self.seen)

    def test_nothing_can_be_read_back(self) -> None:
        def vanish() -> int:
            self.cloud.get(test_repair.PORTS_URL, status_code=500, json={})
            return 504

        self.faults = {
            3: vanish,
            **dict.fromkeys(range(4, 9), 504),
        }
        result = self.bounce()
        self.assertEqual(1, result.status)
        self.assertIn(f'{DOWN} unfinished DOWN  ', result.stdout)
        self.assertIn(
            f'Port {PORT_ID}: whether it is enabled is not known; run',
            result.stderr,
        )

    def test_interrupted_twice(self) -> None:
        self.faults = {3: KeyboardInterrupt}
        result = self.bounce()
        self.assertEqual(130, result.status)
        self.assertEqual(
            f'{DOWN} unfinished DOWN ACTIVE it was interrupted\n',
            result.stdout,
        )
        self.assertEqual([MARK, DISABLE, ENABLE, ENABLE, UNMARK], self.seen)

    def test_interrupted_before_the_port_is_disabled(self) -> None:
        interrupt = functools.partial(signal.raise_signal, signal.SIGINT)
        read_port = safeguards.read_port

        def interrupt_and_read(*arguments: Any) -> records.Port | None:
            interrupt()
            return read_port(*arguments)

        with mock.patch.object(safeguards, 'read_port', interrupt_and_read):
            result = self.bounce()
        self.assertEqual(
            command_result.Result(
                130, f'{DOWN} skipped DOWN  it was interrupted\n', ''
            ),
            result,
        )
        self.assertEqual([], self.seen)
        self.faults = {1: interrupt}
        self.assertEqual(
            command_result.Result(
                130, f'{DOWN} unfinished DOWN DOWN it was interrupted\n', ''
            ),
            self.bounce(),
        )
        self.assertEqual([MARK, UNMARK], self.seen)

    def stop_server(self) -> None:
        self.servers[0]['status'] = 'SHUTOFF'
        self.register(self.servers, [self.port or {}])

    def test_what_is_not_judged_any_more_is_not_repaired(self) -> None:
        self.useFixture(
            fixtures.MockPatchObject(self, 'following', return_value={})
        )
        self.after = {3: self.stop_server}
        self.assertEqual(
            command_result.Result(
                3,
                f'{DOWN} unfinished DOWN DOWN it is not judged any more\n',
                '',
            ),
            self.bounce(),
        )

    def test_what_is_not_judged_any_more_is_not_gone(self) -> None:
        problem = f'Port {PORT_ID}: not as it was when the plan was made'

        def progress(*_arguments: object) -> str:
            self.stop_server()
            return ''

        with mock.patch.object(plan_text, 'progress', progress):
            result = self.bounce()
        self.assertEqual(
            command_result.Result(
                1, f'{DOWN} skipped DOWN  {problem}\n', f'{problem}\n'
            ),
            result,
        )
        self.assertEqual([], self.seen)

    def test_terminated(self) -> None:
        """SIGHUP comes if the terminal is closed."""
        usual = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGHUP, usual)
        self.faults = {2: lambda: signal.raise_signal(signal.SIGHUP)}
        self.assertEqual(
            command_result.Result(130, f'{DOWN} repaired DOWN ACTIVE \n', ''),
            self.bounce(),
        )
        self.assertEqual([MARK, DISABLE, ENABLE, UNMARK], self.seen)

    def test_log_that_becomes_full_while_the_port_is_disabled(self) -> None:
        path = self.create_file('')
        with test_repair.full_after(4):
            result = self.repair(
                '--auto-approve', '--bounce', '--audit-log', path
            )
        self.assertEqual(1, result.status)
        self.assertIn(f'{DOWN} unfinished DOWN ACTIVE ', result.stdout)
        # Only what makes it good is sent.
        self.assertEqual([MARK, DISABLE, ENABLE, UNMARK], self.seen)

    def test_objections(self) -> None:
        """The port changes between the confirmation and the first write."""
        for name, changes, problem in (
            ('disabled', {'admin_state_up': False}, 'it is not enabled'),
            ('not shown', {'admin_state_up': None}, 'it is not enabled'),
            ('works', {'status': 'ACTIVE'}, 'its status is ACTIVE'),
            ('unknown', {'status': None}, 'its status is unknown'),
            (
                'another server',
                {'device_id': fake_cloud.identifier(2)},
                'it has another device now',
            ),
            (
                'another owner',
                {'device_owner': 'network:dhcp'},
                'it has another device now',
            ),
        ):
            with self.subTest(name):
                self.restart()
                self.change_when_read_by_id(changes)
                result = self.bounce()
                self.assertEqual(
                    (1, f'Port {PORT_ID}: {problem}\n'),
                    (result.status, result.stderr),
                )
                self.assertIn(f'{DOWN} skipped DOWN ', result.stdout)
                self.assertEqual([], self.seen)

    def change_when_read_by_id(self, changes: dict[str, Any]) -> None:
        """Show another state to whoever reads the port by its ID."""
        self.cloud.get(
            f'{test_repair.PORTS_URL}?id={PORT_ID}',
            json={'ports': [{**(self.port or {}), **changes}]},
        )


class TestBind(PortsTestCase):
    """Neutron cannot bind the port of the first of two servers.

    Each is bound to another host than its server.

    :ivar status_of_another: That of another port of the first server, as soon
        as Neutron was asked to bind the port.
    """

    status_of_another: str

    def setUp(self) -> None:
        super().setUp()
        self.servers = [test_check.server(1, 11, 12), test_check.server(2, 21)]

    def following(self, changes: dict[str, Any]) -> dict[str, Any]:
        self.others[0]['status'] = self.status_of_another
        return {'binding:vif_type': 'binding_failed'}

    def test_read_back_whatever_was_chosen(self) -> None:
        for chosen, self.status_of_another in (
            ((), 'ACTIVE'),
            (('--ignore', 'binding-failed'), 'ACTIVE'),
            # The user does not want to know of ports that are down.
            (('--finding', 'host-differs'), 'DOWN'),
        ):
            with self.subTest(str(chosen)):
                self.others = [
                    test_check.port(12, 1),
                    test_check.port(21, 2, **{'binding:host_id': 'c9'}),
                ]
                self.change(
                    test_check.port(11, 1, **{'binding:host_id': 'c8'})
                )
                self.seen.clear()
                self.assertEqual(
                    command_result.Result(
                        1,
                        's1 host-differs bind-port still there c8 '
                        'binding_failed on compute-1 '
                        f'{test_repair.SEE_FINDINGS}\n'
                        's2 host-differs bind-port skipped c9  '
                        f'{test_repair.ENDED}\n',
                        f'Port {fake_cloud.identifier(11)}: binding-failed is '
                        'new\n',
                    ),
                    self.repair('--auto-approve', *chosen),
                )
                self.assertEqual([f'PUT {PORT_ID}'], self.seen)

    def test_bindings_that_cannot_be_read(self) -> None:
        self.servers, self.others = [test_check.server(1, 11)], []
        self.change(test_check.port(11, 1, **{'binding:host_id': 'c8'}))
        for status, why in (
            (404, 'not found (HTTP 404)'),
            (500, 'the service failed (HTTP 500)'),
        ):
            self.cloud.get(f'{PORT_URL}/bindings', status_code=status, json={})
            result = self.repair('--dry-run')
            self.assertEqual(
                f's1 host-differs  not repairable c8  Bindings of port '
                f'{PORT_ID}: {why}\n',
                result.stdout,
            )

    def test_guest_that_may_be_on_the_other_host(self) -> None:
        """A live migration has failed after its guest has moved."""
        self.servers, self.others = [test_check.server(1, 11)], []
        self.change(test_check.port(11, 1, **{'binding:host_id': 'c8'}))
        self.register_bindings(c8='ACTIVE', compute_1='INACTIVE')
        self.assertEqual(
            command_result.Result(
                3,
                's1 host-differs  not repairable c8  after a live migration '
                'that failed, the guest may run on c8 and not on compute-1, '
                'where the port is bound as well\n',
                '',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual([], self.seen)


class TestDeletion(PortsTestCase):
    def setUp(self) -> None:
        super().setUp()
        # A bystander.
        self.servers = [test_check.server(1, 21)]
        self.others = [test_check.port(21, 1)]
        self.change(test_check.old_port(11, 9))
        url = f'{test_check.SERVERS_URL}/{fake_cloud.identifier(9)}'
        self.cloud.get(url, status_code=404, json=fake_cloud.NOT_FOUND)

    def delete(self, *arguments: str) -> command_result.Result:
        return self.repair(
            '--auto-approve', '--all-projects', '--delete-orphans', *arguments
        )

    def test_done(self) -> None:
        self.assertEqual(
            command_result.Result(
                0, f'{ORPHAN} repaired {GONE} deleted \n', ''
            ),
            self.delete(),
        )
        self.assertEqual([f'DELETE {PORT_ID}'], self.seen)

    def test_server_that_only_a_proxy_does_not_know(self) -> None:
        gone = fake_cloud.identifier(9)
        self.cloud.get(
            f'{test_check.SERVERS_URL}/{gone}',
            status_code=404,
            text='default backend - 404',
        )
        result = self.delete()
        self.assertEqual(
            (1, '', []), (result.status, result.stdout, self.seen)
        )
        self.assertRegex(
            result.stderr, rf'\AServer {gone}: not found; .* backend - 404'
        )

    def test_a_port_without_a_server_is_named_on_a_terminal(self) -> None:
        for width in (80, 100):
            self.stream = functools.partial(
                pseudo_terminal.PseudoTerminal, width
            )
            with self.subTest(width):
                result = self.openstack(
                    'server',
                    'interface',
                    'repair',
                    '--all-projects',
                    '--dry-run',
                    '--delete-orphans',
                )
                headers = result.stdout.splitlines()[1]
                shown = ['Port ID', 'Finding', 'Action', 'Result']
                self.assertEqual(
                    shown, re.split(r' +\| +', headers.strip('| '))[:4]
                )
                self.assertIn(f'| {PORT_ID} | orphan-port | ', result.stdout)

    def test_results_are_shown_beside_the_names_of_servers(self) -> None:
        self.servers = [test_check.server(1)]
        self.change(self.port)
        for width in (80, 100):
            self.stream = functools.partial(
                pseudo_terminal.PseudoTerminal, width
            )
            with self.subTest(width):
                result = self.openstack(
                    'server',
                    'interface',
                    'repair',
                    '--all-projects',
                    '--dry-run',
                )
                headers = result.stdout.splitlines()[1]
                self.assertEqual(
                    {'Port ID', 'Finding', 'Result'},
                    {'Port ID', 'Finding', 'Result'}
                    & set(re.split(r' +\| +', headers.strip('| '))),
                )
                self.assertIn('missing-from-cache', result.stdout)
                self.assertIn('not repairable', result.stdout)

    def test_what_was_read_back(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                f' orphan-port release-port repaired {GONE} no device \n',
                '',
            ),
            self.repair(
                '--auto-approve', '--all-projects', '--release-orphans'
            ),
        )

    def test_no_answer(self) -> None:
        self.faults = {1: NO_ANSWER}
        result = self.delete()
        self.assertEqual(1, result.status)
        self.assertIn(
            f'{ORPHAN} unfinished {GONE} {fake_cloud.identifier(9)} '
            'Deletion of port',
            result.stdout,
        )
        self.assertEqual([f'DELETE {PORT_ID}'], self.seen)

    def test_only_what_was_read_is_deleted(self) -> None:
        """Neutron refuses a request for a port that has changed since."""
        self.change({**(self.port or {}), 'revision_number': 7})
        self.faults = {1: 412}
        path = self.create_file('')
        result = self.delete('--audit-log', path)
        self.assertEqual(1, result.status)
        self.assertEqual(
            f'Deletion of port {PORT_ID}: it has changed since it was read '
            '(HTTP 412)\n',
            result.stderr,
        )
        self.assertIn(f'{ORPHAN} refused {GONE} ', result.stdout)
        (sent,) = (
            request
            for request in self.cloud.request_history
            if request.method == 'DELETE'
        )
        self.assertEqual('revision_number=7', sent.headers['If-Match'])
        # It is still the request of this finding.
        line, *_more = pathlib.Path(path).read_text().splitlines()
        (finding,) = json.loads(line)['findings']
        self.assertEqual('orphan-port', finding['finding'])

    def test_only_what_was_read_is_released(self) -> None:
        self.change({**(self.port or {}), 'revision_number': 7})
        self.repair('--auto-approve', '--all-projects', '--release-orphans')
        (sent,) = (
            request
            for request in self.cloud.request_history
            if request.method == 'PUT'
        )
        self.assertEqual('revision_number=7', sent.headers['If-Match'])

    def test_neutron_without_revisions(self) -> None:
        self.delete()
        (sent,) = (
            request
            for request in self.cloud.request_history
            if request.method == 'DELETE'
        )
        self.assertNotIn('If-Match', sent.headers)

    def test_both_requests_of_a_member_are_conditional(self) -> None:
        self.change({**(self.port or {}), 'revision_number': 7})
        self.be_a_member()
        self.delete_as_member()
        self.assertEqual(
            [(method, 'revision_number=7') for method in ('PUT', 'DELETE')],
            [
                (request.method, request.headers.get('If-Match'))
                for request in self.cloud.request_history
                if request.method in ('PUT', 'DELETE')
            ],
        )

    def test_port_that_a_service_may_use(self) -> None:
        """It is deleted only if the user names it, now as in the plan."""
        self.cloud.register_tokens(
            'a-token', role='admin', more_services=('dns',)
        )
        self.change(
            {
                **test_check.old_port(11, 9),
                'device_id': '',
                'device_owner': '',
            }
        )
        unknown = (
            'a service that cannot be asked may use it (dns): name the port '
            'with --port'
        )
        row = 'unused-port'
        chosen = ('--finding', 'unused-port')
        self.assertEqual(
            command_result.Result(
                3, f' {row}  not repairable none  {unknown}\n', ''
            ),
            self.delete(*chosen),
        )
        self.assertEqual(
            command_result.Result(
                0, f' {row} delete-port repaired none deleted \n', ''
            ),
            self.delete(*chosen, '--port', PORT_ID),
        )
        self.assertEqual([f'DELETE {PORT_ID}'], self.seen)

    def be_a_member(self) -> None:
        """Hide from the caller what only administrators see."""
        self.cloud.register_tokens(
            'a-token', role='member', more_services=('dns',)
        )
        hidden = {
            key: value
            for key, value in (self.port or {}).items()
            if not key.startswith('binding:')
        }
        self.change(hidden)
        self.see_own_project_only()

    def see_own_project_only(self) -> None:
        self.cloud.get(
            f'{test_check.SERVERS_URL}?all_tenants=1&limit=1',
            status_code=403,
            json={},
        )

    def delete_as_member(self) -> command_result.Result:
        return self.repair(
            '--auto-approve', '--delete-orphans', '--port', PORT_ID
        )

    def assert_kept_unless_named(self) -> None:
        self.assertEqual(
            command_result.Result(
                3,
                f' orphan-port  not repairable {GONE}  its server may be in '
                'another project: name the port with --port\n',
                '',
            ),
            self.repair('--auto-approve', '--delete-orphans'),
        )
        self.assertEqual([], self.seen)

    def test_of_a_member(self) -> None:
        """The repair itself clears the device of a server that is gone."""
        self.be_a_member()
        self.assert_kept_unless_named()
        self.assertEqual(
            command_result.Result(
                0, f'{ORPHAN} repaired {GONE} deleted \n', ''
            ),
            self.delete_as_member(),
        )
        self.assertEqual(
            [
                f'PUT {PORT_ID}',
                f'DELETE {PORT_ID}',
            ],
            self.seen,
        )

    def test_who_sees_bindings_does_not_see_all_servers(self) -> None:
        """Such as with the role service beside the role member."""
        self.see_own_project_only()
        self.assert_kept_unless_named()

    def test_attached_by_somebody_while_a_member_deletes_it(self) -> None:
        self.be_a_member()

        def attach() -> None:
            self.change(
                {**(self.port or {}), 'device_id': fake_cloud.identifier(1)}
            )

        self.after = {1: attach}
        problem = f'Port {PORT_ID}: it has another device now'
        self.assertEqual(
            command_result.Result(
                1,
                f'{ORPHAN} unfinished {GONE} {fake_cloud.identifier(1)} '
                f'{problem}\n',
                f'{problem}\n',
            ),
            self.delete_as_member(),
        )
        self.assertEqual(1, len(self.seen))

    def test_used_since_the_plan(self) -> None:
        """Something begins to use the port after the plan was made."""
        read: list[str] = []

        def floating_ips(request: Any, context: Any) -> dict[str, Any]:
            context.headers['Date'] = fake_cloud.DATE
            # The check and the plan read it before.
            read.append(request.url)
            rows = [fake_cloud.floating_ip('203.0.113.5', 11)]
            return {'floatingips': rows if len(read) > 2 else []}

        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips', json=floating_ips
        )
        result = self.delete()
        self.assertEqual(
            (
                1,
                f'Port {PORT_ID}: floating IP 203.0.113.5 leads to it\n',
                [],
            ),
            (result.status, result.stderr, self.seen),
        )

    def test_another_device_since_the_plan(self) -> None:
        self.cloud.get(
            f'{test_repair.PORTS_URL}?id={PORT_ID}',
            [
                {'json': {'ports': [{**(self.port or {}), **changes}]}}
                for changes in (
                    {},
                    {},
                    {'device_id': fake_cloud.identifier(8)},
                )
            ],
        )
        result = self.delete()
        self.assertEqual(
            (1, f'Port {PORT_ID}: it has another device now\n', []),
            (result.status, result.stderr, self.seen),
        )

    def test_chosen_ports(self) -> None:
        healthy, nobodys = (fake_cloud.identifier(n) for n in (21, 12))
        finding = f'{ORPHAN} planned {GONE}  \n'
        for chosen, expected in (
            ((PORT_ID,), (3, finding, '')),
            (
                (healthy, PORT_ID),
                (
                    3,
                    finding,
                    f'Port {healthy}: there is no finding about it\n',
                ),
            ),
            (
                (healthy,),
                (0, '', f'Port {healthy}: there is no finding about it\n'),
            ),
            (
                (PORT_ID, nobodys.upper()),
                (
                    1,
                    '',
                    f"No port with the name or ID '{nobodys}' exists.\n",
                ),
            ),
        ):
            with self.subTest(str(chosen)):
                self.assertEqual(
                    command_result.Result(*expected),
                    self.repair(
                        '--dry-run',
                        '--all-projects',
                        '--delete-orphans',
                        *(word for one in chosen for word in ('--port', one)),
                    ),
                )
        result = self.repair('--dry-run', '--port', 'a-name')
        self.assertEqual(2, result.status)
        self.assertIn("'a-name' is not an ID", result.stderr)

    def test_scope_from_the_environment(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('ALL_PROJECTS', '1'))
        self.repair('--auto-approve', '--delete-orphans')
        self.assertFalse(
            [
                line
                for line in self.cloud.requested()
                if 'detail?all_tenants' in line
            ]
        )


class TestStaleBinding(PortsTestCase):
    def test_done(self) -> None:
        self.cloud.register_tokens('a-token', role='service')
        self.change({**(self.port or {}), 'revision_number': 7})
        active = {'host': 'compute-1', 'status': 'ACTIVE'}
        stale = {'host': 'compute-2', 'status': 'INACTIVE'}
        self.cloud.get(
            f'{PORT_URL}/bindings', json={'bindings': [active, stale]}
        )

        def delete(request: Any, context: Any) -> None:
            self.seen.append(f'{request.method} {request.path}')
            # A binding has no revision.
            self.assertNotIn('If-Match', request.headers)
            self.cloud.get(f'{PORT_URL}/bindings', json={'bindings': [active]})
            context.status_code = 204

        self.cloud.register_uri(
            'DELETE', f'{PORT_URL}/bindings/compute-2', json=delete
        )
        self.assertEqual(
            command_result.Result(
                0,
                's1 stale-binding delete-binding repaired also to compute-2 '
                'compute-1 \n',
                '',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual(
            [f'DELETE /v2.0/ports/{PORT_ID}/bindings/compute-2'], self.seen
        )

    def test_port_that_is_deleted_at_the_last_moment(self) -> None:
        """Its server still exists, so this is a surprise."""
        self.cloud.register_tokens('a-token', role='service')
        bindings = [
            {'host': 'compute-1', 'status': 'ACTIVE'},
            {'host': 'compute-2', 'status': 'INACTIVE'},
        ]
        # Each look of the check and of the confirmation reads them.
        there = {'json': {'bindings': bindings}}
        gone = {'json': {}, 'status_code': 404}
        self.cloud.get(f'{PORT_URL}/bindings', [*[there] * 5, gone])
        problem = f'Bindings of port {PORT_ID}: not found (HTTP 404)'
        self.assertEqual(
            command_result.Result(
                1,
                's1 stale-binding delete-binding skipped also to compute-2  '
                f'{problem}\n',
                f'{problem}\n',
            ),
            self.repair('--auto-approve'),
        )
        self.assertEqual([], self.seen)
