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

"""Records what the commands have proven with each release.

``python -m tests.functional.proven`` writes this into the user guide, after
functional tests have passed on some of the releases, or on OVN.
"""

from collections.abc import Mapping, Sequence
import csv
import io
import json
import pathlib

from osc_port_iface.interfaces.health import codes
from tests.cloud import directory
from tests.cloud import networks
from tests.cloud import releases
from tests import declared
from tests import environments

# What a cell of the table can be; the last is the most.
_CELLS = ('no', 'found', 'found and repaired', 'yes')

TABLE = environments.CHECKOUT / 'doc' / 'source' / 'user' / 'proven.csv'


def seen(arguments: Sequence[str], stdout: str) -> set[str]:
    """Return what one run of ``openstack`` proves.

    :param arguments: Its arguments.
    :param stdout: Its output.
    :returns: The name of the command, and ``check`` or ``repair`` with the
        code of each finding that it found or repaired; nothing if it printed
        nothing.
    """
    if arguments[:2] != ('server', 'interface') or not stdout:
        return set()
    command = arguments[2]
    found = {command}
    if command in ('check', 'repair') and stdout.startswith('['):
        for row in json.loads(stdout):
            if 'Finding' in row and row.get('Result') in (None, 'repaired'):
                found.add(f'{command} {row["Finding"]}')
    return found


def record(
    cloud: directory.CloudDirectory, arguments: Sequence[str], stdout: str
) -> None:
    """Record what one run of ``openstack`` proves, for its cloud."""
    with _file(cloud).open('a') as file:
        file.writelines(f'{what}\n' for what in seen(arguments, stdout))


def clouds() -> dict[str, directory.CloudDirectory]:
    """Return the clouds, by the headers of their columns."""
    first, *older = releases.RELEASES
    return {
        first: directory.CloudDirectory(first, networks.PLAIN),
        f'{first}, OVN': directory.CloudDirectory(first, networks.OVN),
        **{
            name: directory.CloudDirectory(name, networks.PLAIN)
            for name in older
        },
    }


def table(before: str, seen_on: Mapping[str, set[str]]) -> str:
    """Return what is proven on each cloud, as comma-separated values.

    :param before: The table as it was. What it says stays, as tests may have
        run on a part of the clouds, or only some of them.
    :param seen_on: What was seen on each cloud.
    """
    known = {row['']: row for row in csv.DictReader(io.StringIO(before))}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['', *seen_on])
    for row, what in (
        *((f'``server interface {name}``', name) for name in commands()),
        *((f'``{code}``', str(code)) for code in sorted(codes.Code)),
    ):
        cells = (
            max(
                known.get(row, {}).get(name, 'no'),
                _cell(what, seen),
                key=_CELLS.index,
            )
            for name, seen in seen_on.items()
        )
        writer.writerow([row, *cells])
    return text.getvalue()


def _cell(what: str, seen: set[str]) -> str:
    """Return what the table says about a command or a code."""
    if what in seen:
        return 'yes'
    if f'repair {what}' in seen:
        return 'found and repaired'
    return 'found' if f'check {what}' in seen else 'no'


def commands() -> list[str]:
    """Return the names of the commands, without their common prefix."""
    prefix = 'server_interface_'
    return [
        point.name.removeprefix(prefix)
        for point in declared.entry_points()
        if point.name.startswith(prefix)
    ]


def _file(cloud: directory.CloudDirectory) -> pathlib.Path:
    return cloud.state / 'proven'


if __name__ == '__main__':
    files = {name: _file(cloud) for name, cloud in clouds().items()}
    found = {
        name: {*file.read_text().splitlines()} if file.exists() else set()
        for name, file in files.items()
    }
    TABLE.write_text(table(TABLE.read_text(), found))
