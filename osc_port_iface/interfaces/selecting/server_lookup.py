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

"""Looks up the names of servers with as few requests as possible."""

from collections.abc import Iterable, Sequence

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface import records

# Up to this many servers are requested one by one. That costs no more than
# listing a large cloud, with 1,000 servers per page.
MOST_SHOWN = 30


def look_up(
    api: compute.ComputeApi,
    server_ids: Iterable[str],
    everywhere: bool,
    details: bool = False,
) -> records.Answer[records.Server]:
    """Find servers by ID.

    A few servers are requested one by one, in parallel. For more, the servers
    are listed first, and those that the listing lacks are requested one by
    one: it has no soft-deleted servers, and only those of one project if the
    caller may not list all. So the answer does not depend on the number of
    servers.

    :param api: Nova.
    :param server_ids: The IDs.
    :param everywhere: Whether to try to list the servers of all projects.
    :param details: Whether more than ID and name is wanted.
    :returns: The servers that exist. If one could not be read, there is a
        failure, and only its ID is known.
    :raises errors.TokenRefused: No further request can succeed.
    """
    wanted = list(dict.fromkeys(server_ids))
    listed: records.Answer[records.Server] = records.Answer([])
    if len(wanted) > MOST_SHOWN:
        try:
            listed = _list(api, everywhere, details)
        except errors.TokenRefused:
            raise
        except errors.ApiError as error:
            # Requesting so many one by one would only fail in the same way.
            return records.Answer(
                [records.Server(server_id) for server_id in wanted],
                [str(error)],
            )
        ids = set(wanted)
        listed.rows = [server for server in listed.rows if server.id in ids]
        ids.difference_update(server.id for server in listed.rows)
        wanted = [server_id for server_id in wanted if server_id in ids]
    shown = _show(api, wanted)
    return records.Answer(
        listed.rows + shown.rows, listed.failures + shown.failures
    )


def _list(
    api: compute.ComputeApi, everywhere: bool, details: bool
) -> records.Answer[records.Server]:
    if everywhere:
        try:
            return api.servers(compute.ServerScope(all_projects=True), details)
        except errors.Forbidden:
            pass
    return api.servers(compute.ServerScope(), details)


def _show(
    api: compute.ComputeApi, server_ids: Sequence[str]
) -> records.Answer[records.Server]:
    results = dict(fan_out.fan_out(api.server, server_ids))
    answer: records.Answer[records.Server] = records.Answer([])
    for server_id in server_ids:
        result = results[server_id]
        if isinstance(result, records.Server):
            answer.rows.append(result)
        elif not isinstance(result, errors.NotFound):
            answer.rows.append(records.Server(server_id))
            answer.failures.append(str(result))
    return answer
