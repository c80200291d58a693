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

"""Lets several threads and processes write to one SQLite file.

oslo.db opens deferred transactions. If a transaction reads, another connection
writes, and the transaction then writes, it fails immediately with "database is
locked", whatever the timeout, because its snapshot is old. So the read
transaction is ended before the first write, and a write transaction begins by
acquiring the lock, for which SQLite waits.

oslo.db also opens a connection for each transaction, which reads the whole
schema again. A plugin, named in the URL of the database, keeps connections
open.
"""

from typing import Any

from sqlalchemy.dialects import plugins
from sqlalchemy import engine as sqlalchemy_engine
from sqlalchemy import event
from sqlalchemy import pool

_WRITES = ('INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'SAVEPOINT')


class KeepConnections(sqlalchemy_engine.CreateEnginePlugin):
    """Makes an engine keep all its connections open."""

    def __init__(self, _url: Any, arguments: dict[str, Any]) -> None:
        if 'poolclass' in arguments:
            arguments.update(
                poolclass=pool.QueuePool,
                max_overflow=-1,
                # A file does not close connections, so do not try each.
                pool_pre_ping=False,
            )

    def update_url(self, url: Any) -> Any:
        """Leave the URL as it is."""
        return url


def install() -> None:
    """Apply this to every SQLite engine of the process."""
    plugins.register('keep-connections', __name__, 'KeepConnections')
    event.listen(sqlalchemy_engine.Engine, 'connect', _connected)
    event.listen(sqlalchemy_engine.Engine, 'begin', _not_writing)
    event.listen(
        sqlalchemy_engine.Engine, 'before_cursor_execute', _before_statement
    )


def _connected(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.execute('PRAGMA journal_mode=WAL')


def _not_writing(connection: Any) -> None:
    connection.info['writing'] = False


def _before_statement(
    connection: Any,
    cursor: Any,
    statement: str,
    *_others: Any,
) -> None:
    if connection.info.get('writing') or not statement.lstrip().startswith(
        _WRITES
    ):
        return
    if cursor.connection.in_transaction:
        cursor.execute('COMMIT')
    cursor.execute('BEGIN IMMEDIATE')
    connection.info['writing'] = True
