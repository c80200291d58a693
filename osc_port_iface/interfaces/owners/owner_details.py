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

"""Adds the names of the owners that were found."""

from collections.abc import Callable, Iterator, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface.interfaces.selecting import project_lookup
from osc_port_iface.interfaces.selecting import server_lookup
from osc_port_iface import records

_Matches = Sequence[searches.Match]

_ROUTER_OWNERS = (
    'network:router_',
    'network:ha_router_',
    'network:floatingip_agent_gateway',
)


def read(
    cloud: api_cloud.Cloud, matches: _Matches, wanted: facts.Fact
) -> searches.Answer:
    """Add the wanted facts about the owners.

    If something cannot be read, its values are left out, with a failure.

    :param cloud: The services.
    :param matches: The matches.
    :param wanted: The facts to add.
    :raises errors.TokenRefused: No further request can succeed.
    """
    answer: searches.Answer = records.Answer(list(matches))
    for fact, reader in _READERS.items():
        if not fact & wanted:
            continue
        try:
            part = reader(cloud, answer.rows, wanted)
        except errors.TokenRefused:
            raise
        except errors.Forbidden as error:
            answer.notices.append(_missing(error))
        except errors.ApiError as error:
            answer.failures.append(_missing(error))
        else:
            answer.rows = part.rows
            answer.failures += part.failures
            answer.notices += part.notices
    return answer


def _missing(error: errors.ApiError) -> str:
    return _('Some values are missing: %s') % error


def _add_servers(
    cloud: api_cloud.Cloud, matches: _Matches, wanted: facts.Fact
) -> searches.Answer:
    answer = server_lookup.look_up(
        cloud.compute,
        (match.server_id for match in matches if match.server_id),
        everywhere=any(
            match.port and match.port.shows_binding for match in matches
        ),
        details=bool(wanted & facts.Fact.USER),
    )
    servers = {server.id: server for server in answer.rows}
    rows = [
        dataclasses.replace(match, server=servers.get(match.server_id or ''))
        for match in matches
    ]
    return records.Answer(rows, answer.failures, list(_gone(rows)))


def _gone(matches: _Matches) -> Iterator[str]:
    for match in matches:
        port = match.parent or match.port
        if port and port.server_id and not match.server:
            text = (
                _('Port %(port)s: its server %(server)s does not exist')
                if port.shows_binding
                else _(
                    'Port %(port)s: its server %(server)s does not exist, or '
                    'is not in this project'
                )
            )
            yield text % {'port': port.id, 'server': port.server_id}


def _add_projects(
    cloud: api_cloud.Cloud, matches: _Matches, _wanted: facts.Fact
) -> searches.Answer:
    answer = project_lookup.look_up(
        cloud.identity,
        (match.project_id for match in matches if match.project_id),
    )
    projects = {project.id: project for project in answer.rows}
    return records.Answer(
        [
            dataclasses.replace(
                match, project=projects.get(match.project_id or '')
            )
            for match in matches
        ],
        answer.failures,
    )


def _add_networks(
    cloud: api_cloud.Cloud, matches: _Matches, _wanted: facts.Fact
) -> searches.Answer:
    answer = cloud.network.list(
        neutron.NETWORKS, 'id', (match.network_id for match in matches)
    )
    networks = {network.id: network for network in answer.rows}
    return records.Answer(
        [
            dataclasses.replace(
                match, network=networks.get(match.network_id or '')
            )
            for match in matches
        ],
        answer.failures,
    )


def _add_devices(
    cloud: api_cloud.Cloud, matches: _Matches, _wanted: facts.Fact
) -> searches.Answer:
    known = {
        match.router.id: match.router.name for match in matches if match.router
    }
    routers = cloud.network.list(
        neutron.ROUTERS,
        'id',
        (
            router_id
            for router_id in map(_router_id, matches)
            if router_id and router_id not in known
        ),
    )
    balancers = _load_balancers(
        cloud, {i for match in matches if (i := _load_balancer_id(match))}
    )
    names = {
        **known,
        **{router.id: router.name for router in routers.rows},
        **{balancer.id: balancer.name for balancer in balancers.rows},
    }
    return records.Answer(
        [
            dataclasses.replace(
                match,
                device_name=names.get(
                    _router_id(match) or _load_balancer_id(match) or ''
                ),
            )
            for match in matches
        ],
        routers.failures + balancers.failures,
    )


def _load_balancers(
    cloud: api_cloud.Cloud, load_balancer_ids: set[str]
) -> records.Answer[records.LoadBalancer]:
    answer: records.Answer[records.LoadBalancer] = records.Answer([])
    for _load_balancer_id, result in fan_out.fan_out(
        cloud.load_balancer.load_balancer, sorted(load_balancer_ids)
    ):
        if isinstance(result, records.LoadBalancer):
            answer.rows.append(result)
        elif not isinstance(
            result, errors.Forbidden | errors.NotFound | errors.NotInCatalog
        ):
            answer.failures.append(str(result))
    answer.failures.sort()
    return answer


def _router_id(match: searches.Match) -> str | None:
    if match.router:
        return match.router.id
    port = match.port
    if (
        port
        and port.device_id
        and addresses.is_uuid(port.device_id)
        and (port.device_owner or '').startswith(_ROUTER_OWNERS)
    ):
        return port.device_id
    return None


def _load_balancer_id(match: searches.Match) -> str | None:
    return match.port.load_balancer_id if match.port else None


_READERS: dict[
    facts.Fact,
    Callable[[api_cloud.Cloud, _Matches, facts.Fact], searches.Answer],
] = {
    facts.Fact.SERVER | facts.Fact.USER: _add_servers,
    facts.Fact.PROJECT: _add_projects,
    facts.Fact.NETWORK: _add_networks,
    facts.Fact.DEVICE: _add_devices,
}
