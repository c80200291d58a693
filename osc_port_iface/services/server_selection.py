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

"""From what a user calls servers to the servers that are meant."""

from collections.abc import Callable, Iterable, Sequence
import dataclasses
import functools

from osc_lib import exceptions

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records


@dataclasses.dataclass(frozen=True)
class Selected:
    """The servers that are meant, and a line for each that is not known."""

    servers: list[records.Server]
    failures: list[str]


def select(
    api: compute.ComputeApi,
    names_or_ids: Sequence[str],
    query: compute.ServerQuery,
    details: bool = False,
) -> Selected:
    """Find servers by name or ID, or all that a query asks for.

    An ID on its own costs no request, and a name on its own one small
    listing. Several are looked up in one listing: Nova's filter for names
    cannot have more than one on every database.

    :param api: Where to look.
    :param names_or_ids: UUIDs, which are taken for IDs, and names, which
        must be the whole name to the letter; all servers if empty.
    :param query: Among which servers.
    :param details: Whether more than ID and name is wanted.
    :returns: The servers in the order asked for, each once, or for a listing
        by name, then ID. A server is taken at its word where only its ID was
        given and the listing does not have it: it may be in a project that
        was not listed.
    :raises osc_port_iface.api.errors.ApiError: A look-up failed.
    """
    wanted = list(
        dict.fromkeys(
            key.lower() if addresses.is_uuid(key) else key
            for key in names_or_ids
        )
    )
    if not wanted:
        return _all(api, query, details)
    # One that is named twice has its name shown.
    if len(names_or_ids) == 1 and not query.is_filtered:
        return _one(api, wanted[0], query, details)
    return _several(api, wanted, query, details)


def one(
    api: compute.ComputeApi, name_or_id: str, query: compute.ServerQuery
) -> records.Server:
    """Find the one server with this name or ID.

    :raises exceptions.CommandError: There is none, or more than one.
    :raises osc_port_iface.api.errors.ApiError: The look-up failed.
    """
    selected = select(api, [name_or_id], query)
    for failure in selected.failures:
        raise exceptions.CommandError(failure)
    return selected.servers[0]


def _all(
    api: compute.ComputeApi, query: compute.ServerQuery, details: bool
) -> Selected:
    servers = sorted(
        api.servers(query, details),
        key=lambda server: (server.name, server.id),
    )
    hidden = api.servers_in_down_cells(query) if query.is_filtered else []
    return Selected(
        servers,
        [
            _(
                'Server %s: its cell is down, so whether it is among the '
                'selected cannot be told'
            )
            % server_id
            for server_id in hidden
        ],
    )


def _one(
    api: compute.ComputeApi,
    name_or_id: str,
    query: compute.ServerQuery,
    details: bool,
) -> Selected:
    if addresses.is_uuid(name_or_id):
        if details:
            return Selected([api.server(name_or_id)], [])
        return Selected([records.Server(name_or_id)], [])
    servers = api.servers_named(name_or_id, query, details)
    if len(servers) > 1 and not details:
        # To say whose they are.
        servers = api.servers_named(name_or_id, query, details=True)
    if len(servers) == 1:
        return Selected(servers, [])
    hidden = functools.partial(api.servers_in_down_cells, query)
    return Selected([], [_unclear(name_or_id, servers, query, hidden)])


def _several(
    api: compute.ComputeApi,
    wanted: list[str],
    query: compute.ServerQuery,
    details: bool,
) -> Selected:
    found = _listed(api.servers(query, details), wanted)
    # Asked for once, however many names are missing.
    hidden = functools.cache(
        functools.partial(api.servers_in_down_cells, query)
    )
    servers: dict[str, records.Server] = {}
    failures = []
    for name_or_id in wanted:
        matches = found[name_or_id]
        if (
            not matches
            and addresses.is_uuid(name_or_id)
            and not query.is_filtered
        ):
            matches = [records.Server(name_or_id)]
            if details:
                try:
                    matches = [api.server(name_or_id)]
                except exceptions.CommandError as error:
                    failures.append(str(error))
                    continue
        if len(matches) > 1:
            # To say whose they are.
            matches = api.servers_named(name_or_id, query, details=True)
        if len(matches) == 1:
            servers.setdefault(matches[0].id, matches[0])
        else:
            failures.append(_unclear(name_or_id, matches, query, hidden))
    return Selected(list(servers.values()), failures)


def _listed(
    servers: Iterable[records.Server], wanted: list[str]
) -> dict[str, list[records.Server]]:
    """Read a listing for as long as there is something to find in it."""
    found: dict[str, list[records.Server]] = {key: [] for key in wanted}
    names = any(not addresses.is_uuid(key) for key in wanted)
    missing = set(wanted)
    for server in servers:
        for key in {server.id, server.name} & found.keys():
            # A name that looks like an ID is no other server's ID.
            if key != server.id and addresses.is_uuid(key):
                continue
            found[key].append(server)
            missing.discard(key)
        # Of a name, there may always be one more.
        if not missing and not names:
            break
    return found


def _unclear(
    name_or_id: str,
    servers: list[records.Server],
    query: compute.ServerQuery,
    in_down_cells: Callable[[], list[str]],
) -> str:
    """Say that none, or more than one, was found.

    :param servers: Those that were found, with details.
    """
    shown = printable.escape(name_or_id)
    if servers:
        return _(
            "%(count)d servers have the name '%(name)s', use an ID: %(ids)s"
        ) % {
            'count': len(servers),
            'name': shown,
            'ids': '; '.join(map(_described, servers)),
        }
    if query.is_filtered:
        message = _(
            "No server with the name or ID '%s' is among the selected."
        )
    elif query.all_projects:
        message = _("No server with the name or ID '%s' exists.")
    else:
        message = _(
            "No server with the name or ID '%s' exists in this project."
        )
    message %= shown
    if hidden := in_down_cells():
        message += ' ' + _(
            'But %d servers are in a cell that is down, and have no name now.'
        ) % len(hidden)
    return message


def _described(server: records.Server) -> str:
    return _('%(id)s (project %(project)s, %(status)s)') % {
        'id': server.id,
        'project': server.project_id,
        'status': printable.escape(server.status),
    }
