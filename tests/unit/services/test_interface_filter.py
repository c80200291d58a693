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

"""Which interfaces each filter of ``server interface list`` finds."""

from tests.unit.commands import test_list
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud


class TestFilters(test_list_fleet.FleetTestCase):
    """Each of four ports differs from the others in what can be asked for."""

    NETWORK_ID = fake_cloud.identifier(700)
    OTHER_NETWORK_ID = fake_cloud.identifier(701)

    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'app'), fake_cloud.server(2, 'db'))
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(11, '10.0.0.5', '2001:db8::5', tag='nic1'),
            fake_cloud.attachment(12, '10.0.0.50', port_state='DOWN'),
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(2),
            fake_cloud.attachment(13, '2001:db8:0:1::5', tag='nic2'),
            {
                **fake_cloud.attachment(14, net_id=self.OTHER_NETWORK_ID),
                'fixed_ips': None,
            },
        )
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'networks',
            {'id': self.NETWORK_ID, 'name': 'private'},
            {'id': self.OTHER_NETWORK_ID, 'name': 'storage'},
            {'id': fake_cloud.identifier(702), 'name': 'twin'},
            {'id': fake_cloud.identifier(703), 'name': 'twin'},
        )

    def assert_finds(self, expected: list[int], *arguments: str) -> None:
        result = self.list('-f', 'value', '-c', 'Port ID', *arguments)
        self.assertEqual((0, ''), (result.status, result.stderr))
        self.assertEqual(
            [fake_cloud.identifier(port) for port in expected],
            result.stdout.split(),
            str(arguments),
        )

    def test_each(self) -> None:
        for option, value, expected in (
            ('--network', 'private', [11, 12, 13]),
            ('--network', 'storage', [14]),
            ('--network', self.OTHER_NETWORK_ID, [14]),
            ('--network', fake_cloud.identifier(799), []),
            ('--fixed-ip', '10.0.0.5', [11]),
            ('--fixed-ip', '::ffff:10.0.0.5', [11]),
            ('--fixed-ip', '10.0.0.0/24', [11, 12]),
            ('--fixed-ip', '10.0.0.1/30', []),
            ('--fixed-ip', '10.0.0.7/29', [11]),
            ('--fixed-ip', '::ffff:10.0.0.0/125', [11]),
            ('--fixed-ip', '2001:DB8:0::0:5', [11]),
            ('--fixed-ip', '2001:db8::/48', [11, 13]),
            ('--fixed-ip', '2001:db8::/64', [11]),
            ('--fixed-ip', '0.0.0.0/0', [11, 12]),
            ('--fixed-ip', '::/0', [11, 13]),
            ('--ip-version', '4', [11, 12]),
            ('--ip-version', '6', [11, 13]),
            ('--mac-address', 'fa:16:3e:00:00:0c', [12]),
            ('--mac-address', 'FA-16-3E-0-0-C', [12]),
            ('--mac-address', 'fa16.3e00.000c', [12]),
            ('--mac-address', 'FA163E00000C', [12]),
            ('--mac-address', 'fa:16:3e:00:00:c0', []),
            ('--port-state', 'DOWN', [12]),
            ('--port-state', 'down', [12]),
            ('--port-state', 'ACTIVE', [11, 13, 14]),
            ('--port-state', 'ACT', []),
            ('--tag', 'nic1', [11]),
            ('--tag', 'nic', []),
            ('--tag', 'NIC1', []),
        ):
            self.assert_finds(expected, option, value)

    def test_combined(self) -> None:
        self.assert_finds([11], '--network', 'private', '--tag', 'nic1')
        self.assert_finds([], '--network', 'storage', '--tag', 'nic1')
        self.assert_finds(
            [13],
            '--fixed-ip',
            '2001:db8::/32',
            '--mac-address',
            'fa163e00000d',
        )
        # Any address of the interface will do for each of them.
        self.assert_finds([11], '--fixed-ip', '10.0.0.5', '--ip-version', '6')
        self.assert_finds(
            [12],
            *('--network', self.NETWORK_ID, '--fixed-ip', '10.0.0.50'),
            *('--ip-version', '4', '--mac-address', 'fa-16-3e-00-00-0c'),
            *('--port-state', 'DOWN'),
        )
        self.assert_finds([12], 'app', '--port-state', 'DOWN')

    def test_nothing_is_left(self) -> None:
        for output_format, expected in (
            ('table', '\n'),
            ('csv', None),
            ('json', '[]\n'),
        ):
            result = self.list('-f', output_format, '--fixed-ip', '192.0.2.1')
            self.assertEqual((0, ''), (result.status, result.stderr))
            if expected is not None:
                self.assertEqual(expected, result.stdout)

    def test_requests(self) -> None:
        self.list('--network', 'private', '--fixed-ip', '10.0.0.0/8')
        self.assertEqual(
            [
                f'GET {fake_cloud.NETWORK_URL}/v2.0/networks?name=private'
                '&fields=id',
                f'GET {test_list_fleet.SERVERS_URL}',
                f'GET {test_list_fleet.interfaces_url(1)}',
                f'GET {test_list_fleet.interfaces_url(2)}',
            ],
            [
                line
                for line in self.requested()
                # Some releases of the SDK ask for it.
                if line != f'GET {fake_cloud.NETWORK_URL}'
            ],
        )

    def test_network_is_unknown_or_ambiguous(self) -> None:
        self.assert_fails(
            self.list('--network', 'privat'),
            "No network with the name or ID 'privat' exists.",
        )
        self.assert_fails(
            self.list('--network', 'twin'),
            "2 networks have the name 'twin', use an ID: "
            f'{fake_cloud.identifier(702)}, {fake_cloud.identifier(703)}',
        )

    def test_malformed(self) -> None:
        for option, value, message in (
            ('fixed-ip', '10.0.0', 'is not an IP address or CIDR'),
            ('fixed-ip', '10.0.0.256', 'is not an IP address or CIDR'),
            ('fixed-ip', '10.0.0.0/33', 'is not an IP address or CIDR'),
            ('fixed-ip', 'fe80::1%eth0', 'is not an IP address or CIDR'),
            ('fixed-ip', 'fe80::1%eth0/64', 'is not an IP address or CIDR'),
            ('fixed-ip', '', 'is not an IP address or CIDR'),
            ('mac-address', 'fa:16:3e:00:00', 'is not a MAC address'),
            ('mac-address', 'fa:16:3e:00:00:0g', 'is not a MAC address'),
            ('mac-address', '', 'is not a MAC address'),
        ):
            self.cloud.reset_mock()
            result = self.list(f'--{option}={value}')
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertTrue(
                result.stderr.endswith(
                    f"error: argument --{option}: '{value}' {message}\n"
                ),
                result.stderr,
            )
            self.assertEqual(test_list.AUTHENTICATION, self.cloud.requested())

    def test_unknown_choice(self) -> None:
        for option, value in (
            ('ip-version', '5'),
            ('ip-version', 'four'),
            ('source', 'neutron'),
        ):
            self.cloud.reset_mock()
            result = self.list(f'--{option}', value)
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertIn(f'error: argument --{option}: ', result.stderr)
            self.assertEqual(test_list.AUTHENTICATION, self.cloud.requested())

    def test_hostile_value(self) -> None:
        result = self.list('--fixed-ip', '\x1b[2J')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertNotIn('\x1b', result.stderr)

    def test_tag_needs_its_microversion(self) -> None:
        message = (
            '--os-compute-api-version 2.70 or greater is required to support '
            'the --tag option'
        )
        self.assert_fails(
            self.openstack(
                *('--os-compute-api-version', '2.69'),
                *('server', 'interface', 'list', '--tag', 'nic1'),
            ),
            message,
        )
        self.cloud.register_compute_versions(maximum='2.69')
        self.assert_fails(self.list('--tag', 'nic1'), message)

    def test_source_that_does_not_know(self) -> None:
        for option, value, source in (
            ('tag', 'nic1', 'network'),
            ('tag', 'nic1', 'cache'),
            ('port-state', 'DOWN', 'cache'),
        ):
            self.assert_fails(
                self.list(f'--{option}', value, '--source', source),
                f'--{option} cannot be combined with --source {source}, '
                'which does not know it',
            )
        self.assert_fails(
            self.list('--network', self.NETWORK_ID, '--source', 'cache'),
            '--network with an ID cannot be combined with --source cache, '
            'which knows only the names of networks',
        )
