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
from unittest import mock

import testtools

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import load_balancer
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces.owners import owner_details
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

ROUTER_ID = fake_cloud.identifier(20)


class TestOwnerDetails(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.network = fake_network.fake_network()
        self.network.way('routers', 'id').return_value = records.Answer([])
        self.cloud = mock.Mock(
            spec=api_cloud.Cloud,
            network=self.network,
            load_balancer=mock.create_autospec(
                load_balancer.LoadBalancerApi, instance=True
            ),
        )

    def add(
        self, wanted: facts.Fact = facts.Fact.DEVICE, **port: Any
    ) -> searches.Answer:
        query = addresses.parse_query('10.0.0.5')
        return owner_details.read(
            self.cloud,
            [searches.Match(query, 'fixed-ip', port=samples.port(11, **port))],
            wanted,
        )

    def test_the_router_of_a_port(self) -> None:
        """The router itself was not found by a query, but its port was."""
        for owner, device_id, expected in (
            ('network:router_interface', ROUTER_ID, [ROUTER_ID]),
            ('network:router_interface', 'no-id', []),
            ('network:dhcp', ROUTER_ID, []),
        ):
            with self.subTest(owner=owner, device_id=device_id):
                self.network.way('routers', 'id').reset_mock()
                self.add(device_owner=owner, device_id=device_id)
                ((ids,), _keywords) = self.network.way(
                    'routers', 'id'
                ).call_args
                self.assertEqual(expected, list(ids))

    def test_what_cannot_be_read(self) -> None:
        for error, failures, notices in (
            (errors.Forbidden('no'), [], ['Some values are missing: no']),
            (errors.ApiError('no'), ['Some values are missing: no'], []),
        ):
            with self.subTest(type(error).__name__):
                self.network.way('networks', 'id').side_effect = error
                answer = self.add(facts.Fact.NETWORK)
                self.assertEqual(
                    (1, failures, notices),
                    (len(answer.rows), answer.failures, answer.notices),
                )

    def test_a_refused_token_ends_it(self) -> None:
        self.network.way('networks', 'id').side_effect = errors.TokenRefused(
            'refused'
        )
        self.assertRaises(errors.TokenRefused, self.add, facts.Fact.NETWORK)
