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

"""Compares two listings of interfaces.

Works on rows only, without any I/O.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
import dataclasses

from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

PORT_ID = 'Port ID'
SERVER_ID = 'Server ID'
SERVER_NAME = 'Server Name'

ATTACHED = 'attached'
DETACHED = 'detached'
RENAMED = 'renamed'

# The names of changes that are not named after their column.
_KINDS = {
    'Fixed IPs': 'readdressed',
    'Host': 'moved',
    'Network ID': 'network',
    'Port State': 'state',
}

# The columns that best describe an interface that is on one side only.
_DESCRIPTIVE = ('Fixed IPs', 'MAC Address')

# How many servers to name in a line.
_MOST_NAMED = 10


@dataclasses.dataclass(frozen=True)
class Listing:
    """One side of a comparison.

    :ivar name: Its name in messages.
    :ivar headers: The headers of its columns.
    :ivar interfaces: The text of each column, by port ID. A text is empty if
        the value is unknown, not visible or absent.
    :ivar is_incomplete: Whether something could not be read.
    """

    name: str
    headers: tuple[str, ...]
    interfaces: Mapping[str, Sequence[str]]
    is_incomplete: bool = False

    @property
    def tells_servers(self) -> bool:
        """Whether the servers of its interfaces are known, if it has any."""
        return SERVER_ID in self.headers or not self.interfaces

    def values(self, header: str) -> Iterator[str]:
        """Return the values of a column; nothing if the listing lacks it."""
        place = self._place(header)
        for row in self.interfaces.values():
            yield '' if place is None else row[place]

    def value(self, port_id: str, header: str) -> str:
        """Return the text of a column of an interface in the listing."""
        place = self._place(header)
        return '' if place is None else self.interfaces[port_id][place]

    def servers(self) -> dict[str, str]:
        """Return the names of the servers in the listing, by their ID."""
        found = dict(
            zip(self.values(SERVER_ID), self.values(SERVER_NAME), strict=True)
        )
        found.pop('', None)
        return found

    def of_servers(self, server_ids: Collection[str]) -> 'Listing':
        """Keep the interfaces of these servers only."""
        kept = {
            port_id: row
            for (port_id, row), server_id in zip(
                self.interfaces.items(), self.values(SERVER_ID), strict=True
            )
            if server_id in server_ids
        }
        return dataclasses.replace(self, interfaces=kept)

    def _place(self, header: str) -> int | None:
        try:
            return self.headers.index(header)
        except ValueError:
            return None


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One change between the listings.

    :ivar port_id: The port; None if the change concerns only the server.
    :ivar kind: What happened. Scripts rely on the values.
    """

    server_name: str | None
    server_id: str | None
    port_id: str | None
    kind: str
    before: str | None
    after: str | None


def kind(header: str) -> str:
    """Name the change of a column: for Port Tags it is ``port-tags``."""
    return _KINDS.get(header) or header.lower().replace(' ', '-')


def compare(
    before: Listing, after: Listing, hideable: Collection[str] = ()
) -> records.Answer[Change]:
    """Compare two listings.

    :param before: The earlier listing.
    :param after: The later listing.
    :param hideable: The columns that only some users may see. One that is
        entirely empty on just one side is not compared.
    :returns: The changes, by server, port and column, with lines about columns
        that are not compared and servers that only one side has. If a server
        is missing from an incomplete side, no change is reported for it.
    """
    compared = [
        header
        for header in before.headers
        if header in after.headers
        and header not in (PORT_ID, SERVER_ID, SERVER_NAME)
        and not (
            header in hideable
            and _is_known(before, header) != _is_known(after, header)
        )
    ]
    sides = (before, after), (after, before)
    unknown = {
        server_id
        for side, other in sides
        if other.is_incomplete
        for server_id in _missing(side, other)
    }
    changes = [
        *_renamed(before, after),
        *_of_ports(before, after, compared),
    ]
    notices = [
        line
        for side, other in sides
        for line in (
            *_not_compared(side, other, compared),
            *_missing_servers(side, other),
        )
    ]
    return records.Answer(
        sorted(
            (row for row in changes if row.server_id not in unknown),
            # The sort is stable, so the columns stay in order.
            key=lambda row: (
                row.server_name or '',
                row.server_id or '',
                row.port_id or '',
            ),
        ),
        notices=notices,
    )


def _of_ports(
    before: Listing, after: Listing, compared: Sequence[str]
) -> Iterator[Change]:
    columns = [
        (
            kind(header),
            before.headers.index(header),
            after.headers.index(header),
        )
        for header in compared
    ]
    for port_id, old in before.interfaces.items():
        new = after.interfaces.get(port_id)
        if new is None or _has_other_server(before, after, port_id):
            yield _change(
                before, port_id, DETACHED, _described(before, port_id)
            )
            if new is None:
                continue
            yield _change(
                after, port_id, ATTACHED, None, _described(after, port_id)
            )
        for name, old_place, new_place in columns:
            if old[old_place] != new[new_place]:
                yield _change(
                    after, port_id, name, old[old_place], new[new_place]
                )
    for port_id in after.interfaces:
        if port_id not in before.interfaces:
            yield _change(
                after, port_id, ATTACHED, None, _described(after, port_id)
            )


def _renamed(before: Listing, after: Listing) -> Iterator[Change]:
    names = after.servers()
    for server_id, old in before.servers().items():
        new = names.get(server_id)
        if old and new and old != new:
            yield Change(new, server_id, None, RENAMED, old, new)


def _change(
    side: Listing,
    port_id: str,
    name: str,
    before: str | None,
    after: str | None = None,
) -> Change:
    return Change(
        side.value(port_id, SERVER_NAME) or None,
        side.value(port_id, SERVER_ID) or None,
        port_id,
        name,
        before or None,
        after or None,
    )


def _has_other_server(before: Listing, after: Listing, port_id: str) -> bool:
    old = before.value(port_id, SERVER_ID)
    new = after.value(port_id, SERVER_ID)
    return bool(old and new and old != new)


def _described(side: Listing, port_id: str) -> str | None:
    known = (side.value(port_id, header) for header in _DESCRIPTIVE)
    return next(filter(None, known), None)


def _is_known(side: Listing, header: str) -> bool:
    return not side.interfaces or any(side.values(header))


def _not_compared(
    side: Listing, other: Listing, compared: Collection[str]
) -> Iterator[str]:
    """Name the columns that only one side has, unless the other is empty."""
    headers = [
        header
        for header in side.headers
        if header not in (*compared, PORT_ID, SERVER_ID, SERVER_NAME)
        and (header not in other.headers or not _is_known(other, header))
    ]
    if headers and other.headers:
        yield _('In %(side)s only, so not compared: %(columns)s') % {
            'side': side.name,
            # A column of white space has no name to show.
            'columns': ', '.join(
                printable.one_line(header) or "''" for header in headers
            ),
        }


def _missing(side: Listing, other: Listing) -> dict[str, str]:
    there = other.servers()
    return {
        server_id: name
        for server_id, name in side.servers().items()
        if server_id not in there
    }


def _missing_servers(side: Listing, other: Listing) -> Iterator[str]:
    missing = _missing(side, other)
    if missing and SERVER_ID in other.headers:
        text = _(
            'In %(side)s only, servers with all their interfaces: %(names)s'
        )
        if other.is_incomplete:
            text = _(
                'In %(side)s only, servers that are gone or could not be '
                'read: %(names)s'
            )
        yield text % {'side': side.name, 'names': _named(missing)}


def _named(servers: Mapping[str, str]) -> str:
    names = sorted(
        printable.one_line(name or server_id, 80)
        for server_id, name in servers.items()
    )
    shown = ', '.join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f'{shown}, ...'
