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

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import functools
import logging
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import causes
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import judge
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Seconds between the two looks, as Neutron's notifications take a moment to
# reach Nova.
SETTLING = 3.0

# How often to look at a server that is being changed before giving up.
_LOOKS = 3


@dataclasses.dataclass
class CheckResult(records.Answer[findings.Finding]):
    """The confirmed findings, and what was checked.

    There is a failure, too, for each server that could not be judged, as it is
    being changed.

    :ivar checked: What the first look has read.
    """

    checked: snapshots.Snapshot = dataclasses.field(
        default_factory=snapshots.Snapshot
    )

    @property
    def ports(self) -> Sequence[records.Port]:
        """The ports that were checked."""
        return [*self.checked.ports, *self.checked.others]


@dataclasses.dataclass
class _Suspect:
    """A server, or the ports without one, and what seems to be wrong.

    :ivar server_id: The ID of the server; None for the ports without one.
    :ivar suspicions: What seems to be wrong.
    :ivar seen: What was wrong at the latest look.
    """

    server_id: str | None
    suspicions: Sequence[findings.Finding]
    seen: Sequence[findings.Finding] = ()


def check(
    cloud: api_cloud.Cloud, request: snapshots.CheckRequest
) -> CheckResult:
    """Compare the views of many servers.

    If they agree, this costs a few listings. Each suspicious server costs a
    few requests more.

    :param cloud: The services.
    :param request: What to check.
    :returns: The confirmed findings. If something could not be looked for,
        there is a failure.
    :raises errors.ApiError: The servers or their ports could not be listed.
    """
    first = snapshots.take(cloud, request)
    suspicions = judge.judge(first)
    found = CheckResult([])
    if suspicions:
        time.sleep(SETTLING)
        found = confirm(cloud, suspicions, request.keep)
    if request.has_causes and found.rows:
        explained = causes.add_causes(cloud, found.rows)
        found.rows = explained.rows
        found.notices += explained.notices
    found.checked = first
    changing = _changing(first.servers, bool(request.names_or_ids))
    found.failures = [*first.failures, *changing, *found.failures]
    found.notices = first.notices + found.notices
    return found


def confirm(
    cloud: api_cloud.Cloud,
    suspicions: Iterable[findings.Finding],
    keep: ownerless.Keep | None = None,
) -> CheckResult:
    """Read everything about the suspicions again.

    All servers are looked at in rounds, with one pause between two rounds.

    :param cloud: The services.
    :param suspicions: What seems to be wrong, or was wrong earlier.
    :param keep: Which ports without a server not to report.
    :returns: The suspicions that are true now, as they are now.
    """
    keep = keep or ownerless.Keep()
    result = CheckResult([])
    by_server = records.grouped(suspicions, lambda row: row.server_id)
    pending = [_Suspect(*item) for item in by_server.items()]
    for number in range(_LOOKS):
        if pending and number:
            time.sleep(server_state.QUIET)
        look = functools.partial(
            _look_again, cloud, keep, number == _LOOKS - 1
        )
        suspects, pending = pending, []
        for suspect, found in fan_out.fan_out(look, suspects):
            if isinstance(found, errors.ApiError):
                result.failures.append(str(found))
            elif found is None:
                pending.append(suspect)
            else:
                result.rows += found
    result.rows.sort(key=lambda finding: finding.order)
    result.failures += (
        _('Server %s: not judged, as it keeps changing') % suspect.server_id
        for suspect in pending
    )
    result.failures.sort()
    return result


def _changing(
    servers: Sequence[records.Server], are_named: bool
) -> Iterator[str]:
    """Return a line for each server that cannot be judged now.

    In a large cloud, there is always one. So one that the user has not named
    counts only if it seems to be stuck.
    """
    for server in servers:
        if server_state.is_settled(server):
            continue
        is_stuck = (
            server.status != 'DELETED'
            and (server.seconds_unchanged or 0) >= server_state.STUCK
        )
        line = _('Server %(server)s: not judged, as it changes (%(how)s)') % {
            'server': printable.escape(server.called or server.id),
            'how': server.task_state or server.status,
        }
        if are_named or is_stuck:
            yield line
        else:
            LOG.info(line)


def _look_again(
    cloud: api_cloud.Cloud,
    keep: ownerless.Keep,
    is_last: bool,
    suspect: _Suspect,
) -> list[findings.Finding] | None:
    """Look at a suspect again.

    :returns: The findings; None if it is too early to judge.
    :raises errors.ApiError: Something could not be read. Without the latest
        actions, it may be too early to judge.
    """
    began = time.monotonic()
    snapshot = snapshots.take_again(cloud, suspect.suspicions, keep)
    subjects = {row.subject for row in suspect.suspicions}
    found = [row for row in judge.judge(snapshot) if row.subject in subjects]
    # Neutron notifies Nova of a floating IP a moment after its change.
    are_fresh = any(
        row.seconds_unchanged is not None
        and row.seconds_unchanged < server_state.QUIET
        for row in snapshot.floating_ips
    )
    early = {codes.Code.FLOATING_IP_DIFFERS} if are_fresh else ()
    lasting = [
        row
        for row in found
        if row.code not in codes.TRANSIENT
        or (row in suspect.seen and row.code not in early)
    ]
    if not found or not snapshot.servers:
        return lasting
    is_idle = _was_idle(cloud.compute, snapshot.servers[0].id, began)
    suspect.seen = found
    return lasting if is_idle and (lasting == found or is_last) else None


def _was_idle(api: compute.ComputeApi, server_id: str, began: float) -> bool:
    """Return whether a server was not being changed while it was read.

    :param began: When the reads began, by the monotonic clock.
    """
    actions = names.all_rows(api.instance_actions(server_id))
    recent = server_state.QUIET + time.monotonic() - began
    return not any(
        action.seconds_ago < recent or _is_going_on(api, server_id, action)
        for action in actions
        if action.action in server_state.CHANGES
    )


def _is_going_on(
    api: compute.ComputeApi, server_id: str, action: records.InstanceAction
) -> bool:
    """Return whether an action that began earlier is still going on.

    An attachment may have to wait for other actions. Its port, which is not in
    the cache yet, only appears at the end.
    """
    if action.seconds_ago >= server_state.ABANDONED or not action.request_id:
        return False
    events = names.all_rows(api.action_events(server_id, action.request_id))
    return not all(event.has_ended for event in events)
