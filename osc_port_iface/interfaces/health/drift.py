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

"""Judges the interfaces of a server.

Works on records only, without any I/O.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import comparison
from osc_port_iface import records

# Seconds after a change during which the views may legitimately differ.
QUIET = 5.0

# Nova hides the cache of a server while it builds it.
_NO_CACHE = frozenset({'BUILD', 'UNKNOWN', 'DELETED'})

# The host of the server or of the port is about to change.
MOVING = frozenset(
    {'MIGRATING', 'RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'REBUILD'}
)

# Such a server is on no host, so its ports cannot be bound.
OFF_HOST = 'SHELVED_OFFLOADED'

# Ironic binds the ports of a bare metal server to the node, and may wire them
# before or without Neutron. A smart NIC is a host of its own.
NOT_OF_THE_HOST = frozenset({'baremetal', 'smart-nic'})


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    :ivar server_id: The server's ID; for an orphan, of the server that is
        gone.
    :ivar port_id: The port's ID; None if only Nova's cache has the interface.
    :ivar expected: The correct state, as shown to the user.
    :ivar actual: The actual state.
    :ivar expected_values: The correct addresses, hosts or states, as the APIs
        write them, in a stable order; empty for none.
    :ivar actual_values: The actual ones; for ``stale-binding``, the hosts of
        the stale bindings; for ``floating-ip-differs``, the floating IPs in
        the cache, or a floating IP and the address that the port does not
        have.
    :ivar server: The server, if it exists.
    :ivar port: The port, if it exists and Neutron shows it.
    :ivar cause: The cause, as shown to the user, if it is known.
    :ivar is_fresh: Whether something changed a moment ago, so that the finding
        may soon be gone.
    """

    code: codes.Code
    server_id: str | None
    port_id: str | None
    mac_address: str | None
    expected: str
    actual: str
    expected_values: tuple[str, ...] = ()
    actual_values: tuple[str, ...] = ()
    server: records.Server | None = dataclasses.field(
        default=None, compare=False, repr=False
    )
    port: records.Port | None = dataclasses.field(
        default=None, compare=False, repr=False
    )
    cause: str | None = None
    is_fresh: bool = dataclasses.field(default=False, compare=False)

    @property
    def server_name(self) -> str | None:
        """The server's name, if it exists."""
        return self.server.name if self.server else None

    @property
    def host(self) -> str | None:
        """The host concerned, if the caller may know it."""
        if self.server and self.server.host:
            return self.server.host
        return self.port.host if self.port else None

    @property
    def project_id(self) -> str | None:
        """The project concerned."""
        if self.server and self.server.project_id:
            return self.server.project_id
        return self.port.project_id if self.port else None

    @property
    def age(self) -> float | None:
        """The seconds since a port without a server was changed."""
        if self.port is None or self.code not in codes.WITHOUT_SERVER:
            return None
        return self.port.seconds_unchanged

    @property
    def subject(self) -> tuple[str | None, str | None, str | None, codes.Code]:
        """What the finding is about, without the details."""
        return self.server_id, self.port_id, self.mac_address, self.code

    @property
    def order(self) -> tuple[str, ...]:
        """A sort key: by server, then by port."""
        return (
            self.server_name or '',
            self.server_id or '',
            self.port_id or '',
            self.mac_address or '',
            self.code,
            self.actual,
        )


def is_settled(server: records.Server) -> bool:
    """Tell whether a server can be judged now."""
    return server.task_state is None and server.status not in _NO_CACHE


def of_server(
    server: records.Server,
    interfaces: Sequence[records.Interface],
    ports: Sequence[records.Port] | None = None,
) -> list[Finding]:
    """Judge the interfaces of one server.

    :param server: The server, with details, which include Nova's cache.
    :param interfaces: The interfaces that are plugged into it.
    :param ports: The same, as Neutron shows them; None if Neutron cannot be
        asked.
    :returns: The findings, in a stable order; none for a server that is
        building or has a task under way.
    """
    if not is_settled(server):
        return []
    by_id = {port.id: port for port in ports or ()}
    cached = {
        interface.mac_address
        for interface in server.cache
        if interface.fixed_ips
    }
    found = []
    never_plugged = set()
    for interface in interfaces:
        port = by_id.get(interface.port_id or '')
        if port is None:
            continue
        is_cached = port.mac_address in cached
        if _was_never_plugged(server, port, is_cached):
            never_plugged.add(port.id)
            found.append(_not_attached(server, port))
        else:
            found += _judged(server, port, is_cached)
    for difference in comparison.compare(server.cache, interfaces):
        port = by_id.get(difference.port_id or '')
        if difference.port_id not in never_plugged and not is_excused(
            difference, server, port
        ):
            found.append(_of_difference(server, difference, port))
    return sorted(found, key=lambda finding: finding.order)


def is_excused(
    difference: comparison.Difference,
    server: records.Server,
    port: records.Port | None,
) -> bool:
    """Tell whether a difference is legitimate.

    Nova's cache has only the ports of the server's project.

    :param difference: The difference.
    :param server: The server, with details.
    :param port: The port of its interface; None if it is not known.
    """
    return (
        difference.code is codes.Code.MISSING_FROM_CACHE
        and port is not None
        and port.project_id != server.project_id
    )


def of_ports(
    servers: Iterable[records.Server], ports: Iterable[records.Port]
) -> list[Finding]:
    """Find the ports of servers that share a MAC address on one network.

    :param servers: The servers.
    :param ports: The ports of all of them.
    :returns: A finding for each port but the first, in a stable order.
    """
    by_id = {server.id: server for server in servers}
    first: dict[tuple[str, str], records.Port] = {}
    found = []
    for port in sorted(ports, key=lambda port: port.id):
        if port.mac_address is None:
            continue
        other = first.setdefault((port.network_id, port.mac_address), port)
        server = by_id.get(port.device_id or '')
        if other is not port and server and is_settled(server):
            found.append(
                port_finding(
                    codes.Code.DUPLICATE_MAC,
                    server,
                    port,
                    _('a MAC address of its own'),
                    _('that of port %s') % other.id,
                )
            )
    return sorted(found, key=lambda finding: finding.order)


def _of_difference(
    server: records.Server,
    difference: comparison.Difference,
    port: records.Port | None,
) -> Finding:
    live, cached = _sorted(difference.live), _sorted(difference.cached)
    expected, actual = _shown(live), _shown(cached)
    match difference.code:
        case codes.Code.MISSING_FROM_CACHE:
            actual = _('not in the cache')
        case codes.Code.ONLY_IN_CACHE:
            expected = _('not in the cache')
        case codes.Code.DUPLICATE_IN_CACHE:
            expected = _('once in the cache')
            actual = _('more than once: %s') % actual
        case codes.Code.MAC_DIFFERS:
            expected = difference.mac_address or ''
            actual = difference.cached_mac_address or ''
            live, cached = (expected,), (actual,)
    return Finding(
        difference.code,
        server.id,
        difference.port_id,
        difference.mac_address,
        expected,
        actual,
        live,
        cached,
        server,
        port,
    )


def _judged(
    server: records.Server, port: records.Port, is_cached: bool
) -> Iterator[Finding]:
    if port.vnic_type not in NOT_OF_THE_HOST:
        yield from _of_wiring(server, port)
    if not port.fixed_ips and (
        port.ip_allocation == 'immediate'
        # Without the extension ip_allocation, Neutron does not say whether a
        # port is meant to have no address. The cache may show that it had one.
        or (port.ip_allocation is None and is_cached)
    ):
        yield port_finding(
            codes.Code.NO_FIXED_IP, server, port, _('a fixed IP'), _('none')
        )


def _of_wiring(
    server: records.Server, port: records.Port
) -> Iterator[Finding]:
    """Judge the binding of a port, or else its status."""
    if problem := _of_binding(server, port):
        code, expected, actual = problem
        yield port_finding(
            code,
            server,
            port,
            expected,
            actual,
            (server.host,) if server.host else (),
            (port.host,) if port.host else (),
        )
    elif (
        server.status == 'ACTIVE'
        and port.admin_state_up is not False
        and port.status not in ('ACTIVE', None)
    ):
        yield port_finding(
            codes.Code.PORT_DOWN,
            server,
            port,
            'ACTIVE',
            port.status,
            ('ACTIVE',),
            (port.status,),
        )


def _of_binding(
    server: records.Server, port: records.Port
) -> tuple[codes.Code, str, str] | None:
    """Judge the binding, which only an administrator may see."""
    if not port.shows_binding:
        return None
    bound = _('bound to %s') % (server.host or _('a host'))
    if port.vif_type == 'binding_failed':
        return codes.Code.BINDING_FAILED, bound, _binding(port)
    if server.status == OFF_HOST or not server.host:
        return None
    if port.vif_type == 'unbound' or not port.host:
        return codes.Code.UNBOUND, bound, _binding(port)
    if port.host != server.host and server.status not in MOVING:
        return codes.Code.HOST_DIFFERS, server.host, port.host
    return None


def _was_never_plugged(
    server: records.Server, port: records.Port, is_cached: bool
) -> bool:
    """Tell whether only the device ID connects the port to the server."""
    if not port.is_for_server:
        return True
    return (
        not is_cached
        and server.status != OFF_HOST
        and port.host is None
        and port.vif_type == 'unbound'
    )


def _not_attached(server: records.Server, port: records.Port) -> Finding:
    return port_finding(
        codes.Code.NOT_ATTACHED,
        server,
        port,
        _('plugged in by Nova'),
        _('device owner %(owner)s, %(binding)s')
        % {
            'owner': port.device_owner or _('empty'),
            'binding': _binding(port),
        },
    )


def _binding(port: records.Port) -> str:
    if not port.shows_binding:
        return _('binding not shown')
    return _('%(vif_type)s on %(host)s') % {
        'vif_type': port.vif_type,
        'host': port.host or _('no host'),
    }


def _sorted(ips: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ips))


def _shown(ips: Iterable[str]) -> str:
    return ','.join(ips) or _('no fixed IP')


def port_finding(
    code: codes.Code,
    server: records.Server,
    port: records.Port,
    expected: str,
    actual: str,
    expected_values: tuple[str, ...] = (),
    actual_values: tuple[str, ...] = (),
) -> Finding:
    """Make a finding about a port of a server."""
    return Finding(
        code,
        server.id,
        port.id,
        port.mac_address,
        expected,
        actual,
        expected_values,
        actual_values,
        server,
        port,
    )
