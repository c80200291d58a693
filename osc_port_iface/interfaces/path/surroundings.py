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

"""What is known of the surroundings of a path: records, read before."""

from collections.abc import Iterator, Mapping, Sequence
import dataclasses
import enum

from osc_port_iface import addresses
from osc_port_iface.interfaces.path import steps
from osc_port_iface import records


class Driver(enum.Enum):
    """What filters the traffic of ports; they differ in places."""

    OVN = 'OVN'
    OPEN_VSWITCH = 'Open vSwitch'
    IPTABLES = 'iptables'


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """One end of a path.

    :ivar text: What the user wrote.
    :ivar network: Its address, or its addresses if it is not one.
    :ivar port: The port that has the address; None for anything outside.
    :ivar is_internet: Whether it stands for all public addresses.
    :ivar floating_ip: The only floating IP to come by, if the user named one.
    """

    text: str
    network: addresses.IPNetwork
    port: records.Port | None = None
    is_internet: bool = False
    floating_ip: records.FloatingIP | None = None

    @property
    def address(self) -> str:
        """The address, or the CIDR if there are several."""
        return text(self.network)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Everything that was read; what the caller may not see is missing.

    :ivar project_id: The project of the caller.
    :ivar sees_all: Whether nothing is hidden from the caller.
    :ivar is_complete: Whether everything could be read that was asked for.
    :ivar drivers: The drivers that the cloud may have.
    :ivar servers: By ID, with their status.
    :ivar ports: The ports of both ends, and those at the hops, by ID.
    :ivar parents: The parent ports of subports, by the IDs of these.
    :ivar security_groups: Those of the ends, with their rules.
    :ivar remote_groups: Those that the rules refer to.
    :ivar members: The ports in the remote groups.
    :ivar floating_ips: Those that lead to the ends, or are one.
    :ivar agents: Those of the ends' hosts, for administrators.
    """

    project_id: str | None = None
    sees_all: bool = False
    is_complete: bool = True
    drivers: frozenset[Driver] = frozenset(Driver)
    servers: Mapping[str, records.Server] = dataclasses.field(
        default_factory=dict
    )
    ports: Mapping[str, records.Port] = dataclasses.field(default_factory=dict)
    parents: Mapping[str, records.Port] = dataclasses.field(
        default_factory=dict
    )
    members: Sequence[records.Port] = ()
    networks: Mapping[str, records.Network] = dataclasses.field(
        default_factory=dict
    )
    subnets: Mapping[str, records.Subnet] = dataclasses.field(
        default_factory=dict
    )
    routers: Mapping[str, records.Router] = dataclasses.field(
        default_factory=dict
    )
    floating_ips: Sequence[records.FloatingIP] = ()
    security_groups: Mapping[str, records.SecurityGroup] = dataclasses.field(
        default_factory=dict
    )
    remote_groups: Mapping[str, records.SecurityGroup] = dataclasses.field(
        default_factory=dict
    )
    address_groups: Mapping[str, records.AddressGroup] = dataclasses.field(
        default_factory=dict
    )
    agents: Sequence[records.Agent] = ()

    @property
    def certainty(self) -> steps.Verdict:
        """``blocked`` if what was not found does not exist."""
        if self.is_complete:
            return steps.Verdict.BLOCKED
        return steps.Verdict.UNKNOWN

    def absence(self, network_id: str) -> steps.Verdict:
        """Judge that something is not found on a network.

        :returns: ``blocked`` if the caller would see it, else ``unknown``.
        """
        owner = self.network(network_id).project_id
        if self.sees_all or (owner is not None and owner == self.project_id):
            return self.certainty
        return steps.Verdict.UNKNOWN

    def shows_members(self, group: records.SecurityGroup | None) -> bool:
        """Return whether all ports with a security group are seen.

        Only ports of its own project can have a group that is not shared.
        """
        if not self.is_complete or self.sees_all:
            return self.is_complete
        return (
            group is not None
            and group.project_id is not None
            and group.project_id == self.project_id
            and group.is_shared is False
        )

    def is_provider(self, network_id: str) -> bool:
        """Return whether a network may lead to routers outside Neutron."""
        network = self.network(network_id)
        return bool(network.is_external or network.is_shared)

    def network(self, network_id: str | None) -> records.Network:
        """Return a network; of one that is not seen, only the ID is known."""
        found = self.networks.get(network_id or '')
        return found or records.Network(network_id or '', None)

    def router(self, router_id: str | None) -> records.Router | None:
        """Return a router, unless the caller may not see it."""
        return self.routers.get(router_id or '')

    def home(self, address: addresses.IPNetwork) -> str | None:
        """Return the network that has addresses, unless it is external."""
        return next(
            (
                subnet.network_id
                for subnet in self.subnets.values()
                if holds(subnet, address)
                and self.network(subnet.network_id).is_external is False
            ),
            None,
        )

    def subnet_of(
        self, network_id: str, address: addresses.IPNetwork
    ) -> records.Subnet | None:
        """Return the subnet of a network that has an address."""
        for subnet in self.subnets.values():
            if subnet.network_id == network_id and holds(subnet, address):
                return subnet
        return None

    def interfaces(self, router_id: str) -> Iterator[records.Port]:
        """Return the ports by which a router is on its networks."""
        for port in self.ports.values():
            if port.device_id == router_id and port.is_router_interface:
                yield port


def holds(subnet: records.Subnet, address: addresses.IPNetwork) -> bool:
    """Return whether all of these addresses are in a subnet."""
    return subnet.cidr is not None and addresses.covers(
        addresses.parse_ip_network(subnet.cidr), address
    )


def text(network: addresses.IPNetwork) -> str:
    """Write an address as such, and anything larger as a CIDR."""
    if network.num_addresses == 1:
        return str(network.network_address)
    return str(network)
