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
import secrets
import subprocess
import tempfile
import threading

# Seconds for one command.
TIMEOUT = 600


class Shell(contextlib.AbstractContextManager['Shell']):
    """bash in an empty directory, which keeps its state between commands."""

    def __init__(self, variables: dict[str, str]) -> None:
        """Start the shell.

        :param variables: Its environment.
        """
        self._directory = tempfile.TemporaryDirectory()
        self._end = secrets.token_hex(16)
        self._process = subprocess.Popen(
            ['bash', '--norc', '--noprofile'],
            cwd=self._directory.name,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __exit__(self, *_arguments: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._directory.cleanup()

    def run(self, command: str) -> str:
        """Run a command.

        :returns: Its output, stderr and stdout together.
        :raises AssertionError: The command does not end, or ends the shell.
        """
        timer = threading.Timer(TIMEOUT, self._process.kill)
        timer.start()
        # A command must not read the following commands from stdin, and the
        # next command may read the exit code.
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(
            f'{{ {command}\n}} < /dev/null\n'
            f'{{ status=$?; echo {self._end}; (exit $status); }}\n'
        )
        self._process.stdin.flush()
        output = ''
        for line in self._process.stdout:
            output += line
            if output.endswith(f'{self._end}\n'):
                timer.cancel()
                return output.removesuffix(f'{self._end}\n')
        raise AssertionError(f'{command} did not end:\n{output}')
