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

"""Other commands, with and without the plugin installed."""

from collections.abc import Callable
import math
import pathlib
import statistics

from benchmarks import measure
from benchmarks import report
from tests.cloud import embedded
from tests.cloud import fleet
from tests import environments

USER = 'fleet-b'

COMMANDS = ('openstack --version', 'openstack server list')

# cliff loads what an entry point names, and the package that it is in.
MODULES_LIMIT = 2

# Runs ``openstack``, and ends with a line of how many modules were imported.
COUNT = """
import sys
from openstackclient import shell
try:
    shell.main()
except SystemExit:
    pass
print(len(sys.modules))
"""


def run(quick: bool) -> report.Report:
    """Run each command in turn in two environments."""
    repetitions = 8 if quick else 25
    cloud = embedded.Cloud()
    fleet.ensure(cloud)
    without = environments.ensure('client.bare', install_plugin=False)
    plugin = environments.ensure_wheel('client.plugin')
    variables = {**cloud.environment(), 'OS_CLOUD': USER}
    rows = []
    goals = []
    for title in COMMANDS:
        program, *words = title.split()
        runs = measure.in_turn(
            {
                'without': ([without / program, *words], variables),
                'with': ([plugin / program, *words], variables),
            },
            repetitions,
        )
        fewer, more = (
            _modules(programs, words, variables)
            for programs in (without, plugin)
        )
        wall, cpu = (
            _Difference(runs, what)
            for what in (lambda run: run.wall, lambda run: run.cpu)
        )
        rows += [
            (f'``{title}``, wall (ms)', *wall.cells()),
            (f'``{title}``, CPU (ms)', *cpu.cells()),
            (
                f'``{title}``, modules',
                *(f'{fewer}', f'{more}', f'{more - fewer:+}', ''),
            ),
        ]
        goals += [
            report.Goal(
                f'No measurable difference in the times of ``{title}``',
                f'wall {wall.verdict()}, CPU {cpu.verdict()}',
                not wall.measurable and not cpu.measurable,
            ),
            report.Goal(
                f'At most {MODULES_LIMIT} more modules imported by '
                f'``{title}``',
                f'{more - fewer:+}',
                more - fewer <= MODULES_LIMIT,
            ),
        ]
    return report.Report(
        'Start-up',
        'Two environments that differ in the wheel of the plugin alone, '
        f'{repetitions} runs in turn; medians. The difference is the median '
        'of those within a turn, and the interval is where it lies with a '
        'confidence of at least 99 % (that of the sign test). A difference '
        'is measurable if the interval does not hold zero. The modules that '
        'are imported are counted, which is exact.',
        ('What', 'Without', 'With', 'Difference', 'Interval'),
        rows,
        goals,
    )


def _modules(
    programs: pathlib.Path, words: list[str], variables: dict[str, str]
) -> int:
    """Count what a command has imported when it ends."""
    output = measure.run(
        # -P keeps the checkout off the path.
        [programs / 'python', '-P', '-c', COUNT, *words],
        variables,
    ).output
    return int(output.split()[-1])


class _Difference:
    """What the plugin adds to one of the times of a command."""

    def __init__(
        self,
        runs: dict[str, list[measure.Run]],
        what: Callable[[measure.Run], float],
    ) -> None:
        self._medians = [
            statistics.median(map(what, runs[name])) * 1000
            for name in ('without', 'with')
        ]
        self._differences = sorted(
            (what(plugin) - what(without)) * 1000
            for without, plugin in zip(
                runs['without'], runs['with'], strict=True
            )
        )
        rank = _rank(len(self._differences))
        self._low = self._differences[rank]
        self._high = self._differences[-1 - rank]

    @property
    def measurable(self) -> bool:
        """Whether chance alone would hardly make such a difference."""
        return not self._low <= 0 <= self._high

    def verdict(self) -> str:
        """Say whether it is measurable."""
        return 'measurable' if self.measurable else 'not measurable'

    def cells(self) -> tuple[str, ...]:
        """Show all of it."""
        return (
            *(f'{median:.0f}' for median in self._medians),
            f'{statistics.median(self._differences):+.1f}',
            f'{self._low:+.0f} to {self._high:+.0f}',
        )


def _rank(count: int) -> int:
    """Tell how many of the least and of the greatest values may be left out.

    Each value is above the true median with a chance of one half.
    """
    rank, tail = 0, 1.0
    while tail <= 0.005 * 2**count:
        rank += 1
        tail += math.comb(count, rank)
    return max(rank - 1, 0)
