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
from osc_port_iface.interfaces import lookup

_LONG = columns.Shown.LONG

CAUSE: columns.Column[findings.Finding, lookup.Lookup] = columns.Column(
    'Cause', columns.of_row('cause')
)

# The columns of the project are shown if servers of several projects may be.
COLUMNS: columns.Columns[findings.Finding, lookup.Lookup] = (
    columns.Column('Server ID', columns.of_row('server_id')),
    columns.Column('Server Name', columns.of_row('server_name')),
    columns.Column('Server Status', columns.of_row('server.status'), _LONG),
    columns.Column('Project ID', columns.of_row('project_id'), _LONG),
    columns.Column('Project Name', columns.looked_up('project.name'), _LONG),
    columns.Column('Port ID', columns.of_row('port_id')),
    columns.Column('MAC Address', columns.of_row('mac_address')),
    columns.Column('Severity', columns.of_row('code.severity.value')),
    columns.Column('Finding', columns.of_row('code.value')),
    columns.Column('Expected', columns.of_row('expected')),
    columns.Column('Actual', columns.of_row('actual')),
    columns.Column('Age', columns.of_row('age', cells.duration)),
    CAUSE,
)
