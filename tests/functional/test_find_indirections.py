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

"""Addresses that lead to a server without being its own.

The expected results are derived from what a plain HTTP client reads.
"""

import collections
import ipaddress
import json
from typing import Any

from tests.cloud import api
from tests.cloud import scenario
from tests.functional import base

COMMAND = ('server', 'interface', 'find')


class TestIndirections(base.ProjectTestCase):
    network: scenario.Resource
    router: scenario.Resource
    virtual_ip: scenario.Resource
    virtual_floating_ip: scenario.Resource
    shared: scenario.Resource
    ranged: scenario.Resource
    subport: scenario.Resource
    load_balancer: scenario.LoadBalancer

    @classmethod
    def make_resources(cls) -> None:
        make = cls.scenario
        cls.network = make.network('net', '10.61.0.0/24')
        vlan = make.network('vlan', '10.62.0.0/24')
        cls.router = make.router('edge', cls.network)
        cls.virtual_ip = make.port(cls.network, '10.61.0.100')
        pair = {'ip_address': '10.61.0.100'}
        ports = {
            'first': make.port(
                cls.network, '10.61.0.5', allowed_address_pairs=[pair]
            ),
            'second': make.port(
                cls.network,
                '10.61.0.6',
                allowed_address_pairs=[
                    {'ip_address': '10.61.0.96/28'},
                    {'ip_address': '10.61.0.200'},
                ],
            ),
            'third': make.port(
                cls.network,
                '10.61.0.7',
                allowed_address_pairs=[{'ip_address': '0.0.0.0/0'}],
            ),
        }
        cls.subport = make.port(vlan, '10.62.0.9')
        make.trunk('trunk', ports['first'], {101: cls.subport})
        make.servers(
            {name: [{'port': port['id']}] for name, port in ports.items()}
        )
        cls.shared = make.floating_ip()
        make.port_forwarding(cls.shared, ports['second'], 2202, 22)
        make.port_forwarding(cls.shared, ports['first'], 2201, 22)
        cls.ranged = make.floating_ip()
        make.port_forwarding(
            cls.ranged, ports['first'], '8000:8010', '9000:9010', 'udp'
        )
        cls.virtual_floating_ip = make.floating_ip(cls.virtual_ip)
        make.floating_ip(ports['third'])
        cls.load_balancer = make.load_balancer('amphora', cls.network)

    def find(
        self, *arguments: str, user: str | None = None
    ) -> list[dict[str, Any]]:
        result = self.openstack(*COMMAND, *arguments, '-f', 'json', user=user)
        self.assertEqual(0, result.status, result.stderr)
        return self.of_own_project(json.loads(result.stdout))

    def assert_found(
        self, expected: set[tuple[Any, ...]], *arguments: str
    ) -> None:
        """Compare Matched As, Certainty and Server ID, for each user."""
        for user in (self.user, self.reader, 'admin'):
            with self.subTest(user):
                rows = self.find(*arguments, user=user)
                self.assertEqual(
                    expected,
                    {
                        (
                            row['Matched As'],
                            row['Certainty'],
                            row['Server ID'],
                        )
                        for row in rows
                    },
                )
                self.assertEqual(len(expected), len(rows))

    def server_of(self, port_id: str) -> str:
        port = self.api.get('network', f'/v2.0/ports/{port_id}')['port']
        return str(port['device_id'])

    def allowed(self, *addresses: str) -> set[str]:
        """Return the servers whose ports have exactly these pairs."""
        ports = self.api.get(
            'network', '/v2.0/ports', network_id=self.network['id']
        )['ports']
        return {
            port['device_id']
            for port in ports
            for pair in port['allowed_address_pairs']
            if pair['ip_address'] in addresses
        }

    def test_port_forwarding(self) -> None:
        body = self.api.get(
            'network', f'/v2.0/floatingips/{self.shared["id"]}'
        )['floatingip']
        expected = [
            (
                'port-forwarding',
                'forwards',
                row['protocol'],
                row['external_port'],
                row['internal_port'],
                self.server_of(row['internal_port_id']),
                row['internal_ip_address'],
            )
            for row in sorted(
                body['port_forwardings'], key=lambda row: row['external_port']
            )
        ]
        self.assertEqual(2, len(expected))
        rows = self.find(body['floating_ip_address'], '--long')
        self.assertEqual(
            expected,
            [
                (
                    row['Matched As'],
                    row['Certainty'],
                    row['Protocol'],
                    row['External Port'],
                    row['Internal Port'],
                    row['Server ID'],
                    row['Fixed IP'],
                )
                for row in rows
            ],
        )

    def test_the_port_chooses_a_forwarding(self) -> None:
        address = self.shared['floating_ip_address']
        for end, expected in (
            (':2201', [2201]),
            (':2202/tcp', [2202]),
            (':2202/udp', [None]),
            (':22', [None]),
        ):
            with self.subTest(end):
                rows = self.find(f'{address}{end}')
                self.assertEqual(
                    expected, [row['External Port'] for row in rows]
                )

    def test_the_port_chooses_a_range(self) -> None:
        """Neutron shows the ports of a range with the forwarding only."""
        address = self.ranged['floating_ip_address']
        for number, expected in (
            (8010, ('8000:8010', '9000:9010')),
            (8011, (None, None)),
        ):
            with self.subTest(number):
                (row,) = self.find(f'{address}:{number}/udp')
                self.assertEqual(
                    expected, (row['External Port'], row['Internal Port'])
                )

    def test_listed_with_the_interfaces(self) -> None:
        """find follows the same indirections that list shows."""
        expected = collections.defaultdict(list)
        for body in sorted(
            (self.shared, self.ranged),
            key=lambda body: str(body['floating_ip_address']),
        ):
            path = f'/v2.0/floatingips/{body["id"]}/port_forwardings'
            for row in self.api.get('network', path)['port_forwardings']:
                ports = {
                    name: row.get(name) or row[f'{name}_range']
                    for name in ('external_port', 'internal_port')
                }
                expected[row['internal_port_id']].append(
                    {
                        'floating_ip_address': body['floating_ip_address'],
                        'protocol': row['protocol'],
                        'internal_ip_address': row['internal_ip_address'],
                        **ports,
                    }
                )
        (trunk,) = self.api.get(
            'network', '/v2.0/trunks', project_id=self.api.project_id
        )['trunks']
        (subport,) = trunk['sub_ports']
        for source in ('compute', 'network'):
            with self.subTest(source):
                rows = self.rows(
                    'server',
                    'interface',
                    'list',
                    '--subports',
                    '--source',
                    source,
                    '-c',
                    'Port ID',
                    '-c',
                    'VLAN',
                    '-c',
                    'Parent Port ID',
                    '-c',
                    'Port Forwardings',
                    user=self.reader,
                )
                self.assertEqual(
                    expected,
                    {
                        row['Port ID']: row['Port Forwardings']
                        for row in rows
                        if row['Port Forwardings']
                    },
                )
                ids = [row['Port ID'] for row in rows]
                row = rows[ids.index(subport['port_id'])]
                self.assertEqual(
                    (trunk['port_id'], subport['segmentation_id']),
                    (row['Parent Port ID'], row['VLAN']),
                )
                self.assertEqual(
                    trunk['port_id'], ids[ids.index(subport['port_id']) - 1]
                )

    def test_subport(self) -> None:
        (trunk,) = self.api.get(
            'network', '/v2.0/trunks', project_id=self.api.project_id
        )['trunks']
        (subport,) = trunk['sub_ports']
        server_id = self.server_of(trunk['port_id'])
        port = self.api.get('network', f'/v2.0/ports/{subport["port_id"]}')[
            'port'
        ]
        for query in (
            port['fixed_ips'][0]['ip_address'],
            port['mac_address'],
            port['id'],
            f'tap{port["id"][:11]}',
        ):
            with self.subTest(query):
                (row,) = self.find(query, '--long')
                self.assertEqual(
                    (
                        'subport',
                        server_id,
                        subport['segmentation_id'],
                        trunk['port_id'],
                        port['id'],
                    ),
                    (
                        row['Matched As'],
                        row['Server ID'],
                        row['VLAN'],
                        row['Parent Port ID'],
                        row['Port ID'],
                    ),
                )

    def test_reserved_address(self) -> None:
        users = self.allowed('10.61.0.100', '10.61.0.96/28')
        self.assertEqual(2, len(users))
        self.assert_found(
            {
                ('fixed-ip', 'owns', None),
                *(('allowed-address', 'may-use', user) for user in users),
            },
            '10.61.0.100',
        )

    def test_floating_ip_of_a_reserved_address(self) -> None:
        users = self.allowed('10.61.0.100', '10.61.0.96/28')
        self.assert_found(
            {
                ('floating-ip', 'owns', None),
                *(('allowed-address', 'may-use', user) for user in users),
            },
            self.virtual_floating_ip['floating_ip_address'],
        )

    def test_address_that_only_a_pair_has(self) -> None:
        (user,) = self.allowed('10.61.0.200')
        self.assert_found(
            {('allowed-address', 'may-use', user)}, '10.61.0.200'
        )

    def test_address_that_only_a_pair_of_any_has(self) -> None:
        (user,) = self.allowed('0.0.0.0/0')
        (row,) = self.find('10.61.0.201')
        self.assertEqual(
            ('allowed-address', user, True),
            (
                row['Matched As'],
                row['Server ID'],
                row['Allowed Address']['any_address'],
            ),
        )

    def test_router_gateway(self) -> None:
        router = self.api.get('network', f'/v2.0/routers/{self.router["id"]}')[
            'router'
        ]
        gateway = router['external_gateway_info']['external_fixed_ips'][0]
        for user in (self.user, 'admin'):
            with self.subTest(user):
                (row,) = self.find(gateway['ip_address'], '--long', user=user)
                self.assertEqual(
                    (
                        'router-gateway',
                        'owns',
                        None,
                        router['id'],
                        router['name'],
                        router['project_id'],
                        self.user,
                    ),
                    (
                        row['Matched As'],
                        row['Certainty'],
                        row['Server ID'],
                        row['Device ID'],
                        row['Device Name'],
                        row['Project ID'],
                        row['Project Name'],
                    ),
                )
        floating_ips = self.api.get('network', '/v2.0/floatingips')
        with_floating_ip = {
            row['port_id'] for row in floating_ips['floatingips']
        }
        behind = {
            port['device_id']
            for port in self.api.get(
                'network', '/v2.0/ports', network_id=self.network['id']
            )['ports']
            if port['device_owner'].startswith('compute:')
            and port['id'] not in with_floating_ip
        }
        self.assertEqual(3, len(behind))
        self.assert_found(
            {
                ('router-gateway', 'owns', None),
                *(('router-gateway', 'behind', server) for server in behind),
            },
            gateway['ip_address'],
            '--behind',
        )

    def test_load_balancer(self) -> None:
        vip = self.load_balancer.vip
        address = vip['fixed_ips'][0]['ip_address']
        self.assert_found(
            {
                ('load-balancer', 'owns', None),
                (
                    'allowed-address',
                    'may-use',
                    self.server_of(self.load_balancer.vrrp['id']),
                ),
            },
            address,
        )
        row = self.find(address)[0]
        self.assertEqual(f'lb-{self.load_balancer.id}', row['Device ID'])

    def test_cidr(self) -> None:
        ports = self.api.get(
            'network', '/v2.0/ports', network_id=self.network['id']
        )['ports']
        expected = sorted(
            (
                tuple(map(int, fixed_ip['ip_address'].split('.'))),
                port['id'],
            )
            for port in ports
            for fixed_ip in port['fixed_ips']
        )
        self.assertEqual(
            expected,
            [
                (tuple(map(int, row['Address'].split('.'))), row['Port ID'])
                for row in self.find('10.61.0.0/24')
                if row['Certainty'] == 'owns'
            ],
        )

    def test_range_and_beginnings(self) -> None:
        ports = self.api.get(
            'network', '/v2.0/ports', network_id=self.network['id']
        )['ports']
        by_address = {
            port['fixed_ips'][0]['ip_address']: port for port in ports
        }
        first = by_address['10.61.0.5']
        self.assertEqual(
            [by_address[f'10.61.0.{end}']['id'] for end in (5, 6, 7)],
            [
                row['Port ID']
                for row in self.find('10.61.0.5-10.61.0.7')
                if row['Certainty'] == 'owns'
            ],
        )
        for query in (
            first['mac_address'][:14],
            first['mac_address'][:11].upper().replace(':', '-'),
            f'qr-{first["id"][:11]}',
        ):
            with self.subTest(query):
                self.assertIn(
                    first['id'], [row['Port ID'] for row in self.find(query)]
                )
        octets = bytes.fromhex(first['mac_address'].replace(':', ''))
        link_local = ipaddress.IPv6Address(
            b'\xfe\x80'
            + bytes(6)
            + bytes([octets[0] ^ 2])
            + octets[1:3]
            + b'\xff\xfe'
            + octets[3:]
        )
        (row,) = self.find(f'{link_local}%eth0')
        self.assertEqual(
            ('link-local-address', 'may-use', first['id']),
            (row['Matched As'], row['Certainty'], row['Port ID']),
        )

    def test_names_of_projects(self) -> None:
        projects = api.Api('admin', self.cloud).get('identity', '/projects')
        names = {row['id']: row['name'] for row in projects['projects']}
        for user in (self.user, 'admin'):
            with self.subTest(user):
                (row,) = self.find('10.61.0.5', user=user)
                self.assertEqual(
                    (names[row['Project ID']], 'Default'),
                    (row['Project Name'], row['Domain Name']),
                )

    def test_another_project_sees_nothing(self) -> None:
        result = self.openstack(
            *COMMAND,
            '10.61.0.100',
            self.shared['floating_ip_address'],
            self.subport['mac_address'],
            self.virtual_ip['id'],
            '-f',
            'json',
            user='other',
        )
        self.assertEqual((3, '[]\n'), (result.status, result.stdout))
