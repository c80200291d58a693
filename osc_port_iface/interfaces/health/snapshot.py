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

The first look reads everything that is selected, many servers in one request.
It goes on without what cannot be read, except the servers and their ports. The
second look reads one suspect, a server or a few ports, and must be complete.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import logging
import math
from typing import TypeVar

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import ports as health_ports
from osc_port_iface.interfaces.health import server_state
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


@dataclasses.dataclass(frozen=True)
class CheckRequest:
    """What to check.

    :ivar names_or_ids: The servers; all in the scope if empty.
    :ivar scope: The servers to look among.
    :ivar codes: The findings to look for.
    :ivar named: Those that the user named, which must not be left out.
    :ivar keep: Which ports without a server not to report.
    :ivar has_causes: Whether to find the causes of the findings.
    """

    names_or_ids: tuple[str, ...] = ()
    scope: compute.ServerScope = dataclasses.field(
        default_factory=compute.ServerScope
    )
    codes: _Codes = codes.USUAL
    named: _Codes = frozenset()
    keep: ownerless.Keep = dataclasses.field(default_factory=ownerless.Keep)
    has_causes: bool = True


@dataclasses.dataclass
class Snapshot:
    """What was read at about the same time.

    :ivar servers: The servers that Nova can reach.
    :ivar codes: The findings that can be looked for.
    :ivar request: What to check.
    :ivar interfaces: The interfaces of each server, by server ID.
    :ivar ports: The ports of the servers, from Neutron.
    :ivar others: Ports without a server; in a first look, those of the cloud
        or project, if all its servers are read.
    :ivar all_ports: All ports that were read, by ID: also those on the
        networks of ports that may be unused or may claim an address, those
        that may share a MAC address, and subports.
    :ivar floating_ips: The floating IPs, at least those of the ports.
    :ivar trunks: The trunks of the ports.
    :ivar bindings: All bindings of the ports that seem to have several, by
        port ID.
    :ivar failures: What could not be read.
    :ivar notices: What else to say of the selection.
    """

    servers: Sequence[records.Server] = ()
    codes: _Codes = frozenset()
    request: CheckRequest = dataclasses.field(default_factory=CheckRequest)
    interfaces: Mapping[str, Sequence[records.Interface]] = dataclasses.field(
        default_factory=dict
    )
    ports: Sequence[records.Port] = ()
    others: Sequence[records.Port] = ()
    all_ports: dict[str, records.Port] = dataclasses.field(
        default_factory=dict
    )
    floating_ips: Sequence[records.FloatingIP] = ()
    trunks: Sequence[records.Trunk] = ()
    bindings: Mapping[str, Sequence[records.PortBinding]] = dataclasses.field(
        default_factory=dict
    )
    failures: list[str] = dataclasses.field(default_factory=list)
    notices: list[str] = dataclasses.field(default_factory=list)

    @property
    def judged(self) -> Sequence[records.Server]:
        """The servers that can be judged now."""
        return [*filter(server_state.is_settled, self.servers)]

    def lose(self, lost: _Codes) -> _Codes:
        """Give up findings, and return those that were looked for."""
        lost &= self.codes
        self.codes -= lost
        return lost

    def leave_out(self, reason: str, lost: _Codes) -> None:
        """Give up findings, which is a failure if the user named one."""
        lost = self.lose(lost)
        if lost:
            LOG.info('%s: %s', reason, codes.join_codes(lost))
        if named := lost & self.request.named:
            self.failures.append(f'{reason}: {codes.join_codes(named)}')


def take(cloud: api_cloud.Cloud, request: CheckRequest) -> Snapshot:
    """Read everything that is needed to look for findings.

    :param cloud: The services.
    :param request: What to check.
    :raises errors.ApiError: The servers or their ports could not be listed.
    """
    names_or_ids, scope = request.names_or_ids, request.scope
    selected = selection.select(cloud, names_or_ids, scope, details=True)
    servers = [server for server in selected.rows if not server.in_down_cell]
    unread = selected.failures + [
        views.down_cell(server)
        for server in selected.rows
        if server.in_down_cell
    ]
    has_all = not (names_or_ids or unread or scope.host or scope.status)
    reader = _Reader(
        servers,
        request.codes,
        request,
        failures=unread,
        notices=selected.notices,
        cloud=cloud,
        has_cloud=has_all and scope.all_projects and not scope.project_id,
        project_id=(scope.project_id or cloud.project_id) if has_all else None,
    )
    if not (reader.has_cloud or reader.project_id):
        # A port might seem to be an orphan only because its server was not
        # selected.
        reader.leave_out(
            _('Not looked for, as it needs all servers of a project'),
            codes.WITHOUT_SERVER,
        )
    name = '' if reader.has_cloud else 'device_id'
    ids = sorted(server.id for server in servers)
    listed = cloud.network.list(neutron.PORTS, name, ids)
    reader.failures += listed.failures
    reader.read_network(listed.rows)
    return reader


def take_again(
    cloud: api_cloud.Cloud,
    suspicions: Sequence[findings.Finding],
    keep: ownerless.Keep,
) -> Snapshot:
    """Read one server again, or ports without a server.

    :param cloud: The services.
    :param suspicions: What seems to be wrong with one server, or with ports
        without one, which are read if there is no such server.
    :param keep: Which ports without a server not to report.
    :raises errors.ApiError: Something could not be read.
    """
    server_id = suspicions[0].server_id
    reader = _Reader(
        codes=frozenset(row.code for row in suspicions),
        request=CheckRequest(keep=keep),
        cloud=cloud,
        is_second_look=True,
    )
    live: dict[str, Sequence[records.Interface]] = {}
    if server_id is not None:
        with contextlib.suppress(errors.NotFound):
            server = cloud.compute.server(server_id)
            live[server.id] = names.all_rows(
                cloud.compute.interfaces(server_id)
            )
            reader.servers = [server]
    name, ids = 'id', [row.port_id for row in suspicions]
    if live:
        name, ids = 'device_id', [*live]
    ports = names.all_rows(cloud.network.list(neutron.PORTS, name, ids))
    if not ports and any(live.values()):
        raise errors.Malformed(
            _('Server %s: not judged, as Neutron shows none of its ports')
            % server_id
        )
    reader.read_network(ports)
    reader.interfaces = live
    return reader


def host_groups(hosts: Iterable[str]) -> list[list[str]]:
    """Divide hosts into groups so that any two are separated at least once.

    Neutron lists the ports with any binding on a group of hosts. If the active
    binding of a port is on none of them, it has another one there. So a second
    binding is found if some group has one of its two hosts without the other.
    A group for each host would do, but costs a request for each. Instead, the
    groups are the rows and the columns of a square of all hosts. Each port is
    listed twice.

    :param hosts: The hosts, at least one.
    """
    ordered = sorted(set(hosts))
    side = math.ceil(math.sqrt(len(ordered)))
    rows = [ordered[n : n + side] for n in range(0, len(ordered), side)]
    columns = [ordered[n::side] for n in range(side)]
    return rows + columns


@dataclasses.dataclass(kw_only=True)
class _Reader(Snapshot):
    """A snapshot that is being taken, which has the servers already.

    Its codes become fewer by what cannot be read.

    :ivar cloud: The services.
    :ivar has_cloud: Whether all servers of the cloud are read.
    :ivar project_id: The project, if all its servers are read.
    :ivar is_second_look: Whether everything that is read must be complete.
    """

    cloud: api_cloud.Cloud
    has_cloud: bool = False
    project_id: str | None = None
    is_second_look: bool = False

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
        if self.is_second_look:
            return names.all_rows(read())
        try:
            answer = read()
        except errors.RequestFailed as error:
            if lost := self.lose(purpose):
                self.failures.append(
                    _('Not looked for: %(codes)s. %(error)s')
                    % {'codes': codes.join_codes(lost), 'error': error}
                )
            return None
        self.failures += answer.failures
        return answer.rows

    def read_network(self, listed: Sequence[records.Port]) -> None:
        """Read from Neutron whatever the findings need.

        :param listed: The ports of the servers, and possibly others.
        """
        by_device = records.grouped(listed, lambda port: port.device_id)
        ports = {
            server.id: by_device.get(server.id, []) for server in self.servers
        }
        self.ports = [port for found in ports.values() for port in found]
        self.interfaces = {
            server_id: [port.as_interface() for port in found]
            for server_id, found in ports.items()
        }
        self.all_ports = {port.id: port for port in listed}
        # Those of the project, whoever owns their server.
        self._read_ports(codes.WITHOUT_SERVER, 'project_id', [self.project_id])
        self.others = [
            port
            for port in self.all_ports.values()
            if port.device_id not in ports
        ]
        self._read_ports(
            codes.ON_REQUEST,
            'network_id',
            (port.network_id for port in self._sharing_addresses()),
        )
        if self.is_second_look:
            self._read_ports(
                frozenset({codes.Code.DUPLICATE_MAC}),
                'mac_address',
                [port.mac_address for port in self.ports],
            )
        self.floating_ips = self._floating_ips()
        self.trunks = self._list(
            codes.OF_TRUNK,
            neutron.TRUNKS,
            'id',
            [port.trunk_id for port in self.ports],
        )
        self._read_ports(
            codes.OF_TRUNK - {codes.Code.TRUNK_DEGRADED},
            'id',
            (row.port_id for trunk in self.trunks for row in trunk.subports),
        )
        self.bindings = self._bindings()
        if not all(port.shows_binding for port in self.ports):
            self.leave_out(
                _('Not looked for, as it needs administrator rights'),
                codes.OF_BINDING,
            )

    def _sharing_addresses(self) -> Iterator[records.Port]:
        """Return the ports whose addresses others may use as well."""
        if codes.Code.ADDRESS_CLAIMED in self.codes:
            yield from (port for port in self.ports if port.address_pairs)
        if codes.Code.UNUSED_PORT in self.codes:
            yield from (port for port in self.others if not port.device_id)

    def _floating_ips(self) -> Sequence[records.FloatingIP]:
        needing = self.codes & {
            codes.Code.FLOATING_IP_DIFFERS,
            codes.Code.UNUSED_PORT,
        }
        has_all = self.has_cloud or self.project_id is not None
        if codes.Code.UNUSED_PORT in needing or (
            has_all and len(self.ports) > _ONE_REQUEST
        ):
            return self._list(needing, neutron.FLOATING_IPS)
        ids = [port.id for port in self.ports]
        found = [*self._list(needing, neutron.FLOATING_IPS, 'port_id', ids)]
        if self.is_second_look:
            found += self._list(
                needing,
                neutron.FLOATING_IPS,
                'address',
                (
                    address
                    for server in self.servers
                    for entry in server.cache
                    for address in entry.floating_ips
                ),
            )
        return list({row.id: row for row in found}.values())

    def _bindings(self) -> Mapping[str, Sequence[records.PortBinding]]:
        """Read the bindings of the ports that seem to have several."""
        needing = self.codes & {codes.Code.STALE_BINDING}
        by_id = {server.id: server for server in self.judged}
        ids = {
            port.id
            for port in self.ports
            if port.shows_binding
            and port.host
            and port.is_for_server
            and (server := by_id.get(port.device_id or ''))
            and health_ports.may_be_stale(server, port)
        }
        if not needing or not ids:
            return {}
        if len(ids) > _FEW_PORTS and not self.is_second_look:
            services = self.read(needing, self.cloud.compute.compute_services)
            if services is None:
                return {}
            hosts = {server.host for server in self.servers}
            hosts |= {port.host for port in self.ports}
            hosts |= {service.host for service in services}
            groups = host_groups(filter(None, hosts))
            bound = self.read(
                needing, lambda: fan_out.gather(self._bound_elsewhere, groups)
            )
            ids &= {port_id for row in bound or () for port_id in row}
        found = self.read(
            needing,
            lambda: fan_out.gather(self._bindings_of, ids, errors.NotFound),
        )
        return dict(found or ())

    def _bound_elsewhere(self, hosts: Sequence[str]) -> list[str]:
        """Find the IDs of ports with a second binding on one of these hosts.

        Neutron lists those with any binding there, and shows the active one.
        """
        answer = self.cloud.network.list(
            neutron.BOUND_PORTS, 'bound_host', hosts
        )
        rows = names.all_rows(answer)
        return [port.id for port in rows if port.host not in hosts]

    def _bindings_of(
        self, port_id: str
    ) -> tuple[str, list[records.PortBinding]]:
        answer = self.cloud.network.port_bindings(port_id)
        return port_id, names.all_rows(answer)

    def _read_ports(
        self, purpose: _Codes, name: str, values: paging.Values
    ) -> None:
        """Read more ports by a filter, unless those of the cloud are known."""
        if not self.has_cloud:
            found = self._list(purpose, neutron.PORTS, name, values)
            self.all_ports |= {port.id: port for port in found}

    def _list(
        self,
        purpose: _Codes,
        collection: paging.Collection[_HasId],
        name: str = '',
        values: paging.Values = (),
    ) -> Sequence[_HasId]:
        """List rows, all or by a filter, if a finding needs them."""
        if not purpose & self.codes:
            return ()
        return (
            self.read(
                purpose,
                lambda: self.cloud.network.list(collection, name, values),
            )
            or ()
        )
