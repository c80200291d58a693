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

from collections.abc import Iterable
import functools
import re

from osc_port_iface import addresses
from osc_port_iface.i18n import _

# What looks like an address of a kind, and its rule. The addresses that a
# pattern captures are explained first.
_Forms = Iterable[tuple[str, str | None]]

_IPV4 = r'[0-9]+(?:\.[0-9]*)+'
_IPV6 = '[0-9a-z]*(?::[0-9a-z.]*){2,}'
_IP = f'{_IPV4}|{_IPV6}'

# A name may have a dash or two.
_MAC = (
    '[0-9a-f]{10,14}|(?=[^-]*$|(?:[^:-]*[:-]){3})'
    '[0-9a-z]{1,2}(?:[:-][0-9a-z]{1,2})+'
)

_OF_MAC_ADDRESS: _Forms = [
    (
        _MAC,
        _(
            'a MAC address has 6 bytes of hexadecimal digits, all joined by '
            'colons or by dashes, and its beginning 3 to 5 of them'
        ),
    ),
]

_OF_IP_ADDRESS: _Forms = [
    (
        _IPV4,
        _('an IPv4 address has 4 numbers from 0 to 255 without leading zeros'),
    ),
    (
        f'(?!(?:{_MAC})$)(?:{_IPV6})',
        _(
            'an IPv6 address has 8 groups of up to 4 hexadecimal digits, or '
            "'::' in place of some of them"
        ),
    ),
]

_OF_IP_NETWORK: _Forms = [
    (f'(?:{_IP})%.*', _('only a link-local address of IPv6 has a zone')),
    # The address is wrong, and the length is not.
    (f'({_IPV4})/(?:[12]?[0-9]|3[0-2])', None),
    (f'({_IPV6})/(?:[0-9]{{1,2}}|1[01][0-9]|12[0-8])', None),
    (f'({_IPV4})/.*', _('the prefix length of IPv4 is 0 to 32')),
    (f'({_IPV6})/.*', _('the prefix length of IPv6 is 0 to 128')),
    *_OF_IP_ADDRESS,
]

_OF_QUERY: _Forms = [
    ('.*://.*', _('give the address without the rest of the URL')),
    (r'[^[]*\].*|.*\[[^\]]*', _('a bracket is missing')),
    # A UUID with a digit or a dash too many or too few, or as some write it.
    (
        '(?=.{18})[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f-]+',
        _(
            'a port ID has 8, 4, 4, 4 and 12 hexadecimal digits with dashes '
            'between them'
        ),
    ),
    (
        '(?:tap|qvo|qvb|qbr|vhu|(?:qr|qg|sg|ha|fg)-)[0-9a-f-]+',
        _(
            'a device is named after the first 11 characters of the ID of its '
            'port, such as tap0a3ca19c-dd'
        ),
    ),
    (f'(?:{_IP}),.*', _('give each address by itself')),
    *_OF_MAC_ADDRESS,
    (
        f'(?=.*[.:])(?:({_IP})|[0-9a-z]*) *- *(?:({_IP})|[0-9a-z]*)',
        _('a range is from one whole address to a later one of its version'),
    ),
    (
        rf'(?:\[({_IP})\]|({_IPV4})):[0-9]+/.*',
        _('a protocol with ports is tcp, udp, sctp or dccp'),
    ),
    (
        rf'\[({_IP})\].*|({_IPV4}):.*',
        _('a port is a number from 1 to 65535'),
    ),
    *_OF_IP_NETWORK,
]


def _explain(forms: _Forms, text: str) -> str | None:
    """Explain why a text is not what it looks like.

    :returns: A clause; None if it does not even look like an address.
    """
    for pattern, rule in forms:
        if found := re.fullmatch(pattern, text, re.IGNORECASE):
            for part in filter(None, found.groups()):
                if not addresses.is_query(part):
                    return _explain(_OF_IP_ADDRESS, part)
            return rule
    return None


# Each explains why a text is no address of a kind.
of_query = functools.partial(_explain, _OF_QUERY)
of_mac_address = functools.partial(_explain, _OF_MAC_ADDRESS)
of_ip_network = functools.partial(_explain, _OF_IP_NETWORK)
