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

"""Reads a journal: what was observed, and what was there at a moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
import dataclasses
import datetime
import itertools
import json
import sys
from typing import Any

import sqlalchemy as sa

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import listings
from osc_port_iface.interfaces.journal import schema
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface import printable

_OBSERVATIONS = schema.OBSERVATIONS.c
_SCOPES = schema.SCOPES.c
_VERSIONS = schema.VERSIONS.c


@dataclasses.dataclass(frozen=True)
class Scope:
    """What has been observed, again and again.

    :ivar details: The selectors, by name, and the roles of the recorder if
        it observed one project.
    """

    id: int
    region: str
    details: dict[str, Any]

    @property
    def has_all_projects(self) -> bool:
        """Whether everything in the region was observed."""
        return not any(self.details.values())

    def sees_more_than(self, other: 'Scope') -> bool:
        """Return whether all that the other has was seen here, and more."""
        if self.region != other.region or self.details == other.details:
            return False
        others = other.details
        return all(
            others.get(key) == row for key, row in self.details.items() if row
        )

    def selected(self, of_others: bool = False) -> list[str]:
        """Return the servers, the host and the status that were selected.

        :param of_others: Whether to return the project, too: nothing of other
            projects was recorded, such as ports on its networks.
        """
        servers = self.details.get('servers', ())
        found = [_('server %s') % server for server in servers]
        if host := self.details.get('host'):
            found.append(_('host %s') % host)
        if status := self.details.get('status'):
            found.append(_('status %s') % status)
        if of_others and (project := self.details.get('project_id')):
            found.append(_('project %s') % project)
        return list(map(printable.one_line, found))

    def doubts(self, name: str, of_others: bool) -> list[str]:
        """Return what was selected, if that may be why something is missing.

        :param name: What is not there, as the user wrote it; empty for
            whatever was asked for.
        :param of_others: Whether it may be of another project.
        """
        if self.details.get('imported'):
            return [_('imported listings')]
        if name in self.details.get('servers', ()):
            return []
        return self.selected(of_others)


@dataclasses.dataclass(frozen=True)
class Observed:
    """One observation in a journal.

    :ivar scope: What was observed.
    :ivar began: When it began, by the clock of the services.
    :ivar ended: When it ended, likewise.
    :ivar listings: The state of each listing, by kind: ``complete`` or
        ``hidden``.
    """

    id: int
    scope: Scope
    began: datetime.datetime
    ended: datetime.datetime
    listings: dict[str, str]


def scopes(connection: sa.engine.Connection) -> list[Scope]:
    """List what a journal has observations of."""
    query = sa.select(schema.SCOPES).order_by(_SCOPES.id)
    return [Scope(*row) for row in connection.execute(query)]


def observations(
    connection: sa.engine.Connection, scope: Scope
) -> list[Observed]:
    """List the observations of a scope, in order."""
    query = (
        sa.select(schema.OBSERVATIONS)
        .where(_OBSERVATIONS.scope_id == scope.id, _OBSERVATIONS.is_complete)
        .order_by(_OBSERVATIONS.id)
    )
    return [
        Observed(
            row.id,
            scope,
            timestamps.from_ms(row.began),
            timestamps.from_ms(row.ended),
            row.listings,
        )
        for row in connection.execute(query)
    ]


class RecordedSource:
    """The objects of a scope in one observation, for ``api.replay``."""

    def __init__(
        self,
        connection: sa.engine.Connection,
        scope: Scope,
        observed: Observed,
    ) -> None:
        """Look at an observation."""
        self._connection = connection
        self._observed = observed
        self.moment = observed.ended
        self.has_all_projects = scope.has_all_projects
        self.project_id = scope.details.get('project_id')
        self._listings = listings.of_scope(connection, scope.id)
        # What was read, as conditions on versions.
        self._read: list[Any] = []

    def has(self, kind: str) -> bool:
        """Return whether all objects of a kind were recorded."""
        return self._observed.listings.get(kind) == 'complete'

    def objects(
        self, kind: str, filters: Mapping[str, Collection[str]]
    ) -> Iterator[dict[str, Any]]:
        """Read the objects of a kind.

        :param kind: The kind.
        :param filters: What an object must have had, as for
            :meth:`listings.StoredListing.matching`, though it may not have it
            in this observation.
        :returns: The objects as the API gave them.
        """
        listing = self._listings.get(kind)
        if listing is None:
            return
        condition = listing.matching(filters)
        self._read.append(condition)
        now = self._observed.id
        for version in listing.read(
            condition, _VERSIONS.first <= now, _VERSIONS.last >= now
        ):
            yield json.loads(version.data, object_hook=_shared)

    def unchanged(
        self, observations: Sequence[Observed]
    ) -> tuple[Observed, Observed]:
        """Find how long all that was read has been, and stayed, the same.

        :param observations: The observations of the scope and of those that
            see more, in order.
        :returns: The first and the last observation in which it is the same,
            without one of another scope in between.
        """
        now = self._observed.id
        first, last = _VERSIONS.first, _VERSIONS.last
        query = sa.select(
            sa.func.max(
                sa.case((last < now, last + 1), (first <= now, first))
            ),
            sa.func.min(
                sa.case((first > now, first - 1), (last >= now, last))
            ),
        )
        since, until = 0, schema.CURRENT
        for condition in self._read:
            begin, end = self._connection.execute(query.where(condition)).one()
            since = max(since, begin or since)
            until = min(until, end or until)
        for _same, rows in itertools.groupby(
            observations,
            key=lambda row: (
                row.scope.id,
                since <= row.id <= until,
                # What was hidden may have been different.
                row.listings,
            ),
        ):
            found = list(rows)
            if self._observed in found:
                break
        return found[0], found[-1]


def _shared(found: dict[str, Any]) -> dict[str, Any]:
    """Keep each text of an object in memory once, as many have the same."""
    return {
        key: sys.intern(value) if isinstance(value, str) else value
        for key, value in found.items()
    }
