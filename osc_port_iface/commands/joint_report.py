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

"""Reports as one what several regions say, or one at several times."""

from collections.abc import Callable, Collection, Sequence
import copy
from typing import Generic, TypeVar

from osc_lib import exceptions

from osc_port_iface.commands import plugin_command
from osc_port_iface import printable
from osc_port_iface import records

_Command = TypeVar('_Command', bound=plugin_command.PluginCommand)
_Result = TypeVar('_Result')


class Part(Generic[_Command]):
    """A command that asks one of several regions, or at one of several times.

    :ivar command: A copy of the command.
    :ivar region: The region.
    :ivar lines: How to report each line, and the line.
    :ivar error: Why there is no answer.
    """

    def __init__(self, command: _Command, region: str) -> None:
        self.command = copy.copy(command)
        self.command.region = self.region = region
        self.lines: list[tuple[str, str]] = []
        self.command.collected = self.lines
        self.error: exceptions.CommandError | None = None

    def attempt(
        self, work: Callable[[_Command], _Result]
    ) -> dict[str, _Result]:
        """Do the work, and note what is reported, or an error.

        :returns: The result, by region; nothing after an error.
        """
        if self.error is None:
            self.lines.clear()
            try:
                return {self.region: work(self.command)}
            except exceptions.CommandError as error:
                self.fail(error)
        return {}

    def fail(self, error: exceptions.CommandError) -> None:
        """Note why there is no answer."""
        self.error = error
        self.lines.append(('fail', error.args[0]))

    @property
    def is_lost(self) -> bool:
        """Whether there is no answer, although what is asked for may exist."""
        return self.error is not None and not isinstance(
            self.error.args[0], records.Absence
        )


def report(
    command: plugin_command.PluginCommand,
    parts: Sequence[Part[_Command]],
    regions: Collection[str],
) -> None:
    """Report each line once, with the regions that say it if not all do.

    :param command: The command, which reports the lines.
    :param parts: What they say.
    :param regions: The regions that are asked.
    :raises exceptions.CommandError: Nothing has an answer.
    """
    lines = []
    for method, line, places in _merged(parts):
        if set(places) < set(regions):
            prefix = ', '.join(map(printable.one_line, places))
            line = f'{prefix}: {line}'
        lines.append((method, line))
    problem = None
    if all(part.error for part in parts):
        failures = [row for row in lines if row[0] == 'fail']
        lines.remove(failures[-1])
        problem = failures[-1][1]
    for method, line in lines:
        getattr(command, method)(line)
    if problem:
        raise exceptions.CommandError(problem)


def _merged(
    parts: Sequence[Part[_Command]],
) -> list[tuple[str, str, Collection[str]]]:
    """Return how to report each line, the line, and whose it is.

    What does not exist in one region, or at one time, may in another. So a
    line that says so counts only if all with an answer say it, and it comes
    last.
    """
    found: dict[tuple[str, str], dict[str, None]] = {}
    absent: dict[str, set[int]] = {}
    known: dict[tuple[str, str, str], str] = {}
    for number, part in enumerate(parts):
        for method, line in part.lines:
            # At another time, other names may be suggested.
            subject = getattr(line, 'name', '') or line
            line = known.setdefault((part.region, method, subject), line)
            found.setdefault((method, line), {})[part.region] = None
            if isinstance(line, records.Absence):
                absent.setdefault(line.name, set()).add(number)
    answering = {number for number, part in enumerate(parts) if not part.error}
    first, last = [], []
    for (method, line), regions in found.items():
        if not isinstance(line, records.Absence):
            first.append((method, line, regions))
        elif absent[line.name] >= answering:
            last.append((method, line, regions))
    return [*first, *last]
