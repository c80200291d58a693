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

"""Finds ports that have an address themselves.

Requests: the addresses, in batches, including those of an IPv4 CIDR or range.
For one of IPv6, the subnets, and the ports of those that overlap it. For the
beginning of an ID or a MAC address, a listing of all ports, as Neutron has no
such filter, and then the ports that match.
"""

from collections.abc import Iterable, Iterator
import dataclasses
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(search: searches.Search) -> None:
    """Add the ports with these fixed IPs, MAC addresses, IDs and devices."""
    search.rows += [
        *_with_fixed_ips(search),
        *_with(search, 'mac_address', _by_mac_address(search)),
        *_with(
            search,
            'id',
            [
                (query.value, searches.Match(query, 'port'))
                for query in search.of(addresses.Kind.PORT)
            ],
        ),
        *_with_prefixes(search),
    ]


def _with_fixed_ips(search: searches.Search) -> Iterator[searches.Match]:
    queries = searches.IPQueries(search.queries)
    found = search.ports('ip_address', queries.by_address)
    if networks := [network for network, _query in queries.ipv6]:
        subnets = search.read(neutron.SUBNETS)
        found += search.ports(
            'subnet_id',
            (subnet.id for subnet in subnets if _overlaps(subnet, networks)),
        )
    translated = {(match.query, match.ip_address) for match in search.rows}
    ports_by_id = {port.id: port for port in found}
    for port_id in sorted(ports_by_id):
        port = ports_by_id[port_id]
        for fixed_ip in port.fixed_ips:
            for query in queries.of(fixed_ip.ip_address):
                # A floating IP has a port of its own on the external network,
                # which is not another owner of the address.
                if not port.is_of_floating_ip or (
                    (query, fixed_ip.ip_address) not in translated
                ):
                    yield searches.Match(
                        query,
                        'fixed-ip',
                        ip_address=fixed_ip.ip_address,
                        port=port,
                    )


def _overlaps(
    subnet: records.Subnet, networks: Iterable[addresses.IPNetwork]
) -> bool:
    if subnet.cidr is None:
        return False
    cidr = ipaddress.ip_network(subnet.cidr)
    return any(
        cidr.version == found.version and cidr.overlaps(found)
        for found in networks
    )


def _by_mac_address(
    search: searches.Search,
) -> Iterator[tuple[str, searches.Match]]:
    """Return what a port with a MAC address would match."""
    for query in search.of(addresses.Kind.MAC_ADDRESS):
        yield query.value, searches.Match(query, 'mac-address')
    for query in search.of(addresses.Kind.IP_ADDRESS):
        # Such an address is unique on its network only, and Neutron does not
        # know it.
        ip_address = addresses.parse_ip_address(query.value)
        if mac_address := addresses.mac_of_link_local(ip_address):
            yield (
                mac_address,
                searches.Match(
                    query,
                    'link-local-address',
                    searches.Certainty.MAY_USE,
                    ip_address=query.value,
                ),
            )


def _with(
    search: searches.Search,
    name: str,
    wanted: Iterable[tuple[str, searches.Match]],
) -> Iterator[searches.Match]:
    """Find the ports that have certain values.

    :param name: The attribute of ports, which is also a filter.
    :param wanted: The values, each with what a port with it matches.
    """
    by_value = records.grouped(wanted, lambda pair: pair[0])
    for port in search.ports(name, by_value):
        for _value, match in by_value[getattr(port, name)]:
            yield dataclasses.replace(match, port=port)


def _with_prefixes(search: searches.Search) -> Iterator[searches.Match]:
    """Find the ports whose ID or MAC address begins with something."""
    kinds = (
        ('host-device', 'id', search.of(addresses.Kind.HOST_DEVICE)),
        ('mac-address', 'mac_address', search.of(addresses.Kind.MAC_PREFIX)),
    )

    def matches(port: records.Port) -> list[searches.Match]:
        return [
            searches.Match(query, matched_as, port=port)
            for matched_as, name, queries in kinds
            for query in queries
            if (getattr(port, name) or '').startswith(query.value)
        ]

    if any(queries for _matched_as, _name, queries in kinds):
        listed = search.read(neutron.PORT_ADDRESSES)
        ids = (row.id for row in listed if matches(row))
        for port in search.ports('id', ids):
            yield from matches(port)
