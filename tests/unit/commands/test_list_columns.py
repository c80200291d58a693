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

from collections.abc import Mapping
import json
from urllib import parse

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud

SERVER_ID = fake_cloud.identifier(1)
TRUNK_ID = fake_cloud.identifier(501)
SUBPORT_ID = fake_cloud.identifier(502)

# Column, value in json, value in csv, and the requests to Neutron.
COLUMNS: tuple[tuple[str, object, str, list[str]], ...] = (
    ('NIC Index', 0, '0', []),
    ('Network Type', ['vlan'], 'vlan', ['networks']),
    ('Segmentation ID', [101], '101', ['networks']),
    ('Physical Network', ['physnet1'], 'physnet1', ['networks']),
    ('MTU', 1500, '1500', ['networks']),
    (
        'Subnet CIDRs',
        ['10.0.0.0/24', '2001:db8::/64'],
        '10.0.0.0/24,2001:db8::/64',
        ['subnets'],
    ),
    ('Gateway', ['10.0.0.254'], '10.0.0.254', ['subnets']),
    ('Port Security', True, 'True', ['ports']),
    (
        'Allowed Address Pairs',
        [
            {'ip_address': '10.0.0.100', 'mac_address': 'fa:16:3e:00:00:0b'},
            {'ip_address': '10.0.1.0/24', 'mac_address': None},
        ],
        '10.0.0.100@fa:16:3e:00:00:0b,10.0.1.0/24',
        ['ports'],
    ),
    ('QoS Policy', 'gold', 'gold', ['ports', 'policies']),
    ('DNS Name', 'web', 'web', ['ports']),
    ('Device Owner', 'compute:az1', 'compute:az1', ['ports']),
    ('Admin State', False, 'False', ['ports']),
    ('Trunk', TRUNK_ID, TRUNK_ID, ['ports']),
    (
        'Subports',
        [
            {
                'port_id': SUBPORT_ID,
                'segmentation_type': 'vlan',
                'segmentation_id': 101,
                'mac_address': 'fa:16:3e:00:00:99',
            }
        ],
        f'101={SUBPORT_ID}',
        ['ports'],
    ),
    ('Port Tags', ['a', 'b'], 'a,b', ['ports']),
    ('Description', 'the front', 'the front', ['ports']),
    (
        'Created At',
        '2026-01-02T03:04:05Z',
        '2026-01-02T03:04:05Z',
        ['ports'],
    ),
    (
        'Updated At',
        '2026-01-02T01:04:05Z',
        '2026-01-02T01:04:05Z',
        ['ports'],
    ),
    ('PCI Address', '0000:03:10.2', '0000:03:10.2', ['ports']),
    ('Host Device', '0000:03:10.2', '0000:03:10.2', ['ports']),
)

LISTS = frozenset(
    {
        'Network Type',
        'Segmentation ID',
        'Physical Network',
        'Subnet CIDRs',
        'Gateway',
        'Allowed Address Pairs',
        'Subports',
        'Port Tags',
    }
)

BINDING_IS_HIDDEN = (
    'How ports are bound is not known: Neutron shows that to administrators '
    'only\n'
)
PORT_IS_HIDDEN = (
    f'Port {fake_cloud.identifier(12)}: Neutron does not show it\n'
)
PROVIDER_IS_HIDDEN = (
    'How networks are provided is not known: Neutron shows that to '
    'administrators only\n'
)


class TestColumns(test_list_fleet.FleetTestCase):
    """One interface of which everything is known, and one without a port."""

    def setUp(self) -> None:
        super().setUp()
        self.register(
            fake_cloud.server(
                1,
                'web',
                addresses={'net': [fake_cloud.cached(11, '10.0.0.1')]},
            ),
            fake_cloud.server(2, 'db'),
        )
        fixed_ips = [
            fake_cloud.fixed_ip('10.0.0.1'),
            fake_cloud.fixed_ip('2001:db8::1', 901),
        ]
        self.cloud.register_interfaces(
            SERVER_ID, fake_cloud.attachment(11, fixed_ips=fixed_ips)
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(2),
            fake_cloud.attachment(
                12, fixed_ips=[], net_id=fake_cloud.identifier(709)
            ),
        )
        self.port = fake_cloud.port(
            11,
            1,
            fixed_ips=fixed_ips,
            device_owner='compute:az1',
            admin_state_up=False,
            port_security_enabled=True,
            allowed_address_pairs=[
                {
                    'ip_address': '10.0.0.100',
                    'mac_address': 'fa:16:3e:00:00:0b',
                },
                {'ip_address': '10.0.1.0/24'},
            ],
            qos_policy_id=fake_cloud.identifier(601),
            dns_name='web',
            description='the front',
            tags=['a', 'b'],
            created_at='2026-01-02T03:04:05Z',
            updated_at='2026-01-02T03:04:05+02:00',
            trunk_details={
                'trunk_id': TRUNK_ID,
                'sub_ports': [
                    {
                        'port_id': SUBPORT_ID,
                        'segmentation_type': 'vlan',
                        'segmentation_id': 101,
                        'mac_address': 'fa:16:3e:00:00:99',
                    }
                ],
            },
            **{
                'binding:vnic_type': 'direct',
                'binding:vif_type': 'hw_veb',
                'binding:profile': {'pci_slot': '0000:03:10.2'},
            },
        )
        self.network = {
            'id': fake_cloud.identifier(700),
            'name': 'private',
            'mtu': 1500,
            'provider:network_type': 'vlan',
            'provider:segmentation_id': 101,
            'provider:physical_network': 'physnet1',
        }
        self.cloud.register_network_versions()
        self.cloud.register_network('ports', self.port)
        self.cloud.register_network('networks', self.network)
        self.cloud.register_network(
            'subnets',
            {
                'id': fake_cloud.identifier(900),
                'name': 'v4',
                'cidr': '10.0.0.0/24',
                'gateway_ip': '10.0.0.254',
            },
            {
                'id': fake_cloud.identifier(901),
                'name': 'v6',
                'cidr': '2001:db8::/64',
                'gateway_ip': None,
            },
        )
        self.register_policies(
            {'id': fake_cloud.identifier(601), 'name': 'gold'},
            {'id': fake_cloud.identifier(602), 'name': 'silver'},
        )

    def register_policies(self, *policies: dict[str, object]) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/qos/policies',
            json={'policies': list(policies)},
        )

    def asked_of_neutron(self) -> list[str]:
        """Return the collections that were requested."""
        return [
            parse.urlsplit(line).path.rpartition('/')[2]
            for line in self.cloud.requested()
            if line.startswith(f'GET {fake_cloud.NETWORK_URL}/v2.0/')
        ]

    def test_each_in_every_format(self) -> None:
        for column, value, text, collections in COLUMNS:
            with self.subTest(column=column):
                nothing: list[str] | None = [] if column in LISTS else None
                for source, beside in (
                    ('compute', []),
                    ('network', ['ports']),
                ):
                    self.cloud.reset_mock()
                    result = self.list(
                        '-f', 'json', '-c', column, '--source', source
                    )
                    lacks_port = source == 'compute' and 'ports' in collections
                    self.assertEqual(
                        (0, PORT_IS_HIDDEN if lacks_port else ''),
                        (result.status, result.stderr),
                    )
                    found = json.loads(result.stdout)
                    self.assertEqual({column: value}, found[-1])
                    self.assertEqual(
                        sorted({*beside, *collections}),
                        sorted(self.asked_of_neutron()),
                    )
                    if source == 'compute':
                        self.assertEqual({column: nothing}, found[0])
                self.assertEqual(
                    command_result.Result(
                        0,
                        f'"{column}"\n""\n"{text}"\n',
                        PORT_IS_HIDDEN if 'ports' in collections else '',
                    ),
                    self.list('-f', 'csv', '-c', column, '--quote', 'all'),
                )

    def test_sorts_on_every_column(self) -> None:
        for column, value, _text, collections in COLUMNS:
            with self.subTest(column=column):
                for direction, index in (
                    ('--sort-ascending', 1),
                    ('--sort-descending', 0),
                ):
                    result = self.list(
                        '-f',
                        'json',
                        '-c',
                        column,
                        '--sort-column',
                        column,
                        direction,
                    )
                    self.assertEqual(
                        (0, PORT_IS_HIDDEN if 'ports' in collections else ''),
                        (result.status, result.stderr),
                    )
                    self.assertEqual(
                        value, json.loads(result.stdout)[index][column]
                    )

    def test_the_cache_has_the_nic_index_only(self) -> None:
        for column, value, _text, _collections in COLUMNS:
            with self.subTest(column=column):
                self.cloud.reset_mock()
                result = self.list(
                    'web', '-f', 'json', '-c', column, '--source', 'cache'
                )
                nothing: list[str] | None = [] if column in LISTS else None
                has_it = column == 'NIC Index'
                self.assertEqual(0, result.status)
                self.assertEqual(
                    [{column: value if has_it else nothing}],
                    json.loads(result.stdout),
                )
                self.assertEqual(
                    ''
                    if has_it
                    else f"{column} is empty: Nova's cache does not have "
                    'it.\n',
                    result.stderr,
                )
                self.assertEqual([], self.asked_of_neutron())

    def test_the_cache_has_what_the_server_has(self) -> None:
        self.assertEqual(
            command_result.Result(
                0, f'{SERVER_ID} web fa:16:3e:00:00:0b net \n', ''
            ),
            self.list(
                'web',
                '-f',
                'value',
                '--source',
                'cache',
                '-c',
                'Server Name',
                '-c',
                'Server ID',
                '-c',
                'MAC Address',
                '-c',
                'Network Name',
                '-c',
                'Floating IPs',
            ),
        )

    def test_a_network_that_the_cache_does_not_have(self) -> None:
        line = "No server has the network 'nat' in Nova's cache.\n"
        for name, *streams in ('net', 'web\n', ''), ('nat', '', line):
            with self.subTest(name):
                self.assertEqual(
                    command_result.Result(0, *streams),
                    self.list(
                        '--source',
                        'cache',
                        '--network',
                        name,
                        '-f',
                        'value',
                        '-c',
                        'Server Name',
                    ),
                )

    def test_nic_index_of_one_server_costs_its_details(self) -> None:
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}/{SERVER_ID}',
            json={'server': self.servers[0]},
        )
        self.assertEqual(
            command_result.Result(0, '0\n', ''),
            self.list(SERVER_ID, '-f', 'value', '-c', 'NIC Index'),
        )
        self.assertEqual(
            [
                f'GET {test_list_fleet.SERVERS_URL}/{SERVER_ID}',
                f'GET {test_list_fleet.interfaces_url(1)}',
            ],
            self.requested(),
        )

    def test_nic_index_needs_all_interfaces(self) -> None:
        """A filter removes rows after they were numbered."""
        self.register(
            fake_cloud.server(
                1,
                'web',
                addresses={
                    'b': [fake_cloud.cached(12, '10.0.1.1')],
                    'a': [fake_cloud.cached(11, '10.0.0.1')],
                },
            )
        )
        self.cloud.register_interfaces(
            SERVER_ID,
            fake_cloud.attachment(11, '10.0.0.1'),
            fake_cloud.attachment(12, '10.0.1.1'),
        )
        for source in ('compute', 'cache'):
            self.assertEqual(
                command_result.Result(0, '1\n', ''),
                self.list(
                    '-f',
                    'value',
                    '-c',
                    'NIC Index',
                    '--source',
                    source,
                    '--fixed-ip',
                    '10.0.0.1',
                ),
            )

    def test_policy_of_the_network(self) -> None:
        self.cloud.register_network(
            'ports',
            {
                **self.port,
                'qos_policy_id': None,
                'qos_network_policy_id': fake_cloud.identifier(602),
            },
        )
        self.assertEqual(
            command_result.Result(0, '\nsilver\n', PORT_IS_HIDDEN),
            self.list('-f', 'value', '-c', 'QoS Policy'),
        )

    def test_policy_that_is_not_shown(self) -> None:
        """It is not shared, or could not be read."""
        policy_id = self.port['qos_policy_id']
        self.register_policies()
        self.assertEqual(
            command_result.Result(0, f'{policy_id}\n', ''),
            self.list('web', '-f', 'value', '-c', 'QoS Policy'),
        )
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/qos/policies', status_code=500
        )
        self.assertEqual(
            command_result.Result(
                1,
                f'{policy_id}\n',
                'Some values are missing: QoS policies: the service failed '
                '(HTTP 500)\n',
            ),
            self.list('web', '-f', 'value', '-c', 'QoS Policy'),
        )

    def test_no_policy_no_request(self) -> None:
        self.cloud.register_network(
            'ports', {**self.port, 'qos_policy_id': ''}
        )
        self.assertEqual(
            command_result.Result(0, '\n\n', PORT_IS_HIDDEN),
            self.list('-f', 'value', '-c', 'QoS Policy'),
        )
        self.assertEqual(['ports'], self.asked_of_neutron())

    def register_segments(self, *segments: Mapping[str, object]) -> None:
        """Provide the network with these segments instead of one VLAN."""
        self.cloud.register_network(
            'networks',
            {'id': self.network['id'], 'name': '', 'segments': segments},
        )

    def test_several_segments(self) -> None:
        self.register_segments(
            {
                'provider:network_type': 'vxlan',
                'provider:segmentation_id': 5001,
                'provider:physical_network': None,
            },
            {
                'provider:network_type': 'flat',
                'provider:segmentation_id': None,
                'provider:physical_network': 'a\x1b',
            },
        )
        shown = (
            'web',
            '-c',
            'Network Type',
            '-c',
            'Segmentation ID',
            '-c',
            'Physical Network',
        )
        self.assertEqual(
            command_result.Result(0, 'vxlan,flat 5001, ,a\\x1b\n', ''),
            self.list(*shown, '-f', 'value'),
        )
        result = self.list(*shown, '-f', 'json')
        self.assertEqual(
            [
                {
                    'Network Type': ['vxlan', 'flat'],
                    'Segmentation ID': [5001, None],
                    'Physical Network': [None, 'a\x1b'],
                }
            ],
            json.loads(result.stdout),
        )

    def test_segments_without_a_physical_network(self) -> None:
        self.register_segments(
            *({'provider:network_type': name} for name in ('gre', 'vxlan'))
        )
        self.assertEqual(
            command_result.Result(
                0, '[\n  {\n    "Physical Network": []\n  }\n]\n', ''
            ),
            self.list('web', '-f', 'json', '-c', 'Physical Network'),
        )

    def test_sorts_on_segments(self) -> None:
        self.cloud.register_network(
            'networks',
            self.network,
            {
                'id': fake_cloud.identifier(709),
                'segments': [
                    {'provider:network_type': 'vlan'},
                    {'provider:segmentation_id': 2},
                ],
            },
        )
        for column, expected in (
            ('Network Type', 'vlan\nvlan,\n'),
            ('Segmentation ID', ',2\n101\n'),
        ):
            with self.subTest(column=column):
                self.assertEqual(
                    command_result.Result(0, expected, ''),
                    self.list(
                        '-f',
                        'value',
                        '-c',
                        column,
                        '--sort-column',
                        column,
                    ),
                )

    def test_hidden_from_members(self) -> None:
        for name in ('binding:vif_type', 'binding:host_id', 'binding:profile'):
            self.port.pop(name, None)
        for name in list(self.network):
            if name.startswith('provider:'):
                del self.network[name]
        self.cloud.register_network('ports', self.port)
        self.cloud.register_network('networks', self.network)
        for column, notice in (
            ('Network Type', PROVIDER_IS_HIDDEN),
            ('Segmentation ID', PROVIDER_IS_HIDDEN),
            ('Physical Network', PROVIDER_IS_HIDDEN),
            ('PCI Address', BINDING_IS_HIDDEN + PORT_IS_HIDDEN),
            ('Host Device', BINDING_IS_HIDDEN + PORT_IS_HIDDEN),
            ('MTU', ''),
        ):
            with self.subTest(column=column):
                value = '1500' if column == 'MTU' else ''
                self.assertEqual(
                    command_result.Result(0, f'\n{value}\n', notice),
                    self.list('-f', 'value', '-c', column),
                )

    def test_hidden_is_no_news_unless_asked_for(self) -> None:
        """Each run of a member would say the same."""
        del self.port['binding:vif_type']
        self.cloud.register_network('ports', self.port)
        self.cloud.register_network('floatingips')
        self.cloud.register_network('security-groups')
        result = self.list('web', '--long', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        result = self.list('web', '--long', '-f', 'json', '--verbose')
        self.assertIn(BINDING_IS_HIDDEN, result.stderr)

    def test_hidden_of_some_networks(self) -> None:
        """This is how Neutron answers a member about several networks."""
        self.cloud.register_network(
            'networks',
            self.network,
            {'id': fake_cloud.identifier(709), 'name': 'hidden'},
        )
        self.assertEqual(
            command_result.Result(0, '\nvlan\n', PROVIDER_IS_HIDDEN),
            self.list('-f', 'value', '-c', 'Network Type'),
        )

    def test_network_without_segments(self) -> None:
        """Neutron shows an administrator that it has none."""
        self.network.update(
            {name: None for name in self.network if 'provider' in name}
        )
        self.cloud.register_network('networks', self.network)
        self.assertEqual(
            command_result.Result(0, '\n\n', ''),
            self.list('-f', 'value', '-c', 'Network Type'),
        )

    def test_hostile_text(self) -> None:
        hostile = 'a\x1b[2J\u202eb'
        self.port.update(
            {
                'description': hostile,
                'tags': [hostile],
                'dns_name': hostile,
                'allowed_address_pairs': [
                    {'ip_address': '10.0.0.9', 'mac_address': hostile}
                ],
            }
        )
        self.cloud.register_network('ports', self.port)
        self.register_policies(
            {'id': fake_cloud.identifier(601), 'name': hostile}
        )
        shown = 'a\\x1b[2J\\u202eb'
        self.assertEqual(
            command_result.Result(
                0,
                f'10.0.0.9@{shown} {shown} {shown} {shown} {shown}\n',
                '',
            ),
            self.list(
                'web',
                '-f',
                'value',
                '-c',
                'Allowed Address Pairs',
                '-c',
                'QoS Policy',
                '-c',
                'DNS Name',
                '-c',
                'Port Tags',
                '-c',
                'Description',
            ),
        )
