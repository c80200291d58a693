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

LOAD_BALANCER = fake_cloud.identifier(50)

COLUMNS = ('Matched As', 'Certainty', 'Server Name', 'Port ID', 'Device ID')


class TestLoadBalancers(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        virtual_ip = fake_cloud.port(
            *(14, 0, '10.0.0.100'), device_owner='Octavia'
        )
        self.register_ports(
            {**virtual_ip, 'device_id': f'lb-{LOAD_BALANCER}'},
            fake_cloud.port(
                *(15, 3, '10.0.0.7'),
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
                    *('load-balancer', 'owns', None),
                    *(fake_cloud.identifier(14), f'lb-{LOAD_BALANCER}'),
                ),
                (
                    *('allowed-address', 'may-use', 'amphora-1'),
                    *(fake_cloud.identifier(15), fake_cloud.identifier(3)),
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
                        *('10.0.0.100', '--long'),
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
                *('10.0.0.100', '--long'),
                columns=('Matched As', 'Device Name'),
            ),
        )

    def test_an_id_that_is_none(self) -> None:
        for device_id in ('lb-../flavors', 'lb-', 'lb-1'):
            with self.subTest(device_id):
                port = fake_cloud.port(
                    *(14, 0, '10.0.0.100'), device_owner='Octavia'
                )
                self.register_ports({**port, 'device_id': device_id})
                self.assertEqual(
                    [('fixed-ip', None)],
                    self.rows(
                        *('10.0.0.100', '--long'),
                        columns=('Matched As', 'Device Name'),
                    ),
                )
