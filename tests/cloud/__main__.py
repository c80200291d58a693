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

"""``python -m tests.cloud up|down|status|run -- <command>``"""

import argparse
import os
import signal
import subprocess
import sys
import types

from tests.cloud import embedded
from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud import releases


def main() -> int:
    """Run the command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.cloud',
        description='A real OpenStack on loopback, for this checkout.',
    )
    release = argparse.ArgumentParser(add_help=False)
    release.add_argument(
        '--release',
        choices=releases.RELEASES,
        help=f'of which release; without it, what {releases.VARIABLE} says, '
        'or the newest; each has a cloud of its own',
    )
    release.add_argument(
        '--network',
        choices=networks.NETWORKS,
        help=f'what is below Neutron: a driver of our own (plain), or OVN; '
        f'without it, what {networks.VARIABLE} says, or plain',
    )
    actions = parser.add_subparsers(dest='action', required=True)
    for name, summary in (
        ('up', 'bring the cloud up, unless it is'),
        ('down', 'stop it; its logs are kept'),
        ('status', 'show the services; exit 3 unless all are running'),
        ('run', 'run a command with the cloud up, and leave it as it was'),
    ):
        action = actions.add_parser(name, help=summary, parents=[release])
    action.add_argument('command', nargs='+', help='the command, after --')
    arguments = parser.parse_args()
    try:
        cloud = embedded.Cloud(arguments.release, arguments.network)
    except (
        networks.UnknownNetworkError,
        releases.UnknownReleaseError,
    ) as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if arguments.action == 'up':
            cloud.up()
            return _print_status(cloud)
        if arguments.action == 'down':
            cloud.down()
            return 0
        if arguments.action == 'status':
            return _print_status(cloud)
        return _run(cloud, arguments.command)
    except embedded.CloudError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f'The services were not installed: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt(_number: int, _frame: types.FrameType | None) -> None:
    """End as after Ctrl-C, so that nothing is left running."""
    raise KeyboardInterrupt


def _print_status(cloud: embedded.Cloud) -> int:
    found = cloud.processes()
    for service in embedded.SERVICES:
        process = found.get(service)
        if process and process.is_running():
            url = cloud.endpoints[service]
            print(f'{service:<9} running  pid {process.pid:<8} {url}')
        else:
            print(f'{service:<9} stopped')
    if not cloud.is_up():
        return 3
    print(f'\nexport OS_CLIENT_CONFIG_FILE={cloud.clouds_yaml} OS_CLOUD=demo')
    if cloud.network == networks.OVN:
        for name, value in ovn.of(cloud.state).client_variables().items():
            print(f'export {name}={value}')
    return 0


def _run(cloud: embedded.Cloud, command: list[str]) -> int:
    was_brought_up = cloud.up()
    try:
        status = subprocess.run(
            command, env=cloud.environment(), check=False
        ).returncode
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 127
    finally:
        if was_brought_up:
            cloud.down()
    if status < 0:
        # The exit status that a shell reports for a command ended by a signal.
        return 128 - status
    return status


if __name__ == '__main__':
    os.umask(0o077)
    sys.exit(main())
