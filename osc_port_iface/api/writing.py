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

"""The requests that change a cloud, planned in full before they are sent.

Only ``repair`` uses this module; all other commands only read.

https://docs.openstack.org/api-ref/compute/#create-external-events-os-server-external-events
https://docs.openstack.org/api-ref/network/v2/#ports
"""

from collections.abc import Iterable, Mapping
import dataclasses
import re
from typing import Any

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import paths
from osc_port_iface.api import response as responses
from osc_port_iface.api import transport
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# Keystone's role for users who may only read.
_READER = 'reader'

_SERVICE = 'service'

# Host names that are safe in a path.
_HOST_NAME = re.compile(r'\w[\w.-]{0,254}', re.ASCII)

# The attributes that tell which port was deleted.
_IDENTIFYING = (
    'name',
    'project_id',
    'network_id',
    'mac_address',
    'fixed_ips',
    'device_id',
    'device_owner',
    'host',
    'security_group_ids',
    'address_pairs',
    'description',
    'tags',
)

_MARK = _('Mark on port %s')
_MARK_PATH = f'/tags/{records.BOUNCE_TAG}'

_PLANNED_STATUSES = {
    'POST': frozenset({200}),
    'PUT': frozenset({200, 201}),
    'DELETE': frozenset({204}),
}


@dataclasses.dataclass(frozen=True)
class PlannedCall:
    """A request that changes something.

    :ivar service: ``compute`` or ``network``.
    :ivar method: ``POST``, ``PUT`` or ``DELETE``.
    :ivar path: The full path, after the host of the endpoint.
    :ivar body: The JSON body.
    :ivar what: What it does, as the beginning of error messages.
    :ivar role: Who may send it, for the message if it is refused.
    :ivar before: The attributes that it changes or deletes, with their values
        when it was planned.
    :ivar port_id: The port that it is about, if it is about a single one.
    :ivar revision: The revision of the port for which it is meant. If Neutron
        has another one, it refuses the request with 412 (extension
        revision-if-match; ``neutron/services/revisions/revision_plugin.py``).
    """

    service: str
    method: str
    path: str
    body: Mapping[str, Any] | None
    what: str
    role: str
    before: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    port_id: str | None = None
    revision: int | None = dataclasses.field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the request as it is sent."""
        names = 'service', 'method', 'path', 'body'
        return {name: getattr(self, name) for name in names}


@dataclasses.dataclass(frozen=True)
class CallResult:
    """The answer to a request.

    :ivar status: The HTTP status; None if there was no answer.
    :ivar request_id: The ID of the request in the logs of the service.
    :ivar after: The changed attributes, as in the answer.
    :ivar problem: How the answer differs from what was planned.
    """

    status: int | None = None
    request_id: str | None = None
    after: Any = None
    problem: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the service refused it, and changed nothing."""
        return self.status is not None and 400 <= self.status < 500


class Writer:
    """Plans and sends requests that change a cloud."""

    def __init__(self, cloud: api_cloud.Cloud) -> None:
        """Write to a cloud.

        :param cloud: The services, whose credentials are used.
        """
        self._cloud = cloud

    @property
    def only_reads(self) -> bool:
        """Whether the caller has no role other than reader."""
        roles = self._cloud.credentials.roles
        return bool(roles) and roles <= {_READER}

    @property
    def is_service(self) -> bool:
        """Whether the caller has the role ``service``."""
        return _SERVICE in self._cloud.credentials.roles

    def refresh_cache(
        self, server: records.Server, port_ids: Iterable[str | None]
    ) -> PlannedCall:
        """Plan to let Nova read interfaces of a server into its cache.

        ``POST /os-server-external-events``, ``network-changed``. The host of
        the server acts on the event after Nova has answered.

        :param server: The server, with its cache, which may be all that shows
            an interface that is gone.
        :param port_ids: The ports to read again. None stands for the ports in
            the cache, of which those that are gone are dropped.
        """
        what = _('Refresh of the cache of server %s') % server.id
        event = {'name': 'network-changed', 'server_uuid': server.id}
        events = [
            {**event, 'tag': port_id} if port_id else event
            for port_id in port_ids
        ]
        return PlannedCall(
            'compute',
            'POST',
            self._service('compute').path('/os-server-external-events'),
            {'events': events},
            what,
            _("it needs the role 'admin' or 'service'"),
            {'cache': [dataclasses.asdict(entry) for entry in server.cache]},
        )

    def bind_port(self, port: records.Port, host: str) -> PlannedCall:
        """Plan to bind a port to a host."""
        return self._update(
            port, {'binding:host_id': host}, _("it needs the role 'admin'")
        )

    def enable_port(self, port: records.Port, enabled: bool) -> PlannedCall:
        """Plan to enable or disable a port."""
        return self._update(port, {'admin_state_up': enabled})

    def touch_port(self, port: records.Port) -> PlannedCall:
        """Plan an update that changes nothing.

        Neutron notifies Nova of the update if it is so configured
        (``notify_nova_on_port_data_changes``).
        """
        return self._update(port, {})

    def release_port(self, port: records.Port, with_host: bool) -> PlannedCall:
        """Plan to release a port from its server.

        :param with_host: Whether to clear its host, too, which needs
            administrator rights.
        """
        attributes = {'device_id': '', 'device_owner': ''}
        if with_host:
            attributes['binding:host_id'] = ''
        return self._update(port, attributes)

    def delete_port(self, port: records.Port) -> PlannedCall:
        """Plan to delete a port."""
        known = dataclasses.asdict(port)
        return dataclasses.replace(
            self._of_port('DELETE', port, _('Deletion of port %s')),
            # What nobody can look up afterwards.
            before={name: known[name] for name in _IDENTIFYING},
        )

    def delete_binding(self, port: records.Port, host: str) -> PlannedCall:
        """Plan to delete one of the bindings of a port."""
        what = _('Deletion of a binding of port %s')
        host = paths.checked_id(host, what % port.id, _HOST_NAME)
        return dataclasses.replace(
            self._of_port('DELETE', port, what, f'/bindings/{host}'),
            before={'host': host},
            role=_("it needs the role 'service'"),
        )

    def mark(self, port: records.Port) -> PlannedCall:
        """Plan to mark a port that is about to be disabled."""
        return self._of_port('PUT', port, _MARK, _MARK_PATH)

    def unmark(self, port: records.Port) -> PlannedCall:
        """Plan to remove the mark from a port."""
        return self._of_port('DELETE', port, _MARK, _MARK_PATH)

    def send(self, call: PlannedCall) -> CallResult:
        """Send a planned request, once.

        :returns: The answer, or the reason why there was none.
        """
        service = self._service(call.service)
        headers = {}
        if call.revision is not None:
            headers['If-Match'] = f'revision_number={call.revision}'
        try:
            response = service.change(
                call.method, call.path, call.what, call.body, headers
            )
        except errors.ApiError as error:
            return CallResult(problem=str(error))
        problem = None
        after = _shown(call, response)
        planned = _PLANNED_STATUSES[call.method]
        if response.status >= 400:
            problem = str(service.explain(response, {403: call.role}))
        elif response.status not in planned or after != _expected(call):
            problem = _(
                '%(what)s: the answer is not what was planned: HTTP '
                '%(status)d, %(after)s'
            ) % {
                'what': call.what,
                'status': response.status,
                'after': printable.one_line(str(after)),
            }
        return CallResult(response.status, response.request_id, after, problem)

    def _update(
        self,
        port: records.Port,
        attributes: Mapping[str, Any],
        role: str | None = None,
    ) -> PlannedCall:
        now = {
            'admin_state_up': port.admin_state_up,
            'binding:host_id': port.host or '',
            'device_id': port.device_id or '',
            'device_owner': port.device_owner or '',
        }
        update = self._of_port('PUT', port, _('Update of port %s'))
        return dataclasses.replace(
            update,
            body={'port': attributes},
            role=role or update.role,
            before={name: now[name] for name in attributes},
        )

    def _of_port(
        self, method: str, port: records.Port, what: str, suffix: str = ''
    ) -> PlannedCall:
        what %= port.id
        path = f'/ports/{paths.checked_id(port.id, what)}{suffix}'
        return PlannedCall(
            'network',
            method,
            self._service('network').path(path),
            None,
            what,
            _("it needs the role 'member' in the project of the port"),
            port_id=port.id,
        )

    def _service(self, name: str) -> transport.Transport:
        api = self._cloud.compute if name == 'compute' else self._cloud.network
        return api.transport


def _shown(call: PlannedCall, response: responses.Response) -> Any:
    """Return what an answer shows of a change.

    :returns: The code of each event, or the attributes that were to be
        changed; None if it does not show them.
    """
    try:
        body = response.json()
    except ValueError:
        return None
    match call.method, body:
        case 'POST', {'events': [*events]}:
            return [
                event.get('code') if isinstance(event, dict) else None
                for event in events
            ]
        case 'PUT', {'port': {} as port}:
            return {name: port.get(name) for name in _expected(call) or ()}
    return None


def _expected(call: PlannedCall) -> Any:
    """Return what the answer to a request shows if it is done as planned."""
    if call.method == 'POST':
        return [200] * len(call.body['events']) if call.body else None
    return call.body and call.body['port']
