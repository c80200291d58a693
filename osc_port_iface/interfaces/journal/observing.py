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

from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import dataclasses
import itertools
import json
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

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


@dataclasses.dataclass(slots=True)
class _Known:
    """The last version of an object."""

    version_id: int
    base_id: int
    digest: bytes


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

    def keep(self, kind: str, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep a complete listing of a kind.

        :param kind: The kind of the objects.
        :param rows: The ID and the JSON of each object. Equal objects must
            have equal JSON.
        """
        self._states[kind] = 'complete'
        known = self._known(kind)
        listing: Any = None
        for part in chunks(rows, _EXAMPLES):
            listing = listing or self._listing(kind, part)
            for rest in chunks(part):
                self._keep(listing, rest, known)
        listing = listing or self._listing(kind, ())
        self._end(listing, known)
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
        rows: Sequence[tuple[str, bytes]],
        known: dict[str, _Known],
    ) -> None:
        """Keep some rows, and drop them from what is known."""
        new: list[tuple[str, bytes, _Known]] = []
        ended: list[_Known] = []
        for identifier, data in rows:
            old = known.pop(identifier, None)
            digest = schema.digest(data)
            self.objects += 1
            if old and old.digest == digest:
                continue
            found = _Known(self._version_id, self._version_id, digest)
            self._version_id += 1
            if old:
                found.base_id = old.base_id
                ended.append(old)
            new.append((identifier, data, found))
        self.changed += len(new)
        self._close(listing, ended)
        self._insert(listing, new)

    def _insert(
        self, listing: Any, new: Sequence[tuple[str, bytes, _Known]]
    ) -> None:
        if not new:
            return
        bases = read_bases(
            self._connection,
            {found.base_id for _id, _data, found in new},
            {listing.id: listing.skeleton},
        )
        keys: set[tuple[int, int]] = set()
        versions = []
        for _identifier, data, found in new:
            base = bases.get(found.base_id, listing.skeleton)
            versions.append(
                {
                    'id': found.version_id,
                    'listing_id': listing.id,
                    'base_id': found.base_id,
                    'first': self.id,
                    'last': schema.LAST,
                    'data': schema.compress(data, base),
                }
            )
            keys.update(
                (key, found.base_id)
                for key in schema.lookups(listing.id, listing.kind, data)
            )
        self._execute(schema.VERSIONS.insert(), versions)
        add_lookups(self._connection, keys)
        self._drop_current(
            listing, [identifier for identifier, _data, _found in new]
        )
        self._execute(
            schema.CURRENT.insert(),
            [
                {
                    'listing_id': listing.id,
                    'object': identifier,
                    **dataclasses.asdict(found),
                }
                for identifier, _data, found in new
            ],
        )

    def _end(self, listing: Any, gone: Mapping[str, _Known]) -> None:
        self.gone += len(gone)
        self._close(listing, list(gone.values()))
        self._drop_current(listing, gone)

    def _drop_current(
        self, listing: Any, identifiers: Collection[str]
    ) -> None:
        """Forget which versions of objects are current."""
        if identifiers:
            self._execute(
                schema.CURRENT.delete().where(
                    _CURRENT.listing_id == listing.id,
                    _CURRENT.object == sa.bindparam('gone'),
                ),
                [{'gone': identifier} for identifier in identifiers],
            )

    def _close(self, listing: Any, ended: Sequence[_Known]) -> None:
        """End versions with the last observation that surely had them."""
        if not ended:
            return
        self._execute(
            schema.VERSIONS.update()
            .where(_VERSIONS.id == sa.bindparam('ended'))
            .values(last=listing.confirmed),
            [{'ended': old.version_id} for old in ended],
        )

    def _known(self, kind: str) -> dict[str, _Known]:
        """Return the last versions of all objects that have not vanished."""
        return self._current(kind, sa.true())

    def _current(self, kind: str, condition: Any) -> dict[str, _Known]:
        query = (
            sa.select(
                _CURRENT.object,
                _CURRENT.version_id,
                _CURRENT.base_id,
                _CURRENT.digest,
            )
            .join(schema.LISTINGS, _LISTINGS.id == _CURRENT.listing_id)
            .where(
                _LISTINGS.scope_id == self._scope_id,
                _LISTINGS.kind == kind,
                condition,
            )
        )
        return {
            row.object: _Known(row.version_id, row.base_id, row.digest)
            for row in self._execute(query)
        }

    def _listing(
        self, kind: str, examples: Sequence[tuple[str, bytes]]
    ) -> Any:
        """Find the row of a listing, or make it after some examples."""
        query = sa.select(schema.LISTINGS).where(
            _LISTINGS.scope_id == self._scope_id, _LISTINGS.kind == kind
        )
        found = self._execute(query).first()
        if found is None:
            values = {
                'id': self._next(_LISTINGS.id),
                'scope_id': self._scope_id,
                'kind': kind,
                'confirmed': None,
                'skeleton': schema.skeleton([data for _id, data in examples]),
            }
            self._execute(schema.LISTINGS.insert(), values)
            return self._listing(kind, examples)
        return found

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


def read_bases(
    connection: sa.engine.Connection,
    base_ids: Iterable[int],
    skeletons: Mapping[int, bytes],
) -> dict[int, bytes]:
    """Read the objects that others are compressed against.

    :param skeletons: The skeletons of the listings, by their ID.
    :returns: The JSON of those that exist, by the ID of the version.
    """
    found = {}
    for part in chunks(sorted(base_ids)):
        query = sa.select(
            _VERSIONS.id, _VERSIONS.listing_id, _VERSIONS.data
        ).where(_VERSIONS.id.in_(part))
        for identifier, listing_id, data in connection.execute(query):
            found[identifier] = schema.decompress(data, skeletons[listing_id])
    return found


def add_lookups(
    connection: sa.engine.Connection, keys: Iterable[tuple[int, int]]
) -> None:
    """Add keys with the objects they lead to, unless they are there."""
    rows = [{'lookup': key, 'base_id': base_id} for key, base_id in keys]
    if not rows:
        return
    insert: Any
    if connection.dialect.name == 'postgresql':
        insert = postgresql.insert(schema.LOOKUPS).on_conflict_do_nothing()
    else:
        insert = (
            schema.LOOKUPS.insert()
            .prefix_with('OR IGNORE', dialect='sqlite')
            .prefix_with('IGNORE', dialect='mysql')
            .prefix_with('IGNORE', dialect='mariadb')
        )
    connection.execute(insert, rows)


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
    listings = {
        row.id: row for row in connection.execute(sa.select(schema.LISTINGS))
    }
    _abandon(
        connection,
        [row.id for row in listings.values() if row.scope_id not in oldest],
    )
    for listing in listings.values():
        first = oldest.get(listing.scope_id, schema.LAST)
        query = sa.select(_VERSIONS.base_id).where(
            _VERSIONS.listing_id == listing.id, _VERSIONS.last < first
        )
        affected = [row[0] for row in connection.execute(query.distinct())]
        for part in chunks(affected):
            _rebase(connection, part, first, listings)


def _abandon(
    connection: sa.engine.Connection, listing_ids: Sequence[int]
) -> None:
    """End everything in the listings of a scope without observations."""
    connection.execute(
        schema.CURRENT.delete().where(_CURRENT.listing_id.in_(listing_ids))
    )
    connection.execute(
        schema.VERSIONS.update()
        .where(_VERSIONS.listing_id.in_(listing_ids))
        .values(last=0)
    )


def _rebase(
    connection: sa.engine.Connection,
    base_ids: Sequence[int],
    oldest: int,
    listings: Mapping[int, Any],
) -> None:
    """Remove the old versions of some objects.

    The others are compressed against the first one that remains, and found
    only by the values that they have.
    """
    skeletons = {key: row.skeleton for key, row in listings.items()}
    bases = read_bases(connection, base_ids, skeletons)
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
            kind = listings[row.listing_id].kind
            keys = schema.lookups(row.listing_id, kind, data)
            lost.update((key, base_id) for key in keys)
            if row.last < oldest:
                connection.execute(
                    schema.VERSIONS.delete().where(_VERSIONS.id == row.id)
                )
                continue
            against = base[1] if base else skeletons[row.listing_id]
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
    table = schema.LOOKUPS
    connection.execute(
        table.delete().where(
            table.c.lookup == sa.bindparam('key'),
            table.c.base_id == sa.bindparam('base'),
        ),
        [{'key': key, 'base': base_id} for key, base_id in lost],
    )
    add_lookups(connection, kept)


def chunks(
    items: Iterable[_Item], size: int = _CHUNK
) -> Iterator[list[_Item]]:
    """Split items into parts; by default, such as fit into a statement."""
    iterator = iter(items)
    while part := list(itertools.islice(iterator, size)):
        yield part
