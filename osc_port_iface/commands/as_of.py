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

from __future__ import annotations

import abc
import argparse
import os
from typing import Self, TYPE_CHECKING

from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _

if TYPE_CHECKING:
    from osc_port_iface.commands import regions

# Where the journal is, if --journal is not given.
VARIABLE = 'OSC_PORT_IFACE_JOURNAL'


class RecordedLister(lister.TextLister):
    """A Lister that can be asked about an earlier time.

    A journal takes the place of the services then, and no token is needed.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        from osc_port_iface.commands import argument_types
        from osc_port_iface.commands import regions

        parser = super().get_parser(prog_name)
        regions.add_arguments(parser)
        group = parser.add_argument_group(_('earlier time'))
        group.add_argument(
            '--at',
            metavar='<time>',
            type=argument_types.moment,
            help=_(
                "Answer as of this time, from what 'server interface record' "
                'stored (ISO 8601, in UTC unless it has an offset, or how '
                'long ago, such as 3d); adds the columns Seen From and Seen '
                'Until'
            ),
        )
        group.add_argument(
            '--journal',
            metavar='<journal>',
            type=argument_types.file_name,
            help=_(
                'Journal to answer from (can be specified using the '
                'OSC_PORT_IFACE_JOURNAL envvar)'
            ),
        )
        parser.set_defaults(between=None)
        return parser

    @abc.abstractmethod
    def tabulate(self, parsed_args: argparse.Namespace) -> lister.Table:
        """Return the table of the command for one cloud."""

    def tabulate_regions(
        self,
        parsed_args: argparse.Namespace,
        found: regions.Regions[Self],
    ) -> lister.Table:
        """Return the table of the command for several regions."""
        return found.table(lambda view, arguments: view.tabulate(arguments))

    def take_action(self, parsed_args: argparse.Namespace) -> lister.Table:
        if not (parsed_args.at or parsed_args.between):
            if parsed_args.journal:
                raise plugin_command.UsageError(
                    _('--journal needs the time to ask about.')
                )
            return self._tabulate_now(parsed_args)
        from osc_port_iface.commands import recorded_tables

        if parsed_args.at and parsed_args.between:
            raise plugin_command.UsageError(
                _('--at cannot be used with --between.')
            )
        if parsed_args.between and (
            parsed_args.between[0] > parsed_args.between[1]
        ):
            raise plugin_command.UsageError(
                _('The first time of --between is after the second one.')
            )
        parsed_args.journal = parsed_args.journal or os.environ.get(VARIABLE)
        if not parsed_args.journal:
            raise plugin_command.UsageError(
                _(
                    'Name the journal with --journal or the environment '
                    'variable %s.'
                )
                % VARIABLE
            )
        # There is no token with a project of its own.
        parsed_args.all_projects = True
        return recorded_tables.tabulate(self, parsed_args)

    def _tabulate_now(self, parsed_args: argparse.Namespace) -> lister.Table:
        from osc_port_iface.commands import regions

        if several := regions.choose(self, parsed_args):
            return self.tabulate_regions(parsed_args, several)
        return self.tabulate(parsed_args)


def add_between(parser: argparse.ArgumentParser) -> None:
    """Add the option to look at a whole time."""
    from osc_port_iface.commands import argument_types

    parser.add_argument(
        '--between',
        metavar=('<begin>', '<end>'),
        nargs=2,
        type=argument_types.moment,
        help=_('Show every owner between these times, in order'),
    )
