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

COLUMNS = ('Query', 'Address', 'Matched As', 'Server Name')


class TestPorts(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register_ports(
            fake_cloud.port(11, 1, '10.0.0.50', '2001:db8::5'),
            fake_cloud.port(12, 2, '10.0.0.6'),
            fake_cloud.port(13, 3, '10.0.1.7', '2001:db8:0:1::7'),
        )
        self.cloud.register_network(
            'subnets', fake_cloud.subnet(900, '2001:db8::/56')
        )
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip('203.0.113.5', 12),
            fake_cloud.floating_ip('203.0.113.4', 13),
        )
        for number in (1, 2, 3):
            self.register_server(number, f's{number}')

    def test_cidrs(self) -> None:
        for cidr, found in (
            (
                '10.0.0.0/24',
                [
                    ('10.0.0.6', 'fixed-ip', 's2'),
                    ('10.0.0.50', 'fixed-ip', 's1'),
                ],
            ),
            ('10.0.0.50/32', [('10.0.0.50', 'fixed-ip', 's1')]),
            (
                '203.0.113.0/28',
                [
                    ('203.0.113.4', 'floating-ip', 's3'),
                    ('203.0.113.5', 'floating-ip', 's2'),
                ],
            ),
            ('2001:db8::/64', [('2001:db8::5', 'fixed-ip', 's1')]),
            (
                '2001:db8::/48',
                [
                    ('2001:db8::5', 'fixed-ip', 's1'),
                    ('2001:db8:0:1::7', 'fixed-ip', 's3'),
                ],
            ),
        ):
            with self.subTest(cidr):
                self.assertEqual(
                    [(cidr, *row) for row in found],
                    self.rows(cidr, columns=COLUMNS),
                )

    def test_a_subnet_whose_prefix_is_not_delegated_yet(self) -> None:
        self.cloud.register_network(
            'subnets',
            fake_cloud.subnet(900, '2001:db8::/56'),
            {**fake_cloud.subnet(901, ''), 'cidr': None},
        )
        self.assertEqual(
            [('2001:db8::/64', '2001:db8::5', 'fixed-ip', 's1')],
            self.rows('2001:db8::/64', columns=COLUMNS),
        )

    def test_an_address_and_a_cidr_that_has_it(self) -> None:
        self.assertEqual(
            [
                ('10.0.0.6', '10.0.0.6', 'fixed-ip', 's2'),
                ('10.0.0.0/29', '10.0.0.6', 'fixed-ip', 's2'),
            ],
            self.rows('10.0.0.6', '10.0.0.0/29', columns=COLUMNS),
        )

    def test_a_cidr_without_a_match(self) -> None:
        result = self.find('192.0.2.0/24')
        self.assertEqual(
            (3, "'192.0.2.0/24' matches nothing in any project\n"),
            (result.status, result.stderr),
        )

    def test_host_devices(self) -> None:
        # All IDs of the fake cloud have the same beginning.
        prefix = '0a3ca19c-dd'
        port = {
            **fake_cloud.port(14, 1, '10.0.0.14'),
            'id': f'{prefix}00-4000-8000-000000000001',
        }
        twin = {**port, 'id': f'{prefix}11-4000-8000-000000000001'}
        self.register_ports(twin, fake_cloud.port(11, 1), port)
        for query in (
            *(f'tap{prefix}', f'qvo{prefix}', f'qvb{prefix}', f'qbr{prefix}'),
            *(f'vhu{prefix}', prefix, f'TAP{prefix.upper()}'),
        ):
            with self.subTest(query):
                self.assertEqual(
                    [
                        ('host-device', 's1', port['id']),
                        ('host-device', 's1', twin['id']),
                    ],
                    self.rows(
                        query,
                        columns=('Matched As', 'Server Name', 'Port ID'),
                    ),
                )
