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

"""An oracle of security groups: it tries each packet in each possible world.

A world is a driver, and an answer to everything that the caller cannot see.
It is slow, plain, and shares no code with what it judges.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import ipaddress
import itertools
import random
from typing import Any, TypeVar

from hypothesis import strategies as st

from osc_port_iface.interfaces.path import firewall
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

_T = TypeVar('_T')

OVN = surroundings.Driver.OVN
AGENTS = surroundings.Driver.AGENTS

PROJECT = fake_cloud.PROJECT_ID

NUMBERS = {
    None: None,
    'any': None,
    '0': 0,
    'icmp': 1,
    '1': 1,
    'tcp': 6,
    '6': 6,
    'udp': 17,
    'ipv6-icmp': 58,
    'icmpv6': 58,
    '58': 58,
    'gre': 47,
    'sctp': 132,
    'udplite': 136,
}

# Packets: a protocol, and a port or an ICMP type and code.
PACKETS = [
    *itertools.product((6, 17, 132, 136), (0, 21, 22, 23, 80, 65535)),
    *itertools.product((1, 58), ((0, 0), (8, 0), (8, 1), (3, 4), (128, 0))),
    (0, 0),
    (47, 0),
]

PEERS = ('10.0.0.5', '10.0.0.9', '192.0.2.1', '2001:db8::5', 'fe80::5')
CIDRS = ('10.0.0.8/30', '2001:db8::4/126')
# Those of subnets, of which some are in the CIDRs.
INSIDE = ('10.0.0.8/32', '10.0.0.9/32', '10.0.0.10/31', '2001:db8::4/127')

GROUPS = tuple(fake_cloud.identifier(number) for number in range(801, 806))
ADDRESS_GROUPS = tuple(fake_cloud.identifier(n) for n in (991, 992))


@dataclasses.dataclass(frozen=True)
class Case:
    """One port, its surroundings, and who it talks to.

    Of a CIDR, any address will do that is not in a subnet.
    """

    known: surroundings.Surroundings
    port: records.Port
    direction: str
    peer: str

    def disagreements(self) -> list[str]:
        """Compare the judgement of each packet with that of the oracle."""
        peer = (ipaddress.ip_network(self.peer),)
        end = surroundings.End('', *peer)
        excluded = self.known.excluded(end, end)
        step, *_replies = firewall.Firewall(
            self.known, self.port, self.direction, peer, excluded
        ).judge(flows.EVERYTHING)
        found = []
        for packet in PACKETS:
            one = _flows(packet)
            judged = (bool(step.surely & one), bool(step.possibly & one))
            worlds = [world.passes(packet) for world in self.worlds()]
            if judged != (all(worlds), any(worlds)):
                found.append(f'{packet}: {judged}, {worlds}')
        return found

    def worlds(self) -> Iterator['_World']:
        """Return every world that fits what is known."""
        known = self.known
        asked = [
            rule
            for group_id in self.port.security_group_ids
            if group_id in known.security_groups
            for rule in known.security_groups[group_id].rules
        ]
        hidden = [
            group_id
            for group_id in self.port.security_group_ids
            if group_id not in known.security_groups
        ]
        for group_id in {
            rule.remote_group_id for rule in asked if rule.remote_group_id
        }:
            group = known.security_groups.get(group_id)
            if group is None or group.project_id != PROJECT:
                hidden.append(f'members of {group_id}')
        hidden += {
            rule.remote_address_group_id
            for rule in asked
            if rule.remote_address_group_id
        } - {*known.address_groups}
        # Drivers differ: whether 0 is any protocol, as it is not with OVN, and
        # whether the ports of UDP-Lite are ignored.
        protocols = {rule.protocol for rule in asked}
        hidden += {'0', 'udplite'} & protocols
        for driver in self.known.drivers:
            for answers in itertools.product(
                (False, True), repeat=len(hidden)
            ):
                yield _World(
                    self, driver, dict(zip(hidden, answers, strict=True))
                )


@dataclasses.dataclass(frozen=True)
class _World:
    case: Case
    driver: surroundings.Driver
    answers: dict[str, bool]

    def passes(self, packet: tuple[int, object]) -> bool:
        case = self.case
        for group_id in case.port.security_group_ids:
            if group_id not in case.known.security_groups:
                if self.answers[group_id]:
                    return True
                continue
            for rule in case.known.security_groups[group_id].rules:
                if (
                    rule.direction == case.direction
                    and self._is_about(rule, packet)
                    and self._is_from(rule)
                ):
                    return True
        return False

    def _is_about(
        self, rule: records.SecurityGroupRule, packet: tuple[int, object]
    ) -> bool:
        version = '6' if ':' in self.case.peer else '4'
        if rule.ethertype != f'IPv{version}':
            return False
        number = NUMBERS[rule.protocol]
        if version == '6' and number == 1:
            number = 58
        is_any = number == 0 and self.driver is not surroundings.Driver.OVN
        if number is None or (is_any and self.answers['0']):
            return True
        protocol, port = packet
        if protocol != number:
            return False
        first, last = rule.port_range_min, rule.port_range_max
        if isinstance(port, tuple):
            kind, code = port
            return first in (None, kind) and last in (None, code)
        if number == 136 and self.answers['udplite']:
            return True
        assert isinstance(port, int)
        return first is None or last is None or first <= port <= last

    def _is_from(self, rule: records.SecurityGroupRule) -> bool:
        return any(
            self._is_from_address(rule, address)
            for address in ipaddress.ip_network(self.case.peer)
            if not any(
                address in ipaddress.ip_network(subnet.cidr or '')
                for subnet in self.case.known.subnets.values()
            )
        )

    def _is_from_address(
        self,
        rule: records.SecurityGroupRule,
        address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    ) -> bool:
        if rule.remote_group_id:
            if self.answers.get(f'members of {rule.remote_group_id}'):
                return True
            for member in self.case.known.members:
                if rule.remote_group_id not in member.security_group_ids:
                    continue
                texts = [row.ip_address for row in member.fixed_ips]
                if self.driver is not OVN:
                    texts += [row.ip_address for row in member.address_pairs]
                if any(
                    address in ipaddress.ip_network(text) for text in texts
                ):
                    return True
            return False
        if rule.remote_address_group_id:
            group_id = rule.remote_address_group_id
            if group_id in self.answers:
                return self.answers[group_id]
            return any(
                address in network
                for network in self.case.known.address_groups[
                    group_id
                ].networks
            )
        return rule.remote_network is None or address in rule.remote_network


def _flows(packet: tuple[int, object]) -> flows.Flows:
    protocol, port = packet
    if isinstance(port, tuple):
        return flows.Flows.of(protocol, flows.ports_of_icmp(*port))
    assert isinstance(port, int)
    return flows.Flows.of(protocol, (port, port))


class _Dealer(random.Random):
    """Deals cases by chance."""

    def some(self, values: Sequence[_T], most: int) -> list[_T]:
        """Choose different values, at most so many."""
        return self.sample(values, self.randint(0, min(most, len(values))))

    def rule(self) -> records.SecurityGroupRule:
        """Make a rule that Neutron accepts."""
        ethertype = self.choice(('IPv4', 'IPv6'))
        protocol = self.choice(
            [
                name
                for name, number in NUMBERS.items()
                if ethertype == 'IPv6' or number != 58
            ]
        )
        ports: list[tuple[int | None, int | None]] = [(None, None)]
        if NUMBERS[protocol] in (6, 17, 132, 136):
            ports += [(22, 22), (20, 80), (0, 0), (0, 65535)]
        elif NUMBERS[protocol] in (1, 58):
            ports += [(8, None), (8, 0), (0, 0), (3, 4)]
        first, last = self.choice(ports)
        cidrs = {
            'IPv4': ('0.0.0.0/0', '10.0.0.8/31', '10.0.0.9/32', '192.0.0.0/8'),
            'IPv6': ('::/0', '2001:db8::/64', '2001:db8::7/128'),
        }[ethertype]
        remote: dict[str, Any] = self.choice(
            [
                {},
                {'remote_network': ipaddress.ip_network(self.choice(cidrs))},
                {'remote_group_id': self.choice(GROUPS)},
                {'remote_address_group_id': self.choice(ADDRESS_GROUPS)},
            ]
        )
        return records.SecurityGroupRule(
            id=fake_cloud.identifier(self.randint(1, 999)),
            direction=self.choice(('ingress', 'egress')),
            ethertype=ethertype,
            protocol=protocol,
            port_range_min=first,
            port_range_max=last,
            **remote,
        )

    def group(self, group_id: str) -> records.SecurityGroup:
        """Make a group of the own or of another project."""
        return records.SecurityGroup(
            group_id,
            'web',
            True,
            tuple(self.rule() for _number in range(self.randint(0, 4))),
            self.choice((PROJECT, 'another')),
            False,
        )

    def member(self, number: int) -> records.Port:
        """Make a port that may be in groups, and may have a pair."""
        texts = (*PEERS[:4], '10.0.0.7')
        pairs = (*texts, '10.0.0.0/24', '0.0.0.0/0', '::/0')
        return samples.port(
            100 + number,
            *self.some(texts, 2),
            security_group_ids=tuple(self.some(GROUPS, 2)),
            address_pairs=tuple(
                records.AddressPair(text, None) for text in self.some(pairs, 1)
            ),
        )

    def address_group(self, group_id: str) -> records.AddressGroup:
        """Make an address group, which may be empty."""
        cidrs = ('10.0.0.0/30', '10.0.0.9/32', '2001:db8::/32', '192.0.2.1')
        return records.AddressGroup(
            group_id,
            'office',
            tuple(map(ipaddress.ip_network, self.some(cidrs, 2))),
        )

    def case(self) -> Case:
        """Make a port, its groups, their members, and what is hidden."""
        groups = {row: self.group(row) for row in self.some(GROUPS, 3)}
        drivers = list(surroundings.Driver)
        own = [*groups, *self.some(GROUPS, 1)]
        known = surroundings.Surroundings(PROJECT)
        known.drivers = frozenset(self.sample(drivers, self.randint(1, 2)))
        known.members = [self.member(n) for n in range(self.randint(0, 3))]
        known.security_groups = groups
        known.address_groups = {
            row: self.address_group(row)
            for row in self.some(ADDRESS_GROUPS, 2)
        }
        peer = self.choice((*PEERS, *CIDRS))
        known.subnets = {
            cidr: records.Subnet(cidr, None, 'inside', cidr)
            for cidr in (self.some(INSIDE, 2) if peer in CIDRS else ())
        }
        return Case(
            known,
            samples.port(
                11,
                '10.0.0.3',
                security_group_ids=tuple(dict.fromkeys(self.some(own, 3))),
                port_security_enabled=True,
            ),
            self.choice(('ingress', 'egress')),
            peer,
        )


def cases() -> st.SearchStrategy[Case]:
    """Draw cases, each dealt from a number that hypothesis chooses."""
    return st.integers(0, 2**64).map(lambda seed: _Dealer(seed).case())
