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


def _passing(found: flows.Flows) -> cells.Cell:
    """Show the traffic that passes: ``tcp 22``, or its parts in JSON."""
    rows: list[Any] = [
        (flows.name(protocol), *((None, None) if is_whole else ports))
        for protocol, several in found.ports.items()
        for ports in several
        for is_whole in [ports == flows.ALL_PORTS]
    ]
    if found == flows.EVERYTHING:
        rows = [(None, None, None)]
    keys = ('protocol', 'port_range_min', 'port_range_max')
    structure = [dict(zip(keys, row, strict=True)) for row in rows]
    return cells.Cell(found.texts(), structure)


def _steps(path: paths.Path) -> cells.Cell:
    """Show the steps, such as ``server web-1 > port web-1-eth0``."""
    texts, structure = [], []
    for step in path.hops:
        verdict = step.verdict(path.asked).value
        notes = (verdict, step.reason, *step.limits, *step.assumptions)
        text = '; '.join(filter(None, notes))
        texts.append(f'{step.hop} {steps.label(step.row)}: {text}')
        structure.append(
            {
                'hop': step.hop,
                'id': step.row.id or None,
                'name': steps.name(step.row),
                'verdict': verdict,
                'reason': step.reason or '; '.join(step.limits) or None,
                'rule_ids': list(step.rule_ids),
                'assumptions': list(step.assumptions),
            }
        )
    return cells.Cell(texts, structure, joint=' > ')


COLUMNS: columns.Columns[paths.Path] = (
    columns.Column('Source', columns.of_row('pair.source.text')),
    columns.Column('Source Address', columns.of_row('pair.source.address')),
    columns.Column('Destination', columns.of_row('pair.destination.text')),
    columns.Column('Destination Address', columns.of_row('address')),
    columns.Column('Path', columns.of_row('route')),
    columns.Column('Verdict', columns.of_row('verdict.value')),
    columns.Column('Traffic', columns.of_row('passing', _passing)),
    columns.Column('Reason', columns.of_row('reason')),
    columns.Column(
        'Steps',
        _steps,
        shown=columns.Shown.LONG,
    ),
)
