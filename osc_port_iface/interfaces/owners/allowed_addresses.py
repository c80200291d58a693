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

"""Finds ports that may use an additional address, such as a virtual IP.

Runs if an address has no owner or only a port that reserves it, or if all
matches are wanted. Neutron cannot filter by allowed address pairs, so the
subnets are listed, and all ports of the networks that have the address. A MAC
address may be on any network, so all ports are listed for it.

On OVN, the port that reserves a virtual IP has the host from which it was last
announced, so that one of the ports there holds it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
from typing import TypeAlias

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


# The CIDRs of subnets, by network.
_Cidrs: TypeAlias = Mapping[str, list[addresses.IPNetwork]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Target:
    """An address that other ports may use.

    :ivar ip_address: The address; None if it is a MAC address.
    :ivar network_ids: The networks that have it; None for any.
    :ivar reserved_by: The port that reserves it.
    :ivar floating_ip: The floating IP that leads to that port.
    """

    query: addresses.Address
    ip_address: addresses.IPAddress | None
    network_ids: frozenset[str] | None
    reserved_by: records.Port | None = None
    floating_ip: records.FloatingIP | None = None


def find(
    read: searches.Reader,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> list[searches.Match]:
    """Add the ports that may use the addresses."""
    queries = [
        query
        for query in search.open_queries(matches)
        if query.kind
        in (addresses.Kind.IP_ADDRESS, addresses.Kind.MAC_ADDRESS)
    ]
    reserved = [
        match for match in matches if match.port and match.port.only_reserves
    ]
    cidrs = _cidrs_by_network(_subnets(read, queries, reserved))
    targets = list(_targets(queries, reserved, cidrs))
    ports = _ports(read, targets)
    allowed = [
        match for target in targets for match in _allowed(target, ports, cidrs)
    ]
    found = list(matches)
    for of_query in records.grouped(allowed, lambda row: row.query).values():
        narrow = [match for match in of_query if not match.is_any_address]
        # If all matches are wanted, the same ones are found twice.
        found += dict.fromkeys(narrow or of_query)
    return found


def _targets(
    queries: Iterable[addresses.Address],
    reserved: Iterable[searches.Match],
    cidrs: _Cidrs,
) -> Iterator[_Target]:
    for match in reserved:
        known = match.fixed_ip_address
        reserved_ips = (
            [known] if known else [row.ip_address for row in match.fixed_ips]
        )
        for reserved_ip in reserved_ips:
            yield _Target(
                match.query,
                addresses.parse_ip_address(reserved_ip),
                frozenset(filter(None, [match.network_id])),
                match.port,
                match.floating_ip,
            )
    for query in queries:
        if query.kind is addresses.Kind.MAC_ADDRESS:
            yield _Target(query, None, None)
        else:
            ip_address = addresses.parse_ip_address(query.value)
            yield _Target(
                query,
                ip_address,
                frozenset(
                    network_id
                    for network_id, found in cidrs.items()
                    if any(ip_address in cidr for cidr in found)
                ),
            )


def _subnets(
    read: searches.Reader,
    queries: Iterable[addresses.Address],
    reserved: Iterable[searches.Match],
) -> list[records.Subnet]:
    """Read the subnets that could contain the addresses."""
    if any(query.kind is addresses.Kind.IP_ADDRESS for query in queries):
        return read.rows(neutron.SUBNETS)
    return read.rows(
        neutron.SUBNETS,
        'id',
        (
            fixed_ip.subnet_id
            for match in reserved
            for fixed_ip in match.fixed_ips
        ),
    )


def _cidrs_by_network(subnets: Iterable[records.Subnet]) -> _Cidrs:
    found: dict[str, list[addresses.IPNetwork]] = {}
    for subnet in subnets:
        if subnet.network_id and subnet.cidr:
            found.setdefault(subnet.network_id, []).append(
                addresses.parse_ip_network(subnet.cidr)
            )
    return found


def _ports(
    read: searches.Reader, targets: Sequence[_Target]
) -> list[records.Port]:
    if any(target.network_ids is None for target in targets):
        return read.rows(neutron.PORTS)
    network_ids = frozenset[str]().union(
        *(target.network_ids or () for target in targets)
    )
    return read.rows(neutron.PORTS, 'network_id', sorted(network_ids))


def _allowed(
    target: _Target,
    ports: Iterable[records.Port],
    cidrs: _Cidrs,
) -> Iterator[searches.Match]:
    pairs = [
        (port, pair)
        for port in ports
        if port.address_pairs
        and (
            target.network_ids is None or port.network_id in target.network_ids
        )
        and (pair := _pair(port, target))
    ]
    holder = _holder(target, pairs)
    for port, pair in pairs:
        yield searches.Match(
            target.query,
            'allowed-address',
            searches.Certainty.HOLDS
            if port is holder
            else searches.Certainty.MAY_USE,
            ip_address=str(target.ip_address) if target.ip_address else None,
            port=port,
            floating_ip=target.floating_ip,
            pair=pair,
            is_any_address=_allows_any_address(
                pair, target, cidrs.get(port.network_id, ())
            ),
        )


def _holder(
    target: _Target,
    pairs: Iterable[tuple[records.Port, records.AddressPair]],
) -> records.Port | None:
    """Return the port that holds the address now, if only one can.

    OVN watches the ports whose pair is the address and nothing else. It binds
    a subport on the host of its parent, which Neutron does not show here.
    """
    host = target.reserved_by and target.reserved_by.holder_host
    candidates = [
        port
        for port, pair in pairs
        if host
        and port.status == 'ACTIVE'
        and pair.network.num_addresses == 1
        and (port.host == host or port.is_subport)
    ]
    if len(candidates) == 1 and candidates[0].host == host:
        return candidates[0]
    return None


def _pair(port: records.Port, target: _Target) -> records.AddressPair | None:
    """Return the pair with which a port may use an address of another."""
    if target.ip_address is None:
        return next(
            (
                pair
                for pair in port.address_pairs
                if (pair.mac_address or '').lower() == target.query.value
                and pair.mac_address != port.mac_address
            ),
            None,
        )
    if str(target.ip_address) in {row.ip_address for row in port.fixed_ips}:
        return None
    return port.pair_covering(target.ip_address)


def _allows_any_address(
    pair: records.AddressPair,
    target: _Target,
    cidrs: Iterable[addresses.IPNetwork],
) -> bool:
    """Return whether a pair covers the whole subnet of the address."""
    if target.ip_address is None:
        return False
    allowed = pair.network
    return allowed.prefixlen == 0 or (
        allowed.num_addresses > 1
        and any(
            target.ip_address in cidr and addresses.covers(allowed, cidr)
            for cidr in cidrs
        )
    )
