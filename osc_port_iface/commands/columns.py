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

A column is one row of a table: its header, how its cell is made, and the facts
that this needs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
import dataclasses
import enum
import functools
from typing import Any, Generic, TypeVar

from osc_port_iface.commands import cells
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces.listing import host_device
from osc_port_iface.interfaces.listing import views
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
    """One column.

    :ivar header: Its header, on which scripts rely.
    :ivar cell: Makes its cell from a row.
    :ivar needs: The facts that the cell needs.
    :ivar shown: When it is shown.
    """

    header: str
    cell: Callable[[_Row], cells.Cell]
    needs: facts.Fact = facts.Fact.NOTHING
    shown: Shown = Shown.ALWAYS


Columns = Sequence[Column[_Row]]


def needs(columns: Columns[_Row]) -> facts.Fact:
    """Combine the facts that columns need."""
    return functools.reduce(
        facts.Fact.__or__,
        (column.needs for column in columns),
        facts.Fact.NOTHING,
    )


def table(
    columns: Columns[_Row], rows: Iterable[_Row]
) -> tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]:
    """Make the return value of ``take_action`` in a Lister."""
    return (
        tuple(column.header for column in columns),
        [tuple(column.cell(row) for column in columns) for row in rows],
    )


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
    chosen: Columns[records.ServerInterface], view: views.View
) -> Iterator[str]:
    """Say why columns that the user chose have no values."""
    for column in chosen:
        if why := view.why_not(column.needs):
            yield _('%(column)s is empty: %(why)s.') % {
                'column': column.header,
                'why': why,
            }


def by_name(columns: Columns[_Row], name: str) -> Column[_Row] | None:
    """Find the column that a user means.

    :param name: Its header. Case does not matter, and an underscore may
        replace a space, as in newer releases of cliff.
    """
    wanted = name.replace('_', ' ').casefold()
    for column in columns:
        if column.header.casefold() == wanted:
            return column
    return None


def _floating_ips(row: records.ServerInterface) -> tuple[str, ...]:
    return row.interface.floating_ips or tuple(
        floating_ip.address for floating_ip in row.details.floating_ips
    )


def _network_name(row: records.ServerInterface) -> str | None:
    if row.details.network:
        return row.details.network.name
    return row.interface.network_label


def _known(
    rows: Iterable[records.Subnet | records.SecurityGroup], attribute: str
) -> tuple[str, ...]:
    """Return the known values of an attribute."""
    values = (getattr(row, attribute) for row in rows)
    return tuple(value for value in values if value)


def _host_device(row: records.ServerInterface) -> str | None:
    port = row.details.port
    return host_device.host_device(port) if port else None


def _of_port(
    attribute: str,
    cell: Callable[[Any], cells.Cell] = cells.TextCell,
    missing: object = None,
) -> Callable[[records.ServerInterface], cells.Cell]:
    """Show an attribute of the port."""
    return lambda row: cell(getattr(row.details.port, attribute, missing))


def _of_network(
    attribute: str, cell: Callable[[Any], cells.Cell] = cells.TextCell
) -> Callable[[records.ServerInterface], cells.Cell]:
    """Show an attribute of the network."""
    return lambda row: cell(getattr(row.details.network, attribute, None))


def _of_segments(
    attribute: str,
) -> Callable[[records.ServerInterface], cells.Cell]:
    """Show an attribute of each segment of the network, if any has it."""

    def cell(row: records.ServerInterface) -> cells.Cell:
        network = row.details.network
        values = tuple(
            getattr(segment, attribute)
            for segment in (network.segments if network else ())
        )
        return cells.SegmentsCell(values if set(values) != {None} else ())

    return cell


OF_SERVER: Columns[records.ServerInterface] = (
    Column('Server ID', lambda row: cells.TextCell(row.server.id)),
    Column(
        'Server Name',
        lambda row: cells.TextCell(row.server.name),
        facts.Fact.SERVER,
    ),
)

# The first headers are the same as those of ``server add fixed ip``.
OF_INTERFACE: Columns[records.ServerInterface] = (
    Column(
        'Port ID',
        lambda row: cells.TextCell(row.interface.port_id),
        facts.Fact.PORT_ID,
    ),
    Column(
        'Network ID',
        lambda row: cells.TextCell(row.interface.network_id),
        facts.Fact.NETWORK_ID,
    ),
    Column(
        'MAC Address', lambda row: cells.TextCell(row.interface.mac_address)
    ),
    Column(
        'Fixed IPs', lambda row: cells.FixedIPsCell(row.interface.fixed_ips)
    ),
    Column(
        'Port State',
        lambda row: cells.TextCell(row.interface.port_state),
        facts.Fact.PORT_STATE,
    ),
    Column(
        'Tag', lambda row: cells.TextCell(row.interface.tag), facts.Fact.TAG
    ),
    Column(
        'NIC Index',
        lambda row: cells.NumberCell(row.nic_index),
        facts.Fact.NIC_INDEX,
        Shown.ON_REQUEST,
    ),
    Column(
        'Network Name',
        lambda row: cells.TextCell(_network_name(row)),
        facts.Fact.NETWORK_NAME,
        Shown.LONG,
    ),
    Column(
        'Network Type',
        _of_segments('network_type'),
        facts.Fact.PROVIDER,
        Shown.ON_REQUEST,
    ),
    Column(
        'Segmentation ID',
        _of_segments('segmentation_id'),
        facts.Fact.PROVIDER,
        Shown.ON_REQUEST,
    ),
    Column(
        'Physical Network',
        _of_segments('physical_network'),
        facts.Fact.PROVIDER,
        Shown.ON_REQUEST,
    ),
    Column(
        'MTU',
        _of_network('mtu', cells.NumberCell),
        facts.Fact.NETWORK,
        Shown.LONG,
    ),
    Column('Port Name', _of_port('name'), facts.Fact.PORT, Shown.LONG),
    Column(
        'Subnet Names',
        lambda row: cells.TextListCell(_known(row.details.subnets, 'name')),
        facts.Fact.SUBNETS,
        Shown.LONG,
    ),
    Column(
        'Subnet CIDRs',
        lambda row: cells.TextListCell(_known(row.details.subnets, 'cidr')),
        facts.Fact.SUBNETS,
        Shown.LONG,
    ),
    Column(
        'Gateway',
        lambda row: cells.TextListCell(
            _known(row.details.subnets, 'gateway_ip')
        ),
        facts.Fact.SUBNETS,
        Shown.ON_REQUEST,
    ),
    Column(
        'Floating IPs',
        lambda row: cells.TextListCell(_floating_ips(row)),
        facts.Fact.FLOATING_IPS,
        Shown.LONG,
    ),
    Column(
        'Port Forwardings',
        lambda row: cells.PortForwardingsCell(
            row.details.forwarding_floating_ips
        ),
        facts.Fact.PORT_FORWARDINGS,
        Shown.LONG,
    ),
    Column(
        'Security Groups',
        lambda row: cells.TextListCell(
            tuple(sorted(_known(row.details.security_groups, 'name')))
        ),
        facts.Fact.SECURITY_GROUPS,
        Shown.LONG,
    ),
    Column(
        'Port Security',
        _of_port('port_security_enabled', cells.FlagCell),
        facts.Fact.PORT,
        Shown.LONG,
    ),
    Column(
        'Allowed Address Pairs',
        _of_port('address_pairs', cells.AddressPairsCell, ()),
        facts.Fact.PORT,
        Shown.LONG,
    ),
    Column(
        'QoS Policy',
        lambda row: cells.TextCell(
            row.details.qos_policy and row.details.qos_policy.name
        ),
        facts.Fact.QOS_POLICY,
        Shown.ON_REQUEST,
    ),
    Column(
        'DNS Name', _of_port('dns_name'), facts.Fact.PORT, Shown.ON_REQUEST
    ),
    Column(
        'Device Owner',
        _of_port('device_owner'),
        facts.Fact.PORT,
        Shown.ON_REQUEST,
    ),
    Column(
        'Admin State',
        _of_port('admin_state_up', cells.FlagCell),
        facts.Fact.PORT,
        Shown.LONG,
    ),
    Column('Trunk', _of_port('trunk_id'), facts.Fact.PORT, Shown.ON_REQUEST),
    Column(
        'Subports',
        _of_port('subports', cells.SubportsCell, ()),
        facts.Fact.PORT,
        Shown.ON_REQUEST,
    ),
    Column(
        'Port Tags',
        _of_port('tags', cells.TextListCell, ()),
        facts.Fact.PORT,
        Shown.ON_REQUEST,
    ),
    Column(
        'Description',
        _of_port('description'),
        facts.Fact.PORT,
        Shown.ON_REQUEST,
    ),
    Column(
        'Created At',
        _of_port('created_at', cells.TimeCell),
        facts.Fact.PORT,
        Shown.ON_REQUEST,
    ),
    Column(
        'Updated At',
        _of_port('updated_at', cells.TimeCell),
        facts.Fact.PORT,
        Shown.ON_REQUEST,
    ),
    Column('Host', _of_port('host'), facts.Fact.BINDING, Shown.LONG),
    Column('VIF Type', _of_port('vif_type'), facts.Fact.BINDING, Shown.LONG),
    Column('VNIC Type', _of_port('vnic_type'), facts.Fact.PORT, Shown.LONG),
    Column(
        'Host Device',
        lambda row: cells.TextCell(_host_device(row)),
        facts.Fact.BINDING,
        Shown.LONG,
    ),
    Column(
        'PCI Address',
        _of_port('pci_slot'),
        facts.Fact.BINDING,
        Shown.ON_REQUEST,
    ),
)

# The effect of the security groups on an interface.
OF_RULES: Columns[records.ServerInterface] = (
    Column(
        'Allowed Traffic',
        lambda row: cells.TrafficCell(
            security_rules.allowed_traffic(row.details)
        ),
        facts.Fact.RULES,
    ),
    Column(
        'Rules',
        lambda row: cells.RulesCell(security_rules.in_force(row.details)),
        facts.Fact.RULES
        | facts.Fact.REMOTE_GROUPS
        | facts.Fact.ADDRESS_GROUPS,
    ),
)

# Shown where an interface may be a subport.
OF_SUBPORT: Columns[records.ServerInterface] = (
    Column('Parent Port ID', lambda row: cells.TextCell(row.parent_port_id)),
    Column(
        'VLAN',
        lambda row: cells.NumberCell(
            row.subport.segmentation_id if row.subport else None
        ),
    ),
)
