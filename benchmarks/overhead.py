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

"""What the plugin adds to a bare loop of keystoneauth requests."""

import json
import statistics

from benchmarks import loopback_cloud
from benchmarks import measure
from benchmarks import report
from tests import environments

# Seconds before each answer.
DELAY = 0.02

WALL_LIMIT = 1.15
CPU_LIMIT = 1.3


def run(quick: bool) -> report.Report:
    """Run both in one process of the client's environment, in turn."""
    servers, repetitions = (200, 3) if quick else (1000, 15)
    with loopback_cloud.LoopbackCloud(servers, DELAY) as cloud:
        output = measure.run(
            [
                environments.ensure('client') / 'python',
                '-m',
                'benchmarks.overhead_client',
                cloud.url,
                str(servers),
                str(repetitions),
            ],
            cloud.environment(),
        ).output
    rounds: list[dict[str, dict[str, float]]] = json.loads(output)
    wall, cpu = (
        statistics.median(
            taken['ours'][what] / taken['bare'][what] for taken in rounds
        )
        for what in ('wall', 'cpu')
    )
    return report.Report(
        'Overhead',
        f'The interfaces of {servers:,} servers, read by the service that '
        'the commands use (requests, retries, pace, records) and by a bare '
        'loop of ``keystoneauth1.session.Session.get`` that does not even '
        'decode the answers, both with 8 threads, from a loopback server that '
        f'answers after {DELAY * 1000:.0f} ms. Both ran {repetitions} times '
        'in turn; the values are medians, and medians of the ratios in each '
        'turn.',
        ('What', 'Wall (s)', 'CPU per request (ms)'),
        [
            (
                title,
                f'{_median(rounds, name, "wall"):.2f}',
                f'{_median(rounds, name, "cpu") / servers * 1000:.2f}',
            )
            for title, name in (
                ('service', 'ours'),
                ('bare loop', 'bare'),
            )
        ]
        + [('ratio', f'{wall:.2f}', f'{cpu:.2f}')],
        [
            report.Goal(
                f'At most {WALL_LIMIT} times the wall time of the bare loop',
                f'{wall:.2f}',
                wall <= WALL_LIMIT,
            ),
            report.Goal(
                f'At most {CPU_LIMIT} times its CPU time per request',
                f'{cpu:.2f}',
                cpu <= CPU_LIMIT,
            ),
        ],
    )


def _median(
    rounds: list[dict[str, dict[str, float]]], name: str, what: str
) -> float:
    return statistics.median(taken[name][what] for taken in rounds)
