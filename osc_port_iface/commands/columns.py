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
from typing import Any, Generic, TypeAlias, TypeVar

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.commands import cells
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.path import security_rules
from osc_port_iface import records

_Row = TypeVar('_Row')


class Shown(enum.Enum):
    """When a column is shown. ``-c`` can select any column."""

    ALWAYS = enum.auto()
    LONG = enum.auto()
    ON_REQUEST = enum.auto()


@dataclasses.dataclass(frozen=True)
class Column(Generic[_Row]):
    """One column of a table.

    :ivar header: Its header, on which scripts rely.
    :ivar value: What it shows: ``server.name`` is that of the server of a row,
        if it has one, ``look.network.name`` that of the network that is looked
        up for it, and ``look.subnets.name`` that of each subnet. An empty text
        is the row itself. A function takes the row and the look-up.
    :ivar shown: When it is shown.
    :ivar origin: Where its values are from.
    :ivar kind: Makes a cell of the value.
    """

    header: str
    value: str | Callable[[_Row, Any], object]
    shown: Shown = Shown.ALWAYS
    origin: views.Origin = views.Origin.PORT
    kind: Callable[[Any], cells.Cell] = cells.text

    def cell(self, row: _Row, look: lookup.Lookup | None) -> cells.Cell:
        """Make the cell of a row."""
        if callable(self.value):
            return self.kind(self.value(row, look))
        found: Any = row
        names = self.value.split('.') if self.value else []
        if names[:1] == ['look']:
            found = getattr(look, names[1])(row)
            names = names[2:]
        for name in names:
            if isinstance(found, (list, tuple)):
                found = [getattr(each, name) for each in found]
            elif found is not None:
                found = getattr(found, name)
        return self.kind(found)


Columns = Sequence[Column[_Row]]

# The return value of ``take_action``: the headers, and the cells of each row.
Table: TypeAlias = tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]

_Interface: TypeAlias = records.ServerInterface


def table(
    columns: Columns[_Row],
    rows: Iterable[_Row],
    look: lookup.Lookup | None = None,
) -> Table:
    """Make a table of rows.

    :param columns: The columns.
    :param rows: The rows.
    :param look: What is looked up for them, if a column shows that.
    """
    return (
        tuple(column.header for column in columns),
        [tuple(column.cell(row, look) for column in columns) for row in rows],
    )


def texts(table: Table, header: str) -> list[str]:
    """Return what a column shows in each row; nothing without the column."""
    headers, rows = table
    return [
        row[headers.index(header)].human_readable()
        for row in rows
        if header in headers
    ]


def usual(columns: Columns[_Row]) -> Columns[_Row]:
    """Return the columns that are shown by default."""
    return tuple(column for column in columns if column.shown is Shown.ALWAYS)


def on_request(columns: Columns[_Row]) -> Columns[_Row]:
    """Return the same columns, shown only on request."""
    return tuple(
        dataclasses.replace(column, shown=Shown.ON_REQUEST)
        for column in columns
    )


def why_empty(
    chosen: Columns[_Interface], view: views.View, names: Collection[str]
) -> Iterator[str]:
    """Say why columns that the user names have no values."""
    for column in chosen:
        why = view.lacks.get(column.origin)
        if why and column.header in names:
            yield _('%(column)s is empty: %(why)s.') % {
                'column': column.header,
                'why': why,
            }


def need_server_details(columns: Columns[_Row]) -> bool:
    """Return whether columns need more of servers than their names."""
    return any(column.origin is views.Origin.SERVER for column in columns)


def show_server_names(columns: Columns[_Row]) -> bool:
    """Return whether the names of servers are among the columns."""
    return any(column.header == 'Server Name' for column in columns)


def prepare_lookup(
    columns: Columns[_Row],
    cloud: api_cloud.Cloud,
    rows: Sequence[lookup.LookupRow],
) -> lookup.Lookup:
    """Prepare to look up what columns need; nothing is requested."""
    return lookup.Lookup(
        cloud,
        rows,
        with_rules=any(
            column.value in (_traffic, _rules) for column in columns
        ),
        with_server_details=need_server_details(columns),
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


def _known(values: Sequence[str | None]) -> cells.Cell:
    """Show the values of those that have one."""
    return cells.items(list(filter(None, values)))


def _in_order(values: Sequence[str | None]) -> cells.Cell:
    """Show the same, sorted."""
    return cells.items(sorted(filter(None, values)))


def _aligned(values: Sequence[int | str | None]) -> cells.Cell:
    """Show the value of each, so that columns are aligned, if any has one."""
    return cells.items(values if set(values) != {None} else ())


def _network_name(row: _Interface, look: lookup.Lookup) -> str | None:
    network = look.network(row)
    return network.name if network else row.interface.network_label


def _groups(row: _Interface, look: lookup.Lookup) -> list[str]:
    """Name the security groups, by ID where the name is not known."""
    port = look.port(row)
    names = {group.id: group.name for group in look.security_groups(row)}
    ids = port.security_group_ids if port else ()
    return [names.get(group_id) or group_id for group_id in ids]


def _qos_policy(row: _Interface, look: lookup.Lookup) -> str | None:
    """Name the QoS policy, by ID if the name is not known."""
    port, policy = look.port(row), look.qos_policy(row)
    name = policy.name if policy else None
    return name or (port.effective_qos_policy_id if port else None)


def _floating_ips(row: _Interface, look: lookup.Lookup) -> Sequence[str]:
    return row.interface.floating_ips or [
        found.address for found in look.floating_ips(row)
    ]


def _traffic(
    row: _Interface, look: lookup.Lookup
) -> security_rules.Traffic | None:
    return security_rules.allowed_traffic(
        look.port(row), look.security_groups(row)
    )


def _rules(
    row: _Interface, look: lookup.Lookup
) -> Sequence[security_rules.EffectiveRule]:
    return security_rules.in_force(
        look.port(row),
        look.security_groups(row),
        look.remote_groups,
        look.address_groups,
    )


_ALWAYS, _LONG, _ON_REQUEST = Shown
_ADMIN = views.Origin.ADMIN
_EVERY_VIEW = views.Origin.EVERY_VIEW
_SERVER = views.Origin.SERVER


def _of_segments(header: str, field: str) -> Column[_Interface]:
    """Make a column of what the segments of a network have."""
    value = f'look.segments.{field}'
    return Column(header, value, _ON_REQUEST, _ADMIN, kind=_aligned)


OF_SERVER: Columns[_Interface] = (
    Column('Server ID', 'server.id', _ALWAYS, _EVERY_VIEW),
    Column('Server Name', 'server.name', _ALWAYS, _EVERY_VIEW),
)

# The first headers are the same as those of ``server add fixed ip``.
OF_INTERFACE: Columns[_Interface] = (
    Column('Port ID', 'interface.port_id'),
    Column('Network ID', 'interface.network_id'),
    Column('MAC Address', 'interface.mac_address', _ALWAYS, _EVERY_VIEW),
    Column(
        'Fixed IPs',
        'interface.fixed_ips',
        origin=_EVERY_VIEW,
        kind=cells.fixed_ips,
    ),
    Column('Port State', 'interface.port_state'),
    Column('Tag', 'interface.tag', origin=views.Origin.TAG),
    Column('NIC Index', 'nic_index', _ON_REQUEST, _SERVER, kind=cells.number),
    Column('Network Name', _network_name, _LONG, _EVERY_VIEW),
    _of_segments('Network Type', 'network_type'),
    _of_segments('Segmentation ID', 'segmentation_id'),
    _of_segments('Physical Network', 'physical_network'),
    Column('MTU', 'look.network.mtu', _LONG, kind=cells.number),
    Column('Port Name', 'look.port.name', _LONG),
    Column('Subnet Names', 'look.subnets.name', _LONG, kind=_known),
    Column('Subnet CIDRs', 'look.subnets.cidr', _LONG, kind=_known),
    Column('Gateway', 'look.subnets.gateway_ip', _ON_REQUEST, kind=_known),
    Column(
        'Floating IPs', _floating_ips, _LONG, _EVERY_VIEW, kind=cells.items
    ),
    Column(
        'Port Forwardings',
        'look.port_forwardings',
        _LONG,
        kind=cells.port_forwardings,
    ),
    Column('Security Groups', _groups, _LONG, kind=_in_order),
    Column(
        'Port Security',
        'look.port.port_security_enabled',
        _LONG,
        kind=cells.flag,
    ),
    Column(
        'Allowed Address Pairs',
        'look.port.address_pairs',
        _LONG,
        kind=cells.address_pairs,
    ),
    Column('QoS Policy', _qos_policy, _ON_REQUEST),
    Column('DNS Name', 'look.port.dns_name', _ON_REQUEST),
    Column('Device Owner', 'look.port.device_owner', _ON_REQUEST),
    Column('Admin State', 'look.port.admin_state_up', _LONG, kind=cells.flag),
    Column('Trunk', 'look.port.trunk_id', _ON_REQUEST),
    Column('Subports', 'look.port.subports', _ON_REQUEST, kind=cells.subports),
    Column('Port Tags', 'look.port.tags', _ON_REQUEST, kind=cells.items),
    Column('Description', 'look.port.description', _ON_REQUEST),
    Column('Created At', 'look.port.created_at', _ON_REQUEST, kind=cells.time),
    Column('Updated At', 'look.port.updated_at', _ON_REQUEST, kind=cells.time),
    Column('Host', 'look.binding.host', _LONG, _ADMIN),
    Column('VIF Type', 'look.binding.vif_type', _LONG, _ADMIN),
    Column('VNIC Type', 'look.port.vnic_type', _LONG),
    Column('Host Device', 'look.binding.host_device', _LONG, _ADMIN),
    Column('PCI Address', 'look.binding.pci_slot', _ON_REQUEST, _ADMIN),
)

# The project and the status of the server. They cost the details of servers,
# and the names of projects a request to Keystone.
OF_PROJECT: Columns[_Interface] = (
    Column('Project ID', 'project_id', origin=_SERVER),
    Column('Project Name', 'look.project.name', origin=_SERVER),
    Column('Server Status', 'server.status', origin=_SERVER),
)

# The effect of the security groups on an interface.
OF_RULES: Columns[_Interface] = (
    Column('Allowed Traffic', _traffic, kind=cells.traffic),
    Column('Rules', _rules, kind=cells.rules),
)

# Shown where an interface may be a subport.
OF_SUBPORT: Columns[_Interface] = (
    Column('Parent Port ID', 'parent_port_id'),
    Column('VLAN', 'subport.segmentation_id', kind=cells.number),
)
