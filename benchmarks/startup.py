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

"""The cost of the plugin to other commands, which is its import."""

import json
import pathlib
import statistics
import tempfile

from benchmarks import measure
from benchmarks import report
from tests.cloud import embedded
from tests.cloud import fleet
from tests import environments

USER = 'fleet-b'

# Milliseconds of CPU for the import.
LIMIT = 20

# Runs ``openstack``, and prints a last line with its imports.
TRACE = """
import json
import sys
from openstackclient import shell
try:
    shell.main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""

# Imports what a command imports without the plugin, and then the modules of
# the plugin's entry points. Prints the milliseconds of CPU for the latter.
IMPORT = """
import contextlib
import importlib
import importlib.metadata
import json
import sys
import time
from openstackclient import shell
for name in json.load(open(sys.argv[1])):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
modules = {
    point.module
    for point in importlib.metadata.distribution('osc-port-iface').entry_points
}
start = time.process_time()
for name in modules:
    importlib.import_module(name)
print((time.process_time() - start) * 1000)
"""


def run(quick: bool) -> report.Report:
    """Count the modules of other commands, and time the import of ours."""
    repetitions = 5 if quick else 25
    cloud = embedded.Cloud()
    fleet.ensure(cloud)
    without = environments.ensure('client.bare', install_plugin=False)
    plugin = environments.ensure_wheel('client.plugin')
    variables = {**cloud.environment(), 'OS_CLOUD': USER}
    rows = []
    imported: dict[str, list[str]] = {}
    added: dict[str, int] = {}
    for command in ('openstack --version', 'openstack server list'):
        words = command.split()[1:]
        imported[command] = _modules(without, words, variables)
        count = len(_modules(plugin, words, variables))
        added[command] = count - len(imported[command])
        rows.append(
            (
                f'``{command}``, modules',
                f'{len(imported[command])}',
                f'{count}',
                f'{added[command]:+}',
            )
        )
    with tempfile.NamedTemporaryFile('w') as names:
        json.dump(imported['openstack server list'], names)
        names.flush()
        times = [
            float(
                measure.run(
                    [plugin / 'python', '-P', '-c', IMPORT, names.name],
                    variables,
                ).output
            )
            for _number in range(repetitions)
        ]
    median = statistics.median(times)
    rows.append(
        (
            '``openstack server list``, import of the plugin (ms of CPU)',
            '0',
            f'{median:.1f}',
            f'{min(times):.1f} to {max(times):.1f}',
        )
    )
    return report.Report(
        'Start-up',
        'Two environments that differ only in the wheel of the plugin. The '
        'modules that a command imports are counted, which is exact. For the '
        'CPU time, everything that ``openstack server list`` imports without '
        'the plugin is imported first, and then the modules of the '
        f"plugin's entry points, in {repetitions} runs; their median counts.",
        ('What', 'Without', 'With', 'Difference'),
        rows,
        [
            report.Goal(
                'No additional modules for ``openstack --version``',
                f'{added["openstack --version"]:+}',
                added['openstack --version'] == 0,
            ),
            report.Goal(
                f'At most {LIMIT} ms of import for other commands',
                f'{median:.1f}',
                median <= LIMIT,
            ),
        ],
    )


def _modules(
    programs: pathlib.Path, words: list[str], variables: dict[str, str]
) -> list[str]:
    """Return the modules that a command has imported when it ends."""
    output = measure.run(
        # -P keeps the checkout off the path.
        [programs / 'python', '-P', '-c', TRACE, *words],
        variables,
    ).output
    modules: list[str] = json.loads(output.splitlines()[-1])
    return modules
