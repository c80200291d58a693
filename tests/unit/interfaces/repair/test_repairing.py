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
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.repair import repairing
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

OWN, OTHER = fake_cloud.PROJECT_ID, fake_cloud.identifier(2)

BOUNCE = plans.Options(bounce=True)
DELETE = plans.Options(orphans=plans.Action.DELETE)
OTHER_PORT = plans.Options(bounce=True, port_ids=frozenset({OTHER}))

BOUNCED = samples.port(11, tags=(records.Mark.BOUNCE,))
USERS = {OTHER: 'a trunk'}
PLAN = plans.Plan([], [])

HALF = samples.port(11, device=None, tags=(records.Mark.DELETE,))


class RepairingTestCase(testtools.TestCase):
    """The check, the look-ups and the plan itself have tests of their own.

    :ivar made: What the plan is made of: findings, users and interrupted ones.
    :ivar asked_about: The ports whose users were read; None if none were.
    """

    def setUp(self) -> None:
        super().setUp()
        self.network = fake_network.fake_network()
        self.writer = mock.create_autospec(
            writing.Writer, instance=True, only_reads=False
        )
        self.cloud = mock.Mock(
            spec=api_cloud.Cloud,
            network=self.network,
            project_id=OWN,
            compute=None,
        )

    def plan(
        self,
        job: repairing.Repairing,
        marked: tuple[records.Port, ...] = (),
        found: tuple[findings.Finding, ...] = (),
    ) -> tuple[plans.Plan, records.Answer[findings.Finding]]:
        """Plan, where the check has these findings."""
        server = samples.server()
        of_server = [port for port in marked if port.device_id == server.id]
        others = [port for port in marked if port not in of_server]
        self.answer = check.CheckResult(
            list(found),
            first=snapshots.Snapshot([server], ports=of_server, others=others),
        )
        with (
            mock.patch.object(
                writing, 'Writer', autospec=True, return_value=self.writer
            ),
            mock.patch.object(
                check, 'check', autospec=True, return_value=self.answer
            ),
            mock.patch.object(
                port_users, 'read', autospec=True, return_value=USERS
            ) as read,
            mock.patch.object(
                plans, 'make', autospec=True, return_value=PLAN
            ) as make,
        ):
            planned = job.plan()
        chosen, writer, options, users, interrupted = make.call_args.args
        self.assertIs(self.writer, writer)
        self.assertIs(job.options, options)
        self.made = chosen, users, interrupted
        self.asked_about = read.call_args and read.call_args.args[1:]
        return planned


class TestPlan(RepairingTestCase):
    def finding(
        self, number: int, has_server: bool, has_port: bool = True
    ) -> findings.Finding:
        port = samples.port(number)
        return findings.Finding(
            *(codes.Code.PORT_DOWN, None, port.id, None, 'good', 'bad'),
            server=samples.server() if has_server else None,
            port=port if has_port else None,
        )

    def test_what_is_chosen(self) -> None:
        one, other = (self.finding(number, True) for number in (11, 12))
        for port_ids, chosen, notices in (
            ((), [one, other], []),
            ((12,), [other], []),
            (
                (12, *range(19, 12, -1)),
                [other],
                [
                    f'Port {fake_cloud.identifier(number)}: there is no '
                    'finding about it'
                    for number in range(13, 20)
                ],
            ),
        ):
            with self.subTest(str(port_ids)):
                self.network.way('ports', 'id').side_effect = lambda ids: (
                    records.Answer([dataclasses.replace(BOUNCED, id=ids[0])])
                )
                job = repairing.Repairing(
                    self.cloud,
                    snapshots.CheckRequest(),
                    plans.Options(
                        port_ids=frozenset(
                            map(fake_cloud.identifier, port_ids)
                        )
                    ),
                )
                plan, answer = self.plan(job, found=(one, other))
                self.assertIs(PLAN, plan)
                self.assertIs(self.answer, answer)
                self.assertEqual(notices, answer.notices)
                self.assertEqual((chosen, {}, []), self.made)
                # Whatever was wrong before is no news afterwards.
                self.assertEqual({one.subject, other.subject}, job.known)
                self.assertIsNone(self.asked_about)

    def test_ports_whose_users_are_asked_for(self) -> None:
        found = (
            self.finding(11, True),
            self.finding(12, False),
            self.finding(13, False, has_port=False),
        )
        half = dataclasses.replace(HALF, id=fake_cloud.identifier(14))
        job = repairing.Repairing(self.cloud, snapshots.CheckRequest(), DELETE)
        self.plan(job, (half,), found)
        chosen, users, (interrupted,) = self.made
        self.assertEqual(
            ([half, found[1].port], DELETE.port_ids), self.asked_about
        )
        self.assertEqual([*found], chosen)
        self.assertIs(USERS, users)
        self.assertEqual(half.id, interrupted.port_id)


class TestInterrupted(RepairingTestCase):
    """What an earlier run left half-way is finished as far as selected."""

    def left(
        self,
        request: snapshots.CheckRequest,
        options: plans.Options,
        *marked: records.Port,
    ) -> list[findings.Finding]:
        """Return what is left of earlier runs in the plan."""
        job = repairing.Repairing(self.cloud, request, options)
        self.plan(job, marked)
        found: list[findings.Finding] = self.made[-1]
        return found

    def ids(
        self,
        request: snapshots.CheckRequest,
        options: plans.Options,
        *marked: records.Port,
    ) -> list[str | None]:
        return [row.port_id for row in self.left(request, options, *marked)]

    def test_what_it_says(self) -> None:
        (found,) = self.left(snapshots.CheckRequest(), BOUNCE, BOUNCED)
        self.assertEqual(
            findings.Finding(
                *(codes.Code.PORT_DOWN, BOUNCED.device_id, BOUNCED.id),
                *(BOUNCED.mac_address, 'repaired'),
                'left half-way by a repair that was interrupted',
            ),
            found,
        )
        self.assertIs(BOUNCED, found.port)

    def test_by_server(self) -> None:
        other = dataclasses.replace(BOUNCED, device_id=OTHER)
        self.assertEqual(
            [BOUNCED.id],
            self.ids(snapshots.CheckRequest(), BOUNCE, BOUNCED, other),
        )

    def test_deletion_of_a_port_that_is_in_use_again(self) -> None:
        used = dataclasses.replace(BOUNCED, tags=(records.Mark.DELETE,))
        self.assertEqual([], self.ids(snapshots.CheckRequest(), DELETE, used))

    def test_mark_that_is_not_allowed(self) -> None:
        release = plans.Options(orphans=plans.Action.RELEASE)
        for name, options, port in (
            ('no option', plans.Options(), BOUNCED),
            ('deletion allowed', DELETE, BOUNCED),
            ('bounce allowed', BOUNCE, HALF),
            ('release allowed', release, HALF),
        ):
            with self.subTest(name):
                self.assertEqual(
                    [], self.ids(snapshots.CheckRequest(), options, port)
                )

    def test_that_port_is_named(self) -> None:
        options = dataclasses.replace(BOUNCE, port_ids=frozenset({BOUNCED.id}))
        self.network.way('ports', 'id').return_value = records.Answer(
            [BOUNCED]
        )
        self.assertEqual(
            [BOUNCED.id], self.ids(snapshots.CheckRequest(), options, BOUNCED)
        )
        self.assertEqual([], self.answer.notices)

    def test_another_port_is_named(self) -> None:
        self.network.way('ports', 'id').return_value = records.Answer(
            [dataclasses.replace(BOUNCED, id=OTHER)]
        )
        self.assertEqual(
            [], self.ids(snapshots.CheckRequest(), OTHER_PORT, BOUNCED)
        )

    def test_reader(self) -> None:
        self.writer.only_reads = True
        self.assertEqual(
            [], self.left(snapshots.CheckRequest(), BOUNCE, BOUNCED)
        )

    def test_findings_that_are_not_selected(self) -> None:
        """A run for something else does not delete or enable anything."""
        code = codes.Code
        for chosen, bounced, half in (
            (code.PORT_DOWN, [code.PORT_DOWN], []),
            (code.UNUSED_PORT, [], []),
            (code.ORPHAN_PORT, [], [code.ORPHAN_PORT]),
            (code.HALF_RELEASED, [], [code.HALF_RELEASED]),
        ):
            with self.subTest(chosen):
                request = snapshots.CheckRequest(codes=frozenset({chosen}))
                for options, port, expected in (
                    (BOUNCE, BOUNCED, bounced),
                    (DELETE, HALF, half),
                ):
                    self.assertEqual(
                        expected,
                        [
                            row.code
                            for row in self.left(request, options, port)
                        ],
                    )
        (found,) = self.left(snapshots.CheckRequest(), DELETE, HALF)
        self.assertEqual(code.ORPHAN_PORT, found.code)

    def test_kept(self) -> None:
        young = dataclasses.replace(HALF, seconds_unchanged=60.0)
        tagged = dataclasses.replace(HALF, tags=(*HALF.tags, 'keep'))
        keep = ownerless.Keep(3600.0, frozenset({'keep'}))
        self.assertEqual(
            [HALF.id],
            self.ids(
                snapshots.CheckRequest(keep=keep), DELETE, HALF, young, tagged
            ),
        )
