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

"""Recognizes the virtual IPs of Octavia's load balancers.

The amphorae, which are the servers that have a virtual IP, have it as an
allowed address pair; a load balancer of OVN has none.

Requests: none, but for the servers behind a load balancer, if these are
wanted: its listeners, its pools, their members, and the ports of these.
"""

from collections.abc import Iterator, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import load_balancer
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records

_MATCHED_AS = 'load-balancer'


def find(
    cloud: api_cloud.Cloud,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> searches.Answer:
    """Mark the ports that hold virtual IPs, and add what is behind them."""
    answer: searches.Answer = records.Answer(
        [
            dataclasses.replace(match, matched_as=_MATCHED_AS)
            if match.is_direct and match.port and match.port.load_balancer_id
            else match
            for match in matches
        ]
    )
    if not search.behind:
        return answer
    for match in matches:
        if match.port and match.port.load_balancer_id:
            try:
                behind = _behind(cloud, match, match.port.load_balancer_id)
            except errors.TokenRefused:
                raise
            except errors.ApiError as error:
                answer.failures.append(str(error))
            else:
                answer.rows += behind.rows
                answer.failures += behind.failures
    return answer


@dataclasses.dataclass(frozen=True)
class _Route:
    """The way from a listener, if there is one, to a member of its pool."""

    listener: records.Listener | None
    member: records.PoolMember

    def forwarding(self, port: records.Port | None) -> records.PortForwarding:
        """Describe it as a forwarding to a port."""
        return records.PortForwarding(
            protocol=self.listener.protocol if self.listener else None,
            external_port=_text(
                self.listener.number if self.listener else None
            ),
            internal_ip_address=self.member.address,
            internal_port=_text(self.member.number),
            internal_port_id=port.id if port else None,
        )


def _behind(
    cloud: api_cloud.Cloud, match: searches.Match, load_balancer_id: str
) -> searches.Answer:
    """Find the servers of the members of a load balancer.

    A query with a port chooses the listener on that port.
    """
    routes = _routes(cloud.load_balancer, match.query, load_balancer_id)
    ports = cloud.network.list(
        neutron.PORTS,
        'ip_address',
        (route.member.address for route in routes.rows),
    )
    project_id = match.port.project_id if match.port else None
    return records.Answer(
        [
            dataclasses.replace(
                match,
                matched_as=_MATCHED_AS,
                certainty=searches.Certainty.BEHIND,
                port=port,
                forwarding=route.forwarding(port),
            )
            for route in routes.rows
            for port in _ports_of(route.member, ports.rows, project_id)
        ],
        routes.failures + ports.failures,
    )


def _routes(
    api: load_balancer.LoadBalancerApi,
    query: addresses.Address,
    load_balancer_id: str,
) -> records.Answer[_Route]:
    listeners = api.listeners(load_balancer_id)
    pools = api.pools(load_balancer_id)
    failures = listeners.failures + pools.failures
    chosen = {
        row.id: row
        for row in listeners.rows
        if query.number in (None, row.number)
    }
    routes = []
    for pool in pools.rows:
        ways: list[records.Listener | None] = [
            chosen[i] for i in pool.listener_ids if i in chosen
        ]
        if not pool.listener_ids and query.number is None:
            ways = [None]
        members = api.members(pool.id) if ways else records.Answer([])
        failures += members.failures
        routes += [
            _Route(way, member) for way in ways for member in members.rows
        ]
    return records.Answer(routes, failures)


def _ports_of(
    member: records.PoolMember,
    ports: Sequence[records.Port],
    project_id: str | None,
) -> Sequence[records.Port | None]:
    """Return the ports that a member may stand for, or None if there is none.

    Other networks may have the same address. Without a subnet, it is one of
    the project of the load balancer.
    """

    def is_its(port: records.Port) -> Iterator[bool]:
        for fixed_ip in port.fixed_ips:
            if fixed_ip.ip_address == member.address:
                yield (
                    fixed_ip.subnet_id == member.subnet_id
                    if member.subnet_id
                    else port.project_id == project_id
                )

    return [port for port in ports if any(is_its(port))] or [None]


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
