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

"""Tests API objects with keystoneauth and openstacksdk, without a shell."""

from keystoneauth1 import plugin
from keystoneauth1 import session
from openstack import config as sdk_config
import requests_mock
import testtools

from osc_port_iface.api import cloud
from osc_port_iface.api import credentials
from osc_port_iface.api import service
from osc_port_iface.api import transport
from tests.unit import clock
from tests.unit import fake_cloud

SERVERS_URL = f'{fake_cloud.COMPUTE_URL}/servers'
NEUTRON_URL = f'{fake_cloud.NETWORK_URL}/v2.0'
TOKENS_URL = f'{fake_cloud.AUTH_URL}/auth/tokens'


class ApiTestCase(testtools.TestCase):
    """Has a fake cloud, and a clock that only advances in sleep."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.cloud = fake_cloud.FakeCloud()
        self.cloud.register_authentication()
        self.cloud.register_compute_versions()

    def session(
        self, auth: plugin.BaseAuthPlugin | None = None
    ) -> session.Session:
        """Make a session, with a password by default."""
        made: session.Session = self.cloud.adapter('compute').session
        if auth is not None:
            made.auth = auth
        return made

    def region(
        self, auth: plugin.BaseAuthPlugin | None = None, **settings: object
    ) -> sdk_config.cloud_region.CloudRegion:
        """Make a region such as OSC's, with settings of clouds.yaml."""
        return sdk_config.cloud_region.CloudRegion(
            'fake',
            'RegionOne',
            config={**sdk_config.defaults.get_defaults(), **settings},
            session=self.session(auth),
        )

    def api(
        self, auth: plugin.BaseAuthPlugin | None = None, **config: object
    ) -> cloud.Cloud:
        """Make the services of the fake cloud."""
        return cloud.Cloud(self.region(auth, **config))

    def connect(
        self,
        region: sdk_config.cloud_region.CloudRegion,
        service_type: str = 'compute',
        version: str = 'v2.1',
    ) -> transport.Transport:
        """Make a transport to a service of a region."""

        class Connected(service.Service):
            TYPE = service_type
            VERSION = version

        held = credentials.Credentials(region.get_session())
        return Connected(region, held).transport

    def transport(
        self, auth: plugin.BaseAuthPlugin | None = None
    ) -> transport.Transport:
        """Make a transport to Nova."""
        adapter = self.cloud.adapter('compute')
        if auth is not None:
            adapter.session.auth = auth
        return transport.Transport(
            adapter,
            credentials.Credentials(adapter.session),
            fake_cloud.COMPUTE_URL,
        )

    def answer(self, url: str, *answers: dict[str, object]) -> None:
        """Answer successive GET requests, repeating the last answer."""
        self.cloud.get(url, list(answers) or [{'json': {}}])

    def requested(
        self, url: str
    ) -> list[requests_mock.request._RequestObjectProxy]:
        """Return the requests whose URL begins with this."""
        return [
            request
            for request in self.cloud.request_history
            if str(request.url).startswith(url)
        ]

    def queries(self, url: str) -> list[dict[str, list[str]]]:
        """Return the queries of the requests whose URL begins with this."""
        return [request.qs for request in self.requested(url)]

    def token_requests(self) -> int:
        """Count the tokens that were requested from Keystone."""
        return self.cloud.requested().count(f'POST {TOKENS_URL}')
