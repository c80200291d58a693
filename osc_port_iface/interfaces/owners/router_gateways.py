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

"""Finds router gateways, and the servers that use them (source NAT).

Requests: for an administrator, who sees the ports of gateways, their routers,
in batches; for anyone else, all routers, if an address has no owner yet, or
may have none, being one of a CIDR or range. For the servers behind them, if
these are wanted: the ports of the routers, the ports on their inner subnets,
and their floating IPs, each in batches.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records

_MATCHED_AS = 'router-gateway'


def find(
    read: searches.Reader,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> list[searches.Match]:
    """Add the routers and, if wanted, the servers behind them."""
    found = _with_gateway_ports(read, matches)
    queries = searches.IPQueries(search.open_queries(matches))
    if queries and not any(
        match.port and match.port.shows_binding for match in found
    ):
        known = {(match.query, match.ip_address) for match in found}
        found += (
            match
            for match in _with_external_ips(
                read.rows(neutron.ROUTERS), queries
            )
            if (match.query, match.ip_address) not in known
        )
    if search.behind:
        found += _behind(
            read, [row for row in found if row.matched_as == _MATCHED_AS]
        )
    return found


def _with_gateway_ports(
    read: searches.Reader, matches: Sequence[searches.Match]
) -> list[searches.Match]:
    """Mark the ports of gateways, and add their routers.

    The port of a gateway has no project, but its router does.
    """
    routers = read.rows(
        neutron.ROUTERS,
        'id',
        (match.device_id for match in matches if _has_gateway_port(match)),
    )
    by_id = {router.id: router for router in routers}
    return [
        dataclasses.replace(
            match,
            matched_as=_MATCHED_AS,
            router=by_id.get(match.device_id or ''),
        )
        if _has_gateway_port(match)
        else match
        for match in matches
    ]


def _has_gateway_port(match: searches.Match) -> bool:
    return match.is_direct and match.device_owner == searches.GATEWAY_OWNER


def _with_external_ips(
    routers: Iterable[records.Router], queries: searches.IPQueries
) -> Iterator[searches.Match]:
    for router in sorted(routers, key=lambda router: router.id):
        for gateway in router.gateways:
            for fixed_ip in gateway.external_ips:
                for query in queries.of(fixed_ip.ip_address):
                    yield searches.Match(
                        query,
                        _MATCHED_AS,
                        ip_address=fixed_ip.ip_address,
                        router=router,
                        gateway=gateway,
                    )


def _behind(
    read: searches.Reader, gateways: Iterable[searches.Match]
) -> list[searches.Match]:
    """Find the servers whose IPv4 traffic gateways translate."""
    translating = [
        (match, match.router)
        for match in gateways
        if match.router and _translates(match, match.router)
    ]
    router_ids = [router.id for _match, router in translating]
    inner = _inner_subnets(read.ports('device_id', router_ids))
    ports = read.ports(
        'subnet_id', (subnet for ids in inner.values() for subnet in ids)
    )
    floating_ips = read.rows(neutron.FLOATING_IPS, 'router_id', router_ids)
    leaving = {
        router_id: _leaving(ports, subnet_ids, floating_ips)
        for router_id, subnet_ids in inner.items()
    }
    return [
        searches.Match(
            match.query,
            _MATCHED_AS,
            searches.Certainty.BEHIND,
            ip_address=match.ip_address,
            port=port,
            router=router,
        )
        for match, router in translating
        for port in leaving.get(router.id, ())
    ]


def _leaving(
    ports: Iterable[records.Port],
    subnet_ids: set[str],
    floating_ips: Iterable[records.FloatingIP],
) -> list[records.Port]:
    """Return the ports of servers that do not use a floating IP instead."""
    others = {(row.port_id, row.fixed_ip_address) for row in floating_ips}
    return [
        port
        for port in ports
        if (port.is_for_server or port.is_subport)
        and any(
            fixed_ip.subnet_id in subnet_ids
            and (port.id, fixed_ip.ip_address) not in others
            for fixed_ip in port.fixed_ips
        )
    ]


def _inner_subnets(
    interfaces: Iterable[records.Port],
) -> dict[str, set[str]]:
    """Return the inner IPv4 subnets of routers, by router."""
    found: dict[str, set[str]] = {}
    for port in interfaces:
        if port.is_router_interface:
            found.setdefault(port.device_id or '', set()).update(
                fixed_ip.subnet_id
                for fixed_ip in port.fixed_ips
                if fixed_ip.subnet_id and ':' not in fixed_ip.ip_address
            )
    return found


def _translates(match: searches.Match, router: records.Router) -> bool:
    """Return whether a router gives outgoing IPv4 traffic this address."""
    found = {match.ip_address}
    if match.port and not match.ip_address:
        found = {fixed_ip.ip_address for fixed_ip in match.port.fixed_ips}
    return any(
        gateway.has_source_nat
        and fixed_ip.ip_address in found
        and ':' not in fixed_ip.ip_address
        for gateway in router.gateways
        for fixed_ip in gateway.external_ips
    )
