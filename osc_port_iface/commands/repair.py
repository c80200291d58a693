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

import argparse
from collections.abc import Sequence
import contextlib
import io
import sys

from osc_port_iface.api import writing
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import finding_selectors
from osc_port_iface.commands import lister
from osc_port_iface.commands import plan_text
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import interruption
from osc_port_iface.interfaces.repair import outcome as outcomes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import repairing
from osc_port_iface.interfaces.repair import run as runs
from osc_port_iface import printable


def _requests(calls: Sequence[writing.PlannedCall]) -> cells.Cell:
    """Show requests, in full in structured formats."""
    structure = [call.as_json() for call in calls]
    return cells.Cell(
        map(plan_text.request_line, calls), structure, joint='; '
    )


_LONG = columns.Shown.LONG

COLUMNS: columns.Columns[outcomes.Outcome] = (
    columns.Column('Server ID', 'finding.server_id'),
    columns.Column('Server Name', 'finding.server_name'),
    columns.Column('Port ID', 'finding.port_id'),
    columns.Column('Port Name', 'finding.port.name', _LONG),
    columns.Column('MAC Address', 'finding.mac_address', _LONG),
    columns.Column('Finding', 'finding.code.value'),
    columns.Column('Action', 'action.value'),
    columns.Column('Result', 'result.value'),
    columns.Column('Before', 'finding.actual'),
    columns.Column('After', 'after'),
    columns.Column('Reason', 'reason'),
    columns.Column('Requests', 'calls', _LONG, kind=_requests),
)


class RepairServerInterface(lister.TextLister):
    """Repair what 'server interface check' finds.

    Checks the servers, shows a plan, asks, carries it out, and checks again
    until each finding is gone. The run ends at the first surprise.

    The exit code is 0 if everything is repaired or there was nothing to do,
    3 if something remains, and 1 if something failed.
    """

    examples = (
        'openstack server interface repair web-1 --dry-run',
        'openstack server interface repair --finding stale-binding',
    )
    importance = (
        'Server Name',
        'Finding',
        'Result',
        'Reason',
        'Action',
        'After',
        'Before',
        'Port ID',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        finding_selectors.add_arguments(parser)
        # What may be changed is selected on its own command line.
        parser.set_defaults(all_projects=False)
        repairs = parser.add_argument_group(_('repair'))
        how = repairs.add_mutually_exclusive_group()
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
        repairs.add_argument(
            '--max',
            metavar='<number>',
            type=argument_types.number(1),
            default=20,
            help=_(
                'Maximum number of findings to repair; if there are more, '
                'nothing is changed (default: 20)'
            ),
        )
        repairs.add_argument(
            '--bounce',
            action='store_true',
            help=_(
                'Disable and enable ports that are down, which interrupts any '
                'traffic'
            ),
        )
        repairs.add_argument(
            '--port',
            metavar='<port>',
            **argument_types.repeated(argument_types.identifier),
            help=_(
                'Repair only the findings of this port (ID); needed to delete '
                'or release a port of which not enough is known (repeat '
                'option for several ports)'
            ),
        )
        orphans = repairs.add_mutually_exclusive_group()
        orphans.add_argument(
            '--delete-orphans',
            dest='orphans',
            action='store_const',
            const=plans.Action.DELETE,
            help=_('Delete ports without a server'),
        )
        orphans.add_argument(
            '--release-orphans',
            dest='orphans',
            action='store_const',
            const=plans.Action.RELEASE,
            help=_(
                'Clear the device ID, device owner and host of ports without '
                'a server'
            ),
        )
        repairs.add_argument(
            '--timeout',
            metavar='<seconds>',
            type=argument_types.seconds(),
            default=60.0,
            help=_(
                'Seconds to wait until a finding is gone after its requests '
                '(default: 60)'
            ),
        )
        repairs.add_argument(
            '--audit-log',
            metavar='<file>',
            type=argument_types.path,
            help=_(
                'Append a JSON line to this file before and after each request'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        if not (parsed_args.dry_run or parsed_args.auto_approve):
            self._ensure_terminal()
        is_structured = parsed_args.formatter in cells.STRUCTURED_FORMATS
        chosen = self.choose(parsed_args, COLUMNS, is_structured)
        cloud = self.cloud()
        job = repairing.RepairJob(
            cloud,
            finding_selectors.read_request(parsed_args, cloud),
            plans.Options(
                parsed_args.bounce,
                parsed_args.orphans,
                frozenset(parsed_args.port),
            ),
        )
        plan, answer = job.plan()
        self.report(answer)
        if not (plan.repairs or plan.unrepaired or answer.failures):
            self.hint(
                _('Nothing to repair; servers looked at: %d.')
                % len(answer.checked.judged)
            )
        rows = self._outcomes(job, plan, parsed_args)
        if any(row.remains for row in rows):
            self.report_negative()
        if any(row.finding.server is None for row in rows):
            # A port without a server can only be named by its ID.
            self.rank(
                'Finding', 'Result', 'Port ID', 'Reason', above='Server Name'
            )
        return columns.table(chosen, rows)

    def _outcomes(
        self,
        job: repairing.RepairJob,
        plan: plans.Plan,
        parsed_args: argparse.Namespace,
    ) -> list[outcomes.Outcome]:
        """Carry out a plan, as far as the user wants it."""
        everything = [*plan.repairs, *plan.unrepaired]
        if parsed_args.dry_run or not plan.repairs:
            if everything:
                self.hint(plan_text.summary(plan))
            return outcomes.not_begun(everything, outcomes.Result.PLANNED)
        reason = _('not approved')
        if plan.count > parsed_args.max:
            reason = _('more findings than --max allows')
            line = _(
                'Nothing is changed: %(count)d findings are to be repaired, '
                'and --max allows %(limit)d.'
            )
            self.fail(line % {'count': plan.count, 'limit': parsed_args.max})
        elif parsed_args.auto_approve or self._is_approved(job, plan):
            return self._execute(job, plan, parsed_args)
        return outcomes.not_begun(everything, reason=reason)

    def _ensure_terminal(self) -> None:
        """Check that there is a terminal to ask for approval.

        :raises UsageError: There is none.
        """
        # Python has no object for a standard input that is closed.
        if not (sys.stdin and sys.stdin.isatty() and self.app.stderr.isatty()):
            raise plugin_command.UsageError(
                _(
                    'There is no terminal to ask for approval: use --dry-run '
                    'or --auto-approve'
                )
            )

    def _is_approved(self, job: repairing.RepairJob, plan: plans.Plan) -> bool:
        """Show the plan to the user, and ask for approval."""
        self.end_progress()
        stderr = self.app.stderr
        for line in plan_text.lines(
            plan,
            # The names of networks do not matter if they are missing.
            lookup.Lookup(job.cloud, [row[0] for row in plan.rows]),
            with_requests=self.app.options.verbose_level > 1,
        ):
            print(printable.escape(line), file=stderr)
        question = _('Repair 1 finding? [y/N] ')
        if plan.count > 1:
            question = _('Repair %d findings? [y/N] ') % plan.count
        _discard_typed_ahead()
        print(question, end='', file=stderr, flush=True)
        typed = sys.stdin.readline()
        if not typed:
            # Ctrl-D leaves the cursor behind the question.
            print(file=stderr)
        return typed.strip().lower() in ('y', 'yes')

    def _execute(
        self,
        job: repairing.RepairJob,
        plan: plans.Plan,
        parsed_args: argparse.Namespace,
    ) -> list[outcomes.Outcome]:
        def show_repair(number: int, repair: plans.Repair) -> None:
            text = plan_text.progress(number, len(plan.repairs), repair)
            self.show_progress(printable.escape(text))

        # A signal ends the program as usual until the log is open, which may
        # take for ever with a pipe that nobody reads.
        with (
            audit.opened(
                parsed_args.audit_log, job.cloud.credentials.caller
            ) as log,
            interruption.deferred() as asked_to_stop,
        ):
            run = runs.Run(job, log, parsed_args.timeout, asked_to_stop)
            rows = run.execute(plan, show_repair)
        self.fail(*run.failures)
        if asked_to_stop.is_set():
            self._exit_status = plugin_command.INTERRUPTED
        return rows


def _discard_typed_ahead() -> None:
    """Discard what was typed before the plan could be read."""
    # Windows has no termios.
    with contextlib.suppress(ImportError, io.UnsupportedOperation):
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)
