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

"""Cases that the tests of ``server interface find`` do not cover."""

import functools
from unittest import mock

import testtools

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.interfaces.owners import find
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network

QUERY = addresses.parse_address('10.0.0.5')


def port(
    number: int,
    *fixed_ips: str,
    vif_type: str | None = None,
    address_pairs: tuple[records.AddressPair, ...] = (),
) -> records.Port:
    return records.Port(
        id=fake_cloud.identifier(number),
        network_id=fake_cloud.identifier(700),
        mac_address=f'fa:16:3e:00:00:{number:02x}',
        fixed_ips=tuple(map(records.FixedIP, fixed_ips)),
        vif_type=vif_type,
        address_pairs=address_pairs,
    )


class TestFind(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.network = fake_network.fake_network()
        self.cloud = mock.Mock(spec=api_cloud.Cloud, network=self.network)
        self.direct = (
            self.network.way('floatingips', 'address'),
            self.network.way('ports', 'id'),
            self.network.way('ports', 'ip_address'),
            self.network.way('ports', 'mac_address'),
        )
        self.indirect = (
            self.network.way('routers'),
            self.network.way('subnets'),
            self.network.way('ports', 'network_id'),
        )
        for method in (
            *self.direct,
            *self.indirect,
            self.network.way('routers', 'id'),
            self.network.way('subnets', 'id'),
            self.network.way('trunks'),
        ):
            method.return_value = records.Answer([])
        self.network.way('subnets').return_value = records.Answer(
            [
                records.Subnet(
                    fake_cloud.identifier(900),
                    name=None,
                    network_id=fake_cloud.identifier(700),
                    cidr='10.0.0.0/24',
                )
            ]
        )

    def find(self, *texts: str) -> searches.Search:
        search = searches.Search(
            cloud=self.cloud, queries=[*map(addresses.parse_query, texts)]
        )
        find.find(search)
        return search

    def test_broken_items_are_failures(self) -> None:
        methods = (*self.direct, *self.indirect)
        for number, method in enumerate(methods):
            method.return_value.failures.append(f'broken {number}')
        self.assertEqual(
            {f'broken {number}' for number in range(len(methods))},
            set(self.find('10.0.0.5').failures),
        )

    def test_cannot_tell_what_matches_nothing(self) -> None:
        """Anything may be what could not be read."""
        text = (
            "cannot tell whether '10.0.0.9' matches anything: not everything "
            'could be read'
        )
        self.network.way('ports', 'ip_address').return_value = records.Answer(
            [port(1, '10.0.0.100')]
        )
        ways = (*self.direct, *self.indirect, self.network.way('trunks'))
        for way in ways:
            with self.subTest(way._mock_name, how='broken item'):
                way.return_value.failures.append('broken')
                self.assertEqual([text], self.unmatched('10.0.0.9'))
                way.return_value.failures.clear()
        for way in ways[len(self.direct) :]:
            for kind in (errors.RequestFailed, errors.Unreachable):
                with self.subTest(way._mock_name, how=kind):
                    way.side_effect = kind('failed')
                    self.assertEqual([text], self.unmatched('10.0.0.9'))
                    way.side_effect = None
        self.network.shows_all_projects.assert_not_called()

    def unmatched(self, text: str) -> list[str]:
        """Look for an address together with one that exists."""
        return [*find.unmatched(self.find(text, '10.0.0.100'))]

    def test_without_ports_there_is_no_answer(self) -> None:
        floating_ips, *ports = self.direct
        for method, kind in (
            (floating_ips, errors.Unreachable),
            (ports[1], errors.Unreachable),
            (ports[1], errors.RequestFailed),
            (ports[2], errors.RequestFailed),
        ):
            method.side_effect = kind('failed')
            self.assertRaises(errors.ApiError, self.find, '10.0.0.5')
            method.side_effect = None

    def test_floating_ips_may_fail(self) -> None:
        self.network.way('ports', 'ip_address').return_value = records.Answer(
            [port(1, '10.0.0.5')]
        )
        self.direct[0].side_effect = errors.RequestFailed('failed')
        answer = self.find('10.0.0.5')
        self.assertEqual(
            (['fixed-ip'], ['failed']),
            ([row.matched_as for row in answer.rows], answer.failures),
        )

    def test_what_is_indirect_may_fail(self) -> None:
        self.network.way('ports', 'ip_address').return_value = records.Answer(
            [port(1, '10.0.0.5')]
        )
        for name, method, count in (
            ('routers', self.network.way('routers'), 1),
            ('subnets', self.network.way('subnets'), 1),
            ('ports', self.network.way('ports', 'network_id'), 1),
        ):
            with self.subTest(name):
                method.side_effect = errors.RequestFailed(f'{name} failed')
                answer = self.find('10.0.0.5', '10.0.0.6')
                self.assertEqual(
                    (count, [f'{name} failed']),
                    (len(answer.rows), answer.failures),
                )
                method.side_effect = None

    def test_a_neutron_that_is_gone_is_not_asked_again(self) -> None:
        self.network.way('routers').side_effect = errors.Unreachable(
            'no answer'
        )
        self.assertEqual(['no answer'], self.find('10.0.0.5').failures)
        self.network.way('subnets').assert_not_called()

    def test_a_refused_token_ends_it(self) -> None:
        self.network.way('routers').side_effect = errors.TokenRefused(
            'refused'
        )
        self.assertRaises(errors.TokenRefused, self.find, '10.0.0.5')

    def test_a_port_of_two_queries(self) -> None:
        found = port(1, '10.0.0.5', '2001:db8::5')
        self.network.way('ports', 'ip_address').return_value = records.Answer(
            [found]
        )
        self.assertEqual(
            [('2001:db8::5', found), ('10.0.0.5', found)],
            [
                (match.query.text, match.port)
                for match in self.find('2001:db8::5', '10.0.0.5').rows
            ],
        )

    def test_the_surest_first_for_each_address(self) -> None:
        pairs = (records.AddressPair('10.0.0.100', None),)
        user = port(1, '10.0.0.5', address_pairs=pairs)
        reserved = port(2, '10.0.0.100')
        self.network.way('ports', 'network_id').return_value = records.Answer(
            [user, reserved]
        )
        self.network.way('ports', 'ip_address').return_value = records.Answer(
            [reserved, user]
        )
        self.assertEqual(
            [
                ('10.0.0.5', 'owns'),
                ('10.0.0.100', 'owns'),
                ('10.0.0.100', 'may-use'),
            ],
            [
                (match.ip_address, match.certainty.value)
                for match in self.find('10.0.0.0/24').rows
            ],
        )


class TestUnmatched(testtools.TestCase):
    def unmatched(
        self, first_port: object, *matches: searches.Match
    ) -> list[str]:
        api = fake_network.fake_network()
        api._first_port.side_effect = [first_port]
        api.shows_all_projects.side_effect = functools.partial(
            network.NetworkApi.shows_all_projects, api
        )
        cloud = mock.Mock(spec=api_cloud.Cloud, network=api)
        lines = find.unmatched(
            searches.Search(rows=list(matches), cloud=cloud, queries=[QUERY])
        )
        self.requests = api._first_port.call_count
        return [*lines]

    def test_says_where_it_looked(self) -> None:
        for name, shown, place in (
            ('administrator', [port(1, vif_type='ovs')], 'any project'),
            ('member', [port(1)], 'what this project can see'),
            ('nobody', [], 'what this project can see'),
            (
                'unknown',
                errors.RequestFailed('no'),
                'what this project can see',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    [f"'10.0.0.5' matches nothing in {place}"],
                    self.unmatched(shown),
                )

    def test_nothing_is_asked_where_a_port_tells(self) -> None:
        other = addresses.parse_address('10.0.0.6')
        for name, found, place in (
            ('administrator', port(1, vif_type='ovs'), 'any project'),
            ('member', port(1), 'what this project can see'),
        ):
            with self.subTest(name):
                self.assertEqual(
                    [f"'10.0.0.5' matches nothing in {place}"],
                    self.unmatched(
                        None, searches.Match(other, 'fixed-ip', port=found)
                    ),
                )
                self.assertEqual(0, self.requests)

    def test_token_that_shows_nothing(self) -> None:
        api = fake_network.fake_network()
        api.ensure_scope.side_effect = errors.Forbidden('no scope')
        self.assertRaises(
            errors.Forbidden,
            find.unmatched,
            searches.Search(
                cloud=mock.Mock(spec=api_cloud.Cloud, network=api),
                queries=[QUERY],
            ),
        )

    def test_nothing_is_missing(self) -> None:
        match = searches.Match(QUERY, 'floating-ip')
        self.assertEqual([], self.unmatched(None, match))
        self.assertEqual(0, self.requests)
