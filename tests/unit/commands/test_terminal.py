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

"""How a line is wrapped."""

import testtools

from osc_port_iface.commands import terminal


class TestWrap(testtools.TestCase):
    def test_addresses_stay_whole(self) -> None:
        for joint in (',', '@', '->', ' '):
            with self.subTest(joint):
                text = f'10.99.0.30{joint}2001:db8::5'
                self.assertEqual(
                    [f'10.99.0.30{joint}'.rstrip(), '2001:db8::5'],
                    terminal.wrap(text, 14),
                )
                self.assertEqual([text], terminal.wrap(text, 24))
