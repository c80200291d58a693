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

"""Processes that outlive the command that started them."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import time


@dataclasses.dataclass(frozen=True)
class Process:
    """A process, identified by its ID and its start time."""

    pid: int
    start_time: str

    def is_running(self) -> bool:
        """Return whether this very process is running."""
        return _start_time(self.pid) == self.start_time

    def stop(self) -> None:
        """End the process, and wait until it is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.is_running():
                return
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + 5
            while self.is_running() and time.monotonic() < deadline:
                time.sleep(0.05)


def start(
    command: list[str | pathlib.Path],
    environment: dict[str, str],
    log: pathlib.Path,
) -> Process:
    """Start a process in a session of its own, so that Ctrl-C spares it.

    :param command: The program and its arguments.
    :param environment: Its whole environment.
    :param log: The file to which its output is appended.
    """
    with log.open('ab') as output:
        child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Process(child.pid, _start_time(child.pid) or '')


def _start_time(pid: int) -> str | None:
    """Read field 22 of /proc/<pid>/stat; None for a zombie or no process.

    The command line does not identify a service, which may rewrite it.
    """
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return None
    # The name, field 2, is in parentheses and may contain spaces.
    fields = text.rpartition(')')[2].split()
    return None if fields[0] in 'ZX' else fields[19]
