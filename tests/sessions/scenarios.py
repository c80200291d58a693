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

"""What the sessions of a page find in the cloud beside the demo.

A scenario returns the identifiers that pages use before any command shows
them, each with what it is in this cloud.
"""

from collections.abc import Callable, Iterator
import contextlib
import json
import sqlite3
from typing import Any
import uuid

from tests.cloud import api
from tests.cloud import demo
from tests.cloud import directory
from tests.cloud import scenario


Identifiers = dict[str, str]


@contextlib.contextmanager
def only_demo() -> Iterator[Identifiers]:
    """The demo as it is."""
    yield {}


@contextlib.contextmanager
def twins() -> Iterator[Identifiers]:
    """Two servers of the name ``twin``."""
    made = scenario.Scenario(_user('demo'), prefix='')
    try:
        made.server('twin')
        made.server('twin')
        yield {}
    finally:
        made.remove()


@contextlib.contextmanager
def orphan() -> Iterator[Identifiers]:
    """A port of the name ``orphan``, whose server does not exist."""
    made = scenario.Scenario(_user('demo'), prefix='')
    network = made.network('abandoned', '10.80.0.0/24')
    port = made.port(network, name='orphan')
    try:
        _plug(port, str(uuid.uuid4()), 'compute:nova')
        yield {'45481bd8-bc46-44a6-9aff-86854b1f00de': port['id']}
    finally:
        # A member may not delete what is a server's.
        _plug(port, '', '')
        made.remove()


@contextlib.contextmanager
def stale_cache() -> Iterator[Identifiers]:
    """Nova's cache has a wrong address of web-1, and one of web-2 less."""
    saved = {name: _read_cache(name) for name in ('web-1', 'web-2')}
    try:
        wrong = _read_cache('web-1')
        (fixed_ip, *_others) = wrong[0]['network']['subnets'][0]['ips']
        fixed_ip['address'] = '192.0.2.99'
        _write_cache('web-1', wrong)
        _write_cache('web-2', saved['web-2'][:1])
        yield {}
    finally:
        for name, cache in saved.items():
            _write_cache(name, cache)


def _plug(port: scenario.Resource, device_id: str, owner: str) -> None:
    _user('admin').put(
        'network',
        f'/v2.0/ports/{port["id"]}',
        {'port': {'device_id': device_id, 'device_owner': owner}},
    )


def _user(name: str) -> api.Api:
    return api.Api(name, directory.CloudDirectory())


def _server_id(name: str) -> str:
    (server,) = _user('demo').get('compute', '/servers', name=f'^{name}$')[
        'servers'
    ]
    return str(server['id'])


def _read_cache(name: str) -> list[dict[str, Any]]:
    with _database() as opened:
        (text,) = opened.execute(
            'SELECT network_info FROM instance_info_caches '
            'WHERE instance_uuid = ?',
            (_server_id(name),),
        ).fetchone()
    cache: list[dict[str, Any]] = json.loads(text)
    return cache


def _write_cache(name: str, cache: list[dict[str, Any]]) -> None:
    with _database() as opened, opened:
        opened.execute(
            'UPDATE instance_info_caches SET network_info = ? '
            'WHERE instance_uuid = ?',
            (json.dumps(cache), _server_id(name)),
        )


@contextlib.contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    path = directory.CloudDirectory().database('nova-cell1')
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
        yield opened


# By the name that a page gives.
SCENARIOS: dict[
    str, Callable[[], contextlib.AbstractContextManager[Identifiers]]
] = {
    'demo': only_demo,
    'orphan': orphan,
    'stale-cache': stale_cache,
    'twins': twins,
}


def _chosen_by_neutron(user: api.Api) -> Identifiers:
    """Return the addresses of the demo that a member cannot choose."""
    (floating_ip,) = user.get(
        'network', '/v2.0/floatingips', description='shared'
    )['floatingips']
    (router,) = user.get('network', '/v2.0/routers', name='edge')['routers']
    (gateway,) = router['external_gateway_info']['external_fixed_ips']
    (subport,) = user.get('network', '/v2.0/ports', name='db-1-backup')[
        'ports'
    ]
    return {
        '203.0.113.206': floating_ip['floating_ip_address'],
        '203.0.113.94': gateway['ip_address'],
        '192.168.0.220': subport['fixed_ips'][0]['ip_address'],
    }


@contextlib.contextmanager
def named(name: str) -> Iterator[Identifiers]:
    """Make the demo and a scenario, and leave the demo as it was."""
    user = _user('demo')
    demo.make_servers(user)
    demo.make_indirections(user)
    with SCENARIOS[name]() as identifiers:
        yield {**_chosen_by_neutron(user), **identifiers}
    for server, plugged in demo.SERVERS.items():
        path = f'/servers/{_server_id(server)}/os-interface'
        ours = {interface.mac_address for interface in plugged}
        for found in user.get('compute', path)['interfaceAttachments']:
            if found['mac_addr'] not in ours:
                user.delete('compute', f'{path}/{found["port_id"]}')
