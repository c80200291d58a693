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

"""Tables that fit a terminal.

cliff breaks every value of a table that is too wide for the terminal. Here,
columns are left out, so that no ID, address or code is ever broken.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
import dataclasses
import functools
import re
import sys
from typing import TextIO

from cliff.formatters import table

from osc_port_iface.commands import cells
from osc_port_iface.commands import colours
from osc_port_iface.commands import terminal
from osc_port_iface.i18n import _

# The borders and the padding of a table, and those of each column.
_FRAME = 1
_COLUMN_FRAME = 3
_DETAILS_FRAME = _FRAME + 2 * _COLUMN_FRAME

# A name may be broken anywhere, and a sentence is wrapped at its spaces, but
# neither into narrower lines than this. A time may be, before the hour.
_TEXT_WIDTH = 20

# No ID, address or code is longer. Longer words can only be names.
_LONGEST_WORD = 64

# How many names of columns to show; nobody reads a longer line.
_MOST_NAMED = 6

# A column that says nothing without another one, which is more important.
_DETAILS = {'Protocol': 'External Port'}

# How the headers of names end, which people choose freely, and which are often
# long.
NAMES = ('Name', 'Names', 'Security Groups', 'Tag')


@dataclasses.dataclass(frozen=True)
class _Column:
    """A column, with the lines of each of its cells."""

    header: str
    cells: Sequence[Sequence[str]]

    @property
    def has_names(self) -> bool:
        return self.header.endswith(NAMES)

    @functools.cached_property
    def is_empty(self) -> bool:
        return not any(map(any, self.cells))

    @functools.cached_property
    def full_width(self) -> int:
        """The width in which no line is wrapped."""
        return self._widest(line for lines in self.cells for line in lines)

    @functools.cached_property
    def least_width(self) -> int:
        """The width below which the column is rather left out."""
        least = _TEXT_WIDTH
        if not self.has_names:
            texts = [line for lines in self.cells for line in lines]
            if not any(re.search('[ ,]', text) for text in texts):
                least = 0
            words = (
                piece.rstrip()
                for text in texts
                for piece in terminal.pieces(text)
            )
            least = max(least, min(self._widest(words), _LONGEST_WORD))
        return min(self.full_width, max(least, len(self.header)))

    def _widest(self, texts: Iterable[str]) -> int:
        return max(map(terminal.display_width, (self.header, *texts)))


def fit(
    columns: Sequence[_Column], importance: Sequence[str], room: int
) -> dict[str, int]:
    """Choose the columns that fit.

    If not all fit, those that are empty in all rows leave. Each of the others
    stays if it fits beside the more important ones, and if that of which it is
    a detail stays. The most important one stays in any case.

    :param columns: All columns.
    :param importance: The headers, the most important one first. Columns that
        are not in it follow in their own order.
    :param room: The width of the terminal.
    :returns: The width of each column that stays, by its header.
    """
    room -= _FRAME
    full = {column.header: column.full_width for column in columns}
    if sum(full.values()) + _COLUMN_FRAME * len(full) <= room:
        return full
    ranks = {header: rank for rank, header in enumerate(importance)}
    widths: dict[str, int] = {}
    for column in sorted(
        columns, key=lambda column: ranks.get(column.header, len(ranks))
    ):
        needed = column.least_width + _COLUMN_FRAME
        whole = _DETAILS.get(column.header)
        if whole in full and whole not in widths:
            continue
        if not column.is_empty and (needed <= room or not widths):
            widths[column.header] = column.least_width
            room -= needed
    for header, least in widths.items():
        widths[header] = min(full[header], least + max(room, 0))
        room -= widths[header] - least
    return widths


class TerminalTable(table.TableFormatter):
    """cliff's table, with the columns that fit the terminal."""

    def __init__(
        self,
        importance: Sequence[str] = (),
        hint: Callable[[str], object] = print,
    ) -> None:
        """Print all columns that the user chose, or those that fit.

        :param importance: The headers, the most important one first.
        :param hint: Tells the user which columns are left out.
        """
        self._importance = importance
        self._hint = hint

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[cells.Cell]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        rows = list(data)
        texts = {
            header: [row[index].human_readable() for row in rows]
            for index, header in enumerate(column_names)
        }
        room = terminal.width(stdout)
        if rows and room and not parsed_args.columns:
            columns = [
                _Column(header, [row[index].texts for row in rows])
                for index, header in enumerate(column_names)
            ]
            widths = fit(columns, self._importance, room)
            texts = {
                column.header: _wrapped(column, widths[column.header])
                for column in columns
                if column.header in widths
            }
            parsed_args.max_width = sys.maxsize
            if len(widths) < len(columns):
                self._hint(_left_out(columns, widths))
        if colours.are_wanted(stdout):
            texts = {
                header: list(map(colours.paint, column))
                for header, column in texts.items()
            }
        rows_of_texts = list(zip(*texts.values(), strict=True))
        super().emit_list(list(texts), rows_of_texts, stdout, parsed_args)

    def emit_one(
        self,
        column_names: Sequence[str],
        data: Sequence[cells.Cell],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        texts = [cell.human_readable() for cell in data]
        width = terminal.width(stdout)
        if width and not parsed_args.columns:
            columns = [
                _Column(header, [cell.texts])
                for header, cell in zip(column_names, data, strict=True)
            ]
            # No field may be left out. So the name of a host is broken if it
            # is too long: in a table that is wider than the terminal, every
            # line would be.
            room = max(
                width - max(map(len, column_names)) - _DETAILS_FRAME,
                *(c.least_width for c in columns if c.header != 'Host'),
            )
            texts = [_wrapped(column, room)[0] for column in columns]
            parsed_args.max_width = sys.maxsize
        if colours.are_wanted(stdout):
            texts = list(map(colours.paint, texts))
        super().emit_one(column_names, texts, stdout, parsed_args)


def _left_out(columns: Iterable[_Column], shown: dict[str, int]) -> str:
    hidden = [column for column in columns if column.header not in shown]
    names = [column.header for column in hidden if not column.is_empty]
    empty = len(hidden) - len(names)
    # The last one takes no more room than "1 other".
    if len(names) > _MOST_NAMED + 1:
        more = len(names) - _MOST_NAMED
        names[_MOST_NAMED:] = [_('%d others') % more]
    if empty:
        names.append(_('%d without values') % empty)
    return _(
        'Left out to fit the terminal: %s. To see all columns, use -f json or '
        '--fit-width; to choose some, -c.'
    ) % ', '.join(names)


def _wrapped(column: _Column, room: int) -> list[str]:
    """Make the text of each cell, no wider than its column."""
    return [
        '\n'.join(part for line in lines for part in terminal.wrap(line, room))
        for lines in column.cells
    ]
