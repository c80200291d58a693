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
from typing import TypeAlias

from osc_port_iface import addresses
from osc_port_iface.api import errors
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records

_MATCHED_AS = 'load-balancer'


def find(
    read: searches.Reader,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> list[searches.Match]:
    """Mark the ports that hold virtual IPs, and add what is behind them."""
    found = [
        dataclasses.replace(match, matched_as=_MATCHED_AS)
        if match.is_direct and match.port and match.port.load_balancer_id
        else match
        for match in matches
    ]
    for match in matches:
        if search.behind and match.port and match.port.load_balancer_id:
            try:
                found += _behind(read, match, match.port)
            except errors.TokenRefused:
                raise
            except errors.ApiError as error:
                read.failures.append(str(error))
    return found


# A listener, if there is one, and a member of its pool.
_Route: TypeAlias = tuple[records.Listener | None, records.PoolMember]


def _behind(
    read: searches.Reader, match: searches.Match, virtual: records.Port
) -> list[searches.Match]:
    """Find the servers of the members of a load balancer.

    A query with a port chooses the listeners on that port, and one with a
    protocol those of that protocol.

    :param virtual: The port of its virtual IP.
    """
    routes = _routes(read, match.query, virtual.load_balancer_id or '')
    ports = read.ports(
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
    read: searches.Reader, query: addresses.Address, load_balancer_id: str
) -> list[_Route]:
    api = read.cloud.load_balancer
    chosen = {
        row.id: row
        for row in read.rows_of(api.listeners(load_balancer_id))
        if query.number in (None, row.number)
        and query.protocol in (None, row.transport)
    }
    routes: list[_Route] = []
    for pool in read.rows_of(api.pools(load_balancer_id)):
        ways: list[records.Listener | None] = [
            chosen[i] for i in pool.listener_ids if i in chosen
        ]
        if not pool.listener_ids and query.number is None:
            ways = [None]
        members = read.rows_of(api.members(pool.id)) if ways else []
        routes += [(way, member) for way in ways for member in members]
    return routes


def _ports_of(
    member: records.PoolMember,
    ports: Sequence[records.Port],
    project_id: str | None,
) -> Sequence[records.Port | None]:
    """Return the ports that a member may stand for, or None if there is none.

    Other networks may have the same address. Without a subnet, it is one of
    the project of the load balancer.
    """

    def is_its(port: records.Port) -> Iterator[bool]:
        for fixed_ip in port.fixed_ips:
            if fixed_ip.ip_address == member.address:
                yield (
                    fixed_ip.subnet_id == member.subnet_id
                    if member.subnet_id
                    else port.project_id == project_id
                )

    return [port for port in ports if any(is_its(port))] or [None]


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
