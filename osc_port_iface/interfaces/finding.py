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

"""Who is behind this address? Exactly, and through every indirection."""

from collections.abc import Callable, Iterable
import dataclasses
import ipaddress
import logging

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces import owner_details
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

_Kind = Callable[[api_cloud.Cloud, searches.Search], searches.Answer]

# Without these there is no answer.
_DIRECT: tuple[_Kind, ...] = (floating_ips.find, ports.find)

# In this order: each goes on from what those before it have found.
_INDIRECT: tuple[_Kind, ...] = (
    port_forwardings.find,
    load_balancers.find,
    router_gateways.find,
    allowed_addresses.find,
    subports.find,
)

_CERTAINTIES = list(searches.Certainty)


@dataclasses.dataclass
class Found(searches.Answer):
    """Every match that there is.

    :ivar is_complete: Whether everything was looked through, so that what
        matches nothing has no owner.
    """

    is_complete: bool = True


def find(
    cloud: api_cloud.Cloud, search: searches.Search, needed: facts.Fact
) -> Found:
    """Find the owners of addresses.

    :param cloud: The services.
    :param search: What is looked for.
    :param needed: What has to be known of the owners.
    :returns: Every match: in the order of the queries, for each address of a
        CIDR, the surest first, and then by the name of the server.
    :raises errors.ApiError: Neutron did not answer.
    """
    answer: searches.Answer = records.Answer([])
    for kind in _DIRECT:
        answer = _then(answer, kind(cloud, search.having(answer.rows)))
    for kind in _INDIRECT:
        try:
            answer = _then(answer, kind(cloud, search.having(answer.rows)))
        except errors.TokenRefused:
            raise
        except errors.Unreachable as error:
            # The rest would have to wait for the same.
            answer.failures.append(str(error))
            break
        except errors.ApiError as error:
            answer.failures.append(str(error))
    is_complete = not answer.failures
    answer = _then(answer, owner_details.read(cloud, answer.rows, needed))
    places = {query: place for place, query in enumerate(search.queries)}
    answer.rows.sort(key=lambda match: (places[match.query], *_order(match)))
    return Found(answer.rows, answer.failures, answer.notices, is_complete)


def distinct(
    queries: Iterable[addresses.Address],
) -> tuple[addresses.Address, ...]:
    """Drop what is asked for a second time, in whatever spelling."""
    found: dict[tuple[addresses.Kind, str], addresses.Address] = {}
    for query in queries:
        found.setdefault((query.kind, query.value), query)
    return tuple(found.values())


def unmatched(
    cloud: api_cloud.Cloud,
    queries: Iterable[addresses.Address],
    found: Found,
) -> list[str]:
    """Say which addresses matched nothing, and where they were looked for.

    Neutron is asked once more where no port shows how much the caller sees.

    :returns: A line for each.
    :raises errors.Forbidden: The token is for no project, and shows nothing.
    """
    if found.is_complete and not found.rows:
        cloud.network.ensure_scope()
    matched = {match.query for match in found.rows}
    missing = [query for query in queries if query not in matched]
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
    return [text % printable.escape(query.text) for query in missing]


def _then(answer: searches.Answer, later: searches.Answer) -> searches.Answer:
    """Take the rows of a later answer, and what both of them lack."""
    return records.Answer(
        later.rows,
        answer.failures + later.failures,
        answer.notices + later.notices,
    )


def _order(match: searches.Match) -> tuple[int, int, str]:
    address = (
        int(ipaddress.ip_address(match.ip_address))
        if match.query.kind is addresses.Kind.CIDR and match.ip_address
        else 0
    )
    # The rules of a floating IP are in the order of its ports already.
    is_rule = match.forwarding is not None
    name = (not is_rule and match.server and match.server.name) or ''
    return address, _CERTAINTIES.index(match.certainty), name
