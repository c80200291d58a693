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
import secrets
from typing import Any

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import scenario
from tests import command_result
from tests.functional import base
from tests.functional import fixed_ips

COMMAND = ('server', 'interface', 'show')


class TestShow(base.ProjectTestCase):
    network: scenario.Resource
    server: scenario.Resource
    port: scenario.Resource
    floating_ip: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        cls.network = cls.scenario.network(
            'net', '10.50.0.0/24', 'fd00:50::/64'
        )
        port = cls.scenario.port(cls.network, name='the port')
        cls.scenario.router('router', cls.network)
        cls.server = cls.scenario.server(
            'shown', {'port': port['id'], 'tag': 'nic'}
        )
        cls.floating_ip = cls.scenario.floating_ip(port)
        cls.port = api.Api('admin', cls.cloud).get(
            'network', f'/v2.0/ports/{port["id"]}'
        )['port']
        cls.port['fixed_ips'] = fixed_ips.in_order(cls.port['fixed_ips'])

    def test_by_what_one_has(self) -> None:
        server = self.server['id']
        for arguments in (
            (self.port['fixed_ips'][0]['ip_address'],),
            (self.port['mac_address'],),
            (self.port['id'],),
            (self.floating_ip['floating_ip_address'],),
            (server,),
            (server, 'nic'),
            (server, 'the port'),
            (server, self.scenario.name('net')),
            (server, self.network['id']),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(
                    f'{self.port["id"]}\n',
                    self.succeed(
                        'server',
                        'interface',
                        'show',
                        *arguments,
                        '-f',
                        'value',
                        '-c',
                        'Port ID',
                    ),
                )

    def expected(self, user: str) -> dict[str, object]:
        port = self.port
        name = self.scenario.name('net')
        return {
            'Port ID': port['id'],
            'Network ID': port['network_id'],
            'MAC Address': port['mac_address'],
            'Fixed IPs': port['fixed_ips'],
            'Port State': 'ACTIVE',
            'Tag': 'nic',
            'Network Name': name,
            'MTU': self.network['mtu'],
            'Port Name': 'the port',
            'Subnet Names': [
                f'{name}-v{6 if ":" in fixed_ip["ip_address"] else 4}'
                for fixed_ip in port['fixed_ips']
            ],
            'Subnet CIDRs': [
                'fd00:50::/64'
                if ':' in fixed_ip['ip_address']
                else '10.50.0.0/24'
                for fixed_ip in port['fixed_ips']
            ],
            'Floating IPs': [self.floating_ip['floating_ip_address']],
            'Port Forwardings': [],
            'Security Groups': ['default'],
            'Port Security': True,
            'Allowed Address Pairs': [],
            'Admin State': True,
            'Host': port['binding:host_id'] if user == 'admin' else None,
            'VIF Type': port['binding:vif_type'] if user == 'admin' else None,
            'VNIC Type': 'normal',
            'Host Device': f'tap{port["id"][:11]}'
            if user == 'admin'
            else None,
        }

    def test_each_way_to_say_which(self) -> None:
        mac_address = self.port['mac_address']
        for user, interface in (
            ('admin', self.port['id']),
            ('admin', mac_address.upper().replace(':', '-')),
            (self.user, self.port['fixed_ips'][0]['ip_address']),
            (self.reader, self.port['fixed_ips'][1]['ip_address'].upper()),
        ):
            result = self.openstack(
                *COMMAND,
                self.server['id'],
                interface,
                '-f',
                'json',
                user=user,
            )
            self.assertEqual(0, result.status, result.stderr)
            self.assertEqual(self.expected(user), json.loads(result.stdout))

    def test_port_costs_one_request(self) -> None:
        self.succeed(
            *COMMAND, self.server['id'], self.port['id'], user='admin'
        )
        self.assertEqual(
            [
                f'GET {self.cloud.endpoints["compute"]}/servers/'
                f'{self.server["id"]}/os-interface'
            ],
            [url for url in self.proxy.requests if '/servers/' in url],
        )

    def test_text(self) -> None:
        shown = self.succeed(
            *COMMAND,
            self.server['name'],
            self.port['id'],
            '-f',
            'value',
            '-c',
            'Fixed IPs',
            '-c',
            'Tag',
            user='admin',
            ALL_PROJECTS='1',
        )
        addresses = [ip['ip_address'] for ip in self.port['fixed_ips']]
        self.assertEqual(f'{",".join(addresses)}\nnic\n', shown)

    def test_not_found(self) -> None:
        unknown = '00000000-0000-4000-8000-000000000000'
        for interface in (unknown, '10.50.0.251', 'fa:16:3e:00:00:00'):
            known = ' '.join(
                [
                    self.port['id'],
                    self.port['mac_address'],
                    *(ip['ip_address'] for ip in self.port['fixed_ips']),
                    'nic',
                ]
            )
            self.assertEqual(
                command_result.Result(
                    1,
                    '',
                    f"Server {self.server['id']} has no interface "
                    f"'{interface}'; it has: {known}\n",
                ),
                self.openstack(*COMMAND, self.server['id'], interface),
            )

    def test_name_of_nothing(self) -> None:
        result = self.openstack(*COMMAND, self.server['id'], 'eth0')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn("has no interface 'eth0'; it has: ", result.stderr)


class TestRules(base.ProjectTestCase):
    network: scenario.Resource
    server: scenario.Resource
    office: scenario.Resource
    web: scenario.Resource
    ssh: scenario.Resource
    ports: dict[str, scenario.Resource]
    other: scenario.Scenario

    @classmethod
    def make_resources(cls) -> None:
        other = f'p{secrets.token_hex(4)}'
        bootstrap.project(cls.cloud, other)
        cls.addClassCleanup(
            cls.cloud.remove_credentials, other, f'{other}-reader'
        )
        cls.other = scenario.Scenario(api.Api(other, cls.cloud))
        cls.addClassCleanup(cls.other.remove)
        cls.network = cls.scenario.network('net', '10.52.0.0/24')
        # Removed after the rules that refer to it.
        cls.office = cls.scenario.address_group('office', '203.0.113.0/24')
        cls.web = cls.scenario.security_group('web')
        cls.ssh = cls.scenario.security_group('ssh')
        rule = cls.scenario.security_group_rule
        for group, protocol, network in (
            (cls.web, '6', '10.0.0.7/24'),
            (cls.ssh, 'tcp', '10.0.0.0/24'),
        ):
            rule(
                group,
                protocol=protocol,
                port_range_min=22,
                port_range_max=22,
                remote_ip_prefix=network,
            )
        rule(cls.web, cls.web)
        rule(cls.web, cls.ssh, protocol='udp')
        rule(cls.web, remote_address_group_id=cls.office['id'])
        rule(cls.web, protocol='icmp', port_range_min=0, port_range_max=0)
        rule(cls.web, protocol='icmp', port_range_min=8)
        rule(cls.web, protocol='112')
        rule(cls.ssh, direction='egress', ethertype='IPv6')
        stateless = cls.scenario.security_group('fast', stateful=False)
        rule(stateless, protocol='tcp')
        empty = cls.scenario.security_group('empty')
        kinds: dict[str, dict[str, Any]] = {
            'ruled': {'security_groups': [cls.web['id'], cls.ssh['id']]},
            'stateless': {'security_groups': [stateless['id']]},
            'empty': {'security_groups': [empty['id']]},
            'closed': {'security_groups': []},
            'open': {'port_security_enabled': False},
            'foreign': {'security_groups': []},
        }
        cls.ports = {
            name: cls.scenario.port(cls.network, **attributes)
            for name, attributes in kinds.items()
        }
        cls.server = cls.scenario.server(
            'ruled', *({'port': port['id']} for port in cls.ports.values())
        )

    def show(self, port: str, *arguments: str, user: str) -> Any:
        return json.loads(
            self.succeed(
                *COMMAND,
                self.server['id'],
                self.ports[port]['id'],
                '-f',
                'json',
                *arguments,
                user=user,
            )
        )

    def lines(self, port: str, user: str) -> list[str]:
        """Return the lines of text, with single spaces."""
        text = self.succeed(
            *COMMAND,
            self.server['id'],
            self.ports[port]['id'],
            '-f',
            'value',
            '-c',
            'Allowed Traffic',
            '-c',
            'Rules',
            user=user,
        )
        return [' '.join(line.split()) for line in text.splitlines()]

    def test_each_user_sees_all_rules_once(self) -> None:
        web, ssh = self.web['name'], self.ssh['name']
        for user in (self.user, self.reader, 'admin'):
            self.assertEqual(
                [
                    'What the rules allow, and replies to it',
                    f'ingress IPv4 any from group {web} ({web})',
                    'ingress IPv4 any from address group '
                    f'{self.office["name"]} ({web})',
                    f'ingress IPv4 112 from 0.0.0.0/0 ({web})',
                    f'ingress IPv4 icmp type=0:code=0 from 0.0.0.0/0 ({web})',
                    f'ingress IPv4 icmp type=8 from 0.0.0.0/0 ({web})',
                    f'ingress IPv4 tcp 22:22 from 10.0.0.0/24 ({ssh}, {web})',
                    f'ingress IPv4 udp from group {ssh} ({web})',
                    f'egress IPv6 any to ::/0 ({ssh})',
                ],
                self.lines('ruled', user),
            )

    def test_structure_is_that_of_the_api(self) -> None:
        groups = self.api.get(
            'network',
            '/v2.0/security-groups',
            id=[self.web['id'], self.ssh['id']],
        )['security_groups']
        expected = {
            rule['id']: group['name']
            for group in groups
            for rule in group['security_group_rules']
        }
        for user in (self.user, self.reader, 'admin'):
            shown = self.show('ruled', '-c', 'Rules', user=user)
            self.assertEqual(
                expected,
                {
                    group['rule_id']: group['name']
                    for rule in shown['Rules']
                    for group in rule['security_groups']
                },
            )

    def test_costs_two_requests_more(self) -> None:
        def groups_asked_for() -> list[str]:
            return sorted(
                url.partition('?')[0].rpartition('/')[2]
                for url in self.proxy.requests
                if '-groups?' in url
            )

        self.show('ruled', user='admin')
        self.assertEqual(['security-groups'], groups_asked_for())
        self.proxy.requests.clear()
        self.show('ruled', '--rules', user='admin')
        self.assertEqual(
            # The group that the rules refer to is one of the port's.
            ['address-groups', 'security-groups'],
            groups_asked_for(),
        )

    def test_what_no_rules_mean(self) -> None:
        nothing = 'Nothing but ARP, DHCP and IPv6 neighbor discovery'
        for port, sentence, allowed in (
            ('open', 'Everything: port security is off', 'everything'),
            ('closed', f'{nothing}: no security group is set', 'nothing'),
            (
                'empty',
                f'{nothing}: the security groups have no rules',
                'nothing',
            ),
        ):
            with self.subTest(port):
                self.assertEqual([sentence, ''], self.lines(port, self.user))
                shown = self.show(port, '--rules', user='admin')
                self.assertEqual([], shown['Rules'])
                self.assertEqual(allowed, shown['Allowed Traffic']['allowed'])

    def test_stateless(self) -> None:
        name = self.scenario.name('fast')
        self.assertEqual(
            [
                'What the rules allow; replies need rules as well (stateless)',
                f'ingress IPv4 tcp from 0.0.0.0/0 ({name})',
            ],
            self.lines('stateless', self.reader),
        )

    def test_group_of_another_project(self) -> None:
        admin = api.Api('admin', self.cloud)
        theirs = self.other.security_group('theirs')
        hidden = self.other.security_group('hidden')
        self.other.security_group_rule(theirs, hidden)
        path = f'/v2.0/ports/{self.ports["foreign"]["id"]}'
        admin.put(
            'network', path, {'port': {'security_groups': [theirs['id']]}}
        )
        clear: dict[str, Any] = {'port': {'security_groups': []}}
        self.addCleanup(admin.put, 'network', path, clear)
        result = self.openstack(
            *COMMAND,
            self.server['id'],
            self.ports['foreign']['id'],
            '-f',
            'value',
            '-c',
            'Allowed Traffic',
            '-c',
            'Rules',
        )
        self.assertEqual(
            command_result.Result(
                0,
                '\n\n',
                f'The rules of security group {theirs["id"]} are not known: '
                'Neutron does not show it to this user\n',
            ),
            result,
        )
        sentence = 'What the rules allow, and replies to it'
        self.assertEqual(
            [
                sentence,
                f'ingress IPv4 any from group {hidden["name"]} '
                f'({theirs["name"]})',
            ],
            self.lines('foreign', 'admin'),
        )
        policy = admin.post(
            'network',
            '/v2.0/rbac-policies',
            {
                'rbac_policy': {
                    'object_type': 'security_group',
                    'object_id': theirs['id'],
                    'action': 'access_as_shared',
                    'target_tenant': self.api.project_id,
                }
            },
        )['rbac_policy']
        self.addCleanup(
            admin.delete, 'network', f'/v2.0/rbac-policies/{policy["id"]}'
        )
        # The policy cannot be removed while the port uses it.
        self.addCleanup(admin.put, 'network', path, clear)
        # The group that a rule refers to is not shared with the project.
        self.assertEqual(
            [
                sentence,
                f'ingress IPv4 any from group {hidden["id"]} '
                f'({theirs["name"]})',
            ],
            self.lines('foreign', self.reader),
        )
