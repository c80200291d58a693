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

"""Finds exactly one thing by name or ID, or lists the candidates."""

from collections.abc import Callable, Collection, Sequence
import contextlib
import functools
from typing import TypeVar

from osc_lib import exceptions

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import identity
from osc_port_iface.api import network
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.api import paths
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import suggestions
from osc_port_iface import printable
from osc_port_iface import records


class NoSuchName(exceptions.CommandError):
    """Nothing has this name or ID."""

    def __init__(self, line: str) -> None:
        """Say so; in another region, or at another time, something may."""
        super().__init__(records.Absence(line, line))


_Row = TypeVar('_Row', bound=paging.HasId)
_Any = TypeVar('_Any')


def _only_id(row: paging.HasId) -> str:
    return printable.escape(row.id)


def exactly_one(
    collection: paging.Collection[_Row],
    name_or_id: str,
    found: Sequence[_Row],
    scope: str = '',
    describe: Callable[[_Row], str] = _only_id,
    hints: Callable[[], str] = str,
) -> _Row:
    """Return the only one that was found.

    :param collection: What was looked for.
    :param name_or_id: What the user wrote.
    :param found: Everything that has this name or ID.
    :param scope: Where it was looked for, such as `` in this project``.
    :param describe: Describes one of them, beginning with its ID.
    :param hints: Reads what may help if there is none; sentences, each with a
        space before it. If it fails, nothing is said.
    :raises NoSuchName: Nothing was found.
    :raises exceptions.CommandError: Several were found.
    """
    if len(found) == 1:
        return found[0]
    several = collection.what.lower()
    # White space is shown as it was typed: it may be what is wrong.
    shown = printable.escape(name_or_id)
    if not found:
        line = _(
            "No %(kind)s with the name or ID '%(name)s' exists%(scope)s."
        ) % {
            'kind': several.removesuffix('s'),
            'name': shown,
            'scope': scope,
        }
        with contextlib.suppress(errors.ApiError):
            line += hints()
        raise NoSuchName(line)
    raise exceptions.CommandError(
        _("%(count)d %(kind)s have the name '%(name)s', use an ID: %(ids)s")
        % {
            'count': len(found),
            'kind': several,
            'name': shown,
            'ids': ', '.join(sorted(map(describe, found))),
        }
    )


def find_row(
    collection: paging.Collection[_Row],
    api: network.NetworkApi,
    name_or_id: str,
    suggests: bool = True,
) -> _Row:
    """Read the only thing in Neutron with this name or ID.

    :param api: Neutron.
    :param suggests: Whether to look for similar names if none has the name.
    :raises exceptions.CommandError: None has the name or ID, or several have,
        or the look-up failed.
    """
    hints: Callable[[], str] = str
    key, value = 'id', name_or_id.lower()
    if not addresses.is_uuid(name_or_id):
        key, value = 'name', name_or_id
        if suggests:
            hints = _similar(api, collection, value)
    found = all_rows(api.list(collection, key, [value]))
    return exactly_one(collection, name_or_id, found, hints=hints)


find_port = functools.partial(find_row, neutron.PORTS)


def _similar(
    api: paging.CollectionLister,
    collection: paging.Collection[_Row],
    name: str,
    query: paging.Parameters | None = None,
) -> Callable[[], str]:
    """Prepare to suggest similar names, with one request."""
    return lambda: suggestions.did_you_mean(name, api.names(collection, query))


def find_id(
    collection: paging.Collection[_Row],
    api: network.NetworkApi,
    name_or_id: str,
    suggests: bool = True,
) -> str:
    """Return the ID of something in Neutron, like :func:`find_row`.

    An ID needs no request.
    """
    if addresses.is_uuid(name_or_id):
        return name_or_id.lower()
    return find_row(collection, api, name_or_id, suggests).id


find_network_id = functools.partial(find_id, neutron.NETWORKS)


def find_project_id(
    api: identity.IdentityApi, name_or_id: str, domain: str | None = None
) -> str:
    """Find the ID of a project, as OSC does.

    Nova does not check the ID, so a name must never be sent in its place. If
    the caller may not look up projects, only the project of the token is known
    by its name, and an ID is used as it is.

    :param api: Keystone.
    :param name_or_id: The project's name or ID.
    :param domain: The name or ID of its domain; any if None.
    :raises exceptions.CommandError: None has the name, or several have, or
        the look-up failed.
    """
    own = api.own_project
    if own and own.id == name_or_id:
        return own.id
    domain_id = None
    try:
        if domain is not None:
            found = all_rows(api.domains(domain))
            domain_id = exactly_one(
                identity.DOMAINS,
                domain,
                found,
                hints=_similar(api, identity.DOMAINS, domain),
            ).id
        found = all_rows(api.projects(name_or_id, domain_id))
    except errors.Forbidden as error:
        if (
            own
            and own.name == name_or_id
            and domain in (None, own.domain_id, own.domain_name)
        ):
            return own.id
        if paths.UUID.fullmatch(name_or_id):
            return name_or_id
        raise errors.Forbidden(
            _("Project '%(name)s' cannot be looked up, use its ID: %(error)s")
            % {'name': printable.one_line(name_or_id), 'error': error}
        ) from None
    in_domain = identity.in_domain(domain_id)
    return exactly_one(
        identity.PROJECTS,
        name_or_id,
        found,
        describe=lambda row: printable.escape(
            _('%(id)s (domain %(domain)s)')
            % {'id': row.id, 'domain': row.domain_id}
        ),
        hints=_similar(api, identity.PROJECTS, name_or_id, in_domain),
    ).id


def choose_regions(wanted: Collection[str], known: Sequence[str]) -> list[str]:
    """Choose regions by their names.

    :param wanted: The names, in any order; all if empty.
    :param known: The regions, in their usual order.
    :returns: Those that are wanted, in this order.
    :raises NoSuchName: One does not exist.
    """
    for name in wanted:
        if name not in known:
            raise NoSuchName(
                _("No region has the name '%s'.") % printable.one_line(name)
                + suggestions.did_you_mean(name, known)
            )
    return [name for name in known if name in wanted or not wanted]


def check_host(cloud: api_cloud.Cloud, name: str) -> None:
    """Check that there may be servers or ports on a host.

    :param cloud: Nova, whose services are asked first, and Neutron, where
        ports may be bound to a host without such a service.
    :param name: Its name, as the user typed it.
    :raises NoSuchName: No nova-compute and no port has this host. What
        it may be in another case, or with a domain, is suggested.
    :raises errors.ApiError: A request failed.
    """
    services = all_rows(cloud.compute.compute_services())
    hosts = sorted({service.host for service in services})
    if name in hosts:
        return
    bound = cloud.network.list(neutron.BOUND_PORTS, 'bound_host', [name])
    if all_rows(bound):
        return
    raise NoSuchName(
        _("No compute host has the name '%s'.") % printable.one_line(name)
        + suggestions.did_you_mean(name, hosts)
    )


def all_rows(answer: records.Answer[_Any]) -> list[_Any]:
    """Return the rows of an answer from which none may be missing.

    A name is not known to be unique if a row could not be read.

    :raises errors.Malformed: A row could not be read.
    """
    if answer.failures:
        raise errors.Malformed(answer.failures[0])
    return answer.rows
