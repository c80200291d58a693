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

"""Stores and reads the objects of a kind in a scope.

A version of an object is compressed against the oldest one, and that one
against what all objects of the listing have in common.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import json
from typing import Any, NamedTuple

import sqlalchemy as sa

from osc_port_iface.interfaces.journal import encoding
from osc_port_iface.interfaces.journal import schema

# The fields, besides the ID, that objects of a kind are looked up by.
_INDEXED = {
    'ports': (
        'device_id',
        'ip_address',
        'mac_address',
        'network_id',
        'name',
    ),
    'networks': ('name',),
    'subnets': ('name',),
    'floatingips': ('floating_ip_address', 'port_id', 'router_id'),
}

_LOOKUPS = schema.LOOKUPS.c
_VERSIONS = schema.VERSIONS.c

_BASES = schema.VERSIONS.alias()

# The versions, each with the oldest one of its object.
_WITH_BASES = sa.select(
    schema.VERSIONS, _BASES.c.data.label('base')
).outerjoin(_BASES, _BASES.c.id == _VERSIONS.base_id)

_REMOVAL = schema.LOOKUPS.delete().where(
    _LOOKUPS.lookup == sa.bindparam('lookup'),
    _LOOKUPS.base_id == sa.bindparam('base_id'),
)


class Version(NamedTuple):
    """A version of an object.

    :ivar base_id: The ID of the oldest version of the object.
    :ivar first: The first observation that had it.
    :ivar last: The last one, or CURRENT.
    :ivar base: The JSON of the oldest version.
    :ivar data: Its own JSON.
    """

    id: int
    base_id: int
    first: int
    last: int
    base: bytes
    data: bytes


@dataclasses.dataclass(frozen=True)
class StoredListing:
    """A row of the table of listings, and the versions that belong to it."""

    connection: sa.engine.Connection
    id: int
    scope_id: int
    kind: str
    confirmed: int | None
    skeleton: bytes

    def read(self, *conditions: Any) -> Iterator[Version]:
        """Read versions.

        :param conditions: Conditions on their table, such as the one of
            :meth:`matching`.
        :raises encoding.Damaged: One is not what was stored.
        """
        for row in self.connection.execute(_WITH_BASES.where(*conditions)):
            base = encoding.decompress(row.base or b'', self.skeleton)
            data = base
            if row.id != row.base_id:
                data = encoding.decompress(row.data, base)
            if encoding.digest(data) != row.digest:
                raise encoding.Damaged
            yield Version(row.id, row.base_id, row.first, row.last, base, data)

    def matching(self, filters: Mapping[str, Iterable[str]]) -> Any:
        """Return a condition on versions of this listing.

        :param filters: Values by field. The first field that can be looked up
            counts: an object must have had one of its values in any version.
            Without such a field, all objects match.
        """
        for field, values in filters.items():
            if field in _fields(self.kind):
                keys = [encoding.key_of(self.id, field, row) for row in values]
                return _VERSIONS.base_id.in_(
                    sa.select(_LOOKUPS.base_id).where(
                        _LOOKUPS.lookup.in_(keys)
                    )
                )
        return _VERSIONS.listing_id == self.id

    def add(self, versions: Sequence[Version]) -> None:
        """Add versions."""
        rows = [
            {
                'id': version.id,
                'listing_id': self.id,
                'base_id': version.base_id,
                'first': version.first,
                'last': version.last,
                'digest': encoding.digest(version.data),
                'data': encoding.compress(
                    version.data,
                    self.skeleton
                    if version.id == version.base_id
                    else version.base,
                ),
            }
            for version in versions
        ]
        self._execute(schema.VERSIONS.insert(), rows)
        # Other versions of an object may have had the same values.
        others = [row for row in versions if row.id != row.base_id]
        self._execute(_REMOVAL, self._lookups(others))
        self._execute(schema.LOOKUPS.insert(), self._lookups(versions))

    def remove(self, versions: Sequence[Version]) -> None:
        """Remove all versions of some objects."""
        base_ids = {version.base_id for version in versions}
        self.connection.execute(
            schema.VERSIONS.delete().where(_VERSIONS.base_id.in_(base_ids))
        )
        self._execute(_REMOVAL, self._lookups(versions))

    def _lookups(self, versions: Iterable[Version]) -> list[dict[str, int]]:
        """Return all values that objects can be looked up by."""
        found = {
            (encoding.key_of(self.id, field, value), version.base_id)
            for version in versions
            for field, value in _values(self.kind, json.loads(version.data))
        }
        return [{'lookup': key, 'base_id': base_id} for key, base_id in found]

    def _execute(self, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(statement, rows)


def of_scope(
    connection: sa.engine.Connection, scope_id: int
) -> dict[str, StoredListing]:
    """Return the listings of a scope, by kind."""
    table = schema.LISTINGS
    query = sa.select(table).where(table.c.scope_id == scope_id)
    return {
        row.kind: StoredListing(connection, *row)
        for row in connection.execute(query)
    }


def _fields(kind: str) -> tuple[str, ...]:
    return ('id', *_INDEXED.get(kind, ()))


def _values(kind: str, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in _fields(kind):
        if isinstance(value := given.get(field), str) and value:
            yield field, value
    for fixed_ip in given.get('fixed_ips') or ():
        if isinstance(value := fixed_ip.get('ip_address'), str):
            yield 'ip_address', value
