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

"""Ways that only some clouds have, and what may be beyond them."""

import dataclasses
import ipaddress

from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import steps
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces.path import test_reach

ALLOWED, BLOCKED, UNKNOWN = steps.Verdict

OVN, AGENTS = test_reach.OVN, test_reach.AGENTS

PING = flows.Question('icmp', 8)

FRONT, BACK, EDGE = test_reach.FRONT, test_reach.BACK, test_reach.EDGE
WEB, DB = test_reach.WEB, test_reach.DB


class TestPhysicalNetwork(test_reach.WorldTestCase):
    def test_network_that_may_be_a_physical_one(self) -> None:
        """A router outside may know the way, unless it is a tunnel."""
        for number in (22, 24):
            del self.world.ports[fake_cloud.identifier(number)]
        beyond = 'a router beyond network public would have to know the way'
        not_joined = 'no router joins networks front and back'
        for kind, is_shared, mtu, verdict, reason in (
            (None, False, 1450, BLOCKED, not_joined),
            (None, False, 1500, UNKNOWN, beyond),
            (None, True, 1450, UNKNOWN, beyond),
            ('vlan', False, 1500, UNKNOWN, beyond),
            ('vlan', True, 1500, UNKNOWN, beyond),
            ('geneve', True, 1500, BLOCKED, not_joined),
        ):
            segments = (records.Segment(kind),) if kind else ()
            with self.subTest(kind=kind, is_shared=is_shared, mtu=mtu):
                self.world.change(
                    BACK, segments=segments, is_shared=is_shared, mtu=mtu
                )
                self.assert_path(verdict, reason, '10.0.0.5', '10.0.1.5')
        # Without a gateway, nothing gets to a router outside.
        self.world.change(EDGE, gateways=())
        self.world.change(BACK, segments=(), is_shared=False, mtu=1500)
        reason = 'router edge has no gateway'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')


class TestRouterAsAnEnd(test_reach.WorldTestCase):
    """The router inner joins back and a network link, on which edge is, too.

    It is not known to servers, but to the router edge.
    """

    def setUp(self) -> None:
        super().setUp()
        link = fake_cloud.identifier(904)
        self.world.networks['link'] = test_reach.network('link', 'link')
        self.world.subnets[link] = records.Subnet(
            link, 'link-v4', 'link', '10.0.9.0/24', None
        )
        self.world.routers['inner'] = records.Router(
            'inner', 'inner', admin_state_up=True
        )
        for number in (22, 24):
            del self.world.ports[fake_cloud.identifier(number)]
        back = test_reach.interface(33, BACK, '10.0.1.1')
        self.world.ports[back.id] = dataclasses.replace(
            back, device_id='inner'
        )
        for number, device, address in (
            (31, EDGE, '10.0.9.1'),
            (32, 'inner', '10.0.9.2'),
        ):
            row = dataclasses.replace(
                test_reach.interface(number, FRONT, '10.0.0.1'),
                network_id='link',
                device_id=device,
                fixed_ips=(records.FixedIP(address, link),),
            )
            self.world.ports[row.id] = row
        self.world.change(
            EDGE,
            routes=(
                records.Route(ipaddress.ip_network('10.0.1.0/24'), '10.0.9.2'),
            ),
        )

    def test_router_answers_by_its_own_routes(self) -> None:
        for address in ('10.0.9.2', '10.0.1.1'):
            self.assert_blocked(
                'no way back: router inner has no route to 10.0.0.5',
                '10.0.0.5',
                address,
                PING,
            )
        back = records.Route(ipaddress.ip_network('10.0.0.0/24'), '10.0.9.1')
        self.world.change('inner', routes=(back,))
        for address in ('10.0.9.2', '10.0.1.1'):
            self.assert_allowed('10.0.0.5', address, PING)

    def test_router_answers_by_its_gateway(self) -> None:
        """It translates the answer, which does not arrive."""
        self.world.change('inner', routes=())
        gateway = records.Gateway(
            test_reach.PUBLIC,
            (test_reach.fixed_ip(test_reach.PUBLIC, '203.0.113.3'),),
            has_source_nat=True,
        )
        self.world.change('inner', gateways=(gateway,))
        self.assert_blocked(
            'no way back: router inner has no route to 10.0.0.5',
            '10.0.0.5',
            '10.0.9.2',
            PING,
        )

    def test_router_as_a_source(self) -> None:
        reason = 'router inner has no route to 10.0.0.5'
        self.assert_blocked(reason, '10.0.9.2', '10.0.0.5')
        back = records.Route(ipaddress.ip_network('10.0.0.0/24'), '10.0.9.1')
        self.world.change('inner', routes=(back,))
        path = self.assert_allowed('10.0.9.2', '10.0.0.5')
        self.assertEqual('through router edge', path.route)

    def test_router_that_is_down_or_hidden(self) -> None:
        for source, address in (
            ('10.0.0.5', '10.0.0.1'),
            ('198.51.100.7', '203.0.113.2'),
            ('203.0.113.9', '203.0.113.2'),
        ):
            with self.subTest(source=source, address=address):
                self.world.change(EDGE, admin_state_up=False)
                reason = 'router edge is disabled'
                self.assert_blocked(reason, source, address, PING)
                self.world.change(EDGE, admin_state_up=True)
                self.assert_allowed(source, address, PING)
        self.world.routers.clear()
        reason = f'router {EDGE} cannot be read'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.1', PING)
        self.assert_blocked(
            '10.0.0.1 is of a router, which answers only ping',
            '10.0.0.5',
            '10.0.0.1',
        )


class TestSeveralRoutes(test_reach.WorldTestCase):
    def test_routes_of_one_prefix(self) -> None:
        """A packet takes any of them, whether or not something is there."""
        there = ipaddress.ip_network('10.9.0.0/16')
        hops = ('10.0.1.5', '10.0.1.99')
        routes = tuple(records.Route(there, hop) for hop in hops)
        for row in (routes, routes[::-1]):
            self.world.change(EDGE, routes=row)
            named = ', '.join(route.next_hop for route in row)
            reason = f'edge has several routes to 10.9.0.7: by {named}'
            self.assert_unknown(reason, '10.0.0.5', '10.9.0.7')
        # The longest prefix and what the router is on come first.
        longer = records.Route(ipaddress.ip_network('10.9.0.0/24'), hops[1])
        self.world.change(EDGE, routes=(*routes, longer))
        reason = 'network back has no visible router at 10.0.1.99'
        self.assert_blocked(reason, '10.0.0.5', '10.9.0.7')
        beside = records.Route(ipaddress.ip_network('10.0.1.0/24'), hops[1])
        self.world.change(EDGE, routes=(beside,))
        self.assert_allowed('10.0.0.5', '10.0.1.5')
        # The same route twice is one.
        self.world.change(EDGE, routes=(longer, longer))
        self.assert_blocked(reason, '10.0.0.5', '10.9.0.7')

    def test_default_route_beside_the_gateway(self) -> None:
        everything = ipaddress.ip_network('0.0.0.0/0')
        self.world.change(
            EDGE, routes=(records.Route(everything, '10.0.1.99'),)
        )
        several = 'edge has several routes to %s: by 10.0.1.99, its gateway'
        self.assert_unknown(several % '0.0.0.0/0', '10.0.0.5', 'internet')
        # Nor is the way of replies known.
        self.world.floating_ips = [test_reach.FLOATING_IP]
        reason = f'no way back: {several % "0.0.0.0/0"}'
        self.assert_unknown(reason, 'internet', '203.0.113.50')
        self.world.change(EDGE, gateways=())
        reason = 'network back has no visible router at 10.0.1.99'
        self.assert_blocked(reason, '10.0.0.5', 'internet')

    def test_host_routes_of_one_prefix(self) -> None:
        there = ipaddress.ip_network('10.0.1.0/24')
        self.world.change(
            test_reach.SUBNETS[FRONT][4],
            host_routes=tuple(
                records.Route(there, hop) for hop in ('10.0.0.1', '10.0.0.99')
            ),
        )
        reason = 'front has several routes to 10.0.1.5: by 10.0.0.1, 10.0.0.99'
        self.assert_unknown(reason, '10.0.0.5', '10.0.1.5')


class TestRoutersOfANetwork(test_reach.WorldTestCase):
    def test_routers_that_were_not_all_read(self) -> None:
        """One that is not seen may join the networks."""
        for number in (22, 24):
            del self.world.ports[fake_cloud.identifier(number)]
        no_route = 'router edge has no route to 10.0.1.5'
        not_joined = 'no router joins networks front and back'
        for read, reason in (
            (set(), no_route),
            ({FRONT}, not_joined),
            ({BACK}, not_joined),
        ):
            with self.subTest(read=read):
                self.world.more['networks_with_routers'] = read
                self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        # Who sees one network only sees all routers on that.
        self.world.change(BACK, project_id='another')
        self.assert_blocked(no_route, '10.0.0.5', '10.0.1.5')
        self.world.more['networks_with_routers'] = {FRONT, BACK}
        self.assert_blocked(not_joined, '10.0.0.5', '10.0.1.5')


class TestAdvertisements(test_reach.WorldTestCase):
    """Of routers by IPv6, which need not have the gateway address."""

    ENDS = ('2001:db8::5', '2001:db8:1::5')

    def setUp(self) -> None:
        super().setUp()
        self.front = test_reach.SUBNETS[FRONT][6]
        self.world.change(
            self.front,
            gateway_ip='2001:db8::ff',
            ipv6_ra_mode='slaac',
            ipv6_address_mode='slaac',
        )

    def test_router_at_another_address(self) -> None:
        path = self.assert_allowed(*self.ENDS)
        self.assertEqual('through router edge', path.route)
        self.assert_allowed(*self.ENDS[::-1])
        self.world.change(self.front, gateway_ip=None)
        self.assert_allowed(*self.ENDS)
        # Without advertisements, servers ask for the gateway.
        self.world.change(
            self.front,
            gateway_ip='2001:db8::ff',
            ipv6_ra_mode=None,
            ipv6_address_mode=None,
        )
        reason = 'network front has no visible router at 2001:db8::ff'
        self.assert_blocked(reason, *self.ENDS)

    def test_mode_of_one_driver(self) -> None:
        several = (
            'front has several routes to 2001:db8:1::5: by 2001:db8::ff, '
            '2001:db8::1'
        )
        for mode, drivers, verdict, reason in (
            ('ipv6_ra_mode', {OVN}, ALLOWED, None),
            ('ipv6_ra_mode', {AGENTS}, UNKNOWN, several),
            ('ipv6_ra_mode', {OVN, AGENTS}, UNKNOWN, several),
            ('ipv6_address_mode', {OVN}, UNKNOWN, several),
            ('ipv6_address_mode', {AGENTS}, ALLOWED, None),
        ):
            with self.subTest(without=mode, drivers=drivers):
                self.world.drivers = drivers
                self.world.change(self.front, **{mode: None})
                self.assert_path(verdict, reason, *self.ENDS)
                self.world.change(self.front, **{mode: 'slaac'})

    def test_several_routers(self) -> None:
        other = dataclasses.replace(
            test_reach.interface(31, FRONT, '2001:db8::2'), device_id='other'
        )
        self.world.ports[other.id] = other
        reason = (
            'front has several routes to 2001:db8:1::5: by 2001:db8::1, '
            '2001:db8::2'
        )
        self.assert_unknown(reason, *self.ENDS)

    def test_network_that_may_be_a_physical_one(self) -> None:
        """A router outside may advertise itself, too."""
        self.world.change(FRONT, mtu=1500)
        reason = (
            'front has several routes to 2001:db8:1::5: by 2001:db8::ff, '
            '2001:db8::1'
        )
        self.assert_unknown(reason, *self.ENDS)


class TestSelf(test_reach.WorldTestCase):
    REASON = 'what a server sends to itself is not judged'

    def test_interfaces_of_one_server(self) -> None:
        self.world.change(DB, device_id=self.world.ports[WEB].device_id)
        self.world.floating_ips = [test_reach.FLOATING_IP]
        judged = [
            (path.address, path.verdict, path.reason)
            for path in self.world.paths('10.0.0.5', '10.0.1.5')
        ]
        self.assertEqual(
            [
                ('10.0.1.5', UNKNOWN, self.REASON),
                ('203.0.113.50', UNKNOWN, self.REASON),
            ],
            judged,
        )

    def test_own_floating_ip(self) -> None:
        self.world.floating_ips = [test_reach.FLOATING_IP]
        self.assert_unknown(self.REASON, '10.0.1.5', '203.0.113.50')

    def test_subport_and_its_parent(self) -> None:
        self.world.change(DB, device_id='', device_owner='trunk:subport')
        self.world.more['parents'] = {DB: self.world.ports[WEB]}
        self.assert_unknown(self.REASON, '10.0.0.5', '10.0.1.5')
        self.assert_unknown(self.REASON, '10.0.1.5', '10.0.0.5')

    def test_ports_that_are_not_plugged_in(self) -> None:
        for row in (WEB, DB):
            self.world.change(row, device_id='', device_owner='')
        reason = 'port web is not plugged in'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')


class TestBroadcast(test_reach.WorldTestCase):
    def test_broadcast_address_of_a_subnet(self) -> None:
        for address in ('10.0.0.255', '10.0.1.255'):
            self.assert_unknown(
                f'{address} is the broadcast address of its subnet',
                '10.0.0.5',
                address,
            )
        reason = 'no visible port on network front has 10.0.0.254'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.254')
        last = '2001:db8::ffff:ffff:ffff:ffff'
        reason = f'no visible port on network front has {last}'
        self.assert_blocked(reason, '2001:db8::5', last)


class TestOutside(test_reach.WorldTestCase):
    def test_private_addresses_outside(self) -> None:
        """A reader of the exit status should not take them for Neutron's."""
        reason = 'only outside Neutron'
        for address in ('10.9.0.0/16', '192.168.1.7'):
            self.assert_path(ALLOWED, reason, '10.0.0.5', address)
        self.assert_allowed('10.0.0.5', '198.51.100.0/24')
        judged = {
            path.pair.destination.address: (path.verdict, path.reason)
            for path in self.world.paths('10.0.0.5', '10.0.0.0/15')
        }
        self.assertEqual((ALLOWED, reason), judged['10.0.0.0/15'])
        self.assertEqual(UNKNOWN, judged['10.0.1.0/24'][0])
