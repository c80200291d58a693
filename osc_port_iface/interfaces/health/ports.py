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

"""Judges the ports of servers: attached, bound, active, with an address.

Works on records only, without any I/O.
"""

from collections.abc import Iterable, Iterator

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface import records


def judge(
    server: records.Server, ports: Iterable[records.Port]
) -> Iterator[findings.Finding]:
    """Judge the ports of one server.

    :param server: The server, with details, which include Nova's cache.
    :param ports: Its ports, as Neutron shows them.
    """
    for port in ports:
        if not is_attached(server, port):
            owner = port.device_owner or _('empty')
            yield findings.of_port(
                codes.Code.NOT_ATTACHED,
                server,
                port,
                _('plugged in by Nova'),
                _('device owner %(owner)s, %(binding)s')
                % {'owner': owner, 'binding': _binding(port)},
            )
            continue
        if port.is_wired_on_host:
            yield from _of_wiring(server, port)
        if not port.fixed_ips and (
            port.ip_allocation == 'immediate'
            # Without the extension ip_allocation, Neutron does not say whether
            # a port is meant to have no address. The cache may show that it
            # had one.
            or (port.ip_allocation is None and _is_cached(server, port))
        ):
            yield findings.of_port(
                *(codes.Code.NO_FIXED_IP, server, port),
                *(_('a fixed IP'), _('none')),
            )


def is_attached(server: records.Server, port: records.Port) -> bool:
    """Return whether Nova has plugged in a port.

    Otherwise, only the device ID connects the port to the server.
    """
    return port.is_for_server and (
        _is_cached(server, port)
        or server.status == server_state.OFF_HOST
        or port.host is not None
        or port.vif_type != 'unbound'
    )


def judge_mac_addresses(
    servers: Iterable[records.Server], ports: Iterable[records.Port]
) -> list[findings.Finding]:
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
        if other is not port and server:
            found.append(
                findings.of_port(
                    codes.Code.DUPLICATE_MAC,
                    server,
                    port,
                    _('a MAC address of its own'),
                    _('that of port %s') % other.id,
                )
            )
    return sorted(found, key=lambda finding: finding.order)


def _is_cached(server: records.Server, port: records.Port) -> bool:
    return any(
        entry.mac_address == port.mac_address and entry.fixed_ips
        for entry in server.cache
    )


def _of_wiring(
    server: records.Server, port: records.Port
) -> Iterator[findings.Finding]:
    """Judge the binding of a port, or else its status."""
    if problem := _of_binding(server, port):
        code, expected, actual = problem
        yield findings.of_port(code, server, port, expected, actual)
    elif (
        server.status == 'ACTIVE'
        and (port.admin_state_up is not False or port.is_half_bounced)
        and port.status not in ('ACTIVE', None)
    ):
        yield findings.of_port(
            codes.Code.PORT_DOWN,
            server,
            port,
            'ACTIVE',
            _('disabled by a repair that was interrupted')
            if port.is_half_bounced
            else port.status,
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
    if server.status == server_state.OFF_HOST or not server.host:
        return None
    if port.vif_type == 'unbound' or not port.host:
        return codes.Code.UNBOUND, bound, _binding(port)
    if port.host != server.host and server.status not in server_state.MOVING:
        return codes.Code.HOST_DIFFERS, server.host, port.host
    return None


def _binding(port: records.Port) -> str:
    if not port.shows_binding:
        return _('binding not shown')
    return _('%(vif_type)s on %(host)s') % {
        'vif_type': port.vif_type,
        'host': port.host or _('no host'),
    }
