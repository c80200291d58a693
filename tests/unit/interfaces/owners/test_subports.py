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

COLUMNS = ('Matched As', 'Server Name', 'Port ID', 'VLAN', 'Parent Port ID')


class TestSubports(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network('trunks', fake_cloud.trunk(11, {101: 12}))
        self.register_server(1, 'node')

    def register_subport(self, device_owner: str) -> None:
        subport = fake_cloud.port(12, 0, '10.0.0.9', device_owner=device_owner)
        self.register_ports(
            fake_cloud.port(11, 1, '10.0.0.5'),
            {**subport, 'device_id': ''},
        )

    def test_the_server_of_the_parent_port(self) -> None:
        found = (
            'subport',
            'node',
            fake_cloud.identifier(12),
            101,
            fake_cloud.identifier(11),
        )
        for device_owner in ('trunk:subport', ''):
            self.register_subport(device_owner)
            for query in (
                '10.0.0.9',
                'fa:16:3e:00:00:0c',
                fake_cloud.identifier(12),
                f'tap{fake_cloud.identifier(12)[:11]}',
            ):
                with self.subTest(query, device_owner=device_owner):
                    rows = self.rows(query, '--long', columns=COLUMNS)
                    self.assertIn(found, rows)

    def test_its_host_is_that_of_the_parent_port(self) -> None:
        """OVN binds both, and Neutron shows the host of one."""
        subport = {
            **fake_cloud.port(12, 0, '10.0.0.9', device_owner='trunk:subport'),
            'device_id': '',
        }
        parent = {'binding:host_id': 'compute-2'}
        for host, expected in (('', 'compute-2'), ('compute-1', 'compute-1')):
            self.register_ports(
                fake_cloud.port(11, 1, '10.0.0.5', **parent),
                {**subport, 'binding:host_id': host},
            )
            self.assertEqual(
                [('subport', expected)],
                self.rows('10.0.0.9', columns=('Matched As', 'Host')),
            )

    def test_a_floating_ip_is_still_one(self) -> None:
        self.register_subport('trunk:subport')
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('203.0.113.5', 12)
        )
        self.assertEqual(
            [('floating-ip', 'node', 101)],
            self.rows(
                '203.0.113.5', columns=('Matched As', 'Server Name', 'VLAN')
            ),
        )

    def test_a_trunk_that_is_not_visible(self) -> None:
        self.register_subport('trunk:subport')
        self.cloud.register_network('trunks')
        self.assertEqual(
            [('fixed-ip', None, None)],
            self.rows(
                '10.0.0.9', columns=('Matched As', 'Server Name', 'VLAN')
            ),
        )

    def test_one_that_was_given_to_a_server(self) -> None:
        """Its owner does not depend on what else is asked for."""
        self.cloud.register_network(
            'trunks', fake_cloud.trunk(11, {101: 12, 102: 13})
        )
        self.register_server(2, 'web')
        subport = fake_cloud.port(13, 0, '10.0.0.8')
        self.register_ports(
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.9'),
            {**subport, 'device_owner': 'trunk:subport', 'device_id': ''},
        )
        columns = 'Matched As', 'Server Name', 'VLAN'
        web = ('fixed-ip', 'web', None)
        self.assertEqual([web], self.rows('10.0.0.9', columns=columns))
        self.assertEqual(
            [web, ('subport', 'node', 102)],
            self.rows('10.0.0.9', '10.0.0.8', columns=columns),
        )

    def test_trunks_are_not_read_for_a_servers_port(self) -> None:
        self.register_subport('trunk:subport')
        self.rows('10.0.0.5', columns=('Query',))
        self.assertEqual(['floatingips', 'ports'], self.asked())
