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

from collections.abc import Sequence
import dataclasses
import functools
import re

from osc_lib import exceptions

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import project_lookup
from osc_port_iface.interfaces.selecting import server_lookup
from osc_port_iface.interfaces.selecting import suggestions
from osc_port_iface import printable
from osc_port_iface import records

_Servers = records.Answer[records.Server]

# How Kubernetes names the server of a node (``spec.providerID``, written by
# cloud-provider-openstack), with or without the region.
_PROVIDER_ID = re.compile('openstack://[^/]*/', re.IGNORECASE)


def select(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
    details: bool = False,
    shows_names: bool = True,
) -> _Servers:
    """Find servers by name or ID, or all servers of a scope.

    :param cloud: Nova; Keystone and Neutron for what errors say.
    :param names_or_ids: UUIDs, which are taken for IDs, provider IDs of
        Kubernetes, and exact names; all servers of the scope if empty.
    :param scope: The servers to look among.
    :param details: Whether more than ID and name is wanted.
    :param shows_names: Whether the names are wanted. Otherwise, and without a
        filter in the scope, an ID is not looked up.
    :returns: The servers in the given order, without duplicates; all servers
        of a scope are ordered by name, then ID. A server given by its ID may
        be in any project. A name or ID that selects no server is a failure, or
        an error if no other is given. If there is no row and no failure, the
        selection is possible and empty, and a notice says so. Nothing was
        looked at then, which is not the same as health.
    :raises names.NoSuchName: There is no such server, or no such host.
    :raises exceptions.CommandError: Several servers have the name.
    :raises osc_port_iface.api.errors.ApiError: A look-up failed.
    """
    return _Selection(cloud, scope, details, shows_names).select(names_or_ids)


def find(
    cloud: api_cloud.Cloud,
    name_or_id: str,
    scope: compute.ServerScope,
    details: bool = False,
) -> records.Server:
    """Find the one server with this name or ID.

    An ID is looked up only if details are wanted.

    :raises exceptions.CommandError: There is none, or more than one, or the
        look-up failed.
    """
    return select(cloud, [name_or_id], scope, details, False).rows[0]


@dataclasses.dataclass
class _Selection:
    cloud: api_cloud.Cloud
    scope: compute.ServerScope
    details: bool
    shows_names: bool

    def select(self, names_or_ids: Sequence[str]) -> _Servers:
        keys = list(dict.fromkeys(map(_key, names_or_ids)))
        if not keys:
            return self._all()
        candidates, failures = server_lookup.find_candidates(
            keys, self._show, self._list, self.scope.is_filtered
        )
        answer: _Servers = records.Answer([], failures)
        servers: dict[str, records.Server] = {}
        for key in keys:
            try:
                server = self._only(key, candidates[key])
            except exceptions.CommandError as error:
                line = str(error)
                if isinstance(error, (errors.NotFound, names.NoSuchName)):
                    line = records.Absence(line, key)
                    error.args = (line,)
                if len(keys) == 1 or isinstance(error, errors.TokenRefused):
                    raise
                answer.failures.append(line)
            else:
                servers.setdefault(
                    server.id, dataclasses.replace(server, called=key)
                )
        answer.rows = list(servers.values())
        return answer

    def _all(self) -> _Servers:
        answer = self._list()
        if self.scope.is_filtered:
            text = _(
                'Server %s: its cell is down, so it is not known whether it '
                'is selected'
            )
            answer.failures += [text % server_id for server_id in self._hidden]
        if not answer.rows and not answer.failures:
            notice = _('No server exists%s.') % self._place
            answer.notices.append(records.Absence(notice))
        answer.rows.sort(key=lambda server: (server.name or '', server.id))
        return answer

    def _list(self) -> _Servers:
        try:
            answer = self.cloud.compute.servers(self.scope, self.details)
        except errors.Forbidden as error:
            if not self.scope.host:
                raise
            raise errors.Forbidden(
                _('Servers of a host are visible to administrators only: %s')
                % error
            ) from None
        if self.scope.host and not answer.rows:
            try:
                names.check_host(self.cloud, self.scope.host)
            except errors.NotRecorded:
                line = _("No server was recorded on host '%s'.")
                line %= printable.one_line(self.scope.host)
                answer.failures.append(records.Absence(line, line))
        return answer

    def _show(self, key: str) -> list[records.Server]:
        """Request the servers with an ID or a name."""
        if not addresses.is_uuid(key):
            return self._named(key, self.details)
        if self.details or self.shows_names:
            return [self.cloud.compute.server(key)]
        return [records.Server(key)]

    def _named(self, name: str, details: bool) -> list[records.Server]:
        return names.all_rows(
            self.cloud.compute.servers(self.scope, details, name)
        )

    def _only(
        self, key: str, found: list[records.Server] | errors.ApiError
    ) -> records.Server:
        """Return the only server that was found.

        :raises exceptions.CommandError: There is none, or more than one, or
            the look-up failed.
        """
        if isinstance(found, errors.ApiError):
            raise found
        if len(found) == 1:
            return found[0]
        if len(found) > 1 and any(server.status is None for server in found):
            # The details tell them apart.
            found = self._named(key, details=True)
        projects = {}
        if len(found) > 1:
            ids = (server.project_id for server in found if server.project_id)
            answer = project_lookup.look_up(self.cloud.identity, ids)
            projects = {row.id: row.name for row in answer.rows}
        return names.exactly_one(
            compute.SERVERS,
            key,
            found,
            self._place,
            functools.partial(_described, projects),
            functools.partial(self._hints, key),
        )

    @functools.cached_property
    def _place(self) -> str:
        """Where servers are looked for, such as `` in project demo``."""
        scope, place = self.scope, ''
        project = scope.project or scope.project_id
        if not project and not scope.all_projects:
            if own := self.cloud.identity.own_project:
                project = own.name or own.id
            else:
                place = _(' in this project')
        for text, name in (
            (_(' in project %s'), project),
            (_(' on host %s'), scope.host),
            (_(' with status %s'), scope.status),
        ):
            if name:
                place += text % printable.one_line(name)
        return place

    def _hints(self, key: str) -> str:
        """Say what may help to find a server that was not found."""
        text = ''
        if self._hidden:
            text += _(
                ' Servers in a cell that is down, whose names cannot be read: '
                '%d.'
            ) % len(self._hidden)
        if addresses.is_uuid(key):
            return text
        if addresses.is_query(key):
            text += _(
                " See 'openstack server interface find %s'."
            ) % printable.one_line(key)
        text += suggestions.did_you_mean(key, self._known_names)
        if (
            not self.scope.all_projects
            and not self.scope.project_id
            and 'admin' in self.cloud.credentials.roles
        ):
            text += _(' Use --all-projects to look in all of them.')
        return text

    @functools.cached_property
    def _hidden(self) -> list[str]:
        """The servers in cells that are down; the scope may have them."""
        return self.cloud.compute.servers_in_down_cells(self.scope)

    @functools.cached_property
    def _known_names(self) -> Sequence[str]:
        """The names of servers, as far as one request shows them."""
        query = compute.server_query(self.scope)
        return self.cloud.compute.names(compute.SERVERS, query)


def _key(name_or_id: str) -> str:
    """Return a name, or an ID as Nova writes it."""
    identifier = _PROVIDER_ID.sub('', name_or_id, count=1)
    return identifier.lower() if addresses.is_uuid(identifier) else name_or_id


def _described(projects: dict[str, str | None], server: records.Server) -> str:
    """Describe a server, to tell it from others of its name."""
    project_id = server.project_id or ''
    known = [
        _('project %s') % (projects.get(project_id) or project_id),
        server.status,
        *(
            fixed_ip.ip_address
            for interface in server.cache
            for fixed_ip in interface.fixed_ips
        ),
        server.created_at
        and _('created %s') % f'{server.created_at:%Y-%m-%d %H:%M %Z}',
    ]
    return (
        f'{server.id} ({", ".join(printable.escape(x) for x in known if x)})'
    )
