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
import json
import random
from typing import Any

import hypothesis
from hypothesis import strategies
import testtools

from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ports
from osc_port_iface import records
from tests.unit import fake_cloud

# A machine under load must not fail the tests.
SETTINGS = hypothesis.settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)


@dataclasses.dataclass
class Views:
    """What is known of one server."""

    server: records.Server
    ports: list[records.Port]

    def findings(self) -> list[findings.Finding]:
        interfaces = [port.as_interface() for port in self.ports]
        return sorted(
            [
                *ports.judge(self.server, self.ports),
                *cache_diff.judge(self.server, interfaces, self.ports),
            ],
            key=lambda finding: finding.order,
        )

    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings()]

    def change_port(self, index: int, **changes: Any) -> None:
        self.ports[index] = dataclasses.replace(
            self.ports[index], **decoded(changes)
        )

    def change_server(self, **changes: Any) -> None:
        self.server = dataclasses.replace(self.server, **decoded(changes))

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
    return dataclasses.replace(plain, **decoded(changes))


def decoded(changes: dict[str, Any]) -> dict[str, Any]:
    """Make each text a different object than an equal literal.

    The texts of an answer are such objects.
    """
    return {
        name: json.loads(json.dumps(value))
        if isinstance(value, str)
        else value
        for name, value in changes.items()
    }


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
                findings.Finding(
                    codes.Code.MISSING_FROM_CACHE,
                    fake_cloud.identifier(1),
                    fake_cloud.identifier(11),
                    'fa:16:3e:00:00:0b',
                    '10.0.0.5,2001:db8::5',
                    'not in the cache',
                )
            ],
            views.findings(),
        )

    def test_port_of_another_project_is_never_cached(self) -> None:
        for project_id in ('0', 'another'):
            with self.subTest(project_id):
                views = two_ports()
                views.drop_from_cache(0)
                views.change_port(0, project_id=project_id)
                self.assertEqual([], views.codes())

    def test_port_of_another_project_that_is_cached_all_the_same(self) -> None:
        views = two_ports()
        views.change_port(
            1,
            project_id='another',
            fixed_ips=(records.FixedIP('10.0.0.7', None),),
        )
        self.assertEqual([codes.Code.ADDRESS_DIFFERS], views.codes())

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

    def test_duplicate_in_cache(self) -> None:
        views = two_ports()
        (first, second) = views.server.cache
        views.change_server(cache=(first, first, second))
        (finding,) = views.findings()
        self.assertEqual(
            (
                codes.Code.DUPLICATE_IN_CACHE,
                'once in the cache',
                'more than once: 10.0.0.5,2001:db8::5',
            ),
            (finding.code, finding.expected, finding.actual),
        )

    def test_mac_differs(self) -> None:
        views = two_ports()
        views.change_port(1, mac_address='fa:16:3e:00:00:ff')
        (finding,) = views.findings()
        self.assertEqual(
            (
                codes.Code.MAC_DIFFERS,
                'fa:16:3e:00:00:ff',
                'fa:16:3e:00:00:0c',
            ),
            (finding.code, finding.expected, finding.actual),
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
        right = 'bound to compute-1'
        for changes, code, expected, actual in (
            (
                {'vif_type': 'binding_failed'},
                codes.Code.BINDING_FAILED,
                right,
                'binding_failed on compute-1',
            ),
            (
                {'vif_type': 'unbound', 'host': None},
                codes.Code.UNBOUND,
                right,
                'unbound on no host',
            ),
            (
                {'vif_type': 'unbound'},
                codes.Code.UNBOUND,
                right,
                'unbound on compute-1',
            ),
            ({'host': None}, codes.Code.UNBOUND, right, 'ovs on no host'),
            (
                {'host': 'compute-0'},
                codes.Code.HOST_DIFFERS,
                'compute-1',
                'compute-0',
            ),
            (
                {'host': 'compute-2'},
                codes.Code.HOST_DIFFERS,
                'compute-1',
                'compute-2',
            ),
        ):
            with self.subTest(**changes):
                views = two_ports()
                # A port that is not bound is not ACTIVE either, which is
                # reported once.
                views.change_port(0, status='DOWN', **changes)
                self.assertEqual(
                    [
                        findings.Finding(
                            code,
                            fake_cloud.identifier(1),
                            fake_cloud.identifier(11),
                            'fa:16:3e:00:00:0b',
                            expected,
                            actual,
                        )
                    ],
                    views.findings(),
                )

    def test_binding_failed_where_the_host_is_not_shown(self) -> None:
        views = two_ports()
        views.change_server(host=None)
        views.change_port(0, vif_type='binding_failed')
        (finding,) = views.findings()
        self.assertEqual('bound to a host', finding.expected)

    def test_each_driver_binds_in_its_way(self) -> None:
        for vif_type in ('agilio_ovs', 'bridge', 'ovs', 'vhostuser'):
            with self.subTest(vif_type):
                views = two_ports()
                views.change_port(0, vif_type=vif_type)
                self.assertEqual([], views.codes())

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
        views.change_port(0, tags=('server-interface-repair-bounce',))
        (finding,) = views.findings()
        self.assertEqual(
            'disabled by a repair that was interrupted', finding.actual
        )

    def test_no_fixed_ip(self) -> None:
        views = agreeing(port(11, ip_allocation='immediate'))
        self.assertEqual([codes.Code.NO_FIXED_IP], views.codes())
        for allocation in ('none', 'deferred', None):
            views.change_port(0, ip_allocation=allocation)
            self.assertEqual([], views.codes())

    def test_no_fixed_ip_any_more(self) -> None:
        views = two_ports()
        views.change_port(0, fixed_ips=(), ip_allocation=None)
        self.assertEqual(
            [codes.Code.NO_FIXED_IP, codes.Code.ADDRESS_DIFFERS],
            views.codes(),
        )

    def test_not_attached(self) -> None:
        for changes, actual in (
            ({'device_owner': None}, 'device owner empty, ovs on compute-1'),
            (
                {'device_owner': 'network:dhcp'},
                'device owner network:dhcp, ovs on compute-1',
            ),
            (
                {'device_owner': None, 'vif_type': None, 'host': None},
                'device owner empty, binding not shown',
            ),
            (
                {'vif_type': 'unbound', 'host': None, 'status': 'DOWN'},
                'device owner compute:nova, unbound on no host',
            ),
        ):
            for status in ('ACTIVE', 'SHUTOFF'):
                with self.subTest(actual, server=status):
                    views = two_ports()
                    views.change_server(status=status)
                    views.drop_from_cache(0)
                    views.change_port(0, **changes)
                    (finding,) = views.findings()
                    self.assertEqual(
                        (
                            codes.Code.NOT_ATTACHED,
                            'plugged in by Nova',
                            actual,
                        ),
                        (finding.code, finding.expected, finding.actual),
                    )

    def test_ports_of_an_offloaded_server_are_unbound(self) -> None:
        views = two_ports()
        views.change_server(status='SHELVED_OFFLOADED', host=None)
        views.change_port(0, vif_type='unbound', host=None, status='DOWN')
        views.drop_from_cache(0)
        self.assertEqual([codes.Code.MISSING_FROM_CACHE], views.codes())

    def test_port_that_neutron_does_not_show(self) -> None:
        views = two_ports()
        interfaces = [port.as_interface() for port in views.ports]
        views.change_port(1, status='DOWN')
        self.assertEqual(
            [codes.Code.PORT_DOWN],
            [
                finding.code
                for finding in (
                    *ports.judge(views.server, views.ports[1:]),
                    *cache_diff.judge(
                        views.server, interfaces, views.ports[1:]
                    ),
                )
            ],
        )

    def test_duplicate_mac(self) -> None:
        views = two_ports()
        views.change_port(1, mac_address=views.ports[0].mac_address)
        # This port sorts first, and has no MAC address to share.
        without = port(10, mac_address=None)
        (finding,) = ports.judge_mac_addresses(
            [views.server], [without, *views.ports]
        )
        self.assertEqual(
            (
                codes.Code.DUPLICATE_MAC,
                fake_cloud.identifier(12),
                'a MAC address of its own',
                f'that of port {fake_cloud.identifier(11)}',
            ),
            (finding.code, finding.port_id, finding.expected, finding.actual),
        )
        views.change_port(1, network_id='another')
        self.assertEqual(
            [], list(ports.judge_mac_addresses([views.server], views.ports))
        )


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
            ({'status': 'SHELVED_OFFLOADED'}, [cached]),
            ({'status': 'ERROR', 'host': None}, [cached]),
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
    drawn_ports = []
    for number, count in enumerate(counts, 11):
        drawn_ports.append(port(number, *drawn[:count]))
        drawn = drawn[count:]
    return agreeing(*drawn_ports)


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
        self.assertEqual(
            [], list(ports.judge_mac_addresses([views.server], views.ports))
        )

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
