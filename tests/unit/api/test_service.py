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

from keystoneauth1 import fixture
from keystoneauth1 import noauth
from keystoneauth1 import token_endpoint
import requests_mock

from osc_port_iface.api import errors
from osc_port_iface.api import service
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

PROJECT = fake_cloud.PROJECT_ID


class TestVersioned(api_test_case.ApiTestCase):
    def test_all_shapes(self) -> None:
        for name, url, project_id, expected in (
            ('unversioned', 'http://nova', None, 'http://nova/v2.1'),
            ('slash', 'http://nova/', None, 'http://nova/v2.1'),
            ('same', 'http://nova/v2.1', None, 'http://nova/v2.1'),
            ('older', 'http://nova/v2', None, 'http://nova/v2.1'),
            ('slash behind', 'http://nova/v2/', None, 'http://nova/v2.1'),
            ('port', 'http://nova:8774/v3', None, 'http://nova:8774/v2.1'),
            ('prefix', 'http://a/compute', None, 'http://a/compute/v2.1'),
            (
                'prefix and version',
                'http://a/compute/v2',
                None,
                'http://a/compute/v2.1',
            ),
            (
                'prefix like a version',
                'http://a/v1/compute',
                None,
                'http://a/v1/compute/v2.1',
            ),
            (
                'two versions',
                'http://a/v1/compute/v2',
                None,
                'http://a/v1/compute/v2.1',
            ),
            (
                'project',
                f'http://a/v2/{PROJECT}',
                PROJECT,
                f'http://a/v2.1/{PROJECT}',
            ),
            (
                'project that is not known',
                f'http://a/v2.1/{PROJECT}',
                None,
                f'http://a/v2.1/{PROJECT}',
            ),
            (
                'project of another form',
                'http://a/v2/12(3',
                '12(3',
                'http://a/v2.1/12(3',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    expected, service.versioned(url, 'v2.1', project_id)
                )


class TestConnect(api_test_case.ApiTestCase):
    def url_of(self, service_type: str, version: str, **config: str) -> str:
        """Return the URL to which a request for a service is sent."""
        region = self.region(None, **config)
        self.cloud.get(requests_mock.ANY, json={})
        self.connect(region, service_type, version).get('/x', '')
        return str(self.cloud.request_history[-1].url).removesuffix('/x')

    def test_where_it_is(self) -> None:
        for name, config, expected in (
            ('catalog', {}, f'{fake_cloud.NETWORK_URL}/v2.0'),
            (
                'override',
                {'network_endpoint_override': 'http://inside.test:9696/'},
                'http://inside.test:9696/v2.0',
            ),
            (
                'override with a project',
                {'network_endpoint_override': 'http://a.test/%(project_id)s'},
                f'http://a.test/{PROJECT}/v2.0',
            ),
            (
                'override with a version and a tenant',
                {
                    'network_endpoint_override': (
                        'http://a.test/v2/$(tenant_id)s'
                    )
                },
                f'http://a.test/v2.0/{PROJECT}',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    expected, self.url_of('network', 'v2.0', **config)
                )

    def test_no_discovery(self) -> None:
        self.url_of('compute', 'v2.1')
        self.assertEqual([], self.requested(fake_cloud.NETWORK_URL))
        self.assertEqual(
            [f'{fake_cloud.COMPUTE_URL}/x'],
            [str(r.url) for r in self.requested(fake_cloud.COMPUTE_URL)],
        )

    def test_token_without_scope(self) -> None:
        self.cloud.post(
            api_test_case.TOKENS_URL,
            json=fixture.V3Token(),
            headers={'X-Subject-Token': 'unscoped'},
        )
        error = self.assertRaises(
            errors.NotInCatalog, self.url_of, 'network', 'v2.0'
        )
        self.assertEqual(
            'The service catalog is empty; the token is not scoped to a '
            'project, and interfaces need one that is',
            str(error),
        )

    def test_without_a_catalog(self) -> None:
        for name, auth, token in (
            ('none', noauth.NoAuth('http://a.test'), 'notused'),
            (
                'admin_token',
                token_endpoint.Token('http://a.test', 'given'),
                'given',
            ),
        ):
            with self.subTest(name):
                self.answer('http://a.test/v2.1/x', {'json': {}})
                region = self.region(
                    auth, compute_endpoint_override='http://a.test'
                )
                self.connect(region).get('/x', 'Thing')
                headers = self.cloud.last_headers
                self.assertEqual(token, headers.get('X-Auth-Token'))

    def test_neither_a_catalog_nor_an_endpoint(self) -> None:
        region = self.region(noauth.NoAuth())
        error = self.assertRaises(
            errors.NotInCatalog,
            self.connect,
            region,
            'network',
            'v2.0',
        )
        self.assertEqual('The catalog has no network service.', str(error))

    def test_not_in_the_catalog(self) -> None:
        self.cloud.register_tokens('a-token', network_url='')
        region = self.region()
        error = self.assertRaises(
            errors.ApiError,
            self.connect,
            region,
            'network',
            'v2.0',
        )
        self.assertIn('network service in RegionOne region', str(error))
