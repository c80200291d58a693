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

from collections.abc import Callable

from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces import lookup

_Column = columns.Column[findings.Finding, lookup.Lookup]


def _text(
    header: str,
    value: Callable[[findings.Finding], str | None],
    shown: columns.Shown = columns.Shown.ALWAYS,
) -> _Column:
    return columns.Column(
        header, lambda row, _look: cells.TextCell(value(row)), shown=shown
    )


def _project_name(
    row: findings.Finding, look: lookup.Lookup
) -> cells.TextCell:
    project = look.project(row)
    return cells.TextCell(project and project.name)


CAUSE = _text('Cause', lambda row: row.cause)

# The columns of the project are shown if servers of several projects may be.
COLUMNS: columns.Columns[findings.Finding, lookup.Lookup] = (
    _text('Server ID', lambda row: row.server_id),
    _text('Server Name', lambda row: row.server_name),
    _text('Server Status', lambda row: row.server_status, columns.Shown.LONG),
    _text('Project ID', lambda row: row.project_id, columns.Shown.LONG),
    columns.Column('Project Name', _project_name, shown=columns.Shown.LONG),
    _text('Port ID', lambda row: row.port_id),
    _text('MAC Address', lambda row: row.mac_address),
    _text('Severity', lambda row: row.code.severity.value),
    _text('Finding', lambda row: row.code.value),
    _text('Expected', lambda row: row.expected),
    _text('Actual', lambda row: row.actual),
    columns.Column('Age', lambda row, _look: cells.DurationCell(row.age)),
    CAUSE,
)
