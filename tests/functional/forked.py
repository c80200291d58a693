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

"""Runs a command in a fork of preloaded.py.

``forked.py <socket> <program> …`` does the same as a program.

It only uses the standard library, as it also runs without an environment.
"""

from collections.abc import Sequence
import json
import os
import pathlib
import socket
import sys


def run(
    address: str | pathlib.Path,
    arguments: Sequence[str],
    environment: dict[str, str],
    descriptors: Sequence[int],
    timeout: int = 0,
    memory: int | None = None,
) -> int:
    """Run a command in the current directory, and wait for its end.

    :param address: The socket of preloaded.py.
    :param arguments: The program and its arguments.
    :param environment: All environment variables. Those that Python reads when
        it starts have no effect.
    :param descriptors: The files for standard input, output and error.
    :param timeout: Seconds after which it is killed, with the status -14; by
        default, never.
    :param memory: The limit of its data, in kilobytes; by default, none.
    :returns: Its exit status, or that of a signal as a negative number.
    """
    text = json.dumps(
        {
            'arguments': arguments,
            'directory': os.getcwd(),
            'environment': environment,
            'timeout': timeout,
            'memory': memory,
        }
    )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(address))
        data = text.encode()
        sent = socket.send_fds(connection, [data], descriptors)
        connection.sendall(data[sent:])
        connection.shutdown(socket.SHUT_WR)
        return int(connection.recv(16))


if __name__ == '__main__':
    status = run(sys.argv[1], sys.argv[2:], dict(os.environ), (0, 1, 2))
    # As a shell shows a signal.
    sys.exit(status if status >= 0 else 128 - status)
