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

from osc_port_iface.interfaces.listing import filters
from osc_port_iface.interfaces.listing import listing
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud


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
        self,
        conditions: filters.InterfaceFilter,
        *failures: str,
    ) -> records.Answer[records.ServerInterface]:
        cloud = self.api()
        servers = [records.Server(fake_cloud.identifier(1))]
        return listing.choose_interfaces(
            cloud,
            records.Answer(servers, list(failures)),
            views.ComputeView(cloud).read(
                servers, lambda _total: lambda: None
            ),
            conditions,
        )

    def test_only_what_may_match_is_looked_up(self) -> None:
        for state, rows, requests in (('DOWN', 1, 1), ('BUILD', 0, 0)):
            with self.subTest(state):
                self.cloud.reset_mock()
                answer = self.list(
                    filters.InterfaceFilter(
                        port_state=state, vnic_type='normal'
                    )
                )
                self.assertEqual(
                    [fake_cloud.identifier(12)] * rows,
                    [row.port and row.port.id for row in answer.rows],
                )
                self.assertEqual(
                    requests, len(self.requested(fake_cloud.NETWORK_URL))
                )

    def test_failures_of_all_steps(self) -> None:
        self.answer(f'{api_test_case.NEUTRON_URL}/ports', {'status_code': 500})
        self.cloud.register_interfaces(
            fake_cloud.identifier(1), fake_cloud.attachment(11), {}
        )
        answer = self.list(
            filters.InterfaceFilter(vnic_type='normal'), 'of the selection'
        )
        self.assertEqual([], answer.rows)
        self.assertEqual(
            ('of the selection', 4),
            (answer.failures[0], len(answer.failures)),
        )
        self.assertTrue(answer.failures[1].startswith('Interfaces of server'))
        self.assertTrue(answer.failures[2].startswith('Some values are '))
        self.assertTrue(answer.failures[3].startswith('1 interfaces are left'))
