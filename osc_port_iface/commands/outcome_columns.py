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

from collections.abc import Callable, Sequence
import json
from typing import Any

from osc_port_iface.api import writing
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.repair import outcome
from osc_port_iface import printable


class _RequestsCell(cells.Cell):
    """Requests, shown in full in structured formats."""

    _value: Sequence[writing.PlannedCall]

    def human_readable(self) -> str:
        return printable.escape(
            '; '.join(request_line(call) for call in self._value)
        )

    def machine_readable(self) -> list[dict[str, Any]]:
        return [call.as_json() for call in self._value]

    def __lt__(self, other: object) -> bool:
        return isinstance(other, _RequestsCell) and (
            self.human_readable() < other.human_readable()
        )


def _text(
    header: str,
    value: Callable[[outcome.Outcome], str | None],
    shown: columns.Shown = columns.Shown.ALWAYS,
) -> columns.Column[outcome.Outcome]:
    return columns.Column(
        header, lambda row: cells.TextCell(value(row)), shown=shown
    )


COLUMNS: columns.Columns[outcome.Outcome] = (
    _text('Server ID', lambda row: row.repair.finding.server_id),
    _text('Server Name', lambda row: row.repair.finding.server_name),
    _text('Port ID', lambda row: row.repair.finding.port_id),
    _text(
        'MAC Address',
        lambda row: row.repair.finding.mac_address,
        columns.Shown.LONG,
    ),
    _text('Finding', lambda row: row.repair.finding.code.value),
    _text('Action', lambda row: row.action and row.action.value),
    _text('Result', lambda row: row.result.value),
    _text('Before', lambda row: row.repair.finding.actual),
    _text('After', lambda row: row.after),
    _text('Reason', lambda row: row.reason),
    columns.Column(
        'Requests',
        lambda row: _RequestsCell(row.calls),
        shown=columns.Shown.LONG,
    ),
)


def request_line(call: writing.PlannedCall) -> str:
    """Return a request as one line."""
    line = f'{call.method} {call.path}'
    if call.body is not None:
        line += f' {json.dumps(call.body)}'
    return line
