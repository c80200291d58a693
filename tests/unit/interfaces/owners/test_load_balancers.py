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

from collections.abc import Sequence

from tests.unit.commands import test_find
from tests.unit import fake_cloud

LOAD_BALANCER = fake_cloud.identifier(50)

COLUMNS = ('Matched As', 'Certainty', 'Server Name', 'Port ID', 'Device ID')


class TestLoadBalancers(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        virtual_ip = fake_cloud.port(
            14, 0, '10.0.0.100', device_owner='Octavia'
        )
        self.register_ports(
            {**virtual_ip, 'device_id': f'lb-{LOAD_BALANCER}'},
            fake_cloud.port(
                15,
                3,
                '10.0.0.7',
                name='octavia-lb-vrrp-1',
                allowed_address_pairs=[{'ip_address': '10.0.0.100'}],
            ),
        )
        self.cloud.register_network(
            'subnets', fake_cloud.subnet(900, '10.0.0.0/24')
        )
        self.register_server(3, 'amphora-1')

    def test_the_load_balancer_and_its_amphora(self) -> None:
        self.assertEqual(
            [
                (
                    'load-balancer',
                    'owns',
                    None,
                    fake_cloud.identifier(14),
                    f'lb-{LOAD_BALANCER}',
                ),
                (
                    'allowed-address',
                    'may-use',
                    'amphora-1',
                    fake_cloud.identifier(15),
                    fake_cloud.identifier(3),
                ),
            ],
            self.rows('10.0.0.100', columns=COLUMNS),
        )

    def test_its_name(self) -> None:
        known = {'loadbalancer': {'id': LOAD_BALANCER, 'name': 'lb-1'}}
        self.cloud.register_tokens(
            'a-token', load_balancer_url='http://octavia.test'
        )
        for name, status, body, expected in (
            ('there', 200, known, 'lb-1'),
            ('gone', 404, {}, None),
            ('forbidden', 403, {}, None),
        ):
            with self.subTest(name):
                self.cloud.get(
                    'http://octavia.test/v2.0/lbaas/loadbalancers/'
                    f'{LOAD_BALANCER}',
                    status_code=status,
                    json=body,
                )
                self.assertIn(
                    ('load-balancer', expected),
                    self.rows(
                        '10.0.0.100',
                        '--long',
                        columns=('Matched As', 'Device Name'),
                    ),
                )

    def test_octavia_that_fails(self) -> None:
        url = f'http://octavia.test/v2.0/lbaas/loadbalancers/{LOAD_BALANCER}'
        self.cloud.register_tokens(
            'a-token', load_balancer_url='http://octavia.test'
        )
        self.cloud.get(url, status_code=500, json={})
        result = self.find('10.0.0.100', '--long')
        self.assertEqual(1, result.status)
        self.assertIn('load-balancer', result.stdout)
        self.assertIn(f'Load balancer {LOAD_BALANCER}: ', result.stderr)

    def test_without_octavia(self) -> None:
        self.assertIn(
            ('load-balancer', None),
            self.rows(
                '10.0.0.100',
                '--long',
                columns=('Matched As', 'Device Name'),
            ),
        )

    def test_an_id_that_is_none(self) -> None:
        for device_id in ('lb-../flavors', 'lb-', 'lb-1'):
            with self.subTest(device_id):
                port = fake_cloud.port(
                    14, 0, '10.0.0.100', device_owner='Octavia'
                )
                self.register_ports({**port, 'device_id': device_id})
                self.assertEqual(
                    [('fixed-ip', None)],
                    self.rows(
                        '10.0.0.100',
                        '--long',
                        columns=('Matched As', 'Device Name'),
                    ),
                )


class TestBehind(test_find.FindTestCase):
    """A load balancer of OVN with two listeners and three members."""

    COLUMNS = (
        'Matched As',
        'Certainty',
        'Server Name',
        'Protocol',
        'External Port',
        'Internal Port',
    )
    VIRTUAL_IP = ('load-balancer', 'owns', None, None, None, None)

    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_tokens(
            'a-token', load_balancer_url='http://octavia.test'
        )
        self.register_ports(
            {
                **fake_cloud.port(14, 0, '10.0.0.100', device_owner=''),
                'device_id': '',
                'name': f'ovn-lb-vip-{LOAD_BALANCER}',
            },
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.6'),
            # The same address on another network.
            fake_cloud.port(13, 3, '10.0.0.6', project_id='another'),
        )
        self.cloud.register_network(
            'subnets', fake_cloud.subnet(900, '10.0.0.0/24')
        )
        for number in (1, 2, 3):
            self.register_server(number, f's{number}')
        pools: list[dict[str, object]] = [
            {'id': fake_cloud.identifier(number), 'listeners': listeners}
            for number, listeners in (
                (61, [{'id': fake_cloud.identifier(71)}]),
                (62, [{'id': fake_cloud.identifier(72)}]),
                (63, []),
            )
        ]
        self.register(
            'listeners',
            *(
                {
                    'id': fake_cloud.identifier(71 + number),
                    'protocol': 'TCP',
                    'protocol_port': port,
                }
                for number, port in enumerate((443, 80))
            ),
        )
        self.register('pools', *pools)
        self.register_members(61, ('10.0.0.5', 8443, 900))
        self.register_members(62, ('10.0.0.6', 8080, None))
        self.register_members(63, ('10.0.0.77', 22, None))

    def register(self, collection: str, *rows: dict[str, object]) -> None:
        self.cloud.get(
            f'http://octavia.test/v2.0/lbaas/{collection}'
            f'?loadbalancer_id={LOAD_BALANCER}',
            json={collection: list(rows)},
        )

    def register_members(
        self, pool: int, *members: tuple[str, int, int | None]
    ) -> None:
        self.cloud.get(
            'http://octavia.test/v2.0/lbaas/pools/'
            f'{fake_cloud.identifier(pool)}/members',
            json={
                'members': [
                    {
                        'id': fake_cloud.identifier(80 + number),
                        'address': address,
                        'protocol_port': port,
                        'subnet_id': subnet and fake_cloud.identifier(subnet),
                    }
                    for number, (address, port, subnet) in enumerate(members)
                ]
            },
        )

    def assert_behind(
        self, query: str, expected: Sequence[tuple[object, ...]]
    ) -> None:
        """Check what a query finds after the virtual IP."""
        with self.subTest(query):
            self.assertEqual(
                [self.VIRTUAL_IP, *expected],
                self.rows(query, '--behind', columns=self.COLUMNS),
            )

    def test_the_servers_of_the_members(self) -> None:
        way = ('load-balancer', 'behind')
        secure = (*way, 's1', 'TCP', 443, 8443)
        plain = (*way, 's2', 'TCP', 80, 8080)
        for query, expected in (
            ('10.0.0.100', [secure, plain, (*way, None, None, None, 22)]),
            ('10.0.0.100:443', [secure]),
            ('10.0.0.100:80', [plain]),
            ('10.0.0.100:22', []),
            ('10.0.0.100:80/tcp', [plain]),
            ('10.0.0.100:80/udp', []),
        ):
            self.assert_behind(query, expected)

    def test_the_protocol_chooses_a_listener(self) -> None:
        self.register(
            'listeners',
            *(
                {
                    'id': fake_cloud.identifier(number),
                    'protocol': protocol,
                    'protocol_port': 53,
                }
                for number, protocol in ((71, 'UDP'), (72, 'TERMINATED_HTTPS'))
            ),
        )
        way = ('load-balancer', 'behind')
        datagrams = (*way, 's1', 'UDP', 53, 8443)
        streams = (*way, 's2', 'TERMINATED_HTTPS', 53, 8080)
        for query, expected in (
            ('10.0.0.100:53', [datagrams, streams]),
            ('10.0.0.100:53/udp', [datagrams]),
            ('10.0.0.100:53/TCP', [streams]),
            ('10.0.0.100:53/sctp', []),
        ):
            self.assert_behind(query, expected)

    def test_a_member_on_another_subnet(self) -> None:
        self.register_members(61, ('10.0.0.5', 8443, 901))
        self.assertEqual(
            [
                self.VIRTUAL_IP,
                ('load-balancer', 'behind', None, 'TCP', 443, 8443),
            ],
            self.rows('10.0.0.100:443', '--behind', columns=self.COLUMNS),
        )

    def test_a_member_that_is_a_virtual_ip(self) -> None:
        """Who may use it is shown once, whatever the number of listeners."""
        self.register_ports(
            {
                **fake_cloud.port(14, 0, '10.0.0.100', device_owner=''),
                'device_id': '',
                'name': f'ovn-lb-vip-{LOAD_BALANCER}',
            },
            {
                **fake_cloud.port(12, 0, '10.0.0.6', device_owner=''),
                'device_id': '',
            },
            fake_cloud.port(
                11,
                1,
                '10.0.0.5',
                allowed_address_pairs=[{'ip_address': '10.0.0.6'}],
            ),
        )
        self.register_members(61, ('10.0.0.6', 8443, 900))
        self.register_members(63)
        way = ('load-balancer', 'behind', None, 'TCP')
        self.assert_behind(
            '10.0.0.100',
            [
                ('allowed-address', 'may-use', 's1', None, None, None),
                (*way, 443, 8443),
                (*way, 80, 8080),
            ],
        )

    def test_nothing_is_asked_without_need(self) -> None:
        self.assertEqual(
            [self.VIRTUAL_IP], self.rows('10.0.0.100', columns=self.COLUMNS)
        )
        self.assertNotIn('octavia', ' '.join(self.cloud.requested()))

    def test_octavia_that_cannot_be_asked(self) -> None:
        self.cloud.get(
            'http://octavia.test/v2.0/lbaas/listeners', status_code=403
        )
        result = self.find(
            '10.0.0.100', '--behind', '-f', 'value', '-c', 'Matched As'
        )
        self.assertEqual(
            (
                1,
                'load-balancer\n',
                'Listeners: this is not allowed (HTTP 403)\n',
            ),
            (result.status, result.stdout, result.stderr),
        )
