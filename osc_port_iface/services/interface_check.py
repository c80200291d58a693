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

"""Does Nova still believe the truth?

The cheap views are swept for suspicions, and each of those is reported only
if fresh reads of everything show it again, with no attach or detach near.
"""

from collections.abc import Callable, Iterable, Sequence
import dataclasses
import functools
import time

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface import records
from osc_port_iface.services import drift
from osc_port_iface.services import fan_out
from osc_port_iface.services import interface_listing
from osc_port_iface.services import interface_views
from osc_port_iface.services import server_selection

# Seconds between the sweep and the confirmation: what Neutron tells Nova of a
# port takes a moment to arrive.
SETTLING = 3.0

# Seconds after an attach or a detach in which the views may rightly differ.
QUIET = 5.0

# So often a server is looked at until it was quiet.
_TRIES = 3


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be checked.

    :ivar codes: The findings to look for.
    :ivar explicit: Whether the user named those.
    """

    names_or_ids: tuple[str, ...]
    query: compute.ServerQuery
    codes: frozenset[drift.Code]
    explicit: bool
    is_administrator: bool


@dataclasses.dataclass
class Report:
    """The findings, a line for each failure, and for each thing to know."""

    findings: list[drift.Finding]
    failures: list[str]
    notices: list[str]


@dataclasses.dataclass
class _Sweep:
    """What was read once, of all servers."""

    servers: list[records.Server]
    failures: list[str]
    is_whole_cloud: bool
    codes: frozenset[drift.Code]
    network_api: network.NetworkApi | None = None
    ports: list[records.Port] = dataclasses.field(default_factory=list)
    interfaces: interface_views.InterfacesByServer = dataclasses.field(
        default_factory=dict
    )
    notices: list[str] = dataclasses.field(default_factory=list)


def check(
    compute_api: compute.ComputeApi,
    connect_network: Callable[[], network.NetworkApi],
    request: Request,
    progress: interface_listing.Progress,
) -> Report:
    """Compare the views of many servers.

    Without drift that costs the listing of the servers and of their ports;
    each suspicious server costs five requests more.

    :param compute_api: Nova.
    :param connect_network: Reaches Neutron.
    :param request: What is to be checked.
    :param progress: Shows how far it is, where each server is asked for.
    :returns: What was found and confirmed.
    :raises errors.ApiError: The servers could not be listed.
    """
    sweep = _sweep_servers(compute_api, request)
    _sweep_interfaces(compute_api, connect_network, request, sweep, progress)
    suspicions = [
        finding for finding in _suspect(sweep) if finding.code in sweep.codes
    ]
    report = Report(
        [], sweep.failures, sweep.notices + _not_looked_for(request, sweep)
    )
    if suspicions:
        time.sleep(SETTLING)
        _confirm(compute_api, sweep, suspicions, report)
    return report


def _sweep_servers(api: compute.ComputeApi, request: Request) -> _Sweep:
    selected = server_selection.select(
        api, request.names_or_ids, request.query, details=True
    )
    down = [server for server in selected.servers if server.in_down_cell]
    return _Sweep(
        servers=[
            server for server in selected.servers if not server.in_down_cell
        ],
        failures=[
            *selected.failures,
            *map(interface_views.down_cell, down),
        ],
        is_whole_cloud=(
            request.is_administrator
            and request.query.all_projects
            and not request.query.is_filtered
            and not request.names_or_ids
            and not down
        ),
        codes=request.codes,
    )


def _sweep_interfaces(
    compute_api: compute.ComputeApi,
    connect_network: Callable[[], network.NetworkApi],
    request: Request,
    sweep: _Sweep,
    progress: interface_listing.Progress,
) -> None:
    """Read the ports from Neutron, or else the interfaces from Nova."""
    try:
        sweep.network_api = connect_network()
        sweep.ports = list(
            sweep.network_api.all_ports()
            if sweep.is_whole_cloud
            else sweep.network_api.ports(
                'device_id', [server.id for server in sweep.servers]
            )
        )
    except errors.ApiError as error:
        sweep.network_api = None
        hidden = drift.NETWORK_CODES & request.codes
        if request.is_administrator:
            # Nova shows an administrator the ports of other projects, too,
            # which are never in its cache, and does not say whose they are.
            hidden |= {drift.Code.MISSING_FROM_CACHE} & request.codes
        sweep.codes -= hidden
        sweep.notices.append(
            _('Neutron cannot be used (%(error)s); not looked for: %(codes)s')
            % {'error': error, 'codes': _joined(hidden)}
        )
        with progress(len(sweep.servers)) as advance:
            view = interface_views.from_compute(
                compute_api,
                sweep.servers,
                interface_views.DEFAULT_CONCURRENCY,
                advance,
            )
        sweep.interfaces = view.interfaces
        sweep.failures += view.failures


def _suspect(sweep: _Sweep) -> list[drift.Finding]:
    if sweep.network_api is None:
        return [
            finding
            for server in sweep.servers
            if server.id in sweep.interfaces
            for finding in drift.of_server(server, sweep.interfaces[server.id])
        ]
    ports: dict[str, list[records.Port]] = {
        server.id: [] for server in sweep.servers
    }
    for port in sweep.ports:
        if port.device_id in ports:
            ports[port.device_id].append(port)
    suspicions = [
        finding
        for server in sweep.servers
        for finding in _of_server(server, ports[server.id])
    ]
    suspicions += drift.of_ports(sweep.servers, sweep.ports)
    if sweep.is_whole_cloud:
        suspicions += drift.orphans(sweep.servers, sweep.ports)
    return suspicions


def _of_server(
    server: records.Server, ports: Sequence[records.Port]
) -> list[drift.Finding]:
    return drift.of_server(
        server, [port.as_interface() for port in ports], ports
    )


def _confirm(
    compute_api: compute.ComputeApi,
    sweep: _Sweep,
    suspicions: list[drift.Finding],
    report: Report,
) -> None:
    """Read each suspicious server again, and keep what shows again."""
    by_server: dict[str, list[drift.Finding]] = {}
    for finding in suspicions:
        by_server.setdefault(finding.server_id, []).append(finding)
    confirm = functools.partial(_confirm_server, compute_api, sweep, by_server)
    for server_id, result in fan_out.fan_out(
        confirm, by_server, interface_views.DEFAULT_CONCURRENCY
    ):
        if isinstance(result, errors.ApiError):
            report.failures.append(str(result))
        elif result is None:
            report.notices.append(
                _(
                    'Server %s: not judged, its interfaces are being '
                    'attached or detached'
                )
                % server_id
            )
        else:
            report.findings += result
    report.findings.sort(key=drift.order)
    report.failures.sort()
    report.notices.sort()


def _confirm_server(
    compute_api: compute.ComputeApi,
    sweep: _Sweep,
    suspicions: dict[str, list[drift.Finding]],
    server_id: str,
) -> list[drift.Finding] | None:
    """Read one server again.

    :returns: Those of its suspicions that are true now; None where its
        interfaces are attached and detached all the time.
    """
    subjects = {finding.subject for finding in suspicions[server_id]}
    for tries_left in range(_TRIES - 1, -1, -1):
        try:
            server = compute_api.server(server_id)
            interfaces = compute_api.interfaces(server_id)
            since = compute_api.seconds_since_hot_plug(server_id)
        except errors.NotFound:
            return _confirm_orphans(sweep, suspicions[server_id])
        if since is None or since >= QUIET:
            return [
                finding
                for finding in _fresh(sweep, server, interfaces)
                if finding.subject in subjects
            ]
        if tries_left:
            time.sleep(QUIET)
    return None


def _fresh(
    sweep: _Sweep,
    server: records.Server,
    interfaces: Sequence[records.Interface],
) -> list[drift.Finding]:
    if sweep.network_api is None:
        return drift.of_server(server, interfaces)
    ports = list(sweep.network_api.ports('device_id', [server.id]))
    macs = dict.fromkeys(port.mac_address for port in ports)
    return [
        *drift.of_server(server, interfaces, ports),
        *drift.of_ports(
            [server], sweep.network_api.ports('mac_address', macs)
        ),
    ]


def _confirm_orphans(
    sweep: _Sweep, suspicions: Sequence[drift.Finding]
) -> list[drift.Finding]:
    """Look whether the ports of a server that is gone are still there."""
    ports = [
        finding.port_id
        for finding in suspicions
        if finding.code is drift.Code.ORPHAN_PORT and finding.port_id
    ]
    if not ports or sweep.network_api is None:
        return []
    return drift.orphans([], sweep.network_api.ports('id', ports))


def _not_looked_for(request: Request, sweep: _Sweep) -> list[str]:
    """Say which of the findings could not be looked for, and why."""
    if sweep.network_api is None:
        return []
    hidden = (
        any(port.host is None for port in sweep.ports)
        if sweep.ports
        else not request.is_administrator
    )
    notices = []
    if hidden and (codes := drift.ADMINISTRATOR_CODES & request.codes):
        notices.append(
            _('Not looked for, as it needs administrator rights: %s')
            % _joined(codes)
        )
    elif (
        request.explicit
        and drift.Code.ORPHAN_PORT in request.codes
        and not sweep.is_whole_cloud
    ):
        notices.append(
            _('Not looked for, as it needs all servers of all projects: %s')
            % drift.Code.ORPHAN_PORT
        )
    return notices


def _joined(codes: Iterable[drift.Code]) -> str:
    return ', '.join(sorted(codes))
