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

"""The programs of Open vSwitch and OVN, installed or unpacked.

They come from the packages of the distribution. Where they are not installed,
apt downloads them and checks their signatures, and dpkg unpacks them into the
checkout. That needs no root, and changes nothing on the system.
"""

import dataclasses
import fcntl
import os
import pathlib
import shutil
import subprocess
import sysconfig

from tests import environments

# What the daemons need that a minimal Debian or Ubuntu does not have.
PACKAGES = (
    'libbpf1',
    'libcap-ng0',
    'libelf1',
    'libnuma1',
    'libunbound8',
    'libxdp1',
    'openvswitch-common',
    'openvswitch-switch',
    'ovn-central',
    'ovn-common',
    'ovn-host',
)

# Those that are looked for on the system.
PROGRAMS = (
    'ovn-controller',
    'ovn-nbctl',
    'ovn-northd',
    'ovn-sbctl',
    'ovn-trace',
    'ovs-appctl',
    'ovs-vsctl',
    'ovs-vswitchd',
    'ovsdb-client',
    'ovsdb-server',
    'ovsdb-tool',
)

# Seconds to wait for a mirror.
TIMEOUT = 20

# Where programs of the distribution are, below the root.
_DIRECTORIES = ('usr/bin', 'usr/sbin', 'usr/lib/openvswitch-switch')

_UNPACKED = environments.CHECKOUT / '.venv' / 'ovn'


class NotAvailableError(Exception):
    """The programs are not there; the message says what is missing."""


@dataclasses.dataclass(frozen=True)
class Programs:
    """The programs, below a root.

    :ivar root: ``/``, or the directory into which they were unpacked.
    """

    root: pathlib.Path

    @property
    def schemas(self) -> pathlib.Path:
        """The directory of the schemas."""
        return self.root / 'usr' / 'share'

    @property
    def path(self) -> str:
        """The ``PATH`` on which they are."""
        return f'{self.directories}:{os.environ.get("PATH", os.defpath)}'

    @property
    def directories(self) -> str:
        """What they need in front of any ``PATH``."""
        return ':'.join(str(self.root / name) for name in _DIRECTORIES)

    @property
    def libraries(self) -> str:
        """The ``LD_LIBRARY_PATH`` that they need."""
        triplet = sysconfig.get_config_var('MULTIARCH') or ''
        return str(self.root / 'usr' / 'lib' / triplet)

    def missing(self) -> list[str]:
        """Return the programs that are not there."""
        return [
            name
            for name in PROGRAMS
            if not shutil.which(name, path=self.directories)
        ]


def ensure() -> Programs:
    """Find the programs, or unpack them.

    :raises NotAvailableError: They cannot be had.
    """
    installed = Programs(pathlib.Path('/'))
    if not installed.missing():
        return installed
    unpacked = Programs(_UNPACKED)
    if unpacked.missing():
        with _UNPACKED.with_name('ovn.lock').open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another process may have done it.
            if unpacked.missing():
                _unpack()
    if missing := unpacked.missing():
        raise NotAvailableError(
            f'OVN is not available: no {", ".join(missing)} in the packages.'
        )
    return unpacked


def _unpack() -> None:
    if not (shutil.which('apt-get') and shutil.which('dpkg')):
        raise NotAvailableError(
            'OVN is not available: install ovn-central, ovn-host and '
            'openvswitch-switch, as there is no apt to unpack them.'
        )
    beside = _UNPACKED.with_name('ovn.new')
    shutil.rmtree(beside, ignore_errors=True)
    downloads = beside / 'downloads'
    for name in ('lists/partial', 'archives/partial', 'downloads'):
        (beside / name).mkdir(parents=True)
    apt = [
        'apt-get',
        '-qq',
        '-o',
        f'Dir::State::Lists={beside}/lists',
        '-o',
        f'Dir::Cache={beside}',
        # It would change to a user who may not write here.
        '-o',
        'APT::Sandbox::User=',
        # Without a network, say so soon.
        '-o',
        f'Acquire::http::Timeout={TIMEOUT}',
        '-o',
        f'Acquire::https::Timeout={TIMEOUT}',
        '-o',
        'Acquire::Retries=0',
        # It would succeed without the lists.
        '-o',
        'APT::Update::Error-Mode=any',
    ]
    try:
        for command in ([*apt, 'update'], [*apt, 'download', *PACKAGES]):
            subprocess.run(
                command,
                cwd=downloads,
                check=True,
                capture_output=True,
                text=True,
            )
        for package in downloads.glob('*.deb'):
            subprocess.run(
                ['dpkg', '-x', package, beside],
                check=True,
                capture_output=True,
            )
    except subprocess.CalledProcessError as error:
        shutil.rmtree(beside)
        # The lines after the first error are about what follows from it.
        lines = [
            line
            for line in (error.stderr or '').splitlines()
            if line.startswith('E: ')
        ]
        what = lines[0] if lines else f'{error.cmd[0]} has failed'
        raise NotAvailableError(f'OVN is not available: {what}') from error
    for name in ('lists', 'archives', 'downloads'):
        shutil.rmtree(beside / name)
    shutil.rmtree(_UNPACKED, ignore_errors=True)
    beside.rename(_UNPACKED)
