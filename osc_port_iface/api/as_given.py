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

"""Whole collections of all services, each object as the API gave it.

They are for a journal, of which a later release can read more.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
import dataclasses
import datetime
import functools
import json

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import records


@dataclasses.dataclass(frozen=True, slots=True)
class GivenObject:
    """An object as the API gave it.

    :ivar data: Its JSON, with sorted keys.
    :ivar ahead: How many seconds the clock of the service is ahead of ours.
    """

    id: str
    data: bytes
    ahead: float


@dataclasses.dataclass(frozen=True)
class GivenListing:
    """All objects of a kind.

    :ivar service: The type of the service that has them.
    :ivar kind: The key of the objects in the API.
    :ivar state: ``complete``; ``hidden`` if the service does not show them to
        the caller, or is missing; or ``failed``.
    :ivar objects: The objects, by ID.
    :ivar failure: Why they could not be read, if that is a failure.
    :ivar notice: Why they are hidden, if they tell owners.
    """

    service: str
    kind: str
    state: str = 'complete'
    objects: Mapping[str, GivenObject] = dataclasses.field(
        default_factory=dict
    )
    failure: str | None = None
    notice: str | None = None


def _data(row: reading.Object, *keys: str) -> bytes:
    given = row.values
    if keys:
        given = {key: given.get(key) for key in keys}
    return json.dumps(given, sort_keys=True, separators=(',', ':')).encode()


def _ahead(row: reading.Object) -> float:
    now = datetime.datetime.now(datetime.UTC)
    return (row.response.sent_at - now).total_seconds()


def _record(*keys: str) -> reading.Record[GivenObject]:
    """Keep these keys of an object; all of them by default.

    The fields have no keys, so that a service is not asked for some.
    """
    return reading.Record(
        GivenObject,
        id=reading.field(lambda row: row.required('id', row.text('id'))),
        data=reading.field(lambda row: _data(row, *keys)),
        ahead=reading.field(_ahead),
    )


_OBJECT = _record()

# Of people and projects, no more than the name is kept.
_NAME = _record('id', 'name', 'domain_id')

# Without a comparison: what the service leaves is kept.
_UNCOMPARED: Mapping[str, paging.Filter[GivenObject]] = {
    name: paging.Filter(name, None) for name in ('device_id', 'project_id')
}

# Of these, only the names are kept. Owners can be told without them.
_IDENTITY = [
    paging.Collection('projects', _('Projects'), _NAME),
    paging.Collection('domains', _('Domains'), _NAME),
    paging.Collection('users', _('Users'), _NAME),
]
_SERVER = paging.Collection(
    'servers', _('Servers'), _OBJECT, one=_('Server %s')
)
_SERVERS = dataclasses.replace(_SERVER, other_path='/servers/detail')
_FLOATING_IPS, _PORTS, *_NETWORK = (
    paging.Collection(
        row.key, row.what, _OBJECT, _UNCOMPARED, extension=row.extension
    )
    for row in (
        neutron.FLOATING_IPS,
        neutron.PORTS,
        neutron.NETWORKS,
        neutron.SUBNETS,
        neutron.ROUTERS,
        neutron.TRUNKS,
    )
)


def read(
    cloud: api_cloud.Cloud,
    scope: compute.ServerScope,
    server_ids: Collection[str] | None = None,
) -> Iterator[GivenListing]:
    """Read everything that tells who has which address, one kind at a time.

    :param cloud: The services.
    :param scope: The servers; of the project of the token by default. The
        ports are theirs, and all others of the project or the cloud.
    :param server_ids: The servers to read in place of those of the scope, with
        no other ports than theirs.
    :raises errors.TokenRefused: No further request can succeed.
    """
    has_all = server_ids is None and not (scope.host or scope.status)
    is_whole = has_all and scope.all_projects and not scope.project_id
    # Of two kinds, the one that the other names is read later, so that what
    # is made meanwhile is not missing.
    floating_ips = _read(
        cloud.network,
        _FLOATING_IPS,
        lambda: cloud.network.list(_FLOATING_IPS),
    )
    if is_whole:
        ports = _read(
            cloud.network, _PORTS, lambda: cloud.network.list(_PORTS)
        )
    servers = _read(
        cloud.compute, _SERVERS, lambda: _servers(cloud, scope, server_ids)
    )
    yield servers
    if not is_whole:
        ports = _read(
            cloud.network,
            _PORTS,
            lambda: _ports(cloud, scope, servers, has_all),
        )
    yield ports
    yield floating_ips
    for api, collections in (
        (cloud.network, _NETWORK),
        (cloud.identity, _IDENTITY),
    ):
        for collection in collections:
            read_all = functools.partial(api.list, collection)
            yield _read(api, collection, read_all)


# The service does not show these, or is missing. A 404 does not tell that, as
# a proxy sends it as well: what Neutron lacks is an empty listing.
_HIDDEN = (errors.Forbidden, errors.NotInCatalog)


def _read(
    api: service.Service,
    collection: paging.Collection[GivenObject],
    read_all: Callable[[], records.Answer[GivenObject]],
) -> GivenListing:
    state = 'hidden' if collection in _IDENTITY else 'failed'
    listing = functools.partial(GivenListing, api.TYPE, collection.key)
    try:
        answer = read_all()
    except errors.RequestFailed as error:
        tells_owners = collection not in _IDENTITY
        is_optional = collection.extension or not tells_owners
        if is_optional and isinstance(error, _HIDDEN):
            notice = _('Not recorded: %s') % error if tells_owners else None
            return listing('hidden', notice=notice)
        return listing(state, failure=str(error))
    for failure in answer.failures:
        return listing(state, failure=failure)
    objects = {row.id: row for row in answer.rows}
    return listing(objects=objects)


def _servers(
    cloud: api_cloud.Cloud,
    scope: compute.ServerScope,
    server_ids: Collection[str] | None,
) -> records.Answer[GivenObject]:
    if server_ids is not None:
        show = functools.partial(cloud.compute.show, _SERVER)
        return fan_out.gather(show, server_ids)
    answer = cloud.compute.list(_SERVERS, query=compute.server_query(scope))
    if scope.is_filtered and cloud.compute.servers_in_down_cells(scope):
        # Nova leaves them out without a word.
        answer.failures.append(_('Servers: a cell is down'))
    if not (scope.host or scope.status):
        # Nova lists these only if asked, and to administrators.
        deleted = dataclasses.replace(scope, status='SOFT_DELETED')
        query = {**compute.server_query(deleted), 'soft_deleted': ['1']}
        others = cloud.compute.list(_SERVERS, query=query)
        answer.rows += others.rows
        answer.failures += others.failures
    return answer


def _ports(
    cloud: api_cloud.Cloud,
    scope: compute.ServerScope,
    servers: GivenListing,
    has_all: bool,
) -> records.Answer[GivenObject]:
    """List the ports of servers.

    :param has_all: Whether to list all others of the project.
    :raises errors.RequestFailed: It is not known which servers there are.
    """
    if servers.failure:
        raise errors.RequestFailed(_('Ports: the servers are not known'))
    answer = cloud.network.list(_PORTS, 'device_id', servers.objects)
    if has_all:
        project_id = scope.project_id or cloud.project_id
        others = cloud.network.list(_PORTS, 'project_id', [project_id])
        answer.rows += others.rows
        answer.failures += others.failures
    return answer
