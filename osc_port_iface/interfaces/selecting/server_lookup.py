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

"""Looks up servers by ID or name with as few requests as possible."""

from collections.abc import Callable, Iterable, Sequence

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface import records

# Up to this many servers are requested one by one. That costs no more than
# listing a large cloud, with 1,000 servers per page.
MOST_SHOWN_SERVERS = 30

_Servers = records.Answer[records.Server]

# The servers that each name or ID may stand for, or the error.
_Candidates = dict[str, list[records.Server] | errors.ApiError]


def find_candidates(
    names_or_ids: Sequence[str],
    show: Callable[[str], list[records.Server]],
    listing: Callable[[], _Servers],
    is_filtered: bool = False,
) -> tuple[_Candidates, list[str]]:
    """Find servers, each by a request of its own or all in a listing.

    A few servers are requested one by one, in parallel. For more, the servers
    are listed first, and the IDs that the listing lacks are requested one by
    one: it has no soft-deleted servers, and only those of one project if the
    caller may not list all. So the answer does not depend on the number of
    servers.

    :param names_or_ids: Names, and IDs in lower case, without duplicates.
    :param show: Requests the servers with one ID or name.
    :param listing: Lists servers.
    :param is_filtered: Whether only servers that the listing has are wanted.
    :returns: The servers, or the error, for each name or ID, and a line for
        each server that could not be read in a listing.
    :raises errors.TokenRefused: No further request can succeed.
    :raises errors.ApiError: The listing failed.
    """
    if not is_filtered and len(names_or_ids) <= MOST_SHOWN_SERVERS:
        return dict(fan_out.fan_out(show, names_or_ids)), []
    answer = listing()
    listed: dict[str, list[records.Server]] = {key: [] for key in names_or_ids}
    for server in answer.rows:
        for key in {server.id, server.name or ''} & listed.keys():
            # A name that looks like an ID must not select by name.
            if key == server.id or not addresses.is_uuid(key):
                listed[key].append(server)
    missing = [
        key
        for key, servers in listed.items()
        if not (is_filtered or servers) and addresses.is_uuid(key)
    ]
    found: _Candidates = {**listed, **dict(fan_out.fan_out(show, missing))}
    return found, answer.failures


def look_up(
    api: compute.ComputeApi,
    server_ids: Iterable[str],
    everywhere: bool = True,
    details: bool = False,
) -> _Servers:
    """Find servers by ID, as far as they exist.

    :param api: Nova.
    :param server_ids: The IDs.
    :param everywhere: Whether to try to list the servers of all projects.
    :param details: Whether more than ID and name is wanted.
    :returns: The servers that exist. If one could not be read, there is a
        failure, and only its ID is known.
    :raises errors.TokenRefused: No further request can succeed.
    """
    ids = list(dict.fromkeys(server_ids))
    try:
        candidates, failures = find_candidates(
            ids,
            lambda server_id: [api.server(server_id)],
            lambda: _list(api, everywhere, details),
        )
    except errors.RequestFailed as error:
        # Requesting so many one by one would only fail in the same way.
        return records.Answer(list(map(records.Server, ids)), [str(error)])
    answer: _Servers = records.Answer([], failures)
    for server_id in ids:
        found = candidates[server_id]
        if not isinstance(found, errors.ApiError):
            answer.rows += found
        elif not isinstance(found, errors.NotFound):
            answer.rows.append(records.Server(server_id))
            answer.failures.append(str(found))
    return answer


def _list(
    api: compute.ComputeApi, everywhere: bool, details: bool
) -> _Servers:
    if everywhere:
        try:
            return api.servers(compute.ServerScope(all_projects=True), details)
        except errors.Forbidden:
            pass
    return api.servers(compute.ServerScope(), details)
