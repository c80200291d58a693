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

"""What is plugged into these servers?"""

from collections.abc import Callable
import contextlib
import dataclasses

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface import records
from osc_port_iface.services import interface_details
from osc_port_iface.services import interface_filter
from osc_port_iface.services import interface_views
from osc_port_iface.services import server_selection

SOURCES = ('compute', 'network', 'cache')

# Given how many servers there are, shows how many are done.
Progress = Callable[
    [int], contextlib.AbstractContextManager[Callable[[], object]]
]


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be listed, and how it is to be read."""

    names_or_ids: tuple[str, ...] = ()
    query: compute.ServerQuery = dataclasses.field(
        default_factory=compute.ServerQuery
    )
    source: str = 'compute'
    wanted: interface_filter.InterfaceFilter = dataclasses.field(
        default_factory=interface_filter.InterfaceFilter
    )
    with_details: bool = False
    concurrency: int = interface_views.DEFAULT_CONCURRENCY


@dataclasses.dataclass
class Listing:
    """The interfaces, a line for each failure, and for each thing to know."""

    interfaces: list[records.Plugged]
    failures: list[str]
    notices: list[str]


def list_interfaces(
    compute_api: compute.ComputeApi,
    connect_network: Callable[[], network.NetworkApi],
    request: Request,
    progress: Progress,
) -> Listing:
    """List interfaces, server by server, in a stable order.

    :param compute_api: Nova.
    :param connect_network: Reaches Neutron, where that is needed.
    :param request: What is to be listed.
    :param progress: Shows how far it is.
    :returns: The interfaces of the servers in the order of the selection,
        those of each by port ID.
    :raises errors.ApiError: Something failed that concerns all servers.
    """
    wanted = request.wanted
    if wanted.network and request.source != 'cache':
        wanted = dataclasses.replace(
            wanted,
            network=interface_filter.network_id(
                connect_network, wanted.network
            ),
        )
    selected = server_selection.select(
        compute_api,
        request.names_or_ids,
        request.query,
        details=request.source == 'cache',
    )
    view = _view(
        compute_api, connect_network, request, selected.servers, progress
    )
    interfaces = [
        records.Plugged(server, interface)
        for server in selected.servers
        for interface in view.interfaces.get(server.id, ())
        if wanted.matches(interface)
    ]
    notices: list[str] = []
    if request.with_details and interfaces:
        interfaces, notices = _with_details(
            connect_network, request.source, interfaces, view.ports
        )
    return Listing(interfaces, selected.failures + view.failures, notices)


def _view(
    compute_api: compute.ComputeApi,
    connect_network: Callable[[], network.NetworkApi],
    request: Request,
    servers: list[records.Server],
    progress: Progress,
) -> interface_views.View:
    if request.source == 'cache':
        return interface_views.from_cache(servers)
    if request.source == 'network':
        return interface_views.from_network(connect_network(), servers)
    with progress(len(servers)) as advance:
        return interface_views.from_compute(
            compute_api, servers, request.concurrency, advance
        )


def _with_details(
    connect_network: Callable[[], network.NetworkApi],
    source: str,
    interfaces: list[records.Plugged],
    ports: dict[str, records.Port],
) -> tuple[list[records.Plugged], list[str]]:
    if source == 'cache':
        return [
            dataclasses.replace(
                plugged,
                details=records.InterfaceDetails(
                    network_name=plugged.interface.network_label or '',
                    floating_ips=plugged.interface.floating_ips,
                ),
            )
            for plugged in interfaces
        ], []
    try:
        api = connect_network()
        if not ports:
            servers = dict.fromkeys(
                plugged.server.id for plugged in interfaces
            )
            ports = {port.id: port for port in api.ports('device_id', servers)}
    except errors.ApiError as error:
        return interfaces, [interface_details.without_network(error)]
    shown = {plugged.interface.port_id for plugged in interfaces}
    found = interface_details.of_ports(
        api,
        {port.id: port for port in ports.values() if port.id in shown},
    )
    return [
        dataclasses.replace(
            plugged,
            details=found.details.get(
                plugged.interface.port_id or '', plugged.details
            ),
        )
        for plugged in interfaces
    ], found.notices
