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

"""What all commands of the plugin have in common."""

import argparse
import collections
from collections.abc import Callable, Iterable, Sequence
import contextlib
import io
import logging
import os
from typing import Any, ClassVar, TextIO, TypeVar

from cliff import app
from osc_lib.command import command

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import credentials
from osc_port_iface.commands import columns
from osc_port_iface.commands import progress
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.selecting import suggestions
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

FAILED = 1
WRONG_USAGE = 2
NEGATIVE = 3
# The exit status that a shell reports for a program ended by Ctrl-C.
INTERRUPTED = 130

# cliff's verbosity level without --quiet, --verbose or --debug.
_USUAL_VERBOSITY = 1

WAITING = _('Waiting for the cloud')

_Row = TypeVar('_Row')


class UsageError(Exception):
    """The command line makes no sense."""


class PluginCommand(command.Command):
    """A command that reports on stderr what its output is missing.

    The exit status is 0 when all was done, 1 when something failed, 2 for
    wrong usage, 3 when the answer is negative, and 130 after Ctrl-C.

    :cvar examples: Command lines for its help.
    :ivar asked_cloud: The cloud that it asks; the one of OSC by default.
    :ivar region: The region that it asks, if it is one of several.
    :ivar collected: What is reported about it, as the method and the line;
        None to report at once.
    :ivar added_headers: The headers of the columns that are added to its own.
    :ivar compares_rows: Whether rows are compared, by all usual columns,
        of which cliff leaves out those that are not to be shown.
    """

    # OSC would authenticate before it reads the command line, and show what
    # keystoneauth says if that fails. So 'cloud' authenticates.
    auth_required = False

    examples: ClassVar[tuple[str, ...]] = ()

    asked_cloud: api_cloud.Cloud | None = None
    region = ''
    collected: list[tuple[str, str]] | None = None
    added_headers: tuple[str, ...] = ()
    compares_rows = False

    _exit_status = 0

    def __init__(
        self, app: app.App, app_args: argparse.Namespace | None
    ) -> None:
        super().__init__(app, app_args)
        self._hints: list[str] = []
        self._reported: set[tuple[str, str]] = set()
        # One at most, which all copies of the command share.
        self._status_lines: list[progress.StatusLine] = []
        # Of all regions that are asked.
        self._servers: collections.Counter[str] = collections.Counter()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.formatter_class = help_formatter(parser.formatter_class)
        return parser

    def get_epilog(self) -> str:
        """Show examples, and say which package provides the command.

        cliff (``Command.get_epilog``) searches the metadata of all installed
        packages for that, each time a command runs.
        """
        # In the documentation, two colons begin a literal block. _add_text
        # shows one.
        title = _('Examples::')
        examples = '\n'.join(f'  {line}' for line in self.examples)
        origin = _('This command is provided by the osc-port-iface plugin.')
        return '\n\n'.join((title, examples, origin))

    def run(self, parsed_args: argparse.Namespace) -> int:
        # Python has no object for a stream that is closed.
        if self.app.stdout is None:
            return self.lose_output(
                parsed_args, _('Standard output is closed.')
            )
        self.app.stderr = self.app.stderr or io.StringIO()
        _escape_unencodable(self.app.stdout)
        try:
            super().run(parsed_args)
            self.app.stdout.flush()
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:
            # cliff ends without a message.
            raise
        except OSError as error:
            # Those of other files and of sockets have become CommandErrors.
            _discard_unwritten(self.app.stdout)
            return self.lose_output(
                parsed_args,
                _('The output cannot be written: %s') % error.strerror,
            )
        except UsageError as error:
            LOG.error(error)
            return WRONG_USAGE
        finally:
            self.end_progress()
            if (
                self.app.stderr.isatty()
                and self.app.options.verbose_level >= _USUAL_VERBOSITY
            ):
                self.app.stderr.writelines(f'{x}\n' for x in self._hints)
        return self._exit_status

    def lose_output(self, parsed_args: argparse.Namespace, line: str) -> int:
        """Report that the output is lost, and return the exit status."""
        LOG.error(line)
        return FAILED

    def cloud(self) -> api_cloud.Cloud:
        """Return the services of the cloud that is asked.

        :raises errors.ApiError: There is no token.
        """
        if self.asked_cloud is None:
            self.auth_required = True
            self.asked_cloud = credentials.authenticate(self._authenticate)
            self.show_progress(WAITING)
        return self.asked_cloud

    def _authenticate(self) -> api_cloud.Cloud:
        """Let OSC authenticate, as it does before other commands."""
        self.app.prepare_to_run_command(self)
        manager = self.app.client_manager
        credentials.read_now(manager.auth_ref)
        return api_cloud.Cloud(manager.sdk_connection.config)

    def show_progress(self, text: str) -> None:
        """Show a line on a terminal until something else is written there.

        It is not shown together with a log.

        :param text: What the user waits for, without anything untrusted.
        """
        for line in self._status_lines:
            line.text = text
            return
        if (
            self.app.stderr.isatty()
            and self.app.options.verbose_level == _USUAL_VERBOSITY
        ):
            line = progress.StatusLine(self.app.stderr, text)
            self._status_lines.append(line)

    def end_progress(self) -> None:
        """Erase the line of ``show_progress`` before other output."""
        while self._status_lines:
            self._status_lines.pop().end()

    def progress(self, total: int) -> Callable[[], None]:
        """Show how many servers are done.

        :returns: A function to call after each server.
        """
        self._servers['total'] += total

        def advance() -> None:
            self._servers['done'] += 1
            self.show_progress(
                _('%(done)d of %(total)d servers') % self._servers
            )

        return advance

    def report(self, *answers: records.Answer[Any] | lookup.Lookup) -> None:
        """Report what answers are missing, each line once.

        Failures set the exit status to 1.
        """
        self.notify(*(line for found in answers for line in found.notices))
        self.fail(*(line for found in answers for line in found.failures))

    def report_hidden(self, look: lookup.Lookup, is_asked: bool) -> None:
        """Report what Neutron hides, such as what administrators see only.

        :param look: What was looked up.
        :param is_asked: Whether the user asked for exactly that. Otherwise,
            the lines are shown with ``--verbose``.
        """
        if is_asked:
            self.notify(*sorted(look.hidden))
        else:
            for line in sorted(look.hidden):
                LOG.info(line)

    def fail(self, *lines: str) -> None:
        """Report what could not be read; the exit status becomes 1."""
        for line in self._to_report('fail', lines):
            LOG.error(line)
            self._exit_status = FAILED

    def report_negative(self, *lines: str) -> None:
        """Give a negative answer; the exit status becomes 3 if it was 0."""
        for line in self._to_report('report_negative', lines):
            LOG.error(line)
        if self.collected is None:
            self._exit_status = self._exit_status or NEGATIVE

    def notify(self, *lines: str) -> None:
        """Tell the user something that is not an error."""
        for line in self._to_report('notify', lines):
            LOG.warning(line)

    def _to_report(self, method: str, lines: Iterable[str]) -> Iterable[str]:
        """Return what is new, to report now; none if it is collected."""
        if self.collected is None:
            self.end_progress()
            new = []
            for line in lines:
                if (method, line) not in self._reported:
                    self._reported.add((method, line))
                    new.append(line)
            return new
        self.collected += [(method, line) for line in lines]
        return ()

    def hint(self, *lines: str) -> None:
        """Tell a person something that a script has no use for.

        Hints are shown after the output, on a terminal only, and not with
        ``--quiet``.

        :param lines: Lines that are safe for a terminal.
        """
        self._hints += self._to_report('hint', lines)

    def choose(
        self,
        parsed_args: argparse.Namespace,
        available: columns.Columns[_Row],
        show_long: bool = False,
    ) -> list[columns.Column[_Row]]:
        """Choose the columns to show or to sort by.

        :param parsed_args: The arguments. The names of columns in them are
            replaced by the exact headers.
        :param available: All columns of the command.
        :param show_long: Whether ``--long`` is given.
        :returns: The columns, in the order in which they are available.
        :raises UsageError: A column does not exist. cliff would leave it out,
            if at least one other exists.
        """
        headers = [*self.added_headers, *(c.header for c in available)]
        asked = _named(parsed_args.columns, headers)
        sorted_by = _named(getattr(parsed_args, 'sort_columns', ()), headers)
        parsed_args.columns, parsed_args.sort_columns = asked, sorted_by
        shown = {columns.Shown.ALWAYS}
        if show_long:
            shown.add(columns.Shown.LONG)
        if not set(asked).issubset(self.added_headers):
            shown = {columns.Shown.ALWAYS} if self.compares_rows else set()
        return [
            column
            for column in available
            if column.header in (*asked, *sorted_by) or column.shown in shown
        ]

    def without_tag(
        self,
        parsed_args: argparse.Namespace,
        chosen: list[columns.Column[_Row]],
        api: compute.ComputeApi,
    ) -> list[columns.Column[_Row]]:
        """Leave the tag out of the default columns if Nova does not show it.

        :param parsed_args: The arguments, after ``choose``.
        :param chosen: The columns that ``choose`` returned.
        :param api: Nova, whose microversion decides.
        """
        if parsed_args.columns or api.shows_tag:
            return chosen
        return [c for c in chosen if c.origin is not views.Origin.TAG]

    def fills_terminal(self, parsed_args: argparse.Namespace) -> bool:
        """Return whether a table goes to a terminal, in any width."""
        return bool(
            parsed_args.formatter == 'table'
            and not parsed_args.fit_width
            and parsed_args.max_width < 1
            and self.app.stdout.isatty()
        )


def refuse(
    parsed_args: argparse.Namespace, options: Iterable[str], other: str
) -> None:
    """Refuse options that cannot be used with another argument.

    :param options: What may not be given, such as ``--host`` and ``<server>``.
    :param other: The other argument.
    :raises UsageError: One of them is given.
    """
    for option in options:
        if getattr(parsed_args, option.strip('<->').replace('-', '_')):
            raise UsageError(
                _('%(option)s cannot be used with %(other)s.')
                % {'option': option, 'other': other}
            )


def _named(names: Iterable[str], headers: Sequence[str]) -> list[str]:
    """Find the headers of the columns that a user names.

    :raises UsageError: At least one does not exist.
    """
    known = {columns.folded(header): header for header in headers}
    wanted = dict.fromkeys(names)
    sentences = [
        _("There is no column '%s'.") % printable.escape(name)
        + suggestions.did_you_mean(name.replace('_', ' '), headers)
        for name in wanted
        if columns.folded(name) not in known
    ]
    if sentences:
        sentences.append(_('The columns are: %s.') % ', '.join(headers))
        raise UsageError(' '.join(sentences))
    return [known[columns.folded(name)] for name in wanted]


def help_formatter(usual: Any) -> Any:
    """Make a formatter that keeps paragraphs, and one example a line."""
    return type(
        'HelpFormatter',
        (argparse.RawDescriptionHelpFormatter, usual),
        {'add_text': _add_text},
    )


def _add_text(formatter: argparse.HelpFormatter, text: str | None) -> None:
    """Add a text to help, without the mark of a literal block."""
    argparse.HelpFormatter.add_text(
        formatter, text and text.replace('::\n', ':\n')
    )


def _discard_unwritten(stdout: TextIO) -> None:
    """Let stdout write what it still has to nowhere.

    Python would try again when it exits, and exit with 120.
    """
    with (
        contextlib.suppress(io.UnsupportedOperation),
        open(os.devnull, 'w') as nowhere,
    ):
        os.dup2(nowhere.fileno(), stdout.fileno())


def _escape_unencodable(stdout: TextIO) -> None:
    """Let stdout escape characters that its encoding lacks.

    A name in another script must not end the command.
    """
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(errors='backslashreplace')
