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

from collections.abc import Callable
import datetime
import ipaddress
from typing import Any

from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

PORTS_URL = f'{api_test_case.NEUTRON_URL}/ports'
PORT = fake_cloud.identifier(11)


class NetworkTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.network = self.api().network


class TestPorts(NetworkTestCase):
    def one(self, **other: object) -> records.Port:
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, '10.0.0.1', **other)
        )
        (port,) = self.network.list(neutron.PORTS, 'id', [PORT]).rows
        return port

    def test_nulls_everywhere(self) -> None:
        bare = dict.fromkeys(fake_cloud.port(11, 1))
        bare.update(dict.fromkeys(('trunk_details', 'binding:profile')))
        bare.update(id=PORT, network_id='n')
        self.answer(PORTS_URL, {'json': {'ports': [bare]}})
        self.assertEqual(
            [records.Port(PORT, 'n', None, ())],
            self.network.list(neutron.PORTS, 'id', [PORT]).rows,
        )

    def test_older_and_odd_answers(self) -> None:
        for name, other, attribute, expected in (
            (
                'capitals',
                {'mac_address': 'FA:16:3E:00:00:0B'},
                'mac_address',
                'fa:16:3e:00:00:0b',
            ),
            ('no owner', {'device_owner': None}, 'is_for_server', False),
            ('no owner', {'device_owner': None}, 'server_id', None),
            ('router', {'device_owner': 'network:x'}, 'server_id', None),
            ('no device', {'device_id': ''}, 'server_id', None),
            ('path', {'device_id': '../flavors'}, 'server_id', None),
            (
                'server',
                {'device_owner': 'compute:'},
                'server_id',
                fake_cloud.identifier(1),
            ),
            ('no MAC', {'mac_address': ''}, 'mac_address', None),
            (
                'no VIF type',
                {'binding:vif_type': None},
                'shows_binding',
                False,
            ),
            (
                'unbound',
                {'binding:vif_type': 'unbound'},
                'shows_binding',
                True,
            ),
            ('empty profile', {'binding:profile': {}}, 'pci_slot', None),
            (
                'profile',
                {'binding:profile': {'pci_slot': '0000:03:10.2'}},
                'pci_slot',
                '0000:03:10.2',
            ),
            (
                'created',
                {'created_at': '2026-01-01T00:00:00Z'},
                'created_at',
                datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            ),
        ):
            with self.subTest(name, attribute=attribute):
                self.assertEqual(
                    expected, getattr(self.one(**other), attribute)
                )

    def test_trunk(self) -> None:
        port = self.one(
            trunk_details={
                'trunk_id': 't',
                'sub_ports': [
                    {
                        'port_id': fake_cloud.identifier(12),
                        'segmentation_type': 'vlan',
                        'segmentation_id': 101,
                        'mac_address': 'm',
                    },
                ],
            }
        )
        self.assertEqual('t', port.trunk_id)
        self.assertEqual(
            (records.Subport(fake_cloud.identifier(12), 'vlan', 101, 'm'),),
            port.subports,
        )

    def test_broken_ones(self) -> None:
        self.answer(
            PORTS_URL,
            {
                'json': {
                    'ports': [
                        fake_cloud.port(12, 1, network_id=None),
                        fake_cloud.port(13, 1, admin_state_up='yes'),
                        fake_cloud.port(11, 1),
                    ]
                }
            },
        )
        answer = self.network.list(
            neutron.PORTS, 'device_id', [fake_cloud.identifier(1)]
        )
        self.assertEqual([PORT], [row.id for row in answer.rows])
        self.assertEqual(2, len(answer.failures))

    def test_what_is_not_shown_is_not_empty(self) -> None:
        extended = {
            'security_groups': 'security-group',
            'allowed_address_pairs': 'allowed-address-pairs',
            'port_security_enabled': 'port-security',
        }
        for key in ('mac_address', 'fixed_ips', 'device_id', *extended):
            port = fake_cloud.port(11, 1)
            del port[key]
            self.answer(PORTS_URL, {'json': {'ports': [port]}})
            for known, is_broken in (
                ((), True),
                (('agent', *extended.values()), True),
                (('agent',), key not in extended),
            ):
                with self.subTest(key=key, known=known):
                    self.cloud.register_extensions(*known)
                    network = self.api().network
                    answer = network.list(neutron.PORTS, 'id', [PORT])
                    self.assertEqual(
                        [
                            'Ports: the answer is not what the API describes: '
                            f'ports[0].{key} is missing (ID {PORT}) (HTTP 200)'
                        ]
                        * is_broken,
                        answer.failures,
                    )
                    self.assertEqual(not is_broken, bool(answer.rows))

    def test_what_is_not_asked_for_need_not_be_there(self) -> None:
        port = fake_cloud.port(11, 1)
        del port['security_groups']
        self.answer(PORTS_URL, {'json': {'ports': [port]}})
        answer = self.network.list(neutron.BOUND_PORTS, 'id', [PORT])
        self.assertEqual((1, []), (len(answer.rows), answer.failures))

    def test_what_is_asked(self) -> None:
        self.answer(PORTS_URL, {'json': {'ports': []}})
        cases: tuple[tuple[str, Callable[[], object], object], ...] = (
            (
                'servers',
                lambda: self.network.list(
                    neutron.PORTS, 'device_id', ['a', 'b']
                ),
                {'device_id': ['a', 'b']},
            ),
            (
                'IDs',
                lambda: self.network.list(neutron.PORTS, 'id', ['a']),
                {'id': ['a']},
            ),
            (
                'name',
                lambda: self.network.list(neutron.PORTS, 'name', ['a']),
                {'name': ['a']},
            ),
            (
                'MAC',
                lambda: self.network.list(neutron.PORTS, 'mac_address', ['a']),
                {'mac_address': ['a']},
            ),
            (
                'fixed IP',
                lambda: self.network.list(
                    neutron.PORTS, 'ip_address', ['::1']
                ),
                {'fixed_ips': ['ip_address=::1']},
            ),
            (
                'all',
                lambda: self.network.list(neutron.PORTS),
                {'sort_key': ['id'], 'sort_dir': ['asc'], 'limit': ['1000']},
            ),
        )
        for name, call, expected in cases:
            with self.subTest(name):
                call()
                query = self.queries(PORTS_URL)[-1]
                self.assertIn('id', query.pop('fields'))
                self.assertEqual(expected, query)

    def test_what_was_not_asked_for_is_dropped(self) -> None:
        self.answer(
            PORTS_URL,
            {
                'json': {
                    'ports': [
                        fake_cloud.port(11, 1, '10.0.0.1', name='web'),
                        fake_cloud.port(12, 2, '10.0.0.2', name='WEB'),
                        fake_cloud.port(13, 3, mac_address=''),
                    ]
                }
            },
        )
        for name, answer in (
            (
                'servers',
                self.network.list(
                    neutron.PORTS, 'device_id', [fake_cloud.identifier(1)]
                ),
            ),
            ('IDs', self.network.list(neutron.PORTS, 'id', [PORT])),
            ('name', self.network.list(neutron.PORTS, 'name', ['web'])),
            (
                'MAC',
                self.network.list(
                    neutron.PORTS, 'mac_address', ['fa:16:3e:00:00:0b']
                ),
            ),
            (
                'fixed IP',
                self.network.list(neutron.PORTS, 'ip_address', ['10.0.0.1']),
            ),
        ):
            with self.subTest(name):
                self.assertEqual([PORT], [row.id for row in answer.rows])


class TestSharing(NetworkTestCase):
    def test_what_others_share_is_asked_for_as_such(self) -> None:
        for collection in (
            neutron.ADDRESS_GROUPS,
            neutron.NETWORKS,
            neutron.QOS_POLICIES,
            neutron.SECURITY_GROUPS,
            neutron.SECURITY_GROUPS_WITH_RULES,
        ):
            with self.subTest(collection.what):
                self.assertIn('shared', collection.record.keys)


class TestOthers(NetworkTestCase):
    def test_floating_ips(self) -> None:
        self.cloud.register_network(
            'floatingips',
            {
                **fake_cloud.floating_ip('198.51.100.1', 11),
                'fixed_ip_address': '10.0.0.1',
            },
            {
                **fake_cloud.floating_ip('198.51.100.2', 11),
                'port_id': None,
                'port_forwardings': [
                    {
                        'protocol': 'tcp',
                        'external_port': 2222,
                        'internal_port': 22,
                        'internal_ip_address': '10.0.0.1',
                        'internal_port_id': PORT,
                    },
                    {
                        'protocol': 'udp',
                        'external_port_range': '1:2',
                        'internal_port_range': '3:4',
                    },
                ],
            },
        )
        (one,) = self.network.list(
            neutron.FLOATING_IPS, 'port_id', [PORT]
        ).rows
        self.assertEqual(
            ('198.51.100.1', '10.0.0.1', PORT),
            (one.address, one.fixed_ip_address, one.port_id),
        )
        (other,) = self.network.list(
            neutron.FLOATING_IPS, 'address', ['198.51.100.2']
        ).rows
        self.assertEqual(
            (
                records.PortForwarding('tcp', '2222', '10.0.0.1', '22', PORT),
                records.PortForwarding('udp', '1:2', None, '3:4', None),
            ),
            other.port_forwardings,
        )

    def test_ports_of_a_range_cannot_be_read(self) -> None:
        row = fake_cloud.floating_ip('198.51.100.2')
        forwarding = {'protocol': 'udp', 'internal_ip_address': '10.0.0.1'}
        self.cloud.register_port_forwardings(row, forwarding)
        self.answer(
            f'{api_test_case.NEUTRON_URL}/floatingips/{row["id"]}'
            '/port_forwardings',
            {'status_code': 403},
        )
        answer = self.network.list(neutron.FLOATING_IPS)
        self.assertEqual(
            [
                f'Port forwardings of floating IP {row["id"]}: '
                'this is not allowed'
            ],
            [line.partition(' (')[0] for line in answer.failures],
        )
        ((found,),) = [row.port_forwardings for row in answer.rows]
        self.assertEqual(
            '198.51.100.2:->10.0.0.1:/udp', found.of('198.51.100.2')
        )

    def test_neutron_without_routers(self) -> None:
        self.answer(
            f'{api_test_case.NEUTRON_URL}/floatingips', {'status_code': 404}
        )
        self.cloud.register_extensions('agent')
        self.assertEqual(
            records.Answer([]),
            self.network.list(neutron.FLOATING_IPS, 'port_id', [PORT]),
        )

    def test_404_that_may_not_be_neutrons(self) -> None:
        url = f'{api_test_case.NEUTRON_URL}/extensions'
        agent = {'alias': 'agent'}
        for name, collection, answer in (
            ('no extension is shown', neutron.ROUTERS, {'extensions': []}),
            (
                'it has the extension',
                neutron.TRUNKS,
                {'extensions': [agent, {'alias': 'trunk'}]},
            ),
            (
                'an extension without a name',
                neutron.ROUTERS,
                {'extensions': [agent, {}]},
            ),
            ('they cannot be read', neutron.ADDRESS_GROUPS, None),
            (
                'a part of every Neutron',
                neutron.PORTS,
                {'extensions': [agent]},
            ),
        ):
            with self.subTest(name):
                self.answer(
                    f'{api_test_case.NEUTRON_URL}{collection.path}',
                    {'status_code': 404},
                )
                status = 200 if answer else 404
                self.answer(url, {'status_code': status, 'json': answer})
                error = self.assertRaises(
                    errors.NothingThere, self.api().network.list, collection
                )
                self.assertEqual(
                    f'{collection.what}: not found (HTTP 404)', str(error)
                )

    def test_names(self) -> None:
        self.cloud.register_network(
            'networks',
            {'id': 'n', 'name': 'private', 'mtu': 1450},
            {
                'id': 'o',
                'name': '',
                'segments': [{}, {'provider:network_type': 'vlan'}],
            },
        )
        self.cloud.register_network(
            'subnets', {'id': 's', 'name': '', 'cidr': '10.0.0.0/24'}
        )
        self.cloud.register_network(
            'security-groups', {'id': 'g', 'name': 'default'}
        )
        for name, answer, expected in (
            (
                'networks',
                self.network.list(neutron.NETWORKS, 'id', ['n', 'o']),
                [
                    records.Network('n', 'private', 1450),
                    records.Network(
                        'o',
                        None,
                        segments=(records.Segment(), records.Segment('vlan')),
                    ),
                ],
            ),
            (
                'named',
                self.network.list(neutron.NETWORKS, 'name', ['private']),
                [records.Network('n', 'private', 1450)],
            ),
            (
                'subnets',
                self.network.list(neutron.SUBNETS, 'id', ['s']),
                [records.Subnet('s', None, cidr='10.0.0.0/24')],
            ),
            (
                'groups',
                self.network.list(neutron.SECURITY_GROUPS, 'id', ['g']),
                [records.SecurityGroup('g', 'default')],
            ),
        ):
            with self.subTest(name):
                self.assertEqual(expected, answer.rows)

    def test_token_that_shows_nothing(self) -> None:
        self.cloud.register_authentication(system=True)
        url = f'{api_test_case.NEUTRON_URL}/ports'
        self.answer(url, {'json': {'ports': []}})
        error = self.assertRaises(
            errors.Forbidden, self.api().network.ensure_scope
        )
        self.assertEqual(
            'Ports: none is shown; the token is not scoped to a project, and '
            'interfaces need one that is',
            str(error),
        )
        self.answer(url, {'json': {'ports': [fake_cloud.port(1, 1)]}})
        self.api().network.ensure_scope()
        self.assertEqual(2, len(self.requested(url)))

    def test_token_of_a_project_is_not_looked_into(self) -> None:
        self.api().network.ensure_scope()
        self.assertEqual([], self.requested(api_test_case.NEUTRON_URL))

    def test_routes_and_networks(self) -> None:
        route = {'destination': '10.9.0.7/16', 'nexthop': '10.0.0.9'}
        expected = records.Route(
            ipaddress.ip_network('10.9.0.0/16'), '10.0.0.9'
        )
        router = {**fake_cloud.router(950, '203.0.113.2'), 'routes': [route]}
        subnet = {
            **fake_cloud.subnet(900, '10.0.0.0/24'),
            'host_routes': [route],
        }
        group = {
            'id': fake_cloud.identifier(990),
            'name': 'office',
            'addresses': ['192.0.2.1', '2001:db8::7/64'],
        }
        self.cloud.register_network('routers', router)
        self.cloud.register_network('subnets', subnet)
        self.cloud.register_network('address-groups', group)
        (read_router,) = self.network.list(neutron.ROUTERS).rows
        (read_subnet,) = self.network.list(neutron.SUBNETS).rows
        (read_group,) = self.network.list(neutron.ADDRESS_GROUPS).rows
        self.assertEqual((expected,), read_router.routes)
        self.assertEqual((expected,), read_subnet.host_routes)
        self.assertEqual(
            ('192.0.2.1/32', '2001:db8::/64'),
            tuple(map(str, read_group.networks)),
        )

    def test_broken_networks(self) -> None:
        odd: tuple[tuple[paging.Collection[Any], dict[str, Any]], ...] = (
            (neutron.ADDRESS_GROUPS, {'addresses': ['everywhere']}),
            (neutron.ROUTERS, {'routes': [{'destination': '10.9.0.0/16'}]}),
        )
        for collection, part in odd:
            with self.subTest(collection.key):
                self.cloud.register_network(
                    collection.path[1:],
                    {'id': fake_cloud.identifier(950), **part},
                )
                self.assertNotEqual([], self.network.list(collection).failures)

    def test_networks_that_an_agent_connects(self) -> None:
        for configurations, expected in (
            (None, None),
            ({}, None),
            ({'tunnel_types': ['vxlan']}, None),
            ({'bridge_mappings': None}, frozenset()),
            ({'bridge_mappings': {'a': 'br'}}, frozenset({'a'})),
            ({'bridge-mappings': ''}, frozenset()),
            ({'bridge-mappings': 'a:br,b:br-b'}, frozenset({'a', 'b'})),
            ({'interface_mappings': {'a': 'eth0'}}, frozenset({'a'})),
            (
                {'device_mappings': {'a': ['eth0'], 'b': ['eth1']}},
                frozenset({'a', 'b'}),
            ),
        ):
            with self.subTest(configurations=configurations):
                self.cloud.register_network(
                    'agents',
                    {'id': 'x', 'host': 'h', 'configurations': configurations},
                )
                (agent,) = self.network.list(
                    neutron.AGENTS, 'host', ['h']
                ).rows
                self.assertEqual(expected, agent.networks)

    def test_bindings_of_what_is_no_port(self) -> None:
        self.assertRaises(
            errors.NotFound, self.network.port_bindings, '../networks'
        )
        self.assertEqual([], self.requested(fake_cloud.NETWORK_URL))

    def test_nothing_is_wanted(self) -> None:
        self.network.list(neutron.PORTS, 'id', [])
        self.network.list(neutron.NETWORKS, 'id', [])
        self.assertEqual([], self.requested(fake_cloud.NETWORK_URL))

    def test_failure(self) -> None:
        self.answer(PORTS_URL, {'status_code': 403})
        error = self.assertRaises(
            errors.Forbidden, self.network.list, neutron.PORTS
        )
        self.assertEqual('Ports: this is not allowed (HTTP 403)', str(error))
