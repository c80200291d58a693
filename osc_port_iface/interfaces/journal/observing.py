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

"""Writes observations into a journal, and removes what is too old."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import datetime
import itertools
import json
from typing import Any, TypeVar

import sqlalchemy as sa

from osc_port_iface.interfaces.journal import encoding
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import listings
from osc_port_iface.interfaces.journal import schema
from osc_port_iface.interfaces.journal import timestamps

_Item = TypeVar('_Item')

# Objects, or values in a statement, that are held in memory at a time.
_CHUNK = 500

# Objects that a new listing is modelled on.
_EXAMPLES = 2000

_LISTINGS = schema.LISTINGS.c
_OBSERVATIONS = schema.OBSERVATIONS.c
_VERSIONS = schema.VERSIONS.c

_IS_CURRENT = _VERSIONS.last == schema.CURRENT


class Observation:
    """An observation, made in the transaction of a connection.

    :ivar id: Its number in the journal.
    :ivar region: The region that is observed.
    :ivar last: When the last observation of the scope ended; None if this is
        the first one.
    :ivar objects: How many objects were seen.
    :ivar changed: How many of them are new or different.
    :ivar gone: How many objects have vanished.
    :ivar began: When it began, by the clock of the services. This and what
        follows is known when it is finished.
    :ivar ended: When it ended, likewise.
    """

    began: datetime.datetime
    ended: datetime.datetime

    def __init__(
        self,
        connection: sa.engine.Connection,
        region: str,
        scope: Mapping[str, Any],
    ) -> None:
        """Begin an observation.

        :param connection: A connection that may write.
        :param region: The region that is observed.
        :param scope: What of it is observed. Only observations of the same
            scope are compared.
        """
        self._connection = connection
        self.region = region
        self.objects = self.changed = self.gone = 0
        self._states: dict[str, str] = {}
        self._scope_id = self._find_scope(scope)
        self.id = self._next(_OBSERVATIONS.id)
        query = sa.select(sa.func.max(_OBSERVATIONS.ended)).where(
            _OBSERVATIONS.scope_id == self._scope_id
        )
        ended = self._execute(query).scalar()
        self.last = None if ended is None else timestamps.from_ms(ended)
        self._version_id = self._next(_VERSIONS.id)

    def keep(self, kind: str, rows: Sequence[bytes]) -> None:
        """Keep a complete listing of a kind.

        :param kind: The kind of the objects.
        :param rows: The JSON of each object, with its ID. Equal objects must
            have equal JSON.
        """
        self._states[kind] = 'complete'
        listing = self._listing(kind, rows[:_EXAMPLES])
        ended = self._current(listing)
        new = [row for row in rows if not ended.pop(encoding.digest(row), 0)]
        replaced = sum(self._add(listing, part) for part in chunks(new))
        self.objects += len(rows)
        self.changed += len(new)
        self.gone += len(ended) - replaced
        for part in chunks(ended.values()):
            # The last observation that surely had them.
            self._execute(
                schema.VERSIONS.update().where(_VERSIONS.id.in_(part)),
                {'last': listing.confirmed},
            )
        self._execute(
            schema.LISTINGS.update().where(_LISTINGS.id == listing.id),
            {'confirmed': self.id},
        )

    def hide(self, kind: str) -> None:
        """Note that a kind is hidden. Nothing of it has vanished."""
        self._states[kind] = 'hidden'

    def finish(self, began: int, ended: int, skew: int) -> None:
        """Finish the observation.

        :param began: When it began by the clock of the services, in
            milliseconds since 1970.
        :param ended: When it ended, likewise.
        :param skew: The milliseconds that the clock of the recorder is behind.
        """
        self.began, self.ended = map(timestamps.from_ms, (began, ended))
        self._execute(
            schema.OBSERVATIONS.insert(),
            {
                'id': self.id,
                'scope_id': self._scope_id,
                'began': began,
                'ended': ended,
                'skew': skew,
                'is_complete': True,
                'listings': self._states,
            },
        )

    def _add(
        self, listing: listings.StoredListing, rows: Iterable[bytes]
    ) -> int:
        """Add versions of objects, and return how many replace others."""
        new = {str(json.loads(row)['id']): row for row in rows}
        old = {
            json.loads(version.data)['id']: version
            for version in listing.read(
                listing.matching({'id': new}), _IS_CURRENT
            )
        }
        added = []
        for identifier, data in new.items():
            number, base = self._version_id, data
            if identifier in old:
                number, base = old[identifier].base_id, old[identifier].base
            added.append(
                listings.Version(
                    self._version_id,
                    number,
                    self.id,
                    schema.CURRENT,
                    base,
                    data,
                )
            )
            self._version_id += 1
        listing.add(added)
        return len(old.keys() & new.keys())

    def _current(self, listing: listings.StoredListing) -> dict[bytes, int]:
        """Return the current versions of a listing, by their digests."""
        query = sa.select(_VERSIONS.digest, _VERSIONS.id)
        query = query.where(_VERSIONS.listing_id == listing.id, _IS_CURRENT)
        return {row.digest: row.id for row in self._execute(query)}

    def _listing(
        self, kind: str, examples: Sequence[bytes]
    ) -> listings.StoredListing:
        """Find a listing, or make it after some examples."""
        found = listings.of_scope(self._connection, self._scope_id)
        if kind not in found:
            values = {
                'id': self._next(_LISTINGS.id),
                'scope_id': self._scope_id,
                'kind': kind,
                'skeleton': encoding.skeleton(examples),
            }
            self._execute(schema.LISTINGS.insert(), values)
            found = listings.of_scope(self._connection, self._scope_id)
        return found[kind]

    def _find_scope(self, details: Mapping[str, Any]) -> int:
        for scope in history.scopes(self._connection):
            if (scope.region, scope.details) == (self.region, details):
                return scope.id
        scope_id = self._next(schema.SCOPES.c.id)
        self._execute(
            schema.SCOPES.insert(),
            {'id': scope_id, 'region': self.region, 'scope': details},
        )
        return scope_id

    def _next(self, column: sa.Column[int]) -> int:
        highest = self._execute(sa.select(sa.func.max(column))).scalar()
        return (highest or 0) + 1

    def _execute(self, statement: Any, values: Any = None) -> Any:
        return self._connection.execute(statement, values or {})


def remove_before(connection: sa.engine.Connection, before: int) -> int:
    """Remove the observations that ended before a moment, and their objects.

    What is still current, or ended later, stays. A scope without observations
    goes.

    :param before: The moment, in milliseconds since 1970.
    :returns: How many observations were removed.
    """
    old = _OBSERVATIONS.ended < before
    removed = connection.execute(schema.OBSERVATIONS.delete().where(old))
    query = sa.select(_OBSERVATIONS.scope_id, sa.func.min(_OBSERVATIONS.id))
    # Of each scope, as listings are imported after they were made.
    oldest = {
        scope_id: number
        for scope_id, number in connection.execute(
            query.group_by(_OBSERVATIONS.scope_id)
        )
    }
    for scope in history.scopes(connection):
        # Without an observation, not even what is current is kept.
        first = oldest.get(scope.id, schema.CURRENT + 1)
        for listing in listings.of_scope(connection, scope.id).values():
            query = sa.select(_VERSIONS.base_id).where(
                _VERSIONS.listing_id == listing.id, _VERSIONS.last < first
            )
            affected = connection.execute(query.distinct()).scalars().all()
            for part in chunks(affected):
                _rebase(listing, part, first)
        if scope.id not in oldest:
            for table, column in (
                (schema.LISTINGS, _LISTINGS.scope_id),
                (schema.SCOPES, schema.SCOPES.c.id),
            ):
                connection.execute(table.delete().where(column == scope.id))
    return removed.rowcount


def _rebase(
    listing: listings.StoredListing, base_ids: Sequence[int], oldest: int
) -> None:
    """Remove the old versions of some objects.

    The others are compressed against the first one that remains, and found
    only by the values that they have.
    """
    found = sorted(listing.read(_VERSIONS.base_id.in_(base_ids)))
    listing.remove(found)
    bases: dict[int, listings.Version] = {}
    kept = []
    for version in found:
        if version.last >= oldest:
            base = bases.setdefault(version.base_id, version)
            kept.append(version._replace(base_id=base.id, base=base.data))
    listing.add(kept)


def chunks(
    items: Iterable[_Item], size: int = _CHUNK
) -> Iterator[list[_Item]]:
    """Split items into parts; by default, such as fit into a statement."""
    iterator = iter(items)
    while part := list(itertools.islice(iterator, size)):
        yield part
