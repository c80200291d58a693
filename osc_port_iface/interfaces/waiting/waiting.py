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

"""Waits until an attach, a detach or an activation has finished.

After a hot-plug, the live view and Nova's cache are updated at different
times, in either order. So it has finished only when both agree.
"""

from collections.abc import Callable, Iterable, Sequence
import operator

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import fan_out
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.waiting import poll_timer
from osc_port_iface.interfaces.waiting import polling
from osc_port_iface.interfaces.waiting import targets
from osc_port_iface import records

_State = polling.State

# The command as a whole cannot succeed after one of these.
_NEGATIVE = frozenset({_State.CANNOT_SUCCEED, _State.FAILED})


def wait(
    cloud: api_cloud.Cloud,
    servers: Sequence[records.Server],
    chosen: Sequence[targets.Target],
    condition: str,
    timer: poll_timer.PollTimer,
    show: Callable[[str], object],
) -> records.Answer[records.ServerInterface]:
    """Wait until the interfaces of all servers meet the condition.

    A poll costs two requests for each unfinished server, and one more each if
    an attach or a detach may have failed, if an interface stays missing from
    the cache, if a port is not ACTIVE, and if the condition needs Neutron. A
    failed poll is ignored, unless it is the last one or the server is lost: it
    does not exist, is in error, or may not be seen by this caller.

    :param cloud: The services.
    :param servers: The servers.
    :param chosen: The interfaces; none stands for all.
    :param condition: One of ``polling.CONDITIONS``.
    :param timer: The time for which to wait.
    :param show: Called with a status line before each pause.
    :returns: Once all servers are finished, one of them cannot finish, or the
        time is over: the interfaces of those that are finished; a failure for
        each that was lost or could not be read in the last poll, and each
        attach or detach that failed; and a notice for each interface that does
        not meet the condition.
    """
    polled = [
        polling.PolledServer(
            cloud,
            condition,
            server,
            server.called or server.id,
            chosen,
            {target.mac_address for target in chosen} or {None},
        )
        for server in servers
    ]
    pending = polled
    while True:
        is_last = timer.is_over
        poll = operator.methodcaller('poll', timer.waited)
        for each, error in fan_out.fan_out(poll, pending):
            if error:
                each.note_failure(error)
        pending = [each for each in polled if each.state is _State.PENDING]
        states = {each.state for each in polled}
        if is_last or not pending or states & _NEGATIVE:
            return _result(polled)
        lines = sum(len(each.lines) for each in pending)
        show(
            _('Not ready: servers %(servers)d, interfaces %(interfaces)d')
            % {'servers': len(pending), 'interfaces': lines}
        )
        timer.pause()


def _result(
    polled: Iterable[polling.PolledServer],
) -> records.Answer[records.ServerInterface]:
    result: records.Answer[records.ServerInterface] = records.Answer([])
    for each in polled:
        if each.state is _State.FINISHED:
            result.rows += (
                records.ServerInterface(each.server, interface)
                for interface in each.interfaces
            )
        elif each.state is _State.FAILED or each.is_unread:
            result.failures += each.lines
        else:
            result.notices += each.lines
    return result
