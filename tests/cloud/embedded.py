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

"""Starts and stops a real OpenStack on loopback.

All state is in one directory. A stopped cloud cannot be started again, as
Nova's fake driver keeps its guests in memory. So ``up`` after ``down`` makes a
new one.
"""

import dataclasses
import json
import os
import pathlib
import random
import secrets
import shutil
import socket
import time
from urllib import error as urllib_error
from urllib import request as urllib_request

from tests.cloud import bootstrap
from tests.cloud import configuration
from tests.cloud import directory
from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud import ovn_packages
from tests.cloud import processes
from tests.cloud import releases
from tests.cloud.services import starting
from tests import environments

# Seconds to wait for a service. It usually takes about ten, and more while
# other environments are installed.
START_TIMEOUT = 600

# A service binds its port seconds after this was found to be free. Linux does
# not give these ports to connections, or to tests that bind any port.
PORTS = range(20_000, 32_768)

# Placement shares the process of compute.
SERVICES = ('identity', 'image', 'network', 'compute')

PATHS = {
    'identity': '/v3',
    'image': '',
    'network': '',
    'placement': '',
    'compute': '/v2.1',
}


class CloudError(Exception):
    """The cloud cannot be used; the message says why."""


class Cloud(directory.CloudDirectory):
    """The embedded cloud of one checkout.

    :cvar services: Its processes.
    """

    services: tuple[str, ...] = SERVICES

    def __init__(
        self, release: str | None = None, network: str | None = None
    ) -> None:
        super().__init__(release, network)
        self._processes = self.state / 'processes.json'

    def processes(self) -> dict[str, processes.Process]:
        """Return the process of each service that was started."""
        return _recorded(self._processes)

    def is_up(self) -> bool:
        """Return whether the cloud was brought up and all services run."""
        found = self.processes()
        return (
            self.clouds_yaml.exists()
            and found.keys() >= {*self.services}
            and all(process.is_running() for process in found.values())
        )

    def up(self) -> bool:
        """Bring the cloud up, unless it is up.

        :returns: Whether this call brought it up.
        :raises CloudError: A service did not start.
        """
        with self.lock():
            if self.is_up():
                return False
            self._stop()
            try:
                self._start()
            except BaseException:
                self._stop()
                raise
            return True

    def down(self) -> None:
        """Stop all processes that :meth:`up` started. The logs are kept."""
        with self.lock():
            self._stop()

    def environment(self) -> dict[str, str]:
        """Return an environment in which ``openstack`` finds the cloud."""
        variables = {
            name: value
            for name, value in os.environ.items()
            # OS_TEST_PATH belongs to stestr.
            if not name.startswith('OS_') or name == 'OS_TEST_PATH'
        }
        return {
            **variables,
            networks.VARIABLE: self.network,
            releases.VARIABLE: self.release.name,
            'OS_CLIENT_CONFIG_FILE': str(self.clouds_yaml),
            # python-novaclient would write to the home directory.
            'NOVACLIENT_UUID_CACHE_DIR': str(self.state / 'novaclient'),
        }

    def _start(self) -> None:
        python = self.release.python()
        if python is None:
            raise CloudError(
                f'Release {self.release.name} needs Python '
                f'{" or ".join(self.release.pythons)}.'
            )
        programs = environments.ensure(
            self.release.pins, python, install_plugin=False
        )
        below = self._network_below()
        shutil.rmtree(self.state, ignore_errors=True)
        for name in ('db', 'log', 'lock', 'images/staging'):
            (self.state / name).mkdir(parents=True)
        self.state.chmod(0o700)
        ports = free_ports([*PATHS])
        endpoints = {
            service: f'http://127.0.0.1:{ports[service]}{path}'
            for service, path in PATHS.items()
        }
        passwords = {
            user: secrets.token_urlsafe(16)
            for user in ('admin', 'service', 'demo', 'reader', 'other')
        }
        self.facts.touch(mode=0o600)
        self.facts.write_text(
            json.dumps(
                {
                    'release': self.release.name,
                    'network': self.network,
                    'ports': ports,
                    'endpoints': endpoints,
                    'hosts': starting.COMPUTE_HOSTS,
                    'passwords': passwords,
                }
            )
        )
        configuration.write(
            self.state, programs.parent, endpoints, passwords, below
        )
        self._write_entry_point()
        self._write_clouds_yaml(passwords)
        if below:
            try:
                below.start(self._start_process)
            except ovn.OvnError as error:
                raise CloudError(str(error)) from error
        for service in ('identity', 'image', 'network'):
            self._start_service(programs, service)
        self._wait_for('identity')
        bootstrap.identity(self, passwords)
        self._start_service(programs, 'compute')
        for service in ('image', 'network', 'compute', 'placement'):
            self._wait_for(service)
        bootstrap.image(self)
        bootstrap.resources(self)

    def _network_below(self) -> ovn.Ovn | None:
        if self.network != networks.OVN:
            return None
        if self.release.name != releases.NEWEST:
            raise CloudError('OVN is below the newest release only.')
        try:
            programs = ovn_packages.ensure()
        except ovn_packages.NotAvailableError as error:
            raise CloudError(str(error)) from error
        return ovn.Ovn(self.state / 'ovn', programs)

    def _start_service(self, programs: pathlib.Path, service: str) -> None:
        variables = {
            'PATH': os.environ.get('PATH', os.defpath),
            'HOME': str(self.state),
            'LANG': 'C.UTF-8',
            'PYTHONPATH': os.pathsep.join(
                [str(environments.CHECKOUT), str(self.state / 'entry-points')]
            ),
        }
        if self.network == networks.OVN:
            variables |= ovn.of(self.state).variables()
        self._start_process(
            service,
            [
                programs / 'python',
                '-m',
                f'tests.cloud.services.{service}',
                self.state,
            ],
            variables,
        )

    def _start_process(
        self,
        name: str,
        command: list[str | pathlib.Path],
        variables: dict[str, str],
    ) -> None:
        process = processes.start(command, variables, self.log / f'{name}.log')
        found = {**self.processes(), name: process}
        self._processes.write_text(
            json.dumps(
                {
                    name: dataclasses.asdict(process)
                    for name, process in found.items()
                }
            )
        )

    def _wait_for(self, service: str) -> None:
        owner = 'compute' if service == 'placement' else service
        url = self.endpoints[service]
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers(url):
            if not self.processes()[owner].is_running():
                raise CloudError(self._failure(owner, 'died'))
            if time.monotonic() > deadline:
                raise CloudError(
                    self._failure(
                        owner, f'did not answer within {START_TIMEOUT} s'
                    )
                )
            time.sleep(0.1)

    def _failure(self, service: str, what: str) -> str:
        log = self.log / f'{service}.log'
        end = log.read_text(errors='replace').splitlines()[-20:]
        return '\n'.join([f'{service} {what}; the end of {log}:', *end])

    def _stop(self) -> None:
        # Those of another region end first.
        for recorded in (
            *self.state.glob('*/processes.json'),
            self._processes,
        ):
            # The daemons below a service end after it.
            for process in reversed(_recorded(recorded).values()):
                process.stop()
            recorded.unlink(missing_ok=True)

    def _write_entry_point(self) -> None:
        """Register our mechanism driver under its name for Neutron."""
        metadata = self.state / 'entry-points' / 'embedded-1.0.dist-info'
        metadata.mkdir(parents=True)
        (metadata / 'METADATA').write_text(
            'Metadata-Version: 2.1\nName: embedded\nVersion: 1.0\n'
        )
        (metadata / 'entry_points.txt').write_text(
            '[neutron.ml2.mechanism_drivers]\nembedded = '
            'tests.cloud.services.mechanism_driver:MechanismDriver\n'
        )

    def _write_clouds_yaml(self, passwords: dict[str, str]) -> None:
        self.clouds_yaml.touch(mode=0o600)
        self.clouds_yaml.write_text(json.dumps({'clouds': {}}))
        for name, user, scope in (
            ('admin', 'admin', {'project_name': 'admin'}),
            ('system', 'admin', {'system_scope': 'all'}),
            ('demo', 'demo', {'project_name': 'demo'}),
            ('reader', 'reader', {'project_name': 'demo'}),
            ('other', 'other', {'project_name': 'other'}),
            # Neutron requires this role to create a binding.
            ('service', 'service', {'project_name': 'service'}),
        ):
            self.add_credentials(name, user, passwords[user], **scope)


def _recorded(path: pathlib.Path) -> dict[str, processes.Process]:
    try:
        recorded = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return {
        name: processes.Process(**process)
        for name, process in recorded.items()
    }


def free_ports(names: list[str]) -> dict[str, int]:
    """Find different free ports."""
    free = filter(_is_free, random.sample(PORTS, len(PORTS)))
    return {name: next(free) for name in names}


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def _answers(url: str) -> bool:
    try:
        with urllib_request.urlopen(url, timeout=30):
            return True
    except urllib_error.HTTPError:
        # It answers, even if only to request a token.
        return True
    except OSError:
        return False
