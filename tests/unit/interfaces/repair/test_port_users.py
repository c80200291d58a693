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

import collections
from collections.abc import Sequence
import dataclasses
import types
from typing import Any

import requests

from osc_port_iface.api import errors
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

OCTAVIA_URL = 'http://octavia.test'
BALANCERS_URL = f'{OCTAVIA_URL}/v2.0/lbaas/loadbalancers'
PORT_ID = fake_cloud.identifier(11)
OTHER_ID = fake_cloud.identifier(12)
SUBNET_ID = fake_cloud.identifier(900)
ROUTER_ID = fake_cloud.identifier(40)
BALANCER_ID = fake_cloud.identifier(50)

PORT = records.Port(
    id=PORT_ID,
    network_id=fake_cloud.identifier(700),
    mac_address='fa:16:3e:00:00:0b',
    fixed_ips=(records.FixedIP('10.0.0.9', SUBNET_ID),),
    seconds_unchanged=7200.0,
)

# As an administrator sees it.
OF_SERVER = dataclasses.replace(
    PORT,
    device_id=fake_cloud.identifier(9),
    device_owner='compute:nova',
    vif_type='ovs',
)


def load_balancer(
    port: int, address: str, **other: object
) -> dict[str, object]:
    """Build one entry of ``GET /v2.0/lbaas/loadbalancers``."""
    return {
        'id': BALANCER_ID,
        'name': 'shop',
        'description': '',
        'provisioning_status': 'ACTIVE',
        'operating_status': 'ONLINE',
        'admin_state_up': True,
        'project_id': fake_cloud.PROJECT_ID,
        'created_at': '2026-01-01T12:00:00',
        'updated_at': None,
        'vip_address': address,
        'vip_port_id': fake_cloud.identifier(port),
        'vip_subnet_id': SUBNET_ID,
        'vip_network_id': PORT.network_id,
        'additional_vips': [],
        'listeners': [],
        'pools': [],
        'provider': 'ovn',
        'flavor_id': None,
        'vip_qos_policy_id': None,
        'tags': [],
        'availability_zone': None,
        **other,
    }


class PortUsersTestCase(api_test_case.ApiTestCase):
    def read(
        self,
        *ports: records.Port,
        pairs: tuple[str, ...] = (),
        network: int = 700,
        named: tuple[str, ...] = (),
        **collections_: Any,
    ) -> dict[str, str]:
        """Ask a cloud that has these resources and a neighbour."""
        neighbour = fake_cloud.port(
            12,
            1,
            '10.0.0.6',
            network_id=fake_cloud.identifier(network),
            allowed_address_pairs=[
                {'ip_address': pair, 'mac_address': 'fa:16:3e:00:00:0c'}
                for pair in pairs
            ],
        )
        rows = collections.defaultdict(tuple, collections_)
        for name in ('floatingips', 'trunks', 'routers', 'subnets'):
            self.cloud.register_network(name, *rows[name])
        self.cloud.register_network('ports', neighbour, *rows['ports'])
        self.cloud.register_servers()
        return self.keep(ports or (PORT,), named)

    def keep(
        self,
        ports: Sequence[records.Port],
        named: Sequence[str] = (),
        is_deletion: bool = True,
    ) -> dict[str, str]:
        """Ask the cloud as it is."""
        return port_users.reasons_to_keep(
            self.api(), ports, named, is_deletion
        )


class TestNeutron(PortUsersTestCase):
    def test_no_port_no_request(self) -> None:
        self.assertEqual({}, self.keep([]))
        self.assertEqual({}, self.keep([], is_deletion=False))
        self.assertEqual([], self.cloud.requested())

    def test_address_pairs(self) -> None:
        used = f'port {OTHER_ID} has its address as an allowed address pair'
        for pair, expected in (
            ('10.0.0.9', used),
            ('10.0.0.9/32', used),
            ('10.0.0.0/28', used),
            ('10.0.0.7/28', used),
            ('::ffff:10.0.0.9', used),
            ('10.0.0.8', None),
            ('10.0.0.16/28', None),
            ('2001:db8::/32', None),
            # This names no address, but allows each.
            (
                '0.0.0.0/0',
                f'port {OTHER_ID} may have its address: name the port with '
                '--port',
            ),
        ):
            with self.subTest(pair):
                self.assertEqual(
                    {PORT_ID: expected} if expected else {},
                    self.read(pairs=(pair,)),
                )

    def test_address_pair_elsewhere(self) -> None:
        found = self.read(pairs=('10.0.0.9',), network=701)
        self.assertEqual({}, found)
        own = dataclasses.replace(PORT, id=OTHER_ID)
        self.assertEqual({}, self.read(own, pairs=('10.0.0.9',)))

    def test_the_same_address_on_two_networks(self) -> None:
        twin = dataclasses.replace(
            PORT,
            id=fake_cloud.identifier(14),
            network_id=fake_cloud.identifier(701),
        )
        found = self.read(PORT, twin, pairs=('10.0.0.9',), network=701)
        self.assertEqual([twin.id], [*found])

    def test_networks_are_asked_about_in_one_order(self) -> None:
        """The same command sends the same requests."""
        networks = [
            fake_cloud.identifier(number) for number in range(701, 708)
        ]
        ports = [
            dataclasses.replace(PORT, network_id=network_id)
            for network_id in reversed(networks)
        ]
        self.read(*ports)
        self.assertIn(
            '&'.join(f'network_id={network_id}' for network_id in networks),
            ' '.join(self.cloud.requested()),
        )

    def test_the_first_of_several_users_is_shown(self) -> None:
        port = dataclasses.replace(PORT, name='octavia-lb-1')
        users = self.read(
            port,
            pairs=('10.0.0.9',),
            floatingips=[fake_cloud.floating_ip('203.0.113.5', 11)],
        )
        self.assertEqual(
            {PORT_ID: "its name is that of a load balancer's port"},
            users,
        )

    def test_other_addresses_of_the_network_are_free(self) -> None:
        bystander = dataclasses.replace(
            PORT,
            id=fake_cloud.identifier(14),
            fixed_ips=(records.FixedIP('10.0.0.8', SUBNET_ID),),
        )
        found = self.read(
            PORT,
            bystander,
            routers=[
                fake_cloud.router(40, '10.0.0.9', network_id=PORT.network_id)
            ],
            subnets=[
                {
                    **fake_cloud.subnet(900, '10.0.0.0/24'),
                    'gateway_ip': '10.0.0.9',
                }
            ],
        )
        self.assertEqual(
            {PORT_ID: f'router {ROUTER_ID} uses its address'}, found
        )

    def test_other_users(self) -> None:
        leads = 'floating IP 203.0.113.5 leads to it'
        subnet = f'subnet {SUBNET_ID} uses its address'
        route = [{'destination': '10.9.0.0/16', 'nexthop': '10.0.0.9'}]
        trunk = fake_cloud.trunk(13, {5: 11})
        other = fake_cloud.router(40, '10.0.0.9')
        own = fake_cloud.router(40, '10.0.0.9', network_id=PORT.network_id)
        several = [row['external_gateway_info'] for row in (other, own)]
        for name, rows, expected in (
            ('nothing', {}, None),
            (
                'floating IP',
                {'floatingips': [fake_cloud.floating_ip('203.0.113.5', 11)]},
                leads,
            ),
            (
                'floating IP of another port',
                {'floatingips': [fake_cloud.floating_ip('203.0.113.5', 12)]},
                None,
            ),
            (
                'port forwarding',
                {
                    'floatingips': [
                        fake_cloud.floating_ip(
                            '203.0.113.5',
                            port_forwardings=[
                                fake_cloud.forwarding(80, 80, 11, '10.0.0.9')
                            ],
                        )
                    ]
                },
                leads,
            ),
            (
                'subport',
                {'trunks': [trunk]},
                f'it is a part of trunk {trunk["id"]}',
            ),
            (
                'trunk of others',
                {'trunks': [fake_cloud.trunk(13, {5: 14})]},
                None,
            ),
            (
                'parent',
                {'trunks': [{**trunk, 'port_id': PORT_ID, 'sub_ports': []}]},
                f'it is a part of trunk {trunk["id"]}',
            ),
            (
                'gateway of a router',
                {'routers': [own]},
                f'router {ROUTER_ID} uses its address',
            ),
            (
                'second gateway of a router',
                {'routers': [{**other, 'external_gateways': several}]},
                f'router {ROUTER_ID} uses its address',
            ),
            (
                'gateway of a router to another network',
                {'routers': [other]},
                None,
            ),
            (
                'route of a router',
                {'routers': [{**fake_cloud.router(40), 'routes': route}]},
                f'router {ROUTER_ID} uses its address',
            ),
            (
                'gateway of a subnet',
                {
                    'subnets': [
                        {
                            **fake_cloud.subnet(900, '10.0.0.0/24'),
                            'gateway_ip': '10.0.0.9',
                        }
                    ]
                },
                subnet,
            ),
            (
                'route of a subnet',
                {
                    'subnets': [
                        {
                            **fake_cloud.subnet(900, '10.0.0.0/24'),
                            'host_routes': route,
                        }
                    ]
                },
                subnet,
            ),
            (
                'name server of a subnet',
                {
                    'subnets': [
                        {
                            **fake_cloud.subnet(900, '10.0.0.0/24'),
                            'dns_nameservers': ['192.0.2.53', '10.0.0.9'],
                        }
                    ]
                },
                subnet,
            ),
            (
                'gateway of a subnet of another network',
                {
                    'subnets': [
                        {
                            **fake_cloud.subnet(900, '10.0.0.0/24', 701),
                            'gateway_ip': '10.0.0.9',
                        }
                    ]
                },
                None,
            ),
        ):
            with self.subTest(name):
                users = self.read(**rows)
                self.assertEqual(expected, users.get(PORT_ID))

    def test_what_the_port_says(self) -> None:
        for changes, expected in (
            (
                {'trunk_id': ROUTER_ID},
                f'it is a part of trunk {ROUTER_ID}',
            ),
            (
                {'name': f'ovn-lb-vip-{BALANCER_ID}'},
                "its name is that of a load balancer's port",
            ),
            (
                {'name': 'ovn-lb-hm-1'},
                "its name is that of a load balancer's port",
            ),
            (
                {'name': 'octavia-lb-1'},
                "its name is that of a load balancer's port",
            ),
            ({'name': 'my-octavia-lb'}, None),
            ({'device_owner': 'Octavia'}, 'it belongs to Octavia'),
            ({'device_owner': 'compute:nova'}, None),
        ):
            with self.subTest(str(changes)):
                values: dict[str, Any] = changes
                port = dataclasses.replace(PORT, **values)
                # Not even a port that the user has named is deleted.
                self.assertEqual(
                    expected, self.read(port, named=(PORT_ID,)).get(PORT_ID)
                )

    def test_something_is_plugged_in(self) -> None:
        """Such as a probe that an operator has plugged in by hand."""
        active = dataclasses.replace(PORT, status='ACTIVE')
        why = (
            'something may be plugged in, as it is ACTIVE: name the port with '
            '--port'
        )
        self.assertEqual({PORT_ID: why}, self.read(active))
        self.assertEqual({PORT_ID: why}, self.read(active, named=(OTHER_ID,)))
        self.assertEqual({}, self.read(active, named=(PORT_ID,)))
        # Nova may have lost a server that runs.
        of_server = dataclasses.replace(OF_SERVER, status='ACTIVE')
        self.assertEqual({PORT_ID: why}, self.read(of_server))
        self.assertEqual({PORT_ID: why}, self.keep([of_server], (), False))
        self.assertEqual({}, self.read(of_server, named=(PORT_ID,)))
        for status in ('DOWN', 'BUILD', None):
            port = dataclasses.replace(PORT, status=status)
            self.assertEqual({}, self.read(port))

    def test_bound_without_a_device(self) -> None:
        bound = dataclasses.replace(PORT, host='compute-1')
        why = 'it is bound to compute-1: name the port with --port'
        self.assertEqual({PORT_ID: why}, self.read(bound))
        self.assertEqual({}, self.read(bound, named=(PORT_ID,)))

    def test_container(self) -> None:
        why = 'a container may use it: name the port with --port'
        for device_id in ('kuryr-pod-1', fake_cloud.identifier(9), None):
            with self.subTest(device_id):
                port = dataclasses.replace(
                    OF_SERVER,
                    device_id=device_id,
                    device_owner='compute:kuryr',
                )
                self.assertEqual({PORT_ID: why}, self.read(port))
                self.assertEqual({PORT_ID: why}, self.keep([port], (), False))
                self.assertEqual({}, self.read(port, named=(PORT_ID,)))

    def test_addresses_that_no_port_shows(self) -> None:
        why = f'port {OTHER_ID} may have its address: name the port with '
        for changes, expected in (
            ({'port_security_enabled': False}, {PORT_ID: f'{why}--port'}),
            ({'port_security_enabled': True}, {}),
            # Neutron's own ports never have it.
            (
                {
                    'port_security_enabled': False,
                    'device_owner': 'network:dhcp',
                },
                {},
            ),
            (
                {
                    'port_security_enabled': False,
                    'network_id': fake_cloud.identifier(701),
                },
                {},
            ),
        ):
            with self.subTest(str(changes)):
                other = fake_cloud.port(12, 1, '10.0.0.6', **changes)
                ports = [other, fake_cloud.port(13, 1)]
                self.assertEqual(expected, self.read(ports=ports, network=702))
                self.assertEqual(
                    {}, self.read(ports=ports, network=702, named=(PORT_ID,))
                )

    def test_server_that_the_caller_may_not_see(self) -> None:
        why = 'its server may be in another project: name the port with --port'
        self.assertEqual({}, self.read(OF_SERVER))
        self.hide_servers()
        self.assertEqual({PORT_ID: why}, self.keep([OF_SERVER]))
        self.assertEqual({}, self.keep([OF_SERVER], (PORT_ID,)))
        self.assertEqual({}, self.keep([PORT]))

    def hide_servers(self) -> None:
        """Hide the servers of other projects."""
        self.cloud.get(
            f'{api_test_case.SERVERS_URL}?all_tenants=1',
            status_code=403,
            json={},
        )

    def test_server_of_another_region(self) -> None:
        for name, urls, keeps in (
            (
                'the same Neutron',
                ('http://two.test', fake_cloud.NETWORK_URL),
                True,
            ),
            (
                'written in another way',
                (
                    'http://two.test',
                    f'{fake_cloud.NETWORK_URL}/v2.0/'.replace(
                        'http:', 'HTTP:'
                    ),
                ),
                True,
            ),
            ('no Neutron of its own', ('http://two.test', ''), True),
            ('another Neutron', ('http://two.test', 'http://two.test'), False),
            (
                'no other Nova',
                (fake_cloud.COMPUTE_URL, fake_cloud.NETWORK_URL),
                False,
            ),
        ):
            compute_url, network_url = urls
            other: Any = types.SimpleNamespace(
                name='RegionTwo',
                compute_url=compute_url,
                network_url=network_url,
            )
            self.cloud.register_tokens('a-token', regions=[other])
            why = 'its server may be in region RegionTwo: name the port with '
            with self.subTest(name):
                self.assertEqual(
                    {PORT_ID: f'{why}--port'} if keeps else {},
                    self.read(OF_SERVER),
                )
                self.assertEqual(
                    {PORT_ID: f'{why}--port'} if keeps else {},
                    self.keep([OF_SERVER], (), False),
                )
                self.assertEqual({}, self.read(OF_SERVER, named=(PORT_ID,)))

    def test_what_may_be_in_use_is_not_released(self) -> None:
        self.hide_servers()
        of_kuryr = dataclasses.replace(
            PORT, device_id='kuryr-pod-1', status='ACTIVE'
        )
        for port, why in (
            (OF_SERVER, 'its server may be in another project'),
            (of_kuryr, 'something may be plugged in, as it is ACTIVE'),
            (PORT, None),
        ):
            expected = f'{why}: name the port with --port'
            for named in (), (PORT_ID,):
                with self.subTest(why, named=named):
                    self.assertEqual(
                        {PORT_ID: expected} if why and not named else {},
                        self.keep([port], named, False),
                    )

    def test_age_that_is_not_known(self) -> None:
        why = 'its age is not known: name the port with --port'
        for port in (PORT, OF_SERVER):
            port = dataclasses.replace(port, seconds_unchanged=None)
            self.assertEqual({PORT_ID: why}, self.read(port))
            self.assertEqual({PORT_ID: why}, self.keep([port], (), False))
            self.assertEqual({}, self.read(port, named=(PORT_ID,)))

    def test_neutron_without_routers_and_trunks(self) -> None:
        self.read()
        for name in ('floatingips', 'routers', 'trunks'):
            self.cloud.get(
                f'{api_test_case.NEUTRON_URL}/{name}', status_code=404, json={}
            )
        self.cloud.register_extensions('agent')
        self.assertEqual({}, self.keep([PORT]))
        for extension in ('router', 'trunk'):
            with self.subTest(extension):
                self.cloud.register_extensions('agent', extension)
                self.assertRaises(errors.NothingThere, self.keep, [PORT])

    def test_neutron_that_does_not_answer(self) -> None:
        for name in ('floatingips', 'trunks', 'routers', 'subnets', 'ports'):
            with self.subTest(name):
                self.read()
                self.cloud.get(
                    f'{api_test_case.NEUTRON_URL}/{name}',
                    status_code=403,
                    json={},
                )
                self.assertRaises(errors.Forbidden, self.keep, [PORT])


class TestOtherServices(PortUsersTestCase):
    def octavia(self, *rows: dict[str, object]) -> None:
        self.cloud.register_tokens('a-token', load_balancer_url=OCTAVIA_URL)
        self.cloud.get(
            BALANCERS_URL,
            json={'loadbalancers': list(rows), 'loadbalancers_links': []},
        )

    def test_load_balancers(self) -> None:
        used = f'load balancer {BALANCER_ID} uses its address'
        additional = [{'subnet_id': SUBNET_ID, 'ip_address': '10.0.0.9'}]
        elsewhere = [{**additional[0], 'subnet_id': ROUTER_ID}]
        for name, rows, expected in (
            ('none', [], None),
            ('virtual IP', [load_balancer(11, '10.0.0.9')], used),
            ('its port only', [load_balancer(11, '10.0.0.1')], used),
            ('another one', [load_balancer(12, '10.0.0.8')], None),
            (
                'additional virtual IP',
                [load_balancer(12, '10.0.0.8', additional_vips=additional)],
                used,
            ),
            (
                'the same address elsewhere',
                [load_balancer(12, '10.0.0.8', additional_vips=elsewhere)],
                None,
            ),
            (
                'not built yet',
                [
                    {
                        **load_balancer(12, ''),
                        'vip_address': None,
                        'vip_port_id': None,
                        'vip_subnet_id': None,
                    }
                ],
                None,
            ),
        ):
            with self.subTest(name):
                self.octavia(*rows)
                self.assertEqual(expected, self.read().get(PORT_ID))

    def test_octavia_that_cannot_be_read(self) -> None:
        unknown = (
            'a service that cannot be asked may use it (load-balancer): '
            'name the port with --port'
        )
        of_container = dataclasses.replace(
            PORT, device_id='pod-1', device_owner='compute:nova'
        )
        for name, answer in (
            ('no rights', {'status_code': 403, 'json': {}}),
            ('broken', {'status_code': 500}),
            ('no answer', {'exc': requests.exceptions.ConnectTimeout}),
            ('no JSON', {'text': '<html>'}),
            ('malformed', {'json': {'loadbalancers': [{'id': 'x'}]}}),
        ):
            with self.subTest(name):
                self.octavia()
                self.cloud.get(BALANCERS_URL, **answer)
                self.assertEqual({PORT_ID: unknown}, self.read(PORT))
                self.assertEqual({}, self.read(PORT, named=(PORT_ID,)))
                self.assertEqual(
                    {PORT_ID: unknown}, self.read(PORT, named=(OTHER_ID,))
                )
                self.assertEqual({PORT_ID: unknown}, self.read(of_container))
                # Its server was known, and is gone.
                self.assertEqual({}, self.read(OF_SERVER))

    def test_octavia_that_refuses_the_token(self) -> None:
        self.octavia()
        self.cloud.get(BALANCERS_URL, status_code=401, json={})
        self.assertRaises(errors.TokenRefused, self.read)

    def test_several_services_that_cannot_be_asked(self) -> None:
        self.cloud.register_tokens('a-token', more_services=('dns', 'sharev2'))
        self.assertEqual(
            'a service that cannot be asked may use it (dns, '
            'shared-file-system): name the port with --port',
            self.read()[PORT_ID],
        )

    def test_services_that_cannot_be_asked(self) -> None:
        for service_type, shown in (
            ('dns', 'dns'),
            ('orchestration', 'orchestration'),
            ('sharev2', 'shared-file-system'),
            ('shared-file-system', 'shared-file-system'),
            ('baremetal', 'baremetal'),
            ('container', 'application-container'),
            ('database', 'database'),
        ):
            with self.subTest(service_type):
                self.cloud.register_tokens(
                    'a-token', more_services=(service_type,)
                )
                self.assertIn(f'({shown})', self.read()[PORT_ID])
