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

"""Reads what the paths between two ends depend on.

Each kind of thing is read once for both ends, whatever their number of
interfaces and rules.
"""

from collections.abc import Iterable, Sequence
import ipaddress
import logging
from typing import Any, TypeVar

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records

LOG = logging.getLogger(__name__)

_Row = TypeVar('_Row', bound=paging.HasId)

# What a user can name: addresses, or anything by its name or ID.
Named = addresses.IPNetwork | str

INTERNET = 'internet'

_INTERNET = tuple(map(ipaddress.ip_network, ('0.0.0.0/0', '::/0')))

# Routers in a row that are followed by their extra routes.
_MOST_HOPS = 3

_PORTS = neutron.PORTS.only(
    'id',
    'network_id',
    'mac_address',
    'fixed_ips',
    'status',
    'name',
    'device_id',
    'device_owner',
    'project_id',
    'security_group_ids',
    'vif_type',
    'host',
    'admin_state_up',
    'address_pairs',
    'port_security_enabled',
    'subports',
)
_INTERFACES = neutron.PORTS.only(
    'id',
    'network_id',
    'mac_address',
    'fixed_ips',
    'name',
    'device_id',
    'device_owner',
    'admin_state_up',
)
_MEMBERS = neutron.PORTS.only(
    'id',
    'network_id',
    'mac_address',
    'fixed_ips',
    'security_group_ids',
    'address_pairs',
)
_OWNERS = neutron.PORTS.only(
    'id', 'network_id', 'mac_address', 'fixed_ips', 'device_owner'
)
_GROUPS = neutron.SECURITY_GROUPS_WITH_RULES.only(
    'id', 'name', 'project_id', 'is_shared'
)

# The drivers that an agent, or a port of Neutron itself, gives away.
_AGENT_DRIVERS = frozenset(surroundings.Driver) - {surroundings.Driver.OVN}
_BY_AGENT = {
    'OVN Controller agent': {surroundings.Driver.OVN},
    'OVN Controller Gateway agent': {surroundings.Driver.OVN},
    'Open vSwitch agent': _AGENT_DRIVERS,
    'Linux bridge agent': {surroundings.Driver.IPTABLES},
}
_BY_OWNER = {
    'network:distributed': {surroundings.Driver.OVN},
    'network:dhcp': _AGENT_DRIVERS,
}


class Survey:
    """The reading of one run of the command.

    :ivar failures: A line for each thing that could not be read.
    """

    def __init__(
        self, cloud: api_cloud.Cloud, scope: compute.ServerScope
    ) -> None:
        """Read from a cloud.

        :param cloud: The cloud.
        :param scope: The servers among which names are looked up.
        """
        self.failures: list[str] = []
        self._cloud = cloud
        self._scope = scope
        self._servers: dict[str, records.Server] = {}
        self._ports: dict[str, records.Port] = {}
        self._parents: dict[str, records.Port] = {}
        self._floating_ips: dict[str, records.FloatingIP] = {}
        self._subnets: dict[str, records.Subnet] = {}
        self._routers: dict[str, records.Router] = {}

    def ends(self, *named: Named) -> list[list[surroundings.End]]:
        """Find the addresses of what a user named.

        :param named: Addresses, CIDRs, names and IDs of servers, IDs of ports,
            or ``INTERNET``.
        :returns: The ends of each. Addresses that nothing has are one, too.
        :raises exceptions.CommandError: There is no such server, or several
            have the name, or a look-up failed.
        """
        texts = [name for name in named if isinstance(name, str)]
        ids = [text.lower() for text in texts if addresses.is_uuid(text)]
        self._add_ports('id', ids)
        servers = {
            text: selection.one(self._cloud, text, self._scope, details=True)
            for text in dict.fromkeys(texts)
            if text != INTERNET and text.lower() not in self._ports
        }
        self._servers.update((row.id, row) for row in servers.values())
        self._add_ports('device_id', self._servers)
        self._add_addressed(
            str(network.network_address)
            for network in named
            if not isinstance(network, str) and network.num_addresses == 1
        )
        self._add_subports()
        self._add_servers()
        return [
            self._text_ends(name, servers.get(name))
            if isinstance(name, str)
            else self._address_ends(name)
            for name in named
        ]

    def read(
        self, ends: Iterable[surroundings.End]
    ) -> surroundings.Surroundings:
        """Read what the paths between ends depend on."""
        ports = list(
            {end.port.id: end.port for end in ends if end.port}.values()
        )
        self._add_routers(ports)
        routers = {port.device_id for port in self._router_interfaces()}
        self._add(
            self._floating_ips, neutron.FLOATING_IPS, 'router_id', routers
        )
        networks = self._read(
            neutron.NETWORKS,
            'id',
            (
                *(port.network_id for port in self._ports.values()),
                *(row.external_network_id for row in self._routers.values()),
                *(row.network_id for row in self._floating_ips.values()),
            ),
        )
        groups = self._groups(ports)
        rules = [rule for group in groups.values() for rule in group.rules]
        remote = {rule.remote_group_id for rule in rules}
        remote_groups = self._read(_GROUPS, 'id', remote - {*groups})
        members = self._read(_MEMBERS, 'security_group', remote)
        address_groups = self._read(
            neutron.ADDRESS_GROUPS,
            'id',
            {rule.remote_address_group_id for rule in rules},
        )
        sees_all = any(port.shows_binding for port in ports)
        agents = self._read(
            neutron.AGENTS, 'host', [port.host for port in ports]
        )
        return surroundings.Surroundings(
            project_id=self._cloud.project_id,
            sees_all=sees_all,
            drivers=self._drivers(agents),
            servers=self._servers,
            ports=self._ports,
            parents=self._parents,
            members=members,
            networks={row.id: row for row in networks},
            subnets=self._subnets,
            routers=self._routers,
            floating_ips=list(self._floating_ips.values()),
            security_groups=groups,
            remote_groups={
                **{row.id: row for row in remote_groups},
                **groups,
            },
            address_groups={row.id: row for row in address_groups},
            agents=agents,
            is_complete=not self.failures,
        )

    def _read(
        self,
        collection: paging.Collection[_Row],
        name: str,
        values: paging.Values,
    ) -> list[_Row]:
        """Read rows; what fails is remembered."""
        try:
            answer = self._cloud.network.list(collection, name, values)
        except errors.TokenRefused:
            raise
        except errors.ApiError as error:
            self.failures.append(str(error))
            return []
        self.failures += answer.failures
        return answer.rows

    def _add(
        self,
        rows: dict[str, Any],
        collection: paging.Collection[Any],
        name: str,
        values: paging.Values,
    ) -> list[Any]:
        """Read rows, keep those that are new, and return all."""
        found = self._read(collection, name, values)
        for row in found:
            rows.setdefault(row.id, row)
        return found

    def _add_ports(
        self, name: str, values: paging.Values
    ) -> list[records.Port]:
        return self._add(self._ports, _PORTS, name, values)

    def _add_addressed(self, texts: Iterable[str]) -> None:
        """Read what has addresses: ports, floating IPs, and their targets.

        The address of a port that is not plugged in may be used by others of
        its network, by allowed address pairs.
        """
        texts = list(texts)
        found = self._add_ports('ip_address', texts)
        floating_ips = self._add(
            self._floating_ips, neutron.FLOATING_IPS, 'address', texts
        )
        self._add_ports(
            'id',
            (
                port_id
                for row in floating_ips
                for port_id in (
                    row.port_id,
                    *(
                        forwarding.internal_port_id
                        for forwarding in row.port_forwardings
                    ),
                )
                if port_id not in self._ports
            ),
        )
        reserved = {port.network_id for port in found if port.only_reserves}
        for port in self._read(_PORTS, 'network_id', reserved):
            if port.address_pairs:
                self._ports.setdefault(port.id, port)

    def _add_subports(self) -> None:
        """Read the subports of parent ports, and the parents of subports."""
        for port in list(self._ports.values()):
            for subport in port.subports:
                self._parents[subport.port_id] = port
        missing = [row for row in self._parents if row not in self._ports]
        self._add_ports('id', missing)
        orphans = {
            port.id
            for port in self._ports.values()
            if port.is_subport and port.id not in self._parents
        }
        if not orphans:
            return
        try:
            trunks = self._cloud.network.list(neutron.TRUNKS).rows
        except errors.ApiError as error:
            self.failures.append(str(error))
            return
        parents = {
            subport.port_id: trunk.port_id
            for trunk in trunks
            for subport in trunk.subports
            if subport.port_id in orphans
        }
        found = {
            row.id: row for row in self._read(_PORTS, 'id', parents.values())
        }
        self._parents.update(
            (port_id, found[parent_id])
            for port_id, parent_id in parents.items()
            if parent_id in found
        )

    def _add_servers(self) -> None:
        """Read the servers of ports that were not found by their server."""
        for port in (*self._ports.values(), *self._parents.values()):
            server_id = port.server_id
            if server_id is None or server_id in self._servers:
                continue
            try:
                self._servers[server_id] = self._cloud.compute.server(
                    server_id
                )
            except (errors.NotFound, errors.Forbidden) as error:
                # Judged to be unknown.
                LOG.info(error)
            except errors.TokenRefused:
                raise
            except errors.ApiError as error:
                self.failures.append(str(error))

    def _label(self, port: records.Port, text: str) -> str:
        """Return what to call a port: its server, or what the user wrote."""
        plugged = self._parents.get(port.id, port)
        server = self._servers.get(plugged.server_id or '')
        return (server and server.name) or text

    def _text_ends(
        self, text: str, server: records.Server | None
    ) -> list[surroundings.End]:
        """Return the ends of a server, of a port, or of the internet."""
        if text == INTERNET:
            return [
                surroundings.End(text, network, is_internet=True)
                for network in _INTERNET
            ]
        if server is None:
            ports = [self._ports[text.lower()]]
        else:
            ports = [
                port
                for port in self._ports.values()
                if self._parents.get(port.id, port).device_id == server.id
            ]
        return [
            surroundings.End(
                self._label(port, text),
                addresses.parse_ip_network(fixed_ip.ip_address),
                port,
            )
            for port in ports
            for fixed_ip in port.fixed_ips
        ]

    def _address_ends(
        self, network: addresses.IPNetwork
    ) -> list[surroundings.End]:
        """Return the ends that have an address, or a CIDR."""
        text = surroundings.text(network)
        if network.num_addresses > 1:
            return [surroundings.End(text, network)]
        ends = []
        for port in self._ports.values():
            if port.is_of_floating_ip:
                continue
            has_it = any(row.ip_address == text for row in port.fixed_ips)
            if has_it or any(
                pair.covers(network.network_address)
                for pair in port.address_pairs
                if port.server_id
            ):
                ends.append(
                    surroundings.End(self._label(port, text), network, port)
                )
        plugged = [
            end for end in ends if end.port and not end.port.only_reserves
        ]
        for row in self._floating_ips.values():
            if row.address == text:
                plugged += self._floating_ends(row)
        return plugged or ends or [surroundings.End(text, network)]

    def _floating_ends(
        self, row: records.FloatingIP
    ) -> list[surroundings.End]:
        """Return the ends that a floating IP leads to, or the useless one."""
        targets = dict.fromkeys(
            [
                (row.port_id, row.fixed_ip_address),
                *(
                    (found.internal_port_id, found.internal_ip_address)
                    for found in row.port_forwardings
                ),
            ]
        )
        ends = [
            surroundings.End(
                self._label(self._ports[port_id], row.address),
                addresses.parse_ip_network(address),
                self._ports[port_id],
                floating_ip=row,
            )
            for port_id, address in targets
            if port_id in self._ports and address
        ]
        network = addresses.parse_ip_network(row.address)
        return ends or [
            surroundings.End(row.address, network, floating_ip=row)
        ]

    def _add_routers(self, ports: Sequence[records.Port]) -> None:
        """Read the routers of networks, and those behind them.

        A router is found by the addresses to which servers send, and by its
        floating IPs.
        """
        found = self._add(
            self._subnets,
            neutron.SUBNETS,
            'network_id',
            [port.network_id for port in ports],
        )
        next_hops = {
            next_hop
            for subnet in found
            for next_hop in (
                subnet.gateway_ip,
                *(route.next_hop for route in subnet.host_routes),
            )
            if next_hop
        }
        router_ids = {row.router_id for row in self._floating_ips.values()}
        for _number in range(_MOST_HOPS):
            if next_hops:
                self._add(
                    self._ports,
                    _INTERFACES,
                    'fixed_ip',
                    neutron.fixed_ips_on(next_hops, self._subnets),
                )
            router_ids |= {row.device_id for row in self._router_interfaces()}
            router_ids -= {*self._routers, None}
            if not router_ids:
                return
            routers = self._add(
                self._routers, neutron.ROUTERS, 'id', router_ids
            )
            interfaces = self._add(
                self._ports, _INTERFACES, 'device_id', router_ids
            )
            self._add(
                self._subnets,
                neutron.SUBNETS,
                'id',
                {
                    fixed_ip.subnet_id
                    for port in interfaces
                    for fixed_ip in port.fixed_ips
                }
                - {*self._subnets},
            )
            next_hops = {
                route.next_hop for row in routers for route in row.routes
            }
            if not next_hops:
                return
            router_ids = set()

    def _router_interfaces(self) -> list[records.Port]:
        return [
            port for port in self._ports.values() if port.is_router_interface
        ]

    def _groups(
        self, ports: Iterable[records.Port]
    ) -> dict[str, records.SecurityGroup]:
        return {
            row.id: row
            for row in self._read(
                neutron.SECURITY_GROUPS_WITH_RULES,
                'id',
                (row for port in ports for row in port.security_group_ids),
            )
        }

    def _drivers(
        self, agents: Iterable[records.Agent]
    ) -> frozenset[surroundings.Driver]:
        """Return the drivers that the cloud may have.

        Administrators see agents; anyone sees ports of Neutron itself on
        networks of the own project.
        """
        found = {
            driver
            for agent in agents
            for driver in _BY_AGENT.get(agent.kind or '', ())
        }
        if not found:
            owners = {
                port.device_owner
                for port in self._read(_OWNERS, 'device_owner', _BY_OWNER)
            }
            for owner, drivers in _BY_OWNER.items():
                if owner in owners:
                    return frozenset(drivers)
        return frozenset(found or surroundings.Driver)
