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

import argparse
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
import dataclasses
import enum
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

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
    :ivar shown: When it is shown.
    :ivar origin: Where its values are from.
    """

    header: str
    cell: Callable[_Known, cells.Cell]
    shown: Shown = Shown.ALWAYS
    origin: views.Origin = views.Origin.PORT


Columns = Sequence[Column[_Known]]

_Interface: TypeAlias = records.ServerInterface
InterfaceColumns = Columns[_Interface, lookup.Lookup]


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


def why_empty(
    chosen: InterfaceColumns, view: views.View, names: Collection[str]
) -> Iterator[str]:
    """Say why columns that the user names have no values."""
    for column in chosen:
        why = view.lacks.get(column.origin)
        if why and column.header in names:
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


def folded(name: str) -> str:
    """Fold the name of a column.

    Case does not matter, and an underscore may replace a space, as in newer
    releases of cliff.
    """
    return name.replace('_', ' ').casefold()


def is_named(parsed_args: argparse.Namespace, header: str) -> bool:
    """Return whether the user names a column."""
    names = (*parsed_args.columns, *getattr(parsed_args, 'sort_columns', ()))
    return folded(header) in map(folded, names)


def of_row(
    path: str,
    cell: Callable[[Any], cells.Cell] = cells.text,
    missing: object = None,
) -> Callable[..., cells.Cell]:
    """Show an attribute of a row, in a table with a look-up or without.

    :param path: Its name, such as ``port.name`` for that of what may be None.
    :param cell: The kind of the cell.
    :param missing: The value in place of None.
    """
    return lambda row, *_look: cell(_value(row, path, missing))


def looked_up(
    path: str,
    cell: Callable[[Any], cells.Cell] = cells.text,
    missing: object = None,
) -> Callable[[Any, lookup.Lookup], cells.Cell]:
    """Show what is looked up for a row.

    :param path: A method of the look-up, and the attribute if it is not all,
        such as ``network.name``.
    :param cell: The kind of the cell.
    :param missing: The value in place of None.
    """
    find, _dot, attribute = path.partition('.')
    return lambda row, look: cell(
        _value(getattr(look, find)(row), attribute, missing)
    )


def _value(found: object, path: str, missing: object) -> object:
    for name in filter(None, path.split('.')):
        if found is None:
            return missing
        found = getattr(found, name)
    return found


def _of_subnets(attribute: str) -> Callable[[Any, lookup.Lookup], cells.Cell]:
    """Show the known values of an attribute of the subnets."""

    def cell(row: _Interface, look: lookup.Lookup) -> cells.Cell:
        values = (getattr(subnet, attribute) for subnet in look.subnets(row))
        return cells.items(list(filter(None, values)))

    return cell


def _of_segments(attribute: str) -> Callable[[Any, lookup.Lookup], cells.Cell]:
    """Show an attribute of each segment of the network, if any has it."""

    def cell(row: _Interface, look: lookup.Lookup) -> cells.Cell:
        values = [getattr(found, attribute) for found in look.segments(row)]
        return cells.items(values if set(values) != {None} else ())

    return cell


def _network_name(row: _Interface, look: lookup.Lookup) -> cells.Cell:
    network = look.network(row)
    return cells.text(network.name if network else row.interface.network_label)


def _floating_ips(row: _Interface, look: lookup.Lookup) -> cells.Cell:
    return cells.items(
        row.interface.floating_ips
        or [found.address for found in look.floating_ips(row)]
    )


def _security_groups(row: _Interface, look: lookup.Lookup) -> cells.Cell:
    names = (group.name for group in look.security_groups(row))
    return cells.items(sorted(filter(None, names)))


def _host_device(port: records.Port | None) -> cells.Cell:
    return cells.text(host_device.host_device(port) if port else None)


def _traffic(row: _Interface, look: lookup.Lookup) -> cells.Cell:
    return cells.traffic(
        security_rules.allowed_traffic(
            look.port(row), look.security_groups(row)
        )
    )


def _rules(row: _Interface, look: lookup.Lookup) -> cells.Cell:
    return cells.rules(
        security_rules.in_force(
            look.port(row),
            look.security_groups(row),
            look.remote_groups,
            look.address_groups,
        )
    )


_ALWAYS, _LONG, _ON_REQUEST = Shown
_ADMIN = views.Origin.ADMIN
_EVERY_VIEW = views.Origin.EVERY_VIEW
_SERVER = views.Origin.SERVER

OF_SERVER: InterfaceColumns = (
    Column('Server ID', of_row('server.id'), _ALWAYS, _EVERY_VIEW),
    Column('Server Name', of_row('server.name'), _ALWAYS, _EVERY_VIEW),
)

# The first headers are the same as those of ``server add fixed ip``.
OF_INTERFACE: InterfaceColumns = (
    Column('Port ID', of_row('interface.port_id')),
    Column('Network ID', of_row('interface.network_id')),
    Column(
        'MAC Address', of_row('interface.mac_address'), _ALWAYS, _EVERY_VIEW
    ),
    Column(
        'Fixed IPs',
        of_row('interface.fixed_ips', cells.fixed_ips),
        origin=_EVERY_VIEW,
    ),
    Column('Port State', of_row('interface.port_state')),
    Column('Tag', of_row('interface.tag'), origin=views.Origin.TAG),
    Column(
        'NIC Index',
        of_row('nic_index', cells.number),
        _ON_REQUEST,
        _SERVER,
    ),
    Column('Network Name', _network_name, _LONG, _EVERY_VIEW),
    Column('Network Type', _of_segments('network_type'), _ON_REQUEST, _ADMIN),
    Column(
        'Segmentation ID', _of_segments('segmentation_id'), _ON_REQUEST, _ADMIN
    ),
    Column(
        'Physical Network',
        _of_segments('physical_network'),
        _ON_REQUEST,
        _ADMIN,
    ),
    Column('MTU', looked_up('network.mtu', cells.number), _LONG),
    Column('Port Name', looked_up('port.name'), _LONG),
    Column('Subnet Names', _of_subnets('name'), _LONG),
    Column('Subnet CIDRs', _of_subnets('cidr'), _LONG),
    Column('Gateway', _of_subnets('gateway_ip'), _ON_REQUEST),
    Column('Floating IPs', _floating_ips, _LONG, _EVERY_VIEW),
    Column(
        'Port Forwardings',
        looked_up('forwarding_floating_ips', cells.port_forwardings),
        _LONG,
    ),
    Column('Security Groups', _security_groups, _LONG),
    Column(
        'Port Security',
        looked_up('port.port_security_enabled', cells.flag),
        _LONG,
    ),
    Column(
        'Allowed Address Pairs',
        looked_up('port.address_pairs', cells.address_pairs, ()),
        _LONG,
    ),
    Column('QoS Policy', looked_up('qos_policy.name'), _ON_REQUEST),
    Column('DNS Name', looked_up('port.dns_name'), _ON_REQUEST),
    Column('Device Owner', looked_up('port.device_owner'), _ON_REQUEST),
    Column('Admin State', looked_up('port.admin_state_up', cells.flag), _LONG),
    Column('Trunk', looked_up('port.trunk_id'), _ON_REQUEST),
    Column(
        'Subports',
        looked_up('port.subports', cells.subports, ()),
        _ON_REQUEST,
    ),
    Column(
        'Port Tags',
        looked_up('port.tags', cells.items, ()),
        _ON_REQUEST,
    ),
    Column('Description', looked_up('port.description'), _ON_REQUEST),
    Column(
        'Created At', looked_up('port.created_at', cells.time), _ON_REQUEST
    ),
    Column(
        'Updated At', looked_up('port.updated_at', cells.time), _ON_REQUEST
    ),
    Column('Host', looked_up('binding.host'), _LONG, _ADMIN),
    Column('VIF Type', looked_up('binding.vif_type'), _LONG, _ADMIN),
    Column('VNIC Type', looked_up('port.vnic_type'), _LONG),
    Column('Host Device', looked_up('binding', _host_device), _LONG, _ADMIN),
    Column('PCI Address', looked_up('binding.pci_slot'), _ON_REQUEST, _ADMIN),
)

# The project and the status of the server. They cost the details of servers,
# and the names of projects a request to Keystone.
OF_PROJECT: InterfaceColumns = (
    Column('Project ID', of_row('project_id'), origin=_SERVER),
    Column('Project Name', looked_up('project.name'), origin=_SERVER),
    Column('Server Status', of_row('server.status'), origin=_SERVER),
)

# The effect of the security groups on an interface.
OF_RULES: InterfaceColumns = (
    Column('Allowed Traffic', _traffic),
    Column('Rules', _rules),
)

# Shown where an interface may be a subport.
OF_SUBPORT: InterfaceColumns = (
    Column('Parent Port ID', of_row('parent_port_id')),
    Column('VLAN', of_row('subport.segmentation_id', cells.number)),
)
