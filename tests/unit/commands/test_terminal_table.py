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

"""Tables fit the terminal, and no ID, address or code is broken."""

import functools
import re
from unittest import mock

import testtools
import wcwidth

from osc_port_iface.commands import check
from osc_port_iface.commands import columns
from osc_port_iface.commands import diff
from osc_port_iface.commands import find
from osc_port_iface.commands import list as list_command
from osc_port_iface.commands import recorded_tables
from osc_port_iface.commands import repair
from osc_port_iface.commands import terminal_table
from osc_port_iface.commands import wait
from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

HINT = (
    'Left out to fit the terminal: %s. To see all columns, use -f json or '
    '--fit-width; to choose some, -c.\n'
)

HOST = 'compute-0017.rack-04.dc-frankfurt-2.cloud.example.internal'
LONGEST_IPV6 = '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'


class TerminalTestCase(test_list_fleet.FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'app'), fake_cloud.server(2, 'web'))
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(11, '10.0.0.10', '2001:db8::5'),
        )
        self.resize(80)

    def resize(self, width: int) -> None:
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, width)


class TestWidths(TerminalTestCase):
    def test_80(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                """\
+-------------+-------------------+-------------+------------+
| Server Name | MAC Address       | Fixed IPs   | Port State |
+-------------+-------------------+-------------+------------+
| app         | fa:16:3e:00:00:0b | 10.0.0.10   | ACTIVE     |
|             |                   | 2001:db8::5 |            |
| web         | fa:16:3e:00:00:0c | 10.0.0.2    | ACTIVE     |
+-------------+-------------------+-------------+------------+
""",
                HINT % 'Server ID, Port ID, Network ID, 1 without values',
            ),
            self.list(),
        )

    def test_132(self) -> None:
        self.resize(132)
        app, web = map(fake_cloud.identifier, (11, 12))
        self.assertEqual(
            command_result.Result(
                0,
                f"""\
+-------------+-{36 * '-'}-+-------------------+-------------+------------+
| Server Name | Port ID{29 * ' '} | MAC Address       | Fixed IPs   | Port State |
+-------------+-{36 * '-'}-+-------------------+-------------+------------+
| app         | {app} | fa:16:3e:00:00:0b | 10.0.0.10   | ACTIVE     |
|             | {36 * ' '} |                   | 2001:db8::5 |            |
| web         | {web} | fa:16:3e:00:00:0c | 10.0.0.2    | ACTIVE     |
+-------------+-{36 * '-'}-+-------------------+-------------+------------+
""",  # noqa: E501
                HINT % 'Server ID, Network ID, 1 without values',
            ),
            self.list(),
        )

    def test_all_fit(self) -> None:
        self.resize(200)
        result = self.list()
        self.assertEqual(
            'Server ID|Server Name|Port ID|Network ID|MAC Address|Fixed IPs|'
            'Port State|Tag',
            re.sub(' *[|] *', '|', result.stdout.splitlines()[1]).strip('|'),
        )
        self.assertEqual('', result.stderr)

    def test_most_important_one_stays(self) -> None:
        self.resize(10)
        self.assertEqual(
            """\
+-------------+
| Server Name |
+-------------+
| app         |
| web         |
+-------------+
""",
            self.list().stdout,
        )

    def test_no_rows(self) -> None:
        self.register()
        self.assertEqual(
            command_result.Result(
                0, '\n', 'No server exists in project demo.\n'
            ),
            self.list(),
        )

    def test_sorted_by_what_is_left_out(self) -> None:
        rows = self.list('--sort-column', 'Port ID', '--sort-descending')
        self.assertThat(
            rows.stdout, testtools.matchers.MatchesRegex('(?s).* web .* app ')
        )
        self.assertNotIn('Port ID', rows.stdout)


def unbroken(table: str) -> set[str]:
    """Return the lines of the cells that must not be broken."""
    header, *rows = (
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in table.splitlines()
        if line.startswith('|')
    )
    return {
        cell
        for row in rows
        for name, cell in zip(header, row, strict=True)
        if not name.endswith(terminal_table.NAMES)
    }


class TestLongestValues(TerminalTestCase):
    """Whatever the values are, each line fits, and no word is broken."""

    def setUp(self) -> None:
        super().setUp()
        name = 'server-' * 36 + 'end'
        self.register(
            fake_cloud.server(1, name), fake_cloud.server(2, 'ü名' * 85)
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(11, LONGEST_IPV6, '10.0.0.10', tag='t' * 60),
        )
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(
                11,
                1,
                LONGEST_IPV6,
                **{
                    'binding:host_id': HOST,
                    'name': 'a port with a long name',
                    'allowed_address_pairs': [
                        {
                            'ip_address': f'{LONGEST_IPV6}/128',
                            'mac_address': 'fa:16:3e:00:00:0b',
                        }
                    ],
                },
            ),
        )
        for collection in ('networks', 'subnets', 'security-groups'):
            self.cloud.register_network(collection)
        self.cloud.register_network('floatingips')
        self.words = {
            *('', 'ACTIVE', 'True', 'normal', 'ovs', 'tap00000000-00', HOST),
            *(LONGEST_IPV6, '10.0.0.10', '10.0.0.2'),
            *('fa:16:3e:00:00:0b', 'fa:16:3e:00:00:0c'),
            f'{LONGEST_IPV6}/128@fa:16:3e:00:00:0b',
            *map(fake_cloud.identifier, (1, 2, 11, 12, 700)),
        }

    def test_list(self) -> None:
        for width in (80, 100, 132):
            for options in ((), ('--long',)):
                with self.subTest(width=width, options=options):
                    self.resize(width)
                    result = self.list(*options)
                    self.assertEqual(0, result.status)
                    lines = result.stdout.splitlines()
                    self.assertLessEqual(
                        max(map(wcwidth.wcswidth, lines)), width
                    )
                    self.assertLessEqual(unbroken(result.stdout), self.words)
                    names = result.stderr.partition('terminal: ')[2]
                    self.assertLess(names.partition('. To')[0].count(','), 8)
                    for name in ('| server-server-', '| ü名ü名'):
                        self.assertIn(name, result.stdout)

    def test_show(self) -> None:
        server, interface = map(fake_cloud.identifier, (1, 11))
        self.cloud.register_interfaces(
            server,
            fake_cloud.attachment(11, LONGEST_IPV6, '10.0.0.10', tag='t' * 60),
        )
        command = ('server', 'interface', 'show', server, interface)
        pair = (f'{LONGEST_IPV6}/128@', 'fa:16:3e:00:00:0b')
        for width, host, pairs in (
            (80, (HOST[:52], HOST[52:]), pair),
            (100, (HOST,), (''.join(pair),)),
            (132, (HOST,), (''.join(pair),)),
        ):
            with self.subTest(width):
                self.resize(width)
                result = self.openstack(*command)
                self.assertEqual((0, ''), (result.status, result.stderr))
                lines = result.stdout.splitlines()
                self.assertLessEqual(max(map(len, lines)), width)
                for cell in (LONGEST_IPV6, interface, *host, *pairs):
                    self.assertIn(f'| {cell} ', result.stdout)
        # Few terminals are that narrow, but nothing is broken even there.
        self.resize(40)
        with mock.patch('cliff.utils.terminal_width', lambda: 40):
            stdout = self.openstack(*command).stdout
        for cell in (LONGEST_IPV6, interface):
            self.assertIn(f'| {cell} ', stdout)

    def test_show_host_where_there_is_room(self) -> None:
        self.resize(280)
        self.assertIn(f' {HOST} ', self.list('--long').stdout)


class TestCliff(TerminalTestCase):
    """Options that say how wide a table is mean what they mean in OSC."""

    def test_columns(self) -> None:
        result = self.list('-c', 'Port ID', '-c', 'Network ID')
        self.assertEqual('', result.stderr)
        self.assertRegex(result.stdout, r'\| Port ID +\| Network ID +\|\n')

    def test_fit_width(self) -> None:
        result = self.list('--fit-width')
        self.assertEqual('', result.stderr)
        self.assertIn('| Tag ', result.stdout)

    def test_max_width(self) -> None:
        result = self.list('--max-width', '300')
        self.assertEqual('', result.stderr)
        self.assertIn(f' {fake_cloud.identifier(700)} ', result.stdout)

    def test_environment(self) -> None:
        for name, value in (
            ('CLIFF_FIT_WIDTH', '1'),
            ('CLIFF_MAX_TERM_WIDTH', '300'),
        ):
            with self.subTest(name):
                self.environment[name] = value
                self.assertEqual('', self.list().stderr)
                del self.environment[name]

    def test_other_formats(self) -> None:
        for form in ('json', 'yaml', 'csv', 'value'):
            with self.subTest(form):
                on_terminal = self.list('-f', form)
                self.stream = type(self).stream
                self.assertEqual(on_terminal, self.list('-f', form))
                self.resize(80)

    def test_nothing_to_show(self) -> None:
        line = 'No interface to show; servers that were looked at: 2.\n'
        for arguments, stdout, stderr in (
            ((), '\n', line),
            (('-f', 'json'), '[]\n', line),
        ):
            self.assertEqual(
                command_result.Result(0, stdout, stderr),
                self.list('--fixed-ip', '10.9.9.9', *arguments),
            )

    def test_quiet(self) -> None:
        result = self.openstack('--quiet', 'server', 'interface', 'list')
        self.assertEqual('', result.stderr)
        self.assertIn(' fa:16:3e:00:00:0b ', result.stdout)


class TestImportance(testtools.TestCase):
    def test_columns_exist(self) -> None:
        of_interface = (
            *columns.OF_SERVER,
            *columns.OF_INTERFACE,
            *columns.OF_SUBPORT,
            *columns.OF_PROJECT,
        )
        for command, available in (
            (list_command.ListServerInterface, of_interface),
            (wait.WaitServerInterface, of_interface),
            (find.FindServerInterface, find.COLUMNS),
            (check.CheckServerInterface, check.COLUMNS),
            (repair.RepairServerInterface, repair.COLUMNS),
            (diff.DiffServerInterface, diff.COLUMNS),
        ):
            headers = {column.header for column in available}
            # Those of an earlier time are added.
            headers.update(recorded_tables.SEEN)
            with self.subTest(command.__name__):
                self.assertTrue(command.importance)
                self.assertLessEqual(
                    {*command.importance}, {*headers, *recorded_tables.SEEN}
                )

    def test_names_exist(self) -> None:
        headers = {
            column.header
            for table in (
                columns.OF_SERVER,
                columns.OF_INTERFACE,
                find.COLUMNS,
            )
            for column in table
        }
        for ending in terminal_table.NAMES:
            with self.subTest(ending):
                self.assertTrue(any(row.endswith(ending) for row in headers))
