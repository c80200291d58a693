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

"""The numbers of SECURITY.rst are those of what is there."""

import json

import testtools

from tests import environments
from tests.faults import plan
from tests.fuzz import cases
from tests.unit.commands import test_argument_safety

COUNTS = environments.CHECKOUT / 'tests' / 'fuzz' / 'counts.json'


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
        (
            'Unsafe texts as each argument of each command',
            len(test_argument_safety.UNSAFE_ARGUMENTS),
        ),
    ]


class TestSecurity(testtools.TestCase):
    def test_table(self) -> None:
        text = (environments.CHECKOUT / 'SECURITY.rst').read_text()
        for what, count in rows():
            self.assertIn(f'   * - {what}\n     - {count:,}\n', text)
