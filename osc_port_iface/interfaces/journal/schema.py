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

"""The tables of a journal, and how the objects in them are written.

Every object is kept as the API gave it, in versions. A version is the span of
observations in which the object was seen unchanged.
"""

import collections
from collections.abc import Callable, Sequence
import functools
import hashlib
import ipaddress
import json
import re
from typing import Any
import zlib

import sqlalchemy as sa


class Damaged(Exception):
    """Something else has changed what a journal has."""


# Raised with each change of the tables. A release reads all older formats.
FORMAT = 1

# The most that a compressor can refer back to.
_WINDOW = 32 * 1024

# A text of JSON long enough to be worth referring to.
_TEXTS = re.compile(rb'"[^"\\\\]{12,}"')

# Only an INTEGER key is the row ID of SQLite.
_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_DATA = sa.LargeBinary(2**24 - 1)
# MySQL cannot index a text of unlimited length, and by itself does not tell
# upper case from lower case.
_OBJECT_ID = sa.String(255)
for _dialect in ('mysql', 'mariadb'):
    _OBJECT_ID = _OBJECT_ID.with_variant(
        sa.String(255, collation='utf8mb4_bin'), _dialect
    )

TABLES = sa.MetaData()

JOURNAL = sa.Table(
    'journal', TABLES, sa.Column('format', sa.Integer, primary_key=True)
)

# What is observed, as JSON that is the same for the same scope.
SCOPES = sa.Table(
    'scopes',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('region', sa.Text, nullable=False),
    sa.Column('scope', sa.Text, nullable=False),
)

# The times are milliseconds since 1970 by the clock of the services. The clock
# of the recorder was ``skew`` milliseconds behind it. ``listings`` is the
# state of each listing, by kind, as JSON.
OBSERVATIONS = sa.Table(
    'observations',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('scope_id', _ID, nullable=False, index=True),
    sa.Column('began', sa.BigInteger, nullable=False),
    sa.Column('ended', sa.BigInteger, nullable=False),
    sa.Column('skew', sa.BigInteger, nullable=False),
    sa.Column('is_complete', sa.Boolean, nullable=False),
    sa.Column('listings', sa.Text, nullable=False),
)

# The objects of a kind in a scope. ``confirmed`` is the last observation that
# listed all of them. ``skeleton`` is what they have in common.
LISTINGS = sa.Table(
    'listings',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('scope_id', _ID, nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('confirmed', _ID),
    sa.Column('skeleton', _DATA, nullable=False),
)

# The objects that have not vanished, and their last version.
CURRENT = sa.Table(
    'current_objects',
    TABLES,
    sa.Column('listing_id', _ID, primary_key=True, autoincrement=False),
    sa.Column('object', _OBJECT_ID, primary_key=True),
    sa.Column('version_id', _ID, nullable=False),
    sa.Column('base_id', _ID, nullable=False),
    sa.Column('digest', sa.LargeBinary(12), nullable=False),
    sqlite_with_rowid=False,
)

# ``base_id`` is the oldest kept version of the same object, which the others
# are compressed against. ``last`` is LAST while the object is
# current: a number, so that ending a version does not move it in the file.
LAST = 2**31 - 1
VERSIONS = sa.Table(
    'versions',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('listing_id', _ID, nullable=False),
    sa.Column('base_id', _ID, nullable=False, index=True),
    sa.Column('first', _ID, nullable=False),
    sa.Column('last', _ID, nullable=False),
    sa.Column('data', _DATA, nullable=False),
    # Tells what there was in an observation without a look at the objects.
    sa.Index('ix_versions_spans', 'listing_id', 'first', 'last'),
)

# From a value to the objects that have had it in any of their versions. Two
# values may share a key, so what is found is compared again.
LOOKUPS = sa.Table(
    'lookups',
    TABLES,
    sa.Column('lookup', sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column('base_id', _ID, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# The fields, besides the ID, that objects of a kind are looked up by.
INDEXED = {
    'servers': ('name',),
    'ports': (
        *('device_id', 'ip_address', 'mac_address', 'network_id', 'name'),
    ),
    'networks': ('name',),
    'subnets': ('name',),
    'floatingips': ('floating_ip_address', 'port_id', 'router_id'),
}


def digest(data: bytes) -> bytes:
    """Return what tells an object from its other versions."""
    return hashlib.blake2b(data, digest_size=12).digest()


def lookup(listing_id: int, field: str, value: str) -> int:
    """Return the key of a value in the table of lookups."""
    text = f'{listing_id}/{field}/{_canonical(field, value)}'
    found = hashlib.blake2b(text.encode(), digest_size=6).digest()
    return int.from_bytes(found, 'big')


def lookups(listing_id: int, kind: str, data: bytes) -> set[int]:
    """Return the keys of all values that an object can be looked up by."""
    found = json.loads(data)
    return {
        lookup(listing_id, field, value)
        for field in ('id', *INDEXED.get(kind, ()))
        if isinstance(value := found.get(field), str) and value
    } | {
        lookup(listing_id, 'ip_address', value)
        for fixed_ip in found.get('fixed_ips') or ()
        if isinstance(value := fixed_ip.get('ip_address'), str)
    }


def _canonical(field: str, value: str) -> str:
    if field.endswith('ip_address'):
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            pass
    return value.lower()


def skeleton(examples: Sequence[bytes]) -> bytes:
    """Return what the objects of a listing have in common.

    That is the keys of one, without values, after the values that several
    have, such as the IDs of networks. Nothing tells whose values these were.

    :param examples: Some objects, as JSON.
    """
    if not examples:
        return b'{}'
    counts = collections.Counter(
        value for data in examples for value in set(_TEXTS.findall(data))
    )
    shared = [value for value, count in counts.most_common() if count > 1]
    keys = json.dumps(_emptied(json.loads(examples[0]))).encode()
    # The nearer a value is to the end, the shorter is a reference to it.
    return b''.join([*reversed(shared), keys])[-_WINDOW:]


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _emptied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_emptied(item) for item in value[:1]]
    return '' if isinstance(value, str) else value


@functools.lru_cache(maxsize=16)
def _compressor(base: bytes) -> Any:
    # Negative: without a header and a checksum, which the database has.
    return zlib.compressobj(9, wbits=-15, zdict=base)


def compress(data: bytes, base: bytes) -> bytes:
    """Compress an object against another one that resembles it."""
    compressor = _compressor(base).copy()
    return bytes(compressor.compress(data) + compressor.flush())


def decompress(data: bytes, base: bytes) -> bytes:
    """Return an object that was compressed against another one.

    :raises Damaged: It cannot be read.
    """
    try:
        return zlib.decompressobj(wbits=-15, zdict=base).decompress(data)
    except zlib.error:
        raise Damaged from None


def load(
    data: bytes | str, read: Callable[[dict[str, Any]], Any] | None = None
) -> Any:
    """Read the JSON of an object, of a scope or of the state of listings.

    :param read: Reads each object in it.
    :raises Damaged: It cannot be read.
    """
    try:
        return json.loads(data, object_hook=read)
    except ValueError:
        raise Damaged from None
