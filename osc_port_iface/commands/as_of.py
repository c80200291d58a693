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

"""What the commands that answer as of an earlier time have in common."""

import argparse
from collections.abc import Iterable
import os
import re
from typing import Any, cast, ClassVar

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import recorded_tables
from osc_port_iface.commands import regions
from osc_port_iface.i18n import _

# Where the journal is, if --journal is not given.
_VARIABLE = 'OSC_PORT_IFACE_JOURNAL'

# How long ago a time was, such as -3d.
_PAST = re.compile('-[0-9.]+[a-zA-Z]')


class RecordedCommand(plugin_command.PluginCommand):
    """A command that can be asked about an earlier time.

    A journal takes the place of the services then, and no token is needed.

    :cvar shows_one: Whether there is only one row.
    """

    shows_one: ClassVar[bool] = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        accept_relative_times(parser)
        self.add_times(parser.add_argument_group(_('earlier time')))
        return parser

    def add_times(self, group: argparse._ArgumentGroup) -> None:
        """Add the options that name the time and the journal."""
        group.add_argument(
            '--at',
            metavar='<time>',
            type=argument_types.moment,
            help=_(
                "Answer as of this time, from what 'server interface record' "
                'stored (ISO 8601, in UTC unless it has an offset, or how '
                'long ago, such as -3d); adds the columns Seen From and Seen '
                'Until'
            ),
        )
        add_journal(group)

    def tabulate(self, parsed_args: argparse.Namespace) -> columns.Table:
        """Return the table of the command for one cloud."""
        raise NotImplementedError

    def is_exhaustive(
        self, parsed_args: argparse.Namespace, table: columns.Table
    ) -> bool:
        """Return whether nothing else can match what was asked for."""
        return bool(parsed_args.server)

    def tabulate_now(self, parsed_args: argparse.Namespace) -> columns.Table:
        """Return the table for the cloud as it is."""
        return self.tabulate(parsed_args)

    def answer(self, parsed_args: argparse.Namespace) -> columns.Table:
        """Return the table for the cloud as it is, or as it was."""
        if parsed_args.between:
            plugin_command.refuse(parsed_args, ['--at'], '--between')
            parsed_args.between.sort()
        if choose_journal(parsed_args):
            return recorded_tables.tabulate(self, parsed_args)
        return self.tabulate_now(parsed_args)


class RecordedLister(RecordedCommand, lister.TextLister):
    """A Lister that can be asked about an earlier time, or several regions."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        regions.add_arguments(parser)
        return parser

    def tabulate_now(self, parsed_args: argparse.Namespace) -> columns.Table:
        """Return the table for the cloud as it is, or for its regions."""
        asked = regions.choose(self, parsed_args)
        return asked.table(lambda part: part.tabulate(parsed_args))

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        return self.answer(parsed_args)


def accept_relative_times(parser: argparse.ArgumentParser) -> None:
    """Let times begin with a dash, such as -3d.

    Before Python 3.14, argparse takes these for options, unless there is a
    space before it.
    """
    parse = parser.parse_known_args

    def parse_known_args(arguments: Iterable[str], *others: Any) -> Any:
        known = [
            f' {text}' if _PAST.fullmatch(text) else text for text in arguments
        ]
        return parse(known, *others)

    cast(Any, parser).parse_known_args = parse_known_args


def add_journal(group: argparse._ArgumentGroup) -> None:
    """Add the option that names the journal."""
    group.add_argument(
        '--journal',
        metavar='<journal>',
        type=argument_types.name,
        help=_(
            'Journal to answer from (can be specified using the '
            'OSC_PORT_IFACE_JOURNAL envvar)'
        ),
    )
    group.set_defaults(between=None)


def choose_journal(parsed_args: argparse.Namespace) -> bool:
    """Choose the journal if a time is given; it is an argument then.

    :returns: Whether a journal is asked.
    :raises plugin_command.UsageError: There is a time without a journal, or a
        journal without a time.
    """
    if not (parsed_args.at or parsed_args.between):
        if parsed_args.journal:
            raise plugin_command.UsageError(
                _('--journal needs a time, such as --at -3d.')
            )
        return False
    parsed_args.journal = parsed_args.journal or os.environ.get(_VARIABLE)
    if not parsed_args.journal:
        raise plugin_command.UsageError(
            _(
                'Name the journal with --journal or the environment variable '
                '%s.'
            )
            % _VARIABLE
        )
    # There is no token with a project of its own.
    parsed_args.all_projects = True
    # Nova's view would be made of the same ports, one server at a time.
    if vars(parsed_args).get('source') == 'compute':
        parsed_args.source = 'network'
    return True
