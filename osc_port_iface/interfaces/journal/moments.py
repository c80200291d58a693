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
    """Observations of one scope, in order.

    :ivar connection: The journal.
    :ivar scope: What was observed.
    :ivar usable: All observations of it; only those asked, if one is wider.
    :ivar chosen: Those that tell of the time.
    :ivar notices: Lines about the time that was not observed.
    :ivar window: When the first one that is asked began, and the last one
        ended; of a wider scope, if that is nearer to the time.
    :ivar wider: A scope that has observed the time, too, and sees more.
    """

    connection: sa.engine.Connection
    scope: history.Scope
    usable: list[history.Observed]
    chosen: list[history.Observed]
    notices: list[str]
    window: tuple[datetime.datetime, ...] = ()
    wider: history.Scope | None = None

    def source(self, observed: history.Observed) -> history.RecordedSource:
        """Return what was recorded in one of the observations."""
        return history.RecordedSource(self.connection, self.scope, observed)


@contextlib.contextmanager
def at(
    location: str, times: Sequence[Time], regions: Collection[str] = ()
) -> Iterator[list[list[Series]]]:
    """Look at a cloud as it was at each of several times.

    :param location: The journal.
    :param times: The times.
    :param regions: The names of the regions; all if empty.
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
        # A wider one has fewer selectors.
        scopes.sort(key=lambda scope: sum(map(bool, scope.details.values())))
        for scope in sorted(scopes, key=lambda row: known.index(row.region)):
            if scope.region not in chosen:
                continue
            usable = history.observations(connection, scope)
            undated = Series(connection, scope, usable, [], [])
            series = [_choose(undated, time) for time in times]
            if all(each.chosen for each in series):
                found.append(series)
            else:
                without_choice = [
                    dataclasses.replace(each, chosen=[]) for each in series
                ]
                absent.setdefault(scope.region, without_choice)
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
        yield [_nearest(series) for series in zip(*found, strict=True)]


def _choose(series: Series, time: Time) -> Series:
    """Choose the observations that tell of a time, and enclose it."""
    usable = series.usable
    if not usable:
        return dataclasses.replace(series, notices=[engines.EMPTY])
    begin, end = (
        time if isinstance(time, Sequence) else [time or usable[-1].ended] * 2
    )
    first, last = usable[0].began, usable[-1].ended
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
    return dataclasses.replace(
        series,
        chosen=found,
        notices=unseen,
        window=(found[0].began, found[-1].ended),
    )


def _nearest(found: Collection[Series]) -> list[Series]:
    """Leave out what a wider scope has observed nearer to the time.

    What a narrower one has observed in between may have been there so briefly
    that the wider one has never seen it.
    """
    nearest = []
    for series in found:
        for wider in found:
            if wider.notices or not wider.scope.sees_more_than(series.scope):
                continue
            begin = max(series.window[0], wider.window[0])
            end = min(series.window[1], wider.window[1])
            near = [
                row
                for row in series.chosen
                if row.ended >= begin and row.began <= end
            ]
            # What was the same for longer may have been different in between.
            series = dataclasses.replace(
                series,
                usable=near,
                chosen=near,
                notices=[],
                window=(begin, end),
                wider=series.wider or wider.scope,
            )
        if series.chosen or not series.wider:
            nearest.append(series)
    return nearest
