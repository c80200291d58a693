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

"""Checks servers, plans repairs, and executes the plan."""

from collections.abc import Iterable, Mapping, Set
import threading

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import outcome as outcomes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.repair import run as runs
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records


# What an earlier run may have left half-way, by its mark on the port. If
# several are selected, the last one counts.
_LEFT = (
    (records.Mark.BOUNCE, codes.Code.PORT_DOWN),
    (records.Mark.DELETE, codes.Code.HALF_RELEASED),
    (records.Mark.DELETE, codes.Code.ORPHAN_PORT),
)


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
        self._known: Set[runs.Subject] = frozenset()

    @property
    def caller(self) -> Mapping[str, str | None]:
        """Who sends the requests."""
        return self._writer.caller

    def plan(
        self, progress: views.Progress
    ) -> tuple[plans.Plan, records.Answer[findings.Finding]]:
        """Check, and decide what to do; nothing is changed.

        :param progress: Shows the progress of the check.
        :returns: The plan, and the answer of the check.
        :raises errors.ApiError: The servers could not be listed.
        """
        answer = check.check(self._cloud, self._request, progress)
        self._known = {finding.subject for finding in answer.rows}
        chosen = [row for row in answer.rows if self._is_chosen(row.port_id)]
        missing = self._options.port_ids - {row.port_id for row in chosen}
        answer.notices += [
            _('Port %s: there is no finding about it') % port_id
            for port_id in sorted(missing)
        ]
        interrupted = self._interrupted()
        users = port_users.PortUsers()
        if self._options.orphans is plans.Action.DELETE:
            ports = [
                row.port
                for row in (*interrupted, *chosen)
                if row.port and row.server is None
            ]
            users = port_users.read(self._cloud, ports)
        plan = plans.make(
            chosen, self._writer, self._options, users, interrupted
        )
        return plan, answer

    def execute(
        self,
        plan: plans.Plan,
        log: audit.Log,
        timeout: float,
        asked_to_stop: threading.Event,
        progress: runs.Progress,
    ) -> records.Answer[outcomes.Outcome]:
        """Execute a plan.

        :param plan: The plan.
        :param log: The log of all requests.
        :param timeout: Seconds to wait for a finding to disappear.
        :param asked_to_stop: Ends the run between two steps.
        :param progress: Called before each step.
        :returns: An outcome for each finding, and a failure if a surprise
            ended the run early.
        """
        run = runs.Run(
            self._cloud,
            self._writer,
            log,
            self._request,
            self._options,
            timeout,
            asked_to_stop,
            self._known,
        )
        return records.Answer(run.execute(plan, progress), run.failures)

    def network_names(
        self, repairs: Iterable[plans.Repair]
    ) -> Mapping[str, str]:
        """Read the names of the networks of repairs, by ID.

        They are for the eye only, so it does not matter if they are missing.
        """
        ids = sorted({repair.finding.network_id or '' for repair in repairs})
        try:
            found = self._cloud.network.list(neutron.NETWORKS, 'id', ids).rows
        except errors.ApiError:
            return {}
        return {network.id: network.name or '' for network in found}

    def _is_chosen(self, port_id: str | None) -> bool:
        """Return whether the user wants a port to be repaired."""
        chosen = self._options.port_ids
        return not chosen or port_id in chosen

    def _interrupted(self) -> list[findings.Finding]:
        """Find what an earlier run left half-way, as far as it is selected."""
        allowed = {
            records.Mark.BOUNCE: self._options.bounce,
            records.Mark.DELETE: self._options.orphans is plans.Action.DELETE,
        }
        kinds = {
            mark: code
            for mark, code in _LEFT
            if allowed[mark] and code in self._request.codes
        }
        if self._writer.only_reads or not kinds:
            return []
        marked = names.all_rows(self._cloud.network.ports_tagged(records.Mark))
        marked = [port for port in marked if self._is_chosen(port.id)]
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
            findings.Finding(
                *(code, port.server_id, port.id, port.mac_address),
                _('repaired'),
                _('left half-way by a repair that was interrupted'),
                port=port,
            )
            for port in marked
            for mark, code in kinds.items()
            if mark in port.tags
            and (
                mark is records.Mark.BOUNCE and port.device_id in servers
                if port.device_id
                else self._is_in_scope(port)
            )
        ]

    def _is_in_scope(self, port: records.Port) -> bool:
        """Return whether a port without a server is in the scope."""
        scope = self._request.scope
        if self._request.names_or_ids or scope.host or scope.status:
            return False
        project_id = scope.project_id or self._cloud.project_id
        return self._request.keep.allows(port) and (
            scope.all_projects or port.project_id == project_id
        )
