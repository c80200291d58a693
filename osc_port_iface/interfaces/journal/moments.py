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

from collections.abc import Collection, Iterable, Iterator
import contextlib
import dataclasses
import datetime
import functools
from typing import Any

import sqlalchemy as sa

from osc_port_iface.api import replay
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import schema
from osc_port_iface.interfaces.journal import summary


@dataclasses.dataclass(frozen=True)
class View:
    """A cloud as one observation saw it.

    :ivar cloud: The cloud.
    """

    cloud: replay.RecordedCloud
    _snapshot: history.Snapshot
    _observations: list[history.Observed]

    @property
    def ended(self) -> datetime.datetime:
        """When the observation ended."""
        return self._snapshot.observed.ended

    def span(self) -> tuple[datetime.datetime, datetime.datetime]:
        """Return when the first observation began, and the last one ended.

        In these, and in those between them, all that has been asked of the
        cloud is the same.
        """
        first, last = self._snapshot.unchanged(self._observations)
        return first.began, last.ended


@dataclasses.dataclass(frozen=True)
class Series:
    """Views of one scope, in order.

    :ivar scope: What was observed.
    :ivar notices: Lines about what is not known of the time between them.
    """

    scope: history.Scope
    views: Iterable[View]
    notices: list[str]


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

    def view(self, row: history.Observed) -> View:
        """Return the cloud as an observation saw it."""
        snapshot = history.Snapshot(self.connection, self.scope, row)
        cloud = replay.RecordedCloud(_Source(snapshot))
        return View(cloud, snapshot, self.usable)

    def at(self, moment: datetime.datetime | None) -> Series | None:
        """Return views of the observations that enclose a moment, if any do.

        :param moment: The moment; that of the last observation if None.
        """
        usable = self.usable
        if moment is None:
            moment = usable[-1].ended if usable else _LONG_AGO
        before = [row for row in usable if row.ended <= moment][-1:]
        during = [row for row in usable if row.began < moment < row.ended]
        after = [row for row in usable if row.began >= moment][:1]
        if not (before or during) or not (
            after or during or (before[0].ended == moment)
        ):
            return None
        enclosing = [*before, *during, *after]
        missed = [
            row
            for row in self.observations
            if not row.is_complete
            and enclosing[0].id < row.id < enclosing[-1].id
        ]
        return Series(
            self.scope,
            [self.view(row) for row in enclosing],
            [_gap(enclosing)] if missed else [],
        )

    def walk(self, rows: Iterable[history.Observed]) -> Iterator[View]:
        """Go through observations, and skip what the last view spans."""
        until: datetime.datetime | None = None
        for row in rows:
            if until is None or row.began > until:
                view = self.view(row)
                yield view
                until = view.span()[1]


@contextlib.contextmanager
def at(
    location: str, *moments: datetime.datetime | None
) -> Iterator[list[list[Series]]]:
    """Look at a cloud as it was at each of several moments.

    :param location: The journal.
    :param moments: The moments; None for that of the last observation.
    :returns: For each moment, the observations that enclose it, of each scope
        that has such observations for all of the moments.
    :raises engines.JournalError: No scope has.
    """
    with _histories(location) as histories:
        found, problems = [], []
        for recorded in histories:
            series = [recorded.at(moment) for moment in moments]
            problems += [
                _outside(moment, recorded.usable)
                for moment, each in zip(moments, series, strict=True)
                if moment and not each
            ]
            known = [each for each in series if each]
            if len(known) == len(moments):
                found.append(known)
        if not found:
            raise _nothing(location, problems)
        by_moment = zip(*found, strict=True)
        yield [_widest(series) for series in by_moment]


@contextlib.contextmanager
def between(
    location: str, begin: datetime.datetime, end: datetime.datetime
) -> Iterator[list[Series]]:
    """Look at a cloud throughout a time.

    A view must have been used before the next one is asked for: what has not
    changed is skipped.

    :returns: For each scope that was observed then, views whose spans together
        have all observations in that time, and those that enclose it. A notice
        says which part of the time was not observed.
    :raises engines.JournalError: No scope was observed then.
    """
    with _histories(location) as histories:
        found, problems = [], []
        for recorded in histories:
            usable = recorded.usable
            unseen = [
                _outside(moment, usable)
                for moment in (begin, end)
                if not usable
                or not usable[0].began <= moment <= usable[-1].ended
            ]
            inside = [
                *[row for row in usable if row.ended < begin][-1:],
                *[
                    row
                    for row in usable
                    if row.ended >= begin and row.began <= end
                ],
                *[row for row in usable if row.began > end][:1],
            ]
            if not usable or usable[0].began > end or usable[-1].ended < begin:
                problems += unseen
                continue
            found.append(Series(recorded.scope, recorded.walk(inside), unseen))
        if not found:
            raise _nothing(location, problems)
        yield found


def _widest(found: Collection[Series]) -> list[Series]:
    """Leave out what an observation of all projects has as well."""
    covered = {
        series.scope.region
        for series in found
        if series.scope.has_all_projects
    }
    return [
        series
        for series in found
        if series.scope.has_all_projects or series.scope.region not in covered
    ]


@contextlib.contextmanager
def _histories(location: str) -> Iterator[list[_History]]:
    with engines.reading(location) as connection:
        yield [
            _History(
                connection, scope, history.observations(connection, scope)
            )
            for scope in history.scopes(connection)
        ]


class _Source:
    """The objects of a snapshot, for replay."""

    def __init__(self, snapshot: history.Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def moment(self) -> datetime.datetime:
        return self._snapshot.observed.ended

    @property
    def has_all_projects(self) -> bool:
        return self._snapshot.scope.has_all_projects

    def state(self, kind: str) -> str:
        return self._snapshot.observed.listings.get(kind, 'hidden')

    def is_indexed(self, kind: str, field: str) -> bool:
        return field in ('id', *schema.INDEXED.get(kind, ())) or (
            kind,
            field,
        ) == ('ports', 'ip_address')

    def objects(
        self, kind: str, field: str = '', values: Collection[str] = ()
    ) -> Iterable[dict[str, Any]]:
        return self._snapshot.objects(kind, field, values)


# Before any observation.
_LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)

_EMPTY = _('it has no observation')


def _nothing(location: str, problems: list[str]) -> engines.JournalError:
    reason = problems[0] if problems else _EMPTY
    return engines.JournalError(f'{engines.name(location)}: {reason}')


def _outside(moment: datetime.datetime, usable: list[history.Observed]) -> str:
    if not usable:
        return _EMPTY
    if moment < usable[0].ended:
        text = _('%(moment)s is before the first observation, of %(other)s')
        other = usable[0].began
    else:
        text = _('%(moment)s is after the last observation, of %(other)s')
        other = usable[-1].ended
    return text % {
        'moment': summary.as_text(moment),
        'other': summary.as_text(other),
    }


def _gap(enclosing: list[history.Observed]) -> str:
    return _(
        'Between %(before)s and %(after)s, not everything could be read'
    ) % {
        'before': summary.as_text(enclosing[0].ended),
        'after': summary.as_text(enclosing[-1].began),
    }
