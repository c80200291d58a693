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

"""Plain records, which the layers pass to one another.

None stands for anything that is unknown, not visible or absent. No text in a
record is ever empty.
"""

from collections.abc import Callable, Hashable, Iterable
import dataclasses
import datetime
from typing import Annotated, Generic, Self, TypeVar

from osc_port_iface import addresses

# Texts that the API describes further; api.reading checks them.
UUIDText = Annotated[str, 'UUID']
IPText = Annotated[str, 'IP address']
MACText = Annotated[str, 'MAC address']
CIDRText = Annotated[str, 'IP address or CIDR']

_Row = TypeVar('_Row')
_Key = TypeVar('_Key', bound=Hashable)

# Nova sets the device owner of a server's port to this, followed by the name
# of the availability zone.
_SERVER_OWNER = 'compute:'

# Linux allows 15 characters for the name of a device, and Nova uses 14
# (``NIC_NAME_LEN`` in ``nova/network/model.py``).
_DEVICE_NAME_LENGTH = 14

# The prefix of the name, by VIF type. Other types have no such device. With
# OVS and a hybrid plug, the guest's end is a tap device as well.
_TAP = ('bridge', 'iovisor', 'ivs', 'midonet', 'ovs', 'tap', 'vrouter')
_DEVICE_PREFIXES = {**dict.fromkeys(_TAP, 'tap'), 'vhostuser': 'vhu'}

# What the device owners of the ports of Neutron itself begin with.
_NEUTRON_OWNER = 'network:'

# The Neutron tag that a port has while a repair bounces it. It tells a port
# that a repair left disabled when it was killed.
BOUNCE_TAG = 'server-interface-repair-bounce'


@dataclasses.dataclass
class Answer(Generic[_Row]):
    """Rows, and messages about anything that is missing from them.

    :ivar rows: The rows that could be read.
    :ivar failures: A line for each thing that could not be read. The answer is
        then incomplete.
    :ivar notices: Lines that the user should read, and that are no failures:
        nothing is selected, or the caller may not see something.
    """

    rows: list[_Row]
    failures: list[str] = dataclasses.field(default_factory=list)
    notices: list[str] = dataclasses.field(default_factory=list)


class Missing(str):
    """A line that says that something is not shown, or does not exist.

    :ivar name: What it is, as the user wrote it; empty for whatever was asked
        for.
    """

    name: str

    def __new__(cls, line: str, name: str = '') -> Self:
        """Mark a line."""
        missing = super().__new__(cls, line)
        missing.name = name
        return missing


class Absence(Missing):
    """A line that says that something does not exist in this region.

    If several regions are asked, it counts only if it is in none of them.
    """


def grouped(
    rows: Iterable[_Row], key: Callable[[_Row], _Key]
) -> dict[_Key, list[_Row]]:
    """Group rows by what they have in common, in their order."""
    found: dict[_Key, list[_Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class FixedIP:
    """One address of an interface. Nova's cache does not have the subnet."""

    ip_address: IPText
    subnet_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Interface:
    """One port that is plugged into a server.

    Nova's cache has only the MAC address, the addresses and the label of the
    network.
    """

    mac_address: MACText | None
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
    :ivar power_state: A number (``nova/compute/power_state.py``).
    :ivar called: What the user called it, if the user selected it.
    """

    id: UUIDText
    name: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    status: str | None = None
    host: str | None = None
    task_state: str | None = None
    created_at: datetime.datetime | None = None
    cache: tuple[Interface, ...] = ()
    power_state: int | None = None
    seconds_unchanged: float | None = None
    called: str | None = dataclasses.field(default=None, compare=False)

    @property
    def in_down_cell(self) -> bool:
        """Whether the server is in a cell that Nova cannot reach.

        Nova then shows no name. The status of other servers may be UNKNOWN.
        """
        return self.status == 'UNKNOWN' and self.name is None


@dataclasses.dataclass(frozen=True, slots=True)
class InstanceAction:
    """An action on a server.

    :ivar action: Its name, such as ``attach_interface``.
    :ivar failed: Whether it failed.
    :ivar seconds_ago: How long ago it began or last changed, by Nova's clock.
    """

    action: str
    request_id: str | None
    failed: bool
    seconds_ago: float


@dataclasses.dataclass(frozen=True, slots=True)
class ActionEvent:
    """An event, that is, a part of an action on a server.

    :ivar event: Its name, such as ``compute_attach_interface``.
    :ivar has_ended: Whether it is over, successful or not.
    """

    event: str
    has_ended: bool


@dataclasses.dataclass(frozen=True, slots=True)
class AddressPair:
    """An address or CIDR that a port may use in addition to its own.

    :ivar ip_address: The address or CIDR, as the user wrote it.
    :ivar mac_address: The MAC address to use with it. Neutron sets that of the
        port if the user gives none.
    """

    ip_address: CIDRText
    mac_address: MACText | None

    @property
    def network(self) -> addresses.IPNetwork:
        """The addresses that it covers, as if no host bits were set."""
        return addresses.parse_ip_network(self.ip_address)

    @property
    def is_any_address(self) -> bool:
        """Whether it allows any address, and so says little about one."""
        return self.network.prefixlen == 0

    def covers(self, ip_address: addresses.IPAddress) -> bool:
        """Return whether it allows an address, alone or in a CIDR.

        ``10.0.0.9``, ``10.0.0.9/32``, ``10.0.0.0/28`` and ``0.0.0.0/0`` all
        cover 10.0.0.9.
        """
        return ip_address in self.network


@dataclasses.dataclass(frozen=True, slots=True)
class Subport:
    """A port that is connected to a server through a trunk."""

    port_id: UUIDText
    segmentation_type: str | None
    segmentation_id: int | None
    mac_address: MACText | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Trunk:
    """A parent port, and the subports connected to its server through it."""

    id: UUIDText
    port_id: UUIDText
    status: str | None = None
    admin_state_up: bool | None = None
    subports: tuple[Subport, ...] = ()


# The interfaces of routers on their networks, also with DVR or HA, as in
# ``neutron_lib/constants.py``.
ROUTER_INTERFACE_OWNERS = (
    'network:router_interface',
    'network:router_interface_distributed',
    'network:ha_router_replicated_interface',
)


@dataclasses.dataclass(frozen=True, slots=True)
class Port:
    """A port as Neutron shows it."""

    id: UUIDText
    network_id: str
    mac_address: MACText | None
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
    parent_host: str | None = None
    seconds_unchanged: float | None = None
    revision_number: int | None = None

    @property
    def shows_binding(self) -> bool:
        """Whether the caller may see where the port is bound."""
        return self.vif_type is not None

    @property
    def effective_qos_policy_id(self) -> str | None:
        """The QoS policy of the port, or else of its network."""
        return self.qos_policy_id or self.network_qos_policy_id

    @property
    def host_device(self) -> str | None:
        """The name of its device on its host, such as ``tap0a3ca19c-dd``.

        If a device is passed through, this is the PCI address. It is None if
        there is none, or if the caller may not see the binding.
        """
        if self.vnic_type not in (None, 'normal'):
            # It is passed through, or another host has it, such as a DPU.
            return self.pci_slot
        prefix = _DEVICE_PREFIXES.get(self.vif_type or '')
        return prefix and f'{prefix}{self.id}'[:_DEVICE_NAME_LENGTH]

    def _is_owned_by(self, *prefixes: str) -> bool:
        """Return whether its device owner begins with one of these."""
        return (self.device_owner or '').startswith(prefixes)

    @property
    def _device_uuid(self) -> str | None:
        """Its device ID, unless that is not the ID of anything.

        The device ID is free text that a tenant may set, also in upper case.
        """
        found = self.device_id or ''
        return found.lower() if addresses.is_uuid(found) else None

    @property
    def server_id(self) -> str | None:
        """The server in its device ID, whether or not that exists."""
        return self._device_uuid if self.is_for_server else None

    @property
    def unattached_server_id(self) -> str | None:
        """The server in its device ID, although it is not plugged into it.

        Whoever sets the device ID need not set the device owner. os-interface
        shows such a port. Ports of Neutron itself and of trunks have other
        IDs there.
        """
        if self._is_owned_by(_SERVER_OWNER, _NEUTRON_OWNER, 'trunk:'):
            return None
        return self._device_uuid

    @property
    def is_for_server(self) -> bool:
        """Whether its device owner says that it belongs to a server."""
        return self._is_owned_by(_SERVER_OWNER)

    @property
    def is_of_neutron(self) -> bool:
        """Whether it is a port of Neutron itself, such as that of a router."""
        return self._is_owned_by(_NEUTRON_OWNER)

    @property
    def is_router_interface(self) -> bool:
        """Whether it connects a network to a router, also with DVR or HA."""
        return self.device_owner in ROUTER_INTERFACE_OWNERS

    @property
    def is_of_router(self) -> bool:
        """Whether a router has its addresses, inside or at its gateway."""
        return self._is_owned_by('network:router_', 'network:ha_router_')

    @property
    def is_of_floating_ip(self) -> bool:
        """Whether it only reserves the address of a floating IP.

        Only administrators see such ports.
        """
        return self.device_owner == 'network:floatingip'

    @property
    def is_wired_on_host(self) -> bool:
        """Whether Neutron wires it on the host of its server.

        Ironic binds the ports of a bare metal server to the node, and may wire
        them before or without Neutron. A smart NIC is a host of its own.
        """
        return self.vnic_type not in ('baremetal', 'smart-nic')

    @property
    def is_filtered(self) -> bool:
        """Whether the host is sure to filter what passes it.

        With SR-IOV and other direct access to a device, it depends on that.
        """
        return self.vnic_type in (None, 'normal')

    @property
    def is_unowned(self) -> bool:
        """Whether it has neither a device owner nor a device ID.

        This is true of a port that only reserves a virtual IP, and of a
        subport before it is wired.
        """
        return not self.device_owner and not self.device_id

    @property
    def only_reserves(self) -> bool:
        """Whether it exists only to reserve its addresses."""
        return self.is_unowned or self.load_balancer_id is not None

    @property
    def holder_host(self) -> str | None:
        """The host from which a virtual IP was last announced, with OVN.

        OVN sees who sends a gratuitous ARP for an address that a port
        reserves and other ports name in a pair. Neutron 29 shows the host
        apart from the binding, and older ones as that of a port that is bound
        nowhere (``neutron/plugins/ml2/plugin.py``).
        """
        if self.parent_host:
            return self.parent_host
        return self.host or None if self.vif_type == 'unbound' else None

    @property
    def is_subport(self) -> bool:
        """Whether it is the subport of a trunk, and Neutron has wired it.

        Before, it has no device owner (``neutron/services/trunk``).
        """
        return self.device_owner == 'trunk:subport'

    def has_address(self, ip_address: str | None) -> bool:
        """Return whether it has a fixed IP."""
        return any(row.ip_address == ip_address for row in self.fixed_ips)

    def pair_covering(
        self, ip_address: addresses.IPAddress
    ) -> AddressPair | None:
        """Return the allowed address pair that covers an address.

        This is the only rule for what pairs cover. It knows neither the
        network, on which an address is unique, nor whether the address is the
        port's own.

        :param ip_address: The address, as read by
            :func:`addresses.parse_ip_address`.
        :returns: The pair with the longest prefix if several cover it; None if
            none does.
        """
        return max(
            (pair for pair in self.address_pairs if pair.covers(ip_address)),
            key=lambda pair: pair.network.prefixlen,
            default=None,
        )

    @property
    def may_use_any_address(self) -> bool:
        """Whether its host lets it use addresses that no port shows."""
        return self.port_security_enabled is False or any(
            pair.is_any_address for pair in self.address_pairs
        )

    def names_address_of(self, other: 'Port') -> bool:
        """Return whether an address pair names an address of another port.

        A pair that allows any address names none.
        """
        pairs = (
            self.pair_covering(addresses.parse_ip_address(row.ip_address))
            for row in other.fixed_ips
        )
        return any(pair and not pair.is_any_address for pair in pairs)

    @property
    def is_half_bounced(self) -> bool:
        """Whether a repair that was interrupted has left it disabled."""
        return self.admin_state_up is False and BOUNCE_TAG in self.tags

    @property
    def has_load_balancer_name(self) -> bool:
        """Whether its name is that of a port of a load balancer.

        OVN's provider for Octavia and Octavia itself name their ports so. Such
        a port may have neither a device ID nor a device owner
        (``ovn_octavia_provider/common/constants.py``).
        """
        return (self.name or '').startswith(
            ('ovn-lb-vip-', 'ovn-lb-hm-', 'octavia-')
        )

    @property
    def load_balancer_id(self) -> str | None:
        """The load balancer whose virtual IP the port holds.

        Octavia's network driver sets the device ID to ``lb-`` and the ID of
        the load balancer
        (``octavia/network/drivers/neutron/allowed_address_pairs.py``). The
        driver for OVN names the port after it (``ovn_octavia_provider/
        helper.py``).
        """
        for text, prefix in (
            (self.device_id, 'lb-'),
            (self.name, 'ovn-lb-vip-'),
        ):
            before, _prefix, identifier = (text or '').partition(prefix)
            if not before and addresses.is_uuid(identifier):
                return identifier
        return None

    @property
    def router_id(self) -> str | None:
        """The router that the port belongs to."""
        belongs = self.is_of_router or self._is_owned_by(
            'network:floatingip_agent_gateway'
        )
        return self._device_uuid if belongs else None

    def as_interface(self) -> Interface:
        """Convert it to what os-interface shows, except for the tag."""
        return Interface(
            port_id=self.id,
            network_id=self.network_id,
            mac_address=self.mac_address,
            fixed_ips=self.fixed_ips,
            port_state=self.status,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class PortBinding:
    """One of the bindings of a port. One of them is ACTIVE.

    :ivar host: None if the port is bound to no host.
    """

    host: str | None
    status: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Extension:
    """An extension of Neutron's API; its ID is its alias."""

    id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Agent:
    """An agent of Neutron on a host.

    :ivar networks: The physical networks that it is connected to; None if it
        does not report them.
    """

    id: str
    host: str
    kind: str | None
    is_alive: bool | None
    networks: frozenset[str] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ComputeService:
    """The nova-compute service of a host."""

    host: str
    is_up: bool


@dataclasses.dataclass(frozen=True, slots=True)
class PortForwarding:
    """A port of a floating IP that is forwarded to a port of an interface.

    :ivar external_port: The port, or a range such as ``80:90``.
    :ivar internal_port: Likewise.
    """

    protocol: str | None
    external_port: str | None
    internal_ip_address: str | None
    internal_port: str | None
    internal_port_id: UUIDText | None

    def of(self, floating_ip: str) -> str:
        """Write it as ``203.0.113.5:2201->10.0.0.5:22/tcp``."""
        return (
            f'{floating_ip}:{self.external_port or ""}->'
            f'{self.internal_ip_address or ""}:{self.internal_port or ""}/'
            f'{self.protocol or ""}'
        )


def port_range(text: str | None) -> tuple[int, int] | None:
    """Return the first and the last port of a text, if they can be read."""
    ends = (text or '').split(':')
    if not all(end.isdecimal() for end in ends):
        return None
    return int(ends[0]), int(ends[-1])


@dataclasses.dataclass(frozen=True, slots=True)
class FloatingIP:
    """A floating IP, which may lead to a port or forward single ports."""

    id: UUIDText
    address: IPText
    network_id: str | None = None
    project_id: str | None = None
    port_id: UUIDText | None = None
    router_id: str | None = None
    fixed_ip_address: str | None = None
    port_forwardings: tuple[PortForwarding, ...] = ()
    seconds_unchanged: float | None = None

    def leads_to(self, port: Port) -> bool:
        """Return whether it, or one of its forwardings, leads to a port."""
        return self.port_id == port.id or any(
            self.forwards_to(port, row) for row in self.port_forwardings
        )

    def forwards_to(self, port: Port, forwarding: PortForwarding) -> bool:
        """Return whether one of its forwardings leads to a port.

        Before Neutron 21, a forwarding has only the address of the port, which
        is unique in the project unless its networks overlap.
        """
        if forwarding.internal_port_id:
            return forwarding.internal_port_id == port.id
        return port.project_id == self.project_id and port.has_address(
            forwarding.internal_ip_address
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """A route of a router, or one that a subnet gives to its servers."""

    destination: addresses.IPNetwork
    next_hop: IPText


@dataclasses.dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway of a router, with its addresses on an external network.

    :ivar has_source_nat: Whether outgoing traffic is given its address.
    """

    network_id: str | None
    external_ips: tuple[FixedIP, ...] = ()
    has_source_nat: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Router:
    """A router.

    :ivar gateways: Its gateways; the first one has the default route.
    :ivar routes: Its extra routes.
    """

    id: UUIDText
    name: str | None
    project_id: str | None = None
    gateways: tuple[Gateway, ...] = ()
    admin_state_up: bool | None = None
    routes: tuple[Route, ...] = ()

    @property
    def has_source_nat(self) -> bool:
        """Whether outgoing traffic is given its address."""
        return any(gateway.has_source_nat for gateway in self.gateways[:1])


@dataclasses.dataclass(frozen=True, slots=True)
class Listener:
    """A port on which a load balancer listens.

    :ivar protocol: A protocol such as ``HTTP``.
    """

    id: UUIDText
    protocol: str | None
    number: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Pool:
    """A pool of members, to which a load balancer sends traffic.

    :ivar listener_ids: The listeners whose traffic it may get.
    """

    id: UUIDText
    listener_ids: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class PoolMember:
    """A member of a pool.

    :ivar subnet_id: The subnet of its address; None if the load balancer finds
        the address by itself.
    """

    id: UUIDText
    address: IPText
    number: int | None
    subnet_id: UUIDText | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer of Octavia.

    :ivar vip_port_id: The port of its virtual IP.
    :ivar vips: The virtual IP, and the additional ones, with their subnets.
    """

    id: UUIDText
    name: str | None
    vip_port_id: UUIDText | None = None
    vips: tuple[FixedIP, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """A segment that provides a network."""

    network_type: str | None = None
    segmentation_id: int | None = None
    physical_network: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Network:
    """A network; its segments are visible to administrators only.

    :ivar is_external: Whether routers can have their gateways on it.
    :ivar is_shared: Whether other projects may use it.
    :ivar ipv4_scope: The ID of the address scope of its IPv4 subnets.
    :ivar ipv6_scope: Likewise.
    """

    id: str
    name: str | None
    mtu: int | None = None
    segments: tuple[Segment, ...] = ()
    project_id: str | None = None
    admin_state_up: bool | None = None
    is_external: bool | None = None
    is_shared: bool | None = None
    ipv4_scope: str | None = None
    ipv6_scope: str | None = None

    def address_scope(self, version: int) -> str | None:
        """Return the address scope of its subnets of a version of IP."""
        return self.ipv4_scope if version == 4 else self.ipv6_scope


@dataclasses.dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet of a network."""

    id: str
    name: str | None
    network_id: str | None = None
    cidr: CIDRText | None = None
    gateway_ip: str | None = None
    dns_nameservers: tuple[IPText, ...] = ()
    host_routes: tuple[Route, ...] = ()
    ipv6_ra_mode: str | None = None
    ipv6_address_mode: str | None = None

    @property
    def is_advertised(self) -> bool:
        """Whether a router of the subnet sends router advertisements.

        An L3 agent does in the first mode (``neutron/agent/linux/ra.py``), and
        OVN in the second (``_get_nets_and_ipv6_ra_confs_for_router_port`` in
        its ``ovn_client.py``), also without a gateway.
        """
        return bool(self.ipv6_ra_mode or self.ipv6_address_mode)

    def is_broadcast(self, ip_address: addresses.IPAddress) -> bool:
        """Return whether an address in it is that of all machines there."""
        network = addresses.parse_ip_network(self.cidr or '')
        return network.version == 4 and network[-1] == ip_address


@dataclasses.dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """A rule of a security group, which allows traffic.

    :ivar protocol: A name or a number, as the user wrote it; any if None.
    :ivar port_range_min: The first port, or the ICMP type.
    :ivar port_range_max: The last port, or the ICMP code.
    """

    id: UUIDText
    direction: str
    ethertype: str | None = None
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_network: addresses.IPNetwork | None = None
    remote_group_id: UUIDText | None = None
    remote_address_group_id: UUIDText | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group.

    :ivar is_stateful: Whether replies to allowed traffic are allowed, too;
        None if Neutron supports only such groups.
    :ivar rules: Its rules, if they were requested.
    :ivar is_shared: Whether other projects may use it.
    """

    id: str
    name: str | None
    is_stateful: bool | None = None
    rules: tuple[SecurityGroupRule, ...] = ()
    project_id: str | None = None
    is_shared: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class AddressGroup:
    """A group of addresses that security group rules refer to."""

    id: str
    name: str | None
    networks: tuple[addresses.IPNetwork, ...] = ()
    is_shared: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class QosPolicy:
    """A quality of service (QoS) policy."""

    id: str
    name: str | None
    is_shared: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Project:
    """A project, or a domain, which does not belong to a domain itself."""

    id: str
    name: str | None
    domain_id: str | None = None
    domain_name: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ServerInterface:
    """One interface and its server.

    :ivar port: Its port, if Neutron has been asked for it.
    :ivar nic_index: Its position among the interfaces of the server, from 0.
    :ivar parent_port_id: If it is a subport, the parent port of its trunk.
    :ivar subport: Its segmentation in that trunk.
    """

    server: Server
    interface: Interface
    port: Port | None = None
    nic_index: int | None = None
    parent_port_id: str | None = None
    subport: Subport | None = None

    @property
    def port_id(self) -> str | None:
        """The ID of its port."""
        return self.interface.port_id

    @property
    def server_id(self) -> str:
        """The ID of its server."""
        return self.server.id

    @property
    def network_id(self) -> str | None:
        """The ID of its network."""
        return self.interface.network_id

    @property
    def project_id(self) -> str | None:
        """The ID of the project of its server."""
        return self.server.project_id

    @property
    def fixed_ips(self) -> tuple[FixedIP, ...]:
        """Its addresses."""
        return self.interface.fixed_ips
