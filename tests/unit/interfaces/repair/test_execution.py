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

import threading
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import confirm
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import execution
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import records
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

PORT = samples.port(11, '10.0.0.5', device=None)
FINDING = findings.Finding(
    *(codes.Code.UNUSED_PORT, None, PORT.id, PORT.mac_address, '', ''),
    port=PORT,
)
REQUEST = writing.Request(
    *('network', 'DELETE', f'/v2.0/ports/{PORT.id}', None, 'Port', 'member')
)
PLAN = plans.Plan(
    [plans.Step((plans.Repair(FINDING, plans.Action.DELETE, (REQUEST,)),))],
    [],
)


class TestDeletion(testtools.TestCase):
    """Changes of a port between the plan and the request."""

    def run_plan(
        self,
        now: records.Port | None,
        floating_ips: tuple[records.FloatingIP, ...],
    ) -> tuple[list[str], list[str], int]:
        """Return the results, the failures and the number of writes."""
        api = fake_network.fake_network()
        ports = [now] if now else []
        api.way('ports', 'id').return_value = records.Answer(ports)
        api.way('ports', 'network_id').return_value = records.Answer(ports)
        api.way('floatingips').return_value = records.Answer(
            list(floating_ips)
        )
        writer = mock.create_autospec(writing.Writer, instance=True)
        writer.send.return_value = writing.Answer(204)
        run = execution.Execution(
            mock.Mock(spec=api_cloud.Cloud, network=api),
            writer,
            audit.Log(None, None),
            check.CheckRequest((), compute.ServerScope(), codes.USUAL),
            timeout=0,
        )
        with mock.patch.object(
            confirm,
            'confirm',
            autospec=True,
            side_effect=[
                confirm.ConfirmResult([FINDING]),
                confirm.ConfirmResult([]),
            ],
        ):
            outcomes = run.run(PLAN, [FINDING], threading.Event())
        return (
            [outcome.result for outcome in outcomes],
            run.failures,
            writer.send.call_count,
        )

    def test_a_port_that_somebody_has_begun_to_use(self) -> None:
        floating_ip = samples.floating_ip('203.0.113.5', 11, '10.0.0.5')
        for name, now, floating_ips, problem in (
            ('nobody', PORT, (), None),
            ('deleted by somebody else', None, (), None),
            (
                'floating IP',
                PORT,
                (floating_ip,),
                'floating IP 203.0.113.5 leads to it',
            ),
            (
                'device',
                samples.port(11, '10.0.0.5', device=2),
                (),
                'it has another device now',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    (['skipped'], [f'Port {PORT.id}: {problem}'], 0)
                    if problem
                    else (['repaired'], [], 1),
                    self.run_plan(now, floating_ips),
                )
