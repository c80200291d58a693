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

"""A cloud on loopback that gives canned answers after a fixed delay.

As a program, ``python -m benchmarks.loopback_cloud <servers> <seconds>``, it
writes its port and serves until its standard input ends. With a third
argument, it has a Neutron and the details of servers, with an interface each.
"""

import asyncio
from collections.abc import Callable
import functools
import json
import os
import socket
import subprocess
import sys
from typing import Any, Self
from urllib import parse
import uuid

from benchmarks import changing_fleet

# The default of Nova's ``max_limit``.
PAGE = 1000

INTERFACES_PER_SERVER = 2

PROJECT_ID = str(uuid.UUID(int=1))
NETWORK_IDS = [str(uuid.UUID(int=2)), str(uuid.UUID(int=3))]
SUBNET_IDS = [str(uuid.UUID(int=number)) for number in (4, 5, 6)]


class LoopbackCloud:
    """Runs the cloud in a process of its own during a ``with`` block."""

    def __init__(
        self, servers: int, delay: float, is_detailed: bool = False
    ) -> None:
        """Describe a cloud.

        :param servers: How many servers there are.
        :param delay: Seconds before each answer.
        :param is_detailed: Whether it has a Neutron and details of servers.
        """
        self._command = [
            sys.executable,
            '-m',
            'benchmarks.loopback_cloud',
            str(servers),
            str(delay),
            *(['detailed'] if is_detailed else []),
        ]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout
        self.url = f'http://127.0.0.1:{int(self._process.stdout.readline())}'
        return self

    def __exit__(self, *_raised: object) -> None:
        self._process.communicate()

    def environment(self) -> dict[str, str]:
        """Return an environment in which ``openstack`` finds the cloud."""
        return {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith('OS_')
            },
            'OS_AUTH_URL': f'{self.url}/v3',
            'OS_USERNAME': 'demo',
            'OS_PASSWORD': 'demo',
            'OS_USER_DOMAIN_ID': 'default',
            'OS_PROJECT_ID': PROJECT_ID,
        }


def server_id(number: int) -> str:
    """Make the ID of a server; IDs sort as the numbers do."""
    return str(uuid.UUID(int=number, version=4))


class _Connection(asyncio.Protocol):
    """A client's connection, kept alive, without pipelining."""

    def __init__(
        self, answer: Callable[[str, str], tuple[str, bytes]], delay: float
    ) -> None:
        self._answer = answer
        self._delay = delay
        self._received = b''

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b'\r\n\r\n')
        if not end or len(body) < _content_length(head):
            return
        self._received = b''
        method, target, _version = head.partition(b'\r\n')[0].split()
        headers, answer = self._answer(method.decode(), target.decode())
        asyncio.get_running_loop().call_later(
            self._delay,
            self._transport.write,
            f'HTTP/1.1 {headers}\r\nContent-Type: application/json\r\n'
            f'Content-Length: {len(answer)}\r\n\r\n'.encode()
            + answer,
        )


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b'\r\n'):
        name, _colon, value = line.partition(b':')
        if name == b'content-length':
            return int(value)
    return 0


class _Details:
    """The servers and ports of a fleet, encoded once."""

    def __init__(self, servers: int) -> None:
        fleet = changing_fleet.ChangingFleet(servers)
        self._rows = {
            'servers': [(row['id'], _encode(row)) for row in fleet.servers],
            'ports': [(row['id'], _encode(row)) for row in fleet.ports],
        }
        self._places = {
            key: {row[0]: place for place, row in enumerate(rows)}
            for key, rows in self._rows.items()
        }
        self._ports = {row['device_id']: _encode(row) for row in fleet.ports}

    def answer(self, url: str, key: str, query: dict[str, list[str]]) -> bytes:
        """List the ports of servers, or a page of all objects."""
        links = b''
        if wanted := query.get('device_id'):
            found = [self._ports[server] for server in wanted]
        else:
            (marker,) = query.get('marker', [''])
            first = self._places[key][marker] + 1 if marker else 0
            page = self._rows[key][first : first + PAGE]
            found = [data for _id, data in page]
            if len(page) == PAGE:
                query = {**query, 'marker': [page[-1][0]]}
                href = f'{url}?{parse.urlencode(query, doseq=True)}'
                links = _encode([{'rel': 'next', 'href': href}])
                links = b', "%s_links": %s' % (key.encode(), links)
        return b'{"%s": [%s]%s}' % (key.encode(), b','.join(found), links)


def _answer(
    url: str,
    servers: int,
    details: _Details | None,
    method: str,
    target: str,
) -> tuple[str, bytes]:
    """Answer one request.

    :returns: The status with further headers, and the body.
    """
    split = parse.urlsplit(target)
    body: dict[str, Any]
    match split.path.strip('/').split('/'):
        case ['v3', 'auth', 'tokens'] if method == 'POST':
            return '201 Created\r\nX-Subject-Token: token', _encode(
                {'token': _token(url, details is not None)}
            )
        case ['v3']:
            body = {'version': _version(f'{url}/v3/', 'v3.14')}
        case ['v2.1']:
            body = {
                'version': {
                    **_version(f'{url}/v2.1/', 'v2.1'),
                    'version': '2.103',
                    'min_version': '2.1',
                }
            }
        case ['v2.1', 'servers', 'detail'] | ['v2.0', 'ports'] if details:
            key = 'ports' if 'ports' in split.path else 'servers'
            query = parse.parse_qs(split.query)
            return '200 OK', details.answer(f'{url}{split.path}', key, query)
        case ['v2.0' | 'v3', key] if details:
            body = {key: []}
        case [''] if details:
            version = _version(f'{url}/v2.0/', 'v2.0')
            body = {'versions': [version]}
        case ['v2.1', 'servers']:
            (marker,) = parse.parse_qs(split.query).get('marker', [''])
            body = _page(url, servers, marker)
        case ['v2.1', 'servers', wanted, 'os-interface']:
            body = {'interfaceAttachments': _interfaces(wanted)}
        case _:
            return '404 Not Found', b'{}'
    return '200 OK', _encode(body)


def _encode(body: object) -> bytes:
    return json.dumps(body).encode()


def _version(url: str, name: str) -> dict[str, object]:
    return {
        'id': name,
        'status': 'CURRENT',
        'links': [{'rel': 'self', 'href': url}],
    }


def _token(url: str, has_network: bool) -> dict[str, object]:
    return {
        'methods': ['password'],
        'issued_at': '2000-01-01T00:00:00.000000Z',
        'expires_at': '2100-01-01T00:00:00.000000Z',
        'user': {
            'id': 'demo',
            'name': 'demo',
            'domain': {'id': 'default', 'name': 'Default'},
        },
        'project': {
            'id': PROJECT_ID,
            'name': 'demo',
            'domain': {'id': 'default', 'name': 'Default'},
        },
        'roles': [{'id': 'member', 'name': 'member'}],
        'catalog': [
            {
                'id': service,
                'type': service,
                'name': service,
                'endpoints': [
                    {
                        'id': service,
                        'interface': 'public',
                        'region': 'RegionOne',
                        'region_id': 'RegionOne',
                        'url': f'{url}{path}',
                    }
                ],
            }
            for service, path in (
                ('identity', '/v3'),
                ('compute', '/v2.1'),
                *([('network', '')] if has_network else []),
            )
        ],
    }


def _page(url: str, servers: int, marker: str) -> dict[str, object]:
    first = uuid.UUID(marker).int % 2**62 + 1 if marker else 0
    numbers = range(first, min(first + PAGE, servers))
    page: dict[str, object] = {
        'servers': [
            {
                'id': server_id(number),
                'name': f'server-{number:05}',
                'links': [
                    {
                        'rel': relation,
                        'href': f'{url}/v2.1/servers/{server_id(number)}',
                    }
                    for relation in ('self', 'bookmark')
                ],
            }
            for number in numbers
        ]
    }
    if len(numbers) == PAGE:
        page['servers_links'] = [
            {
                'rel': 'next',
                'href': f'{url}/v2.1/servers?limit={PAGE}'
                f'&marker={server_id(numbers[-1])}',
            }
        ]
    return page


def _interfaces(wanted: str) -> list[dict[str, object]]:
    """Give each server a port on a dual-stack network and one on another."""
    number = uuid.UUID(wanted).int % 2**62
    # The address with a host part of zero is not used.
    low = (number + 1).to_bytes(2, 'big')
    addresses = [
        [f'10.0.{low[0]}.{low[1]}', f'fd00::{number + 1:x}'],
        [f'10.1.{low[0]}.{low[1]}'],
    ]
    return [
        {
            'port_id': server_id(2**40 * (index + 1) + number),
            'net_id': NETWORK_IDS[index],
            'mac_addr': f'fa:16:3e:{index:02x}:{low[0]:02x}:{low[1]:02x}',
            'port_state': 'ACTIVE',
            'fixed_ips': [
                {'ip_address': address, 'subnet_id': subnet_id}
                for address, subnet_id in zip(
                    addresses[index], SUBNET_IDS[index:], strict=False
                )
            ],
            'tag': None,
        }
        for index in range(INTERFACES_PER_SERVER)
    ]


async def _serve(servers: int, delay: float, is_detailed: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    details = _Details(servers) if is_detailed else None
    url = f'http://127.0.0.1:{port}'
    answer = functools.partial(_answer, url, servers, details)
    await loop.create_server(lambda: _Connection(answer, delay), sock=listener)
    print(port, flush=True)
    await ended.wait()


if __name__ == '__main__':
    asyncio.run(
        _serve(int(sys.argv[1]), float(sys.argv[2]), len(sys.argv) > 3)
    )
