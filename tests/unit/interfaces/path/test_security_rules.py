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

import ipaddress
from typing import Any

import testtools

from osc_port_iface.interfaces.path import security_rules
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

Traffic = security_rules.Traffic


def rule(number: int, **changes: Any) -> records.SecurityGroupRule:
    values: dict[str, Any] = {
        'id': fake_cloud.identifier(number),
        'direction': 'ingress',
        'ethertype': 'IPv4',
        **changes,
    }
    return records.SecurityGroupRule(**values)


def group(
    number: int, *rules: records.SecurityGroupRule, **changes: Any
) -> records.SecurityGroup:
    values: dict[str, Any] = {
        'id': fake_cloud.identifier(number),
        'name': f'group-{number}',
        'is_stateful': True,
        'rules': rules,
        **changes,
    }
    return records.SecurityGroup(**values)


def port(*groups: records.SecurityGroup, **changes: Any) -> records.Port:
    """Build a port with these groups."""
    values = {
        'security_group_ids': tuple(found.id for found in groups),
        'port_security_enabled': True,
        **changes,
    }
    return samples.port(11, **values)


class TestAllowedTraffic(testtools.TestCase):
    def test_each(self) -> None:
        full, empty = group(800, rule(1)), group(801)
        stateless = group(801, rule(1), is_stateful=False)
        unsaid = group(800, rule(1), is_stateful=None)
        for expected, groups, changes in (
            (Traffic.PORT_SECURITY_OFF, (), {'port_security_enabled': False}),
            (
                Traffic.PORT_SECURITY_OFF,
                (full,),
                {'port_security_enabled': False},
            ),
            (Traffic.NO_GROUPS, (), {}),
            # Neutron without the extension port-security.
            (Traffic.NO_GROUPS, (), {'port_security_enabled': None}),
            (Traffic.NO_RULES, (empty,), {}),
            (Traffic.STATEFUL_RULES, (full, empty), {}),
            # Neutron without the extension stateful-security-group.
            (Traffic.STATEFUL_RULES, (unsaid,), {}),
            (Traffic.STATELESS_RULES, (stateless,), {}),
            # One of the groups is not visible.
            (None, (full,), {'security_group_ids': (full.id, empty.id)}),
        ):
            with self.subTest(expected=expected, groups=groups):
                self.assertEqual(
                    expected,
                    security_rules.allowed_traffic(
                        port(*groups, **changes), groups
                    ),
                )

    def test_unknown_port(self) -> None:
        self.assertIsNone(security_rules.allowed_traffic(None, ()))


class TestInForce(testtools.TestCase):
    def in_force(
        self, *groups: records.SecurityGroup, **changes: Any
    ) -> tuple[security_rules.EffectiveRule, ...]:
        return security_rules.in_force(
            port(*groups, **changes), groups, {}, {}
        )

    def test_none(self) -> None:
        self.assertEqual((), security_rules.in_force(None, (), {}, {}))
        self.assertEqual((), self.in_force(group(800)))
        self.assertEqual(
            (), self.in_force(group(800, rule(1)), port_security_enabled=False)
        )

    def test_duplicates_are_one(self) -> None:
        network = ipaddress.ip_network
        for name, first, second in (
            ('alike', {}, {}),
            ('any address', {}, {'remote_network': network('0.0.0.0/0')}),
            ('any protocol', {}, {'protocol': 'any'}),
            ('number and name', {'protocol': 'tcp'}, {'protocol': '6'}),
            (
                'ICMP of IPv6',
                {'protocol': 'ipv6-icmp', 'ethertype': 'IPv6'},
                {'protocol': '1', 'ethertype': 'IPv6'},
            ),
            (
                'remote group',
                {'remote_group_id': fake_cloud.identifier(900)},
                {'remote_group_id': fake_cloud.identifier(900)},
            ),
        ):
            for pair in ((first, second), (second, first)):
                with self.subTest(name):
                    one = group(800, rule(2, **pair[0]), name='b')
                    other = group(801, rule(1, **pair[1]), name='a')
                    (found,) = self.in_force(one, other)
                    self.assertEqual(
                        (
                            security_rules.GroupRule(
                                other, fake_cloud.identifier(1)
                            ),
                            security_rules.GroupRule(
                                one, fake_cloud.identifier(2)
                            ),
                        ),
                        found.group_rules,
                    )

    def test_duplicates_in_one_group(self) -> None:
        both = group(800, rule(1, protocol='6'), rule(2, protocol='tcp'))
        (found,) = self.in_force(both)
        self.assertEqual(
            [fake_cloud.identifier(1), fake_cloud.identifier(2)],
            [origin.rule_id for origin in found.group_rules],
        )

    def test_others_are_not(self) -> None:
        network = ipaddress.ip_network
        different: tuple[dict[str, Any], ...] = (
            {},
            {'direction': 'egress'},
            {'ethertype': 'IPv6'},
            {'protocol': 'tcp'},
            {'protocol': 'icmp'},
            {'protocol': 'icmp', 'port_range_min': 0},
            {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22},
            {'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 23},
            {'remote_network': network('10.0.0.0/24')},
            {'remote_network': network('10.0.0.0/25')},
            {'remote_group_id': fake_cloud.identifier(900)},
            {'remote_group_id': fake_cloud.identifier(901)},
            {'remote_address_group_id': fake_cloud.identifier(900)},
        )
        rules = [
            rule(number, **changes) for number, changes in enumerate(different)
        ]
        self.assertEqual(
            len(different), len(self.in_force(group(800, *rules)))
        )

    def test_any_address_is_said(self) -> None:
        self.assertEqual(
            ['0.0.0.0/0', '::/0', 'None', 'None'],
            [
                str(found.rule.remote_network)
                for found in self.in_force(
                    group(
                        800,
                        rule(1),
                        rule(2, ethertype='IPv6'),
                        rule(3, direction='egress', ethertype=None),
                        rule(
                            4,
                            direction='egress',
                            remote_group_id=fake_cloud.identifier(800),
                        ),
                    )
                )
            ],
        )

    def test_order(self) -> None:
        network = ipaddress.ip_network
        expected = [
            rule(9, remote_network=network('9.0.0.0/8')),
            rule(8, remote_network=network('10.0.0.0/8')),
            rule(7, remote_network=network('10.0.0.0/24')),
            rule(6, remote_group_id=fake_cloud.identifier(801)),
            rule(5, remote_address_group_id=fake_cloud.identifier(900)),
            rule(4, protocol='icmp', remote_network=network('10.0.0.0/8')),
            rule(
                3,
                protocol='icmp',
                port_range_min=0,
                remote_network=network('10.0.0.0/8'),
            ),
            rule(
                2,
                protocol='tcp',
                port_range_min=80,
                port_range_max=80,
                remote_network=network('10.0.0.0/8'),
            ),
            rule(
                1,
                protocol='tcp',
                port_range_min=443,
                port_range_max=443,
                remote_network=network('10.0.0.0/8'),
            ),
            rule(
                12,
                ethertype='IPv6',
                remote_network=network('2001:db8::/32'),
            ),
            rule(
                11,
                direction='egress',
                remote_network=network('10.0.0.0/8'),
            ),
        ]
        for rules in (expected, expected[::-1]):
            self.assertEqual(
                expected,
                [found.rule for found in self.in_force(group(800, *rules))],
            )

    def test_names(self) -> None:
        own = group(800, rule(1, remote_group_id=fake_cloud.identifier(800)))
        office = records.AddressGroup(fake_cloud.identifier(900), 'office')
        groups = (
            own,
            group(801, rule(2, remote_address_group_id=office.id)),
            group(802, rule(3, remote_group_id=fake_cloud.identifier(899))),
        )
        self.assertEqual(
            # Ordered by name, with those without one first.
            [(None, None), (own, None), (None, office)],
            [
                (found.remote_group, found.address_group)
                for found in security_rules.in_force(
                    port(*groups), groups, {own.id: own}, {office.id: office}
                )
            ],
        )
