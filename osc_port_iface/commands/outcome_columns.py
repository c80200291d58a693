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

"""The columns of ``repair``."""

from collections.abc import Sequence
import json

from osc_port_iface.api import writing
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.repair import outcome


def _requests(calls: Sequence[writing.PlannedCall]) -> cells.Cell:
    """Show requests, in full in structured formats."""
    structure = [call.as_json() for call in calls]
    return cells.Cell(map(request_line, calls), structure, joint='; ')


_LONG = columns.Shown.LONG

COLUMNS: columns.Columns[outcome.Outcome] = (
    columns.Column('Server ID', columns.of_row('repair.finding.server_id')),
    columns.Column(
        'Server Name', columns.of_row('repair.finding.server_name')
    ),
    columns.Column('Port ID', columns.of_row('repair.finding.port_id')),
    columns.Column(
        'MAC Address', columns.of_row('repair.finding.mac_address'), _LONG
    ),
    columns.Column('Finding', columns.of_row('repair.finding.code.value')),
    columns.Column('Action', columns.of_row('action.value')),
    columns.Column('Result', columns.of_row('result.value')),
    columns.Column('Before', columns.of_row('repair.finding.actual')),
    columns.Column('After', columns.of_row('after')),
    columns.Column('Reason', columns.of_row('reason')),
    columns.Column('Requests', columns.of_row('calls', _requests), _LONG),
)


def request_line(call: writing.PlannedCall) -> str:
    """Return a request as one line."""
    line = f'{call.method} {call.path}'
    if call.body is not None:
        line += f' {json.dumps(call.body)}'
    return line
