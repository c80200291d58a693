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

"""``python -m tests.fuzz [<factor>]``: fuzz for long, and count.

The unit tests do the same with a factor of one. The counts are written to
``counts.json``, and from there into the table of SECURITY.rst. A factor of
230 makes a million.
"""

import json
import os
import sys
import unittest

from tests.fuzz import cases
from tests.fuzz import table


def main(factor: int) -> int:
    """Run each target with this many times its usual examples.

    :returns: The exit status.
    """
    os.environ['FUZZ_FACTOR'] = str(factor)
    # Imported here, as it reads the factor.
    from tests.unit import test_fuzz

    suite = unittest.defaultTestLoader.loadTestsFromTestCase(
        test_fuzz.TestFuzz
    )
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for what, count in sorted(cases.COUNTS.items()):
        print(f'{count:10,}  {what}')
    print(f'{cases.COUNTS.total():10,}  in all')
    if result.wasSuccessful():
        table.COUNTS.write_text(
            json.dumps(dict(cases.COUNTS), indent=2, sort_keys=True) + '\n'
        )
        table.write()
    return 0 if result.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
