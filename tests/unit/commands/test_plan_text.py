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
from unittest import mock

import testtools

from osc_port_iface.api import writing
from osc_port_iface.commands import plan_text
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import records
from tests.unit.interfaces import samples

Action = plans.Action
Code = codes.Code

PORT = samples.port(11, '192.0.2.136')
SERVER = samples.server(PORT, name='web-2', host='compute-7')
LOOK = mock.create_autospec(lookup.Lookup, instance=True)
LOOK.network.return_value = records.Network(PORT.network_id, 'backend')
CALL = writing.PlannedCall(
    'network', 'PUT', '/v2.0/ports/p', {'port': {}}, 'Port', 'member'
)
EVENT = writing.PlannedCall(
    'compute', 'POST', '/v2.1/events', {'events': []}, 'Event', 'admin'
)


def repair(
    code: Code, action: Action | None, actual: str = 'x', **other: Any
) -> plans.Repair:
    """Build a repair of the port of the server."""
    finding = findings.Finding(
        code,
        SERVER.id,
        PORT.id,
        PORT.mac_address,
        'good',
        actual,
        server=SERVER,
        port=PORT,
    )
    return plans.Repair((finding,), action, **other)


def sentence(found: plans.Repair, look: lookup.Lookup | None = None) -> str:
    return plan_text.sentence(found.findings[0], found, look)


class TestSentence(testtools.TestCase):
    def test_every_action(self) -> None:
        for code, action, expected in (
            (Code.HOST_DIFFERS, Action.BIND, 'bind the port to compute-7'),
            (Code.PORT_DOWN, Action.BOUNCE, 'disable and enable the port'),
            (Code.NOT_ATTACHED, Action.RELEASE, 'release the port'),
            (Code.ORPHAN_PORT, Action.DELETE, 'delete the port'),
            (
                Code.STALE_BINDING,
                Action.DELETE_BINDING,
                'delete its other bindings',
            ),
            (
                Code.MISSING_FROM_CACHE,
                Action.TOUCH,
                'let Nova read it again, by an update of the port',
            ),
            (
                Code.ONLY_IN_CACHE,
                Action.REFRESH,
                'let Nova read it again, by an event',
            ),
        ):
            with self.subTest(code):
                self.assertEqual(
                    f'web-2, backend, 192.0.2.136: {code} (bad): {expected}',
                    sentence(repair(code, action, 'bad'), LOOK),
                )

    def test_a_bounce_that_was_interrupted(self) -> None:
        half_done = repair(
            Code.PORT_DOWN,
            Action.BOUNCE,
            'disabled',
            calls=(CALL,),
            undo=(CALL,),
        )
        self.assertEqual(
            [
                'web-2, backend, 192.0.2.136: port-down (disabled): enable '
                'the port',
                '1 of 1 findings can be repaired.',
            ],
            list(plan_text.lines(plans.Plan([half_done], []), LOOK, False)),
        )

    def test_not_repaired(self) -> None:
        self.assertEqual(
            'web-2, backend, 192.0.2.136: port-down (x): only with --bounce',
            sentence(
                repair(Code.PORT_DOWN, None, reason='only with --bounce'),
                LOOK,
            ),
        )

    def test_names(self) -> None:
        found = repair(Code.ONLY_IN_CACHE, None, reason='no')
        for name, changes, expected in (
            ('unknown network', {}, 'web-2, 192.0.2.136'),
            (
                'no address',
                {'port': dataclasses.replace(PORT, fixed_ips=())},
                f'web-2, {PORT.mac_address}',
            ),
            (
                'only in the cache',
                {'port': None},
                f'web-2, {PORT.mac_address}',
            ),
            (
                'no server',
                {'server': None},
                f'port {PORT.id}, 192.0.2.136',
            ),
            (
                'no server, and a port with a name',
                {
                    'server': None,
                    'port': dataclasses.replace(PORT, name='vip'),
                },
                f'port {PORT.id}, vip, 192.0.2.136',
            ),
        ):
            with self.subTest(name):
                values: dict[str, Any] = changes
                changed = dataclasses.replace(found.findings[0], **values)
                self.assertEqual(
                    f'{expected}: only-in-cache (x): no',
                    sentence(dataclasses.replace(found, findings=(changed,))),
                )


class TestLines(testtools.TestCase):
    def plan(self, *left: plans.Repair) -> plans.Plan:
        done = repair(
            Code.MISSING_FROM_CACHE,
            Action.TOUCH,
            calls=(CALL,),
            event=EVENT,
        )
        return plans.Plan([done], left)

    def test_lines(self) -> None:
        sentence = (
            'web-2, backend, 192.0.2.136: missing-from-cache (x): let Nova '
            'read it again, by an update of the port, or else by an event'
        )
        rest = [
            'Note for 1 of them: it goes to the end of the cache, so it is '
            'the last NIC after the next hard reboot; from now on, Nova '
            'deletes the port together with the server',
            '1 of 1 findings can be repaired.',
        ]
        for with_requests, requests in (
            (False, []),
            (
                True,
                [
                    '    PUT /v2.0/ports/p {"port": {}}',
                    '    if that has no effect: POST /v2.1/events '
                    '{"events": []}',
                ],
            ),
        ):
            with self.subTest(str(with_requests)):
                self.assertEqual(
                    [sentence, *requests, *rest],
                    [*plan_text.lines(self.plan(), LOOK, with_requests)],
                )

    def test_warnings(self) -> None:
        for code, action, warning in (
            (Code.MISSING_FROM_CACHE, Action.TOUCH, 'the last NIC'),
            (Code.ONLY_IN_CACHE, Action.REFRESH, 'keeps the device'),
            (Code.ONLY_IN_CACHE, Action.REFRESH, 'reads the other interfaces'),
            (
                Code.DUPLICATE_IN_CACHE,
                Action.REFRESH,
                'reads the other interfaces',
            ),
            (Code.UNBOUND, Action.BIND, 'hard reboot the server'),
            (Code.HOST_DIFFERS, Action.BIND, 'no longer runs on the host'),
            (Code.HOST_DIFFERS, Action.BIND, 'hard reboot the server'),
            (Code.PORT_DOWN, Action.BOUNCE, 'the traffic stops'),
            (Code.ADDRESS_DIFFERS, Action.TOUCH, None),
            (Code.NOT_ATTACHED, Action.RELEASE, 'loses it'),
            (Code.ORPHAN_PORT, Action.DELETE, 'cannot be restored'),
            # Nothing is done.
            (Code.MISSING_FROM_CACHE, None, None),
        ):
            with self.subTest(code, action=action):
                found = repair(code, action)
                _sentence, *notes, _summary = plan_text.lines(
                    plans.Plan([found], []), LOOK, False
                )
                self.assertEqual(warning is not None, bool(notes))
                self.assertIn(warning or '', ''.join(notes))

    def test_summary(self) -> None:
        orphan = repair(Code.ORPHAN_PORT, None, needs='--delete-orphans')
        down = repair(Code.PORT_DOWN, None, needs='--bounce')
        other = repair(Code.NO_FIXED_IP, None)
        for left, expected in (
            ([], '1 of 1 findings can be repaired.'),
            (
                [orphan],
                '1 of 2 findings can be repaired; others may need '
                '--delete-orphans.',
            ),
            (
                [orphan, down, down, other],
                '1 of 5 findings can be repaired; others may need --bounce, '
                '--delete-orphans.',
            ),
        ):
            with self.subTest(expected):
                self.assertEqual(expected, plan_text.summary(self.plan(*left)))

    def test_progress(self) -> None:
        (done,) = self.plan().repairs
        self.assertEqual(
            'Step 2 of 5: web-2, 192.0.2.136: missing-from-cache (x): let '
            'Nova read it again',
            plan_text.progress(2, 5, done).partition(', by')[0],
        )
