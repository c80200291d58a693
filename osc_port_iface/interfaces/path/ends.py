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

"""Finds the ends that a user named, among the ports that were read."""

from collections.abc import Iterator
import dataclasses
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records

INTERNET = 'internet'

_INTERNET = tuple(map(ipaddress.ip_network, ('0.0.0.0/0', '::/0')))


def named(
    known: surroundings.Surroundings, text: str, server: records.Server | None
) -> list[surroundings.End]:
    """Return the ends of a server, of a port, or of the internet.

    :param known: The surroundings.
    :param text: What the user wrote.
    :param server: The server that has this name or ID.
    """
    if text == INTERNET:
        return [
            surroundings.End(text, network, is_internet=True)
            for network in _INTERNET
        ]
    if server is None:
        ports = [known.ports[text.lower()]]
    else:
        ports = [
            port
            for port in known.ports.values()
            if known.plugged(port).device_id == server.id
        ]
    return [
        _end(known, user, fixed_ip.ip_address, text)
        for port in ports
        for fixed_ip in port.fixed_ips
        for user in _users(known, port)
    ]


def addressed(
    known: surroundings.Surroundings, network: addresses.IPNetwork
) -> list[surroundings.End]:
    """Return the ends that have an address, or the one that is a CIDR."""
    text = surroundings.text(network)
    if network.num_addresses > 1:
        return [surroundings.End(text, network)]
    ends = [
        _end(known, user, text, text)
        for port in known.ports.values()
        if port.has_address(text) and not port.is_of_floating_ip
        for user in _users(known, port)
    ]
    for row in known.floating_ips.values():
        if row.address == text:
            ends += _floating(known, row)
    if not ends:
        # A virtual IP need not be reserved.
        ends = [
            _end(known, port, text, text)
            for port in known.ports.values()
            if port.server_id
            and any(pair.network == network for pair in port.address_pairs)
        ]
    return ends or [surroundings.End(text, network)]


def split(
    known: surroundings.Surroundings, end: surroundings.End
) -> Iterator[surroundings.End]:
    """Split addresses without a port by the networks of Neutron they are on.

    :returns: One end for each network, and one for what is outside.
    """
    has_place = end.port or end.is_internet or end.floating_ip
    is_whole = False
    for subnet in () if has_place else known.subnets.values():
        cidr = addresses.parse_ip_network(subnet.cidr or end.address)
        is_inside = surroundings.holds(subnet, end.network)
        is_external = known.network(subnet.network_id).is_external
        if is_external is False and (
            is_inside or addresses.covers(end.network, cidr)
        ):
            is_whole |= is_inside
            yield dataclasses.replace(
                end,
                network=end.network if is_inside else cidr,
                network_of_cidr=subnet.network_id,
            )
    if not is_whole:
        yield end


def _users(
    known: surroundings.Surroundings, port: records.Port
) -> list[records.Port]:
    """Return the ports that use the addresses of a port, or only itself."""
    users = [
        user
        for user in known.ports.values()
        if port.only_reserves
        and user.network_id == port.network_id
        and user.server_id
        and user.names_address_of(port)
    ]
    return users or [port]


def _floating(
    known: surroundings.Surroundings, row: records.FloatingIP
) -> list[surroundings.End]:
    """Return the ends that a floating IP leads to, or the useless one."""
    ends = [
        _end(known, user, address, row.address, row)
        for port_id, address in surroundings.targets(row)
        if port_id in known.ports and address
        for user in _users(known, known.ports[port_id])
    ]
    network = addresses.parse_ip_network(row.address)
    return ends or [surroundings.End(row.address, network, floating_ip=row)]


def _end(
    known: surroundings.Surroundings,
    port: records.Port,
    address: str,
    text: str,
    floating_ip: records.FloatingIP | None = None,
) -> surroundings.End:
    """Return an address of a port, which is called like its server."""
    server = known.servers.get(known.plugged(port).server_id or '')
    return surroundings.End(
        (server and server.name) or text,
        addresses.parse_ip_network(address),
        port,
        floating_ip=floating_ip,
    )
