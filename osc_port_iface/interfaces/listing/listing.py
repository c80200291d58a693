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

"""Chooses the interfaces of servers that were asked for."""

from collections.abc import Iterator, Mapping, Sequence
import dataclasses

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import filters
from osc_port_iface.interfaces.listing import nic_order
from osc_port_iface.interfaces import lookup
from osc_port_iface import records

_Interfaces = records.Answer[records.ServerInterface]


def choose_interfaces(
    cloud: api_cloud.Cloud,
    servers: records.Answer[records.Server],
    answer: _Interfaces,
    conditions: filters.InterfaceFilter = filters.ANY,
    with_subports: bool = False,
) -> _Interfaces:
    """Number the interfaces of servers, and choose those that were asked for.

    :param cloud: The services.
    :param servers: The servers, with details if the NIC index needs them, and
        any failures of their selection.
    :param answer: All their interfaces, as a view reads them.
    :param conditions: The conditions that the interfaces must meet.
    :param with_subports: Whether to list the subports of trunks as well.
    :returns: The interfaces, in the order of the servers, and by port ID for
        each server.
    :raises osc_port_iface.api.errors.ApiError: Something failed that concerns
        all servers.
    """
    answer.rows = nic_order.numbered(answer.rows)
    if with_subports:
        answer = _with_subports(cloud, answer)
    found = _filtered(cloud, conditions, answer.rows)
    return records.Answer(
        found.rows,
        servers.failures + answer.failures + found.failures,
        servers.notices + answer.notices,
    )


def _with_subports(
    cloud: api_cloud.Cloud, interfaces: _Interfaces
) -> _Interfaces:
    """Add the subports of interfaces, each after its parent port.

    :param cloud: The services. Neutron is asked for the ports and subports.
    :param interfaces: The interfaces, with their port IDs.
    :returns: The interfaces with their ports, and the subports in the order of
        their VLAN IDs. Of a subport that is not visible, only what its trunk
        says is known.
    :raises osc_port_iface.api.errors.ApiError: The subports cannot be read.
    """
    look = lookup.Lookup(cloud, interfaces.rows)
    parents = [
        dataclasses.replace(row, port=look.port(row))
        for row in interfaces.rows
    ]
    found = cloud.network.list(
        neutron.PORTS,
        'id',
        (subport.port_id for row in parents for subport in _subports(row)),
    )
    ports = {port.id: port for port in found.rows}
    return records.Answer(
        [
            added
            for row in parents
            for added in (row, *_rows_of_subports(row, ports))
        ],
        # Where ports are missing, so are their subports.
        interfaces.failures + look.failures + look.notices + found.failures,
        interfaces.notices,
    )


def _subports(row: records.ServerInterface) -> list[records.Subport]:
    return sorted(
        row.port.subports if row.port else (),
        key=lambda subport: (subport.segmentation_id or 0, subport.port_id),
    )


def _rows_of_subports(
    row: records.ServerInterface, ports: Mapping[str, records.Port]
) -> Iterator[records.ServerInterface]:
    for subport in _subports(row):
        port = ports.get(subport.port_id)
        yield records.ServerInterface(
            row.server,
            port.as_interface()
            if port
            # It may belong to a project that the caller may not see.
            else records.Interface(
                subport.mac_address, (), port_id=subport.port_id
            ),
            port=port,
            parent_port_id=row.interface.port_id,
            subport=subport,
        )


def _filtered(
    cloud: api_cloud.Cloud,
    conditions: filters.InterfaceFilter,
    rows: Sequence[records.ServerInterface],
) -> _Interfaces:
    """Return the interfaces that meet the conditions.

    If it is unknown whether an interface does, it is left out, and the answer
    is incomplete.
    """
    candidates = [row for row in rows if conditions.matches(row.interface)]
    if not conditions.concern_ports:
        return records.Answer(candidates)
    look = lookup.Lookup(cloud, candidates)
    found: _Interfaces = records.Answer([])
    unknown = 0
    for row in candidates:
        port = look.port(row)
        matches = conditions.matches_port(port)
        if matches:
            found.rows.append(dataclasses.replace(row, port=port))
        unknown += matches is None
    found.failures = look.failures + look.notices
    if unknown:
        found.failures.append(
            _(
                '%d interfaces are left out, because Neutron does not show '
                'this user whether they match'
            )
            % unknown
        )
    return found
