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
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import repairing
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

OWN, OTHER = fake_cloud.PROJECT_ID, fake_cloud.identifier(2)


class TestInterrupted(testtools.TestCase):
    """Which ports that an earlier run left are resumed."""

    def ports(
        self, request: check.CheckRequest, *marked: records.Port
    ) -> list[str]:
        """Return the IDs of the ports in the plan."""
        api = fake_network.fake_network()
        api.ports_tagged.return_value = records.Answer(list(marked))
        cloud = mock.Mock(
            spec=api_cloud.Cloud, network=api, project_id=OWN, compute=None
        )
        writer = mock.create_autospec(
            writing.Writer, instance=True, only_reads=False
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
            mock.patch.object(plans, 'make', autospec=True) as make,
        ):
            run = repairing.Repairing(
                cloud, request, plans.Options(bounce=True)
            )
            run.plan(lambda _total: contextlib.nullcontext(lambda: None))
        (*_arguments, interrupted) = make.call_args.args
        return [port.id for port in interrupted]

    def test_by_server(self) -> None:
        own, other = (
            samples.port(10 + number, '10.0.0.5', device=number)
            for number in (1, 2)
        )
        self.assertEqual(
            [own.id], self.ports(check.CheckRequest(), own, other)
        )

    def test_without_a_server(self) -> None:
        own, other = (
            samples.port(number, device=None, project_id=project_id)
            for number, project_id in ((11, OWN), (12, OTHER))
        )
        scope = compute.ServerScope
        for name, request, expected in (
            ('own project', check.CheckRequest(), [own.id]),
            (
                'another project',
                check.CheckRequest(scope=scope(project_id=OTHER)),
                [other.id],
            ),
            (
                'all projects',
                check.CheckRequest(scope=scope(all_projects=True)),
                [own.id, other.id],
            ),
            ('one server', check.CheckRequest(('web',)), []),
            ('a host', check.CheckRequest(scope=scope(host='compute-1')), []),
            ('a status', check.CheckRequest(scope=scope(status='ACTIVE')), []),
        ):
            with self.subTest(name):
                self.assertEqual(expected, self.ports(request, own, other))
