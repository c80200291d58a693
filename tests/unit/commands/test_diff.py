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

import functools
import io
import json
from typing import Any
from unittest import mock

from osc_port_iface.commands import check
from osc_port_iface.commands import columns
from osc_port_iface.commands import diff
from osc_port_iface.commands import find
from osc_port_iface.commands import repair
from osc_port_iface.interfaces.changes import saved_listing
from osc_port_iface.interfaces import lookup
from osc_port_iface import records
from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit import pseudo_terminal

WEB = fake_cloud.identifier(1)
DB = fake_cloud.identifier(2)


class TestDiff(test_list_fleet.FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db'))
        for number, server in ((1, 'web'), (2, 'db')):
            self.cloud.get(
                f'{test_list_fleet.SERVERS_URL}/{fake_cloud.identifier(number)}',
                json={'server': fake_cloud.server(number, server)},
            )

    def diff(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server', 'interface', 'diff', *arguments, '-f', 'value'
        )

    def save(self, *arguments: str) -> str:
        """Save a listing to a file, and return its path."""
        result = self.list(*(arguments or ('-f', 'json')))
        self.assertEqual((0, ''), (result.status, result.stderr))
        return self.create_file(result.stdout)

    def plug(self, server: int, *attachments: dict[str, object]) -> None:
        self.cloud.register_interfaces(
            fake_cloud.identifier(server), *attachments
        )

    def test_nothing_changed_in_any_format(self) -> None:
        for output_format in (
            ('json',),
            ('yaml',),
            ('csv',),
            ('csv', '--quote', 'none'),
        ):
            before = self.save('-f', *output_format)
            for after in ((), (self.save('-f', 'json'),)):
                for options in ((), ('--same',)):
                    with self.subTest(
                        output_format=output_format, after=bool(after)
                    ):
                        self.assertEqual(
                            command_result.Result(0, '', ''),
                            self.diff(before, *after, *options),
                        )

    def test_changes(self) -> None:
        self.plug(2, fake_cloud.attachment(12, '10.0.0.2', tag='b'))
        before = self.save()
        self.plug(
            1,
            fake_cloud.attachment(11, '10.0.0.9', tag='a', port_state='DOWN'),
            fake_cloud.attachment(21, '10.0.0.21'),
        )
        self.plug(2)
        expected = command_result.Result(
            3,
            f'db {DB} {fake_cloud.identifier(12)} detached 10.0.0.2 \n'
            f'web {WEB} {fake_cloud.identifier(11)} readdressed 10.0.0.1 '
            '10.0.0.9\n'
            f'web {WEB} {fake_cloud.identifier(11)} state ACTIVE DOWN\n'
            f'web {WEB} {fake_cloud.identifier(11)} tag  a\n'
            f'web {WEB} {fake_cloud.identifier(21)} attached  10.0.0.21\n',
            '%s only, servers with all their interfaces: db\n',
        )
        name = f'In {before}'
        for after in ((), (self.save(),), (self.save('-f', 'csv'),)):
            self.assertEqual(
                command_result.Result(
                    3, expected.stdout, expected.stderr % name
                ),
                self.diff(before, *after),
            )

    def test_json_has_null_for_nothing(self) -> None:
        before = self.create_file('[]')
        result = self.openstack(
            'server',
            'interface',
            'diff',
            before,
            '-f',
            'json',
            '-c',
            'Change',
            '-c',
            'Before',
            '-c',
            'After',
        )
        self.assertEqual(3, result.status)
        self.assertEqual(
            [
                {'Change': 'attached', 'Before': None, 'After': '10.0.0.2'},
                {'Change': 'attached', 'Before': None, 'After': '10.0.0.1'},
            ],
            json.loads(result.stdout),
        )

    def test_only_what_the_file_has_is_asked_for(self) -> None:
        before = self.save('-f', 'csv', '-c', 'Port ID', '-c', 'Fixed IPs')
        self.cloud.reset_mock()
        result = self.diff(before)
        self.assertEqual((0, ''), (result.status, result.stderr))
        self.assertEqual(
            [
                f'GET {test_list_fleet.SERVERS_URL}',
                f'GET {test_list_fleet.interfaces_url(1)}',
                f'GET {test_list_fleet.interfaces_url(2)}',
            ],
            self.requested(),
        )

    def test_same_servers_that_are_gone(self) -> None:
        before = self.save()
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}/{DB}',
            status_code=404,
            json=fake_cloud.NOT_FOUND,
        )
        self.register(fake_cloud.server(1, 'web'), fake_cloud.server(3, 'new'))
        result = self.diff(before, '--same', '-c', 'Port ID', '-c', 'Change')
        self.assertEqual(
            command_result.Result(
                3,
                f'{fake_cloud.identifier(12)} detached\n',
                f'In {before} only, servers with all their interfaces: db\n',
            ),
            result,
        )

    def test_same_servers_of_a_listing_without_servers(self) -> None:
        before = self.save('web', '-f', 'json')
        for after in ((), (before,)):
            self.assertEqual(
                command_result.Result(
                    2,
                    '',
                    f'{before} does not tell its servers; save Server ID '
                    'as well.\n',
                ),
                self.diff(before, *after, '--same'),
            )

    def test_listing_that_does_not_tell_its_servers(self) -> None:
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 200)
        without_server = self.create_file(
            self.list('web', '-f', 'json').stdout
        )
        with_server = self.create_file(
            self.list(
                'web', '-f', 'json', '-c', 'Port ID', '-c', 'Server ID'
            ).stdout
        )
        untold = (
            f'{without_server} does not have the column Server ID, so '
            'interfaces of other servers may be shown as attached or '
            'detached. To compare only its servers, name them with --server.'
        )
        for arguments, lines in (
            ((without_server,), [untold]),
            (
                (with_server,),
                [
                    'In the cloud only, servers with all their interfaces: db',
                    f'To compare only the servers of {with_server}, use '
                    '--same.',
                ],
            ),
            ((without_server, '--server', 'web'), []),
            ((with_server, '--same'), []),
        ):
            with self.subTest(arguments=arguments):
                result = self.diff(*arguments, '-c', 'Change')
                self.assertEqual(lines, result.stderr.splitlines())
        # A script must know, too.
        self.stream = io.StringIO
        result = self.diff(without_server)
        self.assertEqual((3, f'{untold}\n'), (result.status, result.stderr))

    def test_listing_of_one_server(self) -> None:
        before = self.create_file(self.list('web', '-f', 'json').stdout)
        self.cloud.register_interfaces(
            WEB,
            fake_cloud.attachment(11, '10.0.0.1'),
            fake_cloud.attachment(15, '10.0.0.5'),
        )
        self.assertEqual(
            command_result.Result(
                3, f'{fake_cloud.identifier(15)} attached\n', ''
            ),
            self.diff(
                before, '--server', 'web', '-c', 'Port ID', '-c', 'Change'
            ),
        )

    def test_server_of_a_listing_of_several_names(self) -> None:
        columns = ('-c', 'Port ID', '-c', 'Server Name')
        before = self.save('-f', 'json', *columns)
        self.assertEqual(
            command_result.Result(
                2,
                '',
                f'{before} does not tell its servers; save Server ID '
                'as well.\n',
            ),
            self.diff(before, '--server', 'web'),
        )
        self.assertEqual(
            command_result.Result(0, '', ''),
            self.diff(before, '--server', 'web', '--server', 'db'),
        )

    def test_server_of_a_listing_without_servers(self) -> None:
        before = self.save('web', '-f', 'json')
        self.assertEqual(
            command_result.Result(0, '', ''),
            self.diff(before, '--server', 'web'),
        )

    def test_only_the_given_servers_are_compared(self) -> None:
        before = self.save()
        self.plug(1)
        self.assertEqual(
            command_result.Result(
                3,
                f'{fake_cloud.identifier(11)} detached\n',
                f'In {before} only, servers with all their interfaces: web\n',
            ),
            self.diff(
                before, '--server', 'web', '-c', 'Port ID', '-c', 'Change'
            ),
        )

    def test_what_is_not_selected_is_not_detached(self) -> None:
        before = self.save()
        self.register(fake_cloud.server(1, 'web'))
        self.assertEqual(
            command_result.Result(
                0,
                '',
                f'Not selected, so not compared, servers of {before}: db\n',
            ),
            self.diff(before, '--status', 'ACTIVE'),
        )
        self.register()
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'No server exists in project demo with status ACTIVE.\n'
                f'Not selected, so not compared, servers of {before}: db, '
                f'web\nNone of the servers of {before} is selected.\n',
            ),
            self.diff(before, '--status', 'ACTIVE'),
        )
        self.register(fake_cloud.server(1, 'web'))
        url = f'{test_list_fleet.SERVERS_URL}/{DB}'
        self.cloud.get(url, status_code=403, json={})
        self.assertEqual(
            command_result.Result(
                1,
                '',
                f'Server {DB}: this is not allowed (HTTP 403)\n'
                f'Not selected, so not compared, servers of {before}: db\n',
            ),
            self.diff(before, '--status', 'ACTIVE'),
        )
        self.cloud.get(url, status_code=404, json=fake_cloud.NOT_FOUND)
        self.assertEqual(
            command_result.Result(
                3,
                f'{fake_cloud.identifier(12)} detached\n',
                f'In {before} only, servers with all their interfaces: db\n',
            ),
            self.diff(
                before,
                '--status',
                'ACTIVE',
                '-c',
                'Port ID',
                '-c',
                'Change',
            ),
        )

    def test_nothing_is_claimed_of_a_server_that_is_not_read(self) -> None:
        before = self.save()
        self.cloud.get(
            test_list_fleet.interfaces_url(2), status_code=403, json={}
        )
        result = self.diff(before)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertEqual(
            [
                f'Interfaces of server {DB}: this is not allowed (HTTP 403)',
                f'In {before} only, servers that are gone or could not be '
                'read: db',
            ],
            result.stderr.splitlines(),
        )

    def test_nothing_is_claimed_of_a_server_whose_id_is_not_saved(
        self,
    ) -> None:
        before = self.save('web', '-f', 'json')
        self.cloud.get(
            test_list_fleet.interfaces_url(1), status_code=403, json={}
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Interfaces of server web: this is not allowed (HTTP 403)\n',
            ),
            self.diff(before, '--server', 'web'),
        )

    def test_listing_of_a_region_without_a_name(self) -> None:
        """A journal shows null for it."""
        rows = [
            {**row, 'Region': None}
            for row in json.loads(self.list('-f', 'json').stdout)
        ]
        before = self.create_file(json.dumps(rows))
        for after in (), (before,):
            self.assertEqual(
                command_result.Result(0, '', ''), self.diff(before, *after)
            )

    def test_what_cannot_be_looked_up_is_not_compared(self) -> None:
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.1', name='eth0'),
            fake_cloud.port(12, 2, '10.0.0.2'),
        )
        columns = ('-c', 'Port ID', '-c', 'Server ID', '-c', 'Port Name')
        before = self.save(*columns, '-f', 'json')
        for status_code, status, why in (
            (403, 0, 'this is not allowed (HTTP 403)'),
            (400, 1, 'the request was rejected (HTTP 400)'),
        ):
            self.cloud.get(
                f'{self.cloud.network_url}/v2.0/ports', status_code=status_code
            )
            self.assertEqual(
                command_result.Result(
                    status,
                    '',
                    f'Some values are missing: Ports: {why}\n'
                    f'In {before} only, so not compared: Port Name\n',
                ),
                self.diff(before),
            )

    def test_names_that_cannot_be_looked_up_are_not_compared(self) -> None:
        """The IDs that are shown in their place are no change."""
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.1'),
            fake_cloud.port(12, 2, '10.0.0.2'),
        )
        group = fake_cloud.security_group(800, 'default')
        self.cloud.register_network('security-groups', group)
        columns = ('-c', 'Port ID', '-c', 'Server ID', '-c', 'Security Groups')
        before = self.save(*columns, '-f', 'json')
        self.assertEqual(command_result.Result(0, '', ''), self.diff(before))
        self.cloud.get(
            f'{self.cloud.network_url}/v2.0/security-groups', status_code=500
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Some values are missing: Security groups: the service failed '
                '(HTTP 500)\n'
                f'In {before} only, so not compared: Security Groups\n',
            ),
            self.diff(before),
        )

    def test_tag_is_not_compared_where_neutron_is_asked(self) -> None:
        before = self.save()
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.1'),
            fake_cloud.port(12, 2, '10.0.0.2'),
        )
        self.assertEqual(
            command_result.Result(
                0, '', f'In {before} only, so not compared: Tag\n'
            ),
            self.diff(before, '--source', 'network'),
        )
        untagged = self.save('--source', 'network', '-f', 'json')
        self.plug(1, fake_cloud.attachment(11, '10.0.0.1', tag='a'))
        self.plug(2, fake_cloud.attachment(12, '10.0.0.2', tag='b'))
        tagged = self.save()
        line = 'In %s only, so not compared: Tag\n'
        for sides, name in (
            ((untagged,), 'the cloud'),
            ((untagged, tagged), tagged),
            ((tagged, untagged), tagged),
        ):
            self.assertEqual(
                command_result.Result(0, '', line % name), self.diff(*sides)
            )
        self.plug(1, fake_cloud.attachment(11, '10.0.0.1'))
        self.assertEqual(
            command_result.Result(
                3, f'web {WEB} {fake_cloud.identifier(11)} tag a \n', ''
            ),
            self.diff(tagged),
        )

    def test_hostile_file(self) -> None:
        row = {'Port ID': WEB, 'Server Name': 'a\x1b[2J', 'Tag': '\u202e'}
        before = self.create_file(json.dumps([row]))
        after = self.create_file(json.dumps([{**row, 'Tag': '\x07'}]))
        result = self.diff(before, after)
        self.assertEqual(
            command_result.Result(
                3, f'a\\x1b[2J  {WEB} tag \\u202e \\x07\n', ''
            ),
            result,
        )

    def test_not_a_listing(self) -> None:
        path = self.create_file('[\n  {"a": 1}]')
        self.assertEqual(
            command_result.Result(
                2,
                '',
                f'{path}: row 1: there is no column Port ID\n',
            ),
            self.diff(path),
        )

    def test_output_of_another_command(self) -> None:
        tables: list[tuple[str, columns.Columns[Any]]] = [
            ('Query', find.COLUMNS),
            ('Finding', check.COLUMNS),
            ('Finding', repair.COLUMNS),
            ('Change', diff.COLUMNS),
        ]
        for header, other in tables:
            row = dict.fromkeys(
                (column.header for column in columns.usual(other)), ''
            )
            text = json.dumps([{**row, 'Port ID': WEB}])
            path = self.create_file(text)
            with self.subTest(header):
                self.assertEqual(
                    command_result.Result(
                        2,
                        '',
                        f"{path}: row 1: 'server interface list' has no "
                        f'column {header}\n',
                    ),
                    self.diff(path),
                )

    def test_every_column_of_a_listing(self) -> None:
        available = (
            *columns.OF_SERVER,
            *columns.OF_INTERFACE,
            *columns.OF_PROJECT,
            *columns.OF_SUBPORT,
            *columns.OF_RULES,
        )
        row = dict.fromkeys((column.header for column in available), '')
        row |= {'Port ID': WEB, 'Region': 'a', 'Seen From': '', 'Of mine': ''}
        path = self.create_file(json.dumps([row]))
        self.assertEqual(
            command_result.Result(0, '', ''), self.diff(path, path)
        )

    def test_no_such_file(self) -> None:
        self.assertEqual(
            command_result.Result(
                1, '', '/no/such/\\x1b: No such file or directory\n'
            ),
            self.diff('/no/such/\x1b'),
        )

    def test_standard_input(self) -> None:
        listed = self.list('-f', 'json').stdout
        with mock.patch(
            'sys.stdin', io.TextIOWrapper(io.BytesIO(listed.encode()))
        ):
            self.assertEqual(command_result.Result(0, '', ''), self.diff('-'))

    def test_wrong_usage(self) -> None:
        for arguments, message in (
            (
                ('a', 'b', '--server', 'web'),
                '--server cannot be used with <after>.',
            ),
            (
                ('a', '--same', '--host', 'x'),
                '--host cannot be used with --same.',
            ),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(
                    command_result.Result(2, '', f'{message}\n'),
                    self.diff(*arguments),
                )

    def test_text_of_a_structure_is_what_text_formats_show(self) -> None:
        """A csv and a json of the same time are equal."""
        row = records.ServerInterface(
            records.Server('s', 'a\x1bb'),
            records.Interface(
                'm',
                (records.FixedIP('10.0.0.1', 'x'), records.FixedIP('::1')),
                port_id='p',
                floating_ips=('10.0.0.2', '10.0.0.3'),
            ),
            nic_index=0,
        )
        port = records.Port(
            'p',
            'n',
            'm',
            (),
            project_id='j',
            admin_state_up=False,
            address_pairs=(
                records.AddressPair('10.0.0.4', 'm'),
                records.AddressPair('10.0.0.5', None),
            ),
            tags=('a', 'b'),
            subports=(records.Subport('q', 'vlan', 7),),
        )
        forwarding = records.FloatingIP(
            'f',
            '10.0.0.6',
            project_id='j',
            port_forwardings=(
                records.PortForwarding('tcp', '80', '10.0.0.1', '8080', 'p'),
                records.PortForwarding('udp', '1:9', '10.0.0.1', '1:9', 'p'),
            ),
        )
        full = records.ServerInterface(
            records.Server('t', 'b'), row.interface, port
        )
        network = fake_network.fake_network()
        network.way('floatingips', 'project_id').return_value = records.Answer(
            [forwarding]
        )
        look = lookup.Lookup(mock.Mock(network=network), [row, full])
        for column in (*columns.OF_SERVER, *columns.OF_INTERFACE):
            for shown in (row, full):
                with self.subTest(column=column.header):
                    cell = column.cell(shown, look)
                    self.assertEqual(
                        cell.human_readable(),
                        saved_listing.as_text(cell.machine_readable()),
                    )
