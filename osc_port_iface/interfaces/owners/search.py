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

"""What is looked for, and what matches it."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
import dataclasses
import enum
from typing import TypeAlias, TypeVar

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface import records

_Any = TypeVar('_Any')
_Row = TypeVar('_Row', bound=paging.HasId)

# The device owner of a port that connects a router to the outside.
GATEWAY_OWNER = 'network:router_gateway'

Identity: TypeAlias = tuple[Hashable, ...]


class Certainty(enum.Enum):
    """How certain it is that a server is behind an address.

    From most to least certain: the address is its own; some ports of the
    address are forwarded to it; it is the one that uses the address now; it is
    allowed to use the address; it is one of several whose outgoing traffic has
    the address.
    """

    OWNS = 'owns'
    FORWARDS = 'forwards'
    HOLDS = 'holds'
    MAY_USE = 'may-use'
    BEHIND = 'behind'


@dataclasses.dataclass(slots=True)
class Match:
    """Something that an address leads to.

    :ivar query: The address that was looked for.
    :ivar matched_as: How the address is used, such as ``fixed-ip``.
    :ivar certainty: How certain the match is.
    :ivar ip_address: The IP address that was found, if any.
    :ivar port: The port that it leads to.
    :ivar floating_ip: The floating IP on the way.
    :ivar forwarding: The port forwarding on the way.
    :ivar pair: The allowed address pair on the way.
    :ivar parent: The parent port, if the port is a subport.
    :ivar subport: Its segmentation in the trunk.
    :ivar router: The router on the way.
    :ivar gateway: The gateway of that router, if its port is not visible.
    """

    query: addresses.Address
    matched_as: str
    certainty: Certainty = Certainty.OWNS
    ip_address: str | None = None
    port: records.Port | None = None
    floating_ip: records.FloatingIP | None = None
    forwarding: records.PortForwarding | None = None
    pair: records.AddressPair | None = None
    parent: records.Port | None = None
    subport: records.Subport | None = None
    router: records.Router | None = None
    gateway: records.Gateway | None = None

    @property
    def identity(self) -> Identity:
        """What tells it from other matches, in whichever region it is read."""
        return (
            self.query,
            self.matched_as,
            self.ip_address,
            self.port and self.port.id,
            self.parent and self.parent.id,
            self.floating_ip and self.floating_ip.id,
            self.router and self.router.id,
            self.forwarding,
            self.pair,
        )

    @property
    def is_direct(self) -> bool:
        """Whether the port itself is what was looked for."""
        indirections = (self.floating_ip, self.pair, self.router)
        return self.port is not None and not any(indirections)

    @property
    def _plugged_port(self) -> records.Port | None:
        return self.parent or self.port

    @property
    def port_id(self) -> str | None:
        """The port that is plugged into the server."""
        return self._plugged_port.id if self._plugged_port else None

    @property
    def server_id(self) -> str | None:
        """The server of the port, whether or not it exists."""
        port = self._plugged_port
        return (port.server_id or port.unattached_server_id) if port else None

    @property
    def host(self) -> str | None:
        """The host that the port is bound to.

        With OVN, a subport is bound together with its parent, which alone
        shows the host.
        """
        ports = (self.port, self.parent)
        return next((p.host for p in ports if p and p.host), None)

    @property
    def fixed_ips(self) -> tuple[records.FixedIP, ...]:
        """The addresses of the port."""
        return self.port.fixed_ips if self.port else ()

    @property
    def _is_port_hidden(self) -> bool:
        """Whether a floating IP leads to a port that could not be read."""
        leads = self.floating_ip and self.floating_ip.port_id
        return not self.port and bool(self.forwarding or leads)

    @property
    def project_id(self) -> str | None:
        """The project of the port, or else of the floating IP or router."""
        if self._is_port_hidden:
            return None
        owners = (self.port, self.floating_ip, self.router)
        return next((o.project_id for o in owners if o and o.project_id), None)

    @property
    def network_id(self) -> str | None:
        """The network of the port, or else of the address."""
        if self._is_port_hidden:
            return None
        owner = self.port or self.floating_ip or self.gateway
        return owner.network_id if owner else None

    @property
    def device_owner(self) -> str | None:
        """The device owner, also of a gateway port that is not visible."""
        if self.port:
            return self.port.device_owner
        return GATEWAY_OWNER if self.router else None

    @property
    def device_id(self) -> str | None:
        """The device ID, also of a gateway port that is not visible."""
        if self.port:
            return self.port.device_id
        return self.router.id if self.router else None

    @property
    def fixed_ip_address(self) -> str | None:
        """The fixed IP that the address leads to, if it is known."""
        if self.forwarding:
            return self.forwarding.internal_ip_address
        if self.floating_ip and self.pair is None:
            return self.floating_ip.fixed_ip_address
        if self.certainty is Certainty.OWNS and self.port:
            return self.ip_address
        return None


@dataclasses.dataclass(kw_only=True)
class Search(records.Answer[Match]):
    """A search for addresses, and what it has found so far.

    :ivar cloud: The services.
    :ivar queries: The addresses to look for, without duplicates.
    :ivar all_matches: Whether to find everything that may use an address even
        if something owns it.
    :ivar behind: Whether to find the servers behind routers and load
        balancers.
    """

    rows: list[Match] = dataclasses.field(default_factory=list)
    cloud: api_cloud.Cloud
    queries: Sequence[addresses.Address]
    all_matches: bool = False
    behind: bool = False

    def of(self, kind: addresses.Kind) -> list[addresses.Address]:
        """Return the queries of a kind."""
        return [query for query in self.queries if query.kind is kind]

    @property
    def open_queries(self) -> list[addresses.Address]:
        """The queries whose owners are still looked for.

        These are those without a match, and ranges, of which an address may
        still have none; all if all matches are wanted.
        """
        found = {match.query for match in self.rows}
        return [
            query
            for query in self.queries
            if self.all_matches
            or query.kind is addresses.Kind.RANGE
            or query not in found
        ]

    def ports(self, name: str, values: paging.Values) -> list[records.Port]:
        """Read the ports that match a filter, ordered by ID."""
        found = self.read(neutron.PORTS, name, values)
        return sorted(found, key=lambda port: port.id)

    def read(
        self,
        collection: paging.Collection[_Row],
        name: str = '',
        values: paging.Values = (),
    ) -> list[_Row]:
        """Read rows of a collection of Neutron."""
        return self.keep(self.cloud.network.list(collection, name, values))

    def by_id(
        self, collection: paging.Collection[_Row], ids: paging.Values
    ) -> dict[str, _Row]:
        """Read rows of a collection of Neutron by their IDs."""
        return {row.id: row for row in self.read(collection, 'id', ids)}

    def keep(self, answer: records.Answer[_Any]) -> list[_Any]:
        """Return the rows of an answer, and keep its failures."""
        self.failures += answer.failures
        return answer.rows


class IPQueries:
    """Finds the queries that an IP address matches.

    :ivar by_address: The queries for each address. Ranges of IPv6 have too
        many.
    :ivar ipv6: The networks of these ranges.
    """

    def __init__(self, queries: Iterable[addresses.Address]) -> None:
        """Take the addresses and the ranges among some queries."""
        self.by_address: dict[str, list[addresses.Address]] = {}
        self.ipv6: list[tuple[addresses.IPNetwork, addresses.Address]] = []
        for query in queries:
            for network in query.networks:
                is_range = query.kind is addresses.Kind.RANGE
                if network.version == 6 and is_range:
                    self.ipv6.append((network, query))
                    continue
                for ip_address in map(str, network):
                    self.by_address.setdefault(ip_address, []).append(query)

    def __bool__(self) -> bool:
        """Return whether there are any such queries."""
        return bool(self.by_address or self.ipv6)

    def overlap(self, cidr: str) -> bool:
        """Return whether a CIDR has addresses of ranges of IPv6."""
        found = addresses.parse_ip_network(cidr)
        return any(found.overlaps(network) for network, _query in self.ipv6)

    def of(self, ip_address: str) -> Iterator[addresses.Address]:
        """Return the queries that an address matches."""
        found = addresses.parse_ip_address(ip_address)
        yield from self.by_address.get(str(found), ())
        for network, query in self.ipv6:
            if found in network:
                yield query
