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

import dataclasses
from typing import Any

import testtools

from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.repair import outcome as outcomes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import records
from tests.unit.interfaces import samples

PORT = samples.port(11, '10.0.0.5', status='DOWN')
UPDATE, EVENT = (
    writing.PlannedCall(service, 'POST', '/', None, 'what', 'role')
    for service in ('network', 'compute')
)


def finding(code: codes.Code = codes.Code.PORT_DOWN) -> findings.Finding:
    return findings.Finding(
        code, None, PORT.id, PORT.mac_address, 'good', 'bad', port=PORT
    )


def repair(action: plans.Action) -> plans.Repair:
    return plans.Repair((finding(),), action, (UPDATE,), EVENT)


class TestValues(testtools.TestCase):
    def test_what_scripts_rely_on(self) -> None:
        self.assertEqual(
            [
                'refresh-cache',
                'update-port',
                'bind-port',
                'bounce-port',
                'release-port',
                'delete-port',
                'delete-binding',
            ],
            [action.value for action in plans.Action],
        )
        self.assertEqual(
            [
                'repaired',
                'planned',
                'not repairable',
                'refused',
                'still there',
                'unfinished',
                'skipped',
            ],
            [result.value for result in outcomes.Result],
        )


class TestOutcome(testtools.TestCase):
    def test_requests_and_action(self) -> None:
        """They are the planned ones only of a repair that is planned."""
        touch, refresh = plans.Action.TOUCH, plans.Action.REFRESH
        planned, skipped = outcomes.Result.PLANNED, outcomes.Result.SKIPPED
        for result, sent, action, calls in (
            (planned, (), touch, (UPDATE, EVENT)),
            (skipped, (), touch, ()),
            (skipped, (UPDATE,), touch, (UPDATE,)),
            (skipped, (UPDATE, EVENT), refresh, (UPDATE, EVENT)),
        ):
            with self.subTest(f'{result} {sent}'):
                found = outcomes.Outcome(
                    repair(touch), finding(), result, sent=sent
                )
                self.assertEqual((action, calls), (found.action, found.calls))

    def test_requests_without_an_event(self) -> None:
        planned = dataclasses.replace(repair(plans.Action.BIND), event=None)
        found = outcomes.Outcome(planned, finding(), outcomes.Result.PLANNED)
        self.assertEqual((UPDATE,), found.calls)

    def test_not_begun(self) -> None:
        done = repair(plans.Action.BIND)
        left = dataclasses.replace(
            done, action=None, reason='only with --bounce'
        )
        impossible = outcomes.Outcome(
            left,
            finding(),
            outcomes.Result.NOT_REPAIRABLE,
            reason='only with --bounce',
            remains=True,
        )
        for options, expected in (
            (
                {},
                outcomes.Outcome(done, finding(), outcomes.Result.SKIPPED),
            ),
            (
                {'result': outcomes.Result.PLANNED},
                outcomes.Outcome(done, finding(), outcomes.Result.PLANNED),
            ),
            (
                {'reason': 'gone', 'remains': False},
                outcomes.Outcome(
                    done,
                    finding(),
                    outcomes.Result.SKIPPED,
                    None,
                    'gone',
                    False,
                ),
            ),
        ):
            with self.subTest(str(options)):
                values: dict[str, Any] = options
                self.assertEqual(
                    [expected, impossible],
                    outcomes.not_begun([done, left], **values),
                )

    def test_something_remains_unless_the_opposite_is_known(self) -> None:
        found = outcomes.Outcome(
            repair(plans.Action.BIND),
            finding(),
            outcomes.Result.STILL_THERE,
        )
        self.assertIs(True, found.remains)

    def test_proof(self) -> None:
        planned = dataclasses.replace(finding(), server=samples.server(PORT))
        for action, after, expected in (
            (plans.Action.BOUNCE, 'ACTIVE', True),
            (plans.Action.BOUNCE, 'DOWN', False),
            (plans.Action.BOUNCE, 'marked', False),
            (plans.Action.BIND, samples.HOST, True),
            (plans.Action.BIND, samples.OTHER_HOST, False),
            (plans.Action.BIND, 'no host', False),
            (plans.Action.TOUCH, planned.actual, False),
            (plans.Action.TOUCH, '10.0.0.5', True),
            (plans.Action.DELETE, 'deleted', True),
            # The finding was gone a moment before.
            (plans.Action.BOUNCE, None, True),
            (plans.Action.BIND, None, True),
            (plans.Action.TOUCH, None, True),
        ):
            with self.subTest(action, after=after):
                self.assertIs(
                    expected,
                    outcomes.is_proven(repair(action), planned, after),
                )

    def test_what_a_bounce_leaves_behind(self) -> None:
        port = f'Port {PORT.id}: '
        enable = f"; run 'openstack port set --enable {PORT.id}'"
        for action, after, expected in (
            (plans.Action.BOUNCE, 'disabled', f'{port}it is disabled{enable}'),
            (
                plans.Action.BOUNCE,
                None,
                f'{port}whether it is enabled is not known{enable}',
            ),
            (
                plans.Action.BOUNCE,
                'marked',
                f"{port}it is enabled, but still marked; run 'openstack port "
                f"unset --tag server-interface-repair-bounce {PORT.id}'",
            ),
            (plans.Action.BOUNCE, 'ACTIVE', None),
            (plans.Action.BOUNCE, 'DOWN', None),
            (plans.Action.DELETE, None, None),
        ):
            with self.subTest(f'{action}, {after}'):
                found = outcomes.Outcome(
                    repair(action),
                    finding(),
                    outcomes.Result.UNFINISHED,
                    after,
                )
                self.assertEqual(expected, outcomes.left_behind(found))


class TestObserved(testtools.TestCase):
    def test_port(self) -> None:
        for action, changes, expected in (
            (plans.Action.BIND, {}, samples.HOST),
            (plans.Action.BIND, {'host': None}, 'no host'),
            (plans.Action.BOUNCE, {'admin_state_up': False}, 'disabled'),
            (plans.Action.BOUNCE, {'tags': (records.BOUNCE_TAG,)}, 'marked'),
            (plans.Action.BOUNCE, {'admin_state_up': True}, 'DOWN'),
            (plans.Action.BOUNCE, {'admin_state_up': None}, 'DOWN'),
            (plans.Action.BOUNCE, {'status': None}, ''),
            (plans.Action.RELEASE, {}, PORT.device_id),
            (plans.Action.DELETE, {'device_id': None}, PORT.device_owner),
            (
                plans.Action.RELEASE,
                {'device_id': None, 'device_owner': None},
                'no device',
            ),
        ):
            with self.subTest(f'{action}, {changes}'):
                port = dataclasses.replace(PORT, **changes)
                self.assertEqual(
                    expected, outcomes.observed_port(action, port)
                )
        self.assertEqual(
            'deleted', outcomes.observed_port(plans.Action.BIND, None)
        )

    def test_cache(self) -> None:
        entry = records.Interface(
            PORT.mac_address,
            PORT.fixed_ips,
            floating_ips=('203.0.113.5', '203.0.113.6'),
        )
        other = dataclasses.replace(entry, mac_address='fa:16:3e:00:00:99')
        for code, cache, expected in (
            (codes.Code.MISSING_FROM_CACHE, (entry, other), '10.0.0.5'),
            (codes.Code.MISSING_FROM_CACHE, (other,), 'not in the cache'),
            (codes.Code.DUPLICATE_IN_CACHE, (entry,) * 2, '10.0.0.5,10.0.0.5'),
            (
                codes.Code.FLOATING_IP_DIFFERS,
                (entry,),
                '203.0.113.5,203.0.113.6',
            ),
            (
                codes.Code.FLOATING_IP_DIFFERS,
                (dataclasses.replace(entry, floating_ips=()),),
                'none',
            ),
            (codes.Code.MAC_DIFFERS, (entry,), PORT.mac_address),
        ):
            with self.subTest(f'{code}, {len(cache)}'):
                server = dataclasses.replace(samples.server(PORT), cache=cache)
                self.assertEqual(
                    expected,
                    outcomes.observed_cache(finding(code), server),
                )
