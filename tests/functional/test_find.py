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

import ipaddress
import json
import pathlib
import secrets
import tempfile
from typing import Any
import uuid

from tests.cloud import api
from tests.cloud import embedded
from tests.cloud import fleet
from tests.cloud import scenario
from tests.functional import base
from tests.functional import fixed_ips

COMMAND = ('server', 'interface', 'find')


class TestFind(base.ProjectTestCase):
    """Finds a server by each of its addresses.

    :ivar ipv6: Its IPv6 address, which no other network has: another
        environment runs the same tests, and removes its server at any time.
    """

    ipv6: ipaddress.IPv6Address
    server: scenario.Resource
    port: scenario.Resource
    router: scenario.Resource
    floating_ip: scenario.Resource
    unused: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        prefix = f'fd00:60:{secrets.token_hex(2)}'
        cls.ipv6 = ipaddress.IPv6Address(f'{prefix}::5')
        network = cls.scenario.network('net', '10.60.0.0/24', f'{prefix}::/64')
        port = cls.scenario.port(network, '10.60.0.5', str(cls.ipv6))
        longer = cls.scenario.port(network, '10.60.0.50')
        cls.router = cls.scenario.router('router', network)
        cls.server, _other = cls.scenario.servers(
            {
                'found': [{'port': port['id']}],
                'other': [{'port': longer['id']}],
            }
        )
        cls.scenario.port(network, '10.60.0.99')
        # There is no agent to make one.
        dhcp = cls.scenario.port(network, '10.60.0.2')
        api.Api('admin', cls.cloud).put(
            'network',
            f'/v2.0/ports/{dhcp["id"]}',
            {
                'port': {
                    'device_owner': 'network:dhcp',
                    'device_id': 'dhcp-agent',
                }
            },
        )
        cls.floating_ip = cls.scenario.floating_ip(port)
        cls.unused = cls.scenario.floating_ip({'id': None})
        cls.port = api.Api('admin', cls.cloud).get(
            'network', f'/v2.0/ports/{port["id"]}'
        )['port']
        cls.port['fixed_ips'] = fixed_ips.in_order(cls.port['fixed_ips'])

    def find(
        self,
        *addresses: str,
        user: str | None = None,
        status: int = 0,
        stdin: str = '',
    ) -> tuple[list[dict[str, Any]], str]:
        result = self.openstack(
            *COMMAND,
            *addresses,
            '-f',
            'json',
            user=user,
            stdin=stdin,
        )
        self.assertEqual(status, result.status, result.stderr)
        return self.of_own_project(json.loads(result.stdout)), result.stderr

    def expected(
        self, query: str, matched_as: str, address: str | None, user: str
    ) -> dict[str, object]:
        port = self.port
        return {
            'Query': query,
            'Address': address,
            'Matched As': matched_as,
            'Certainty': 'owns',
            'Server ID': self.server['id'],
            'Server Name': self.server['name'],
            'Project ID': port['project_id'],
            'Project Name': self.user,
            'Domain Name': 'Default',
            'Port ID': port['id'],
            'Network ID': port['network_id'],
            'MAC Address': port['mac_address'],
            'Fixed IPs': port['fixed_ips'],
            'Port State': 'ACTIVE',
            'Host': port['binding:host_id'] if user == 'admin' else None,
            'Device Owner': port['device_owner'],
            'Device ID': self.server['id'],
            'Protocol': None,
            'External Port': None,
            'Internal Port': None,
            'VLAN': None,
            'Allowed Address': None,
        }

    def test_every_kind_and_spelling(self) -> None:
        mac_address = self.port['mac_address'].upper().replace(':', '-')
        floating_ip = self.floating_ip['floating_ip_address']
        queries = {
            self.ipv6.exploded.upper(): ('fixed-ip', str(self.ipv6)),
            mac_address: ('mac-address', None),
            self.port['id'].upper(): ('port', None),
            f'tap{self.port["id"][:11]}': ('host-device', None),
            floating_ip: ('floating-ip', floating_ip),
        }
        for user in (self.user, self.reader, 'admin'):
            rows, stderr = self.find(*queries, user=user)
            self.assertEqual(
                [
                    self.expected(query, matched_as, address, user)
                    for query, (matched_as, address) in queries.items()
                ],
                rows,
            )
            self.assertEqual('', stderr)

    def test_exactly(self) -> None:
        rows, _stderr = self.find('10.60.0.5')
        self.assertEqual(
            [self.server['id']], [row['Server ID'] for row in rows]
        )

    def test_what_is_no_server(self) -> None:
        rows, _stderr = self.find(
            '10.60.0.1',
            '10.60.0.2',
            '10.60.0.99',
            self.unused['floating_ip_address'],
        )
        self.assertEqual(
            [
                (
                    'fixed-ip',
                    None,
                    'network:router_interface',
                    self.router['id'],
                ),
                ('fixed-ip', None, 'network:dhcp', 'dhcp-agent'),
                ('fixed-ip', None, None, None),
                ('floating-ip', None, None, None),
            ],
            [
                (
                    row['Matched As'],
                    row['Server ID'],
                    row['Device Owner'],
                    row['Device ID'],
                )
                for row in rows
            ],
        )

    def test_unmatched(self) -> None:
        for user, place in (
            (self.user, 'what this project can see'),
            ('admin', 'any project'),
        ):
            rows, stderr = self.find(
                '10.60.0.5',
                '10.60.0.222',
                'fa163e000000',
                user=user,
                status=3,
            )
            self.assertEqual(1, len(rows))
            self.assertEqual(
                f"'10.60.0.222' matches nothing in {place}\n"
                f"'fa163e000000' matches nothing in {place}\n",
                stderr,
            )

    def test_another_project_sees_nothing(self) -> None:
        rows, _stderr = self.find(self.port['id'], user='other', status=3)
        self.assertEqual([], rows)

    def test_server_is_gone(self) -> None:
        gone = str(uuid.uuid4())
        admin = api.Api('admin', self.cloud)
        port = self.scenario.port({'id': self.port['network_id']})
        admin.put(
            'network',
            f'/v2.0/ports/{port["id"]}',
            {'port': {'device_id': gone, 'device_owner': 'compute:nova'}},
        )
        rows, stderr = self.find(port['id'], user='admin')
        self.assertEqual(
            [(None, gone)],
            [(row['Server ID'], row['Device ID']) for row in rows],
        )
        self.assertEqual(
            f'Port {port["id"]}: its server {gone} does not exist\n',
            stderr,
        )
        admin.delete('network', f'/v2.0/ports/{port["id"]}')

    def test_files(self) -> None:
        text = f'# abuse\n10.60.0.5  # the first\n\n{self.ipv6}\n'
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / 'addresses'
            path.write_text(text)
            from_file, _stderr = self.find('--file', str(path))
        from_stdin, _stderr = self.find('--file', '-', stdin=text)
        self.assertEqual(
            ['10.60.0.5', str(self.ipv6)], [row['Query'] for row in from_file]
        )
        self.assertEqual(from_file, from_stdin)

    def test_malformed(self) -> None:
        cases: tuple[tuple[tuple[str, ...], str, str], ...] = (
            (
                ('10.60.0.256',),
                '',
                "'10.60.0.256' is not an IP address, a CIDR, a range, a MAC "
                'address, a port ID or the name of a device on a host',
            ),
            (('--file', '-'), '::1\nnew\n', "line 2: 'new' is not an IP"),
            (('--file', '/nowhere'), '', '/nowhere'),
            ((), '', 'Give an address'),
        )
        for arguments, stdin, words in cases:
            result = self.openstack(*COMMAND, *arguments, stdin=stdin)
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertIn(words, result.stderr)
        self.assertEqual(
            [], [url for url in self.proxy.requests if '/ports' in url]
        )


class TestOverlappingAddresses(base.FunctionalTestCase):
    def test_every_project_has_a_row(self) -> None:
        servers = [
            found[0]
            for found in fleet.ensure(embedded.Cloud()).servers.values()
        ]
        result = self.openstack(
            *COMMAND, fleet.COMMON_ADDRESS, '-f', 'json', user='admin'
        )
        self.assertEqual(0, result.status, result.stderr)
        self.assertEqual(
            {(server['id'], server['tenant_id']) for server in servers},
            {
                (row['Server ID'], row['Project ID'])
                for row in json.loads(result.stdout)
            },
        )
