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

"""Peak memory of the client for 20,000 interfaces, in every format."""

from benchmarks import loopback_cloud
from benchmarks import measure
from benchmarks import report
from tests import environments

FORMATS = ('table', 'json', 'yaml', 'value', 'csv')

# MiB
LIMIT = 300


def run(quick: bool) -> report.Report:
    """List all servers of a cloud that answers immediately, in each format."""
    servers = 500 if quick else 10_000
    interfaces = servers * loopback_cloud.INTERFACES_PER_SERVER
    openstack = environments.ensure('client') / 'openstack'
    runs = {}
    with loopback_cloud.LoopbackCloud(servers, delay=0) as cloud:
        for name in FORMATS:
            runs[name] = measure.run(
                [openstack, 'server', 'interface', 'list', '-f', name],
                cloud.environment(),
            )
            # Each interface has a MAC address in every format.
            shown = runs[name].output.count(b'fa:16:3e:')
            if shown != interfaces:
                raise AssertionError(f'{name}: {shown} interfaces')
    highest = max(taken.peak for taken in runs.values())
    return report.Report(
        'Memory',
        f'``server interface list`` of {servers:,} servers with '
        f'{interfaces:,} interfaces, in pages of {loopback_cloud.PAGE:,} '
        'servers and with the default concurrency, from a loopback server '
        'that answers immediately. The peak is that of the resident memory of '
        'the client process.',
        ('Format', 'Peak (MiB)', 'Wall (s)', 'CPU (s)'),
        [
            (
                name,
                f'{taken.peak:.0f}',
                f'{taken.wall:.1f}',
                f'{taken.cpu:.1f}',
            )
            for name, taken in runs.items()
        ],
        [
            report.Goal(
                f'Under {LIMIT} MiB for every format',
                f'{highest:.0f} MiB at most',
                highest < LIMIT,
            )
        ],
    )
