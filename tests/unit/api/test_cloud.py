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

from keystoneauth1 import session as ksa_session
import requests
from requests import adapters
import testtools

from osc_port_iface.api import cloud
from osc_port_iface.api import fan_out


class OtherAdapter(ksa_session.TCPKeepAliveAdapter):
    """What the user's program may have mounted."""


class TestEnlarge(testtools.TestCase):
    def enlarged(self, adapter: adapters.BaseAdapter) -> requests.Session:
        session = requests.Session()
        session.mount('http://', adapter)
        cloud.enlarge_pools(session)
        return session

    def test_size_of_the_pools(self) -> None:
        session = ksa_session.Session().session
        cloud.enlarge_pools(session)
        for url in ('http://a.test/', 'https://a.test/'):
            adapter = session.get_adapter(url)
            assert isinstance(adapter, adapters.HTTPAdapter)
            for manager in (
                adapter.poolmanager,
                adapter.proxy_manager_for('http://proxy.test:3128'),
            ):
                with self.subTest(url, manager=type(manager)):
                    self.assertEqual(
                        fan_out.MOST_WORKERS,
                        manager.connection_from_url(url).pool.maxsize,
                    )

    def test_tls_settings(self) -> None:
        adapter = ksa_session.TCPKeepAliveAdapter()
        if not hasattr(adapter, 'tls_ciphers'):
            self.skipTest('this keystoneauth has no TLS settings')
        session = self.enlarged(
            ksa_session.TCPKeepAliveAdapter(
                tls_ciphers='ECDHE', tls_min_version='1.3'
            )
        )
        found: Any = session.adapters['http://']
        self.assertEqual(
            ('ECDHE', '1.3'), (found.tls_ciphers, found.tls_min_version)
        )

    def test_other_adapters_are_kept(self) -> None:
        for adapter in (OtherAdapter(), adapters.HTTPAdapter()):
            session = self.enlarged(adapter)
            self.assertIs(adapter, session.adapters['http://'])
