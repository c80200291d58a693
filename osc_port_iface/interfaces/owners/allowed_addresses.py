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

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


@dataclasses.dataclass(frozen=True)
class _Target:
    """An address that other ports of a network may use.

    :ivar reserved: The match of the port that reserves it, if one does.
    """

    query: addresses.Address
    ip_address: addresses.IPAddress
    reserved: searches.Match | None
    network_id: str | None


def find(search: searches.Search) -> None:
    """Add the ports that may use the addresses."""
    queries = records.grouped(search.open_queries, lambda query: query.kind)
    mac_addresses = queries.get(addresses.Kind.MAC_ADDRESS, [])
    targets = list(
        _targets(search, queries.get(addresses.Kind.IP_ADDRESS, []))
    )
    listed = (
        search.read(neutron.PORTS)
        if mac_addresses
        else search.read(
            neutron.PORTS,
            'network_id',
            (target.network_id for target in targets),
        )
    )
    # Few have pairs, and there may be thousands of targets.
    ports = [port for port in listed if port.address_pairs]
    search.rows += _with_mac_addresses(
        {row.value: row for row in mac_addresses}, ports
    )
    allowed = [
        match for target in targets for match in _allowed(target, ports)
    ]
    for of_query in records.grouped(allowed, lambda row: row.query).values():
        narrow = [
            match
            for match in of_query
            if match.pair and not match.pair.is_any_address
        ]
        search.rows += narrow or of_query


def _targets(
    search: searches.Search, queries: Sequence[addresses.Address]
) -> Iterator[_Target]:
    """Return the addresses that are reserved, and those that are open.

    An address that is reserved on a network is open on the others.
    """
    reserved = {
        (match.query, text, match.network_id): match
        for match in search.rows
        if match.port and match.port.only_reserves
        for text in (
            [match.fixed_ip_address]
            if match.fixed_ip_address
            else [row.ip_address for row in match.fixed_ips]
        )
    }
    for (query, text, network_id), match in reserved.items():
        ip_address = addresses.parse_ip_address(text)
        yield _Target(query, ip_address, match, network_id)
    networks = [
        (subnet.network_id, addresses.parse_ip_network(subnet.cidr))
        for subnet in (search.read(neutron.SUBNETS) if queries else ())
        if subnet.cidr
    ]
    for query in queries:
        ip_address = addresses.parse_ip_address(query.value)
        for network_id, cidr in networks:
            key = (query, query.value, network_id)
            if ip_address in cidr and key not in reserved:
                yield _Target(query, ip_address, None, network_id)


def _with_mac_addresses(
    queries: Mapping[str, addresses.Address], ports: Iterable[records.Port]
) -> Iterator[searches.Match]:
    """Find the ports that may use the MAC addresses of others."""
    for port in ports:
        pairs = {pair.mac_address: pair for pair in port.address_pairs[::-1]}
        for mac_address, pair in pairs.items():
            query = queries.get(mac_address or '')
            if query and mac_address != port.mac_address:
                yield searches.Match(
                    query,
                    'allowed-address',
                    searches.Certainty.MAY_USE,
                    port=port,
                    pair=pair,
                )


def _allowed(
    target: _Target, ports: Iterable[records.Port]
) -> Iterator[searches.Match]:
    """Find the ports with a pair for an address that is not their own."""
    text = str(target.ip_address)
    pairs = [
        (port, pair)
        for port in ports
        if port.network_id == target.network_id
        and not port.has_address(text)
        and (pair := port.pair_covering(target.ip_address))
    ]
    reserved = target.reserved
    holder = _holder(target, pairs)
    for port, pair in pairs:
        yield searches.Match(
            target.query,
            'allowed-address',
            searches.Certainty.HOLDS
            if port is holder
            else searches.Certainty.MAY_USE,
            ip_address=text,
            port=port,
            floating_ip=reserved.floating_ip if reserved else None,
            pair=pair,
        )


def _holder(
    target: _Target,
    pairs: Iterable[tuple[records.Port, records.AddressPair]],
) -> records.Port | None:
    """Return the port that holds the address now, if only one can.

    OVN watches the ports whose pair is the address and nothing else. It binds
    a subport on the host of its parent, which Neutron does not show here.
    """
    reserved_by = target.reserved and target.reserved.port
    host = reserved_by and reserved_by.holder_host
    candidates = [
        port
        for port, pair in pairs
        if port.status == 'ACTIVE'
        and pair.network.num_addresses == 1
        and (port.host == host or port.is_subport)
    ]
    is_sure = host and len(candidates) == 1 and candidates[0].host == host
    return candidates[0] if is_sure else None
