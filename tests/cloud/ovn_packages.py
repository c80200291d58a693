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
        return os.pathsep.join(
            [
                *(str(self.root / name) for name in _DIRECTORIES),
                os.environ.get('PATH', os.defpath),
            ]
        )

    @property
    def libraries(self) -> str:
        """The ``LD_LIBRARY_PATH`` that they need."""
        triplet = sysconfig.get_config_var('MULTIARCH') or ''
        return str(self.root / 'usr' / 'lib' / triplet)

    def missing(self) -> list[str]:
        """Return the programs that are not there."""
        return [
            name for name in PROGRAMS if not shutil.which(name, path=self.path)
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
        *('-o', f'Dir::State::Lists={beside}/lists'),
        *('-o', f'Dir::Cache={beside}'),
        # It would change to a user who may not write here.
        *('-o', 'APT::Sandbox::User='),
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
            subprocess.run(['dpkg', '-x', package, beside], check=True)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or str(error)).strip().splitlines()
        raise NotAvailableError(
            f'OVN is not available: {lines[-1]}'
        ) from error
    for name in ('lists', 'archives', 'downloads'):
        shutil.rmtree(beside / name)
    shutil.rmtree(_UNPACKED, ignore_errors=True)
    beside.rename(_UNPACKED)
