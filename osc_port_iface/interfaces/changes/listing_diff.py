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
import functools

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface import printable

REGION = 'Region'
PORT_ID = 'Port ID'
PARENT_PORT_ID = 'Parent Port ID'
SERVER_ID = 'Server ID'
SERVER_NAME = 'Server Name'

# What tells interfaces, servers and observations apart does not change.
_IDENTIFYING = (
    REGION,
    PORT_ID,
    SERVER_ID,
    SERVER_NAME,
    'Seen From',
    'Seen Until',
)

ATTACHED = 'attached'
DETACHED = 'detached'
RENAMED = 'renamed'

# The columns of names that have an ID where the name is not known.
_NAMES = ('Security Groups', 'QoS Policy')

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
    :ivar interfaces: The text of each column, by header, by port ID. A text is
        empty if the value is unknown, not visible or absent.
    :ivar is_incomplete: Whether some interfaces could not be read.
    :ivar lacks_values: Whether some values could not be looked up.
    """

    name: str
    headers: tuple[str, ...]
    interfaces: Mapping[str, Mapping[str, str]]
    is_incomplete: bool = False
    lacks_values: bool = False

    @property
    def regions(self) -> list[str]:
        """The regions of its interfaces, if it tells them apart."""
        names = (row.get(REGION) for row in self.interfaces.values())
        return list(dict.fromkeys(filter(None, names)))

    @functools.cached_property
    def servers(self) -> Mapping[str, str]:
        """The names of the servers in the listing, by their ID."""
        return {
            server_id: row.get(SERVER_NAME, '')
            for row in self.interfaces.values()
            if (server_id := row.get(SERVER_ID))
        }

    def of_region(self, region: str) -> 'Listing':
        """Return the listing of a region, if it tells regions apart."""
        return self.only(REGION, [region]) if self.regions else self

    def only(self, header: str, texts: Collection[str | None]) -> 'Listing':
        """Return the listing with the interfaces that have one of these."""
        kept = {
            port_id: row
            for port_id, row in self.interfaces.items()
            if row.get(header) in texts
        }
        return dataclasses.replace(self, interfaces=kept)

    def without_subports(self) -> 'Listing':
        """Return the listing without subports, if it tells them apart."""
        return self.only(PARENT_PORT_ID, ('', None))

    def knows(self, header: str) -> bool:
        """Return whether any interface has a value in a column.

        An ID in place of a name is none.
        """
        texts = (row[header] for row in self.interfaces.values())
        if header in _NAMES:
            texts = (i for i in texts if not addresses.is_uuid(i[:36]))
        return header in self.headers and (not self.interfaces or any(texts))


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One change between the listings.

    :ivar port_id: The port; None if the change concerns only the server.
    :ivar kind: What happened. Scripts rely on the values.
    :ivar region: The region, if several are compared.
    """

    server_name: str | None
    server_id: str | None
    port_id: str | None
    kind: str
    before: str | None
    after: str | None
    region: str | None = None


@dataclasses.dataclass(frozen=True)
class ListingDiff:
    """What changed between two listings.

    :ivar before: The earlier listing.
    :ivar after: The later listing.
    :ivar hideable: The columns that only some users or sources see. One that
        is entirely empty on just one side is not compared. If a side lacks
        values, that holds for all columns.
    :ivar region: The region of both, if several are compared.
    """

    before: Listing
    after: Listing
    hideable: Collection[str] = ()
    region: str = ''

    @functools.cached_property
    def changes(self) -> list[Change]:
        """The changes, by server, port and column.

        If a server is missing from an incomplete side, no change is reported
        for it, nor for an interface whose server the other side does not tell.
        """
        unknown = {
            server_id
            for side, other in self._sides
            if other.is_incomplete
            for server_id in (*_only_in(side, other), None)
        }
        return sorted(
            (
                change
                for change in (*self._renamed_servers(), *self._port_changes())
                if change.server_id not in unknown
            ),
            # The sort is stable, so the columns stay in order.
            key=lambda change: (
                change.server_name or '',
                change.server_id or '',
                change.port_id or '',
            ),
        )

    @property
    def notices(self) -> list[str]:
        """Lines about what is not compared, and servers of one side only."""
        return [
            self._place + line
            for side, other in self._sides
            for line in (
                *self._columns_not_compared(side, other),
                *(() if other.is_incomplete else _missing(side, other)),
            )
        ]

    @property
    def failures(self) -> list[str]:
        """Lines about servers that an incomplete side may have, too."""
        return [
            self._place + line
            for side, other in self._sides
            if other.is_incomplete
            for line in _missing(side, other)
        ]

    @property
    def _place(self) -> str:
        return f'{printable.one_line(self.region)}: ' if self.region else ''

    @property
    def _sides(self) -> tuple[tuple[Listing, Listing], ...]:
        return (self.before, self.after), (self.after, self.before)

    @functools.cached_property
    def _compared(self) -> Sequence[str]:
        """The headers of the columns that are compared."""
        before, after = self.before, self.after
        may_lack = before.lacks_values or after.lacks_values
        common = [
            (row, after.interfaces[port_id])
            for port_id, row in before.interfaces.items()
            if port_id in after.interfaces
        ]
        return [
            header
            for header in before.headers
            if header in after.headers
            and header not in _IDENTIFYING
            and (
                before.knows(header) == after.knows(header)
                or not (may_lack or header in self.hideable)
                or all(old[header] == new[header] for old, new in common)
            )
        ]

    def _port_changes(self) -> Iterator[Change]:
        sides = [self.before, self.after]
        # What a side does not list, or not completely, is not gone.
        if any(
            side.is_incomplete or PARENT_PORT_ID not in side.headers
            for side in sides
        ):
            sides = [side.without_subports() for side in sides]
        before, after = (side.interfaces for side in sides)
        for port_id in dict.fromkeys((*before, *after)):
            old, new = before.get(port_id), after.get(port_id)
            servers = {row.get(SERVER_ID) for row in (old, new) if row}
            has_moved = len(servers - {None, ''}) > 1
            if old and (has_moved or not new):
                yield self._change(old, DETACHED, _description(old), None)
            if new and (has_moved or not old):
                yield self._change(new, ATTACHED, None, _description(new))
            if not (old and new):
                continue
            for header in self._compared:
                if old[header] != new[header]:
                    # That of Port Tags is ``port-tags``.
                    kind = _KINDS.get(header, header.lower().replace(' ', '-'))
                    yield self._change(new, kind, old[header], new[header])

    def _renamed_servers(self) -> Iterator[Change]:
        for server_id, old in self.before.servers.items():
            new = self.after.servers.get(server_id)
            if old and new and old != new:
                row = {SERVER_NAME: new, SERVER_ID: server_id}
                yield self._change(row, RENAMED, old, new)

    def _change(
        self,
        row: Mapping[str, str],
        kind: str,
        before: str | None,
        after: str | None,
    ) -> Change:
        return Change(
            row.get(SERVER_NAME) or None,
            row.get(SERVER_ID) or None,
            row.get(PORT_ID),
            kind,
            before or None,
            after or None,
            self.region or None,
        )

    def _columns_not_compared(
        self, side: Listing, other: Listing
    ) -> Iterator[str]:
        """Name the columns that one side alone has, if neither is empty."""
        headers = [
            header
            for header in side.headers
            if header not in (*self._compared, *_IDENTIFYING)
            and not other.knows(header)
        ]
        if headers and other.headers:
            if PARENT_PORT_ID in headers:
                headers.append(_('the subports'))
            yield _('In %(side)s only, so not compared: %(columns)s') % {
                'side': side.name,
                # A column of white space has no name to show.
                'columns': ', '.join(
                    printable.one_line(header) or "''" for header in headers
                ),
            }


def _description(row: Mapping[str, str]) -> str | None:
    """Describe an interface that is on one side only."""
    return next(filter(None, map(row.get, _DESCRIPTIVE)), None)


def _only_in(side: Listing, other: Listing) -> dict[str, str]:
    """Return the names of the servers that only one side has, by their ID."""
    return {
        server_id: name
        for server_id, name in side.servers.items()
        if server_id not in other.servers
    }


def _missing(side: Listing, other: Listing) -> Iterator[str]:
    missing = _only_in(side, other)
    if missing and SERVER_ID in other.headers:
        text = _(
            'In %(side)s only, servers with all their interfaces: %(names)s'
        )
        if other.is_incomplete:
            text = _(
                'In %(side)s only, servers that are gone or could not be '
                'read: %(names)s'
            )
        yield text % {'side': side.name, 'names': first_names(missing)}


def first_names(servers: Mapping[str, str]) -> str:
    """Name servers in a line, if they are not too many.

    :param servers: Their names, by ID.
    """
    names = sorted(
        printable.one_line(name or server_id, 80)
        for server_id, name in servers.items()
    )
    shown = ', '.join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f'{shown}, ...'
