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

"""The parts of Nova's API that interfaces need, and how they are read.

https://docs.openstack.org/api-ref/compute/
"""

from collections.abc import Callable, Iterator
import dataclasses
import functools
import logging
import re
from typing import NamedTuple

from keystoneauth1 import discover
from openstack.config import cloud_region

from osc_port_iface.api import credentials
from osc_port_iface.api import errors
from osc_port_iface.api import paging
from osc_port_iface.api import paths
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.api import transport
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# The microversion that adds the tag. No higher one is requested, as it could
# change the responses.
_TAG_MICROVERSION = '2.70'

# The lowest microversion that lists servers of a cell that is down.
_DOWN_CELL_MICROVERSION = '2.69'

_OTHER_PROJECT_HINT = _(
    'without administrator rights, a server of another project looks the same '
    'as one that does not exist'
)

_INTERFACE = reading.Record(
    records.Interface,
    mac_address='mac_addr',
    port_id=reading.field(reading.Object.required_uuid, 'port_id'),
    network_id='net_id',
    # Only the cache has these.
    network_label=None,
    floating_ips=None,
).always('mac_address', 'network_id', 'fixed_ips')


class _CachedAddress(NamedTuple):
    mac_address: records.MACText
    kind: str
    ip_address: records.IPText


_CACHED_ADDRESS = reading.Record(
    _CachedAddress,
    mac_address='OS-EXT-IPS-MAC:mac_addr',
    kind='OS-EXT-IPS:type',
    ip_address='addr',
)


def _cached(cache: reading.Object) -> Iterator[records.Interface]:
    """Read an interface for each label and MAC address of the cache.

    The network info cache is keyed by the labels of networks, so networks with
    the same name cannot be told apart.
    """
    for label in cache.values:
        cache.required(label, cache.value(label, list))
        found = records.grouped(
            cache.items(label, _CACHED_ADDRESS.read),
            lambda row: row.mac_address,
        )
        for mac_address, rows in found.items():
            yield records.Interface(
                mac_address=mac_address,
                fixed_ips=reading.ordered_ips(
                    records.FixedIP(row.ip_address)
                    for row in rows
                    if row.kind == 'fixed'
                ),
                network_label=label or None,
                floating_ips=tuple(
                    row.ip_address for row in rows if row.kind == 'floating'
                ),
            )


SERVERS = paging.Collection(
    'servers',
    _('Servers'),
    reading.Record(
        records.Server,
        project_id='tenant_id',
        host='OS-EXT-SRV-ATTR:host',
        task_state='OS-EXT-STS:task_state',
        created_at='created',
        cache=reading.field(
            lambda row, key: tuple(_cached(row.part(key))), 'addresses'
        ),
        power_state='OS-EXT-STS:power_state',
        seconds_unchanged=reading.field(
            reading.Object.age, 'updated', 'created'
        ),
        # As the user wrote it.
        called=None,
    ),
    one=_('Server %s'),
    hint=_OTHER_PROJECT_HINT,
)


def _equals(expected: str) -> Callable[[reading.Object, str], bool]:
    return lambda row, key: row.text(key) == expected


_ACTION = reading.Record(
    records.InstanceAction,
    failed=reading.field(_equals('Error'), 'message'),
    seconds_ago=reading.field(
        lambda action, *keys: action.age(*keys) or 0.0,
        'updated_at',
        'start_time',
    ),
)

_ACTION_EVENT = reading.Record(
    records.ActionEvent,
    has_ended=reading.field(
        lambda event, key: event.moment(key) is not None, 'finish_time'
    ),
)

_COMPUTE_SERVICE = reading.Record(
    records.ComputeService,
    is_up=reading.field(_equals('up'), 'state'),
)


@dataclasses.dataclass(frozen=True, slots=True)
class ServerScope:
    """The servers that a listing shows; all of the project by default.

    :ivar project: The name or ID by which the user knows the project.
    """

    all_projects: bool = False
    project_id: str | None = None
    project: str | None = None
    host: str | None = None
    status: str | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether it leaves out servers of its project or projects."""
        return bool(self.project_id or self.host or self.status)


class ComputeApi(service.Service):
    """Reads servers and interfaces from Nova, reached on first use."""

    TYPE = 'compute'
    VERSION = 'v2.1'

    @property
    def shows_tag(self) -> bool:
        """Whether interfaces have a tag at the microversion in use.

        :raises errors.ApiError: Nova cannot be reached.
        """
        return self._has_microversion(_TAG_MICROVERSION)

    @property
    def microversion(self) -> str:
        """The microversion in use.

        :raises errors.ApiError: Nova cannot be reached.
        """
        return self.transport.microversion or '2.1'

    @functools.cached_property
    def sees_all_projects(self) -> bool:
        """Whether this caller may see the servers of all projects.

        ``GET /servers?all_tenants=1``. Who may see bindings in Neutron, with
        the role service for example, may still see the own project only.

        :raises errors.ApiError: The request failed.
        """
        try:
            self.page(SERVERS, {'all_tenants': ['1'], 'limit': ['1']})
        except errors.Forbidden:
            return False
        return True

    def interfaces(
        self, server_id: str, called: str | None = None
    ) -> records.Answer[records.Interface]:
        """List the interfaces of one server, ordered by port ID.

        ``GET /servers/{server_id}/os-interface``; Nova asks Neutron with the
        caller's token, so a port of another project may be missing unless
        the caller is an administrator.

        :param server_id: The server's ID.
        :param called: What messages call the server; by default, its ID.
        :returns: One record for each port.
        :raises errors.ApiError: The request failed.
        """
        what = _('Interfaces of server %s') % printable.escape(
            called or server_id
        )
        path = _server_path(server_id, what, '/os-interface')
        answer = self.transport.get(
            path, what, hint=_OTHER_PROJECT_HINT
        ).answer('interfaceAttachments', _INTERFACE.read)
        answer.rows.sort(key=lambda interface: interface.port_id or '')
        return answer

    def server(
        self, server_id: str, called: str | None = None
    ) -> records.Server:
        """Show one server, with details.

        ``GET /servers/{server_id}``.

        :param server_id: The server's ID.
        :param called: What messages call the server; by default, its ID.
        :returns: The server.
        :raises errors.NotFound: It does not exist, or this caller may not see
            it.
        :raises errors.ApiError: The request failed.
        """
        return self.show(SERVERS, server_id, called)

    def instance_actions(
        self, server_id: str
    ) -> records.Answer[records.InstanceAction]:
        """List the actions on a server.

        ``GET /servers/{server_id}/os-instance-actions``. Before microversion
        2.58, Nova tells only when an action began, not when it last changed.

        :param server_id: The server's ID.
        :returns: The actions, newest first.
        :raises errors.ApiError: The request failed.
        """
        what = _('Actions of server %s') % printable.escape(server_id)
        path = _server_path(server_id, what, '/os-instance-actions')
        page = self.transport.get(path, what)
        answer = page.answer('instanceActions', _ACTION.read)
        answer.rows.sort(key=lambda action: action.seconds_ago)
        return answer

    def action_events(
        self, server_id: str, request_id: str
    ) -> records.Answer[records.ActionEvent]:
        """List the events of an action.

        ``GET /servers/{server_id}/os-instance-actions/{request_id}``. Nova
        shows it to administrators, and from microversion 2.51 on to everyone.

        :param server_id: The server's ID.
        :param request_id: The request ID of the action.
        :returns: The events that have begun; none if Nova does not show them.
        :raises errors.ApiError: The request failed.
        """
        what = _('Action of server %s') % printable.escape(server_id)
        request = paths.checked_id(request_id, what, credentials.REQUEST_ID)
        path = _server_path(server_id, what, f'/os-instance-actions/{request}')
        action = self.transport.get(path, what).nested('instanceAction')
        found = action.items('events', _ACTION_EVENT.read)
        return records.Answer(found, action.response.failures)

    def compute_services(self) -> records.Answer[records.ComputeService]:
        """List the nova-compute services, for administrators.

        ``GET /os-services?binary=nova-compute``.

        :raises errors.ApiError: The request failed.
        """
        return self.transport.get(
            '/os-services', _('Compute services'), {'binary': 'nova-compute'}
        ).answer('services', _COMPUTE_SERVICE.read)

    def servers(
        self,
        scope: ServerScope,
        details: bool = False,
        name: str | None = None,
    ) -> records.Answer[records.Server]:
        """List servers.

        ``GET /servers`` or ``GET /servers/detail``. The filter by name takes a
        regular expression, which the database evaluates. So a name is anchored
        and escaped, and the names in the answer are compared again.

        :param scope: Which servers.
        :param details: Whether more than ID and name is wanted. Nova asks
            Neutron for the details. If the scope names a host, they are always
            read: Nova silently ignores this filter if the caller may not use
            it.
        :param name: The name that they must have, as the user wrote it.
        :returns: The servers, as Nova orders them. Without a filter and from
            microversion 2.69, that includes the servers of a cell that is
            down, of which only the ID is known.
        :raises errors.ApiError: A request failed.
        """
        what, query = SERVERS.what, server_query(scope)
        if name is not None:
            what = _("Servers named '%s'") % printable.one_line(name)
        if name:
            query['name'] = [f'^{_database_pattern(name)}$']
        path = '/servers/detail' if details or scope.host else None
        answer = self.list(
            dataclasses.replace(SERVERS, other_path=path, what=what),
            query=query,
        )
        # A database may ignore the case.
        if scope.host and any(
            (server.host or '').lower() != scope.host.lower()
            for server in answer.rows
        ):
            raise errors.Forbidden(_('Servers: Nova ignored the host'))
        answer.rows = [
            row for row in answer.rows if name is None or row.name == name
        ]
        return answer

    def servers_in_down_cells(self, scope: ServerScope) -> list[str]:
        """List the servers that a filtered listing silently leaves out.

        Nova lists the servers of a cell that is down only without filters, and
        puts them first (microversion 2.69).

        :param scope: The projects of the servers; its filters are ignored.
        :returns: The IDs of the servers; none below microversion 2.69.
        :raises errors.ApiError: The request failed.
        """
        if not self._has_microversion(_DOWN_CELL_MICROVERSION):
            return []
        servers = self.page(SERVERS, _project_query(scope)).rows
        return [server.id for server in servers if server.in_down_cell]

    def _connect(self) -> transport.Transport:
        found = super()._connect()
        found.microversion = _pinned_microversion(
            self._config
        ) or self._highest_microversion(found)
        return found

    def _has_microversion(self, lowest: str) -> bool:
        numbers = discover.normalize_version_number
        return numbers(self.microversion) >= numbers(lowest)

    def _highest_microversion(self, found: transport.Transport) -> str | None:
        """Find the highest microversion of Nova, up to 2.70.

        A gateway may not let the version document through. In that case, 2.1
        is used, which is Nova's default.
        """
        try:
            document = found.get(
                found.url.removesuffix(f'/{self._credentials.project_id}'),
                _('Compute version document'),
            )
            maximum = document.nested('version').text('version')
        except (errors.RequestRefused, errors.Malformed) as error:
            LOG.info(_('Using compute API 2.1, without tags: %s'), error)
            return None
        if maximum is None or not re.fullmatch(r'\d+\.\d+', maximum):
            return None
        numbers = discover.normalize_version_number
        return min(maximum, _TAG_MICROVERSION, key=numbers)


def _pinned_microversion(config: cloud_region.CloudRegion) -> str | None:
    """Return the version in ``--os-compute-api-version`` or clouds.yaml.

    ``2`` and ``2.latest`` do not pin a microversion.
    """
    for version in (
        config.get_default_microversion('compute'),
        config.get_api_version('compute'),
    ):
        if version and re.fullmatch(r'\d+\.\d+', str(version)):
            return None if str(version).endswith('.0') else str(version)
    return None


def _server_path(server_id: str, what: str, below: str) -> str:
    """Return the path of what is below a server.

    :param what: What is requested, as the beginning of the message.
    :param below: The rest of the path.
    :raises errors.NotFound: The ID is not a UUID.
    """
    return f'/servers/{paths.checked_id(server_id, what)}{below}'


def server_query(scope: ServerScope) -> dict[str, list[str]]:
    """Return the query parameters that select the servers of a scope."""
    filters = {
        'project_id': scope.project_id,
        'host': scope.host,
        'status': scope.status,
    }
    return {
        **_project_query(scope),
        **{key: [value] for key, value in filters.items() if value},
    }


def _project_query(scope: ServerScope) -> dict[str, list[str]]:
    """Return the query parameter for the projects of a scope."""
    everywhere = scope.all_projects or scope.project_id
    return {'all_tenants': ['1']} if everywhere else {}


def _database_pattern(name: str) -> str:
    """Escape a name for the regular expressions of any database.

    On MySQL, Nova itself puts a backslash before each vertical bar, which
    would undo one that is already there.
    """
    return re.sub(r'[\\^$.*+?()\[\]{}]', r'\\\g<0>', name).replace('|', '[|]')
