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

"""Networks, ports and servers, made through the public APIs."""

from concurrent import futures
import secrets
import time
from typing import Any

from tests.cloud import api
from tests.cloud import bootstrap

# For the `tag` of a network in a request to create a server.
MICROVERSION = '2.90'

# Seconds for a server to reach a state.
TIMEOUT = 180

# The embedded cloud has two cores.
WORKERS = 4

Resource = dict[str, Any]


class Scenario:
    """Makes resources in the project of one user, and removes them."""

    def __init__(self, user: api.Api, prefix: str | None = None) -> None:
        """Work as a user.

        :param user: Who makes the resources, and owns them.
        :param prefix: What their names begin with; random if not given, so
            that tests which run at the same time do not meet.
        """
        self.user = user
        self.prefix = f't{secrets.token_hex(3)}-' if prefix is None else prefix
        self._removals: list[tuple[str, str]] = []
        self._image = self._first('image', '/v2/images', 'images')
        self._flavor = self._first('compute', '/flavors', 'flavors')

    def name(self, name: str) -> str:
        """Return a name in full."""
        return f'{self.prefix}{name}'

    def network(self, name: str, *cidrs: str) -> Resource:
        """Make a network with a subnet for each CIDR."""
        network: Resource = self.user.post(
            'network',
            '/v2.0/networks',
            {'network': {'name': self.name(name)}},
        )['network']
        self._removals.append(('network', f'/v2.0/networks/{network["id"]}'))
        for cidr in cidrs:
            version = 6 if ':' in cidr else 4
            self.user.post(
                'network',
                '/v2.0/subnets',
                {
                    'subnet': {
                        'network_id': network['id'],
                        'name': self.name(f'{name}-v{version}'),
                        'ip_version': version,
                        'cidr': cidr,
                    }
                },
            )
        return network

    def port(
        self, network: Resource, *addresses: str, **attributes: object
    ) -> Resource:
        """Make a port, with these addresses if there are any."""
        body = {'network_id': network['id'], **attributes}
        if addresses:
            body['fixed_ips'] = [
                {'ip_address': address} for address in addresses
            ]
        port: Resource = self.user.post(
            'network', '/v2.0/ports', {'port': body}
        )['port']
        self._removals.append(('network', f'/v2.0/ports/{port["id"]}'))
        return port

    def router(self, name: str, *networks: Resource) -> Resource:
        """Make a router from these networks to the external one."""
        external = self.user.get(
            'network', '/v2.0/networks', name=bootstrap.EXTERNAL_NETWORK
        )['networks'][0]
        router: Resource = self.user.post(
            'network',
            '/v2.0/routers',
            {
                'router': {
                    'name': self.name(name),
                    'external_gateway_info': {'network_id': external['id']},
                }
            },
        )['router']
        self._removals.append(('network', f'/v2.0/routers/{router["id"]}'))
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

    def floating_ip(self, port: Resource) -> Resource:
        """Make a floating IP for a port."""
        external = self.user.get(
            'network', '/v2.0/networks', name=bootstrap.EXTERNAL_NETWORK
        )['networks'][0]
        floating_ip: Resource = self.user.post(
            'network',
            '/v2.0/floatingips',
            {
                'floatingip': {
                    'floating_network_id': external['id'],
                    'port_id': port['id'],
                }
            },
        )['floatingip']
        self._removals.append(
            ('network', f'/v2.0/floatingips/{floating_ip["id"]}')
        )
        return floating_ip

    def server(self, name: str, *networks: dict[str, str]) -> Resource:
        """Make a server, and wait until it is active.

        :param name: Its name, without the prefix.
        :param networks: What to plug in: ``{'port': ID, 'tag': 'nic1'}`` or
            ``{'uuid': network ID}``; nothing if not given.
        """
        (server,) = self.servers({name: list(networks)})
        return server

    def servers(
        self, specifications: dict[str, list[dict[str, str]]]
    ) -> list[Resource]:
        """Make several servers at a time, and wait until all are active.

        :param specifications: What to plug in, by the server's name.
        """
        servers = [
            self._request_server(name, networks)
            for name, networks in specifications.items()
        ]
        ids = {server['id'] for server in servers}
        deadline = time.monotonic() + TIMEOUT * len(ids)
        # A listing of IDs costs Nova little; showing each server does not.
        while building := ids & self._ids_of_status('BUILD'):
            if time.monotonic() > deadline:
                raise AssertionError(f'still building: {building}')
            time.sleep(0.5)
        if not ids <= self._ids_of_status('ACTIVE'):
            raise AssertionError('a server did not become active')
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
        self._removals.append(('compute', f'/servers/{server["id"]}'))
        return {**server, 'name': self.name(name)}

    def _ids_of_status(self, status: str) -> set[str]:
        found = self.user.get('compute', '/servers', status=status)['servers']
        return {server['id'] for server in found}

    def act(self, server: Resource, action: str, wait_for: str) -> None:
        """Send an action without arguments, and wait for a status."""
        self.user.post(
            'compute', f'/servers/{server["id"]}/action', {action: None}
        )
        self.wait_for(server, wait_for)

    def wait_for(self, server: Resource, status: str) -> None:
        """Wait until a server has a status and nothing under way."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            found = self.user.get('compute', f'/servers/{server["id"]}')[
                'server'
            ]
            if (
                found['status'] == status
                and not found['OS-EXT-STS:task_state']
            ):
                return
            if found['status'] == 'ERROR':
                raise AssertionError(f'the server is in error: {found}')
            time.sleep(0.3)
        raise AssertionError(f'no {status} within {TIMEOUT} s: {found}')

    def delete(self, server: Resource) -> None:
        """Delete a server, and wait until Nova knows it no more."""
        path = f'/servers/{server["id"]}'
        try:
            self.user.delete('compute', path)
            deadline = time.monotonic() + TIMEOUT
            while time.monotonic() < deadline:
                self.user.get('compute', path)
                time.sleep(0.3)
        except api.HTTPError as error:
            if error.status != 404:
                raise
        else:
            raise AssertionError(f'still there after {TIMEOUT} s: {path}')

    def remove(self) -> None:
        """Remove all that was made, the newest first, servers before all."""
        servers = [
            {'id': path.rpartition('/')[2]}
            for service, path in self._removals
            if service == 'compute'
        ]
        with futures.ThreadPoolExecutor(WORKERS) as executor:
            list(executor.map(self.delete, servers))
        for service, path in reversed(self._removals):
            if service == 'compute':
                continue
            if '/routers/' in path:
                self._clear_router(path)
            try:
                self.user.delete(service, path)
            except api.HTTPError as error:
                if error.status != 404:
                    raise
        self._removals.clear()

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

    def _first(self, service: str, path: str, key: str) -> str:
        identifier: str = self.user.get(service, path)[key][0]['id']
        return identifier
