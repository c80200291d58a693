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

import contextlib
import dataclasses
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.repair import repairing
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

OWN, OTHER = fake_cloud.PROJECT_ID, fake_cloud.identifier(2)

BOUNCE = plans.Options(bounce=True)
DELETE = plans.Options(orphans=plans.Action.DELETE)
OTHER_PORT = plans.Options(bounce=True, port_ids=frozenset({OTHER}))

BOUNCED = samples.port(11, tags=(records.Mark.BOUNCE,))
HALF = samples.port(11, device=None, tags=(records.Mark.DELETE,))


class TestInterrupted(testtools.TestCase):
    """What an earlier run left half-way is finished as far as selected."""

    def left(
        self,
        request: check.CheckRequest,
        options: plans.Options,
        *marked: records.Port,
        is_reader: bool = False,
    ) -> list[findings.Finding]:
        """Return what the plan is made of."""
        api = fake_network.fake_network()
        api.ports_tagged.return_value = records.Answer(list(marked))
        cloud = mock.Mock(
            spec=api_cloud.Cloud, network=api, project_id=OWN, compute=None
        )
        writer = mock.create_autospec(
            writing.Writer, instance=True, only_reads=is_reader
        )
        with (
            mock.patch.object(
                writing, 'Writer', autospec=True, return_value=writer
            ),
            mock.patch.object(
                check,
                'check',
                autospec=True,
                return_value=records.Answer([]),
            ),
            mock.patch.object(
                selection,
                'select',
                autospec=True,
                return_value=records.Answer([samples.server()]),
            ),
            mock.patch.object(
                port_users,
                'read',
                autospec=True,
                return_value=port_users.PortUsers(),
            ) as read,
            mock.patch.object(plans, 'make', autospec=True) as make,
        ):
            run = repairing.Repairing(cloud, request, options)
            run.plan(lambda _total: contextlib.nullcontext(lambda: None))
        found: list[findings.Finding] = make.call_args.args[-1]
        if options.orphans is plans.Action.DELETE:
            # What uses them is looked up.
            self.assertEqual(
                [row.port for row in found], read.call_args.args[1]
            )
        return found

    def ids(
        self,
        request: check.CheckRequest,
        options: plans.Options,
        *marked: records.Port,
    ) -> list[str | None]:
        return [row.port_id for row in self.left(request, options, *marked)]

    def test_what_it_says(self) -> None:
        (found,) = self.left(check.CheckRequest(), BOUNCE, BOUNCED)
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
            self.ids(check.CheckRequest(), BOUNCE, BOUNCED, other),
        )

    def test_deletion_of_a_port_that_is_in_use_again(self) -> None:
        used = dataclasses.replace(BOUNCED, tags=(records.Mark.DELETE,))
        self.assertEqual([], self.ids(check.CheckRequest(), DELETE, used))

    def test_mark_that_is_not_allowed(self) -> None:
        release = plans.Options(orphans=plans.Action.RELEASE)
        for name, options, port in (
            ('no option', plans.Options(), BOUNCED),
            ('deletion allowed', DELETE, BOUNCED),
            ('bounce allowed', BOUNCE, HALF),
            ('release allowed', release, HALF),
            ('another port named', OTHER_PORT, BOUNCED),
        ):
            with self.subTest(name):
                self.assertEqual(
                    [], self.ids(check.CheckRequest(), options, port)
                )

    def test_reader(self) -> None:
        self.assertEqual(
            [],
            self.left(check.CheckRequest(), BOUNCE, BOUNCED, is_reader=True),
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
                request = check.CheckRequest(codes=frozenset({chosen}))
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
        (found,) = self.left(check.CheckRequest(), DELETE, HALF)
        self.assertEqual(code.ORPHAN_PORT, found.code)

    def test_kept(self) -> None:
        young = dataclasses.replace(HALF, seconds_unchanged=60.0)
        tagged = dataclasses.replace(HALF, tags=(*HALF.tags, 'keep'))
        keep = ownerless.Keep(3600.0, frozenset({'keep'}))
        self.assertEqual(
            [HALF.id],
            self.ids(
                check.CheckRequest(keep=keep), DELETE, HALF, young, tagged
            ),
        )

    def test_without_a_server(self) -> None:
        others = dataclasses.replace(
            HALF, id=fake_cloud.identifier(12), project_id=OTHER
        )
        scope = compute.ServerScope
        for name, request, expected in (
            ('own project', check.CheckRequest(), [HALF.id]),
            (
                'another project',
                check.CheckRequest(scope=scope(project_id=OTHER)),
                [others.id],
            ),
            (
                'all projects',
                check.CheckRequest(scope=scope(all_projects=True)),
                [HALF.id, others.id],
            ),
            ('one server', check.CheckRequest(('web',)), []),
            ('a host', check.CheckRequest(scope=scope(host='compute-1')), []),
            ('a status', check.CheckRequest(scope=scope(status='ACTIVE')), []),
        ):
            with self.subTest(name):
                self.assertEqual(
                    expected, self.ids(request, DELETE, HALF, others)
                )
