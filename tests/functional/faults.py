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

"""Causes faults of interfaces on purpose."""

from typing import Any
import uuid

from tests.cloud import api
from tests.cloud import databases
from tests.cloud import moves
from tests.cloud import scenario
from tests.functional import base


class FaultsTestCase(base.ProjectTestCase):
    """Causes faults through the APIs or in the databases."""

    network: scenario.Resource
    admin: api.Api

    @classmethod
    def make_resources(cls) -> None:
        cls.admin = api.Api('admin', cls.cloud)
        cls.network = cls.scenario.network(
            'net', '10.40.0.0/24', 'fd00:40::/64'
        )

    def make_server(self, interfaces: int = 2) -> scenario.Resource:
        return self.scenario.server(
            uuid.uuid4().hex[:6],
            *[{'uuid': self.network['id']} for _number in range(interfaces)],
        )

    def ports(self, server: scenario.Resource) -> list[scenario.Resource]:
        found: list[scenario.Resource] = self.admin.get(
            'network', '/v2.0/ports', device_id=server['id']
        )['ports']
        return sorted(found, key=lambda port: port['id'])

    def set_port_status(self, port: scenario.Resource, status: str) -> None:
        """Change what Neutron has as the status of a port."""
        self.change(
            'neutron',
            'UPDATE ports SET status = ? WHERE id = ?',
            status,
            port['id'],
        )

    def forget_server(self, server: scenario.Resource) -> None:
        """Let Nova forget a server, but keep its ports."""
        self.change(
            'nova-cell1',
            'UPDATE instances SET deleted = id WHERE uuid = ?',
            server['id'],
        )

    def update_port(
        self, port: scenario.Resource, **attributes: object
    ) -> None:
        self.admin.put(
            'network', f'/v2.0/ports/{port["id"]}', {'port': attributes}
        )

    def fail_to_bind(self, port: scenario.Resource, host: str) -> None:
        """Let Neutron fail to bind a port of a server.

        :param host: The host of the server.
        """
        self.update_port(port, **{'binding:host_id': ''})
        if self.is_ovn:
            # It is no chassis.
            host = f'not-{host}'
        else:
            # The mechanism driver refuses ports with this name.
            self.update_port(port, name='refuse-binding')
        self.update_port(port, **{'binding:host_id': host})

    def misbind(self, server: scenario.Resource) -> list[scenario.Resource]:
        """Bind a port of a server elsewhere, one to no host, and one in vain.

        :returns: All ports of the server, in this order.
        """
        elsewhere, nowhere, refused = ports = self.ports(server)
        other = moves.other_host(self.admin, server)
        self.update_port(elsewhere, **{'binding:host_id': other})
        self.update_port(nowhere, **{'binding:host_id': ''})
        self.fail_to_bind(refused, moves.host_of(self.admin, server))
        return ports

    def change(self, database: str, statement: str, *values: object) -> None:
        """Change a service's database directly."""
        databases.change(self.cloud, database, statement, *values)

    def read_cache(self, server: scenario.Resource) -> list[dict[str, Any]]:
        return databases.read_cache(self.cloud, server['id'])

    def write_cache(
        self, server: scenario.Resource, cache: list[dict[str, Any]]
    ) -> None:
        databases.write_cache(self.cloud, server['id'], cache)

    def forget(self, server: scenario.Resource) -> scenario.Resource:
        """Remove the first interface of a server from Nova's cache.

        :returns: Its port.
        """
        cache = self.read_cache(server)
        self.write_cache(server, cache[1:])
        (port,) = (
            port for port in self.ports(server) if port['id'] == cache[0]['id']
        )
        return port
