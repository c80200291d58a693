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

"""The columns of ``record``."""

from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import summary


COLUMNS: columns.Columns[summary.Summary] = (
    columns.Column('Observation', lambda row: cells.number(row.number)),
    columns.Column(
        'Started', lambda row: cells.text(summary.as_text(row.began))
    ),
    columns.Column(
        'Finished', lambda row: cells.text(summary.as_text(row.ended))
    ),
    columns.Column('Region', lambda row: cells.text(row.region or None)),
    columns.Column('Objects', columns.of_row('objects', cells.number)),
    columns.Column('Changed', columns.of_row('changed', cells.number)),
    columns.Column('Gone', columns.of_row('gone', cells.number)),
    columns.Column('Complete', columns.of_row('is_complete', cells.flag)),
)


def in_a_line(row: summary.Summary) -> str:
    """Say what an observation saw, stored and no longer saw."""
    return _(
        'Observation %(number)d: %(objects)d objects seen, %(changed)d '
        'stored, %(gone)d gone.'
    ) % {
        'number': row.number,
        'objects': row.objects,
        'changed': row.changed,
        'gone': row.gone,
    }
