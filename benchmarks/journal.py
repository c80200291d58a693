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

"""A journal of every hour, made without a cloud, and what asking it costs."""

from collections.abc import Iterable, Mapping, Sequence
import datetime
import json
import os
import pathlib
import statistics
import tempfile
import time
from typing import Any

import sqlalchemy as sa

from benchmarks import changing_fleet as fleets
from benchmarks import loopback_cloud
from benchmarks import measure
from benchmarks import report
from osc_port_iface import addresses
from osc_port_iface.api import replay
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import listings
from osc_port_iface.interfaces.journal import moments
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import schema
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import find as owners
from osc_port_iface.interfaces.owners import search
from tests import environments

GB = 10**9

# When the year begins.
BEGINS = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)

# All projects.
SCOPE = {'host': None, 'project_id': None, 'status': None}

# The kinds of which the cloud has no object.
OTHERS = ('networks', 'subnets', 'floatingips', 'routers', 'trunks')

# The days that are recorded, which takes 20 minutes of CPU.
DAYS = 365

# How many addresses are looked for.
ADDRESSES = 10

# How often a command runs, which takes about a minute.
REPETITIONS = 3

# The observations without a change that are made at the end.
_UNCHANGED = 1000


class _Observation(observing.Observation):
    """An observation that is told what has changed.

    It stores the same as one that compares all objects.

    :ivar only: The IDs of the objects that it compares; all if None.
    """

    only: set[str] | None = None

    def _current(self, listing: listings.StoredListing) -> dict[bytes, int]:
        if self.only is None:
            return super()._current(listing)
        columns = schema.VERSIONS.c
        found: dict[bytes, int] = {}
        for part in observing.chunks(self.only):
            query = sa.select(columns.digest, columns.id).where(
                listing.matching({'id': part}),
                columns.last == schema.CURRENT,
            )
            found.update((row.digest, row.id) for row in self._execute(query))
        return found


def _rows(objects: Iterable[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(row, sort_keys=True).encode() for row in objects]


def _observe(
    connection: sa.engine.Connection,
    hour: int,
    changes: fleets.Changes,
    is_first: bool = False,
) -> None:
    """Store an observation."""
    observation = _Observation(connection, '', SCOPE)
    for kind, rows in changes.seen.items():
        if not is_first:
            observation.only = {row['id'] for row in rows}
            observation.only.update(changes.gone[kind])
        observation.keep(kind, _rows(rows))
    for kind in OTHERS:
        observation.keep(kind, ())
    began = int((BEGINS.timestamp() + hour * 3600) * 1000)
    observation.finish(began, began + 60_000, 0)


def _make(
    journal: pathlib.Path, size: int, days: int
) -> tuple[int, list[tuple[str, str, str]]]:
    """Record a fleet every hour.

    :returns: The bytes of the first observation, and what can be asked: a
        time, an address, and the server that has it then.
    """
    fleet = fleets.ChangingFleet(size)
    everything = {'servers': fleet.servers, 'ports': fleet.ports}
    with engines.open_to_write(str(journal)) as connection:
        _observe(connection, 0, fleets.Changes(everything), is_first=True)
    first = journal.stat().st_size
    known = []
    for day in range(days):
        with engines.open_to_write(str(journal)) as connection:
            for hour in range(24 * day + 1, 24 * day + 25):
                if hour % max(1, 24 * days // ADDRESSES) == 0:
                    # Between this observation and the one before.
                    known.append(_known(fleet, hour))
                _observe(connection, hour, fleet.pass_hour())
    return first, known


def _known(fleet: fleets.ChangingFleet, hour: int) -> tuple[str, str, str]:
    """Return a time before an observation, an address, and its server."""
    port = fleet.ports[hour % len(fleet.ports)]
    moment = BEGINS + datetime.timedelta(hours=hour, minutes=-30)
    address = port['fixed_ips'][0]['ip_address']
    return moment.isoformat(), address, port['device_id']


def _ask(
    journal: pathlib.Path, known: list[tuple[str, str, str]]
) -> tuple[float, float]:
    """Find the owners of addresses.

    :returns: The median of the seconds without those of the start-up of the
        command, and the highest peak of its memory.
    """
    openstack = environments.ensure('client') / 'openstack'
    seconds, peaks = [], []
    for moment, address, server_id in known:
        began = time.perf_counter()
        _find(str(journal), datetime.datetime.fromisoformat(moment), address)
        seconds.append(time.perf_counter() - began)
        asked = measure.run(
            [
                openstack,
                'server',
                'interface',
                'find',
                address,
                '--at',
                moment,
                '--journal',
                journal,
                '-f',
                'json',
            ],
            os.environ,
        )
        found = [row['Server ID'] for row in json.loads(asked.output)]
        if server_id not in found:
            raise AssertionError(f'{address}: {found}')
        peaks.append(asked.peak)
    return statistics.median(seconds), max(peaks)


def _find(journal: str, moment: datetime.datetime, address: str) -> None:
    """Do what ``find --at`` does."""
    queries = (addresses.parse_query(address),)
    with moments.at(journal, [moment]) as ((series,),):
        until = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        for observed in series.chosen:
            if observed.began > until:
                source = series.source(observed)
                cloud = replay.RecordedCloud(source)
                found = search.Search(cloud=cloud, queries=queries)
                owners.find(found)
                owners.sort(found, lookup.Lookup(cloud, found.rows))
                until = source.unchanged(series.lines[observed.scope.id])[
                    1
                ].ended


def _record(
    journal: pathlib.Path, size: int
) -> tuple[float, dict[str, list[measure.Run]]]:
    """Record a cloud that does not change, and list it in turn.

    :returns: The bytes that an observation adds, and the runs.
    """
    openstack = environments.ensure('client') / 'openstack'
    command = (openstack, 'server', 'interface')
    options = ('--all-projects', '-f', 'json')
    record = (*command, 'record', journal, *options)
    listing = (*command, 'list', '--source', 'network', *options)
    with loopback_cloud.LoopbackCloud(size, 0, is_detailed=True) as cloud:
        environment = cloud.environment()
        measure.run(record, environment)
        runs = measure.in_turn(
            {
                'record': (record, environment),
                'list': (listing, environment),
            },
            REPETITIONS,
        )
        (summary,) = json.loads(runs['record'][-1].output)
    before = journal.stat().st_size
    with engines.open_to_write(str(journal)) as connection:
        for number in range(_UNCHANGED):
            _observe(connection, number, fleets.Changes())
    added = (journal.stat().st_size - before) / _UNCHANGED
    if (summary['Objects'], summary['Changed']) != (2 * size, 0):
        raise AssertionError(summary)
    return added, runs


def run(quick: bool) -> report.Report:
    """Record a fleet for days, look addresses up, and record a cloud."""
    size, days = (300, 2) if quick else (30_000, DAYS)
    with tempfile.TemporaryDirectory() as directory:
        journal = pathlib.Path(directory) / 'journal'
        first, known = _make(journal, size, days)
        whole = journal.stat().st_size
        seconds, found_peak = _ask(journal, known)
        added, runs = _record(pathlib.Path(directory) / 'still', size)
    return _report(size, days, first, whole, seconds, found_peak, added, runs)


def _times(runs: Sequence[measure.Run]) -> str:
    wall = statistics.median(row.wall for row in runs)
    cpu = statistics.median(row.cpu for row in runs)
    return f'{wall:.1f} s, {cpu:.1f} s of CPU'


def _report(
    size: int,
    days: int,
    first: int,
    whole: int,
    seconds: float,
    found_peak: float,
    added: float,
    runs: Mapping[str, Sequence[measure.Run]],
) -> report.Report:
    ratio = statistics.median(
        ours.wall / theirs.wall
        for ours, theirs in zip(runs['record'], runs['list'], strict=True)
    )
    peak = max(row.peak for row in runs['record'])
    return report.Report(
        'Journal',
        f'An SQLite journal of {size:,} servers with an interface each, '
        f'observed every hour for {days} days, with {fleets.CHANGED:.0%} of '
        'the interfaces changed each time: new servers, new ports and other '
        'addresses. It is made without a cloud, and the observations of a day '
        'are committed together. Then '
        f'{ADDRESSES} addresses are looked for with ``find --at``, each at '
        'another time; the time is the median, without the start-up of the '
        'command. At last, ``record --all-projects`` and '
        '``list --all-projects --source network`` run in turn, '
        f'{REPETITIONS} times each, against a loopback server with as many '
        'interfaces that do not change. Their ratio is the median of those in '
        f'each turn. {_UNCHANGED:,} more observations without a change show '
        'how much one adds.',
        ('What', 'Value'),
        [
            ('first observation', f'{first / 10**6:.1f} MB'),
            (f'after {days} days', f'{whole / GB:.2f} GB'),
            ('``find --at``, after start-up', f'{seconds:.2f} s'),
            ('``find --at``, peak', f'{found_peak:.0f} MiB'),
            ('an observation without a change adds', f'{added:.0f} bytes'),
            ('``record``', _times(runs['record'])),
            ('``list --source network``', _times(runs['list'])),
            ('ratio', f'{ratio:.2f}'),
            ('``record``, peak', f'{peak:.0f} MiB'),
        ],
        [
            report.Goal(
                'Below 1.5 GB for the year',
                f'{whole / GB:.2f} GB',
                whole < 1.5 * GB,
            ),
            report.Goal(
                'Less than 1 KiB for an observation without a change',
                f'{added:.0f} bytes',
                added < 1024,
            ),
            report.Goal(
                'At most a third slower than ``list --source network``',
                f'{ratio:.2f} times its time',
                ratio <= 4 / 3,
            ),
            report.Goal(
                'An address is found in less than a second',
                f'{seconds:.2f} s',
                seconds < 1,
            ),
            report.Goal(
                'Memory below 400 MiB',
                f'{max(peak, found_peak):.0f} MiB at most',
                max(peak, found_peak) < 400,
            ),
        ],
    )
