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

from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces.owners import search as searches


def _text(
    header: str,
    value: Callable[[searches.Match], str | None],
    needs: facts.Fact = facts.Fact.NOTHING,
    shown: columns.Shown = columns.Shown.ALWAYS,
) -> columns.Column[searches.Match]:
    return columns.Column(
        header, lambda match: cells.TextCell(value(match)), needs, shown
    )


COLUMNS: columns.Columns[searches.Match] = (
    _text('Query', lambda match: match.query.text),
    _text('Address', lambda match: match.ip_address),
    _text('Matched As', lambda match: match.matched_as),
    _text('Certainty', lambda match: match.certainty.value),
    _text(
        'Server ID',
        lambda match: match.server.id if match.server else None,
        facts.Fact.SERVER,
    ),
    _text(
        'Server Name',
        lambda match: match.server.name if match.server else None,
        facts.Fact.SERVER,
    ),
    _text('Project ID', lambda match: match.project_id),
    _text(
        'Project Name',
        lambda match: match.project.name if match.project else None,
        facts.Fact.PROJECT,
    ),
    _text(
        'Domain Name',
        lambda match: match.project.domain_name if match.project else None,
        facts.Fact.PROJECT,
    ),
    _text('Port ID', lambda match: match.port.id if match.port else None),
    _text('Network ID', lambda match: match.network_id),
    _text(
        'MAC Address',
        lambda match: match.port.mac_address if match.port else None,
    ),
    columns.Column(
        'Fixed IPs',
        lambda match: cells.FixedIPsCell(
            match.port.fixed_ips if match.port else ()
        ),
    ),
    _text(
        'Port State', lambda match: match.port.status if match.port else None
    ),
    _text('Host', lambda match: match.port.host if match.port else None),
    _text('Device Owner', lambda match: match.device_owner),
    _text('Device ID', lambda match: match.device_id),
    _text(
        'Protocol',
        lambda match: match.forwarding.protocol if match.forwarding else None,
    ),
    columns.Column(
        'External Port',
        lambda match: cells.NumberCell(
            cells.port_number(
                match.forwarding.external_port if match.forwarding else None
            )
        ),
    ),
    columns.Column(
        'Internal Port',
        lambda match: cells.NumberCell(
            cells.port_number(
                match.forwarding.internal_port if match.forwarding else None
            )
        ),
    ),
    columns.Column(
        'VLAN',
        lambda match: cells.NumberCell(
            match.subport and match.subport.segmentation_id
        ),
    ),
    columns.Column(
        'Allowed Address',
        lambda match: cells.AddressPairCell(
            (match.pair, match.is_any_address)
        ),
    ),
    _text(
        'User ID',
        lambda match: match.server.user_id if match.server else None,
        facts.Fact.USER,
        columns.Shown.LONG,
    ),
    _text(
        'Network Name',
        lambda match: match.network.name if match.network else None,
        facts.Fact.NETWORK,
        columns.Shown.LONG,
    ),
    _text(
        'Device Name',
        lambda match: match.device_name,
        facts.Fact.DEVICE,
        columns.Shown.LONG,
    ),
    _text(
        'Floating IP',
        lambda match: match.floating_ip.address if match.floating_ip else None,
        shown=columns.Shown.LONG,
    ),
    _text(
        'Fixed IP',
        lambda match: match.fixed_ip_address,
        shown=columns.Shown.LONG,
    ),
    _text(
        'Parent Port ID',
        lambda match: match.parent.id if match.parent else None,
        shown=columns.Shown.LONG,
    ),
)
