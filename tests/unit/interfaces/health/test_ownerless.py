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

from collections.abc import Iterator
import dataclasses
from typing import Any

import testtools

from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

HOUR = 3600.0
SERVERS = {fake_cloud.identifier(1)}


def pair(ip_address: str) -> tuple[records.AddressPair, ...]:
    return (records.AddressPair(ip_address, None),)


def judge(
    port: records.Port,
    keep: ownerless.Keep | None = None,
) -> Iterator[findings.Finding]:
    return ownerless.judge([port], SERVERS, keep or ownerless.Keep())


class TestHalfReleased(testtools.TestCase):
    def test_device_ids(self) -> None:
        for device_id, actual in (
            (None, ['device owner compute:nova, device ID empty']),
            (
                '../flavors',
                ['device owner compute:nova, device ID ../flavors'],
            ),
            (fake_cloud.identifier(1), []),
        ):
            with self.subTest(device_id):
                port = samples.port(11, device_id=device_id)
                found = judge(port)
                self.assertEqual(actual, [row.actual for row in found])

    def test_other_owners(self) -> None:
        for owner in (None, 'network:dhcp', 'trunk:subport'):
            with self.subTest(owner):
                port = samples.port(11, device_id=None, device_owner=owner)
                found = judge(port)
                self.assertEqual([], list(found))


class TestOrphans(testtools.TestCase):
    def orphans(
        self,
        keep: ownerless.Keep | None = None,
        **changes: Any,
    ) -> list[str]:
        port = samples.port(11, device=9, **changes)
        found = judge(port, keep)
        return [row.actual for row in found]

    def test_server_is_gone(self) -> None:
        self.assertEqual(['its server is not found'], self.orphans())

    def test_device_id_in_upper_case(self) -> None:
        server_id = 'abcdef01-0000-4000-8000-000000000001'
        port = samples.port(11, device_id=server_id.upper())
        found = ownerless.judge([port], {server_id}, ownerless.Keep())
        self.assertEqual([], list(found))

    def test_no_orphans(self) -> None:
        cases: tuple[dict[str, Any], ...] = (
            {'device_id': fake_cloud.identifier(1)},
            {'device_owner': 'network:dhcp'},
        )
        for changes in cases:
            with self.subTest(**changes):
                self.assertEqual([], self.orphans(**changes))

    def test_keep(self) -> None:
        old = ownerless.Keep(younger_than=HOUR)
        self.assertEqual([], self.orphans(old, seconds_unchanged=HOUR - 1))
        self.assertEqual(1, len(self.orphans(old, seconds_unchanged=HOUR)))
        self.assertEqual(1, len(self.orphans(old)))
        tagged = ownerless.Keep(tags=frozenset({'keep', 'ci'}))
        self.assertEqual([], self.orphans(tagged, tags=('ci', 'x')))
        self.assertEqual(1, len(self.orphans(tagged, tags=('x',))))


class TestUnused(testtools.TestCase):
    def unused(
        self,
        *others: records.Port,
        floating_ips: tuple[records.FloatingIP, ...] = (),
        keep: ownerless.Keep | None = None,
        **changes: Any,
    ) -> bool:
        values = {'seconds_unchanged': HOUR, **changes}
        port = samples.port(11, '10.0.0.100', device=None, **values)
        found = ownerless.judge_unused(
            [port], [port, *others], floating_ips, keep or ownerless.Keep()
        )
        return bool(list(found))

    def test_what_uses_a_port(self) -> None:
        self.assertTrue(self.unused())
        self.assertTrue(self.unused(name='my-octavia-lb'))
        for name, changes in (
            ('device', {'device_id': 'lb-1'}),
            ('owner', {'device_owner': 'Octavia'}),
            ('OVN VIP', {'name': f'ovn-lb-vip-{fake_cloud.identifier(5)}'}),
            ('OVN health monitor', {'name': 'ovn-lb-hm-1'}),
            ('Octavia', {'name': 'octavia-lb-1'}),
            ('trunk', {'trunk_id': fake_cloud.identifier(500)}),
            ('young', {'seconds_unchanged': HOUR - 1}),
            (
                'tag',
                {
                    'tags': ('keep',),
                    'keep': ownerless.Keep(tags=frozenset({'keep'})),
                },
            ),
            (
                'floating IP',
                {
                    'floating_ips': (
                        samples.floating_ip('203.0.113.5', 11, '10.0.0.100'),
                    )
                },
            ),
            (
                'port forwarding',
                {
                    'floating_ips': (
                        samples.floating_ip(
                            '203.0.113.5',
                            None,
                            None,
                            port_forwardings=(
                                records.PortForwarding(
                                    'tcp',
                                    '22',
                                    '10.0.0.100',
                                    '22',
                                    fake_cloud.identifier(11),
                                ),
                            ),
                        ),
                    )
                },
            ),
            (
                'port forwarding, before Neutron 21',
                {
                    'floating_ips': (
                        samples.floating_ip(
                            '203.0.113.5',
                            None,
                            None,
                            project_id=fake_cloud.PROJECT_ID,
                            port_forwardings=(
                                records.PortForwarding(
                                    'tcp', '22', '10.0.0.100', '22', None
                                ),
                            ),
                        ),
                    )
                },
            ),
        ):
            with self.subTest(name):
                self.assertFalse(self.unused(**changes))

    def test_address_pairs_of_other_ports(self) -> None:
        for address, is_unused in (
            ('10.0.0.100', False),
            ('10.0.0.64/26', False),
            ('10.0.0.101', True),
            # Such a pair does not name an address.
            ('0.0.0.0/0', True),
        ):
            with self.subTest(address):
                other = samples.port(
                    12, '10.0.0.5', address_pairs=pair(address)
                )
                self.assertEqual(is_unused, self.unused(other))
                elsewhere = dataclasses.replace(
                    other, network_id=fake_cloud.identifier(701)
                )
                self.assertTrue(self.unused(elsewhere))

    def test_own_address_pair(self) -> None:
        self.assertTrue(self.unused(address_pairs=pair('10.0.0.100')))

    def test_subport(self) -> None:
        parent = samples.port(
            12,
            subports=(records.Subport(fake_cloud.identifier(11), 'vlan', 1),),
        )
        self.assertFalse(self.unused(parent))


class TestClaims(testtools.TestCase):
    def claims(self, *pairs: str, **changes: Any) -> list[str]:
        port = samples.port(
            11,
            '10.0.0.5',
            address_pairs=tuple(
                records.AddressPair(address, None) for address in pairs
            ),
        )
        others = [
            samples.port(number, f'10.0.0.{number}', device=2, **changes)
            for number in (21, 22)
        ]
        found = ownerless.judge_address_claims(
            [port, *others], [port, *others], [samples.server(port)]
        )
        return [row.actual for row in found]

    def test_address_of_another_server(self) -> None:
        first = f'10.0.0.21, which is of port {fake_cloud.identifier(21)}'
        self.assertEqual([first], self.claims('10.0.0.21'))
        self.assertEqual([first], self.claims('10.0.0.0/24'))

    def test_two_pairs_for_one_address(self) -> None:
        first = f'10.0.0.21, which is of port {fake_cloud.identifier(21)}'
        self.assertEqual([first], self.claims('10.0.0.21', '10.0.0.20/31'))

    def test_no_claim(self) -> None:
        for name, address, changes in (
            ('nobody has it', '10.0.0.23', {}),
            ('own address', '10.0.0.5', {}),
            (
                'own server',
                '10.0.0.21',
                {'device_id': fake_cloud.identifier(1)},
            ),
            ('reserved address', '10.0.0.21', {'device_owner': 'Octavia'}),
            (
                'another network',
                '10.0.0.21',
                {'network_id': fake_cloud.identifier(701)},
            ),
        ):
            with self.subTest(name):
                self.assertEqual([], self.claims(address, **changes))
