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

"""The virtual environments of the checkout, each made of exact pins.

Only the standard library: this runs before anything is installed.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).parents[1]
PINS = CHECKOUT / 'tests' / 'pins'


def ensure(
    name: str, python: str = sys.executable, install_plugin: bool = True
) -> pathlib.Path:
    """Make an environment, unless there is one of these very pins.

    :param name: That of its directory and, up to the first dot, of its file
        of pins: ``client``, ``testing``, ``newest``, ``oldest`` or
        ``cloud``.
    :param python: The interpreter to make it with.
    :param install_plugin: Install the checkout itself, too.
    :returns: Its ``bin`` directory.
    :raises subprocess.CalledProcessError: pip failed, and said why.
    """
    directory = CHECKOUT / '.venv' / name
    pins = PINS / f'{name.partition(".")[0]}.txt'
    stamp = directory / 'complete'
    used = _with_included(pins)
    if install_plugin:
        # It has the entry points.
        used.append(CHECKOUT / 'setup.cfg')
    version = subprocess.run(
        [python, '-VV'], check=True, capture_output=True, text=True
    ).stdout
    digest = hashlib.sha256(
        version.encode() + b''.join(file.read_bytes() for file in used)
    ).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return directory / 'bin'
    print(f'Installing {directory.relative_to(CHECKOUT)} ...', flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    subprocess.run([python, '-m', 'venv', directory], check=True)
    # The pins name every package, and nothing is to be resolved: today's
    # metadata would not let the oldest supported releases in.
    install(directory / 'bin', '--requirement', pins)
    if install_plugin:
        install(directory / 'bin', '--no-build-isolation', '-e', CHECKOUT)
    # Last, so that an interrupted installation counts as none.
    stamp.write_text(digest)
    return directory / 'bin'


def _with_included(pins: pathlib.Path) -> list[pathlib.Path]:
    """Return a file of pins, and those that it includes."""
    found = [pins]
    for line in pins.read_text().splitlines():
        option, _separator, name = line.partition(' ')
        if option == '--requirement':
            found += _with_included(PINS / name)
    return found


def install(programs: pathlib.Path, *what: str | pathlib.Path) -> None:
    """Install exactly this into an environment.

    :param programs: Its ``bin`` directory.
    :param what: What ``pip install`` is to be told.
    :raises subprocess.CalledProcessError: pip failed, and said why.
    """
    pip = (programs / 'python', '-m', 'pip', 'install', '-qq', '--no-deps')
    subprocess.run([*pip, '--disable-pip-version-check', *what], check=True)


def interpreter(version: str) -> str | None:
    """Find a Python of this version.

    :param version: ``3.12``.
    :returns: Its path; None where there is none that works.
    """
    pyenv = pathlib.Path(os.environ.get('PYENV_ROOT', '~/.pyenv')).expanduser()
    for python in (
        shutil.which(f'python{version}'),
        *sorted(pyenv.glob(f'versions/{version}.*/bin/python{version}')),
    ):
        # pyenv puts a program on the path for versions that it then refuses.
        if (
            python
            and not subprocess.run(
                [python, '-c', ''], check=False, stderr=subprocess.DEVNULL
            ).returncode
        ):
            return str(python)
    return None
