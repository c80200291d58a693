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

"""Every request that changes a cloud, planned in full before it is sent.

Only ``repair`` uses this: the other commands read.

https://docs.openstack.org/api-ref/compute/#create-external-events-os-server-external-events
https://docs.openstack.org/api-ref/network/v2/#ports
"""

from collections.abc import Iterable, Mapping
import dataclasses
import enum
import re
from typing import Any

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import response as responses
from osc_port_iface.api import transport
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# Keystone's own role for those who only look.
_READER = 'reader'

_SERVICE = 'service'

# What may stand in a path, and cannot lead elsewhere.
_HOST_NAME = re.compile(r'\w[\w.-]{0,254}', re.ASCII)

_PLANNED_STATUSES = {
    'POST': frozenset({200}),
    'PUT': frozenset({200, 201}),
    'DELETE': frozenset({204}),
}


class Mark(enum.StrEnum):
    """A tag of Neutron on a port that a repair of two requests is about.

    It lets another run end what was killed between the two.
    """

    BOUNCE = 'server-interface-repair-bounce'
    DELETE = 'server-interface-repair-delete'


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that changes something.

    :ivar service: ``compute`` or ``network``.
    :ivar method: ``POST``, ``PUT`` or ``DELETE``.
    :ivar path: The path in full, behind the host of the service's endpoint.
    :ivar body: What is sent as JSON.
    :ivar what: What it does, to begin an error's message with.
    :ivar role: Who may send it, for the message where that is refused.
    :ivar before: What the changed attributes were when it was planned.
    """

    service: str
    method: str
    path: str
    body: Mapping[str, Any] | None
    what: str
    role: str
    before: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what is sent, and where to."""
        return {
            'service': self.service,
            'method': self.method,
            'path': self.path,
            'body': self.body,
        }


@dataclasses.dataclass(frozen=True)
class Answer:
    """What became of a request.

    :ivar status: The HTTP status; None without an answer.
    :ivar request_id: The ID by which the service knows the request.
    :ivar after: What the answer shows of what was changed.
    :ivar problem: Why it is not the answer that was planned.
    """

    status: int | None = None
    request_id: str | None = None
    after: Any = None
    problem: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the service did nothing."""
        return self.status is not None and 400 <= self.status < 500


class Writer:
    """Plans and sends what changes a cloud."""

    def __init__(self, cloud: api_cloud.Cloud) -> None:
        """Write to a cloud.

        :param cloud: Whose credentials are used.
        """
        self._cloud = cloud
        self._services: dict[str, transport.Transport] = {}

    @property
    def user(self) -> str | None:
        """Who writes."""
        return self._cloud.credentials.user

    @property
    def only_reads(self) -> bool:
        """Whether the caller has no role but that of a reader."""
        roles = self._cloud.credentials.roles
        return bool(roles) and roles <= {_READER}

    @property
    def is_service(self) -> bool:
        """Whether the caller has the role of services."""
        return _SERVICE in self._cloud.credentials.roles

    def refresh_cache(
        self, server_id: str, port_ids: Iterable[str | None]
    ) -> Request:
        """Plan to have Nova read interfaces of a server into its cache.

        ``POST /os-server-external-events``, ``network-changed``. The host of
        the server acts on it after the answer.

        :param server_id: The server.
        :param port_ids: The ports that are read again; None stands for those
            that are in the cache, of which the ones that are gone are
            dropped.
        """
        what = _('Refresh of the cache of server %s') % server_id
        events = []
        for port_id in port_ids:
            event = {
                'name': 'network-changed',
                'server_uuid': _id(server_id, what),
            }
            if port_id is not None:
                event['tag'] = _id(port_id, what)
            events.append(event)
        return self._request(
            'compute',
            'POST',
            '/os-server-external-events',
            {'events': events},
            what,
            _("it takes the role 'admin' or 'service'"),
        )

    def bind_port(self, port: records.Port, host: str) -> Request:
        """Plan to bind a port to a host."""
        return self._port_update(
            port,
            {'binding:host_id': host},
            {'binding:host_id': port.host},
            _("it takes the role 'admin'"),
        )

    def enable_port(self, port: records.Port, enabled: bool) -> Request:
        """Plan to enable or disable a port."""
        return self._port_update(
            port,
            {'admin_state_up': enabled},
            {'admin_state_up': port.admin_state_up},
        )

    def touch_port(self, port: records.Port) -> Request:
        """Plan an update that changes nothing.

        Neutron tells Nova of it where its notifications are on
        (``notify_nova_on_port_data_changes``).
        """
        return self._port_update(port, {}, {})

    def release_port(self, port: records.Port, with_host: bool) -> Request:
        """Plan to make a port one of no server.

        :param with_host: Whether it is taken off its host, too, which needs
            administrator rights.
        """
        after = {'device_id': '', 'device_owner': ''}
        before = {
            'device_id': port.device_id or '',
            'device_owner': port.device_owner or '',
        }
        if with_host:
            after['binding:host_id'] = ''
            before['binding:host_id'] = port.host or ''
        return self._port_update(port, after, before)

    def delete_port(self, port: records.Port) -> Request:
        """Plan to delete a port."""
        what = _('Deletion of port %s') % port.id
        return self._request(
            'network', 'DELETE', _port_path(port, what), None, what, _MEMBER
        )

    def delete_binding(self, port: records.Port, host: str) -> Request:
        """Plan to delete one of the bindings of a port."""
        what = _('Deletion of a binding of port %s') % port.id
        if not _HOST_NAME.fullmatch(host):
            raise errors.NotFound(_('%s: not the name of a host') % what)
        return self._request(
            'network',
            'DELETE',
            f'{_port_path(port, what)}/bindings/{host}',
            None,
            what,
            _("it takes the role 'service'"),
        )

    def mark(self, port: records.Port, mark: Mark) -> Request:
        """Plan to put a mark on a port."""
        return self._mark('PUT', port, mark)

    def unmark(self, port: records.Port, mark: Mark) -> Request:
        """Plan to take a mark from a port."""
        return self._mark('DELETE', port, mark)

    def send(self, request: Request) -> Answer:
        """Send a request that was planned, once.

        :returns: What became of it, which may be nothing.
        """
        service = self._service(request.service)
        try:
            response = service.change(
                request.method, request.path, request.what, request.body
            )
        except errors.ApiError as error:
            return Answer(problem=str(error))
        problem = None
        if response.status >= 400:
            problem = str(
                service.explain(response, request.what, request.role)
            )
        after = _shown(request, response)
        if problem is None and not _is_planned(request, response, after):
            problem = _(
                '%(what)s: the answer is not what was planned: HTTP '
                '%(status)d, %(after)s'
            ) % {
                'what': request.what,
                'status': response.status,
                'after': printable.one_line(str(after)),
            }
        return Answer(response.status, response.request_id, after, problem)

    def _port_update(
        self,
        port: records.Port,
        attributes: Mapping[str, Any],
        before: Mapping[str, Any],
        role: str | None = None,
    ) -> Request:
        what = _('Update of port %s') % port.id
        return self._request(
            'network',
            'PUT',
            _port_path(port, what),
            {'port': dict(attributes)},
            what,
            role or _MEMBER,
            before,
        )

    def _mark(self, method: str, port: records.Port, mark: Mark) -> Request:
        what = _('Mark on port %s') % port.id
        path = f'{_port_path(port, what)}/tags/{mark}'
        return self._request('network', method, path, None, what, _MEMBER)

    def _request(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        what: str,
        role: str,
        before: Mapping[str, Any] | None = None,
    ) -> Request:
        path = self._service(service).path(path)
        return Request(service, method, path, body, what, role, before or {})

    def _service(self, name: str) -> transport.Transport:
        if name not in self._services:
            version = {'compute': 'v2.1', 'network': 'v2.0'}[name]
            self._services[name] = self._cloud.connect(name, version)
        return self._services[name]


_MEMBER = _("it takes the role 'member' in the project of the port")


def _port_path(port: records.Port, what: str) -> str:
    return f'/ports/{_id(port.id, what)}'


def _id(identifier: str, what: str) -> str:
    """Let nothing into a path or an event that is something else."""
    if not addresses.is_uuid(identifier):
        raise errors.NotFound(_('%s: not a UUID') % what)
    return identifier


def _shown(request: Request, response: responses.Response) -> Any:
    """Take what an answer shows of what was to be changed."""
    try:
        body = response.json()
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    if request.method == 'POST':
        events = body.get('events')
        if not isinstance(events, list):
            return None
        return [
            event.get('code') if isinstance(event, dict) else None
            for event in events
        ]
    port = body.get('port')
    if not isinstance(port, dict):
        return None
    return {name: port.get(name) for name in _attributes(request)}


def _is_planned(
    request: Request, response: responses.Response, after: Any
) -> bool:
    if response.status not in _PLANNED_STATUSES[request.method]:
        return False
    if request.body is None:
        return True
    if request.method == 'POST':
        return bool(after == [200] * len(request.body['events']))
    return bool(after == _attributes(request))


def _attributes(request: Request) -> Mapping[str, Any]:
    attributes: Mapping[str, Any] = (request.body or {}).get('port', {})
    return attributes
