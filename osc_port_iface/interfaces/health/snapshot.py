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

"""Reads everything that a check compares, with few requests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import logging
from typing import Any, Generic, TypeVar

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import bindings
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Up to this many ports are requested one by one, or by ID in one request, as a
# listing would have the whole cloud.
_FEW_PORTS = 8
_ONE_REQUEST = 150

Codes = frozenset[codes.Code]
_Row = TypeVar('_Row')


@dataclasses.dataclass(frozen=True)
class Part(Generic[_Row]):
    """The result of reading one kind of thing.

    :ivar rows: The rows.
    :ivar is_missing: Whether the rows could not be read.
    :ivar lost: The findings that cannot be looked for without it.
    :ivar failures: What failed.
    :ivar notices: What the caller may not see.
    """

    rows: Sequence[_Row] = ()
    is_missing: bool = False
    lost: Codes = frozenset()
    failures: Sequence[str] = ()
    notices: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Scope:
    """How much of the cloud is read.

    :ivar has_cloud: Whether all servers of the cloud are read.
    :ivar project_id: The project, if all its servers are read.
    """

    has_cloud: bool
    project_id: str | None


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Everything that was read.

    :ivar servers: The servers that Nova can reach.
    :ivar codes: The findings that can be looked for.
    :ivar has_network: Whether Neutron could be asked.
    :ivar ports: The ports of the servers, from Neutron.
    :ivar interfaces: The interfaces from Nova, if there are no ports, by
        server; only for servers that could be read completely.
    :ivar others: The other ports of the cloud or project, if all its servers
        are read.
    :ivar neighbours: The ports on the networks of ports that may be unused or
        may claim an address.
    :ivar floating_ips: The floating IPs, at least those of the ports.
    :ivar trunks: The trunks of the ports.
    :ivar subports: The subports of the trunks.
    :ivar with_second_binding: The IDs of ports that seem to have a second
        binding.
    :ivar services: The nova-compute services, for an administrator.
    :ivar failures: What could not be read.
    :ivar notices: What the caller lacks the rights for.
    """

    servers: Sequence[records.Server]
    codes: Codes
    has_network: bool
    ports: Sequence[records.Port] = ()
    interfaces: Mapping[str, Sequence[records.Interface]] = dataclasses.field(
        default_factory=dict
    )
    others: Sequence[records.Port] = ()
    neighbours: Sequence[records.Port] = ()
    floating_ips: Sequence[records.FloatingIP] = ()
    trunks: Sequence[records.Trunk] = ()
    subports: Sequence[records.Port] = ()
    with_second_binding: frozenset[str] = frozenset()
    services: Sequence[records.ComputeService] = ()
    failures: Sequence[str] = ()
    notices: Sequence[str] = ()


def take(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    server_scope: compute.ServerScope,
    wanted: Codes,
    progress: views.Progress,
) -> Snapshot:
    """Read everything that is needed to look for findings.

    :param cloud: The services.
    :param names_or_ids: The servers; all in the scope if empty.
    :param server_scope: The servers to look among.
    :param wanted: The findings to look for.
    :param progress: Shows progress, if each server is asked for.
    :raises errors.ApiError: The servers could not be listed.
    """
    selected = selection.select(
        cloud, names_or_ids, server_scope, details=True
    )
    servers = [server for server in selected.rows if not server.in_down_cell]
    unread = selected.failures + [
        views.down_cell(server)
        for server in selected.rows
        if server.in_down_cell
    ]
    scope = _scope(cloud, server_scope, is_whole=not (names_or_ids or unread))
    ids = {server.id for server in servers}
    listed = _read(
        _takes_network(servers) & wanted,
        lambda: (
            cloud.network.list(neutron.PORTS)
            if scope.has_cloud
            else cloud.network.list(neutron.PORTS, 'device_id', sorted(ids))
        ),
    )
    if listed.is_missing:
        found = _without_network(cloud, servers, progress)
    else:
        found = _with_network(cloud, servers, scope, wanted, listed.rows)
    return dataclasses.replace(
        found,
        codes=wanted & found.codes - listed.lost,
        failures=[*unread, *listed.failures, *found.failures],
        notices=[*selected.notices, *listed.notices, *found.notices],
    )


def _scope(
    cloud: api_cloud.Cloud, scope: compute.ServerScope, is_whole: bool
) -> Scope:
    if not is_whole or scope.host or scope.status:
        return Scope(False, None)
    if scope.project_id:
        return Scope(False, scope.project_id)
    if scope.all_projects:
        return Scope(True, None)
    return Scope(False, cloud.project_id)


def _takes_network(servers: Iterable[records.Server]) -> Codes:
    """Return the findings that cannot be looked for without Neutron.

    To an administrator, who may see the host, Nova also shows the ports of
    other projects. These are never in its cache, and Nova does not tell their
    project.
    """
    lost = frozenset(codes.Code) - codes.OF_CACHE
    if any(server.host for server in servers):
        lost |= {codes.Code.MISSING_FROM_CACHE}
    return lost


def _without_network(
    cloud: api_cloud.Cloud,
    servers: Sequence[records.Server],
    progress: views.Progress,
) -> Snapshot:
    """Ask Nova for the interfaces of each server."""
    answers = views.ComputeView(cloud).by_server(servers, progress)
    return Snapshot(
        servers,
        frozenset(codes.Code),
        has_network=False,
        interfaces={
            server_id: [row.interface for row in answer.rows]
            for server_id, answer in answers.items()
            if not answer.failures
        },
        failures=views.joined(answers.values()).failures,
    )


def _with_network(
    cloud: api_cloud.Cloud,
    servers: Sequence[records.Server],
    scope: Scope,
    wanted: Codes,
    listed: Sequence[records.Port],
) -> Snapshot:
    """Read the rest from Neutron.

    :param listed: The ports of the servers, and possibly others.
    """
    ids = {server.id for server in servers}
    ports = [port for port in listed if port.device_id in ids]
    others = _others(cloud, scope, wanted, listed)
    no_server = [port for port in others.rows if port.device_id not in ids]
    neighbours = _neighbours(cloud, scope, wanted, ports, no_server, listed)
    floating_ips = _floating_ips(cloud, scope, wanted, ports)
    trunks = _trunks(cloud, wanted, ports)
    subports = _subports(cloud, scope, wanted, trunks.rows, listed)
    services = _services(cloud, wanted, ports)
    second = _second_bindings(cloud, servers, wanted, ports, services.rows)
    hidden = _hidden(wanted, ports)
    parts: list[Part[Any]] = [
        *(others, neighbours, floating_ips, trunks, subports),
        *(services, second, hidden),
    ]
    return Snapshot(
        servers,
        frozenset(codes.Code).difference(*(part.lost for part in parts)),
        has_network=True,
        ports=ports,
        others=no_server,
        neighbours=neighbours.rows,
        floating_ips=floating_ips.rows,
        trunks=trunks.rows,
        subports=subports.rows,
        with_second_binding=frozenset(second.rows),
        services=services.rows,
        failures=[line for part in parts for line in part.failures],
        notices=[line for part in parts for line in part.notices],
    )


def _others(
    cloud: api_cloud.Cloud,
    scope: Scope,
    wanted: Codes,
    listed: Sequence[records.Port],
) -> Part[records.Port]:
    """Read the ports that belong to the project, whoever owns their server."""
    if scope.has_cloud:
        return Part(listed)
    project_id = scope.project_id
    if project_id is None or not wanted & codes.WITHOUT_SERVER:
        return Part(lost=codes.WITHOUT_SERVER)
    return _read(
        wanted & codes.WITHOUT_SERVER,
        lambda: cloud.network.list(neutron.PORTS, 'project_id', [project_id]),
    )


def _neighbours(
    cloud: api_cloud.Cloud,
    scope: Scope,
    wanted: Codes,
    ports: Sequence[records.Port],
    others: Sequence[records.Port],
    listed: Sequence[records.Port],
) -> Part[records.Port]:
    """Read the ports that may have or use the same addresses."""
    if scope.has_cloud:
        return Part(listed)
    in_question = []
    if codes.Code.ADDRESS_CLAIMED in wanted:
        in_question += [port for port in ports if port.address_pairs]
    if codes.Code.UNUSED_PORT in wanted:
        in_question += [port for port in others if not port.device_id]
    if not in_question:
        return Part()
    networks = sorted({port.network_id for port in in_question})
    return _read(
        wanted & codes.ON_REQUEST,
        lambda: cloud.network.list(neutron.PORTS, 'network_id', networks),
    )


def _floating_ips(
    cloud: api_cloud.Cloud,
    scope: Scope,
    wanted: Codes,
    ports: Sequence[records.Port],
) -> Part[records.FloatingIP]:
    wanted &= {codes.Code.FLOATING_IP_DIFFERS, codes.Code.UNUSED_PORT}
    if not wanted or not (ports or codes.Code.UNUSED_PORT in wanted):
        return Part()
    is_whole = scope.has_cloud or scope.project_id is not None
    if codes.Code.UNUSED_PORT in wanted or (
        is_whole and len(ports) > _ONE_REQUEST
    ):
        return _read(wanted, lambda: cloud.network.list(neutron.FLOATING_IPS))
    ids = [port.id for port in ports]
    return _read(
        wanted,
        lambda: cloud.network.list(neutron.FLOATING_IPS, 'port_id', ids),
    )


def _trunks(
    cloud: api_cloud.Cloud, wanted: Codes, ports: Sequence[records.Port]
) -> Part[records.Trunk]:
    ids = [port.trunk_id for port in ports if port.trunk_id]
    if not ids or not wanted & codes.OF_TRUNK:
        return Part()
    return _read(
        wanted & codes.OF_TRUNK,
        lambda: cloud.network.list(neutron.TRUNKS, 'id', ids),
    )


def _subports(
    cloud: api_cloud.Cloud,
    scope: Scope,
    wanted: Codes,
    trunks: Sequence[records.Trunk],
    listed: Sequence[records.Port],
) -> Part[records.Port]:
    ids = [subport.port_id for trunk in trunks for subport in trunk.subports]
    if scope.has_cloud:
        return Part([port for port in listed if port.id in set(ids)])
    wanted &= codes.OF_TRUNK - {codes.Code.TRUNK_DEGRADED}
    if not ids or not wanted:
        return Part()
    return _read(wanted, lambda: cloud.network.list(neutron.PORTS, 'id', ids))


def _services(
    cloud: api_cloud.Cloud, wanted: Codes, ports: Sequence[records.Port]
) -> Part[records.ComputeService]:
    """Read the hosts, if they are needed."""
    if not _looks_at_hosts(wanted, ports):
        return Part()
    try:
        answer = cloud.compute.compute_services()
    except errors.Forbidden as error:
        LOG.info(_('The hosts without servers are not known: %s'), error)
        return Part()
    except errors.TokenRefused:
        raise
    except errors.ApiError as error:
        return Part(failures=[str(error)])
    return Part(answer.rows, failures=answer.failures)


def _looks_at_hosts(wanted: Codes, ports: Sequence[records.Port]) -> bool:
    """Tell whether to look for stale bindings by host."""
    return (
        codes.Code.STALE_BINDING in wanted
        and len(ports) > _FEW_PORTS
        and any(port.shows_binding for port in ports)
    )


def _second_bindings(
    cloud: api_cloud.Cloud,
    servers: Sequence[records.Server],
    wanted: Codes,
    ports: Sequence[records.Port],
    services: Sequence[records.ComputeService],
) -> Part[str]:
    """Find the ports that seem to have a second binding."""
    by_id = {server.id: server for server in servers}
    candidates = {
        port.id: port
        for port in ports
        if port.shows_binding
        and port.host
        and bindings.may_be_stale(by_id[port.device_id or ''], port)
    }
    wanted &= {codes.Code.STALE_BINDING}
    if not wanted or not candidates:
        return Part()
    if _looks_at_hosts(wanted, ports):
        hosts = {service.host for service in services}
        hosts |= {server.host for server in servers if server.host}
        hosts |= {port.host for port in ports if port.host}
        groups = bindings.host_groups(hosts, len(ports))
        found = _read(wanted, lambda: _through_hosts(cloud, groups))
    else:
        found = _read(wanted, lambda: _one_by_one(cloud, candidates))
    return dataclasses.replace(
        found, rows=[row for row in found.rows if row in candidates]
    )


def _through_hosts(
    cloud: api_cloud.Cloud, groups: Iterable[Sequence[str]]
) -> records.Answer[str]:
    found: records.Answer[str] = records.Answer([])
    for group, result in fan_out.fan_out(
        lambda group: cloud.network.list(
            neutron.BOUND_PORTS, 'bound_host', group
        ),
        groups,
    ):
        if isinstance(result, errors.ApiError):
            raise result
        found.rows += bindings.suspects(group, result.rows)
        found.failures += result.failures
    return found


def _one_by_one(
    cloud: api_cloud.Cloud, port_ids: Iterable[str]
) -> records.Answer[str]:
    found: records.Answer[str] = records.Answer([])
    for port_id, result in fan_out.fan_out(
        cloud.network.port_bindings, port_ids
    ):
        if isinstance(result, errors.NotFound):
            # The port was deleted meanwhile.
            continue
        if isinstance(result, errors.ApiError):
            raise result
        if len(result.rows) > 1:
            found.rows.append(port_id)
        found.failures += result.failures
    return found


def _hidden(wanted: Codes, ports: Sequence[records.Port]) -> Part[Any]:
    """Report what the caller lacks the rights for."""
    hidden = wanted & codes.OF_BINDING
    if not hidden or all(port.shows_binding for port in ports):
        return Part()
    return Part(
        lost=hidden,
        notices=[
            _('Not looked for, as it needs administrator rights: %s')
            % codes.joined(hidden)
        ],
    )


def _read(
    purpose: Codes, read: Callable[[], records.Answer[_Row]]
) -> Part[_Row]:
    """Read one kind of thing, and continue if that fails.

    :param purpose: The findings that need it.
    :param read: Reads it.
    """
    try:
        answer = read()
    except errors.TokenRefused:
        raise
    except errors.ApiError as error:
        lines = (
            [
                _('Not looked for: %(codes)s. %(error)s')
                % {'codes': codes.joined(purpose), 'error': error}
            ]
            if purpose
            else []
        )
        is_forbidden = isinstance(error, errors.Forbidden)
        return Part(
            is_missing=True,
            lost=purpose,
            failures=[] if is_forbidden else lines,
            notices=lines if is_forbidden else [],
        )
    return Part(answer.rows, failures=answer.failures)
