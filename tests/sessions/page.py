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

"""Reads the console sessions of a page.

A session is a ``code-block`` of the language ``console``. Lines that begin
with ``$`` are commands, which continue after a backslash at the end of a line.
The lines below are their output, stderr and stdout together.

The comment ``.. not run: <reason>`` in the line before a session leaves it
out. A session with a ``<placeholder>`` in a command is a pattern, and is not
run. The comment ``.. sessions`` says what a page needs::

    .. sessions
       cloud: admin
       scenario: twins

With ``functional: test_regions``, these functional tests run it.
"""

import dataclasses
import pathlib
import re

_DIRECTIVE = re.compile(r'( *)\.\. code-block:: console$')
_NOT_RUN = re.compile(r' *\.\. not run: \S')
_PLACEHOLDER = re.compile(r'<[a-z][a-z-]*>')
_SETTINGS = re.compile(r'(?m)^\.\. sessions\n((?:   \S.*\n)+)')


@dataclasses.dataclass
class Step:
    """A command of a session, and its output.

    ``first`` and ``end`` delimit its output in the lines of the page.
    """

    command: str
    output: list[str]
    indentation: str
    command_line: int
    first: int
    end: int


class Page:
    """A page of the documentation."""

    def __init__(self, name: str, text: str) -> None:
        """Find the sessions.

        :param name: The name of the page in messages.
        :param text: The whole page.
        """
        self.name = name
        self.lines = text.splitlines()
        found = _SETTINGS.search(text)
        self.settings = dict(
            line.strip().split(': ', 1)
            for line in (found[1] if found else '').splitlines()
        )
        self.steps = [step for block in self._blocks() for step in block]

    @classmethod
    def read(cls, path: pathlib.Path) -> 'Page':
        """Read a page from a file."""
        return cls(path.name, path.read_text())

    def _blocks(self) -> list[list[Step]]:
        blocks = []
        for number, line in enumerate(self.lines):
            found = _DIRECTIVE.match(line)
            if not found or self._is_left_out(number):
                continue
            indentation = found[1] + '   '
            end = number + 2
            while end < len(self.lines) and (
                self.lines[end].startswith(indentation)
                or not self.lines[end].strip()
            ):
                end += 1
            while not self.lines[end - 1].strip():
                end -= 1
            steps = self._steps(number + 2, end, indentation)
            if not any(_PLACEHOLDER.search(step.command) for step in steps):
                blocks.append(steps)
        return blocks

    def _is_left_out(self, number: int) -> bool:
        above = [line for line in self.lines[:number] if line.strip()]
        return bool(above and _NOT_RUN.match(above[-1]))

    def _steps(self, first: int, end: int, indentation: str) -> list[Step]:
        steps: list[Step] = []
        number = first
        while number < end:
            line = self.lines[number].removeprefix(indentation)
            if line.startswith('$ '):
                command_line = number
                command = line.removeprefix('$ ')
                while command.endswith('\\'):
                    number += 1
                    line = self.lines[number].removeprefix(indentation)
                    command += f'\n{line}'
                steps.append(
                    Step(
                        command,
                        [],
                        indentation,
                        command_line,
                        number + 1,
                        number + 1,
                    )
                )
            elif steps:
                steps[-1].output.append(line)
                steps[-1].end = number + 1
            else:
                raise ValueError(
                    f'{self.name}:{number + 1}: a session begins with "$ "'
                )
            number += 1
        return steps
