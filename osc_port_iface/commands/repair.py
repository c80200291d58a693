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

"""``openstack server interface repair``"""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from osc_lib import exceptions

from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _

if TYPE_CHECKING:
    from osc_port_iface.interfaces.repair import execution
    from osc_port_iface.interfaces.repair import plan as plans
    from osc_port_iface.interfaces.repair import repairing

_YES = frozenset({'y', 'yes'})


class RepairServerInterface(lister.TextLister):
    """Repair what 'server interface check' finds.

    Checks the servers, shows a plan, asks, carries it out, and checks again
    until each finding is gone. The run ends at the first surprise.

    The exit status is 0 if everything is repaired or there was nothing to do,
    3 if something remains, and 1 if something failed.
    """

    importance = (
        'Server Name',
        'Finding',
        'Action',
        'Result',
        'Reason',
        'After',
        'Before',
        'Port ID',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        from osc_port_iface.commands import argument_types
        from osc_port_iface.commands import finding_selectors
        from osc_port_iface.interfaces.repair import plan as plans

        parser = super().get_parser(prog_name)
        finding_selectors.add_arguments(parser)
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            '--dry-run',
            action='store_true',
            help=_('Show the plan and change nothing'),
        )
        how.add_argument(
            '--auto-approve',
            action='store_true',
            help=_('Carry out the plan without asking'),
        )
        parser.add_argument(
            '--max',
            metavar='<number>',
            type=argument_types.positive_count,
            default=20,
            help=_(
                'Maximum number of findings to repair; if there are more, '
                'nothing is changed (default: 20)'
            ),
        )
        parser.add_argument(
            '--bounce',
            action='store_true',
            help=_(
                'Disable and enable ports that are down, which interrupts any '
                'traffic'
            ),
        )
        abandoned = parser.add_mutually_exclusive_group()
        for option, action, text in (
            (
                '--delete-orphans',
                plans.Action.DELETE,
                _('Delete ports that no server has'),
            ),
            (
                '--release-orphans',
                plans.Action.RELEASE,
                _(
                    'Clear device ID, device owner and host of ports that no '
                    'server has'
                ),
            ),
        ):
            abandoned.add_argument(
                option,
                dest='abandoned',
                action='store_const',
                const=action,
                help=text,
            )
        parser.add_argument(
            '--timeout',
            metavar='<seconds>',
            type=argument_types.seconds,
            default=60.0,
            help=_(
                'Seconds to wait until a finding is gone after its requests '
                '(default: 60)'
            ),
        )
        parser.add_argument(
            '--audit-log',
            metavar='<file>',
            type=argument_types.path,
            help=_('Append a JSON line to this file for each request sent'),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> lister.Table:
        from osc_port_iface.commands import cells
        from osc_port_iface.commands import columns
        from osc_port_iface.commands import finding_selectors
        from osc_port_iface.commands import outcome_columns
        from osc_port_iface.interfaces.repair import execution
        from osc_port_iface.interfaces.repair import plan as plans
        from osc_port_iface.interfaces.repair import repairing

        asks = not (parsed_args.dry_run or parsed_args.auto_approve)
        # Python has no object for a standard input that is closed.
        if asks and not (
            sys.stdin and sys.stdin.isatty() and self.app.stderr.isatty()
        ):
            raise plugin_command.UsageError(
                _(
                    'There is no terminal to ask for approval: use '
                    '--dry-run or --auto-approve'
                )
            )
        is_structured = parsed_args.formatter in cells.STRUCTURED_FORMATS
        chosen = self.choose(
            parsed_args, outcome_columns.COLUMNS, is_structured
        )
        cloud = self.cloud()
        run = repairing.Repairing(
            cloud,
            finding_selectors.request(parsed_args, cloud),
            plans.Options(parsed_args.bounce, parsed_args.abandoned),
        )
        plan, answer = run.plan(self.progress)
        self.report(answer)
        if parsed_args.dry_run or not plan.steps:
            outcomes = execution.planned(plan)
        elif self._is_too_much(plan, parsed_args.max) or (
            asks and not self._is_approved(plan)
        ):
            outcomes = execution.skipped(plan.repairs)
        else:
            outcomes = self._do(run, plan, parsed_args)
        if any(outcome.remains for outcome in outcomes):
            self.deny()
        return columns.table(chosen, outcomes)

    def _is_too_much(self, plan: plans.Plan, limit: int) -> bool:
        count = sum(len(step.repairs) for step in plan.steps)
        if count <= limit:
            return False
        self.fail(
            [
                _(
                    'Nothing is changed: %(count)d findings are to be '
                    'repaired, and --max allows %(limit)d.'
                )
                % {'count': count, 'limit': limit}
            ]
        )
        return True

    def _is_approved(self, plan: plans.Plan) -> bool:
        """Show the plan to the user, and ask for approval."""
        from osc_port_iface.commands import outcome_columns
        from osc_port_iface import printable

        self.end_progress()
        stderr = self.app.stderr
        for line in outcome_columns.described(plan.repairs):
            print(printable.escape(line), file=stderr)
        print(_('Do this? [y/N] '), end='', file=stderr, flush=True)
        return sys.stdin.readline().strip().lower() in _YES

    def _do(
        self,
        run: repairing.Repairing,
        plan: plans.Plan,
        parsed_args: argparse.Namespace,
    ) -> list[execution.Outcome]:
        from osc_port_iface.interfaces.repair import interruption
        from osc_port_iface import printable

        with contextlib.ExitStack() as stack:
            log = None
            if parsed_args.audit_log:
                try:
                    log = stack.enter_context(parsed_args.audit_log.open('a'))
                except OSError as error:
                    raise exceptions.CommandError(
                        printable.one_line(str(error))
                    ) from None
            asked_to_stop = stack.enter_context(interruption.deferred())
            answer = run.do(plan, log, parsed_args.timeout, asked_to_stop)
        self.report(answer)
        if asked_to_stop.is_set():
            self._exit_status = plugin_command.INTERRUPTED
        return answer.rows
