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

import io
import logging

import fixtures
import testtools

from osc_port_iface.api import wire_log


class TestWireLog(testtools.TestCase):
    def logged(self, level: int = logging.DEBUG) -> io.StringIO:
        """Collect the output of a handler of the root logger."""
        found = io.StringIO()
        handler = logging.StreamHandler(found)
        handler.setLevel(level)
        root = logging.getLogger()
        self.useFixture(
            fixtures.MonkeyPatch('logging.root.handlers', [handler])
        )
        self.addCleanup(root.setLevel, root.level)
        root.setLevel(logging.DEBUG)
        return found

    def test_parts(self) -> None:
        found = self.logged()
        wire_log.debug('REQ: %s %s', 'GET', 'http://a.test/b?c=%\x1b[2J')
        wire_log.debug(
            'RESP: [%d] %s',
            200,
            {'X-Subject-Token': 't', 'Set-Cookie': 'c="d"', 'A': 'b'},
        )
        self.assertEqual(
            'REQ: GET http://a.test/b?c=%\\x1b[2J\n'
            "RESP: [200] {'X-Subject-Token': '***', 'Set-Cookie': '***', "
            "'A': 'b'}\n",
            found.getvalue(),
        )

    def test_body(self) -> None:
        long = 'x' * 64 * 1024
        for name, content, expected in (
            ('empty', '', ''),
            ('text', '<p>\x1b[2J\n', '<p>\\x1b[2J\\n'),
            ('as long as it may be', long, long),
            ('longer', long + 'yy', long),
            ('password', '{"adminPass": "p"}', '{"adminPass": "***"}'),
            (
                'quotes in a password',
                '{"my_PASSword_2" : "p\\\\\\"q", "a": "b"}',
                '{"my_PASSword_2" : "***", "a": "b"}',
            ),
            ('other quotes', '{"secret": "p\'q"}', '{"secret": "***"}'),
            ('cut off', '{"secret": "p', '{"secret": "***'),
            (
                'user data',
                '{"OS-EXT-SRV-ATTR:user_data": "cA==", "a": "b"}',
                '{"OS-EXT-SRV-ATTR:user_data": "***", "a": "b"}',
            ),
        ):
            with self.subTest(name):
                found = self.logged()
                wire_log.debug('%s', content)
                self.assertEqual(f'{expected}\n', found.getvalue())

    def test_nothing_is_made_that_nobody_sees(self) -> None:
        found = self.logged(logging.INFO)
        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.printable.escape',
                lambda _text: self.fail('is made'),
            )
        )
        wire_log.debug('RESP BODY: %s', '{}')
        self.assertEqual('', found.getvalue())
