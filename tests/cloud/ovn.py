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
packets through NAT only behave as they should on a single chassis.
"""

from collections.abc import Callable
import pathlib
import subprocess
import time

from tests.cloud import ovn_packages
from tests.cloud.services import starting

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
            **self.client_variables(),
            'PATH': self.programs.path,
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
        }

    def client_variables(self) -> dict[str, str]:
        """Return the environment in which a shell finds this OVN."""
        return {
            'PATH': f'{self.programs.directories}:$PATH',
            'LD_LIBRARY_PATH': self.programs.libraries,
            'OVN_NB_DB': self.northbound,
            'OVN_SB_DB': self.southbound,
            'OVS_RUNDIR': str(self.directory),
        }

    def start(self, start_process: StartProcess) -> None:
        """Make the databases, and start the daemons.

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
        self._start_switch(start_process)

    def _start_switch(self, start_process: StartProcess) -> None:
        self.vsctl('--no-wait', 'init')
        self.vsctl(
            '--no-wait',
            'set',
            'open',
            '.',
            'system-type=dummy',
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
        for host in starting.COMPUTE_HOSTS:
            self._add_chassis(host)
        for host in starting.COMPUTE_HOSTS:
            number = _number(host)
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

    def _add_chassis(self, host: str) -> None:
        number = _number(host)
        self._set(
            host,
            {
                'hostname': host,
                'ovn-bridge': _integration_bridge(host),
                'ovn-cms-options': 'enable-chassis-as-gw'
                if number == 1
                else 'none',
                'ovn-encap-ip': f'10.255.0.{number}',
                'ovn-encap-type': 'geneve',
                'ovn-remote': self.southbound,
            },
        )
        self.connect(host, PHYSICAL_NETWORK)

    def connect(self, host: str, *physical_networks: str) -> None:
        """Connect a host to these physical networks and no others."""
        mappings = []
        for name in physical_networks:
            bridge = f'br-{name}-{_number(host)}'
            self.vsctl('--may-exist', 'add-br', bridge)
            mappings.append(f'{name}:{bridge}')
        self._set(host, {'ovn-bridge-mappings': f'"{",".join(mappings)}"'})

    def _set(self, host: str, options: dict[str, str]) -> None:
        number = _number(host)
        suffix = f'-chassis-{number}' if number > 1 else ''
        self.vsctl(
            'set',
            'open',
            '.',
            *(
                f'external-ids:{name}{suffix}={value}'
                for name, value in options.items()
            ),
        )

    def vsctl(self, *arguments: str) -> str:
        """Run ``ovs-vsctl``."""
        return self.run('ovs-vsctl', f'--db={self.switch}', *arguments)

    def plug(self, port_id: str, mac_address: str, host: str) -> None:
        """Plug in the device of a port on a host."""
        name = _device(port_id, host)
        self.vsctl(
            '--may-exist',
            'add-port',
            _integration_bridge(host),
            name,
            '--',
            'set',
            'interface',
            name,
            'type=dummy',
            f'external_ids:iface-id={port_id}',
            f'external_ids:attached-mac="{mac_address}"',
        )

    def unplug(self, port_id: str, host: str) -> None:
        """Unplug the device of a port on a host."""
        self.vsctl('--if-exists', 'del-port', _device(port_id, host))

    def send(self, port_id: str, host: str, frame: bytes) -> None:
        """Send a frame from the guest of a port on a host."""
        self.run(
            'ovs-appctl',
            '-t',
            f'{self.directory}/vswitchd.ctl',
            'netdev-dummy/receive',
            _device(port_id, host),
            frame.hex(),
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


def of(state: pathlib.Path) -> Ovn:
    """Return the one below a cloud that has been brought up.

    :param state: The state directory of the cloud.
    """
    return Ovn(state / 'ovn', ovn_packages.ensure())


def _number(host: str) -> int:
    """Number the chassis from 1."""
    return starting.COMPUTE_HOSTS.index(host) + 1


def _integration_bridge(host: str) -> str:
    number = _number(host)
    return 'br-int' if number == 1 else f'br-int{number}'


def _device(port_id: str, host: str) -> str:
    """Name the device of a port on a host.

    All hosts share a switch, and a guest that moves is on two of them.
    """
    return f'tap{port_id[:9]}{_number(host)}'
