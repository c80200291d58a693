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

from collections.abc import Set
import dataclasses
import functools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import fan_out
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.selecting import names


@dataclasses.dataclass
class RepairJob:
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
        """What makes the requests of the plan, and sends them."""
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
        # A repair is not looked at for what cannot be looked for.
        self.request = dataclasses.replace(
            self.request, codes=answer.checked.codes
        )
        self.known = {finding.subject for finding in answer.rows}
        port_ids = self.options.port_ids
        chosen = [
            row
            for row in answer.rows
            if not port_ids or row.port_id in port_ids
        ]
        answer.notices += [
            _('Port %s: there is no finding about it')
            % names.find_port(self.cloud.network, port_id).id
            for port_id in sorted(port_ids - {row.port_id for row in chosen})
        ]
        ports = [row.port for row in chosen if row.port and not row.server]
        is_deletion = self.options.orphans is plans.Action.DELETE
        users = port_users.reasons_to_keep(
            self.cloud, ports, port_ids, is_deletion
        )
        to_bind = [row for row in chosen if row.code in codes.OF_HOST]
        look = functools.partial(port_users.obstacle, self.cloud)
        for row, problem in fan_out.fan_out(look, to_bind):
            if problem and row.port_id:
                users[row.port_id] = str(problem)
        plan = plans.make(
            chosen, self.writer, self.options, users, answer.ports
        )
        return plan, answer
