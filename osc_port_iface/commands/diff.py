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
from collections.abc import Iterator
import datetime
import sys
from typing import TYPE_CHECKING, TypeAlias

from osc_port_iface.commands import as_of
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _

if TYPE_CHECKING:
    from osc_port_iface.interfaces.changes import listing_diff
    from osc_port_iface.interfaces.journal import moments

    # What to compare, by region; if there is one, its name is empty.
    _Pairs: TypeAlias = dict[
        str, tuple[listing_diff.Listing, listing_diff.Listing]
    ]


class DiffServerInterface(as_of.RecordedCommand, lister.TextLister):
    """Show what changed since the interfaces of servers were listed.

    Compares a listing that 'server interface list' wrote with -f json,
    -f yaml or -f csv with another such file, or with the current interfaces.
    Only columns that both have are compared.

    With --at, compares two times, or a time with the last observation, from
    what 'server interface record' stored.

    The exit code is 0 if nothing changed, 3 if something did, 1 if something
    could not be read, and 2 if a file is not such a listing.
    """

    examples = (
        'openstack server interface diff monday.json',
        'openstack server interface diff monday.json friday.json',
        'openstack server interface diff --at -3d --at -2d',
    )
    importance = ('Server Name', 'Change', 'Before', 'After', 'Port ID')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        from osc_port_iface.commands import argument_types
        from osc_port_iface.commands import regions
        from osc_port_iface.commands import server_selectors

        parser = super().get_parser(prog_name)
        parser.add_argument(
            'before',
            metavar='<before>',
            nargs='?',
            type=argument_types.file_name,
            help=_(
                'File with the earlier listing, or - for standard input; not '
                'needed with --at'
            ),
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
        regions.add_arguments(parser)
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

    def add_times(self, group: argparse._ArgumentGroup) -> None:
        """Add the options that name the times and the journal."""
        from osc_port_iface.commands import argument_types

        group.add_argument(
            '--at',
            metavar='<time>',
            action='append',
            default=[],
            type=argument_types.moment,
            help=_(
                'Compare what was recorded as of this time (ISO 8601, in UTC '
                'unless it has an offset, or how long ago, such as -3d): with '
                '<before>, or with the last observation (repeat option to '
                'compare two times)'
            ),
        )
        as_of.add_journal(group)

    def take_action(self, parsed_args: argparse.Namespace) -> lister.Table:
        from osc_port_iface.commands import change_columns
        from osc_port_iface.commands import columns

        self.choose(parsed_args, change_columns.COLUMNS)
        _check_usage(parsed_args)
        sides = self._read(parsed_args)
        if parsed_args.at:
            pairs = self._then(parsed_args, sides)
        else:
            self.check_no_journal(parsed_args)
            if parsed_args.after:
                pairs = _by_region(*sides)
            else:
                pairs = self._now(parsed_args, *sides)
        changes: list[listing_diff.Change] = []
        for region, (before, after) in pairs.items():
            changes += self._compare(parsed_args, region, before, after)
        if changes:
            self.report_negative()
        chosen = self.choose(
            parsed_args, change_columns.COLUMNS, show_long=any(pairs)
        )
        return columns.table(chosen, changes)

    def _compare(
        self,
        parsed_args: argparse.Namespace,
        region: str,
        before: listing_diff.Listing,
        after: listing_diff.Listing,
    ) -> Iterator[listing_diff.Change]:
        """Compare two listings, of a region unless its name is empty."""
        import dataclasses

        from osc_port_iface.commands import change_columns
        from osc_port_iface.interfaces.changes import listing_diff
        from osc_port_iface import printable

        if parsed_args.same:
            after = after.only_servers(before.servers)
        found = listing_diff.ListingDiff(
            before, after, change_columns.HIDEABLE
        )
        place = f'{printable.one_line(region)}: ' if region else ''
        self.notify(place + line for line in found.notices)
        for change in found.changes:
            yield dataclasses.replace(change, region=region or None)

    def _now(
        self, parsed_args: argparse.Namespace, before: listing_diff.Listing
    ) -> _Pairs:
        """List the current interfaces, of several regions if they are asked.

        Without an option, these are the regions of the saved listing.
        """
        from osc_port_iface.commands import regions

        several = regions.choose(self, parsed_args, list(before.regions))
        if not several:
            saved = before
            if before.regions:
                saved = before.of_region(self.cloud().region)
            return {'': (saved, self._listed(parsed_args, saved))}
        _check_regions(before)
        after = several.ask(
            lambda view, args: view._listed(
                args, before.of_region(view.region)
            )
        )
        return {
            region: (before.of_region(region), listing)
            for region, listing in after.items()
        }

    def _listed(
        self, parsed_args: argparse.Namespace, before: listing_diff.Listing
    ) -> listing_diff.Listing:
        """List the current interfaces."""
        table, is_incomplete = self._list(parsed_args, before)
        return _listing(_('the cloud'), table, is_incomplete)

    def _read(
        self, parsed_args: argparse.Namespace
    ) -> list[listing_diff.Listing]:
        """Read the saved listings."""
        from osc_port_iface.commands import listing_files
        from osc_port_iface import printable

        sides = []
        for path in filter(None, (parsed_args.before, parsed_args.after)):
            sides.append(listing_files.read(path))
            if parsed_args.same and not sides[0].tells_servers:
                raise plugin_command.UsageError(
                    _(
                        '--same needs the column Server ID, which %s does not '
                        'have.'
                    )
                    % printable.escape(sides[0].name)
                )
        return sides

    def _then(
        self,
        parsed_args: argparse.Namespace,
        saved: list[listing_diff.Listing],
    ) -> _Pairs:
        """List the interfaces as they were at one or two times.

        A side without what is selected has no interfaces, if the other has.
        """
        from osc_port_iface.api import errors
        from osc_port_iface.interfaces.changes import listing_diff
        from osc_port_iface.interfaces.journal import moments
        from osc_port_iface.interfaces.journal import summary
        from osc_port_iface.interfaces.selecting import names

        self.ask_journal(parsed_args)
        times = parsed_args.at
        if len(saved) + len(times) < 2:
            times = [*times, None]
        asked = parsed_args.region
        for before in saved:
            asked = asked or list(before.regions)
        sides = list(saved)
        missing = []
        with moments.at(parsed_args.journal, times, asked) as found:
            regions = {row.scope.region: bool(row.asked) for row in found[0]}
            if len(regions) > 1:
                for before in saved:
                    _check_regions(before)
            elif asked:
                sides = [before.of_region(asked[0]) for before in saved]
            for moment, series in zip(times, found, strict=True):
                other = next(iter(sides), None)
                try:
                    side = self._recorded(parsed_args, moment, series, other)
                except (names.NoSuchName, errors.NotFound) as error:
                    missing.append(error)
                    side = listing_diff.Listing(_name(moment), (), {})
                sides.append(side)
            if times[-1] is None:
                last = max(
                    row.ended for series in found[-1] for row in series.asked
                )
                self.hint(
                    _('Compared with the last observation, of %s.')
                    % summary.as_text(last)
                )
        if len(missing) == len(times):
            raise missing[0]
        before, after = sides
        if len(regions) < 2:
            return {'': (before, after)}
        return {
            region: (before.of_region(region), after.of_region(region))
            for region, was_observed in regions.items()
            if was_observed
        }

    def _recorded(
        self,
        parsed_args: argparse.Namespace,
        moment: datetime.datetime | None,
        series: list[moments.Series],
        other: listing_diff.Listing | None,
    ) -> listing_diff.Listing:
        """List the interfaces as they were at a time."""
        from osc_port_iface.commands import recorded_tables
        from osc_port_iface.interfaces.journal import summary

        table, is_certain = recorded_tables.table_before(
            self, series, lambda: self._list(parsed_args, other)[0]
        )
        if moment and not is_certain:
            self.notify(
                [
                    _(
                        'What changed between the observations before and '
                        'after %s counts as changed after it'
                    )
                    % summary.as_text(moment)
                ]
            )
        return _listing(_name(moment), table)

    def _list(
        self,
        parsed_args: argparse.Namespace,
        other: listing_diff.Listing | None,
    ) -> tuple[lister.Table, bool]:
        """List interfaces, with the columns of another listing.

        :returns: The table, and whether something could not be read.
        """
        from osc_port_iface.commands import change_columns
        from osc_port_iface.commands import columns
        from osc_port_iface.commands import server_selectors
        from osc_port_iface.interfaces.listing import listing
        from osc_port_iface.interfaces.listing import views
        from osc_port_iface.interfaces.selecting import selection
        from osc_port_iface.interfaces.selecting import server_lookup

        cloud = self.cloud()
        view = views.VIEWS[parsed_args.source](cloud, parsed_args.concurrency)
        chosen = change_columns.listed(other, view)
        details = columns.need_server_details(chosen)
        if parsed_args.same and other:
            servers = server_lookup.look_up(
                cloud.compute,
                other.servers,
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
        answer = listing.chosen_interfaces(
            cloud, servers, view.read(servers.rows, self.progress)
        )
        look = columns.look_up(chosen, cloud, answer.rows)
        table = columns.table(chosen, answer.rows, look)
        self.report(answer, look)
        self.report_hidden(look, is_asked=False)
        return table, bool(answer.failures)


def _check_regions(before: listing_diff.Listing) -> None:
    """Check that a saved listing can be compared with several regions.

    :raises plugin_command.UsageError: It cannot.
    """
    if before.interfaces and not before.regions:
        raise plugin_command.UsageError(
            _('%s does not have the column Region, so ask one region.')
            % before.name
        )


def _by_region(
    before: listing_diff.Listing, after: listing_diff.Listing
) -> _Pairs:
    """Return what to compare, by region if both sides tell them apart."""
    if not (before.regions and after.regions):
        return {'': (before, after)}
    return {
        region: (before.of_region(region), after.of_region(region))
        for region in dict.fromkeys((*before.regions, *after.regions))
    }


def _listing(
    name: str, table: lister.Table, is_incomplete: bool = False
) -> listing_diff.Listing:
    """Make a side of a comparison of a table."""
    from osc_port_iface.interfaces.changes import listing_diff

    headers, rows = table
    # Many texts are repeated.
    texts = [
        [sys.intern(cell.human_readable()) for cell in row] for row in rows
    ]
    place = headers.index(listing_diff.PORT_ID)
    return listing_diff.Listing(
        *(name, headers, {row[place]: row for row in texts}, is_incomplete)
    )


def _name(moment: datetime.datetime | None) -> str:
    """Name the cloud as it was in messages."""
    from osc_port_iface.interfaces.journal import summary

    if moment is None:
        return _('the last observation')
    return _('the cloud at %s') % summary.as_text(moment)


def _check_usage(parsed_args: argparse.Namespace) -> None:
    """Check that options do not contradict each other.

    :raises plugin_command.UsageError: They do.
    """
    options = ['server', 'project', 'host', 'status']
    if parsed_args.after:
        options += ['region', 'all_regions']
    given = [
        f'--{name.replace("_", "-")}'
        for name in options
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
    sides = [*filter(None, (parsed_args.before, parsed_args.after))]
    if not (sides or parsed_args.at):
        raise plugin_command.UsageError(
            _('Give a saved listing, or a time with --at.')
        )
    if len(sides) + len(parsed_args.at) > 2:
        raise plugin_command.UsageError(
            _('Only two listings or times can be compared.')
        )
    if sorted(parsed_args.at) != parsed_args.at:
        raise plugin_command.UsageError(
            _('The first time of --at is after the second one.')
        )
    if parsed_args.before == parsed_args.after == '-':
        raise plugin_command.UsageError(
            _('Only one of the listings can be standard input.')
        )
