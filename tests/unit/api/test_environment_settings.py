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

from typing import Any

import fixtures
import requests
import testtools

from osc_port_iface.api import environment_settings

PROXY = 'http://proxy.test:3128'


class TestRemember(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ('all_proxy', 'http_proxy', 'https_proxy', 'no_proxy'):
            self.set(name, None)
            self.set(name.upper(), None)
        self.session = requests.Session()
        environment_settings.remember(self.session)

    def set(self, name: str, value: str | None) -> None:
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def proxies(self, url: str) -> Any:
        """Return the proxies of a request, as Session.request asks."""
        return self.session.merge_environment_settings(
            url, {}, None, None, None
        )['proxies']

    def test_same_as_requests(self) -> None:
        self.set('http_proxy', PROXY)
        self.set('no_proxy', 'nova.test,127.0.0.1')
        self.set('REQUESTS_CA_BUNDLE', '/ca.pem')
        plain = requests.Session()
        for url in (
            'http://nova.test/v2.1',
            'http://nova.test:8774/',
            'https://nova.test/',
            'http://neutron.test/',
            'http://127.0.0.1:9696/v2.0/ports?a=b',
            'http://[::1]:9696/',
        ):
            for proxies, verify, cert in (
                ({}, None, None),
                ({}, False, None),
                ({}, '/own.pem', ('cert', 'key')),
                ({'http': 'http://other.test'}, True, None),
            ):
                with self.subTest(url, verify=verify):
                    expected, *found = (
                        session.merge_environment_settings(
                            url, dict(proxies), True, verify, cert
                        )
                        for session in (plain, self.session, self.session)
                    )
                    self.assertEqual([expected, expected], found)

    def test_environment_is_read_once_for_each_host(self) -> None:
        self.set('http_proxy', PROXY)
        self.assertEqual(PROXY, self.proxies('http://nova.test/a')['http'])
        self.set('http_proxy', None)
        self.assertEqual(PROXY, self.proxies('http://nova.test/b')['http'])
        self.assertEqual({}, self.proxies('http://neutron.test/'))

    def test_proxies_belong_to_the_request(self) -> None:
        self.proxies('http://nova.test/')['http'] = PROXY
        self.assertEqual({}, self.proxies('http://nova.test/'))

    def test_requests_go_to_the_proxy(self) -> None:
        # Nobody listens there.
        self.set('http_proxy', 'http://127.0.0.1:1')
        for _number in range(2):
            self.assertRaises(
                requests.exceptions.ProxyError,
                self.session.get,
                'http://nova.test/',
            )

    def test_once(self) -> None:
        before = self.session.merge_environment_settings
        environment_settings.remember(self.session)
        self.assertIs(before, self.session.merge_environment_settings)
