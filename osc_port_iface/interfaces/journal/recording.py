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

"""Records what a cloud is like now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import statistics
import time
from typing import Any

import sqlalchemy as sa

from osc_port_iface.api import as_given
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import printable
from osc_port_iface import records

# Two clocks that differ by less are taken for the same, as the time in the
# answers of services is in whole seconds, and answers take a while.
_SAME_CLOCK = 2.0

# By how many milliseconds an observation may seem to begin before the last one
# has ended, as one of them was timed by another clock.
_LEEWAY = 5000


@dataclasses.dataclass(frozen=True)
class Contents:
    """What was read of a region for an observation.

    :ivar region: Its name.
    :ivar scope: What of it is observed.
    :ivar listings: What it has.
    :ivar failures: What could not be read.
    :ivar began: When the reading began, by our clock.
    :ivar ended: When it ended, likewise.
    """

    region: str
    scope: dict[str, Any]
    listings: list[as_given.GivenListing]
    failures: list[str]
    began: float
    ended: float


def read(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
    progress: Callable[[str], object],
) -> Contents:
    """Read a region.

    :param cloud: Its services.
    :param names_or_ids: The servers to observe; if empty, all of the scope.
    :param scope: What to observe.
    :param progress: Shows which kind has been read.
    :raises exceptions.CommandError: Several servers have a name, or one cannot
        be looked up, the host does not exist, or Neutron hides what is to be
        observed.
    """
    _check_rights(cloud, scope)
    server_ids, failures = _find_servers(cloud, names_or_ids, scope)
    began = time.time()
    listings = []
    for listing in as_given.read(cloud, scope, server_ids):
        progress(listing.kind)
        if listing.failure is not None:
            failures.append(listing.failure)
        listings.append(listing)
    servers = listings[0]
    if scope.host and servers.state == 'complete' and not servers.objects:
        names.check_host(cloud, scope.host)
    described = _describe_scope(cloud, names_or_ids, scope)
    return Contents(
        cloud.region, described, listings, failures, began, time.time()
    )


def record(
    location: str,
    read_all: Callable[[], Mapping[str, Contents]],
    keep: float | None,
) -> tuple[list[observing.Observation], list[engines.JournalError], int]:
    """Record an observation of each region.

    :param location: The journal: a file, or the URL of a database.
    :param read_all: Reads the regions, by name, while no other recorder can
        write.
    :param keep: For how many seconds observations are kept; for ever if None.
    :returns: The observations, why others are refused, and how many older
        ones were removed.
    :raises engines.JournalError: The journal cannot be written, or each
        observation is refused.
    :raises osc_port_iface.api.errors.TokenRefused: Nothing can be read, and
        nothing is stored.
    """
    with engines.open_to_write(location) as connection:
        found, refused, removed = [], [], 0
        for contents in read_all().values():
            try:
                found.append(_store(connection, location, contents))
            except engines.JournalError as error:
                refused.append(error)
        if not found:
            raise refused[0]
        if keep is not None:
            first = min(row.began for row in found).timestamp()
            before = max(0.0, first - keep)
            removed = observing.remove_before(connection, round(1000 * before))
    return found, refused, removed


def _store(
    connection: sa.engine.Connection, location: str, found: Contents
) -> observing.Observation:
    """Store an observation.

    :raises engines.JournalError: Something that tells owners could not be
        read, or it began before the last one of its scope ended. Nothing is
        stored.
    """
    # A region that cannot be read is known from then on.
    observation = observing.Observation(connection, found.region, found.scope)
    place = f'{printable.one_line(found.region)}: ' if found.region else ''
    if any(listing.state == 'failed' for listing in found.listings):
        problem = _('nothing is recorded, as not everything could be read')
        raise engines.JournalError(location, place + problem)
    skew = _skew(found.listings)
    began, ended = (
        round(1000 * (moment + skew)) for moment in (found.began, found.ended)
    )
    if observation.last:
        last = round(1000 * observation.last.timestamp())
        if last - began >= _LEEWAY:
            problem = _(
                'an observation of %(moment)s cannot follow the one that '
                'ended at %(last)s; a clock is wrong, or was wrong then: if '
                'so, use another journal'
            ) % {
                'moment': timestamps.as_text(timestamps.from_ms(began)),
                'last': timestamps.as_text(observation.last),
            }
            raise engines.JournalError(location, place + problem)
        began = max(began, last)
    for listing in found.listings:
        if listing.state == 'complete':
            rows = [row.data for row in listing.objects.values()]
            observation.keep(listing.kind, rows)
        else:
            observation.hide(listing.kind)
    observation.finish(began, max(began, ended), round(1000 * skew))
    return observation


def _skew(listings: Iterable[as_given.GivenListing]) -> float:
    """Return how many seconds our clock is behind.

    The clocks of some services or nodes may be wrong. So each service has a
    vote, and so has our clock. If in doubt, it is early: after a time in the
    future, nothing could be recorded until then.
    """
    ahead: dict[str, list[float]] = {}
    for listing in listings:
        if listing.objects:
            # The answer that took the shortest.
            shortest = max(row.ahead for row in listing.objects.values())
            ahead.setdefault(listing.service, []).append(shortest)
    votes = map(statistics.median_low, ahead.values())
    skew = statistics.median_low([0.0, *votes])
    return 0.0 if abs(skew) < _SAME_CLOCK else skew


def _check_rights(cloud: api_cloud.Cloud, scope: compute.ServerScope) -> None:
    """Check that Neutron shows the ports of the scope.

    It leaves out what it hides, which would count as gone.

    :raises errors.Forbidden: It does not.
    """
    cloud.network.ensure_scope()
    if not scope.all_projects and scope.project_id in (None, cloud.project_id):
        return
    try:
        hides_ports = cloud.network.hides_ports()
    except errors.RequestFailed:
        # So does the listing of the ports, and the observation has that.
        return
    if hides_ports:
        raise errors.Forbidden(
            _(
                'Nothing is recorded: Neutron shows the ports of other '
                'projects to administrators only'
            )
        )


def _find_servers(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
) -> tuple[list[str] | None, list[str]]:
    """Find servers, of which some may have gone since the last observation.

    :returns: The IDs of those that exist, or None for all of the scope, and a
        line for each that does not exist.
    """
    if not names_or_ids:
        return None, []
    found: dict[str, None] = {}
    missing: list[str] = []
    for name_or_id in names_or_ids:
        try:
            server = selection.find(cloud, name_or_id, scope, details=True)
        except (names.NoSuchName, errors.NotFound) as error:
            missing.append(records.Absence(str(error), name_or_id))
        else:
            found[server.id] = None
    return list(found), missing


def _describe_scope(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
) -> dict[str, Any]:
    everywhere = scope.all_projects and not scope.project_id
    project_id = None if everywhere else scope.project_id or cloud.project_id
    found: dict[str, Any] = {
        'project_id': project_id,
        'host': scope.host,
        'status': scope.status,
    }
    if names_or_ids:
        # As they were given: whatever has a name ends what had it before.
        found['servers'] = sorted(set(names_or_ids))
    if project_id:
        # What a project is shown depends on them. All projects are shown to
        # administrators only.
        found['roles'] = sorted(cloud.credentials.roles)
    return found
