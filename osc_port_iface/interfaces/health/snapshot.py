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

"""Reads what a check compares: much of the cloud with few requests, or again.

The first look reads everything that is selected, many servers in one request,
and goes on without what it cannot read. The second look reads one server, or a
few ports, and must be complete.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import logging
from typing import TypeVar

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import bindings
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records

LOG = logging.getLogger(__name__)

_Codes = codes.Codes

# Up to this many ports are requested one by one, or by ID in one request, as a
# listing would have the whole cloud.
_FEW_PORTS = 8
_ONE_REQUEST = 150

_Row = TypeVar('_Row')
_HasId = TypeVar('_HasId', bound=paging.HasId)


@dataclasses.dataclass
class Snapshot:
    """What was read at about the same time.

    :ivar servers: The servers that Nova can reach.
    :ivar codes: The findings that can be looked for.
    :ivar has_network: Whether Neutron could be asked.
    :ivar interfaces: The interfaces of each server that could be read
        completely, by server ID.
    :ivar ports: The ports of the servers, from Neutron.
    :ivar others: Ports without a server; in a first look, those of the cloud
        or project, if all its servers are read.
    :ivar neighbours: The ports on the networks of ports that may be unused or
        may claim an address.
    :ivar same_mac_address: The ports that may share a MAC address.
    :ivar floating_ips: The floating IPs, at least those of the ports.
    :ivar trunks: The trunks of the ports.
    :ivar subports: The subports of the trunks.
    :ivar bindings: All bindings of the ports that seem to have several, by
        port ID.
    :ivar hidden: The findings that the caller never has the rights for.
    :ivar refused: The findings that a service refused to show the caller, by
        the line that says so.
    :ivar failures: What could not be read.
    :ivar notices: What else to say of the selection.
    """

    servers: Sequence[records.Server] = ()
    codes: _Codes = frozenset()
    has_network: bool = True
    interfaces: Mapping[str, Sequence[records.Interface]] = dataclasses.field(
        default_factory=dict
    )
    ports: Sequence[records.Port] = ()
    others: Sequence[records.Port] = ()
    neighbours: Sequence[records.Port] = ()
    same_mac_address: Sequence[records.Port] = ()
    floating_ips: Sequence[records.FloatingIP] = ()
    trunks: Sequence[records.Trunk] = ()
    subports: Sequence[records.Port] = ()
    bindings: Mapping[str, Sequence[records.PortBinding]] = dataclasses.field(
        default_factory=dict
    )
    hidden: _Codes = frozenset()
    refused: dict[str, _Codes] = dataclasses.field(default_factory=dict)
    failures: list[str] = dataclasses.field(default_factory=list)
    notices: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class _Extent:
    """How much of the cloud is read.

    :ivar has_cloud: Whether all servers of the cloud are read.
    :ivar project_id: The project, if all its servers are read.
    :ivar is_second_look: Whether everything that is read must be complete.
    """

    has_cloud: bool = False
    project_id: str | None = None
    is_second_look: bool = False


_SECOND_LOOK = _Extent(is_second_look=True)


def take(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
    sought: _Codes,
    progress: views.Progress,
) -> Snapshot:
    """Read everything that is needed to look for findings.

    :param cloud: The services.
    :param names_or_ids: The servers; all in the scope if empty.
    :param scope: The servers to look among.
    :param sought: The findings to look for.
    :param progress: Shows progress, if each server is asked for.
    :raises errors.ApiError: The servers could not be listed.
    """
    selected = selection.select(cloud, names_or_ids, scope, details=True)
    servers = [server for server in selected.rows if not server.in_down_cell]
    unread = selected.failures + [
        views.down_cell(server)
        for server in selected.rows
        if server.in_down_cell
    ]
    extent = _extent(cloud, scope, is_whole=not (names_or_ids or unread))
    reader = _Reader(cloud, extent, Snapshot(servers, sought))
    reader.snapshot.failures += unread
    reader.snapshot.notices += selected.notices
    ids = sorted(server.id for server in servers)
    listed = reader.read(
        _needing_network(servers),
        lambda: (
            cloud.network.list(neutron.PORTS)
            if extent.has_cloud
            else cloud.network.list(neutron.PORTS, 'device_id', ids)
        ),
    )
    if listed is None:
        reader.read_interfaces(progress)
    else:
        reader.read_network(listed)
    return reader.snapshot


def read_again(
    cloud: api_cloud.Cloud,
    server_id: str,
    sought: _Codes,
    has_network: bool,
) -> Snapshot:
    """Read one server again.

    :param cloud: The services.
    :param server_id: The ID of the server.
    :param sought: The findings to look for.
    :param has_network: Whether to ask Neutron as well.
    :raises errors.NotFound: The server does not exist.
    :raises errors.ApiError: Something could not be read.
    """
    server = cloud.compute.server(server_id)
    live = names.all_rows(cloud.compute.interfaces(server_id))
    snapshot = Snapshot([server], sought, has_network)
    if has_network:
        ports = names.all_rows(
            cloud.network.list(neutron.PORTS, 'device_id', [server.id])
        )
        _Reader(cloud, _SECOND_LOOK, snapshot).read_network(ports)
    snapshot.interfaces = {server.id: live}
    return snapshot


def of_ports(
    cloud: api_cloud.Cloud, port_ids: Iterable[str], sought: _Codes
) -> Snapshot:
    """Read ports without a server again.

    :param cloud: The services.
    :param port_ids: The IDs of the ports, of which some may be gone.
    :param sought: The findings to look for.
    :raises errors.ApiError: Something could not be read.
    """
    snapshot = Snapshot((), sought)
    ports = names.all_rows(cloud.network.list(neutron.PORTS, 'id', port_ids))
    _Reader(cloud, _SECOND_LOOK, snapshot).read_network(ports)
    return snapshot


def _extent(
    cloud: api_cloud.Cloud, scope: compute.ServerScope, is_whole: bool
) -> _Extent:
    if not is_whole or scope.host or scope.status:
        return _Extent()
    if scope.project_id:
        return _Extent(project_id=scope.project_id)
    if scope.all_projects:
        return _Extent(has_cloud=True)
    return _Extent(project_id=cloud.project_id)


def _needing_network(servers: Iterable[records.Server]) -> _Codes:
    """Return the findings that cannot be looked for without Neutron.

    To an administrator, who may see the host, Nova also shows the ports of
    other projects. These are never in its cache, and Nova does not tell their
    project.
    """
    found = frozenset(codes.Code) - codes.OF_CACHE
    if any(server.host for server in servers):
        found |= {codes.Code.MISSING_FROM_CACHE}
    return found


@dataclasses.dataclass(frozen=True)
class _Reader:
    """Fills a snapshot, which has the servers already.

    :ivar cloud: The services.
    :ivar extent: How much is read.
    :ivar snapshot: The snapshot. Its codes become fewer by what cannot be
        read.
    """

    cloud: api_cloud.Cloud
    extent: _Extent
    snapshot: Snapshot

    def read(
        self,
        purpose: _Codes,
        read: Callable[[], records.Answer[_Row]],
    ) -> list[_Row] | None:
        """Read one kind of thing, and go on without it in a first look.

        :param purpose: The findings that need it.
        :param read: Reads it.
        :returns: The rows; None if they could not be read.
        """
        snapshot = self.snapshot
        if self.extent.is_second_look:
            return names.all_rows(read())
        try:
            answer = read()
        except errors.TokenRefused:
            raise
        except errors.ApiError as error:
            lost = self._lose(purpose)
            if lost:
                line = _('Not looked for: %(codes)s. %(error)s') % {
                    'codes': codes.joined(lost),
                    'error': error,
                }
                if isinstance(error, errors.Forbidden):
                    snapshot.refused[line] = lost
                else:
                    snapshot.failures.append(line)
            return None
        snapshot.failures += answer.failures
        return answer.rows

    def read_interfaces(self, progress: views.Progress) -> None:
        """Ask Nova for the interfaces of each server."""
        snapshot = self.snapshot
        snapshot.has_network = False
        answers = views.ComputeView(self.cloud).by_server(
            snapshot.servers, progress
        )
        snapshot.interfaces = {
            server_id: [row.interface for row in answer.rows]
            for server_id, answer in answers.items()
            if not answer.failures
        }
        snapshot.failures += views.joined(answers.values()).failures

    def read_network(self, listed: Sequence[records.Port]) -> None:
        """Read from Neutron whatever the findings need.

        :param listed: The ports of the servers, and possibly others.
        """
        snapshot = self.snapshot
        ports: dict[str | None, list[records.Port]] = {
            server.id: [] for server in snapshot.servers
        }
        for port in listed:
            ports.get(port.device_id, []).append(port)
        snapshot.ports = [port for found in ports.values() for port in found]
        snapshot.interfaces = {
            server.id: [port.as_interface() for port in ports[server.id]]
            for server in snapshot.servers
        }
        snapshot.others = [
            port
            for port in self._others(listed)
            if port.device_id not in ports
        ]
        snapshot.neighbours = self._neighbours(listed)
        snapshot.same_mac_address = (
            self._list(
                frozenset({codes.Code.DUPLICATE_MAC}),
                neutron.PORTS,
                'mac_address',
                [port.mac_address for port in snapshot.ports],
            )
            if self.extent.is_second_look
            else snapshot.ports
        )
        snapshot.floating_ips = self._floating_ips()
        snapshot.trunks = self._list(
            codes.OF_TRUNK,
            neutron.TRUNKS,
            'id',
            [port.trunk_id for port in snapshot.ports],
        )
        ids = {
            subport.port_id
            for trunk in snapshot.trunks
            for subport in trunk.subports
        }
        snapshot.subports = (
            [port for port in listed if port.id in ids]
            if self.extent.has_cloud
            else self._list(
                codes.OF_TRUNK - {codes.Code.TRUNK_DEGRADED},
                neutron.PORTS,
                'id',
                sorted(ids),
            )
        )
        snapshot.bindings = self._bindings()
        if not all(port.shows_binding for port in snapshot.ports):
            snapshot.hidden = self._lose(codes.OF_BINDING)

    def _lose(self, lost: _Codes) -> _Codes:
        """Give up findings, and return those that were looked for."""
        lost &= self.snapshot.codes
        self.snapshot.codes -= lost
        return lost

    def _others(
        self, listed: Sequence[records.Port]
    ) -> Sequence[records.Port]:
        """Read the ports of the project, whoever owns their server."""
        if self.extent.has_cloud or self.extent.is_second_look:
            return listed
        if self.extent.project_id is None:
            self._lose(codes.WITHOUT_SERVER)
        return self._list(
            codes.WITHOUT_SERVER,
            neutron.PORTS,
            'project_id',
            [self.extent.project_id],
        )

    def _neighbours(
        self, listed: Sequence[records.Port]
    ) -> Sequence[records.Port]:
        """Read the ports that may have or use the same addresses."""
        snapshot = self.snapshot
        if self.extent.has_cloud:
            return listed
        in_question: list[records.Port] = []
        if codes.Code.ADDRESS_CLAIMED in snapshot.codes:
            in_question += (p for p in snapshot.ports if p.address_pairs)
        if codes.Code.UNUSED_PORT in snapshot.codes:
            in_question += (p for p in snapshot.others if not p.device_id)
        return self._list(
            codes.ON_REQUEST,
            neutron.PORTS,
            'network_id',
            sorted({port.network_id for port in in_question}),
        )

    def _floating_ips(self) -> Sequence[records.FloatingIP]:
        snapshot, extent = self.snapshot, self.extent
        needing = snapshot.codes & {
            codes.Code.FLOATING_IP_DIFFERS,
            codes.Code.UNUSED_PORT,
        }
        is_whole = extent.has_cloud or extent.project_id is not None
        if codes.Code.UNUSED_PORT in needing or (
            is_whole and len(snapshot.ports) > _ONE_REQUEST
        ):
            return self._list(needing, neutron.FLOATING_IPS)
        ids = [port.id for port in snapshot.ports]
        found = [*self._list(needing, neutron.FLOATING_IPS, 'port_id', ids)]
        if extent.is_second_look:
            found += self._list(
                needing,
                neutron.FLOATING_IPS,
                'address',
                (
                    address
                    for server in snapshot.servers
                    for entry in server.cache
                    for address in entry.floating_ips
                ),
            )
        return list({row.id: row for row in found}.values())

    def _bindings(self) -> Mapping[str, Sequence[records.PortBinding]]:
        """Read the bindings of the ports that seem to have several."""
        snapshot = self.snapshot
        needing = snapshot.codes & {codes.Code.STALE_BINDING}
        by_id = {server.id: server for server in snapshot.servers}
        ids = {
            port.id
            for port in snapshot.ports
            if port.shows_binding
            and port.host
            and bindings.may_be_stale(by_id[port.device_id or ''], port)
        }
        if not needing or not ids:
            return {}
        if len(ids) > _FEW_PORTS and not self.extent.is_second_look:
            groups = bindings.host_groups(self._hosts(), len(snapshot.ports))
            ids &= {*(self.read(needing, lambda: self._bound(groups)) or ())}
        found = self.read(needing, lambda: self._bindings_of(sorted(ids)))
        return dict(found or ())

    def _hosts(self) -> set[str]:
        """Return the hosts that may have bindings."""
        snapshot = self.snapshot
        hosts = {server.host for server in snapshot.servers if server.host}
        hosts |= {port.host for port in snapshot.ports if port.host}
        try:
            answer = self.cloud.compute.compute_services()
        except errors.Forbidden as error:
            LOG.info(_('The hosts without servers are not known: %s'), error)
            return hosts
        except errors.TokenRefused:
            raise
        except errors.ApiError as error:
            snapshot.failures.append(str(error))
            return hosts
        snapshot.failures += answer.failures
        return hosts | {service.host for service in answer.rows}

    def _bound(self, groups: Iterable[Sequence[str]]) -> records.Answer[str]:
        """Find the IDs of ports that have a second binding, by host."""
        found: records.Answer[str] = records.Answer([])
        for group, result in fan_out.fan_out(
            lambda group: self.cloud.network.list(
                neutron.BOUND_PORTS, 'bound_host', group
            ),
            groups,
        ):
            if isinstance(result, errors.ApiError):
                raise result
            found.rows += bindings.suspects(group, result.rows)
            found.failures += result.failures
        return found

    def _bindings_of(
        self, port_ids: Iterable[str]
    ) -> records.Answer[tuple[str, list[records.PortBinding]]]:
        """Read the bindings of ports one by one."""
        found: records.Answer[tuple[str, list[records.PortBinding]]]
        found = records.Answer([])
        for port_id, result in fan_out.fan_out(
            self.cloud.network.port_bindings, port_ids
        ):
            if isinstance(result, errors.NotFound):
                # The port has been deleted.
                continue
            if isinstance(result, errors.ApiError):
                raise result
            found.rows.append((port_id, result.rows))
            found.failures += result.failures
        return found

    def _list(
        self,
        purpose: _Codes,
        collection: paging.Collection[_HasId],
        name: str = '',
        values: paging.Values = (),
    ) -> Sequence[_HasId]:
        """List rows, all or by a filter, if a finding needs them."""
        if not purpose & self.snapshot.codes:
            return ()
        return (
            self.read(
                purpose,
                lambda: self.cloud.network.list(collection, name, values),
            )
            or ()
        )
