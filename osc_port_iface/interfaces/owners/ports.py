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

from collections.abc import Iterable, Sequence
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import network
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(
    cloud: api_cloud.Cloud,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> searches.Answer:
    """Add the ports with these fixed IPs, MAC addresses, IDs and devices."""
    answer: searches.Answer = records.Answer(list(matches))
    for part in (
        _with_fixed_ips(cloud.network, search, matches),
        _with_mac_addresses(cloud.network, search),
        _with_ids(cloud.network, search),
        _with_link_local_addresses(cloud.network, search),
        _with_prefixes(cloud.network, search),
    ):
        answer.rows += part.rows
        answer.failures += part.failures
    return answer


def _with_fixed_ips(
    api: network.NetworkApi,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> searches.Answer:
    queries = searches.IPQueries(search.queries)
    found = api.list(neutron.PORTS, 'ip_address', queries.ip_addresses())
    if networks := queries.ipv6_networks():
        subnets = api.list(neutron.SUBNETS)
        ports = api.list(
            neutron.PORTS,
            'subnet_id',
            (
                subnet.id
                for subnet in subnets.rows
                if _overlaps(subnet, networks)
            ),
        )
        found.rows += ports.rows
        found.failures += subnets.failures + ports.failures
    translated = {
        (match.query, match.ip_address)
        for match in matches
        if match.floating_ip
    }
    ports_by_id = {port.id: port for port in found.rows}
    return records.Answer(
        [
            searches.Match(
                query, 'fixed-ip', ip_address=fixed_ip.ip_address, port=port
            )
            for port in _ordered(ports_by_id.values())
            for fixed_ip in port.fixed_ips
            for query in queries.of(fixed_ip.ip_address)
            # A floating IP has a port of its own on the external network,
            # which is not another owner of the address.
            if not port.is_of_floating_ip
            or (query, fixed_ip.ip_address) not in translated
        ],
        found.failures,
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


def _with_mac_addresses(
    api: network.NetworkApi, search: searches.Search
) -> searches.Answer:
    queries = search.values(addresses.Kind.MAC_ADDRESS)
    found = api.list(neutron.PORTS, 'mac_address', queries)
    return records.Answer(
        [
            searches.Match(
                queries[(port.mac_address or '').lower()],
                'mac-address',
                port=port,
            )
            for port in _ordered(found.rows)
        ],
        found.failures,
    )


def _with_ids(
    api: network.NetworkApi, search: searches.Search
) -> searches.Answer:
    queries = search.values(addresses.Kind.PORT)
    found = api.list(neutron.PORTS, 'id', queries)
    return records.Answer(
        [
            searches.Match(queries[port.id], 'port', port=port)
            for port in _ordered(found.rows)
        ],
        found.failures,
    )


def _with_link_local_addresses(
    api: network.NetworkApi, search: searches.Search
) -> searches.Answer:
    """Find the ports whose MAC addresses link-local addresses are made of.

    Such an address is unique on its network only, and Neutron does not know
    it.
    """
    queries: dict[str, list[addresses.Address]] = {}
    for query in search.queries:
        if query.kind is addresses.Kind.IP_ADDRESS:
            ip_address = addresses.parse_ip_address(query.value)
            if mac_address := addresses.mac_of_link_local(ip_address):
                queries.setdefault(mac_address, []).append(query)
    found = api.list(neutron.PORTS, 'mac_address', queries)
    return records.Answer(
        [
            searches.Match(
                query,
                'link-local-address',
                searches.Certainty.MAY_USE,
                ip_address=query.value,
                port=port,
            )
            for port in _ordered(found.rows)
            for query in queries[(port.mac_address or '').lower()]
        ],
        found.failures,
    )


def _with_prefixes(
    api: network.NetworkApi, search: searches.Search
) -> searches.Answer:
    """Find the ports whose ID or MAC address begins with something."""
    devices = search.values(addresses.Kind.HOST_DEVICE)
    mac_prefixes = search.values(addresses.Kind.MAC_PREFIX)
    if not devices and not mac_prefixes:
        return records.Answer([])

    def matches(port: records.Port) -> list[searches.Match]:
        mac_address = (port.mac_address or '').lower()
        return [
            searches.Match(query, matched_as, port=port)
            for matched_as, value, queries in (
                ('host-device', port.id, devices),
                ('mac-address', mac_address, mac_prefixes),
            )
            for prefix, query in queries.items()
            if value.startswith(prefix)
        ]

    listed = api.list(neutron.PORT_ADDRESSES)
    found = api.list(
        neutron.PORTS, 'id', (port.id for port in listed.rows if matches(port))
    )
    return records.Answer(
        [match for port in _ordered(found.rows) for match in matches(port)],
        listed.failures + found.failures,
    )


def _ordered(ports: Iterable[records.Port]) -> list[records.Port]:
    return sorted(ports, key=lambda port: port.id)
