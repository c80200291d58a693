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

from collections.abc import Iterator
import dataclasses
import enum
import ipaddress
import itertools

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import steps
from osc_port_iface import records

INTERNET = 'internet'

NO_VISIBLE_PORT = _('no visible port on network %(row)s has %(address)s')

# An address as it is seen at another place. If there are several, it is not
# known which of them is seen; if there is none, it may be any.
SeenAs = tuple[addresses.IPNetwork, ...]

_ALL_ADDRESSES = tuple(map(ipaddress.ip_network, ('0.0.0.0/0', '::/0')))


class Driver(enum.Enum):
    """What filters and routes the traffic of ports; they differ in places.

    Which firewall an agent of Open vSwitch has cannot be seen.
    """

    OVN = 'OVN'
    AGENTS = 'agents'


# The types of networks that may have a router that is not one of Neutron.
_PHYSICAL = frozenset({'flat', 'vlan'})

# That of Ethernet, from which Neutron takes what a tunnel adds to a packet.
_PHYSICAL_MTU = 1500


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """One end of a path.

    :ivar text: What the user wrote.
    :ivar network: Its address, or its addresses if it is not one.
    :ivar port: The port that has the address; None for anything outside.
    :ivar floating_ip: The only floating IP to come by, if the user named one.
    :ivar network_of_cidr: Without a port, the network of Neutron that it is
        on; None for anything outside.
    :ivar also_on: If it is outside, a network of Neutron that has all of its
        addresses, too.
    """

    text: str
    network: addresses.IPNetwork
    port: records.Port | None = None
    floating_ip: records.FloatingIP | None = None
    network_of_cidr: str | None = None
    also_on: str | None = None

    @property
    def network_id(self) -> str | None:
        """The network of Neutron that it is on; None for anything outside."""
        return self.port.network_id if self.port else self.network_of_cidr

    @property
    def address(self) -> str:
        """The address, or the CIDR if there are several."""
        return text(self.network)

    @property
    def is_located(self) -> bool:
        """Whether it is not to be looked for in the subnets."""
        return bool(self.port or self.floating_ip or is_internet(self.network))

    @property
    def is_unroutable(self) -> bool:
        """Whether it is on the same link, or on no link at all."""
        network = self.network
        return self.port is None and (
            network.is_link_local
            or network.is_loopback
            or network.is_multicast
            or network.is_unspecified
            or (network.version == 4 and network.is_reserved)
        )


class Surroundings:
    """Everything that was read; what the caller may not see is missing.

    :ivar project_id: The project of the caller.
    :ivar sees_all: Whether nothing is hidden from the caller.
    :ivar failures: A line for each thing that could not be read.
    :ivar drivers: The drivers that the cloud may have.
    :ivar servers: By ID, with their status.
    :ivar ports: The ports of both ends, and those at the hops, by ID.
    :ivar parents: The parent ports of subports, by the IDs of these.
    :ivar security_groups: Those of the ends, with their rules, and those that
        the rules refer to.
    :ivar networks_with_routers: The networks whose interfaces of routers were
        read, as far as the caller sees them.
    :ivar members: The ports in the groups that the rules refer to.
    :ivar floating_ips: Those that lead to the ends, or are one.
    :ivar agents: Those of the ends' hosts, for administrators.
    """

    def __init__(self, project_id: str | None = None) -> None:
        """Begin with nothing that is known."""
        self.project_id = project_id
        self.sees_all = False
        self.failures: list[str] = []
        self.drivers = frozenset(Driver)
        self.servers: dict[str, records.Server] = {}
        self.ports: dict[str, records.Port] = {}
        self.parents: dict[str, records.Port] = {}
        self.networks: dict[str, records.Network] = {}
        self.subnets: dict[str, records.Subnet] = {}
        self.routers: dict[str, records.Router] = {}
        self.floating_ips: dict[str, records.FloatingIP] = {}
        self.security_groups: dict[str, records.SecurityGroup] = {}
        self.address_groups: dict[str, records.AddressGroup] = {}
        self.networks_with_routers: set[str] = set()
        self.members: list[records.Port] = []
        self.agents: list[records.Agent] = []

    @property
    def is_of_ovn(self) -> bool:
        """Whether the driver is surely OVN."""
        return self.drivers == {Driver.OVN}

    @property
    def missing_verdict(self) -> steps.Verdict:
        """``blocked`` if what was not found does not exist."""
        return steps.UNKNOWN if self.failures else steps.BLOCKED

    def judge_absence(self, network_id: str) -> steps.Verdict:
        """Judge that something is not found on a network.

        :returns: ``blocked`` if the caller would see it, and only Neutron has
            machines there, else ``unknown``.
        """
        owner = self.network(network_id).project_id
        is_own = owner is not None and owner == self.project_id
        if (self.sees_all or is_own) and (
            self.leads_outside(network_id) is steps.BLOCKED
        ):
            return self.missing_verdict
        return steps.UNKNOWN

    def shows_members(self, group: records.SecurityGroup | None) -> bool:
        """Return whether all ports with a security group are seen.

        Only ports of its own project can have a group that is not shared.
        """
        if self.failures or self.sees_all:
            return not self.failures
        return (
            group is not None
            and group.project_id is not None
            and group.project_id == self.project_id
            and group.is_shared is False
        )

    def leads_outside(self, network_id: str) -> steps.Verdict:
        """Judge whether a network leads to routers outside Neutron.

        Only administrators see whether it is a physical one. Of a network that
        is not shared, the MTU tells others if it is a tunnel
        (https://docs.openstack.org/neutron/latest/admin/config-mtu.html).

        :returns: ``allowed`` if it does, and ``unknown`` if it may.
        """
        network = self.network(network_id)
        if network.is_external:
            return steps.ALLOWED
        kinds = {segment.network_type for segment in network.segments}
        is_tunnel = not kinds & _PHYSICAL
        if not kinds:
            mtu = network.mtu or _PHYSICAL_MTU
            is_tunnel = not network.is_shared and mtu < _PHYSICAL_MTU
        if is_tunnel:
            return steps.BLOCKED
        return steps.ALLOWED if kinds and network.is_shared else steps.UNKNOWN

    def judge_router(self, router_id: str | None) -> tuple[steps.Verdict, str]:
        """Judge whether a router is up, and say why not."""
        router = self.routers.get(router_id or '')
        if router is None:
            return steps.UNKNOWN, _('router %(id)s cannot be read')
        if router.admin_state_up is False:
            return steps.BLOCKED, _('router %(router)s is disabled')
        return steps.ALLOWED, ''

    def plugged_port(self, port: records.Port) -> records.Port:
        """Return what is plugged into a server: a port, or its parent."""
        return self.parents.get(port.id, port)

    def has(self, end: End, port_id: str | None, address: str | None) -> bool:
        """Return whether an end has the address of a port.

        The port may only reserve the address, which is unique on its network.
        """
        port = self.ports.get(port_id or '')
        place = port and (port.network_id, address)
        return place == (end.network_id, end.address)

    def network(self, network_id: str | None) -> records.Network:
        """Return a network; of one that is not seen, only the ID is known."""
        found = self.networks.get(network_id or '')
        return found or records.Network(network_id or '', None)

    def subnet_of(
        self, network_id: str | None, address: addresses.IPNetwork
    ) -> records.Subnet | None:
        """Return the subnet that has an address on a network, or on any."""
        for subnet in self.subnets.values():
            if network_id in (None, subnet.network_id) and (
                contains(subnet, address)
            ):
                return subnet
        return None

    def holder(
        self,
        network_id: str,
        address: addresses.IPNetwork,
        sender: records.Port | None = None,
    ) -> records.Port | None:
        """Return a port on a network that may use an address of no port.

        Neutron lets it by an allowed address pair, or without port security.

        :param sender: A port that does not count.
        """
        for port in self.ports.values():
            if (
                port.network_id == network_id
                and port != sender
                and _is_of_guest(port)
                and (
                    port.port_security_enabled is False
                    or port.pair_covering(address.network_address)
                )
            ):
                return port
        return None

    def port_at(
        self, network_id: str | None, address: str
    ) -> records.Port | None:
        """Return the port that has an address on a network."""
        for port in self.ports.values():
            if port.network_id == network_id and port.has_address(address):
                return port
        return None

    def router_interfaces(
        self, router_id: str | None = None
    ) -> list[records.Port]:
        """Return the ports by which routers, or one, are on their networks."""
        return [
            port
            for port in self.ports.values()
            if port.is_router_interface and router_id in (None, port.device_id)
        ]

    def joined(self, network_id: str) -> set[str]:
        """Return a network, and those that any chain of routers joins to it.

        Whether these routers have routes to each of them does not matter.
        """
        sides: dict[str | None, set[str]] = {}
        for port in self.router_interfaces():
            sides.setdefault(port.device_id, set()).add(port.network_id)
        found = {network_id}
        while more := [
            row for row in sides.values() if row & found and row - found
        ]:
            found = found.union(*more)
        return found

    def are_apart(self, start: str, end: str | None) -> bool:
        """Return whether surely no router, of Neutron or not, joins networks.

        It is enough to see all routers on one of them.
        """
        if end is None or end in self.joined(start):
            return False
        outside = {self.leads_outside(row) for row in (start, end)}
        return outside == {steps.BLOCKED} and any(
            self.judge_absence(row) is steps.BLOCKED
            for row in self.networks_with_routers & {start, end}
        )

    def ends_of(self, text: str, server: records.Server | None) -> list[End]:
        """Return the ends of a server, of a port, or of the internet.

        :param text: What the user wrote.
        :param server: The server that has this name or ID.
        """
        if text == INTERNET:
            return [End(text, row) for row in _ALL_ADDRESSES]
        ports = (
            [self.ports[text.lower()]]
            if server is None
            else [
                port
                for port in self.ports.values()
                if self.plugged_port(port).device_id == server.id
            ]
        )
        return [
            end
            for port in ports
            for fixed_ip in port.fixed_ips
            for end in self._ends_using(port, fixed_ip.ip_address, text)
        ]

    def ends_at(self, network: addresses.IPNetwork) -> list[End]:
        """Return the ends that have an address, or the one that is a CIDR."""
        address = text(network)
        if network.num_addresses > 1:
            return [End(address, network)]
        ends = [
            end
            for port in self.ports.values()
            if port.has_address(address) and not port.is_of_floating_ip
            for end in self._ends_using(port, address, address)
        ]
        for row in self.floating_ips.values():
            if row.address == address:
                ends += self._ends_of_floating_ip(row)
        return ends or [End(address, network)]

    def split_by_network(self, end: End) -> Iterator[End]:
        """Split addresses without a port by the networks they are on.

        Machines outside may have the addresses of a network, too.

        :returns: One end for each network, one for the same addresses outside,
            and one for what is outside only. See :meth:`exists`.
        """
        outside: dict[addresses.IPNetwork, End] = {}
        for network_id, cidr in () if end.is_located else self._prefixes():
            is_inside = addresses.covers(cidr, end.network)
            if is_inside or addresses.covers(end.network, cidr):
                network = end.network if is_inside else cidr
                part = dataclasses.replace(end, network=network)
                yield dataclasses.replace(part, network_of_cidr=network_id)
                outside.setdefault(
                    network, dataclasses.replace(part, also_on=network_id)
                )
        yield from outside.values()
        yield end

    def exists(self, end: End, other: End) -> bool:
        """Return whether an end has addresses, as the other one sees it.

        An end outside may have none that are not :meth:`excluded`, and nothing
        is judged between two ends there.
        """
        if end.also_on and other.network_id is None:
            return False
        return end.is_located or not addresses.is_within(
            end.network, self.excluded(end, other)
        )

    def excluded(self, end: End, other: End) -> list[addresses.IPNetwork]:
        """Return the addresses that an end outside does not have.

        Machines outside may have addresses of an external network, and of one
        to which routers do not lead from the other end, but not on the
        internet if something of Neutron has them.

        :returns: As few networks as possible.
        """
        if end.network_id:
            return []
        prefixes = self._prefixes()
        if end.also_on:
            joined = self.joined(other.network_id or '')
            prefixes = [row for row in prefixes if row[0] in joined]
        found = [cidr for _network_id, cidr in prefixes]
        if is_internet(end.network):
            routers = self.routers.values()
            gateways = (row for router in routers for row in router.gateways)
            fixed_ips = itertools.chain(
                *(row.fixed_ips for row in self.ports.values()),
                *(row.fixed_ips for row in self.members),
                *(row.external_ips for row in gateways),
            )
            texts = {row.ip_address for row in fixed_ips}
            texts |= {row.address for row in self.floating_ips.values()}
            found += map(addresses.parse_ip_network, texts)
        return addresses.collapsed(
            row for row in found if row.version == end.network.version
        )

    def _prefixes(self) -> list[tuple[str, addresses.IPNetwork]]:
        """Return the networks that are not external, and their prefixes."""
        return [
            (row.network_id, addresses.parse_ip_network(row.cidr))
            for row in self.subnets.values()
            if row.cidr
            and row.network_id
            and not self.network(row.network_id).is_external
        ]

    def at_gateway(self, end: End) -> End:
        """Give an end the port of the router whose gateway has its address.

        Only administrators see such ports; others know them by the router.
        """
        if end.port:
            return end
        for router in self.routers.values():
            for gateway in router.gateways:
                port = records.Port(
                    '',
                    gateway.network_id or '',
                    None,
                    gateway.external_ips,
                    device_id=router.id,
                    device_owner='network:router_gateway',
                )
                if port.has_address(end.address):
                    return dataclasses.replace(end, port=port)
        return end

    def _ends_of_floating_ip(self, row: records.FloatingIP) -> list[End]:
        """Return the ends that a floating IP leads to, or itself as one."""
        ends = [
            end
            for port_id, address in targets(row)
            if port_id in self.ports and address
            for end in self._ends_using(
                self.ports[port_id], address, row.address, row
            )
        ]
        network = addresses.parse_ip_network(row.address)
        return ends or [End(row.address, network, floating_ip=row)]

    def _ends_using(
        self,
        port: records.Port,
        address: str,
        text: str,
        floating_ip: records.FloatingIP | None = None,
    ) -> Iterator[End]:
        """Return the ends that use an address of a port.

        Other ports do if it only reserves the address. An end is called like
        its server.
        """
        users = [
            user
            for user in self.ports.values()
            if port.only_reserves
            and user.network_id == port.network_id
            and _is_of_guest(user)
            and user.names_address_of(port)
        ]
        for user in users or [port]:
            server = self.servers.get(self.plugged_port(user).server_id or '')
            yield End(
                (server and server.name) or text,
                addresses.parse_ip_network(address),
                user,
                floating_ip=floating_ip,
            )


def targets(row: records.FloatingIP) -> list[tuple[str, str | None]]:
    """Return the ports that a floating IP leads to, and their addresses."""
    forwarded = (
        (part.internal_port_id, part.internal_ip_address)
        for part in row.port_forwardings
    )
    found = dict.fromkeys(((row.port_id, row.fixed_ip_address), *forwarded))
    return [(port_id, address) for port_id, address in found if port_id]


def _is_of_guest(port: records.Port) -> bool:
    """Return whether a server sends by it, or by its parent port."""
    return port.is_for_server or port.is_subport


def contains(subnet: records.Subnet, address: addresses.IPNetwork) -> bool:
    """Return whether all of these addresses are in a subnet."""
    return subnet.cidr is not None and addresses.covers(
        addresses.parse_ip_network(subnet.cidr), address
    )


def is_internet(network: addresses.IPNetwork) -> bool:
    """Return whether it stands for all public addresses."""
    return network.prefixlen == 0


def text(network: addresses.IPNetwork) -> str:
    """Write an address as such, and anything larger as a CIDR."""
    if network.num_addresses == 1:
        return str(network.network_address)
    return str(network)
