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

"""Which server owns this address? Exactly, and every one of them."""

from collections.abc import Iterable, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# Up to so many servers are asked for one by one; more, in a listing.
_FEW_SERVERS = 3

_FLOATING_IP_OWNER = 'network:floatingip'


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """One thing that has the address.

    :ivar query: What was looked for.
    :ivar matched_as: ``fixed-ip``, ``floating-ip``, ``mac-address`` or
        ``port``.
    :ivar port: The port; None for a floating IP that leads to none.
    :ivar floating_ip: The floating IP, if that is what matched.
    :ivar server: The server; None where something else owns the port, or
        nothing does.
    """

    query: addresses.Address
    matched_as: str
    port: records.Port | None
    floating_ip: records.FloatingIP | None = None
    server: records.Server | None = None


@dataclasses.dataclass
class Search:
    """What was found, what was not, and a line for each thing to know."""

    matches: list[Match]
    unmatched: list[str]
    failures: list[str]
    notices: list[str]


def search(
    compute_api: compute.ComputeApi,
    network_api: network.NetworkApi,
    queries: Iterable[addresses.Address],
    everywhere: bool,
) -> Search:
    """Find the owners of addresses.

    The requests are as many as the addresses fill URLs, and a page of
    servers for each 1,000 that there are.

    :param compute_api: Nova, which knows the names of servers.
    :param network_api: Neutron, which knows the ports.
    :param queries: The addresses. One that is given twice is looked for
        once.
    :param everywhere: Whether the caller is an administrator, who is shown
        the ports and servers of all projects.
    :returns: Every match, in the order of the queries.
    :raises errors.ApiError: Neutron did not answer.
    """
    wanted = list(
        {(query.kind, query.value): query for query in queries}.values()
    )
    found = _by_query(network_api, wanted)
    matches = [match for query in wanted for match in found[query]]
    failures: list[str] = []
    try:
        servers = _servers(compute_api, _server_ids(matches), everywhere)
    except errors.ApiError as error:
        # The ports are an answer, too.
        servers = {}
        failures.append(str(error))
    matches = [
        dataclasses.replace(match, server=servers.get(match.port.device_id))
        if match.port
        else match
        for match in matches
    ]
    return Search(
        matches,
        [
            _("'%s' matches nothing") % printable.escape(query.text)
            for query in wanted
            if not found[query]
        ],
        failures,
        [] if failures else _gone(matches, everywhere),
    )


def _by_query(
    api: network.NetworkApi, queries: Sequence[addresses.Address]
) -> dict[addresses.Address, list[Match]]:
    by_kind: dict[addresses.Kind, dict[str, addresses.Address]] = {
        kind: {} for kind in addresses.Kind
    }
    for query in queries:
        by_kind[query.kind][query.value] = query
    found: dict[addresses.Address, list[Match]] = {
        query: [] for query in queries
    }
    ips = by_kind[addresses.Kind.IP_ADDRESS]
    for match in _floating_ips(api, ips):
        found[match.query].append(match)
    for port in _sorted(
        api.ports('fixed_ips', [f'ip_address={address}' for address in ips])
    ):
        for fixed_ip in port.fixed_ips:
            asked = ips.get(
                str(addresses.parse_ip_address(fixed_ip.ip_address))
            )
            # A floating IP has a port of its own outside, which is no other
            # owner of the address.
            if asked and not (
                port.device_owner == _FLOATING_IP_OWNER and found[asked]
            ):
                found[asked].append(Match(asked, 'fixed-ip', port))
    macs = by_kind[addresses.Kind.MAC_ADDRESS]
    for port in _sorted(api.ports('mac_address', macs)):
        owned = macs[port.mac_address.lower()]
        found[owned].append(Match(owned, 'mac-address', port))
    ids = by_kind[addresses.Kind.PORT]
    for port in _sorted(api.ports('id', ids)):
        found[ids[port.id]].append(Match(ids[port.id], 'port', port))
    return found


def _floating_ips(
    api: network.NetworkApi, queries: dict[str, addresses.Address]
) -> list[Match]:
    # Neutron has floating IPs of version 4 only.
    v4 = [address for address in queries if ':' not in address]
    floating_ips = sorted(
        api.floating_ips('floating_ip_address', v4),
        key=lambda floating_ip: (floating_ip.address, floating_ip.network_id),
    )
    port_ids = dict.fromkeys(
        floating_ip.port_id
        for floating_ip in floating_ips
        if floating_ip.port_id
    )
    ports = {port.id: port for port in api.ports('id', port_ids)}
    return [
        Match(
            queries[floating_ip.address],
            'floating-ip',
            ports.get(floating_ip.port_id or ''),
            floating_ip,
        )
        for floating_ip in floating_ips
    ]


def _sorted(ports: Iterable[records.Port]) -> list[records.Port]:
    return sorted(ports, key=lambda port: port.id)


def _server_ids(matches: Iterable[Match]) -> list[str]:
    return list(
        dict.fromkeys(
            match.port.device_id
            for match in matches
            if match.port and match.port.is_of_server
        )
    )


def _servers(
    api: compute.ComputeApi, ids: list[str], everywhere: bool
) -> dict[str, records.Server]:
    if len(ids) > _FEW_SERVERS:
        wanted = set(ids)
        found = {}
        for server in api.servers(
            compute.ServerQuery(all_projects=everywhere)
        ):
            if server.id in wanted:
                found[server.id] = server
                if len(found) == len(wanted):
                    break
        return found
    found = {}
    for server_id in ids:
        try:
            found[server_id] = api.server(server_id)
        except errors.NotFound:
            continue
    return found


def _gone(matches: Iterable[Match], everywhere: bool) -> list[str]:
    text = (
        _('Port %(port)s: its server %(server)s does not exist')
        if everywhere
        else _(
            'Port %(port)s: its server %(server)s does not exist, or is not '
            'in this project'
        )
    )
    return list(
        dict.fromkeys(
            text % {'port': match.port.id, 'server': match.port.device_id}
            for match in matches
            if match.port and match.port.is_of_server and not match.server
        )
    )
