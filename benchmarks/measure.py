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

"""Measures the time, CPU time and memory of a process."""

from collections.abc import Mapping, Sequence
import dataclasses
import os
import pathlib
import subprocess
import tempfile
import time


Command = Sequence[str | pathlib.Path]


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """The cost of one run of a program, and its output.

    :ivar wall: Seconds from its start to its end.
    :ivar cpu: Seconds of CPU time, including the system's and its children's.
    :ivar peak: The peak of its resident memory, in MiB.
    """

    wall: float
    cpu: float
    peak: float
    output: bytes


def run(command: Command, variables: Mapping[str, str]) -> Run:
    """Run a program to its end.

    :param command: The program and its arguments.
    :param variables: The environment.
    :returns: Its cost and output.
    :raises RuntimeError: It failed; the message has its output.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=said,
        )
        # getrusage() would add up all children so far.
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(
                f'{" ".join(map(str, command))[:200]} exited with '
                f'{process.returncode}: '
                f'{said.read()[-2000:].decode(errors="replace")}'
            )
        stdout.seek(0)
        return Run(
            wall,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024,
            stdout.read(),
        )


def in_turn(
    programs: Mapping[str, tuple[Command, Mapping[str, str]]],
    repetitions: int,
) -> dict[str, list[Run]]:
    """Run several programs in turn, so that noise affects all of them.

    :param programs: The command and the environment of each, by its name.
    :param repetitions: How many times, after a first run that is not counted.
    :returns: The runs of each.
    """
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    order = list(programs)
    for number in range(repetitions + 1):
        for name in order:
            found = run(*programs[name])
            if number:
                runs[name].append(found)
        # Reverse the order for the next round.
        order.reverse()
    return runs
