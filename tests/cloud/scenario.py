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

"""Makes networks, ports and servers through the public APIs."""

from concurrent import futures
import dataclasses
import ipaddress
import secrets
import time
from typing import Any
import uuid

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import databases

# Needed for the `tag` of a network in a request to create a server.
MICROVERSION = '2.90'

# Seconds to wait for a server to reach a state. Sixty others may be built on
# the same two cores.
TIMEOUT = 600

# The embedded cloud has two cores.
WORKERS = 4

# Nova's states, by the status that it shows.
_STATES = {
    'ACTIVE': 'active',
    'PAUSED': 'paused',
    'RESCUE': 'rescued',
    'SHELVED_OFFLOADED': 'shelved_offloaded',
    'SHUTOFF': 'stopped',
    'SUSPENDED': 'suspended',
    'VERIFY_RESIZE': 'resized',
}

Resource = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class LoadBalancer:
    """The resources of an Octavia load balancer with one amphora.

    :ivar id: The ID that it would have in Octavia.
    :ivar vip: The port that reserves the virtual IP.
    :ivar amphora: The server behind the virtual IP.
    :ivar vrrp: The amphora's port, with the virtual IP as an allowed address
        pair.
    """

    id: str
    vip: Resource
    amphora: Resource
    vrrp: Resource


def _pool(cidr: str) -> dict[str, str]:
    """Keep Neutron from choosing an address that a test uses.

    Neutron chooses at random. Tests use the addresses below and above.
    """
    subnet = ipaddress.ip_network(cidr)
    quarter = subnet.num_addresses // 4
    return {
        'start': str(subnet[2 * quarter]),
        'end': str(subnet[3 * quarter - 1]),
    }


class Scenario:
    """Makes resources in the project of one user, and removes them."""

    def __init__(self, user: api.Api, prefix: str | None = None) -> None:
        """Work as a user.

        :param user: The user who makes and owns the resources.
        :param prefix: The prefix of their names; random by default, so that
            parallel tests do not interfere.
        """
        self.user = user
        self.prefix = f't{secrets.token_hex(3)}-' if prefix is None else prefix
        self._network_removals: list[str] = []
        self._servers: list[Resource] = []
        # Routers with extra routes, which keep their interfaces.
        self._routed: set[str] = set()
        self._image = self._id_of('image', '/v2/images', bootstrap.IMAGE)
        self._flavor = self._id_of('compute', '/flavors', bootstrap.FLAVOR)

    def name(self, name: str) -> str:
        """Return a name with the prefix."""
        return f'{self.prefix}{name}'

    def network(
        self, name: str, *cidrs: str, **attributes: object
    ) -> Resource:
        """Make a network with a subnet for each CIDR.

        Neutron chooses addresses in the third quarter of each, such as
        10.0.0.128 to 10.0.0.191.

        :param attributes: Other attributes, such as ``segments``.
        """
        network = self._make('network', name=self.name(name), **attributes)
        for cidr in cidrs:
            self.subnet(network, cidr)
        return network

    def subnet(
        self, network: Resource, cidr: str, **attributes: object
    ) -> None:
        """Make a subnet, which is deleted together with its network.

        :param attributes: Other attributes, such as ``gateway_ip=None``.
        """
        version = 6 if ':' in cidr else 4
        self.user.post(
            'network',
            '/v2.0/subnets',
            {
                'subnet': {
                    'network_id': network['id'],
                    'project_id': network['project_id'],
                    'name': f'{network["name"]}-v{version}',
                    'ip_version': version,
                    'cidr': cidr,
                    'allocation_pools': [_pool(cidr)],
                    **attributes,
                }
            },
        )

    def scoped_pool(self, name: str, cidr: str) -> Resource:
        """Make a subnet pool in an address scope of its own."""
        scope = self._make(
            'address_scope',
            name=self.name(name),
            ip_version=ipaddress.ip_network(cidr).version,
        )
        return self._make(
            'subnetpool',
            name=self.name(name),
            prefixes=[cidr],
            address_scope_id=scope['id'],
        )

    def flat_network(
        self, name: str, cidr: str, physical_network: str, project_id: str
    ) -> Resource:
        """Make a network of a project on a physical network.

        Only for an administrator.
        """
        return self.network(
            name,
            cidr,
            project_id=project_id,
            **{
                'provider:network_type': 'flat',
                'provider:physical_network': physical_network,
            },
        )

    def port(
        self, network: Resource, *addresses: str, **attributes: object
    ) -> Resource:
        """Make a port, with any given addresses.

        :param attributes: Other attributes, such as
            ``allowed_address_pairs=[{'ip_address': '192.0.2.5'}]``. Without
            any, and without a server, a port only reserves its addresses, as
            for a virtual IP.
        """
        if addresses:
            attributes['fixed_ips'] = [
                {'ip_address': address} for address in addresses
            ]
        return self._make('port', network_id=network['id'], **attributes)

    def tag_port(self, port: Resource, *tags: str) -> None:
        """Replace the Neutron tags of a port."""
        self.user.put(
            'network', f'/v2.0/ports/{port["id"]}/tags', {'tags': tags}
        )

    def binding(self, service: api.Api, port: Resource, host: str) -> Resource:
        """Give a server's port an INACTIVE binding on a second host.

        It is deleted together with the port.

        :param service: The user ``service``, as Neutron requires its role.
        """
        binding: Resource = service.post(
            'network',
            f'/v2.0/ports/{port["id"]}/bindings',
            {'binding': {'host': host}},
        )['binding']
        return binding

    def trunk(
        self, name: str, parent: Resource, subports: dict[int, Resource]
    ) -> Resource:
        """Make a trunk; the parent port must not belong to a server yet.

        :param parent: Its parent port.
        :param subports: Its subports, by their VLAN IDs.
        """
        return self._make(
            'trunk',
            name=self.name(name),
            port_id=parent['id'],
            sub_ports=[
                {
                    'port_id': port['id'],
                    'segmentation_type': 'vlan',
                    'segmentation_id': vlan,
                }
                for vlan, port in subports.items()
            ],
        )

    def qos_policy(self, name: str, **attributes: object) -> Resource:
        """Make a QoS policy without rules; only for an administrator."""
        path = '/v2.0/qos/policies'
        policy: Resource = self.user.post(
            'network',
            path,
            {'policy': {'name': self.name(name), **attributes}},
        )['policy']
        self._network_removals.append(f'{path}/{policy["id"]}')
        return policy

    def security_group(self, name: str, **attributes: object) -> Resource:
        """Make a security group without rules.

        Neutron puts its default rules into a new one.
        """
        group = self._make(
            'security_group', name=self.name(name), **attributes
        )
        for rule in group['security_group_rules']:
            self.user.delete(
                'network', f'/v2.0/security-group-rules/{rule["id"]}'
            )
        return {**group, 'security_group_rules': []}

    def address_group(self, name: str, *addresses: str) -> Resource:
        """Make an address group with these addresses or CIDRs."""
        return self._make(
            'address_group', name=self.name(name), addresses=addresses
        )

    def security_group_rule(
        self,
        group: Resource,
        remote_group: Resource | None = None,
        **attributes: object,
    ) -> Resource:
        """Allow ingress of IPv4, from a group if one is given.

        The rule is deleted together with its security group.

        :param remote_group: The group whose ports are allowed.
        :param attributes: Other attributes.
        """
        rule = {
            'security_group_id': group['id'],
            'direction': 'ingress',
            'ethertype': 'IPv4',
            'remote_group_id': remote_group and remote_group['id'],
            **attributes,
        }
        made: Resource = self.user.post(
            'network',
            '/v2.0/security-group-rules',
            {'security_group_rule': rule},
        )['security_group_rule']
        return made

    def router(self, name: str, *networks: Resource) -> Resource:
        """Make a router between these networks and the external one.

        It translates the source addresses of servers without a floating IP.
        """
        router = self._make(
            'router',
            name=self.name(name),
            external_gateway_info={'network_id': self._external_network()},
        )
        for network in networks:
            for subnet in self.user.get(
                'network', '/v2.0/subnets', network_id=network['id']
            )['subnets']:
                self.user.put(
                    'network',
                    f'/v2.0/routers/{router["id"]}/add_router_interface',
                    {'subnet_id': subnet['id']},
                )
        return router

    def join(
        self, router: Resource, network: Resource, address: str
    ) -> Resource:
        """Give a router another interface, with an address.

        :returns: Its port, which is removed together with the router.
        """
        port: Resource = self.user.post(
            'network',
            '/v2.0/ports',
            {
                'port': {
                    'network_id': network['id'],
                    'fixed_ips': [{'ip_address': address}],
                }
            },
        )['port']
        self.user.put(
            'network',
            f'/v2.0/routers/{router["id"]}/add_router_interface',
            {'port_id': port['id']},
        )
        return port

    def route(self, router: Resource, next_hops: dict[str, str]) -> None:
        """Replace the extra routes of a router.

        :param next_hops: The next hops, by destination.
        """
        self._routed.add(router['id'])
        self._put_routes(router['id'], next_hops)

    def _put_routes(self, router_id: str, next_hops: dict[str, str]) -> None:
        routes = [
            {'destination': destination, 'nexthop': next_hop}
            for destination, next_hop in next_hops.items()
        ]
        self.user.put(
            'network',
            f'/v2.0/routers/{router_id}',
            {'router': {'routes': routes}},
        )

    def floating_ip(
        self, port: Resource | None = None, **attributes: object
    ) -> Resource:
        """Make a floating IP.

        :param port: The port that it leads to; None for port forwardings.
        :param attributes: Other attributes, such as ``fixed_ip_address``, the
            address of the port that it leads to.
        """
        return self._make(
            'floatingip',
            floating_network_id=self._external_network(),
            port_id=port and port['id'],
            **attributes,
        )

    def port_forwarding(
        self,
        floating_ip: Resource,
        port: Resource,
        external_port: int | str,
        internal_port: int | str,
        protocol: str = 'tcp',
    ) -> Resource:
        """Forward a port of a floating IP to the first address of a port.

        :param external_port: The port, or a range such as ``8000:8010``.
        :param internal_port: Likewise.
        """
        ending = '_range' if isinstance(external_port, str) else ''
        path = f'/v2.0/floatingips/{floating_ip["id"]}/port_forwardings'
        forwarding: Resource = self.user.post(
            'network',
            path,
            {
                'port_forwarding': {
                    f'external_port{ending}': external_port,
                    f'internal_port{ending}': internal_port,
                    'internal_port_id': port['id'],
                    'internal_ip_address': port['fixed_ips'][0]['ip_address'],
                    'protocol': protocol,
                }
            },
        )['port_forwarding']
        self._network_removals.append(f'{path}/{forwarding["id"]}')
        return forwarding

    def load_balancer(self, name: str, network: Resource) -> LoadBalancer:
        """Make the ports and the server of an Octavia load balancer."""
        identifier = str(uuid.uuid4())
        vip = self.port(
            network,
            name=f'octavia-lb-{identifier}',
            device_owner='Octavia',
            device_id=f'lb-{identifier}',
            admin_state_up=False,
        )
        vrrp = self.port(
            network,
            name=f'octavia-lb-vrrp-{uuid.uuid4()}',
            allowed_address_pairs=[
                {'ip_address': fixed_ip['ip_address']}
                for fixed_ip in vip['fixed_ips']
            ],
        )
        amphora = self.server(name, {'port': vrrp['id']})
        return LoadBalancer(identifier, vip, amphora, vrrp)

    def server(self, name: str, *networks: dict[str, str]) -> Resource:
        """Make a server, and wait until it is active.

        :param name: Its name, without the prefix.
        :param networks: The interfaces: ``{'port': ID, 'tag': 'nic1'}`` or
            ``{'uuid': network ID}``; none by default.
        """
        (server,) = self.servers({name: list(networks)})
        return server

    def servers(
        self, specifications: dict[str, list[dict[str, str]]]
    ) -> list[Resource]:
        """Make several servers in parallel, and wait until all are active.

        :param specifications: The interfaces, by the server's name.
        """
        servers = [
            self._request_server(name, networks)
            for name, networks in specifications.items()
        ]
        for server in servers:
            self.wait_for(server, 'ACTIVE')
        return servers

    def _request_server(
        self, name: str, networks: list[dict[str, str]]
    ) -> Resource:
        body = {
            'name': self.name(name),
            'imageRef': self._image,
            'flavorRef': self._flavor,
            'networks': networks or 'none',
        }
        server: Resource = self.user.post(
            'compute', '/servers', {'server': body}, MICROVERSION
        )['server']
        self._servers.append(server)
        return {**server, 'name': self.name(name)}

    def act(self, server: Resource, action: str, wait_for: str) -> None:
        """Send an action without arguments, and wait for a status."""
        self.user.post(
            'compute', f'/servers/{server["id"]}/action', {action: None}
        )
        self.wait_for(server, wait_for)

    def wait_for(self, server: Resource, status: str) -> None:
        """Wait until a server has a status and nothing under way."""
        wait_for(self.user, server, status)

    def delete(self, server: Resource) -> None:
        """Delete a server, and wait until it is gone from Nova."""
        try:
            self.user.delete('compute', f'/servers/{server["id"]}')
        except api.HTTPError as error:
            if error.status != 404:
                raise
        _wait_for_state(self.user, server, databases.GONE)

    def remove(self) -> None:
        """Remove everything that was made, servers first, then in reverse."""
        with futures.ThreadPoolExecutor(WORKERS) as executor:
            list(executor.map(self.delete, self._servers))
        self._servers.clear()
        for router_id in self._routed:
            self._put_routes(router_id, {})
        self._routed.clear()
        for path in reversed(self._network_removals):
            if '/routers/' in path:
                self._clear_router(path)
            try:
                self.user.delete('network', path)
            except api.HTTPError as error:
                if error.status != 404:
                    raise
        self._network_removals.clear()

    def _clear_router(self, path: str) -> None:
        ports = self.user.get(
            'network', '/v2.0/ports', device_id=path.rpartition('/')[2]
        )['ports']
        for port in ports:
            self.user.put(
                'network',
                f'{path}/remove_router_interface',
                {'port_id': port['id']},
            )

    def _make(self, kind: str, **attributes: object) -> Resource:
        """Make a Neutron resource that must be removed separately."""
        path = f'/v2.0/{kind.replace("_", "-")}s'
        made: Resource = self.user.post('network', path, {kind: attributes})[
            kind
        ]
        self._network_removals.append(f'{path}/{made["id"]}')
        return made

    def _external_network(self) -> str:
        return self._id_of(
            'network', '/v2.0/networks', bootstrap.EXTERNAL_NETWORK
        )

    def _id_of(self, service: str, path: str, name: str) -> str:
        collection = path.rpartition('/')[2]
        (identifier,) = (
            found['id']
            for found in self.user.get(service, path)[collection]
            if found['name'] == name
        )
        return str(identifier)


def detach(
    user: api.Api, server_id: str, port_id: str, mac_address: str
) -> None:
    """Detach an interface, and wait until Nova's cache lacks it, too.

    This is the last step of Nova. Until then, Nova may overwrite the cache
    that a test has changed.
    """
    user.delete('compute', f'/servers/{server_id}/os-interface/{port_id}')
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        cache = databases.read_cache(user.cloud, server_id)
        if mac_address not in {interface['address'] for interface in cache}:
            return
        time.sleep(0.1)
    raise AssertionError(f'still there after {TIMEOUT} s: {port_id}')


def wait_for(user: api.Api, server: Resource, status: str) -> None:
    """Wait until a server has a status and nothing under way.

    :raises AssertionError: The server is in error, or the time is up.
    """
    _wait_for_state(user, server, _STATES[status])


def _wait_for_state(user: api.Api, server: Resource, state: str) -> None:
    # Nova would need much CPU time to show the server each time.
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        found, task = databases.server_state(user.cloud, server['id'])
        if found == state and not task:
            return
        if found == 'error' and state != databases.GONE:
            raise AssertionError(f'the server is in error: {server}')
        time.sleep(0.1)
    raise AssertionError(f'not {state} within {TIMEOUT} s: {server}')
