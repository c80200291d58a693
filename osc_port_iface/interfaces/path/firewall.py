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

from collections.abc import Iterable, Sequence
import dataclasses
import functools
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import security_rules
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records

EGRESS = 'egress'
INGRESS = 'ingress'

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

# Router and neighbor solicitations and advertisements, which pass every port.
_NEIGHBOR_DISCOVERY = flows.Flows.of(
    flows.ICMPV6, (133 * 256, 136 * 256 + 255)
)
_DHCP_REQUESTS = flows.Flows.of(flows.UDP, (67, 67))


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """The other end, as the rules of one end see it.

    :ivar networks: Its addresses. If there are several, it is not known which
        of them is seen.
    :ivar is_internet: Whether private addresses are not among them.
    """

    networks: tuple[addresses.IPNetwork, ...]
    is_internet: bool = False

    def text(self) -> str:
        """Describe it in a reason."""
        if self.is_internet:
            return _('the internet')
        return _(' or ').join(map(surroundings.text, self.networks))


@dataclasses.dataclass(frozen=True, slots=True)
class _Passing:
    """What passes with one driver, from one address of the peer.

    :ivar why_unknown: Why more may pass than what surely does.
    """

    surely: flows.Flows = flows.NOTHING
    possibly: flows.Flows = flows.NOTHING
    rule_ids: tuple[str, ...] = ()
    why_unknown: tuple[str, ...] = ()


def judge(
    known: surroundings.Surroundings,
    port: records.Port,
    direction: str,
    peer: Peer,
    asked: flows.Flows,
) -> steps.Step:
    """Judge which traffic passes the security groups of a port.

    :param known: The surroundings.
    :param port: The port.
    :param direction: ``EGRESS`` or ``INGRESS``.
    :param peer: The other end.
    :param asked: The traffic in question.
    """
    if port.is_of_neutron:
        reason = _('ports of Neutron itself are not filtered')
        return steps.Step(direction, port, assumptions=(reason,))
    if port.port_security_enabled is False:
        return steps.Step(direction, port)
    cases = [
        _passing(
            known, port, direction, network, peer.is_internet, driver, asked
        )
        for driver in sorted(known.drivers, key=lambda driver: driver.value)
        for network in peer.networks
    ]
    always = [_always(driver, direction, asked) for driver in known.drivers]
    surely = functools.reduce(
        flows.Flows.__and__, (case.surely for case in cases)
    ) | functools.reduce(flows.Flows.__and__, always)
    possibly = functools.reduce(
        flows.Flows.__or__, (*(case.possibly for case in cases), *always)
    )
    step = steps.Step(
        direction,
        port,
        surely,
        possibly,
        rule_ids=tuple(
            dict.fromkeys(
                rule_id for case in cases for rule_id in case.rule_ids
            )
        ),
    )
    if surely & asked == possibly & asked:
        if surely & asked:
            return step
        reason = _blocked(known, port, direction, peer, asked)
    else:
        reason = '; '.join(
            dict.fromkeys(why for case in cases for why in case.why_unknown)
        )
        if not reason and len(peer.networks) > 1:
            reason = _('it is not known whether it sees %s') % peer.text()
    return dataclasses.replace(
        step, reason=reason or _('it depends on the driver of the network')
    )


def judge_replies(
    known: surroundings.Surroundings,
    port: records.Port,
    direction: str,
    peer: Peer,
    asked: flows.Flows,
) -> list[steps.Step]:
    """Judge which traffic is answered as far as a port is concerned.

    :param direction: That of the replies.
    :returns: Nothing if its groups are stateful, so that replies pass.
    """
    if (
        port.is_of_neutron
        or port.port_security_enabled is False
        or not any(
            known.security_groups[group_id].is_stateful is False
            for group_id in port.security_group_ids
            if group_id in known.security_groups
        )
    ):
        return []
    surely, possibly = flows.EVERYTHING, flows.NOTHING
    for driver in known.drivers:
        # This firewall treats stateless groups as stateful.
        if driver is surroundings.Driver.OPEN_VSWITCH:
            possibly = flows.EVERYTHING
            continue
        for network in peer.networks:
            case = _passing(
                known, port, direction, network, peer.is_internet, driver
            )
            surely &= asked.answered(case.surely, surely=True)
            possibly |= asked.answered(case.possibly, surely=False)
    reason = steps.say(
        _(
            'the groups of port %(port)s are stateless, and no %(direction)s '
            'rule allows all replies %(peer)s'
        ),
        port=port,
        direction=direction,
        peer=_towards(direction, peer),
    )
    return [steps.Step('reply', port, surely, possibly, reason)]


def _passing(
    known: surroundings.Surroundings,
    port: records.Port,
    direction: str,
    network: addresses.IPNetwork,
    is_internet: bool,
    driver: surroundings.Driver,
    asked: flows.Flows = flows.EVERYTHING,
) -> _Passing:
    """Judge the traffic from or to an address.

    :param asked: The traffic in question, to which the reasons are limited.
    """
    surely = possibly = flows.NOTHING
    rule_ids, why = [], []
    for group_id in port.security_group_ids:
        group = known.security_groups.get(group_id)
        if group is None:
            possibly = flows.EVERYTHING
            why.append(_('security group %s cannot be read') % group_id)
            continue
        for rule in group.rules:
            if rule.direction != direction or (
                rule.ethertype not in (None, f'IPv{network.version}')
            ):
                continue
            passes = rule_flows(rule, driver)
            verdict, reason = _matches(
                known, rule, network, is_internet, driver
            )
            if verdict is steps.Verdict.BLOCKED:
                continue
            possibly |= passes
            rule_ids.append(rule.id)
            if verdict is steps.Verdict.ALLOWED:
                surely |= passes
            elif passes & asked:
                why.append(reason)
    return _Passing(surely, possibly, tuple(rule_ids), tuple(why))


def rule_flows(
    rule: records.SecurityGroupRule, driver: surroundings.Driver
) -> flows.Flows:
    """Return the traffic that a rule is about, from or to any address."""
    number = security_rules.protocol_number(rule.protocol, rule.ethertype)
    if number is None:
        return flows.EVERYTHING
    if not number.isdecimal():
        # Neutron knows a name that is not known here.
        return flows.NOTHING
    protocol = int(number)
    if protocol == 0 and driver is surroundings.Driver.IPTABLES:
        return flows.EVERYTHING
    first, last = rule.port_range_min, rule.port_range_max
    if flows.is_icmp(protocol):
        return flows.Flows.of(protocol, flows.ports_of_icmp(first, last))
    if first is None or last is None or not _heeds_ports(protocol, driver):
        return flows.Flows.of(protocol)
    return flows.Flows.of(protocol, (first, last))


def _heeds_ports(protocol: int, driver: surroundings.Driver) -> bool:
    if driver is surroundings.Driver.IPTABLES:
        return True
    return protocol in (flows.TCP, flows.UDP, flows.SCTP)


def _matches(
    known: surroundings.Surroundings,
    rule: records.SecurityGroupRule,
    network: addresses.IPNetwork,
    is_internet: bool,
    driver: surroundings.Driver,
) -> tuple[steps.Verdict, str]:
    """Return whether a rule is about an address, and why if unknown."""
    if rule.remote_group_id:
        group = known.remote_groups.get(rule.remote_group_id)
        verdict, reason = _compare(
            _members(known.members, rule.remote_group_id, driver),
            network,
            is_internet,
        )
        if verdict is steps.Verdict.BLOCKED and not (
            known.shows_members(group)
        ):
            return steps.Verdict.UNKNOWN, _(
                'the members of security group %s are not all seen'
            ) % ((group and group.name) or rule.remote_group_id)
        return verdict, reason
    if rule.remote_address_group_id:
        addressed = known.address_groups.get(rule.remote_address_group_id)
        if addressed is None:
            return steps.Verdict.UNKNOWN, _(
                'address group %s cannot be read'
            ) % rule.remote_address_group_id
        return _compare(addressed.networks, network, is_internet)
    if rule.remote_network is None or rule.remote_network.prefixlen == 0:
        return steps.Verdict.ALLOWED, ''
    return _compare([rule.remote_network], network, is_internet)


def _compare(
    allowed: Iterable[addresses.IPNetwork],
    network: addresses.IPNetwork,
    is_internet: bool,
) -> tuple[steps.Verdict, str]:
    """Return whether addresses are allowed: all, none or some of them."""
    same = [row for row in allowed if row.version == network.version]
    if is_internet:
        same = [row for row in same if not _is_private(row)]
    inside = [row for row in same if row.overlaps(network)]
    merged = ipaddress.collapse_addresses(inside)  # type: ignore[type-var]
    if any(addresses.covers(row, network) for row in merged):
        return steps.Verdict.ALLOWED, ''
    if not inside:
        return steps.Verdict.BLOCKED, ''
    return steps.Verdict.UNKNOWN, _('only %(some)s of %(all)s') % {
        'some': ', '.join(sorted({str(row) for row in inside})),
        'all': network,
    }


def _is_private(network: addresses.IPNetwork) -> bool:
    return any(addresses.covers(row, network) for row in _PRIVATE)


def _members(
    ports: Sequence[records.Port],
    group_id: str,
    driver: surroundings.Driver,
) -> Iterable[addresses.IPNetwork]:
    """Return the addresses of the members of a security group.

    With OVN, allowed address pairs do not count. A link-local address never
    does.
    """
    for port in ports:
        if group_id not in port.security_group_ids:
            continue
        for fixed_ip in port.fixed_ips:
            yield addresses.parse_ip_network(fixed_ip.ip_address)
        if driver is not surroundings.Driver.OVN:
            for pair in port.address_pairs:
                yield pair.network


def _always(
    driver: surroundings.Driver, direction: str, asked: flows.Flows
) -> flows.Flows:
    """Return what passes without a rule, if exactly that is in question.

    ARP passes, too, but is not IP.
    """
    if asked and asked & _NEIGHBOR_DISCOVERY == asked:
        return asked
    if (
        direction == EGRESS
        and asked == _DHCP_REQUESTS
        and driver is not surroundings.Driver.OVN
    ):
        return asked
    return flows.NOTHING


def _blocked(
    known: surroundings.Surroundings,
    port: records.Port,
    direction: str,
    peer: Peer,
    asked: flows.Flows,
) -> str:
    groups = [known.security_groups[row] for row in port.security_group_ids]
    if not groups:
        return steps.say(_('port %(port)s has no security group'), port=port)
    traffic = ', '.join(asked.texts())
    return steps.say(
        _(
            'no %(direction)s rule of group %(groups)s allows %(traffic)s '
            '%(to)s'
        ),
        direction=direction,
        groups=', '.join(sorted(row.name or row.id for row in groups)),
        traffic=_('anything') if asked == flows.EVERYTHING else traffic,
        to=_towards(direction, peer),
    )


def _towards(direction: str, peer: Peer) -> str:
    text = _('to %s') if direction == EGRESS else _('from %s')
    return text % peer.text()
