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

"""Finds the servers that a user selects."""

from collections.abc import Callable, Sequence
import functools

from osc_lib import exceptions

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import printable
from osc_port_iface import records

_Servers = records.Answer[records.Server]


def select(
    api: compute.ComputeApi,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
    details: bool = False,
) -> _Servers:
    """Find servers by name or ID, or all servers of a scope.

    A single ID needs no request, and a single name one small listing. Several
    are looked up in one full listing, as Nova's filter for names does not
    support several on every database.

    :param api: Where to look.
    :param names_or_ids: UUIDs, which are taken for IDs, and exact names; all
        servers if empty.
    :param scope: The servers to look among.
    :param details: Whether more than ID and name is wanted.
    :returns: The servers in the given order, without duplicates; all servers
        are ordered by name, then ID. A server given by its ID is included even
        if the listing does not have it, as it may be in another project.
    :raises osc_port_iface.api.errors.ApiError: A look-up failed.
    """
    wanted = list(
        dict.fromkeys(
            key.lower() if addresses.is_uuid(key) else key
            for key in names_or_ids
        )
    )
    if not wanted:
        return _all(api, scope, details)
    # A server that is given twice is looked up, so its name is shown.
    if len(names_or_ids) == 1 and not scope.is_filtered:
        return records.Answer([_one(api, wanted[0], scope, details)])
    return _several(api, wanted, scope, details)


def one(
    api: compute.ComputeApi,
    name_or_id: str,
    scope: compute.ServerScope,
    details: bool = False,
) -> records.Server:
    """Find the one server with this name or ID.

    :raises exceptions.CommandError: There is none, or more than one, or the
        look-up failed.
    """
    return select(api, [name_or_id], scope, details).rows[0]


def _all(
    api: compute.ComputeApi, scope: compute.ServerScope, details: bool
) -> _Servers:
    answer = api.servers(scope, details)
    hidden = api.servers_in_down_cells(scope) if scope.is_filtered else []
    return records.Answer(
        sorted(answer.rows, key=lambda server: (server.name or '', server.id)),
        answer.failures
        + [
            _(
                'Server %s: its cell is down, so it is not known '
                'whether it is selected'
            )
            % server_id
            for server_id in hidden
        ],
    )


def _one(
    api: compute.ComputeApi,
    name_or_id: str,
    scope: compute.ServerScope,
    details: bool,
) -> records.Server:
    if addresses.is_uuid(name_or_id):
        if details:
            return api.server(name_or_id)
        return records.Server(name_or_id)
    answer = api.servers_named(name_or_id, scope, details)
    hidden = functools.partial(api.servers_in_down_cells, scope)
    return _only(api, name_or_id, scope, names.complete(answer), hidden)


def _several(
    api: compute.ComputeApi,
    wanted: Sequence[str],
    scope: compute.ServerScope,
    details: bool,
) -> _Servers:
    listing = api.servers(scope, details)
    answer: _Servers = records.Answer([], listing.failures)
    found: dict[str, list[records.Server]] = {key: [] for key in wanted}
    for server in listing.rows:
        for key in {server.id, server.name or ''} & found.keys():
            # A name that looks like an ID must not select by name.
            if key == server.id or not addresses.is_uuid(key):
                found[key].append(server)
    # Requested only once, even if several names are missing.
    hidden = functools.cache(
        functools.partial(api.servers_in_down_cells, scope)
    )
    servers: dict[str, records.Server] = {}
    for key, matches in found.items():
        try:
            if matches or scope.is_filtered or not addresses.is_uuid(key):
                server = _only(api, key, scope, matches, hidden)
            elif details:
                server = api.server(key)
            else:
                server = records.Server(key)
            servers.setdefault(server.id, server)
        except errors.TokenRefused:
            raise
        except exceptions.CommandError as error:
            answer.failures.append(str(error))
    answer.rows = list(servers.values())
    return answer


def _only(
    api: compute.ComputeApi,
    name_or_id: str,
    scope: compute.ServerScope,
    found: list[records.Server],
    in_down_cells: Callable[[], list[str]],
) -> records.Server:
    """Return the only server that was found, or say why there is none.

    :raises exceptions.CommandError: There is none, or more than one.
    """
    if len(found) > 1 and any(server.status is None for server in found):
        # The details tell which project each server belongs to.
        answer = api.servers_named(name_or_id, scope, details=True)
        found = names.complete(answer)
    try:
        return names.exactly_one(
            names.SERVER, name_or_id, found, _place(scope), _described
        )
    except names.NoSuchName as error:
        hidden = in_down_cells()
        if not hidden:
            raise
        raise names.NoSuchName(
            _(
                '%(error)s Servers in a cell that is down, whose names cannot '
                'be read: %(count)d.'
            )
            % {'error': error, 'count': len(hidden)}
        ) from None


def _place(scope: compute.ServerScope) -> str:
    if scope.is_filtered:
        return _(' among those selected')
    return '' if scope.all_projects else _(' in this project')


def _described(server: records.Server) -> str:
    return _('%(id)s (project %(project)s, %(status)s)') % {
        'id': server.id,
        'project': printable.escape(server.project_id or ''),
        'status': printable.escape(server.status or ''),
    }
