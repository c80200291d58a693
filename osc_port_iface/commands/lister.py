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

"""What the commands that print a list have in common."""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_port_iface.commands import cells
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import terminal_table


class TextLister(plugin_command.PluginCommand, command.Lister):
    """A Lister that shows cells in all text formats as in a table.

    In value and csv, cliff prints ``str()`` of a cell's structure, which for a
    list is Python's own notation.

    :ivar importance: The headers of the columns, the most important one first.
        The last ones leave first if a table is too wide for the terminal, and
        before them those that are not named here. The last one of all is
        Region.
    """

    importance: tuple[str, ...] = ()

    def rank(self, *headers: str, above: str) -> None:
        """Make columns more important than another.

        :param headers: Their headers, in order.
        :param above: The header of the one that leaves earlier then.
        """
        order = [name for name in self.importance if name not in headers]
        place = order.index(above)
        self.importance = (*order[:place], *headers, *order[place:])

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Sequence[cells.Cell]],
    ) -> int:
        self.end_progress()
        if parsed_args.formatter not in cells.STRUCTURED_FORMATS:
            data = [[cell.as_text() for cell in row] for row in data]
        if self.fills_terminal(parsed_args):
            self.formatter = terminal_table.TerminalTable(
                ('Region', *self.importance), self.hint
            )
        return super().produce_output(parsed_args, column_names, data)
