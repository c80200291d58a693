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

"""What is read and changed in the databases of the services.

No API can make these changes; what is read would cost Nova much CPU time.
"""

import contextlib
import json
import sqlite3
from typing import Any

from tests.cloud import directory

_CELL = 'nova-cell1'

# Not a state of Nova: a server is ``deleted`` for a moment before it is gone.
GONE = 'gone'

# It has the servers that no host could take.
_CELL_WITHOUT_HOSTS = 'nova-cell0'


def change(
    cloud: directory.CloudDirectory,
    database: str,
    statement: str,
    *values: object,
) -> None:
    """Change one row of a service's database.

    :raises AssertionError: Not exactly one row was changed.
    """
    path = cloud.database(database)
    with (
        contextlib.closing(sqlite3.connect(path, timeout=60)) as opened,
        opened,
    ):
        changed = opened.execute(statement, values).rowcount
        if changed != 1:
            raise AssertionError(f'{changed} rows are changed by {statement}')


def server_state(
    cloud: directory.CloudDirectory, server_id: str
) -> tuple[str, str | None]:
    """Return the ``vm_state`` and the ``task_state`` of a server.

    :returns: The state is ``GONE`` also if the server is not yet in a cell.
    """
    for cell in (_CELL, _CELL_WITHOUT_HOSTS):
        path = cloud.database(cell)
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
            state: tuple[str, str | None] | None = opened.execute(
                'SELECT vm_state, task_state FROM instances '
                'WHERE uuid = ? AND deleted = 0',
                (server_id,),
            ).fetchone()
        if state:
            return state
    return (GONE, None)


def read_cache(
    cloud: directory.CloudDirectory, server_id: str
) -> list[dict[str, Any]]:
    """Return Nova's network info cache of a server."""
    path = cloud.database(_CELL)
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
        (text,) = opened.execute(
            'SELECT network_info FROM instance_info_caches '
            'WHERE instance_uuid = ?',
            (server_id,),
        ).fetchone()
    cache: list[dict[str, Any]] = json.loads(text)
    return cache


def write_cache(
    cloud: directory.CloudDirectory,
    server_id: str,
    cache: list[dict[str, Any]],
) -> None:
    """Change Nova's network info cache of a server."""
    change(
        cloud,
        _CELL,
        'UPDATE instance_info_caches SET network_info = ? '
        'WHERE instance_uuid = ?',
        json.dumps(cache),
        server_id,
    )
