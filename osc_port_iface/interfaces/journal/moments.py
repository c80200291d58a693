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

from collections.abc import (
    Callable,
    Collection,
    Iterator,
    Sequence,
)
import contextlib
import dataclasses
import datetime
import functools
import itertools
from typing import TypeAlias

import sqlalchemy as sa

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import summary
from osc_port_iface.interfaces.selecting import names


@dataclasses.dataclass(frozen=True)
class Series:
    """Observations of one scope, in order.

    :ivar connection: The journal.
    :ivar scope: What was observed.
    :ivar usable: All complete observations of it.
    :ivar asked: Those that tell of the time.
    :ivar notices: Lines about what is not known of the time between them.
    """

    connection: sa.engine.Connection
    scope: history.Scope
    usable: list[history.Observed]
    asked: list[history.Observed]
    notices: list[str]

    @property
    def views(self) -> Iterator[history.Snapshot]:
        """Look at the observations, in order.

        A view must have been used before the next one is asked for, as those
        in which nothing of what was read has changed are skipped.
        """
        until: datetime.datetime | None = None
        for row in self.asked:
            if until is None or row.began > until:
                view = history.Snapshot(self.connection, self.scope, row)
                yield view
                until = self.span(view)[1]

    def view_at(self, moment: datetime.datetime) -> history.Snapshot:
        """Look at the last observation before a moment, or the first one."""
        before = [row for row in self.asked if row.ended <= moment]
        row = (before or self.asked[:1])[-1]
        return history.Snapshot(self.connection, self.scope, row)

    def span(
        self, view: history.Snapshot
    ) -> tuple[datetime.datetime, datetime.datetime]:
        """Return when the first observation began, and the last one ended.

        In these, and in those between them, all that was read of a view is the
        same.
        """
        first, last = view.unchanged(self.usable)
        return first.began, last.ended


_Looking: TypeAlias = contextlib.AbstractContextManager[list[list[Series]]]


@dataclasses.dataclass(frozen=True)
class _History:
    """All observations of one scope, in order."""

    connection: sa.engine.Connection
    scope: history.Scope
    observations: list[history.Observed]

    @functools.cached_property
    def usable(self) -> list[history.Observed]:
        """The observations that are complete."""
        return [row for row in self.observations if row.is_complete]

    def at(self, moment: datetime.datetime | None) -> Series:
        """Return views of the observations that enclose a moment, if any do.

        :param moment: The moment; that of the last observation if None.
        """
        usable = self.usable
        if moment is None:
            moment = usable[-1].ended if usable else _LONG_AGO
        before = [row for row in usable if row.ended <= moment][-1:]
        during = [row for row in usable if row.began < moment < row.ended]
        after = [row for row in usable if row.began >= moment][:1]
        if not (before or during or (after and after[0].began == moment)) or (
            not (after or during or before[0].ended == moment)
        ):
            return self._series([], [self._outside(moment)])
        enclosing = [*before, *during, *after]
        return self._series(enclosing, self._gaps(enclosing))

    def between(
        self, begin: datetime.datetime, end: datetime.datetime
    ) -> Series:
        """Return views of the observations from one time to another.

        Those that enclose the time are included.
        """
        usable = self.usable
        unseen = [
            self._outside(moment)
            for moment in (begin, end)
            if not usable or not usable[0].began <= moment <= usable[-1].ended
        ]
        if not usable or usable[0].began > end or usable[-1].ended < begin:
            return self._series([], unseen)
        inside = [
            *[row for row in usable if row.ended < begin][-1:],
            *[
                row
                for row in usable
                if row.ended >= begin and row.began <= end
            ],
            *[row for row in usable if row.began > end][:1],
        ]
        return self._series(inside, [*unseen, *self._gaps(inside)])

    def _gaps(self, asked: list[history.Observed]) -> list[str]:
        """Say between which observations others are incomplete."""
        return [
            _('Between %(before)s and %(after)s, not everything could be read')
            % {
                'before': summary.as_text(first.ended),
                'after': summary.as_text(second.began),
            }
            for first, second in itertools.pairwise(asked)
            if any(
                first.id < row.id < second.id and not row.is_complete
                for row in self.observations
            )
        ]

    def _series(
        self, asked: list[history.Observed], notices: list[str]
    ) -> Series:
        return Series(self.connection, self.scope, self.usable, asked, notices)

    def _outside(self, moment: datetime.datetime) -> str:
        if not self.usable:
            return _('it has no observation')
        if moment < self.usable[0].ended:
            text = _(
                '%(moment)s is before the first observation, of %(other)s'
            )
            other = self.usable[0].began
        else:
            text = _('%(moment)s is after the last observation, of %(other)s')
            other = self.usable[-1].ended
        return text % {
            'moment': summary.as_text(moment),
            'other': summary.as_text(other),
        }


def at(
    location: str,
    moments: Sequence[datetime.datetime | None],
    regions: Collection[str] = (),
) -> _Looking:
    """Look at a cloud as it was at each of several moments.

    :param location: The journal.
    :param moments: The moments; None for that of the last observation.
    :param regions: The names of the regions; all if empty.
    :returns: For each moment, the observations that enclose it, of each scope
        that has such observations for all of the moments. A region without
        such a scope has notices only.
    :raises engines.JournalError: No scope has.
    :raises names.NoSuchName: There is no such region.
    """
    return _ask_scopes(
        location,
        regions,
        lambda recorded: [recorded.at(moment) for moment in moments],
    )


def between(
    location: str,
    times: Sequence[datetime.datetime],
    regions: Collection[str] = (),
) -> _Looking:
    """Look at a cloud from one time to another, as :func:`at` does at one.

    :returns: For each scope that was observed then, views whose spans together
        have all observations in that time, and those that enclose it. A notice
        says which part of the time was not observed.
    """
    return _ask_scopes(
        location, regions, lambda recorded: [recorded.between(*times)]
    )


@contextlib.contextmanager
def _ask_scopes(
    location: str,
    regions: Collection[str],
    ask: Callable[[_History], list[Series]],
) -> Iterator[list[list[Series]]]:
    with engines.reading(location) as connection:
        scopes = history.scopes(connection)
        known = list(dict.fromkeys(scope.region for scope in scopes))
        chosen = names.regions(regions, known)
        found: list[list[Series]] = []
        silent: dict[str, list[Series]] = {}
        for scope in sorted(scopes, key=lambda row: known.index(row.region)):
            if scope.region not in chosen:
                continue
            series = ask(
                _History(
                    connection, scope, history.observations(connection, scope)
                )
            )
            if all(each.asked for each in series):
                found.append(series)
            else:
                without_views = [
                    dataclasses.replace(each, asked=[]) for each in series
                ]
                silent.setdefault(scope.region, without_views)
        if not found:
            notices = [
                line
                for series in silent.values()
                for each in series
                for line in each.notices
            ]
            problem = (notices or [_('it has no observation')])[0]
            raise engines.JournalError(f'{engines.name(location)}: {problem}')
        # Imported listings are older than the first region that was recorded.
        heard = {'', *(series[0].scope.region for series in found)}
        found += [silent[region] for region in silent if region not in heard]
        by_moment = zip(*found, strict=True)
        yield [_widest(series) for series in by_moment]


def _widest(found: Collection[Series]) -> list[Series]:
    """Leave out what an observation of all projects has as well."""
    covered = {
        series.scope.region
        for series in found
        if series.scope.has_all_projects and not series.notices
    }
    return [
        series
        for series in found
        if series.scope.has_all_projects or series.scope.region not in covered
    ]


# Before any observation.
_LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)
