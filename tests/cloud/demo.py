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

import os
import pathlib
import shlex
import subprocess
import sys

from tests.cloud import api
from tests.cloud import embedded
from tests.cloud import scenario
from tests import environments

SERVERS = ('web-1', 'web-2', 'db-1')

NETWORKS = {
    'frontend': ('192.0.2.0/25', '2001:db8:a::/64'),
    'backend': ('192.0.2.128/25',),
    'storage': ('198.51.100.0/24',),
}


def make_servers(user: api.Api) -> None:
    """Make three servers with several interfaces, unless they are there."""
    found = user.get('compute', '/servers')['servers']
    missing = set(SERVERS) - {server['name'] for server in found}
    if not missing:
        return
    print('Making three servers ...', flush=True)
    demo = scenario.Scenario(user, prefix='')
    networks = {
        name: _network(user, demo, name, *cidrs)
        for name, cidrs in NETWORKS.items()
    }
    public = {'uuid': networks['frontend']['id'], 'tag': 'public'}
    private = {'uuid': networks['backend']['id'], 'tag': 'private'}
    servers = {'web-1': [public, private], 'web-2': [public, private]}
    if 'db-1' in missing:
        down = demo.port(networks['storage'], admin_state_up=False)
        servers['db-1'] = [
            {'uuid': networks['frontend']['id']},
            private,
            {'port': down['id'], 'tag': 'replication'},
        ]
    demo.servers({name: servers[name] for name in sorted(missing)})


def _network(
    user: api.Api, demo: scenario.Scenario, name: str, *cidrs: str
) -> scenario.Resource:
    found: list[scenario.Resource] = user.get(
        'network', '/v2.0/networks', name=name
    )['networks']
    return found[0] if found else demo.network(name, *cidrs)


def show(cloud: embedded.Cloud, programs: pathlib.Path) -> int:
    """Run the commands, as if typed at a prompt."""
    variables = {**cloud.environment(), 'OS_CLOUD': 'demo'}
    variables['PATH'] = os.pathsep.join(
        [str(programs), variables.get('PATH', os.defpath)]
    )
    for command in (
        *(f'openstack server interface list {name}' for name in SERVERS),
        'openstack server interface list db-1 -f json',
        "openstack server interface list web-1 -f value -c 'Fixed IPs'",
        "openstack server interface list -c 'Server Name' -c 'Fixed IPs' "
        '-c Tag',
        'openstack --os-cloud admin server interface check --all-projects '
        '--print-empty',
    ):
        print(f'\n$ {command}', flush=True)
        status = subprocess.run(
            shlex.split(command), env=variables, check=False
        ).returncode
        if status:
            return status
    print(
        '\nThe cloud is up. Go on in a shell of your own:\n\n'
        f'  export PATH={programs}:$PATH\n'
        f'  export OS_CLIENT_CONFIG_FILE={cloud.clouds_yaml} OS_CLOUD=demo\n'
        '  openstack server interface list --help\n\n'
        'Other clouds of that file: admin, reader (the same project, read '
        'only),\nother (another project). To stop the cloud: make down'
    )
    return 0


def main() -> int:
    """Bring up what is missing, and show it."""
    os.umask(0o077)
    cloud = embedded.Cloud()
    try:
        programs = environments.ensure('client')
        if not cloud.is_up():
            print('Starting the embedded cloud ...', flush=True)
        cloud.up()
        make_servers(api.Api('demo', cloud))
        return show(cloud, programs)
    except (embedded.CloudError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted. To stop the cloud: make down', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
