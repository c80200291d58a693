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

"""Open vSwitch and OVN in user space, below the Neutron of a cloud.

Each compute host is a chassis with an integration bridge of its own. They
share one vswitchd, whose data path is the dummy one, so that no kernel and no
rights are needed. Ports are plugged in by tests/cloud/services/plugging.py.

Two chassis on one vswitchd number their connection-tracking zones alike, so
packets through NAT are true for a single chassis only.
"""

from collections.abc import Callable
import pathlib
import subprocess
import time

from tests.cloud import ovn_packages

# Seconds to wait for a daemon.
TIMEOUT = 30

# The network that ports of routers and external networks are on.
PHYSICAL_NETWORK = 'physnet1'

# Starts a process that is recorded: its name, its command and its environment.
StartProcess = Callable[[str, list[str | pathlib.Path], dict[str, str]], None]


class OvnError(Exception):
    """A daemon did not start."""


class Ovn:
    """The databases and daemons of one cloud."""

    def __init__(
        self, directory: pathlib.Path, programs: ovn_packages.Programs
    ) -> None:
        """Describe them; nothing is started.

        :param directory: The directory of their state.
        :param programs: Their programs.
        """
        self.directory = directory
        self.programs = programs

    @property
    def northbound(self) -> str:
        """The address of the northbound database."""
        return f'unix:{self.directory}/nb.sock'

    @property
    def southbound(self) -> str:
        """The address of the southbound database."""
        return f'unix:{self.directory}/sb.sock'

    @property
    def switch(self) -> str:
        """The address of the database of Open vSwitch."""
        return f'unix:{self.directory}/db.sock'

    def variables(self) -> dict[str, str]:
        """Return the environment in which the programs run."""
        own = str(self.directory)
        share = self.programs.schemas
        return {
            'PATH': self.programs.path,
            'LD_LIBRARY_PATH': self.programs.libraries,
            'LANG': 'C.UTF-8',
            # ovsdbapp puts its sockets there.
            'TMPDIR': own,
            **{
                f'{prefix}_{name}DIR': own
                for prefix in ('OVS', 'OVN')
                for name in ('RUN', 'LOG', 'DB', 'SYSCONF')
            },
            'OVS_PKGDATADIR': str(share / 'openvswitch'),
            'OVN_PKGDATADIR': str(share / 'ovn'),
            'OVN_NB_DB': self.northbound,
            'OVN_SB_DB': self.southbound,
        }

    def start(self, hosts: list[str], start_process: StartProcess) -> None:
        """Make the databases, and start the daemons.

        :param hosts: The compute hosts.
        :param start_process: Starts a daemon.
        :raises OvnError: A daemon did not start.
        """
        self.directory.mkdir(parents=True)
        for name, schema in (
            ('nb', 'ovn/ovn-nb'),
            ('sb', 'ovn/ovn-sb'),
            ('db', 'openvswitch/vswitch'),
        ):
            database = self.directory / f'{name}.db'
            path = self.programs.schemas / f'{schema}.ovsschema'
            self.run('ovsdb-tool', 'create', str(database), str(path))
            self._start(
                f'ovsdb-{name}',
                [
                    'ovsdb-server',
                    f'--remote=punix:{self.directory}/{name}.sock',
                    f'--unixctl={self.directory}/{name}.ctl',
                    database,
                ],
                start_process,
            )
        for name in ('nb', 'sb', 'db'):
            self._wait_for(self.directory / f'{name}.sock')
        self.run('ovn-nbctl', 'init')
        self.run('ovn-sbctl', 'init')
        self._start(
            'ovn-northd',
            [
                'ovn-northd',
                f'--ovnnb-db={self.northbound}',
                f'--ovnsb-db={self.southbound}',
            ],
            start_process,
        )
        self._start_switch(hosts, start_process)

    def _start_switch(
        self, hosts: list[str], start_process: StartProcess
    ) -> None:
        self.vsctl('--no-wait', 'init')
        self.vsctl(
            *('--no-wait', 'set', 'open', '.', 'system-type=dummy'),
            'external-ids:system-id=chassis-1',
        )
        self._start(
            'ovs-vswitchd',
            [
                'ovs-vswitchd',
                self.switch,
                '--enable-dummy=system',
                '--disable-system',
                '--disable-system-route',
                f'--unixctl={self.directory}/vswitchd.ctl',
            ],
            start_process,
        )
        self._wait_for(self.directory / 'vswitchd.ctl')
        for number, host in enumerate(hosts, 1):
            self._add_chassis(number, host)
        for number, host in enumerate(hosts, 1):
            self._start(
                f'ovn-controller-{host}',
                [
                    'ovn-controller',
                    *(('-n', f'chassis-{number}') if number > 1 else ()),
                    f'--pidfile={self.directory}/{host}.pid',
                    self.switch,
                ],
                start_process,
            )

    def _add_chassis(self, number: int, host: str) -> None:
        suffix = f'-chassis-{number}' if number > 1 else ''
        bridge = f'br-ex{number}'
        self.vsctl('--may-exist', 'add-br', bridge)
        options = {
            'hostname': host,
            'ovn-bridge': integration_bridge(number),
            'ovn-bridge-mappings': f'{PHYSICAL_NETWORK}:{bridge}',
            'ovn-cms-options': 'enable-chassis-as-gw'
            if number == 1
            else 'none',
            'ovn-encap-ip': f'10.255.0.{number}',
            'ovn-encap-type': 'geneve',
            'ovn-remote': self.southbound,
        }
        self.vsctl(
            *('set', 'open', '.'),
            *(
                f'external-ids:{name}{suffix}={value}'
                for name, value in options.items()
            ),
        )

    def vsctl(self, *arguments: str) -> str:
        """Run ``ovs-vsctl``."""
        return self.run('ovs-vsctl', f'--db={self.switch}', *arguments)

    def send(self, port_id: str, number: int, frame: bytes) -> None:
        """Send a frame from the guest of a port on a chassis."""
        self.run(
            *('ovs-appctl', '-t', f'{self.directory}/vswitchd.ctl'),
            *('netdev-dummy/receive', device(port_id, number), frame.hex()),
        )

    def run(self, *command: str) -> str:
        """Run a program.

        :returns: Its output.
        :raises OvnError: It failed.
        """
        found = subprocess.run(
            command,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        if found.returncode:
            raise OvnError(f'{" ".join(command)}: {found.stderr.strip()}')
        return found.stdout

    def _start(
        self,
        name: str,
        command: list[str | pathlib.Path],
        start_process: StartProcess,
    ) -> None:
        start_process(
            name, [*command, '-vconsole:warn', '-vfile:off'], self.variables()
        )

    def _wait_for(self, path: pathlib.Path) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not path.exists():
            if time.monotonic() > deadline:
                raise OvnError(f'{path.name} is not there')
            time.sleep(0.02)


def integration_bridge(number: int) -> str:
    """Name the integration bridge of a chassis, counted from 1."""
    return 'br-int' if number == 1 else f'br-int{number}'


def device(port_id: str, number: int) -> str:
    """Name the device of a port on a chassis, counted from 1.

    All hosts share a switch, and a guest that moves is on two of them.
    """
    return f'tap{port_id[:9]}{number}'
