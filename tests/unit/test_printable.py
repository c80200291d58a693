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

from osc_port_iface import printable


class TestPrintable(testtools.TestCase):
    def test_plain_text_is_unchanged(self) -> None:
        for text in ('', 'web-1', '10.0.0.5', 'naïve-Ünïcode 東京 🚀', 'a\\b'):
            self.assertEqual(text, printable.escape(text))

    def test_what_a_terminal_acts_on_is_escaped(self) -> None:
        for character, escaped in (
            ('\x1b', '\\x1b'),
            ('\x9b', '\\x9b'),
            ('\n', '\\n'),
            ('\x7f', '\\x7f'),
            ('\u202e', '\\u202e'),
            ('\u2066', '\\u2066'),
            ('\u200f', '\\u200f'),
            ('\u2028', '\\u2028'),
            ('\ud800', '\\ud800'),
            ('\U000e0001', '\\U000e0001'),
        ):
            self.assertEqual(
                f'a{escaped}b', printable.escape(f'a{character}b')
            )

    def test_one_line(self) -> None:
        self.assertEqual('a b c', printable.one_line(' a\n\tb  c\r\n'))
        self.assertEqual('x' * 7 + '...', printable.one_line('x' * 99, 10))
