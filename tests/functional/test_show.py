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

from tests.cloud import api
from tests.cloud import scenario
from tests import command_result
from tests.functional import base
from tests.functional import ordered

COMMAND = ('server', 'interface', 'show')


class TestShow(base.FunctionalTestCase):
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
        cls.port['fixed_ips'] = ordered.fixed_ips(cls.port['fixed_ips'])

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
            ('demo', self.port['fixed_ips'][0]['ip_address']),
            ('reader', self.port['fixed_ips'][1]['ip_address'].upper()),
        ):
            result = self.openstack(
                *(*COMMAND, self.server['id'], interface, '-f', 'json'),
                user=user,
            )
            self.assertEqual(0, result.status, result.stderr)
            self.assertEqual(self.expected(user), json.loads(result.stdout))

    def test_port_costs_one_request(self) -> None:
        self.succeed(
            *(*COMMAND, self.server['id'], self.port['id']), user='admin'
        )
        self.assertEqual(
            [
                f'GET {self.cloud.endpoints["compute"]}/servers/'
                f'{self.server["id"]}/os-interface/{self.port["id"]}'
            ],
            [url for url in self.proxy.requests if '/servers/' in url],
        )

    def test_text(self) -> None:
        shown = self.succeed(
            *(*COMMAND, self.server['name'], self.port['id']),
            *('-f', 'value', '-c', 'Fixed IPs', '-c', 'Tag'),
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
                ]
            )
            self.assertEqual(
                command_result.Result(
                    1,
                    '',
                    f"The server has no interface '{interface}'; it has: "
                    f'{known}\n',
                ),
                self.openstack(*COMMAND, self.server['id'], interface),
            )

    def test_not_an_interface(self) -> None:
        result = self.openstack(*COMMAND, self.server['id'], 'eth0')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn(
            "'eth0' is not an IP address, a MAC address or a port ID",
            result.stderr,
        )
