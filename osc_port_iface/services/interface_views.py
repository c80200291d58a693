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

"""The three views of what is plugged into servers.

``compute`` asks Nova for each server, ``network`` asks Neutron for many
servers at a time, ``cache`` reads what Nova remembers in its listing.
"""

from collections.abc import Callable, Sequence
import dataclasses

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface import records
from osc_port_iface.services import fan_out

# Requests at a time. A Nova of the usual size answers them as fast as they
# come; the pace of the API slows them down where it does not.
DEFAULT_CONCURRENCY = 8
CONCURRENCY_LIMIT = 64

InterfacesByServer = dict[str, list[records.Interface]]


@dataclasses.dataclass
class View:
    """The interfaces by the server's ID, and a line for each failure.

    ``ports`` are Neutron's by their ID, where that is what was read.
    """

    interfaces: InterfacesByServer
    failures: list[str]
    ports: dict[str, records.Port] = dataclasses.field(default_factory=dict)


def from_compute(
    api: compute.ComputeApi,
    servers: Sequence[records.Server],
    concurrency: int,
    advance: Callable[[], object] = lambda: None,
) -> View:
    """Ask Nova for each server, several at a time.

    :param api: Nova.
    :param servers: The servers. One in a cell that is down is not asked
        for.
    :param concurrency: The most requests at a time.
    :param advance: Called after each server.
    :returns: The interfaces of each server that could be read.
    """
    reachable = [server for server in servers if not server.in_down_cell]
    found: InterfacesByServer = {}
    problems: dict[str, str] = {
        server.id: down_cell(server)
        for server in servers
        if server.in_down_cell
    }
    if len(reachable) > 1:
        api.prepare(concurrency)
    for server, result in fan_out.fan_out(
        lambda server: api.interfaces(server.id), reachable, concurrency
    ):
        if isinstance(result, errors.ApiError):
            problems[server.id] = str(result)
        else:
            found[server.id] = result
        advance()
    return View(
        found,
        [problems[server.id] for server in servers if server.id in problems],
    )


def from_network(
    api: network.NetworkApi, servers: Sequence[records.Server]
) -> View:
    """Ask Neutron for the ports of many servers at a time.

    :param api: Neutron.
    :param servers: The servers. One that does not exist has no interface.
    :returns: The interfaces of all servers; they have no tag.
    :raises errors.ApiError: A request failed.
    """
    found: InterfacesByServer = {server.id: [] for server in servers}
    ports = sorted(api.ports('device_id', found), key=lambda port: port.id)
    for port in ports:
        # MySQL finds device IDs that differ in case, too.
        if port.device_id in found:
            found[port.device_id].append(port.as_interface())
    return View(found, [], {port.id: port for port in ports})


def from_cache(servers: Sequence[records.Server]) -> View:
    """Take what Nova's listing remembers.

    :param servers: The servers, with details.
    :returns: The interfaces of each server whose cell is there.
    """
    return View(
        {
            server.id: list(server.cache)
            for server in servers
            if not server.in_down_cell
        },
        [down_cell(server) for server in servers if server.in_down_cell],
    )


def down_cell(server: records.Server) -> str:
    """Say that nothing can be known of a server now."""
    return _('Interfaces of server %s: its cell is down') % server.id
