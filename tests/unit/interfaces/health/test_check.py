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
import time
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface import records
from tests.unit import clock
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

PORT = samples.port(11, '10.0.0.5', host=samples.OTHER_HOST)
SERVER = samples.server(PORT)
ELSEWHERE = findings.of_port(codes.Code.HOST_DIFFERS, SERVER, PORT, '', '')
HALF_RELEASED = findings.Finding(
    codes.Code.HALF_RELEASED, None, PORT.id, PORT.mac_address, '', ''
)
UNJUDGED = f'Server {SERVER.id}: not judged, as it keeps changing'


class TestConfirm(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.compute = mock.create_autospec(compute.ComputeApi, instance=True)
        self.compute.server.return_value = SERVER
        self.compute.interfaces.return_value = records.Answer(
            [PORT.as_interface()]
        )
        self.compute.instance_actions.return_value = records.Answer([])
        self.network = fake_network.fake_network()
        self.network.way('ports', 'device_id').return_value = records.Answer(
            [PORT]
        )
        self.cloud = mock.Mock(
            spec=api_cloud.Cloud, compute=self.compute, network=self.network
        )

    def confirm(
        self, *findings: findings.Finding
    ) -> tuple[list[str], list[str]]:
        answer = check.confirm(self.cloud, findings)
        return [row.code for row in answer.rows], answer.failures

    def test_a_shared_mac_address(self) -> None:
        twin = samples.port(12, '10.0.0.6', mac_address=PORT.mac_address)
        finding = findings.of_port(
            codes.Code.DUPLICATE_MAC, SERVER, twin, '', ''
        )
        self.network.way('ports', 'device_id').return_value = records.Answer(
            [twin]
        )
        for name, others, expected in (
            ('still', [PORT], [codes.Code.DUPLICATE_MAC]),
            ('no more', [], []),
        ):
            with self.subTest(name):
                self.network.way(
                    'ports', 'mac_address'
                ).return_value = records.Answer([twin, *others])
                self.assertEqual((expected, []), self.confirm(finding))
                self.network.way('ports', 'mac_address').assert_called_with(
                    [PORT.mac_address]
                )

    def test_floating_ip_that_changed_a_moment_ago(self) -> None:
        finding = findings.of_port(
            codes.Code.FLOATING_IP_DIFFERS, SERVER, PORT, '', ''
        )
        self.network.way(
            'floatingips', 'address'
        ).return_value = records.Answer([])
        for name, ages, expected, looks in (
            ('then not again', (1.0, 5.0), [finding.code], 2),
            ('then later', (4.0, 1.0, 6.0), [finding.code], 3),
            ('a moment before', (1.0, 4.9, 6.0), [finding.code], 3),
            ('or not known', (None, None), [finding.code], 2),
            ('and all the time', (1.0, 2.0, 3.0), [], 3),
        ):
            with self.subTest(name):
                self.network.way('floatingips', 'port_id').reset_mock()
                self.network.way('floatingips', 'port_id').side_effect = [
                    records.Answer(
                        [
                            samples.floating_ip(
                                '203.0.113.5',
                                11,
                                '10.0.0.5',
                                seconds_unchanged=age,
                            )
                        ]
                    )
                    for age in ages
                ]
                self.assertEqual((expected, []), self.confirm(finding))
                self.assertEqual(
                    looks,
                    self.network.way('floatingips', 'port_id').call_count,
                )

    def test_ports_without_a_server_that_cannot_be_read(self) -> None:
        self.network.way('ports', 'id').side_effect = errors.RequestFailed(
            'broken'
        )
        self.assertEqual(
            ([codes.Code.HOST_DIFFERS], ['broken']),
            self.confirm(ELSEWHERE, HALF_RELEASED),
        )

    def test_a_neutron_that_shows_no_port_of_a_server(self) -> None:
        """Such as one of another region."""
        suspicion = findings.Finding(
            codes.Code.ONLY_IN_CACHE,
            SERVER.id,
            None,
            PORT.mac_address,
            '',
            '',
            server=SERVER,
        )
        ports = self.network.way('ports', 'device_id')
        ports.return_value = records.Answer([])
        line = (
            f'Server {SERVER.id}: not judged, as Neutron shows none of its '
            'ports'
        )
        self.assertEqual(([], [line]), self.confirm(suspicion))
        self.compute.interfaces.return_value = records.Answer([])
        self.assertEqual(
            ([codes.Code.ONLY_IN_CACHE], []), self.confirm(suspicion)
        )

    def test_a_refused_token_ends_it(self) -> None:
        refused = errors.TokenRefused('refused')
        self.network.way('ports', 'id').side_effect = refused
        self.assertRaises(errors.TokenRefused, self.confirm, HALF_RELEASED)
        self.compute.instance_actions.side_effect = refused
        self.assertRaises(errors.TokenRefused, self.confirm, ELSEWHERE)

    def actions(self, *found: tuple[str, float]) -> None:
        """Answer with these actions, by name and age."""
        self.compute.instance_actions.return_value = records.Answer(
            [
                records.InstanceAction(name, f'req-{name}', False, age)
                for name, age in found
            ]
        )

    def events(self, *ends: bool) -> None:
        """Answer whether each action that is read next has ended."""
        self.compute.action_events.side_effect = [
            records.Answer(
                [
                    records.ActionEvent('before', True),
                    records.ActionEvent('event', has_ended),
                ]
            )
            for has_ended in ends
        ]

    def test_action_that_goes_on(self) -> None:
        self.actions(('attach_interface', 30.0), ('create', 40.0))
        for name, ends, expected, slept in (
            ('not', [True], [codes.Code.HOST_DIFFERS], []),
            ('and ends', [False, True], [codes.Code.HOST_DIFFERS], [5.0]),
            ('without end', [False, False, False], [], [5.0, 5.0]),
        ):
            with self.subTest(name):
                self.events(*ends)
                del self.clock.slept[:]
                answer = check.confirm(self.cloud, [ELSEWHERE])
                self.assertEqual(expected, [row.code for row in answer.rows])
                self.assertEqual(
                    [] if expected else [UNJUDGED], answer.failures
                )
                self.assertEqual(slept, self.clock.slept)
                self.compute.action_events.assert_called_with(
                    SERVER.id, 'req-attach_interface'
                )

    def test_action_that_was_never_ended(self) -> None:
        self.actions(('attach_interface', 300.0))
        self.assertEqual(
            ([codes.Code.HOST_DIFFERS], []), self.confirm(ELSEWHERE)
        )
        self.compute.action_events.assert_not_called()

    def test_action_without_a_request(self) -> None:
        self.compute.instance_actions.return_value = records.Answer(
            [records.InstanceAction('migrate', None, False, 6.0)]
        )
        self.assertEqual(
            ([codes.Code.HOST_DIFFERS], []), self.confirm(ELSEWHERE)
        )
        self.compute.action_events.assert_not_called()

    def test_action_that_ended_during_a_long_look(self) -> None:
        def read_for_long(_server_ids: Sequence[str]) -> object:
            time.sleep(4.0)
            return records.Answer([PORT])

        self.network.way('ports', 'device_id').side_effect = read_for_long
        for age, expected in (
            (8.9, []),
            (9.0, [codes.Code.HOST_DIFFERS]),
        ):
            with self.subTest(age=age):
                self.actions(('attach_interface', age))
                self.events(True, True, True)
                self.assertEqual(
                    (expected, [] if expected else [UNJUDGED]),
                    self.confirm(ELSEWHERE),
                )

    def test_each_action_that_changes_interfaces(self) -> None:
        for action in (
            'attach_interface',
            'confirmResize',
            'detach_interface',
            'evacuate',
            'live-migration',
            'migrate',
            'pause',
            'reboot',
            'rebuild',
            'rescue',
            'resize',
            'restore',
            'resume',
            'revertResize',
            'shelve',
            'shelveOffload',
            'start',
            'stop',
            'suspend',
            'unpause',
            'unrescue',
            'unshelve',
        ):
            for age, expected in (
                (4.9, ([], [UNJUDGED])),
                (5.0, ([ELSEWHERE.code], [])),
            ):
                with self.subTest(action, age=age):
                    self.actions((action, age))
                    self.events(True, True, True)
                    self.assertEqual(expected, self.confirm(ELSEWHERE))

    def test_actions_that_leave_interfaces_alone(self) -> None:
        for action in ('create', 'changePassword', 'lock', 'createImage'):
            with self.subTest(action):
                self.actions((action, 1.0))
                self.assertEqual(
                    ([ELSEWHERE.code], []), self.confirm(ELSEWHERE)
                )

    def test_what_is_wrong_for_a_moment_must_be_seen_twice(self) -> None:
        down = samples.port(11, '10.0.0.5', status='DOWN')
        up = samples.port(11, '10.0.0.5')
        building = samples.port(11, '10.0.0.5', status='BUILD')
        finding = findings.of_port(
            codes.Code.PORT_DOWN, SERVER, down, 'ACTIVE', 'DOWN'
        )
        for name, seen, expected, slept in (
            ('twice', [down, down], [finding.code], [5.0]),
            ('once', [down, up], [], [5.0]),
            ('as another', [down, building, building], [finding.code], [5, 5]),
            ('never the same', [down, building, down], [], [5, 5]),
        ):
            with self.subTest(name):
                del self.clock.slept[:]
                self.network.way('ports', 'device_id').side_effect = [
                    records.Answer([row]) for row in seen
                ]
                self.assertEqual((expected, []), self.confirm(finding))
                self.assertEqual(slept, self.clock.slept)

    def test_one_pause_for_all_servers(self) -> None:
        self.actions(('reboot', 1.0))
        self.compute.server.side_effect = lambda server_id: (
            dataclasses.replace(SERVER, id=server_id)
        )
        self.network.way('ports', 'device_id').side_effect = lambda ids: (
            records.Answer([dataclasses.replace(PORT, device_id=ids[0])])
        )
        suspicions = [
            dataclasses.replace(ELSEWHERE, server_id=fake_cloud.identifier(n))
            for n in range(1, 51)
        ]
        answer = check.confirm(self.cloud, suspicions)
        self.assertEqual([5.0, 5.0], self.clock.slept)
        self.assertEqual(50, len(answer.failures))
