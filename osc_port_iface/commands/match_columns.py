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

from osc_port_iface import addresses
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import search as searches


# What tells the matches of one query apart.
MATCHED = {
    addresses.Kind.RANGE: 'Address',
    addresses.Kind.MAC_PREFIX: 'MAC Address',
}


def _port_number(text: str | None) -> cells.Cell:
    return cells.number(cells.port_number(text))


def _allowed_address(match: searches.Match, look: lookup.Lookup) -> cells.Cell:
    return cells.address_pair(match.pair, match.is_any_address)


def _device_name(match: searches.Match, look: lookup.Lookup) -> cells.Cell:
    device = match.router or look.router(match) or look.load_balancer(match)
    return cells.text(device.name if device else None)


_LONG = columns.Shown.LONG

OF_OWNER = (
    columns.Column('Server ID', columns.looked_up('server.id')),
    columns.Column('Server Name', columns.looked_up('server.name')),
)

COLUMNS: columns.Columns[searches.Match, lookup.Lookup] = (
    columns.Column('Query', columns.of_row('query.text')),
    columns.Column('Address', columns.of_row('ip_address')),
    columns.Column('Matched As', columns.of_row('matched_as')),
    columns.Column('Certainty', columns.of_row('certainty.value')),
    *OF_OWNER,
    columns.Column('Project ID', columns.of_row('project_id')),
    columns.Column('Project Name', columns.looked_up('project.name')),
    columns.Column('Domain Name', columns.looked_up('project.domain_name')),
    columns.Column('Port ID', columns.of_row('port.id')),
    columns.Column('Network ID', columns.of_row('network_id')),
    columns.Column('MAC Address', columns.of_row('port.mac_address')),
    columns.Column('Fixed IPs', columns.of_row('fixed_ips', cells.fixed_ips)),
    columns.Column('Port State', columns.of_row('port.status')),
    columns.Column('Host', columns.of_row('host')),
    columns.Column('Device Owner', columns.of_row('device_owner')),
    columns.Column('Device ID', columns.of_row('device_id')),
    columns.Column('Protocol', columns.of_row('forwarding.protocol')),
    columns.Column(
        'External Port',
        columns.of_row('forwarding.external_port', _port_number),
    ),
    columns.Column(
        'Internal Port',
        columns.of_row('forwarding.internal_port', _port_number),
    ),
    columns.Column(
        'VLAN', columns.of_row('subport.segmentation_id', cells.number)
    ),
    columns.Column('Allowed Address', _allowed_address),
    columns.Column(
        'User ID',
        columns.looked_up('server.user_id'),
        _LONG,
        views.Origin.SERVER,
    ),
    columns.Column('Network Name', columns.looked_up('network.name'), _LONG),
    columns.Column('Device Name', _device_name, _LONG),
    columns.Column(
        'Floating IP', columns.of_row('floating_ip.address'), _LONG
    ),
    columns.Column('Fixed IP', columns.of_row('fixed_ip_address'), _LONG),
    columns.Column('Parent Port ID', columns.of_row('parent.id'), _LONG),
)
