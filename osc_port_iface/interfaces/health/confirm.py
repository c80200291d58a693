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

"""Confirms suspicions by reading everything again."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import bindings
from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import floating_ips
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import ports as health_ports
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.health import trunks
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records

# How often to look at a server that is being changed before giving up.
_TRIES = 3

# An action without progress for this many seconds is ignored, as its
# nova-compute may have died.
_ABANDONED = 300.0

# Actions of Nova during which, and shortly after which, the interfaces of a
# server, their hosts and the views of them may legitimately differ.
_CHANGES = frozenset(
    {
        'attach_interface',
        'confirmResize',
        'detach_interface',
        'evacuate',
        'live-migration',
        'migrate',
        'rebuild',
        'resize',
        'revertResize',
        'unshelve',
    }
)

# These change without any action of Nova, so they must be seen twice in a row.
_WITHOUT_ACTION = codes.OF_TRUNK | {
    codes.Code.FLOATING_IP_DIFFERS,
    codes.Code.STALE_BINDING,
}


@dataclasses.dataclass
class ConfirmResult(records.Answer[findings.Finding]):
    """The confirmed findings.

    :ivar unjudged: The IDs of the servers that could not be judged, as they
        keep changing.
    """

    unjudged: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class _Looked:
    """The result of fresh reads of one server.

    :ivar findings: The findings; None if the server keeps changing, so that it
        cannot be judged.
    :ivar unknown_actions: Why the server's latest actions are not known.
    """

    findings: list[findings.Finding] | None
    unknown_actions: str | None = None


def confirm(
    cloud: api_cloud.Cloud,
    suspicions: Iterable[findings.Finding],
    keep: ownerless.Keep | None = None,
    has_network: bool = True,
) -> ConfirmResult:
    """Read everything about the suspicions again.

    :param cloud: The services.
    :param suspicions: What seems to be wrong, or was wrong earlier.
    :param keep: Which ports without a server not to report.
    :param has_network: Whether to ask Neutron as well.
    :returns: The suspicions that are true now, as they are now. There is a
        notice for each server that keeps changing.
    """
    keep = keep or ownerless.Keep()
    by_server: dict[str, list[findings.Finding]] = {}
    without_server = []
    for finding in suspicions:
        if finding.server_id is None:
            without_server.append(finding)
        else:
            by_server.setdefault(finding.server_id, []).append(finding)
    answer = ConfirmResult([])
    unjudged = []
    unknown_actions = []
    for server_id, result in fan_out.fan_out(
        lambda server_id: _look_until_quiet(
            cloud, server_id, by_server[server_id], keep, has_network
        ),
        by_server,
    ):
        if isinstance(result, errors.ApiError):
            answer.failures.append(str(result))
            continue
        if result.findings is None:
            unjudged.append(server_id)
            continue
        answer.rows += result.findings
        if result.findings and result.unknown_actions:
            unknown_actions.append(result.unknown_actions)
    try:
        answer.rows += _ports_without_server(cloud, without_server, keep)
    except errors.TokenRefused:
        raise
    except errors.ApiError as error:
        answer.failures.append(str(error))
    answer.rows.sort(key=lambda finding: finding.order)
    answer.failures.sort()
    answer.unjudged = sorted(unjudged)
    answer.notices += [
        _('Server %s: not judged, as it keeps changing') % server_id
        for server_id in answer.unjudged
    ]
    if unknown_actions:
        answer.notices.append(_not_timed(min(unknown_actions)))
    return answer


def _look_until_quiet(
    cloud: api_cloud.Cloud,
    server_id: str,
    suspicions: Sequence[findings.Finding],
    keep: ownerless.Keep,
    has_network: bool,
) -> _Looked:
    """Read one server again until it is not being changed."""
    subjects = {finding.subject for finding in suspicions}
    unknown_actions = None
    before: list[findings.Finding] = []
    for tries_left in range(_TRIES - 1, -1, -1):
        began = time.monotonic()
        try:
            fresh = list(
                _fresh(
                    cloud, server_id, {f.code for f in suspicions}, has_network
                )
            )
        except errors.NotFound:
            return _Looked(_orphans(cloud, suspicions, keep))
        found = [row for row in fresh if row.subject in subjects]
        lasting = [
            row
            for row in found
            if row.code not in _WITHOUT_ACTION
            or (row in before and not row.is_fresh)
        ]
        if not found or unknown_actions:
            return _Looked(lasting, unknown_actions)
        try:
            is_quiet = _was_quiet(cloud.compute, server_id, began)
        except errors.TokenRefused:
            raise
        except errors.ApiError as error:
            # Actions only tell whether it is too early to judge. Without them,
            # wait and look again.
            unknown_actions = str(error)
            is_quiet = False
        if is_quiet and (lasting == found or not tries_left):
            return _Looked(lasting)
        before = found
        if tries_left:
            time.sleep(server_state.QUIET)
    return _Looked(None)


def _was_quiet(api: compute.ComputeApi, server_id: str, began: float) -> bool:
    """Tell whether a server was not being changed while it was read.

    :param began: When the reads began, by the monotonic clock.
    """
    actions = names.complete(api.instance_actions(server_id))
    recent = server_state.QUIET + time.monotonic() - began
    return not any(
        action.seconds_ago < recent or _goes_on(api, server_id, action)
        for action in actions
        if action.action in _CHANGES
    )


def _goes_on(
    api: compute.ComputeApi, server_id: str, action: records.InstanceAction
) -> bool:
    """Tell whether an action that began earlier is still going on.

    An attachment may have to wait for other actions. Its port, which is not in
    the cache yet, only appears at the end.
    """
    if action.seconds_ago >= _ABANDONED or not action.request_id:
        return False
    events = names.complete(api.action_events(server_id, action.request_id))
    return not all(event.has_ended for event in events)


def _fresh(
    cloud: api_cloud.Cloud,
    server_id: str,
    wanted: set[codes.Code],
    has_network: bool,
) -> Iterator[findings.Finding]:
    """Judge one server by fresh reads of everything that this needs.

    :raises errors.NotFound: It does not exist.
    """
    server = cloud.compute.server(server_id)
    interfaces = names.complete(cloud.compute.interfaces(server_id))
    if not has_network:
        yield from cache_diff.judge(server, interfaces)
        return
    network = cloud.network
    ports = names.complete(
        network.list(neutron.PORTS, 'device_id', [server.id])
    )
    yield from health_ports.judge(server, ports)
    yield from cache_diff.judge(server, interfaces, ports)
    if codes.Code.DUPLICATE_MAC in wanted:
        macs = [port.mac_address for port in ports if port.mac_address]
        same_mac = names.complete(
            network.list(neutron.PORTS, 'mac_address', macs)
        )
        yield from health_ports.judge_mac_addresses([server], same_mac)
    if codes.Code.FLOATING_IP_DIFFERS in wanted:
        attached = network.list(
            neutron.FLOATING_IPS, 'port_id', (port.id for port in ports)
        )
        cached = network.list(
            neutron.FLOATING_IPS,
            'address',
            (
                address
                for entry in server.cache
                for address in entry.floating_ips
            ),
        )
        rows = names.complete(attached) + names.complete(cached)
        unique = {row.id: row for row in rows}
        yield from floating_ips.of_server(server, ports, unique.values())
    if wanted & codes.OF_TRUNK:
        found = names.complete(
            network.list(
                neutron.TRUNKS, 'id', (port.trunk_id for port in ports)
            )
        )
        subports = names.complete(
            network.list(
                neutron.PORTS,
                'id',
                (
                    subport.port_id
                    for trunk in found
                    for subport in trunk.subports
                ),
            )
        )
        yield from trunks.of_server(
            server, ports, found, {port.id: port for port in subports}
        )
    if codes.Code.STALE_BINDING in wanted:
        for port in ports:
            rows_of_port = names.complete(network.port_bindings(port.id))
            yield from bindings.stale(server, port, rows_of_port)
    if codes.Code.ADDRESS_CLAIMED in wanted:
        neighbours = names.complete(
            network.list(
                neutron.PORTS,
                'network_id',
                sorted({p.network_id for p in ports}),
            )
        )
        yield from ownerless.claims(ports, neighbours, [server])


def _orphans(
    cloud: api_cloud.Cloud,
    suspicions: Sequence[findings.Finding],
    keep: ownerless.Keep,
) -> list[findings.Finding]:
    """Check whether the ports of a server that is gone still exist."""
    ids = [
        finding.port_id
        for finding in suspicions
        if finding.code is codes.Code.ORPHAN_PORT and finding.port_id
    ]
    if not ids:
        return []
    ports = names.complete(cloud.network.list(neutron.PORTS, 'id', ids))
    return list(ownerless.orphans((), ports, keep))


def _ports_without_server(
    cloud: api_cloud.Cloud,
    suspicions: Sequence[findings.Finding],
    keep: ownerless.Keep,
) -> Iterator[findings.Finding]:
    """Read ports without a server again."""
    subjects = {finding.subject for finding in suspicions}
    ids = [finding.port_id for finding in suspicions if finding.port_id]
    if not ids:
        return
    network = cloud.network
    ports = names.complete(network.list(neutron.PORTS, 'id', ids))
    found = list(ownerless.half_released(ports, keep))
    if any(row.code is codes.Code.UNUSED_PORT for row in suspicions):
        networks = sorted({port.network_id for port in ports})
        found += ownerless.unused(
            ports,
            names.complete(
                network.list(neutron.PORTS, 'network_id', networks)
            ),
            names.complete(network.list(neutron.FLOATING_IPS)),
            keep,
        )
    yield from (row for row in found if row.subject in subjects)


def _not_timed(reason: str) -> str:
    return _(
        'Some servers were looked at again after %(seconds)d seconds, as '
        'their latest actions could not be read. The first: %(reason)s'
    ) % {'seconds': server_state.QUIET, 'reason': reason}
