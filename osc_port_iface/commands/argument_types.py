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

"""Types of the arguments, which argparse checks before any request."""

import argparse
from collections.abc import Callable
import contextlib
import datetime
import pathlib
import sys
from typing import Any, TypeVar

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface import printable
from osc_port_iface import text_files

_Value = TypeVar('_Value')

_UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}

_TOO_WIDE = _(
    "'%%s' is too wide: at most %(count)s IPv4 addresses, or a /%(prefix)d of "
    'IPv6'
) % {
    'count': f'{addresses.MOST_ADDRESSES:,}',
    'prefix': addresses.SHORTEST_IPV6_PREFIX,
}


def _invalid(message: str, text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(message % printable.escape(text))


def name(text: str) -> str:
    """Read a name or an ID, which must not be empty.

    A script may pass an empty variable. Treated as no name at all, it would
    select everything.
    """
    if text:
        return text
    raise argparse.ArgumentTypeError(_('must not be empty'))


def repeated(read: Callable[[str], object]) -> dict[str, Any]:
    """Describe an option that may be given several times, for argparse."""
    return {'action': 'append', 'default': [], 'type': read}


def identifier(text: str) -> str:
    """Read the ID of something, which must not be a name."""
    if addresses.is_uuid(text):
        return text.lower()
    raise _invalid(_("'%s' is not an ID"), text)


def path(text: str) -> pathlib.Path:
    """Read the path of a file."""
    return pathlib.Path(name(text))


def state(text: str) -> str:
    """Read a state, in upper or lower case."""
    return name(text).upper()


def _address(
    parse: Callable[[str], _Value], otherwise: str
) -> Callable[[str], _Value]:
    """Make a type for an address.

    :param parse: Reads it.
    :param otherwise: What to say of what does not look like one.
    """

    def read(text: str) -> _Value:
        try:
            return parse(text)
        except addresses.TooWide:
            raise _invalid(_TOO_WIDE, text) from None
        except ValueError:
            raise _invalid(otherwise, text) from None

    return read


mac_address = _address(
    addresses.parse_mac_address, _("'%s' is not a MAC address")
)

mac_prefix = _address(
    addresses.parse_mac_prefix,
    _("'%s' is not a MAC address or the beginning of one"),
)

ip_network = _address(
    addresses.parse_ip_network, _("'%s' is not an IP address or CIDR")
)

# An address whose owner is to be found.
query = _address(
    addresses.parse_query,
    _(
        "'%s' is not an IP address, a CIDR, a range, a MAC address, a port ID "
        'or the name of a device on a host; for the interfaces of a server, '
        "see 'openstack server interface list'"
    ),
)


def query_file(path: str) -> list[addresses.Address]:
    """Read a file of addresses whose owners are to be found.

    All lines that are wrong are reported at once.

    :param path: The file, in UTF-8, or in UTF-16 with a byte order mark, which
        may have ``#`` comments; ``-`` for standard input.
    """
    try:
        text = text_files.decode(text_files.read(name(path)))
    except (OSError, ValueError) as error:
        problem = getattr(error, 'strerror', None) or error
        raise argparse.ArgumentTypeError(
            printable.one_line(f'{path}: {problem}')
        ) from None
    found, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition('#')[0].strip()
        if not written:
            continue
        try:
            found.append(query(written))
        except argparse.ArgumentTypeError as error:
            wrong.append(_('line %d: ') % number + str(error))
    if wrong:
        raise argparse.ArgumentTypeError('\n'.join(wrong))
    return found


def duration(text: str) -> float:
    """Read a time such as ``90s``, ``30m``, ``12h``, ``7d`` or ``2w``.

    :returns: Seconds.
    """
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isascii() and number.isdigit():
        return float(int(number) * _UNITS[unit])
    raise _invalid(
        _("'%s' is not a time such as 90s, 30m, 12h, 7d or 2w"), text.strip()
    )


def time_to_keep(text: str) -> float:
    """Read a duration that is not zero, for which something is kept."""
    if found := duration(text):
        return found
    raise _invalid(_("'%s' would keep nothing"), text)


def moment(text: str) -> datetime.datetime:
    """Read a time: ISO 8601, or how long ago, such as ``-3d`` or ``3d``.

    :returns: The time; in UTC unless it has an offset.
    """
    now = datetime.datetime.now(datetime.UTC)
    text = text.strip()
    try:
        if text[-1:] in _UNITS:
            ago = duration(text.removeprefix('-'))
            return now - datetime.timedelta(seconds=ago)
        found = datetime.datetime.fromisoformat(text.upper())
        if found.tzinfo is None:
            found = found.replace(tzinfo=datetime.UTC)
        return found.astimezone(datetime.UTC)
    except (argparse.ArgumentTypeError, ValueError, OverflowError):
        raise _invalid(
            _("'%s' is not a time such as 2026-01-31T12:00:00Z or -3d"), text
        ) from None


def number(
    least: float,
    most: float = sys.maxsize,
    read: Callable[[str], float] = int,
) -> Callable[[str], float]:
    """Make a type for a number.

    :param read: ``int`` for whole numbers, or ``float``.
    """
    message = _("'%%s' is not a number of %s or more") % least
    if most < sys.maxsize:
        message = _("'%%s' is not a number from %(least)s to %(most)s")
        message %= {'least': least, 'most': most}

    def number(text: str) -> float:
        with contextlib.suppress(ValueError):
            if least <= (value := read(text)) <= most:
                return value
        raise _invalid(message, text)

    return number


def seconds(least: float = 0) -> Callable[[str], float]:
    """Make a type for a time in seconds."""
    return number(least, read=float)


def name_or_network(text: str) -> addresses.IPNetwork | str:
    """Read an address or a CIDR; anything else is a name or an ID."""
    try:
        return addresses.parse_ip_network(name(text))
    except ValueError:
        return text


def protocol(text: str) -> str:
    """Read a protocol by its name or its number."""
    found = text.lower()
    if found == 'any' or flows.number(found) is not None:
        return found
    raise _invalid(
        _(
            "'%s' is not a protocol that Neutron knows, such as tcp, udp or "
            'icmp, a number from 0 to 255, or any'
        ),
        text,
    )
