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
the functional tests have passed on each release and on OVN.
"""

from collections.abc import Sequence
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


def table() -> str:
    """Return what was seen on each cloud, as comma-separated values."""
    seen_on = {
        name: set(_file(cloud).read_text().splitlines())
        for name, cloud in clouds().items()
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['', *seen_on])
    for command in commands():
        writer.writerow(
            [
                f'``server interface {command}``',
                *('yes' if command in on else 'no' for on in seen_on.values()),
            ]
        )
    for code in sorted(codes.Code):
        writer.writerow(
            [
                f'``{code}``',
                *(
                    'found and repaired'
                    if f'repair {code}' in on
                    else 'found'
                    if f'check {code}' in on
                    else 'no'
                    for on in seen_on.values()
                ),
            ]
        )
    return text.getvalue()


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
    TABLE.write_text(table())
