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

"""The numbers in SECURITY.rst are up to date."""

import testtools

from tests.fuzz import table


class TestSecurity(testtools.TestCase):
    def test_table(self) -> None:
        """``python -m tests.fuzz.table`` writes it."""
        text = table.PAGE.read_text()
        self.assertIn('   * - Faults in the plan\n', text)
        self.assertEqual(table.page(text), text)
