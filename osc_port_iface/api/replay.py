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

"""A cloud as it was, which is asked like one that answers now.

Requests are answered from recorded objects, so everything above works on them
as on the cloud itself. Nothing is sent.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
import datetime
import email.utils
import itertools
import re
import threading
from typing import Any, cast, Protocol

from keystoneauth1 import noauth
from keystoneauth1 import session as ksa_session

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import credentials
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import response as responses
from osc_port_iface.api import transport
from osc_port_iface.i18n import _
from osc_port_iface import records

# The query parameters that do not choose objects.
_NOT_FILTERS = frozenset(
    {'fields', 'limit', 'sort_key', 'sort_dir', 'marker', 'all_tenants'}
)


class Source(Protocol):
    """Recorded objects."""

    # When they were recorded.
    moment: datetime.datetime
    # Whether what it lacks did not exist.
    has_all_projects: bool
    # The only project whose servers were recorded.
    project_id: str | None

    def has(self, kind: str) -> bool:
        """Return whether all objects of a kind were recorded."""

    def objects(
        self, kind: str, filters: Mapping[str, Collection[str]]
    ) -> Iterable[dict[str, Any]]:
        """Return at least the objects with one of the values of each field."""


class RecordedCloud(api_cloud.Cloud):
    """The services of a cloud as it was, without a token."""

    def __init__(self, source: Source) -> None:
        """Answer from recorded objects."""
        config = cast(Any, None)
        caller = credentials.Credentials(ksa_session.Session(noauth.NoAuth()))
        arguments = config, caller, _Replay(source)
        super().__init__(*arguments)
        self.network = _Network(*arguments)
        self.compute = _Compute(self.network, *arguments)


class _Replay(transport.Transport):
    """Answers the requests to all services."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # Several things may be read at a time.
        self._lock = threading.Lock()
        # What is left of listings, by the marker of their next pages.
        self._rest: dict[str, Iterator[dict[str, Any]]] = {}
        self._markers = map(str, itertools.count())
        self.microversion = None

    def get(
        self,
        path: str,
        what: str,
        query: transport.Query | None = None,
        *_args: Any,
        **_options: Any,
    ) -> reading.Object:
        """Answer a request.

        :raises errors.NotFound: There was no such object.
        :raises errors.NotRecorded: It was not recorded.
        """
        with self._lock:
            body = self._body(path.strip('/').split('/'), what, query or {})
        date = email.utils.format_datetime(self._source.moment, usegmt=True)
        response = responses.Response(what, 200, {'Date': date}, b'')
        return reading.Object(body, '', response)

    def _body(
        self, path: list[str], what: str, query: transport.Query
    ) -> Mapping[str, Any]:
        kind, *rest = path
        if kind == 'lbaas':
            raise errors.NotInCatalog(_('%s: not recorded') % what)
        is_part = kind in ('ports', 'floatingips') and rest
        if is_part or not self._source.has(kind):
            raise errors.NotRecorded(_('%s: not recorded') % what)
        recorded, asked = self._source.project_id, query.get('project_id')
        if kind == 'servers' and recorded and asked and recorded not in asked:
            # Other observations may be of this project.
            line = _('%s: not recorded for this project') % what
            raise errors.NotRecorded(records.Absence(line, line))
        if not rest or rest == ['detail']:
            return self._page(kind, query)
        return {kind.removesuffix('s'): self._one(kind, rest[0], what)}

    def _one(self, kind: str, identifier: str, what: str) -> dict[str, Any]:
        for found in self._source.objects(kind, {'id': [identifier]}):
            if found['id'] == identifier:
                return found
        # It may be in another region, or have been there at another time.
        if self._source.has_all_projects:
            line = _('%s: not found') % what
            raise errors.NotFound(records.Absence(line, identifier))
        line = _('%s: not recorded') % what
        raise errors.NotRecorded(records.Absence(line, identifier))

    def _page(self, kind: str, query: transport.Query) -> Mapping[str, Any]:
        """Return a page of objects, of which few are in memory at a time."""
        if 'marker' in query:
            rows = self._rest.pop(query['marker'][0])
        else:
            rows = self._chosen(kind, query)
        page = list(itertools.islice(rows, paging.LARGEST_PAGE))
        if len(page) < paging.LARGEST_PAGE:
            return {kind: page}
        marker = next(self._markers)
        self._rest[marker] = rows
        link = {'rel': 'next', 'href': f'?marker={marker}'}
        return {kind: page, f'{kind}_links': [link]}

    def _chosen(
        self, kind: str, query: transport.Query
    ) -> Iterator[dict[str, Any]]:
        filters = {
            name: [values] if isinstance(values, str) else list(values)
            for name, values in query.items()
            if name not in _NOT_FILTERS
        }
        if 'fixed_ips' in filters:
            # One parameter of Neutron holds several.
            for value in filters.pop('fixed_ips'):
                name, _equals, part = value.partition('=')
                filters.setdefault(name, []).append(part)
        for row in self._source.objects(kind, filters):
            if kind != 'servers' or _is_server_chosen(row, filters):
                yield row


def _is_server_chosen(
    server: Mapping[str, Any], filters: Mapping[str, list[str]]
) -> bool:
    """Compare a server as Nova does, which its callers rely on."""
    if server.get('status') == 'SOFT_DELETED' and 'status' not in filters:
        # Nova lists these only if asked.
        return False
    for name, values in filters.items():
        value = str(server.get(compute.SERVERS.record.key(name)) or '')
        if name == 'name':
            if not any(re.search(pattern, value) for pattern in values):
                return False
        elif value.lower() not in [text.lower() for text in values]:
            return False
    return True


class _Network(network.NetworkApi):
    def lacks(self, extension: str | None) -> bool:
        """Return that extensions are not recorded, nor what they give."""
        return bool(extension)


class _Compute(compute.ComputeApi):
    def __init__(self, ports: network.NetworkApi, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._ports = ports

    def interfaces(
        self, server_id: str, called: str | None = None
    ) -> records.Answer[records.Interface]:
        """List the interfaces that the recorded ports of a server make.

        :raises errors.ApiError: The server was not recorded.
        """
        self.server(server_id, called)
        ports = self._ports.list(neutron.PORTS, 'device_id', [server_id])
        ports.rows.sort(key=lambda port: port.id)
        found = [port.as_interface() for port in ports.rows]
        return records.Answer(found, ports.failures)
