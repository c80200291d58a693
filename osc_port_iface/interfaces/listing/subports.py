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

"""Adds the subports of trunks to the interfaces of servers."""

from collections.abc import Iterator, Mapping
import dataclasses

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.interfaces import lookup
from osc_port_iface import records

_Answer = records.Answer[records.ServerInterface]


def with_subports(cloud: api_cloud.Cloud, interfaces: _Answer) -> _Answer:
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
