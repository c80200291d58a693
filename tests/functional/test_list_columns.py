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
from tests.cloud import scenario
from tests import command_result
from tests.functional import base
from tests.functional import fixed_ips
from tests.functional import test_schema

COMMAND = ('server', 'interface', 'list')

PCI_ADDRESS = '0000:03:10.2'

BINDING_IS_HIDDEN = (
    'How ports are bound is not known: Neutron shows that to administrators '
    'only\n'
)
PROVIDER_IS_HIDDEN = (
    'How networks are provided is not known: Neutron shows that to '
    'administrators only\n'
)

OF_BINDING = ('Host', 'VIF Type', 'Host Device', 'PCI Address')
OF_PORT = (
    'Port Name',
    'Port Security',
    'Allowed Address Pairs',
    'DNS Name',
    'Device Owner',
    'Admin State',
    'Trunk',
    'Subports',
    'Port Tags',
    'Description',
    'Created At',
    'Updated At',
    'VNIC Type',
)
OF_PROVIDER = ('Network Type', 'Segmentation ID', 'Physical Network')


class TestColumns(base.ProjectTestCase):
    """Two servers with a value for every column, as each user sees them."""

    servers: list[scenario.Resource]
    group: scenario.Resource
    # The IDs of the ports, by their special feature.
    ports: dict[str, str]

    @classmethod
    def make_resources(cls) -> None:
        admin = scenario.Scenario(api.Api('admin', cls.cloud))
        cls.addClassCleanup(admin.remove)
        owner = cls.api.project_id
        gold, silver = (
            admin.qos_policy(name, project_id=owner)
            for name in ('gold', 'silver')
        )
        plain = cls.scenario.network('plain', '10.95.0.0/24', 'fd00:95::/64')
        inner = cls.scenario.network('inner', '10.96.0.0/24')
        several = admin.network(
            'several',
            '10.97.0.0/24',
            project_id=owner,
            qos_policy_id=silver['id'],
            segments=[
                {'provider:network_type': 'geneve' if cls.is_ovn else 'vxlan'},
                {
                    'provider:network_type': 'flat',
                    'provider:physical_network': f'p{secrets.token_hex(4)}',
                },
            ],
        )
        cls.scenario.router('router', plain)
        cls.group = cls.scenario.security_group('web')
        rich = cls.scenario.port(
            plain,
            name='rich',
            description='the front',
            dns_name='front',
            qos_policy_id=gold['id'],
            security_groups=[cls.group['id']],
            allowed_address_pairs=[
                {'ip_address': '10.95.1.0/24'},
                {
                    'ip_address': '10.95.0.100',
                    'mac_address': '00:00:5e:00:01:64',
                },
            ],
        )
        cls.scenario.tag_port(rich, 'b', 'a')
        cls.scenario.trunk('trunk', rich, {101: cls.scenario.port(inner)})
        cls.scenario.floating_ip(rich)
        open_ = cls.scenario.port(
            several, port_security_enabled=False, admin_state_up=False
        )
        forwarded = cls.scenario.port(plain)
        cls.scenario.port_forwarding(
            cls.scenario.floating_ip(), forwarded, 2201, 22
        )
        passed = cls.scenario.port(plain, **{'binding:vnic_type': 'direct'})
        cls.servers = cls.scenario.servers(
            {
                'a': [{'port': rich['id']}, {'port': open_['id']}],
                'b': [{'port': forwarded['id']}],
            }
        )
        # No host can bind it. Neutron requires the role service.
        api.Api('service', cls.cloud).put(
            'network',
            f'/v2.0/ports/{passed["id"]}',
            {
                'port': {
                    'device_id': cls.servers[1]['id'],
                    # OVN requires all of them.
                    'binding:profile': {
                        'pci_slot': PCI_ADDRESS,
                        'pci_vendor_info': '15b3:1018',
                        'physical_network': 'physnet1',
                    },
                }
            },
        )
        cls.ports = {
            'rich': rich['id'],
            'open': open_['id'],
            'forwarded': forwarded['id'],
            'passed': passed['id'],
        }

    def scope(self, user: str) -> tuple[str, ...]:
        return ('--project', self.user) if user == 'admin' else ()

    def expected(self, user: str) -> list[dict[str, Any]]:
        """Read what Neutron shows to a user."""
        client = api.Api(user, self.cloud)
        found = {
            name: {
                row['id']: row
                for row in client.get('network', f'/v2.0/{name}')[
                    name.rpartition('/')[2].replace('-', '_')
                ]
            }
            for name in (
                'ports',
                'networks',
                'subnets',
                'security-groups',
                'floatingips',
                'qos/policies',
            )
        }
        ports = [
            found['ports'][port_id]
            for names in (('rich', 'open'), ('forwarded', 'passed'))
            for port_id in sorted(self.ports[name] for name in names)
        ]
        return [self.row(port, found) for port in ports]

    def row(
        self, port: dict[str, Any], found: dict[str, Any]
    ) -> dict[str, Any]:
        network = found['networks'][port['network_id']]
        subnets = [
            found['subnets'][fixed_ip['subnet_id']]
            for fixed_ip in fixed_ips.in_order(port['fixed_ips'])
        ]
        policy = port['qos_policy_id'] or port['qos_network_policy_id']
        trunk = port.get('trunk_details', {'trunk_id': None, 'sub_ports': []})
        pci_address = port.get('binding:profile', {}).get('pci_slot')
        host = port.get('binding:host_id') or None
        # Nova plugs them in in the order of the request. It does not know the
        # one that was not plugged in.
        index = {self.ports['rich']: 0, self.ports['open']: 1}
        return {
            'Port ID': port['id'],
            'NIC Index': index.get(port['id']),
            'Network Name': network['name'],
            **{
                header: self.of_segments(network, f'provider:{key}')
                for header, key in zip(
                    OF_PROVIDER,
                    ('network_type', 'segmentation_id', 'physical_network'),
                    strict=True,
                )
            },
            'MTU': network['mtu'],
            'Port Name': port['name'] or None,
            'Subnet Names': [subnet['name'] for subnet in subnets],
            'Subnet CIDRs': [subnet['cidr'] for subnet in subnets],
            'Gateway': [subnet['gateway_ip'] for subnet in subnets],
            'Floating IPs': [
                row['floating_ip_address']
                for row in found['floatingips'].values()
                if row['port_id'] == port['id']
            ],
            'Port Forwardings': [
                {
                    'floating_ip_address': row['floating_ip_address'],
                    **{
                        key: forwarding[key]
                        for key in (
                            'protocol',
                            'external_port',
                            'internal_ip_address',
                            'internal_port',
                        )
                    },
                }
                for row in found['floatingips'].values()
                for forwarding in row['port_forwardings']
                if forwarding['internal_ip_address']
                in [address['ip_address'] for address in port['fixed_ips']]
            ],
            'Security Groups': [
                found['security-groups'][group]['name']
                for group in port['security_groups']
            ],
            'Port Security': port['port_security_enabled'],
            'Allowed Address Pairs': port['allowed_address_pairs'],
            'QoS Policy': policy and found['qos/policies'][policy]['name'],
            'DNS Name': port['dns_name'] or None,
            'Device Owner': port['device_owner'] or None,
            'Admin State': port['admin_state_up'],
            'Trunk': trunk['trunk_id'],
            # An older Neutron leaves the MAC address out.
            'Subports': [
                {'mac_address': None, **subport}
                for subport in trunk['sub_ports']
            ],
            'Port Tags': sorted(port['tags']),
            'Description': port['description'] or None,
            'Created At': port['created_at'],
            'Updated At': port['updated_at'],
            'Host': host,
            'VIF Type': port.get('binding:vif_type'),
            'VNIC Type': port['binding:vnic_type'],
            'Host Device': pci_address or (host and f'tap{port["id"]}'[:14]),
            'PCI Address': pci_address,
        }

    @staticmethod
    def of_segments(network: dict[str, Any], key: str) -> list[Any]:
        values = [
            segment.get(key) for segment in network.get('segments', [network])
        ]
        return values if any(values) else []

    def test_each_user_is_shown_what_neutron_shows(self) -> None:
        for user in ('admin', self.user, self.reader):
            with self.subTest(user=user):
                expected = self.expected(user)
                self.proxy.requests.clear()
                result = self.openstack(
                    *COMMAND,
                    *self.scope(user),
                    '-f',
                    'json',
                    *(f'-c{header}' for header in expected[0]),
                    user=user,
                )
                hidden = PROVIDER_IS_HIDDEN + BINDING_IS_HIDDEN
                self.assertEqual(
                    (0, '' if user == 'admin' else hidden),
                    (result.status, result.stderr),
                )
                rows = json.loads(result.stdout)
                test_schema.validate('list', rows)
                if user != 'admin':
                    # Which attributes Neutron hides depends on the order in
                    # which it reads the networks.
                    for row in (*expected, *rows):
                        for header in OF_PROVIDER:
                            del row[header]
                self.assertEqual(expected, rows)
                # Each column has a value, unless Neutron hides it entirely.
                self.assertEqual(
                    set() if user == 'admin' else {*OF_BINDING},
                    {
                        header
                        for header in expected[0]
                        if all(row[header] in (None, []) for row in rows)
                    },
                )
                self.assertEqual(
                    [
                        'floatingips',
                        'floatingips',
                        'networks',
                        'policies',
                        'ports',
                        'security-groups',
                        'subnets',
                    ],
                    self.asked(),
                )

    def asked(self) -> list[str]:
        """Return the Neutron collections that were requested."""
        return sorted(
            url.partition('?')[0].rpartition('/')[2]
            for url in self.proxy.requests
            if f'{self.cloud.endpoints["network"]}/v2.0/' in url
        )

    def test_requests_of_columns(self) -> None:
        asked_of_nova = []
        for headers, options, asked in (
            (['MAC Address'], (), []),
            (['NIC Index'], (), []),
            (OF_PORT, (), ['ports']),
            (OF_PORT, ('--source', 'network'), ['ports']),
            (['QoS Policy'], (), ['policies', 'ports']),
            (
                ('MTU', 'Subnet Names', 'Subnet CIDRs', 'Gateway'),
                (),
                ['networks', 'subnets'],
            ),
        ):
            with self.subTest(headers=headers, options=options):
                self.proxy.requests.clear()
                self.rows(
                    *COMMAND,
                    *options,
                    *(f'-c{header}' for header in headers),
                )
                self.assertEqual(asked, self.asked())
                if not options:
                    asked_of_nova.append(
                        sum(
                            self.cloud.endpoints['compute'] in url
                            for url in self.proxy.requests
                        )
                    )
        self.assertEqual({asked_of_nova[0]}, {*asked_of_nova})

    def test_filters(self) -> None:
        ports = self.ports
        admin = ('--project', self.user)
        subnets = {
            subnet['name'].rpartition('-')[0]: subnet
            for subnet in self.api.get('network', '/v2.0/subnets')['subnets']
            if subnet['ip_version'] == 4
        }
        plain = subnets[self.scenario.name('plain')]
        (several,) = (
            subnet
            for subnet in subnets.values()
            if subnet['name'].endswith('-several-v4')
        )
        tap = f'tap{ports["rich"]}'[:14]
        for arguments, user, found in (
            (
                ('--subnet', plain['name']),
                self.user,
                ['rich', 'forwarded', 'passed'],
            ),
            (('--subnet', several['id']), self.reader, ['open']),
            (('--security-group', self.group['name']), self.user, ['rich']),
            (('--vnic-type', 'direct'), self.user, ['passed']),
            (('--host-device', tap, *admin), 'admin', ['rich']),
            (('--host-device', PCI_ADDRESS, *admin), 'admin', ['passed']),
            (('--no-port-security',), self.reader, ['open']),
        ):
            with self.subTest(arguments=arguments):
                text = self.succeed(
                    *COMMAND,
                    *arguments,
                    '-f',
                    'value',
                    '-c',
                    'Port ID',
                    user=user,
                )
                self.assertEqual(
                    sorted(ports[name] for name in found),
                    sorted(text.split()),
                )

    def test_filter_by_what_is_hidden(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                '\n',
                '4 interfaces are left out, because Neutron does not show '
                'this user whether they match\n',
            ),
            self.openstack(*COMMAND, '--host-device', PCI_ADDRESS),
        )
