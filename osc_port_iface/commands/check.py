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

"""``openstack server interface check``"""

import argparse
import pathlib
import time

from cliff.formatters import value
from osc_lib import exceptions

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import finding_selectors
from osc_port_iface.commands import lister
from osc_port_iface.commands import metrics
from osc_port_iface.commands import nagios
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import checking
from osc_port_iface.interfaces import drift

_CAUSE: columns.Column[drift.Finding] = columns.Column(
    'Cause', lambda row: cells.TextCell(row.cause)
)

_COLUMNS: columns.Columns[drift.Finding] = (
    columns.Column('Server ID', lambda row: cells.TextCell(row.server_id)),
    columns.Column('Server Name', lambda row: cells.TextCell(row.server_name)),
    columns.Column('Port ID', lambda row: cells.TextCell(row.port_id)),
    columns.Column('MAC Address', lambda row: cells.TextCell(row.mac_address)),
    columns.Column('Finding', lambda row: cells.TextCell(row.code.value)),
    columns.Column('Expected', lambda row: cells.TextCell(row.expected)),
    columns.Column('Actual', lambda row: cells.TextCell(row.actual)),
    columns.Column('Age', lambda row: cells.DurationCell(row.age)),
    _CAUSE,
)


class CheckServerInterface(lister.TextLister):
    """Check that Nova and Neutron agree on the interfaces of servers.

    Compares Nova's network info cache with what Nova and Neutron show now,
    and checks the bindings of the ports. A difference is reported only if it
    is still there when everything is read again.

    The exit status is 0 without findings, 3 with findings, and 1 if something
    could not be read or checked. Findings are shown in any case.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        finding_selectors.add_arguments(parser)
        _add_monitoring(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]:
        chosen = self.choose(parsed_args, _COLUMNS)
        started = time.monotonic()
        try:
            answer = self._check(parsed_args, has_causes=_CAUSE in chosen)
        except exceptions.CommandError as error:
            if parsed_args.metrics:
                metrics.write_failure(parsed_args.metrics)
            if not parsed_args.nagios:
                raise
            return self._sum_up(parsed_args, *nagios.failed(error))
        took = time.monotonic() - started
        self.report(answer)
        if answer.rows:
            self.deny()
        if parsed_args.metrics:
            metrics.write(
                parsed_args.metrics, parsed_args.metrics_by, answer, took
            )
        if parsed_args.nagios:
            limits = nagios.Thresholds(
                parsed_args.warning, parsed_args.critical
            )
            return self._sum_up(
                parsed_args, *nagios.judge(answer, limits, took)
            )
        return columns.table(chosen, answer.rows)

    def _check(
        self, parsed_args: argparse.Namespace, has_causes: bool
    ) -> checking.Answer:
        cloud = self.cloud()
        request = finding_selectors.request(
            parsed_args,
            cloud,
            has_causes=has_causes and not parsed_args.nagios,
        )
        return checking.check(cloud, request, self.progress)

    def _sum_up(
        self, parsed_args: argparse.Namespace, status: int, line: str
    ) -> tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]:
        """Show one line in place of the table."""
        self._exit_status = status
        self.formatter = value.ValueFormatter()
        parsed_args.formatter = 'value'
        parsed_args.columns, parsed_args.sort_columns = [], []
        return ('Status',), [(cells.TextCell(line),)]


def _add_monitoring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--metrics',
        metavar='<file>',
        type=pathlib.Path,
        help=_(
            'Also write the number of findings to this file, for the textfile '
            "collector of Prometheus' node exporter, and the outcome of the "
            'run to a second file, whose name ends with -run'
        ),
    )
    parser.add_argument(
        '--metrics-by',
        choices=metrics.LABELS,
        action='append',
        default=[],
        help=_(
            'Label to add to the metrics: the ID of the project or the host '
            '(repeat option for both)'
        ),
    )
    parser.add_argument(
        '--nagios',
        action='store_true',
        help=_(
            'Output one line with performance data, and exit like a Nagios '
            'plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
        ),
    )
    for name, level in (('--warning', 'WARNING'), ('--critical', 'CRITICAL')):
        parser.add_argument(
            name,
            metavar='<count>',
            type=argument_types.count,
            default=0,
            help=_(
                'With --nagios: report %s above this many findings '
                '(default: 0)'
            )
            % level,
        )
