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

"""What is looked for, and what has been found so far."""

from collections.abc import Iterable, Iterator
import dataclasses
import enum
import ipaddress

from osc_port_iface import addresses
from osc_port_iface import records


# What Neutron calls the port by which a router reaches the outside.
GATEWAY_OWNER = 'network:router_gateway'


class Certainty(enum.Enum):
    """How sure it is that a server is behind an address.

    From the surest on: the address is its own; it has some ports of it; it
    is allowed to use it; it is among those that leave by it.
    """

    OWNS = 'owns'
    FORWARDS = 'forwards'
    MAY_USE = 'may-use'
    BEHIND = 'behind'


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """One thing that an address leads to.

    :ivar query: What was looked for.
    :ivar matched_as: By what it was found, such as ``fixed-ip``.
    :ivar certainty: How sure it is.
    :ivar ip_address: The IP address that was found, if it was one.
    :ivar port: The port that it leads to.
    :ivar floating_ip: The floating IP on the way.
    :ivar forwarding: The port forwarding on the way.
    :ivar pair: The allowed address pair on the way.
    :ivar is_any_address: Whether that pair allows every address there is on
        the subnet, so that it says little about this one.
    :ivar parent: The parent port, where the port is a subport.
    :ivar subport: How the trunk carries it.
    :ivar router: The router on the way.
    :ivar server: The server; None where something else has the port, or
        nothing does.
    :ivar project: The project of the port, or else of what leads to it.
    :ivar network: The network, as Neutron describes it.
    :ivar device_name: The name of the router or load balancer that has the
        port.
    """

    query: addresses.Address
    matched_as: str
    certainty: Certainty = Certainty.OWNS
    ip_address: str | None = None
    port: records.Port | None = None
    floating_ip: records.FloatingIP | None = None
    forwarding: records.PortForwarding | None = None
    pair: records.AddressPair | None = None
    is_any_address: bool = False
    parent: records.Port | None = None
    subport: records.Subport | None = None
    router: records.Router | None = None
    server: records.Server | None = None
    project: records.Project | None = None
    network: records.Network | None = None
    device_name: str | None = None

    @property
    def is_direct(self) -> bool:
        """Whether the port itself is what was looked for."""
        return (
            self.port is not None
            and self.floating_ip is None
            and self.pair is None
            and self.router is None
        )

    @property
    def server_id(self) -> str | None:
        """The server that the port was made for, existing or not."""
        port = self.parent or self.port
        return port.server_id if port else None

    @property
    def project_id(self) -> str | None:
        """Whose port it is, or whose floating IP or router."""
        owners = (self.port, self.floating_ip, self.router)
        found = (owner.project_id for owner in owners if owner)
        return next(filter(None, found), None)

    @property
    def network_id(self) -> str | None:
        """The network of the port, or else that of the address."""
        if self.port:
            return self.port.network_id
        if self.floating_ip:
            return self.floating_ip.network_id
        return self.router.external_network_id if self.router else None

    @property
    def device_owner(self) -> str | None:
        """What the port is for; a gateway's may not be visible itself."""
        if self.port:
            return self.port.device_owner
        return GATEWAY_OWNER if self.router else None

    @property
    def device_id(self) -> str | None:
        """Which device the port is for."""
        if self.port:
            return self.port.device_id
        return self.router.id if self.router else None

    @property
    def fixed_ip_address(self) -> str | None:
        """The fixed IP that the address leads to, if that is known."""
        if self.forwarding:
            return self.forwarding.internal_ip_address
        if self.floating_ip and self.pair is None:
            return self.floating_ip.fixed_ip_address
        if self.certainty is Certainty.OWNS and self.port:
            return self.ip_address
        return None


Answer = records.Answer[Match]


@dataclasses.dataclass(frozen=True)
class Search:
    """What is looked for, and what has been found so far.

    :ivar queries: What is looked for, each once.
    :ivar all_matches: Whether what may use an address is wanted even where
        something owns it.
    :ivar behind: Whether the servers that leave by a router are wanted.
    :ivar matches: What has been found.
    """

    queries: tuple[addresses.Address, ...]
    all_matches: bool = False
    behind: bool = False
    matches: tuple[Match, ...] = ()

    def having(self, matches: Iterable[Match]) -> 'Search':
        """Return the same search, with these matches found."""
        return dataclasses.replace(self, matches=tuple(matches))

    def values(self, kind: addresses.Kind) -> dict[str, addresses.Address]:
        """Return what is looked for of one kind."""
        return {
            query.value: query for query in self.queries if query.kind is kind
        }

    def unmatched(self) -> list[addresses.Address]:
        """Return what nothing has been found for."""
        found = {match.query for match in self.matches}
        return [query for query in self.queries if query not in found]

    def undecided(self) -> list[addresses.Address]:
        """Return what to look further for: all of it if that is asked for."""
        return list(self.queries) if self.all_matches else self.unmatched()


class IPQueries:
    """Finds the queries that an IP address answers."""

    def __init__(self, queries: Iterable[addresses.Address]) -> None:
        """Take the addresses and the CIDRs among some queries."""
        self._single: dict[str, addresses.Address] = {}
        self._cidrs: list[tuple[addresses.IPNetwork, addresses.Address]] = []
        for query in queries:
            if query.kind is addresses.Kind.IP_ADDRESS:
                self._single[query.value] = query
            elif query.kind is addresses.Kind.CIDR:
                network = ipaddress.ip_network(query.value)
                self._cidrs.append((network, query))

    def __bool__(self) -> bool:
        """Tell whether any is among them."""
        return bool(self._single or self._cidrs)

    def of(self, ip_address: str) -> Iterator[addresses.Address]:
        """Return the queries that an address answers."""
        found = addresses.parse_ip_address(ip_address)
        if query := self._single.get(str(found)):
            yield query
        for network, query in self._cidrs:
            if found in network:
                yield query

    def ip_addresses(self) -> list[str]:
        """Return all addresses, but those of the CIDRs of IPv6."""
        found = dict.fromkeys(self._single)
        for network, _query in self._cidrs:
            if network.version == 4:
                found.update(dict.fromkeys(map(str, network)))
        return list(found)

    def ipv6_networks(self) -> list[addresses.IPNetwork]:
        """Return the CIDRs of IPv6, which have too many addresses."""
        return [
            network for network, _query in self._cidrs if network.version == 6
        ]
