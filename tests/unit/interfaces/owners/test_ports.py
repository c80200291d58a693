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
            f'tap{prefix}',
            f'qvo{prefix}',
            f'qvb{prefix}',
            f'qbr{prefix}',
            f'vhu{prefix}',
            prefix,
            f'TAP{prefix.upper()}',
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

    def test_ranges(self) -> None:
        for query, found in (
            (
                '10.0.0.6-10.0.0.50',
                [
                    ('10.0.0.6', 'fixed-ip', 's2'),
                    ('10.0.0.50', 'fixed-ip', 's1'),
                ],
            ),
            ('10.0.0.7-10.0.0.50', [('10.0.0.50', 'fixed-ip', 's1')]),
            (
                '203.0.113.1-203.0.113.4',
                [('203.0.113.4', 'floating-ip', 's3')],
            ),
            ('2001:db8::5-2001:db8::6', [('2001:db8::5', 'fixed-ip', 's1')]),
        ):
            with self.subTest(query):
                self.assertEqual(
                    [(query, *row) for row in found],
                    self.rows(query, columns=COLUMNS),
                )

    def test_beginnings_of_mac_addresses(self) -> None:
        self.register_ports(
            fake_cloud.port(11, 1, mac_address='fa:16:3e:1a:00:01'),
            fake_cloud.port(12, 2, mac_address='FA:16:3E:1A:00:02'),
            fake_cloud.port(13, 3, mac_address='fa:16:3e:1b:00:01'),
        )
        for query, servers in (
            ('fa:16:3e', ['s1', 's2', 's3']),
            ('FA-16-3E-1A', ['s1', 's2']),
            ('fa:16:3e:1b:00', ['s3']),
        ):
            with self.subTest(query):
                self.assertEqual(
                    [(query, None, 'mac-address', s) for s in servers],
                    self.rows(query, columns=COLUMNS),
                )

    def test_link_local_addresses(self) -> None:
        query = 'fe80::f816:3eff:fe00:b%eth0'
        self.assertEqual(
            [(query, 'link-local-address', 'may-use', 's1')],
            self.rows(
                query,
                columns=('Query', 'Matched As', 'Certainty', 'Server Name'),
            ),
        )

    def test_one_address_with_several_ports(self) -> None:
        queries = ('10.0.0.6', '10.0.0.6:22', '10.0.0.6:22/tcp', '[10.0.0.6]')
        self.assertEqual(
            [(query, '10.0.0.6', 'fixed-ip', 's2') for query in queries[:3]],
            self.rows(*queries, columns=COLUMNS),
        )
