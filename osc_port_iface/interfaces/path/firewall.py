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

"""What the security groups of one end let pass.

What passes was proven with packets for ML2/OVN, and read in Neutron's source
for the other drivers: ``neutron/agent/linux/openvswitch_firewall`` and
``iptables_firewall.py``, and for what members of a group are,
``neutron/db/securitygroups_rpc_base.py``. Where they differ and the driver is
not known, only what all of them let pass is sure to pass.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import functools
import ipaddress
import itertools
import operator

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import security_rules
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records

# Addresses that nobody on the internet has (RFC 1918, 6598, 3927 and 4193).
_PRIVATE: tuple[addresses.IPNetwork, ...] = tuple(
    ipaddress.ip_network(cidr)
    for cidr in (
        '10.0.0.0/8',
        '100.64.0.0/10',
        '127.0.0.0/8',
        '169.254.0.0/16',
        '172.16.0.0/12',
        '192.168.0.0/16',
        'fc00::/7',
        'fe80::/10',
    )
)

# What finds neighbors passes without a rule, as does ARP, which is not IP.
# With OVN, so does what finds routers, but no more. Others let more of ICMPv6
# and requests for DHCP pass, and differ in that.
_NEIGHBORS = flows.types(flows.ICMPV6, 135, 136)
_DISCOVERY = flows.types(flows.ICMPV6, 133, 134, 135, 136)
_DRIVER_DEPENDENT = {
    ('egress', 'IPv4'): flows.Flows.of(flows.UDP, (67, 67)),
    ('egress', 'IPv6'): flows.Flows.of(flows.UDP, (547, 547))
    | flows.Flows.of(flows.ICMPV6),
    ('ingress', 'IPv6'): flows.types(flows.ICMPV6, 130, 133, 134, 135, 136),
}
# OVN lets what is sent from this port into all ports of a network for which it
# has names (``build_acls`` in its ``northd.c``).
_NAME_QUERIES = flows.Flows.of(flows.UDP, (53, 53))


@dataclasses.dataclass(frozen=True, slots=True)
class _Grant:
    """What passes, or may pass, from one address or CIDR of the peer.

    :ivar part: The part of the CIDR from which it passes; None for all of it.
    :ivar doubt: Why it is not sure to pass.
    :ivar rule_ids: The rules that let it pass.
    """

    passes: flows.Flows
    part: str | None = None
    doubt: str | None = None
    rule_ids: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Firewall:
    """The security groups of a port, for one direction and one peer.

    :ivar excluded: The addresses that the peer does not have, as few networks.
    """

    known: surroundings.Surroundings
    port: records.Port
    direction: str
    peer: surroundings.SeenAs
    excluded: Sequence[addresses.IPNetwork] = ()

    def judge(self, asked: flows.Flows) -> list[steps.Step]:
        """Judge which traffic passes, and which is answered.

        :param asked: The traffic in question.
        :returns: A step for the traffic, and one for the replies to it if they
            need a rule.
        """
        opposite = 'ingress' if self.direction == 'egress' else 'egress'
        replies = dataclasses.replace(self, direction=opposite)
        return [self._requests(asked), *replies._replies(asked)]

    def _requests(self, asked: flows.Flows) -> steps.Step:
        if self._is_off:
            return steps.Step(self.direction, self.port)
        cases = [[*self._grants(network, asked)] for network in self.peer]
        grants = [*itertools.chain.from_iterable(cases)]
        surely = functools.reduce(operator.and_, map(_surely, cases))
        possibly = _union(grants)
        limits = (
            self._limit(limited, grant.part)
            for case in cases
            for grant in case
            if grant.part and not grant.doubt
            if (limited := (grant.passes - _wholly(case)) & asked)
        )
        reason = None
        if surely & asked != possibly & asked:
            doubts = (row.doubt for row in grants if row.passes & asked)
            reason = '; '.join(dict.fromkeys(filter(None, doubts)))
            # Without doubt, it depends on which of several addresses it sees.
            reason = reason or _('it may see %s') % describe(self.peer)
        elif not surely & asked:
            reason = self._blocked(asked)
        return steps.Step(
            self.direction,
            self.port,
            surely,
            possibly,
            reason,
            tuple(dict.fromkeys(limits)),
            tuple(dict.fromkeys(i for row in grants for i in row.rule_ids)),
        )

    def _replies(self, asked: flows.Flows) -> list[steps.Step]:
        """Judge which traffic is answered, if these are the replies to it."""
        if self._is_off or all(
            row.is_stateful is not False for row in self._groups
        ):
            return []
        surely, possibly = flows.EVERYTHING, flows.NOTHING
        for network in self.peer:
            grants = [*self._grants(network, flows.EVERYTHING)]
            surely &= asked.answered(_wholly(grants), surely=True)
            possibly |= asked.answered(_union(grants), surely=False)
        if not self.known.is_of_ovn:
            # The firewall of Open vSwitch takes stateless groups for stateful.
            possibly = flows.EVERYTHING
        elif self.direction == 'ingress':
            possibly |= _NAME_QUERIES
        reason = steps.say(
            _(
                'the groups of port %(port)s are stateless, and no '
                '%(direction)s rule allows all replies %(peer)s'
            ),
            port=self.port,
            direction=self.direction,
            peer=self._towards(describe(self.peer)),
        )
        return [steps.Step('reply', self.port, surely, possibly, reason)]

    @property
    def _groups(self) -> list[records.SecurityGroup]:
        """The groups of the port that can be read."""
        return [
            self.known.security_groups[group_id]
            for group_id in self.port.security_group_ids
            if group_id in self.known.security_groups
        ]

    @property
    def _is_off(self) -> bool:
        return self.port.is_of_neutron or (
            self.port.port_security_enabled is False
        )

    def _grants(
        self, network: addresses.IPNetwork, asked: flows.Flows
    ) -> Iterator[_Grant]:
        """Return what passes from or to an address, and what may do so."""
        what = (self.direction, f'IPv{network.version}')
        always, perhaps = _DISCOVERY, flows.NOTHING
        if not self.known.is_of_ovn:
            always = _NEIGHBORS
            perhaps = _DRIVER_DEPENDENT.get(what, flows.NOTHING)
        if not asked - always:
            yield _Grant(asked)
        elif not asked - perhaps:
            yield _Grant(asked, doubt=_('some drivers need no rule for it'))
        if not self.port.is_filtered:
            doubt = _('rules may have no effect on a port of type %s')
            doubt %= self.port.vnic_type
            yield _Grant(flows.EVERYTHING, doubt=doubt)
        for group_id in self.port.security_group_ids:
            if group_id not in self.known.security_groups:
                doubt = _('security group %s cannot be read') % group_id
                yield _Grant(flows.EVERYTHING, doubt=doubt)
        for effective in security_rules.in_force(
            self.port,
            self._groups,
            self.known.security_groups,
            self.known.address_groups,
        ):
            if (effective.rule.direction, effective.rule.ethertype) == what:
                yield from self._granted(effective, network)

    def _granted(
        self,
        effective: security_rules.EffectiveRule,
        network: addresses.IPNetwork,
    ) -> Iterator[_Grant]:
        """Return what a rule lets pass, from all or a part of a CIDR."""
        rule, group = effective.rule, effective.remote_group
        doubt = None
        allowed = [*effective.networks]
        if rule.remote_group_id:
            members = [
                port
                for port in self.known.members
                if rule.remote_group_id in port.security_group_ids
            ]
            # A link-local address never counts.
            allowed = [
                addresses.parse_ip_network(fixed_ip.ip_address)
                for port in members
                for fixed_ip in port.fixed_ips
            ]
            pairs = [
                pair.network for port in members for pair in port.address_pairs
            ]
            # With OVN, allowed address pairs do not count.
            if surroundings.Driver.OVN not in self.known.drivers:
                allowed += pairs
            elif surroundings.Driver.AGENTS in self.known.drivers and any(
                pair.overlaps(network) for pair in pairs
            ):
                doubt = _(
                    'allowed address pairs of members count with some drivers'
                )
            if not self.known.shows_members(group):
                doubt = _(
                    'the members of security group %s are not all seen'
                ) % ((group and group.name) or rule.remote_group_id)
        elif rule.remote_address_group_id and not effective.address_group:
            text = _('address group %s cannot be read')
            doubt = text % rule.remote_address_group_id
        merged = addresses.collapsed(
            row
            for row in allowed
            if row.overlaps(network)
            and not addresses.is_within(row, self.excluded)
            and not (surroundings.is_internet(network) and is_private(row))
        )
        part = ', '.join(map(surroundings.text, merged)) or None
        if any(addresses.covers(row, network) for row in merged):
            part = doubt = None
        elif part and doubt:
            part, doubt = _('%s and perhaps others') % part, None
        elif not (part or doubt):
            return
        rule_ids = tuple(row.rule_id for row in effective.group_rules)
        passes = effective.traffic()
        yield _Grant(passes, part, doubt, rule_ids)
        more = effective.traffic(perhaps=True) - passes
        # OVN takes protocol 0 for what it is.
        is_of_ovn = self.known.is_of_ovn
        if more and not (is_of_ovn and flows.number(rule.protocol) == 0):
            doubt = _('some drivers let less pass by a rule for protocol %s')
            yield _Grant(more, part, doubt % rule.protocol, rule_ids)

    def _limit(self, passes: flows.Flows, some: str) -> str:
        return _('%(traffic)s only %(peer)s') % {
            'traffic': ', '.join(passes.texts()),
            'peer': self._towards(some),
        }

    def _blocked(self, asked: flows.Flows) -> str:
        """Say that no rule allows what is in question."""
        if not self.port.security_group_ids:
            text = _('port %(port)s has no security group')
            return steps.say(text, port=self.port)
        names = sorted(row.name or row.id for row in self._groups)
        is_any = asked == flows.EVERYTHING
        return steps.say(
            _(
                'no %(direction)s rule of group %(groups)s allows %(traffic)s '
                '%(to)s'
            ),
            direction=self.direction,
            groups=', '.join(names),
            traffic=_('anything') if is_any else ', '.join(asked.texts()),
            to=self._towards(describe(self.peer)),
        )

    def _towards(self, text: str) -> str:
        return (
            _('to %s') if self.direction == 'egress' else _('from %s')
        ) % text


def _union(grants: Iterable[_Grant]) -> flows.Flows:
    """Return what passes, or may pass."""
    passes = (grant.passes for grant in grants)
    return functools.reduce(operator.or_, passes, flows.NOTHING)


def _surely(grants: Iterable[_Grant]) -> flows.Flows:
    """Return what passes, if perhaps from a part of the CIDR only."""
    return _union(grant for grant in grants if not grant.doubt)


def _wholly(grants: Iterable[_Grant]) -> flows.Flows:
    """Return what passes from all of the CIDR."""
    return _surely(grant for grant in grants if not grant.part)


def describe(peer: surroundings.SeenAs) -> str:
    """Describe the other end in a reason."""
    return _(' or ').join(
        _('the internet')
        if surroundings.is_internet(network)
        else surroundings.text(network)
        for network in peer
    )


def is_private(network: addresses.IPNetwork) -> bool:
    """Return whether nobody on the internet has any of these addresses."""
    return any(addresses.covers(row, network) for row in _PRIVATE)
