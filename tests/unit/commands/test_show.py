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
                    'Port Security': True,
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
            [f'GET {INTERFACES_URL}'],
            [url for url in self.cloud.requested() if 'os-interface' in url],
        )

    def test_not_half_an_interface(self) -> None:
        broken = {'fixed_ips': [fake_cloud.fixed_ip('10.0.0.5'), {}]}
        self.cloud.register_interfaces(
            SERVER_ID, {**self.attachments[0], **broken}
        )
        for interface in (self.port_id, '10.0.0.5'):
            with self.subTest(interface):
                self.assertEqual(
                    command_result.Result(
                        1,
                        '10.0.0.5\n',
                        f'Interfaces of server {SERVER_ID}: the answer is not '
                        'what the API describes: interfaceAttachments[0].'
                        'fixed_ips[1].ip_address is missing (HTTP 200)\n',
                    ),
                    self.show(
                        SERVER_ID,
                        interface,
                        '-f',
                        'value',
                        '-c',
                        'Fixed IPs',
                    ),
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
            self.show(SERVER_ID, self.port_id, '-c', 'Fixed IPs', '-c', 'Tag'),
        )

    def test_value(self) -> None:
        self.assertEqual(
            command_result.Result(0, '10.0.0.5,2001:db8::5\n', ''),
            self.show(
                SERVER_ID, self.port_id, '-f', 'value', '-c', 'Fixed IPs'
            ),
        )

    def test_tree(self) -> None:
        port_ids = [self.port_id, fake_cloud.identifier(12)]
        self.cloud.register_servers(
            fake_cloud.server(
                1,
                'web',
                addresses={
                    'net': [
                        fake_cloud.cached(11, '10.0.0.5'),
                        fake_cloud.cached(11, '2001:db8::5'),
                        fake_cloud.cached(12, '10.0.0.7'),
                    ]
                },
            )
        )
        gateway = fake_cloud.port(13, 700, '10.0.0.1') | {
            'device_owner': 'network:router_interface'
        }
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5', '2001:db8::5'),
            fake_cloud.port(12, 1, '10.0.0.6'),
            gateway,
        )
        self.cloud.register_network(
            'subnets',
            fake_cloud.subnet(900, '10.0.0.0/24') | {'gateway_ip': '10.0.0.1'},
        )
        self.cloud.register_network(
            'routers', fake_cloud.router(700, '203.0.113.1')
        )
        self.cloud.register_network('floatingips')
        result = self.show('web', '--tree')
        self.assertEqual(
            command_result.Result(
                0,
                f'server web ({SERVER_ID}, ACTIVE)\n'
                '├── interface fa:16:3e:00:00:0b (ACTIVE, '
                f'tap{port_ids[0][:11]}, tag nic1)\n'
                '│   └── network net (10.0.0.0/24)\n'
                '│       ├── address 10.0.0.5\n'
                '│       │   └── router router-700 (203.0.113.1)\n'
                '│       └── address 2001:db8::5\n'
                '│           └── router router-700 (203.0.113.1)\n'
                '└── interface fa:16:3e:00:00:0c (ACTIVE, '
                f'tap{port_ids[1][:11]})\n'
                '    │   ! address-differs: 10.0.0.7; expected: 10.0.0.6\n'
                '    └── network net (10.0.0.0/24)\n'
                '        └── address 10.0.0.6\n'
                '            └── router router-700 (203.0.113.1)\n',
                '',
            ),
            result,
        )
        asked = [
            url.partition('/v2.0/')[2].partition('?')[0]
            for url in self.cloud.requested()
            if '/v2.0/' in url
        ]
        # But for the last two, show sends these as well.
        self.assertEqual(
            [
                'floatingips',
                'floatingips',
                'networks',
                'ports',
                'subnets',
                'ports',
                'routers',
            ],
            [*sorted(asked[:-2]), *asked[-2:]],
        )
        one = self.show('10.0.0.5', '--tree=dot')
        self.assertEqual((0, ''), (one.status, one.stderr))
        self.assertIn('interface fa:16:3e:00:00:0b', one.stdout)
        self.assertNotIn('interface fa:16:3e:00:00:0c', one.stdout)
        self.assertEqual(
            'graph LR', self.show('web', '--tree=mermaid').stdout[:8]
        )

    def test_wrong_usage_of_tree(self) -> None:
        for option in (
            ('-c', 'Tag'),
            ('-f', 'json'),
            ('--rules',),
            ('--at', '1h'),
        ):
            self.assertEqual(
                command_result.Result(
                    2,
                    '',
                    '--tree cannot be used with -c, -f, --at or --rules.\n',
                ),
                self.show(SERVER_ID, '--tree', *option),
            )
        result = self.show('--tree', 'web')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn("argument --tree: invalid choice: 'web'", result.stderr)

    def register_rules(self, **port: object) -> None:
        """Give the port two security groups, which refer to others."""
        self.cloud.register_network(
            'ports',
            fake_cloud.port(
                11,
                1,
                '10.0.0.5',
                **{
                    'security_groups': [
                        fake_cloud.identifier(800),
                        fake_cloud.identifier(801),
                    ],
                    'port_security_enabled': True,
                    **port,
                },
            ),
        )
        ssh = {
            'protocol': 'tcp',
            'port_range_min': 22,
            'port_range_max': 22,
        }
        self.cloud.register_network(
            'security-groups',
            fake_cloud.security_group(
                800,
                'default',
                fake_cloud.rule(1, direction='egress'),
                fake_cloud.rule(2, direction='egress', ethertype='IPv6'),
                fake_cloud.rule(3, remote_group_id=fake_cloud.identifier(800)),
                fake_cloud.rule(4, **ssh),
            ),
            fake_cloud.security_group(
                801,
                'web',
                fake_cloud.rule(5, **{**ssh, 'protocol': '6'}),
                fake_cloud.rule(
                    6,
                    protocol='tcp',
                    port_range_min=8000,
                    port_range_max=8080,
                    remote_group_id=fake_cloud.identifier(802),
                ),
                fake_cloud.rule(
                    7, protocol='icmp', port_range_min=0, port_range_max=0
                ),
                fake_cloud.rule(8, protocol='icmp', port_range_min=8),
                fake_cloud.rule(9, protocol='112'),
                fake_cloud.rule(
                    10, remote_address_group_id=fake_cloud.identifier(850)
                ),
                fake_cloud.rule(
                    11, remote_group_id=fake_cloud.identifier(899)
                ),
                fake_cloud.rule(
                    12,
                    protocol='udp',
                    port_range_min=53,
                    remote_ip_prefix='192.0.2.7/24',
                ),
            ),
            fake_cloud.security_group(802, 'proxies'),
        )
        self.cloud.register_network(
            'address-groups',
            {'id': fake_cloud.identifier(850), 'name': 'office'},
        )

    def show_rules(self, *arguments: str) -> command_result.Result:
        return self.show(
            SERVER_ID,
            self.port_id,
            '-c',
            'Rules',
            '-c',
            'Allowed Traffic',
            *arguments,
        )

    def test_rules(self) -> None:
        self.register_rules()
        hidden = fake_cloud.identifier(899)
        web = '(web)'
        rows = [
            ('ingress', 'IPv4', 'any', '', 'from', f'group {hidden}', web),
            (
                'ingress',
                'IPv4',
                'any',
                '',
                'from',
                'group default',
                '(default)',
            ),
            (
                'ingress',
                'IPv4',
                'any',
                '',
                'from',
                'address group office',
                web,
            ),
            ('ingress', 'IPv4', '112', '', 'from', '0.0.0.0/0', web),
            (
                'ingress',
                'IPv4',
                'icmp',
                'type=0:code=0',
                'from',
                '0.0.0.0/0',
                web,
            ),
            ('ingress', 'IPv4', 'icmp', 'type=8', 'from', '0.0.0.0/0', web),
            (
                'ingress',
                'IPv4',
                'tcp',
                '22:22',
                'from',
                '0.0.0.0/0',
                '(default, web)',
            ),
            (
                'ingress',
                'IPv4',
                'tcp',
                '8000:8080',
                'from',
                'group proxies',
                web,
            ),
            ('ingress', 'IPv4', 'udp', '53:53', 'from', '192.0.2.0/24', web),
            ('egress', 'IPv4', 'any', '', 'to', '0.0.0.0/0', '(default)'),
            ('egress', 'IPv6', 'any', '', 'to', '::/0', '(default)'),
        ]
        widths = (7, 4, 4, 13, 4, len('group ') + 36, 0)
        lines = [
            ' '.join(
                part.ljust(width)
                for part, width in zip(row, widths, strict=True)
            )
            for row in rows
        ]
        self.assertEqual(
            command_result.Result(
                0,
                'What the rules allow, and replies to it\n'
                + '\n'.join(lines)
                + '\n',
                '',
            ),
            self.show_rules('-f', 'value'),
        )

    def test_table_has_a_line_for_each_rule(self) -> None:
        self.register_rules(security_groups=[fake_cloud.identifier(802)])
        self.cloud.register_network(
            'security-groups',
            fake_cloud.security_group(
                802,
                'proxies',
                fake_cloud.rule(1, direction='egress'),
                fake_cloud.rule(
                    2, protocol='tcp', port_range_min=22, port_range_max=22
                ),
            ),
        )
        self.assertEqual(
            command_result.Result(
                0,
                '+-------+-------------------------------------------------+\n'
                '| Field | Value                                           |\n'
                '+-------+-------------------------------------------------+\n'
                '| Rules | ingress IPv4 tcp 22:22 from 0.0.0.0/0 (proxies) '
                '|\n'
                '|       | egress  IPv4 any       to   0.0.0.0/0 (proxies) '
                '|\n'
                '+-------+-------------------------------------------------+\n',
                '',
            ),
            self.show(SERVER_ID, self.port_id, '-c', 'Rules'),
        )

    def test_rules_as_json(self) -> None:
        self.register_rules()
        result = self.show(SERVER_ID, self.port_id, '--rules', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        shown = json.loads(result.stdout)
        self.assertEqual(['Allowed Traffic', 'Rules'], list(shown)[-2:])
        self.assertEqual(['default', 'web'], shown['Security Groups'])
        self.assertEqual(
            {'allowed': 'rules', 'reason': 'stateful-rules'},
            shown['Allowed Traffic'],
        )
        nothing = {
            'direction': 'ingress',
            'ethertype': 'IPv4',
            'protocol': None,
            'port_range_min': None,
            'port_range_max': None,
            'remote_ip_prefix': None,
            'remote_group_id': None,
            'remote_group_name': None,
            'remote_address_group_id': None,
            'remote_address_group_name': None,
        }

        def origin(group: int, name: str, rule: int) -> dict[str, object]:
            return {
                'id': fake_cloud.identifier(group),
                'name': name,
                'stateful': True,
                'rule_id': fake_cloud.identifier(rule),
            }

        for index, expected, origins in (
            (
                0,
                {'remote_group_id': fake_cloud.identifier(899)},
                [origin(801, 'web', 11)],
            ),
            (
                1,
                {
                    'remote_group_id': fake_cloud.identifier(800),
                    'remote_group_name': 'default',
                },
                [origin(800, 'default', 3)],
            ),
            (
                2,
                {
                    'remote_address_group_id': fake_cloud.identifier(850),
                    'remote_address_group_name': 'office',
                },
                [origin(801, 'web', 10)],
            ),
            (
                6,
                {
                    'protocol': 'tcp',
                    'port_range_min': 22,
                    'port_range_max': 22,
                    'remote_ip_prefix': '0.0.0.0/0',
                },
                [origin(800, 'default', 4), origin(801, 'web', 5)],
            ),
        ):
            with self.subTest(index=index):
                self.assertEqual(
                    {**nothing, **expected, 'security_groups': origins},
                    shown['Rules'][index],
                )

    def test_rules_cost_three_requests(self) -> None:
        self.register_rules()
        for arguments in (('-c', 'Rules'), ('--rules',)):
            with self.subTest(arguments):
                self.cloud.reset_mock()
                self.show(SERVER_ID, self.port_id, *arguments)
                self.assertEqual(
                    ['address-groups', 'security-groups', 'security-groups'],
                    sorted(
                        collection
                        for collection in self.neutron()
                        if collection.endswith('-groups')
                    ),
                )

    def neutron(self) -> list[str]:
        """Return the collections that were requested."""
        return [
            line.partition('?')[0].rpartition('/')[2]
            for line in self.cloud.requested()
            if line.startswith(f'GET {fake_cloud.NETWORK_URL}/v2.0/')
        ]

    def test_rules_without_others_cost_one_request(self) -> None:
        self.register_rules(security_groups=[fake_cloud.identifier(800)])
        self.show_rules()
        self.assertEqual(['ports', 'security-groups'], self.neutron())

    def test_no_rules_in_force(self) -> None:
        for port, sentence, allowed, reason in (
            (
                {'port_security_enabled': False, 'security_groups': []},
                'Everything: port security is off',
                'everything',
                'port-security-off',
            ),
            (
                {'security_groups': []},
                'Nothing but ARP, DHCP and IPv6 neighbor discovery: no '
                'security group is set',
                'nothing',
                'no-security-groups',
            ),
            (
                {'security_groups': [fake_cloud.identifier(802)]},
                'Nothing but ARP, DHCP and IPv6 neighbor discovery: the '
                'security groups have no rules',
                'nothing',
                'no-rules',
            ),
        ):
            with self.subTest(sentence):
                self.register_rules(**port)
                self.assertEqual(
                    command_result.Result(0, f'{sentence}\n\n', ''),
                    self.show_rules('-f', 'value'),
                )
                self.assertEqual(
                    {
                        'Allowed Traffic': {
                            'allowed': allowed,
                            'reason': reason,
                        },
                        'Rules': [],
                    },
                    json.loads(self.show_rules('-f', 'json').stdout),
                )

    def test_what_is_not_shown_allows_nothing(self) -> None:
        for key in ('security_groups', 'port_security_enabled'):
            with self.subTest(key):
                port = fake_cloud.port(11, 1, '10.0.0.5')
                del port[key]
                self.cloud.register_network('ports', port)
                self.cloud.register_extensions(
                    'security-group', 'port-security'
                )
                result = self.show_rules('-f', 'value')
                self.assertEqual((1, '\n\n'), (result.status, result.stdout))
                self.assertIn(f'ports[0].{key} is missing', result.stderr)

    def test_stateless_rules(self) -> None:
        self.register_rules()
        self.cloud.register_network(
            'security-groups',
            *(
                fake_cloud.security_group(
                    number, 'fast', fake_cloud.rule(1), stateful=False
                )
                for number in (800, 801)
            ),
        )
        self.assertEqual(
            command_result.Result(
                0,
                'What the rules allow; replies need rules as well '
                '(stateless)\n'
                'ingress IPv4 any from 0.0.0.0/0 (fast)\n',
                '',
            ),
            self.show_rules('-f', 'value'),
        )

    def test_security_group_that_is_not_visible(self) -> None:
        hidden = fake_cloud.identifier(899)
        self.register_rules(
            security_groups=[fake_cloud.identifier(801), hidden]
        )
        result = self.show_rules('-f', 'json')
        self.assertEqual(
            (
                0,
                f'The rules of security group {hidden} are not known: Neutron '
                'does not show it to this user\n',
            ),
            (result.status, result.stderr),
        )
        shown = json.loads(result.stdout)
        self.assertIsNone(shown['Allowed Traffic'])
        self.assertEqual(8, len(shown['Rules']))

    def test_vnic_type_that_may_be_unfiltered(self) -> None:
        for vnic_type in ('direct', 'remote-managed'):
            self.register_rules(**{'binding:vnic_type': vnic_type})
            result = self.show_rules()
            self.assertEqual(
                (
                    0,
                    'Whether security groups are enforced on the VNIC type '
                    f'{vnic_type} depends on the hardware\n',
                ),
                (result.status, result.stderr),
            )

    def test_rules_of_which_something_cannot_be_read(self) -> None:
        groups = f'{fake_cloud.NETWORK_URL}/v2.0/security-groups'
        for collection, status, expected, error in (
            # If Neutron lacks address groups, IDs are shown.
            ('address-groups', 404, (0, 11), ''),
            (
                'address-groups',
                403,
                (0, 11),
                'Some values are missing: Address groups: this is not allowed '
                '(HTTP 403)\n',
            ),
            (
                'address-groups',
                500,
                (1, 11),
                'Some values are missing: Address groups: the service failed '
                '(HTTP 500)\n',
            ),
            (
                'security-groups',
                500,
                (1, 0),
                'Some values are missing: Security groups: the service failed '
                '(HTTP 500)\n',
            ),
        ):
            with self.subTest(collection, status=status):
                self.register_rules()
                self.cloud.register_extensions('agent')
                self.cloud.get(
                    groups.replace('security-groups', collection),
                    status_code=status,
                    text='',
                )
                result = self.show_rules('-f', 'json')
                rules = json.loads(result.stdout)['Rules']
                self.assertEqual(
                    (expected, error),
                    ((result.status, len(rules)), result.stderr),
                )
                self.assertNotIn('office', result.stdout)

    def test_broken_rule(self) -> None:
        self.register_rules(security_groups=[fake_cloud.identifier(800)])
        self.cloud.register_network(
            'security-groups',
            fake_cloud.security_group(
                800,
                'default',
                fake_cloud.rule(1, remote_ip_prefix='10.0.0.256/24'),
                fake_cloud.rule(2),
            ),
        )
        result = self.show_rules('-f', 'value')
        self.assertEqual(
            (
                1,
                'What the rules allow, and replies to it\n'
                'ingress IPv4 any from 0.0.0.0/0 (default)\n',
            ),
            (result.status, result.stdout),
        )
        self.assertIn(
            'security_groups[0].security_group_rules[0].remote_ip_prefix is '
            "'10.0.0.256/24'",
            result.stderr,
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
                SERVER_ID,
                self.port_id,
                '-f',
                'value',
                '-c',
                'Port State',
                '-c',
                'Port Name',
            ),
        )

    def test_unknown_interface(self) -> None:
        unknown = fake_cloud.identifier(99)
        self.cloud.get(
            f'{INTERFACES_URL}/{unknown}',
            status_code=404,
            json=fake_cloud.NOT_FOUND,
        )
        for interface in (unknown, '10.0.0.55', 'fa:16:3e:00:00:99'):
            self.assertEqual(
                command_result.Result(
                    1,
                    '',
                    f"Server {SERVER_ID} has no interface '{interface}'; "
                    f'it has: {self.port_id} fa:16:3e:00:00:0b 10.0.0.5 '
                    f'2001:db8::5 nic1; {fake_cloud.identifier(12)} '
                    'fa:16:3e:00:00:0c 10.0.0.6\n',
                ),
                self.show(SERVER_ID, interface),
            )

    def test_without_a_server_or_an_interface(self) -> None:
        shown = ('-f', 'value', '-c', 'Port ID', '-c', 'Port Name')
        expected = command_result.Result(0, f'{self.port_id}\nfront\n', '')
        for text in ('10.0.0.5', '203.0.113.5', self.port_id):
            with self.subTest(text):
                self.assertEqual(expected, self.show(text, *shown))
        self.cloud.register_interfaces(SERVER_ID, self.attachments[0])
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        for arguments in (('web',), ('web', 'nic1'), ('web', 'front')):
            with self.subTest(arguments=arguments):
                self.assertEqual(expected, self.show(*arguments, *shown))

    def test_server_without_interfaces(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        self.assertEqual(
            command_result.Result(
                1,
                '',
                f"Server {SERVER_ID} has no interface '10.0.0.5'; it has "
                'none\n',
            ),
            self.show(SERVER_ID, '10.0.0.5'),
        )

    def test_unknown_server(self) -> None:
        for url in (INTERFACES_URL, f'{INTERFACES_URL}/{self.port_id}'):
            self.cloud.get(url, status_code=404, json=fake_cloud.NOT_FOUND)
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
