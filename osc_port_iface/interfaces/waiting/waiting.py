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

"""Waits until an attach, a detach or an activation has finished.

After a hot-plug, the live view and Nova's cache are updated at different
times, in either order. So it has finished only when both agree.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import enum
import functools
import logging
import time

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import network
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.waiting import awaited_ports
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

CONDITIONS = ('active', 'attached', 'detached', 'floating-ip', 'host')

# The conditions that need Neutron, and what reads them.
_OF_NEUTRON = {
    'floating-ip': awaited_ports.of_floating_ips,
    'host': awaited_ports.of_hosts,
}

# Each pause is longer than the previous one by this factor, up to this many
# seconds or the given interval.
_GROWTH = 1.2
_LONGEST_INTERVAL = 15.0

# Seconds; a shorter pause is skipped.
_NO_TIME = 0.001

# The ports of a server with such a status become ACTIVE only when it is
# started.
_OFF = frozenset({'SHUTOFF', 'SUSPENDED', 'SHELVED', 'SHELVED_OFFLOADED'})

_LOST = frozenset({'ERROR', 'DELETED', 'SOFT_DELETED'})

# An attach or detach that began up to this many seconds before the first poll
# may be the one to wait for.
_RECENT = 60.0


_STALE = _("gone, but still in Nova's cache")

_WHY = {
    codes.Code.MISSING_FROM_CACHE: _("plugged in, but not in Nova's cache"),
    codes.Code.ONLY_IN_CACHE: _STALE,
    codes.Code.DUPLICATE_IN_CACHE: _("more than once in Nova's cache"),
    codes.Code.ADDRESS_DIFFERS: _(
        "its fixed IPs differ from those in Nova's cache"
    ),
    codes.Code.MAC_DIFFERS: _("its MAC address in Nova's cache is %s"),
}

# These are not caused by a change under way, and need a repair.
_LASTING = frozenset({codes.Code.DUPLICATE_IN_CACHE, codes.Code.MAC_DIFFERS})


@dataclasses.dataclass(frozen=True)
class Target:
    """Interfaces to wait for: of a port, a MAC address or a network.

    :ivar attribute: ``port_id``, ``mac_address`` or ``network_id``.
    :ivar value: The value, as the APIs write it.
    :ivar text: What the user wrote.
    :ivar mac_address: The MAC address, if it is known. Nova's cache has
        neither port IDs nor network IDs.
    """

    attribute: str
    value: str
    text: str
    mac_address: str | None = None

    def means(self, interface: records.Interface) -> bool:
        """Tell whether an interface is one of these."""
        found: str | None = getattr(interface, self.attribute)
        return found == self.value


@dataclasses.dataclass(frozen=True)
class Request:
    """What to wait for.

    :ivar condition: One of CONDITIONS.
    :ivar targets: The interfaces; all interfaces of the server if empty.
    :ivar timeout: In seconds; 0 checks once.
    :ivar interval: Seconds between the first two checks.
    """

    condition: str = 'active'
    targets: tuple[Target, ...] = ()
    timeout: float = 300.0
    interval: float = 2.0


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of waiting.

    :ivar done: The interfaces of each server that is finished.
    :ivar pending: A line for each interface that does not meet the condition.
    :ivar failures: A line for each server that was lost, and each attach or
        detach that failed.
    """

    done: list[records.ServerInterface]
    pending: list[str]
    failures: list[str]


class State(enum.Enum):
    """The state of a server with respect to the condition.

    It meets the condition, does not yet, will not without a repair, or has
    failed.
    """

    FINISHED = enum.auto()
    PENDING = enum.auto()
    HOPELESS = enum.auto()
    FAILED = enum.auto()


_IN_VAIN = {State.HOPELESS, State.FAILED}


@dataclasses.dataclass(frozen=True)
class Look:
    """The result of the latest poll of a server, and of those before it.

    :ivar server: The server.
    :ivar mac_addresses: The MAC addresses of each target, which identify it in
        the cache, and after it is gone.
    :ivar state: The state of the server.
    :ivar lines: What does not meet the condition, and why.
    :ivar interfaces: The interfaces that are plugged in.
    :ivar differences: The differences in Nova's cache.
    :ivar ports: The ports that were read from Neutron, by ID.
    """

    server: records.Server
    mac_addresses: Mapping[Target, frozenset[str]]
    state: State = State.PENDING
    lines: tuple[str, ...] = ()
    interfaces: tuple[records.Interface, ...] = ()
    differences: tuple[cache_diff.CacheDifference, ...] = ()
    ports: Mapping[str, records.Port] = dataclasses.field(default_factory=dict)

    def has_seen(self, difference: cache_diff.CacheDifference) -> bool:
        """Tell whether the poll has shown the same difference."""
        return any(
            (known.code, known.mac_address)
            == (difference.code, difference.mac_address)
            for known in self.differences
        )


def targets(
    api: network.NetworkApi,
    ports: Sequence[str],
    mac_addresses: Sequence[str],
    networks: Sequence[str],
    condition: str,
) -> tuple[Target, ...]:
    """Find the interfaces that the user means.

    :param api: Neutron, to look up names, and the MAC address of a port to be
        detached, which the live view may no longer have.
    :param ports: Names or IDs of ports.
    :param mac_addresses: MAC addresses, as the APIs write them.
    :param networks: Names or IDs of networks.
    :param condition: The condition to wait for.
    :raises osc_lib.exceptions.CommandError: No port or network has the name,
        or several have, or a look-up failed.
    """
    found = [Target('mac_address', mac, mac, mac) for mac in mac_addresses]
    for name_or_id in ports:
        if addresses.is_uuid(name_or_id) and condition != 'detached':
            found.append(Target('port_id', name_or_id.lower(), name_or_id))
        else:
            found.append(_port_target(api, name_or_id))
    for name_or_id in networks:
        network_id = names.network_id(api, name_or_id)
        found.append(Target('network_id', network_id, name_or_id))
    return tuple(found)


def _port_target(api: network.NetworkApi, name_or_id: str) -> Target:
    try:
        port = names.port(api, name_or_id)
    except names.NoSuchName:
        if not addresses.is_uuid(name_or_id):
            raise
        # When Nova detaches a port that it created, it deletes the port.
        return Target('port_id', name_or_id.lower(), name_or_id)
    return Target('port_id', port.id, name_or_id, port.mac_address)


def wait(
    cloud: api_cloud.Cloud,
    servers: Sequence[records.Server],
    request: Request,
    show: Callable[[str], object],
) -> Outcome:
    """Wait until the interfaces of all servers meet the condition.

    A poll costs two requests for each unfinished server, and one more each if
    an attach or a detach may have failed, if an interface stays missing from
    the cache, and if the condition needs Neutron. A failed poll is ignored,
    unless the server is lost: it does not exist, is in error, or may not be
    seen by this caller.

    :param cloud: The services.
    :param servers: The servers.
    :param request: What to wait for.
    :param show: Called with a status line before each pause.
    :returns: The result, once all servers are finished, one of them cannot
        finish, or the timeout is over.
    """
    started = time.monotonic()
    interval = request.interval
    looks = {server.id: _first(server, request) for server in servers}
    while True:
        waited = time.monotonic() - started
        # After the last pause, the remaining time may not be exactly zero.
        is_last = request.timeout - waited < _NO_TIME
        poll = functools.partial(
            _look, cloud, request, waited=waited, is_last=is_last
        )
        pending = [
            look for look in looks.values() if look.state is State.PENDING
        ]
        for before, result in fan_out.fan_out(poll, pending):
            looks[before.server.id] = (
                _unread(before, result)
                if isinstance(result, errors.ApiError)
                else result
            )
        states = {look.state for look in looks.values()}
        if is_last or State.PENDING not in states or states & _IN_VAIN:
            return _outcome(looks.values())
        show(_status(looks.values()))
        left = started + request.timeout - time.monotonic()
        time.sleep(max(0.0, min(interval, left)))
        interval = min(
            interval * _GROWTH, max(_LONGEST_INTERVAL, request.interval)
        )


def _first(server: records.Server, request: Request) -> Look:
    return Look(
        server,
        {
            target: frozenset(filter(None, [target.mac_address]))
            for target in request.targets
        },
    )


def _status(looks: Iterable[Look]) -> str:
    pending = [look for look in looks if look.state is State.PENDING]
    return _('Not ready: servers %(servers)d, interfaces %(interfaces)d') % {
        'servers': len(pending),
        'interfaces': sum(len(look.lines) for look in pending),
    }


def _outcome(looks: Iterable[Look]) -> Outcome:
    outcome = Outcome([], [], [])
    for look in looks:
        if look.state is State.FINISHED:
            outcome.done.extend(
                records.ServerInterface(look.server, interface)
                for interface in look.interfaces
            )
        elif look.state is State.FAILED:
            outcome.failures.extend(look.lines)
        else:
            outcome.pending.extend(look.lines)
    return outcome


def _look(
    cloud: api_cloud.Cloud,
    request: Request,
    before: Look,
    waited: float,
    is_last: bool,
) -> Look:
    """Look at a server.

    Nova's cache is read first: while it is unchanged, it still lacks what it
    lacked before.

    :param before: The previous look.
    :param waited: Seconds since the first poll.
    :param is_last: Whether this is the last look, which must give the reasons.
    :raises errors.ApiError: A request failed.
    """
    server = cloud.compute.server(before.server.id)
    if server.status in _LOST:
        return _failed(
            before,
            _('Server %(server)s: its status is %(status)s')
            % {'server': server.id, 'status': server.status},
        )
    if server.in_down_cell:
        line = _('Server %s: its cell is down') % server.id
        return dataclasses.replace(before, lines=(line,))
    if not is_last and _cache_lags(before, server, request):
        return _unless_failed(cloud, request, before, waited)
    interfaces = names.complete(cloud.compute.interfaces(server.id))
    look = _compared(cloud.network, before, server, interfaces, is_last)
    if request.condition == 'detached':
        reasons = _of_detach(look, request)
    else:
        reasons = _of_attach(look, request, before)
        ask = _OF_NEUTRON.get(request.condition)
        if ask:
            reasons += ask(cloud.network, server, _wanted(look, request))
    look = dataclasses.replace(
        look,
        state=_state(reasons),
        lines=tuple(_line(server, reason) for reason in reasons),
    )
    return _unless_failed(cloud, request, look, waited)


def _unread(before: Look, error: errors.ApiError) -> Look:
    """Judge a server that could not be read."""
    if isinstance(error, (errors.NotFound, errors.Forbidden)):
        return _failed(before, str(error))
    # The next poll may succeed.
    return dataclasses.replace(before, lines=(str(error),))


def _failed(look: Look, line: str) -> Look:
    return dataclasses.replace(look, state=State.FAILED, lines=(line,))


def _cache_lags(
    before: Look, server: records.Server, request: Request
) -> bool:
    """Tell whether the cache still lacks what it lacked before."""
    return server.cache == before.server.cache and _is_uncached(
        before, request
    )


def _is_uncached(look: Look, request: Request) -> bool:
    """Tell whether the cache lacks an interface that it should have.

    A port of another project will never be in the cache. So nothing is
    reported while the project of the port is unknown.
    """
    return any(
        difference.code is codes.Code.MISSING_FROM_CACHE
        and difference.port_id in look.ports
        and difference.interface in _wanted(look, request)
        for difference in look.differences
    )


def _compared(
    api: network.NetworkApi,
    before: Look,
    server: records.Server,
    interfaces: Sequence[records.Interface],
    is_last: bool,
) -> Look:
    """Compare the views, as they are now."""
    differences = cache_diff.compare(server.cache, interfaces)
    ports = dict(before.ports)
    unknown = [
        difference.port_id
        for difference in differences
        if difference.code is codes.Code.MISSING_FROM_CACHE
        and difference.port_id
        and difference.port_id not in ports
        # Most are in the cache at the next poll.
        and (is_last or before.has_seen(difference))
    ]
    if unknown:
        ports |= _ports(api, unknown)
    return Look(
        server,
        {
            target: mac_addresses
            | {
                interface.mac_address
                for interface in interfaces
                if interface.mac_address and target.means(interface)
            }
            for target, mac_addresses in before.mac_addresses.items()
        },
        interfaces=tuple(interfaces),
        differences=tuple(
            difference
            for difference in differences
            if not cache_diff.is_expected(
                difference, server, ports.get(difference.port_id or '')
            )
        ),
        ports=ports,
    )


def _ports(
    api: network.NetworkApi, port_ids: Sequence[str]
) -> dict[str, records.Port]:
    """Ask Neutron for the projects of ports; this may fail."""
    try:
        return {
            port.id: port
            for port in api.list(neutron.PORTS, 'id', port_ids).rows
        }
    except errors.TokenRefused:
        raise
    except errors.ApiError as error:
        LOG.info(_('Whose ports they are is not known: %s'), error)
        return {}


def _wanted(look: Look, request: Request) -> list[records.Interface]:
    return [
        interface
        for interface in look.interfaces
        if not request.targets
        or any(target.means(interface) for target in request.targets)
    ]


def _absent(look: Look, request: Request) -> list[Target]:
    return [
        target
        for target in request.targets
        if not any(map(target.means, look.interfaces))
    ]


def _of_attach(
    look: Look, request: Request, before: Look
) -> list[awaited_ports.Reason]:
    """List why interfaces are not attached, or not ACTIVE."""
    reasons = []
    for interface in _wanted(look, request):
        found = [
            difference
            for difference in look.differences
            if difference.interface == interface
        ]
        what = awaited_ports.called(interface.port_id, interface.mac_address)
        if found:
            is_lasting = found[0].code in _LASTING and before.has_seen(
                found[0]
            )
            reasons.append(
                awaited_ports.Reason(what, _why(found[0]), is_lasting)
            )
        elif request.condition == 'active' and interface.port_state != (
            'ACTIVE'
        ):
            reasons.append(_not_active(what, interface, look.server))
    reasons += [
        awaited_ports.Reason(target.text, _('not plugged in'))
        for target in _absent(look, request)
    ]
    if not request.targets:
        reasons += [
            awaited_ports.Reason(
                difference.mac_address or '', _why(difference)
            )
            for difference in look.differences
            if difference.interface is None
        ]
    return reasons


def _of_detach(look: Look, request: Request) -> list[awaited_ports.Reason]:
    """List why interfaces are not detached."""
    gone = frozenset[str]().union(*look.mac_addresses.values())
    return [
        awaited_ports.Reason(
            awaited_ports.called(interface.port_id, interface.mac_address),
            _('still plugged in'),
        )
        for interface in _wanted(look, request)
    ] + [
        awaited_ports.Reason(difference.mac_address or '', _STALE)
        for difference in look.differences
        if difference.cached - difference.live
        and (not request.targets or difference.mac_address in gone)
    ]


def _not_active(
    what: str, interface: records.Interface, server: records.Server
) -> awaited_ports.Reason:
    if server.status in _OFF and server.task_state is None:
        return awaited_ports.Reason(
            what,
            _(
                'its port is %(state)s, and stays so while the status of the '
                'server is %(status)s'
            )
            % {'state': interface.port_state, 'status': server.status},
            is_lasting=True,
        )
    return awaited_ports.Reason(
        what, _('its port is %s') % interface.port_state
    )


def _why(difference: cache_diff.CacheDifference) -> str:
    if difference.code is codes.Code.MAC_DIFFERS:
        return _WHY[difference.code] % difference.cached_mac_address
    return _WHY[difference.code]


def _state(reasons: Sequence[awaited_ports.Reason]) -> State:
    if any(reason.is_lasting for reason in reasons):
        return State.HOPELESS
    return State.PENDING if reasons else State.FINISHED


def _line(server: records.Server, reason: awaited_ports.Reason) -> str:
    words = {
        'server': server.id,
        'what': printable.escape(reason.what or ''),
        'reason': printable.escape(reason.why),
    }
    if reason.what is None:
        return _('Server %(server)s: %(reason)s') % words
    return _('Server %(server)s, interface %(what)s: %(reason)s') % words


def _unless_failed(
    cloud: api_cloud.Cloud, request: Request, look: Look, waited: float
) -> Look:
    """Give up a server if its attach or detach has failed.

    Nova does not say which interface an action was about. If the binding of a
    port fails, Nova does not detach the port from the server
    (``_update_ports_for_instance`` in ``nova/network/neutron.py``), so that
    only the cache lacks it.

    :param waited: Seconds since the first poll.
    """
    if request.condition == 'detached':
        is_open, name = bool(_wanted(look, request)), 'detach_interface'
        line = _(
            'Server %(server)s: still plugged in, as the detach has failed '
            '(request ID %(request)s)'
        )
    else:
        is_open = bool(_absent(look, request)) or _is_uncached(look, request)
        name = 'attach_interface'
        line = _(
            'Server %(server)s: not plugged in, as the attach has failed '
            '(request ID %(request)s)'
        )
    if not is_open:
        return look
    try:
        answer = cloud.compute.instance_actions(look.server.id)
    except errors.TokenRefused:
        raise
    except errors.ApiError as error:
        LOG.info(_('Whether it has failed is not known: %s'), error)
        return look
    recent = [
        action
        for action in answer.rows
        if action.action == name and action.seconds_ago <= waited + _RECENT
    ]
    if not recent or not all(action.failed for action in recent):
        return look
    request_id = printable.escape(recent[0].request_id or _('unknown'))
    return _failed(
        look, line % {'server': look.server.id, 'request': request_id}
    )
