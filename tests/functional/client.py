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

"""The ``openstack`` program that is tested."""

import atexit
from collections.abc import Sequence
import functools
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile

from tests import command_result
from tests.functional import forked
from tests.functional import preloaded

# Seconds for one command.
TIMEOUT = 600

# Kilobytes of data that are enough for any command, but not for an answer of
# 200 MB that is decoded.
MEMORY = 400_000


def program() -> pathlib.Path:
    """Return the ``openstack`` that is tested."""
    default = pathlib.Path(sys.executable).with_name('openstack')
    return pathlib.Path(os.environ.get('OPENSTACK', default))


def run(
    arguments: Sequence[str],
    environment: dict[str, str],
    stdin: str = '',
    timeout: int = TIMEOUT,
    memory: int | None = None,
) -> command_result.Result:
    """Run ``openstack`` in a process that has imported it already.

    :param arguments: The arguments of ``openstack``.
    :param environment: All environment variables. Those that Python reads when
        it starts have no effect.
    :param stdin: The standard input.
    :param timeout: Seconds after which it is killed, with the status -14.
    :param memory: The limit of its data, in kilobytes; by default, none.
    """
    with (
        tempfile.TemporaryFile('w+', encoding='utf-8') as given,
        tempfile.TemporaryFile('w+', encoding='utf-8') as stdout,
        tempfile.TemporaryFile('w+', encoding='utf-8') as stderr,
    ):
        given.write(stdin)
        given.seek(0)
        status = forked.run(
            _preloaded() / 'socket',
            [str(program()), *arguments],
            environment,
            [file.fileno() for file in (given, stdout, stderr)],
            timeout,
            memory,
        )
        # The command shares the position in the file, and has moved it.
        for file in (stdout, stderr):
            file.seek(0)
        return command_result.Result(status, stdout.read(), stderr.read())


@functools.cache
def preloaded_program() -> pathlib.Path:
    """Return an ``openstack`` that runs in such a process, too."""
    path = _preloaded() / 'openstack'
    words = (
        sys.executable,
        '-I',
        '-S',
        forked.__file__,
        path.with_name('socket'),
        program(),
    )
    path.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
    path.chmod(0o700)
    return path


@functools.cache
def _preloaded() -> pathlib.Path:
    """Start the process that forks the commands of this test process.

    :returns: The directory of its socket.
    """
    directory = pathlib.Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, directory)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / 'socket'))
        listener.listen()
        process = subprocess.Popen(
            [
                program().with_name('python'),
                # Keeps the checkout off the path.
                '-P',
                preloaded.__file__,
                str(listener.fileno()),
            ],
            env={**os.environ, 'PYTHONUTF8': '1'},
            # It ends when this does.
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    atexit.register(process.communicate)
    return directory
