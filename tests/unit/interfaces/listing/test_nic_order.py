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
import dataclasses

import testtools

from osc_port_iface.interfaces.listing import nic_order
from osc_port_iface import records


def interface(
    mac_address: str, *addresses: str, label: str | None = None
) -> records.Interface:
    return records.Interface(
        mac_address=mac_address,
        fixed_ips=tuple(map(records.FixedIP, addresses)),
        network_label=label,
    )


class TestNumbered(testtools.TestCase):
    def numbered(
        self,
        cache: Sequence[records.Interface],
        interfaces: Sequence[records.Interface],
    ) -> list[int | None]:
        owner = records.Server('a', cache=tuple(cache))
        rows = [records.ServerInterface(owner, row) for row in interfaces]
        return [row.nic_index for row in nic_order.numbered(rows)]

    def test_order_of_the_cache(self) -> None:
        live = [
            interface('m1', '10.0.0.1'),
            interface('m2', '10.0.0.2'),
            interface('m3', '10.0.0.3'),
        ]
        one, two, three = 'one', 'two', 'three'
        for name, cache, expected in (
            (
                'a network each',
                [('m3', three), ('m1', one), ('m2', two)],
                [1, 2, 0],
            ),
            (
                'the first network has two, which the other may part',
                [('m3', one), ('m1', one), ('m2', two)],
                [None] * 3,
            ),
            (
                'one network',
                [('m3', one), ('m2', one), ('m1', one)],
                [2, 1, 0],
            ),
            ('one is missing', [('m3', three), ('m1', one)], [None] * 3),
            (
                'one whose port is gone',
                [('m9', 'gone'), ('m3', three), ('m1', one), ('m2', two)],
                [2, 3, 1],
            ),
            ('no cache', [], [None] * 3),
        ):
            with self.subTest(name=name):
                self.assertEqual(
                    expected,
                    self.numbered(
                        [
                            interface(mac, f'10.0.0.{mac[1:]}', label=label)
                            for mac, label in cache
                        ],
                        live,
                    ),
                )

    def test_one_mac_address_on_two_networks(self) -> None:
        cache = [
            interface('m', '10.0.1.1', label='one'),
            interface('m', '10.0.0.1', label='two'),
        ]
        live = [interface('m', '10.0.0.1'), interface('m', '10.0.1.1')]
        self.assertEqual([None, None], self.numbered(cache, live))
        # The cache merges networks with the same label.
        merged = [interface('m', '10.0.0.1', '10.0.1.1', label='one')]
        self.assertEqual([None, None], self.numbered(merged, live))

    def test_twice_in_the_cache(self) -> None:
        cache = [
            interface('m1', '10.0.0.1', label='one'),
            interface('m2', '10.0.0.2', '10.0.0.2', label='two'),
            interface('m3', '10.0.0.3', label='three'),
        ]
        live = [interface(f'm{n}', f'10.0.0.{n}') for n in (1, 2, 3)]
        self.assertEqual([None] * 3, self.numbered(cache, live))
        # Nor does an equal label move the one before it.
        of_one = [dataclasses.replace(row, network_label='a') for row in cache]
        self.assertEqual([None] * 3, self.numbered(of_one, live))

    def test_several_servers(self) -> None:
        rows = [
            records.ServerInterface(
                records.Server(
                    server, cache=(interface(mac, '10.0.0.1', label='net'),)
                ),
                interface(mac, '10.0.0.1'),
            )
            for server, mac in (('a', 'm1'), ('b', 'm2'))
        ]
        self.assertEqual(
            [0, 0], [row.nic_index for row in nic_order.numbered(rows)]
        )
        self.assertEqual([], nic_order.numbered([]))
