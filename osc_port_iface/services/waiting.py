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

"""Has the attach, the detach or the activation really finished?

After a hot-plug the live view and Nova's cache settle at different moments,
in either order, so that it is finished only when both agree.
"""

from collections.abc import Callable, Sequence
import dataclasses
import functools
import time

from osc_lib import exceptions

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records
from osc_port_iface.services import fan_out
from osc_port_iface.services import interface_filter
from osc_port_iface.services import interface_views

CONDITIONS = ('active', 'attached', 'detached')

# Each pause is longer than the one before it by this factor, up to this many
# seconds or the interval that was asked for.
_GROWTH = 1.2
_LONGEST_INTERVAL = 15.0


@dataclasses.dataclass(frozen=True)
class Target:
    """Interfaces that are waited for: of a port, a MAC address or a network.

    :ivar attribute: ``port_id``, ``mac_address`` or ``network_id``.
    :ivar value: As the APIs write it.
    :ivar text: What the user wrote.
    :ivar mac_address: The MAC address, where it is known: Nova's cache knows
        neither ports nor networks.
    """

    attribute: str
    value: str
    text: str
    mac_address: str | None = None

    def means(self, interface: records.Interface) -> bool:
        """Tell whether an interface is one of those."""
        found: str = getattr(interface, self.attribute)
        return found == self.value


@dataclasses.dataclass(frozen=True)
class Request:
    """What to wait for.

    :ivar condition: One of CONDITIONS.
    :ivar targets: The interfaces; all of the server if empty.
    :ivar timeout: In seconds; 0 checks once.
    :ivar interval: Seconds between two checks, to begin with.
    """

    condition: str
    targets: tuple[Target, ...]
    timeout: float
    interval: float


@dataclasses.dataclass
class Wait:
    """How it ended.

    :ivar done: The interfaces of each server for which it is finished.
    :ivar pending: A line for each interface that is not there yet, and why.
    :ivar failures: A line for each server that was lost.
    """

    done: list[records.Plugged]
    pending: list[str]
    failures: list[str]


class _Watched:
    """One server, and what its polls have shown."""

    def __init__(self, server: records.Server, request: Request) -> None:
        self.server = server
        self.interfaces: list[records.Interface] = []
        self.pending: list[str] = []
        self.failure = ''
        self._request = request
        # What the live view has shown of the targets, to find them in the
        # cache.
        self._mac_addresses: dict[Target, set[str]] = {
            target: {target.mac_address} if target.mac_address else set()
            for target in request.targets
        }

    @property
    def is_over(self) -> bool:
        return bool(self.failure) or not self.pending

    def poll(self, api: compute.ComputeApi, is_last: bool) -> None:
        """Look at the server, with one request or two.

        Nova's cache comes first: where it is not there yet, the live view
        is asked only for the sake of what is said at the end.
        """
        try:
            server = api.server(self.server.id)
            if server.status in ('ERROR', 'DELETED', 'SOFT_DELETED'):
                self.failure = _('Server %(server)s: its status is %(status)s')
                self.failure %= {
                    'server': server.id,
                    'status': server.status,
                }
                return
            self.server = server
            if server.in_down_cell:
                self.pending = [_('Server %s: its cell is down') % server.id]
                return
            if not is_last and self._cache_lags():
                return
            self.interfaces = api.interfaces(server.id)
        except (errors.NotFound, errors.Forbidden) as error:
            self.failure = str(error)
            return
        except errors.ApiError as error:
            # The next poll may have more luck.
            self.pending = [str(error)]
            return
        for target, mac_addresses in self._mac_addresses.items():
            mac_addresses.update(
                interface.mac_address
                for interface in self.interfaces
                if target.means(interface)
            )
        self.pending = self._judge()

    def _cache_lags(self) -> bool:
        """Tell whether the cache alone shows that it is not finished."""
        if not self.pending or not self._request.targets:
            return False
        cached = {interface.mac_address for interface in self.server.cache}
        is_expected = self._request.condition != 'detached'
        return any(
            mac_addresses and bool(mac_addresses & cached) != is_expected
            for mac_addresses in self._mac_addresses.values()
        )

    def _judge(self) -> list[str]:
        """Say of each interface that is not as it should be why."""
        if self._request.condition == 'detached':
            return self._judge_detached()
        cached = {
            interface.mac_address: interface for interface in self.server.cache
        }
        pending = []
        for interface in self._wanted(self.interfaces):
            reason = ''
            known = cached.get(interface.mac_address)
            if known is None and interface.fixed_ips:
                # Without an address, Nova does not show what it has cached.
                reason = _("plugged in, but not in Nova's cache")
            elif known and _ips(known) != _ips(interface):
                reason = _("its fixed IPs differ from those in Nova's cache")
            elif (
                self._request.condition == 'active'
                and interface.port_state != 'ACTIVE'
            ):
                reason = _('its port is %s') % interface.port_state
            if reason:
                pending.append(
                    self._line(
                        f'{interface.port_id} ({interface.mac_address})',
                        reason,
                    )
                )
        for target in self._request.targets:
            if not any(map(target.means, self.interfaces)):
                pending.append(self._line(target.text, _('not plugged in')))
        if not self._request.targets:
            live = {interface.mac_address for interface in self.interfaces}
            pending += [
                self._line(mac_address, _("gone, but still in Nova's cache"))
                for mac_address in cached
                if mac_address not in live
            ]
        return pending

    def _judge_detached(self) -> list[str]:
        pending = [
            self._line(
                f'{interface.port_id} ({interface.mac_address})',
                _('still plugged in'),
            )
            for interface in self._wanted(self.interfaces)
        ]
        live = {interface.mac_address for interface in self.interfaces}
        gone = set().union(*self._mac_addresses.values()) - live
        pending += [
            self._line(
                interface.mac_address, _("gone, but still in Nova's cache")
            )
            for interface in self.server.cache
            if interface.mac_address not in live
            and (not self._request.targets or interface.mac_address in gone)
        ]
        return pending

    def _wanted(
        self, interfaces: Sequence[records.Interface]
    ) -> list[records.Interface]:
        targets = self._request.targets
        return [
            interface
            for interface in interfaces
            if not targets
            or any(target.means(interface) for target in targets)
        ]

    def _line(self, what: str, reason: str) -> str:
        return _('Server %(server)s, interface %(what)s: %(reason)s') % {
            'server': self.server.id,
            'what': printable.escape(what),
            'reason': reason,
        }


def targets(
    connect_network: Callable[[], network.NetworkApi],
    ports: Sequence[str],
    mac_addresses: Sequence[str],
    networks: Sequence[str],
    condition: str,
) -> tuple[Target, ...]:
    """Find what the user means.

    :param connect_network: Reaches Neutron, for a name, or for the MAC
        address of a port that is to be detached: the live view may not have
        it any more.
    :param ports: Names or IDs of ports.
    :param mac_addresses: MAC addresses, as the APIs write them.
    :param networks: Names or IDs of networks.
    :param condition: What is waited for.
    :raises exceptions.CommandError: No port or network has the name, or
        several have.
    :raises errors.ApiError: A look-up failed.
    """
    found = [Target('mac_address', mac, mac, mac) for mac in mac_addresses]
    for name_or_id in ports:
        if addresses.is_uuid(name_or_id) and condition != 'detached':
            found.append(Target('port_id', name_or_id.lower(), name_or_id))
        else:
            found.append(_port_target(connect_network(), name_or_id))
    for name_or_id in networks:
        network_id = interface_filter.network_id(connect_network, name_or_id)
        found.append(Target('network_id', network_id, name_or_id))
    return tuple(found)


def _port_target(api: network.NetworkApi, name_or_id: str) -> Target:
    is_id = addresses.is_uuid(name_or_id)
    ports = list(api.ports('id' if is_id else 'name', [name_or_id]))
    if len(ports) == 1:
        return Target('port_id', ports[0].id, name_or_id, ports[0].mac_address)
    if is_id:
        # Nova deletes the ports that it made when it unplugs them.
        return Target('port_id', name_or_id.lower(), name_or_id)
    raise exceptions.CommandError(
        _("%(count)d ports have the name '%(name)s'%(ids)s")
        % {
            'count': len(ports),
            'name': printable.escape(name_or_id),
            'ids': ''.join(
                [', use an ID: ', ', '.join(sorted(port.id for port in ports))]
                if ports
                else []
            ),
        }
    )


def wait(
    api: compute.ComputeApi,
    servers: Sequence[records.Server],
    request: Request,
) -> Wait:
    """Wait until the interfaces of all servers are as they should be.

    A poll costs at most two requests for each server that is not finished.
    One that fails is as good as none, unless the server is lost: not there,
    in error, or not for this caller.

    :param api: Nova.
    :param servers: The servers.
    :param request: What to wait for.
    :returns: How it ended: when it has for each server, when one is lost, or
        with the timeout.
    """
    deadline = time.monotonic() + request.timeout
    interval = request.interval
    watched = [_Watched(server, request) for server in servers]
    open_servers = watched
    while True:
        is_last = time.monotonic() >= deadline
        poll = functools.partial(_Watched.poll, api=api, is_last=is_last)
        for _one, result in fan_out.fan_out(
            poll, open_servers, interface_views.DEFAULT_CONCURRENCY
        ):
            if isinstance(result, errors.ApiError):
                raise result
        open_servers = [one for one in open_servers if not one.is_over]
        is_lost = any(one.failure for one in watched)
        if is_last or is_lost or not open_servers:
            break
        time.sleep(max(0.0, min(interval, deadline - time.monotonic())))
        interval = min(
            interval * _GROWTH, max(_LONGEST_INTERVAL, request.interval)
        )
    return Wait(
        [
            records.Plugged(one.server, interface)
            for one in watched
            if one.is_over and not one.failure
            for interface in one.interfaces
        ],
        [line for one in open_servers for line in one.pending],
        [one.failure for one in watched if one.failure],
    )


def _ips(interface: records.Interface) -> set[str]:
    return {fixed_ip.ip_address for fixed_ip in interface.fixed_ips}
