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
import json
from typing import TYPE_CHECKING, TypeAlias

from osc_lib import exceptions

from osc_port_iface.api import replay
from osc_port_iface.commands import added_columns
from osc_port_iface.commands import as_of
from osc_port_iface.commands import cells
from osc_port_iface.commands import joint_report
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.journal import summary
from osc_port_iface import printable

if TYPE_CHECKING:
    from osc_port_iface.interfaces.journal import moments

REGION = listing_diff.REGION
SEEN = ('Seen From', 'Seen Until')

_Row: TypeAlias = 'tuple[cells.Cell, ...]'


@dataclasses.dataclass
class _Seen:
    """A row, and the observations that have it.

    :ivar is_first: Whether the first one has it.
    :ivar is_certain: Whether all have it.
    """

    scope_id: int
    key: str
    row: _Row
    since: datetime.datetime
    until: datetime.datetime
    is_first: bool
    is_certain: bool = False


class _Tables:
    """The tables of a command that asks what was recorded.

    :ivar headers: The headers of the columns.
    """

    def __init__(
        self,
        command: as_of.RecordedCommand,
        tabulate: Callable[[], lister.Table],
        found: Iterable[moments.Series],
        shows_region: bool,
    ) -> None:
        """Ask all that was recorded, and report as one.

        :param command: The command, which is asked once for each observation.
        :param tabulate: Asks the cloud that the command has then.
        :param found: The observations of each scope.
        :param shows_region: Whether to show the region even if it is the only
            one.
        :raises exceptions.CommandError: Each observation gives the same error.
        """
        self._command = command
        self._tabulate = tabulate
        self._heard: list[joint_report.Heard] = []
        self._by_key: dict[str, list[_Seen]] = {}
        self.headers: tuple[str, ...] = ()
        series = list(found)
        # That of an imported listing is not known.
        regions = {each.scope.region for each in series} - {''}
        self._shows_region = shows_region or len(regions) > 1
        for each in series:
            region = printable.one_line(each.scope.region)
            place = f'{region}: ' if region and len(regions) > 1 else ''
            command.fail(place + line for line in each.notices)
        for each in series:
            for seen in self._ask(each):
                self._merge(seen)
        joint_report.report(command, self._heard, regions)
        if self._shows_region:
            self.headers = (REGION, *self.headers)

    @property
    def seen(self) -> list[_Seen]:
        """All rows."""
        return [seen for found in self._by_key.values() for seen in found]

    def _ask(self, series: moments.Series) -> list[_Seen]:
        """Ask the views of a scope, in order."""
        found: list[_Seen] = []
        before: dict[str, _Seen] = {}
        for number, view in enumerate(series.views):
            now: dict[str, _Seen] = {}
            rows = self._rows(series.scope.region, view)
            since, until = series.span(view)
            for row in rows:
                key = json.dumps([cell.machine_readable() for cell in row])
                if key not in before:
                    before[key] = _Seen(
                        *(series.scope.id, key, row),
                        *(since, until, number == 0),
                    )
                    found.append(before[key])
                now[key] = before[key]
                now[key].until = until
            before = now
        for seen in before.values():
            seen.is_certain = seen.is_first
        return found

    def _rows(self, region: str, view: replay.Source) -> list[_Row]:
        command = self._command
        heard = joint_report.Heard(region)
        self._heard.append(heard)
        command.asked = replay.RecordedCloud(view)
        command.heard = heard.lines
        try:
            self.headers, rows = self._tabulate()
        except plugin_command.UsageError:
            raise
        except exceptions.CommandError as error:
            heard.error = error
            return []
        finally:
            command.asked = command.heard = None
        if self._shows_region:
            return [(cells.TextCell(region or None), *row) for row in rows]
        return rows

    def _merge(self, found: _Seen) -> None:
        """Add a row, unless another scope has it at the same time."""
        others = self._by_key.setdefault(found.key, [])
        for other in others:
            if other.since <= found.until and found.since <= other.until:
                other.since = min(other.since, found.since)
                other.until = max(other.until, found.until)
                other.is_first |= found.is_first
                other.is_certain |= found.is_certain
                return
        others.append(found)


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

    added = (REGION, *SEEN)
    inner = added_columns.without(parsed_args, added)
    look = moments.between if parsed_args.between else moments.at
    times = parsed_args.between or [parsed_args.at]
    regions = getattr(parsed_args, 'region', ())
    with look(parsed_args.journal, times, regions) as (series, *_others):
        tables = _Tables(
            command,
            lambda: command.tabulate(inner),
            series,
            added_columns.are_asked(parsed_args, REGION),
        )
    found = tables.seen
    if command.shows_one and len({seen.scope_id for seen in found}) > 1:
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
    added_columns.name(parsed_args, inner, added)
    return (*tables.headers, *SEEN), [
        (*seen.row, _time(seen.since), _time(seen.until)) for seen in found
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
    tables = _Tables(command, tabulate, found, False)
    rows = [known.row for known in tables.seen if known.is_first]
    return (tables.headers, rows), all(seen.is_certain for seen in tables.seen)


def _time(moment: datetime.datetime) -> cells.Cell:
    return cells.TextCell(summary.as_text(moment))
