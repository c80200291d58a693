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

from collections.abc import Collection, Iterable, Iterator, Sequence
import itertools
import json
from typing import Any, TypeVar

import sqlalchemy as sa

from osc_port_iface.interfaces.journal import schema
from osc_port_iface.interfaces.journal import summary

_Item = TypeVar('_Item')

# Objects, or values in a statement, that are held in memory at a time.
_CHUNK = 500

# Objects that a new listing is modelled on.
_EXAMPLES = 2000

_CURRENT = schema.CURRENT.c
_LISTINGS = schema.LISTINGS.c
_OBSERVATIONS = schema.OBSERVATIONS.c
_VERSIONS = schema.VERSIONS.c


class Observation:
    """An observation under way, in the transaction of a connection."""

    def __init__(
        self, connection: sa.engine.Connection, region: str, scope: str
    ) -> None:
        """Begin an observation.

        :param connection: A connection that may write.
        :param region: The region that is observed.
        :param scope: What of it is observed. Only observations of the same
            scope are compared.
        """
        self._connection = connection
        self._region = region
        self.objects = self.changed = self.gone = 0
        self._states: dict[str, str] = {}
        self._scope_id = self._find_scope(region, scope)
        self.id = self._next(_OBSERVATIONS.id)
        self._version_id = self._next(_VERSIONS.id)

    def keep(self, kind: str, rows: Sequence[tuple[str, bytes]]) -> None:
        """Keep a complete listing of a kind.

        :param kind: The kind of the objects.
        :param rows: The ID and the JSON of each object. Equal objects must
            have equal JSON.
        """
        self._states[kind] = 'complete'
        listing = self._listing(kind, rows[:_EXAMPLES])
        known = self._known(listing)
        for part in chunks(rows):
            self._keep(listing, part, known)
        self.objects += len(rows)
        self.gone += len(known)
        self._end(listing, known.values())
        self._execute(
            schema.LISTINGS.update().where(_LISTINGS.id == listing.id),
            {'confirmed': self.id},
        )

    def miss(self, kind: str, state: str) -> None:
        """Note that a kind could not be listed. Nothing of it has vanished.

        :param state: Why: ``hidden`` from the user, or ``failed``.
        """
        self._states[kind] = state

    def finish(self, began: int, ended: int, skew: int) -> summary.Summary:
        """Finish the observation, and say what it stored.

        :param began: When it began by the clock of the services, in
            milliseconds since 1970.
        :param ended: When it ended, likewise.
        :param skew: The milliseconds that the clock of the recorder is behind.
        """
        is_complete = 'failed' not in self._states.values()
        self._execute(
            schema.OBSERVATIONS.insert(),
            {
                'id': self.id,
                'scope_id': self._scope_id,
                'began': began,
                'ended': ended,
                'skew': skew,
                'is_complete': is_complete,
                'listings': json.dumps(self._states),
            },
        )
        return summary.Summary(
            number=self.id,
            region=self._region,
            began=summary.moment(began),
            ended=summary.moment(ended),
            objects=self.objects,
            changed=self.changed,
            gone=self.gone,
            is_complete=is_complete,
        )

    def _keep(
        self,
        listing: Any,
        rows: Iterable[tuple[str, bytes]],
        known: dict[str, Any],
    ) -> None:
        """Keep some rows, and drop them from what is known."""
        ended: list[Any] = []
        new: list[tuple[bytes, dict[str, Any]]] = []
        for identifier, data in rows:
            old = known.pop(identifier, None)
            digest = schema.digest(data)
            if old and old.digest == digest:
                continue
            ended += [old] if old else []
            current = {
                'listing_id': listing.id,
                'object': identifier,
                'version_id': self._version_id,
                'base_id': old.base_id if old else self._version_id,
                'digest': digest,
            }
            new.append((data, current))
            self._version_id += 1
        self.changed += len(new)
        self._end(listing, ended)
        bases = read_bases(
            self._connection,
            {current['base_id'] for _data, current in new},
            listing.skeleton,
        )
        versions = []
        keys: set[tuple[int, int]] = set()
        for data, current in new:
            base_id = current['base_id']
            base = bases.get(base_id, listing.skeleton)
            versions.append(
                {
                    'id': current['version_id'],
                    'listing_id': listing.id,
                    'base_id': base_id,
                    'first': self.id,
                    'last': schema.LAST,
                    'data': schema.compress(data, base),
                }
            )
            found = schema.lookups(listing.id, listing.kind, data)
            keys.update((key, base_id) for key in found)
        self._execute_each(schema.VERSIONS.insert(), versions)
        # Other versions of an object may have had the same values.
        known_keys = {pair for pair in keys if pair[1] in bases}
        _replace_lookups(self._connection, known_keys, keys)
        self._execute_each(
            schema.CURRENT.insert(), [current for _data, current in new]
        )

    def _end(self, listing: Any, ended: Collection[Any]) -> None:
        """End versions with the last observation that surely had them."""
        self._execute_each(
            schema.VERSIONS.update()
            .where(_VERSIONS.id == sa.bindparam('ended'))
            .values(last=listing.confirmed),
            [{'ended': old.version_id} for old in ended],
        )
        self._execute_each(
            schema.CURRENT.delete().where(
                _CURRENT.listing_id == listing.id,
                _CURRENT.object == sa.bindparam('gone'),
            ),
            [{'gone': old.object} for old in ended],
        )

    def _known(self, listing: Any) -> dict[str, Any]:
        """Return the last versions of all objects that have not vanished."""
        query = sa.select(schema.CURRENT)
        query = query.where(_CURRENT.listing_id == listing.id)
        return {row.object: row for row in self._execute(query)}

    def _listing(
        self, kind: str, examples: Sequence[tuple[str, bytes]]
    ) -> Any:
        """Find the row of a listing, or make it after some examples."""
        query = sa.select(schema.LISTINGS).where(
            _LISTINGS.scope_id == self._scope_id, _LISTINGS.kind == kind
        )
        if self._execute(query).first() is None:
            values = {
                'id': self._next(_LISTINGS.id),
                'scope_id': self._scope_id,
                'kind': kind,
                'confirmed': None,
                'skeleton': schema.skeleton([data for _id, data in examples]),
            }
            self._execute(schema.LISTINGS.insert(), values)
        return self._execute(query).one()

    def _find_scope(self, region: str, scope: str) -> int:
        # MySQL does not tell upper case from lower case.
        for row in self._execute(sa.select(schema.SCOPES)):
            if (row.region, row.scope) == (region, scope):
                return int(row.id)
        scope_id = self._next(schema.SCOPES.c.id)
        self._execute(
            schema.SCOPES.insert(),
            {'id': scope_id, 'region': region, 'scope': scope},
        )
        return scope_id

    def _next(self, column: sa.Column[int]) -> int:
        highest = self._execute(sa.select(sa.func.max(column))).scalar()
        return (highest or 0) + 1

    def _execute(self, statement: Any, values: Any = None) -> Any:
        return self._connection.execute(statement, values or {})

    def _execute_each(
        self, statement: Any, values: Sequence[dict[str, Any]]
    ) -> None:
        if values:
            self._connection.execute(statement, values)


def read_bases(
    connection: sa.engine.Connection, base_ids: Iterable[int], skeleton: bytes
) -> dict[int, bytes]:
    """Read the objects that others of a listing are compressed against.

    :returns: The JSON of those that exist, by the ID of the version.
    """
    found = {}
    for part in chunks(sorted(base_ids)):
        query = sa.select(_VERSIONS.id, _VERSIONS.data)
        query = query.where(_VERSIONS.id.in_(part))
        for identifier, data in connection.execute(query):
            found[identifier] = schema.decompress(data, skeleton)
    return found


def _replace_lookups(
    connection: sa.engine.Connection,
    old: Iterable[tuple[int, int]],
    new: Iterable[tuple[int, int]],
) -> None:
    """Replace keys, each with the object that it leads to, by others."""
    table = schema.LOOKUPS
    removal = table.delete().where(
        table.c.lookup == sa.bindparam('lookup'),
        table.c.base_id == sa.bindparam('base_id'),
    )
    for statement, pairs in ((removal, old), (table.insert(), new)):
        if rows := [{'lookup': key, 'base_id': base} for key, base in pairs]:
            connection.execute(statement, rows)


def forget(connection: sa.engine.Connection, before: int) -> None:
    """Remove the observations that ended before a moment, and their objects.

    What is still current, or ended later, stays.

    :param before: The moment, in milliseconds since 1970.
    """
    old = _OBSERVATIONS.ended < before
    connection.execute(schema.OBSERVATIONS.delete().where(old))
    query = sa.select(_OBSERVATIONS.scope_id, sa.func.min(_OBSERVATIONS.id))
    # Of each scope, as listings are imported after they were made.
    oldest = {
        scope_id: number
        for scope_id, number in connection.execute(
            query.group_by(_OBSERVATIONS.scope_id)
        )
    }
    for listing in connection.execute(sa.select(schema.LISTINGS)).all():
        first = oldest.get(listing.scope_id)
        if first is None:
            # Nothing of it is kept, not even what is current.
            first = schema.LAST + 1
            connection.execute(
                schema.CURRENT.delete().where(
                    _CURRENT.listing_id == listing.id
                )
            )
        query = sa.select(_VERSIONS.base_id).where(
            _VERSIONS.listing_id == listing.id, _VERSIONS.last < first
        )
        affected = connection.execute(query.distinct()).scalars().all()
        for part in chunks(affected):
            _rebase(connection, listing, part, first)


def _rebase(
    connection: sa.engine.Connection,
    listing: Any,
    base_ids: Sequence[int],
    oldest: int,
) -> None:
    """Remove the old versions of some objects.

    The others are compressed against the first one that remains, and found
    only by the values that they have.
    """
    bases = read_bases(connection, base_ids, listing.skeleton)
    query = (
        sa.select(schema.VERSIONS)
        .where(_VERSIONS.base_id.in_(base_ids))
        .order_by(_VERSIONS.base_id, _VERSIONS.id)
    )
    rows = connection.execute(query).all()
    lost: set[tuple[int, int]] = set()
    kept: set[tuple[int, int]] = set()
    for base_id, group in itertools.groupby(rows, lambda row: row.base_id):
        base: tuple[int, bytes] | None = None
        for row in group:
            data = (
                bases[base_id]
                if row.id == base_id
                else schema.decompress(row.data, bases[base_id])
            )
            keys = schema.lookups(listing.id, listing.kind, data)
            lost.update((key, base_id) for key in keys)
            if row.last < oldest:
                connection.execute(
                    schema.VERSIONS.delete().where(_VERSIONS.id == row.id)
                )
                continue
            against = base[1] if base else listing.skeleton
            base = base or (row.id, data)
            kept.update((key, base[0]) for key in keys)
            connection.execute(
                schema.VERSIONS.update()
                .where(_VERSIONS.id == row.id)
                .values(base_id=base[0], data=schema.compress(data, against))
            )
        if base:
            connection.execute(
                schema.CURRENT.update()
                .where(_CURRENT.base_id == base_id)
                .values(base_id=base[0])
            )
    _replace_lookups(connection, lost, kept)


def chunks(
    items: Iterable[_Item], size: int = _CHUNK
) -> Iterator[list[_Item]]:
    """Split items into parts; by default, such as fit into a statement."""
    iterator = iter(items)
    while part := list(itertools.islice(iterator, size)):
        yield part
