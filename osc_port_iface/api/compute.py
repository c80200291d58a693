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

"""Nova's API, as far as interfaces need it.

https://docs.openstack.org/api-ref/compute/
"""

from collections.abc import Iterator
import dataclasses
import datetime
import re
from typing import Any
from urllib import parse

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import discover
from keystoneauth1 import exceptions as ksa_exceptions
from openstack import connection as sdk_connection
from openstack import exceptions as sdk_exceptions

from osc_port_iface.api import endpoint
from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import fixed_ips
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# The microversion that brings the tag, and the highest that is asked for:
# a later one could change what is read here.
TAG_MICROVERSION = (2, 70)

_OTHER_PROJECT_HINT = _(
    'without administrator rights, a server of another project looks the same '
    'as one that does not exist'
)

_HOT_PLUG_ACTIONS = frozenset({'attach_interface', 'detach_interface'})

# The lowest microversion whose plain listing shows servers of a cell that is
# down.
DOWN_CELL_MICROVERSION = (2, 69)


@dataclasses.dataclass(frozen=True, slots=True)
class ServerQuery:
    """Which servers a listing is to show; all of the project by default."""

    all_projects: bool = False
    project_id: str | None = None
    host: str | None = None
    status: str | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for less than a whole scope."""
        return bool(self.project_id or self.host or self.status)

    def scope(self) -> dict[str, str]:
        """Return the query parameter for whose servers are looked at."""
        everywhere = self.all_projects or self.project_id
        return {'all_tenants': '1'} if everywhere else {}

    def parameters(self) -> dict[str, str]:
        """Return the query parameters of ``GET /servers``."""
        filters = {
            'project_id': self.project_id,
            'host': self.host,
            'status': self.status,
        }
        return {
            **self.scope(),
            **{name: value for name, value in filters.items() if value},
        }


class ComputeApi:
    """Reads servers and interfaces from Nova."""

    def __init__(
        self,
        adapter: ksa_adapter.Adapter,
        microversion: tuple[float, ...] | None,
    ) -> None:
        """Use an adapter at one microversion; see :func:`connect`."""
        self._microversion = microversion or (0,)
        self._endpoint = endpoint.Endpoint(
            adapter,
            discover.version_to_string(microversion) if microversion else None,
        )

    @property
    def shows_tag(self) -> bool:
        """Whether interfaces have a tag at the microversion used."""
        return self._microversion >= TAG_MICROVERSION

    def prepare(self, threads: int) -> None:
        """Make ready for so many requests at a time."""
        self._endpoint.prepare(threads)

    def interfaces(self, server_id: str) -> list[records.Interface]:
        """List the interfaces of one server, ordered by port ID.

        ``GET /servers/{server_id}/os-interface``; Nova asks Neutron with the
        caller's token, so a port of another project may be missing for a
        caller who is not an administrator.

        :param server_id: The server's ID.
        :returns: One record for each port.
        :raises errors.ApiError: The request failed.
        """
        what = _('Interfaces of server %s') % printable.escape(server_id)
        body, response = self._endpoint.get(
            f'/servers/{parse.quote(server_id)}/os-interface',
            what,
            hint=_OTHER_PROJECT_HINT,
        )
        with faults.api_shape(response, what):
            return sorted(
                map(_interface, body['interfaceAttachments']),
                key=lambda interface: interface.port_id or '',
            )

    def interface(self, server_id: str, port_id: str) -> records.Interface:
        """Show one interface of a server.

        ``GET /servers/{server_id}/os-interface/{port_id}``.

        :param server_id: The server's ID.
        :param port_id: The ID of a port that is plugged into it.
        :returns: The interface.
        :raises errors.NotFound: No such server, or it has no such port.
        :raises errors.ApiError: The request failed.
        """
        what = _('Interface %(port)s of server %(server)s') % {
            'port': printable.escape(port_id),
            'server': printable.escape(server_id),
        }
        body, response = self._endpoint.get(
            f'/servers/{parse.quote(server_id)}/os-interface'
            f'/{parse.quote(port_id)}',
            what,
        )
        with faults.api_shape(response, what):
            return _interface(body['interfaceAttachment'])

    def server(self, server_id: str) -> records.Server:
        """Show one server, with details.

        ``GET /servers/{server_id}``.

        :param server_id: The server's ID.
        :returns: The server.
        :raises errors.NotFound: No such server, or not for this caller.
        :raises errors.ApiError: The request failed.
        """
        what = _('Server %s') % printable.escape(server_id)
        body, response = self._endpoint.get(
            f'/servers/{parse.quote(server_id)}',
            what,
            hint=_OTHER_PROJECT_HINT,
        )
        with faults.api_shape(response, what):
            return _server(body['server'])

    def seconds_since_hot_plug(self, server_id: str) -> float | None:
        """Tell how long ago an interface was last attached or detached.

        ``GET /servers/{server_id}/os-instance-actions``. It is the age of
        the newest such action, begun or (microversion 2.58) changed, by the
        clock of the service that answers.

        :param server_id: The server's ID.
        :returns: Seconds; None if that never happened.
        :raises errors.ApiError: The request failed.
        """
        what = _('Actions of server %s') % printable.escape(server_id)
        body, response = self._endpoint.get(
            f'/servers/{parse.quote(server_id)}/os-instance-actions', what
        )
        with faults.api_shape(response, what):
            moments = [
                # UTC, and without saying so.
                datetime.datetime.fromisoformat(
                    action.get('updated_at') or action['start_time']
                ).replace(tzinfo=datetime.UTC)
                for action in body['instanceActions']
                if action['action'] in _HOT_PLUG_ACTIONS
            ]
        if not moments:
            return None
        return (endpoint.moment_of(response) - max(moments)).total_seconds()

    def servers(
        self, query: ServerQuery, details: bool = False
    ) -> Iterator[records.Server]:
        """List servers, page by page as they are asked for.

        ``GET /servers`` or ``GET /servers/detail``.

        :param query: Which servers.
        :param details: Whether more than ID and name is wanted. A host is
            looked for with details in any case: Nova ignores that filter,
            and says nothing, where the caller may not use it.
        :returns: The servers, as Nova orders them. Where the query does not
            filter, and the microversion is 2.69 or above, that includes the
            servers of a cell that is down, which have only an ID.
        :raises errors.ApiError: A request failed.
        """
        path = '/servers/detail' if details or query.host else '/servers'
        for server in self._servers(path, query.parameters(), _('Servers')):
            if query.host and server.host != query.host:
                raise errors.Forbidden(
                    _(
                        'Servers: Nova does not look for a host on behalf of '
                        'this user; --host needs administrator rights'
                    )
                )
            yield server

    def servers_named(
        self, name: str, query: ServerQuery, details: bool
    ) -> list[records.Server]:
        """Find the servers of exactly this name.

        ``GET /servers?name=`` takes a regular expression which the database
        evaluates, so the name is anchored and escaped, and what comes back
        is compared again.

        :param name: The name, as the user wrote it.
        :param query: Among which servers.
        :param details: Whether more than ID and name is wanted, for which
            Nova asks Neutron.
        :returns: The servers of that name.
        :raises errors.ApiError: The request failed.
        """
        what = _("Servers named '%s'") % printable.escape(name)
        parameters = {
            **query.parameters(),
            'name': f'^{_database_pattern(name)}$',
        }
        path = '/servers/detail' if details else '/servers'
        return [
            server
            for server in self._servers(path, parameters, what)
            if server.name == name
        ]

    def servers_in_down_cells(self, query: ServerQuery) -> list[str]:
        """List the servers that a filtered listing silently left out.

        Nova shows the servers of a cell that is down only where nothing is
        filtered, and puts them first (microversion 2.69).

        :param query: Whose servers; its filters do not count.
        :returns: The IDs of the servers; none below microversion 2.69.
        :raises errors.ApiError: The request failed.
        """
        if self._microversion < DOWN_CELL_MICROVERSION:
            return []
        what = _('Servers')
        body, response = self._endpoint.get('/servers', what, query.scope())
        with faults.api_shape(response, what):
            servers = map(_server, body['servers'])
            return [server.id for server in servers if server.in_down_cell]

    def _servers(
        self, path: str, query: dict[str, str], what: str
    ) -> Iterator[records.Server]:
        page: endpoint.Query | None = query
        while page is not None:
            body, response = self._endpoint.get(path, what, page)
            with faults.api_shape(response, what):
                servers = [_server(server) for server in body['servers']]
                page = endpoint.next_page(body.get('servers_links', []))
            yield from servers


def connect(connection: sdk_connection.Connection) -> ComputeApi:
    """Reach Nova through what OSC has authenticated.

    :param connection: ``client_manager.sdk_connection``. Its session is
        given a timeout where it has none, so that the version document
        cannot be waited for without end.
    :returns: The API, with its microversion decided.
    :raises errors.ApiError: Nova cannot be reached, or does not have the
        microversion that the user asked for.
    """
    if connection.session.timeout is None:
        connection.session.timeout = max(endpoint.TIMEOUT)
    try:
        adapter = connection.compute
    except sdk_exceptions.ConfigException as error:
        raise errors.ApiError(printable.one_line(str(error), 600)) from error
    except (
        sdk_exceptions.SDKException,
        ksa_exceptions.ClientException,
        # What openstacksdk 0.101 makes of a missing version document when a
        # microversion is pinned.
        AttributeError,
    ) as error:
        _version_document(connection)
        raise errors.ApiError(
            _('Compute service: %s') % printable.one_line(str(error))
        ) from error
    return ComputeApi(adapter, _microversion(connection, adapter))


def _microversion(
    connection: sdk_connection.Connection, adapter: ksa_adapter.Adapter
) -> tuple[float, ...] | None:
    """Take what the user pinned, or else the highest useful one there is.

    :returns: None where the service has no microversions.
    """
    pinned = adapter.default_microversion
    if pinned and 'latest' not in pinned:
        return discover.normalize_version_number(pinned)
    found = adapter.get_endpoint_data()
    maximum = (found and found.max_microversion) or (
        _version_document(connection).get('version', {}).get('version')
    )
    if not maximum:
        return None
    return min(discover.normalize_version_number(maximum), TAG_MICROVERSION)


def _version_document(
    connection: sdk_connection.Connection,
) -> dict[str, Any]:
    """Ask for Nova's version document once more than the SDK did.

    The SDK swallows the reason when it cannot have the document, and goes on
    as if Nova had no microversions.

    :returns: The document.
    :raises errors.ApiError: There is none, and why.
    """
    config = connection.config
    adapter = ksa_adapter.Adapter(
        connection.session,
        service_type='compute',
        interface=config.get_interface('compute'),
        region_name=config.get_region_name('compute'),
    )
    url = config.get_endpoint('compute')
    if not url:
        try:
            url = adapter.get_endpoint(skip_discovery=True)
        except ksa_exceptions.CatalogException as error:
            raise errors.ApiError(printable.one_line(str(error))) from error
    if not url:
        raise errors.ApiError(_('The catalog has no compute service.'))
    project_id = connection.session.get_project_id()
    if project_id:
        url = url.rstrip('/').removesuffix(f'/{project_id}')
    what = _('Compute version document')
    document, _response = endpoint.Endpoint(adapter).get(url, what)
    return document


def _database_pattern(name: str) -> str:
    """Escape a name for SQLite's, MySQL's and PostgreSQL's expressions.

    Nova itself puts a backslash before each bar on MySQL, which would undo
    one that is already there.
    """
    return re.sub(r'[\\^$.*+?()\[\]{}]', r'\\\g<0>', name).replace('|', '[|]')


def _interface(attachment: dict[str, Any]) -> records.Interface:
    return records.Interface(
        port_id=attachment['port_id'],
        network_id=attachment['net_id'],
        mac_address=attachment['mac_addr'],
        fixed_ips=fixed_ips.parse(attachment['fixed_ips']),
        port_state=attachment['port_state'],
        tag=attachment.get('tag'),
    )


def _server(server: dict[str, Any]) -> records.Server:
    return records.Server(
        id=server['id'],
        # A server of a cell that is down has no name.
        name=server.get('name', ''),
        project_id=server.get('tenant_id', ''),
        status=server.get('status', ''),
        host=server.get('OS-EXT-SRV-ATTR:host'),
        task_state=server.get('OS-EXT-STS:task_state'),
        cache=tuple(_cached(server.get('addresses', {}))),
    )


def _cached(
    addresses: dict[str, list[dict[str, Any]]],
) -> Iterator[records.Interface]:
    """Read the network info cache, an interface for each label and MAC.

    It is keyed by the label of the network, so two networks of one name are
    one here.
    """
    for label, entries in sorted(addresses.items()):
        found: dict[str, dict[str, list[str]]] = {}
        for entry in entries:
            kinds = found.setdefault(
                entry['OS-EXT-IPS-MAC:mac_addr'], {'fixed': [], 'floating': []}
            )
            kinds[entry['OS-EXT-IPS:type']].append(entry['addr'])
        for mac_address, kinds in sorted(found.items()):
            yield records.Interface(
                mac_address=mac_address,
                fixed_ips=fixed_ips.parse(
                    [{'ip_address': address} for address in kinds['fixed']]
                ),
                network_label=label,
                floating_ips=tuple(kinds['floating']),
            )
