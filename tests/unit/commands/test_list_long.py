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

"""The columns that are read from Neutron."""

import json
import re
from urllib import parse


from tests import command_result
from tests.unit import clock
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud


GROUP_IDS = f'{fake_cloud.identifier(800)},{fake_cloud.identifier(801)}'


class TestLong(test_list_fleet.FleetTestCase):
    COLUMNS = (
        '-c',
        'Network Name',
        '-c',
        'Port Name',
        '-c',
        'Subnet Names',
        '-c',
        'Floating IPs',
        '-c',
        'Security Groups',
        '-c',
        'Host',
        '-c',
        'VIF Type',
        '-c',
        'VNIC Type',
        '-c',
        'Host Device',
    )
    HOST_IS_HIDDEN = (
        'How ports are bound is not known: Neutron shows that to '
        'administrators only\n'
    )

    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db'))
        fixed_ips = [
            fake_cloud.fixed_ip('10.0.0.1'),
            fake_cloud.fixed_ip('2001:db8::1', 901),
        ]
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(11, fixed_ips=fixed_ips),
        )
        self.ports = [
            fake_cloud.port(
                11,
                1,
                name='front',
                fixed_ips=fixed_ips,
                security_groups=[
                    fake_cloud.identifier(801),
                    fake_cloud.identifier(800),
                ],
            ),
            fake_cloud.port(
                12, 2, '10.0.0.2', **{'binding:vnic_type': 'direct'}
            ),
        ]
        self.cloud.register_network_versions()
        self.register_ports(*self.ports)
        for collection, number, names in (
            ('networks', 700, ['private']),
            ('subnets', 900, ['private-v4', 'private-v6']),
            ('security-groups', 800, ['web', 'default']),
        ):
            self.cloud.register_network(
                collection,
                *(
                    {
                        'id': fake_cloud.identifier(number + index),
                        'name': name,
                        'mtu': 1500,
                    }
                    for index, name in enumerate(names)
                ),
            )
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip('203.0.113.7', 11),
            fake_cloud.floating_ip('203.0.113.6', 11),
            fake_cloud.floating_ip(
                '203.0.113.8',
                port_forwardings=[
                    fake_cloud.forwarding(2201, 22, 11, '10.0.0.1')
                ],
            ),
        )

    def register_ports(self, *ports: dict[str, object]) -> None:
        self.cloud.register_network('ports', *ports)

    def forbid(self, collection: str) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/{collection}',
            status_code=403,
            json={'NeutronError': {'type': 'Forbidden', 'message': 'No.'}},
        )

    def asked_of_neutron(self) -> list[str]:
        """Return the collections that were requested."""
        return [
            parse.urlsplit(line).path.rpartition('/')[2]
            for line in self.cloud.requested()
            if line.startswith(f'GET {fake_cloud.NETWORK_URL}/v2.0/')
        ]

    def test_all_columns(self) -> None:
        for source in ('compute', 'network'):
            self.assertEqual(
                command_result.Result(
                    0,
                    '"Server ID","Server Name","Port ID","Network ID",'
                    '"MAC Address","Fixed IPs","Port State","Tag",'
                    '"Network Name","MTU","Port Name","Subnet Names",'
                    '"Subnet CIDRs","Floating IPs","Port Forwardings",'
                    '"Security Groups","Port Security",'
                    '"Allowed Address Pairs","Admin State",'
                    '"Host","VIF Type","VNIC Type","Host Device"\n'
                    f'"{fake_cloud.identifier(2)}","db",'
                    f'"{fake_cloud.identifier(12)}",'
                    f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:0c",'
                    '"10.0.0.2","ACTIVE","","private","1500","",'
                    '"private-v4","","","","web","True","","","compute-1",'
                    '"ovs","direct",""\n'
                    f'"{fake_cloud.identifier(1)}","web",'
                    f'"{fake_cloud.identifier(11)}",'
                    f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:0b",'
                    '"10.0.0.1,2001:db8::1","ACTIVE","","private","1500",'
                    '"front","private-v4,private-v6","",'
                    '"203.0.113.6,203.0.113.7",'
                    '"203.0.113.8:2201->10.0.0.1:22/tcp",'
                    '"default,web","True","","",'
                    '"compute-1","ovs","normal","tap00000000-00"\n',
                    '',
                ),
                self.list('-f', 'csv', '--long', '--source', source),
            )

    def test_structure(self) -> None:
        row = json.loads(self.list('-f', 'json', '--long').stdout)[1]
        self.assertEqual(['private-v4', 'private-v6'], row['Subnet Names'])
        self.assertEqual(['203.0.113.6', '203.0.113.7'], row['Floating IPs'])
        self.assertEqual(
            [
                {
                    'floating_ip_address': '203.0.113.8',
                    'protocol': 'tcp',
                    'external_port': 2201,
                    'internal_ip_address': '10.0.0.1',
                    'internal_port': 22,
                }
            ],
            row['Port Forwardings'],
        )
        self.assertEqual(['default', 'web'], row['Security Groups'])
        self.assertEqual('tap00000000-00', row['Host Device'])

    def test_sorts_on_every_column(self) -> None:
        for column in self.COLUMNS[1::2]:
            result = self.list('-f', 'json', '--long', '--sort-column', column)
            self.assertEqual((0, ''), (result.status, result.stderr))
            self.assertEqual(2, len(json.loads(result.stdout)))

    def test_as_many_requests_for_a_hundred_servers(self) -> None:
        numbers = range(100, 200)
        for servers in (numbers[:2], numbers):
            self.register(*(fake_cloud.server(n, 'many') for n in servers))
            for number in servers:
                self.cloud.register_interfaces(
                    fake_cloud.identifier(number),
                    fake_cloud.attachment(1000 + number),
                )
            self.register_ports(
                *(
                    fake_cloud.port(
                        1000 + number,
                        number,
                        network_id=fake_cloud.identifier(700 + number % 3),
                    )
                    for number in servers
                )
            )
            self.cloud.reset_mock()
            result = self.list('--long', '-f', 'json')
            self.assertEqual((0, ''), (result.status, result.stderr))
            self.assertEqual(len(servers), len(json.loads(result.stdout)))
            self.assertEqual(
                # Without subnets, there is no request for them.
                [
                    'floatingips',
                    'floatingips',
                    'networks',
                    'ports',
                    'security-groups',
                ],
                sorted(self.asked_of_neutron()),
            )

    def test_no_interface_no_request(self) -> None:
        self.register()
        self.assertEqual(
            command_result.Result(
                0, '\n', 'No server exists in project demo.\n'
            ),
            self.list('--long'),
        )
        self.assertEqual(
            [f'GET {test_list_fleet.SERVERS_URL}'], self.requested()
        )

    def test_empty_where_nothing_is_known(self) -> None:
        """Some have no name, and Neutron hides some of another project.

        It hides the port of one interface, and a security group of the other.
        """
        self.register_ports(self.ports[0])
        self.cloud.register_network(
            'security-groups',
            {'id': fake_cloud.identifier(800), 'name': 'web'},
        )
        self.cloud.register_network(
            'subnets',
            {'id': fake_cloud.identifier(900), 'name': ''},
            {'id': fake_cloud.identifier(901), 'name': 'private-v6'},
        )
        self.assertEqual(
            command_result.Result(
                0,
                '"Subnet Names","Security Groups","VNIC Type","Host Device"\n'
                '"","","",""\n'
                f'"private-v6","{fake_cloud.identifier(801)},web","normal",'
                '"tap00000000-00"\n',
                f'Port {fake_cloud.identifier(12)}: Neutron does not show '
                'it\n',
            ),
            self.list(
                '-f',
                'csv',
                '--long',
                '-c',
                'Subnet Names',
                '-c',
                'Security Groups',
                '-c',
                'VNIC Type',
                '-c',
                'Host Device',
            ),
        )

    def long_rows(self, *columns: str) -> command_result.Result:
        chosen: tuple[str, ...] = self.COLUMNS
        if columns:
            chosen = tuple(
                word for column in columns for word in ('-c', column)
            )
        return self.list('-f', 'csv', '--long', *chosen).without_headers()

    def test_ports_are_forbidden(self) -> None:
        self.forbid('ports')
        self.assertEqual(
            command_result.Result(
                0,
                '"private","","private-v4","","","","","",""\n'
                '"private","","private-v4,private-v6",'
                '"203.0.113.6,203.0.113.7","","","","",""\n',
                'Some values are missing: Ports: this is not allowed: No. '
                '(HTTP 403)\n',
            ),
            self.long_rows(),
        )

    def test_neutron_fails(self) -> None:
        self.cloud.get(
            test_list_fleet.PORTS_URL, status_code=500, text='<p>Oops</p>'
        )
        self.assertEqual(
            command_result.Result(
                1,
                '"private",""\n"private",""\n',
                'Some values are missing: Ports: the service failed: Oops '
                '(HTTP 500)\n',
            ),
            self.list(
                '-f',
                'csv',
                '-c',
                'Network Name',
                '-c',
                'Port Name',
            ).without_headers(),
        )

    def test_neutron_is_down(self) -> None:
        """It is given up for all columns after the retries of one request."""
        self.useFixture(clock.Clock())
        self.cloud.get(
            re.compile(f'{fake_cloud.NETWORK_URL}/v2.0/'), status_code=503
        )
        self.assertEqual(
            command_result.Result(
                1,
                '"","","","","","","","",""\n' * 2,
                'Some values are missing: Networks: the service is not '
                'available; try again later (HTTP 503)\n',
            ),
            self.long_rows(),
        )
        self.assertEqual(['networks'] * 4, self.asked_of_neutron())

    def test_only_what_is_shown_is_asked_for(self) -> None:
        for column, collections in (
            ('MAC Address', []),
            ('Network Name', ['networks']),
            ('Subnet Names', ['subnets']),
            ('Floating IPs', ['floatingips']),
            ('Security Groups', ['ports', 'security-groups']),
            ('Port Name', ['ports']),
            ('Host', ['ports']),
            ('Host Device', ['ports']),
        ):
            for arguments in ((), ('--long',), ('--sort-column', column)):
                with self.subTest(column=column, arguments=arguments):
                    self.cloud.reset_mock()
                    result = self.list('-c', column, *arguments)
                    self.assertEqual((0, ''), (result.status, result.stderr))
                    self.assertEqual(collections, self.asked_of_neutron())

    def test_what_is_sorted_by_is_asked_for(self) -> None:
        result = self.list(
            '-f',
            'value',
            '-c',
            'Server Name',
            '--sort-column',
            'Floating IPs',
            '--sort-descending',
        )
        self.assertEqual(command_result.Result(0, 'web\ndb\n', ''), result)
        self.assertEqual(['floatingips'], self.asked_of_neutron())

    def test_neutron_is_not_in_the_catalog(self) -> None:
        self.cloud.register_tokens('a-token', network_url='')
        result = self.long_rows('Port Name', 'Network Name')
        self.assertEqual(
            command_result.Result(
                1,
                '"",""\n"",""\n',
                'Some values are missing: public endpoint for network service '
                'not found\n',
            ),
            result,
        )

    def test_collections_are_forbidden(self) -> None:
        for collection, what, expected in (
            (
                'networks',
                'Networks',
                '"","front","private-v4,private-v6",'
                '"203.0.113.6,203.0.113.7","default,web","compute-1","ovs",'
                '"normal","tap00000000-00"\n',
            ),
            (
                'security-groups',
                'Security groups',
                '"","front","private-v4,private-v6",'
                f'"203.0.113.6,203.0.113.7","{GROUP_IDS}","compute-1","ovs",'
                '"normal","tap00000000-00"\n',
            ),
            (
                'floatingips',
                'Floating IPs',
                '"","front","private-v4,private-v6","",'
                f'"{GROUP_IDS}","compute-1","ovs","normal","tap00000000-00"\n',
            ),
        ):
            self.forbid(collection)
            result = self.long_rows()
            self.assertEqual(0, result.status)
            self.assertEqual(
                expected, result.stdout.splitlines(keepends=True)[1]
            )
            self.assertIn(
                f'{what}: this is not allowed: No. (HTTP 403)\n',
                result.stderr,
            )

    def test_neutron_without_routers(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips', status_code=404
        )
        self.cloud.register_extensions('agent')
        self.assertEqual(
            command_result.Result(
                0,
                '"private","","private-v4","","web","compute-1","ovs",'
                '"direct",""\n'
                '"private","front","private-v4,private-v6","","default,web",'
                '"compute-1","ovs","normal","tap00000000-00"\n',
                '',
            ),
            self.long_rows(),
        )

    def test_host_is_hidden_from_members(self) -> None:
        for port in self.ports:
            del port['binding:host_id'], port['binding:vif_type']
        self.register_ports(*self.ports)
        self.assertEqual(
            command_result.Result(
                0,
                '"private","","private-v4","","web","","","direct",'
                '""\n'
                '"private","front","private-v4,private-v6",'
                '"203.0.113.6,203.0.113.7","default,web","","","normal",'
                '""\n',
                self.HOST_IS_HIDDEN,
            ),
            self.long_rows(),
        )

    def test_unbound(self) -> None:
        # An administrator sees that the port is not on a host.
        unbound = {'binding:host_id': '', 'binding:vif_type': 'unbound'}
        self.register_ports(*({**port, **unbound} for port in self.ports))
        result = self.list(
            '-f', 'value', '--long', '-c', 'Host', '-c', 'VIF Type'
        )
        self.assertEqual(
            command_result.Result(0, ' unbound\n unbound\n', ''), result
        )

    def test_same_bytes(self) -> None:
        first = self.list('-f', 'json', '--long')
        for ports in (self.ports, self.ports[::-1]):
            self.register_ports(*ports)
            for source in ('compute', 'network'):
                self.assertEqual(
                    first,
                    self.list('-f', 'json', '--long', '--source', source),
                )
