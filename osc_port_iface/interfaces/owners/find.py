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

import collections
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
import dataclasses
import ipaddress
import logging

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import allowed_addresses
from osc_port_iface.interfaces.owners import floating_ips
from osc_port_iface.interfaces.owners import load_balancers
from osc_port_iface.interfaces.owners import port_forwardings
from osc_port_iface.interfaces.owners import ports
from osc_port_iface.interfaces.owners import router_gateways
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface.interfaces.owners import subports
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Searches for one kind of match, and follows the matches so far.
_Step = Callable[
    [searches.Reader, searches.Search, Sequence[searches.Match]],
    list[searches.Match],
]

# If one of these fails, there is no answer.
_DIRECT: tuple[_Step, ...] = (floating_ips.find, ports.find)

# The order matters: each continues from the matches of those before it.
_INDIRECT: tuple[_Step, ...] = (
    port_forwardings.find,
    load_balancers.find,
    router_gateways.find,
    allowed_addresses.find,
    subports.find,
)

_CERTAINTIES = list(searches.Certainty)


@dataclasses.dataclass
class Found(records.Answer[searches.Match]):
    """All matches.

    :ivar queries: What was looked for.
    """

    queries: Sequence[addresses.Address] = ()

    @property
    def is_complete(self) -> bool:
        """Whether an address without a match has no owner."""
        return not self.failures


def find(cloud: api_cloud.Cloud, search: searches.Search) -> Found:
    """Find the owners of addresses.

    :param cloud: The services.
    :param search: What to look for.
    :returns: All matches, in the order of the queries, then by address within
        a CIDR, and by certainty.
    :raises errors.ApiError: Neutron did not answer.
    """
    read = searches.Reader(cloud)
    matches: list[searches.Match] = []
    for step in _DIRECT:
        matches = step(read, search, matches)
    for step in _INDIRECT:
        try:
            matches = step(read, search, matches)
        except errors.TokenRefused:
            raise
        except errors.Unreachable as error:
            # Further searches would only fail in the same way.
            read.failures.append(str(error))
            break
        except errors.ApiError as error:
            read.failures.append(str(error))
    sort(matches, search.queries)
    return Found(matches, read.failures, queries=search.queries)


def sort(
    matches: list[searches.Match],
    queries: Iterable[addresses.Address],
    look: lookup.Lookup | None = None,
) -> None:
    """Sort matches as :func:`find` does.

    :param matches: The matches.
    :param queries: The queries, in their order.
    :param look: Looks up the names of servers, by which matches that are equal
        otherwise are sorted.
    """
    places = {query: place for place, query in enumerate(queries)}

    def key(match: searches.Match) -> tuple[int, int, int, str]:
        server = look.server(match) if look else None
        # The forwardings of a floating IP are already ordered by its ports.
        name = server.name if server and not match.forwarding else None
        return places[match.query], *_order(match), name or ''

    matches.sort(key=key)


def shared(answers: Iterable[Found]) -> set[str | None]:
    """Return the servers behind what several regions show.

    These regions share a Neutron.

    :param answers: The matches in each region.
    :returns: The IDs of the servers; None for what has none.
    """
    counts = collections.Counter(
        identity
        for found in answers
        for identity in {match.identity for match in found.rows}
    )
    return {
        match.server_id
        for found in answers
        for match in found.rows
        if counts[match.identity] > 1
    }


def drop_doubles(
    answers: Mapping[str, Found], known: Mapping[str, Collection[str]]
) -> None:
    """Keep what several regions show in one of them.

    :param answers: The matches, by region.
    :param known: The IDs of the servers that exist, by region. A match stays
        where its server is, or else in the first region.
    """
    places: dict[searches.Identity, str] = {}
    for region, found in answers.items():
        for match in found.rows:
            if match.server_id in known.get(region, ()):
                places.setdefault(match.identity, region)
    for region, found in answers.items():
        for match in found.rows:
            places.setdefault(match.identity, region)
        found.rows = [
            match for match in found.rows if places[match.identity] == region
        ]


def unattached(
    matches: Iterable[searches.Match], look: lookup.Lookup
) -> list[str]:
    """Report the ports whose servers are not attached to them.

    :param matches: The matches.
    :param look: Looks up the servers.
    :returns: A line for each port whose device ID is that of a server, while
        its device owner is not.
    """
    text = _(
        'Port %(port)s: not attached to server %(server)s, which is only in '
        'its device ID (device owner: %(owner)s)'
    )
    return [
        text
        % {
            'port': match.port.id,
            'server': printable.escape(server.name or server.id),
            'owner': printable.escape(match.port.device_owner or _('empty')),
        }
        for match in matches
        if match.port
        and match.port.unattached_server_id
        and (server := look.server(match))
    ]


def distinct(
    queries: Iterable[addresses.Address],
) -> tuple[addresses.Address, ...]:
    """Drop duplicate queries, whatever their notation."""
    found: dict[addresses.Address, addresses.Address] = {}
    for query in queries:
        found.setdefault(dataclasses.replace(query, text=''), query)
    return tuple(found.values())


def unmatched(cloud: api_cloud.Cloud, found: Found) -> list[records.Absence]:
    """Report the addresses that matched nothing, and the scope searched.

    If no port shows how much the caller may see, Neutron is asked once more.

    :returns: A line for each address.
    :raises errors.Forbidden: The token is not for a project, and shows
        nothing.
    """
    if found.is_complete and not found.rows:
        cloud.network.ensure_scope()
    matched = {match.query for match in found.rows}
    missing = [query for query in found.queries if query not in matched]
    everywhere = any(
        match.port and match.port.shows_binding for match in found.rows
    )
    if (
        missing
        and found.is_complete
        and not any(match.port for match in found.rows)
    ):
        try:
            everywhere = cloud.network.shows_bindings()
        except errors.ApiError as error:
            LOG.info(error)
    if not found.is_complete:
        text = _(
            "cannot tell whether '%s' matches anything: not everything could "
            'be read'
        )
    elif everywhere:
        LOG.info(_('Searched all projects.'))
        text = _("'%s' matches nothing in any project")
    else:
        LOG.info(_('Searched what this project can see.'))
        text = _("'%s' matches nothing in what this project can see")
    return [
        records.Absence(text % printable.escape(query.text), query.text)
        for query in missing
    ]


def _order(match: searches.Match) -> tuple[int, int]:
    address = (
        int(ipaddress.ip_address(match.ip_address))
        if match.query.kind in searches.WIDE and match.ip_address
        else 0
    )
    return address, _CERTAINTIES.index(match.certainty)
