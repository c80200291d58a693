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
import random
from typing import Any

import hypothesis
from hypothesis import strategies
import testtools

from osc_port_iface.interfaces import codes
from osc_port_iface.interfaces import drift
from osc_port_iface import records
from tests.unit import fake_cloud

SETTINGS = hypothesis.settings(max_examples=60, deadline=None)


@dataclasses.dataclass
class Views:
    """What is known of one server."""

    server: records.Server
    ports: list[records.Port]

    def findings(self) -> list[drift.Finding]:
        return drift.of_server(
            self.server,
            [port.as_interface() for port in self.ports],
            self.ports,
        )

    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings()]

    def change_port(self, index: int, **changes: Any) -> None:
        self.ports[index] = dataclasses.replace(self.ports[index], **changes)

    def change_server(self, **changes: Any) -> None:
        self.server = dataclasses.replace(self.server, **changes)

    def drop_from_cache(self, index: int) -> None:
        mac_address = self.ports[index].mac_address
        self.change_server(
            cache=tuple(
                interface
                for interface in self.server.cache
                if interface.mac_address != mac_address
            )
        )


def port(number: int, *addresses: str, **changes: Any) -> records.Port:
    plain = records.Port(
        id=fake_cloud.identifier(number),
        network_id=fake_cloud.identifier(700),
        mac_address=f'fa:16:3e:00:{number // 256:02x}:{number % 256:02x}',
        fixed_ips=tuple(
            records.FixedIP(address, fake_cloud.identifier(900))
            for address in addresses
        ),
        status='ACTIVE',
        name=None,
        device_id=fake_cloud.identifier(1),
        device_owner='compute:nova',
        project_id=fake_cloud.PROJECT_ID,
        security_group_ids=(),
        vnic_type='normal',
        vif_type='ovs',
        host='compute-1',
        admin_state_up=True,
        ip_allocation='immediate',
    )
    return dataclasses.replace(plain, **changes)


def agreeing(*ports: records.Port) -> Views:
    """Build a server whose cache has just these ports."""
    return Views(
        records.Server(
            id=fake_cloud.identifier(1),
            name='web',
            project_id=fake_cloud.PROJECT_ID,
            status='ACTIVE',
            host='compute-1',
            cache=tuple(
                records.Interface(
                    mac_address=port.mac_address,
                    fixed_ips=tuple(
                        records.FixedIP(fixed_ip.ip_address, None)
                        for fixed_ip in port.fixed_ips
                    ),
                    network_label='net',
                    floating_ips=('203.0.113.5',),
                )
                for port in ports
            ),
        ),
        list(ports),
    )


def two_ports() -> Views:
    return agreeing(port(11, '10.0.0.5', '2001:db8::5'), port(12, '10.0.0.6'))


class TestOneFault(testtools.TestCase):
    def test_none(self) -> None:
        self.assertEqual([], two_ports().findings())

    def test_missing_from_cache(self) -> None:
        views = two_ports()
        views.drop_from_cache(0)
        self.assertEqual(
            [
                drift.Finding(
                    codes.Code.MISSING_FROM_CACHE,
                    fake_cloud.identifier(1),
                    fake_cloud.identifier(11),
                    'fa:16:3e:00:00:0b',
                    '10.0.0.5,2001:db8::5',
                    'not in the cache',
                    ('10.0.0.5', '2001:db8::5'),
                )
            ],
            views.findings(),
        )

    def test_port_of_another_project_is_never_cached(self) -> None:
        views = two_ports()
        views.drop_from_cache(0)
        views.change_port(0, project_id='another')
        self.assertEqual([], views.codes())

    def test_port_without_address_is_not_shown_in_the_cache(self) -> None:
        views = agreeing(port(11, ip_allocation='none'))
        views.drop_from_cache(0)
        self.assertEqual([], views.codes())

    def test_only_in_cache(self) -> None:
        views = two_ports()
        del views.ports[0]
        (finding,) = views.findings()
        self.assertEqual(
            (codes.Code.ONLY_IN_CACHE, None, '10.0.0.5,2001:db8::5'),
            (finding.code, finding.port_id, finding.actual),
        )

    def test_address_differs(self) -> None:
        views = two_ports()
        views.change_port(1, fixed_ips=(records.FixedIP('10.0.0.7', None),))
        (finding,) = views.findings()
        self.assertEqual(
            (codes.Code.ADDRESS_DIFFERS, '10.0.0.7', '10.0.0.6'),
            (finding.code, finding.expected, finding.actual),
        )

    def test_one_mac_address_under_two_labels(self) -> None:
        views = agreeing(port(11, '10.0.0.5', '10.1.0.5'))
        (interface,) = views.server.cache
        views.change_server(
            cache=tuple(
                dataclasses.replace(
                    interface, fixed_ips=(fixed_ip,), network_label=label
                )
                for fixed_ip, label in zip(
                    interface.fixed_ips, 'ab', strict=True
                )
            )
        )
        self.assertEqual([], views.codes())

    def test_bindings(self) -> None:
        for changes, code in (
            ({'vif_type': 'binding_failed'}, codes.Code.BINDING_FAILED),
            ({'vif_type': 'unbound', 'host': None}, codes.Code.UNBOUND),
            ({'host': None}, codes.Code.UNBOUND),
            ({'host': 'compute-2'}, codes.Code.HOST_DIFFERS),
        ):
            views = two_ports()
            views.change_port(0, **changes)
            # A port that is not bound is not ACTIVE either, and that is said
            # once.
            views.change_port(0, status='DOWN')
            self.assertEqual([code], views.codes())

    def test_what_neutron_does_not_wire_on_the_host(self) -> None:
        for vnic_type in ('baremetal', 'smart-nic'):
            for changes in (
                {'host': 'node-1'},
                {'vif_type': 'binding_failed', 'status': 'DOWN'},
                {'vif_type': 'other', 'status': 'DOWN'},
                {'vif_type': 'unbound', 'host': None, 'status': 'DOWN'},
            ):
                with self.subTest(vnic_type=vnic_type, **changes):
                    views = two_ports()
                    views.change_port(0, vnic_type=vnic_type, **changes)
                    self.assertEqual([], views.codes())

    def test_hidden_bindings_are_not_guessed(self) -> None:
        views = two_ports()
        views.change_port(0, host=None, vif_type=None)
        self.assertEqual([], views.codes())

    def test_port_down(self) -> None:
        views = two_ports()
        views.change_port(0, status='DOWN')
        (finding,) = views.findings()
        self.assertEqual(
            (codes.Code.PORT_DOWN, 'ACTIVE', 'DOWN'),
            (finding.code, finding.expected, finding.actual),
        )
        views.change_port(0, admin_state_up=False)
        self.assertEqual([], views.codes())

    def test_no_fixed_ip(self) -> None:
        views = agreeing(port(11))
        self.assertEqual([codes.Code.NO_FIXED_IP], views.codes())
        for allocation in ('none', 'deferred', None):
            views.change_port(0, ip_allocation=allocation)
            self.assertEqual([], views.codes())

    def test_no_fixed_ip_any_more(self) -> None:
        views = two_ports()
        views.change_port(0, fixed_ips=(), ip_allocation=None)
        self.assertEqual(
            [codes.Code.ADDRESS_DIFFERS, codes.Code.NO_FIXED_IP],
            views.codes(),
        )

    def test_not_attached(self) -> None:
        for changes in (
            {'device_owner': None},
            {'device_owner': 'network:dhcp'},
            {'vif_type': 'unbound', 'host': None, 'status': 'DOWN'},
        ):
            views = two_ports()
            views.drop_from_cache(0)
            views.change_port(0, **changes)
            self.assertEqual([codes.Code.NOT_ATTACHED], views.codes())

    def test_duplicate_mac(self) -> None:
        views = two_ports()
        views.change_port(1, mac_address=views.ports[0].mac_address)
        (finding,) = drift.of_ports([views.server], views.ports)
        self.assertEqual(
            (
                codes.Code.DUPLICATE_MAC,
                fake_cloud.identifier(12),
                f'that of port {fake_cloud.identifier(11)}',
            ),
            (finding.code, finding.port_id, finding.actual),
        )
        views.change_port(1, network_id='another')
        self.assertEqual([], drift.of_ports([views.server], views.ports))


class TestStates(testtools.TestCase):
    def faulty(self, **changes: Any) -> list[str]:
        """Judge a server whose ports are down, unbound and not cached."""
        views = agreeing(port(11, '10.0.0.5'), port(12, '10.0.0.6'))
        views.change_port(0, status='DOWN', host=None, vif_type='unbound')
        views.drop_from_cache(1)
        views.change_server(**changes)
        return views.codes()

    def test_what_is_right_for_each(self) -> None:
        cached = codes.Code.MISSING_FROM_CACHE
        for changes, expected in (
            ({}, [codes.Code.UNBOUND, cached]),
            ({'status': 'SHUTOFF'}, [codes.Code.UNBOUND, cached]),
            ({'status': 'SHELVED_OFFLOADED', 'host': None}, [cached]),
            ({'status': 'ERROR', 'host': None}, [cached]),
            ({'status': 'BUILD'}, []),
            ({'status': 'UNKNOWN'}, []),
            ({'task_state': 'deleting'}, []),
        ):
            self.assertEqual(expected, self.faulty(**changes), str(changes))

    def test_shut_off_ports_may_be_down(self) -> None:
        for status in ('SHUTOFF', 'SUSPENDED', 'PAUSED', 'SHELVED'):
            views = two_ports()
            views.change_port(0, status='DOWN')
            views.change_server(status=status)
            self.assertEqual([], views.codes())

    def test_moving_servers_may_have_two_hosts(self) -> None:
        for status in ('MIGRATING', 'RESIZE', 'VERIFY_RESIZE'):
            views = two_ports()
            views.change_port(0, host='compute-2')
            views.change_server(status=status)
            self.assertEqual([], views.codes())


addresses = strategies.ip_addresses(v=4).map(str)


@strategies.composite
def agreeing_views(draw: strategies.DrawFn) -> Views:
    counts = draw(strategies.lists(strategies.integers(1, 3), max_size=6))
    drawn = draw(
        strategies.lists(
            addresses,
            min_size=sum(counts),
            max_size=sum(counts),
            unique=True,
        )
    )
    ports = []
    for number, count in enumerate(counts, 11):
        ports.append(port(number, *drawn[:count]))
        drawn = drawn[count:]
    return agreeing(*ports)


def drop_port(views: Views, index: int) -> None:
    del views.ports[index]


FAULTS: dict[codes.Code, Callable[[Views, int], None]] = {
    codes.Code.MISSING_FROM_CACHE: Views.drop_from_cache,
    codes.Code.ONLY_IN_CACHE: drop_port,
    codes.Code.ADDRESS_DIFFERS: lambda views, index: views.change_port(
        index, fixed_ips=(records.FixedIP('2001:db8::1', None),)
    ),
    codes.Code.BINDING_FAILED: lambda views, index: views.change_port(
        index, vif_type='binding_failed', status='DOWN'
    ),
    codes.Code.UNBOUND: lambda views, index: views.change_port(
        index, vif_type='unbound', host=None, status='DOWN'
    ),
    codes.Code.HOST_DIFFERS: lambda views, index: views.change_port(
        index, host='elsewhere'
    ),
    codes.Code.PORT_DOWN: lambda views, index: views.change_port(
        index, status='DOWN'
    ),
    codes.Code.NOT_ATTACHED: lambda views, index: views.change_port(
        index, device_owner=None
    ),
}


class TestProperties(testtools.TestCase):
    @SETTINGS
    @hypothesis.given(agreeing_views())
    def test_identical_views_give_no_finding(self, views: Views) -> None:
        self.assertEqual([], views.findings())
        self.assertEqual([], drift.of_ports([views.server], views.ports))

    @SETTINGS
    @hypothesis.given(
        agreeing_views().filter(lambda views: views.ports),
        strategies.sampled_from(sorted(FAULTS)),
        strategies.data(),
    )
    def test_one_fault_gives_exactly_its_finding(
        self, views: Views, code: codes.Code, data: strategies.DataObject
    ) -> None:
        index = data.draw(strategies.integers(0, len(views.ports) - 1))
        mac_address = views.ports[index].mac_address
        FAULTS[code](views, index)
        self.assertEqual(
            [(code, mac_address)],
            [
                (finding.code, finding.mac_address)
                for finding in views.findings()
            ],
        )

    @SETTINGS
    @hypothesis.given(
        agreeing_views().filter(lambda views: len(views.ports) > 1),
        strategies.lists(strategies.sampled_from(sorted(FAULTS)), max_size=4),
        strategies.randoms(use_true_random=False),
    )
    def test_order_does_not_matter(
        self,
        views: Views,
        codes: list[codes.Code],
        generator: random.Random,
    ) -> None:
        for index, code in enumerate(codes):
            if index < len(views.ports):
                FAULTS[code](views, index)
        expected = views.findings()
        generator.shuffle(views.ports)
        cache = list(views.server.cache)
        generator.shuffle(cache)
        views.change_server(cache=tuple(cache))
        self.assertEqual(expected, views.findings())
