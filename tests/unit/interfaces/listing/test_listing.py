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

import contextlib

from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces.listing import filters
from osc_port_iface.interfaces.listing import listing
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

Fact = facts.Fact


class TestListing(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_servers(
            fake_cloud.server(
                1,
                'web',
                addresses={'private': [fake_cloud.cached(11, '10.0.0.1')]},
            )
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(11, '10.0.0.1'),
            fake_cloud.attachment(12, port_state='DOWN'),
        )
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1), fake_cloud.port(12, 1)
        )
        self.cloud.register_network(
            'networks', {'id': fake_cloud.identifier(700), 'name': 'private'}
        )

    def list(
        self, view: type[views.View], request: listing.Request
    ) -> records.Answer[records.ServerInterface]:
        cloud = self.api()
        return listing.list_interfaces(
            cloud,
            view(cloud),
            request,
            lambda _total: contextlib.nullcontext(lambda: None),
        )

    def test_asks_neutron_for_what_the_view_lacks(self) -> None:
        for view, needed, expected in (
            (views.ComputeView, Fact.NOTHING, 0),
            (views.ComputeView, Fact.PORT_ID | Fact.TAG, 0),
            (views.ComputeView, Fact.PORT, 1),
            (views.ComputeView, Fact.PORT | Fact.NETWORK, 2),
            (views.NetworkView, Fact.NOTHING, 1),
            (views.NetworkView, Fact.PORT | Fact.TAG, 1),
            (views.NetworkView, Fact.NETWORK, 2),
            (views.CacheView, Fact.NETWORK, 0),
            (views.CacheView, Fact.PORT | Fact.SECURITY_GROUPS, 0),
        ):
            with self.subTest(view=view.__name__, needed=needed):
                self.cloud.reset_mock()
                answer = self.list(view, listing.Request(needed=needed))
                self.assertEqual([], answer.failures + answer.notices)
                self.assertEqual(
                    expected, len(self.requested(fake_cloud.NETWORK_URL))
                )

    def test_only_what_is_wanted_is_looked_up(self) -> None:
        for state, rows, requests in (('DOWN', 1, 1), ('BUILD', 0, 0)):
            with self.subTest(state):
                self.cloud.reset_mock()
                answer = self.list(
                    views.ComputeView,
                    listing.Request(
                        wanted=filters.InterfaceFilter(port_state=state),
                        needed=Fact.PORT,
                    ),
                )
                self.assertEqual(rows, len(answer.rows))
                self.assertEqual(
                    requests, len(self.requested(fake_cloud.NETWORK_URL))
                )

    def test_failures_of_all_steps(self) -> None:
        self.answer(
            f'{api_test_case.NEUTRON_URL}/networks', {'status_code': 500}
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(1), fake_cloud.attachment(11), {}
        )
        answer = self.list(
            views.ComputeView,
            listing.Request(('web', 'gone'), needed=Fact.NETWORK),
        )
        self.assertEqual((1, 3), (len(answer.rows), len(answer.failures)))
