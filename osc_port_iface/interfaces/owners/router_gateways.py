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

from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import printable
from osc_port_iface import records

_MATCHED_AS = 'router-gateway'


def find(search: searches.Search) -> None:
    """Add the routers and, if wanted, the servers behind them."""
    # The port of a gateway has no project, but its router does.
    of_gateways = [
        match
        for match in search.rows
        if match.is_direct and match.device_owner == searches.GATEWAY_OWNER
    ]
    routers = search.by_id(
        neutron.ROUTERS, (match.device_id for match in of_gateways)
    )
    for match in of_gateways:
        match.matched_as = _MATCHED_AS
        match.router = routers.get(match.device_id or '')
    queries = searches.IPQueries(search.open_queries)
    if queries and not any(
        match.port and match.port.shows_binding for match in search.rows
    ):
        known = {(match.query, match.ip_address) for match in search.rows}
        visible = search.read(neutron.ROUTERS)
        search.rows += [
            searches.Match(
                query,
                _MATCHED_AS,
                ip_address=row.ip_address,
                router=router,
                gateway=gateway,
            )
            for router in sorted(visible, key=lambda router: router.id)
            for gateway in router.gateways
            for row in gateway.external_ips
            for query in queries.of(row.ip_address)
            if (query, row.ip_address) not in known
        ]
    if search.behind:
        search.rows += _behind(search)


def _behind(search: searches.Search) -> list[searches.Match]:
    """Find the servers whose IPv4 traffic gateways translate.

    A server with a floating IP uses that instead.
    """
    translating = [
        (match, match.router)
        for match in search.rows
        if match.router and _translates(match, match.router)
    ]
    search.notices += (
        _(
            'Router %s has extra routes, and servers behind other routers are '
            'not shown'
        )
        % printable.escape(router.name or router.id)
        for _match, router in translating
        if router.routes
    )
    router_ids = [router.id for _match, router in translating]
    inner = dict.fromkeys(
        (port.device_id, row.subnet_id)
        for port in search.ports('device_id', router_ids)
        if port.is_router_interface
        for row in port.fixed_ips
        if row.subnet_id and ':' not in row.ip_address
    )
    ports = search.ports('subnet_id', (subnet_id for _id, subnet_id in inner))
    translated = {
        (row.port_id, row.fixed_ip_address)
        for row in search.read(neutron.FLOATING_IPS, 'router_id', router_ids)
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
        for port in ports
        if port.is_for_server or port.is_subport
        if any(
            (router.id, row.subnet_id) in inner
            and (port.id, row.ip_address) not in translated
            for row in port.fixed_ips
        )
    ]


def _translates(match: searches.Match, router: records.Router) -> bool:
    """Return whether a router gives outgoing IPv4 traffic this address."""
    found = {match.ip_address}
    if not match.ip_address:
        found = {row.ip_address for row in match.fixed_ips}
    return any(
        gateway.has_source_nat
        and fixed_ip.ip_address in found
        and ':' not in fixed_ip.ip_address
        for gateway in router.gateways
        for fixed_ip in gateway.external_ips
    )
