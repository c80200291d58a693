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

"""Every row of what was proven about paths, once blocked and once allowed."""

import dataclasses
import ipaddress
import itertools
from typing import Any

import testtools

from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import paths
from osc_port_iface.interfaces.path import reach
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

ALLOWED, BLOCKED, UNKNOWN = steps.Verdict

OVN = surroundings.Driver.OVN
AGENTS = surroundings.Driver.AGENTS

FRONT, BACK, PUBLIC = map(fake_cloud.identifier, (700, 701, 702))
SUBNETS = {
    FRONT: {4: fake_cloud.identifier(900), 6: fake_cloud.identifier(906)},
    BACK: {4: fake_cloud.identifier(901), 6: fake_cloud.identifier(907)},
    PUBLIC: {4: fake_cloud.identifier(902), 6: fake_cloud.identifier(908)},
}
EDGE = fake_cloud.identifier(950)
GATEWAY = records.Gateway(
    PUBLIC,
    (
        records.FixedIP('203.0.113.2', SUBNETS[PUBLIC][4]),
        records.FixedIP('2001:db8:9::2', SUBNETS[PUBLIC][6]),
    ),
    has_source_nat=True,
)
OPEN, CLOSED = map(fake_cloud.identifier, (801, 802))
WEB, WEB_2, DB, GUEST = map(fake_cloud.identifier, (11, 12, 13, 14))

# It leads to the database server.
FLOATING_IP = records.FloatingIP(
    'floating',
    '203.0.113.50',
    PUBLIC,
    port_id=DB,
    router_id=EDGE,
    fixed_ip_address='10.0.1.5',
)

SSH = flows.Question('tcp', 22)
ANYTHING = flows.Question()


def fixed_ip(network_id: str, address: str) -> records.FixedIP:
    version = ipaddress.ip_address(address).version
    return records.FixedIP(address, SUBNETS[network_id][version])


def port(
    number: int, network_id: str, *addresses: str, **changes: Any
) -> records.Port:
    return dataclasses.replace(
        samples.port(number, device=number),
        network_id=network_id,
        fixed_ips=tuple(fixed_ip(network_id, text) for text in addresses),
        port_security_enabled=True,
        **{'security_group_ids': (OPEN,), **changes},
    )


def interface(number: int, network_id: str, *addresses: str) -> records.Port:
    """Build an interface of the router edge."""
    return port(
        number,
        network_id,
        *addresses,
        device_id=EDGE,
        device_owner='network:router_interface',
        security_group_ids=(),
        name=f'edge-{number}',
    )


def subnet(
    network_id: str, cidr: str, gateway_ip: str | None, **changes: Any
) -> records.Subnet:
    version = ipaddress.ip_network(cidr).version
    return records.Subnet(
        SUBNETS[network_id][version],
        f'subnet-{cidr}',
        network_id,
        cidr,
        gateway_ip,
        **changes,
    )


def rule(number: int, direction: str, **changes: Any) -> Any:
    return records.SecurityGroupRule(
        fake_cloud.identifier(number),
        direction,
        **{'ethertype': 'IPv4', **changes},
    )


def group(identifier: str, *rules: Any, **changes: Any) -> Any:
    values = {
        'name': 'open' if identifier == OPEN else 'closed',
        'is_stateful': True,
        'project_id': fake_cloud.PROJECT_ID,
        'is_shared': False,
        **changes,
    }
    return records.SecurityGroup(identifier, rules=rules, **values)


EGRESS = (
    rule(1, 'egress'),
    rule(2, 'egress', ethertype='IPv6'),
)
EVERYTHING = (
    *EGRESS,
    rule(3, 'ingress'),
    rule(4, 'ingress', ethertype='IPv6'),
)


def network(identifier: str, name: str, **changes: Any) -> records.Network:
    values = {
        'project_id': fake_cloud.PROJECT_ID,
        'admin_state_up': True,
        'is_external': False,
        'is_shared': False,
        'mtu': 1450,
        **changes,
    }
    return records.Network(identifier, name, **values)


def by_id(*rows: Any) -> dict[str, Any]:
    return {row.id: row for row in rows}


class World:
    """A cloud in which everything may pass; tests change it.

    The servers web and web-2 are on network front, db is on back, and guest on
    public. Router edge joins front and back, and has its gateway on public.
    """

    def __init__(self) -> None:
        self.drivers = {OVN}
        self.ports = by_id(
            port(11, FRONT, '10.0.0.5', '2001:db8::5', name='web'),
            port(12, FRONT, '10.0.0.6', name='web-2'),
            port(13, BACK, '10.0.1.5', '2001:db8:1::5', name='db'),
            port(14, PUBLIC, '203.0.113.9', '2001:db8:9::9', name='guest'),
            interface(21, FRONT, '10.0.0.1'),
            interface(22, BACK, '10.0.1.1'),
            interface(23, FRONT, '2001:db8::1'),
            interface(24, BACK, '2001:db8:1::1'),
        )
        self.servers = by_id(
            *(
                records.Server(
                    fake_cloud.identifier(number),
                    name,
                    status='ACTIVE',
                    power_state=1,
                )
                for number, name in (
                    (11, 'web'),
                    (12, 'web-2'),
                    (13, 'db'),
                    (14, 'guest'),
                )
            )
        )
        self.networks = by_id(
            network(FRONT, 'front'),
            network(BACK, 'back'),
            network(PUBLIC, 'public', project_id='admin', is_external=True),
        )
        self.subnets = by_id(
            subnet(FRONT, '10.0.0.0/24', '10.0.0.1'),
            subnet(FRONT, '2001:db8::/64', '2001:db8::1'),
            subnet(BACK, '10.0.1.0/24', '10.0.1.1'),
            subnet(BACK, '2001:db8:1::/64', '2001:db8:1::1'),
            subnet(PUBLIC, '203.0.113.0/24', '203.0.113.1'),
            subnet(PUBLIC, '2001:db8:9::/64', '2001:db8:9::1'),
        )
        self.routers = by_id(
            records.Router(
                EDGE,
                'edge',
                gateways=(GATEWAY,),
                admin_state_up=True,
            )
        )
        self.groups = by_id(group(OPEN, *EVERYTHING), group(CLOSED, *EGRESS))
        self.floating_ips: list[records.FloatingIP] = []
        self.more: dict[str, Any] = {}

    def change(self, row: Any, **changes: Any) -> None:
        """Change a row, by its ID, in whatever it is in."""
        for rows in (self.ports, self.servers, self.networks, self.routers):
            if row in rows:
                rows[row] = dataclasses.replace(rows[row], **changes)
                return
        self.subnets[row] = dataclasses.replace(self.subnets[row], **changes)

    def allow(self, *rules: Any, **changes: Any) -> None:
        """Let the destination accept only this, beside all egress."""
        self.groups[CLOSED] = group(CLOSED, *EGRESS, *rules, **changes)
        for row in (WEB_2, DB, GUEST):
            self.change(row, security_group_ids=(CLOSED,))

    def end(self, text: str) -> surroundings.End:
        """Return what has an address, or an end outside."""
        if text in ('internet', 'internet6'):
            cidr = '::/0' if text.endswith('6') else '0.0.0.0/0'
            return surroundings.End('internet', ipaddress.ip_network(cidr))
        address = ipaddress.ip_network(text)
        for row in self.ports.values():
            if text in {fixed.ip_address for fixed in row.fixed_ips}:
                return surroundings.End(text, address, row)
        for row in self.floating_ips:
            if row.address == text:
                target = self.ports[row.port_id or DB]
                inside = ipaddress.ip_network(target.fixed_ips[0].ip_address)
                return surroundings.End(text, inside, target, floating_ip=row)
        return surroundings.End(text, address)

    def known(self) -> surroundings.Surroundings:
        known = surroundings.Surroundings(fake_cloud.PROJECT_ID)
        vars(known).update(
            drivers=frozenset(self.drivers),
            servers=self.servers,
            ports=self.ports,
            networks=self.networks,
            subnets=self.subnets,
            routers=self.routers,
            security_groups=self.groups,
            floating_ips=by_id(*self.floating_ips),
            **{'networks_with_routers': {*self.networks}, **self.more},
        )
        return known

    def paths(
        self,
        source: str,
        destination: str,
        question: flows.Question = SSH,
        sender: str | None = None,
    ) -> list[paths.Path]:
        start = self.end(source)
        if sender:
            start = dataclasses.replace(start, port=self.ports[sender])
        end = self.end(destination)
        asked = question.flows(start.network.version)
        return reach.judge(self.known(), start, end, asked)


class WorldTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.world = World()

    def assert_path(
        self,
        verdict: steps.Verdict,
        reason: str | None,
        source: str,
        destination: str,
        question: flows.Question = SSH,
        sender: str | None = None,
    ) -> paths.Path:
        """Judge the only, or the last, path; compare verdict and reason."""
        path = self.world.paths(source, destination, question, sender)[-1]
        self.assertEqual((verdict, reason), (path.verdict, path.reason))
        return path

    def assert_allowed(self, *arguments: Any) -> paths.Path:
        return self.assert_path(ALLOWED, None, *arguments)

    def assert_blocked(self, reason: str, *arguments: Any) -> paths.Path:
        return self.assert_path(BLOCKED, reason, *arguments)

    def assert_unknown(self, reason: str, *arguments: Any) -> paths.Path:
        return self.assert_path(UNKNOWN, reason, *arguments)


class TestRows(WorldTestCase):
    """The rows are numbered as where they were proven."""

    def test_1_remote_group_has_the_fixed_ips_of_its_members(self) -> None:
        self.world.allow(rule(9, 'ingress', remote_group_id=OPEN))
        self.world.more['members'] = [self.world.ports[WEB]]
        path = self.assert_allowed('10.0.0.5', '10.0.0.6')
        (ingress,) = (step for step in path.hops if step.hop == 'ingress')
        self.assertEqual((fake_cloud.identifier(9),), ingress.rule_ids)
        self.world.more['members'] = []
        reason = 'no ingress rule of group closed allows tcp 22 from 10.0.0.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')

    def test_1_pairs_of_members_count_but_with_ovn(self) -> None:
        self.world.allow(rule(9, 'ingress', remote_group_id=OPEN))
        member = port(
            30,
            FRONT,
            '10.0.0.30',
            address_pairs=(records.AddressPair('10.0.0.0/24', None),),
        )
        self.world.more['members'] = [member]
        reason = 'no ingress rule of group closed allows tcp 22 from 10.0.0.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')
        self.world.drivers = {AGENTS}
        self.assert_allowed('10.0.0.5', '10.0.0.6')
        self.world.drivers.add(OVN)
        reason = 'allowed address pairs of members count with some drivers'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')

    def test_1b_members_of_another_network_count(self) -> None:
        self.world.allow(rule(9, 'ingress', remote_group_id=OPEN))
        self.world.more['members'] = [port(30, BACK, '10.0.1.99')]
        self.world.more['members'][0] = dataclasses.replace(
            self.world.more['members'][0],
            fixed_ips=(records.FixedIP('10.0.0.5'),),
        )
        self.assert_allowed('10.0.0.5', '10.0.0.6')

    def test_1c_anti_spoofing(self) -> None:
        arguments = ('10.0.0.99', '10.0.0.6', SSH, WEB)
        reason = 'port web may not send from 10.0.0.99'
        self.assert_blocked(reason, *arguments)
        for pair, verdict in (
            (('10.0.0.99', None), ALLOWED),
            (('10.0.0.0/24', samples.mac_address(11)), ALLOWED),
            (('10.0.0.99', '00:00:5e:00:01:01'), UNKNOWN),
        ):
            with self.subTest(pair=pair):
                pairs = (records.AddressPair(*pair),)
                self.world.change(WEB, address_pairs=pairs)
                (path,) = self.world.paths(*arguments)
                self.assertEqual(verdict, path.verdict)
                # It also replies from there.
                virtual = dataclasses.replace(
                    self.world.end('10.0.0.99'), port=self.world.ports[WEB]
                )
                (path,) = reach.judge(
                    self.world.known(),
                    self.world.end('10.0.0.6'),
                    virtual,
                    SSH.flows(4),
                )
                self.assertEqual(verdict, path.verdict)

    def test_2_replies_need_a_rule_at_stateless_groups(self) -> None:
        ssh = {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}
        self.world.groups[CLOSED] = group(
            CLOSED, rule(9, 'ingress', **ssh), is_stateful=False
        )
        self.world.change(WEB_2, security_group_ids=(CLOSED,))
        reason = (
            'the groups of port web-2 are stateless, and no egress rule '
            'allows all replies to 10.0.0.5'
        )
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')
        # A firewall of agents treats them as stateful.
        self.world.drivers = {AGENTS}
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')
        self.world.drivers = {OVN}
        for ports, verdict in (
            ((1024, 65535), ALLOWED),
            ((32768, 60999), UNKNOWN),
            ((22, 22), UNKNOWN),
        ):
            with self.subTest(ports=ports):
                self.world.groups[CLOSED] = group(
                    CLOSED,
                    rule(9, 'ingress', **ssh),
                    rule(
                        10,
                        'egress',
                        protocol='tcp',
                        port_range_min=ports[0],
                        port_range_max=ports[1],
                    ),
                    is_stateful=False,
                )
                (path,) = self.world.paths('10.0.0.5', '10.0.0.6')
                self.assertEqual(verdict, path.verdict)

    def test_2_replies_to_a_stateless_source(self) -> None:
        self.world.groups[CLOSED] = group(CLOSED, *EGRESS, is_stateful=False)
        self.world.change(WEB, security_group_ids=(CLOSED,))
        reason = (
            'the groups of port web are stateless, and no ingress rule '
            'allows all replies from 10.0.0.6'
        )
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')
        # OVN may let the answer of a name server in.
        names = ('10.0.0.5', '10.0.0.6', flows.Question('udp', 53))
        self.assert_unknown(reason, *names)
        echo = rule(9, 'ingress', protocol='icmp', port_range_min=0)
        self.world.groups[CLOSED] = group(
            CLOSED, *EGRESS, echo, is_stateful=False
        )
        ping = flows.Question('icmp', 8)
        self.assert_allowed('10.0.0.5', '10.0.0.6', ping)

    def test_3_port_security_off(self) -> None:
        self.world.change(
            WEB_2, port_security_enabled=False, security_group_ids=()
        )
        self.assert_allowed('10.0.0.5', '10.0.0.6')
        # At the source, any address may be sent from.
        self.world.change(WEB, port_security_enabled=False)
        self.assert_allowed('10.0.0.99', '10.0.0.6', SSH, WEB)
        self.world.allow()
        self.world.change(WEB_2, port_security_enabled=True)
        reason = 'no ingress rule of group closed allows tcp 22 from 10.0.0.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')

    def test_4_no_group(self) -> None:
        self.world.change(WEB, security_group_ids=())
        reason = 'port web has no security group'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6', ANYTHING)

    def test_port_that_may_not_be_filtered(self) -> None:
        self.world.allow()
        self.world.change(WEB_2, vnic_type='direct')
        reason = 'rules may have no effect on a port of type direct'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')
        self.world.change(WEB_2, security_group_ids=(OPEN,))
        self.assert_allowed('10.0.0.5', '10.0.0.6')
        self.world.change(WEB, vnic_type='direct')
        reason = 'whether port web may send from 10.0.0.100 is not known'
        self.assert_unknown(reason, '10.0.0.100', '10.0.0.6', SSH, WEB)

    def test_4_what_always_passes(self) -> None:
        for row in (WEB, DB):
            self.world.change(row, security_group_ids=())
        self.world.change(
            DB,
            network_id=FRONT,
            fixed_ips=(fixed_ip(FRONT, '2001:db8::9'),),
        )
        perhaps = 'some drivers need no rule for it'
        sent, received = (
            f'port {name} has no security group' for name in ('web', 'db')
        )
        for drivers, kind, sending, receiving in (
            ({OVN}, None, sent, received),
            ({OVN}, 128, sent, received),
            ({OVN}, 130, sent, received),
            ({OVN}, 133, None, None),
            ({OVN}, 134, None, None),
            ({OVN}, 135, None, None),
            ({OVN}, 136, None, None),
            ({OVN, AGENTS}, None, perhaps, received),
            ({OVN, AGENTS}, 133, perhaps, perhaps),
            ({AGENTS}, None, perhaps, received),
            ({AGENTS}, 128, perhaps, received),
            ({AGENTS}, 130, perhaps, perhaps),
            ({AGENTS}, 133, perhaps, perhaps),
            ({AGENTS}, 134, perhaps, perhaps),
            ({AGENTS}, 135, None, None),
            ({AGENTS}, 136, None, None),
        ):
            self.world.drivers = drivers
            (path,) = self.world.paths(
                '2001:db8::5',
                '2001:db8::9',
                flows.Question('ipv6-icmp', kind),
            )
            with self.subTest(drivers=drivers, kind=kind):
                self.assertEqual(
                    {'egress': sending, 'ingress': receiving},
                    {
                        step.hop: step.reason
                        for step in path.hops
                        if step.hop in ('egress', 'ingress')
                    },
                )
        # That this passes is not an answer to a wider question.
        self.assert_blocked(
            'port web has no security group',
            '2001:db8::5',
            '2001:db8::9',
            flows.Question(),
        )

    def test_4_dhcp(self) -> None:
        """Its port is another one in IPv6."""
        self.world.change(WEB, security_group_ids=())
        for drivers, number, four, six in (
            ({OVN}, 67, BLOCKED, BLOCKED),
            ({OVN}, 547, BLOCKED, BLOCKED),
            ({OVN, AGENTS}, 67, UNKNOWN, BLOCKED),
            ({AGENTS}, 547, BLOCKED, UNKNOWN),
        ):
            self.world.drivers = drivers
            for ends, verdict in (
                (('10.0.0.5', '10.0.1.5'), four),
                (('2001:db8::5', '2001:db8:1::5'), six),
            ):
                question = flows.Question('udp', number)
                (path,) = [
                    row
                    for row in self.world.paths(*ends, question)
                    if row.address == ends[1]
                ]
                with self.subTest(ends=ends, number=number, drivers=drivers):
                    self.assertEqual(verdict, path.verdict)

    def test_5_rules(self) -> None:
        for question, allowed, blocked in (
            (SSH, {'protocol': '6'}, {'protocol': 'udp'}),
            (SSH, {'protocol': 'any'}, {'ethertype': 'IPv6'}),
            (
                flows.Question('icmp', 8),
                {'protocol': 'icmp', 'port_range_min': 8},
                {'protocol': 'icmp', 'port_range_min': 0},
            ),
            (
                flows.Question('sctp', 5),
                {
                    'protocol': 'sctp',
                    'port_range_min': 5,
                    'port_range_max': 5,
                },
                {
                    'protocol': 'sctp',
                    'port_range_min': 6,
                    'port_range_max': 7,
                },
            ),
            (flows.Question('gre'), {'protocol': '47'}, {'protocol': 'esp'}),
            (
                flows.Question('udplite', 5),
                {
                    'protocol': 'udplite',
                    'port_range_min': 5,
                    'port_range_max': 5,
                },
                {'protocol': 'udp'},
            ),
            (flows.Question('0'), {'protocol': '0'}, {'protocol': 'tcp'}),
            (
                SSH,
                {'remote_network': ipaddress.ip_network('10.0.0.0/29')},
                {'remote_network': ipaddress.ip_network('10.0.0.8/29')},
            ),
        ):
            for changes, verdict in ((allowed, ALLOWED), (blocked, BLOCKED)):
                with self.subTest(question=question, changes=changes):
                    self.world.allow(rule(9, 'ingress', **changes))
                    (path,) = self.world.paths(
                        '10.0.0.5', '10.0.0.6', question
                    )
                    self.assertEqual(verdict, path.verdict)

    def test_5_protocols_of_which_some_drivers_let_more_pass(self) -> None:
        self.world.drivers = {OVN, AGENTS}
        ports = {'port_range_min': 5, 'port_range_max': 5}
        for question, changes in (
            (SSH, {'protocol': '0'}),
            (flows.Question('udplite', 9), {'protocol': 'udplite', **ports}),
        ):
            self.world.allow(rule(9, 'ingress', **changes))
            self.assert_unknown(
                'some drivers let less pass by a rule for protocol '
                f'{changes["protocol"]}',
                '10.0.0.5',
                '10.0.0.6',
                question,
            )

    def test_5_protocol_0_of_ovn(self) -> None:
        self.world.allow(rule(9, 'ingress', protocol='0'))
        reason = 'no ingress rule of group closed allows tcp 22 from 10.0.0.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')
        path = self.assert_allowed('10.0.0.5', '10.0.0.6', ANYTHING)
        self.assertEqual(['0'], path.passing.texts())

    def test_5_answers_that_nobody_has_asked_for(self) -> None:
        """Connection tracking drops them, whatever the rules say."""
        reply = flows.Question('icmp', 0)
        reason = 'icmp type 0 passes as an answer only'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6', reply)
        six = ('2001:db8::5', '2001:db8:1::5', flows.Question('icmp', 129))
        reason = 'ipv6-icmp type 129 passes as an answer only'
        self.assert_unknown(reason, *six)
        self.world.allow(
            rule(9, 'ingress', protocol='icmp', port_range_min=3),
        )
        reason = 'icmp type 3 passes as an answer only'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6', ANYTHING)
        self.world.allow(
            rule(9, 'ingress', protocol='icmp'), is_stateful=False
        )
        self.assert_allowed('10.0.0.5', '10.0.0.6', flows.Question('icmp'))

    def test_5_address_groups(self) -> None:
        office = fake_cloud.identifier(991)
        self.world.allow(rule(9, 'ingress', remote_address_group_id=office))
        for cidrs, verdict in (
            (('10.0.0.0/29', '2001:db8::/64'), ALLOWED),
            (('2001:db8::/64',), BLOCKED),
            ((), BLOCKED),
        ):
            with self.subTest(cidrs=cidrs):
                networks = tuple(map(ipaddress.ip_network, cidrs))
                self.world.more['address_groups'] = by_id(
                    records.AddressGroup(office, 'office', networks)
                )
                (path,) = self.world.paths('10.0.0.5', '10.0.0.6')
                self.assertEqual(verdict, path.verdict)
        self.world.more.clear()
        reason = f'address group {office} cannot be read'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')

    def test_6_ipv6(self) -> None:
        path = self.assert_allowed('2001:db8::5', '2001:db8:1::5')
        self.assertEqual('through router edge', path.route)
        # There is no translation, so the outside reaches it directly.
        path = self.assert_allowed('internet6', '2001:db8:1::5')
        self.assertEqual('through router edge', path.route)
        self.assertEqual(
            ('routers outside send 2001:db8:1::5 to router edge',),
            path.hops[0].assumptions,
        )
        self.world.allow()
        reason = (
            'no ingress rule of group closed allows tcp 22 from the internet'
        )
        self.assert_blocked(reason, 'internet6', '2001:db8:1::5')


class TestTranslation(WorldTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.floating = FLOATING_IP
        self.world.floating_ips = [self.floating]

    def test_7_floating_ip_from_outside(self) -> None:
        outside = ipaddress.ip_network('198.51.100.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=outside))
        path = self.assert_allowed('198.51.100.7', '10.0.1.5')
        self.assertEqual('203.0.113.50', path.address)
        self.assertEqual('floating IP 203.0.113.50', path.route)
        self.assert_blocked(
            'no ingress rule of group closed allows tcp 22 from 198.18.0.1',
            '198.18.0.1',
            '203.0.113.50',
        )
        path = self.assert_path(
            ALLOWED,
            'tcp 22 only from 198.51.100.0/24',
            'internet',
            '10.0.1.5',
        )
        self.assertEqual(['tcp 22'], path.passing.texts())

    def test_7_without_a_floating_ip(self) -> None:
        self.world.floating_ips.clear()
        reason = (
            'no visible floating IP or port forwarding leads to '
            '10.0.1.5 for this traffic'
        )
        self.assert_blocked(reason, 'internet', '10.0.1.5')
        gateway = dataclasses.replace(GATEWAY, has_source_nat=False)
        self.world.change(EDGE, gateways=(gateway,))
        self.assert_allowed('198.51.100.7', '10.0.1.5')

    def test_what_neutron_has_is_not_on_the_internet(self) -> None:
        """But an external network has machines outside, too."""
        self.world.floating_ips = [
            dataclasses.replace(FLOATING_IP, address='2001:db8:9::8')
        ]
        self.world.more['members'] = [
            port(30, FRONT, '10.0.0.30', '2001:db8::30'),
            samples.port(31, '2001:db8:77::5', security_group_ids=(OPEN,)),
        ]
        remotes: list[tuple[dict[str, Any], str | None]] = [
            ({'remote_group_id': OPEN}, None)
        ]
        offices = self.world.more['address_groups'] = {}
        for cidr, is_outside in (
            ('2001:db8:1::/64', False),
            ('2001:db8:1:0:8000::/65', False),
            ('2001:db8:1::/63', True),
            ('2001:db8:9::/64', True),
            ('2001:db8:9::2', False),
            ('2001:db8:9::8', False),
            ('2001:db8:9::9', False),
            ('2001:db8:77::/64', True),
        ):
            remote = ipaddress.ip_network(cidr)
            offices[cidr] = records.AddressGroup(cidr, 'office', (remote,))
            part = cidr if is_outside else None
            remotes.append(({'remote_network': remote}, part))
            remotes.append(({'remote_address_group_id': cidr}, part))
        for changes, part in remotes:
            for direction, text, source, destination in (
                ('ingress', 'from', 'internet6', '2001:db8:1::5'),
                ('egress', 'to', '2001:db8:1::5', 'internet6'),
            ):
                self.world.allow()
                self.world.groups[CLOSED] = group(
                    CLOSED, rule(9, direction, ethertype='IPv6', **changes)
                )
                reason = (
                    f'no {direction} rule of group closed allows tcp 22 '
                    f'{text} the internet'
                )
                if part:
                    reason = f'tcp 22 only {text} {part}'
                with self.subTest(direction=direction, **changes):
                    self.assert_path(
                        ALLOWED if part else BLOCKED,
                        reason,
                        source,
                        destination,
                    )

    def test_private_addresses_are_not_on_the_internet(self) -> None:
        reason = (
            'the private address %s would have to be translated outside '
            'Neutron'
        )
        self.world.floating_ips.clear()
        gateway = dataclasses.replace(GATEWAY, has_source_nat=False)
        self.world.change(EDGE, gateways=(gateway,))
        self.assert_unknown(reason % '10.0.1.5', 'internet', '10.0.1.5')
        self.assert_unknown(reason % '10.0.0.5', '10.0.0.5', 'internet')
        inside = dataclasses.replace(FLOATING_IP, address='172.16.0.9')
        self.world.floating_ips = [inside]
        self.assert_unknown(reason % '172.16.0.9', 'internet', '172.16.0.9')

    def test_7_floating_ip_to_nothing(self) -> None:
        """Nothing is sent to it, nor from it."""
        forwarding = records.PortForwarding(
            'tcp', '2201', '10.0.1.5', '22', 'hidden'
        )
        unused = records.FloatingIP('unused', '203.0.113.51', PUBLIC)
        reason = 'floating IP 203.0.113.51 leads to no visible port for any'
        for changes, verdict in (
            ({}, BLOCKED),
            ({'port_id': 'hidden'}, UNKNOWN),
            ({'port_forwardings': (forwarding,)}, UNKNOWN),
        ):
            row = dataclasses.replace(unused, **changes)
            address = ipaddress.ip_network(row.address)
            end = surroundings.End(row.address, address, floating_ip=row)
            for pair, to in (
                ((self.world.end('internet'), end), '203.0.113.51'),
                ((end, self.world.end('203.0.113.9')), '203.0.113.9'),
            ):
                with self.subTest(changes=changes, to=to):
                    known = surroundings.Surroundings()
                    known.ports = self.world.ports
                    (path,) = reach.judge(known, *pair, flows.EVERYTHING)
                    self.assertEqual(
                        (verdict, reason, to),
                        (path.verdict, path.reason, path.address),
                    )

    def test_addresses_that_are_not_routed(self) -> None:
        for address in (
            '127.0.0.1',
            '224.0.0.5',
            '169.254.169.254',
            '255.255.255.255',
            '0.0.0.0',
            '240.0.0.0/4',
            '224.0.0.0/8',
        ):
            reason = f'routers do not forward {address}'
            with self.subTest(address):
                self.assert_unknown(reason, address, '203.0.113.50')
                self.assert_unknown(reason, '10.0.0.5', address)

    def test_7a_a_server_is_seen_by_the_address_of_its_router(self) -> None:
        # The direct path comes first, that by the floating IP last.
        inside = ipaddress.ip_network('10.0.0.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        direct, floating = self.world.paths('10.0.0.5', '10.0.1.5')
        self.assertIs(ALLOWED, direct.verdict)
        self.assertEqual(
            (
                BLOCKED,
                'no ingress rule of group closed allows tcp 22 from '
                '203.0.113.2',
            ),
            (floating.verdict, floating.reason),
        )
        gateway = ipaddress.ip_network('203.0.113.2')
        self.world.allow(rule(9, 'ingress', remote_network=gateway))
        path = self.assert_allowed('10.0.0.5', '10.0.1.5')
        (step,) = (step for step in path.hops if step.hop == 'floating-ip')
        self.assertEqual(
            ('replies are translated, unlike in OVN 23.03',), step.assumptions
        )

    def test_7a_or_by_its_own_floating_ip(self) -> None:
        own = dataclasses.replace(
            self.floating,
            id='own',
            address='203.0.113.60',
            port_id=WEB,
            fixed_ip_address='10.0.0.5',
        )
        self.world.floating_ips.append(own)
        seen = ipaddress.ip_network('203.0.113.60')
        self.world.allow(rule(9, 'ingress', remote_network=seen))
        self.assert_allowed('10.0.0.5', '203.0.113.50')

    def test_7a_egress_sees_the_floating_ip(self) -> None:
        inside = ipaddress.ip_network('10.0.1.0/24')
        self.world.groups[CLOSED] = group(
            CLOSED, rule(9, 'egress', remote_network=inside)
        )
        self.world.change(WEB, security_group_ids=(CLOSED,))
        direct, floating = self.world.paths('10.0.0.5', '10.0.1.5')
        self.assertIs(ALLOWED, direct.verdict)
        self.assertEqual(
            'no egress rule of group closed allows tcp 22 to 203.0.113.50',
            floating.reason,
        )

    def forward(self, external: str = '2201', internal: str = '22') -> None:
        forwarding = records.PortForwarding(
            'tcp', external, '10.0.1.5', internal, DB
        )
        self.floating = dataclasses.replace(
            self.floating,
            port_id=None,
            fixed_ip_address=None,
            port_forwardings=(forwarding,),
        )
        self.world.floating_ips = [self.floating]

    def test_7b_port_forwarding_from_outside(self) -> None:
        self.forward()
        ssh = {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}
        self.world.allow(rule(9, 'ingress', **ssh))
        arguments = ('internet', '203.0.113.50')
        path = self.assert_allowed(*arguments, flows.Question('tcp', 2201))
        self.assertEqual(['tcp 2201'], path.passing.texts())
        self.assertEqual('forwarding 203.0.113.50:2201 to port 22', path.route)
        path = self.assert_allowed(*arguments, ANYTHING)
        self.assertEqual(['tcp 2201'], path.passing.texts())
        self.assert_blocked(
            'floating IP 203.0.113.50 leads to no visible port for tcp 22',
            *arguments,
        )
        self.world.allow()
        self.assert_blocked(
            'no ingress rule of group closed allows tcp 22 from the internet',
            *arguments,
            flows.Question('tcp', 2201),
        )

    def test_7b_range_of_ports(self) -> None:
        self.forward('2201:2204', '22:25')
        ssh = {'protocol': 'tcp', 'port_range_min': 23, 'port_range_max': 24}
        self.world.allow(rule(9, 'ingress', **ssh))
        (path,) = self.world.paths('internet', '203.0.113.50', ANYTHING)
        self.assertEqual(['tcp 2202-2203'], path.passing.texts())

    def test_7b_range_of_ports_to_one_port(self) -> None:
        self.forward('2201:2204', '22')
        ssh = {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}
        self.world.allow(rule(9, 'ingress', **ssh))
        for destination, question, traffic in (
            ('203.0.113.50', flows.Question('tcp', 2203), ['tcp 2203']),
            ('203.0.113.50', ANYTHING, ['tcp 2201-2204']),
            ('10.0.1.5', SSH, ['tcp 2201-2204']),
        ):
            path = self.assert_allowed('internet', destination, question)
            self.assertEqual(traffic, path.passing.texts())
        self.world.allow()
        self.assert_blocked(
            'no ingress rule of group closed allows tcp 22 from the internet',
            'internet',
            '203.0.113.50',
            flows.Question('tcp', 2203),
        )

    def test_7b_port_of_a_server_behind_a_forwarding(self) -> None:
        """Who names the server may mean the port at which it receives."""
        for ports, number, verdict, traffic in (
            (('2201', '22'), 22, ALLOWED, ['tcp 2201']),
            (('2201', '22'), 2201, ALLOWED, ['tcp 2201']),
            (('9000:9010', '8000:8010'), 8005, ALLOWED, ['tcp 9005']),
            (('22:23', '23:24'), 23, ALLOWED, ['tcp 22-23']),
            (('9000:9010', '8000:8010'), 8011, BLOCKED, []),
        ):
            with self.subTest(ports=ports, number=number):
                self.forward(*ports)
                (path,) = self.world.paths(
                    'internet', '10.0.1.5', flows.Question('tcp', number)
                )
                self.assertEqual(
                    (verdict, traffic), (path.verdict, path.passing.texts())
                )
        self.assertEqual(
            'no visible floating IP or port forwarding leads to '
            '10.0.1.5 for this traffic',
            path.reason,
        )
        ssh = {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}
        self.world.allow(rule(9, 'ingress', **ssh))
        self.forward()
        path = self.assert_allowed('internet', '10.0.1.5')
        self.assertEqual('203.0.113.50', path.address)
        self.assertEqual('forwarding 203.0.113.50:2201 to port 22', path.route)
        *_direct, path = self.world.paths('203.0.113.9', '10.0.1.5')
        self.assertEqual(['tcp 2201'], path.passing.texts())

    def test_7b_port_forwarding_from_inside(self) -> None:
        self.forward()
        inside = ipaddress.ip_network('10.0.0.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        arguments = (
            '10.0.0.5',
            '203.0.113.50',
            flows.Question('tcp', 2201),
        )
        self.assert_allowed(*arguments)
        # The sender is on the same network, so replies pass no router.

        self.world.ports.update(by_id(port(15, BACK, '10.0.1.6')))
        self.world.servers.update(
            by_id(
                dataclasses.replace(
                    self.world.servers[WEB], id=fake_cloud.identifier(15)
                )
            )
        )
        self.world.allow(rule(9, 'ingress'))
        self.assert_allowed('10.0.1.6', *arguments[1:])
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        self.world.drivers = {AGENTS}
        self.assert_blocked(
            'no ingress rule of group closed allows tcp 22 from 203.0.113.2',
            *arguments,
        )
        self.world.drivers = {AGENTS, OVN}
        self.assert_unknown(
            'it may see 10.0.0.5 or 203.0.113.2',
            *arguments,
        )

    def test_source_behind_a_router_that_cannot_be_read(self) -> None:
        """It may translate the source, so no rule of the peer is missing."""
        hidden = interface(21, FRONT, '10.0.0.1')
        self.world.change(hidden.id, device_id='hidden')
        reason = 'router hidden cannot be read'
        outside = ipaddress.ip_network('203.0.113.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=outside))
        ends = (('10.0.0.5', '203.0.113.9'), ('10.0.0.5', '10.0.1.5'))
        for source, destination in ends:
            for path in self.world.paths(source, destination):
                with self.subTest(destination, route=path.route):
                    self.assertEqual(
                        (UNKNOWN, reason), (path.verdict, path.reason)
                    )
        self.forward()
        arguments = ('10.0.0.5', '203.0.113.50', flows.Question('tcp', 2201))
        path = self.assert_unknown(reason, *arguments)
        self.assertNotIn('reply', [step.hop for step in path.hops])

    def test_replies_to_a_router_that_cannot_be_read(self) -> None:
        """It may pass them to that of the floating IP."""
        self.world.change(fake_cloud.identifier(22), device_id='hidden')
        self.world.allow(rule(9, 'ingress'))
        reason = 'no way back: router hidden cannot be read'
        self.assert_unknown(reason, 'internet', '203.0.113.50')
        self.world.floating_ips.clear()
        self.assert_unknown(reason[13:], 'internet', '10.0.1.5')
        # Who sends from outside is not known either.
        private = ipaddress.ip_network('10.0.1.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=private))
        self.assert_unknown(reason[13:], 'internet', '10.0.1.5')

    def test_10_router_of_a_floating_ip(self) -> None:
        arguments = ('internet', '203.0.113.50')
        self.world.change(EDGE, admin_state_up=False)
        self.assert_blocked('router edge is disabled', *arguments)
        self.world.change(EDGE, admin_state_up=True)
        self.world.change(fake_cloud.identifier(22), admin_state_up=False)
        reason = (
            'no way back: the interface of router edge on back is disabled'
        )
        self.assert_blocked(reason, *arguments)
        self.world.routers.clear()
        self.assert_unknown(f'router {EDGE} cannot be read', *arguments)

    def test_8_replies_of_a_guest_without_gateway(self) -> None:
        self.world.change(SUBNETS[BACK][4], gateway_ip=None)
        self.assert_blocked(
            'no way back: subnet subnet-10.0.1.0/24 has no gateway',
            'internet',
            '203.0.113.50',
        )


class TestWays(WorldTestCase):
    def test_8_out(self) -> None:
        path = self.assert_allowed('10.0.0.5', 'internet')
        self.assertEqual('through router edge', path.route)
        self.world.change(EDGE, gateways=())
        reason = 'router edge has no gateway'
        self.assert_blocked(reason, '10.0.0.5', 'internet')
        self.world.change(SUBNETS[FRONT][4], gateway_ip=None)
        reason = 'subnet subnet-10.0.0.0/24 has no gateway'
        self.assert_blocked(reason, '10.0.0.5', 'internet')
        self.world.change(SUBNETS[FRONT][4], gateway_ip='10.0.0.254')
        reason = 'network front has no visible router at 10.0.0.254'
        self.assert_blocked(reason, '10.0.0.5', 'internet')

    def test_8_router_that_advertises_itself(self) -> None:
        """An L3 agent and OVN do so in a mode of their own each."""
        six = ('2001:db8::5', '2001:db8:1::5')
        none = 'subnet subnet-2001:db8::/64 has no gateway'
        front = SUBNETS[FRONT][6]
        for mode, driver, other in (
            ('ipv6_ra_mode', AGENTS, OVN),
            ('ipv6_address_mode', OVN, AGENTS),
        ):
            self.world.change(front, gateway_ip=None, **{mode: 'slaac'})
            with self.subTest(mode):
                self.world.drivers = {driver}
                self.assert_allowed(*six)
                self.assert_allowed(*six[::-1])
                self.world.drivers = {other}
                self.assert_unknown(none, *six)
                self.assert_unknown(f'no way back: {none}', *six[::-1])
                self.world.change(front, **{mode: None})
                self.assert_blocked(none, *six)

    def test_8_source_as_the_destination_sees_it(self) -> None:
        for has_source_nat, seen in (
            (True, '203.0.113.2'),
            (False, '10.0.0.5'),
        ):
            with self.subTest(seen=seen):
                gateway = dataclasses.replace(
                    GATEWAY, has_source_nat=has_source_nat
                )
                self.world.change(EDGE, gateways=(gateway,))
                self.world.allow(
                    rule(
                        9,
                        'ingress',
                        remote_network=ipaddress.ip_network(seen),
                    )
                )
                path = self.world.paths('10.0.0.5', '203.0.113.9')[-1]
                (ingress,) = (s for s in path.hops if s.hop == 'ingress')
                self.assertIs(ALLOWED, ingress.verdict(path.asked))

    def test_8_several_gateways(self) -> None:
        """By which of them it leaves is not known."""
        second = records.Gateway(
            'second', (records.FixedIP('198.51.100.2', 'on-second'),), True
        )
        self.world.change(EDGE, gateways=(GATEWAY, second))
        seen = ipaddress.ip_network('203.0.113.2')
        self.world.allow(rule(9, 'ingress', remote_network=seen))
        reason = 'it may see 203.0.113.2 or 198.51.100.2'
        self.assert_unknown(reason, '10.0.0.5', '203.0.113.9')
        self.world.allow(rule(9, 'ingress'))
        self.assert_allowed('10.0.0.5', '203.0.113.9')
        self.world.networks['second'] = network('second', 'second')
        self.world.ports[GUEST] = dataclasses.replace(
            self.world.ports[GUEST],
            network_id='second',
            fixed_ips=(records.FixedIP('198.51.100.9', 'on-second'),),
        )
        self.world.subnets['on-second'] = records.Subnet(
            'on-second',
            'on-second',
            'second',
            '198.51.100.0/24',
            gateway_ip='198.51.100.1',
        )
        # Nor is that to which the reply goes, if there are several.
        reason = (
            'no way back: no router joins the subnets of network second, so '
            'servers need a route to the other subnet'
        )
        path = self.assert_unknown(reason, '10.0.0.5', '198.51.100.9')
        self.assertEqual('through router edge', path.route)

    def test_joined_networks(self) -> None:
        path = self.assert_allowed('10.0.0.5', '10.0.1.5')
        self.assertEqual('through router edge', path.route)
        del self.world.ports[fake_cloud.identifier(22)]
        # It is there for IPv6.
        reason = 'router edge has no route to 10.0.1.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        del self.world.ports[fake_cloud.identifier(24)]
        reason = 'no router joins networks front and back'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        self.world.change(SUBNETS[FRONT][4], gateway_ip='10.0.0.254')
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')

    def test_two_routers_on_a_subnet(self) -> None:
        """Its gateway does not know what the other one joins."""
        row = dataclasses.replace(
            interface(31, FRONT, '10.0.0.2'), device_id='other'
        )
        self.world.ports[row.id] = row
        self.world.change(fake_cloud.identifier(22), device_id='other')
        self.world.routers['other'] = records.Router('other', 'other')
        reason = 'router edge has no route to 10.0.1.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        self.world.change(SUBNETS[FRONT][4], gateway_ip='10.0.0.254')
        reason = 'network front has no visible router at 10.0.0.254'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')

    def test_network_that_may_lead_outside(self) -> None:
        """Its router cannot be read, so nothing says that it does."""
        self.world.routers.clear()
        reason = f'router {EDGE} cannot be read'
        path = self.assert_unknown(reason, '10.0.0.5', 'internet')
        self.assertIsNone(path.route)

    def test_same_network(self) -> None:
        path = self.assert_allowed('10.0.0.5', '10.0.0.6')
        self.assertEqual('same network', path.route)

    def test_9_subnets_of_one_network(self) -> None:
        other = '10.0.2.0/24'
        identifier = fake_cloud.identifier(905)
        self.world.subnets[identifier] = records.Subnet(
            identifier, 'other', FRONT, other, '10.0.2.1'
        )
        self.world.change(
            WEB_2, fixed_ips=(records.FixedIP('10.0.2.6', identifier),)
        )
        self.assert_unknown(
            'no router joins the subnets of network front, so servers need a '
            'route to the other subnet',
            '10.0.0.5',
            '10.0.2.6',
        )
        # Rules match as if the subnets were one.
        self.world.allow()
        reason = 'no ingress rule of group closed allows tcp 22 from 10.0.0.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.2.6')
        self.world.allow(rule(9, 'ingress'))
        gateway = dataclasses.replace(
            interface(26, FRONT, '10.0.0.1'),
            fixed_ips=(records.FixedIP('10.0.2.1', identifier),),
        )
        self.world.ports[gateway.id] = gateway
        path = self.assert_allowed('10.0.0.5', '10.0.2.6')
        self.assertEqual('through router edge', path.route)

    def test_nothing_is_judged_between_two_ends_outside(self) -> None:
        for source, destination in (
            ('10.0.0.77', '10.0.1.77'),
            ('10.0.0.0/24', '10.0.1.0/24'),
            ('internet', '10.0.1.77'),
            ('10.0.1.77', 'internet'),
        ):
            with self.subTest(source=source, destination=destination):
                found = self.world.paths(source, destination, SSH)
                self.assertNotIn(
                    'neither end is on a network that can be read',
                    [path.reason for path in found],
                )

    def test_9_subnets_of_one_network_without_gateways(self) -> None:
        for version, source, other, address in (
            (4, '10.0.0.5', '10.0.2.0/24', '10.0.2.6'),
            (6, '2001:db8::5', '2001:db8:2::/64', '2001:db8:2::6'),
        ):
            self.world = World()
            self.world.change(SUBNETS[FRONT][version], gateway_ip=None)
            self.world.subnets['other'] = records.Subnet(
                'other', 'other', FRONT, other, None
            )
            self.world.change(
                WEB_2, fixed_ips=(records.FixedIP(address, 'other'),)
            )
            with self.subTest(version=version):
                self.assert_unknown(
                    'no router joins the subnets of network front, so servers '
                    'need a route to the other subnet',
                    source,
                    address,
                )

    def test_8_external_subnet_without_gateway(self) -> None:
        self.world.change(
            EDGE,
            gateways=(
                dataclasses.replace(
                    GATEWAY, external_ips=(fixed_ip(PUBLIC, '203.0.113.2'),)
                ),
            ),
        )
        self.assert_allowed('10.0.0.5', 'internet')
        self.world.change(SUBNETS[PUBLIC][4], gateway_ip=None)
        reason = 'router edge has no route to %s'
        self.assert_blocked(reason % '0.0.0.0/0', '10.0.0.5', 'internet')
        self.world.floating_ips = [FLOATING_IP]
        reason = 'no way back: router edge has no route to 0.0.0.0/0'
        self.assert_blocked(reason, 'internet', '203.0.113.50')
        self.assert_allowed('203.0.113.9', '203.0.113.50')

    def test_8_other_subnet_of_the_external_network(self) -> None:
        """An L3 agent knows it, but OVN sends it to the gateway."""
        self.world.change(
            EDGE,
            gateways=(
                dataclasses.replace(
                    GATEWAY, external_ips=(fixed_ip(PUBLIC, '203.0.113.2'),)
                ),
            ),
        )
        other = fake_cloud.identifier(905)
        self.world.subnets[other] = records.Subnet(
            other, 'other', PUBLIC, '198.51.100.0/24', '198.51.100.1'
        )
        self.world.change(
            GUEST, fixed_ips=(records.FixedIP('198.51.100.9', other),)
        )
        reason = 'a router beyond network public would have to know the way'
        self.assert_unknown(reason, '10.0.0.5', '198.51.100.9')
        self.world.drivers = {AGENTS}
        reason = '198.51.100.1 on network public is a router outside Neutron'
        back = f'no way back: {reason}'
        self.assert_unknown(back, '10.0.0.5', '198.51.100.9')

    def test_8_floating_ip_on_another_external_network(self) -> None:
        """Routers outside may join them."""
        outer, inner = map(fake_cloud.identifier, (951, 28))
        self.world.networks['outer'] = network(
            'outer', 'outer', is_external=True
        )
        gateway = records.Gateway(
            'outer', (records.FixedIP('198.51.100.2'),), True
        )
        self.world.routers[outer] = records.Router(
            outer, 'other', gateways=(gateway,)
        )
        self.world.ports[inner] = dataclasses.replace(
            interface(28, BACK, '10.0.1.1'), device_id=outer
        )
        del self.world.ports[fake_cloud.identifier(22)]
        self.world.floating_ips = [
            dataclasses.replace(
                FLOATING_IP,
                address='198.51.100.50',
                network_id='outer',
                router_id=outer,
            )
        ]
        reason = 'a router beyond network public would have to know the way'
        self.assert_unknown(reason, '10.0.0.5', '198.51.100.50')

    def test_8_disabled_gateway(self) -> None:
        """Only an administrator sees the port."""
        gateway = dataclasses.replace(
            interface(27, PUBLIC, '203.0.113.2'),
            device_owner='network:router_gateway',
            admin_state_up=False,
        )
        self.world.ports[gateway.id] = gateway
        reason = 'the interface of router edge on public is disabled'
        self.assert_blocked(reason, '10.0.0.5', 'internet')

    def test_8_router_that_is_not_one_of_neutron(self) -> None:
        """Whether a network is a physical one is for administrators.

        To others, the MTU tells that it is not.
        """
        for number in (21, 23):
            del self.world.ports[fake_cloud.identifier(number)]
        self.world.change(WEB, fixed_ips=(fixed_ip(FRONT, '10.0.0.5'),))
        outside = '198.51.100.7'
        none = 'network front has no visible router at 10.0.0.1'
        nobody = 'no visible port on network front has 10.0.0.77'
        for kind, is_shared, mtu, verdict, reason in (
            (None, False, 1442, BLOCKED, none),
            (None, False, 1500, UNKNOWN, none),
            (None, False, 8950, UNKNOWN, none),
            (None, False, None, UNKNOWN, none),
            (None, True, 1442, UNKNOWN, none),
            ('geneve', True, 1500, BLOCKED, none),
            ('geneve', False, 1500, BLOCKED, none),
            ('vlan', True, 1500, ALLOWED, None),
            ('flat', False, 1400, UNKNOWN, none),
        ):
            segments = (records.Segment(kind),) if kind else ()
            with self.subTest(kind=kind, is_shared=is_shared, mtu=mtu):
                self.world.change(
                    FRONT, segments=segments, is_shared=is_shared, mtu=mtu
                )
                self.assert_path(verdict, reason, '10.0.0.5', outside)
                # A machine outside Neutron may have the address, too.
                absence = BLOCKED if verdict is BLOCKED else UNKNOWN
                self.assert_path(absence, nobody, '10.0.0.5', '10.0.0.77')

    def test_9b_two_routers(self) -> None:
        """The network back is behind a router of its own."""
        inner = fake_cloud.identifier(951)
        for number in (22, 24):
            del self.world.ports[fake_cloud.identifier(number)]
        link = fake_cloud.identifier(904)
        for number, device, address in (
            (31, EDGE, '10.0.9.1'),
            (32, inner, '10.0.9.2'),
        ):
            row = dataclasses.replace(
                interface(number, FRONT, '10.0.0.1'),
                network_id='link',
                device_id=device,
                fixed_ips=(records.FixedIP(address, link),),
            )
            self.world.ports[row.id] = row
        row = dataclasses.replace(
            interface(33, BACK, '10.0.1.1'), device_id=inner
        )
        self.world.ports[row.id] = row
        self.world.subnets[link] = records.Subnet(
            link, 'link', 'link', '10.0.9.0/24', '10.0.9.1'
        )
        self.world.networks['link'] = network('link', 'link')
        there = records.Route(ipaddress.ip_network('10.0.1.0/24'), '10.0.9.2')
        back = records.Route(ipaddress.ip_network('10.0.0.0/24'), '10.0.9.1')
        self.world.routers[inner] = records.Router(inner, 'inner')
        reason = 'router edge has no route to 10.0.1.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        self.world.change(EDGE, routes=(there,))
        reason = 'no way back: router inner has no route to 10.0.0.5'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        self.world.change(inner, routes=(back,))
        path = self.assert_allowed('10.0.0.5', '10.0.1.5')
        self.assertEqual('through router edge, inner', path.route)
        # The longest prefix wins, even if its next hop does not exist.
        dead = records.Route(ipaddress.ip_network('10.0.1.5/32'), '10.0.9.9')
        self.world.change(EDGE, routes=(there, dead))
        reason = 'network link has no visible router at 10.0.9.9'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')

    def test_prefix_of_the_own_subnet(self) -> None:
        """A router would know the way, but no server asks it."""
        front = SUBNETS[FRONT][4]
        self.world.change(front, name='wide', cidr='10.0.0.0/16')
        why = 'is in the prefix of subnet wide, so servers there ask no router'
        for target in ('10.0.1.5', '10.0.1.0/25'):
            self.assert_blocked(f'{target} {why}', '10.0.0.5', target)
        reason = f'no way back: 10.0.1.5 {why}'
        self.assert_blocked(reason, '10.0.1.5', '10.0.0.5')
        self.world.change(FRONT, is_shared=True)
        self.assert_unknown(reason, '10.0.1.5', '10.0.0.5')
        longer, dead = (
            records.Route(ipaddress.ip_network(cidr), next_hop)
            for cidr, next_hop in (
                ('10.0.1.0/24', '10.0.0.1'),
                ('10.0.0.6/32', '10.0.0.99'),
            )
        )
        self.world.change(FRONT, is_shared=False)
        self.world.change(front, host_routes=(longer, dead))
        self.assert_allowed('10.0.0.5', '10.0.1.5')
        self.assert_allowed('10.0.1.5', '10.0.0.5')
        # So it does not ask for a neighbor, either.
        reason = 'network front has no visible router at 10.0.0.99'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')

    def test_9b_host_routes(self) -> None:
        route = records.Route(ipaddress.ip_network('10.0.1.0/24'), '10.0.0.1')
        self.world.change(
            SUBNETS[FRONT][4], gateway_ip=None, host_routes=(route,)
        )
        self.assert_allowed('10.0.0.5', '10.0.1.5')
        appliance = records.Route(route.destination, '10.0.0.6')
        self.world.change(SUBNETS[FRONT][4], host_routes=(appliance,))
        self.assert_unknown(
            'next hop 10.0.0.6 is port web-2, which is not of a router, but '
            'may forward',
            '10.0.0.5',
            '10.0.1.5',
        )

    def test_9b_loop(self) -> None:
        route = records.Route(ipaddress.ip_network('10.7.0.0/16'), '10.0.0.1')
        self.world.change(EDGE, routes=(route,))
        reason = 'the routes to 10.7.0.1 are a loop'
        self.assert_blocked(reason, '10.0.0.5', '10.7.0.1')

    def test_10_disabled(self) -> None:
        for row, to, reason in (
            (WEB, '10.0.0.6', 'port web is disabled'),
            (WEB_2, '10.0.0.6', 'port web-2 is disabled'),
            (EDGE, '10.0.1.5', 'router edge is disabled'),
            (
                fake_cloud.identifier(21),
                '10.0.1.5',
                'the interface of router edge on front is disabled',
            ),
            (
                fake_cloud.identifier(22),
                '10.0.1.5',
                'the interface of router edge on back is disabled',
            ),
        ):
            with self.subTest(reason):
                self.world.change(row, admin_state_up=False)
                self.assert_blocked(reason, '10.0.0.5', to)
                self.world.change(row, admin_state_up=True)
                self.assert_allowed('10.0.0.5', to)

    def test_10_disabled_network_has_no_effect(self) -> None:
        self.world.change(FRONT, admin_state_up=False)
        self.assert_allowed('10.0.0.5', '10.0.0.6')

    def test_10_plugged_in(self) -> None:
        for changes, reason in (
            (
                {'device_id': None, 'device_owner': None},
                'port web-2 is not plugged in',
            ),
            (
                {'vif_type': 'binding_failed'},
                'port web-2 is not bound to a host',
            ),
            ({'vif_type': 'unbound'}, 'port web-2 is not bound to a host'),
            ({'status': 'DOWN'}, 'port web-2 is DOWN'),
        ):
            with self.subTest(reason):
                world = self.world = World()
                world.change(WEB_2, **changes)
                self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')

    def test_load_balancer(self) -> None:
        name = f'ovn-lb-vip-{fake_cloud.identifier(970)}'
        self.world.change(
            WEB_2, name=name, device_id=None, device_owner=None, status='DOWN'
        )
        reason = f'port {name} is of a load balancer, which is not judged'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')

    def test_port_that_is_being_wired(self) -> None:
        self.world.change(WEB_2, status='BUILD')
        reason = 'port web-2 is BUILD'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')

    def test_server(self) -> None:
        server = fake_cloud.identifier(12)
        for changes, verdict, reason in (
            ({'status': 'SHUTOFF'}, UNKNOWN, 'server web-2 is SHUTOFF'),
            ({'status': 'BUILD'}, UNKNOWN, 'server web-2 is BUILD'),
            ({'status': None}, UNKNOWN, 'server web-2 cannot be read'),
            (
                {'power_state': 4},
                BLOCKED,
                'server web-2 does not run (ACTIVE)',
            ),
            ({'power_state': None}, ALLOWED, None),
        ):
            with self.subTest(changes=changes):
                self.world.servers[server] = dataclasses.replace(
                    World().servers[server], **changes
                )
                self.assert_path(verdict, reason, '10.0.0.5', '10.0.0.6')
        del self.world.servers[server]
        reason = f'server {server} cannot be read'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')

    def test_11_subport(self) -> None:
        parent = port(40, BACK, '10.0.1.40', name='parent')
        self.world.change(WEB_2, device_id=None, device_owner='trunk:subport')
        reason = 'what has port web-2 cannot be read'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')
        server = records.Server(
            parent.device_id or '', 'trunked', status='ACTIVE'
        )
        self.world.servers[server.id] = server
        self.world.more['parents'] = {WEB_2: parent}
        self.assert_allowed('10.0.0.5', '10.0.0.6')
        # A subport has groups of its own.
        self.world.change(WEB_2, security_group_ids=())
        reason = 'port web-2 has no security group'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6')
        self.world.change(WEB_2, security_group_ids=(OPEN,))
        self.world.more['parents'] = {
            WEB_2: dataclasses.replace(parent, admin_state_up=False)
        }
        self.assert_allowed('10.0.0.5', '10.0.0.6')
        self.world.drivers = {AGENTS}
        self.assert_unknown(
            'parent port parent of subport web-2 is disabled, which some '
            'drivers ignore',
            '10.0.0.5',
            '10.0.0.6',
        )

    def test_12_external_network(self) -> None:
        path = self.assert_allowed('internet', '203.0.113.9')
        self.assertEqual('direct to provider network', path.route)
        self.assertEqual(
            ('203.0.113.1 on network public is a router outside Neutron',),
            path.hops[0].assumptions,
        )
        self.assert_allowed('203.0.113.9', 'internet')
        self.assert_allowed('10.0.0.5', '203.0.113.9')
        self.world.allow()
        reason = (
            'no ingress rule of group closed allows tcp 22 from the internet'
        )
        self.assert_blocked(reason, 'internet', '203.0.113.9')

    def test_14_addresses_of_a_router(self) -> None:
        ping = flows.Question('icmp', 8)
        self.assert_allowed('10.0.0.5', '10.0.0.1', ping)
        self.world.change(WEB, security_group_ids=())
        reason = 'port web has no security group'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.1', ping)

    def test_14_router_answers_only_ping(self) -> None:
        """Members do not see the port of its gateway."""
        ping = flows.Question('icmp', 8)
        for source, address, route in (
            ('10.0.0.5', '10.0.0.1', 'same network'),
            ('10.0.0.5', '10.0.1.1', 'through router edge'),
            ('10.0.0.5', '203.0.113.2', 'through router edge'),
            ('2001:db8::5', '2001:db8:9::2', 'through router edge'),
            ('203.0.113.9', '203.0.113.2', 'same network'),
            ('198.51.100.7', '203.0.113.2', 'direct to provider network'),
        ):
            question = ping
            if ':' in source:
                question = flows.Question('icmpv6', 128)
            with self.subTest(source=source, address=address):
                path = self.assert_allowed(source, address, question)
                self.assertEqual(route, path.route)
                self.assert_blocked(
                    f'{address} is of a router, which answers only ping',
                    source,
                    address,
                )
        path = self.assert_allowed('10.0.0.5', '203.0.113.2', ANYTHING)
        self.assertEqual(['icmp type 8'], path.passing.texts())
        gateway = dataclasses.replace(GATEWAY, has_source_nat=False)
        self.world.change(EDGE, gateways=(gateway,))
        self.assert_allowed('10.0.0.5', '203.0.113.2', ping)
        self.world.change(EDGE, admin_state_up=False)
        reason = 'router edge is disabled'
        self.assert_blocked(reason, '10.0.0.5', '203.0.113.2', ping)

    def test_13_address_scopes(self) -> None:
        self.world.change(BACK, ipv4_scope='scope')
        reason = 'networks front and back have different address scopes'
        path = self.assert_allowed('10.0.0.5', '10.0.1.5')
        self.assertIn((reason,), [step.assumptions for step in path.hops])
        self.world.drivers = {OVN, AGENTS}
        self.assert_unknown(reason, '10.0.0.5', '10.0.1.5')
        self.world.drivers = {AGENTS}
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
        self.assert_allowed('10.0.0.5', '10.0.0.6')
        self.assert_allowed('10.0.1.5', 'internet')
        six = ('2001:db8::5', '2001:db8:1::5')
        self.assert_allowed(*six)
        self.world.change(BACK, ipv6_scope='scope')
        self.assert_blocked(reason, *six)

    def test_13_source_nat(self) -> None:
        """There is none within an address scope, but with OVN."""
        for row in (FRONT, PUBLIC):
            self.world.change(row, ipv4_scope='scope')
        inside = ipaddress.ip_network('10.0.0.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        no_rule = 'no ingress rule of group closed allows tcp 22 from %s'
        outside = (
            'no visible floating IP or port forwarding leads to '
            '10.0.0.5 for this traffic'
        )
        for drivers, ingress, inbound in (
            ({OVN}, (BLOCKED, no_rule % '203.0.113.2'), (BLOCKED, outside)),
            ({AGENTS}, (ALLOWED, None), (ALLOWED, None)),
            (
                {OVN, AGENTS},
                (
                    UNKNOWN,
                    'it may see 10.0.0.5 or 203.0.113.2',
                ),
                (UNKNOWN, outside),
            ),
        ):
            with self.subTest(drivers=drivers):
                self.world.drivers = drivers
                (path,) = self.world.paths('10.0.0.5', '203.0.113.9')
                (step,) = (s for s in path.hops if s.hop == 'ingress')
                self.assertEqual(
                    ingress, (step.verdict(path.asked), step.reason)
                )
                verdict, reason = inbound
                self.assert_path(verdict, reason, '198.51.100.7', '10.0.0.5')

    def test_13_gateway(self) -> None:
        """Without translation, it leads to another scope with OVN alone."""
        self.world.change(PUBLIC, ipv4_scope='scope', ipv6_scope='scope')
        gateway = dataclasses.replace(GATEWAY, has_source_nat=False)
        self.world.change(EDGE, gateways=(gateway,))
        paths_across = (
            ('10.0.1.5', '198.51.100.7'),
            ('2001:db8:1::5', 'internet6'),
            ('internet6', '2001:db8:1::5'),
        )
        reason = 'networks back and public have different address scopes'
        for arguments in paths_across:
            self.assert_allowed(*arguments)
        self.world.drivers = {AGENTS}
        for arguments in paths_across:
            self.assert_blocked(reason, *arguments)
        # It is translated to the floating IP.
        self.world.floating_ips = [FLOATING_IP]
        self.assert_allowed('10.0.1.5', '198.51.100.7')
        self.assert_allowed('198.51.100.7', '203.0.113.50')

    def test_cidrs(self) -> None:
        inside = ipaddress.ip_network('10.0.0.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        path = self.assert_allowed('10.0.0.0/25', '10.0.1.5')
        self.assertEqual('through router edge', path.route)
        self.world.allow(
            rule(
                9,
                'ingress',
                remote_network=ipaddress.ip_network('10.0.0.0/28'),
            )
        )
        reason = 'tcp 22 only from 10.0.0.0/28'
        self.assert_path(ALLOWED, reason, '10.0.0.0/25', '10.0.1.5')
        reason = 'no ingress rule of group closed allows tcp 22 from '
        cidr = '10.0.0.128/25'
        self.assert_blocked(f'{reason}{cidr}', cidr, '10.0.1.5')

    def test_cidr_of_several_networks(self) -> None:
        """Each network is judged, and what is outside."""
        twin = fake_cloud.identifier(905)
        self.world.networks['twin'] = network('twin', 'twin')
        self.world.subnets[twin] = records.Subnet(
            twin, 'twin', 'twin', '10.0.0.0/24', '10.0.0.1'
        )
        judged = [
            (path.pair.source.address, path.verdict, path.reason)
            for path in self.world.paths('10.0.0.0/15', '10.0.1.5')
        ]
        not_joined = 'no router joins networks twin and back'
        no_floating_ip = (
            'no visible floating IP or port forwarding leads to '
            '10.0.1.5 for this traffic'
        )
        self.assertEqual(
            [
                ('10.0.0.0/24', ALLOWED, None),
                ('10.0.1.0/24', ALLOWED, None),
                ('10.0.0.0/24', BLOCKED, not_joined),
                ('10.0.0.0/15', BLOCKED, no_floating_ip),
            ],
            judged,
        )

    def test_outside_of_a_cidr(self) -> None:
        """Without the networks that are rows; if nothing is left, no row."""
        self.world.floating_ips = [FLOATING_IP]
        inside = ipaddress.ip_network('10.0.0.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        self.assert_blocked(
            'no ingress rule of group closed allows tcp 22 from 10.0.0.0/15',
            '10.0.0.0/15',
            '10.0.1.5',
        )
        self.assertEqual(
            {'10.0.0.0/24', '10.0.1.0/24'},
            {
                path.pair.source.address
                for path in self.world.paths('10.0.0.0/23', '10.0.1.5')
            },
        )

    def test_address_of_networks_that_are_not_joined(self) -> None:
        """It may also be outside, unless a router joins one of them."""
        for island in ('lab', 'iso'):
            self.world.networks[island] = network(island, island)
            self.world.subnets[island] = records.Subnet(
                island, island, island, '10.7.0.0/24', '10.7.0.1'
            )
        cidr = '10.7.0.0/24'
        inside = ipaddress.ip_network(cidr)
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        self.world.floating_ips = [FLOATING_IP]
        to_address, from_cidr = ('10.0.0.5', '10.7.0.99'), (cidr, '10.0.1.5')
        judged = [
            (path.verdict, path.reason)
            for ends in (to_address, from_cidr)
            for path in self.world.paths(*ends)
            if path.address != FLOATING_IP.address or path.possible
        ]
        not_joined = 'no router joins networks %s and %s'
        self.assertEqual(
            [
                (BLOCKED, not_joined % ('front', 'lab')),
                (BLOCKED, not_joined % ('front', 'iso')),
                (UNKNOWN, 'network lab has 10.7.0.99, too'),
                (BLOCKED, not_joined % ('lab', 'back')),
                (BLOCKED, not_joined % ('iso', 'back')),
                (UNKNOWN, f'network lab has {cidr}, too'),
            ],
            judged,
        )
        joint = dataclasses.replace(
            interface(31, FRONT, '10.0.0.1'),
            network_id='iso',
            fixed_ips=(records.FixedIP('10.7.0.1', 'iso'),),
        )
        self.world.ports[joint.id] = joint
        for ends in (to_address, from_cidr):
            for path in self.world.paths(*ends):
                here = path.pair.source, path.pair.destination
                self.assertNotIn(None, [end.network_id for end in here])

    def test_what_has_the_addresses_of_a_cidr_is_not_judged(self) -> None:
        cidr = '10.0.1.0/25'
        reason = f'what has {cidr} on network back is not judged'
        self.assert_unknown(reason, '10.0.0.5', cidr)
        self.world.change(EDGE, admin_state_up=False)
        self.assert_blocked('router edge is disabled', '10.0.0.5', cidr)

    def test_what_is_hidden_on_an_external_network(self) -> None:
        """A port or floating IP of another project may have the address."""
        address = '203.0.113.77'
        reason = f'what has {address} on network public is not judged'
        self.assert_unknown(reason, '10.0.0.5', address)
        self.assert_allowed('10.0.0.5', '198.51.100.7')
        self.assert_allowed(address, '203.0.113.9')
        self.world.more['sees_all'] = True
        self.assert_allowed('10.0.0.5', address)

    def test_own_address(self) -> None:
        reason = 'what a server sends to itself is not judged'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.5')

    def test_parts_of_the_internet(self) -> None:
        """Each part is named, unless other rules allow the same to all."""
        self.world.floating_ips = [FLOATING_IP]
        office, lab, private = map(
            ipaddress.ip_network,
            ('198.51.100.0/24', '192.0.2.7', '10.0.0.0/8'),
        )
        tcp = {'protocol': 'tcp', 'port_range_max': 443}
        self.world.allow(
            rule(9, 'ingress', **tcp, port_range_min=443),
            rule(10, 'ingress', **tcp, port_range_min=80, remote_network=lab),
            rule(11, 'ingress', protocol='icmp', remote_network=office),
            rule(12, 'ingress', protocol='udp', remote_network=private),
        )
        path = self.assert_path(
            ALLOWED,
            'icmp only from 198.51.100.0/24; tcp 80-442 only from 192.0.2.7',
            'internet',
            '203.0.113.50',
            flows.Question(),
        )
        self.assertEqual(['icmp', 'tcp 80-443'], path.passing.texts())

    def test_part_of_a_group_that_is_not_all_seen(self) -> None:
        self.world.allow(rule(9, 'ingress', remote_group_id=OPEN))
        self.world.groups[OPEN] = group(OPEN, *EVERYTHING, is_shared=True)
        self.world.more['members'] = [self.world.ports[WEB]]
        self.assert_path(
            ALLOWED,
            'tcp 22 only from 10.0.0.5 and perhaps others',
            '10.0.0.0/25',
            '10.0.0.6',
        )

    def test_replies_to_a_part(self) -> None:
        """Whether they go to the part that sends is not judged."""
        part = ipaddress.ip_network('10.0.0.0/28')
        self.world.allow(is_stateful=False)
        self.world.groups[CLOSED] = group(
            CLOSED,
            rule(9, 'ingress'),
            rule(10, 'egress', remote_network=part),
            is_stateful=False,
        )
        self.assert_unknown(
            'the groups of port db are stateless, and no egress rule allows '
            'all replies to 10.0.0.0/25',
            '10.0.0.0/25',
            '10.0.1.5',
        )

    def test_no_port_has_the_address(self) -> None:
        self.assert_allowed('10.0.0.0/25', '10.0.1.5')
        path = self.world.paths('10.0.0.5', '10.0.1.77')[-1]
        self.assertEqual(
            (BLOCKED, 'no visible port on network back has 10.0.1.77'),
            (path.verdict, path.reason),
        )
        self.world.change(BACK, project_id='another', is_shared=True)
        self.assert_unknown(
            'no visible port on network back has 10.0.1.77',
            '10.0.0.5',
            '10.0.1.77',
        )

    def test_address_of_no_port_that_one_may_use(self) -> None:
        pair = records.AddressPair("10.0.1.64/26", None)
        reason = 'port db may have 10.0.1.77'
        for changes in (
            {'address_pairs': (pair,)},
            {'port_security_enabled': False},
        ):
            with self.subTest(changes=changes):
                self.world.change(DB, **changes)
                self.assert_unknown(reason, '10.0.0.5', '10.0.1.77')
                self.assert_unknown(reason, '10.0.1.77', '10.0.0.5')
                self.world = World()

    def test_next_hop_that_a_port_may_have(self) -> None:
        """A server does not forward its own packets."""
        del self.world.ports[fake_cloud.identifier(21)]
        none = 'network front has no visible router at 10.0.0.1'
        self.world.change(WEB, port_security_enabled=False)
        self.assert_blocked(none, '10.0.0.5', '10.0.1.5')
        reason = 'port web may have the next hop 10.0.0.1'
        self.assert_unknown(reason, '10.0.0.6', '10.0.1.5')

    def test_foreign_things(self) -> None:
        foreign = fake_cloud.identifier(803)
        self.world.change(WEB_2, security_group_ids=(foreign,))
        reason = f'security group {foreign} cannot be read'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')
        self.world.allow(rule(9, 'ingress', remote_group_id=foreign))
        reason = f'the members of security group {foreign} are not all seen'
        self.assert_unknown(reason, '10.0.0.5', '10.0.0.6')
        self.world.routers.clear()
        reason = f'router {EDGE} cannot be read'
        self.assert_unknown(reason, '10.0.0.5', 'internet')

    def test_what_could_not_be_read_is_not_missing(self) -> None:
        self.world.more['failures'] = ['Routers: 500']
        for number in (22, 24):
            del self.world.ports[fake_cloud.identifier(number)]
        reason = 'router edge has no route to 10.0.1.5'
        self.assert_unknown(reason, '10.0.0.5', '10.0.1.5')

    def test_all_blockers_are_there(self) -> None:
        self.world.change(WEB, security_group_ids=())
        self.world.change(EDGE, admin_state_up=False)
        self.world.change(DB, admin_state_up=False)
        (path,) = self.world.paths('10.0.0.5', '10.0.1.5')
        self.assertEqual(
            [
                'port web has no security group',
                'router edge is disabled',
                'port db is disabled',
            ],
            [
                step.reason
                for step in path.hops
                if step.verdict(path.asked) is BLOCKED
            ],
        )

    def test_exposure(self) -> None:
        ports = {'port_range_min': 80, 'port_range_max': 443}
        self.world.allow(
            rule(9, 'ingress', protocol='tcp', **ports),
            rule(10, 'ingress', protocol='icmp', port_range_min=8),
        )
        path = self.assert_allowed('internet', '203.0.113.9', ANYTHING)
        self.assertEqual(['icmp type 8', 'tcp 80-443'], path.passing.texts())

    def test_nothing_in_common(self) -> None:
        web = {'protocol': 'tcp', 'port_range_min': 80, 'port_range_max': 80}
        ssh = {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}
        self.world.groups[OPEN] = group(OPEN, rule(8, 'egress', **web))
        self.world.allow(rule(9, 'ingress', **ssh))
        reason = 'the destination accepts nothing that the source sends'
        self.assert_blocked(reason, '10.0.0.5', '10.0.0.6', ANYTHING)

    def test_what_the_driver_decides_is_unknown(self) -> None:
        """A verdict that is sure without the driver is that of each."""
        forwarding = records.PortForwarding('tcp', '22', '10.0.1.5', '22', DB)
        forwarded = dataclasses.replace(
            FLOATING_IP,
            port_id=None,
            fixed_ip_address=None,
            port_forwardings=(forwarding,),
        )
        ends = ('10.0.0.5', '10.0.1.5', '203.0.113.9')
        for has_source_nat, scope, floating_ip, remote in itertools.product(
            (True, False),
            (None, 'scope'),
            (FLOATING_IP, forwarded),
            map(ipaddress.ip_network, ('0.0.0.0/0', '10.0.0.0/16')),
        ):
            world = World()
            gateway = dataclasses.replace(
                GATEWAY, has_source_nat=has_source_nat
            )
            world.change(EDGE, gateways=(gateway,))
            for row in (FRONT, BACK, PUBLIC):
                world.change(row, ipv4_scope=scope)
            world.floating_ips = [floating_ip]
            world.allow(rule(9, 'ingress', remote_network=remote))
            for pair in itertools.permutations(ends, 2):
                judged = []
                for drivers in ({OVN, AGENTS}, {OVN}, {AGENTS}):
                    world.drivers = drivers
                    judged.append([p.verdict for p in world.paths(*pair)])
                for either, *each in zip(*judged, strict=True):
                    with self.subTest(
                        pair,
                        has_source_nat=has_source_nat,
                        scope=scope,
                        floating_ip=floating_ip,
                        remote=remote,
                    ):
                        if either is not UNKNOWN:
                            self.assertEqual([either] * 2, each)

    def test_7a_agents_translate_what_returns(self) -> None:
        """They do so without source NAT, as replies must pass the router."""
        gateway = dataclasses.replace(GATEWAY, has_source_nat=False)
        self.world.change(EDGE, gateways=(gateway,))
        self.world.floating_ips = [FLOATING_IP]
        inside = ipaddress.ip_network('10.0.0.0/24')
        self.world.allow(rule(9, 'ingress', remote_network=inside))
        arguments = ('10.0.0.5', '203.0.113.50')
        self.assert_allowed(*arguments)
        self.world.drivers = {AGENTS}
        reason = 'no ingress rule of group closed allows tcp 22 from %s'
        self.assert_blocked(reason % '203.0.113.2', *arguments)
