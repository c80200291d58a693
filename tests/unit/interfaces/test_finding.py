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

"""What ``server interface find`` does not show of finding."""

from unittest import mock

import testtools

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces import finding
from osc_port_iface import records
from tests.unit import fake_cloud

QUERY = addresses.parse_address('10.0.0.5')


def port(
    number: int, *fixed_ips: str, vif_type: str | None = None
) -> records.Port:
    return records.Port(
        id=fake_cloud.identifier(number),
        network_id=fake_cloud.identifier(700),
        mac_address=f'fa:16:3e:00:00:{number:02x}',
        fixed_ips=tuple(map(records.FixedIP, fixed_ips)),
        vif_type=vif_type,
    )


class TestDistinct(testtools.TestCase):
    def test_spellings_of_one_address(self) -> None:
        queries = [
            addresses.parse_address(text)
            for text in ('10.0.0.5', '::ffff:10.0.0.5', 'fa163e000001')
        ]
        self.assertEqual([queries[0], queries[2]], finding.distinct(queries))


class TestFind(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.network = mock.create_autospec(network.NetworkApi, instance=True)
        self.cloud = mock.Mock(spec=api_cloud.Cloud, network=self.network)
        for method in (
            self.network.floating_ips,
            self.network.ports,
            self.network.ports_with_fixed_ips,
            self.network.ports_with_mac_addresses,
        ):
            method.return_value = records.Answer([])

    def find(self, *texts: str) -> records.Answer[finding.Match]:
        return finding.find(
            self.cloud,
            [addresses.parse_address(text) for text in texts],
            facts.Fact.NOTHING,
        )

    def test_broken_items_are_failures(self) -> None:
        for number, method in enumerate(
            (
                self.network.floating_ips,
                self.network.ports,
                self.network.ports_with_fixed_ips,
                self.network.ports_with_mac_addresses,
            )
        ):
            method.return_value = records.Answer([], [f'broken {number}'])
        self.assertEqual(
            {'broken 0', 'broken 1', 'broken 2', 'broken 3'},
            set(self.find('10.0.0.5').failures),
        )

    def test_a_port_of_two_queries(self) -> None:
        found = port(1, '10.0.0.5', '2001:db8::5')
        self.network.ports_with_fixed_ips.return_value = records.Answer(
            [found]
        )
        self.assertEqual(
            [('2001:db8::5', found), ('10.0.0.5', found)],
            [
                (match.query.text, match.port)
                for match in self.find('2001:db8::5', '10.0.0.5').rows
            ],
        )


class TestUnmatched(testtools.TestCase):
    def unmatched(
        self, shows_bindings: object, *matches: finding.Match
    ) -> list[str]:
        api = mock.create_autospec(network.NetworkApi, instance=True)
        api.shows_bindings.side_effect = [shows_bindings]
        cloud = mock.Mock(spec=api_cloud.Cloud, network=api)
        lines = finding.unmatched(cloud, [QUERY], matches)
        self.requests = api.shows_bindings.call_count
        return lines

    def test_says_where_it_looked(self) -> None:
        for name, shown, place in (
            ('administrator', True, 'any project'),
            ('member', False, 'what this project can see'),
            ('unknown', errors.ApiError('no'), 'what this project can see'),
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
                        None, finding.Match(other, 'fixed-ip', found)
                    ),
                )
                self.assertEqual(0, self.requests)

    def test_nothing_is_missing(self) -> None:
        match = finding.Match(QUERY, 'floating-ip', None)
        self.assertEqual([], self.unmatched(None, match))
        self.assertEqual(0, self.requests)
