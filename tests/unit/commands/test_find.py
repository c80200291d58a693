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
import ipaddress
import json
import pathlib
import re
from typing import Any

from tests import command_result
from tests.unit import base
from tests.unit import clock
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

SERVERS_URL = f'{fake_cloud.COMPUTE_URL}/servers'
COLUMNS = (
    '-f',
    'value',
    '-c',
    'Query',
    '-c',
    'Matched As',
    '-c',
    'Server Name',
    '-c',
    'Port ID',
    '-c',
    'Device Owner',
)


def without_binding(port: dict[str, object]) -> dict[str, object]:
    """Show a port as Neutron does to a member."""
    hidden = ('binding:host_id', 'binding:vif_type')
    return {key: port[key] for key in port if key not in hidden}


class FindTestCase(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network_versions()
        for collection in (
            'floatingips',
            'networks',
            'ports',
            'routers',
            'subnets',
            'trunks',
        ):
            self.cloud.register_network(collection)

    def register_ports(self, *ports: dict[str, object]) -> None:
        self.cloud.register_network('ports', *ports)

    def register_server(self, number: int, name: str) -> None:
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(number)}',
            json={'server': fake_cloud.server(number, name)},
        )

    def rows(
        self, *arguments: str, columns: tuple[str, ...]
    ) -> list[tuple[object, ...]]:
        """Return these columns of the matches; stderr must be empty."""
        result = self.find(*arguments, '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        return [
            tuple(row[column] for column in columns)
            for row in json.loads(result.stdout)
        ]

    def asked(self) -> list[str]:
        """Return the Neutron collections that were requested, in order."""
        return [
            url.partition('/v2.0/')[2].partition('?')[0]
            for url in self.cloud.requested()
            if '/v2.0/' in url
        ]

    def find(self, *arguments: str) -> command_result.Result:
        return self.openstack('server', 'interface', 'find', *arguments)


class TestFind(FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register_ports(
            fake_cloud.port(11, 1, '10.0.0.5', '2001:db8::5'),
            fake_cloud.port(12, 2, '10.0.0.50'),
        )
        self.register_server(1, 'web')
        self.register_server(2, 'db')

    def test_json(self) -> None:
        result = self.find('10.0.0.5', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            [
                {
                    'Query': '10.0.0.5',
                    'Address': '10.0.0.5',
                    'Matched As': 'fixed-ip',
                    'Certainty': 'owns',
                    'Server ID': fake_cloud.identifier(1),
                    'Server Name': 'web',
                    'Project ID': fake_cloud.PROJECT_ID,
                    'Project Name': 'demo',
                    'Domain Name': row['Domain Name'],
                    'Port ID': fake_cloud.identifier(11),
                    'Network ID': fake_cloud.identifier(700),
                    'MAC Address': 'fa:16:3e:00:00:0b',
                    'Fixed IPs': [
                        fake_cloud.fixed_ip('10.0.0.5'),
                        fake_cloud.fixed_ip('2001:db8::5'),
                    ],
                    'Port State': 'ACTIVE',
                    'Host': 'compute-1',
                    'Device Owner': 'compute:nova',
                    'Device ID': fake_cloud.identifier(1),
                    'Protocol': None,
                    'External Port': None,
                    'Internal Port': None,
                    'VLAN': None,
                    'Allowed Address': None,
                }
            ],
            [row],
        )

    def test_every_spelling_in_the_order_asked_for(self) -> None:
        port_id = fake_cloud.identifier(11)
        queries = {
            'FA16.3E00.000B': 'mac-address',
            '2001:0DB8::0005': 'fixed-ip',
            port_id.upper(): 'port',
            '::ffff:10.0.0.5': 'fixed-ip',
        }
        self.assertEqual(
            command_result.Result(
                0,
                ''.join(
                    f'{query} {matched_as} web {port_id} compute:nova\n'
                    for query, matched_as in queries.items()
                ),
                '',
            ),
            self.find(*queries, *COLUMNS),
        )

    def test_what_is_asked_twice_is_answered_once(self) -> None:
        result = self.find('10.0.0.5', '::ffff:10.0.0.5', *COLUMNS)
        self.assertEqual(1, result.stdout.count('\n'))

    def test_all_of_overlapping_address_spaces(self) -> None:
        self.register_ports(
            fake_cloud.port(12, 2, '10.0.0.5'),
            fake_cloud.port(11, 1, '10.0.0.5'),
        )
        self.assertEqual(
            command_result.Result(
                0,
                f'10.0.0.5 fixed-ip db {fake_cloud.identifier(12)} '
                'compute:nova\n'
                f'10.0.0.5 fixed-ip web {fake_cloud.identifier(11)} '
                'compute:nova\n',
                '',
            ),
            self.find('10.0.0.5', *COLUMNS),
        )

    def test_floating_ip(self) -> None:
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('203.0.113.5', 12)
        )
        # The port of a floating IP on the external network, as an
        # administrator sees it.
        self.register_ports(
            fake_cloud.port(12, 2, '10.0.0.50'),
            fake_cloud.port(
                13, 600, '203.0.113.5', device_owner='network:floatingip'
            ),
        )
        self.assertEqual(
            command_result.Result(
                0,
                f'203.0.113.5 floating-ip db {fake_cloud.identifier(12)} '
                'compute:nova\n',
                '',
            ),
            self.find('203.0.113.5', *COLUMNS),
        )

    def test_floating_ip_that_leads_nowhere(self) -> None:
        unused = {**fake_cloud.floating_ip('203.0.113.5', 1), 'port_id': None}
        self.cloud.register_network('floatingips', unused)
        self.assertEqual(
            command_result.Result(0, '203.0.113.5 floating-ip   \n', ''),
            self.find('203.0.113.5', *COLUMNS),
        )

    def test_neutron_without_routers(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips',
            status_code=404,
            json={'message': 'The resource could not be found.'},
        )
        self.cloud.register_extensions('agent')
        self.assertEqual(
            command_result.Result(
                0,
                f'10.0.0.5 fixed-ip web {fake_cloud.identifier(11)} '
                'compute:nova\n',
                '',
            ),
            self.find(*COLUMNS, '10.0.0.5'),
        )

    def test_neutron_is_down(self) -> None:
        self.useFixture(clock.Clock())
        self.cloud.get(
            re.compile(f'{fake_cloud.NETWORK_URL}/v2.0/'), status_code=502
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Floating IPs: a proxy got no valid answer from the service '
                '(HTTP 502)\n',
            ),
            self.find('10.0.0.1'),
        )
        self.assertEqual(['floatingips'] * 4, self.asked())

    def test_address_pairs_that_are_not_shown(self) -> None:
        port = fake_cloud.port(14, 1, '10.0.0.4')
        del port['allowed_address_pairs']
        self.register_ports(port)
        self.cloud.register_network(
            'subnets', fake_cloud.subnet(900, '10.0.0.0/24')
        )
        self.cloud.register_extensions('allowed-address-pairs')
        result = self.find(*COLUMNS, '10.0.0.98')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn('allowed_address_pairs is missing', result.stderr)
        self.assertIn("cannot tell whether '10.0.0.98'", result.stderr)

    def test_owner_that_is_no_server(self) -> None:
        self.register_ports(
            fake_cloud.port(
                14, 99, '10.0.0.1', device_owner='network:router_interface'
            )
        )
        result = self.find('10.0.0.1', '-f', 'json')
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            (None, 'network:router_interface', fake_cloud.identifier(99)),
            (row['Server ID'], row['Device Owner'], row['Device ID']),
        )
        self.assertEqual(
            [], [url for url in self.cloud.requested() if '/servers' in url]
        )

    def test_server_that_is_gone(self) -> None:
        gone = fake_cloud.identifier(1)
        self.cloud.get(
            f'{SERVERS_URL}/{gone}', status_code=404, json=fake_cloud.NOT_FOUND
        )
        line = f'Port {fake_cloud.identifier(11)}: its server {gone} does not'
        for shown, end in (
            ('binding', ' exist'),
            ('no binding', ' exist, or is not in this project'),
        ):
            with self.subTest(shown):
                port = fake_cloud.port(11, 1, '10.0.0.5')
                if shown == 'no binding':
                    port = without_binding(port)
                self.register_ports(port)
                self.assertEqual(
                    command_result.Result(
                        0,
                        f'10.0.0.5 fixed-ip  {fake_cloud.identifier(11)} '
                        'compute:nova\n',
                        f'{line}{end}\n',
                    ),
                    self.find('10.0.0.5', *COLUMNS),
                )

    def test_server_that_is_not_attached(self) -> None:
        port_id = fake_cloud.identifier(11)
        for owner, server, shown, said in (
            ('', 1, 'web', 'empty'),
            ('baremetal:none', 1, 'web', 'baremetal:none'),
            # The ID of something else.
            ('baremetal:none', 9, '', None),
        ):
            with self.subTest(owner=owner, server=server):
                self.cloud.get(
                    f'{SERVERS_URL}/{fake_cloud.identifier(9)}',
                    status_code=404,
                    json=fake_cloud.NOT_FOUND,
                )
                self.register_ports(
                    fake_cloud.port(11, server, '10.0.0.5', device_owner=owner)
                )
                self.assertEqual(
                    command_result.Result(
                        0,
                        f'10.0.0.5 fixed-ip {shown} {port_id} {owner}\n',
                        (
                            said
                            and f'Port {port_id}: not attached to server web, '
                            'which is only in its device ID (device owner: '
                            f'{said})\n'
                        )
                        or '',
                    ),
                    self.find('10.0.0.5', *COLUMNS),
                )

    def test_what_is_not_shown_is_null(self) -> None:
        self.register_ports(
            {
                **without_binding(fake_cloud.port(11, 1, '10.0.0.5')),
                'device_owner': '',
                'device_id': '',
            }
        )
        result = self.find('10.0.0.5', '-f', 'json')
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            {
                'Server ID': None,
                'Server Name': None,
                'Host': None,
                'Device Owner': None,
                'Device ID': None,
            },
            {
                name: row[name]
                for name in (
                    'Server ID',
                    'Server Name',
                    'Host',
                    'Device Owner',
                    'Device ID',
                )
            },
        )

    def test_device_id_that_is_no_servers(self) -> None:
        for device_id in ('', '../flavors', 'detail', 'a' * 64):
            with self.subTest(device_id):
                self.register_ports(
                    {
                        **fake_cloud.port(11, 1, '10.0.0.5'),
                        'device_id': device_id,
                    }
                )
                self.assertEqual(
                    command_result.Result(
                        0,
                        f'10.0.0.5 fixed-ip  {fake_cloud.identifier(11)} '
                        'compute:nova\n',
                        '',
                    ),
                    self.find('10.0.0.5', *COLUMNS),
                )
        self.assertEqual(
            [], [url for url in self.cloud.requested() if 'v2.1/' in url]
        )

    def test_only_what_is_shown_is_asked_for(self) -> None:
        result = self.find('10.0.0.5', '-c', 'Port ID', '-f', 'value')
        self.assertEqual(
            command_result.Result(0, f'{fake_cloud.identifier(11)}\n', ''),
            result,
        )
        self.assertEqual(
            [], [url for url in self.cloud.requested() if 'nova' in url]
        )

    def test_servers_that_cannot_be_read(self) -> None:
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(1)}',
            status_code=500,
            json={},
        )
        self.assertEqual(
            command_result.Result(
                1,
                f'10.0.0.5 fixed-ip  {fake_cloud.identifier(11)} '
                'compute:nova\n',
                f'Server {fake_cloud.identifier(1)}: the service '
                'failed (HTTP 500)\n',
            ),
            self.find('10.0.0.5', *COLUMNS),
        )

    def test_unmatched(self) -> None:
        port = fake_cloud.port(11, 1, '10.0.0.5')
        for name, shown, place in (
            ('administrator', port, 'any project'),
            ('member', without_binding(port), 'what this project can see'),
        ):
            for queries in (
                ('10.0.0.6', 'fa163e000099'),
                ('10.0.0.5', '10.0.0.6', 'fa163e000099'),
            ):
                with self.subTest(name, queries=queries):
                    self.register_ports(shown)
                    result = self.find(*queries)
                    self.assertEqual(
                        (
                            3,
                            f"'10.0.0.6' matches nothing in {place}\n"
                            f"'fa163e000099' matches nothing in {place}\n",
                        ),
                        (result.status, result.stderr),
                    )


class TestCost(FindTestCase):
    def register_many(self, count: int) -> list[str]:
        """Register this many servers with a port each; return addresses."""
        first = ipaddress.IPv4Address('10.0.0.1')
        found = [str(first + number) for number in range(count)]
        self.register_ports(
            *(
                fake_cloud.port(1000 + number, number, address)
                for number, address in enumerate(found)
            )
        )
        for number in range(count):
            self.register_server(number, f's{number}')
        return found

    def assert_found(self, count: int, *arguments: str) -> None:
        result = self.find(*arguments, '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        self.assertEqual(
            [f's{number}' for number in range(count)],
            [row['Server Name'] for row in json.loads(result.stdout)],
        )

    def test_500_addresses_cost_tens_of_requests(self) -> None:
        found = self.register_many(500)
        self.cloud.register_servers(
            *(fake_cloud.server(number, f's{number}') for number in range(500))
        )
        self.assert_found(500, *found)
        self.assertLess(len(self.cloud.requested()), 20)

    def test_500_mixed_addresses_cost_tens_of_requests(self) -> None:
        """In a cloud of 1,000 servers, 50 networks and 50 projects."""
        queries, ports = [], []
        floating_ips, trunks, routers = [], [], []
        for number in range(1000):
            network = number // 20
            address = f'10.1.{network}.{number % 20 + 10}'
            other: dict[str, object] = {
                'network_id': fake_cloud.identifier(5000 + network),
                'mac_address': f'fa:16:3e:00:{network:02x}:{number % 20:02x}',
                'project_id': f'{network:032x}',
            }
            public = f'203.0.{network}.{number % 20}'
            kind = number % 20
            if kind == 0:
                queries.append(other['mac_address'])
            elif kind == 1:
                queries.append(fake_cloud.identifier(2000 + number))
            elif kind == 2:
                floating_ips.append(
                    fake_cloud.floating_ip(public, 2000 + number)
                )
                queries.append(public)
            elif kind == 3:
                forwarding = fake_cloud.forwarding(
                    80, 80, 2000 + number, address
                )
                floating_ips.append(
                    fake_cloud.floating_ip(
                        public, port_forwardings=[forwarding]
                    )
                )
                queries.append(public)
            elif kind == 4:
                virtual_ip = f'10.1.{network}.100'
                other['allowed_address_pairs'] = [{'ip_address': virtual_ip}]
                queries.append(virtual_ip)
            elif kind == 5:
                trunks.append(
                    fake_cloud.trunk(2000 + number, {1: 4000 + number})
                )
                subport = fake_cloud.port(
                    4000 + number,
                    0,
                    f'10.2.{network}.1',
                    device_owner='trunk:subport',
                )
                ports.append({**subport, 'device_id': ''})
                queries.append(f'10.2.{network}.1')
            elif kind == 6:
                routers.append(fake_cloud.router(6000 + network, public))
                queries.append(public)
            elif kind == 7:
                other['id'] = f'{number:08x}-0000-4000-8000-000000000000'
                queries.append(f'tap{number:08x}-00')
            elif kind < 10:
                queries.append(address)
            ports.append(
                fake_cloud.port(2000 + number, number, address, **other)
            )
        self.assertEqual(500, len(set(queries)))
        for collection, rows in (
            ('ports', list(map(without_binding, ports))),
            ('floatingips', floating_ips),
            ('trunks', trunks),
            ('routers', routers),
            (
                'subnets',
                [
                    fake_cloud.subnet(
                        7000 + network, f'10.1.{network}.0/24', 5000 + network
                    )
                    for network in range(50)
                ],
            ),
        ):
            self.cloud.register_network(collection, *rows)
        self.cloud.register_servers(
            *(
                fake_cloud.server(number, f's{number}')
                for number in range(1000)
            )
        )
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects', json={'projects': []}
        )
        result = self.find(*map(str, queries), '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        found = json.loads(result.stdout)
        self.assertEqual(
            {str(query) for query in queries}, {row['Query'] for row in found}
        )
        self.assertEqual(50, sum(row['Server Name'] is None for row in found))
        self.assertLess(len(self.cloud.requested()), 30)

    def test_few_servers_are_not_listed(self) -> None:
        found = self.register_many(4)
        self.assert_found(4, *found)
        self.assertEqual(
            [f'/servers/{fake_cloud.identifier(n)}' for n in range(4)],
            sorted(
                url.partition('v2.1')[2]
                for url in self.cloud.requested()
                if '/servers' in url
            ),
        )

    def test_soft_deleted_server_among_many(self) -> None:
        found = self.register_many(40)
        # Nova does not list soft-deleted servers, but shows each.
        self.cloud.register_servers(
            *(fake_cloud.server(number, f's{number}') for number in range(39))
        )
        self.assert_found(40, *found)
        self.assertEqual(
            1,
            sum(
                f'/servers/{fake_cloud.identifier(39)}' in url
                for url in self.cloud.requested()
            ),
        )

    def test_caller_who_may_not_list_all_projects(self) -> None:
        found = self.register_many(40)
        self.cloud.register_servers(
            *(fake_cloud.server(number, f's{number}') for number in range(40))
        )
        self.cloud.get(
            f'{SERVERS_URL}?all_tenants=1', status_code=403, json={}
        )
        self.assert_found(40, *found)


class TestUsage(FindTestCase):
    def assert_usage_error(self, words: str, *arguments: str) -> None:
        result = self.find(*arguments)
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn(words, result.stderr)
        self.assertEqual(
            [], [url for url in self.cloud.requested() if 'v2.0' in url]
        )

    def test_malformed(self) -> None:
        for text in ('web-1', '', '10.0.0.5 ', '10.0.0.256'):
            with self.subTest(text):
                self.assert_usage_error(
                    f"'{text}' is not an IP address, a CIDR, a range, a MAC "
                    'address, a port ID or the name of a device on a host; '
                    "for the interfaces of a server, see 'openstack server "
                    "interface list'\n",
                    text,
                )

    def test_too_wide(self) -> None:
        for text in (
            '10.0.0.0/8',
            '0.0.0.0/0',
            '10.0.0.0/19',
            '2001::/47',
            '10.0.0.0-10.0.16.0',
            '2001::-2001:0:1::',
        ):
            with self.subTest(text):
                self.assert_usage_error(
                    f"'{text}' is too wide: at most 4,096 IPv4 addresses, or "
                    'a /48 of IPv6',
                    text,
                )

    def test_nothing_to_look_for(self) -> None:
        self.assert_usage_error('Give an address')

    def test_file(self) -> None:
        path = self.create_file('# all\n\n10.0.0.6 # one\n')
        self.assert_finds_nothing(path)

    def assert_finds_nothing(self, path: str) -> None:
        """Look for the one address in a file."""
        self.assertEqual(
            command_result.Result(
                3,
                '\n',
                "'10.0.0.6' matches nothing in what this project can see\n",
            ),
            self.find('--file', path),
        )

    def test_several_files(self) -> None:
        self.assertEqual(
            "'10.0.0.6' matches nothing in what this project can see\n"
            "'10.0.0.7' matches nothing in what this project can see\n",
            self.find(
                '--file',
                self.create_file('10.0.0.6\n'),
                '--file',
                self.create_file('10.0.0.7\n'),
            ).stderr,
        )

    def test_file_of_other_systems(self) -> None:
        path = pathlib.Path(self.create_file(''))
        for encoding in ('utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be'):
            with self.subTest(encoding):
                mark = '\ufeff' if encoding[-2:] in ('le', 'be') else ''
                path.write_bytes(f'{mark}10.0.0.6\r\n'.encode(encoding))
                self.assert_finds_nothing(str(path))

    def test_all_lines_that_are_wrong(self) -> None:
        path = self.create_file(
            '10.0.0.6\nweb-1\n10.0.0.0/8 # wide\n\x1b[2J\n10.0.0.5:0\n'
        )
        kinds = (
            'is not an IP address, a CIDR, a range, a MAC address, a port ID '
            'or the name of a device on a host; for the interfaces of a '
            "server, see 'openstack server interface list'"
        )
        self.assert_usage_error(
            f"error: argument --file: line 2: 'web-1' {kinds}\n"
            "line 3: '10.0.0.0/8' is too wide: at most 4,096 IPv4 addresses, "
            f"or a /48 of IPv6\nline 4: '\\x1b[2J' {kinds}\n"
            f"line 5: '10.0.0.5:0' {kinds}\n",
            '--file',
            path,
        )
        path = self.create_file('')
        pathlib.Path(path).write_bytes(b'\xff10.0.0.6')
        self.assert_usage_error(
            f'error: argument --file: {path}: neither UTF-8 nor UTF-16 with a '
            'byte order mark\n',
            '--file',
            path,
        )

    def test_file_that_is_missing(self) -> None:
        self.assert_usage_error(
            'error: argument --file: /no/such/file: No such file or '
            'directory\n',
            '--file',
            '/no/such/file',
        )


class TestOnATerminal(FindTestCase):
    """What tells the matches of one query apart leaves last."""

    def setUp(self) -> None:
        super().setUp()
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 80)
        self.register_ports(
            fake_cloud.port(11, 1, '198.51.100.101'),
            fake_cloud.port(12, 2, '198.51.100.102'),
        )
        for number in (1, 2):
            self.register_server(number, f'a-server-{number}')

    def test_range(self) -> None:
        self.assertEqual(
            """\
+----------------+------------+-----------+-------------+--------------+
| Address        | Matched As | Certainty | Server Name | Project Name |
+----------------+------------+-----------+-------------+--------------+
| 198.51.100.101 | fixed-ip   | owns      | a-server-1  | demo         |
| 198.51.100.102 | fixed-ip   | owns      | a-server-2  | demo         |
+----------------+------------+-----------+-------------+--------------+
""",
            self.find('198.51.100.101-198.51.100.102').stdout,
        )

    def test_device_owner_of_what_is_no_server(self) -> None:
        owner = 'network:router_interface'
        self.register_ports(
            fake_cloud.port(11, 1, '198.51.100.101'),
            fake_cloud.port(12, 30, '198.51.100.1', device_owner=owner),
        )
        self.assertEqual(
            """\
+----------------+------------+-------------+--------------------------+
| Address        | Matched As | Server Name | Device Owner             |
+----------------+------------+-------------+--------------------------+
| 198.51.100.1   | fixed-ip   |             | network:router_interface |
| 198.51.100.101 | fixed-ip   | a-server-1  | compute:nova             |
+----------------+------------+-------------+--------------------------+
""",
            self.find('198.51.100.0/24').stdout,
        )

    def test_router_and_reserved_address(self) -> None:
        owner = 'network:router_interface'
        unbound: dict[str, Any] = {'binding:host_id': ''}
        self.register_ports(
            fake_cloud.port(
                12, 30, '198.51.100.1', device_owner=owner, **unbound
            ),
            fake_cloud.port(
                13,
                1,
                '198.51.100.9',
                **{'device_id': '', 'device_owner': '', **unbound},
            ),
        )
        self.assertEqual(
            """\
+--------------+------------+-----------+--------------------------+
| Query        | Matched As | Certainty | Device Owner             |
+--------------+------------+-----------+--------------------------+
| 198.51.100.1 | fixed-ip   | owns      | network:router_interface |
| 198.51.100.9 | fixed-ip   | owns      |                          |
+--------------+------------+-----------+--------------------------+
""",
            self.find('198.51.100.1', '198.51.100.9').stdout,
        )

    def test_port_forwardings_of_an_address(self) -> None:
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip(
                '203.0.113.5',
                port_forwardings=[
                    fake_cloud.forwarding(2201, 22, 11, '198.51.100.101'),
                    fake_cloud.forwarding(2202, 22, 12, '198.51.100.102'),
                ],
            ),
        )
        self.assertEqual(
            """\
+-------------+-----------------+-----------+-------------+---------------+
| Query       | Matched As      | Certainty | Server Name | External Port |
+-------------+-----------------+-----------+-------------+---------------+
| 203.0.113.5 | port-forwarding | forwards  | a-server-1  | 2201          |
| 203.0.113.5 | port-forwarding | forwards  | a-server-2  | 2202          |
+-------------+-----------------+-----------+-------------+---------------+
""",
            self.find('203.0.113.5').stdout,
        )

    def test_protocol_is_not_shown_without_its_port(self) -> None:
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip(
                '203.0.113.206',
                port_forwardings=[
                    fake_cloud.forwarding(2201, 22, 11, '198.51.100.101')
                ],
            ),
        )
        self.assertEqual(
            """\
+--------------------+-----------------+-----------+-------------+-----------+
| Query              | Matched As      | Certainty | Server Name | Host      |
+--------------------+-----------------+-----------+-------------+-----------+
| 203.0.113.206:2201 | port-forwarding | forwards  | a-server-1  | compute-1 |
+--------------------+-----------------+-----------+-------------+-----------+
""",
            self.find('203.0.113.206:2201').stdout,
        )

    def test_certainty_of_what_is_behind(self) -> None:
        """Device Owner would leave no room for it."""
        self.cloud.register_network(
            'routers', fake_cloud.router(20, '203.0.113.94')
        )
        self.cloud.register_network(
            'subnets', fake_cloud.subnet(901, '203.0.113.0/24', 701)
        )
        self.register_ports(
            fake_cloud.port(
                30,
                20,
                '203.0.113.94',
                device_owner='network:router_gateway',
                network_id=fake_cloud.identifier(701),
            ),
            fake_cloud.port(
                31, 20, '10.0.0.1', device_owner='network:router_interface'
            ),
            fake_cloud.port(11, 1, '10.0.0.5'),
        )
        output = self.find('203.0.113.0/24', '--behind').stdout
        self.assertIn('| owns      |', output)
        self.assertIn('| behind    | a-server-1  |', output)

    def test_beginning_of_a_mac_address(self) -> None:
        self.assertEqual(
            """\
+----------+-------------+-----------+-------------+-------------------+
| Query    | Matched As  | Certainty | Server Name | MAC Address       |
+----------+-------------+-----------+-------------+-------------------+
| fa:16:3e | mac-address | owns      | a-server-1  | fa:16:3e:00:00:0b |
| fa:16:3e | mac-address | owns      | a-server-2  | fa:16:3e:00:00:0c |
+----------+-------------+-----------+-------------+-------------------+
""",
            self.find('fa:16:3e').stdout,
        )

    def test_whole_addresses_beside_a_beginning(self) -> None:
        """The others have only the query to tell them apart."""
        address = '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'
        self.register_ports(fake_cloud.port(11, 1, address))
        self.register_server(1, 'server-' * 9)
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 100)
        output = self.find('fa:16:3e', address).stdout
        shown = [cell.strip() for cell in output.splitlines()[1].split('|')]
        self.assertLessEqual({'Query', 'MAC Address'}, {*shown})
        self.assertIn(f'| {address} |', output)

    def test_the_longest_values(self) -> None:
        address = '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'
        host = 'compute-0017.rack-04.dc-frankfurt-2.cloud.example.internal'
        self.register_ports(
            fake_cloud.port(11, 1, address, **{'binding:host_id': host})
        )
        self.register_server(1, 'server-' * 36 + 'end')
        queries = (f'[{address}]:65535/tcp', fake_cloud.identifier(11))
        for width, headers in (
            (80, ['Query', 'Server Name']),
            (100, ['Query', 'Matched As', 'Server Name']),
            (132, ['Query', 'Matched As', 'Certainty', 'Server Name']),
        ):
            with self.subTest(width):
                self.stream = functools.partial(
                    pseudo_terminal.PseudoTerminal, width
                )
                result = self.find(*queries)
                lines = result.stdout.splitlines()
                self.assertLessEqual(max(map(len, lines)), width)
                self.assertEqual(
                    headers,
                    [cell.strip() for cell in lines[1].split('|')][
                        1 : len(headers) + 1
                    ],
                )
                for word in (*queries, 'server-server-server'):
                    self.assertIn(f'| {word}', result.stdout)
