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

"""Runs a repair: check, plan, execute, and read back."""

from collections.abc import Sequence
import threading
from typing import TextIO

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import claims
from osc_port_iface.interfaces.repair import execution
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records


class Repairing:
    """One run of ``repair``."""

    def __init__(
        self,
        cloud: api_cloud.Cloud,
        request: check.CheckRequest,
        options: plans.Options,
    ) -> None:
        """Prepare a run; no request is sent.

        :param cloud: The services.
        :param request: What to check.
        :param options: What the user allows.
        """
        self._cloud = cloud
        self._request = request
        self._options = options
        self._writer = writing.Writer(cloud)
        self._findings: Sequence[findings.Finding] = ()

    def plan(
        self, progress: views.Progress
    ) -> tuple[plans.Plan, records.Answer[findings.Finding]]:
        """Check, and decide what to do; nothing is changed.

        :param progress: Shows the progress of the check.
        :returns: The plan, and the answer of the check.
        :raises errors.ApiError: The servers could not be listed.
        """
        answer = check.check(self._cloud, self._request, progress)
        self._findings = answer.rows
        interrupted = self._interrupted()
        abandoned = interrupted + [
            finding.port
            for finding in answer.rows
            if finding.port and finding.server is None
        ]
        named_by = {}
        if self._options.abandoned is plans.Action.DELETE:
            named_by = claims.read(self._cloud, abandoned)
        plan = plans.make(
            answer.rows, self._writer, self._options, named_by, interrupted
        )
        return plan, answer

    def do(
        self,
        plan: plans.Plan,
        log: TextIO | None,
        timeout: float,
        asked_to_stop: threading.Event,
    ) -> records.Answer[execution.Outcome]:
        """Execute a plan.

        :param plan: The plan.
        :param log: The file to which each request is logged, as JSON lines.
        :param timeout: Seconds to wait for a finding to disappear.
        :param asked_to_stop: Ends the run between two steps.
        :returns: An outcome for each finding, and a failure if a surprise
            ended the run early.
        """
        run = execution.Execution(
            self._cloud,
            self._writer,
            audit.Log(log, self._writer.user),
            self._request,
            timeout,
        )
        outcomes = run.run(plan, self._findings, asked_to_stop)
        return records.Answer(outcomes, run.failures)

    def _interrupted(self) -> list[records.Port]:
        """Find the ports with a mark that an earlier run left."""
        if self._writer.only_reads or not (
            self._options.bounce
            or self._options.abandoned is plans.Action.DELETE
        ):
            return []
        marked = names.complete(self._cloud.network.ports_tagged(writing.Mark))
        if not marked:
            return []
        selected = selection.select(
            self._cloud,
            self._request.names_or_ids,
            self._request.scope,
            details=True,
        )
        servers = {server.id for server in selected.rows}
        return [
            port
            for port in marked
            if port.device_id in servers
            or (not port.device_id and self._is_in_scope(port))
        ]

    def _is_in_scope(self, port: records.Port) -> bool:
        """Tell whether a port without a server is in the scope of the run."""
        scope = self._request.scope
        if self._request.names_or_ids or scope.host or scope.status:
            return False
        wanted = scope.project_id or self._cloud.project_id
        return scope.all_projects or port.project_id == wanted
