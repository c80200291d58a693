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

from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.interfaces.repair import claims
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

PORT = samples.port(11, '10.0.0.5', device=None)
TRUNK_ID = fake_cloud.identifier(501)


class TestClaims(testtools.TestCase):
    def read(
        self,
        *ports: records.Port,
        neighbours: tuple[records.Port, ...] = (),
        floating_ips: tuple[records.FloatingIP, ...] = (),
    ) -> dict[str, str]:
        api = fake_network.fake_network()
        api.way('floatingips').return_value = records.Answer(
            list(floating_ips)
        )
        api.way('ports', 'network_id').return_value = records.Answer(
            [*ports, *neighbours]
        )
        self.api = api
        return claims.read(mock.Mock(spec=api_cloud.Cloud, network=api), ports)

    def test_no_port_no_request(self) -> None:
        self.assertEqual({}, self.read())
        self.assertEqual([], self.api.mock_calls)

    def test_what_leads_to_a_port(self) -> None:
        pair = (records.AddressPair('10.0.0.5', None),)
        neighbour = samples.port(12, '10.0.0.6', address_pairs=pair)
        forwarding = records.PortForwarding(
            'tcp', '22', '10.0.0.5', '22', PORT.id
        )
        for name, port, others, expected in (
            ('nothing', PORT, {}, None),
            (
                'floating IP',
                PORT,
                {
                    'floating_ips': (
                        samples.floating_ip('203.0.113.5', 11, '10.0.0.5'),
                    )
                },
                'floating IP 203.0.113.5 leads to it',
            ),
            (
                'port forwarding',
                PORT,
                {
                    'floating_ips': (
                        samples.floating_ip(
                            *('203.0.113.5', None, None),
                            port_forwardings=(forwarding,),
                        ),
                    )
                },
                'floating IP 203.0.113.5 leads to it',
            ),
            (
                'address pair of a neighbour',
                PORT,
                {'neighbours': (neighbour,)},
                f'port {neighbour.id} has its address as an allowed address '
                'pair',
            ),
            (
                'address pair on another network',
                PORT,
                {
                    'neighbours': (
                        samples.port(
                            *(12, '10.0.0.6'),
                            address_pairs=pair,
                            network_id=fake_cloud.identifier(701),
                        ),
                    )
                },
                None,
            ),
            (
                'its own address pair',
                samples.port(11, '10.0.0.5', device=None, address_pairs=pair),
                {},
                None,
            ),
            (
                'trunk',
                samples.port(11, '10.0.0.5', device=None, trunk_id=TRUNK_ID),
                {},
                f'it is the parent port of trunk {TRUNK_ID}',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    {PORT.id: expected} if expected else {},
                    self.read(port, **others),
                )
