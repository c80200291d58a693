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

"""The subports that ``server interface list --subports`` shows."""

import json

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud

PARENT = fake_cloud.identifier(11)


class TestSubports(test_list_fleet.FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'node'), fake_cloud.server(2, 'db'))
        for number in (1, 2):
            self.cloud.register_interfaces(
                fake_cloud.identifier(number),
                fake_cloud.attachment(10 + number, f'10.0.0.{number}'),
            )
        self.cloud.register_network_versions()
        self.parent = fake_cloud.port(
            11,
            1,
            '10.0.0.1',
            trunk_details={
                'trunk_id': fake_cloud.identifier(30),
                'sub_ports': [
                    {
                        'port_id': fake_cloud.identifier(port),
                        'segmentation_type': 'vlan',
                        'segmentation_id': vlan,
                        'mac_address': f'fa:16:3e:00:00:{port:02x}',
                    }
                    for port, vlan in ((21, 1001), (22, 101))
                ],
            },
        )
        subport = fake_cloud.port(
            21, 0, '10.1.0.1', device_owner='trunk:subport', device_id=''
        )
        # The other one belongs to another project.
        self.cloud.register_network(
            'ports', self.parent, fake_cloud.port(12, 2, '10.0.0.2'), subport
        )

    def list_subports(self, *arguments: str) -> command_result.Result:
        return self.list(
            '--subports',
            '-f',
            'value',
            '-c',
            'Server Name',
            '-c',
            'MAC Address',
            '-c',
            'Fixed IPs',
            '-c',
            'VLAN',
            '-c',
            'Parent Port ID',
            *arguments,
        )

    def test_after_the_parent_by_vlan(self) -> None:
        for source in ('compute', 'network'):
            with self.subTest(source):
                self.assertEqual(
                    command_result.Result(
                        0,
                        'db fa:16:3e:00:00:0c 10.0.0.2  \n'
                        'node fa:16:3e:00:00:0b 10.0.0.1  \n'
                        f'node fa:16:3e:00:00:16  {PARENT} 101\n'
                        f'node fa:16:3e:00:00:15 10.1.0.1 {PARENT} 1001\n',
                        '',
                    ),
                    self.list_subports('--source', source),
                )

    def test_structure(self) -> None:
        rows = json.loads(self.list('--subports', '-f', 'json').stdout)
        self.assertEqual(
            [(None, None), (None, None), (PARENT, 101), (PARENT, 1001)],
            [(row['Parent Port ID'], row['VLAN']) for row in rows],
        )

    def test_filters_find_subports(self) -> None:
        self.assertEqual(
            command_result.Result(
                0, f'node fa:16:3e:00:00:15 10.1.0.1 {PARENT} 1001\n', ''
            ),
            self.list_subports('--fixed-ip', '10.1.0.1'),
        )

    def test_not_without_the_option(self) -> None:
        rows = json.loads(self.list('-f', 'json').stdout)
        self.assertEqual(2, len(rows))
        self.assertNotIn('VLAN', rows[0])

    def test_diff_lists_them_again(self) -> None:
        before = self.create_file(self.list('--subports', '-f', 'json').stdout)
        diff = 'server', 'interface', 'diff', before, '-f', 'value'
        self.assertEqual(
            command_result.Result(0, '', ''), self.openstack(*diff)
        )
        self.parent['trunk_details'] = None
        columns = '-c', 'Port ID', '-c', 'Change'
        self.assertEqual(
            command_result.Result(
                3,
                f'{fake_cloud.identifier(21)} detached\n'
                f'{fake_cloud.identifier(22)} detached\n',
                '',
            ),
            self.openstack(*diff, *columns),
        )

    def test_cache_does_not_have_them(self) -> None:
        self.assertEqual(
            command_result.Result(
                2,
                '',
                "--subports cannot be used here: Nova's cache does not have "
                'it.\n',
            ),
            self.list('--subports', '--source', 'cache'),
        )

    def test_subports_that_cannot_be_read(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/ports',
            [
                {
                    'json': {
                        'ports': [
                            self.parent,
                            fake_cloud.port(12, 2, '10.0.0.2'),
                        ]
                    }
                },
                {'status_code': 403, 'json': {}},
            ],
        )
        self.assertEqual(
            command_result.Result(
                1, '', 'Ports: this is not allowed (HTTP 403)\n'
            ),
            self.list_subports(),
        )

    def test_ports_that_cannot_be_read(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=403, json={}
        )
        self.assertEqual(
            command_result.Result(
                1,
                'db fa:16:3e:00:00:0c 10.0.0.2  \n'
                'node fa:16:3e:00:00:0b 10.0.0.1  \n',
                'Some values are missing: Ports: this is not allowed (HTTP '
                '403)\n',
            ),
            self.list_subports(),
        )
