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

from tests.unit.commands import test_find
from tests.unit import fake_cloud

VIRTUAL_IP = '10.0.0.100'

COLUMNS = ('Matched As', 'Certainty', 'Server Name', 'Allowed Address')


def pair(
    ip_address: str, mac_address: str | None = None
) -> dict[str, str | None]:
    return {'ip_address': ip_address, 'mac_address': mac_address}


def shown(
    ip_address: str, is_any: bool = False, mac_address: str | None = None
) -> dict[str, object]:
    return {
        'ip_address': ip_address,
        'mac_address': mac_address,
        'any_address': is_any,
    }


class TestAllowedAddresses(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network(
            'subnets',
            fake_cloud.subnet(900, '10.0.0.0/24'),
            fake_cloud.subnet(902, '10.0.0.0/24', network=702),
            fake_cloud.subnet(903, '172.16.0.0/24', network=703),
        )
        self.reserved = {
            **fake_cloud.port(19, 0, VIRTUAL_IP, device_owner=''),
            'device_id': '',
            'status': 'DOWN',
        }
        for number in (1, 2, 3, 4):
            self.register_server(number, f's{number}')

    def user(
        self, number: int, *pairs: dict[str, str | None], **other: object
    ) -> dict[str, object]:
        """Build the port of a server that may use these addresses."""
        return fake_cloud.port(
            10 + number,
            number,
            f'10.0.0.{number}',
            allowed_address_pairs=list(pairs),
            **other,
        )

    def test_who_may_answer_for_a_reserved_address(self) -> None:
        self.register_ports(
            self.reserved,
            self.user(1, pair(VIRTUAL_IP)),
            self.user(2, pair('10.0.0.96/28'), pair('10.9.9.9')),
            self.user(3),
            # Another network has the same addresses.
            self.user(
                4, pair(VIRTUAL_IP), network_id=fake_cloud.identifier(702)
            ),
        )
        self.assertEqual(
            [
                ('fixed-ip', 'owns', None, None),
                ('allowed-address', 'may-use', 's1', shown(VIRTUAL_IP)),
                ('allowed-address', 'may-use', 's2', shown('10.0.0.96/28')),
            ],
            self.rows(VIRTUAL_IP, columns=COLUMNS),
        )

    def test_who_holds_a_reserved_address(self) -> None:
        """OVN tells from which host it was last announced."""
        first, second = (
            self.user(1, pair(VIRTUAL_IP)),
            self.user(2, pair(VIRTUAL_IP), **{'binding:host_id': 'compute-2'}),
        )
        here = {'binding:host_id': 'compute-1'}
        unbound = {'binding:vif_type': 'unbound', 'binding:host_id': ''}
        details = 'binding:vif_details'
        announced = {**unbound, details: {'parent_hostname': 'compute-1'}}
        for name, binding, users, holders in (
            ('Neutron 29', announced, [first, second], ['s1']),
            ('older', {**unbound, **here}, [first, second], ['s1']),
            (
                'nobody yet',
                {**unbound, details: {'parent_hostname': ''}},
                [first],
                [],
            ),
            ('no OVN', unbound, [first, second], []),
            ('bound by hand', here, [first, second], []),
            ('elsewhere', announced, [second], []),
            ('stopped', announced, [{**first, 'status': 'DOWN'}], []),
            ('two there', announced, [first, {**second, **here}], []),
            (
                'one is stopped',
                announced,
                [first, {**second, **here, 'status': 'DOWN'}],
                ['s1'],
            ),
            (
                'perhaps a subport',
                announced,
                [
                    first,
                    {**second, **unbound, 'device_owner': 'trunk:subport'},
                ],
                [],
            ),
            (
                'a wider pair',
                announced,
                [self.user(1, pair('10.0.0.96/28')), second],
                [],
            ),
        ):
            with self.subTest(name):
                self.register_ports({**self.reserved, **binding}, *users)
                rows = self.rows(VIRTUAL_IP, columns=COLUMNS)
                self.assertEqual(
                    holders, [row[2] for row in rows if row[1] == 'holds']
                )
                # Who holds it stands above those who may.
                self.assertEqual(
                    ['owns', *['holds'] * len(holders)],
                    [row[1] for row in rows][: 1 + len(holders)],
                )
                self.assertEqual(1 + len(users), len(rows))

    def test_an_address_that_only_pairs_have(self) -> None:
        self.register_ports(
            self.user(1, pair(VIRTUAL_IP)),
            self.user(
                4, pair(VIRTUAL_IP), network_id=fake_cloud.identifier(702)
            ),
            # Its network does not contain the address.
            self.user(
                3, pair(VIRTUAL_IP), network_id=fake_cloud.identifier(703)
            ),
        )
        self.assertEqual(
            [
                ('allowed-address', 'may-use', 's1', shown(VIRTUAL_IP)),
                ('allowed-address', 'may-use', 's4', shown(VIRTUAL_IP)),
            ],
            self.rows(VIRTUAL_IP, columns=COLUMNS),
        )

    def test_pairs_that_allow_any_address(self) -> None:
        anything = self.user(1, pair('0.0.0.0/0'))
        for other, user, address, is_any in (
            ('::/0', 's1', '0.0.0.0/0', True),
            (VIRTUAL_IP, 's2', VIRTUAL_IP, False),
            ('10.0.0.0/24', 's2', '10.0.0.0/24', False),
        ):
            with self.subTest(other):
                self.register_ports(anything, self.user(2, pair(other)))
                self.assertEqual(
                    [
                        (
                            'allowed-address',
                            'may-use',
                            user,
                            shown(address, is_any),
                        )
                    ],
                    self.rows(VIRTUAL_IP, columns=COLUMNS),
                )

    def test_any_address_is_marked_in_text(self) -> None:
        self.register_ports(self.user(1, pair('0.0.0.0/0')))
        result = self.find(VIRTUAL_IP, '-f', 'value', '-c', 'Allowed Address')
        self.assertEqual('0.0.0.0/0 (any address)\n', result.stdout)

    def test_a_mac_address(self) -> None:
        virtual = '00:00:5e:00:01:01'
        self.register_ports(
            self.user(1, pair(VIRTUAL_IP, virtual)),
            # Neutron's default: the MAC address of the port.
            self.user(2, pair(VIRTUAL_IP, 'fa:16:3e:00:00:0c')),
        )
        self.assertEqual(
            [
                (
                    'allowed-address',
                    'may-use',
                    's1',
                    shown(VIRTUAL_IP, mac_address=virtual),
                )
            ],
            self.rows(virtual, columns=COLUMNS),
        )
        self.assertEqual(
            [('mac-address', 'owns', 's2', None)],
            self.rows('fa:16:3e:00:00:0c', columns=COLUMNS),
        )

    def test_a_floating_ip_of_a_reserved_address(self) -> None:
        self.register_ports(self.reserved, self.user(1, pair(VIRTUAL_IP)))
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip(
                '198.51.100.9', 19, fixed_ip_address=VIRTUAL_IP
            ),
        )
        self.assertEqual(
            [
                ('floating-ip', 'owns', None, VIRTUAL_IP),
                ('allowed-address', 'may-use', 's1', None),
            ],
            self.rows(
                '198.51.100.9',
                '--long',
                columns=(*COLUMNS[:3], 'Fixed IP'),
            ),
        )

    def test_all_matches(self) -> None:
        self.register_ports(
            self.user(1), self.user(2, pair('10.0.0.1'), pair('10.0.0.2'))
        )
        owner = ('fixed-ip', 'owns', 's1', None)
        self.assertEqual([owner], self.rows('10.0.0.1', columns=COLUMNS))
        self.assertEqual(
            [
                owner,
                ('allowed-address', 'may-use', 's2', shown('10.0.0.1')),
            ],
            self.rows('10.0.0.1', '--all-matches', columns=COLUMNS),
        )

    def test_all_matches_of_a_reserved_address(self) -> None:
        """What holds it is not shown again as what may use it."""
        self.reserved |= {
            'binding:vif_type': 'unbound',
            'binding:host_id': 'compute-1',
        }
        here, elsewhere = (
            self.user(1, pair(VIRTUAL_IP)),
            self.user(
                2, pair(VIRTUAL_IP), network_id=fake_cloud.identifier(702)
            ),
        )
        self.register_ports(self.reserved, here, elsewhere)
        self.assertEqual(
            [
                ('fixed-ip', 'owns', None, None),
                ('allowed-address', 'holds', 's1', shown(VIRTUAL_IP)),
                ('allowed-address', 'may-use', 's2', shown(VIRTUAL_IP)),
            ],
            self.rows(VIRTUAL_IP, '--all-matches', columns=COLUMNS),
        )

    def test_a_broken_pair(self) -> None:
        self.register_ports(self.user(1, pair('nowhere'), pair(VIRTUAL_IP)))
        result = self.find(VIRTUAL_IP, '-f', 'value', '-c', 'Server Name')
        self.assertEqual((1, 's1\n'), (result.status, result.stdout))
        self.assertIn("ip_address is 'nowhere'", result.stderr)

    def test_pairs_are_not_read_for_what_is_owned(self) -> None:
        self.register_ports(self.user(1), self.user(2, pair('10.0.0.1')))
        for name, query, expected in (
            ('owned', '10.0.0.1', ['floatingips', 'ports']),
            (
                'not owned',
                '10.0.0.1 10.0.0.77',
                ['floatingips', 'ports', 'subnets', 'ports'],
            ),
        ):
            with self.subTest(name):
                self.cloud.reset_mock()
                self.find(*query.split())
                self.assertEqual(expected, self.asked())
