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

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from osc_lib import exceptions

from osc_port_iface.commands import lister

if TYPE_CHECKING:
    from osc_port_iface.interfaces.health import check


class CheckServerInterface(lister.TextLister):
    """Check that Nova and Neutron agree on the interfaces of servers.

    Compares Nova's network info cache with what Nova and Neutron show now,
    and checks the bindings of the ports. A difference is reported only if it
    is still there when everything is read again.

    The exit status is 0 without findings, 3 with findings, and 1 if something
    could not be read or checked. Findings are shown in any case.
    """

    importance = (
        'Server Name',
        'Finding',
        'MAC Address',
        'Actual',
        'Expected',
        'Port ID',
        'Cause',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        from osc_port_iface.commands import finding_selectors
        from osc_port_iface.commands import metrics
        from osc_port_iface.commands import nagios

        parser = super().get_parser(prog_name)
        finding_selectors.add_arguments(parser)
        metrics.add_arguments(parser)
        nagios.add_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> lister.Table:
        from osc_port_iface.commands import columns
        from osc_port_iface.commands import finding_columns
        from osc_port_iface.commands import metrics
        from osc_port_iface.commands import nagios

        chosen = self.choose(parsed_args, finding_columns.COLUMNS)
        started = time.monotonic()
        try:
            answer = self._check(
                parsed_args, has_causes=finding_columns.CAUSE in chosen
            )
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
    ) -> check.CheckResult:
        from osc_port_iface.commands import finding_selectors
        from osc_port_iface.interfaces.health import check

        cloud = self.cloud()
        request = finding_selectors.request(
            parsed_args,
            cloud,
            has_causes=has_causes and not parsed_args.nagios,
        )
        return check.check(cloud, request, self.progress)

    def _sum_up(
        self, parsed_args: argparse.Namespace, status: int, line: str
    ) -> lister.Table:
        """Show one line in place of the table."""
        from cliff.formatters import value

        from osc_port_iface.commands import cells

        self._exit_status = status
        self.formatter = value.ValueFormatter()
        parsed_args.formatter = 'value'
        parsed_args.columns, parsed_args.sort_columns = [], []
        return ('Status',), [(cells.TextCell(line),)]
