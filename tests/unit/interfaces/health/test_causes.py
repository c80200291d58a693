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

from collections.abc import Sequence
from typing import Any


from osc_port_iface.api import errors
from osc_port_iface.interfaces.health import causes
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

AGENTS_URL = f'{fake_cloud.NETWORK_URL}/v2.0/agents'
SERVICES_URL = f'{fake_cloud.COMPUTE_URL}/os-services'


def finding(
    code: codes.Code, number: int = 11, **changes: Any
) -> findings.Finding:
    port = samples.port(number, '10.0.0.5', **changes)
    return findings.of_port(code, samples.server(port), port, '', '')


class TestCauses(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register_service()
        self.register_agents()
        self.cloud.register_network('networks')

    def register_service(
        self, state: str = 'up', status: str = 'enabled'
    ) -> None:
        self.cloud.get(
            SERVICES_URL,
            json={
                'services': [
                    {
                        'host': samples.HOST,
                        'binary': 'nova-compute',
                        'state': state,
                        'status': status,
                    }
                ]
            },
        )

    def register_agents(self, *agents: dict[str, Any]) -> None:
        self.cloud.register_network(
            'agents',
            *(
                {
                    'id': fake_cloud.identifier(number),
                    'host': samples.HOST,
                    'agent_type': 'Open vSwitch agent',
                    'alive': True,
                    'configurations': {'bridge_mappings': {'physnet1': 'br'}},
                    **agent,
                }
                for number, agent in enumerate(agents, 1)
            ),
        )

    def causes(self, *findings: findings.Finding) -> list[str | None]:
        answer = causes.add_causes(self.api(), findings)
        self.assertEqual([], answer.failures)
        self.assertEqual([], answer.notices)
        return [row.cause for row in answer.rows]

    def test_nothing_wrong_with_the_host(self) -> None:
        self.register_agents({})
        self.assertEqual([None], self.causes(finding(codes.Code.PORT_DOWN)))

    def test_network_agents(self) -> None:
        dead = {'alive': False}
        dhcp = {'agent_type': 'DHCP agent'}
        sriov = {'agent_type': 'NIC Switch agent'}
        # With ovn-controller, the others of a host count as dead.
        ovn = [
            {'agent_type': f'OVN {name} agent', **dead}
            for name in ('Controller Gateway', 'Metadata', 'Neutron')
        ]
        cases: tuple[tuple[str, Sequence[dict[str, Any]], str | None], ...] = (
            ('none', (), None),
            ('dead', (dead,), 'Open vSwitch agent'),
            ('dead, and another kind', (dead, dhcp), 'Open vSwitch agent'),
            ('another kind alone', ({**dhcp, **dead},), None),
            ('one of two', (dead, {}), None),
            (
                'both',
                (dead, {**sriov, **dead}),
                'NIC Switch agent, Open vSwitch agent',
            ),
            ('OVN', ovn, 'OVN Controller Gateway agent'),
        )
        for name, agents, kinds in cases:
            with self.subTest(name):
                self.register_agents(*agents)
                self.assertEqual(
                    [
                        kinds
                        and f'no live network agent on {samples.HOST} '
                        f'({kinds})'
                    ],
                    self.causes(finding(codes.Code.BINDING_FAILED)),
                )

    def test_network_that_the_host_does_not_reach(self) -> None:
        self.cloud.register_network(
            'networks',
            {
                'id': fake_cloud.identifier(700),
                'name': 'net',
                'provider:network_type': 'vlan',
                'provider:physical_network': 'physnet2',
            },
        )
        self.register_agents({})
        self.assertEqual(
            [f'{samples.HOST} has no segment of physical network physnet2'],
            self.causes(finding(codes.Code.BINDING_FAILED)),
        )
        for name, others, expected in (
            ('several', ['physnet3'], 'physnet2,physnet3'),
            ('a tunnel', [None], None),
            ('one that it reaches', ['physnet4'], None),
        ):
            with self.subTest(name=name):
                self.cloud.register_network(
                    'networks',
                    {
                        'id': fake_cloud.identifier(700),
                        'segments': [
                            {'provider:physical_network': physical}
                            for physical in ('physnet2', *others)
                        ],
                    },
                )
                self.register_agents(
                    {'configurations': {'bridge_mappings': {'physnet4': 'b'}}}
                )
                self.assertEqual(
                    [
                        expected
                        and f'{samples.HOST} has no segment of physical '
                        f'network {expected}'
                    ],
                    self.causes(finding(codes.Code.BINDING_FAILED)),
                )
        with self.subTest('the only one, which it reaches'):
            self.register_agents(
                {'configurations': {'bridge_mappings': {'physnet2': 'br'}}}
            )
            self.assertEqual(
                [None], self.causes(finding(codes.Code.BINDING_FAILED))
            )

    def test_nova_compute(self) -> None:
        down = f'nova-compute on {samples.HOST} is down'
        both = (
            finding(codes.Code.UNBOUND),
            finding(codes.Code.ADDRESS_DIFFERS),
        )
        self.register_service(state='down')
        self.assertEqual([down, down], self.causes(*both))
        # One that takes no new servers wires ports as before.
        self.register_service(status='disabled')
        self.assertEqual([None, 'Nova was not notified'], self.causes(*both))

    def test_disabled_port(self) -> None:
        """Neutron binds a disabled port like any other."""
        self.register_service(state='down')
        disabled = finding(codes.Code.UNBOUND, admin_state_up=False)
        self.assertEqual(
            [f'nova-compute on {samples.HOST} is down'], self.causes(disabled)
        )

    def test_a_refused_token_ends_it(self) -> None:
        self.cloud.get(AGENTS_URL, status_code=401, json={})
        self.assertRaises(
            errors.TokenRefused,
            causes.add_causes,
            self.api(),
            [finding(codes.Code.PORT_DOWN)],
        )

    def test_only_for_hosts_with_findings(self) -> None:
        hidden = samples.port(11, vif_type=None, host=None)
        self.assertEqual(
            [None, 'Nova was not notified'],
            self.causes(
                *(
                    findings.of_port(
                        code, samples.server(host=None), hidden, '', ''
                    )
                    for code in (
                        codes.Code.ORPHAN_PORT,
                        codes.Code.FLOATING_IP_DIFFERS,
                    )
                )
            ),
        )
        self.assertEqual([], self.cloud.requested())

    def test_one_request_for_all(self) -> None:
        self.causes(
            finding(codes.Code.PORT_DOWN), finding(codes.Code.UNBOUND, 12)
        )
        self.assertEqual(
            2,
            len(
                [
                    line
                    for line in self.cloud.requested()
                    if 'agents' in line or 'os-services' in line
                ]
            ),
        )

    def test_what_cannot_be_read(self) -> None:
        self.cloud.get(SERVICES_URL, status_code=403, json={})
        self.assertEqual([None], self.causes(finding(codes.Code.UNBOUND)))
        self.cloud.get(SERVICES_URL, status_code=404, json={})
        answer: records.Answer[findings.Finding] = causes.add_causes(
            self.api(), [finding(codes.Code.UNBOUND)]
        )
        self.assertEqual([None], [row.cause for row in answer.rows])
        self.assertEqual(
            [
                'Some causes are missing: Compute services: not found '
                '(HTTP 404)'
            ],
            answer.notices,
        )
