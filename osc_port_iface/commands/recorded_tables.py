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

"""Makes one table of what several observations tell."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
import dataclasses
import datetime
import itertools
import json
from typing import TYPE_CHECKING, TypeAlias

from osc_lib import exceptions

from osc_port_iface.commands import as_of
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import summary

if TYPE_CHECKING:
    from osc_port_iface.interfaces.journal import history
    from osc_port_iface.interfaces.journal import moments

SEEN = ('Seen From', 'Seen Until')

_Row: TypeAlias = 'tuple[cells.Cell, ...]'


@dataclasses.dataclass
class _Seen:
    """A row, and the observations that have it.

    :ivar views: How many have been looked at until it was seen last.
    :ivar is_first: Whether the first one has it.
    """

    scope: history.Scope
    key: str
    row: _Row
    since: datetime.datetime
    until: datetime.datetime
    views: int
    is_first: bool
    is_certain: bool = True


class _Tables:
    """The tables of several views of a cloud."""

    def __init__(
        self,
        command: as_of.RecordedCommand,
        tabulate: Callable[[], lister.Table],
    ) -> None:
        self._command = command
        self._tabulate = tabulate
        self.headers: tuple[str, ...] = ()
        self._by_key: dict[str, list[_Seen]] = {}
        self.reports: list[list[tuple[str, str]]] = []
        self.error: exceptions.CommandError | None = None

    def add(self, found: Iterable[moments.Series]) -> None:
        """Ask the views of several scopes."""
        for series in found:
            self._add(series)
            self._command.fail(series.notices)

    def _add(self, series: moments.Series) -> None:
        """Ask the views of a scope, in order."""
        seen: dict[str, _Seen] = {}
        finished: list[_Seen] = []
        count = 0
        for view in series.views:
            count += 1
            rows = self._rows(view)
            since, until = view.span()
            for row in rows:
                key = json.dumps([cell.machine_readable() for cell in row])
                known = seen.get(key)
                if known and known.views == count - 1:
                    known.until, known.views = until, count
                else:
                    if known:
                        finished.append(known)
                    is_first = count == 1
                    seen[key] = _Seen(
                        *(series.scope, key, row, since, until),
                        *(count, is_first, is_first),
                    )
        for row_seen in seen.values():
            row_seen.is_certain &= row_seen.views == count
        for found in (*finished, *seen.values()):
            self._merge(found)

    def _merge(self, found: _Seen) -> None:
        """Add a row, unless another scope has it at the same time."""
        for other in self._by_key.setdefault(found.key, []):
            if other.since <= found.until and found.since <= other.until:
                other.since = min(other.since, found.since)
                other.until = max(other.until, found.until)
                other.is_first |= found.is_first
                other.is_certain |= found.is_certain
                return
        self._by_key[found.key].append(found)

    @property
    def seen(self) -> list[_Seen]:
        """All rows."""
        return list(itertools.chain.from_iterable(self._by_key.values()))

    def _rows(self, view: moments.View) -> list[_Row]:
        command = self._command
        command.asked, command.heard = view.cloud, []
        try:
            self.headers, rows = self._tabulate()
        except exceptions.CommandError as error:
            self.error = error
            command.heard.append(('deny', str(error)))
            return []
        finally:
            self.reports.append(command.heard or [])
            command.asked = command.heard = None
        return rows

    def report(self) -> None:
        """Report what is missing, and what no view knows.

        :raises exceptions.CommandError: Each view gives the same error.
        """
        if not self.headers and self.error:
            raise self.error
        everything = [entry for report in self.reports for entry in report]
        for method, line in dict.fromkeys(everything):
            if method == 'fail':
                self._command.fail([line])
            elif method == 'notify':
                self._command.notify([line])
            elif method == 'deny' and all(
                (method, line) in report for report in self.reports
            ):
                self._command.deny([line])


def tabulate(
    command: as_of.RecordedCommand, parsed_args: argparse.Namespace
) -> lister.Table:
    """Return a table of what was there, and when it was seen.

    :param command: The command, which is asked once for each observation.
    :param parsed_args: Its arguments.
    :raises exceptions.CommandError: The journal does not tell, or each
        observation gives the same error.
    """
    from osc_port_iface.interfaces.journal import moments

    shown = [name for name in parsed_args.columns if _is_seen(name)]
    parsed_args.columns = [
        name for name in parsed_args.columns if not _is_seen(name)
    ]
    tables = _Tables(command, lambda: command.tabulate(parsed_args))
    if parsed_args.between:
        with moments.between(
            parsed_args.journal, *parsed_args.between
        ) as found_series:
            tables.add(found_series)
    else:
        with moments.at(parsed_args.journal, parsed_args.at) as (enclosing,):
            tables.add(enclosing)
    tables.report()
    found = tables.seen
    if command.shows_one and len({seen.scope.id for seen in found}) > 1:
        raise exceptions.CommandError(
            _('Several recorded interfaces match, use a port ID')
        )
    if parsed_args.between:
        found.sort(key=lambda seen: seen.since)
    elif not all(seen.is_certain for seen in found):
        command.notify(
            [
                _(
                    'Something changed between the observations before and '
                    'after this time: see Seen From and Seen Until'
                )
            ]
        )
    if parsed_args.columns:
        parsed_args.columns += shown
    return (*tables.headers, *SEEN), [
        (*seen.row, *_times(seen)) for seen in found
    ]


def table_before(
    command: as_of.RecordedCommand,
    found: Iterable[moments.Series],
    tabulate: Callable[[], lister.Table],
) -> tuple[lister.Table, bool]:
    """Return the table of the observations before a moment.

    :param command: The command, which reports what is missing.
    :param found: The observations that enclose the moment.
    :param tabulate: Asks the cloud that the command has then.
    :returns: The table, and whether those after the moment have the same.
    :raises exceptions.CommandError: Each observation gives the same error.
    """
    tables = _Tables(command, tabulate)
    tables.add(found)
    tables.report()
    seen = tables.seen
    rows = [known.row for known in seen if known.is_first]
    return (tables.headers, rows), all(known.is_certain for known in seen)


def _is_seen(name: str) -> bool:
    return columns.folded(name) in map(columns.folded, SEEN)


def _times(seen: _Seen) -> tuple[cells.Cell, cells.Cell]:
    return (
        cells.TextCell(summary.as_text(seen.since)),
        cells.TextCell(summary.as_text(seen.until)),
    )
