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

"""A shell that runs commands one after another."""

import contextlib
import fcntl
import os
import pty
import secrets
import struct
import subprocess
import tempfile
import termios
import threading

# Seconds for one command.
TIMEOUT = 600

# The size of the terminal.
LINES, COLUMNS = 50, 100


class Shell(contextlib.AbstractContextManager['Shell']):
    """bash in an empty directory, which keeps its state between commands.

    It writes to a terminal, as a reader's does.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        """Start the shell.

        :param variables: Its environment.
        """
        self._directory = tempfile.TemporaryDirectory()
        self._end = secrets.token_hex(16)
        self._terminal, screen = _terminal()
        self._process = subprocess.Popen(
            ['bash', '--norc', '--noprofile'],
            cwd=self._directory.name,
            # A page has no colours.
            env={**variables, 'NO_COLOR': '1'},
            stdin=subprocess.PIPE,
            stdout=screen,
            stderr=screen,
            text=True,
        )
        os.close(screen)

    def __exit__(self, *_arguments: object) -> None:
        self._process.kill()
        self._process.communicate()
        os.close(self._terminal)
        self._directory.cleanup()

    def run(self, command: str) -> str:
        """Run a command.

        :returns: What the terminal shows afterwards: its output, stderr and
            stdout together.
        :raises AssertionError: The command does not end, or ends the shell.
        """
        timer = threading.Timer(TIMEOUT, self._process.kill)
        timer.start()
        # A command must not read the following commands from stdin, and the
        # next command may read the exit code.
        assert self._process.stdin
        self._process.stdin.write(
            f'{{ {command}\n}} < /dev/null\n'
            f'{{ status=$?; echo {self._end}; (exit $status); }}\n'
        )
        self._process.stdin.flush()
        output = b''
        end = f'{self._end}\n'.encode()
        # Linux reports an error once nobody has the other end open.
        with contextlib.suppress(OSError):
            while part := os.read(self._terminal, 65536):
                output += part
                if output.endswith(end):
                    timer.cancel()
                    return _shown(output.removesuffix(end).decode())
        raise AssertionError(f'{command} did not end:\n{output.decode()}')


def _terminal() -> tuple[int, int]:
    """Open a terminal, and return both of its ends."""
    terminal, screen = pty.openpty()
    size = struct.pack('HHHH', LINES, COLUMNS, 0, 0)
    fcntl.ioctl(screen, termios.TIOCSWINSZ, size)
    settings = termios.tcgetattr(screen)
    # Lines end as they were written.
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(screen, termios.TCSANOW, settings)
    return terminal, screen


def _shown(output: str) -> str:
    """Return what is left of lines that were written over."""
    return '\n'.join(line.rpartition('\r')[2] for line in output.split('\n'))
