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

"""``python -m benchmarks [<name> …]``: measure, and write the README."""

import argparse
from collections.abc import Callable
import sys

from benchmarks import fleet
from benchmarks import journal
from benchmarks import memory
from benchmarks import overhead
from benchmarks import report
from benchmarks import single
from benchmarks import startup
from tests.cloud import embedded

BENCHMARKS: dict[str, Callable[[bool], report.Report]] = {
    'fleet': fleet.run,
    'overhead': overhead.run,
    'single': single.run,
    'startup': startup.run,
    'memory': memory.run,
    'journal': journal.run,
}

NEED_CLOUD = {'fleet', 'single', 'startup'}


def main() -> int:
    """Run the command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks',
        description='Run benchmarks, all by default, and put the results '
        'into benchmarks/README.rst.',
    )
    parser.add_argument('name', nargs='*', help=' '.join(BENCHMARKS))
    parser.add_argument(
        '--quick',
        action='store_true',
        help='see that they run, with small sizes; write nothing',
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.name) - set(BENCHMARKS):
        parser.error(f'no such benchmark: {" ".join(sorted(unknown))}')
    names = arguments.name or list(BENCHMARKS)
    needs_cloud = not NEED_CLOUD.isdisjoint(names)
    cloud = embedded.Cloud()
    was_brought_up = False
    command = ' '.join(['python -m benchmarks', *arguments.name])
    sections = {}
    try:
        if needs_cloud:
            was_brought_up = cloud.up()
        for name in names:
            print(f'Running {name} ...', file=sys.stderr, flush=True)
            section = BENCHMARKS[name](arguments.quick).rst(command)
            print(section, end='\n\n', flush=True)
            sections[name] = section
            if not arguments.quick:
                report.write(sections, list(BENCHMARKS))
    finally:
        if was_brought_up:
            cloud.down()
    return 0


if __name__ == '__main__':
    sys.exit(main())
