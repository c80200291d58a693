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

"""Finds the observations that tell what was there at a moment."""

from collections.abc import Collection, Iterator, Sequence
import contextlib
import dataclasses
import datetime

import sqlalchemy as sa

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface.interfaces.selecting import names

# A moment, from one moment to another, or the end of the last observation.
Time = datetime.datetime | Sequence[datetime.datetime] | None

# Times are no finer.
_TICK = datetime.timedelta(microseconds=1)


@dataclasses.dataclass(frozen=True)
class Series:
    """Observations that tell what a scope sees, in order.

    :ivar connection: The journal.
    :ivar scope: The scope.
    :ivar lines: Of it and each scope that sees more, by ID: all observations
        of that scope and of those that see more.
    :ivar chosen: Those that tell of the time, of this scope or of others.
    :ivar notices: Lines about the time that was not observed.
    :ivar wider: A scope that has observed the time, too, and sees more.
    """

    connection: sa.engine.Connection
    scope: history.Scope
    lines: dict[int, list[history.Observed]]
    chosen: list[history.Observed]
    notices: list[str]
    wider: history.Scope | None = None

    def source(self, observed: history.Observed) -> history.RecordedSource:
        """Return what was recorded in one of the observations."""
        return history.RecordedSource(
            self.connection, observed.scope, observed
        )


@contextlib.contextmanager
def at(
    location: str,
    times: Sequence[Time],
    regions: Collection[str] = (),
    encloses: bool = False,
) -> Iterator[list[list[Series]]]:
    """Look at a cloud as it was at each of several times.

    All observations of a scope and of those that see more tell what it sees,
    so the nearest of them count.

    :param location: The journal.
    :param times: The times.
    :param regions: The names of the regions; all if empty.
    :param encloses: Whether to ask no scope that was observed only before or
        only after a time.
    :returns: For each time, the observations that tell of it, of each scope
        that has such observations for all of the times, the widest ones of a
        region first. Those that enclose a time are included. A notice says
        which part of it was not observed. A region without such a scope has
        notices only.
    :raises engines.JournalError: No scope has.
    :raises names.NoSuchName: There is no such region.
    """
    with engines.open_to_read(location) as connection:
        scopes = history.scopes(connection)
        known = list(dict.fromkeys(scope.region for scope in scopes))
        chosen = names.choose_regions(regions, known)
        found: list[list[Series]] = []
        absent: dict[str, list[Series]] = {}
        lines: dict[int, list[history.Observed]] = {}
        # A wider one has fewer selectors.
        scopes.sort(key=lambda scope: sum(map(bool, scope.details.values())))
        observed = [
            row
            for scope in scopes
            for row in history.observations(connection, scope)
        ]
        observed.sort(key=lambda row: row.began)
        for scope in sorted(scopes, key=lambda row: known.index(row.region)):
            if scope.region not in chosen:
                continue
            enclosing = [series[0].scope for series in found]
            lines[scope.id] = [
                row
                for row in observed
                if row.scope == scope
                or (
                    row.scope.sees_more_than(scope)
                    and (row.scope in enclosing or not encloses)
                )
            ]
            undated = Series(connection, scope, lines, [], [])
            series = [_choose(undated, time) for time in times]
            if all(each.chosen for each in series):
                found.append(series)
            else:
                # A narrower one has observed at least as long a time.
                absent[scope.region] = [
                    dataclasses.replace(each, chosen=[]) for each in series
                ]
        if not found:
            notices = [
                line
                for series in absent.values()
                for each in series
                for line in each.notices
            ]
            problem = (notices or [engines.EMPTY])[0]
            raise engines.JournalError(location, problem)
        seen = {series[0].scope.region for series in found}
        # Imported listings are of the only region, if no other was recorded.
        if '' in seen and len({*known} - {''}) == 1:
            seen.update(known)
        # They are older than the first region that was recorded.
        seen.add('')
        found += [absent[region] for region in absent if region not in seen]
        yield [_widened(series) for series in zip(*found, strict=True)]


def _choose(series: Series, time: Time) -> Series:
    """Choose the observations that tell of a time, and enclose it."""
    usable = series.lines[series.scope.id]
    if not usable:
        return dataclasses.replace(series, notices=[engines.EMPTY])
    first, last = usable[0].began, max(row.ended for row in usable)
    begin, end = time if isinstance(time, Sequence) else [time or last] * 2
    text = _('%(moment)s is not in the time observed, %(first)s to %(last)s')
    unseen = [
        text
        % {
            'moment': timestamps.as_text(moment),
            'first': timestamps.as_text(first),
            'last': timestamps.as_text(last),
        }
        for moment in dict.fromkeys((begin, end))
        if not first <= moment <= last
    ]
    if first > end or last < begin:
        return dataclasses.replace(series, notices=unseen)
    if not isinstance(time, Sequence):
        # What ends or begins at a moment encloses it.
        begin, end = begin + _TICK, end - _TICK
    found = [
        *[row for row in usable if row.ended < begin][-1:],
        *[row for row in usable if row.ended >= begin and row.began <= end],
        *[row for row in usable if row.began > end][:1],
    ]
    return dataclasses.replace(series, chosen=found, notices=unseen)


def _widened(found: Sequence[Series]) -> list[Series]:
    """Note which scopes have observed what a narrower one has, too.

    What that one has observed in between may have been there so briefly that
    the wider one has never seen it.
    """
    widened = []
    for series in found:
        wider = [
            other.scope
            for other in found
            if not other.notices and other.scope.sees_more_than(series.scope)
        ]
        if wider:
            series = dataclasses.replace(series, notices=[], wider=wider[0])
        widened.append(series)
    return widened
