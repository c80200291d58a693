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

"""The virtual environments of the checkout, made from exact pins.

``python -m tests.environments <name>`` makes one. Only the standard library is
used, as this runs before anything is installed.
"""

import argparse
from collections.abc import Iterator
import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).parents[1]
PINS = CHECKOUT / 'tests' / 'pins'


def ensure(
    name: str, python: str | None = None, install_plugin: bool = True
) -> pathlib.Path:
    """Make an environment, unless there is one with the same pins.

    :param name: The name of its directory and, in full or up to the first dot,
        of its file of pins: ``client``, ``newest``, ``cloud``,
        ``cloud-2025.1`` or ``tox``.
    :param python: The interpreter to make it with; by default, the preferred
        one of the version in use.
    :param install_plugin: Install the checkout itself, too.
    :returns: Its ``bin`` directory.
    :raises subprocess.CalledProcessError: It cannot be installed.
    """
    if name == 'tox':
        # The distribution's may not be able to make it: Debian has a package
        # of its own for that.
        python = sys.executable
    python = python or preferred_interpreter()
    directory = CHECKOUT / '.venv' / name
    pins = PINS / f'{name}.txt'
    if not pins.exists():
        pins = PINS / f'{name.partition(".")[0]}.txt'
    stamp = directory / 'complete'
    used = _with_included(pins)
    if install_plugin:
        # This file has the entry points.
        used.append(CHECKOUT / 'setup.cfg')
    version = subprocess.run(
        [python, '-VV'], check=True, capture_output=True, text=True
    ).stdout
    digest = hashlib.sha256(
        version.encode() + b''.join(file.read_bytes() for file in used)
    ).hexdigest()
    with lock(name):
        if stamp.exists() and stamp.read_text() == digest:
            return directory / 'bin'
        print(f'Installing {name} ...', file=sys.stderr, flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run(
            [python, '-m', 'venv', directory]
            if name == 'tox'
            else [_uv(), 'venv', '-q', '--python', python, directory],
            check=True,
        )
        install(
            directory / 'bin',
            '--requirement',
            pins,
            # Services are rarely started, and compile what they import.
            # Commands run often, so their modules are compiled now.
            *(
                []
                if name.partition('-')[0] in ('cloud', 'tox')
                else ['--compile-bytecode']
            ),
        )
        if install_plugin:
            install(directory / 'bin', '--no-build-isolation', '-e', CHECKOUT)
        # Written last, so that an interrupted installation does not count.
        stamp.write_text(digest)
    return directory / 'bin'


def ensure_wheel(name: str) -> pathlib.Path:
    """Make an environment with the built wheel, as a user has it.

    :param name: The name of its directory and, up to the dot, of its pins.
    :returns: Its ``bin`` directory, with the checkout as it is now.
    :raises subprocess.CalledProcessError: It cannot be installed.
    """
    programs = ensure(name, install_plugin=False)
    stamp = programs.parent / 'wheel'
    with lock('build'):
        if stamp.exists() and stamp.read_text() == _digest_of_package():
            return programs
        stamp.unlink(missing_ok=True)
        # setuptools would put modules that no longer exist into the wheel.
        shutil.rmtree(CHECKOUT / 'build', ignore_errors=True)
        install(programs, '--reinstall', '--no-build-isolation', CHECKOUT)
        # pbr has written files that are part of it.
        stamp.write_text(_digest_of_package())
    return programs


@contextlib.contextmanager
def lock(name: str, is_shared: bool = False) -> Iterator[None]:
    """Keep other processes of the checkout from doing the same.

    :param name: The name of the lock.
    :param is_shared: Whether others may hold it at the same time.
    """
    path = CHECKOUT / '.venv' / f'{name}.lock'
    path.parent.mkdir(exist_ok=True)
    with path.open('w') as file:
        fcntl.flock(file, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
        yield


def _digest_of_package() -> str:
    """Return a digest of everything that a wheel is built from."""
    digest = hashlib.sha256()
    for path in sorted(
        [
            *(CHECKOUT / 'osc_port_iface').rglob('*.*'),
            *(path for path in CHECKOUT.iterdir() if path.is_file()),
        ]
    ):
        if path.suffix != '.pyc':
            digest.update(f'{path} {path.stat().st_size} '.encode())
            digest.update(path.read_bytes())
    if (CHECKOUT / '.git').exists():
        # Its tags and its last commit are the version.
        digest.update(
            subprocess.run(
                ['git', '-C', CHECKOUT, 'describe', '--always', '--long'],
                check=True,
                capture_output=True,
            ).stdout
        )
    return digest.hexdigest()


def _with_included(pins: pathlib.Path) -> list[pathlib.Path]:
    """Return a file of pins, and the files that it includes."""
    found = [pins]
    for line in pins.read_text().splitlines():
        option, _separator, name = line.partition(' ')
        if option == '--requirement':
            found += _with_included(PINS / name)
    return found


def install(programs: pathlib.Path, *what: str | pathlib.Path) -> None:
    """Install exactly these packages into an environment.

    The pins name every package, and nothing is resolved, as today's metadata
    would exclude the oldest supported releases.

    :param programs: Its ``bin`` directory.
    :param what: Arguments of ``pip install``.
    :raises subprocess.CalledProcessError: It failed, and printed why.
    """
    python = programs / 'python'
    command: list[str | pathlib.Path] = [python, '-m', 'pip', 'install']
    if programs.parent.name != 'tox':
        # uv takes seconds where pip takes minutes.
        command = [_uv(), 'pip', 'install', '--python', python]
    subprocess.run(
        [*command, '-q', '--no-deps', *what], env=uv_variables(), check=True
    )


def _uv() -> pathlib.Path:
    return ensure('tox', install_plugin=False) / 'uv'


def uv_variables() -> dict[str, str]:
    """Return an environment in which uv keeps to the checkout.

    uv does not read pip's configuration. If that names an index, as in closed
    networks, uv is given the same.
    """
    listed = subprocess.run(
        [sys.executable, '-m', 'pip', 'config', 'list'],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    index = re.search(r"(?m)\.index-url='(.*)'$", listed)
    return {
        'UV_CACHE_DIR': str(CHECKOUT / '.venv' / 'uv-cache'),
        'UV_CONFIG_FILE': str(PINS / 'uv.toml'),
        'UV_PYTHON_DOWNLOADS': 'never',
        **({'UV_DEFAULT_INDEX': index[1]} if index else {}),
        **os.environ,
    }


def interpreter(version: str) -> str | None:
    """Find a Python of this version.

    That of the distribution comes first. It was compiled with profile-guided
    optimization, which pyenv does not do unless told to, and services take
    about a third less CPU time with it.

    :param version: ``3.12``.
    :returns: Its path; None if there is none that works.
    """
    pyenv = pathlib.Path(os.environ.get('PYENV_ROOT', '~/.pyenv')).expanduser()
    for python in (
        shutil.which(f'python{version}', path=os.defpath),
        shutil.which(f'python{version}'),
        *sorted(pyenv.glob(f'versions/{version}.*/bin/python{version}')),
    ):
        # pyenv puts programs on the path even for versions that it refuses to
        # run, and minimal packages of distributions lack modules.
        if (
            python
            and not subprocess.run(
                [python, '-c', 'import sqlite3, ssl'],
                check=False,
                stderr=subprocess.DEVNULL,
            ).returncode
        ):
            return str(python)
    return None


def preferred_interpreter() -> str:
    """Find the preferred Python of the version that runs this."""
    return interpreter(running_version()) or sys.executable


def running_version() -> str:
    """Return the version of the Python that runs this: ``3.12``."""
    major, minor, *_rest = sys.version_info
    return f'{major}.{minor}'


def main() -> None:
    """Run the command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.environments',
        description='Make a virtual environment, and print where it is.',
    )
    parser.add_argument('name', help='that of its pins, such as newest')
    parser.add_argument(
        '--wheel',
        action='store_true',
        help='install the checkout as a wheel, not as an editable package',
    )
    arguments = parser.parse_args()
    make = ensure_wheel if arguments.wheel else ensure
    print(make(arguments.name))


if __name__ == '__main__':
    main()
