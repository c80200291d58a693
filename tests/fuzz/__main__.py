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

"""``python -m tests.fuzz [<factor> [<test> ...]]``: fuzz for long, and count.

The unit tests do the same with a factor of one. The counts are written to
``counts.json``, and from there into the table of SECURITY.rst. A factor of
230 makes a million.

Without the name of a test, such as ``TestConfiguration``, all are run. The
counts of those that are not run stay as they are.
"""

from collections.abc import Sequence
import json
import os
import sys
import unittest

from tests.fuzz import cases
from tests.fuzz import table


def main(factor: int, names: Sequence[str]) -> int:
    """Run each target with this many times its usual examples.

    :param names: The tests to run; all if there are none.
    :returns: The exit status.
    """
    os.environ['FUZZ_FACTOR'] = str(factor)
    # Imported here, as it reads the factor.
    from tests.unit import test_fuzz

    loader = unittest.defaultTestLoader
    if names:
        suite = loader.loadTestsFromNames(names, test_fuzz)
    else:
        suite = loader.loadTestsFromModule(test_fuzz)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for what, count in sorted(cases.COUNTS.items()):
        print(f'{count:10,}  {what}')
    print(f'{cases.COUNTS.total():10,}  in all')
    if result.wasSuccessful():
        counts = {**json.loads(table.COUNTS.read_text()), **cases.COUNTS}
        table.COUNTS.write_text(
            json.dumps(counts, indent=2, sort_keys=True) + '\n'
        )
        table.write()
    return 0 if result.wasSuccessful() else 1


if __name__ == '__main__':
    factor = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    sys.exit(main(factor, sys.argv[2:]))
