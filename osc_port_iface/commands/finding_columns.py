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

"""The columns of ``check``."""

from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.health import findings

CAUSE: columns.Column[findings.Finding] = columns.Column(
    'Cause', lambda row: cells.TextCell(row.cause)
)

COLUMNS: columns.Columns[findings.Finding] = (
    columns.Column('Server ID', lambda row: cells.TextCell(row.server_id)),
    columns.Column('Server Name', lambda row: cells.TextCell(row.server_name)),
    columns.Column('Port ID', lambda row: cells.TextCell(row.port_id)),
    columns.Column('MAC Address', lambda row: cells.TextCell(row.mac_address)),
    columns.Column(
        'Severity', lambda row: cells.TextCell(row.code.severity.value)
    ),
    columns.Column('Finding', lambda row: cells.TextCell(row.code.value)),
    columns.Column('Expected', lambda row: cells.TextCell(row.expected)),
    columns.Column('Actual', lambda row: cells.TextCell(row.actual)),
    columns.Column('Age', lambda row: cells.DurationCell(row.age)),
    CAUSE,
)
