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

"""One server, against other commands that list its interfaces."""

import statistics

from benchmarks import measure
from benchmarks import report
from tests.cloud import embedded
from tests.cloud import fleet
from tests import environments
from tests.functional import recording_proxy

USER = 'fleet-a'

OURS = 'openstack server interface list'
OTHERS = ('openstack server volume list', 'openstack port list --server')
NOVA = 'nova interface-list'


def run(quick: bool) -> report.Report:
    """Run each command in turn, and once more to count its requests."""
    repetitions = 2 if quick else 15
    cloud = embedded.Cloud()
    server = fleet.ensure(cloud).servers[USER][0]['id']
    client = environments.ensure('client')
    variables = {**cloud.environment(), 'OS_CLOUD': USER}
    # python-novaclient does not read clouds.yaml.
    credentials = {
        f'OS_{name.upper()}': value
        for name, value in cloud.credentials(USER).items()
    }
    programs: dict[str, tuple[measure.Command, dict[str, str]]] = {
        title: ([client / program, *words, server], variables)
        for title in (OURS, *OTHERS)
        for program, *words in [title.split()]
    }
    programs[NOVA] = (
        [environments.ensure('newest') / 'nova', 'interface-list', server],
        {**cloud.environment(), **credentials},
    )
    requests = {
        title: _requests(*program) for title, program in programs.items()
    }
    runs = measure.in_turn(programs, repetitions)
    # Per round, as a disturbance usually affects neighbouring runs alike.
    ratios = {
        title: statistics.median(
            ours.wall / other.wall
            for ours, other in zip(runs[OURS], runs[title], strict=True)
        )
        for title in programs
    }
    slowest = max(ratios[title] for title in OTHERS)
    fewest = min(requests[title] for title in OTHERS)
    return report.Report(
        'One server',
        'A server with two interfaces, listed by a member of its project in '
        'the embedded cloud. The values are medians of whole processes, which '
        f'ran {repetitions} times each in turn. The last column is the median '
        'ratio of our wall time to theirs. The requests include those for '
        'authentication.',
        ('Command', 'Requests', 'Wall (s)', 'CPU (s)', 'Ours/theirs'),
        [
            (
                f'``{title}``',
                f'{requests[title]}',
                f'{statistics.median(run.wall for run in runs[title]):.2f}',
                f'{statistics.median(run.cpu for run in runs[title]):.2f}',
                '' if title == OURS else f'{ratios[title]:.2f}',
            )
            for title in programs
        ],
        [
            report.Goal(
                'The fewest requests of the ``openstack`` commands',
                f'{requests[OURS]} against {fewest} or more',
                requests[OURS] < fewest,
            ),
            report.Goal(
                'No slower than any ``openstack`` command',
                f'{slowest:.2f} times their wall time at most',
                slowest <= 1,
            ),
        ],
    )


def _requests(command: measure.Command, variables: dict[str, str]) -> int:
    """Count the requests of a run through a proxy, which is not timed."""
    proxy = recording_proxy.RecordingProxy()
    try:
        measure.run(
            command,
            {
                **variables,
                'http_proxy': proxy.url,
                'no_proxy': '',
                'NO_PROXY': '',
            },
        )
    finally:
        proxy.close()
    return len(proxy.requests)
