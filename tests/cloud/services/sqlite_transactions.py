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

oslo.db opens a deferred transaction. One that reads and then writes fails
at once with "database is locked", whatever the timeout, when another
connection wrote in between: its snapshot is old. So the read part is ended
before the first write, and the write part begins by taking the lock, for
which SQLite waits.

oslo.db also opens a connection for each transaction, which reads the whole
schema again. Connections are kept instead, by what the URL of the database
names as a plugin.
"""

from typing import Any

from sqlalchemy.dialects import plugins
from sqlalchemy import engine as sqlalchemy_engine
from sqlalchemy import event
from sqlalchemy import pool

_WRITES = ('INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'SAVEPOINT')


class KeepConnections(sqlalchemy_engine.CreateEnginePlugin):
    """Makes an engine keep its connections, as many as it has at a time."""

    def __init__(self, _url: Any, arguments: dict[str, Any]) -> None:
        if 'poolclass' in arguments:
            arguments.update(poolclass=pool.QueuePool, max_overflow=-1)

    def update_url(self, url: Any) -> Any:
        """Leave the URL as it is."""
        return url


def install() -> None:
    """Apply this to every SQLite engine that the process will make."""
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
