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

"""The views of the interfaces of servers, and what each can show."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import enum

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# Takes the number of servers, and returns what to call after each of them.
Progress = Callable[[int], Callable[[], object]]

_Answer = records.Answer[records.ServerInterface]


class Origin(enum.Enum):
    """Where something that is shown of an interface, or compared, is from.

    Every view has the names of servers, MAC addresses, fixed IPs, floating IPs
    and the names of networks.
    """

    EVERY_VIEW = enum.auto()
    # The details of the server, which are read when it is selected.
    SERVER = enum.auto()
    TAG = enum.auto()
    PORT = enum.auto()
    # Attributes that Neutron shows to administrators only.
    ADMIN = enum.auto()


@dataclasses.dataclass(frozen=True)
class View:
    """One way to see the interfaces of servers.

    :ivar cloud: The services.
    :ivar concurrency: The maximum number of parallel requests.
    """

    cloud: api_cloud.Cloud
    concurrency: int = fan_out.DEFAULT_WORKERS

    @property
    def lacks(self) -> Mapping[Origin, str]:
        """What cannot be known with it, and why (a clause)."""
        raise NotImplementedError

    def read(
        self, servers: Sequence[records.Server], progress: Progress
    ) -> _Answer:
        """Read the interfaces of servers.

        :param servers: The servers.
        :param progress: Shows progress, if this takes a while.
        :returns: The interfaces, server by server, and a line for each
            server that could not be read.
        :raises errors.ApiError: Something failed that concerns all servers.
        """
        raise NotImplementedError


class ComputeView(View):
    """Nova's live view: one request per server."""

    @property
    def lacks(self) -> Mapping[Origin, str]:
        """Tags, unless the microversion has them."""
        if self.cloud.compute.shows_tag:
            return {}
        return {
            Origin.TAG: _(
                'it needs compute API microversion 2.70 or above, and %s is '
                'used'
            )
            % self.cloud.compute.microversion
        }

    def read(
        self, servers: Sequence[records.Server], progress: Progress
    ) -> _Answer:
        """Ask Nova for each server in parallel, except in down cells."""
        results = {}
        advance = progress(len(servers))
        for server, result in fan_out.fan_out(
            self._interfaces, servers, self.concurrency
        ):
            results[server.id] = result
            advance()
        answer: _Answer = records.Answer([])
        for server in servers:
            result = results[server.id]
            if isinstance(result, errors.ApiError):
                answer.failures.append(str(result))
                continue
            answer.rows += (
                records.ServerInterface(server, row) for row in result.rows
            )
            answer.failures += result.failures
        return answer

    def _interfaces(
        self, server: records.Server
    ) -> records.Answer[records.Interface]:
        if server.in_down_cell:
            return records.Answer([], [down_cell(server)])
        return self.cloud.compute.interfaces(server.id, server.called)


class NetworkView(View):
    """Neutron's view: one request for about 150 servers."""

    lacks: Mapping[Origin, str] = {
        Origin.TAG: _('only Nova knows the device tags')
    }

    def read(
        self, servers: Sequence[records.Server], progress: Progress
    ) -> _Answer:
        """Ask Neutron for the ports of many servers at a time.

        Without a port, Nova tells whether a server exists that was given by
        its ID.
        """
        ids = [server.id for server in servers]
        answer = self.cloud.network.list(neutron.PORTS, 'device_id', ids)
        if not answer.rows:
            self.cloud.network.ensure_scope()
        ports = records.grouped(
            sorted(answer.rows, key=lambda port: port.id),
            lambda port: port.device_id,
        )
        # Of these, nothing is known yet but that the user gave their IDs.
        unseen = [
            server
            for server in servers
            if server.id not in ports and server == records.Server(server.id)
        ]
        seen = fan_out.gather(
            lambda server: self.cloud.compute.server(server.id, server.called),
            unseen,
            workers=self.concurrency,
        )
        return records.Answer(
            [
                records.ServerInterface(server, port.as_interface(), port)
                for server in servers
                for port in ports.get(server.id, ())
            ],
            answer.failures + seen.failures,
        )


class CacheView(View):
    """Nova's network info cache, which is part of its server listing."""

    lacks: Mapping[Origin, str] = dict.fromkeys(
        (Origin.TAG, Origin.PORT, Origin.ADMIN),
        _("Nova's cache does not have it"),
    )

    def read(
        self, servers: Sequence[records.Server], progress: Progress
    ) -> _Answer:
        """Return the cache that was listed with the servers."""
        return records.Answer(
            [
                records.ServerInterface(server, interface)
                for server in servers
                for interface in server.cache
            ],
            [down_cell(server) for server in servers if server.in_down_cell],
        )


# The views, by the name that a user gives.
VIEWS: Mapping[str, type[View]] = {
    'compute': ComputeView,
    'network': NetworkView,
    'cache': CacheView,
}


def down_cell(server: records.Server) -> str:
    """Say that the interfaces of a server cannot be known now."""
    return _('Interfaces of server %s: its cell is down') % printable.escape(
        server.called or server.id
    )
