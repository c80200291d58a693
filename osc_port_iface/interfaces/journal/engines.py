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

"""Opens journals: SQLite files, or databases of PostgreSQL and MySQL.

Nothing is changed in what is not a journal, or has a newer format.
"""

from collections.abc import Iterator
import contextlib
import errno
import json
import os
import pathlib
import re
import sqlite3
import stat
from typing import Any
from urllib import parse
import zlib

from osc_lib import exceptions
import sqlalchemy as sa
from sqlalchemy import exc as sa_exceptions
from sqlalchemy import pool

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import encoding
from osc_port_iface.interfaces.journal import schema
from osc_port_iface import printable

# Marks a journal in the header of an SQLite file, which has 100 bytes
# (https://www.sqlite.org/fileformat.html).
_APPLICATION_ID = b'osci'
_HEADER = b'SQLite format 3\0'
_HEADER_LENGTH = 100

# Seconds to wait for another writer, but for MySQL, and to write what somebody
# reads in SQLite: list --at of 30,000 servers takes half a minute.
_TIMEOUT = 120

# What databases say after it.
_LOCKED = re.compile('database is locked|lock timeout|Lock wait timeout')

# What SQLite says if it may only read a file.
_READ_ONLY = 'attempt to write a readonly database'

# What SQLite says of a file whose content something else has changed.
_MALFORMED = re.compile('disk image is malformed|Could not decode')
_DAMAGED = _('the journal is damaged, so restore a backup')

_BACKENDS = ('postgresql', 'mysql', 'mariadb')

# What to say of a journal without anything.
EMPTY = _('it has no observation')


class JournalError(exceptions.CommandError):
    """A journal cannot be read or written."""

    def __init__(self, location: str, problem: str) -> None:
        """Name the journal, and say what is wrong with it."""
        super().__init__(f'{_name(location)}: {problem}')


@contextlib.contextmanager
def open_to_read(location: str) -> Iterator[sa.engine.Connection]:
    """Open a journal for reading.

    :param location: The path of an SQLite file, or the URL of a database.
    :returns: A connection, which sees one state of the journal throughout.
    :raises JournalError: It is not a journal, or cannot be read.
    """
    with _translated(location):
        engine = _engine(location, 'BEGIN')
        with engine.connect() as connection:
            if not sa.inspect(connection).get_table_names():
                # What did not become a journal, as nothing was stored.
                raise JournalError(location, EMPTY)
            _check_format(_format(connection), location)
            yield connection


@contextlib.contextmanager
def open_to_write(location: str) -> Iterator[sa.engine.Connection]:
    """Open a journal for writing, or create it.

    Another writer has to wait until this one is done.

    :param location: The path of an SQLite file, or the URL of a database.
    :returns: A connection with a transaction, which is committed at the end.
    :raises JournalError: It is not a journal, or cannot be written.
    """
    with _translated(location):
        if not _is_url(location):
            # The file has personal data.
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            with contextlib.suppress(FileExistsError):
                os.close(os.open(location, flags, 0o600))
        with _engine(location, 'BEGIN IMMEDIATE').begin() as connection:
            _wait_for_writer(connection)
            _create(connection)
            _check_format(_format(connection), location)
            # On MySQL, other writers wait for this.
            query = sa.select(schema.JOURNAL.c.format).with_for_update()
            connection.execute(query)
            yield connection


def _wait_for_writer(connection: sa.engine.Connection) -> None:
    """Wait for another writer on PostgreSQL, which may be making the tables.

    To wait for these would never end, or end with an error.
    """
    if connection.dialect.name == 'postgresql':
        lock = int.from_bytes(_APPLICATION_ID, 'big')
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_TIMEOUT}s'")
        connection.exec_driver_sql(f'SELECT pg_advisory_xact_lock({lock})')


def _create(connection: sa.engine.Connection) -> None:
    """Make the tables, unless there are any."""
    if sa.inspect(connection).get_table_names():
        return
    schema.TABLES.create_all(connection)
    connection.execute(schema.JOURNAL.insert(), {'format': schema.FORMAT})
    if connection.dialect.name == 'sqlite':
        mark = int.from_bytes(_APPLICATION_ID, 'big')
        connection.exec_driver_sql(f'PRAGMA application_id = {mark}')
        connection.exec_driver_sql(f'PRAGMA user_version = {schema.FORMAT}')


def _format(connection: sa.engine.Connection) -> int | None:
    """Return the format of a journal; None if it is none."""
    if schema.JOURNAL.name not in sa.inspect(connection).get_table_names():
        return None
    query = sa.select(sa.func.max(schema.JOURNAL.c.format))
    found: int | None = connection.execute(query).scalar()
    return found


def _check_format(found: int | None, location: str) -> None:
    if found is None:
        raise JournalError(location, _('not a journal'))
    if found > schema.FORMAT:
        raise JournalError(
            location,
            _(
                'format %(found)d of journals is newer than this release, '
                'which knows %(known)d'
            )
            % {'found': found, 'known': schema.FORMAT},
        )


def _engine(location: str, begin: str) -> sa.engine.Engine:
    """Prepare to connect.

    :param begin: The statement that begins a transaction of SQLite.
    """
    options: dict[str, Any] = {
        'poolclass': pool.NullPool,
        'future': True,
    }
    if _is_url(location):
        url = _url(location)
        if url.get_backend_name() not in _BACKENDS or not url.database:
            raise sa_exceptions.ArgumentError
        # A writer must see what another one did while it waited.
        level = 'REPEATABLE READ' if begin == 'BEGIN' else 'READ COMMITTED'
        return sa.create_engine(location, isolation_level=level, **options)
    _check_header(location)
    path = parse.quote(str(pathlib.Path(location).absolute()))
    engine = sa.create_engine(
        'sqlite://',
        creator=lambda: sqlite3.connect(
            # A reader, too, undoes what a recorder left unfinished.
            f'file:{path}?mode=rw',
            uri=True,
            timeout=_TIMEOUT,
            # The driver would begin transactions only before some statements.
            isolation_level=None,
            # Several threads use it, one at a time (``api.replay``).
            check_same_thread=False,
        ),
        **options,
    )

    def on_begin(connection: sa.engine.Connection) -> None:
        # Personal data must not stay in the file after it is deleted.
        connection.exec_driver_sql('PRAGMA secure_delete = ON')
        # KiB: what is looked up is all over the file.
        connection.exec_driver_sql('PRAGMA cache_size = -65536')
        connection.exec_driver_sql(begin)

    sa.event.listen(engine, 'begin', on_begin)
    return engine


def _check_header(location: str) -> None:
    """Refuse a file that SQLite would change although it is no journal.

    A file without content is what an interrupted creation leaves behind.
    """
    if not stat.S_ISREG(os.stat(location).st_mode):
        _check_format(None, location)
    with open(location, 'rb') as file:
        header = file.read(_HEADER_LENGTH)
    if header:
        is_journal = header.startswith(_HEADER) and (
            header[68:72] == _APPLICATION_ID
        )
        version = int.from_bytes(header[60:64], 'big')
        _check_format(version if is_journal else None, location)


def _name(location: str) -> str:
    """Return what to call a journal in messages, without a password."""
    scheme, separator, _rest = location.partition('://')
    return printable.one_line(f'{scheme}://...' if separator else location)


def _url(location: str) -> sa.engine.URL:
    """Parse the URL of a database.

    :raises sa_exceptions.ArgumentError: It is none.
    """
    try:
        return sa.engine.make_url(location)
    except ValueError:
        # Of a port that is no number.
        raise sa_exceptions.ArgumentError from None


def _is_url(location: str) -> bool:
    return '://' in location


@contextlib.contextmanager
def _translated(location: str) -> Iterator[None]:
    """Say in one line why a database cannot be used."""
    try:
        yield
    except ModuleNotFoundError as error:
        problem = _(
            "%s is missing: pip install 'osc-port-iface[postgresql]' and "
            "begin the URL with postgresql+psycopg://, or 'osc-port-iface"
            "[mysql]' and mysql+pymysql://"
        )
        raise JournalError(location, problem % error.name) from None
    except OSError as error:
        raise JournalError(location, error.strerror or str(error)) from None
    except sa_exceptions.ArgumentError:
        problem = _(
            'neither a path nor a URL such as postgresql+psycopg://host/name '
            'or mysql+pymysql://host/name'
        )
        raise JournalError(location, problem) from None
    except (
        encoding.Damaged,
        zlib.error,
        json.JSONDecodeError,
        UnicodeDecodeError,
    ):
        raise JournalError(location, _DAMAGED) from None
    except sa_exceptions.SQLAlchemyError as error:
        # Some drivers have a number before the text.
        *_rest, text = getattr(error, 'orig', error).args or (error,)
        cause = printable.one_line(str(text))
        if _LOCKED.search(cause):
            cause = _('another command has it open, such as a recorder')
        elif cause == _READ_ONLY:
            cause = os.strerror(errno.EACCES)
        elif _MALFORMED.search(cause):
            cause = _DAMAGED
        raise JournalError(location, cause) from None
