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

import datetime
import functools
import io
import json
import pathlib
import sqlite3
from typing import Any

import fixtures
import requests_mock

from tests import command_result
from tests.unit.commands import test_record
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

ADDRESS = '10.0.0.5'


class AtTestCase(test_record.RecordTestCase):
    def at(self, moment: str, *arguments: str) -> command_result.Result:
        """Ask the journal, without a cloud."""
        self.environment = {}
        with requests_mock.Mocker() as nothing:
            result = self.openstack(
                'server',
                'interface',
                *arguments,
                *(
                    (f'--at{moment}',)
                    if moment[0] == '='
                    else ('--at', moment)
                ),
                '--journal',
                self.journal,
            )
        self.assertEqual(0, nothing.call_count)
        return result

    def move(self, *addresses: str) -> None:
        """Give the port of web other addresses."""
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, *addresses)
        )

    def rows(self, result: command_result.Result) -> list[dict[str, Any]]:
        self.assertEqual((0, ''), (result.status, result.stderr))
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found


class TestFindAt(AtTestCase):
    def find(self, moment: str, *arguments: str) -> command_result.Result:
        return self.at(moment, 'find', *arguments, '-f', 'json')

    def test_both_observations_have_it(self) -> None:
        first, last = self.recorded(), self.recorded()
        (row,) = self.rows(self.find(first['Finished'], ADDRESS))
        self.assertEqual(
            ('fixed-ip', 'web', first['Started'], last['Finished']),
            tuple(
                row[header]
                for header in (
                    'Matched As',
                    'Server Name',
                    'Seen From',
                    'Seen Until',
                )
            ),
        )

    def test_it_changed_in_between(self) -> None:
        first = self.recorded()
        self.move('10.0.0.6')
        self.recorded()
        result = self.find(first['Finished'], ADDRESS)
        self.assertEqual(0, result.status)
        self.assertEqual(
            'Something changed between the observations before and after this '
            'time: see Seen From and Seen Until\n',
            result.stderr,
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            (first['Started'], first['Finished']),
            (row['Seen From'], row['Seen Until']),
        )

    def test_what_was_hidden_may_have_been_different(self) -> None:
        web = fake_cloud.server(1, 'web')
        project = {'id': web['tenant_id'], 'name': 'demo'}
        floating_ip = fake_cloud.floating_ip('192.0.2.9', 11)
        first, *_others, last = [
            self.observe_hidden(is_hidden, project, floating_ip)
            for is_hidden in (False, True, False, False)
        ]
        self.environment = {}
        for query in (ADDRESS, '192.0.2.9'):
            result = self.openstack(
                'server',
                'interface',
                'find',
                query,
                '-f',
                'json',
                '-c',
                'Project Name',
                '-c',
                'Server Name',
                '--between',
                first,
                last,
                '--journal',
                self.journal,
            )
            rows = [
                (row['Project Name'], row['Server Name'])
                for row in json.loads(result.stdout)
                if row['Server Name']
            ]
            with self.subTest(query):
                self.assertEqual(2, rows.count(('demo', 'web')))

    def observe_hidden(
        self,
        is_hidden: bool,
        project: dict[str, Any],
        floating_ip: dict[str, Any],
    ) -> str:
        """Record with or without names of projects and floating IPs."""
        self.register_names('projects', project)
        self.cloud.register_network('floatingips', floating_ip)
        if is_hidden:
            for url in (
                f'{fake_cloud.AUTH_URL}/projects',
                f'{fake_cloud.NETWORK_URL}/v2.0/floatingips',
            ):
                self.cloud.get(url, status_code=403)
        result = self.record('-f', 'value', '-c', 'Finished')
        return result.stdout.strip()

    def test_what_was_made_while_it_was_recorded(self) -> None:
        """A port that was recorded is not of a server that was not."""

        def servers(_request: object, _context: object) -> dict[str, Any]:
            self.cloud.register_servers(
                fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db')
            )
            self.cloud.register_network(
                'ports',
                fake_cloud.port(11, 1, ADDRESS),
                fake_cloud.port(12, 2, '10.0.0.6'),
            )
            self.cloud.register_network(
                'floatingips', fake_cloud.floating_ip('192.0.2.7', 12)
            )
            return {'servers': [fake_cloud.server(1, 'web')]}

        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/detail', json=servers
        )
        environment = self.environment
        moment = self.recorded()['Finished']
        for query in ('10.0.0.6', '192.0.2.7'):
            self.assertEqual(
                command_result.Result(
                    3, '[]\n', f"'{query}' matches nothing in any project\n"
                ),
                self.find(moment, query),
            )
        self.environment = environment
        moment = self.recorded()['Finished']
        for query in ('10.0.0.6', '192.0.2.7'):
            (row,) = self.rows(self.find(moment, query))
            self.assertEqual('db', row['Server Name'])

    def test_neither_has_it(self) -> None:
        first = self.recorded()
        self.recorded()
        result = self.find(first['Finished'], '10.9.9.9')
        self.assertEqual((3, '[]\n'), (result.status, result.stdout))
        self.assertEqual(
            "'10.9.9.9' matches nothing in any project\n", result.stderr
        )

    def test_neither_has_it_in_one_project(self) -> None:
        narrow = ('--project', fake_cloud.PROJECT_ID)
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{fake_cloud.PROJECT_ID}',
            json={'project': {'id': fake_cloud.PROJECT_ID, 'name': 'demo'}},
        )
        first = self.recorded(*narrow)
        self.recorded(*narrow)
        for others in ([], [ADDRESS]):
            with self.subTest(others=others):
                result = self.find(first['Finished'], '10.9.9.9', *others)
                self.assertEqual(
                    (
                        1,
                        "cannot tell about '10.9.9.9'; only these were "
                        f'recorded: project {fake_cloud.PROJECT_ID}\n',
                        others,
                    ),
                    (
                        result.status,
                        result.stderr,
                        [row['Query'] for row in json.loads(result.stdout)],
                    ),
                )

    def test_all_projects_have_what_one_has(self) -> None:
        narrow = ('--project', fake_cloud.PROJECT_ID)
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{fake_cloud.PROJECT_ID}',
            json={'project': {'id': fake_cloud.PROJECT_ID, 'name': 'demo'}},
        )
        self.recorded(*narrow)
        second = self.recorded()
        self.recorded(*narrow)
        self.recorded()
        result = self.find(second['Finished'], '10.9.9.9')
        self.assertEqual(
            (3, "'10.9.9.9' matches nothing in any project\n"),
            (result.status, result.stderr),
        )

    def test_what_was_not_selected_is_not_known(self) -> None:
        web = fake_cloud.identifier(1)
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/{web}',
            json={'server': fake_cloud.server(1, 'web')},
        )
        journal, environment = self.journal, self.environment
        text = "cannot tell about '{0}'; only these were recorded: {1}\n"
        others = 'Only these were recorded: {1}\n'
        for selectors, selected in (
            (('web', web), f'server {web}, server web'),
            (
                ('--host', 'compute-1', '--status', 'ACTIVE'),
                'host compute-1, status ACTIVE',
            ),
        ):
            self.journal = journal + selectors[0]
            moment = self.recorded(*selectors)['Finished']
            for arguments, line, name, status in (
                (('find', '10.9.9.9', ADDRESS), text, '10.9.9.9', 1),
                (('list', 'db', 'web'), text, 'db', 1),
                (('list', 'db'), text, 'db', 1),
                (('show', 'db'), text, 'db', 1),
                (('find', ADDRESS), '', '', 0),
                (('find', ADDRESS, '--all-matches'), others, '', 1),
                (('find', '10.0.0.0/24'), others, '', 1),
                (('find', 'fa:16:3e'), others, '', 1),
                (('list',), others, '', 1),
                (('list', '--status', 'ERROR'), others, '', 1),
                (('list', 'web'), '', '', 0),
            ):
                with self.subTest(selectors=selectors, arguments=arguments):
                    result = self.at(moment, *arguments)
                    self.assertEqual(
                        (status, line.format(name, selected)),
                        (result.status, result.stderr),
                    )
            self.environment = environment

    def test_a_floating_ip_of_a_server_that_was_not_selected(self) -> None:
        web = fake_cloud.identifier(1)
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/{web}',
            json={'server': fake_cloud.server(1, 'web')},
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('192.0.2.77', 99)
        )
        moment = self.recorded(web)['Finished']
        result = self.find(moment, '192.0.2.77', '-c', 'Matched As')
        self.assertEqual(
            (
                1,
                f"cannot tell about '{fake_cloud.identifier(99)}'; only these "
                f'were recorded: server {web}\n',
            ),
            (result.status, result.stderr),
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual('floating-ip', row['Matched As'])

    def test_ports_of_other_projects_are_not_known(self) -> None:
        project = fake_cloud.PROJECT_ID
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{project}',
            json={'project': {'id': project, 'name': 'demo'}},
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('192.0.2.77', 99)
        )
        moment = self.recorded('--project', project)['Finished']
        port_id = fake_cloud.identifier(99)
        only = f'nly these were recorded: project {project}\n'
        for query in ('10.0.0.9', 'fa:16:3e:00:00:63', port_id):
            self.assertEqual(
                command_result.Result(
                    1, '[]\n', f"cannot tell about '{query}'; o{only}"
                ),
                self.find(moment, query),
            )
        for query, status, stderr in (
            (ADDRESS, 0, ''),
            ('10.0.0.0/28', 1, f'O{only}'),
            ('10.0.0.1-10.0.0.9', 1, f'O{only}'),
            ('fa:16:3e', 1, f'O{only}'),
        ):
            with self.subTest(query):
                result = self.find(moment, query)
                self.assertEqual(
                    (status, stderr), (result.status, result.stderr)
                )
                self.assertIn('"web"', result.stdout)
        result = self.find(moment, '192.0.2.77')
        self.assertEqual(
            (1, f"cannot tell about '{port_id}'; o{only}"),
            (result.status, result.stderr),
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual((None, None), (row['Project ID'], row['Network ID']))
        result = self.at(moment, 'list', '--status', 'ERROR')
        self.assertEqual(
            command_result.Result(
                0, '\n', 'No server exists with status ERROR.\n'
            ),
            result,
        )

    def test_all_servers_have_what_some_have(self) -> None:
        narrow = ('--project', fake_cloud.PROJECT_ID)
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{fake_cloud.PROJECT_ID}',
            json={'project': {'id': fake_cloud.PROJECT_ID, 'name': 'demo'}},
        )
        some = (*narrow, '--host', 'compute-1')
        self.recorded(*some)
        moment = self.recorded(*narrow)['Finished']
        self.recorded(*some)
        self.recorded(*narrow)
        result = self.find(moment, '10.9.9.9')
        self.assertEqual(
            (
                1,
                "cannot tell about '10.9.9.9'; only these were recorded: "
                f'project {fake_cloud.PROJECT_ID}\n',
            ),
            (result.status, result.stderr),
        )

    def test_a_selected_server_that_was_not_there(self) -> None:
        result = self.record('gone', 'web', '-f', 'value', '-c', 'Finished')
        self.assertEqual(
            command_result.Result(
                1, '', "No server with the name or ID 'gone' exists.\n"
            ),
            self.at(result.stdout.strip(), 'list', 'gone'),
        )

    def test_an_administrator_sees_what_a_member_does_not(self) -> None:
        hidden = fake_cloud.port(11, 1, ADDRESS)
        for name in ('binding:vif_type', 'binding:host_id'):
            del hidden[name]
        floating_ip = fake_cloud.floating_ip('192.0.2.9', 11)
        observations = []
        for role in ('member', 'admin') * 3:
            is_admin = role == 'admin'
            self.cloud.register_tokens('a-token', role=role)
            self.cloud.register_network(
                'ports',
                fake_cloud.port(11, 1, ADDRESS) if is_admin else hidden,
            )
            self.cloud.register_network(
                'floatingips', *([floating_ip] * is_admin)
            )
            result = self.openstack(
                'server', 'interface', 'record', self.journal, '-f', 'json'
            )
            observations += self.rows(result)
        self.assertEqual(
            [(2, 0), (3, 0), *[(0, 0)] * 4],
            [(row['Changed'], row['Gone']) for row in observations],
        )
        _first, begin, _second, middle, end, _last = observations
        for time in (
            ('--at', middle['Started']),
            ('--between', begin['Finished'], end['Started']),
        ):
            result = self.openstack(
                'server',
                'interface',
                'find',
                '192.0.2.9',
                ADDRESS,
                '-f',
                'json',
                '-c',
                'Matched As',
                '-c',
                'Host',
                '--journal',
                self.journal,
                *time,
            )
            self.assertEqual(
                {
                    ('floating-ip', 'compute-1'),
                    ('fixed-ip', 'compute-1'),
                    ('fixed-ip', None),
                },
                {
                    (row['Matched As'], row['Host'])
                    for row in self.rows(result)
                },
            )
        result = self.at(middle['Started'], 'show', 'web', '-f', 'value')
        self.assertEqual(0, result.status, result.stderr)

    def test_soft_deleted_servers(self) -> None:
        deleted = fake_cloud.server(1, 'web', status='SOFT_DELETED')
        self.cloud.register_servers(fake_cloud.server(2, 'web'))
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/detail'
            '?status=SOFT_DELETED&soft_deleted=1',
            json={'servers': [deleted]},
        )
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, ADDRESS),
            fake_cloud.port(12, 2, '10.0.0.6'),
        )
        moment = self.recorded()['Finished']
        old, new = (f'{fake_cloud.identifier(n)}\n' for n in (1, 2))
        for arguments, expected in (
            (('find', ADDRESS), old),
            (('list', deleted['id']), old),
            (('list', '--status', 'SOFT_DELETED'), old),
            (('list',), new),
            (('list', 'web'), new),
        ):
            with self.subTest(arguments=arguments):
                result = self.at(
                    moment, *arguments, '-f', 'value', '-c', 'Server ID'
                )
                self.assertEqual(
                    command_result.Result(0, expected, ''), result
                )

    def test_through_a_floating_ip(self) -> None:
        first = self.recorded()
        self.recorded()
        (row,) = self.rows(self.find(first['Finished'], '192.0.2.9'))
        self.assertEqual(
            ('floating-ip', 'web'), (row['Matched As'], row['Server Name'])
        )

    def test_what_fits_a_terminal(self) -> None:
        """Who may only use an address must not look like its owner."""
        seen = ['Seen From', 'Seen Until']
        found = ['Query', 'Matched As', 'Certainty', 'Server Name']
        listed = ['Server Name', 'MAC Address', 'Fixed IPs']
        pair = {'ip_address': '10.0.0.9', 'mac_address': 'fa:16:3e:00:00:0c'}
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, ADDRESS),
            fake_cloud.port(12, 2, allowed_address_pairs=[pair]),
        )
        subnet = fake_cloud.subnet(800, '10.0.0.0/24')
        self.cloud.register_network('subnets', subnet)
        journal, environment = self.journal, self.environment
        for name, width, find_has, list_has in (
            ('web', 80, found, [*listed, *seen]),
            ('web', 100, [*found, *seen], [*listed, *seen]),
            ('shoot--garden--prod-eu-worker-zone1-7xk2p', 80, found, listed),
            (
                'shoot--garden--prod-eu-worker-zone1-7xk2p',
                100,
                [*found, *seen],
                [*listed, *seen],
            ),
        ):
            self.journal = f'{journal}-{name}-{width}'
            self.environment = environment
            self.stream = io.StringIO
            self.cloud.register_servers(
                fake_cloud.server(1, name), fake_cloud.server(2, 'db')
            )
            row = self.recorded()
            self.recorded()
            self.stream = functools.partial(
                pseudo_terminal.PseudoTerminal, width
            )
            for arguments, headers in (
                (('find', '10.0.0.9', '--all-matches'), find_has),
                (('list',), list_has),
            ):
                with self.subTest(name, width=width, arguments=arguments):
                    output = self.at(row['Finished'], *arguments).stdout
                    shown = output.splitlines()[1].split('|')
                    self.assertLessEqual(
                        {*headers}, {header.strip() for header in shown}
                    )

    def test_when_an_owner_was_there_fits_a_terminal(self) -> None:
        name = 'shoot--garden--prod-eu-worker-zone1-7xk2p'
        self.cloud.register_servers(fake_cloud.server(1, name))
        row = self.recorded()
        self.recorded()
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 80)
        output = self.at(row['Finished'], 'find', ADDRESS).stdout
        shown = [part.strip() for part in output.splitlines()[1].split('|')]
        self.assertEqual(['Seen From', 'Seen Until'], shown[-3:-1])

    def test_as_the_first_and_the_last_begin_and_end(self) -> None:
        first, last = self.recorded(), self.recorded()
        for moment in (first['Started'], last['Finished']):
            (row,) = self.rows(self.find(moment, ADDRESS))
            self.assertEqual(first['Started'], row['Seen From'])
            self.assertEqual(last['Finished'], row['Seen Until'])

    def test_before_the_first(self) -> None:
        first = self.recorded()
        result = self.find('2000-01-01', ADDRESS)
        self.assertEqual(
            (
                1,
                '',
                f'{self.journal}: 2000-01-01T00:00:00.000Z is not in the time '
                f'observed, {first["Started"]} to {first["Finished"]}\n',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_after_the_last(self) -> None:
        last = self.recorded()
        result = self.find('2100-01-01', ADDRESS)
        self.assertEqual(
            (
                1,
                f'{self.journal}: 2100-01-01T00:00:00.000Z is not in the time '
                f'observed, {last["Started"]} to {last["Finished"]}\n',
            ),
            (result.status, result.stderr),
        )

    def test_in_a_damaged_journal(self) -> None:
        first = self.recorded()
        self.recorded()
        journal = pathlib.Path(self.journal)
        intact = journal.read_bytes()
        for place, statement in (
            ('a listing', "UPDATE listings SET skeleton = x'00'"),
            ('an object', "UPDATE versions SET data = x'fe'"),
            (
                'a letter',
                'UPDATE listings SET skeleton = CAST(replace(skeleton, '
                "'fixed_ips', 'fixed_ipz') AS BLOB)",
            ),
            ('what it is a version of', 'UPDATE versions SET base_id = 99'),
            ('no JSON', "UPDATE observations SET listings = '{'"),
            ('no text', "UPDATE scopes SET scope = CAST(x'fe' AS TEXT)"),
        ):
            with self.subTest(place):
                journal.write_bytes(intact)
                with sqlite3.connect(self.journal) as connection:
                    connection.execute(statement)
                self.assertEqual(
                    command_result.Result(
                        1,
                        '',
                        f'{self.journal}: the journal is damaged, so '
                        'restore a backup\n',
                    ),
                    self.at(first['Finished'], 'list'),
                )

    def test_imported_before_the_first(self) -> None:
        self.environment['OS_REGION_NAME'] = 'RegionOne'
        row = {
            **{'Server ID': fake_cloud.identifier(1), 'Server Name': 'web'},
            'Port ID': fake_cloud.identifier(11),
            'Network ID': fake_cloud.identifier(700),
            **{'MAC Address': 'fa:16:3e:00:00:0b', 'Port State': 'ACTIVE'},
            'Fixed IPs': [{'ip_address': ADDRESS, 'subnet_id': None}],
        }
        path = self.create_file(json.dumps([row]))
        for moment in ('2020-01-01', '2020-01-03'):
            self.openstack(
                'server',
                'interface',
                'record',
                self.journal,
                '--import',
                path,
                '--listed-at',
                moment,
            )
        self.assertEqual('RegionOne', self.recorded()['Region'])
        (found,) = self.rows(self.find('2020-01-02', ADDRESS))
        self.assertEqual('web', found['Server Name'])

    def test_every_owner_in_order(self) -> None:
        first = self.recorded()
        self.move('10.0.0.6')
        self.recorded()
        self.move(ADDRESS)
        last = self.recorded()
        self.environment = {}
        result = self.openstack(
            'server',
            'interface',
            'find',
            ADDRESS,
            '-f',
            'json',
            '--between',
            first['Started'],
            last['Finished'],
            '--journal',
            self.journal,
        )
        self.assertEqual(
            [
                (first['Started'], first['Finished']),
                (last['Started'], last['Finished']),
            ],
            [
                (row['Seen From'], row['Seen Until'])
                for row in self.rows(result)
            ],
        )

    def between(self, begin: str, end: str) -> command_result.Result:
        return self.openstack(
            'server',
            'interface',
            'find',
            ADDRESS,
            '-f',
            'value',
            '-c',
            'Server Name',
            '--between',
            begin,
            end,
            '--journal',
            self.journal,
        )

    def test_time_that_was_not_observed(self) -> None:
        first = self.recorded()
        last = self.recorded()
        self.environment = {}
        before, after = '0999-01-01', '2999-01-01'
        too_early, too_late = (
            f'{moment}-01-01T00:00:00.000Z is not in the time observed, '
            f'{first["Started"]} to {last["Finished"]}\n'
            for moment in ('0999', '2999')
        )
        journal = f'{self.journal}: '
        for begin, end, status, stdout, stderr in (
            (before, '2020-02-01', 1, '', journal + too_early),
            ('2998-01-01', after, 1, '', None),
            (before, after, 1, 'web\n', too_early + too_late),
            (before, last['Finished'], 1, 'web\n', too_early),
            (first['Started'], after, 1, 'web\n', too_late),
            (first['Started'], last['Finished'], 0, 'web\n', ''),
            # The observations that enclose the time tell.
            (first['Finished'], last['Started'], 0, 'web\n', ''),
            (last['Started'], first['Finished'], 0, 'web\n', ''),
        ):
            with self.subTest(begin=begin, end=end):
                result = self.between(begin, end)
                self.assertEqual(
                    (status, stdout), (result.status, result.stdout)
                )
                if stderr is not None:
                    self.assertEqual(stderr, result.stderr)

    def test_how_long_ago(self) -> None:
        first = self.recorded('--keep', '90d')
        line = (
            f'is not in the time observed, {first["Started"]} to '
            f'{first["Finished"]}\n'
        )
        for moment in ('-3d', '3d', '=-3d'):
            result = self.find(moment, ADDRESS)
            self.assertEqual((1, ''), (result.status, result.stdout))
            self.assertTrue(result.stderr.endswith(line), result.stderr)
        result = self.between('-2h', '-0s')
        self.assertEqual((1, 'web\n'), (result.status, result.stdout))
        result = self.at('-2h', 'diff', '--at', '-1d')
        self.assertTrue(result.stderr.endswith(line), result.stderr)
        for text in ('-1M', '-1.5h'):
            self.assertTrue(
                self.find(text, ADDRESS).stderr.endswith(
                    f"--at: '{text}' is not a time such as "
                    '2026-01-31T12:00:00Z or -3d\n'
                )
            )

    def test_contradiction(self) -> None:
        for arguments, line in (
            (
                ('--between', '1h', '0s', '--at', '1h'),
                '--at cannot be used with --between.\n',
            ),
            ((), '--journal needs a time, such as --at -3d.\n'),
        ):
            with self.subTest(arguments=arguments):
                result = self.openstack(
                    'server',
                    'interface',
                    'find',
                    ADDRESS,
                    *arguments,
                    '--journal',
                    self.journal,
                )
                self.assertEqual(command_result.Result(2, '', line), result)

    def test_no_journal(self) -> None:
        result = self.openstack(
            'server', 'interface', 'find', ADDRESS, '--at', '1d'
        )
        self.assertEqual(
            (
                2,
                'Name the journal with --journal or the environment variable '
                'OSC_PORT_IFACE_JOURNAL.\n',
            ),
            (result.status, result.stderr),
        )


class TestSeveralSelections(AtTestCase):
    """A project, and all of them, in one journal."""

    def setUp(self) -> None:
        super().setUp()
        project = {'id': fake_cloud.PROJECT_ID, 'name': 'demo'}
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{fake_cloud.PROJECT_ID}',
            json={'project': project},
        )
        self.narrow = ('--project', fake_cloud.PROJECT_ID)

    def remove_server(self) -> None:
        self.cloud.register_network(
            'ports', fake_cloud.port(12, 2, '10.0.0.6')
        )
        self.cloud.register_network('floatingips')
        self.cloud.register_servers()

    def test_what_the_wider_one_has_never_seen(self) -> None:
        self.recorded(*self.narrow)
        port = fake_cloud.port(11, 1, ADDRESS)
        self.remove_server()
        self.recorded()
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        self.cloud.register_network('ports', port)
        first = self.recorded(*self.narrow)
        last = self.recorded(*self.narrow)
        self.remove_server()
        end = self.recorded()['Finished']
        self.recorded(*self.narrow)
        moment = first['Finished']
        for arguments in (
            ('find', ADDRESS),
            ('find', port['mac_address']),
            ('list',),
            ('list', 'web'),
            ('show', 'web'),
        ):
            with self.subTest(arguments=arguments):
                result = self.at(
                    moment,
                    *arguments,
                    '-f',
                    'value',
                    '-c',
                    'Fixed IPs',
                    '-c',
                    'Seen From',
                    '-c',
                    'Seen Until',
                )
                self.assertEqual(
                    (0, [ADDRESS, first['Started'], last['Finished']], ''),
                    (result.status, result.stdout.split(), result.stderr),
                )
        result = self.at(
            end,
            'diff',
            '--at',
            moment,
            '-f',
            'value',
            '-c',
            'Change',
            '-c',
            'Before',
        )
        self.assertEqual(
            (3, f'detached {ADDRESS}\n'), (result.status, result.stdout)
        )

    def test_what_both_have_is_one_row(self) -> None:
        first = self.recorded()
        moment = self.recorded(*self.narrow)['Finished']
        last = self.recorded()
        self.recorded(*self.narrow)
        for arguments in (('find', ADDRESS), ('list',)):
            (row,) = self.rows(self.at(moment, *arguments, '-f', 'json'))
            self.assertEqual(first['Started'], row['Seen From'])
            self.assertLessEqual(last['Finished'], row['Seen Until'])

    def test_what_both_are_shown_differently(self) -> None:
        """What a member is not shown makes no rows of their own."""
        port = fake_cloud.port(11, 1, ADDRESS)
        hidden = {
            name: value
            for name, value in port.items()
            if not name.startswith('binding:')
        }
        observations = []
        for role in ('admin', 'member', 'admin', 'member'):
            self.cloud.register_tokens('a-token', role=role)
            is_admin = role == 'admin'
            self.cloud.register_network('ports', port if is_admin else hidden)
            arguments = ['--all-projects'] if is_admin else []
            result = self.openstack(
                'server',
                'interface',
                'record',
                self.journal,
                '-f',
                'json',
                *arguments,
            )
            observations += self.rows(result)
        first, second, third, _last = observations
        (row,) = self.rows(
            self.at(second['Finished'], 'find', ADDRESS, '-f', 'json')
        )
        self.assertEqual(
            ('compute-1', first['Started'], third['Finished']),
            (row['Host'], row['Seen From'], row['Seen Until']),
        )

    def observe(self, *history: str) -> list[dict[str, Any]]:
        """Record owners of the address: a selection, and the server's name."""
        names = 'web', 'db', 'mail'
        narrow = fake_cloud.identifier(2)
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/{narrow}',
            json={'server': fake_cloud.server(2, 'db')},
        )
        selections = {
            'project': self.narrow,
            'all': (),
            'server': (narrow,),
        }
        found = []
        for text in history:
            selection, name = text.split()
            number = names.index(name) + 1
            self.cloud.register_servers(fake_cloud.server(number, name))
            self.cloud.register_network(
                'ports', fake_cloud.port(11, number, ADDRESS)
            )
            found.append(self.recorded(*selections[selection]))
        return found

    def between(self, before: dict[str, Any], after: dict[str, Any]) -> str:
        """Return a moment at which nothing was observed."""
        begin, end = (
            datetime.datetime.fromisoformat(text)
            for text in (before['Finished'], after['Started'])
        )
        self.assertLess(begin, end)
        return (begin + (end - begin) / 2).isoformat()

    def test_the_nearest_of_all_selections_counts(self) -> None:
        """A selection may not have been observed on the other side."""
        journal, environment = self.journal, self.environment
        changed = (
            'Something changed between the observations before and after this '
            'time: see Seen From and Seen Until\n'
        )
        for history, before, expected in (
            (
                ('project web', 'all mail', 'project web'),
                1,
                [('mail', 1, 1), ('web', 2, 2)],
            ),
            (
                ('project web', 'all db', 'project mail'),
                1,
                [('db', 1, 1), ('mail', 2, 2)],
            ),
            (
                ('project web', 'all mail', 'project web', 'all web'),
                0,
                [('web', 0, 0), ('mail', 1, 1)],
            ),
            (
                ('all web', 'project db', 'all mail', 'project mail'),
                2,
                [('mail', 2, 3)],
            ),
            (('project web', 'all web', 'project web'), 1, [('web', 1, 2)]),
            (('project web', 'all web', 'project web'), 0, [('web', 0, 1)]),
            (
                ('project db', 'all web', 'project db', 'project db'),
                2,
                [('db', 2, 3)],
            ),
            (
                ('all web', 'server db', 'all web'),
                1,
                [('web', 0, 2), ('db', 1, 1)],
            ),
        ):
            self.journal += '-'
            self.environment = environment
            rows = self.observe(*history)
            moment = self.between(*rows[before : before + 2])
            for arguments in (('find', ADDRESS), ('list',)):
                with self.subTest(arguments, history=history):
                    result = self.at(moment, *arguments, '-f', 'json')
                    self.assertEqual(
                        [
                            (
                                name,
                                rows[first]['Started'],
                                rows[last]['Finished'],
                            )
                            for name, first, last in expected
                        ],
                        [
                            (
                                row['Server Name'],
                                row['Seen From'],
                                row['Seen Until'],
                            )
                            for row in json.loads(result.stdout)
                        ],
                    )
                    self.assertEqual(
                        (0, changed if len(expected) > 1 else ''),
                        (result.status, result.stderr),
                    )
            with self.subTest('show', history=history):
                result = self.at(
                    moment,
                    'show',
                    ADDRESS,
                    '-f',
                    'value',
                    '-c',
                    'Server Name',
                )
                self.assertEqual(
                    history[before].split()[1], result.stdout.strip()
                )
        self.journal = journal

    def test_no_row_is_seen_while_a_wider_selection_lacks_it(self) -> None:
        rows = self.observe('project web', 'all db', 'project web', 'all web')
        result = self.openstack(
            'server',
            'interface',
            'find',
            ADDRESS,
            '-f',
            'json',
            '--between',
            rows[0]['Started'],
            rows[-1]['Finished'],
            '--journal',
            self.journal,
        )
        self.assertEqual(
            [
                ('web', rows[0]['Started'], rows[0]['Finished']),
                ('db', rows[1]['Started'], rows[1]['Finished']),
                ('web', rows[2]['Started'], rows[3]['Finished']),
            ],
            [
                (row['Server Name'], row['Seen From'], row['Seen Until'])
                for row in json.loads(result.stdout)
            ],
        )

    def test_what_was_only_observed_on_one_side_is_not_denied(self) -> None:
        _first, *observations = self.observe(
            'project web', 'all web', 'project web'
        )
        line = (
            "cannot tell about '10.9.9.9'; only these were recorded: project "
            f'{fake_cloud.PROJECT_ID}\n'
        )
        self.assertEqual(
            command_result.Result(1, '\n', line),
            self.at(self.between(*observations), 'find', '10.9.9.9'),
        )

    def test_what_the_wider_one_has_seen_later_counts(self) -> None:
        self.recorded(*self.narrow)
        self.remove_server()
        moment = self.recorded()['Finished']
        self.recorded()
        self.recorded(*self.narrow)
        for arguments, status, line in (
            (
                ('find', ADDRESS),
                3,
                f"'{ADDRESS}' matches nothing in any project\n",
            ),
            (('list',), 0, 'No server exists.\n'),
            (
                ('list', 'web'),
                1,
                "No server with the name or ID 'web' exists.\n",
            ),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(
                    command_result.Result(status, '', line),
                    self.at(moment, *arguments, '-f', 'value'),
                )
        self.assertEqual(
            command_result.Result(0, '', 'No server exists.\n'),
            self.at(moment, 'diff', '--at', moment, '-f', 'value'),
        )

    def test_the_time_that_the_wider_one_has_observed(self) -> None:
        first = self.recorded(*self.narrow)
        self.recorded()
        last = self.recorded()
        result = self.at('2100-01-01', 'find', ADDRESS)
        self.assertEqual(
            f'{self.journal}: 2100-01-01T00:00:00.000Z is not in the time '
            f'observed, {first["Started"]} to {last["Finished"]}\n',
            result.stderr,
        )


class TestListAt(AtTestCase):
    def test_rows(self) -> None:
        first, last = self.recorded(), self.recorded()
        for source in ('compute', 'network'):
            result = self.at(
                first['Finished'],
                'list',
                '--source',
                source,
                '-f',
                'value',
                '-c',
                'Server Name',
                '-c',
                'Fixed IPs',
                '-c',
                'Seen Until',
            )
            self.assertEqual(
                (0, f'web {ADDRESS} {last["Finished"]}\n', ''),
                (result.status, result.stdout, result.stderr),
            )

    def test_rows_that_look_alike(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'web')
        )
        ports = fake_cloud.port(11, 1, ADDRESS), fake_cloud.port(12, 2)
        self.cloud.register_network('ports', *ports)
        first = self.recorded()
        self.cloud.register_network(
            'ports', {**ports[0], 'status': 'DOWN'}, ports[1]
        )
        last = self.recorded()
        began, ended = first['Finished'], last['Finished']
        for shown in (
            (),
            ('-c', 'Server Name'),
            ('-c', 'Server ID'),
            ('-c', 'Server Name', '--sort-column', 'Network Name'),
        ):
            with self.subTest(shown=shown):
                result = self.at(
                    began,
                    'list',
                    *shown,
                    '-f',
                    'json',
                    '-c',
                    'Seen From',
                    '-c',
                    'Seen Until',
                )
                self.assertEqual(
                    [
                        (first['Started'], began),
                        (first['Started'], ended),
                        (last['Started'], ended),
                    ],
                    sorted(
                        (row['Seen From'], row['Seen Until'])
                        for row in json.loads(result.stdout)
                    ),
                )

    def test_more_than_a_page(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'mail')
        )
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, ADDRESS),
            fake_cloud.port(12, 1, '10.0.0.6'),
            fake_cloud.port(13, 2, '10.0.0.7'),
        )
        first = self.recorded()
        self.useFixture(
            fixtures.MockPatch('osc_port_iface.api.paging.LARGEST_PAGE', 2)
        )
        result = self.at(
            first['Finished'],
            'list',
            '-f',
            'value',
            '-c',
            'Server Name',
            '-c',
            'Fixed IPs',
        )
        self.assertEqual(
            (0, 'mail 10.0.0.7\nweb 10.0.0.5\nweb 10.0.0.6\n', ''),
            (result.status, result.stdout, result.stderr),
        )

    def test_a_server_by_name(self) -> None:
        first = self.recorded()
        self.recorded()
        result = self.at(
            first['Finished'], 'list', 'web', '-f', 'value', '-c', 'Fixed IPs'
        )
        self.assertEqual(
            (0, f'{ADDRESS}\n', ''),
            (result.status, result.stdout, result.stderr),
        )

    def test_a_name_that_is_not_utf_8(self) -> None:
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, ADDRESS, name='\ud800')
        )
        result = self.at(
            self.recorded()['Finished'], 'list', '--network', '\udcff'
        )
        self.assertEqual(
            (
                1,
                "No network with the name or ID '\\udcff' exists.\n",
            ),
            (result.status, result.stderr),
        )

    def test_only_projects_that_were_recorded(self) -> None:
        projects = [
            {'id': f'{number:032x}', 'name': f'project-{number}'}
            for number in range(3)
        ]
        self.register_names('projects', *projects)
        moments = []
        for number in (0, 1, 0, 1):
            project = projects[number]
            self.cloud.get(
                f'{fake_cloud.AUTH_URL}/projects/{project["id"]}',
                json={'project': project},
            )
            self.cloud.register_servers(
                fake_cloud.server(1, f'web-{number}', tenant_id=project['id'])
            )
            row = self.recorded('--project', project['id'])
            moments.append(row['Finished'])
        for name, status, stdout, line in (
            ('project-0', 0, 'web-0\n', ''),
            ('project-1', 0, 'web-1\n', ''),
            (
                'project-2',
                1,
                '',
                'Servers: not recorded for this project\n',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    command_result.Result(status, stdout, line),
                    self.at(
                        moments[2],
                        'list',
                        '--project',
                        name,
                        '-f',
                        'value',
                        '-c',
                        'Server Name',
                    ),
                )

    def test_a_server_that_was_not_there(self) -> None:
        first = self.recorded()
        self.recorded()
        identifier = fake_cloud.identifier(2)
        for name_or_id, line in (
            ('mail', "No server with the name or ID 'mail' exists.\n"),
            (identifier, f'Server {identifier}: not found\n'),
        ):
            self.assertEqual(
                command_result.Result(1, '', line),
                self.at(first['Finished'], 'list', name_or_id),
            )


class TestShowAt(AtTestCase):
    def show(
        self, row: dict[str, Any], *arguments: str
    ) -> tuple[int | str | None, str, str]:
        result = self.at(
            row['Finished'],
            'show',
            *arguments,
            '-f',
            'value',
            '-c',
            'Fixed IPs',
            '-c',
            'Floating IPs',
            '-c',
            'Seen From',
        )
        return result.status, result.stdout, result.stderr

    def test_by_whatever_it_is_known(self) -> None:
        first = self.recorded()
        self.recorded()
        expected = f'{ADDRESS}\n192.0.2.9\n{first["Started"]}\n'
        port_id = fake_cloud.identifier(11)
        for arguments in (
            ('web',),
            (fake_cloud.identifier(1), ADDRESS),
            (ADDRESS,),
            ('192.0.2.9',),
            (port_id,),
            ('web', port_id),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(
                    (0, expected, ''), self.show(first, *arguments)
                )

    def test_it_changed_in_between(self) -> None:
        first = self.recorded()
        self.move('10.0.0.6')
        self.recorded()
        self.assertEqual(
            (
                0,
                f'{ADDRESS}\n192.0.2.9\n{first["Started"]}\n',
                'Something changed between the observations before and after '
                'this time: see Seen From and Seen Until\n',
            ),
            self.show(first, 'web'),
        )

    def test_something_else_is_wrong_at_each_time(self) -> None:
        ports = [fake_cloud.port(n, 1, f'10.0.0.{n}') for n in (11, 12)]
        self.cloud.register_network('ports', *ports)
        first = self.recorded()
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'web')
        )
        last = self.recorded()
        status, stdout, stderr = self.show(first, 'web')
        self.assertEqual((1, ''), (status, stdout))
        self.assertRegex(
            stderr,
            f'^{first["Finished"]}: Server web has 2 interfaces, [^\n]*\n'
            f"{last['Finished']}: 2 servers have the name 'web', [^\\n]*\n$",
        )

    def test_it_was_not_there(self) -> None:
        first = self.recorded()
        self.recorded()
        self.assertEqual(
            (1, '', "No server with the name or ID 'mail' exists.\n"),
            self.show(first, 'mail'),
        )

    def test_several_projects_have_one(self) -> None:
        observations = []
        for number in (1, 2, 1, 2):
            self.cloud.register_servers(fake_cloud.server(number, 'web'))
            port = fake_cloud.port(number + 10, number, f'10.0.0.{number}')
            self.cloud.register_network('ports', port)
            project = f'{number:032x}'
            self.cloud.get(
                f'{fake_cloud.AUTH_URL}/projects/{project}',
                json={'project': {'id': project, 'name': 'demo'}},
            )
            observations.append(self.recorded('--project', project))
        self.assertEqual(
            (1, '', 'Several recorded interfaces match, use a port ID\n'),
            self.show(observations[1], 'web'),
        )
        status, stdout, _stderr = self.show(
            observations[1], fake_cloud.identifier(12)
        )
        self.assertEqual((0, '10.0.0.2'), (status, stdout.splitlines()[0]))


class TestDiffAt(AtTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.recorded()
        self.still = self.recorded()
        self.move('10.0.0.6')
        self.then = self.recorded()
        self.last = self.recorded()

    def diff(
        self, moment: str, *arguments: str, until: str = ''
    ) -> tuple[int | str | None, str, str]:
        if until:
            arguments, moment = (*arguments, '--at', moment), until
        result = self.at(
            moment,
            'diff',
            *arguments,
            '-f',
            'value',
            '-c',
            'Change',
            '-c',
            'Before',
            '-c',
            'After',
        )
        return result.status, result.stdout, result.stderr

    def add_mail(self) -> None:
        """Add a server to web, which keeps its last address."""
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'mail')
        )
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.6'),
            fake_cloud.port(12, 2, '10.0.0.7'),
        )

    def test_since_a_time(self) -> None:
        changed = 3, f'readdressed {ADDRESS} 10.0.0.6\n', ''
        self.assertEqual(changed, self.diff(self.first['Finished']))
        self.assertEqual((0, '', ''), self.diff(self.then['Finished']))
        self.assertEqual((0, '', ''), self.diff(self.last['Finished']))

    def test_between_two_times(self) -> None:
        for first, second, status in (
            (self.first, self.then, 3),
            (self.then, self.first, 3),
            (self.then, self.last, 0),
        ):
            found = self.diff(
                first['Finished'],
                '--server',
                'web',
                '--source',
                'network',
                until=second['Finished'],
            )
            self.assertEqual((status, ''), (found[0], found[2]))
            if status:
                self.assertEqual(f'readdressed {ADDRESS} 10.0.0.6\n', found[1])

    def test_it_changed_around_a_time(self) -> None:
        moment = self.still['Finished']
        line = (
            'What changed between the observations before and after '
            f'{moment} counts as changed after it\n'
        )
        self.assertEqual(
            (3, f'readdressed {ADDRESS} 10.0.0.6\n', line), self.diff(moment)
        )
        self.assertEqual(
            (0, '', line), self.diff(self.first['Finished'], until=moment)
        )

    def test_a_saved_listing_with_a_time(self) -> None:
        then = self.last['Finished']
        groups = 'Some values are missing: Security groups: not recorded\n'
        for columns, missing in (
            ((), ''),
            (('--long',), groups),
            (('-c', 'Port ID', '-c', 'Fixed IPs'), ''),
        ):
            listed = self.at(then, 'list', *columns, '-f', 'json').stdout
            before = self.create_file(listed)
            for moment, status in (self.first['Finished'], 3), (then, 0):
                with self.subTest(columns=columns, moment=moment):
                    found = self.diff(moment, before)
                    self.assertEqual((status, missing), (found[0], found[2]))

    def test_only_the_given_servers_are_compared(self) -> None:
        self.add_mail()
        then = self.recorded()['Finished']
        before = self.create_file(self.at(then, 'list', '-f', 'json').stdout)
        self.assertEqual((0, '', ''), self.diff(then, before))
        self.assertEqual(
            (0, '', ''), self.diff(then, before, '--server', 'web')
        )

    def test_what_is_not_selected_is_not_detached(self) -> None:
        stopped = fake_cloud.server(1, 'web', status='SHUTOFF')
        self.cloud.register_servers(stopped)
        then, stopped_at = self.then['Finished'], self.recorded()['Finished']
        port = {
            **{'Port ID': fake_cloud.identifier(11), 'Server Name': 'web'},
            'Server ID': fake_cloud.identifier(1),
        }
        saved = self.create_file(json.dumps([port]))
        for status, before, arguments, nothing in (
            (
                1,
                saved,
                (stopped_at, saved),
                f'None of the servers of {saved} is selected.\n'
                'No server exists with status ACTIVE.\n',
            ),
            (0, f'the cloud at {then}', (stopped_at, '--at', then), ''),
        ):
            with self.subTest(before):
                self.assertEqual(
                    (
                        status,
                        '',
                        'Not selected, so not compared, servers of '
                        f'{before}: web\n{nothing}',
                    ),
                    self.diff(*arguments, '--status', 'ACTIVE'),
                )

    def test_a_column_that_is_not_recorded(self) -> None:
        row = {
            **{'Server ID': fake_cloud.identifier(1), 'Server Name': 'web'},
            **{'Port ID': fake_cloud.identifier(11), 'Fixed IPs': [ADDRESS]},
            'Security Groups': ['default'],
        }
        before = self.create_file(json.dumps([row]))
        self.assertEqual(
            (
                0,
                '',
                'Some values are missing: Security groups: not recorded\n'
                f'In {before} only, so not compared: Security Groups\n',
            ),
            self.diff(self.first['Finished'], before),
        )

    def test_a_server_that_is_new(self) -> None:
        self.add_mail()
        self.recorded()
        moment = self.first['Finished']
        self.assertEqual(
            (3, 'attached  10.0.0.7\n', ''),
            self.diff(moment, '--server', 'mail'),
        )
        self.assertEqual(
            (1, '', "No server with the name or ID 'maul' exists.\n"),
            self.diff(moment, '--server', 'maul'),
        )
        # Once, although neither side has it.
        self.assertEqual(
            (
                1,
                'readdressed 10.0.0.5 10.0.0.6\n',
                "No server with the name or ID 'maul' exists.\n",
            ),
            self.diff(moment, '--server', 'web', '--server', 'maul'),
        )

    def test_two_servers_of_which_one_is_new(self) -> None:
        self.add_mail()
        self.recorded()
        self.assertEqual(
            (
                3,
                'attached  10.0.0.7\n',
                'In the last observation only, servers with all their '
                'interfaces: mail\n',
            ),
            self.diff(
                self.then['Finished'],
                '--server',
                'web',
                '--server',
                'mail',
            ),
        )

    def test_what_is_not_recorded_is_not_detached(self) -> None:
        self.journal += '-of-compute-1'
        environment = self.environment
        moved = fake_cloud.server(2, 'moved')
        selectors = '--host', 'compute-1'
        self.cloud.register_servers(fake_cloud.server(1, 'web'), moved)
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.6'),
            fake_cloud.port(12, 2, '10.0.0.7'),
        )
        before = self.recorded(*selectors)['Finished']
        self.recorded(*selectors)
        listed = self.at(before, 'list', '-f', 'json').stdout
        saved = self.create_file(listed)
        self.environment = environment
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, '10.0.0.6')
        )
        after = self.recorded(*selectors)['Finished']
        for name, arguments in (
            (f'the cloud at {before}', (before, '--at', after)),
            (saved, (after, saved)),
        ):
            with self.subTest(name):
                self.assertEqual(
                    (
                        1,
                        '',
                        'Only these were recorded: host compute-1\n'
                        f'In {name} only, servers that are gone or could not '
                        'be read: moved\n',
                    ),
                    self.diff(*arguments),
                )

    def test_a_server_that_has_left_a_host_is_not_detached(self) -> None:
        for host in 'compute-1', 'compute-2':
            self.cloud.register_servers(
                fake_cloud.server(1, 'web', **{'OS-EXT-SRV-ATTR:host': host})
            )
            self.then, self.last = self.recorded(), self.recorded()
            if host == 'compute-1':
                before = self.then['Finished']
        self.assertEqual(
            (
                0,
                '',
                'Not selected, so not compared, servers of the cloud at '
                f'{before}: web\n',
            ),
            self.diff(before, '--host', 'compute-1'),
        )

    def test_a_server_may_be_given_with_a_selector(self) -> None:
        self.journal += '-of-compute-1'
        self.cloud.register_servers(
            fake_cloud.server(
                1, 'web', **{'OS-EXT-SRV-ATTR:host': 'compute-1'}
            )
        )
        moment = self.recorded('--host', 'compute-1')['Finished']
        result = self.at(moment, 'list', 'web', '--status', 'ACTIVE')
        self.assertEqual((0, ''), (result.status, result.stderr))

    def test_other_projects_are_not_detached(self) -> None:
        project = fake_cloud.PROJECT_ID
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{project}',
            json={'project': {'id': project, 'name': 'demo'}},
        )
        self.journal += '-of-a-project'
        moment = self.recorded('--project', project)['Finished']
        saved = self.create_file(
            json.dumps(
                [
                    {
                        'Server ID': fake_cloud.identifier(number),
                        'Server Name': name,
                        'Project ID': project_id,
                        'Port ID': fake_cloud.identifier(number + 10),
                    }
                    for number, name, project_id in (
                        (1, 'web', project),
                        (2, 'other', fake_cloud.identifier(50)),
                        (3, 'gone', project),
                    )
                ]
            )
        )
        self.assertEqual(
            (
                1,
                '',
                f'In {saved} only, servers that are gone or could not be '
                'read: gone, other\n',
            ),
            self.diff(moment, saved),
        )

    def test_only_scopes_of_both_times(self) -> None:
        project = fake_cloud.PROJECT_ID
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{project}',
            json={'project': {'id': project, 'name': 'demo'}},
        )
        self.cloud.register_network('ports')
        narrow = self.recorded('--project', project)
        self.assertEqual((0, '', ''), self.diff(self.then['Finished']))
        self.assertEqual((0, '', ''), self.diff(narrow['Finished']))

    def test_time_that_was_not_observed(self) -> None:
        before, after = (
            f'{self.journal}: {year}-01-01T00:00:00.000Z is not in the time '
            f'observed, {self.first["Started"]} to {self.last["Finished"]}\n'
            for year in (2000, 2100)
        )
        self.assertEqual((1, '', before), self.diff('2000-01-01'))
        self.assertEqual(
            (1, '', after),
            self.diff(self.first['Finished'], until='2100-01-01'),
        )

    def test_contradiction(self) -> None:
        listing = self.create_file('[]')
        for arguments, line in (
            ((), 'Give a saved listing, or a time with --at.\n'),
            (
                (listing, '--at', '2h', '--at', '1h'),
                'Only two listings or times can be compared.\n',
            ),
            (
                (listing, '--journal', self.journal),
                '--journal needs a time, such as --at -3d.\n',
            ),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(
                    command_result.Result(2, '', line),
                    self.openstack('server', 'interface', 'diff', *arguments),
                )
