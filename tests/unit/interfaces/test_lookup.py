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

from collections.abc import Callable
import dataclasses
from typing import Any
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import load_balancer
from osc_port_iface.interfaces import lookup
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

ROUTER_ID = fake_cloud.identifier(20)

# All that can be asked about an interface.
ALL: tuple[Callable[..., object], ...] = (
    lookup.Lookup.port,
    lookup.Lookup.network,
    lookup.Lookup.subnets,
    lookup.Lookup.security_groups,
    lookup.Lookup.floating_ips,
    lookup.Lookup.port_forwardings,
    lookup.Lookup.qos_policy,
)


def row(
    port: int, server: int, known: records.Port | None = None
) -> records.ServerInterface:
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
        known,
    )


class TestInterfaces(api_test_case.ApiTestCase):
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
        self.rows = [row(11, 1), row(12, 2)]

    def look(self, with_rules: bool = False) -> lookup.Lookup:
        return lookup.Lookup(self.api(), self.rows, with_rules=with_rules)

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

    def test_each_is_read_once_for_all_rows(self) -> None:
        look = lookup.Lookup
        for method, expected in (
            (look.port, ['ports']),
            (look.binding, ['ports']),
            (look.network, ['networks']),
            (look.segments, ['networks']),
            # Without a policy, there is no request for it.
            (look.qos_policy, ['ports']),
            (look.subnets, ['subnets']),
            (look.security_groups, ['ports', 'security-groups']),
            (look.floating_ips, ['floatingips']),
            (look.port_forwardings, ['ports', 'floatingips']),
            (
                lambda look, _row: look.remote_groups,
                ['ports', 'security-groups'],
            ),
            (
                lambda look, _row: look.address_groups,
                ['ports', 'security-groups'],
            ),
        ):
            with self.subTest(expected=expected):
                self.cloud.reset_mock()
                found = self.look()
                self.assertEqual([], self.collections())
                for _again in range(2):
                    for one in self.rows:
                        method(found, one)
                self.assertEqual([], found.failures + found.notices)
                self.assertEqual(expected, self.collections())

    def test_nothing_for_no_rows(self) -> None:
        """Nor for what has no ID, as in Nova's cache."""
        bare = records.ServerInterface(
            records.Server(fake_cloud.identifier(1)),
            records.Interface(None, (records.FixedIP('10.0.0.1'),)),
        )
        self.rows = []
        look = self.look()
        for method in ALL:
            self.assertFalse(method(look, bare))
        self.rows = [bare]
        look = self.look()
        for method in ALL:
            self.assertFalse(method(look, bare))
        self.assertEqual([], self.cloud.requested())

    def test_all(self) -> None:
        look = self.look()
        first, second = self.rows
        ports = [look.port(first), look.port(second)]
        self.assertEqual(
            [fake_cloud.identifier(11), fake_cloud.identifier(12)],
            [port and port.id for port in ports],
        )
        network = look.network(first)
        assert network
        self.assertEqual('private', network.name)
        self.assertEqual(['v4'], [found.name for found in look.subnets(first)])
        self.assertEqual(
            ['default'],
            [found.name for found in look.security_groups(first)],
        )
        self.assertEqual(
            ['198.51.100.1'],
            [found.address for found in look.floating_ips(first)],
        )
        self.assertEqual([], look.floating_ips(second))
        self.assertEqual([], [*look.failures, *look.notices, *look.hidden])

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
                                2201, 22, 11, '10.0.0.1', **other
                            ),
                            fake_cloud.forwarding(
                                2202, 22, 12, '10.0.0.2', **other
                            ),
                        ],
                    ),
                    fake_cloud.floating_ip('198.51.100.3'),
                )
                look = self.look()
                self.assertEqual(
                    [
                        [('198.51.100.2', '2201')],
                        [('198.51.100.2', '2202')],
                    ],
                    [
                        [
                            (found.address, forwarding.external_port)
                            for found, forwarding in look.port_forwardings(one)
                        ]
                        for one in self.rows
                    ],
                )

    def test_port_that_is_known_is_not_read(self) -> None:
        known = records.Port(fake_cloud.identifier(11), 'n', None, ())
        self.rows[0] = dataclasses.replace(self.rows[0], port=known)
        look = self.look()
        self.assertIs(known, look.port(self.rows[0]))
        self.assertEqual([], self.collections())
        second = look.port(self.rows[1])
        assert second
        self.assertEqual(fake_cloud.identifier(12), second.id)

    def test_forbidden_is_a_notice(self) -> None:
        self.refuse('networks', 403)
        look = self.look()
        self.assertIsNone(look.network(self.rows[0]))
        self.assertEqual(1, len(look.subnets(self.rows[0])))
        self.assertEqual(
            (
                [],
                [
                    'Some values are missing: Networks: this is not allowed '
                    '(HTTP 403)'
                ],
            ),
            (look.failures, look.notices),
        )

    def test_failure_costs_its_own_values(self) -> None:
        self.refuse('networks', 500)
        look = self.look()
        self.assertIsNone(look.network(self.rows[0]))
        self.assertIsNone(look.network(self.rows[1]))
        self.assertEqual(1, len(look.subnets(self.rows[0])))
        self.assertEqual(1, len(look.failures))

    def test_refused_token_is_told_once(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        for collection in ('ports', 'networks', 'subnets', 'floatingips'):
            self.refuse(collection, 401)
        look = self.look(with_rules=True)
        for method in (*ALL, lookup.Lookup.project, lookup.Lookup.server):
            self.assertFalse(method(look, self.rows[0]))
        self.assertEqual((1, []), (len(look.failures), look.notices))
        self.assertEqual(2, self.token_requests())

    def test_hidden_binding(self) -> None:
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, **{'binding:vif_type': None}),
            fake_cloud.port(12, 2),
        )
        look = self.look()
        self.assertTrue(all(map(look.port, self.rows)))
        self.assertEqual(set(), look.hidden)
        for _again in range(2):
            self.assertEqual(
                [False, True],
                [look.binding(one) is not None for one in self.rows],
            )
        self.assertEqual(
            {
                'How ports are bound is not known: Neutron shows that to '
                'administrators only'
            },
            look.hidden,
        )

    def test_hidden_port(self) -> None:
        self.cloud.register_network('ports', fake_cloud.port(12, 2))
        look = self.look()
        self.assertEqual(
            [False, True], [look.port(one) is not None for one in self.rows]
        )
        self.assertEqual(
            {f'Port {fake_cloud.identifier(11)}: Neutron does not show it'},
            look.hidden,
        )
        self.assertEqual(([], []), (look.failures, look.notices))

    def test_what_was_not_read_is_not_hidden(self) -> None:
        """Neutron refuses it, gives a broken row, or was given up."""
        self.cloud.register_extensions('security-group')
        refused: dict[str, object] = {'status_code': 403}
        broken: dict[str, object] = {'json': {'ports': [{'id': 7}]}}
        for name, answer in (('refused', refused), ('broken', broken)):
            with self.subTest(name):
                self.answer(f'{api_test_case.NEUTRON_URL}/ports', answer)
                look = self.look()
                self.assertIsNone(look.port(self.rows[0]))
                self.assertEqual(set(), look.hidden)
        self.refuse('networks', 503)
        look = self.look()
        self.assertIsNone(look.network(self.rows[0]))
        self.assertIsNone(look.port(self.rows[0]))
        self.assertEqual(set(), look.hidden)
        known = samples.port(11, security_group_ids=('a',))
        self.rows[0] = dataclasses.replace(self.rows[0], port=known)
        look = self.look(with_rules=True)
        self.assertIsNone(look.network(self.rows[0]))
        self.assertEqual([], look.security_groups(self.rows[0]))
        self.assertEqual([], look.notices)

    def test_hidden_segments(self) -> None:
        self.cloud.register_network(
            'networks', {'id': fake_cloud.identifier(700), 'name': 'private'}
        )
        look = self.look()
        self.assertIsNotNone(look.network(self.rows[0]))
        self.assertEqual(set(), look.hidden)
        self.assertEqual((), look.segments(self.rows[0]))
        self.assertEqual(
            {
                'How networks are provided is not known: Neutron shows that '
                'to administrators only'
            },
            look.hidden,
        )


class TestOwners(testtools.TestCase):
    """What only the matches of ``find`` need."""

    def setUp(self) -> None:
        super().setUp()
        self.network = fake_network.fake_network()
        self.balancers = mock.create_autospec(
            load_balancer.LoadBalancerApi, instance=True
        )
        self.cloud = mock.Mock(
            spec=api_cloud.Cloud,
            network=self.network,
            load_balancer=self.balancers,
        )

    def test_the_router_of_a_port(self) -> None:
        router = records.Router(ROUTER_ID, 'gate')
        way = self.network.way('routers', 'id')
        way.return_value = records.Answer([router])
        for owner, device_id, expected in (
            ('network:router_interface', ROUTER_ID, router),
            ('network:router_interface', 'no-id', None),
            ('network:dhcp', ROUTER_ID, None),
        ):
            with self.subTest(owner=owner, device_id=device_id):
                way.reset_mock()
                port = samples.port(
                    11, device_owner=owner, device_id=device_id
                )
                rows = [row(11, 1, port)]
                look = lookup.Lookup(self.cloud, rows)
                self.assertEqual(expected, look.router(rows[0]))
                # Without an ID, nothing is requested.
                ids = [ROUTER_ID] if expected else []
                way.assert_called_once_with(ids)

    def test_a_load_balancer_that_cannot_be_read(self) -> None:
        port = samples.port(11, device_id=f'lb-{ROUTER_ID}')
        rows = [row(11, 1, port)]
        for error, failures in (
            (errors.Forbidden('no'), []),
            (errors.NotFound('no'), []),
            (errors.NotInCatalog('no'), []),
            (errors.RequestFailed('no'), ['no']),
        ):
            with self.subTest(type(error).__name__):
                self.balancers.show.side_effect = error
                look = lookup.Lookup(self.cloud, rows)
                self.assertIsNone(look.load_balancer(rows[0]))
                self.assertEqual((failures, []), (look.failures, look.notices))

    def test_a_service_that_is_gone_is_not_asked_again(self) -> None:
        networks = self.network.way('networks', 'id')
        networks.side_effect = errors.Unreachable('gone')
        rows = [row(11, 1)]
        look = lookup.Lookup(self.cloud, rows)
        self.assertIsNone(look.network(rows[0]))
        self.assertEqual([], look.subnets(rows[0]))
        self.network.way('subnets', 'id').assert_not_called()
        self.assertEqual(['Some values are missing: gone'], look.failures)
