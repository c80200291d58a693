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

"""One command for 200 real servers, against a loop of one for each."""

from collections.abc import Sequence
import os
import pathlib
import statistics

from benchmarks import measure
from benchmarks import report
from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import embedded
from tests.cloud import fleet
from tests.cloud import scenario
from tests import environments

PROJECT = 'bench'

SERVERS = 200

# The number of servers that the loop is timed with in each round.
LOOPED = 20
LOOPED_IN_A_ROUND = 5

# How many times faster one command must be.
FACTORS = {'compute': 30, 'network': 100}

LOOP = 'for server; do "$0" port list --server "$server" || exit; done'


def run(quick: bool) -> report.Report:
    """Run a part of the loop and each of our commands, round by round."""
    cloud = embedded.Cloud()
    ids = _server_ids(cloud, 60 if quick else SERVERS)
    looped = ids[:2] if quick else ids[:LOOPED]
    in_a_round = 1 if quick else LOOPED_IN_A_ROUND
    openstack = environments.ensure('client') / 'openstack'
    variables = {**cloud.environment(), 'OS_CLOUD': 'admin'}
    loop_time = 0.0
    walls: dict[str, list[float]] = {source: [] for source in FACTORS}
    bounds: dict[str, list[float]] = {source: [] for source in FACTORS}
    for first in range(0, len(looped), in_a_round):
        part = looped[first : first + in_a_round]
        loop_time += measure.run(
            ['sh', '-c', LOOP, openstack, *part], variables
        ).wall
        for source in FACTORS:
            spent = _cpu_time(cloud)
            taken = measure.run(_command(openstack, source, ids), variables)
            spent = _cpu_time(cloud) - spent
            shown = set(taken.output.decode().split())
            if missing := set(ids) - shown:
                raise AssertionError(f'{source}: without {missing}')
            walls[source].append(taken.wall)
            bounds[source].append(spent / (os.cpu_count() or 1) / taken.wall)
    loop = loop_time / len(looped) * len(ids)
    ours = {source: statistics.median(walls[source]) for source in FACTORS}
    busy = {source: statistics.median(bounds[source]) for source in FACTORS}
    return report.Report(
        'Fleet',
        f'The interfaces of {len(ids)} servers of the embedded cloud, by a '
        'shell loop of ``openstack port list --server <uuid>`` and by one '
        '``openstack server interface list --all-projects <uuid> …``. The '
        f'loop was timed with {len(looped)} servers and is extrapolated to '
        f'{len(ids)} from the mean; ours are medians of '
        f'{len(looped) // in_a_round} whole runs. The services share the '
        'cores with the client. The last column is their CPU time as a '
        'share of the capacity of all cores during the run, including the '
        'start-up of the client: at 100 %, no client could be faster.',
        ('What', 'Wall (s)', 'Times faster', 'Services saturated'),
        [
            (
                f'loop, {len(looped)} servers',
                f'{loop_time:.1f}',
                '',
                '',
            ),
            (
                f'loop, {len(ids)} servers, extrapolated',
                f'{loop:.0f}',
                '1',
                '',
            ),
            *(
                (
                    f'``--source {source}``',
                    f'{ours[source]:.1f}',
                    f'{loop / ours[source]:.0f}',
                    f'{busy[source]:.0%}',
                )
                for source in FACTORS
            ),
        ],
        [
            report.Goal(
                f'At least {factor} times faster with ``--source {source}``',
                f'{loop / ours[source]:.1f}',
                loop / ours[source] >= factor,
            )
            for source, factor in FACTORS.items()
        ],
    )


def _command(
    openstack: pathlib.Path, source: str, ids: Sequence[str]
) -> measure.Command:
    return [
        openstack,
        'server',
        'interface',
        'list',
        '--all-projects',
        '--source',
        source,
        '-f',
        'value',
        '-c',
        'Server ID',
        *ids,
    ]


def _server_ids(cloud: embedded.Cloud, count: int) -> list[str]:
    """Make more servers than the fleet of the tests has, once per cloud.

    :returns: The IDs of this many servers.
    """
    ids = [
        server['id']
        for servers in fleet.ensure(cloud).servers.values()
        for server in servers
    ]
    with cloud.lock('bench'):
        try:
            cloud.credentials(PROJECT)
        except KeyError:
            bootstrap.project(cloud, PROJECT)
        user = api.Api(PROJECT, cloud)
        maker = scenario.Scenario(user, prefix='bench-')
        networks = user.get('network', '/v2.0/networks', name='bench-net')
        network = (networks['networks'] or [None])[0] or maker.network(
            'net', '10.30.0.0/22'
        )
        found = user.get('compute', '/servers')['servers']
        missing = {f'{number:03}' for number in range(count - len(ids))} - {
            server['name'].removeprefix('bench-') for server in found
        }
        found += maker.servers(
            {name: [{'uuid': network['id']}] for name in sorted(missing)}
        )
    ids += [server['id'] for server in found]
    return ids[:count]


def _cpu_time(cloud: embedded.Cloud) -> float:
    """Return the total CPU seconds that the services have used."""
    ticks = 0
    for process in cloud.processes().values():
        stat = pathlib.Path(f'/proc/{process.pid}/stat').read_text()
        # The name, field 2, is in parentheses and may contain spaces; utime
        # and stime are fields 14 and 15.
        fields = stat.rpartition(')')[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf('SC_CLK_TCK')
