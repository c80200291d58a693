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

import dataclasses
from typing import Any

from osc_port_iface.interfaces import details
from osc_port_iface.interfaces import facts
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

Fact = facts.Fact


class TestRequests(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.1'),
            fake_cloud.port(12, 2, '10.0.0.2'),
        )
        self.cloud.register_network(
            'networks',
            {
                'id': fake_cloud.identifier(700),
                'name': 'private',
                'provider:network_type': 'vlan',
            },
        )
        self.cloud.register_network(
            'subnets', {'id': fake_cloud.identifier(900), 'name': 'v4'}
        )
        self.cloud.register_network(
            'security-groups',
            {'id': fake_cloud.identifier(800), 'name': 'default'},
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('198.51.100.1', 11)
        )
        self.rows = [self.row(11, 1), self.row(12, 2)]

    def row(self, port: int, server: int) -> records.ServerInterface:
        return records.ServerInterface(
            records.Server(fake_cloud.identifier(server)),
            records.Interface(
                port_id=fake_cloud.identifier(port),
                network_id=fake_cloud.identifier(700),
                mac_address=None,
                fixed_ips=(
                    records.FixedIP('10.0.0.1', fake_cloud.identifier(900)),
                ),
            ),
        )

    def read(
        self, wanted: facts.Fact
    ) -> records.Answer[records.ServerInterface]:
        return details.read(self.api().network, self.rows, wanted)

    def collections(self) -> list[str]:
        return [
            str(request.path).rpartition('/')[2]
            for request in self.requested(fake_cloud.NETWORK_URL)
        ]

    def refuse(self, collection: str, status: int) -> None:
        self.answer(
            f'{api_test_case.NEUTRON_URL}/{collection}',
            {'status_code': status},
        )

    def test_only_what_is_wanted(self) -> None:
        for wanted, expected in (
            (Fact.NOTHING, []),
            (Fact.TAG | Fact.PORT_ID, []),
            (Fact.PORT, ['ports']),
            (Fact.BINDING, ['ports']),
            (Fact.NETWORK_NAME, ['networks']),
            (Fact.NETWORK, ['networks']),
            (Fact.PROVIDER, ['networks']),
            # Without a policy, there is no request for it.
            (Fact.QOS_POLICY, ['ports']),
            (Fact.SUBNETS, ['subnets']),
            (Fact.SECURITY_GROUPS, ['ports', 'security-groups']),
            (Fact.RULES, ['ports', 'security-groups']),
            (
                Fact.RULES | Fact.SECURITY_GROUPS,
                ['ports', 'security-groups'],
            ),
            # Without remote groups, there is no request for them.
            (
                Fact.REMOTE_GROUPS | Fact.ADDRESS_GROUPS,
                ['ports', 'security-groups'],
            ),
            (Fact.FLOATING_IPS, ['floatingips']),
            (Fact.PORT_FORWARDINGS, ['ports', 'floatingips']),
            (
                facts.OF_NETWORK,
                [
                    *('ports', 'networks', 'subnets', 'security-groups'),
                    *('floatingips', 'floatingips'),
                ],
            ),
        ):
            with self.subTest(wanted=wanted):
                self.cloud.reset_mock()
                self.assertEqual([], self.read(wanted).failures)
                self.assertEqual(expected, self.collections())

    def test_nothing_for_no_rows(self) -> None:
        self.rows = []
        self.read(facts.OF_NETWORK)
        self.assertEqual([], self.collections())

    def test_all(self) -> None:
        answer = self.read(facts.OF_NETWORK)
        self.assertEqual([], answer.failures + answer.notices)
        first, second = (row.details for row in answer.rows)
        assert first.port and second.port and first.network
        self.assertEqual(
            [fake_cloud.identifier(11), fake_cloud.identifier(12)],
            [first.port.id, second.port.id],
        )
        self.assertEqual('private', first.network.name)
        self.assertEqual(['v4'], [subnet.name for subnet in first.subnets])
        self.assertEqual(
            ['default'], [group.name for group in first.security_groups]
        )
        self.assertEqual(
            ['198.51.100.1'], [found.address for found in first.floating_ips]
        )
        self.assertEqual((), second.floating_ips)

    def test_port_forwardings(self) -> None:
        hidden: dict[str, Any] = {'internal_port_id': None}
        for name, other in (('Neutron 29', {}), ('before 21', hidden)):
            with self.subTest(name):
                self.cloud.register_network(
                    'floatingips',
                    fake_cloud.floating_ip(
                        '198.51.100.2',
                        port_forwardings=[
                            fake_cloud.forwarding(
                                *(2201, 22, 11, '10.0.0.1'), **other
                            ),
                            fake_cloud.forwarding(
                                *(2202, 22, 12, '10.0.0.2'), **other
                            ),
                        ],
                    ),
                    fake_cloud.floating_ip('198.51.100.3'),
                )
                answer = self.read(Fact.PORT_FORWARDINGS)
                self.assertEqual(
                    [
                        [('198.51.100.2', '2201')],
                        [('198.51.100.2', '2202')],
                    ],
                    [
                        [
                            (found.address, forwarding.external_port)
                            for found in row.details.forwarding_floating_ips
                            for forwarding in found.port_forwardings
                        ]
                        for row in answer.rows
                    ],
                )

    def test_port_that_is_known_is_kept(self) -> None:
        known = records.Port(fake_cloud.identifier(11), 'n', None, ())
        self.rows[0] = dataclasses.replace(
            self.rows[0], details=records.Details(port=known)
        )
        first, second = self.read(Fact.PORT).rows
        self.assertIs(known, first.details.port)
        assert second.details.port
        self.assertEqual(fake_cloud.identifier(12), second.details.port.id)

    def test_forbidden_is_a_notice(self) -> None:
        self.refuse('networks', 403)
        answer = self.read(Fact.NETWORK | Fact.SUBNETS)
        self.assertEqual(
            (
                [],
                [
                    'Some values are missing: Networks: this is not allowed '
                    '(HTTP 403)'
                ],
            ),
            (answer.failures, answer.notices),
        )
        self.assertEqual(1, len(answer.rows[0].details.subnets))

    def test_failure_costs_its_own_values(self) -> None:
        self.refuse('networks', 500)
        answer = self.read(Fact.NETWORK | Fact.SUBNETS)
        self.assertEqual(1, len(answer.failures))
        self.assertEqual(1, len(answer.rows[0].details.subnets))

    def test_refused_token_is_told_once(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        for collection in ('ports', 'networks', 'subnets', 'floatingips'):
            self.refuse(collection, 401)
        answer = self.read(facts.OF_NETWORK)
        self.assertEqual((2, 1), (len(answer.rows), len(answer.failures)))
        self.assertEqual(2, self.token_requests())

    def test_hidden_binding_is_told(self) -> None:
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, **{'binding:vif_type': None}),
            fake_cloud.port(12, 2),
        )
        for wanted, expected in ((Fact.PORT, 0), (Fact.BINDING, 1)):
            with self.subTest(wanted=wanted):
                self.assertEqual(expected, len(self.read(wanted).notices))

    def test_hidden_provider_is_told(self) -> None:
        self.cloud.register_network(
            'networks', {'id': fake_cloud.identifier(700), 'name': 'private'}
        )
        for wanted, expected in ((Fact.NETWORK, 0), (Fact.PROVIDER, 1)):
            with self.subTest(wanted=wanted):
                self.assertEqual(expected, len(self.read(wanted).notices))
