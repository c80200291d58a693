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

"""The columns of ``reach``."""

from typing import Any

from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import paths
from osc_port_iface.interfaces.path import steps
from osc_port_iface import printable


class PassingCell(cells.ListCell):
    """The traffic that passes: ``tcp 22``, or its parts in JSON."""

    _value: Any

    def texts(self) -> list[str]:
        return [printable.escape(text) for text in self._value.texts()]

    def machine_readable(self) -> list[Any]:
        rows: list[Any] = [
            (flows.name(protocol), *((None, None) if is_whole else found))
            for protocol, ports in self._value.ports.items()
            for found in ports
            for is_whole in [found == flows.ALL_PORTS]
        ]
        if self._value == flows.EVERYTHING:
            rows = [(None, None, None)]
        keys = ('protocol', 'port_range_min', 'port_range_max')
        return [dict(zip(keys, row, strict=True)) for row in rows]


class StepsCell(cells.ListCell):
    """The steps of a path, such as ``server web-1 > port web-1-eth0``."""

    _value: Any

    def human_readable(self) -> str:
        return ' > '.join(self.texts())

    def texts(self) -> list[str]:
        asked, hops = self._value
        found = []
        for step in hops:
            notes = (step.reason, *step.limits, *step.assumptions)
            text = '; '.join(filter(None, (step.verdict(asked).value, *notes)))
            found.append(f'{step.hop} {steps.label(step.row)}: {text}')
        return list(map(printable.escape, found))

    def machine_readable(self) -> list[Any]:
        asked, hops = self._value
        return [
            {
                'hop': step.hop,
                'id': step.row.id or None,
                'name': steps.name(step.row),
                'verdict': step.verdict(asked).value,
                'reason': step.reason or '; '.join(step.limits) or None,
                'rule_ids': list(step.rule_ids),
                'assumptions': list(step.assumptions),
            }
            for step in hops
        ]


COLUMNS: columns.Columns[paths.Path] = (
    columns.Column('Source', columns.of_row('source.text')),
    columns.Column('Source Address', columns.of_row('source.address')),
    columns.Column('Destination', columns.of_row('destination.text')),
    columns.Column('Destination Address', columns.of_row('address')),
    columns.Column('Path', columns.of_row('route')),
    columns.Column('Verdict', columns.of_row('verdict.value')),
    columns.Column('Traffic', columns.of_row('passing', PassingCell)),
    columns.Column('Reason', columns.of_row('reason')),
    columns.Column(
        'Steps',
        lambda row: StepsCell((row.asked, row.hops)),
        shown=columns.Shown.LONG,
    ),
)
