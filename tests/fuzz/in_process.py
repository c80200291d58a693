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

"""Runs commands in process, below cliff's parser and above HTTP."""

from collections.abc import Callable, Iterator
import contextlib
import functools
from importlib import metadata
import io
import json
import logging
import re
import types
from typing import Any
from unittest import mock
from urllib import parse

from keystoneauth1 import adapter
from keystoneauth1 import session
from osc_lib import exceptions
import requests

from osc_port_iface.api import cloud
from osc_port_iface.api import response as responses
from osc_port_iface.api import service
from osc_port_iface.api import transport
from tests import command_result
from tests.unit import clock
from tests.unit import odd_cloud

# A command that sends more requests is taken to be endless.
MOST_REQUESTS = 300

# Makes the answer to a path from a sound one.
Spoil = Callable[[str, Any], responses.Response]

_UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'

# Whatever the arguments and answers, nothing else is requested.
PATHS = re.compile(
    rf"""
    /v3/(domains(/[0-9a-zA-Z_-]+)? | users)
    | /v3/projects(/([0-9a-f]{{32}} | {_UUID}))?
    | /v2\.1 | /v2\.1/os-services | /v2\.1/servers(/detail)?
    | /v2\.1/servers/{_UUID}(/os-interface(/{_UUID})?)?
    | /v2\.1/servers/{_UUID}/os-instance-actions(/req-{_UUID})?
    | /v2\.0/[a-z-]+ | /v2\.0/qos/policies | /v2\.0/ports/{_UUID}/bindings
    | /v2\.0/lbaas/loadbalancers/{_UUID} | /v2/lbaas/loadbalancers/{_UUID}
    """,
    re.VERBOSE | re.IGNORECASE,
)

_SESSION = types.SimpleNamespace(
    auth=None,
    get_auth_headers=lambda: {'X-Auth-Token': 'a-token'},
    get_project_id=lambda: odd_cloud.WORDS['project'],
    invalidate=lambda: True,
    session=requests.Session(),
)
_CONFIG = types.SimpleNamespace(
    get_default_microversion=lambda _service: None,
    get_api_version=lambda _service: None,
    get_interface=lambda _service: 'public',
    name='',
    region_name='RegionOne',
    get_session=lambda: _SESSION,
)
_ADAPTER = adapter.Adapter(session.Session())
CONNECTION: Any = types.SimpleNamespace(config=_CONFIG)


def sound(_path: str, document: Any) -> responses.Response:
    """Answer as a service does."""
    return encoded(document)


def encoded(document: Any) -> responses.Response:
    """Make an answer from a document."""
    return responses.Response('Thing', 200, {}, json.dumps(document).encode())


def _endpoint(
    _config: Any, _credentials: Any, service_type: str
) -> tuple[Any, str]:
    return _ADAPTER, f'http://{service_type}.test'


class Services:
    """Answers the requests of the transport.

    :ivar paths: The requested paths.
    """

    def __init__(self, spoil: Spoil = sound) -> None:
        self.paths: list[str] = []
        self._spoil = spoil

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        """Replace all services."""
        with (
            mock.patch.object(service, 'endpoint', new=_endpoint),
            mock.patch.object(transport.Transport, '_send', new=self._send),
            # Waiting must take no time.
            clock.Clock(),
        ):
            yield

    def _send(self, request: Any) -> responses.Response:
        self.paths.append(parse.urlsplit(request.url).path)
        if len(self.paths) > MOST_REQUESTS:
            raise AssertionError(f'no end of requests: {request.url}')
        if request.method != 'GET':
            raise AssertionError(f'{request.method} {request.url}')
        asked = parse.urlencode(dict(request.query or {}), doseq=True)
        joint = '&' if '?' in request.url else '?'
        url = f'{request.url}{joint}{asked}' if asked else request.url
        document = odd_cloud.document(url)
        return self._spoil(self.paths[-1], document)


def api(services: Services) -> cloud.Cloud:
    """Return the API of a cloud; services must be replaced."""
    return cloud.Cloud(CONNECTION.config)


@functools.cache
def command_classes() -> dict[str, Any]:
    """Return the commands, by their names."""
    return {
        entry_point.name.replace('_', ' '): entry_point.load()
        for entry_point in metadata.entry_points(group='openstack.compute.v2')
        if entry_point.value.startswith('osc_port_iface.')
    }


def run(
    command_class: Any,
    arguments: list[str],
    services: Services,
    stdin: bytes = b'',
) -> command_result.Result:
    """Run a command as the shell does after authentication.

    :raises Exception: The command raised it. Exceptions that the shell prints
        as one line are not raised.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    app = mock.Mock(stdout=stdout, stderr=stderr, stdin=io.StringIO())
    app.client_manager.sdk_connection = CONNECTION
    app.cloud_config.cloud_config = {}
    handler = logging.StreamHandler(stderr)
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    status: int | str | None
    try:
        with (
            services.replaced(),
            mock.patch('sys.stdout', stdout),
            mock.patch('sys.stderr', stderr),
            mock.patch('sys.stdin', io.TextIOWrapper(io.BytesIO(stdin))),
        ):
            command = command_class(app, None)
            parser = command.get_parser('command')
            status = command.run(parser.parse_args(arguments))
    except SystemExit as error:
        status = error.code
    except exceptions.CommandError as error:
        status = 1
        stderr.write(f'{error}\n')
    finally:
        logging.getLogger().removeHandler(handler)
    return command_result.Result(status, stdout.getvalue(), stderr.getvalue())
