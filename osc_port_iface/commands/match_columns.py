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

"""The columns of ``find``."""

from collections.abc import Callable
from typing import TypeAlias

from osc_port_iface import addresses
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import search as searches


_Column: TypeAlias = columns.Column[searches.Match, lookup.Lookup]


def _text(
    header: str,
    value: Callable[[searches.Match], str | None],
    shown: columns.Shown = columns.Shown.ALWAYS,
) -> _Column:
    return columns.Column(
        header, lambda match, look: cells.TextCell(value(match)), shown=shown
    )


def _of_server(
    header: str,
    attribute: str,
    origin: views.Origin = views.Origin.EVERY_VIEW,
    shown: columns.Shown = columns.Shown.ALWAYS,
) -> _Column:
    return columns.Column(
        header,
        lambda match, look: cells.TextCell(
            getattr(look.server(match), attribute, None)
        ),
        origin,
        shown,
    )


def _of_project(header: str, attribute: str) -> _Column:
    return columns.Column(
        header,
        lambda match, look: cells.TextCell(
            getattr(look.project(match), attribute, None)
        ),
    )


def _number(
    header: str, value: Callable[[searches.Match], int | str | None]
) -> _Column:
    return columns.Column(
        header, lambda match, look: cells.NumberCell(value(match))
    )


def _device_name(match: searches.Match, look: lookup.Lookup) -> cells.Cell:
    device = match.router or look.router(match) or look.load_balancer(match)
    return cells.TextCell(device and device.name)


# What tells the matches of one query apart.
MATCHED = {
    addresses.Kind.CIDR: 'Address',
    addresses.Kind.RANGE: 'Address',
    addresses.Kind.MAC_PREFIX: 'MAC Address',
}

OF_SERVER = (
    _of_server('Server ID', 'id'),
    _of_server('Server Name', 'name'),
)

COLUMNS: columns.Columns[searches.Match, lookup.Lookup] = (
    _text('Query', lambda match: match.query.text),
    _text('Address', lambda match: match.ip_address),
    _text('Matched As', lambda match: match.matched_as),
    _text('Certainty', lambda match: match.certainty.value),
    *OF_SERVER,
    _text('Project ID', lambda match: match.project_id),
    _of_project('Project Name', 'name'),
    _of_project('Domain Name', 'domain_name'),
    _text('Port ID', lambda match: match.port.id if match.port else None),
    _text('Network ID', lambda match: match.network_id),
    _text(
        'MAC Address',
        lambda match: match.port.mac_address if match.port else None,
    ),
    columns.Column(
        'Fixed IPs', lambda match, look: cells.FixedIPsCell(match.fixed_ips)
    ),
    _text(
        'Port State', lambda match: match.port.status if match.port else None
    ),
    _text('Host', lambda match: match.host),
    _text('Device Owner', lambda match: match.device_owner),
    _text('Device ID', lambda match: match.device_id),
    _text(
        'Protocol',
        lambda match: match.forwarding.protocol if match.forwarding else None,
    ),
    _number(
        'External Port',
        lambda match: cells.port_number(
            match.forwarding.external_port if match.forwarding else None
        ),
    ),
    _number(
        'Internal Port',
        lambda match: cells.port_number(
            match.forwarding.internal_port if match.forwarding else None
        ),
    ),
    _number(
        'VLAN',
        lambda match: match.subport.segmentation_id if match.subport else None,
    ),
    columns.Column(
        'Allowed Address',
        lambda match, look: cells.AddressPairCell(
            (match.pair, match.is_any_address)
        ),
    ),
    _of_server('User ID', 'user_id', views.Origin.SERVER, columns.Shown.LONG),
    columns.Column(
        'Network Name',
        lambda match, look: cells.TextCell(
            getattr(look.network(match), 'name', None)
        ),
        shown=columns.Shown.LONG,
    ),
    columns.Column('Device Name', _device_name, shown=columns.Shown.LONG),
    _text(
        'Floating IP',
        lambda match: match.floating_ip.address if match.floating_ip else None,
        columns.Shown.LONG,
    ),
    _text(
        'Fixed IP', lambda match: match.fixed_ip_address, columns.Shown.LONG
    ),
    _text(
        'Parent Port ID',
        lambda match: match.parent.id if match.parent else None,
        columns.Shown.LONG,
    ),
)
