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

from collections.abc import Iterator

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(search: searches.Search) -> None:
    """Add the ports with these fixed IPs, MAC addresses, IDs and devices."""
    search.rows += [
        *_with_fixed_ips(search),
        *_with_mac_addresses(search),
        *_with_ids(search),
    ]


def _with_fixed_ips(search: searches.Search) -> Iterator[searches.Match]:
    queries = searches.IPQueries(search.queries)
    found = search.ports('ip_address', queries.by_address)
    if queries.ipv6:
        found += search.ports(
            'subnet_id',
            (
                subnet.id
                for subnet in search.read(neutron.SUBNETS)
                if subnet.cidr and queries.overlap(subnet.cidr)
            ),
        )
    translated = {(match.query, match.ip_address) for match in search.rows}
    distinct = {port.id: port for port in found}.values()
    for port in sorted(distinct, key=lambda port: port.id):
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


def _with_mac_addresses(search: searches.Search) -> Iterator[searches.Match]:
    """Find the ports with MAC addresses, or with what they are made into.

    A link-local address is unique on its network only, and Neutron does not
    know it.
    """
    queries = records.grouped(search.queries, _mac_address)
    for port in search.ports('mac_address', queries):
        for query in queries[port.mac_address]:
            if query.kind is addresses.Kind.MAC_ADDRESS:
                yield searches.Match(query, 'mac-address', port=port)
            else:
                yield searches.Match(
                    query,
                    'link-local-address',
                    searches.Certainty.MAY_USE,
                    ip_address=query.value,
                    port=port,
                )


def _mac_address(query: addresses.Address) -> str | None:
    if query.kind is addresses.Kind.IP_ADDRESS:
        ip_address = addresses.parse_ip_address(query.value)
        return addresses.mac_of_link_local(ip_address)
    return query.value if query.kind is addresses.Kind.MAC_ADDRESS else None


def _with_ids(search: searches.Search) -> Iterator[searches.Match]:
    """Find the ports with an ID, or whose ID or MAC address begins so."""
    ids = {query.value: query for query in search.of(addresses.Kind.PORT)}
    prefixes = [
        *search.of(addresses.Kind.HOST_DEVICE),
        *search.of(addresses.Kind.MAC_PREFIX),
    ]

    def matches(port: records.Port) -> Iterator[searches.Match]:
        if port.id in ids:
            yield searches.Match(ids[port.id], 'port', port=port)
        for query in prefixes:
            is_device = query.kind is addresses.Kind.HOST_DEVICE
            text = port.id if is_device else port.mac_address or ''
            if text.startswith(query.value):
                matched_as = 'host-device' if is_device else 'mac-address'
                yield searches.Match(query, matched_as, port=port)

    listed = search.read(neutron.BOUND_PORTS) if prefixes else []
    found = (row.id for row in listed if any(matches(row)))
    for port in search.ports('id', (*ids, *found)):
        yield from matches(port)
