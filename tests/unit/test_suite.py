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

import testtools

from tests import suite


class TestCount(testtools.TestCase):
    TOTALS = '\n======\nTotals\n======\nRan: 9 tests in 1 sec.\n'

    def test_what_passed_and_what_failed(self) -> None:
        tests = f'{self.TOTALS} - Passed: 7\n - Skipped: 1\n - Failed: 1\n'
        crashed = f'{self.TOTALS} - Passed: 9\n - Failed: 0\n'
        for name, commands, success, expected in (
            ('commands', [('', 0), ('', 0)], True, (2, 0)),
            ('a command that fails', [('', 0), ('', 1)], False, (1, 1)),
            ('tests', [(tests, 1)], False, (7, 1)),
            ('a runner that fails by itself', [(crashed, 1)], False, (9, 1)),
            ('no environment to run them in', [], False, (0, 1)),
        ):
            with self.subTest(name):
                environment = {
                    'result': {'success': success},
                    'test': [
                        {'output': output, 'retcode': status}
                        for output, status in commands
                    ],
                }
                self.assertEqual(expected, suite.count(environment))
