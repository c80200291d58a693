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

"""Checks servers, and plans repairs."""

from collections.abc import Iterable, Mapping, Set
import dataclasses
import functools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
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


@dataclasses.dataclass
class Repairing:
    """What is to be repaired, and how it is planned.

    :ivar cloud: The services.
    :ivar request: What to check.
    :ivar options: What the user allows.
    :ivar known: What had a finding when the plan was made.
    """

    cloud: api_cloud.Cloud
    request: check.CheckRequest
    options: plans.Options
    known: Set[findings.Subject] = frozenset()

    @functools.cached_property
    def writer(self) -> writing.Writer:
        """Makes the requests of the plan, and sends them."""
        return writing.Writer(self.cloud)

    def plan(
        self, progress: views.Progress
    ) -> tuple[plans.Plan, records.Answer[findings.Finding]]:
        """Check, and decide what to do; nothing is changed.

        :param progress: Shows the progress of the check.
        :returns: The plan, and the answer of the check.
        :raises names.NoSuchName: A port that the user has named does not
            exist.
        :raises errors.ApiError: The servers could not be listed.
        """
        answer = check.check(self.cloud, self.request, progress)
        self.known = {finding.subject for finding in answer.rows}
        chosen = [row for row in answer.rows if self._is_chosen(row.port_id)]
        healthy = self.options.port_ids - {row.port_id for row in chosen}
        answer.notices += [
            _('Port %s: there is no finding about it')
            % names.port(self.cloud.network, port_id).id
            for port_id in sorted(healthy)
        ]
        interrupted = self._interrupted()
        users = port_users.PortUsers()
        if self.options.orphans is plans.Action.DELETE:
            ports = [
                row.port
                for row in (*interrupted, *chosen)
                if row.port and row.server is None
            ]
            users = port_users.read(self.cloud, ports)
        plan = plans.make(
            chosen, self.writer, self.options, users, interrupted
        )
        return plan, answer

    def network_names(
        self, repairs: Iterable[plans.Repair]
    ) -> Mapping[str, str]:
        """Read the names of the networks of repairs, by ID.

        They are for the eye only, so it does not matter if they are missing.
        """
        ids = sorted({repair.finding.network_id or '' for repair in repairs})
        try:
            found = self.cloud.network.list(neutron.NETWORKS, 'id', ids).rows
        except errors.ApiError:
            return {}
        return {network.id: network.name or '' for network in found}

    def _is_chosen(self, port_id: str | None) -> bool:
        """Return whether the user wants a port to be repaired."""
        chosen = self.options.port_ids
        return not chosen or port_id in chosen

    def _interrupted(self) -> list[findings.Finding]:
        """Find what an earlier run left half-way, as far as it is selected."""
        allowed = {
            records.Mark.BOUNCE: self.options.bounce,
            records.Mark.DELETE: self.options.orphans is plans.Action.DELETE,
        }
        kinds = {
            mark: code
            for mark, code in _LEFT
            if allowed[mark] and code in self.request.codes
        }
        if self.writer.only_reads or not kinds:
            return []
        marked = names.all_rows(self.cloud.network.ports_tagged(records.Mark))
        marked = [port for port in marked if self._is_chosen(port.id)]
        if not marked:
            return []
        selected = selection.select(
            self.cloud,
            self.request.names_or_ids,
            self.request.scope,
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
        scope = self.request.scope
        if self.request.names_or_ids or scope.host or scope.status:
            return False
        project_id = scope.project_id or self.cloud.project_id
        return self.request.keep.allows(port) and (
            scope.all_projects or port.project_id == project_id
        )
