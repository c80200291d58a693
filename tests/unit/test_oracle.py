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

from tests.oracle import table


class TestTable(testtools.TestCase):
    def test_only_the_table_of_the_page_is_replaced(self) -> None:
        before = table.PAGE.read_text()
        after = table.page(before, [('Pairs', '7')])
        self.assertIn(
            '.. list-table::\n\n   * - Pairs\n     - 7\n\nThese dis', after
        )
        start, _table, end = before.partition('.. _reach-compared:')
        self.assertTrue(after.startswith(start))
        self.assertEqual(
            end.partition('\n\nThese')[2], after.partition('\n\nThese')[2]
        )
