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

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud

GROUP_ID = fake_cloud.identifier(800)
SUBNET_ID = fake_cloud.identifier(901)

CANNOT_BE_TOLD = (
    '%d interfaces are left out, because Neutron does not show this user '
    'whether they match\n'
)


class TestPortFilters(test_list_fleet.FleetTestCase):
    """Filters that need Neutron, on three interfaces."""

    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'app'), fake_cloud.server(2, 'db'))
        addresses = {
            11: [fake_cloud.fixed_ip('10.0.0.1')],
            12: [
                fake_cloud.fixed_ip('10.0.0.2'),
                fake_cloud.fixed_ip('2001:db8::2', 901),
            ],
            13: [],
        }
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            *(
                fake_cloud.attachment(port, fixed_ips=addresses[port])
                for port in (11, 12)
            ),
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(2), fake_cloud.attachment(13, fixed_ips=None)
        )
        self.ports = [
            fake_cloud.port(
                11, 1, fixed_ips=addresses[11], port_security_enabled=True
            ),
            fake_cloud.port(
                12,
                1,
                fixed_ips=addresses[12],
                port_security_enabled=False,
                security_groups=[],
                **{
                    'binding:vnic_type': 'direct',
                    'binding:vif_type': 'hw_veb',
                    'binding:profile': {'pci_slot': '0000:03:10.2'},
                },
            ),
            fake_cloud.port(
                13,
                2,
                port_security_enabled=True,
                security_groups=[GROUP_ID, fake_cloud.identifier(801)],
                **{'binding:vif_type': 'vhostuser'},
            ),
        ]
        self.cloud.register_network_versions()
        self.cloud.register_network('ports', *self.ports)
        self.cloud.register_network(
            'subnets',
            {'id': fake_cloud.identifier(900), 'name': 'v4'},
            {'id': SUBNET_ID, 'name': 'v6'},
            {'id': fake_cloud.identifier(902), 'name': 'twin'},
            {'id': fake_cloud.identifier(903), 'name': 'twin'},
        )
        self.cloud.register_network(
            'security-groups',
            {'id': GROUP_ID, 'name': 'web'},
            {'id': fake_cloud.identifier(801), 'name': 'ssh'},
            {'id': fake_cloud.identifier(802), 'name': 'default'},
            {'id': fake_cloud.identifier(803), 'name': 'default'},
        )

    def asked_of_neutron(self) -> list[str]:
        prefix = f'GET {fake_cloud.NETWORK_URL}/v2.0/'
        return [
            line.removeprefix(prefix).partition('?')[0]
            for line in self.cloud.requested()
            if line.startswith(prefix)
        ]

    def test_each_in_both_live_views(self) -> None:
        device = '00000000-00'
        for arguments, expected in (
            (('--subnet', 'v4'), [11, 12]),
            (('--subnet', 'v6'), [12]),
            (('--subnet', SUBNET_ID.upper()), [12]),
            (('--subnet', fake_cloud.identifier(902)), []),
            (('--security-group', 'web'), [11, 13]),
            (('--security-group', 'ssh'), [13]),
            (('--security-group', GROUP_ID.upper()), [11, 13]),
            (('--no-security-group',), [12]),
            (('--no-security-group', '--security-group', 'web'), []),
            (('--vnic-type', 'normal'), [11, 13]),
            (('--vnic-type', 'direct'), [12]),
            (('--vnic-type', 'direct-physical'), []),
            (('--host-device', f'tap{device}'), [11]),
            (('--host-device', f'vhu{device}'), [13]),
            (('--host-device', '0000:03:10.2'), [12]),
            (('--host-device', 'tap'), []),
            (('--no-port-security',), [12]),
            (('--no-port-security', '--security-group', 'web'), []),
            (('--subnet', 'v4', '--vnic-type', 'normal'), [11]),
        ):
            for source in ('compute', 'network'):
                with self.subTest(arguments=arguments, source=source):
                    self.assertEqual(
                        command_result.Result(
                            0,
                            ''.join(
                                f'{fake_cloud.identifier(port)}\n'
                                for port in expected
                            ),
                            '',
                        ),
                        self.list(
                            '-f',
                            'value',
                            '-c',
                            'Port ID',
                            '--sort-column',
                            'Port ID',
                            '--source',
                            source,
                            *arguments,
                        ),
                    )

    def test_requests(self) -> None:
        for arguments, expected in (
            (('--subnet', 'v6'), ['subnets']),
            (('--subnet', SUBNET_ID), []),
            # Whether it exists is asked if nothing has it.
            (('--subnet', fake_cloud.identifier(902)), ['subnets']),
            (('--security-group', 'web'), ['security-groups', 'ports']),
            (('--security-group', GROUP_ID), ['ports']),
            (('--vnic-type', 'normal'), ['ports']),
            (('--host-device', 'tap', '-c', 'Host'), ['ports']),
            (('--no-port-security', '-c', 'Port Name'), ['ports']),
            # Interfaces that are already excluded are not read.
            (('--no-port-security', '--ip-version', '6'), ['ports']),
            (('--no-port-security', '--mac-address', 'fa163e0000ff'), []),
        ):
            with self.subTest(arguments=arguments):
                self.cloud.reset_mock()
                result = self.list('-c', 'Port ID', *arguments)
                self.assertEqual((0, ''), (result.status, result.stderr))
                self.assertEqual(expected, self.asked_of_neutron())

    def test_the_cache_refuses(self) -> None:
        for option, *value in (
            ('--subnet', 'v4'),
            ('--security-group', 'web'),
            ('--vnic-type', 'normal'),
            ('--host-device', 'tap0'),
            ('--no-port-security',),
        ):
            with self.subTest(option=option):
                self.assertEqual(
                    command_result.Result(
                        2,
                        '',
                        f"{option} cannot be used here: Nova's cache does "
                        'not have it.\n',
                    ),
                    self.list('--source', 'cache', option, *value),
                )

    def test_ambiguous_and_unknown_names(self) -> None:
        for option, name, message in (
            (
                '--subnet',
                'twin',
                "2 subnets have the name 'twin', use an ID: "
                f'{fake_cloud.identifier(902)}, {fake_cloud.identifier(903)}',
            ),
            (
                '--subnet',
                'v',
                "No subnet with the name or ID 'v' exists. Did you mean 'v6'?",
            ),
            (
                '--security-group',
                'default',
                "2 security groups have the name 'default', use an ID: "
                f'{fake_cloud.identifier(802)}, {fake_cloud.identifier(803)}',
            ),
            (
                '--security-group',
                'we',
                "No security group with the name or ID 'we' exists. Did you "
                "mean 'web'?",
            ),
        ):
            with self.subTest(option=option, name=name):
                self.assertEqual(
                    command_result.Result(1, '', f'{message}\n'),
                    self.list(option, name),
                )

    def test_unknown_ids(self) -> None:
        self.cloud.register_network('networks')
        unknown = fake_cloud.identifier(999)
        for kind in ('network', 'subnet', 'security group'):
            option = f'--{kind.replace(" ", "-")}'
            with self.subTest(option):
                self.assertEqual(
                    command_result.Result(
                        1,
                        '',
                        f"No {kind} with the name or ID '{unknown}' exists.\n",
                    ),
                    self.list(option, unknown),
                )

    def test_unknown_vnic_type(self) -> None:
        result = self.list('--vnic-type', 'vhost')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn('error: argument --vnic-type: ', result.stderr)

    def test_what_cannot_be_told_is_a_failure(self) -> None:
        for port in self.ports:
            del port['binding:host_id'], port['binding:vif_type']
        del self.ports[0]['port_security_enabled']
        self.cloud.register_extensions('port-security')
        self.cloud.register_network('ports', *self.ports[:2])
        for arguments, ports, count in (
            # Of the first port too little is visible to this user, and nothing
            # of the third.
            (('--vnic-type', 'direct'), '12', 2),
            (('--no-port-security',), '12', 2),
            (('--host-device', 'tap0', '--vnic-type', 'normal'), '', 2),
        ):
            with self.subTest(arguments=arguments):
                result = self.list('-f', 'value', '-c', 'Port ID', *arguments)
                expected = ports and f'{fake_cloud.identifier(int(ports))}\n'
                self.assertEqual((1, expected), (result.status, result.stdout))
                self.assertTrue(
                    result.stderr.endswith(CANNOT_BE_TOLD % count),
                    result.stderr,
                )

    def test_security_groups_that_are_not_shown(self) -> None:
        for port in self.ports:
            del port['security_groups']
        self.cloud.register_network('ports', *self.ports)
        self.cloud.register_extensions('security-group')
        result = self.list('-f', 'value', '--no-security-group')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertTrue(result.stderr.endswith(CANNOT_BE_TOLD % 3))
        self.cloud.register_extensions('agent')
        result = self.list('-f', 'value', '--no-security-group')
        self.assertEqual((0, ''), (result.status, result.stderr))

    def test_servers_without_a_port(self) -> None:
        """Nova tells whether a server that has none exists."""
        bare, unknown = map(fake_cloud.identifier, (3, 4))
        for server_id, answer in (
            (bare, {'json': {'server': fake_cloud.server(3, 'bare')}}),
            (unknown, {'status_code': 404, 'json': {}}),
        ):
            self.cloud.get(
                f'{test_list_fleet.SERVERS_URL}/{server_id}', **answer
            )
        for server_ids, expected in (
            ([bare], command_result.Result(0, '', '')),
            (
                [unknown],
                command_result.Result(
                    1,
                    '',
                    f'Server {unknown}: {test_list_fleet.OTHER_PROJECT_HINT} '
                    '(HTTP 404)\n',
                ),
            ),
            (
                [fake_cloud.identifier(2), bare, unknown],
                command_result.Result(
                    1,
                    f'{fake_cloud.identifier(13)}\n',
                    f'Server {unknown}: {test_list_fleet.OTHER_PROJECT_HINT} '
                    '(HTTP 404)\n',
                ),
            ),
        ):
            with self.subTest(server_ids):
                self.cloud.reset_mock()
                self.assertEqual(
                    expected,
                    self.list(
                        '--source',
                        'network',
                        '-f',
                        'value',
                        '-c',
                        'Port ID',
                        *server_ids,
                    ),
                )
        self.assertEqual(
            2,
            sum(
                'nova.test' in line and 'servers/' in line
                for line in self.cloud.requested()
            ),
        )

    def test_servers_that_are_not_shown(self) -> None:
        for port in self.ports:
            del port['device_id']
        self.cloud.get(test_list_fleet.PORTS_URL, json={'ports': self.ports})
        result = self.list('-f', 'value', '--source', 'network')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn('ports[2].device_id is missing', result.stderr)

    def test_ports_are_forbidden(self) -> None:
        self.cloud.get(test_list_fleet.PORTS_URL, status_code=403, text='No.')
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Some values are missing: Ports: this is not allowed: No. '
                '(HTTP 403)\n' + CANNOT_BE_TOLD % 3,
            ),
            self.list('-f', 'value', '--no-port-security'),
        )
