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

from osc_port_iface.i18n import _
from osc_port_iface import printable

REGION = 'Region'
PORT_ID = 'Port ID'
SERVER_ID = 'Server ID'
SERVER_NAME = 'Server Name'

# What tells interfaces, servers and observations apart does not change.
_TOLD_APART = (
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

    def value(self, port_id: str, header: str) -> str:
        """Return the text of a column of an interface in the listing."""
        place = self._places.get(header)
        return '' if place is None else self.interfaces[port_id][place]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The text of each column of the interfaces, by header."""
        return [
            dict(zip(self.headers, texts, strict=True))
            for texts in self.interfaces.values()
        ]

    @functools.cached_property
    def regions(self) -> Mapping[str, 'Listing']:
        """The listing of each region; nothing unless it tells them apart."""
        if REGION not in self.headers:
            return {}
        found: dict[str, dict[str, Sequence[str]]] = {}
        for port_id, row in self.interfaces.items():
            region = self.value(port_id, REGION)
            found.setdefault(region, {})[port_id] = row
        return {
            region: dataclasses.replace(self, interfaces=interfaces)
            for region, interfaces in found.items()
        }

    def of_region(self, region: str) -> 'Listing':
        """Return the listing of a region, if it tells regions apart."""
        if REGION not in self.headers:
            return self
        return self.regions.get(region) or dataclasses.replace(
            self, interfaces={}
        )

    @functools.cached_property
    def _places(self) -> Mapping[str, int]:
        return {header: place for place, header in enumerate(self.headers)}

    @functools.cached_property
    def servers(self) -> Mapping[str, str]:
        """The names of the servers in the listing, by their ID."""
        found = {
            self.value(port_id, SERVER_ID): self.value(port_id, SERVER_NAME)
            for port_id in self.interfaces
        }
        found.pop('', None)
        return found

    def knows(self, header: str) -> bool:
        """Return whether any interface has a value in a column."""
        return not self.interfaces or any(
            self.value(port_id, header) for port_id in self.interfaces
        )

    def only_servers(self, server_ids: Collection[str]) -> 'Listing':
        """Return the listing with the interfaces of these servers only."""
        kept = {
            port_id: row
            for port_id, row in self.interfaces.items()
            if self.value(port_id, SERVER_ID) in server_ids
        }
        return dataclasses.replace(self, interfaces=kept)


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
    :ivar hideable: The columns that only some users may see. One that is
        entirely empty on just one side is not compared.
    :ivar region: The region of both, if several are compared.
    """

    before: Listing
    after: Listing
    hideable: Collection[str] = ()
    region: str = ''

    @property
    def changes(self) -> list[Change]:
        """The changes, by server, port and column.

        If a server is missing from an incomplete side, no change is reported
        for it.
        """
        unknown = {
            server_id
            for side, other in self._sides
            if other.is_incomplete
            for server_id in _missing(side, other)
        }
        found = (*self._renamed_servers(), *self._port_changes())
        return sorted(
            (
                dataclasses.replace(change, region=self.region or None)
                for change in found
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
        place = f'{printable.one_line(self.region)}: ' if self.region else ''
        return [
            place + line
            for side, other in self._sides
            for line in (
                *self._columns_not_compared(side, other),
                *_missing_servers(side, other),
            )
        ]

    @property
    def _sides(self) -> tuple[tuple[Listing, Listing], ...]:
        return (self.before, self.after), (self.after, self.before)

    @functools.cached_property
    def _compared(self) -> Sequence[str]:
        """The headers of the columns that are compared."""
        return [
            header
            for header in self.before.headers
            if header in self.after.headers
            and header not in _TOLD_APART
            and not (
                header in self.hideable
                and self.before.knows(header) != self.after.knows(header)
            )
        ]

    def _port_changes(self) -> Iterator[Change]:
        before, after = self.before, self.after
        for port_id in before.interfaces:
            if port_id not in after.interfaces:
                yield _one_sided(before, port_id, DETACHED)
                continue
            if self._has_moved(port_id):
                yield _one_sided(before, port_id, DETACHED)
                yield _one_sided(after, port_id, ATTACHED)
            for header in self._compared:
                old = before.value(port_id, header)
                new = after.value(port_id, header)
                if old != new:
                    yield _change(
                        after, port_id, _kind(header), old or None, new or None
                    )
        for port_id in after.interfaces:
            if port_id not in before.interfaces:
                yield _one_sided(after, port_id, ATTACHED)

    def _has_moved(self, port_id: str) -> bool:
        """Return whether a port is on another server."""
        old = self.before.value(port_id, SERVER_ID)
        new = self.after.value(port_id, SERVER_ID)
        return bool(old and new and old != new)

    def _renamed_servers(self) -> Iterator[Change]:
        for server_id, old in self.before.servers.items():
            new = self.after.servers.get(server_id)
            if old and new and old != new:
                yield Change(new, server_id, None, RENAMED, old, new)

    def _columns_not_compared(
        self, side: Listing, other: Listing
    ) -> Iterator[str]:
        """Name the columns that one side alone has, if neither is empty."""
        headers = [
            header
            for header in side.headers
            if header not in (*self._compared, *_TOLD_APART)
            and (header not in other.headers or not other.knows(header))
        ]
        if headers and other.headers:
            yield _('In %(side)s only, so not compared: %(columns)s') % {
                'side': side.name,
                # A column of white space has no name to show.
                'columns': ', '.join(
                    printable.one_line(header) or "''" for header in headers
                ),
            }


def _kind(header: str) -> str:
    """Name the change of a column: for Port Tags it is ``port-tags``."""
    return _KINDS.get(header) or header.lower().replace(' ', '-')


def _one_sided(side: Listing, port_id: str, kind: str) -> Change:
    """Make the change of an interface that is on one side only."""
    known = (side.value(port_id, header) for header in _DESCRIPTIVE)
    description = next(filter(None, known), None)
    if kind == DETACHED:
        return _change(side, port_id, kind, description, None)
    return _change(side, port_id, kind, None, description)


def _change(
    side: Listing,
    port_id: str,
    kind: str,
    before: str | None,
    after: str | None,
) -> Change:
    return Change(
        side.value(port_id, SERVER_NAME) or None,
        side.value(port_id, SERVER_ID) or None,
        port_id,
        kind,
        before,
        after,
    )


def _missing(side: Listing, other: Listing) -> dict[str, str]:
    """Return the names of the servers that only one side has, by their ID."""
    return {
        server_id: name
        for server_id, name in side.servers.items()
        if server_id not in other.servers
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
        yield text % {'side': side.name, 'names': _names(missing)}


def _names(servers: Mapping[str, str]) -> str:
    names = sorted(
        printable.one_line(name or server_id, 80)
        for server_id, name in servers.items()
    )
    shown = ', '.join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f'{shown}, ...'
