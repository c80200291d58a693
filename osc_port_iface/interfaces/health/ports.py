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

from collections.abc import Iterable, Iterator, Mapping, Sequence

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface import records

# What is wrong with a port: the code, the expected and the actual state.
_Problem = tuple[codes.Code, str, str]


def judge(
    server: records.Server, ports: Iterable[records.Port]
) -> Iterator[findings.Finding]:
    """Judge the ports of one server.

    :param server: The server, with details, which include Nova's cache.
    :param ports: Its ports, as Neutron shows them.
    """
    for port in ports:
        for code, expected, actual in _problems(server, port):
            yield findings.of_port(code, server, port, expected, actual)


def is_attached(server: records.Server, port: records.Port) -> bool:
    """Return whether Nova has plugged in a port.

    Otherwise, only the device ID connects the port to the server.
    """
    return port.is_for_server and (
        is_cached(server, port)
        or server.status == server_state.OFF_HOST
        or port.host is not None
        or port.vif_type != 'unbound'
    )


def is_cached(server: records.Server, port: records.Port) -> bool:
    """Return whether Nova's cache has an address of a port."""
    return any(
        entry.mac_address == port.mac_address and entry.fixed_ips
        for entry in server.cache
    )


def has_lost_fixed_ips(server: records.Server, port: records.Port) -> bool:
    """Return whether a port has no fixed IP, and is not meant to.

    Without the extension ip_allocation, Neutron does not say whether it is.
    The cache may show that it had one.
    """
    return not port.fixed_ips and (
        port.ip_allocation == 'immediate'
        or (port.ip_allocation is None and is_cached(server, port))
    )


def judge_mac_addresses(
    servers: Iterable[records.Server], ports: Iterable[records.Port]
) -> Iterator[findings.Finding]:
    """Find the ports of servers that share a MAC address on one network.

    :param servers: The servers.
    :param ports: At least the ports of all of them.
    :returns: A finding for each port but the first.
    """
    by_id = {server.id: server for server in servers}
    first: dict[tuple[str, str], records.Port] = {}
    for port in sorted(ports, key=lambda port: port.id):
        if port.mac_address is None:
            continue
        other = first.setdefault((port.network_id, port.mac_address), port)
        server = by_id.get(port.device_id or '')
        if other is not port and server:
            yield findings.of_port(
                codes.Code.DUPLICATE_MAC,
                server,
                port,
                _('a MAC address of its own'),
                _('that of port %s') % other.id,
            )


def judge_trunks(
    server: records.Server,
    parents: Sequence[records.Port],
    trunks: Mapping[str, records.Trunk],
    subports: Mapping[str, records.Port],
) -> Iterator[findings.Finding]:
    """Judge the trunks of one server.

    :param server: The server, with details.
    :param parents: The ports of the server.
    :param trunks: The trunks, at least those of the ports, by parent port.
    :param subports: The subports of the trunks, by ID, as far as the caller
        may see them.
    :returns: The findings; none unless the server runs, as the agent on its
        host wires a trunk when the server is plugged in.
    """
    if server.status != 'ACTIVE':
        return
    for parent in parents:
        trunk = trunks.get(parent.id)
        if trunk is None or parent.admin_state_up is False:
            continue
        if _is_down(trunk):
            yield findings.of_port(
                codes.Code.TRUNK_DEGRADED,
                server,
                parent,
                _('trunk ACTIVE'),
                _('trunk %s') % trunk.status,
            )
        for member in trunk.subports:
            subport = subports.get(member.port_id)
            if subport and (problem := _of_subport(parent, subport)):
                code, expected, actual = problem
                yield findings.of_port(code, server, subport, expected, actual)


def may_be_stale(server: records.Server, port: records.Port) -> bool:
    """Return whether a second binding of a port would be stale.

    While a server moves, its ports have one on the target host.
    """
    return (
        server.status not in server_state.MOVING
        and port.migrating_to is None
        and port.is_wired_on_host
    )


def judge_bindings(
    server: records.Server,
    ports: Iterable[records.Port],
    bindings: Mapping[str, Iterable[records.PortBinding]],
) -> Iterator[findings.Finding]:
    """Find the stale bindings of the ports of one server.

    :param server: The server, with details.
    :param ports: Its ports.
    :param bindings: All bindings of the ports that have several, by port ID.
    """
    for port in ports:
        # One on the host of the server belongs to host-differs.
        rows = bindings.get(port.id, ())
        inactive = [row.host or '' for row in rows if row.status == 'INACTIVE']
        left = sorted({*inactive} - {server.host})
        if left and may_be_stale(server, port):
            yield findings.of_port(
                codes.Code.STALE_BINDING,
                server,
                port,
                _('bound to %s alone') % (port.host or _('no host')),
                _('also to %s') % ','.join(left),
                stale_hosts=tuple(left),
            )


def _problems(
    server: records.Server, port: records.Port
) -> Iterator[_Problem]:
    if not is_attached(server, port):
        owner = port.device_owner or _('empty')
        yield (
            codes.Code.NOT_ATTACHED,
            _('plugged in by Nova'),
            _('device owner %(owner)s, %(binding)s')
            % {'owner': owner, 'binding': _binding(port)},
        )
        return
    if port.is_wired_on_host and (
        # A port that is not bound is not ACTIVE either.
        problem := _of_binding(server, port) or _of_status(server, port)
    ):
        yield problem
    if has_lost_fixed_ips(server, port):
        yield codes.Code.NO_FIXED_IP, _('a fixed IP'), _('none')


def _of_binding(server: records.Server, port: records.Port) -> _Problem | None:
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


def _of_status(server: records.Server, port: records.Port) -> _Problem | None:
    if server.status != 'ACTIVE' or port.status in ('ACTIVE', None):
        return None
    if port.is_half_bounced:
        left = _('disabled by a repair that was interrupted')
        return codes.Code.PORT_DOWN, 'ACTIVE', left
    if _is_down(port):
        return codes.Code.PORT_DOWN, 'ACTIVE', port.status
    return None


def _of_subport(
    parent: records.Port, subport: records.Port
) -> _Problem | None:
    if (
        subport.shows_binding
        and subport.host
        and parent.host
        and subport.host != parent.host
    ):
        return codes.Code.SUBPORT_HOST_DIFFERS, parent.host, subport.host
    if _is_down(subport):
        return codes.Code.SUBPORT_DOWN, 'ACTIVE', subport.status or ''
    return None


def _is_down(row: records.Trunk | records.Port) -> bool:
    """Return whether it is enabled, and its status known and not ACTIVE."""
    return row.admin_state_up is not False and row.status not in (
        'ACTIVE',
        None,
    )


def _binding(port: records.Port) -> str:
    if not port.shows_binding:
        return _('binding not shown')
    return _('%(vif_type)s on %(host)s') % {
        'vif_type': port.vif_type,
        'host': port.host or _('no host'),
    }
