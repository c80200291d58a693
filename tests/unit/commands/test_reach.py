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

import json
from typing import Any

from tests import command_result
from tests.unit import base
from tests.unit import fake_cloud

WEB, DB = fake_cloud.identifier(1), fake_cloud.identifier(2)
ROUTER = fake_cloud.identifier(950)
SERVERS_URL = f'{fake_cloud.COMPUTE_URL}/servers'


def interface(number: int, network: int, address: str, subnet: int) -> Any:
    """Build a port of the router."""
    return fake_cloud.port(
        number,
        950,
        network_id=fake_cloud.identifier(network),
        fixed_ips=[fake_cloud.fixed_ip(address, subnet)],
        device_owner='network:router_interface',
        security_groups=[],
    )


def routed(number: int, routes: dict[str, str]) -> dict[str, Any]:
    """Build a router without a gateway."""
    return {
        **fake_cloud.router(number),
        'external_gateway_info': None,
        'routes': [
            {'destination': cidr, 'nexthop': next_hop}
            for cidr, next_hop in routes.items()
        ],
    }


def network(number: int, name: str) -> dict[str, Any]:
    return {
        'id': fake_cloud.identifier(number),
        'name': name,
        'project_id': fake_cloud.PROJECT_ID,
        'admin_state_up': True,
        'router:external': False,
        'shared': False,
        'mtu': 1450,
    }


class TestReach(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network_versions()
        self.group: dict[str, Any] = fake_cloud.security_group(
            800,
            'web',
            fake_cloud.rule(1, direction='egress'),
            fake_cloud.rule(
                2, protocol='tcp', port_range_min=22, port_range_max=22
            ),
            fake_cloud.rule(3, remote_group_id=fake_cloud.identifier(801)),
        )
        self.register(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(
                12,
                2,
                network_id=fake_cloud.identifier(701),
                fixed_ips=[fake_cloud.fixed_ip('10.0.1.5', 901)],
            ),
            interface(21, 700, '10.0.0.1', 900),
            interface(22, 701, '10.0.1.1', 901),
        )
        self.register('networks', network(700, 'front'), network(701, 'back'))
        self.register(
            'subnets',
            {
                **fake_cloud.subnet(900, '10.0.0.0/24'),
                'gateway_ip': '10.0.0.1',
            },
            {
                **fake_cloud.subnet(901, '10.0.1.0/24', 701),
                'gateway_ip': '10.0.1.1',
            },
        )
        self.register('routers', fake_cloud.router(950))
        self.register('security-groups', self.group)
        for name in (
            'floatingips',
            'address-groups',
            'agents',
            'trunks',
            'extensions',
        ):
            self.register(name)
        web, db = fake_cloud.server(1, 'web-1'), fake_cloud.server(2, 'db-1')
        self.cloud.get(
            f'{SERVERS_URL}/detail',
            json=lambda request, _context: {
                'servers': [
                    server
                    for server in (web, db)
                    if f'^{server["name"]}$'
                    in request.qs.get('name', [''])[0].replace('\\', '')
                ]
            },
        )
        for server in (web, db):
            self.cloud.get(
                f'{SERVERS_URL}/{server["id"]}', json={'server': server}
            )

    def register(self, collection: str, *rows: dict[str, Any]) -> None:
        self.cloud.register_network(collection, *rows)

    def reach(self, *arguments: str) -> command_result.Result:
        return self.openstack('server', 'interface', 'reach', *arguments)

    def test_table(self) -> None:
        result = self.reach('web-1', 'db-1', '--port', '22', '-f', 'csv')
        self.assertEqual(
            (
                0,
                '"Source","Source Address","Destination",'
                '"Destination Address","Path","Verdict","Traffic","Reason"\n'
                '"web-1","10.0.0.5","db-1","10.0.1.5",'
                '"through router router-950","allowed","tcp 22",""\n',
                '',
            ),
            (result.status, result.stdout.replace('\r', ''), result.stderr),
        )

    def test_blocked(self) -> None:
        self.group['security_group_rules'] = [
            fake_cloud.rule(1, direction='egress')
        ]
        result = self.reach(
            'web-1',
            'db-1',
            '--port',
            '22',
            '-f',
            'value',
            '-c',
            'Verdict',
            '-c',
            'Reason',
        )
        self.assertEqual(
            (
                3,
                'blocked no ingress rule of group web allows tcp 22 from '
                '10.0.0.5\n',
                '',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_unknown(self) -> None:
        self.register('routers')
        result = self.reach(
            'web-1',
            'db-1',
            '--port',
            '22',
            '-f',
            'value',
            '-c',
            'Verdict',
            '-c',
            'Reason',
        )
        self.assertEqual(
            (
                1,
                f'unknown router {ROUTER} cannot be read\n',
                'No path is known to be allowed.\n',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_failure_is_unknown(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/security-groups', status_code=403
        )
        result = self.reach('web-1', 'db-1', '-f', 'json')
        self.assertEqual(1, result.status)
        self.assertIn('Security groups: ', result.stderr)
        (row,) = json.loads(result.stdout)
        self.assertEqual(('unknown', []), (row['Verdict'], row['Traffic']))

    def test_ports_that_cannot_be_read(self) -> None:
        """Without those of the ends, there is no answer."""
        self.cloud.get(f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=403)
        for ends in (
            ('web-1', 'db-1'),
            (fake_cloud.identifier(11), 'internet'),
            ('internet', '10.0.1.5'),
        ):
            with self.subTest(ends=ends):
                result = self.reach(*ends)
                self.assertEqual(
                    (1, '', 'Ports: this is not allowed (HTTP 403)\n'),
                    (result.status, result.stdout, result.stderr),
                )

    def test_failure_beside_an_allowed_path(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips', status_code=403
        )
        result = self.reach('web-1', 'db-1', '-f', 'value', '-c', 'Verdict')
        self.assertEqual((0, 'allowed\n'), (result.status, result.stdout))
        self.assertIn('Floating IPs: ', result.stderr)

    def test_json(self) -> None:
        result = self.reach('web-1', 'db-1', '--long', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            [
                {
                    'protocol': 'tcp',
                    'port_range_min': 22,
                    'port_range_max': 22,
                }
            ],
            row['Traffic'],
        )
        self.assertEqual(
            [
                'server',
                'port',
                'egress',
                'router',
                'network',
                'ingress',
                'port',
                'server',
            ],
            [step['hop'] for step in row['Steps']],
        )
        self.assertEqual(
            {
                'hop': 'ingress',
                'id': fake_cloud.identifier(12),
                'name': None,
                'verdict': 'allowed',
                'reason': None,
                'rule_ids': [fake_cloud.identifier(2)],
                'assumptions': [],
            },
            row['Steps'][5],
        )

    def test_driver(self) -> None:
        """The extensions of the L3 plugin tell which it is."""
        back = {
            **network(701, 'back'),
            'ipv4_address_scope': fake_cloud.identifier(960),
        }
        self.register('networks', network(700, 'front'), back)
        for alias, verdict in (
            ('external-gateway-multihoming', 'allowed'),
            ('l3-port-ip-change-not-allowed', 'blocked'),
            ('router', 'unknown'),
        ):
            with self.subTest(alias):
                self.register('extensions', {'alias': alias})
                result = self.reach(
                    'web-1',
                    'db-1',
                    '--port',
                    '22',
                    '-f',
                    'value',
                    '-c',
                    'Verdict',
                )
                self.assertEqual(f'{verdict}\n', result.stdout)

    def test_requests(self) -> None:
        """Rules cost nothing, and only what is needed is asked for."""
        self.group['security_group_rules'] = [
            fake_cloud.rule(
                number,
                remote_group_id=fake_cloud.identifier(810 + number % 3),
                remote_address_group_id=fake_cloud.identifier(990),
            )
            for number in range(1, 200)
        ]
        self.reach('web-1', 'db-1')
        asked = [
            url
            for url in self.cloud.requested()
            if '/v2.0/' in url or '/v2.1/servers' in url
        ]
        self.assertLessEqual(len(asked), 15, asked)
        self.assertEqual(
            [],
            [url for url in asked if '/v2.0/' in url and 'fields=' not in url],
        )

    def test_by_addresses_and_ids(self) -> None:
        for source, destination in (
            ('10.0.0.5', '10.0.1.5'),
            (WEB, DB),
            (fake_cloud.identifier(11), fake_cloud.identifier(12)),
            (fake_cloud.identifier(11).upper(), '10.0.1.5/32'),
        ):
            with self.subTest(source):
                result = self.reach(
                    source,
                    destination,
                    '-f',
                    'value',
                    '-c',
                    'Source',
                    '-c',
                    'Destination',
                    '-c',
                    'Verdict',
                )
                self.assertEqual(
                    (0, 'web-1 db-1 allowed\n', ''),
                    (result.status, result.stdout, result.stderr),
                )

    def test_many_routers_in_a_row(self) -> None:
        """Each knows the next one by an extra route."""
        links = range(1, 10)
        self.register(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(
                12,
                2,
                network_id=fake_cloud.identifier(701),
                fixed_ips=[fake_cloud.fixed_ip('10.0.1.5', 901)],
            ),
            interface(21, 700, '10.0.0.1', 900),
            {
                **interface(22, 701, '10.0.1.1', 901),
                'device_id': fake_cloud.identifier(950 + len(links)),
            },
            *(
                {
                    **interface(
                        30 + 2 * link + side,
                        710 + link,
                        f'10.9.{link}.{side}',
                        910 + link,
                    ),
                    'device_id': fake_cloud.identifier(948 + link + side),
                }
                for link in links
                for side in (1, 2)
            ),
        )
        self.register(
            'networks',
            network(700, 'front'),
            network(701, 'back'),
            *(network(710 + link, f'link-{link}') for link in links),
        )
        self.register(
            'subnets',
            *(
                {**row, 'gateway_ip': gateway_ip}
                for row, gateway_ip in (
                    (fake_cloud.subnet(900, '10.0.0.0/24'), '10.0.0.1'),
                    (fake_cloud.subnet(901, '10.0.1.0/24', 701), '10.0.1.1'),
                )
            ),
            *(
                fake_cloud.subnet(910 + link, f'10.9.{link}.0/24', 710 + link)
                for link in links
            ),
        )
        self.register(
            'routers',
            *(
                routed(
                    950 + number,
                    {
                        '10.0.1.0/24': f'10.9.{number + 1}.2',
                        '10.0.0.0/24': f'10.9.{number}.1',
                    },
                )
                for number in range(len(links) + 1)
            ),
        )
        result = self.reach(
            'web-1',
            'db-1',
            '--port',
            '22',
            '-f',
            'value',
            '-c',
            'Path',
            '-c',
            'Verdict',
            '-c',
            'Reason',
        )
        names = ', '.join(f'router-{950 + n}' for n in range(len(links) + 1))
        self.assertEqual(
            (0, f'through router {names} allowed \n', ''),
            (result.status, result.stdout, result.stderr),
        )

    def test_network_of_a_member(self) -> None:
        """Of a CIDR, it is a row like the networks of the server."""
        member = fake_cloud.port(
            13,
            3,
            network_id=fake_cloud.identifier(702),
            fixed_ips=[fake_cloud.fixed_ip('10.0.2.5', 902)],
            security_groups=[fake_cloud.identifier(801)],
        )
        ports = [
            fake_cloud.port(11, 1, '10.0.0.5'),
            interface(21, 700, '10.0.0.1', 900),
            member,
        ]
        self.register('ports', *ports)
        self.register('networks', network(700, 'front'), network(702, 'lab'))
        self.register(
            'subnets',
            {
                **fake_cloud.subnet(900, '10.0.0.0/24'),
                'gateway_ip': '10.0.0.1',
            },
            {
                **fake_cloud.subnet(902, '10.0.2.0/24', 702),
                'gateway_ip': '10.0.2.1',
            },
        )
        result = self.reach(
            '10.0.0.0/16',
            'web-1',
            '--port',
            '443',
            '-f',
            'value',
            '-c',
            'Source Address',
            '-c',
            'Reason',
        )
        self.assertEqual(
            (
                3,
                '10.0.0.0/24 no ingress rule of group web allows tcp 443 from '
                '10.0.0.0/24\n'
                '10.0.2.0/24 no router joins networks lab and front\n'
                '10.0.2.0/24 router router-950 has no route to 10.0.2.0/24\n'
                '10.0.0.0/16 router router-950 has no route to 10.0.0.0/16\n',
                '',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_subnet_that_is_not_on_the_way(self) -> None:
        """Others may have it outside, where the gateway of a router leads."""
        self.register('routers', fake_cloud.router(950, '203.0.113.2'))
        self.register(
            'networks', network(700, 'front'), network(703, 'island')
        )
        self.register(
            'subnets',
            {
                **fake_cloud.subnet(900, '10.0.0.0/24'),
                'gateway_ip': '10.0.0.1',
            },
            {
                **fake_cloud.subnet(903, '10.7.0.0/24', 703),
                'gateway_ip': '10.7.0.1',
                'project_id': fake_cloud.PROJECT_ID,
            },
        )
        for address in ('10.7.0.0/24', '10.7.0.0/25', '10.7.0.99'):
            result = self.reach(
                'web-1',
                address,
                '-f',
                'value',
                '-c',
                'Destination Address',
                '-c',
                'Path',
                '-c',
                'Verdict',
                '-c',
                'Reason',
            )
            self.assertEqual(
                (
                    1,
                    f'{address}  blocked '
                    'no router joins networks front and island\n'
                    f'{address} through router router-950 unknown '
                    f'network island has {address}, too\n',
                ),
                (result.status, result.stdout),
                result.stderr,
            )
        listings = [
            url for url in self.cloud.requested() if 'project_id=' in url
        ]
        self.assertEqual(3, len(listings))
        # The internet is all that is outside.
        self.reach('web-1', 'internet')
        self.reach('web-1', '169.254.169.254')
        self.assertEqual(
            listings,
            [url for url in self.cloud.requested() if 'project_id=' in url],
        )

    def test_subnet_of_a_network_that_is_shared(self) -> None:
        """A member sees it, whatever project it is of."""
        self.register('routers', fake_cloud.router(950, '203.0.113.2'))
        ports = [
            fake_cloud.port(11, 1, '10.0.0.5'),
            interface(21, 700, '10.0.0.1', 900),
        ]
        for port in ports:
            port['binding:vif_type'] = None
        self.register('ports', *ports)
        self.register(
            'networks',
            network(700, 'front'),
            {**network(701, 'external'), 'router:external': True},
            {
                **network(703, 'theirs'),
                'shared': True,
                'project_id': fake_cloud.identifier(99),
            },
        )
        self.register(
            'subnets',
            {
                **fake_cloud.subnet(900, '10.0.0.0/24'),
                'gateway_ip': '10.0.0.1',
            },
            {
                **fake_cloud.subnet(903, '10.7.0.0/24', 703),
                'gateway_ip': '10.7.0.1',
                'project_id': fake_cloud.identifier(99),
            },
        )
        columns = ('-c', 'Verdict', '-c', 'Reason')
        for address in ('10.7.0.0/24', '10.7.0.99'):
            result = self.reach('web-1', address, '-f', 'value', *columns)
            self.assertEqual(
                'unknown a router beyond network external would have to know '
                'the way\n'
                f'unknown network theirs has {address}, too\n',
                result.stdout,
                result.stderr,
            )

    def test_other_subnet_of_a_network_with_the_addresses(self) -> None:
        """The way there leads over it."""
        subnets = [
            {
                **fake_cloud.subnet(number, cidr, network_number),
                'gateway_ip': gateway_ip,
                'project_id': fake_cloud.PROJECT_ID,
            }
            for number, cidr, network_number, gateway_ip in (
                (900, '10.0.0.0/24', 700, '10.0.0.1'),
                (903, '10.7.0.0/24', 703, '10.7.0.1'),
                (904, '10.8.0.0/24', 703, '10.8.0.1'),
            )
        ]
        inner = [
            {
                **interface(number, 703, address, subnet),
                'device_id': fake_cloud.identifier(951),
            }
            for number, address, subnet in (
                (24, '10.8.0.2', 904),
                (25, '10.7.0.1', 903),
            )
        ]
        self.register('subnets', *subnets)
        self.register(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            interface(21, 700, '10.0.0.1', 900),
            interface(23, 703, '10.8.0.1', 904),
            *inner,
        )
        self.register('networks', network(700, 'front'), network(703, 'lab'))
        self.register(
            'routers',
            routed(950, {'10.7.0.0/24': '10.8.0.2'}),
            routed(951, {'10.0.0.0/24': '10.8.0.1'}),
        )
        result = self.reach(
            'web-1',
            '10.7.0.0/24',
            '-f',
            'value',
            '-c',
            'Path',
            '-c',
            'Verdict',
            '-c',
            'Reason',
        )
        self.assertEqual(
            'through router router-950, router-951 unknown what has '
            '10.7.0.0/24 on network lab is not judged\n',
            result.stdout,
        )

    def test_internet(self) -> None:
        for source in ('internet', '0.0.0.0/0'):
            result = self.reach(
                source,
                'db-1',
                '-f',
                'value',
                '-c',
                'Source',
                '-c',
                'Source Address',
                '-c',
                'Verdict',
                '-c',
                'Reason',
            )
            self.assertEqual(
                (
                    3,
                    f'{source} 0.0.0.0/0 blocked router router-950 has no '
                    'route to 0.0.0.0/0\n',
                    '',
                ),
                (result.status, result.stdout, result.stderr),
            )

    def test_port_of_a_floating_ip(self) -> None:
        """An administrator sees the port that reserves the address."""
        address = '203.0.113.50'
        reserving = fake_cloud.port(
            30,
            31,
            device_owner='network:floatingip',
            network_id=fake_cloud.identifier(702),
            fixed_ips=[fake_cloud.fixed_ip(address, 902)],
        )
        db = fake_cloud.port(12, 2, '10.0.0.6')
        self.register('routers', fake_cloud.router(950, '203.0.113.2'))
        self.register(
            'ports', reserving, db, interface(21, 700, '10.0.0.1', 900)
        )
        self.register(
            'floatingips',
            fake_cloud.floating_ip(
                address,
                12,
                fixed_ip_address='10.0.0.6',
                router_id=ROUTER,
            ),
        )
        result = self.reach(
            'internet',
            address,
            '--port',
            '22',
            '-f',
            'value',
            '-c',
            'Destination',
            '-c',
            'Path',
            '-c',
            'Verdict',
        )
        self.assertEqual(
            (0, f'db-1 floating IP {address} allowed\n', ''),
            (result.status, result.stdout, result.stderr),
        )

    def test_virtual_ip(self) -> None:
        """Those servers have it whose pairs name it, also by a floating IP."""
        floating, virtual = '203.0.113.50', '10.0.0.100'
        nothing = {'device_id': '', 'device_owner': ''}
        reserving = fake_cloud.port(30, 3, virtual, **nothing)
        self.register('routers', fake_cloud.router(950, '203.0.113.2'))
        self.register(
            'ports',
            reserving,
            interface(21, 700, '10.0.0.1', 900),
            *(
                fake_cloud.port(
                    number,
                    server,
                    address,
                    allowed_address_pairs=[{'ip_address': pair}],
                )
                for number, server, address, pair in (
                    (11, 1, '10.0.0.5', virtual),
                    (12, 2, '10.0.0.6', '0.0.0.0/0'),
                )
            ),
        )
        self.register(
            'floatingips',
            fake_cloud.floating_ip(
                floating, 30, fixed_ip_address=virtual, router_id=ROUTER
            ),
        )
        for destination in (floating, virtual, fake_cloud.identifier(30)):
            with self.subTest(destination):
                result = self.reach(
                    'internet',
                    destination,
                    '--port',
                    '22',
                    '-f',
                    'value',
                    '-c',
                    'Destination',
                    '-c',
                    'Path',
                    '-c',
                    'Verdict',
                )
                self.assertEqual(
                    (0, f'web-1 floating IP {floating} allowed\n', ''),
                    (result.status, result.stdout, result.stderr),
                )

    def test_virtual_ip_that_is_not_reserved(self) -> None:
        """Whether a port uses what its pair allows is not known."""
        port = fake_cloud.port(11, 1, '10.0.0.5')
        self.register('ports', port, interface(21, 700, '10.0.0.1', 900))
        covered = f'unknown port {port["id"]} may have 10.0.0.100\n'
        nobody = 'no visible port on network front has 10.0.0.100\n'
        for pair, expected in (
            ('10.0.0.100', covered),
            ('0.0.0.0/0', covered),
            ('10.0.0.96/28', covered),
            ('10.0.0.1', f'blocked {nobody}'),
        ):
            with self.subTest(pair):
                port['allowed_address_pairs'] = [{'ip_address': pair}]
                result = self.reach(
                    '10.0.0.100',
                    'web-1',
                    '--port',
                    '22',
                    '-f',
                    'value',
                    '-c',
                    'Verdict',
                    '-c',
                    'Reason',
                )
                self.assertEqual(expected, result.stdout)

    def test_virtual_ip_of_another_server(self) -> None:
        """A port without port security may send from any address."""
        other = fake_cloud.port(
            12,
            2,
            # It is on no subnet that is read for the other reasons.
            fixed_ips=[fake_cloud.fixed_ip('10.0.9.6', 909)],
            port_security_enabled=False,
        )
        self.register(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            other,
            interface(21, 700, '10.0.0.1', 900),
        )
        result = self.reach(
            '10.0.0.100',
            'web-1',
            '--port',
            '22',
            '-f',
            'value',
            '-c',
            'Verdict',
            '-c',
            'Reason',
        )
        self.assertEqual(
            f'unknown port {other["id"]} may have 10.0.0.100\n',
            result.stdout,
        )

    def test_next_hop_of_a_server(self) -> None:
        """It may have one by an allowed address pair."""
        other = fake_cloud.port(
            13,
            3,
            '10.0.0.7',
            allowed_address_pairs=[{'ip_address': '10.0.0.1'}],
        )
        web = fake_cloud.port(11, 1, '10.0.0.5')
        router = interface(21, 700, '10.0.0.254', 900)
        columns = ('-f', 'value', '-c', 'Verdict', '-c', 'Reason')
        may = f'port {other["id"]} may have the next hop 10.0.0.1\n'
        none = 'network front has no visible router at 10.0.0.1\n'
        for others, reason in (
            ([other], f'unknown {may}'),
            ([], f'blocked {none}'),
        ):
            with self.subTest(reason):
                self.register('ports', web, *others)
                result = self.reach('web-1', 'internet', *columns)
                self.assertEqual(reason, result.stdout, result.stderr)
        route = {'destination': '198.51.100.0/24', 'nexthop': '10.0.0.1'}
        self.register('routers', {**fake_cloud.router(950), 'routes': [route]})
        self.register(
            'subnets',
            {
                **fake_cloud.subnet(900, '10.0.0.0/24'),
                'gateway_ip': '10.0.0.254',
            },
        )
        for others, reason in (
            ([other], f'unknown {may}'),
            ([], f'blocked {none}'),
        ):
            with self.subTest(reason, routes=[route]):
                self.register('ports', web, router, *others)
                result = self.reach('web-1', '198.51.100.7', *columns)
                self.assertEqual(reason, result.stdout, result.stderr)

    def test_router_that_does_not_have_the_gateway_address(self) -> None:
        """It joins the networks, but no server asks it."""
        self.register(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(
                12,
                2,
                network_id=fake_cloud.identifier(701),
                fixed_ips=[fake_cloud.fixed_ip('10.0.1.5', 901)],
            ),
            interface(21, 700, '10.0.0.254', 900),
            interface(22, 701, '10.0.1.254', 901),
        )
        columns = ('-f', 'value', '-c', 'Verdict', '-c', 'Reason')
        result = self.reach('web-1', 'db-1', *columns)
        self.assertEqual(
            'blocked network front has no visible router at 10.0.0.1\n',
            result.stdout,
            result.stderr,
        )

    def test_virtual_ip_of_a_subport(self) -> None:
        """Its server is that of the parent port."""
        virtual = '10.0.0.100'
        nothing = {'device_id': '', 'device_owner': ''}
        reserving = fake_cloud.port(30, 3, virtual, **nothing)
        self.register(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.6'),
            interface(21, 700, '10.0.0.1', 900),
            reserving,
            fake_cloud.port(
                13,
                40,
                '10.0.0.7',
                device_owner='trunk:subport',
                allowed_address_pairs=[{'ip_address': virtual}],
            ),
        )
        self.register('trunks', fake_cloud.trunk(12, {101: 13}))
        columns = ('-c', 'Source', '-c', 'Verdict', '-c', 'Reason')
        result = self.reach(
            virtual, 'web-1', '--port', '22', '-f', 'value', *columns
        )
        self.assertEqual('db-1 allowed \n', result.stdout, result.stderr)
        reserving['fixed_ips'] = []
        result = self.reach(
            virtual, 'web-1', '--port', '22', '-f', 'value', *columns
        )
        subport = fake_cloud.identifier(13)
        self.assertEqual(
            f'{virtual} unknown port {subport} may have {virtual}\n',
            result.stdout,
        )

    def test_token_that_shows_nothing(self) -> None:
        self.cloud.register_authentication(system=True)
        self.register('ports')
        result = self.reach('internet', '10.0.1.5')
        self.assertEqual(
            (
                1,
                '',
                'Ports: none is shown; the token is not scoped to a project, '
                'and interfaces need one that is\n',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_no_common_version(self) -> None:
        result = self.reach('2001:db8::7', 'db-1')
        self.assertEqual(
            (
                3,
                '2001:db8::7 and db-1 have no addresses of one version of '
                'IP for this traffic.\n',
            ),
            (result.status, result.stderr),
        )

    def test_link_local_address_and_a_server_of_the_other_version(
        self,
    ) -> None:
        link_local = 'fe80::f816:3eff:fe01:203'
        for ends in ((link_local, 'db-1'), ('db-1', link_local)):
            for traffic in ((), ('--protocol', 'icmpv6'), ('--port', '22')):
                with self.subTest(ends=ends, traffic=traffic):
                    result = self.reach(
                        *ends,
                        *traffic,
                        '-f',
                        'value',
                        '-c',
                        'Verdict',
                        '-c',
                        'Reason',
                    )
                    self.assertEqual(
                        (
                            1,
                            f'unknown routers do not forward {link_local}\n',
                            'No path is known to be allowed.\n',
                        ),
                        (result.status, result.stdout, result.stderr),
                    )

    def test_server_without_addresses(self) -> None:
        self.register('ports')
        result = self.reach('web-1', 'db-1')
        self.assertEqual(
            (1, 'web-1 has no address that you may see.\n'),
            (result.status, result.stderr),
        )

    def test_wrong_usage(self) -> None:
        """One line says what is wrong, and no service is asked."""
        for arguments, error in (
            (('gre', '22'), '--port: there is no port or type 22 of gre.'),
            (('any', '22'), '--port: there is no port or type 22 of any.'),
            (('tcp', '0'), '--port: there is no port or type 0 of tcp.'),
            (('icmp', '256'), '--port: there is no port or type 256 of icmp.'),
            (('58', '256'), '--port: there is no port or type 256 of 58.'),
        ):
            with self.subTest(arguments=arguments):
                protocol, port = arguments
                result = self.reach(
                    'web-1',
                    'db-1',
                    '--protocol',
                    protocol,
                    '--port',
                    port,
                )
                self.assertEqual(
                    (2, '', f'{error}\n'),
                    (result.status, result.stdout, result.stderr),
                )
        self.assertEqual(
            [], [url for url in self.cloud.requested() if '/v2' in url]
        )

    def test_wrong_arguments(self) -> None:
        protocols = (
            'a protocol that Neutron knows, such as tcp, udp or icmp, a '
            'number from 0 to 255, or any'
        )
        ports = 'a number from 0 to 65535'
        for option, text, what in (
            ('--protocol', 'tpc', protocols),
            ('--protocol', '256', protocols),
            ('--protocol', '', protocols),
            ('--port', '65536', ports),
            ('--port', '70000', ports),
            ('--port', '-1', ports),
            ('--port', 'ssh', ports),
        ):
            with self.subTest(option=option, text=text):
                result = self.reach('web-1', 'db-1', f'{option}={text}')
                self.assertEqual((2, ''), (result.status, result.stdout))
                self.assertEqual(
                    f"error: argument {option}: '{text}' is not {what}",
                    result.stderr.splitlines()[-1].partition(': ')[2],
                )

    def test_protocols(self) -> None:
        """By name, by number, and any; ICMP is by its type."""
        self.group['security_group_rules'] += [
            fake_cloud.rule(
                4, protocol='icmp', port_range_min=8, port_range_max=None
            ),
            fake_cloud.rule(5, protocol='47'),
        ]
        for arguments, verdict, traffic in (
            (('tcp', '22'), 'allowed', 'tcp 22'),
            (('6', '22'), 'allowed', 'tcp 22'),
            (('TCP', '23'), 'blocked', ''),
            (('gre',), 'allowed', 'gre'),
            (('47',), 'allowed', 'gre'),
            (('icmp', '8'), 'allowed', 'icmp type 8'),
            (('1', '8'), 'allowed', 'icmp type 8'),
            (('icmp', '0'), 'blocked', ''),
            (('icmp',), 'allowed', 'icmp type 8'),
            (('any',), 'allowed', 'gre,icmp type 8,tcp 22'),
        ):
            with self.subTest(arguments=arguments):
                protocol, *port = arguments
                result = self.reach(
                    'web-1',
                    'db-1',
                    '--protocol',
                    protocol,
                    *(('--port', *port) if port else ()),
                    '-f',
                    'csv',
                    '--quote',
                    'none',
                    '-c',
                    'Verdict',
                    '-c',
                    'Traffic',
                )
                self.assertEqual(
                    [f'{verdict},{traffic}'],
                    result.stdout.replace('\\', '').splitlines()[1:],
                    result.stderr,
                )
