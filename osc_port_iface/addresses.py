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

import dataclasses
import enum
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
_HOST_DEVICE = re.compile(
    r'(?:tap|qvo|qvb|qbr|vhu)?(?P<prefix>[0-9a-f]{8}-[0-9a-f]{2})',
    re.IGNORECASE,
)

# The largest CIDRs that can be searched. The addresses of an IPv4 CIDR are
# asked for one by one, those of an IPv6 CIDR are not.
MOST_ADDRESSES = 4096
SHORTEST_IPV6_PREFIX = 48


class Kind(enum.Enum):
    """The kind of an address."""

    IP_ADDRESS = 'ip-address'
    CIDR = 'cidr'
    MAC_ADDRESS = 'mac-address'
    PORT = 'port'
    HOST_DEVICE = 'host-device'


class TooWide(ValueError):
    """A CIDR has too many addresses to look for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """What a user identifies an interface by.

    :ivar text: What the user wrote.
    :ivar kind: Its kind.
    :ivar value: The same, as the APIs write it.
    """

    text: str
    kind: Kind
    value: str


def is_uuid(text: str) -> bool:
    """Tell whether this is a UUID, and thus taken for an ID."""
    return bool(_UUID.fullmatch(text))


def parse_address(text: str) -> Address:
    """Read a port ID, a MAC address or an IP address.

    :param text: What the user wrote.
    :returns: The address.
    :raises ValueError: It is none of them.
    """
    if is_uuid(text):
        return Address(text, Kind.PORT, text.lower())
    try:
        return Address(text, Kind.IP_ADDRESS, str(parse_ip_address(text)))
    except ValueError:
        return Address(text, Kind.MAC_ADDRESS, parse_mac_address(text))


def parse_query(text: str) -> Address:
    """Read an address whose owner is to be found.

    :param text: A port ID, a MAC address, an IP address, a CIDR, or the name
        of a device on a host: ``tap0a3ca19c-dd``, or without ``tap``.
    :returns: The address. The value of a device is the beginning of the ID of
        its port.
    :raises TooWide: It is a CIDR with too many addresses.
    :raises ValueError: It is none of them.
    """
    if device := _HOST_DEVICE.fullmatch(text):
        return Address(text, Kind.HOST_DEVICE, device['prefix'].lower())
    if '/' not in text:
        return parse_address(text)
    network = parse_ip_network(text)
    if network.num_addresses == 1:
        return Address(text, Kind.IP_ADDRESS, str(network.network_address))
    if (
        network.prefixlen < SHORTEST_IPV6_PREFIX
        if network.version == 6
        else network.num_addresses > MOST_ADDRESSES
    ):
        raise TooWide(text)
    return Address(text, Kind.CIDR, str(network))


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
    if not _MAC_ADDRESS.fullmatch(text):
        raise ValueError(f'{text!r} is not a MAC address')
    parts = re.split('[.:-]', text.lower())
    width = 12 // len(parts)
    digits = ''.join(part.rjust(width, '0') for part in parts)
    return ':'.join(digits[index : index + 2] for index in range(0, 12, 2))


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
            raise ValueError(f'{text!r} has a zone')
        return address.ipv4_mapped or address
    return address


def ip_order(text: str) -> tuple[int, int]:
    """Return a sort key of an IP address: IPv4 first, then by number."""
    address = ipaddress.ip_address(text)
    return address.version, int(address)


def parse_ip_network(text: str) -> IPNetwork:
    """Read an address or a CIDR, which may have host bits set.

    :param text: ``10.0.0.5``, ``10.0.0.0/24``, ``2001:db8::/64``. There must
        be no zone. An IPv4-mapped address is read as IPv4.
    :returns: The network; for an address, one that holds only this address.
    :raises ValueError: It is none.
    """
    if '/' not in text:
        return ipaddress.ip_network(parse_ip_address(text))
    if '%' in text:
        raise ValueError(f'{text!r} has a zone')
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and (
        mapped := network.network_address.ipv4_mapped
    ):
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network
