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

"""What is wrong with an address that a user typed."""

import re

from osc_port_iface import addresses
from osc_port_iface.i18n import _

# A name may have a dash or two.
_MAC_BYTES = re.compile(
    r'[0-9a-z]{1,2}(?::[0-9a-z]{1,2}|(?:[:-][0-9a-z]{1,2}){3,})+',
    re.IGNORECASE,
)
_MAC_DIGITS = re.compile(r'[0-9a-f]{10,14}', re.IGNORECASE)

# A UUID with a digit or a dash too many or too few, or as some write it.
_LIKE_ID = re.compile(
    r'[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f-]+', re.IGNORECASE
)
_LIKE_DEVICE = re.compile(
    r'(?:tap|qvo|qvb|qbr|vhu|(?:qr|qg|sg|ha|fg)-)[0-9a-f-]+', re.IGNORECASE
)

_ENDPOINT = re.compile(
    r'(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<ipv4>[0-9.]+)(?=:)):?(?P<rest>.*)'
)


def of_query(text: str) -> str | None:
    """Explain why a text is no address whose owner can be looked for.

    :returns: A clause; None if it does not even look like an address.
    """
    if '://' in text:
        return _('give the address without the rest of the URL')
    if text.count('[') != text.count(']'):
        return _('a bracket is missing')
    if _LIKE_ID.fullmatch(text) and len(text) > 17:
        return _(
            'a port ID has 8, 4, 4, 4 and 12 hexadecimal digits with dashes '
            'between them'
        )
    if _LIKE_DEVICE.fullmatch(text):
        return _(
            'a device is named after the first 11 characters of the ID of its '
            'port, such as tap0a3ca19c-dd'
        )
    if _read(text.partition(',')[0]):
        return _('give each address by itself')
    return (
        of_mac_address(text)
        or _of_range(text)
        or _of_endpoint(text)
        or of_ip_network(text)
    )


def of_mac_address(text: str) -> str | None:
    """Explain why a text is no MAC address; None if it looks like none."""
    if _MAC_DIGITS.fullmatch(text):
        return _(
            'a MAC address has 12 hexadecimal digits; this one has %d'
        ) % (len(text))
    if not _MAC_BYTES.fullmatch(text):
        return None
    if re.search('[g-z]', text, re.IGNORECASE):
        return _('a MAC address has hexadecimal digits only')
    if ':' in text and '-' in text:
        return _('a MAC address has colons or dashes, not both')
    return _('a MAC address has 6 bytes, and its beginning 3 to 5 whole ones')


def of_ip_network(text: str) -> str | None:
    """Explain why a text is no IP address or CIDR; None if it is neither."""
    base, slash, length = text.partition('/')
    if '%' in base:
        return _('only a link-local address of IPv6 has a zone')
    if slash and (network := _read(base)):
        most = network.max_prefixlen
        if length.isdecimal() and int(length[:9]) <= most:
            return None
        return _('the prefix length of IPv%(version)d is 0 to %(most)d') % {
            'version': network.version,
            'most': most,
        }
    if re.fullmatch(r'[0-9]+(\.[0-9]*)+', base):
        return _of_ipv4(base.split('.'))
    if base.count(':') > 1 and not (_read(base) or _MAC_BYTES.fullmatch(base)):
        return _(
            'an IPv6 address has 8 groups of up to 4 hexadecimal digits, or '
            "'::' in place of some of them"
        )
    return None


def _of_ipv4(numbers: list[str]) -> str | None:
    if len(numbers) != 4 or '' in numbers:
        return _('an IPv4 address has 4 numbers')
    if any(len(number) > 1 and number.startswith('0') for number in numbers):
        return _('the numbers of an IPv4 address have no leading zeros')
    if any(int(number[:9]) > 255 for number in numbers):
        return _('the numbers of an IPv4 address are 0 to 255')
    return None


def _of_range(text: str) -> str | None:
    begin, dash, end = (part.strip() for part in text.partition('-'))
    first, last = _read(begin), _read(end)
    if not dash or not (first or last):
        return None
    if first is None or last is None:
        return of_ip_network(end if first else begin) or _(
            'both ends of a range are whole addresses'
        )
    if first.version != last.version:
        return _('a range is of one version of IP')
    return _('the range ends before it begins')


def _of_endpoint(text: str) -> str | None:
    endpoint = _ENDPOINT.fullmatch(text)
    if not endpoint:
        return None
    address = endpoint['ipv6'] or endpoint['ipv4']
    if not _read(address):
        return of_ip_network(address)
    _number, slash, protocol = endpoint['rest'].partition('/')
    if slash and not protocol.isalpha():
        return _('a protocol is a name such as tcp')
    return _('a port is a number from 1 to 65535')


def _read(text: str) -> addresses.IPAddress | None:
    try:
        return addresses.parse_ip_address(text)
    except ValueError:
        return None
