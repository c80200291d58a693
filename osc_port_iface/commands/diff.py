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

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from osc_lib import exceptions

from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _

if TYPE_CHECKING:
    from osc_port_iface.interfaces.changes import listing_diff


class DiffServerInterface(lister.TextLister):
    """Show what changed since the interfaces of servers were listed.

    Compares a listing that 'server interface list' wrote with -f json,
    -f yaml or -f csv with another such file, or with the current interfaces.
    Only columns that both have are compared.

    The exit code is 0 if nothing changed, 3 if something did, 1 if something
    could not be read, and 2 if a file is not such a listing.
    """

    examples = (
        'openstack server interface diff monday.json',
        'openstack server interface diff monday.json friday.json',
    )
    importance = (
        'Server Name',
        'Change',
        'Before',
        'After',
        'Port ID',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        from osc_port_iface.commands import argument_types
        from osc_port_iface.commands import server_selectors

        parser = super().get_parser(prog_name)
        parser.add_argument(
            'before',
            metavar='<before>',
            type=argument_types.file_name,
            help=_('File with the earlier listing; - for standard input'),
        )
        parser.add_argument(
            'after',
            metavar='<after>',
            nargs='?',
            type=argument_types.file_name,
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
            action='append',
            default=[],
            type=argument_types.name,
            help=_(
                'Server to look at now (name or ID) (repeat option to look '
                'at several; all servers of the project by default)'
            ),
        )
        server_selectors.add_scope(servers)
        tuning = parser.add_argument_group(_('tuning'))
        tuning.add_argument(
            '--source',
            type=argument_types.one_of(('compute', 'network')),
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

    def take_action(self, parsed_args: argparse.Namespace) -> lister.Table:
        from osc_port_iface.commands import change_columns
        from osc_port_iface.commands import columns
        from osc_port_iface.interfaces.changes import listing_diff
        from osc_port_iface import printable

        chosen = self.choose(parsed_args, change_columns.COLUMNS)
        _check_usage(parsed_args)
        before = _read(parsed_args.before)
        if parsed_args.same and not before.tells_servers:
            raise plugin_command.UsageError(
                _('--same needs the column Server ID, which %s does not have.')
                % printable.escape(before.name)
            )
        if parsed_args.after:
            after = _read(parsed_args.after)
            if parsed_args.same:
                after = after.only_servers(before.servers)
        else:
            after = self._now(parsed_args, before)
        found = listing_diff.ListingDiff(
            before, after, change_columns.HIDEABLE
        )
        self.notify(found.notices)
        changes = found.changes
        if changes:
            self.deny()
        return columns.table(chosen, changes)

    def _now(
        self, parsed_args: argparse.Namespace, before: listing_diff.Listing
    ) -> listing_diff.Listing:
        """List the current interfaces, with the columns of the saved ones."""
        from osc_port_iface.commands import change_columns
        from osc_port_iface.commands import columns
        from osc_port_iface.commands import server_selectors
        from osc_port_iface.interfaces.changes import listing_diff
        from osc_port_iface.interfaces.listing import listing
        from osc_port_iface.interfaces.listing import views
        from osc_port_iface.interfaces.selecting import selection
        from osc_port_iface.interfaces.selecting import server_lookup

        cloud = self.cloud()
        view = views.VIEWS[parsed_args.source](cloud, parsed_args.concurrency)
        chosen = change_columns.listed_now(before, view)
        details = columns.need_server_details(chosen)
        if parsed_args.same:
            servers = server_lookup.look_up(
                cloud.compute,
                before.servers,
                everywhere=True,
                details=details,
            )
        else:
            servers = selection.select(
                cloud,
                parsed_args.server,
                server_selectors.scope(parsed_args, cloud.identity),
                details,
            )
        answer = listing.list_interfaces(cloud, view, servers, self.progress)
        look = columns.look_up(chosen, cloud, answer.rows)
        headers, rows = columns.table(chosen, answer.rows, look)
        self.report(answer, look)
        self.report_hidden(look, is_asked=False)
        return listing_diff.Listing(
            _('the cloud'),
            headers,
            {
                row.interface.port_id or '': [
                    cell.human_readable() for cell in shown
                ]
                for row, shown in zip(answer.rows, rows, strict=True)
            },
            is_incomplete=bool(answer.failures),
        )


def _check_usage(parsed_args: argparse.Namespace) -> None:
    """Check that options do not contradict each other.

    :raises plugin_command.UsageError: They do.
    """
    given = [
        f'--{name}'
        for name in ('server', 'project', 'host', 'status')
        if getattr(parsed_args, name)
    ]
    if given and (parsed_args.after or parsed_args.same):
        raise plugin_command.UsageError(
            _('%(option)s cannot be used with %(other)s.')
            % {
                'option': given[0],
                'other': '<after>' if parsed_args.after else '--same',
            }
        )
    if parsed_args.before == parsed_args.after == '-':
        raise plugin_command.UsageError(
            _('Only one of the listings can be standard input.')
        )


def _read(path: str) -> listing_diff.Listing:
    """Read a saved listing.

    :param path: The file; ``-`` for standard input.
    :raises exceptions.CommandError: The file cannot be read.
    :raises plugin_command.UsageError: It is not a listing.
    """
    from osc_port_iface.interfaces.changes import saved_listing
    from osc_port_iface import printable
    from osc_port_iface import text_files

    name = _('standard input') if path == '-' else printable.one_line(path)
    try:
        return saved_listing.read(name, text_files.read(path))
    except OSError as error:
        raise exceptions.CommandError(
            printable.one_line(f'{path}: {error.strerror or error}')
        ) from None
    except saved_listing.NotAListing as error:
        raise plugin_command.UsageError(str(error)) from None
