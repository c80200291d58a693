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

"""What is suggested to a user who mistypes."""

import testtools

from osc_port_iface.interfaces.selecting import suggestions


class TestDidYouMean(testtools.TestCase):
    def suggest(self, text: str, *known: str) -> str:
        return suggestions.did_you_mean(text, known)

    def test_most_similar(self) -> None:
        known = ('Server ID', 'Server Name', 'MAC Address', 'Fixed IPs', 'MTU')
        for text, suggested in (
            ('server nam', "'Server Name'"),
            ('SERVERNAME', "'Server Name'"),
            ('fixed ip', "'Fixed IPs'"),
            ('mac', "'MAC Address'"),
            ('address', "'MAC Address'"),
            ('mut', "'MTU'"),
            ('server', "'Server ID'"),
        ):
            with self.subTest(text):
                self.assertEqual(
                    f' Did you mean {suggested}?', self.suggest(text, *known)
                )

    def test_names(self) -> None:
        for name, known, suggested in (
            ('WEB-1', ['db', 'web-1'], "'web-1'"),
            ('web1', ['web-1', 'web-1'], "'web-1'"),
            ('web-3', ['web-1', 'web-2', 'db'], "'web-2' or 'web-1'"),
            ('web-1', ['\x1bweb-1'], "'\\x1bweb-1'"),
            ('db-1', ['db-1.prod.example.org'], "'db-1.prod.example.org'"),
        ):
            with self.subTest(name=name, known=known):
                self.assertEqual(
                    f' Did you mean {suggested}?', self.suggest(name, *known)
                )

    def test_nothing_is_similar(self) -> None:
        for text in ('', 'ip', 'i', 'quux', '\x1b', 'x' * 10_000):
            with self.subTest(text[:10]):
                self.assertEqual('', self.suggest(text, 'Fixed IPs', 'MTU'))
        self.assertEqual('', self.suggest('list'))
        self.assertEqual('', self.suggest('web', 'db', 'mail'))
