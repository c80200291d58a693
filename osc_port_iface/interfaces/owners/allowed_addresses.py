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
from typing import TypeAlias

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records

# An address that other ports of a network may use: the query, the address and
# the network.
_Target: TypeAlias = tuple[addresses.Address, str, str | None]


def find(search: searches.Search) -> None:
    """Add the ports that may use the addresses."""
    queries = records.grouped(search.open_queries, lambda query: query.kind)
    mac_addresses = queries.get(addresses.Kind.MAC_ADDRESS, [])
    targets = _targets(search, queries.get(addresses.Kind.IP_ADDRESS, []))
    listed = (
        search.read(neutron.PORTS)
        if mac_addresses
        else search.read(
            neutron.PORTS,
            'network_id',
            (network_id for _query, _text, network_id in targets),
        )
    )
    # Few have pairs, and there may be thousands of targets.
    ports = [port for port in listed if port.address_pairs]
    search.rows += _with_mac_addresses(
        {row.value: row for row in mac_addresses}, ports
    )
    allowed = [
        match
        for target, reserved in targets.items()
        for match in _allowed(target, reserved, ports)
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
) -> Mapping[_Target, searches.Match | None]:
    """Return the addresses that are reserved, and those that are open.

    An address that is reserved on a network is open on the others.

    :returns: The match of the port that reserves each, if one does.
    """
    targets: dict[_Target, searches.Match | None] = {
        (match.query, text, match.network_id): match
        for match in search.rows
        if match.port and match.port.only_reserves
        for text in (
            [match.fixed_ip_address]
            if match.fixed_ip_address
            else [row.ip_address for row in match.fixed_ips]
        )
    }
    networks = [
        (subnet.network_id, addresses.parse_ip_network(subnet.cidr))
        for subnet in (search.read(neutron.SUBNETS) if queries else ())
        if subnet.cidr
    ]
    for query in queries:
        ip_address = addresses.parse_ip_address(query.value)
        for network_id, cidr in networks:
            if ip_address in cidr:
                targets.setdefault((query, query.value, network_id), None)
    return targets


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
    target: _Target,
    reserved: searches.Match | None,
    ports: Iterable[records.Port],
) -> Iterator[searches.Match]:
    """Find the ports with a pair for an address that is not their own.

    :param reserved: The match of the port that reserves it, if one does.
    """
    query, text, network_id = target
    ip_address = addresses.parse_ip_address(text)
    pairs = [
        (port, pair)
        for port in ports
        if port.network_id == network_id
        and not port.has_address(text)
        and (pair := port.pair_covering(ip_address))
    ]
    holder = _holder(reserved, pairs)
    for port, pair in pairs:
        yield searches.Match(
            query,
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
    reserved: searches.Match | None,
    pairs: Iterable[tuple[records.Port, records.AddressPair]],
) -> records.Port | None:
    """Return the port that holds the address now, if only one can.

    OVN watches the ports whose pair is the address and nothing else. It binds
    a subport on the host of its parent, which Neutron does not show here.
    """
    reserved_by = reserved and reserved.port
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
