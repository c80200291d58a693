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

"""The columns of the commands, and the choice of those to show.

A column is one row of a table: its header, and how its cell is made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
import dataclasses
import enum
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.commands import cells
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import host_device
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.path import security_rules
from osc_port_iface import records

_Row = TypeVar('_Row')
_Known = ParamSpec('_Known')


class Shown(enum.Enum):
    """When a column is shown. ``-c`` can select any column."""

    ALWAYS = enum.auto()
    LONG = enum.auto()
    ON_REQUEST = enum.auto()


@dataclasses.dataclass(frozen=True)
class Column(Generic[_Known]):
    """One column of a table.

    :ivar header: Its header, on which scripts rely.
    :ivar cell: Makes its cell from a row; in some tables, also from what can
        be looked up.
    :ivar origin: Where its values are from.
    :ivar shown: When it is shown.
    """

    header: str
    cell: Callable[_Known, cells.Cell]
    origin: views.Origin = views.Origin.PORT
    shown: Shown = Shown.ALWAYS


Columns = Sequence[Column[_Known]]

InterfaceColumns = Columns[records.ServerInterface, lookup.Lookup]


def table(
    columns: Columns[Concatenate[_Row, _Known]],
    rows: Iterable[_Row],
    *known: _Known.args,
    **_named: _Known.kwargs,
) -> tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]:
    """Make the return value of ``take_action`` in a Lister.

    :param columns: The columns.
    :param rows: The rows.
    :param known: What the cells are made from beside the rows.
    """
    return (
        tuple(column.header for column in columns),
        [
            tuple(column.cell(row, *known, **_named) for column in columns)
            for row in rows
        ],
    )


def usual(columns: Columns[_Known]) -> Columns[_Known]:
    """Return the columns that are shown by default."""
    return tuple(column for column in columns if column.shown is Shown.ALWAYS)


def on_request(columns: Columns[_Known]) -> Columns[_Known]:
    """Return the same columns, shown only on request."""
    return tuple(
        dataclasses.replace(column, shown=Shown.ON_REQUEST)
        for column in columns
    )


def why_empty(chosen: InterfaceColumns, view: views.View) -> Iterator[str]:
    """Say why columns that the user chose have no values."""
    for column in chosen:
        if why := view.lacks.get(column.origin):
            yield _('%(column)s is empty: %(why)s.') % {
                'column': column.header,
                'why': why,
            }


def need_server_details(columns: Columns[_Known]) -> bool:
    """Return whether columns need more of servers than their names."""
    return any(column.origin is views.Origin.SERVER for column in columns)


def show_server_names(columns: Columns[_Known]) -> bool:
    """Return whether the names of servers are among the columns."""
    return any(column.header == 'Server Name' for column in columns)


def look_up(
    columns: InterfaceColumns,
    cloud: api_cloud.Cloud,
    rows: Sequence[records.ServerInterface],
) -> lookup.Lookup:
    """Prepare to look up what columns need; nothing is requested."""
    return lookup.Lookup(
        cloud,
        rows,
        with_rules=any(
            column.cell in (_traffic, _rules) for column in columns
        ),
    )


def by_name(columns: Columns[_Known], name: str) -> Column[_Known] | None:
    """Find the column that a user means.

    :param name: Its header, as :func:`folded` reads it.
    """
    for column in columns:
        if folded(column.header) == folded(name):
            return column
    return None


def folded(name: str) -> str:
    """Fold the name of a column.

    Case does not matter, and an underscore may replace a space, as in newer
    releases of cliff.
    """
    return name.replace('_', ' ').casefold()


def _network_name(
    row: records.ServerInterface, look: lookup.Lookup
) -> cells.Cell:
    network = look.network(row)
    return cells.TextCell(
        network.name if network else row.interface.network_label
    )


def _floating_ips(
    row: records.ServerInterface, look: lookup.Lookup
) -> cells.Cell:
    return cells.TextListCell(
        row.interface.floating_ips
        or tuple(found.address for found in look.floating_ips(row))
    )


def _host_device(
    row: records.ServerInterface, look: lookup.Lookup
) -> cells.Cell:
    port = look.binding(row)
    return cells.TextCell(port and host_device.host_device(port))


def _traffic(row: records.ServerInterface, look: lookup.Lookup) -> cells.Cell:
    return cells.TrafficCell(
        security_rules.allowed_traffic(
            look.port(row), look.security_groups(row)
        )
    )


def _rules(row: records.ServerInterface, look: lookup.Lookup) -> cells.Cell:
    return cells.RulesCell(
        security_rules.in_force(
            look.port(row),
            look.security_groups(row),
            look.remote_groups,
            look.address_groups,
        )
    )


def _known(
    rows: Iterable[records.Subnet | records.SecurityGroup], attribute: str
) -> tuple[str, ...]:
    """Return the known values of an attribute."""
    values = (getattr(row, attribute) for row in rows)
    return tuple(value for value in values if value)


_InterfaceCell = Callable[[records.ServerInterface, lookup.Lookup], cells.Cell]


def _of_port(
    attribute: str,
    cell: Callable[[Any], cells.Cell] = cells.TextCell,
    missing: object = None,
) -> _InterfaceCell:
    """Show an attribute of the port."""
    return lambda row, look: cell(getattr(look.port(row), attribute, missing))


def _of_binding(attribute: str) -> _InterfaceCell:
    """Show an attribute that tells where the port is bound."""
    return lambda row, look: cells.TextCell(
        getattr(look.binding(row), attribute, None)
    )


def _of_segments(attribute: str) -> _InterfaceCell:
    """Show an attribute of each segment of the network, if any has it."""

    def cell(row: records.ServerInterface, look: lookup.Lookup) -> cells.Cell:
        values = tuple(
            getattr(segment, attribute) for segment in look.segments(row)
        )
        return cells.SegmentsCell(values if set(values) != {None} else ())

    return cell


def _of_subnets(attribute: str) -> _InterfaceCell:
    """Show an attribute of the subnets of the addresses."""
    return lambda row, look: cells.TextListCell(
        _known(look.subnets(row), attribute)
    )


OF_SERVER: InterfaceColumns = (
    Column(
        'Server ID',
        lambda row, look: cells.TextCell(row.server.id),
        views.Origin.EVERY_VIEW,
    ),
    Column(
        'Server Name',
        lambda row, look: cells.TextCell(row.server.name),
        views.Origin.EVERY_VIEW,
    ),
)

# The first headers are the same as those of ``server add fixed ip``.
OF_INTERFACE: InterfaceColumns = (
    Column('Port ID', lambda row, look: cells.TextCell(row.interface.port_id)),
    Column(
        'Network ID',
        lambda row, look: cells.TextCell(row.interface.network_id),
    ),
    Column(
        'MAC Address',
        lambda row, look: cells.TextCell(row.interface.mac_address),
        views.Origin.EVERY_VIEW,
    ),
    Column(
        'Fixed IPs',
        lambda row, look: cells.FixedIPsCell(row.interface.fixed_ips),
        views.Origin.EVERY_VIEW,
    ),
    Column(
        'Port State',
        lambda row, look: cells.TextCell(row.interface.port_state),
    ),
    Column(
        'Tag',
        lambda row, look: cells.TextCell(row.interface.tag),
        views.Origin.TAG,
    ),
    Column(
        'NIC Index',
        lambda row, look: cells.NumberCell(row.nic_index),
        views.Origin.SERVER,
        Shown.ON_REQUEST,
    ),
    Column('Network Name', _network_name, views.Origin.EVERY_VIEW, Shown.LONG),
    Column(
        'Network Type',
        _of_segments('network_type'),
        views.Origin.ADMIN,
        Shown.ON_REQUEST,
    ),
    Column(
        'Segmentation ID',
        _of_segments('segmentation_id'),
        views.Origin.ADMIN,
        Shown.ON_REQUEST,
    ),
    Column(
        'Physical Network',
        _of_segments('physical_network'),
        views.Origin.ADMIN,
        Shown.ON_REQUEST,
    ),
    Column(
        'MTU',
        lambda row, look: cells.NumberCell(
            getattr(look.network(row), 'mtu', None)
        ),
        shown=Shown.LONG,
    ),
    Column('Port Name', _of_port('name'), shown=Shown.LONG),
    Column('Subnet Names', _of_subnets('name'), shown=Shown.LONG),
    Column('Subnet CIDRs', _of_subnets('cidr'), shown=Shown.LONG),
    Column('Gateway', _of_subnets('gateway_ip'), shown=Shown.ON_REQUEST),
    Column('Floating IPs', _floating_ips, views.Origin.EVERY_VIEW, Shown.LONG),
    Column(
        'Port Forwardings',
        lambda row, look: cells.PortForwardingsCell(
            tuple(look.forwarding_floating_ips(row))
        ),
        shown=Shown.LONG,
    ),
    Column(
        'Security Groups',
        lambda row, look: cells.TextListCell(
            tuple(sorted(_known(look.security_groups(row), 'name')))
        ),
        shown=Shown.LONG,
    ),
    Column(
        'Port Security',
        _of_port('port_security_enabled', cells.FlagCell),
        shown=Shown.LONG,
    ),
    Column(
        'Allowed Address Pairs',
        _of_port('address_pairs', cells.AddressPairsCell, ()),
        shown=Shown.LONG,
    ),
    Column(
        'QoS Policy',
        lambda row, look: cells.TextCell(
            getattr(look.qos_policy(row), 'name', None)
        ),
        shown=Shown.ON_REQUEST,
    ),
    Column('DNS Name', _of_port('dns_name'), shown=Shown.ON_REQUEST),
    Column('Device Owner', _of_port('device_owner'), shown=Shown.ON_REQUEST),
    Column(
        'Admin State',
        _of_port('admin_state_up', cells.FlagCell),
        shown=Shown.LONG,
    ),
    Column('Trunk', _of_port('trunk_id'), shown=Shown.ON_REQUEST),
    Column(
        'Subports',
        _of_port('subports', cells.SubportsCell, ()),
        shown=Shown.ON_REQUEST,
    ),
    Column(
        'Port Tags',
        _of_port('tags', cells.TextListCell, ()),
        shown=Shown.ON_REQUEST,
    ),
    Column('Description', _of_port('description'), shown=Shown.ON_REQUEST),
    Column(
        'Created At',
        _of_port('created_at', cells.TimeCell),
        shown=Shown.ON_REQUEST,
    ),
    Column(
        'Updated At',
        _of_port('updated_at', cells.TimeCell),
        shown=Shown.ON_REQUEST,
    ),
    Column('Host', _of_binding('host'), views.Origin.ADMIN, Shown.LONG),
    Column(
        'VIF Type', _of_binding('vif_type'), views.Origin.ADMIN, Shown.LONG
    ),
    Column('VNIC Type', _of_port('vnic_type'), shown=Shown.LONG),
    Column('Host Device', _host_device, views.Origin.ADMIN, Shown.LONG),
    Column(
        'PCI Address',
        _of_binding('pci_slot'),
        views.Origin.ADMIN,
        Shown.ON_REQUEST,
    ),
)

# The project and the status of the server. They cost the details of servers,
# and the names of projects a request to Keystone.
OF_PROJECT: InterfaceColumns = (
    Column(
        'Project ID',
        lambda row, look: cells.TextCell(row.project_id),
        views.Origin.SERVER,
    ),
    Column(
        'Project Name',
        lambda row, look: cells.TextCell(
            getattr(look.project(row), 'name', None)
        ),
        views.Origin.SERVER,
    ),
    Column(
        'Server Status',
        lambda row, look: cells.TextCell(row.server.status),
        views.Origin.SERVER,
    ),
)

# The effect of the security groups on an interface.
OF_RULES: InterfaceColumns = (
    Column('Allowed Traffic', _traffic),
    Column('Rules', _rules),
)

# Shown where an interface may be a subport.
OF_SUBPORT: InterfaceColumns = (
    Column(
        'Parent Port ID',
        lambda row, look: cells.TextCell(row.parent_port_id),
    ),
    Column(
        'VLAN',
        lambda row, look: cells.NumberCell(
            getattr(row.subport, 'segmentation_id', None)
        ),
    ),
)
