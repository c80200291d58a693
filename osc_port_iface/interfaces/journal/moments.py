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
from typing import Any


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


@contextlib.contextmanager
def at(location: str, moment: datetime.datetime) -> Iterator[list[Series]]:
    """Look at a cloud as it was at a moment.

    :param location: The journal.
    :param moment: The moment.
    :returns: For each scope that was observed before and after the moment,
        the observations that enclose it.
    :raises engines.JournalError: No scope was.
    """
    with _all_of(location) as scopes:
        found, problems = [], []
        for scope, look, observations in scopes:
            usable = [row for row in observations if row.is_complete]
            before = [row for row in usable if row.ended <= moment][-1:]
            during = [row for row in usable if row.began < moment < row.ended]
            after = [row for row in usable if row.began >= moment][:1]
            if not (before or during) or not (
                after or during or (before[0].ended == moment)
            ):
                problems.append(_outside(moment, usable))
                continue
            enclosing = [*before, *during, *after]
            missed = [
                row
                for row in observations
                if not row.is_complete
                and enclosing[0].id < row.id < enclosing[-1].id
            ]
            found.append(
                Series(
                    scope,
                    [look(row) for row in enclosing],
                    [_gap(enclosing)] if missed else [],
                )
            )
        if not found:
            raise engines.JournalError(
                f'{engines.name(location)}: {(problems or [_EMPTY])[0]}'
            )
        yield _widest(found)


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
    with _all_of(location) as scopes:
        found, problems = [], []
        for scope, look, observations in scopes:
            usable = [row for row in observations if row.is_complete]
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
            found.append(Series(scope, _walk(look, inside), unseen))
        if not found:
            raise engines.JournalError(
                f'{engines.name(location)}: {(problems or [_EMPTY])[0]}'
            )
        yield found


def _widest(found: list[Series]) -> list[Series]:
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


def _walk(look: Any, observations: list[history.Observed]) -> Iterator[View]:
    until: datetime.datetime | None = None
    for row in observations:
        if until is None or row.began > until:
            view: View = look(row)
            yield view
            until = view.span()[1]


@contextlib.contextmanager
def _all_of(
    location: str,
) -> Iterator[list[tuple[history.Scope, Any, list[history.Observed]]]]:
    with engines.reading(location) as connection:
        found = []
        for scope in history.scopes(connection):
            observations = history.observations(connection, scope)

            def look(
                row: history.Observed,
                scope: history.Scope = scope,
                observations: list[history.Observed] = observations,
            ) -> View:
                snapshot = history.Snapshot(connection, scope, row)
                cloud = replay.RecordedCloud(_Source(snapshot))
                usable = [row for row in observations if row.is_complete]
                return View(cloud, snapshot, usable)

            found.append((scope, look, observations))
        yield found


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


_EMPTY = _('it has no observation')


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
