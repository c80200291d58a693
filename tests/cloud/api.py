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

"""A plain HTTP client for the embedded cloud: an independent witness.

It uses no OpenStack library, so its answers can be compared with the output of
the commands.
"""

import http.client
import json
import threading
from typing import Any
from urllib import parse

from tests.cloud import directory

# Seconds; the cloud shares two cores with the tests.
TIMEOUT = 120


class HTTPError(Exception):
    """A status of 400 or above."""

    def __init__(self, request: str, status: int, body: str) -> None:
        super().__init__(f'{request} answered {status}: {body}')
        self.status = status


class Api:
    """One user's view of the embedded cloud."""

    def __init__(
        self, user: str, cloud: directory.CloudDirectory | None = None
    ) -> None:
        """Authenticate.

        :param user: A name in the cloud's clouds.yaml.
        :param cloud: The cloud; by default, that of this checkout.
        """
        self.cloud = cloud or directory.CloudDirectory()
        self._endpoints = self.cloud.endpoints
        self._connections = threading.local()
        self._headers = {'Content-Type': 'application/json'}
        credentials = self.cloud.credentials(user)
        scope: dict[str, Any] = {
            'project': {
                'name': credentials.get('project_name'),
                'domain': {'id': 'default'},
            }
        }
        if 'system_scope' in credentials:
            scope = {'system': {'all': True}}
        body = {
            'auth': {
                'identity': {
                    'methods': ['password'],
                    'password': {
                        'user': {
                            'name': credentials['username'],
                            'password': credentials['password'],
                            'domain': {'id': 'default'},
                        }
                    },
                },
                'scope': scope,
            }
        }
        response, text = self._request(
            'POST', 'identity', '/auth/tokens', body
        )
        token = json.loads(text)['token']
        self.project_id: str = token.get('project', {}).get('id', '')
        self.token: str = response.headers['X-Subject-Token']
        self._headers['X-Auth-Token'] = self.token

    def get(
        self,
        service: str,
        path: str,
        microversion: str | None = None,
        **query: object,
    ) -> Any:
        """Send a GET request.

        :param service: ``compute``, ``network``, ``image``, ``identity``.
        :param path: The path below the service's endpoint.
        :param microversion: The compute microversion.
        :param query: Query parameters; a list gives several values.
        :returns: The decoded body.
        :raises HTTPError: The status is 400 or above.
        """
        if query:
            path += '?' + parse.urlencode(query, doseq=True)
        return self._json('GET', service, path, None, microversion)

    def post(
        self,
        service: str,
        path: str,
        body: object,
        microversion: str | None = None,
    ) -> Any:
        """Send a POST request; see :meth:`get`."""
        return self._json('POST', service, path, body, microversion)

    def put(
        self,
        service: str,
        path: str,
        body: object,
        microversion: str | None = None,
    ) -> Any:
        """Send a PUT request; see :meth:`get`."""
        return self._json('PUT', service, path, body, microversion)

    def delete(self, service: str, path: str) -> None:
        """Send a DELETE request; see :meth:`get`."""
        self._json('DELETE', service, path, None, None)

    def _json(
        self,
        method: str,
        service: str,
        path: str,
        body: object,
        microversion: str | None,
    ) -> Any:
        _response, text = self._request(
            method, service, path, body, microversion
        )
        return json.loads(text) if text else None

    def _request(
        self,
        method: str,
        service: str,
        path: str,
        body: object,
        microversion: str | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        url = parse.urlsplit(self._endpoints[service])
        headers = dict(self._headers)
        if microversion:
            headers['OpenStack-API-Version'] = f'compute {microversion}'
        data = None
        if isinstance(body, bytes):
            data = body
            headers['Content-Type'] = 'application/octet-stream'
        elif body is not None:
            data = json.dumps(body).encode()
        connection = self._connection(service, url.netloc)
        try:
            connection.request(
                method, url.path.rstrip('/') + path, data, headers
            )
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if response.status >= 400:
            raise HTTPError(
                f'{method} {service} {path}', response.status, text.decode()
            )
        return response, text

    def _connection(
        self, service: str, netloc: str
    ) -> http.client.HTTPConnection:
        """Return the connection to a service, one per thread."""
        connections = self._connections.__dict__
        if service not in connections:
            connections[service] = http.client.HTTPConnection(
                netloc, timeout=TIMEOUT
            )
        connection: http.client.HTTPConnection = connections[service]
        return connection
