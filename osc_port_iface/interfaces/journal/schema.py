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

"""The tables of a journal.

Every object is kept as the API gave it, in versions. A version is the span of
observations in which the object was seen unchanged.
"""

import sqlalchemy as sa

# Raised with each change of the tables. A release reads all older formats.
FORMAT = 1

# Only an INTEGER key is the row ID of SQLite.
_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_DATA = sa.LargeBinary(2**24 - 1)

TABLES = sa.MetaData()

JOURNAL = sa.Table(
    'journal', TABLES, sa.Column('format', sa.Integer, primary_key=True)
)

# What is observed: the selectors, by name.
SCOPES = sa.Table(
    'scopes',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('region', sa.Text, nullable=False),
    sa.Column('scope', sa.JSON, nullable=False),
)

# The times are milliseconds since 1970 by the clock of the services. The clock
# of the recorder was ``skew`` milliseconds behind it. ``listings`` is the
# state of each listing, by kind. Those that are not complete were stored by
# earlier versions only, and tell nothing.
OBSERVATIONS = sa.Table(
    'observations',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('scope_id', _ID, nullable=False, index=True),
    sa.Column('began', sa.BigInteger, nullable=False),
    sa.Column('ended', sa.BigInteger, nullable=False),
    sa.Column('skew', sa.BigInteger, nullable=False),
    sa.Column('is_complete', sa.Boolean, nullable=False),
    sa.Column('listings', sa.JSON, nullable=False),
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

# ``base_id`` is the oldest kept version of the same object, which the others
# are compressed against. ``digest`` tells a version from all others that are
# current. ``last`` is CURRENT while one is: a number, so that ending a version
# does not move it in the file.
CURRENT = 2**31 - 1
VERSIONS = sa.Table(
    'versions',
    TABLES,
    sa.Column('id', _ID, primary_key=True, autoincrement=False),
    sa.Column('listing_id', _ID, nullable=False),
    sa.Column('base_id', _ID, nullable=False, index=True),
    sa.Column('first', _ID, nullable=False),
    sa.Column('last', _ID, nullable=False),
    sa.Column('digest', sa.LargeBinary(12), nullable=False),
    sa.Column('data', _DATA, nullable=False),
    # Tells what there was in an observation without a look at the objects.
    sa.Index('ix_versions_spans', 'listing_id', 'last', 'first'),
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
