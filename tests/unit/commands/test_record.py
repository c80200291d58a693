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
import functools
import json
import pathlib
import re
import sqlite3
from typing import Any

import fixtures

from tests import command_result
from tests.unit import base
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

# Skips these tests, too, in an environment that is older than its pins.
from tests.unit.interfaces import journal as _journal  # noqa: F401

NETWORK = (
    'ports',
    'networks',
    'subnets',
    'floatingips',
    'routers',
    'trunks',
)


class RecordTestCase(base.ShellTestCase):
    """Records a fake cloud with a server, a port and a floating IP."""

    def setUp(self) -> None:
        super().setUp()
        self.set_clock('')
        self.cloud.register_network_versions()
        for key in NETWORK:
            self.cloud.register_network(key)
        for key in ('projects', 'domains', 'users'):
            self.register_names(key)
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, '10.0.0.5')
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('192.0.2.9', 11)
        )
        directory = self.useFixture(fixtures.TempDir()).path
        self.journal = str(pathlib.Path(directory) / 'journal')
        self.refused = (
            f'{self.journal}: nothing is recorded, as not everything could be '
            'read\n'
        )

    def set_clock(self, date: str) -> None:
        """Let Neutron have another time; none is as good as ours."""
        self.useFixture(
            fixtures.MonkeyPatch(f'{fake_cloud.__name__}.DATE', date)
        )

    def set_clocks(self, date: str) -> None:
        """Let Neutron and Nova have another time."""
        self.set_clock(date)
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/detail',
            json={'servers': [fake_cloud.server(1, 'web')]},
            headers={'Date': date},
        )

    def register_names(self, key: str, *rows: dict[str, Any]) -> None:
        self.cloud.get(f'{fake_cloud.AUTH_URL}/{key}', json={key: list(rows)})

    def record(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server',
            'interface',
            'record',
            self.journal,
            *arguments,
            '--all-projects',
        )

    def recorded(self, *arguments: str) -> dict[str, Any]:
        """Record without an error, and return the row."""
        result = self.record(*arguments, '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        (row,) = json.loads(result.stdout)
        found: dict[str, Any] = row
        return found


class TestRecord(RecordTestCase):
    def test_columns(self) -> None:
        row = self.recorded()
        for header in ('Started', 'Finished'):
            self.assertTrue(
                re.fullmatch(
                    r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', row.pop(header)
                )
            )
        self.assertEqual(
            {
                'Observation': 1,
                'Region': None,
                'Objects': 3,
                'Changed': 3,
                'Gone': 0,
                'Complete': True,
            },
            row,
        )

    def test_what_fits_a_terminal(self) -> None:
        self.environment['OS_REGION_NAME'] = 'RegionOne'
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 80)
        headers = self.record().stdout.splitlines()[1]
        self.assertIn(' Gone ', headers)
        self.assertIn(' Region ', headers)

    def test_only_what_changed_is_stored(self) -> None:
        self.recorded()
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, '10.0.0.6')
        )
        self.cloud.register_network('floatingips')
        row = self.recorded()
        self.assertEqual(
            (2, 2, 1, 1),
            tuple(
                row[header]
                for header in ('Observation', 'Objects', 'Changed', 'Gone')
            ),
        )

    def test_each_service_has_a_vote(self) -> None:
        for key in ('networks', 'subnets', 'routers'):
            self.cloud.register_network(key, {'id': key})
        for set_clock, date, is_followed in (
            (self.set_clock, 'Thu, 01 Jan 2099 12:00:00 GMT', False),
            (self.set_clock, 'Sun, 01 Jan 2012 12:00:00 GMT', False),
            (self.set_clocks, 'Thu, 01 Jan 2099 12:00:00 GMT', True),
        ):
            with self.subTest(set_clock=set_clock, date=date):
                set_clock(date)
                started = self.recorded()['Started']
                self.assertEqual(is_followed, started[:4] in date)

    def test_right_after_another_by_another_clock(self) -> None:
        self.recorded()
        with contextlib.closing(sqlite3.connect(self.journal)) as journal:
            journal.execute('UPDATE observations SET ended = ended + 3000')
            journal.commit()
        first, second = self.recorded(), self.recorded()
        times = [
            row[header]
            for row in (first, second)
            for header in ('Started', 'Finished')
        ]
        self.assertEqual(sorted(times), times)

    def test_in_order_only(self) -> None:
        self.set_clocks('Thu, 01 Jan 2099 12:00:00 GMT')
        last = self.recorded()['Finished']
        self.set_clocks('Thu, 01 Jan 2098 12:00:00 GMT')
        result = self.record()
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertTrue(
            re.fullmatch(
                f'{self.journal}: an observation of 2098-01-01T1[12]:.* '
                f'cannot follow the one that ended at {last}; '
                'a clock is wrong, or was wrong then: if so, use another '
                'journal\n',
                result.stderr,
            ),
            result.stderr,
        )
        self.set_clocks('Thu, 01 Jan 2100 12:00:00 GMT')
        self.assertEqual(2, self.recorded()['Observation'])

    def test_what_is_nested_deeply(self) -> None:
        profile: list[Any] = []
        for _level in range(600):
            profile = [profile]
        port = fake_cloud.port(11, 1, '10.0.0.5')
        port['binding:profile'] = {'key': profile}
        self.cloud.register_network('ports', port)
        self.assertEqual(3, self.recorded()['Changed'])
        self.assertEqual(0, self.recorded()['Changed'])

    def test_one_request_for_each_collection(self) -> None:
        self.recorded()
        paths = [
            re.sub(r'^.*(?=/(servers|v2.0|v3)/)|\?.*$', '', url)
            for url in self.cloud.requested()
        ]
        self.assertEqual(
            [
                # The first one tells whether the user sees all ports.
                '/v2.0/ports',
                '/v2.0/floatingips',
                '/v2.0/ports',
                '/servers/detail',
                '/servers/detail',
                '/v2.0/networks',
                '/v2.0/subnets',
                '/v2.0/routers',
                '/v2.0/trunks',
                '/v3/projects',
                '/v3/domains',
                '/v3/users',
            ],
            [path for path in paths if re.match(r'/(?!v3/auth)', path)],
        )

    def test_soft_deleted_servers(self) -> None:
        self.recorded()
        self.cloud.register_servers()
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/detail'
            '?status=SOFT_DELETED&soft_deleted=1',
            json={'servers': [fake_cloud.server(1, 'web')]},
        )
        row = self.recorded()
        self.assertEqual((0, 0), (row['Changed'], row['Gone']))

    def test_what_failed_did_not_vanish(self) -> None:
        self.recorded()
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips', status_code=400
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Floating IPs: the request was rejected (HTTP 400)\n'
                + self.refused,
            ),
            self.record(),
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('192.0.2.9', 11)
        )
        row = self.recorded()
        self.assertEqual((0, 0), (row['Changed'], row['Gone']))

    def test_only_what_neutron_lacks_is_optional(self) -> None:
        self.cloud.register_network('extensions', {'alias': 'router'})
        self.recorded()
        forbidden = 'this is not allowed (HTTP 403)'
        for status, key, is_failure, line in (
            (404, 'networks', True, 'Networks: not found (HTTP 404)\n'),
            (403, 'subnets', True, f'Subnets: {forbidden}\n'),
            (404, 'floatingips', True, 'Floating IPs: not found (HTTP 404)\n'),
            (403, 'routers', False, f'Not recorded: Routers: {forbidden}\n'),
            (404, 'trunks', False, ''),
        ):
            with self.subTest(key=key):
                self.cloud.get(
                    f'{fake_cloud.NETWORK_URL}/v2.0/{key}', status_code=status
                )
                result = self.record('-f', 'value', '-c', 'Region')
                self.cloud.register_network(key)
                expected = command_result.Result(0, '\n', line)
                if is_failure:
                    expected = command_result.Result(
                        1, '', line + self.refused
                    )
                self.assertEqual(expected, result)

    def test_what_is_hidden_is_no_failure(self) -> None:
        for key in ('projects', 'domains', 'users'):
            self.cloud.get(f'{fake_cloud.AUTH_URL}/{key}', status_code=403)
        self.assertEqual(3, self.recorded()['Objects'])

    def test_hidden_ports_are_a_failure(self) -> None:
        self.cloud.get(f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=403)
        result = self.record()
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertTrue(result.stderr.endswith(self.refused), result.stderr)

    def test_what_a_user_may_not_see_is_not_gone(self) -> None:
        self.recorded()
        port = fake_cloud.port(12, 2, '10.0.0.6')
        for name in ('binding:vif_type', 'binding:host_id'):
            del port[name]
        self.cloud.register_network('ports', port)
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Nothing is recorded: Neutron shows the ports of other '
                'projects to administrators only\n',
            ),
            self.record(),
        )
        self.cloud.register_network('ports')
        self.cloud.register_authentication(system=True)
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Ports: none is shown; the token is not scoped to a project, '
                'and interfaces need one that is\n',
            ),
            self.record(),
        )
        self.cloud.register_authentication()
        self.assertEqual(1, self.recorded()['Gone'])

    def test_no_more_than_the_name_of_a_user_is_kept(self) -> None:
        user = {'id': 'user-1', 'name': 'Ada', 'email': 'ada@example.org'}
        self.register_names('users', user)
        self.recorded()
        self.register_names('users', {**user, 'email': 'other@example.org'})
        self.assertEqual(0, self.recorded()['Changed'])

    def test_all_is_kept_for_longer_than_there_are_clocks(self) -> None:
        self.recorded()
        self.assertEqual(
            2, self.recorded('--keep', '9' * 20 + 'd')['Observation']
        )

    def test_a_selection_without_observations_is_removed(self) -> None:
        self.recorded('--host', 'compute-1')
        with contextlib.closing(sqlite3.connect(self.journal)) as journal:
            journal.execute('UPDATE observations SET began = 0, ended = 0')
            journal.commit()
            self.stream = functools.partial(
                pseudo_terminal.PseudoTerminal, 100
            )
            result = self.record('--keep', '1h')
            self.assertEqual(
                (0, 'Observations removed: 1'),
                (result.status, result.stderr.splitlines()[0]),
            )
            for table in ('scopes', 'observations'):
                query = f'SELECT count(*) FROM {table}'
                self.assertEqual([(1,)], [*journal.execute(query)])
            query = 'SELECT DISTINCT scope_id FROM listings'
            self.assertEqual([(2,)], [*journal.execute(query)])

    def test_nothing_would_be_kept(self) -> None:
        self.recorded()
        for duration in ('0d', '-1m', '-0s'):
            result = self.record('--keep', duration)
            self.assertEqual(2, result.status, result.stderr)
            self.assertIn(f"'{duration}'", result.stderr)
        self.assertEqual(2, self.recorded('--keep', '1d')['Observation'])

    def test_a_full_disk(self) -> None:
        self.recorded()
        connect = sqlite3.connect

        def full(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            # No page can be added to those that the file has.
            connection.execute('PRAGMA max_page_count = 1')
            return connection

        self.cloud.register_servers(
            *(fake_cloud.server(number, 'web') for number in range(500))
        )
        with fixtures.MonkeyPatch('sqlite3.connect', full):
            self.assertEqual(
                command_result.Result(
                    1, '', f'{self.journal}: database or disk is full\n'
                ),
                self.record(),
            )
        row = self.recorded()
        self.assertEqual((2, 499), (row['Observation'], row['Changed']))

    def test_without_a_journal(self) -> None:
        result = self.openstack('server', 'interface', 'record')
        self.assertEqual(2, result.status)
        self.assertTrue(
            result.stderr.endswith(
                'error: the following arguments are required: <journal>\n'
            ),
            result.stderr,
        )

    def test_a_host_that_does_not_exist(self) -> None:
        self.cloud.register_servers()
        self.cloud.register_network('ports')
        self.cloud.register_hosts('compute-1')
        self.assertEqual(
            command_result.Result(
                1,
                '',
                "No compute host has the name 'compute-2'. Did you mean "
                "'compute-1'?\n",
            ),
            self.record('--host', 'compute-2'),
        )
        self.assertEqual(1, self.recorded('--host', 'compute-1')['Objects'])

    def test_without_a_token_no_journal_is_opened(self) -> None:
        self.cloud.post(f'{fake_cloud.AUTH_URL}/auth/tokens', status_code=401)
        self.assertEqual(
            command_result.Result(
                1, '', 'Authentication failed: Unauthorized (HTTP 401)\n'
            ),
            self.record(),
        )
        self.assertFalse(pathlib.Path(self.journal).exists())

    def test_what_is_no_journal_stays_as_it_is(self) -> None:
        pathlib.Path(self.journal).write_text('notes')
        result = self.record()
        self.assertEqual(
            (1, '', f'{self.journal}: not a journal\n'),
            (result.status, result.stdout, result.stderr),
        )
        self.assertEqual('notes', pathlib.Path(self.journal).read_text())


class TestServers(RecordTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.show(1, 'web')
        self.show(2, 'db')
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.6'),
        )

    def show(self, number: int, name: str | None) -> None:
        """Let Nova show a server, or none of the ID and the name."""
        found = fake_cloud.server(number, name or '')
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/{found["id"]}',
            status_code=200 if name else 404,
            json={'server': found} if name else fake_cloud.NOT_FOUND,
        )

    def objects(self, *servers: str) -> tuple[int, int, int]:
        row = json.loads(self.record(*servers, '-f', 'json').stdout)[0]
        return row['Objects'], row['Changed'], row['Gone']

    def test_only_theirs(self) -> None:
        web, db = fake_cloud.identifier(1), fake_cloud.identifier(2)
        self.assertEqual((3, 3, 0), self.objects(web))
        self.assertEqual((5, 5, 0), self.objects(web, db))
        # In any order, it is the same selection.
        self.assertEqual((5, 0, 0), self.objects(db, web))
        self.assertEqual((3, 0, 0), self.objects(web))

    def test_by_name(self) -> None:
        self.assertEqual((3, 3, 0), self.objects('web'))

    def test_one_that_is_gone(self) -> None:
        web, db = fake_cloud.identifier(1), fake_cloud.identifier(2)
        self.objects(web, db)
        self.show(2, None)
        result = self.record(web, db, '-f', 'value', '-c', 'Gone')
        self.assertEqual((1, '2\n'), (result.status, result.stdout))
        self.assertTrue(result.stderr.startswith(f'Server {db}: not found; '))

    def test_one_that_cannot_be_read_is_not_gone(self) -> None:
        web = fake_cloud.identifier(1)
        self.objects(web)
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/{web}',
            [
                {'json': {'server': fake_cloud.server(1, 'web')}},
                {'status_code': 400},
            ],
        )
        result = self.record(web)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn('Ports: the servers are not known\n', result.stderr)
        self.assertTrue(result.stderr.endswith(self.refused), result.stderr)

    def test_a_name_of_several_is_an_error(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'web')
        )
        result = self.record('web')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertEqual(b'', pathlib.Path(self.journal).read_bytes())
