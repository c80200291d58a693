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

import collections
from collections.abc import Callable, Iterable, Sequence
import functools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.waiting import patience as patiences
from osc_port_iface.interfaces.waiting import polling
from osc_port_iface.interfaces.waiting import targets
from osc_port_iface import records

_State = polling.State


def wait(
    cloud: api_cloud.Cloud,
    servers: Sequence[records.Server],
    chosen: Sequence[targets.Target],
    condition: str,
    patience: patiences.Patience,
    show: Callable[[str], object],
) -> records.Answer[records.ServerInterface]:
    """Wait until the interfaces of all servers meet the condition.

    A poll costs two requests for each unfinished server, and one more each if
    an attach or a detach may have failed, if an interface stays missing from
    the cache, if a port is not ACTIVE, and if the condition needs Neutron. A
    failed poll is ignored, unless the server is lost: it does not exist, is in
    error, or may not be seen by this caller.

    :param cloud: The services.
    :param servers: The servers.
    :param chosen: The interfaces; none stands for all.
    :param condition: One of ``polling.CONDITIONS``.
    :param patience: The time for which to wait.
    :param show: Called with a status line before each pause.
    :returns: Once all servers are finished, one of them cannot finish, or the
        time is over: the interfaces of those that are finished; a failure for
        each that was lost, and each attach or detach that failed; and a notice
        for each interface that does not meet the condition.
    """
    poller = polling.Poller(cloud, condition)
    mac_addresses = frozenset(target.mac_address for target in chosen)
    names = collections.Counter(server.name for server in servers)
    polls = {
        server.id: polling.Poll(
            server,
            # Two servers of one name are told apart by their IDs.
            server.name
            if server.name and names[server.name] == 1
            else server.id,
            chosen,
            mac_addresses,
        )
        for server in servers
    }
    while True:
        is_last = patience.is_over
        poll = functools.partial(poller.poll, patience.waited, is_last)
        for before, result in fan_out.fan_out(poll, _pending(polls.values())):
            polls[before.server.id] = (
                before.unread(result)
                if isinstance(result, errors.ApiError)
                else result
            )
        states = {row.state for row in polls.values()}
        if (
            is_last
            or _State.PENDING not in states
            or states & {_State.CANNOT_SUCCEED, _State.FAILED}
        ):
            return _result(polls.values())
        show(_status(_pending(polls.values())))
        patience.pause()


def _pending(polls: Iterable[polling.Poll]) -> list[polling.Poll]:
    return [poll for poll in polls if poll.state is _State.PENDING]


def _status(pending: Sequence[polling.Poll]) -> str:
    return _('Not ready: servers %(servers)d, interfaces %(interfaces)d') % {
        'servers': len(pending),
        'interfaces': sum(len(poll.lines) for poll in pending),
    }


def _result(
    polls: Iterable[polling.Poll],
) -> records.Answer[records.ServerInterface]:
    result: records.Answer[records.ServerInterface] = records.Answer([])
    for poll in polls:
        if poll.state is _State.FINISHED:
            result.rows += (
                records.ServerInterface(poll.server, interface)
                for interface in poll.interfaces
            )
        elif poll.state is _State.FAILED:
            result.failures += poll.lines
        else:
            result.notices += poll.lines
    return result
