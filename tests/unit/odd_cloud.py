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

"""A fake cloud for the plan of faults.

It has the same resources that ``tests.functional.odd_project`` makes on the
embedded cloud.
"""

import re
from typing import Any
from urllib import parse

import fixtures
import requests
import requests_mock

from tests.faults import answers
from tests.unit import fake_cloud

ENDPOINTS = {
    'identity': fake_cloud.AUTH_URL,
    'compute': fake_cloud.COMPUTE_URL,
    'network': fake_cloud.NETWORK_URL,
}

FLOATING_IP = '203.0.113.192'

# More than any line of the plan needs, so that an endless one fails.
_MOST_REQUESTS = 100

# The number of each server, and the numbers of its ports, by name.
_SERVERS = {'one': (1, (11, 21)), 'two': (2, (12,)), 'three': (3, (13,))}

_STATES = {12: 'DOWN'}

# The numbers of other named resources, by collection.
_NAMED = {
    'networks': (700, 701),
    'subnets': (900,),
    'address-groups': (850,),
    'security-groups': (800,),
    'trunks': (),
    'routers': (),
}

WORDS = {
    **{
        name: fake_cloud.identifier(number)
        for name, (number, _ports) in _SERVERS.items()
    },
    **{
        f'{name}_port': fake_cloud.identifier(ports[0])
        for name, (_number, ports) in _SERVERS.items()
    },
    **{
        f'{name}_address': f'10.30.0.{ports[0]}'
        for name, (_number, ports) in _SERVERS.items()
    },
    **{
        f'{name}_mac': f'fa:16:3e:00:00:{ports[0]:02x}'
        for name, (_number, ports) in _SERVERS.items()
    },
    'floating': FLOATING_IP,
    'project': fake_cloud.PROJECT_ID,
    'network': fake_cloud.identifier(700),
    'subnet': fake_cloud.identifier(900),
    'security_group': fake_cloud.identifier(800),
    'address_group': fake_cloud.identifier(850),
}


def document(url: str) -> dict[str, Any] | None:
    """Return what a service answers to a URL; None for 404."""
    found = parse.urlsplit(url)
    query = parse.parse_qs(found.query)
    match found.path.strip('/').split('/'):
        case ['v2.1']:
            return {'version': {'id': 'v2.1', 'version': '2.103'}}
        case ['v2.1', 'servers', *rest]:
            return _servers(rest, query)
        case ['v2.0', 'lbaas', 'loadbalancers', load_balancer_id]:
            return {'loadbalancer': {'id': load_balancer_id, 'name': 'vip'}}
        case ['v2.0', collection]:
            return _resources(collection, query)
        case ['v2.0', 'ports', _port_id, 'bindings']:
            return {'bindings': []}
        case ['v3', ('projects' | 'domains') as collection]:
            return {collection: []}
    return None


def register(cloud: fake_cloud.FakeCloud) -> None:
    """Make a fake cloud answer for the project."""

    def answer(request: Any, context: Any) -> dict[str, Any]:
        body = document(request.url)
        if body is None:
            context.status_code = 404
        return body or {'itemNotFound': {'message': 'Nothing.'}}

    cloud.get(re.compile('http://(nova|neutron)[.]test/'), json=answer)
    for collection in ('projects', 'domains'):
        cloud.get(f'{fake_cloud.AUTH_URL}/{collection}', json=answer)
    for method in ('PUT', 'POST', 'DELETE'):
        cloud.register_uri(
            method, re.compile('http://(nova|neutron)[.]test/'), json=_change
        )


def _change(request: Any, context: Any) -> dict[str, Any] | None:
    """Accept a change, but leave everything as it is."""
    if request.method == 'DELETE':
        context.status_code = 204
        return None
    if '/tags/' in request.path:
        context.status_code = 201
        return None
    body: dict[str, Any] = request.json()
    if 'events' in body:
        return {'events': [{'code': 200} for _event in body['events']]}
    return body


def _servers(
    rest: list[str], query: dict[str, list[str]]
) -> dict[str, Any] | None:
    if rest in ([], ['detail']):
        (name,) = query.get('name', [''])
        return {
            'servers': [
                server
                if rest
                else {key: server[key] for key in ('id', 'name')}
                for server in map(_server, _SERVERS)
                if re.match(name, server['name'])
            ]
        }
    for name, (number, ports) in _SERVERS.items():
        if rest[0] != fake_cloud.identifier(number):
            continue
        match rest[1:]:
            case []:
                return {'server': _server(name)}
            case ['os-interface']:
                return {'interfaceAttachments': list(map(_attachment, ports))}
            case ['os-instance-actions']:
                return {
                    'instanceActions': [
                        {
                            'action': 'create',
                            'request_id': 'req-1',
                            'message': None,
                            'start_time': '2026-01-01T00:00:00.000000',
                            'updated_at': '2026-01-01T00:00:00.000000',
                        }
                    ]
                }
            case ['os-instance-actions', request_id]:
                return {
                    'instanceAction': {
                        'action': 'create',
                        'request_id': request_id,
                        'events': [
                            {
                                'event': 'compute__do_build_and_run_instance',
                                'finish_time': '2026-01-01T00:00:09.000000',
                            }
                        ],
                    }
                }
    return None


def _server(name: str) -> dict[str, Any]:
    number, ports = _SERVERS[name]
    return fake_cloud.server(
        number,
        name,
        addresses={
            f'networks-{700 + port // 20}': [
                fake_cloud.cached(port, _address(port)),
                *(
                    [fake_cloud.cached(port, FLOATING_IP, 'floating')]
                    if port == 11
                    else []
                ),
            ]
            for port in ports
        },
    )


def _resources(
    collection: str, query: dict[str, list[str]]
) -> dict[str, Any] | None:
    if collection == 'ports':
        rows = [
            _port(port, number)
            for number, ports in _SERVERS.values()
            for port in ports
        ]
    elif collection == 'floatingips':
        rows = [{**fake_cloud.floating_ip(FLOATING_IP, 11)}]
    elif collection == 'security-groups':
        rows = [
            fake_cloud.security_group(
                number,
                f'{collection}-{number}',
                fake_cloud.rule(
                    860,
                    protocol='tcp',
                    port_range_min=22,
                    port_range_max=22,
                    remote_ip_prefix='10.30.0.0/24',
                ),
                fake_cloud.rule(
                    861, remote_address_group_id=WORDS['address_group']
                ),
                fake_cloud.rule(862, remote_group_id=WORDS['security_group']),
            )
            for number in _NAMED[collection]
        ]
    elif collection in _NAMED:
        rows = [
            {
                'id': fake_cloud.identifier(number),
                'name': f'{collection}-{number}',
                # Of subnets.
                'network_id': WORDS['network'],
            }
            for number in _NAMED[collection]
        ]
    else:
        return None
    filters = query.keys() - {'fields', 'limit', 'sort_key', 'sort_dir'}
    return {
        collection.replace('-', '_'): [
            row
            for row in rows
            if all(_is_among(row, name, query[name]) for name in filters)
        ]
    }


def _is_among(row: dict[str, Any], name: str, values: list[str]) -> bool:
    if name == 'fixed_ips':
        return any(
            f'ip_address={fixed_ip["ip_address"]}' in values
            for fixed_ip in row[name]
        )
    return row.get(name) in values


def _address(port: int) -> str:
    return f'10.30.0.{port}' if port < 20 else f'10.31.0.{port}'


def _attachment(port: int) -> dict[str, object]:
    return fake_cloud.attachment(
        port,
        _address(port),
        net_id=fake_cloud.identifier(700 + port // 20),
        port_state=_STATES.get(port, 'ACTIVE'),
        tag=f'tag-{port}',
    )


def _port(port: int, server: int) -> dict[str, Any]:
    return fake_cloud.port(
        port,
        server,
        _address(port),
        network_id=fake_cloud.identifier(700 + port // 20),
        status=_STATES.get(port, 'ACTIVE'),
        admin_state_up=port not in _STATES,
    )


class FaultyTransport(fixtures.Fixture):
    """Injects faults into the answers of requests_mock.

    :ivar faults: The requests that fail, and how.
    :ivar requests: The URLs of all requests.
    :ivar writes: Requests that change something, except for tokens.
    """

    def _setUp(self) -> None:
        self.faults = answers.Faults()
        self.requests: list[str] = []
        self.writes: list[str] = []
        self._send = requests_mock.Adapter.send
        self.useFixture(
            fixtures.MonkeyPatch(
                'requests_mock.Adapter.send',
                lambda adapter, request, **options: self._answer(
                    adapter, request, options
                ),
            )
        )

    def forget(self) -> None:
        """Start over, without faults."""
        self.faults = answers.Faults()
        self.requests.clear()
        self.writes.clear()

    def sent(self) -> str:
        """Count the requests to each service."""
        hosts = [parse.urlsplit(url).netloc for url in self.requests]
        return ' '.join(
            str(hosts.count(parse.urlsplit(url).netloc))
            for url in ENDPOINTS.values()
        )

    def strangers(self) -> set[str]:
        """Return the requested hosts that are not services."""
        return {parse.urlsplit(url).netloc for url in self.requests} - {
            parse.urlsplit(url).netloc for url in ENDPOINTS.values()
        }

    def _answer(
        self,
        adapter: requests_mock.Adapter,
        request: requests.PreparedRequest,
        options: dict[str, Any],
    ) -> requests.Response:
        url = str(request.url)
        if len(self.requests) > _MOST_REQUESTS:
            raise AssertionError(f'no end of requests: {url}')
        self.requests.append(url)
        if request.method != 'GET' and not url.endswith('/auth/tokens'):
            self.writes.append(f'{request.method} {url}')

        def forward(asked: answers.Request) -> answers.Answer:
            like = request.copy()
            like.url = asked.url
            response = self._send(adapter, like, **options)
            return answers.Answer(
                response.status_code, response.content, dict(response.headers)
            )

        answer = self.faults.of(url)(
            answers.Request(str(request.method), url, forward)
        )
        if answer.reset_at is not None:
            raise requests.ConnectionError('x') from ConnectionResetError()
        if answer.seconds_a_byte:
            raise requests.ReadTimeout
        return requests_mock.create_response(
            request,
            status_code=answer.status,
            content=answer.body,
            headers=answer.headers,
        )
