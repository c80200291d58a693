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

"""Where the views of a server's interfaces disagree.

Pure: from records to findings, without any I/O.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import enum

from osc_port_iface import records


class Code(enum.StrEnum):
    """What is wrong; the values are an interface for scripts."""

    MISSING_FROM_CACHE = 'missing-from-cache'
    ONLY_IN_CACHE = 'only-in-cache'
    ADDRESS_DIFFERS = 'address-differs'
    BINDING_FAILED = 'binding-failed'
    UNBOUND = 'unbound'
    HOST_DIFFERS = 'host-differs'
    PORT_DOWN = 'port-down'
    NO_FIXED_IP = 'no-fixed-ip'
    DUPLICATE_MAC = 'duplicate-mac'
    ORPHAN_PORT = 'orphan-port'
    NOT_ATTACHED = 'not-attached'


# What only Neutron can tell.
NETWORK_CODES = frozenset(
    {
        Code.BINDING_FAILED,
        Code.UNBOUND,
        Code.HOST_DIFFERS,
        # A port that is disabled on purpose is DOWN as well.
        Code.PORT_DOWN,
        # A port may be meant to have no address.
        Code.NO_FIXED_IP,
        Code.DUPLICATE_MAC,
        Code.ORPHAN_PORT,
        Code.NOT_ATTACHED,
    }
)

# What Neutron tells to administrators only.
ADMINISTRATOR_CODES = frozenset(
    {
        Code.BINDING_FAILED,
        Code.UNBOUND,
        Code.HOST_DIFFERS,
        Code.ORPHAN_PORT,
    }
)

# Nova hides the cache of a server that it builds.
_NO_CACHE = frozenset({'BUILD', 'UNKNOWN', 'DELETED'})

# The host of the server, or that of the port, is about to change.
_MOVING = frozenset(
    {'MIGRATING', 'RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'REBUILD'}
)

# On no host, so that nothing can be bound.
_OFF_HOST = 'SHELVED_OFFLOADED'


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    :ivar server_id: The server's ID; of an orphan, that which is gone.
    :ivar port_id: The port's ID; None where only Nova's cache has it.
    """

    server_id: str
    server_name: str
    port_id: str | None
    mac_address: str
    code: Code
    expected: str
    actual: str

    @property
    def subject(self) -> tuple[str, str | None, str, Code]:
        """What the finding is about, whatever it says of it."""
        return self.server_id, self.port_id, self.mac_address, self.code


def is_settled(server: records.Server) -> bool:
    """Tell whether anything can be said of a server now."""
    return server.task_state is None and server.status not in _NO_CACHE


def of_server(
    server: records.Server,
    interfaces: Sequence[records.Interface],
    ports: Sequence[records.Port] | None = None,
) -> list[Finding]:
    """Compare what is known of one server.

    :param server: The server with details, and so with Nova's cache.
    :param interfaces: What is plugged into it, live.
    :param ports: The same as Neutron shows it; None where Neutron cannot be
        asked.
    :returns: The findings, in a stable order. Nothing is said of a server
        that is building or has a task under way.
    """
    if not is_settled(server):
        return []
    by_id = {port.id: port for port in ports or ()}
    cache = _cache_by_mac_address(server)
    found = []
    for interface in interfaces:
        port = by_id.get(interface.port_id or '')
        if port and _was_never_plugged(server, port, cache):
            found.append(
                _finding(
                    server,
                    interface,
                    Code.NOT_ATTACHED,
                    'plugged in by Nova',
                    f'device owner {port.device_owner or "empty"}, '
                    f'{_binding(port)}',
                )
            )
            continue
        found += _of_cache(server, interface, port, cache)
        if port:
            found += _of_port(server, interface, port, cache)
    live = {interface.mac_address for interface in interfaces}
    found += [
        Finding(
            server.id,
            server.name,
            None,
            mac_address,
            Code.ONLY_IN_CACHE,
            'not in the cache',
            _shown(ips),
        )
        for mac_address, ips in cache.items()
        if mac_address not in live
    ]
    return sorted(found, key=order)


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
        key = (port.network_id, port.mac_address)
        other = first.setdefault(key, port)
        server = by_id.get(port.device_id)
        if other is not port and server and is_settled(server):
            found.append(
                _finding(
                    server,
                    port.as_interface(),
                    Code.DUPLICATE_MAC,
                    'a MAC address of its own',
                    f'that of port {other.id}',
                )
            )
    return sorted(found, key=order)


def orphans(
    servers: Iterable[records.Server], ports: Iterable[records.Port]
) -> list[Finding]:
    """Find the ports that Nova made for servers which do not exist.

    :param servers: All servers of the cloud: one that is not shown would
        make orphans of its ports.
    :param ports: Ports of any kind.
    :returns: The findings, in a stable order.
    """
    ids = {server.id for server in servers}
    return sorted(
        (
            Finding(
                port.device_id,
                '',
                port.id,
                port.mac_address,
                Code.ORPHAN_PORT,
                'a server that exists',
                f'server {port.device_id} does not exist',
            )
            for port in ports
            if port.is_of_server and port.device_id not in ids
        ),
        key=order,
    )


def _of_cache(
    server: records.Server,
    interface: records.Interface,
    port: records.Port | None,
    cache: dict[str, frozenset[str]],
) -> Iterator[Finding]:
    live = frozenset(fixed_ip.ip_address for fixed_ip in interface.fixed_ips)
    cached = cache.get(interface.mac_address)
    if cached is None:
        # Nova fills the cache with the ports of the server's project only,
        # and shows no interface of it that has no address.
        if live and (port is None or port.project_id == server.project_id):
            yield _finding(
                server,
                interface,
                Code.MISSING_FROM_CACHE,
                _shown(live),
                'not in the cache',
            )
    elif cached != live:
        yield _finding(
            server,
            interface,
            Code.ADDRESS_DIFFERS,
            _shown(live),
            _shown(cached),
        )


def _of_port(
    server: records.Server,
    interface: records.Interface,
    port: records.Port,
    cache: dict[str, frozenset[str]],
) -> Iterator[Finding]:
    binding = _of_binding(server, port)
    if binding:
        yield _finding(server, interface, *binding)
    elif (
        server.status == 'ACTIVE'
        and port.admin_state_up
        and port.status != 'ACTIVE'
    ):
        yield _finding(
            server, interface, Code.PORT_DOWN, 'ACTIVE', port.status
        )
    if not port.fixed_ips and (
        port.ip_allocation == 'immediate'
        # A Neutron without the extension does not say whether a port is
        # meant to have no address; the cache may know that it had one.
        or (port.ip_allocation is None and cache.get(port.mac_address))
    ):
        yield _finding(
            server, interface, Code.NO_FIXED_IP, 'a fixed IP', 'none'
        )


def _of_binding(
    server: records.Server, port: records.Port
) -> tuple[Code, str, str] | None:
    """Judge the binding, which only an administrator can see."""
    if port.vif_type is None or port.host is None:
        return None
    host = server.host or 'a host'
    if port.vif_type == 'binding_failed':
        return Code.BINDING_FAILED, f'bound to {host}', _binding(port)
    if server.status == _OFF_HOST or not server.host:
        return None
    if port.vif_type == 'unbound' or not port.host:
        return Code.UNBOUND, f'bound to {host}', _binding(port)
    if port.vnic_type == 'baremetal':
        # Bound to the node itself, and not to what manages it.
        return None
    if port.host != server.host and server.status not in _MOVING:
        return Code.HOST_DIFFERS, server.host, port.host
    return None


def _was_never_plugged(
    server: records.Server,
    port: records.Port,
    cache: dict[str, frozenset[str]],
) -> bool:
    """Tell whether only the device ID says that the port is the server's."""
    if not port.is_of_server:
        return True
    return (
        port.mac_address not in cache
        and server.status != _OFF_HOST
        and port.host == ''
        and port.vif_type == 'unbound'
    )


def _cache_by_mac_address(
    server: records.Server,
) -> dict[str, frozenset[str]]:
    """Join what the cache has of one MAC address under several labels."""
    found: dict[str, frozenset[str]] = {}
    for interface in server.cache:
        ips = {fixed_ip.ip_address for fixed_ip in interface.fixed_ips}
        found[interface.mac_address] = (
            found.get(interface.mac_address, frozenset()) | ips
        )
    return found


def _binding(port: records.Port) -> str:
    if port.vif_type is None:
        return 'binding not shown'
    return f'{port.vif_type} on {port.host or "no host"}'


def _shown(ips: Iterable[str]) -> str:
    return ','.join(sorted(ips)) or 'no fixed IP'


def _finding(
    server: records.Server,
    interface: records.Interface,
    code: Code,
    expected: str,
    actual: str,
) -> Finding:
    return Finding(
        server.id,
        server.name,
        interface.port_id,
        interface.mac_address,
        code,
        expected,
        actual,
    )


def order(finding: Finding) -> tuple[str, str, str, str, str]:
    """Order findings by server, then port."""
    return (
        finding.server_name,
        finding.server_id,
        finding.port_id or '',
        finding.mac_address,
        finding.code,
    )
