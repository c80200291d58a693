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

"""Finds the owners of addresses, directly or through indirections."""

from collections.abc import Callable, Iterable, Mapping
import contextlib

from osc_port_iface import addresses
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import allowed_addresses
from osc_port_iface.interfaces.owners import floating_ips
from osc_port_iface.interfaces.owners import load_balancers
from osc_port_iface.interfaces.owners import ports
from osc_port_iface.interfaces.owners import router_gateways
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface.interfaces.owners import subports
from osc_port_iface import printable
from osc_port_iface import records

# The order matters: each continues from the matches of those before it.
_STEPS = (
    floating_ips.find,
    ports.find,
    load_balancers.find,
    router_gateways.find,
    allowed_addresses.find,
    subports.find,
)

_CERTAINTIES = list(searches.Certainty)


def find(search: searches.Search) -> None:
    """Find the owners of addresses.

    :param search: What to look for, which is given all matches, in the order
        of the queries, then by address within a range, and by certainty.
    :raises errors.ApiError: Neutron did not show any ports.
    """
    for step in _STEPS:
        try:
            step(search)
        except errors.RequestFailed as error:
            # Further searches would only fail in the same way.
            is_lost = isinstance(error, errors.Unreachable)
            if step is ports.find or (is_lost and step is floating_ips.find):
                raise
            search.failures.append(str(error))
            if is_lost:
                break
    sort(search)


def sort(search: searches.Search, look: lookup.Lookup | None = None) -> None:
    """Sort the matches of a search as :func:`find` does.

    :param look: Looks up the names of servers, by which matches that are equal
        otherwise are sorted.
    """
    places = {query: place for place, query in enumerate(search.queries)}

    def key(match: searches.Match) -> tuple[int, tuple[int, int], int, str]:
        server = look.server(match) if look else None
        # The forwardings of a floating IP are already ordered by its ports.
        name = server.name if server and not match.forwarding else None
        is_of_range = match.query.kind is addresses.Kind.RANGE
        return (
            places[match.query],
            addresses.ip_order(match.ip_address)
            if is_of_range and match.ip_address
            else (0, 0),
            _CERTAINTIES.index(match.certainty),
            name or '',
        )

    search.rows.sort(key=key)


def drop_duplicates(
    answers: Mapping[str, searches.Search],
    look_up: Callable[[Iterable[str]], Mapping[str, set[str]]],
) -> None:
    """Keep in one region what several regions show, as they share a Neutron.

    :param answers: The matches, by region.
    :param look_up: Returns which of some servers exist, by region. A match
        stays where its server is, or else in the first region.
    """
    regions: dict[searches.Identity, dict[str, str | None]] = {}
    for region, found in answers.items():
        for match in found.rows:
            seen = regions.setdefault(match.identity, {})
            seen[region] = match.server_id
    servers = {
        server_id
        for seen in regions.values()
        for server_id in seen.values()
        if server_id and len(seen) > 1
    }
    known = look_up(servers) if servers else {}

    def region_of(seen: Mapping[str, str | None]) -> str:
        own = (name for name in seen if seen[name] in known.get(name, ()))
        return next(own, next(iter(seen)))

    for region, found in answers.items():
        found.rows = [
            match
            for match in found.rows
            if region_of(regions[match.identity]) == region
        ]


def unmatched(search: searches.Search) -> list[records.Absence]:
    """Report the addresses that matched nothing, and the scope searched.

    If no port shows how much the caller may see, Neutron is asked once more.

    :returns: A line for each address.
    :raises errors.Forbidden: The token is not for a project, and shows
        nothing.
    """
    network = search.cloud.network
    matched = {match.query for match in search.rows}
    missing = [query for query in search.queries if query not in matched]
    text = _("'%s' matches nothing in what this project can see")
    if search.failures:
        text = _(
            "cannot tell whether '%s' matches anything: not everything could "
            'be read'
        )
    elif missing:
        if not search.rows:
            network.ensure_scope()
        ports = [match.port for match in search.rows if match.port]
        with contextlib.suppress(errors.ApiError):
            if network.shows_all_projects(ports):
                text = _("'%s' matches nothing in any project")
    return [
        records.Absence(text % printable.escape(query.text), query.text)
        for query in missing
    ]
