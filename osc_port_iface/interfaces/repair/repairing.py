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

from collections.abc import Iterator, Set
import dataclasses
import functools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records


@dataclasses.dataclass
class Repairing:
    """What is to be repaired, and how it is planned.

    :ivar cloud: The services.
    :ivar request: What to check.
    :ivar options: What the user allows.
    :ivar known: What had a finding when the plan was made.
    """

    cloud: api_cloud.Cloud
    request: snapshots.CheckRequest
    options: plans.Options
    known: Set[findings.Subject] = frozenset()

    @functools.cached_property
    def writer(self) -> writing.Writer:
        """Makes the requests of the plan, and sends them."""
        return writing.Writer(self.cloud)

    def plan(self) -> tuple[plans.Plan, check.CheckResult]:
        """Check, and decide what to do; nothing is changed.

        :returns: The plan, and the answer of the check.
        :raises names.NoSuchName: A port that the user has named does not
            exist.
        :raises errors.ApiError: The servers or their ports could not be
            listed.
        """
        answer = check.check(self.cloud, self.request)
        self.known = {finding.subject for finding in answer.rows}
        chosen = [row for row in answer.rows if self._is_chosen(row.port_id)]
        interrupted = [*self._interrupted(answer.first)]
        to_repair = [*interrupted, *chosen]
        healthy = self.options.port_ids - {row.port_id for row in to_repair}
        answer.notices += [
            _('Port %s: there is no finding about it')
            % names.port(self.cloud.network, port_id).id
            for port_id in sorted(healthy)
        ]
        users = {}
        if self.options.orphans is plans.Action.DELETE:
            ports = [
                row.port for row in to_repair if row.port and not row.server
            ]
            users = port_users.read(self.cloud, ports, self.options.port_ids)
        plan = plans.make(
            chosen, self.writer, self.options, users, interrupted
        )
        return plan, answer

    def _is_chosen(self, port_id: str | None) -> bool:
        """Return whether the user wants a port to be repaired."""
        chosen = self.options.port_ids
        return not chosen or port_id in chosen

    def _interrupted(
        self, first: snapshots.Snapshot
    ) -> Iterator[findings.Finding]:
        """Find what an earlier run left half-way, as far as it is selected.

        :param first: What the check has read first.
        """
        kinds: dict[records.Mark, codes.Code] = {}
        if self.options.bounce:
            kinds[records.Mark.BOUNCE] = codes.Code.PORT_DOWN
        if self.options.orphans is plans.Action.DELETE:
            for code in (codes.Code.HALF_RELEASED, codes.Code.ORPHAN_PORT):
                if code in self.request.codes:
                    kinds[records.Mark.DELETE] = code
        unused = (port for port in first.others if not port.device_id)
        ports = [*first.ports, *filter(self.request.keep.allows, unused)]
        for port in ports if not self.writer.only_reads else ():
            for mark, code in kinds.items():
                if (
                    mark in port.tags
                    and code in self.request.codes
                    and self._is_chosen(port.id)
                    and (mark is records.Mark.BOUNCE or not port.device_id)
                ):
                    yield findings.Finding(
                        *(code, port.server_id, port.id, port.mac_address),
                        _('repaired'),
                        _('left half-way by a repair that was interrupted'),
                        port=port,
                    )
