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

"""Consistent records, which tests can change."""

from typing import Any

from osc_port_iface import records
from tests.unit import fake_cloud

HOST = 'compute-1'
OTHER_HOST = 'compute-2'


def mac_address(number: int) -> str:
    return f'fa:16:3e:00:{number // 256:02x}:{number % 256:02x}'


def port(
    number: int, *addresses: str, device: int | None = 1, **changes: Any
) -> records.Port:
    """Build a port of a server, or of none."""
    values: dict[str, Any] = {
        'id': fake_cloud.identifier(number),
        'network_id': fake_cloud.identifier(700),
        'mac_address': mac_address(number),
        'fixed_ips': tuple(map(records.FixedIP, addresses)),
        'status': 'ACTIVE',
        'device_id': device and fake_cloud.identifier(device),
        'device_owner': 'compute:nova' if device else None,
        'project_id': fake_cloud.PROJECT_ID,
        'vnic_type': 'normal',
        'vif_type': 'ovs',
        'host': HOST,
        'admin_state_up': True,
        **changes,
    }
    return records.Port(**values)


def server(*ports: records.Port, **changes: Any) -> records.Server:
    """Build a server whose cache has these ports."""
    values: dict[str, Any] = {
        'id': fake_cloud.identifier(1),
        'name': 'web',
        'project_id': fake_cloud.PROJECT_ID,
        'status': 'ACTIVE',
        'host': HOST,
        'cache': tuple(
            records.Interface(found.mac_address, found.fixed_ips)
            for found in ports
        ),
        **changes,
    }
    return records.Server(**values)


def cached(
    number: int, *addresses: str, floating_ips: tuple[str, ...] = ()
) -> records.Interface:
    """Build the cache entry of a port."""
    return records.Interface(
        mac_address(number),
        tuple(map(records.FixedIP, addresses)),
        floating_ips=floating_ips,
    )


def floating_ip(
    address: str, port: int | None, fixed_ip: str | None, **changes: Any
) -> records.FloatingIP:
    """Build a floating IP of a port, or of none."""
    return records.FloatingIP(
        id=address,
        address=address,
        port_id=fake_cloud.identifier(port) if port else None,
        fixed_ip_address=fixed_ip,
        **changes,
    )
