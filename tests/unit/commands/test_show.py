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

from tests import command_result
from tests.unit import base
from tests.unit import fake_cloud

SERVER_ID = fake_cloud.identifier(1)
INTERFACES_URL = f'{fake_cloud.COMPUTE_URL}/servers/{SERVER_ID}/os-interface'


class TestShow(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.port_id = fake_cloud.identifier(11)
        self.attachments = [
            fake_cloud.attachment(11, '10.0.0.5', '2001:db8::5', tag='nic1'),
            fake_cloud.attachment(12, '10.0.0.6'),
        ]
        self.cloud.register_interfaces(SERVER_ID, *self.attachments)
        self.cloud.get(
            f'{INTERFACES_URL}/{self.port_id}',
            json={'interfaceAttachment': self.attachments[0]},
        )
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5', '2001:db8::5', name='front'),
        )
        self.cloud.register_network(
            'networks', {'id': fake_cloud.identifier(700), 'name': 'net'}
        )
        self.cloud.register_network(
            'subnets', {'id': fake_cloud.identifier(900), 'name': 'subnet'}
        )
        self.cloud.register_network(
            'security-groups',
            {'id': fake_cloud.identifier(800), 'name': 'default'},
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('203.0.113.5', 11)
        )

    def show(self, *arguments: str) -> command_result.Result:
        return self.openstack('server', 'interface', 'show', *arguments)

    def test_json(self) -> None:
        for interface in (
            self.port_id,
            'FA163E00000B',
            '10.0.0.5',
            '2001:DB8:0::5',
        ):
            result = self.show(SERVER_ID, interface, '-f', 'json')
            self.assertEqual((0, ''), (result.status, result.stderr))
            self.assertEqual(
                {
                    'Port ID': self.port_id,
                    'Network ID': fake_cloud.identifier(700),
                    'MAC Address': 'fa:16:3e:00:00:0b',
                    'Fixed IPs': [
                        fake_cloud.fixed_ip('10.0.0.5'),
                        fake_cloud.fixed_ip('2001:db8::5'),
                    ],
                    'Port State': 'ACTIVE',
                    'Tag': 'nic1',
                    'Network Name': 'net',
                    'MTU': None,
                    'Port Name': 'front',
                    'Subnet Names': ['subnet'],
                    'Subnet CIDRs': [],
                    'Floating IPs': ['203.0.113.5'],
                    'Port Forwardings': [],
                    'Security Groups': ['default'],
                    'Port Security': None,
                    'Allowed Address Pairs': [],
                    'Admin State': None,
                    'Host': 'compute-1',
                    'VIF Type': 'ovs',
                    'VNIC Type': 'normal',
                    'Host Device': f'tap{self.port_id[:11]}',
                },
                json.loads(result.stdout),
            )

    def test_a_port_id_costs_one_request(self) -> None:
        self.show(SERVER_ID, self.port_id)
        self.assertEqual(
            [f'GET {INTERFACES_URL}/{self.port_id}'],
            [url for url in self.cloud.requested() if 'os-interface' in url],
        )

    def test_table_has_a_line_for_each_value(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                '+-----------+-------------+\n'
                '| Field     | Value       |\n'
                '+-----------+-------------+\n'
                '| Fixed IPs | 10.0.0.5    |\n'
                '|           | 2001:db8::5 |\n'
                '| Tag       | nic1        |\n'
                '+-----------+-------------+\n',
                '',
            ),
            self.show(
                *(SERVER_ID, self.port_id, '-c', 'Fixed IPs', '-c', 'Tag')
            ),
        )

    def test_value(self) -> None:
        self.assertEqual(
            command_result.Result(0, '10.0.0.5,2001:db8::5\n', ''),
            self.show(
                *(SERVER_ID, self.port_id, '-f', 'value', '-c', 'Fixed IPs')
            ),
        )

    def test_without_neutron(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=403, text=''
        )
        self.assertEqual(
            command_result.Result(
                0,
                'ACTIVE\n\n',
                'Some values are missing: Ports: this is not allowed (HTTP '
                '403)\n',
            ),
            self.show(
                *(SERVER_ID, self.port_id, '-f', 'value'),
                *('-c', 'Port State', '-c', 'Port Name'),
            ),
        )

    def test_unknown_interface(self) -> None:
        unknown = fake_cloud.identifier(99)
        self.cloud.get(f'{INTERFACES_URL}/{unknown}', status_code=404, json={})
        for interface in (unknown, '10.0.0.55', 'fa:16:3e:00:00:99'):
            self.assertEqual(
                command_result.Result(
                    1,
                    '',
                    f"The server has no interface '{interface}'; it has: "
                    f'{self.port_id} fa:16:3e:00:00:0b 10.0.0.5 2001:db8::5; '
                    f'{fake_cloud.identifier(12)} fa:16:3e:00:00:0c '
                    '10.0.0.6\n',
                ),
                self.show(SERVER_ID, interface),
            )

    def test_server_without_interfaces(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        self.assertEqual(
            command_result.Result(
                1, '', "The server has no interface '10.0.0.5'; it has none\n"
            ),
            self.show(SERVER_ID, '10.0.0.5'),
        )

    def test_unknown_server(self) -> None:
        for url in (INTERFACES_URL, f'{INTERFACES_URL}/{self.port_id}'):
            self.cloud.get(url, status_code=404, json={})
        result = self.show(SERVER_ID, self.port_id)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            rf'\AInterfaces of server {SERVER_ID}: not found; [^\n]*\n\Z',
        )

    def test_one_address_on_two_interfaces(self) -> None:
        self.cloud.register_interfaces(
            SERVER_ID,
            fake_cloud.attachment(11, '10.0.0.5'),
            fake_cloud.attachment(12, '10.0.0.5'),
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                "Several interfaces have '10.0.0.5', use a port ID: "
                f'{self.port_id}, {fake_cloud.identifier(12)}\n',
            ),
            self.show(SERVER_ID, '10.0.0.5'),
        )
