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
        _end(known, port, fixed_ip.ip_address, text)
        for port in ports
        for fixed_ip in port.fixed_ips
    ]


def addressed(
    known: surroundings.Surroundings, network: addresses.IPNetwork
) -> list[surroundings.End]:
    """Return the ends that have an address, or the one that is a CIDR."""
    text = surroundings.text(network)
    outside = [surroundings.End(text, network)]
    if network.num_addresses > 1:
        return outside
    ends = [
        _end(known, port, text, text)
        for port in known.ports.values()
        if not port.is_of_floating_ip and _has(port, network)
    ]
    plugged = [end for end in ends if end.port and not end.port.only_reserves]
    for row in known.floating_ips.values():
        if row.address == text:
            plugged += _floating(known, row)
    return plugged or ends or outside


def _has(port: records.Port, network: addresses.IPNetwork) -> bool:
    """Return whether a port has an address, or may use it."""
    address = network.network_address
    return port.has_address(str(address)) or bool(
        port.server_id and port.pair_covering(address)
    )


def _floating(
    known: surroundings.Surroundings, row: records.FloatingIP
) -> list[surroundings.End]:
    """Return the ends that a floating IP leads to, or the useless one."""
    targets = [
        (row.port_id, row.fixed_ip_address),
        *(
            (found.internal_port_id, found.internal_ip_address)
            for found in row.port_forwardings
        ),
    ]
    ends = [
        _end(known, known.ports[port_id], address, row.address, row)
        for port_id, address in dict.fromkeys(targets)
        if port_id in known.ports and address
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
