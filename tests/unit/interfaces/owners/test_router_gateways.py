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

from tests.unit.commands import test_find
from tests.unit import fake_cloud

GATEWAY = '203.0.113.200'

ROUTER = fake_cloud.identifier(20)

COLUMNS = ('Matched As', 'Certainty', 'Server Name', 'Device ID')


class TestRouterGateways(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network(
            'routers', fake_cloud.router(20, GATEWAY, '2001:db8:1::200')
        )
        self.cloud.register_network(
            'subnets', fake_cloud.subnet(900, '10.0.0.0/24')
        )
        self.ports = [
            fake_cloud.port(
                21, 20, '10.0.0.1', device_owner='network:router_interface'
            ),
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.6'),
            {
                **fake_cloud.port(
                    13, 3, network_id=fake_cloud.identifier(702)
                ),
                'fixed_ips': [fake_cloud.fixed_ip('10.0.2.7', 902)],
            },
            fake_cloud.port(14, 4, '10.0.0.8', device_owner='network:dhcp'),
        ]
        self.gateway_port = {
            **fake_cloud.port(
                22, 20, GATEWAY, device_owner='network:router_gateway'
            ),
            'project_id': '',
        }
        for number in (1, 2, 3):
            self.register_server(number, f's{number}')
        # The port of the server s2, which uses the gateway.
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip(
                '203.0.113.6',
                12,
                router_id=ROUTER,
                fixed_ip_address='10.0.0.6',
            ),
        )

    def register(self, is_administrator: bool) -> None:
        if is_administrator:
            self.register_ports(self.gateway_port, *self.ports)
        else:
            self.register_ports(*map(test_find.without_binding, self.ports))

    def test_the_router(self) -> None:
        for name, is_administrator in (
            ('member', False),
            ('administrator', True),
        ):
            with self.subTest(name):
                self.register(is_administrator)
                self.assertEqual(
                    [
                        (
                            'router-gateway',
                            'owns',
                            None,
                            ROUTER,
                            'network:router_gateway',
                            'router-20',
                            'demo',
                        )
                    ],
                    self.rows(
                        GATEWAY,
                        '--long',
                        columns=(
                            *COLUMNS,
                            'Device Owner',
                            'Device Name',
                            'Project Name',
                        ),
                    ),
                )

    def test_the_servers_behind_it(self) -> None:
        for name, is_administrator in (
            ('member', False),
            ('administrator', True),
        ):
            with self.subTest(name):
                self.register(is_administrator)
                self.assertEqual(
                    [
                        ('router-gateway', 'owns', None, ROUTER),
                        (
                            'router-gateway',
                            'behind',
                            's1',
                            fake_cloud.identifier(1),
                        ),
                    ],
                    self.rows(GATEWAY, '--behind', columns=COLUMNS),
                )

    def test_other_routers_may_be_behind_it(self) -> None:
        self.register(is_administrator=False)
        route = {'destination': '10.9.0.0/24', 'nexthop': '10.0.0.99'}
        self.cloud.register_network(
            'routers', {**fake_cloud.router(20, GATEWAY), 'routes': [route]}
        )
        result = self.find(GATEWAY, '--behind')
        self.assertEqual(
            (
                0,
                'Router router-20 has extra routes, and servers behind other '
                'routers are not shown\n',
            ),
            (result.status, result.stderr),
        )
        self.rows(GATEWAY, columns=COLUMNS)

    def test_the_servers_behind_its_port(self) -> None:
        self.register(is_administrator=True)
        port_id = fake_cloud.identifier(22)
        self.assertEqual(
            [(port_id, 'owns', None), (port_id, 'behind', 's1')],
            self.rows(
                port_id,
                '--behind',
                columns=('Query', 'Certainty', 'Server Name'),
            ),
        )

    def test_nobody_is_behind_what_is_not_translated(self) -> None:
        for name, query, gateway in (
            ('IPv6', '2001:db8:1::200', {}),
            ('no source NAT', GATEWAY, {'enable_snat': False}),
        ):
            with self.subTest(name):
                self.register(is_administrator=False)
                self.cloud.register_network(
                    'routers',
                    fake_cloud.router(
                        20, GATEWAY, '2001:db8:1::200', **gateway
                    ),
                )
                self.assertEqual(
                    [('router-gateway', 'owns', None, ROUTER)],
                    self.rows(query, '--behind', columns=COLUMNS),
                )

    def test_a_router_without_a_gateway(self) -> None:
        self.register(is_administrator=False)
        self.cloud.register_network(
            'routers',
            {**fake_cloud.router(20), 'external_gateway_info': None},
        )
        result = self.find(GATEWAY)
        self.assertEqual(3, result.status)

    def test_a_neutron_without_routers(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/routers',
            status_code=404,
            json={'message': 'The resource could not be found.'},
        )
        self.cloud.register_extensions('agent')
        self.assertEqual(
            (3, f"'{GATEWAY}' matches nothing in what this project can see\n"),
            (lambda result: (result.status, result.stderr))(
                self.find(GATEWAY)
            ),
        )

    def test_beside_other_addresses_of_a_range(self) -> None:
        for name, is_administrator in (
            ('member', False),
            # The owner of the external network sees the port of the gateway.
            ('owner', None),
            ('administrator', True),
        ):
            with self.subTest(name):
                self.register(bool(is_administrator))
                if is_administrator is None:
                    self.register_ports(
                        *map(
                            test_find.without_binding,
                            [self.gateway_port, *self.ports],
                        )
                    )
                for query in ('203.0.113.0/24', '203.0.113.6-203.0.113.200'):
                    self.assertEqual(
                        [
                            ('203.0.113.6', 'floating-ip', 'owns', 's2'),
                            (GATEWAY, 'router-gateway', 'owns', None),
                            (GATEWAY, 'router-gateway', 'behind', 's1'),
                        ],
                        self.rows(
                            query,
                            '--behind',
                            columns=('Address', *COLUMNS[:3]),
                        ),
                    )

    def test_requests(self) -> None:
        for name, arguments, expected in (
            ('owned', ('10.0.0.5',), ['floatingips', 'ports']),
            (
                'gateway',
                (GATEWAY,),
                ['floatingips', 'ports', 'routers'],
            ),
            (
                'behind',
                (GATEWAY, '--behind'),
                [
                    'floatingips',
                    'ports',
                    'routers',
                    'ports',
                    'ports',
                    'floatingips',
                ],
            ),
        ):
            with self.subTest(name):
                self.register(is_administrator=False)
                self.cloud.reset_mock()
                self.rows(*arguments, columns=('Query',))
                self.assertEqual(expected, self.asked())

    def test_the_second_gateway(self) -> None:
        second = '198.51.100.200'
        gateway = {
            'network_id': fake_cloud.identifier(703),
            'external_fixed_ips': [fake_cloud.fixed_ip(second, 903)],
        }
        router = fake_cloud.router(20, GATEWAY)
        for name, settings, count in (
            ('translates', {}, 2),
            ('does not', {'enable_snat': False}, 1),
        ):
            with self.subTest(name):
                self.register(is_administrator=False)
                self.cloud.register_network(
                    'routers',
                    {
                        **router,
                        'external_gateways': [
                            router['external_gateway_info'],
                            {**gateway, **settings},
                        ],
                    },
                )
                rows = self.rows(
                    second,
                    '--behind',
                    columns=('Matched As', 'Certainty', 'Network ID'),
                )
                self.assertEqual(count, len(rows))
                self.assertEqual(
                    ('router-gateway', 'owns', fake_cloud.identifier(703)),
                    rows[0],
                )
