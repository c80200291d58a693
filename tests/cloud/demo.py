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

"""``python -m tests.cloud.demo``: the main job, on the embedded cloud."""

import dataclasses
import os
import pathlib
import shlex
import subprocess
import sys

from tests.cloud import api
from tests.cloud import embedded
from tests.cloud import networks
from tests.cloud import releases
from tests.cloud import scenario
from tests import environments


@dataclasses.dataclass
class Interface:
    """An interface of a server."""

    network: str
    mac_address: str
    addresses: tuple[str, ...]
    tag: str | None = None
    enabled: bool = True


# The servers, in the order of a listing.
SERVERS = {
    'web-1': (
        Interface('backend', 'fa:16:3e:6a:6a:3d', ('192.0.2.177',), 'private'),
        Interface(
            'frontend',
            'fa:16:3e:1a:b7:00',
            ('192.0.2.16', '2001:db8:a::a5'),
            'public',
        ),
    ),
    'web-2': (
        Interface('backend', 'fa:16:3e:2e:62:b7', ('192.0.2.136',), 'private'),
        Interface(
            'frontend',
            'fa:16:3e:8b:f3:fa',
            ('192.0.2.32', '2001:db8:a::327'),
            'public',
        ),
    ),
    'db-1': (
        Interface('backend', 'fa:16:3e:b2:89:3e', ('192.0.2.205',), 'private'),
        Interface(
            'storage',
            'fa:16:3e:7f:ef:6c',
            ('198.51.100.30',),
            'replication',
            enabled=False,
        ),
        Interface(
            'frontend', 'fa:16:3e:a1:2e:d3', ('192.0.2.15', '2001:db8:a::101')
        ),
    ),
}

NETWORKS = {
    'frontend': ('192.0.2.0/25', '2001:db8:a::/64'),
    'backend': ('192.0.2.128/25',),
    'storage': ('198.51.100.0/24',),
    'backup': ('192.168.0.0/24',),
}

# An address on the network frontend.
VIRTUAL_IP = '192.0.2.100'

# Outside of what Neutron chooses from.
ROUTER_ADDRESS = '203.0.113.94'
SHARED_ADDRESS = '203.0.113.206'

BACKUP_VLAN = 101
BACKUP_ADDRESS = '192.168.0.220'


def make_servers(user: api.Api) -> None:
    """Make three servers with several interfaces, unless they exist."""
    found = user.get('compute', '/servers')['servers']
    missing = set(SERVERS) - {server['name'] for server in found}
    if not missing:
        return
    print('Making three servers ...', flush=True)
    demo = scenario.Scenario(user, prefix='')
    made = {
        name: _found(user, 'networks', name=name) or demo.network(name, *cidrs)
        for name, cidrs in NETWORKS.items()
    }
    servers = {}
    for name in sorted(missing):
        ports = make_ports(demo, name, SERVERS[name], made)
        if name == 'db-1':
            _make_trunk(user, demo, ports[0], made['backup'])
        # Plugged in from last to first, so that the order of the NICs differs
        # from that of a listing.
        servers[name] = [
            {'port': port['id']}
            | ({'tag': plugged.tag} if plugged.tag else {})
            for port, plugged in zip(
                reversed(ports), reversed(SERVERS[name]), strict=True
            )
        ]
    demo.servers(servers)


def make_ports(
    made: scenario.Scenario,
    server: str,
    interfaces: tuple[Interface, ...],
    networks_by_name: dict[str, scenario.Resource],
) -> list[scenario.Resource]:
    """Make the ports of a server in the order of their IDs.

    Interfaces are listed by ID, which Neutron chooses at random, but the
    documentation shows a fixed order.
    """
    user = made.user
    while True:
        ports = [
            _found(user, 'ports', name=f'{server}-{plugged.network}')
            or made.port(
                networks_by_name[plugged.network],
                *plugged.addresses,
                name=f'{server}-{plugged.network}',
                mac_address=plugged.mac_address,
                admin_state_up=plugged.enabled,
            )
            for plugged in interfaces
        ]
        ids = [port['id'] for port in ports]
        if ids == sorted(ids):
            return ports
        for port_id in ids:
            user.delete('network', f'/v2.0/ports/{port_id}')


def _make_trunk(
    user: api.Api,
    demo: scenario.Scenario,
    parent: scenario.Resource,
    network: scenario.Resource,
) -> None:
    """Make a trunk with this parent port, and a subport on another network."""
    name = 'db-1-trunk'
    if not _found(user, 'trunks', name=name):
        subport = demo.port(network, BACKUP_ADDRESS, name='db-1-backup')
        demo.trunk(name, parent, {BACKUP_VLAN: subport})


def make_indirections(user: api.Api) -> None:
    """Make addresses that lead to a server without being its own.

    A router translates the source addresses of the network frontend. Its
    servers web-1 and web-2 share a virtual IP, and the SSH port of web-1 is
    behind a forwarding of a floating IP.
    """
    demo = scenario.Scenario(user, prefix='')
    # A member may not choose addresses of the external network.
    admin = api.Api('admin', user.cloud)
    frontend = _found(user, 'networks', name='frontend')
    assert frontend is not None
    if not _found(user, 'routers', name='edge'):
        edge = demo.router('edge', frontend)
        gateway = {
            'network_id': edge['external_gateway_info']['network_id'],
            'external_fixed_ips': [{'ip_address': ROUTER_ADDRESS}],
        }
        admin.put(
            'network',
            f'/v2.0/routers/{edge["id"]}',
            {'router': {'external_gateway_info': gateway}},
        )
    if not _found(user, 'ports', name='web-vip'):
        demo.port(frontend, VIRTUAL_IP, name='web-vip')
    for server in ('web-1', 'web-2'):
        port = _port_of(user, server, frontend)
        if not port['allowed_address_pairs']:
            pairs = [{'ip_address': VIRTUAL_IP}]
            user.put(
                'network',
                f'/v2.0/ports/{port["id"]}',
                {'port': {'allowed_address_pairs': pairs}},
            )
    shared = _found(
        user, 'floatingips', floating_ip_address=SHARED_ADDRESS
    ) or scenario.Scenario(admin, prefix='').floating_ip(
        floating_ip_address=SHARED_ADDRESS, project_id=user.project_id
    )
    if not shared['port_forwardings']:
        web_1 = _port_of(user, 'web-1', frontend)
        demo.port_forwarding(
            shared, web_1, external_port=2201, internal_port=22
        )


def _port_of(
    user: api.Api, server_name: str, network: scenario.Resource
) -> scenario.Resource:
    (server,) = user.get('compute', '/servers', name=f'^{server_name}$')[
        'servers'
    ]
    (port,) = user.get(
        'network',
        '/v2.0/ports',
        device_id=server['id'],
        network_id=network['id'],
    )['ports']
    return dict(port)


def _found(
    user: api.Api, collection: str, **filters: str
) -> scenario.Resource | None:
    found: list[scenario.Resource] = user.get(
        'network', f'/v2.0/{collection}', **filters
    )[collection]
    return found[0] if found else None


def down_command(cloud: embedded.Cloud) -> str:
    """Return the command that stops this cloud."""
    words = ['make down']
    if cloud.release.name != releases.NEWEST:
        words.append(f'RELEASE={cloud.release.name}')
    if cloud.network != networks.PLAIN:
        words.append(f'NETWORK={cloud.network}')
    return ' '.join(words)


def show(cloud: embedded.Cloud, programs: pathlib.Path) -> int:
    """Run the commands, as if typed at a prompt."""
    variables = {**cloud.environment(), 'OS_CLOUD': 'demo'}
    variables['PATH'] = os.pathsep.join(
        [str(programs), variables.get('PATH', os.defpath)]
    )
    for command in (
        'openstack server interface list web-1',
        'openstack server interface list',
        "openstack server interface list web-1 -f value -c 'Fixed IPs'",
        f'openstack server interface find {VIRTUAL_IP}',
        'openstack server interface reach web-1 web-2 --port 22',
        'openstack --os-cloud admin server interface check --all-projects',
    ):
        print(f'\n$ {command}', flush=True)
        status = subprocess.run(
            shlex.split(command), env=variables, check=False
        ).returncode
        if status:
            return status
    print(
        '\nThe cloud is up. To use it from a shell:\n\n'
        f'  export PATH={programs}:$PATH\n'
        f'  export OS_CLIENT_CONFIG_FILE={cloud.clouds_yaml} OS_CLOUD=demo\n'
        '  openstack server interface list --help\n\n'
        'Other clouds of that file: admin, reader (the same project, read '
        'only),\nother (another project). To stop the cloud: '
        + down_command(cloud)
    )
    return 0


def main() -> int:
    """Set up whatever is missing, and show it."""
    os.umask(0o077)
    try:
        cloud = embedded.Cloud()
        programs = environments.ensure('client')
        if not cloud.is_up():
            print('Starting the embedded cloud ...', flush=True)
        cloud.up()
        user = api.Api('demo', cloud)
        make_servers(user)
        make_indirections(user)
        return show(cloud, programs)
    except (
        embedded.CloudError,
        networks.UnknownNetworkError,
        releases.UnknownReleaseError,
        subprocess.CalledProcessError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f'\nInterrupted. To stop the cloud: {down_command(cloud)}',
            file=sys.stderr,
        )
        return 130


if __name__ == '__main__':
    sys.exit(main())
