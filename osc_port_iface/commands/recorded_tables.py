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
from collections.abc import Callable, Iterable, Iterator, Sequence
import dataclasses
import datetime
import itertools
import json
from typing import TYPE_CHECKING, TypeAlias

from osc_lib import exceptions

from osc_port_iface.api import replay
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import joint_report
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface import printable
from osc_port_iface import records

if TYPE_CHECKING:
    from osc_port_iface.commands import as_of
    from osc_port_iface.interfaces.journal import history
    from osc_port_iface.interfaces.journal import moments

SEEN = ('Seen From', 'Seen Until')

_Row: TypeAlias = tuple[cells.Cell, ...]
# Rows, and the first and the last observation in which they are the same.
_Span: TypeAlias = tuple[list[_Row], 'history.Observed', 'history.Observed']


@dataclasses.dataclass(slots=True)
class _SeenRow:
    """A row, and the observations that have it.

    :ivar times: How many of those that are asked have it.
    :ivar is_certain: Whether all have.
    """

    scope_id: int
    key: str
    row: _Row
    since: datetime.datetime
    until: datetime.datetime
    times: int = 0
    is_certain: bool = False

    def is_covered_by(self, other: _SeenRow) -> bool:
        """Return whether another scope has all of this, and more."""
        return (
            self.scope_id != other.scope_id
            and other.since < self.since
            and other.until >= self.until
            and all(
                mine.human_readable() in ('', others.human_readable())
                for mine, others in zip(self.row, other.row, strict=True)
            )
        )


class RecordedRegions:
    """A command that asks what was recorded of regions.

    :ivar parts: What the command reports, for each observation that it asks.
    """

    def __init__(
        self,
        command: as_of.RecordedCommand,
        tabulate: Callable[[as_of.RecordedCommand], columns.Table],
        found: Iterable[moments.Series],
        shows_region: bool = False,
        of_ports: bool = False,
    ) -> None:
        """Report what is not known.

        :param command: The command, which is asked once for each observation.
        :param tabulate: Asks the cloud that the command has then.
        :param found: The observations of each scope.
        :param shows_region: Whether to show the region even if it is the only
            one.
        :param of_ports: Whether ports of other projects may match, too.
        """
        self._command = command
        self._tabulate = tabulate
        self._of_ports = of_ports
        self.parts: list[joint_report.Part[as_of.RecordedCommand]] = []
        self._headers: tuple[str, ...] = ()
        self._series = list(found)
        # That of an imported listing is not known.
        self._names = {each.scope.region for each in self._series} - {''}
        self._shows_region = shows_region or len(self._names) > 1
        for each in self._series:
            place = self._place(each.scope.region)
            command.fail(*(place + line for line in each.notices))

    def ask(self) -> tuple[tuple[str, ...], list[_SeenRow]]:
        """Ask all observations, and report as one.

        :raises exceptions.CommandError: Each gives the same error.
        """
        by_key: dict[str, list[_SeenRow]] = {}
        for series in self._series:
            for seen in self._ask(series):
                by_key.setdefault(seen.key, []).append(seen)
        rows = [seen for found in by_key.values() for seen in _merged(found)]
        joint_report.report(self._command, self.parts, self._names)
        headers = self._all_headers

        def port_id(seen: _SeenRow) -> str:
            place = headers.index(listing_diff.PORT_ID)
            return seen.row[place].human_readable()

        of_port = records.grouped(rows, port_id)
        return headers, [
            seen
            for seen in rows
            if not any(map(seen.is_covered_by, of_port[port_id(seen)]))
        ]

    def unrecorded(self) -> Iterator[str]:
        """Say what was selected in regions of which not all was recorded."""
        found = records.grouped(self._series, lambda row: row.scope.region)
        for region, several in found.items():
            selected = [
                each.scope.selected(self._of_ports)
                for each in several
                if each.chosen and not each.wider
            ]
            if selected and all(selected):
                only = itertools.chain.from_iterable(selected)
                yield self._place(region) + _only('', dict.fromkeys(only))

    def ask_before(self) -> tuple[columns.Table, bool]:
        """Ask the observation before the time, of each scope.

        :returns: The table, the latest observation first, and whether nothing
            that was read for it is different in the others.
        """
        spans: list[_Span] = []
        is_certain = True
        for series in self._series:
            for span in itertools.islice(self._answers(series), 1):
                spans.append(span)
                is_certain &= series.chosen[-1].ended <= span[2].ended
        spans.sort(key=lambda span: span[1].began, reverse=True)
        rows = [row for found, _since, _until in spans for row in found]
        return (self._all_headers, rows), is_certain

    @property
    def _all_headers(self) -> tuple[str, ...]:
        return (listing_diff.REGION,) * self._shows_region + self._headers

    def _place(self, region: str) -> str:
        """Return how a line about a region begins, if there are several."""
        is_one_of_several = region and len(self._names) > 1
        return f'{printable.one_line(region)}: ' if is_one_of_several else ''

    def _ask(self, series: moments.Series) -> list[_SeenRow]:
        """Ask the observations of a scope, in order."""
        found: list[_SeenRow] = []
        before: dict[str, _SeenRow] = {}
        asked = 0
        for rows, since, until in self._answers(series):
            asked += 1
            now: dict[str, _SeenRow] = {}
            for row in rows:
                key = json.dumps([cell.machine_readable() for cell in row])
                seen = before.get(key)
                if seen is None:
                    seen = _SeenRow(
                        since.scope.id, key, row, since.began, until.ended
                    )
                    found.append(seen)
                seen.until = until.ended
                seen.times += 1
                now[key] = seen
            before = now
        for seen in found:
            seen.is_certain = seen.times == asked
        return found

    def _answers(self, series: moments.Series) -> Iterator[_Span]:
        """Ask a scope, but for observations in which nothing has changed.

        :returns: The rows, and the first and the last observation in which all
            that was read for them is the same.
        """
        region = series.scope.region
        last: dict[int, int] = {}
        for observed in series.chosen:
            if observed.id <= last.get(observed.scope.id, 0):
                continue
            part = joint_report.Part(self._command, region)
            self.parts.append(part)
            source = series.source(observed)
            part.command.asked_cloud = replay.RecordedCloud(source)
            answer = part.attempt(self._tabulate)
            # There may be many observations, so what was read is not kept.
            part.command.asked_cloud = None
            if part.is_lost:
                # In another observation, something else may be wrong.
                method, line = part.lines.pop()
                moment = timestamps.as_text(observed.ended)
                part.lines.append((method, f'{moment}: {line}'))
            part.lines = [self._qualified(series, *row) for row in part.lines]
            rows: list[_Row] = []
            for headers, rows in answer.values():
                self._headers = headers
                if self._shows_region:
                    rows = [(cells.text(region or None), *row) for row in rows]
            since, until = source.unchanged(series.lines[observed.scope.id])
            last[observed.scope.id] = until.id
            yield rows, since, until

    def _qualified(
        self, series: moments.Series, method: str, line: str
    ) -> tuple[str, str]:
        """Say what alone was recorded, in place of a line on what is not."""
        # The line is the name of what is in all scopes, such as a network.
        if not isinstance(line, records.Missing) or line.name == line:
            return method, line
        scope = series.wider or series.scope
        of_others = self._of_ports or bool(line.name)
        selected = scope.doubts(line.name, of_others)
        if not selected:
            return method, line
        return 'fail', type(line)(_only(line.name, selected), line.name)


def _only(name: str, selected: Iterable[str]) -> str:
    """Say that nothing else was recorded, such as what has a name."""
    text = _('Only these were recorded: %(selected)s')
    if name:
        text = _(
            "cannot tell about '%(name)s'; only these were recorded: "
            '%(selected)s'
        )
    values = {'name': printable.escape(name), 'selected': ', '.join(selected)}
    return text % values


def _are_several(table: columns.Table, found: Sequence[_SeenRow]) -> bool:
    """Return whether scopes have different interfaces."""
    ports = set(columns.texts(table, listing_diff.PORT_ID))
    return len(ports) > 1 and len({seen.scope_id for seen in found}) > 1


def _merged(found: list[_SeenRow]) -> list[_SeenRow]:
    """Make one row of those that several scopes have at the same time."""
    rows: list[_SeenRow] = []
    for seen in sorted(found, key=lambda row: row.since):
        if rows and seen.since <= rows[-1].until:
            rows[-1].until = max(rows[-1].until, seen.until)
            rows[-1].is_certain |= seen.is_certain
        else:
            rows.append(seen)
    return rows


def tabulate(
    command: as_of.RecordedCommand, parsed_args: argparse.Namespace
) -> columns.Table:
    """Return a table of what was there, and when it was seen.

    :param command: The command, which is asked once for each observation.
    :param parsed_args: Its arguments.
    :raises exceptions.CommandError: The journal does not tell, or each
        observation gives the same error.
    """
    from osc_port_iface.interfaces.journal import moments

    shows_region = columns.is_named(parsed_args, listing_diff.REGION)
    command.added_headers = (listing_diff.REGION, *SEEN)
    command.compares_rows = True
    time = parsed_args.between or parsed_args.at
    regions = getattr(parsed_args, 'region', ())
    with moments.at(parsed_args.journal, [time], regions) as (series,):
        recorded = RecordedRegions(
            command,
            lambda part: part.tabulate(parsed_args),
            series,
            shows_region,
            of_ports='server' not in parsed_args,
        )
        headers, found = recorded.ask()
        table = headers, [seen.row for seen in found]
        if not command.is_exhaustive(parsed_args, table):
            command.fail(*recorded.unrecorded())
    if command.shows_one:
        if _are_several(table, found):
            raise exceptions.CommandError(
                _('Several recorded interfaces match, use a port ID')
            )
        # The latest one that was there before the time.
        found.sort(
            key=lambda seen: (seen.since <= time, seen.since), reverse=True
        )
    if parsed_args.between:
        found.sort(key=lambda seen: seen.since)
    elif not all(seen.is_certain for seen in found):
        command.notify(
            _(
                'Something changed between the observations before and after '
                'this time: see Seen From and Seen Until'
            )
        )
    return (*headers, *SEEN), [
        (
            *seen.row,
            cells.exact_time(seen.since),
            cells.exact_time(seen.until),
        )
        for seen in found
    ]
