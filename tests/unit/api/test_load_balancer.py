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

from osc_port_iface.api import errors
from osc_port_iface.api import load_balancer
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

URL = 'http://octavia.test'


class TestLoadBalancer(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_tokens('a-token', load_balancer_url=URL)
        self.load_balancer = self.api().load_balancer

    def test_each_is_shown(self) -> None:
        for number in (50, 51):
            identifier = fake_cloud.identifier(number)
            self.answer(
                f'{URL}/v2.0/lbaas/loadbalancers/{identifier}',
                {'json': {'loadbalancer': {'id': identifier, 'name': 'lb'}}},
            )
            self.assertEqual(
                records.LoadBalancer(identifier, 'lb'),
                self.load_balancer.show(
                    load_balancer.LOAD_BALANCERS, identifier
                ),
            )

    def test_what_is_no_id_is_not_asked_for(self) -> None:
        error = self.assertRaises(
            errors.NotFound,
            self.load_balancer.show,
            load_balancer.LOAD_BALANCERS,
            '../pools',
        )
        self.assertEqual('Load balancer ../pools: not an ID', str(error))
        self.assertEqual([], self.requested(URL))
