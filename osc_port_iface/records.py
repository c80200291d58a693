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

"""What the layers hand to one another: plain records without any I/O.

None stands for what is not known, not visible or not there; no text in a
record is ever empty.
"""

import dataclasses
import datetime
from typing import Generic, TypeVar

from osc_port_iface import addresses

Row = TypeVar('Row')

# What Nova makes of the device owner of a server's port, before the name of
# the availability zone.
_SERVER_OWNER = 'compute:'

# Neutron's, once a subport is wired (neutron/services/trunk/constants.py).
_SUBPORT_OWNER = 'trunk:subport'


@dataclasses.dataclass
class Answer(Generic[Row]):
    """Rows, and what a reader must know about those that are not there.

    :ivar rows: What could be read.
    :ivar failures: A line for each thing that could not be read, so that the
        answer is incomplete.
    :ivar notices: A line for each thing that is missing because this caller
        is not shown it, which is not a failure.
    """

    rows: list[Row]
    failures: list[str] = dataclasses.field(default_factory=list)
    notices: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class FixedIP:
    """One address of an interface; Nova's cache does not know the subnet."""

    ip_address: str
    subnet_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Interface:
    """One port that is plugged into a server.

    Nova's cache knows only the MAC address, the addresses and the label of
    the network.
    """

    mac_address: str | None
    fixed_ips: tuple[FixedIP, ...]
    port_id: str | None = None
    network_id: str | None = None
    port_state: str | None = None
    tag: str | None = None
    network_label: str | None = None
    floating_ips: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A server as Nova's listing shows it.

    Without details, only ``id`` and ``name`` are known. ``host`` is visible
    to administrators only.

    :ivar cache: Nova's network info cache, in Nova's order.
    """

    id: str
    name: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    status: str | None = None
    host: str | None = None
    task_state: str | None = None
    cache: tuple[Interface, ...] = ()

    @property
    def in_down_cell(self) -> bool:
        """Whether Nova cannot reach what it knows of the server."""
        return self.status == 'UNKNOWN'


@dataclasses.dataclass(frozen=True, slots=True)
class InstanceAction:
    """Something that was done to a server.

    :ivar action: Its name, such as ``attach_interface``.
    :ivar failed: Whether Nova gave it up.
    :ivar seconds_ago: When it began or last changed, by the clock of Nova.
    """

    action: str
    request_id: str | None
    failed: bool
    seconds_ago: float


@dataclasses.dataclass(frozen=True, slots=True)
class AddressPair:
    """An address, or a CIDR, that a port may use beside its own."""

    ip_address: str
    mac_address: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Subport:
    """A port that reaches a server through the trunk of a parent port."""

    port_id: str
    segmentation_type: str | None
    segmentation_id: int | None
    mac_address: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Trunk:
    """A parent port, and the subports that reach its server through it."""

    id: str
    port_id: str
    status: str | None = None
    admin_state_up: bool | None = None
    subports: tuple[Subport, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Port:
    """A port as Neutron shows it."""

    id: str
    network_id: str
    mac_address: str | None
    fixed_ips: tuple[FixedIP, ...]
    status: str | None = None
    name: str | None = None
    device_id: str | None = None
    device_owner: str | None = None
    project_id: str | None = None
    security_group_ids: tuple[str, ...] = ()
    vnic_type: str | None = None
    vif_type: str | None = None
    host: str | None = None
    admin_state_up: bool | None = None
    ip_allocation: str | None = None
    address_pairs: tuple[AddressPair, ...] = ()
    port_security_enabled: bool | None = None
    qos_policy_id: str | None = None
    network_qos_policy_id: str | None = None
    dns_name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    trunk_id: str | None = None
    subports: tuple[Subport, ...] = ()
    pci_slot: str | None = None
    migrating_to: str | None = None
    seconds_unchanged: float | None = None

    @property
    def shows_binding(self) -> bool:
        """Whether the caller is shown where the port is bound."""
        return self.vif_type is not None

    @property
    def server_id(self) -> str | None:
        """The server that Nova made the port for, existing or not.

        The device ID is free text that a tenant may set: what is not a UUID
        is not a server's ID.
        """
        if self.is_for_server and self.device_id:
            return (
                self.device_id if addresses.is_uuid(self.device_id) else None
            )
        return None

    @property
    def is_for_server(self) -> bool:
        """Whether its device owner says that it belongs to a server."""
        return (self.device_owner or '').startswith(_SERVER_OWNER)

    @property
    def is_nobodys(self) -> bool:
        """Whether it has no owner and no device, and just its addresses.

        So it is with the port that reserves a virtual IP, and with a subport
        until it is wired.
        """
        return not self.device_owner and not self.device_id

    @property
    def is_subport(self) -> bool:
        """Whether a trunk carries it."""
        return self.device_owner == _SUBPORT_OWNER

    @property
    def load_balancer_id(self) -> str | None:
        """The load balancer whose virtual IP it has.

        Octavia's network driver calls the device ``lb-`` and the ID
        (``octavia/network/drivers/neutron/allowed_address_pairs.py``).
        """
        prefix, _lb, identifier = (self.device_id or '').partition('lb-')
        if prefix or not addresses.is_uuid(identifier):
            return None
        return identifier

    def as_interface(self) -> Interface:
        """Make of it what os-interface shows, except for the tag."""
        return Interface(
            port_id=self.id,
            network_id=self.network_id,
            mac_address=self.mac_address,
            fixed_ips=self.fixed_ips,
            port_state=self.status,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class PortBinding:
    """One of the bindings of a port, of which one is ACTIVE."""

    host: str
    status: str | None

    @property
    def id(self) -> str:
        """What tells it from the other bindings of the port."""
        return self.host


@dataclasses.dataclass(frozen=True, slots=True)
class Agent:
    """An agent of Neutron on a host.

    :ivar networks: The physical networks that it reaches; None where it does
        not say.
    """

    id: str
    host: str
    kind: str | None
    is_alive: bool | None
    networks: frozenset[str] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ComputeService:
    """The nova-compute of a host."""

    host: str
    is_up: bool
    is_enabled: bool


@dataclasses.dataclass(frozen=True, slots=True)
class PortForwarding:
    """A port of a floating IP that is forwarded to a port of an interface."""

    protocol: str | None
    external_port: str | None
    internal_ip_address: str | None
    internal_port: str | None
    internal_port_id: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class FloatingIP:
    """A floating IP, which leads to a port, forwards, or does neither."""

    id: str
    address: str
    network_id: str | None = None
    project_id: str | None = None
    port_id: str | None = None
    router_id: str | None = None
    fixed_ip_address: str | None = None
    port_forwardings: tuple[PortForwarding, ...] = ()
    seconds_unchanged: float | None = None

    def forwards_to(self, port: Port, forwarding: PortForwarding) -> bool:
        """Tell whether one of its forwardings leads to a port.

        Before Neutron 21 a forwarding has the address of the port only, of
        which there is one in the project unless its networks overlap.
        """
        if forwarding.internal_port_id:
            return forwarding.internal_port_id == port.id
        return port.project_id == self.project_id and any(
            fixed_ip.ip_address == forwarding.internal_ip_address
            for fixed_ip in port.fixed_ips
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Router:
    """A router, and the addresses that it has outside.

    :ivar has_source_nat: Whether what leaves by it has its address.
    """

    id: str
    name: str | None
    project_id: str | None = None
    external_network_id: str | None = None
    external_ips: tuple[FixedIP, ...] = ()
    has_source_nat: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer of Octavia."""

    id: str
    name: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """A segment that provides a network."""

    network_type: str | None = None
    segmentation_id: int | None = None
    physical_network: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Network:
    """A network; its segments are visible to administrators only."""

    id: str
    name: str | None
    mtu: int | None = None
    segments: tuple[Segment, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet of a network."""

    id: str
    name: str | None
    network_id: str | None = None
    cidr: str | None = None
    gateway_ip: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """What a security group lets pass.

    :ivar protocol: A name or a number, as it was made; any if None.
    :ivar port_range_min: The first port, or the type of ICMP.
    :ivar port_range_max: The last port, or the code of ICMP.
    """

    id: str
    direction: str
    ethertype: str | None = None
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_network: addresses.IPNetwork | None = None
    remote_group_id: str | None = None
    remote_address_group_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group.

    :ivar is_stateful: Whether replies to what it lets pass do as well; None
        where Neutron knows only groups of which that is true.
    :ivar rules: Its rules, if they were asked for.
    """

    id: str
    name: str | None
    is_stateful: bool | None = None
    rules: tuple[SecurityGroupRule, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class AddressGroup:
    """Addresses that rules of security groups share."""

    id: str
    name: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class QosPolicy:
    """A policy for the quality of service."""

    id: str
    name: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Project:
    """A project, or a domain, which has no domain itself."""

    id: str
    name: str | None
    domain_id: str | None = None
    domain_name: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Details:
    """What Neutron adds to an interface.

    :ivar forwarding_floating_ips: Floating IPs that forward ports to it, with
        only those forwardings.
    :ivar remote_groups: The security groups that rules of its own mention.
    :ivar address_groups: The address groups that they mention.
    """

    port: Port | None = None
    network: Network | None = None
    subnets: tuple[Subnet, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    floating_ips: tuple[FloatingIP, ...] = ()
    forwarding_floating_ips: tuple[FloatingIP, ...] = ()
    qos_policy: QosPolicy | None = None
    remote_groups: tuple[SecurityGroup, ...] = ()
    address_groups: tuple[AddressGroup, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class ServerInterface:
    """One interface, the server it is plugged into and what is known.

    :ivar nic_index: Its place among the interfaces of the server, from 0.
    :ivar parent_port_id: The port of the server by whose trunk it reaches the
        server, if it is a subport.
    :ivar subport: How that trunk carries it.
    """

    server: Server
    interface: Interface
    details: Details = Details()
    nic_index: int | None = None
    parent_port_id: str | None = None
    subport: Subport | None = None
