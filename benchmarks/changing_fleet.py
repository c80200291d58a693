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

"""Servers whose interfaces change, as the services show them."""

import dataclasses
import datetime
import random
from typing import Any
import uuid

# The share of the interfaces that changes in an hour.
CHANGED = 0.01

# Networks, projects and hosts.
GROUPS = 300


def _by_kind() -> dict[str, list[Any]]:
    return {'servers': [], 'ports': []}


@dataclasses.dataclass
class Changes:
    """What changed in an hour.

    :ivar seen: The objects that are new or different, by kind.
    :ivar gone: The IDs of those that vanished, by kind.
    """

    seen: dict[str, list[dict[str, Any]]] = dataclasses.field(
        default_factory=_by_kind
    )
    gone: dict[str, list[str]] = dataclasses.field(default_factory=_by_kind)


class ChangingFleet:
    """Servers with an interface each, of which some change every hour.

    :ivar servers: The servers, as Nova shows them.
    :ivar ports: The port of each, as Neutron shows it.
    """

    def __init__(self, size: int) -> None:
        self._random = random.Random(28)
        self._now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        self._groups = [
            {
                'network': self._uuid(),
                'subnet': self._uuid(),
                'project': self._uuid().replace('-', ''),
                'security_group': self._uuid(),
                'host': f'compute-{number}.example.org',
            }
            for number in range(GROUPS)
        ]
        self.servers = [self._server() for _number in range(size)]
        self.ports = [self._port(server) for server in self.servers]

    def pass_hour(self) -> Changes:
        """Change some interfaces.

        A third are those of new servers, a third are new ports, and a third
        have another address.
        """
        self._now += datetime.timedelta(hours=1)
        changed = int(CHANGED * len(self.servers))
        changes = Changes()
        for index in self._random.sample(range(len(self.servers)), changed):
            kind = self._random.randrange(3)
            if kind == 0:
                changes.gone['servers'].append(self.servers[index]['id'])
                self.servers[index] = self._server()
            if kind == 2:
                port = self.ports[index]
                port['fixed_ips'][0]['ip_address'] = self._address()
                port['revision_number'] += 1
                port['updated_at'] = self._timestamp()
            else:
                changes.gone['ports'].append(self.ports[index]['id'])
                self.ports[index] = self._port(self.servers[index])
            self._show(self.servers[index], self.ports[index])
            changes.seen['servers'].append(self.servers[index])
            changes.seen['ports'].append(self.ports[index])
        return changes

    def _show(self, server: dict[str, Any], port: dict[str, Any]) -> None:
        """Show the interface in the addresses of its server."""
        server['updated'] = self._timestamp()
        server['addresses'] = {
            'private': [
                {
                    'addr': port['fixed_ips'][0]['ip_address'],
                    'version': 4,
                    'OS-EXT-IPS:type': 'fixed',
                    'OS-EXT-IPS-MAC:mac_addr': port['mac_address'],
                }
            ]
        }

    def _server(self) -> dict[str, Any]:
        group = self._random.choice(self._groups)
        identifier = self._uuid()
        return {
            'id': identifier,
            'name': f'web-{self._random.randrange(10**6)}',
            'status': 'ACTIVE',
            'tenant_id': group['project'],
            'user_id': group['project'][::-1],
            'metadata': {},
            'flavor': {'vcpus': 4, 'ram': 8192, 'original_name': 'm1.large'},
            'image': {'id': group['security_group']},
            'created': self._timestamp(),
            'updated': self._timestamp(),
            'addresses': {},
            'links': [
                {
                    'rel': 'self',
                    'href': f'http://nova.example.org/v2.1/servers/{identifier}',
                }
            ],
            'OS-EXT-AZ:availability_zone': 'nova',
            'OS-EXT-SRV-ATTR:host': group['host'],
            'OS-EXT-SRV-ATTR:hypervisor_hostname': group['host'],
            'OS-EXT-SRV-ATTR:instance_name': (
                f'instance-{self._random.getrandbits(32):08x}'
            ),
            'OS-EXT-STS:power_state': 1,
            'OS-EXT-STS:task_state': None,
            'OS-EXT-STS:vm_state': 'active',
            'security_groups': [{'name': 'default'}],
        }

    def _port(self, server: dict[str, Any]) -> dict[str, Any]:
        group = next(
            group
            for group in self._groups
            if group['project'] == server['tenant_id']
        )
        number = self._random.getrandbits(24).to_bytes(3, 'big')
        return {
            'id': self._uuid(),
            'name': '',
            'network_id': group['network'],
            'project_id': group['project'],
            'tenant_id': group['project'],
            'mac_address': f'fa:16:3e:{number.hex(":")}',
            'fixed_ips': [
                {'subnet_id': group['subnet'], 'ip_address': self._address()}
            ],
            'status': 'ACTIVE',
            'admin_state_up': True,
            'device_id': server['id'],
            'device_owner': 'compute:nova',
            'security_groups': [group['security_group']],
            'allowed_address_pairs': [],
            'binding:host_id': group['host'],
            'binding:vif_type': 'ovs',
            'binding:vif_details': {'port_filter': True},
            'binding:vnic_type': 'normal',
            'port_security_enabled': True,
            'created_at': self._timestamp(),
            'updated_at': self._timestamp(),
            'revision_number': 1,
        }

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _address(self) -> str:
        parts = self._random.getrandbits(24).to_bytes(3, 'big')
        return f'10.{parts[0]}.{parts[1]}.{parts[2]}'

    def _timestamp(self) -> str:
        return self._now.strftime('%Y-%m-%dT%H:%M:%SZ')
