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

"""Recognizes the virtual IPs of Octavia's load balancers.

The amphorae, which are the servers that have a virtual IP, have it as an
allowed address pair; a load balancer of OVN has none.

Requests: none, but for the servers behind a load balancer, if these are
wanted: its listeners, its pools, their members, and the ports of these.
"""

from collections.abc import Iterator, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import load_balancer
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records

_MATCHED_AS = 'load-balancer'


def find(search: searches.Search) -> None:
    """Mark the ports that hold virtual IPs, and add what is behind them."""
    found = [
        (match, match.port)
        for match in search.rows
        if match.port and match.port.load_balancer_id
    ]
    for match, _port in found:
        if match.is_direct:
            match.matched_as = _MATCHED_AS
    for match, port in found if search.behind else ():
        search.rows += _behind(search, match, port)


def _behind(
    search: searches.Search, match: searches.Match, virtual: records.Port
) -> list[searches.Match]:
    """Find the servers of the members of a load balancer.

    A query with a port chooses the listeners on that port, and one with a
    protocol those of that protocol.

    :param virtual: The port of its virtual IP.
    """
    routes = list(_routes(search, match.query, virtual.load_balancer_id or ''))
    ports = search.ports(
        'ip_address', (member.address for _listener, member in routes)
    )
    return [
        dataclasses.replace(
            match,
            matched_as=_MATCHED_AS,
            certainty=searches.Certainty.BEHIND,
            port=port,
            forwarding=records.PortForwarding(
                protocol=listener.protocol if listener else None,
                external_port=_text(listener.number if listener else None),
                internal_ip_address=member.address,
                internal_port=_text(member.number),
                internal_port_id=port.id if port else None,
            ),
        )
        for listener, member in routes
        for port in _ports_of(member, ports, virtual.project_id)
    ]


def _routes(
    search: searches.Search, query: addresses.Address, load_balancer_id: str
) -> Iterator[tuple[records.Listener | None, records.PoolMember]]:
    """Find the members, each with the listener, if any, that leads to it."""
    api = search.cloud.load_balancer
    of_this = {'loadbalancer_id': [load_balancer_id]}
    chosen = {
        row.id: row
        for row in search.keep(
            api.list(load_balancer.LISTENERS, query=of_this)
        )
        if query.number in (None, row.number)
        and query.protocol in (None, _transport(row))
    }
    for pool in search.keep(api.list(load_balancer.POOLS, query=of_this)):
        ways: list[records.Listener | None] = [
            chosen[i] for i in pool.listener_ids if i in chosen
        ]
        if not pool.listener_ids and query.number is None:
            ways = [None]
        if ways:
            members = search.keep(api.list(load_balancer.members(pool.id)))
            yield from ((way, member) for way in ways for member in members)


def _ports_of(
    member: records.PoolMember,
    ports: Sequence[records.Port],
    project_id: str | None,
) -> Sequence[records.Port | None]:
    """Return the ports that a member may stand for, or None if there is none.

    Other networks may have the same address. Without a subnet, it is one of
    the project of the load balancer.
    """
    return [
        port
        for port in ports
        if any(
            row.ip_address == member.address
            and (
                row.subnet_id == member.subnet_id
                if member.subnet_id
                else port.project_id == project_id
            )
            for row in port.fixed_ips
        )
    ] or [None]


def _transport(listener: records.Listener) -> str:
    """Return the protocol that carries that of a listener."""
    name = (listener.protocol or '').lower()
    return name if name in ('udp', 'sctp') else 'tcp'


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
