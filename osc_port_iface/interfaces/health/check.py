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

"""Checks that Nova and Neutron agree on the interfaces of servers.

A few cheap listings are searched for suspicions. A suspicion is reported only
if reading everything again confirms it, with no change under way.
"""

from collections.abc import Sequence
import dataclasses
import logging
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import causes
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import confirm
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import judge
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.listing import views
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Seconds between the two looks, as Neutron's notifications take a moment to
# reach Nova.
SETTLING = 3.0


@dataclasses.dataclass
class CheckResult(confirm.ConfirmResult):
    """The findings, and what was checked.

    :ivar first: What the first look has read.
    """

    first: snapshots.Snapshot = dataclasses.field(
        default_factory=snapshots.Snapshot
    )

    @property
    def ports(self) -> Sequence[records.Port]:
        """The ports that were checked."""
        return [*self.first.ports, *self.first.others]

    @property
    def gaps(self) -> int:
        """How many things could not be read or judged."""
        lost = (self.failures, self.unjudged, self.first.refused)
        return sum(map(len, lost))


def check(
    cloud: api_cloud.Cloud,
    request: snapshots.CheckRequest,
    progress: views.Progress,
) -> CheckResult:
    """Compare the views of many servers.

    If they agree, this costs a few listings. Each suspicious server costs a
    few requests more.

    :param cloud: The services.
    :param request: What to check.
    :param progress: Shows progress, if each server is asked for.
    :returns: The confirmed findings. If something could not be looked for,
        there is a failure, or a notice if a service refused to show it and
        the user did not name it.
    :raises errors.ApiError: The servers could not be listed.
    """
    first = snapshots.take(cloud, request, progress)
    changing = _changing(first.servers, bool(request.names_or_ids))
    suspicions = judge.judge(first)
    found = confirm.ConfirmResult([])
    if suspicions:
        time.sleep(SETTLING)
        found = confirm.confirm(
            cloud, suspicions, request.keep, first.has_network
        )
    if request.has_causes and found.rows and first.has_network:
        explained = causes.explain(cloud, found.rows)
        found.rows = explained.rows
        found.notices += explained.notices
    return CheckResult(
        found.rows,
        first.failures + found.failures,
        first.notices + changing.notices + found.notices,
        [*changing.rows, *found.unjudged],
        first,
    )


def drop_doubles(results: Sequence[CheckResult]) -> None:
    """Judge ports without a server by all regions that share a Neutron.

    What has no server in the Nova of one region may have one in another's.

    :param results: The result of each region. A finding stays in the first of
        those that have its port, if all of these have the finding.
    """
    ports = [{port.id for port in result.ports} for result in results]
    subjects = [{row.subject for row in result.rows} for result in results]

    def is_kept(place: int, row: findings.Finding) -> bool:
        if row.code not in codes.WITHOUT_SERVER:
            return True
        sharing = [
            other
            for other in range(len(results))
            if other == place
            or (
                row.port_id in ports[other]
                and row.code in results[other].first.codes
            )
        ]
        return sharing[0] == place and all(
            row.subject in subjects[other] for other in sharing
        )

    for place, result in enumerate(results):
        result.rows = [row for row in result.rows if is_kept(place, row)]


def _changing(
    servers: Sequence[records.Server], are_named: bool
) -> records.Answer[str]:
    """Find the servers that cannot be judged now.

    In a large cloud, there is always one. So they only count if the user named
    them.
    """
    found: records.Answer[str] = records.Answer([])
    for server in servers:
        if not server_state.is_settled(server):
            line = _('Server %(server)s: not judged, as it changes (%(how)s)')
            line %= {
                'server': printable.escape(server.called or server.id),
                'how': server.task_state or server.status,
            }
            if are_named:
                found.rows.append(server.id)
                found.notices.append(line)
            else:
                LOG.info(line)
    return found
