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

"""A stand-in for Octavia, which the embedded cloud lacks.

It answers as Octavia's API reference says, to those whose token Keystone
accepts: https://docs.openstack.org/api-ref/load-balancer/v2/
"""

from collections.abc import Callable
import http.server
import json
import threading
from typing import Any
from urllib import error
from urllib import parse
from urllib import request
import uuid

import fixtures

from tests.cloud import embedded

Resource = dict[str, Any]

_PREFIX = '/v2.0/lbaas/'

# Octavia's parameters that are not filters.
_NO_FILTERS = frozenset({'fields', 'limit', 'marker', 'sort'})


class Octavia(fixtures.Fixture):
    """Serves load balancers, a few to a page.

    :ivar refusal: The status of every answer, if it is not 200.
    :ivar on_list: Called before each list of load balancers.
    """

    def __init__(self, cloud: embedded.Cloud, project_id: str) -> None:
        """Serve the load balancers of one project.

        :param cloud: The cloud, whose Keystone issues the tokens.
        :param project_id: The project that all resources belong to.
        """
        self._keystone = cloud.endpoints['identity']
        self._project_id = project_id
        self._resources: dict[str, list[Resource]] = {
            'loadbalancers': [],
            'listeners': [],
            'pools': [],
        }
        self.refusal: int | None = None
        self.on_list: Callable[[], None] = lambda: None

    def _setUp(self) -> None:
        octavia = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                token = self.headers.get('X-Auth-Token', '')
                status, body = octavia.answer(self.path, token)
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_arguments: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.daemon_threads = True
        threading.Thread(
            target=server.serve_forever, args=[0.05], daemon=True
        ).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f'http://127.0.0.1:{server.server_address[1]}'

    @property
    def catalog_entry(self) -> str:
        """The entry of Keystone's catalog, as JSON without spaces."""
        endpoint = {
            'id': uuid.uuid4().hex,
            'interface': 'public',
            'region': 'RegionOne',
            'region_id': 'RegionOne',
            'url': self.url,
        }
        return json.dumps(
            {
                'id': uuid.uuid4().hex,
                'name': 'octavia',
                'type': 'load-balancer',
                'endpoints': [endpoint],
            },
            separators=(',', ':'),
        )

    def load_balancer(
        self, vip: Resource, *additional: Resource, **attributes: object
    ) -> Resource:
        """Add a load balancer, whose virtual IPs these ports hold."""
        (first, *_others) = vip['fixed_ips']
        return self._add(
            'loadbalancers',
            vip_port_id=vip['id'],
            vip_address=first['ip_address'],
            vip_subnet_id=first['subnet_id'],
            vip_network_id=vip['network_id'],
            additional_vips=[
                {
                    'ip_address': fixed_ip['ip_address'],
                    'subnet_id': fixed_ip['subnet_id'],
                }
                for port in additional
                for fixed_ip in port['fixed_ips']
            ],
            provider='ovn',
            **attributes,
        )

    def listener(self, load_balancer: Resource, number: int) -> Resource:
        """Add a listener."""
        return self._add(
            'listeners',
            loadbalancers=[{'id': load_balancer['id']}],
            protocol='TCP',
            protocol_port=number,
        )

    def pool(self, listener: Resource, *members: Resource) -> Resource:
        """Add the pool of a listener.

        :param members: Their address, subnet_id and protocol_port.
        """
        made = [{**self._common(), **member} for member in members]
        return self._add(
            'pools',
            loadbalancers=listener['loadbalancers'],
            listeners=[{'id': listener['id']}],
            protocol='TCP',
            lb_algorithm='SOURCE_IP_PORT',
            members=made,
        )

    def answer(self, target: str, token: str) -> tuple[int, Resource]:
        """Answer a request."""
        url = parse.urlsplit(target)
        if url.path in ('', '/'):
            return 200, self._versions()
        if not self._is_valid(token):
            return 401, _fault('The request you have made requires auth')
        if self.refusal is not None:
            return self.refusal, _fault(
                'Policy does not allow this request to be performed.'
            )
        path = url.path.removeprefix(_PREFIX).split('/')
        if path == ['loadbalancers']:
            self.on_list()
        match path:
            case [kind] if kind in self._resources:
                query = parse.parse_qs(url.query)
                return 200, self._page(kind, self._resources[kind], query)
            case ['pools', pool_id, 'members']:
                (pool,) = (
                    row
                    for row in self._resources['pools']
                    if row['id'] == pool_id
                )
                query = parse.parse_qs(url.query)
                return 200, self._page('members', pool['members'], query)
            case [kind, identifier] if kind in self._resources:
                for row in self._resources[kind]:
                    if row['id'] == identifier:
                        return 200, {kind.removesuffix('s'): row}
        return 404, _fault(f'{path[0]} {path[-1]} not found.')

    def _add(self, kind: str, **attributes: object) -> Resource:
        row = {**self._common(), **attributes}
        self._resources[kind].append(row)
        return row

    def _common(self) -> Resource:
        return {
            'id': str(uuid.uuid4()),
            'name': '',
            'description': '',
            'admin_state_up': True,
            'provisioning_status': 'ACTIVE',
            'operating_status': 'ONLINE',
            'project_id': self._project_id,
            'created_at': '2026-01-01T12:00:00',
            'updated_at': None,
            'tags': [],
        }

    def _page(
        self, kind: str, rows: list[Resource], query: dict[str, list[str]]
    ) -> Resource:
        """Return the first row that a query asks for, and a link."""
        chosen = [row for row in rows if _is_asked_for(row, query)]
        markers = query.get('marker', [])
        ids = [row['id'] for row in chosen]
        begin = ids.index(markers[0]) + 1 if markers else 0
        links = []
        if begin + 1 < len(chosen):
            following = {**query, 'limit': ['1'], 'marker': [ids[begin]]}
            links.append(
                {
                    'rel': 'next',
                    'href': f'{self.url}{_PREFIX}{kind}?'
                    f'{parse.urlencode(following, doseq=True)}',
                }
            )
        return {kind: chosen[begin : begin + 1], f'{kind}_links': links}

    def _versions(self) -> Resource:
        return {
            'versions': [
                {
                    'id': version,
                    'status': status,
                    'updated': '2025-03-03T00:00:00Z',
                    'links': [{'rel': 'self', 'href': f'{self.url}/v2'}],
                }
                for version, status in (
                    ('v2.0', 'SUPPORTED'),
                    ('v2.29', 'CURRENT'),
                )
            ]
        }

    def _is_valid(self, token: str) -> bool:
        """Ask Keystone whether a token is valid."""
        asked = request.Request(
            f'{self._keystone}/auth/tokens',
            headers={'X-Auth-Token': token, 'X-Subject-Token': token},
        )
        try:
            with request.urlopen(asked, timeout=60):
                return True
        except error.HTTPError:
            return False


def _is_asked_for(row: Resource, query: dict[str, list[str]]) -> bool:
    for name in query.keys() - _NO_FILTERS:
        (value,) = query[name]
        if name == 'loadbalancer_id':
            if value not in [owner['id'] for owner in row['loadbalancers']]:
                return False
        elif str(row.get(name)) != value:
            return False
    return True


def _fault(text: str) -> Resource:
    return {'faultcode': 'Client', 'faultstring': text, 'debuginfo': None}
