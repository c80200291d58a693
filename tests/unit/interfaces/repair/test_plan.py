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
import itertools
from typing import Any

from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

Action = plans.Action
Code = codes.Code

# The entry of port 11.
CACHE = (
    records.Interface('fa:16:3e:00:00:0b', (records.FixedIP('10.0.0.9'),)),
)


def server(**other: Any) -> records.Server:
    plain = {
        'name': 's1',
        'status': 'ACTIVE',
        'host': 'compute-1',
        'cache': (records.Interface('fa:16:3e:00:00:0c', ()),),
    }
    return records.Server(fake_cloud.identifier(1), **{**plain, **other})


def port(number: int = 11, **other: Any) -> records.Port:
    plain = {
        'device_id': fake_cloud.identifier(1),
        'device_owner': 'compute:nova',
        'vif_type': 'ovs',
        'host': 'compute-9',
        'admin_state_up': True,
        'fixed_ips': (),
    }
    return records.Port(
        fake_cloud.identifier(number),
        fake_cloud.identifier(700),
        f'fa:16:3e:00:00:{number:02x}',
        **{**plain, **other},
    )


def finding(
    code: Code,
    of_server: records.Server | None = None,
    of_port: records.Port | None = None,
) -> findings.Finding:
    server_id = of_port.device_id if of_port else None
    if of_server:
        server_id = of_server.id
    return findings.Finding(
        code,
        server_id,
        of_port.id if of_port else None,
        of_port.mac_address if of_port else 'fa:16:3e:00:00:0f',
        'expected',
        'actual',
        server=of_server,
        port=of_port,
    )


def methods(repair: plans.Repair) -> list[str]:
    """Describe requests for a table."""
    found = []
    for request in repair.calls:
        body: Any = request.body or {}
        end = request.path.rpartition('/')[2]
        attributes = body.get('port')
        found.append(
            f'{request.method} {end}'
            if attributes is None
            else f'{request.method} {attributes}'
        )
    return found


def planned(plan: plans.Plan) -> list[plans.Repair]:
    """Return everything in a plan, done or not."""
    return [*plan.repairs, *plan.unrepaired]


class PlanTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.writer = writing.Writer(self.api())

    def plan(
        self,
        *findings: findings.Finding,
        users: dict[str, str] | None = None,
        ports: Sequence[records.Port] = (port(),),
        **options: Any,
    ) -> plans.Plan:
        return plans.make(
            findings,
            self.writer,
            plans.Options(**options),
            users or {},
            ports,
        )

    def one(self, found: findings.Finding, **options: Any) -> plans.Repair:
        (repair,) = planned(self.plan(found, **options))
        return repair


class TestRepairs(PlanTestCase):
    def test_done(self) -> None:
        hidden: dict[str, Any] = {'vif_type': None, 'host': None}
        delete = {'orphans': Action.DELETE}
        release = {'orphans': Action.RELEASE}
        mine = server(host=None)
        identifier = fake_cloud.identifier(11)
        released = "PUT {'device_id': '', 'device_owner': ''}"
        for name, found, options, action, requests in (
            (
                'address, administrator',
                finding(Code.ADDRESS_DIFFERS, server(), port()),
                {},
                Action.TOUCH,
                ['PUT {}'],
            ),
            (
                'address, member',
                finding(Code.ADDRESS_DIFFERS, mine, port(**hidden)),
                {},
                Action.TOUCH,
                ['PUT {}'],
            ),
            (
                'gone',
                finding(Code.ONLY_IN_CACHE, server()),
                {},
                Action.REFRESH,
                ['POST os-server-external-events'],
            ),
            (
                'twice in the cache, although the port is known',
                finding(Code.DUPLICATE_IN_CACHE, server(), port()),
                {},
                Action.REFRESH,
                ['POST os-server-external-events'],
            ),
            (
                'port that Neutron did not show',
                finding(Code.ADDRESS_DIFFERS, server()),
                {},
                Action.REFRESH,
                ['POST os-server-external-events'],
            ),
            (
                'server that is not known',
                finding(Code.MISSING_FROM_CACHE, None, port(**hidden)),
                {},
                Action.TOUCH,
                ['PUT {}'],
            ),
            (
                'floating IP, and an empty cache',
                finding(Code.FLOATING_IP_DIFFERS, server(cache=()), port()),
                {},
                Action.TOUCH,
                ['PUT {}'],
            ),
            (
                'no fixed IP any more, as is meant',
                finding(
                    Code.ADDRESS_DIFFERS,
                    server(cache=CACHE),
                    port(ip_allocation='deferred'),
                ),
                {},
                Action.TOUCH,
                ['PUT {}'],
            ),
            (
                'not attached, with the device ID of a server alone',
                finding(Code.NOT_ATTACHED, server(), port(device_owner=None)),
                {},
                Action.RELEASE,
                [released],
            ),
            (
                'unbound',
                finding(Code.UNBOUND, server(), port(host=None)),
                {},
                Action.BIND,
                ["PUT {'binding:host_id': 'compute-1'}"],
            ),
            (
                'floating IP',
                finding(Code.FLOATING_IP_DIFFERS, server(), port()),
                {},
                Action.TOUCH,
                ['PUT {}'],
            ),
            (
                'half released',
                finding(Code.HALF_RELEASED, None, port(device_id=None)),
                delete,
                Action.DELETE,
                [f'DELETE {identifier}'],
            ),
            (
                'unused, member',
                finding(
                    Code.UNUSED_PORT,
                    None,
                    port(device_id=None, device_owner=None, **hidden),
                ),
                delete,
                Action.DELETE,
                [f'DELETE {identifier}'],
            ),
            (
                'bound elsewhere',
                finding(Code.HOST_DIFFERS, server(), port()),
                {},
                Action.BIND,
                ["PUT {'binding:host_id': 'compute-1'}"],
            ),
            (
                'down',
                finding(Code.PORT_DOWN, mine, port(**hidden)),
                {'bounce': True},
                Action.BOUNCE,
                [
                    'PUT server-interface-repair-bounce',
                    "PUT {'admin_state_up': False}",
                    "PUT {'admin_state_up': True}",
                    'DELETE server-interface-repair-bounce',
                ],
            ),
            (
                'not attached',
                finding(Code.NOT_ATTACHED, server(), port(device_owner=None)),
                {},
                Action.RELEASE,
                [released],
            ),
            (
                'orphan, administrator',
                finding(Code.ORPHAN_PORT, None, port()),
                delete,
                Action.DELETE,
                [f'DELETE {identifier}'],
            ),
            (
                'orphan, member',
                finding(Code.ORPHAN_PORT, None, port(**hidden)),
                delete,
                Action.DELETE,
                [
                    released,
                    f'DELETE {identifier}',
                ],
            ),
            (
                'orphan, released by a member',
                finding(Code.ORPHAN_PORT, None, port(**hidden)),
                release,
                Action.RELEASE,
                [released],
            ),
            (
                'orphan, released by an administrator',
                finding(Code.ORPHAN_PORT, None, port()),
                release,
                Action.RELEASE,
                [
                    "PUT {'device_id': '', 'device_owner': '', "
                    "'binding:host_id': ''}"
                ],
            ),
        ):
            with self.subTest(name):
                repair = self.one(found, **options)
                self.assertEqual(
                    (action, requests, None),
                    (repair.action, methods(repair), repair.reason),
                )

    def test_not_done(self) -> None:
        delete = {'orphans': Action.DELETE}
        identifier = fake_cloud.identifier(11)
        for name, found, options, reason in (
            (
                'empty cache',
                finding(Code.MISSING_FROM_CACHE, server(cache=()), port()),
                {},
                'unshelve the server if it is shelved, attach an interface, '
                'then repair again',
            ),
            (
                'no host',
                finding(Code.ADDRESS_DIFFERS, server(host=None), port()),
                {},
                'on no host',
            ),
            (
                'server that is not known',
                finding(Code.ADDRESS_DIFFERS, None, port()),
                {},
                'on no host',
            ),
            (
                'event of a member',
                finding(Code.ONLY_IN_CACHE, server(host=None)),
                {},
                "'admin' or 'service'",
            ),
            (
                'moving',
                finding(Code.UNBOUND, server(status='MIGRATING'), port()),
                {},
                'about to move',
            ),
            (
                'under change',
                finding(Code.UNBOUND, server(task_state='x'), port()),
                {},
                'about to move',
            ),
            (
                'about to move',
                finding(Code.UNBOUND, server(), port(migrating_to='c')),
                {},
                'about to move',
            ),
            (
                'nowhere',
                finding(Code.BINDING_FAILED, server(host=None), port()),
                {},
                'on no host',
            ),
            (
                'no server',
                finding(Code.UNBOUND, None, port()),
                {},
                'on no host',
            ),
            (
                'bare metal',
                finding(Code.UNBOUND, server(), port(vnic_type='baremetal')),
                {},
                'Ironic',
            ),
            (
                'down',
                finding(Code.PORT_DOWN, server(), port()),
                {},
                '--bounce',
            ),
            (
                'of a router',
                finding(
                    Code.NOT_ATTACHED, server(), port(device_owner='network:x')
                ),
                {},
                'belongs to network:x',
            ),
            (
                'orphan',
                finding(Code.ORPHAN_PORT, None, port()),
                {},
                '--delete-orphans',
            ),
            (
                'orphan with a floating IP',
                finding(Code.ORPHAN_PORT, None, port()),
                {
                    **delete,
                    'users': {identifier: 'a floating IP'},
                },
                'a floating IP',
            ),
            (
                'second binding',
                finding(Code.STALE_BINDING, server(), port()),
                {},
                f"bindings --port {identifier}'",
            ),
            (
                'floating IP for nothing',
                dataclasses.replace(
                    finding(Code.FLOATING_IP_DIFFERS, server(), port()),
                    lacking_ip='10.0.0.9',
                ),
                {},
                "'openstack floating ip set'",
            ),
            (
                'nothing to release',
                finding(
                    Code.UNUSED_PORT,
                    None,
                    port(device_id=None, device_owner=None, host=None),
                ),
                {'orphans': Action.RELEASE},
                'belongs to no device',
            ),
            (
                'no fixed IP',
                finding(Code.NO_FIXED_IP, server(), port()),
                {},
                "it is not repaired automatically; see 'Findings'",
            ),
            (
                'unknown port',
                finding(Code.PORT_DOWN, server()),
                {},
                'not known',
            ),
        ):
            with self.subTest(name):
                repair = self.one(found, **options)
                self.assertIn(reason, repair.reason or '')
                self.assertEqual((None, ()), (repair.action, repair.calls))

    def test_trace_of_fixed_ips_that_are_lost(self) -> None:
        """The cache shows that there were any, and which."""
        here = server(cache=CACHE)
        for name, found in (
            ('own', finding(Code.ADDRESS_DIFFERS, here, port())),
            (
                'known without the cache',
                finding(
                    Code.FLOATING_IP_DIFFERS,
                    here,
                    port(ip_allocation='immediate'),
                ),
            ),
            (
                'floating IP for nothing',
                dataclasses.replace(
                    finding(Code.FLOATING_IP_DIFFERS, here, port()),
                    lacking_ip='10.0.0.9',
                ),
            ),
            ('binding', finding(Code.BINDING_FAILED, here, port())),
            ('status', finding(Code.PORT_DOWN, here, port())),
            ("another port's", finding(Code.ONLY_IN_CACHE, here)),
            (
                "another port's, too",
                finding(Code.DUPLICATE_IN_CACHE, here, port(12)),
            ),
        ):
            with self.subTest(name):
                repair = self.one(found)
                self.assertEqual(
                    (
                        None,
                        f'port {port().id} has lost its fixed IPs: give them '
                        "back first with 'openstack port set --fixed-ip "
                        "ip-address=<address> <port>'",
                    ),
                    (repair.action, repair.reason),
                )
        other = finding(Code.MISSING_FROM_CACHE, here, port(12))
        self.assertEqual(Action.TOUCH, self.one(other).action)

    def test_a_port_without_fixed_ips_that_a_repair_has_disabled(self) -> None:
        here = server(cache=CACHE)
        left = port(admin_state_up=False, tags=(records.BOUNCE_TAG,))
        for code, action in (
            (Code.PORT_DOWN, Action.BOUNCE),
            (Code.ADDRESS_DIFFERS, None),
            (Code.DUPLICATE_IN_CACHE, None),
        ):
            with self.subTest(code):
                repair = self.one(finding(code, here, left), bounce=True)
                self.assertEqual(action, repair.action)

    def test_fixed_ips_that_left_no_trace(self) -> None:
        lost = port(ip_allocation='immediate')
        for code, of_port, action in (
            (Code.ONLY_IN_CACHE, None, Action.REFRESH),
            (Code.DUPLICATE_IN_CACHE, port(12), Action.REFRESH),
            (Code.FLOATING_IP_DIFFERS, lost, Action.TOUCH),
        ):
            with self.subTest(code):
                found = finding(code, server(), of_port)
                repair = self.one(found, ports=[lost])
                self.assertEqual(
                    (action, None), (repair.action, repair.reason)
                )

    def test_what_may_be_in_use_is_not_released(self) -> None:
        repair = self.one(
            finding(Code.ORPHAN_PORT, None, port()),
            users={fake_cloud.identifier(11): 'something uses it'},
            orphans=Action.RELEASE,
        )
        self.assertEqual(
            (None, 'something uses it'), (repair.action, repair.reason)
        )

    def test_what_nova_may_have_plugged_in_is_not_released(self) -> None:
        for name, cache, owner in (
            ('the cache has it', CACHE, None),
            ('the device owner says so', (), 'compute:nova'),
        ):
            by_hand = port(
                device_owner=owner,
                fixed_ips=CACHE[0].fixed_ips,
                host=None,
                vif_type='unbound',
            )
            found = finding(Code.NOT_ATTACHED, server(cache=cache), by_hand)
            for named, action in (((), None), ((by_hand.id,), Action.RELEASE)):
                with self.subTest(name, named=named):
                    plan = self.plan(found, port_ids=frozenset(named))
                    self.assertEqual(action, plan.rows[0][1].action)
            self.assertEqual(
                'Nova may have plugged it in: name the port with --port',
                self.plan(found).unrepaired[0].reason,
            )

    def test_port_that_must_not_be_bound(self) -> None:
        found = finding(Code.HOST_DIFFERS, server(), port())
        plan = self.plan(found, users={fake_cloud.identifier(11): 'moved'})
        self.assertEqual('moved', plan.unrepaired[0].reason)

    def test_anything_that_is_left_is_released(self) -> None:
        nothing: dict[str, Any] = dict.fromkeys(
            ('device_id', 'device_owner', 'host')
        )
        for changes in (
            {'device_id': fake_cloud.identifier(9)},
            {'device_owner': 'compute:nova'},
            {'host': 'compute-1'},
        ):
            with self.subTest(str(changes)):
                left = port(**{**nothing, **changes})
                repair = self.one(
                    finding(Code.HALF_RELEASED, None, left),
                    orphans=Action.RELEASE,
                )
                self.assertEqual(Action.RELEASE, repair.action)

    def test_reader(self) -> None:
        self.cloud.register_tokens('a-token', role='reader')
        self.writer = writing.Writer(self.api())
        everything: dict[str, Any] = {
            'bounce': True,
            'orphans': Action.DELETE,
        }
        for code, options in itertools.product(Code, (everything, {})):
            with self.subTest(code, **options):
                plan = self.plan(finding(code, server(), port()), **options)
                self.assertEqual([], plan.repairs)
                (repair,) = plan.unrepaired
                self.assertEqual(
                    "a reader cannot repair it: it needs the role 'member'",
                    repair.reason,
                )
                # No option helps.
                self.assertIsNone(repair.needs)

    def test_service(self) -> None:
        self.cloud.register_tokens('a-token', role='service')
        self.writer = writing.Writer(self.api())
        found = dataclasses.replace(
            finding(Code.STALE_BINDING, server(), port()),
            stale_hosts=('compute-2', 'compute-3'),
        )
        repair = self.one(found)
        self.assertEqual(
            (Action.DELETE_BINDING, ['DELETE compute-2', 'DELETE compute-3']),
            (repair.action, methods(repair)),
        )
        self.assertEqual(
            tuple(
                self.writer.delete_binding(port(), host)
                for host in found.stale_hosts
            ),
            repair.calls,
        )


class TestOptions(PlanTestCase):
    def test_needs(self) -> None:
        for code, expected in (
            (Code.PORT_DOWN, '--bounce'),
            (Code.ORPHAN_PORT, '--delete-orphans'),
            (Code.NO_FIXED_IP, None),
        ):
            with self.subTest(code):
                here = None if code is Code.ORPHAN_PORT else server()
                repair = self.one(finding(code, here, port()))
                self.assertEqual(expected, repair.needs)

    def test_undo(self) -> None:
        bounce = self.one(
            finding(Code.PORT_DOWN, server(), port()), bounce=True
        )
        self.assertEqual(bounce.calls[2:], bounce.undo)
        self.assertEqual(
            [{'admin_state_up': state} for state in (True, False)],
            [call.before for call in bounce.calls[1:3]],
        )


class TestFindings(PlanTestCase):
    def test_of_one_cache(self) -> None:
        found = (
            finding(Code.MISSING_FROM_CACHE, server(), port(11)),
            finding(Code.ADDRESS_DIFFERS, server(), port(12)),
        )
        (repair,) = self.plan(*found).repairs
        event = self.writer.refresh_cache(
            server(), [fake_cloud.identifier(number) for number in (11, 12)]
        )
        calls = [self.writer.touch_port(port(number)) for number in (11, 12)]
        self.assertEqual(
            plans.Repair(found, Action.TOUCH, tuple(calls), event), repair
        )
        for one, call in zip(found, calls, strict=True):
            self.assertEqual((call, event), repair.calls_for(one))

    def test_alone(self) -> None:
        found = finding(Code.UNBOUND, server(), port())
        (repair,) = self.plan(found).repairs
        self.assertEqual(
            (Action.BIND, None, (found,)),
            (repair.action, repair.event, repair.findings),
        )
        self.assertEqual(repair.calls, repair.calls_for(found))

    def test_in_their_order(self) -> None:
        down, missing, other = found = (
            finding(Code.PORT_DOWN, server(), port(13)),
            finding(Code.MISSING_FROM_CACHE, server(), port(12)),
            finding(Code.NO_FIXED_IP, server(), port(11)),
        )
        plan = self.plan(*found, bounce=True)
        refresh, bounce = plan.repairs
        (left,) = plan.unrepaired
        self.assertEqual(
            [(other, left), (missing, refresh), (down, bounce)], plan.rows
        )
        self.assertEqual(2, plan.count)


class TestOrder(PlanTestCase):
    def test_one_request_refreshes_a_server(self) -> None:
        plan = self.plan(
            finding(Code.PORT_DOWN, server(), port(13)),
            finding(Code.MISSING_FROM_CACHE, server(), port(11)),
            finding(Code.ADDRESS_DIFFERS, server(), port(12)),
            finding(Code.ONLY_IN_CACHE, server()),
            finding(Code.MAC_DIFFERS, server(), port(11)),
            # An event with its tag would keep the second entry.
            finding(Code.DUPLICATE_IN_CACHE, server(), port(14)),
            bounce=True,
        )
        refresh, bounce = plan.repairs
        (request,) = refresh.calls
        self.assertEqual(
            [None, fake_cloud.identifier(11), fake_cloud.identifier(12)],
            [event.get('tag') for event in (request.body or {})['events']],
        )
        self.assertEqual(5, len(refresh.findings))
        self.assertEqual(Action.REFRESH, refresh.action)
        for one in refresh.findings:
            self.assertEqual((request,), refresh.calls_for(one))
        self.assertEqual(Action.BOUNCE, bounce.action)

    def test_updates_of_ports_are_tried_before_an_event(self) -> None:
        for name, host, event in (
            ('administrator', 'compute-1', ['POST os-server-external-events']),
            ('member', None, []),
        ):
            with self.subTest(name):
                hidden: dict[str, Any] = {}
                if host is None:
                    hidden = {'vif_type': None, 'host': None}
                here = server(host=host)
                (repair,) = self.plan(
                    finding(Code.MISSING_FROM_CACHE, here, port(11, **hidden)),
                    finding(Code.ADDRESS_DIFFERS, here, port(12, **hidden)),
                    finding(
                        Code.FLOATING_IP_DIFFERS, here, port(12, **hidden)
                    ),
                ).repairs
                self.assertEqual(
                    [
                        f'/v2.0/ports/{fake_cloud.identifier(number)}'
                        for number in (11, 12)
                    ],
                    [call.path for call in repair.calls],
                )
                self.assertEqual(
                    event,
                    [
                        f'{call.method} {call.path.rpartition("/")[2]}'
                        for call in (repair.event,)
                        if call
                    ],
                )

    def test_a_port_that_neutron_does_not_take_for_one_of_a_server(
        self,
    ) -> None:
        left = port(device_owner=None)
        repair = self.one(finding(Code.ADDRESS_DIFFERS, server(), left))
        self.assertEqual(
            (Action.REFRESH, ['POST os-server-external-events']),
            (repair.action, methods(repair)),
        )

    def test_servers_apart(self) -> None:
        other = records.Server(
            fake_cloud.identifier(2),
            host='compute-1',
            cache=server().cache,
        )
        plan = self.plan(
            finding(Code.ONLY_IN_CACHE, server()),
            finding(Code.ONLY_IN_CACHE, other),
        )
        self.assertEqual(2, len(plan.repairs))


class TestInterrupted(PlanTestCase):
    def test_disabled_port_that_is_found(self) -> None:
        left = port(admin_state_up=False, tags=(records.BOUNCE_TAG,))
        found = finding(Code.PORT_DOWN, server(), left)
        repair = self.one(found, bounce=True)
        self.assertEqual(
            [
                "PUT {'admin_state_up': True}",
                'DELETE server-interface-repair-bounce',
            ],
            methods(repair),
        )
        self.assertEqual(
            (
                self.writer.enable_port(left, True),
                self.writer.unmark(left),
            ),
            repair.calls,
        )
        self.assertEqual((found,), repair.findings)
        self.assertEqual('--bounce', self.one(found).needs)
