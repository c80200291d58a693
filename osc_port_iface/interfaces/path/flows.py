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

"""Sets of traffic, by protocol and by destination port."""

from __future__ import annotations

import dataclasses

from osc_port_iface.i18n import _

# The first and the last of some ports. For ICMP, a port is a type times 256
# plus a code. Other protocols have no ports; they have all or none of these.
Ports = tuple[int, int]

_SIZE = 65536
ALL_PORTS: Ports = (0, _SIZE - 1)
_PROTOCOLS = range(256)
_LAST_NUMBER = len(_PROTOCOLS) * _SIZE - 1

ICMP = 1
TCP = 6
UDP = 17
ICMPV6 = 58
SCTP = 132
UDPLITE = 136
_WITH_PORTS = frozenset({TCP, UDP, 33, SCTP, UDPLITE})

# The names that Neutron knows (``IP_PROTOCOL_MAP`` in
# ``neutron_lib/constants.py``).
_NUMBERS = {
    'ah': 51,
    'dccp': 33,
    'egp': 8,
    'esp': 50,
    'gre': 47,
    'hopopt': 0,
    'icmp': 1,
    'icmpv6': 58,
    'igmp': 2,
    'ip': 0,
    'ipip': 4,
    'ipv6-encap': 41,
    'ipv6-frag': 44,
    'ipv6-icmp': 58,
    'ipv6-nonxt': 59,
    'ipv6-opts': 60,
    'ipv6-route': 43,
    'ospf': 89,
    'pgm': 113,
    'rsvp': 46,
    'sctp': 132,
    'tcp': 6,
    'udp': 17,
    'udplite': 136,
    'vrrp': 112,
}

# A number that has two names is shown by the one that Neutron prefers. Number
# 0 has none, as drivers do not agree on what it is.
_NAMES = {number: name for name, number in _NUMBERS.items() if number}

# The ports that a client may choose for its end of a connection.
_CLIENT_PORTS: Ports = (1024, 65535)

# The type of an echo request and that of its reply.
_ECHO = {ICMP: (8, 0), ICMPV6: (128, 129)}

# A set of more protocols than this is described by those that it lacks.
_MAJORITY = 128


def is_icmp(protocol: int | None) -> bool:
    """Return whether a protocol has types and codes in place of ports."""
    return protocol in _ECHO


def ports_of_icmp(kind: int | None, code: int | None) -> Ports:
    """Return the ports that stand for an ICMP type, or a type and a code."""
    if kind is None:
        return ALL_PORTS
    first = kind * 256
    return (first, first + 255) if code is None else (first + code,) * 2


@dataclasses.dataclass(frozen=True, slots=True)
class Flows:
    """A set of traffic.

    :ivar numbers: The first and the last of the numbers in it, disjoint and in
        ascending order. Each protocol has 65,536, one for each port.
    """

    numbers: tuple[Ports, ...]

    @classmethod
    def of(cls, protocol: int, ports: Ports = ALL_PORTS) -> Flows:
        """Make the set of some ports of a protocol."""
        start = protocol * _SIZE
        return cls(((start + ports[0], start + ports[1]),))

    @property
    def ports(self) -> dict[int, list[Ports]]:
        """The ports, by the numbers of the protocols that it has."""
        return {
            protocol: [
                (first % _SIZE, last % _SIZE) for first, last in part.numbers
            ]
            for protocol in _PROTOCOLS
            if (part := self & Flows.of(protocol))
        }

    def __bool__(self) -> bool:
        """Return whether there is any traffic in the set."""
        return bool(self.numbers)

    def __invert__(self) -> Flows:
        """Return what is not in the set."""
        starts = (0, *(last + 1 for _first, last in self.numbers))
        ends = (*(first - 1 for first, _last in self.numbers), _LAST_NUMBER)
        gaps = zip(starts, ends, strict=True)
        return Flows(tuple(gap for gap in gaps if gap[0] <= gap[1]))

    def __and__(self, other: Flows) -> Flows:
        """Return what is in both."""
        return Flows(
            tuple(
                (max(first, low), min(last, high))
                for first, last in self.numbers
                for low, high in other.numbers
                if max(first, low) <= min(last, high)
            )
        )

    def __or__(self, other: Flows) -> Flows:
        """Return what is in either."""
        return ~(~self & ~other)

    def __sub__(self, other: Flows) -> Flows:
        """Return what is in this set, but not in the other."""
        return self & ~other

    def answered(self, replies: Flows, surely: bool) -> Flows:
        """Return what is answered if only these replies may pass.

        The port of the client, to which a reply goes, is not known.

        :param replies: The replies that pass.
        :param surely: Whether replies must pass to each port that a client may
            choose, or only to any of them.
        """
        found = NOTHING
        for protocol in self.ports:
            requests = Flows.of(protocol)
            if is_icmp(protocol):
                request, reply = _ECHO[protocol]
                if Flows.of(protocol, ports_of_icmp(reply, 0)) - replies:
                    requests -= Flows.of(
                        protocol, ports_of_icmp(request, None)
                    )
            elif protocol in _WITH_PORTS and surely:
                if Flows.of(protocol, _CLIENT_PORTS) - replies:
                    continue
            elif not requests & replies:
                continue
            found |= requests
        return self & found

    def moved(self, start: Flows, end: Flows) -> Flows:
        """Return what becomes of ports that are forwarded to others.

        :param start: The ports, a range of one protocol.
        :param end: Those that they are forwarded to. If the numbers of ports
            differ, one of both is a single port.
        """
        ((first, last),), ((low, high),) = start.numbers, end.numbers
        found = self & start
        if last - first != high - low:
            return end if found else NOTHING
        distance = low - first
        return Flows(
            tuple(
                (number + distance, other + distance)
                for number, other in found.numbers
            )
        )

    def texts(self) -> list[str]:
        """Describe the set, such as ``tcp 22`` and ``tcp 80-443``."""
        by_protocol = self.ports
        whole = [p for p, ports in by_protocol.items() if ports == [ALL_PORTS]]
        found = list(map(name, whole))
        if len(whole) > _MAJORITY:
            lacking = [name(p) for p in _PROTOCOLS if p not in whole]
            some = _('any but %s') % ', '.join(lacking)
            found = [some if lacking else _('any')]
        return found + [
            f'{name(protocol)} {_ports_text(protocol, ports)}'
            for protocol, all_ports in by_protocol.items()
            for ports in all_ports
            if protocol not in whole
        ]


def number(protocol: str | None, version: int = 4) -> int | None:
    """Return the number of a protocol.

    :param protocol: A name that Neutron knows, or a number.
    :param version: That of IP; ICMP is another protocol in IPv6.
    :returns: The number; None if there is no such protocol, or for any.
    """
    text = protocol or ''
    found = _NUMBERS.get(text, int(text) if text.isdecimal() else -1)
    if found not in _PROTOCOLS:
        return None
    # Neutron's API treats them as the same (_get_ip_proto_name_and_num in
    # neutron/db/securitygroups_db.py).
    return ICMPV6 if version == 6 and found == ICMP else found


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """The traffic that a user asks about.

    :ivar protocol: A name that Neutron knows, or a number; any if None.
    :ivar port: A port, or an ICMP type.
    """

    protocol: str | None = None
    port: int | None = None

    @property
    def fault(self) -> str | None:
        """Why there cannot be such traffic; None if there can."""
        if self.flows(4) or self.flows(6):
            return None
        return _('there is no port or type %(port)s of %(protocol)s') % {
            'port': self.port,
            'protocol': self.protocol or 'tcp',
        }

    def flows(self, version: int) -> Flows:
        """Return the traffic in a version of IP, which may be none."""
        port, protocol = self.port, self.protocol
        if protocol in (None, 'any') and port is None:
            return EVERYTHING
        found = number(protocol or 'tcp', version)
        if found is None or (found == ICMPV6 and version == 4):
            return NOTHING
        if port is None:
            return Flows.of(found)
        if is_icmp(found) and port < 256:
            return Flows.of(found, ports_of_icmp(port, None))
        has_port = found in _WITH_PORTS and port > 0
        return Flows.of(found, (port, port)) if has_port else NOTHING


def types(protocol: int, *kinds: int) -> Flows:
    """Return some types of ICMP, in ascending order, with all codes."""
    starts = (protocol * _SIZE + kind * 256 for kind in kinds)
    return Flows(tuple((start, start + 255) for start in starts))


def name(protocol: int) -> str:
    """Return the usual name of a protocol, or its number."""
    return _NAMES.get(protocol, str(protocol))


def _ports_text(protocol: int, ports: Ports) -> str:
    first, last = ports
    if not is_icmp(protocol):
        return str(first) if first == last else f'{first}-{last}'
    kind, code = divmod(first, 256)
    if first == last:
        return _('type %(type)d code %(code)d') % {'type': kind, 'code': code}
    last_kind = last // 256
    if kind == last_kind:
        return _('type %d') % kind
    return _('types %(first)d-%(last)d') % {'first': kind, 'last': last_kind}


NOTHING = Flows(())
EVERYTHING = ~NOTHING

# Requests for echo, time and information, and neighbor discovery.
_REQUESTS = types(ICMP, 8, 13, 15) | types(ICMPV6, 128, 133, 134, 135, 136)
# All other ICMP is an answer for connection tracking, which drops it if
# nothing was asked (``lib/conntrack-icmp.c`` in Open vSwitch).
ICMP_REPLIES = (Flows.of(ICMP) | Flows.of(ICMPV6)) - _REQUESTS
