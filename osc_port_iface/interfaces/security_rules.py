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

"""What the security groups of an interface let pass, together.

Neutron's firewall drivers let pass what any rule of any group of the port
allows, and nothing else but what every network needs
(``neutron/agent/linux/iptables_firewall.py``, ``neutron/common/ovn/acl.py``).
"""

from collections.abc import Iterable
import dataclasses
import enum
import ipaddress

from osc_port_iface import addresses
from osc_port_iface import records


class Traffic(enum.Enum):
    """What passes, and why."""

    PORT_SECURITY_OFF = 'port-security-off'
    NO_GROUPS = 'no-security-groups'
    NO_RULES = 'no-rules'
    STATEFUL_RULES = 'stateful-rules'
    STATELESS_RULES = 'stateless-rules'


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """A rule, as one security group has it."""

    group: records.SecurityGroup
    rule_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class EffectiveRule:
    """A rule that is in force.

    :ivar rule: What it allows. It has the remote network where there is one,
        and any address is one.
    :ivar origins: The rules that say the same.
    :ivar remote_group: From or to whose interfaces; None if not visible.
    :ivar address_group: From or to whose addresses; None if not visible.
    """

    rule: records.SecurityGroupRule
    origins: tuple[Origin, ...]
    remote_group: records.SecurityGroup | None = None
    address_group: records.AddressGroup | None = None


_ANY_ADDRESS: dict[str | None, addresses.IPNetwork] = {
    'IPv4': ipaddress.IPv4Network('0.0.0.0/0'),
    'IPv6': ipaddress.IPv6Network('::/0'),
}

# As Neutron knows them (``IP_PROTOCOL_MAP`` in ``neutron_lib/constants.py``).
_PROTOCOL_NUMBERS = {
    'ah': '51',
    'dccp': '33',
    'egp': '8',
    'esp': '50',
    'gre': '47',
    'hopopt': '0',
    'icmp': '1',
    'icmpv6': '58',
    'igmp': '2',
    'ip': '0',
    'ipip': '4',
    'ipv6-encap': '41',
    'ipv6-frag': '44',
    'ipv6-icmp': '58',
    'ipv6-nonxt': '59',
    'ipv6-opts': '60',
    'ipv6-route': '43',
    'ospf': '89',
    'pgm': '113',
    'rsvp': '46',
    'sctp': '132',
    'tcp': '6',
    'udp': '17',
    'udplite': '136',
    'vrrp': '112',
}


def allowed_traffic(known: records.Details) -> Traffic | None:
    """Tell what passes.

    :param known: What is known of the interface, with the rules.
    :returns: None where that is not known: the port or one of its security
        groups is not.
    """
    port = known.port
    if port is None:
        return None
    if port.port_security_enabled is False:
        return Traffic.PORT_SECURITY_OFF
    if not port.security_group_ids:
        return Traffic.NO_GROUPS
    groups = known.security_groups
    if {*port.security_group_ids} - {group.id for group in groups}:
        return None
    if not any(group.rules for group in groups):
        return Traffic.NO_RULES
    # Neutron refuses to mix the two on a port (SecurityGroupConflict).
    if any(group.is_stateful is False for group in groups):
        return Traffic.STATELESS_RULES
    return Traffic.STATEFUL_RULES


def in_force(known: records.Details) -> tuple[EffectiveRule, ...]:
    """Join the rules of the security groups of an interface.

    :param known: What is known of the interface, with the rules.
    :returns: Each rule once, whichever groups have it: first what comes in,
        by ethertype, protocol, ports and the other side. None where port
        security is off, as the groups then mean nothing.
    """
    if known.port is None or known.port.port_security_enabled is False:
        return ()
    alike: dict[
        records.SecurityGroupRule,
        list[tuple[records.SecurityGroupRule, Origin]],
    ] = {}
    for group in known.security_groups:
        for rule in group.rules:
            rule = _with_network(rule)
            alike.setdefault(_meaning(rule), []).append(
                (rule, Origin(group, rule.id))
            )
    remote_groups = {group.id: group for group in known.remote_groups}
    address_groups = {group.id: group for group in known.address_groups}
    rules = []
    for doubles in alike.values():
        # A name of a protocol is easier to read than its number.
        rule = min(
            (rule for rule, _origin in doubles),
            key=lambda rule: ((rule.protocol or '').isdecimal(), rule.id),
        )
        rules.append(
            EffectiveRule(
                rule,
                _ordered(origin for _rule, origin in doubles),
                remote_groups.get(rule.remote_group_id or ''),
                address_groups.get(rule.remote_address_group_id or ''),
            )
        )
    return tuple(sorted(rules, key=_sort_key))


def _with_network(
    rule: records.SecurityGroupRule,
) -> records.SecurityGroupRule:
    """Say that any address is meant where there is no other side."""
    if (
        rule.remote_network
        or rule.remote_group_id
        or rule.remote_address_group_id
    ):
        return rule
    return dataclasses.replace(
        rule, remote_network=_ANY_ADDRESS.get(rule.ethertype)
    )


def _meaning(rule: records.SecurityGroupRule) -> records.SecurityGroupRule:
    """Leave only what the firewall makes a difference of."""
    protocol = rule.protocol
    if protocol == 'any':
        protocol = None
    elif protocol:
        protocol = _PROTOCOL_NUMBERS.get(protocol, protocol)
        # Neutron's API takes the one for the other (_get_ip_proto_name_and_num
        # in neutron/db/securitygroups_db.py).
        if rule.ethertype == 'IPv6' and protocol == '1':
            protocol = '58'
    return dataclasses.replace(rule, id='', protocol=protocol)


def _ordered(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    return tuple(
        sorted(
            origins,
            key=lambda origin: (
                origin.group.name or '',
                origin.group.id,
                origin.rule_id,
            ),
        )
    )


def _sort_key(effective: EffectiveRule) -> tuple[object, ...]:
    rule = effective.rule
    remote = effective.remote_group or effective.address_group
    network = rule.remote_network
    return (
        rule.direction != 'ingress',
        rule.direction,
        rule.ethertype or '',
        rule.protocol or '',
        # A type of ICMP may be 0.
        -1 if rule.port_range_min is None else rule.port_range_min,
        -1 if rule.port_range_max is None else rule.port_range_max,
        rule.remote_address_group_id is not None,
        rule.remote_group_id is not None,
        (
            network.version,
            int(network.network_address),
            network.prefixlen,
        )
        if network
        else (),
        (remote and remote.name) or '',
        rule.remote_group_id or '',
        rule.remote_address_group_id or '',
        rule.id,
    )
