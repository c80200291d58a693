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

"""``python -m tests.fuzz.table``: write what was tried into SECURITY.rst."""

import json
import pathlib
import re

from tests import environments
from tests.faults import plan
from tests.fuzz import cases
from tests.unit.commands import test_argument_safety

COUNTS = pathlib.Path(__file__).with_name('counts.json')

PAGE = environments.CHECKOUT / 'SECURITY.rst'

_TABLE = re.compile(r'[.][.] list-table::\n.*?(?=\n\n[^ ])', re.DOTALL)


def rows() -> list[tuple[str, int]]:
    """Count what was tried."""
    lines = plan.cases()
    counts: dict[str, int] = json.loads(COUNTS.read_text())
    return [
        ('Faults in the plan', len(lines)),
        (
            'of these, with the real program against the embedded cloud',
            sum(case.run != 'shell' for case in lines),
        ),
        ('Readers of answers that are fuzzed', len(cases.READERS)),
        *(
            (f'Fuzzed: {what}', count)
            for what, count in sorted(counts.items())
        ),
        ('Fuzzed in all', sum(counts.values())),
        (
            'Unsafe texts as each argument of each command',
            len(test_argument_safety.UNSAFE_ARGUMENTS),
        ),
    ]


def page(found: str) -> str:
    """Return the text of the page, with an up-to-date table."""
    lines = [
        '.. list-table::',
        '   :header-rows: 1',
        '',
        '   * - What',
        '     - Cases',
    ]
    for what, count in rows():
        lines += [f'   * - {what}', f'     - {count:,}']
    return _TABLE.sub('\n'.join(lines), found, count=1)


def write() -> None:
    """Write the table."""
    PAGE.write_text(page(PAGE.read_text()))


if __name__ == '__main__':
    write()
