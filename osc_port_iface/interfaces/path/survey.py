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

from collections.abc import Sequence
from typing import TypeVar

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface.interfaces.selecting import server_lookup
from osc_port_iface import records

_Row = TypeVar('_Row', bound=paging.HasId)

# What a user can name: addresses, or anything by its name or ID.
NameOrNetwork = addresses.IPNetwork | str

_GROUPS = neutron.SECURITY_GROUPS_WITH_RULES.only(
    'id', 'name', 'project_id', 'is_shared'
)

_INTERFACES = {'device_owner': records.ROUTER_INTERFACE_OWNERS}

# The drivers that the extensions of the L3 plugin give away: the first is one
# of OVN's from Neutron 23 on (``neutron/common/ovn/extensions.py``), and the
# second one of that with agents
# (``neutron/services/l3_router/l3_router_plugin.py``).
_DRIVERS = {
    'external-gateway-multihoming': surroundings.Driver.OVN,
    'l3-port-ip-change-not-allowed': surroundings.Driver.AGENTS,
}


class Survey(surroundings.Surroundings):
    """The surroundings as they are read in one run of the command."""

    def __init__(
        self, cloud: api_cloud.Cloud, scope: compute.ServerScope
    ) -> None:
        """Read from a cloud.

        :param cloud: The cloud.
        :param scope: The servers among which names are looked up.
        """
        super().__init__(cloud.project_id)
        self._cloud = cloud
        self._scope = scope
        self._networks_with_holders: set[str] = set()

    def ends(self, *named: NameOrNetwork) -> list[list[surroundings.End]]:
        """Find the addresses of what a user named.

        :param named: Addresses, CIDRs, names and IDs of servers, IDs of ports,
            or ``surroundings.INTERNET``.
        :returns: The ends of each. Addresses that nothing has are one, too.
        :raises exceptions.CommandError: There is no such server, or several
            have the name, or a look-up failed, or the token shows no port.
        """
        texts = [name for name in named if isinstance(name, str)]
        self._add_ports('id', map(str.lower, filter(addresses.is_uuid, texts)))
        servers = {
            text: selection.find(self._cloud, text, self._scope, details=True)
            for text in dict.fromkeys(texts)
            if text != surroundings.INTERNET and text.lower() not in self.ports
        }
        self.servers.update((row.id, row) for row in servers.values())
        self._add_ports('device_id', self.servers)
        self._add_addressed(
            [
                str(network.network_address)
                for network in named
                if not isinstance(network, str) and network.num_addresses == 1
            ]
        )
        if not self.ports:
            self._cloud.network.ensure_scope()
        self._add_subports()
        self._add_servers()
        return [
            self.ends_of(name, servers.get(name))
            if isinstance(name, str)
            else self.ends_at(name)
            for name in named
        ]

    def read(self, found: Sequence[surroundings.End]) -> None:
        """Read what the paths between ends depend on."""
        ports = {end.port.id: end.port for end in found if end.port}.values()
        self.sees_all = any(port.shows_binding for port in ports)
        groups = self._add(
            self.security_groups,
            neutron.SECURITY_GROUPS_WITH_RULES,
            'id',
            (row for port in ports for row in port.security_group_ids),
        )
        rules = [rule for group in groups for rule in group.rules]
        remote = {rule.remote_group_id for rule in rules}
        self.members = self._read(neutron.PORTS, 'security_group_ids', remote)
        # Each network of a CIDR is judged by itself.
        has_cidr = any(
            0 < end.network.prefixlen < end.network.max_prefixlen
            for end in found
        )
        near = [*ports, *(self.members if has_cidr else ())]
        sought = [
            end.network
            for end in found
            if not (end.is_located or end.is_unroutable)
        ]
        project_ids = {port.project_id for port in ports}
        self._add_routers(
            {port.network_id for port in near}
            | self._networks_with(sought, project_ids)
        )
        self._add(
            self.floating_ips,
            neutron.FLOATING_IPS,
            'router_id',
            {port.device_id for port in self.router_interfaces()},
        )
        self._add(self.networks, neutron.NETWORKS, 'id', self._network_ids())
        unread = remote - {*self.security_groups}
        self._add(self.security_groups, _GROUPS, 'id', unread)
        group_ids = {rule.remote_address_group_id for rule in rules}
        self._add(self.address_groups, neutron.ADDRESS_GROUPS, 'id', group_ids)
        hosts = [port.host for port in ports]
        # Only administrators see agents.
        self.agents = self._read(neutron.AGENTS, 'host', hosts)
        aliases = {row.id for row in self._read(neutron.EXTENSIONS)}
        found_drivers = {_DRIVERS[alias] for alias in aliases & {*_DRIVERS}}
        self.drivers = frozenset(found_drivers) or self.drivers

    def _read(
        self,
        collection: paging.Collection[_Row],
        name: str = '',
        values: paging.Values = (),
        query: paging.Parameters | None = None,
    ) -> list[_Row]:
        """Read rows; what fails is remembered."""
        try:
            answer = self._cloud.network.list(collection, name, values, query)
        except errors.RequestFailed as error:
            self.failures.append(str(error))
            return []
        self.failures += answer.failures
        return answer.rows

    def _add(
        self,
        rows: dict[str, _Row],
        collection: paging.Collection[_Row],
        name: str,
        values: paging.Values,
        query: paging.Parameters | None = None,
    ) -> list[_Row]:
        """Read rows, keep those that are new, and return all."""
        found = self._read(collection, name, values, query)
        for row in found:
            rows.setdefault(row.id, row)
        return found

    def _add_ports(self, name: str, values: paging.Values) -> None:
        """Read ports that an end needs; what fails is raised."""
        answer = self._cloud.network.list(neutron.PORTS, name, values)
        self.ports.update((row.id, row) for row in answer.rows)
        self.failures += answer.failures

    def _add_addressed(self, texts: list[str]) -> None:
        """Read what has addresses: ports, floating IPs, and their targets.

        The address of a port that is not plugged in may be used by others of
        its network, by allowed address pairs.
        """
        self._add_ports('ip_address', texts)
        floating_ips = self._add(
            self.floating_ips, neutron.FLOATING_IPS, 'address', texts
        )
        port_ids = {
            port_id
            for row in floating_ips
            for port_id, _address in surroundings.targets(row)
        }
        self._add_ports('id', port_ids - {*self.ports})
        reserved = {
            port.network_id
            for port in self.ports.values()
            if port.only_reserves
        }
        self._add_holders(reserved)

    def holder(
        self,
        network_id: str,
        address: addresses.IPNetwork,
        sender: records.Port | None = None,
    ) -> records.Port | None:
        """Return a port that may use an address, read at the first need."""
        self._add_holders({network_id})
        return super().holder(network_id, address, sender)

    def _add_holders(self, network_ids: set[str]) -> None:
        """Read the ports of networks that may use other addresses there."""
        unread = network_ids - self._networks_with_holders
        self._networks_with_holders |= unread
        for port in self._read(neutron.PORTS, 'network_id', unread):
            if port.address_pairs or port.port_security_enabled is False:
                self.ports.setdefault(port.id, port)

    def _add_subports(self) -> None:
        """Read the subports of parent ports, and the parents of subports."""
        parent_ids = {
            subport.port_id: port.id
            for port in self.ports.values()
            for subport in port.subports
        }
        self._add_ports('id', {*parent_ids} - {*self.ports})
        subports = {row.id for row in self.ports.values() if row.is_subport}
        if subports - {*parent_ids}:
            parent_ids |= {
                subport.port_id: trunk.port_id
                for trunk in self._read(neutron.TRUNKS)
                for subport in trunk.subports
                if subport.port_id in subports
            }
            self._add_ports('id', {*parent_ids.values()} - {*self.ports})
        self.parents = {
            port_id: self.ports[parent_id]
            for port_id, parent_id in parent_ids.items()
            if parent_id in self.ports
        }

    def _add_servers(self) -> None:
        """Read the servers of ports that were not found by their server."""
        server_ids = {port.server_id or '' for port in self.ports.values()}
        answer = server_lookup.look_up(
            self._cloud.compute,
            server_ids - {'', *self.servers},
            details=True,
        )
        self.servers.update((row.id, row) for row in answer.rows)
        self.failures += answer.failures

    def _networks_with(
        self,
        sought: Sequence[addresses.IPNetwork],
        project_ids: set[str | None],
    ) -> set[str]:
        """Return the networks that have some of these addresses.

        There may be no way to them. Who sees all projects means those of an
        end, and others may have them on networks that are shared with them.
        """
        if not (sought and project_ids):
            return set()
        name = 'project_id' if self.sees_all else ''
        return {
            subnet.network_id
            for subnet in self._read(neutron.SUBNETS, name, project_ids)
            if subnet.network_id and subnet.cidr
            if any(
                map(addresses.parse_ip_network(subnet.cidr).overlaps, sought)
            )
        }

    def _add_routers(self, network_ids: set[str]) -> None:
        """Read the routers of networks, and those behind them.

        A router is found by its interfaces on these networks, by the addresses
        to which others send, and by its floating IPs.
        """
        subnets = self._add(
            self.subnets, neutron.SUBNETS, 'network_id', network_ids
        )
        self._add(
            self.ports, neutron.PORTS, 'network_id', network_ids, _INTERFACES
        )
        self.networks_with_routers |= network_ids
        next_hops = {
            hop
            for row in subnets
            for hop in _next_hops(row)
            if not self.port_at(row.network_id, hop)
        }
        router_ids = {row.router_id for row in self.floating_ips.values()}
        read: set[str | None] = set()
        while True:
            if next_hops:
                hops = neutron.fixed_ips_on(next_hops, self.subnets)
                self._add(self.ports, neutron.PORTS, 'fixed_ip', hops)
            router_ids |= {
                row.device_id
                for row in self.ports.values()
                if row.is_of_router
            }
            router_ids -= read
            if not router_ids:
                return
            read |= router_ids
            routers = self._add(
                self.routers, neutron.ROUTERS, 'id', router_ids
            )
            self._add(self.ports, neutron.PORTS, 'device_id', router_ids)
            joined = self._network_ids()
            joined -= {row.network_id for row in self.subnets.values()}
            self._add(self.subnets, neutron.SUBNETS, 'network_id', joined)
            next_hops = {
                route.next_hop for row in routers for route in row.routes
            }

    def _network_ids(self) -> set[str | None]:
        """Return the networks of everything that was read."""
        gateways = (g for row in self.routers.values() for g in row.gateways)
        rows: list[records.FloatingIP | records.Gateway | records.Port] = [
            *self.floating_ips.values(),
            *gateways,
            *self.ports.values(),
        ]
        found = {row.network_id for row in rows}
        return found | {row.network_id for row in self.subnets.values()}


def _next_hops(subnet: records.Subnet) -> set[str]:
    """Return the addresses to which servers on a subnet send."""
    hops = {subnet.gateway_ip, *(row.next_hop for row in subnet.host_routes)}
    return {hop for hop in hops if hop}
