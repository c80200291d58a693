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

from collections.abc import Hashable, Iterable, Iterator
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

# The queries that several addresses match.
WIDE = (addresses.Kind.CIDR, addresses.Kind.RANGE)


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


@dataclasses.dataclass(frozen=True, slots=True)
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
    :ivar is_any_address: Whether that pair allows every address of the subnet,
        so that it says little about this one.
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
    is_any_address: bool = False
    parent: records.Port | None = None
    subport: records.Subport | None = None
    router: records.Router | None = None
    gateway: records.Gateway | None = None

    @property
    def identity(self) -> Identity:
        """What tells it from other matches, in whichever region it is read."""
        return (
            *(self.query, self.matched_as, self.ip_address),
            *(self.port and self.port.id, self.parent and self.parent.id),
            self.floating_ip and self.floating_ip.id,
            self.router and self.router.id,
            *(self.forwarding, self.pair),
        )

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
    def project_id(self) -> str | None:
        """The project of the port, or else of the floating IP or router."""
        owners = (self.port, self.floating_ip, self.router)
        return next((o.project_id for o in owners if o and o.project_id), None)

    @property
    def network_id(self) -> str | None:
        """The network of the port, or else of the address."""
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


class Reader:
    """Reads what a search needs, and remembers what could not be read.

    :ivar cloud: The services.
    :ivar failures: A line for each thing that could not be read.
    """

    def __init__(self, cloud: api_cloud.Cloud) -> None:
        """Prepare to read; nothing is requested."""
        self.cloud = cloud
        self.failures: list[str] = []

    def ports(self, name: str, values: paging.Values) -> list[records.Port]:
        """Read the ports that match a filter, ordered by ID."""
        found = self.rows(neutron.PORTS, name, values)
        return sorted(found, key=lambda port: port.id)

    def rows(
        self,
        collection: paging.Collection[_Row],
        name: str = '',
        values: paging.Values = (),
    ) -> list[_Row]:
        """Read rows of a collection of Neutron."""
        return self.rows_of(self.cloud.network.list(collection, name, values))

    def rows_of(self, answer: records.Answer[_Any]) -> list[_Any]:
        """Return the rows of an answer, and remember its failures."""
        self.failures += answer.failures
        return answer.rows


@dataclasses.dataclass(frozen=True)
class Search:
    """What to look for.

    :ivar queries: The addresses to look for, without duplicates.
    :ivar all_matches: Whether to find everything that may use an address even
        if something owns it.
    :ivar behind: Whether to find the servers behind routers and load
        balancers.
    """

    queries: tuple[addresses.Address, ...]
    all_matches: bool = False
    behind: bool = False

    def of(self, *kinds: addresses.Kind) -> list[addresses.Address]:
        """Return the queries of some kinds."""
        return [query for query in self.queries if query.kind in kinds]

    def open_queries(
        self, matches: Iterable[Match]
    ) -> list[addresses.Address]:
        """Return the queries whose owners are still looked for.

        :param matches: The matches so far.
        :returns: The queries without a match, and those for several addresses,
            of which one may still have none; all if all matches are wanted.
        """
        found = {match.query for match in matches}
        return [
            query
            for query in self.queries
            if self.all_matches or query.kind in WIDE or query not in found
        ]


class IPQueries:
    """Finds the queries that an IP address matches."""

    def __init__(self, queries: Iterable[addresses.Address]) -> None:
        """Take the addresses, the CIDRs and the ranges among some queries."""
        self._single: dict[str, list[addresses.Address]] = {}
        self._wide: list[tuple[addresses.IPNetwork, addresses.Address]] = []
        for query in queries:
            if query.kind is addresses.Kind.IP_ADDRESS:
                self._single.setdefault(query.value, []).append(query)
            else:
                self._wide += ((network, query) for network in query.networks)

    def __bool__(self) -> bool:
        """Return whether there are any such queries."""
        return bool(self._single or self._wide)

    def of(self, ip_address: str) -> Iterator[addresses.Address]:
        """Return the queries that an address matches."""
        found = addresses.parse_ip_address(ip_address)
        yield from self._single.get(str(found), ())
        for network, query in self._wide:
            if found in network:
                yield query

    def ip_addresses(self) -> list[str]:
        """Return all addresses, except those in wide queries of IPv6."""
        found = dict.fromkeys(self._single)
        for network, _query in self._wide:
            if network.version == 4:
                found.update(dict.fromkeys(map(str, network)))
        return list(found)

    def ipv6_networks(self) -> list[addresses.IPNetwork]:
        """Return the wide queries of IPv6, which have too many addresses."""
        return [
            network for network, _query in self._wide if network.version == 6
        ]
