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

"""Combines the security groups of an interface.

Neutron's firewall drivers allow what any rule of any group of the port allows,
and nothing else except what every network needs
(``neutron/agent/linux/iptables_firewall.py``, ``neutron/common/ovn/acl.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import enum
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.interfaces.path import flows
from osc_port_iface import records


class Traffic(enum.Enum):
    """Which traffic is allowed, and why."""

    PORT_SECURITY_OFF = 'port-security-off'
    NO_GROUPS = 'no-security-groups'
    NO_RULES = 'no-rules'
    STATEFUL_RULES = 'stateful-rules'
    STATELESS_RULES = 'stateless-rules'


@dataclasses.dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule in one security group."""

    group: records.SecurityGroup
    rule_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class EffectiveRule:
    """A rule that is in force.

    :ivar rule: What it allows. Its remote network is also set if any address
        is allowed.
    :ivar group_rules: All rules that allow the same.
    :ivar remote_group: The group of the other side, if there is one and it is
        visible.
    :ivar address_group: The addresses of the other side, if a group has them
        and it is visible.
    """

    rule: records.SecurityGroupRule
    group_rules: tuple[GroupRule, ...]
    remote_group: records.SecurityGroup | None = None
    address_group: records.AddressGroup | None = None

    @property
    def networks(self) -> Sequence[addresses.IPNetwork]:
        """The addresses of the other side, but for those of a group."""
        if self.address_group:
            return self.address_group.networks
        network = self.rule.remote_network
        return [network] if network else []

    def traffic(self, perhaps: bool = False) -> flows.Flows:
        """Return the traffic that passes because of it.

        :param perhaps: Whether to include what passes with some drivers only:
            iptables takes protocol 0 for any, and others ignore ports but
            those of TCP, UDP and SCTP.
        """
        rule, number = self.rule, _number(self.rule)
        if rule.protocol in (None, 'any') or (number == 0 and perhaps):
            return flows.EVERYTHING
        if number is None:
            # Neutron knows a name that is not known here.
            return flows.NOTHING
        first, last = rule.port_range_min, rule.port_range_max
        if flows.is_icmp(number):
            return flows.Flows.of(number, flows.ports_of_icmp(first, last))
        heeds_ports = number in (flows.TCP, flows.UDP, flows.SCTP)
        if first is None or last is None or (perhaps and not heeds_ports):
            return flows.Flows.of(number)
        return flows.Flows.of(number, (first, last))


_ANY_ADDRESS: dict[str | None, addresses.IPNetwork] = {
    'IPv4': ipaddress.IPv4Network('0.0.0.0/0'),
    'IPv6': ipaddress.IPv6Network('::/0'),
}


def allowed_traffic(
    port: records.Port | None, groups: Sequence[records.SecurityGroup]
) -> Traffic | None:
    """Return which traffic is allowed.

    :param port: The port of an interface.
    :param groups: Its security groups, with their rules.
    :returns: None if the port or one of its security groups is not known.
    """
    if port is None:
        return None
    if port.port_security_enabled is False:
        return Traffic.PORT_SECURITY_OFF
    if not port.security_group_ids:
        return Traffic.NO_GROUPS
    if {*port.security_group_ids} - {group.id for group in groups}:
        return None
    if not any(group.rules for group in groups):
        return Traffic.NO_RULES
    # Neutron refuses to mix the two on a port (SecurityGroupConflict).
    if any(group.is_stateful is False for group in groups):
        return Traffic.STATELESS_RULES
    return Traffic.STATEFUL_RULES


def in_force(
    port: records.Port | None,
    groups: Iterable[records.SecurityGroup],
    remote_groups: Mapping[str, records.SecurityGroup],
    address_groups: Mapping[str, records.AddressGroup],
) -> tuple[EffectiveRule, ...]:
    """Combine the rules of the security groups of an interface.

    :param port: The port of an interface.
    :param groups: Its security groups, with their rules.
    :param remote_groups: The security groups that the rules refer to, by ID.
    :param address_groups: The address groups that they refer to, by ID.
    :returns: The rules without duplicates: ingress first, then by ethertype,
        protocol, ports and the other side. There are none if port security is
        off, as the groups then have no effect.
    """
    if port is None or port.port_security_enabled is False:
        return ()
    found = [
        (_with_network(rule), GroupRule(group, rule.id))
        for group in sorted(
            groups, key=lambda group: (group.name or '', group.id)
        )
        for rule in sorted(group.rules, key=lambda rule: rule.id)
    ]
    alike = records.grouped(found, key=lambda pair: _meaning(pair[0]))
    rules = [
        EffectiveRule(
            rule,
            tuple(row for _rule, row in duplicates),
            remote_groups.get(rule.remote_group_id or ''),
            address_groups.get(rule.remote_address_group_id or ''),
        )
        for duplicates in alike.values()
        for rule, _origin in duplicates[:1]
    ]
    return tuple(sorted(rules, key=_sort_key))


def _with_network(
    rule: records.SecurityGroupRule,
) -> records.SecurityGroupRule:
    """Set the network of any address if the other side is not limited."""
    group_id = rule.remote_group_id or rule.remote_address_group_id
    if rule.remote_network or group_id:
        return rule
    return dataclasses.replace(
        rule, remote_network=_ANY_ADDRESS.get(rule.ethertype)
    )


def _meaning(rule: records.SecurityGroupRule) -> records.SecurityGroupRule:
    """Keep only what makes a difference to the firewall."""
    number = _number(rule)
    protocol = rule.protocol if number is None else str(number)
    return dataclasses.replace(
        rule, id='', protocol=None if protocol == 'any' else protocol
    )


def _number(rule: records.SecurityGroupRule) -> int | None:
    return flows.number(rule.protocol, 6 if rule.ethertype == 'IPv6' else 4)


def _sort_key(effective: EffectiveRule) -> tuple[object, ...]:
    rule = effective.rule
    remote = effective.remote_group or effective.address_group
    network = rule.remote_network
    parts = (
        rule.ethertype,
        rule.protocol,
        rule.port_range_min,
        rule.port_range_max,
        rule.remote_address_group_id and True,
        rule.remote_group_id and True,
        network and (network.version, network),
        remote and remote.name,
        rule.id,
    )
    # What is not set comes first.
    return (
        rule.direction != 'ingress',
        *((part is not None, part) for part in parts),
    )
