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

"""``openstack server interface diff``."""

import argparse
from collections.abc import Sequence

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import as_of
from osc_port_iface.commands import columns
from osc_port_iface.commands import diff_sides
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import regions
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff

# The first one is shown if several regions are compared.
COLUMNS: columns.Columns[listing_diff.Change] = (
    columns.Column(listing_diff.REGION, 'region', columns.Shown.LONG),
    columns.Column('Server Name', 'server_name'),
    columns.Column('Server ID', 'server_id'),
    columns.Column('Port ID', 'port_id'),
    columns.Column('Change', 'kind'),
    columns.Column('Before', 'before'),
    columns.Column('After', 'after'),
)


class DiffServerInterface(as_of.RecordedCommand, lister.TextLister):
    """Show what changed since the interfaces of servers were listed.

    Compares a listing that 'server interface list' wrote with -f json,
    -f yaml or -f csv with another such file, or with the current interfaces.
    Only columns that both have are compared.

    With --at, compares two times, or a time with the last observation, from
    what 'server interface record' stored.

    The exit code is 0 if nothing changed, 3 if something did, 1 if something
    could not be read or nothing was left to compare, and 2 if a file is not
    such a listing.
    """

    examples = (
        'openstack server interface diff monday.json',
        'openstack server interface diff monday.json friday.json',
        'openstack server interface diff --at -3d --at -2d',
    )
    importance = ('Server Name', 'Change', 'Before', 'After', 'Port ID')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'before',
            metavar='<before>',
            nargs='?',
            type=argument_types.name,
            help=_(
                'File with the earlier listing, or - for standard input; not '
                'needed with --at'
            ),
        )
        parser.add_argument(
            'after',
            metavar='<after>',
            nargs='?',
            type=argument_types.name,
            help=_(
                'File with the later listing; the current interfaces by '
                'default'
            ),
        )
        servers = parser.add_argument_group(_('servers'))
        servers.add_argument(
            '--same',
            action='store_true',
            help=_('Look only at the servers of the earlier listing'),
        )
        servers.add_argument(
            '--server',
            metavar='<server>',
            **argument_types.repeated(argument_types.name),
            help=_(
                'Server to look at now (name or ID) (repeat option to look '
                'at several; all servers of the project by default)'
            ),
        )
        server_selectors.add_scope(servers)
        regions.add_arguments(parser)
        tuning = parser.add_argument_group(_('tuning'))
        tuning.add_argument(
            '--source',
            choices=('compute', 'network'),
            default='compute',
            help=_(
                'View to read now: compute, a request to Nova for each server '
                '(default), or network, a request to Neutron for about 150 '
                'servers, without tags'
            ),
        )
        server_selectors.add_concurrency(tuning)
        return parser

    def add_times(self, group: argparse._ArgumentGroup) -> None:
        """Add the options that name the times and the journal."""
        group.add_argument(
            '--at',
            metavar='<time>',
            **argument_types.repeated(argument_types.moment),
            help=_(
                'Compare what was recorded as of this time (ISO 8601, in UTC '
                'unless it has an offset, or how long ago, such as -3d): with '
                '<before>, or with the last observation (repeat option to '
                'compare two times)'
            ),
        )
        as_of.add_journal(group)

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        self.choose(parsed_args, COLUMNS)
        _check_usage(parsed_args)
        if as_of.choose_journal(parsed_args):
            parsed_args.at.sort()
        pairs = diff_sides.read(self, parsed_args)
        changes = []
        for found in pairs:
            self.fail(*found.failures)
            self.notify(*found.notices)
            changes += found.changes
        if changes:
            self.report_negative()
        if parsed_args.before and not (parsed_args.same or parsed_args.after):
            self._warn_of_others(parsed_args, pairs)
        chosen = self.choose(
            parsed_args,
            COLUMNS,
            show_long=any(found.region for found in pairs),
        )
        return columns.table(chosen, changes)

    def _warn_of_others(
        self,
        parsed_args: argparse.Namespace,
        pairs: Sequence[listing_diff.ListingDiff],
    ) -> None:
        """Tell that changes may be of servers that a file does not have."""
        kinds = [listing_diff.DETACHED]
        text = _(
            '%s does not have the column Server ID, so interfaces that it has '
            'of other servers are shown as detached.'
        )
        if not parsed_args.server:
            kinds.append(listing_diff.ATTACHED)
            text = _(
                '%s does not have the column Server ID, so interfaces of '
                'other servers may be shown as attached or detached. To '
                'compare only its servers, name them with --server.'
            )
        for found in pairs:
            before = found.before
            if not before.interfaces or not any(
                change.kind in kinds and change.server_id not in before.servers
                for change in found.changes
            ):
                continue
            if listing_diff.SERVER_ID not in before.headers:
                self.notify(text % before.name)
            else:
                hint = _('To compare only the servers of %s, use --same.')
                self.hint(hint % before.name)


def _check_usage(parsed_args: argparse.Namespace) -> None:
    """Check that options do not contradict each other.

    :raises plugin_command.UsageError: They do.
    """
    options = ['--server', '--project', '--host', '--status']
    if parsed_args.after:
        options += ['--region', '--all-regions']
        plugin_command.refuse(parsed_args, options, '<after>')
    elif parsed_args.same:
        plugin_command.refuse(parsed_args, options, '--same')
    sides = [*filter(None, (parsed_args.before, parsed_args.after))]
    if not (sides or parsed_args.at):
        raise plugin_command.UsageError(
            _('Give a saved listing, or a time with --at.')
        )
    if len(sides) + len(parsed_args.at) > 2:
        raise plugin_command.UsageError(
            _('Only two listings or times can be compared.')
        )
