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

"""Parses the addresses of interfaces, whatever their notation."""

import bisect
from collections.abc import Iterable, Sequence
import dataclasses
import enum
import functools
import ipaddress
import re

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.IGNORECASE)

_MAC_ADDRESS = re.compile(
    r'[0-9a-f]{12}'
    r'|[0-9a-f]{1,2}(?P<separator>[:-])[0-9a-f]{1,2}'
    r'(?:(?P=separator)[0-9a-f]{1,2}){4}'
    r'|[0-9a-f]{4}(?P<wide>[.:-])[0-9a-f]{4}(?P=wide)[0-9a-f]{4}'
    r'|[0-9a-f]{6}[.:-][0-9a-f]{6}',
    re.IGNORECASE,
)

# The prefixes that Nova and Neutron's agents put before the first characters
# of a port's ID to name a device on the host (nova/network/model.py,
# NIC_NAME_LEN).
_DEVICE_PREFIX = '(?:tap|qvo|qvb|qbr|vhu|(?:qr|qg|sg|ha|fg)-)'
_HOST_DEVICE = re.compile(
    f'{_DEVICE_PREFIX}?(?P<prefix>[0-9a-f]{{8}}-[0-9a-f]{{2}})', re.IGNORECASE
)

# The beginning of a MAC address: that of a vendor (OUI), or more. The IEEE's
# list has OUIs with dashes and without.
_MAC_PREFIX = re.compile(
    r'[0-9a-f]{6}|[0-9a-f]{2}(?P<separator>[:-])[0-9a-f]{2}'
    r'(?:(?P=separator)[0-9a-f]{2}){1,3}',
    re.IGNORECASE,
)

# No other kind has one dash and dots or colons.
_RANGE = re.compile('(?=.*[.:])([^-]*)-([^-]*)')

# An IPv6 address in brackets, and either kind with a port, as in URLs and
# reports of abuse. The protocols are those with ports that Neutron forwards.
_ENDPOINT = re.compile(
    r'(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<ipv4>[0-9]+\.[0-9.]+)(?=:))'
    '(?::(?P<number>[0-9]{1,5})(?:/(?P<protocol>tcp|udp|sctp|dccp))?)?',
    re.IGNORECASE,
)

# The zone of a link-local address is the name of a device on some machine.
_ZONE = re.compile(r'(fe80:[0-9a-f:]*)%[^%\s\]]+', re.IGNORECASE)

# The largest CIDRs and ranges that can be searched. IPv4 addresses are asked
# for one by one, those of IPv6 are not.
MOST_ADDRESSES = 4096
SHORTEST_IPV6_PREFIX = 48

# Reads an address as it is. Most are sorted soon after they were read.
ip_address = functools.lru_cache(maxsize=1024)(ipaddress.ip_address)


class Kind(enum.Enum):
    """The kind of an address. A CIDR is a range."""

    IP_ADDRESS = 'ip-address'
    RANGE = 'range'
    MAC_ADDRESS = 'mac-address'
    MAC_PREFIX = 'mac-prefix'
    PORT = 'port'
    HOST_DEVICE = 'host-device'


class TooWide(ValueError):
    """A CIDR or range has too many addresses to look for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """What a user identifies an interface by.

    :ivar text: What the user wrote, which may be one of several spellings.
    :ivar kind: Its kind.
    :ivar value: The same, as the APIs write it; the first and the last address
        of a range.
    :ivar number: The TCP or UDP port at an IP address, if any is given.
    :ivar protocol: The protocol of that port, in lower case.
    """

    text: str = dataclasses.field(compare=False)
    kind: Kind
    value: str
    number: int | None = None
    protocol: str | None = None

    @property
    def networks(self) -> list[IPNetwork]:
        """The IP addresses, as few networks; none of any other kind."""
        if self.kind not in (Kind.IP_ADDRESS, Kind.RANGE):
            return []
        first, _dash, last = self.value.partition('-')
        ends = map(ipaddress.ip_address, (first, last or first))
        return list(ipaddress.summarize_address_range(*ends))


def is_uuid(text: str) -> bool:
    """Return whether this is a UUID, and thus taken for an ID."""
    return bool(_UUID.fullmatch(text))


def parse_address(text: str) -> Address:
    """Read a port ID, a MAC address or an IP address.

    :param text: What the user wrote.
    :returns: The address.
    :raises ValueError: It is none of them.
    """
    if is_uuid(text):
        return Address(text, Kind.PORT, text.lower())
    if _MAC_ADDRESS.fullmatch(text):
        return Address(text, Kind.MAC_ADDRESS, parse_mac_address(text))
    return Address(text, Kind.IP_ADDRESS, str(parse_ip_address(text)))


def parse_query(text: str) -> Address:
    """Read an address whose owner is to be found.

    :param text: A port ID, a MAC address or its beginning, an IP address, also
        in brackets, with a zone or with a port (``203.0.113.5:2201/tcp``), a
        CIDR, a range (``10.0.0.5-10.0.0.9``), or the name of a device on a
        host: ``tap0a3ca19c-dd``, or without ``tap``.
    :returns: The address. The value of a device is the beginning of the ID of
        its port.
    :raises TooWide: It is a CIDR or range with too many addresses.
    :raises ValueError: It is none of them.
    """
    plain = _ZONE.sub(r'\1', text)
    if device := _HOST_DEVICE.fullmatch(plain):
        return Address(text, Kind.HOST_DEVICE, device['prefix'].lower())
    if endpoint := _ENDPOINT.fullmatch(plain):
        return _endpoint(text, endpoint)
    if _MAC_PREFIX.fullmatch(plain):
        return Address(text, Kind.MAC_PREFIX, parse_mac_prefix(plain))
    if '/' in plain:
        network = parse_ip_network(plain)
        return _range(text, network[0], network[-1])
    if found := _RANGE.fullmatch(plain):
        ends = (parse_ip_address(end.strip()) for end in found.groups())
        return _range(text, *ends)
    return dataclasses.replace(parse_address(plain), text=text)


def _endpoint(text: str, found: re.Match[str]) -> Address:
    ip_address = parse_ip_address(found['ipv6'] or found['ipv4'])
    number = int(found['number']) if found['number'] else None
    if number is not None and not 0 < number < 65536:
        raise ValueError(text)
    protocol = found['protocol'] and found['protocol'].lower()
    return Address(text, Kind.IP_ADDRESS, str(ip_address), number, protocol)


def _range(text: str, first: IPAddress, last: IPAddress) -> Address:
    """Return a query for all addresses from one to another."""
    length = int(last) - int(first) + 1
    if first.version != last.version or length < 1:
        raise ValueError(text)
    if length == 1:
        return Address(text, Kind.IP_ADDRESS, str(first))
    limit = 1 << 128 - SHORTEST_IPV6_PREFIX
    if length > (limit if first.version == 6 else MOST_ADDRESSES):
        raise TooWide(text)
    return Address(text, Kind.RANGE, f'{first}-{last}')


def mac_of_link_local(ip_address: IPAddress) -> str | None:
    """Return the MAC address that a link-local address is made of.

    A guest makes the address itself (RFC 4291, appendix A), so that Neutron
    does not know it; None if it is made of something else.
    """
    octets = ip_address.packed
    if not ip_address.is_link_local or octets[11:13] != b'\xff\xfe':
        return None
    return bytes((octets[8] ^ 2, *octets[9:11], *octets[13:])).hex(':')


def is_query(text: str) -> bool:
    """Return whether this is an address whose owner can be looked for."""
    try:
        parse_query(text)
    except ValueError:
        return False
    return True


def parse_mac_address(text: str) -> str:
    """Read a MAC address in any of the usual notations.

    :param text: ``fa:16:3e:01:02:03``, with dashes, ``fa16.3e01.0203``,
        ``fa163e-010203`` or ``fa163e010203``, in either case. Leading zeros of
        bytes may be missing.
    :returns: Six pairs of lower case digits with colons, as in Neutron.
    :raises ValueError: It is none.
    """
    found = _MAC_ADDRESS.fullmatch(text)
    if not found:
        raise ValueError(text)
    if found['separator'] == ':' and len(text) == 17:
        return text.lower()
    parts = re.split('[.:-]', text.lower())
    width = 12 // len(parts)
    return _pairs(''.join(part.rjust(width, '0') for part in parts))


def mac_address(text: str) -> str:
    """Return a MAC address as Neutron writes it.

    Nova's cache may write the same address differently. A text that is no MAC
    address stays as it is.
    """
    try:
        return parse_mac_address(text)
    except ValueError:
        return text


def _pairs(digits: str) -> str:
    return ':'.join(re.findall('..', digits))


def parse_mac_prefix(text: str) -> str:
    """Read a MAC address, or the beginning of one.

    :param text: A MAC address in any notation, or its first three, four or
        five bytes with colons or dashes; three also without.
    :returns: Pairs of lower case digits with colons, as in Neutron.
    :raises ValueError: It is neither.
    """
    if _MAC_PREFIX.fullmatch(text):
        return _pairs(re.sub('[:-]', '', text.lower()))
    return parse_mac_address(text)


def parse_ip_address(text: str) -> IPAddress:
    """Read an IPv4 or IPv6 address in any spelling (RFC 4291, section 2.2).

    :param text: The address, without a zone. An IPv4-mapped address is read as
        the IPv4 address in it.
    :returns: The address.
    :raises ValueError: It is none.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            raise ValueError(text)
        return address.ipv4_mapped or address
    return address


def ip_order(text: str) -> tuple[int, int]:
    """Return a sort key of an IP address: IPv4 first, then by number."""
    address = ip_address(text)
    return address.version, int(address)


def parse_ip_network(text: str) -> IPNetwork:
    """Read an address or a CIDR, which may have host bits set.

    :param text: ``10.0.0.5``, ``10.0.0.0/24``, ``2001:db8::/64``. There must
        be no zone. An IPv4-mapped address is read as IPv4.
    :returns: The network; for an address, one that holds only this address.
    :raises ValueError: It is neither.
    """
    if '/' not in text or '%' in text:
        return ipaddress.ip_network(parse_ip_address(text))
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and (
        mapped := network.network_address.ipv4_mapped
    ):
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def is_within(narrow: IPNetwork, networks: Sequence[IPNetwork]) -> bool:
    """Return whether one of several networks has all addresses of another.

    :param networks: Networks of its version, as :func:`collapsed` returns
        them. There may be thousands.
    """
    index = bisect.bisect_right(
        networks, int(narrow[0]), key=lambda network: int(network[0])
    )
    return index > 0 and covers(networks[index - 1], narrow)


def collapsed(networks: Iterable[IPNetwork]) -> list[IPNetwork]:
    """Return as few networks as possible with the same addresses.

    :param networks: Networks of one version of IP.
    """
    return list(
        ipaddress.collapse_addresses(networks)  # type: ignore[type-var]
    )


def covers(wide: IPNetwork, narrow: IPNetwork) -> bool:
    """Return whether a network has all addresses of another."""
    return wide.prefixlen <= narrow.prefixlen and wide.overlaps(narrow)
