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

from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.repair import repairing
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

OWN, OTHER = fake_cloud.PROJECT_ID, fake_cloud.identifier(2)

DELETE = plans.Options(orphans=plans.Action.DELETE)

USERS = {OTHER: 'a trunk'}
PLAN = plans.Plan([], [])


class RepairingTestCase(testtools.TestCase):
    """The check, the look-ups and the plan itself have tests of their own.

    :ivar made: What the plan is made of: findings and users.
    :ivar asked_about: The ports whose users were read, those that were named,
        and whether they are to be deleted.
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
        job: repairing.RepairJob,
        *found: findings.Finding,
    ) -> tuple[plans.Plan, records.Answer[findings.Finding]]:
        """Plan, where the check has these findings."""
        self.answer = check.CheckResult(
            list(found),
            checked=snapshots.Snapshot(ports=[samples.port(11)]),
        )
        with (
            mock.patch.object(
                writing, 'Writer', autospec=True, return_value=self.writer
            ),
            mock.patch.object(
                check, 'check', autospec=True, return_value=self.answer
            ),
            mock.patch.object(
                port_users,
                'reasons_to_keep',
                autospec=True,
                return_value=USERS,
            ) as read,
            mock.patch.object(
                plans, 'make', autospec=True, return_value=PLAN
            ) as make,
        ):
            planned = job.plan()
        chosen, writer, options, users, ports = make.call_args.args
        self.assertEqual(self.answer.ports, ports)
        self.assertIs(self.writer, writer)
        self.assertIs(job.options, options)
        self.made = chosen, users
        self.asked_about = read.call_args.args[1:]
        return planned


class TestPlan(RepairingTestCase):
    def finding(
        self, number: int, has_server: bool, has_port: bool = True
    ) -> findings.Finding:
        port = samples.port(number)
        return findings.Finding(
            codes.Code.PORT_DOWN,
            None,
            port.id,
            None,
            'good',
            'bad',
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
                    records.Answer([samples.port(11, id=ids[0])])
                )
                job = repairing.RepairJob(
                    self.cloud,
                    snapshots.CheckRequest(),
                    plans.Options(
                        port_ids=frozenset(
                            map(fake_cloud.identifier, port_ids)
                        )
                    ),
                )
                plan, answer = self.plan(job, one, other)
                self.assertIs(PLAN, plan)
                self.assertIs(self.answer, answer)
                self.assertEqual(notices, answer.notices)
                self.assertEqual((chosen, USERS), self.made)
                # Whatever was wrong before is no news afterwards.
                self.assertEqual({one.subject, other.subject}, job.known)
                self.assertEqual(
                    ([], job.options.port_ids, False), self.asked_about
                )

    def test_ports_whose_users_are_asked_for(self) -> None:
        found = (
            self.finding(11, True),
            self.finding(12, False),
            self.finding(13, False, has_port=False),
        )
        job = repairing.RepairJob(self.cloud, snapshots.CheckRequest(), DELETE)
        self.plan(job, *found)
        chosen, users = self.made
        self.assertEqual(
            ([found[1].port], DELETE.port_ids, True), self.asked_about
        )
        self.assertEqual([*found], chosen)
        self.assertIs(USERS, users)
