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

from collections.abc import Callable, Sequence
import json
import time
from typing import Any

from osc_port_iface.api import as_given
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import summary as summaries
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records

# Two clocks that differ by less are taken for the same, as the time in the
# answers of services is in whole seconds, and answers take a while.
_SAME_CLOCK = 2.0


def record(
    cloud: api_cloud.Cloud,
    location: str,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
    keep: float | None,
    progress: Callable[[str], object],
) -> records.Answer[summaries.Summary]:
    """Record one observation.

    :param cloud: The services.
    :param location: The journal: a file, or the URL of a database.
    :param names_or_ids: The servers to observe; if empty, all of the scope.
    :param scope: What to observe.
    :param keep: For how many seconds observations are kept; for ever if None.
    :param progress: Shows which kind has been read.
    :returns: A summary, and what could not be read.
    :raises exceptions.CommandError: Several servers have a name, or one cannot
        be looked up. Nothing is stored.
    :raises engines.JournalError: The journal cannot be written.
    :raises osc_port_iface.api.errors.TokenRefused: Nothing can be read, and
        nothing is stored.
    """
    server_ids, failures = _selected(cloud, names_or_ids, scope)
    ahead: list[float] = []
    with engines.writing(location) as connection:
        began = time.time()
        observation = observing.Observation(
            connection, cloud.region, _described(cloud, names_or_ids, scope)
        )
        for listing in as_given.read(cloud, scope, server_ids):
            progress(listing.kind)
            ahead += [row.ahead for row in listing.objects.values()]
            if listing.failure is not None:
                failures.append(listing.failure)
                is_named = listing.kind in as_given.NAMED
                observation.miss(
                    listing.kind, 'hidden' if is_named else 'failed'
                )
            elif listing.is_hidden:
                observation.miss(listing.kind, 'hidden')
            else:
                observation.keep(
                    listing.kind,
                    ((row.id, row.data) for row in listing.objects.values()),
                )
        skew = max(ahead, default=0.0)
        if abs(skew) < _SAME_CLOCK:
            skew = 0.0
        times = [round(1000 * (at + skew)) for at in (began, time.time())]
        observation.finish(times[0], times[1], round(1000 * skew))
        if keep is not None:
            observing.forget(connection, times[0] - round(1000 * keep))
    summary = summaries.Summary(
        observation.id,
        cloud.region,
        history.moment(times[0]),
        history.moment(times[1]),
        skew,
        observation.counts,
        observation.is_complete,
    )
    return records.Answer([summary], failures)


def _selected(
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
    missing = []
    for name_or_id in names_or_ids:
        try:
            server = selection.one(cloud, name_or_id, scope, details=True)
        except (names.NoSuchName, errors.NotFound) as error:
            missing.append(str(error))
        else:
            found[server.id] = None
    return list(found), missing


def _described(
    cloud: api_cloud.Cloud,
    names_or_ids: Sequence[str],
    scope: compute.ServerScope,
) -> str:
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
    return json.dumps(found, sort_keys=True)
