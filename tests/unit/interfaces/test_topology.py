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

"""What is around the interfaces of a server."""

from typing import Any
from unittest import mock

import testtools

from osc_port_iface.interfaces.listing import one_interface
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces import topology
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

SUBNET = fake_cloud.identifier(900)
ROUTER = records.Router(
    'r',
    'edge',
    gateways=(records.Gateway('x', (records.FixedIP('203.0.113.1'),)),),
)


class TestOfServer(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.port = samples.port(
            11, fixed_ips=(records.FixedIP('10.0.0.5', SUBNET),), name='p'
        )
        self.look: Any = mock.create_autospec(lookup.Lookup, instance=True)
        self.look.port.side_effect = lambda row: row.port
        self.look.network.return_value = records.Network('n', 'net')
        self.look.subnets.return_value = [
            records.Subnet(SUBNET, None, cidr='10.0.0.0/24')
        ]
        self.look.gateway.return_value = ROUTER
        self.look.floating_ips.return_value = []
        self.look.port_forwardings.return_value = []

    def tree(
        self,
        *ports: records.Port,
        cache: tuple[records.Interface, ...] | None = None,
        chosen: slice = slice(None),
    ) -> topology.Node:
        ports = ports or (self.port,)
        server = samples.server(
            *ports, **({} if cache is None else {'cache': cache})
        )
        rows = [
            records.ServerInterface(server, port.as_interface(), port)
            for port in ports
        ]
        return topology.tree(
            one_interface.Choice(server, records.Answer(rows), rows[chosen]),
            self.look,
        )

    def around(self, *ports: records.Port) -> topology.Node:
        """Return the network of the first interface."""
        return self.tree(*ports).children[0].children[0]

    def test_all(self) -> None:
        self.look.floating_ips.return_value = [
            records.FloatingIP(
                'f',
                '203.0.113.5',
                port_id=self.port.id,
                router_id='r',
                fixed_ip_address='10.0.0.5',
            )
        ]
        forwarding = records.PortForwarding(
            'tcp', '2201', '10.0.0.5', '22', 'p'
        )
        floating_ip = records.FloatingIP('f', '203.0.113.6', router_id='r')
        self.look.port_forwardings.return_value = [(floating_ip, forwarding)]
        node = topology.Node
        ways = (
            node('floating IP', '203.0.113.5'),
            node('port forwarding', '203.0.113.6:2201->10.0.0.5:22/tcp'),
        )
        router = node('router', 'edge', ('203.0.113.1',), children=ways)
        address = node('address', '10.0.0.5', children=(router,))
        network = node('network', 'net', ('10.0.0.0/24',), children=(address,))
        subport = node(
            'subport',
            'fa:16:3e:00:00:99',
            ('VLAN 101', fake_cloud.identifier(99)),
        )
        port = samples.port(
            11,
            fixed_ips=self.port.fixed_ips,
            subports=(
                records.Subport(
                    fake_cloud.identifier(99),
                    'vlan',
                    101,
                    'fa:16:3e:00:00:99',
                ),
            ),
        )
        interface = node(
            'interface',
            samples.mac_address(11),
            ('ACTIVE', f'tap{port.id[:11]}'),
            ('floating-ip-differs: not in the cache; expected: 203.0.113.5',),
            (network, subport),
        )
        self.assertEqual(
            node(
                'server',
                'web',
                (fake_cloud.identifier(1), 'ACTIVE', 'compute-1'),
                children=(interface,),
            ),
            self.tree(port),
        )

    def test_ways_that_do_not_lead_through_the_router(self) -> None:
        self.look.floating_ips.return_value = [
            records.FloatingIP(
                'f', f'203.0.113.{n}', router_id=router, fixed_ip_address=to
            )
            for n, router, to in (
                (5, 'another', '10.0.0.5'),
                (6, 'r', '10.0.0.99'),
                (7, 'r', None),
            )
        ]
        address, *others = self.around().children
        self.assertEqual(
            ['edge', '203.0.113.5'], [node.name for node in address.children]
        )
        self.assertEqual((), address.children[0].children)
        self.assertEqual(
            ['203.0.113.6', '203.0.113.7'], [node.name for node in others]
        )

    def test_what_may_not_be_seen(self) -> None:
        self.look.network.return_value = None
        self.look.gateway.return_value = None
        self.look.subnets.return_value = []
        port = samples.port(11, '10.0.0.5', vif_type=None, host=None)
        interface = self.tree(port).children[0]
        self.assertEqual(('ACTIVE', port.id), interface.facts)
        self.assertEqual(
            (
                topology.Node(
                    'network',
                    port.network_id,
                    children=(topology.Node('address', '10.0.0.5'),),
                ),
            ),
            interface.children,
        )

    def test_mismatches(self) -> None:
        extra = samples.cached(12, '10.0.0.6')
        whole = self.tree(cache=(samples.cached(11, '10.0.0.9'), extra))
        self.assertEqual(
            [
                ('address-differs: 10.0.0.9; expected: 10.0.0.5',),
                ('only-in-cache: 10.0.0.6; expected: not in the cache',),
            ],
            [node.mismatches for node in whole.children],
        )
        self.assertEqual(samples.mac_address(12), whole.children[1].name)

    def test_binding(self) -> None:
        port = samples.port(11, '10.0.0.5', host='compute-2')
        self.assertEqual(
            ('host-differs: compute-2; expected: compute-1',),
            self.tree(port).children[0].mismatches,
        )

    def test_one_of_several(self) -> None:
        """The others are compared, but not shown."""
        twin = samples.port(12, '10.0.0.6', mac_address=self.port.mac_address)
        tree = self.tree(self.port, twin, chosen=slice(1, 2))
        (interface,) = tree.children
        self.assertEqual((), interface.mismatches)
        self.assertEqual('10.0.0.6', interface.children[0].children[0].name)

    def test_server_without_interfaces(self) -> None:
        server = samples.server(name=None)
        found = one_interface.Choice(server, records.Answer([]), [])
        self.assertEqual(
            topology.Node(
                'server',
                server.id,
                (server.id, 'ACTIVE', 'compute-1'),
            ),
            topology.tree(found, self.look),
        )
