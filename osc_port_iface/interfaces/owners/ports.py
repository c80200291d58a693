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

from collections.abc import Iterable, Iterator, Sequence
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(
    read: searches.Reader,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> list[searches.Match]:
    """Add the ports with these fixed IPs, MAC addresses, IDs and devices."""
    return [
        *matches,
        *_with_fixed_ips(read, search, matches),
        *_with(read, 'mac_address', search.of(addresses.Kind.MAC_ADDRESS)),
        *_with(read, 'id', search.of(addresses.Kind.PORT)),
        *_with_link_local_addresses(read, search),
        *_with_prefixes(read, search),
    ]


def _with_fixed_ips(
    read: searches.Reader,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> Iterator[searches.Match]:
    queries = searches.IPQueries(search.queries)
    found = read.ports('ip_address', queries.ip_addresses())
    if networks := queries.ipv6_networks():
        subnets = read.rows(neutron.SUBNETS)
        found += read.ports(
            'subnet_id',
            (subnet.id for subnet in subnets if _overlaps(subnet, networks)),
        )
    translated = {
        (match.query, match.ip_address)
        for match in matches
        if match.floating_ip
    }
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


def _with(
    read: searches.Reader,
    name: str,
    queries: Iterable[addresses.Address],
) -> Iterator[searches.Match]:
    """Find the ports with MAC addresses or IDs."""
    by_value = {query.value: query for query in queries}
    for port in read.ports(name, by_value):
        query = by_value[(getattr(port, name) or '').lower()]
        yield searches.Match(query, query.kind.value, port=port)


def _with_link_local_addresses(
    read: searches.Reader, search: searches.Search
) -> Iterator[searches.Match]:
    """Find the ports whose MAC addresses link-local addresses are made of.

    Such an address is unique on its network only, and Neutron does not know
    it.
    """
    queries = records.grouped(
        search.of(addresses.Kind.IP_ADDRESS),
        lambda query: addresses.mac_of_link_local(
            addresses.parse_ip_address(query.value)
        ),
    )
    for port in read.ports('mac_address', queries):
        for query in queries[(port.mac_address or '').lower()]:
            yield searches.Match(
                query,
                'link-local-address',
                searches.Certainty.MAY_USE,
                ip_address=query.value,
                port=port,
            )


def _with_prefixes(
    read: searches.Reader, search: searches.Search
) -> Iterator[searches.Match]:
    """Find the ports whose ID or MAC address begins with something."""
    devices = search.of(addresses.Kind.HOST_DEVICE)
    mac_prefixes = search.of(addresses.Kind.MAC_PREFIX)
    if not devices and not mac_prefixes:
        return

    def matches(port: records.Port) -> list[searches.Match]:
        mac_address = (port.mac_address or '').lower()
        return [
            searches.Match(query, matched_as, port=port)
            for matched_as, value, queries in (
                ('host-device', port.id, devices),
                ('mac-address', mac_address, mac_prefixes),
            )
            for query in queries
            if value.startswith(query.value)
        ]

    listed = read.rows(neutron.PORT_ADDRESSES)
    for port in read.ports('id', (row.id for row in listed if matches(row))):
        yield from matches(port)
