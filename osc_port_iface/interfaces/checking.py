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

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import codes
from osc_port_iface.interfaces import drift
from osc_port_iface.interfaces import fan_out
from osc_port_iface.interfaces import names
from osc_port_iface.interfaces import selection
from osc_port_iface.interfaces import views
from osc_port_iface import records

# Seconds between the sweep and the confirmation: what Neutron tells Nova of a
# port takes a moment to arrive.
SETTLING = 3.0

# Seconds after an attach or a detach in which the views may rightly differ.
QUIET = 5.0

# How often a server is looked at before it is given up as never quiet.
_TRIES = 3

_HOT_PLUGS = frozenset({'attach_interface', 'detach_interface'})

_Codes = frozenset[codes.Code]
_Findings = records.Answer[drift.Finding]
_Interfaces = Mapping[str, Sequence[records.Interface]]


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be checked.

    :ivar names_or_ids: The servers; all of the scope if empty.
    :ivar scope: Among which servers.
    :ivar codes: The findings to look for.
    :ivar is_explicit: Whether the user named those.
    """

    names_or_ids: tuple[str, ...] = ()
    scope: compute.ServerScope = dataclasses.field(
        default_factory=compute.ServerScope
    )
    codes: _Codes = frozenset(codes.Code)
    is_explicit: bool = False


@dataclasses.dataclass(frozen=True)
class _Sweep:
    """What was read once, of all servers.

    :ivar servers: Those that Nova can reach.
    :ivar codes: What can be looked for.
    :ivar ports: What Neutron has; None where it could not be asked.
    :ivar interfaces: What Nova shows in its place, by server.
    :ivar has_all_servers: Whether no server of the cloud is missing.
    :ivar failures: What could not be read.
    :ivar notices: What the caller's rights leave out.
    """

    servers: Sequence[records.Server]
    codes: _Codes
    ports: Sequence[records.Port] | None
    interfaces: _Interfaces
    has_all_servers: bool
    failures: list[str]
    notices: list[str]


@dataclasses.dataclass(frozen=True)
class _Confirmed:
    """What fresh reads of one server have shown.

    :ivar findings: What is wrong; None where its interfaces are attached and
        detached all the time, so that nothing can be said.
    :ivar unknown_actions: Why it is not known whether that was so.
    """

    findings: list[drift.Finding] | None
    unknown_actions: str | None = None


def check(
    cloud: api_cloud.Cloud, request: Request, progress: views.Progress
) -> _Findings:
    """Compare the views of many servers.

    Without drift that costs the listing of the servers and of their ports;
    each suspicious server costs five requests more.

    :param cloud: The services.
    :param request: What is to be checked.
    :param progress: Shows how far it is, where each server is asked for.
    :returns: What was found and confirmed. That something could not be looked
        for is a failure, or a notice if the caller's rights exclude it.
    :raises errors.ApiError: The servers could not be listed.
    """
    sweep = _sweep(cloud, request, progress)
    suspicions = [
        finding for finding in _suspect(sweep) if finding.code in sweep.codes
    ]
    confirmed: _Findings = records.Answer([])
    if suspicions:
        time.sleep(SETTLING)
        confirmed = confirm(cloud, suspicions, sweep.ports is not None)
    return records.Answer(
        confirmed.rows,
        sweep.failures + confirmed.failures,
        sweep.notices + confirmed.notices,
    )


def confirm(
    cloud: api_cloud.Cloud,
    suspicions: Iterable[drift.Finding],
    has_network: bool = True,
) -> _Findings:
    """Read everything about suspicious servers again.

    :param cloud: The services.
    :param suspicions: What seems to be wrong.
    :param has_network: Whether Neutron is asked as well.
    :returns: Those suspicions that are true now, as they are now. A server
        whose interfaces are attached and detached all the time is a notice.
    """
    by_server: dict[str | None, list[drift.Finding]] = {}
    for finding in suspicions:
        by_server.setdefault(finding.server_id, []).append(finding)
    answer: _Findings = records.Answer([])
    unknown_actions = []
    for server_id, result in fan_out.fan_out(
        lambda server_id: _confirm_server(
            cloud, server_id, by_server[server_id], has_network
        ),
        by_server,
    ):
        if isinstance(result, errors.ApiError):
            answer.failures.append(str(result))
            continue
        if result.findings is None:
            answer.notices.append(
                _(
                    'Server %s: not judged, its interfaces are being '
                    'attached or detached'
                )
                % server_id
            )
            continue
        answer.rows += result.findings
        if result.findings and result.unknown_actions:
            unknown_actions.append(result.unknown_actions)
    answer.rows.sort(key=lambda finding: finding.order)
    answer.failures.sort()
    answer.notices.sort()
    if unknown_actions:
        answer.notices.append(_not_timed(sorted(unknown_actions)))
    return answer


def _sweep(
    cloud: api_cloud.Cloud, request: Request, progress: views.Progress
) -> _Sweep:
    """Read the servers from Nova, and the ports from Neutron."""
    selected = selection.select(
        cloud.compute, request.names_or_ids, request.scope, details=True
    )
    servers = [server for server in selected.rows if not server.in_down_cell]
    failures = selected.failures + [
        views.down_cell(server)
        for server in selected.rows
        if server.in_down_cell
    ]
    has_all = (
        request.scope.all_projects
        and not request.scope.is_filtered
        and not request.names_or_ids
        and not failures
    )
    try:
        if has_all:
            ports = cloud.network.all_ports()
        else:
            ids = [server.id for server in servers]
            ports = cloud.network.ports_of_servers(ids)
    except errors.TokenRefused:
        raise
    except errors.ApiError as error:
        without = _sweep_without_network(
            cloud, request, servers, progress, error
        )
        return dataclasses.replace(
            without, failures=failures + without.failures
        )
    return _Sweep(
        servers,
        request.codes,
        ports.rows,
        {},
        has_all,
        failures + ports.failures,
        _left_out(request, ports.rows, has_all),
    )


def _sweep_without_network(
    cloud: api_cloud.Cloud,
    request: Request,
    servers: Sequence[records.Server],
    progress: views.Progress,
    error: errors.ApiError,
) -> _Sweep:
    """Ask Nova for the interfaces of each server.

    :param error: Why Neutron cannot be asked.
    """
    lost = _takes_network(servers) & request.codes
    lines = [
        _('Neutron cannot be used (%(error)s); not looked for: %(codes)s')
        % {'error': error, 'codes': _joined(lost)}
    ]
    is_forbidden = isinstance(error, errors.Forbidden)
    live = views.ComputeView(cloud).read(servers, progress)
    interfaces: dict[str, list[records.Interface]] = {}
    for row in live.rows:
        interfaces.setdefault(row.server.id, []).append(row.interface)
    return _Sweep(
        servers,
        request.codes - lost,
        None,
        interfaces,
        has_all_servers=False,
        failures=live.failures + (lines if lost and not is_forbidden else []),
        notices=lines if lost and is_forbidden else [],
    )


def _takes_network(servers: Sequence[records.Server]) -> _Codes:
    """Return what cannot be looked for without Neutron.

    Nova shows an administrator, who is shown the host, also the ports of
    other projects. These are never in its cache, and it does not say whose
    they are.
    """
    lost = frozenset(codes.Code) - codes.OF_CACHE
    if any(server.host for server in servers):
        lost |= {codes.Code.MISSING_FROM_CACHE}
    return lost


def _suspect(sweep: _Sweep) -> list[drift.Finding]:
    if sweep.ports is None:
        return [
            finding
            for server in sweep.servers
            for finding in drift.of_server(
                server, sweep.interfaces.get(server.id, ())
            )
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
        for finding in drift.of_server(
            server,
            [port.as_interface() for port in ports[server.id]],
            ports[server.id],
        )
    ]
    suspicions += drift.of_ports(sweep.servers, sweep.ports)
    if sweep.has_all_servers:
        suspicions += drift.orphans(sweep.servers, sweep.ports)
    return suspicions


def _confirm_server(
    cloud: api_cloud.Cloud,
    server_id: str | None,
    suspicions: Sequence[drift.Finding],
    has_network: bool,
) -> _Confirmed:
    """Read one server again, until its interfaces are at rest."""
    subjects = {finding.subject for finding in suspicions}
    unknown_actions = None
    for tries_left in range(_TRIES - 1, -1, -1):
        try:
            findings = _fresh(cloud, server_id or '', has_network)
        except errors.NotFound:
            return _Confirmed(_confirm_orphans(cloud, suspicions))
        still = [row for row in findings if row.subject in subjects]
        if not still or unknown_actions:
            return _Confirmed(still, unknown_actions)
        try:
            if _is_quiet(cloud.compute, server_id or ''):
                return _Confirmed(still)
        except errors.TokenRefused:
            raise
        except errors.ApiError as error:
            # They only say whether it is too early, so it is made late.
            unknown_actions = str(error)
        if tries_left:
            time.sleep(QUIET)
    return _Confirmed(None)


def _is_quiet(api: compute.ComputeApi, server_id: str) -> bool:
    """Tell whether nothing was attached or detached a moment ago."""
    actions = names.complete(api.instance_actions(server_id))
    return not any(
        action.action in _HOT_PLUGS and action.seconds_ago < QUIET
        for action in actions
    )


def _fresh(
    cloud: api_cloud.Cloud, server_id: str, has_network: bool
) -> list[drift.Finding]:
    """Judge one server by fresh reads of everything.

    :raises errors.NotFound: It does not exist.
    """
    server = cloud.compute.server(server_id)
    interfaces = names.complete(cloud.compute.interfaces(server_id))
    if not has_network:
        return drift.of_server(server, interfaces)
    ports = names.complete(cloud.network.ports_of_servers([server.id]))
    same_mac = names.complete(
        cloud.network.ports_with_mac_addresses(
            port.mac_address for port in ports if port.mac_address
        )
    )
    return [
        *drift.of_server(server, interfaces, ports),
        *drift.of_ports([server], same_mac),
    ]


def _confirm_orphans(
    cloud: api_cloud.Cloud, suspicions: Sequence[drift.Finding]
) -> list[drift.Finding]:
    """Look whether the ports of a server that is gone are still there."""
    ports = [
        finding.port_id
        for finding in suspicions
        if finding.code is codes.Code.ORPHAN_PORT and finding.port_id
    ]
    if not ports:
        return []
    return drift.orphans([], names.complete(cloud.network.ports(ports)))


def _left_out(
    request: Request, ports: Sequence[records.Port], has_all: bool
) -> list[str]:
    """Say what the caller's rights, or the selection, leave out."""
    hidden = frozenset[codes.Code]()
    if not all(port.shows_binding for port in ports):
        hidden = codes.OF_BINDING & request.codes
    notices = []
    if hidden:
        notices.append(
            _('Not looked for, as it needs administrator rights: %s')
            % _joined(hidden)
        )
    if (
        request.is_explicit
        and codes.Code.ORPHAN_PORT in request.codes
        and not has_all
    ):
        notices.append(
            _('Not looked for, as it needs all servers of all projects: %s')
            % codes.Code.ORPHAN_PORT
        )
    return notices


def _not_timed(reasons: Sequence[str]) -> str:
    return _(
        'Some servers were looked at again after %(seconds)d seconds, as '
        'their latest actions could not be read. The first: %(reason)s'
    ) % {'seconds': QUIET, 'reason': reasons[0]}


def _joined(found: Iterable[codes.Code]) -> str:
    return ', '.join(sorted(found))
