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

"""Reads what ``diff`` compares: files, the cloud, and what was recorded."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Sequence
import dataclasses
import sys

from osc_port_iface.api import compute
from osc_port_iface.commands import as_of
from osc_port_iface.commands import columns
from osc_port_iface.commands import joint_report
from osc_port_iface.commands import listing_files
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import recorded_tables
from osc_port_iface.commands import regions
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface.interfaces.listing import listing
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface.interfaces.selecting import server_lookup
from osc_port_iface import printable
from osc_port_iface import records

_COLUMNS = (
    *columns.OF_SERVER,
    *columns.OF_INTERFACE,
    *columns.on_request(columns.OF_PROJECT),
)

# The columns that Neutron shows to administrators only, or Nova alone has.
_HIDEABLE = frozenset(
    column.header
    for column in _COLUMNS
    if column.origin in (views.Origin.ADMIN, views.Origin.TAG)
)

_USUAL = [column.header for column in columns.usual(_COLUMNS)]

# The columns of ``--long`` that a journal has.
_RECORDED = frozenset(
    column.header
    for column in _COLUMNS
    if column.shown is not columns.Shown.ON_REQUEST
) - {'Security Groups'}


def read(
    command: as_of.RecordedCommand, parsed_args: argparse.Namespace
) -> list[listing_diff.ListingDiff]:
    """Read both sides of each comparison.

    :param command: The command, which lists interfaces.
    :param parsed_args: Its arguments.
    :returns: A comparison for each region, if several are compared.
    """
    saved = _saved(parsed_args)
    if parsed_args.at:
        return _compare_times(command, parsed_args, saved)
    if parsed_args.after:
        return _compare_files(*saved)
    return _compare_with_cloud(command, parsed_args, *saved)


def _saved(parsed_args: argparse.Namespace) -> list[listing_diff.Listing]:
    """Read the saved listings."""
    paths = filter(None, (parsed_args.before, parsed_args.after))
    found = list(map(listing_files.read, paths))
    if not found:
        return found
    before, *after = found
    header = listing_diff.SERVER_ID
    rows = before.interfaces.values()
    # The listing of one server has neither its ID nor its name.
    names = {row.get(listing_diff.SERVER_NAME) for row in rows}
    is_mixed = len(names) > len(parsed_args.server) > 0
    lacks_servers = rows and header not in before.headers
    if lacks_servers and (parsed_args.same or is_mixed):
        text = _('%s does not tell its servers; save Server ID as well.')
        raise plugin_command.UsageError(text % printable.escape(before.name))
    if parsed_args.same:
        after = [side.only(header, before.servers) for side in after]
    return [before, *after]


def _compare_files(
    before: listing_diff.Listing, after: listing_diff.Listing
) -> list[listing_diff.ListingDiff]:
    """Compare two saved listings."""
    found = dict.fromkeys((*before.regions, *after.regions))
    if len(found) > 1:
        _check_regions([before, after])
    elif not (before.regions and after.regions):
        found = {}
    return _by_region(before, after, found)


def _by_region(
    before: listing_diff.Listing,
    after: listing_diff.Listing,
    region_names: Iterable[str],
) -> list[listing_diff.ListingDiff]:
    """Compare two listings, by region if there are several."""
    return [
        listing_diff.ListingDiff(
            before.of_region(name), after.of_region(name), _HIDEABLE, name
        )
        for name in region_names
    ] or [listing_diff.ListingDiff(before, after, _HIDEABLE)]


def _check_regions(saved: Iterable[listing_diff.Listing]) -> None:
    """Check that saved listings can be compared with several regions.

    :raises plugin_command.UsageError: One cannot.
    """
    for side in saved:
        if side.interfaces and not side.regions:
            raise plugin_command.UsageError(
                _(
                    '%s does not have the column Region, so compare it with '
                    'one region.'
                )
                % printable.escape(side.name)
            )


def _compare_with_cloud(
    command: as_of.RecordedCommand,
    parsed_args: argparse.Namespace,
    before: listing_diff.Listing,
) -> list[listing_diff.ListingDiff]:
    """Compare a saved listing with the current interfaces.

    Without an option, the regions of the saved listing are asked.
    """

    def compared(part: as_of.RecordedCommand) -> listing_diff.ListingDiff:
        side = before.of_region(part.region or part.cloud().region)
        now = _Side(parsed_args, side)
        after = now.listing(_('the cloud'), now.table(part))
        return listing_diff.ListingDiff(
            now.narrowed(part, side, after), after, _HIDEABLE, part.region
        )

    asked = regions.choose(command, parsed_args, before.regions)
    if asked.are_shown:
        _check_regions([before])
    return list(asked.ask(compared).values())


def _compare_times(
    command: as_of.RecordedCommand,
    parsed_args: argparse.Namespace,
    saved: Sequence[listing_diff.Listing],
) -> list[listing_diff.ListingDiff]:
    """Compare the interfaces at two times, or a saved listing with one.

    A side without what is selected has no interfaces, if the other has.
    """
    # Imports SQLAlchemy.
    from osc_port_iface.interfaces.journal import moments

    times = [*parsed_args.at, None][: 2 - len(saved)]
    asked = parsed_args.region or [
        name for before in saved for name in before.regions
    ]
    parts: list[joint_report.Part[as_of.RecordedCommand]] = []
    with moments.at(parsed_args.journal, times, asked, encloses=True) as found:
        observed = {row.scope.region: bool(row.chosen) for row in found[0]}
        sides = list(saved)
        if len(observed) > 1:
            _check_regions(saved)
        elif asked:
            sides = [before.of_region(asked[0]) for before in saved]
        for moment, series in zip(times, found, strict=True):
            name = _('the last observation')
            if moment:
                name = _('the cloud at %s') % timestamps.as_text(moment)
            side = _Side(parsed_args, sides[0] if sides else None)
            recorded = recorded_tables.RecordedRegions(
                command, side.table, series
            )
            table, is_certain = recorded.ask_before()
            parts += recorded.parts
            command.fail(*recorded.unrecorded())
            side.is_incomplete |= any(
                part.is_lost for part in recorded.parts
            ) or any(
                row.scope.selected()
                or (saved and not row.scope.has_all_projects)
                for row in series
                if not row.wider
            )
            listed = side.listing(name, table)
            if saved or (sides and not parsed_args.server):
                sides = [side.narrowed(command, sides[0], listed)]
            sides.append(listed)
            if moment and not is_certain:
                text = _(
                    'What changed between the observations before and after '
                    '%s counts as changed after it'
                )
                command.notify(text % timestamps.as_text(moment))
    if not times[-1]:
        last = max(row.ended for series in found[-1] for row in series.chosen)
        command.hint(
            _('Compared with the last observation, of %s.')
            % timestamps.as_text(last)
        )
    joint_report.report(command, parts, observed)
    several = [name for name in observed if observed[name]]
    before, after = sides
    return _by_region(before, after, several if len(observed) > 1 else ())


@dataclasses.dataclass
class _Side:
    """Lists the interfaces of one side.

    :ivar parsed_args: The arguments of the command.
    :ivar other: The side to compare it with, whose columns are listed; None to
        list those of ``--long`` that a journal has.
    :ivar is_incomplete: Whether some interfaces could not be read.
    :ivar lacks_values: Whether some values could not be looked up.
    :ivar server_ids: The servers that are selected.
    :ivar other_ids: The servers of the other side that are not, but exist.
    """

    parsed_args: argparse.Namespace
    other: listing_diff.Listing | None = None
    is_incomplete: bool = False
    lacks_values: bool = False
    server_ids: set[str] = dataclasses.field(default_factory=set)
    other_ids: set[str] = dataclasses.field(default_factory=set)

    def table(self, command: plugin_command.PluginCommand) -> columns.Table:
        """List the interfaces that the command's cloud has."""
        parsed_args = self.parsed_args
        cloud = command.cloud()
        view = views.VIEWS[parsed_args.source](cloud, parsed_args.concurrency)
        headers: Collection[str] = _RECORDED
        if self.other:
            headers = self.other.headers or _USUAL
        available = _COLUMNS
        if not parsed_args.at:
            # A journal may be of listings, which do not tell trunks.
            available = (*_COLUMNS, *columns.OF_SUBPORT)
        chosen = [
            column
            for column in available
            if (column in columns.OF_SERVER or column.header in headers)
            and column.origin not in view.lacks
        ]
        details = columns.need_server_details(chosen)
        if parsed_args.same and self.other:
            servers = server_lookup.look_up(
                cloud.compute, self.other.servers, details=details
            )
        else:
            scope = server_selectors.read_scope(parsed_args, cloud.identity)
            servers = selection.select(
                cloud, parsed_args.server, scope, details
            )
            self._find_others(command, scope, servers.rows)
        answer = listing.choose_interfaces(
            cloud,
            servers,
            view.read(servers.rows, command.progress),
            with_subports=any(
                column in columns.OF_SUBPORT for column in chosen
            ),
        )
        look = columns.prepare_lookup(chosen, cloud, answer.rows)
        table = columns.table(chosen, answer.rows, look)
        command.report(answer, look)
        command.report_hidden(look, is_asked=False)
        self.server_ids.update(server.id for server in servers.rows)
        # What does not exist is not read at the other time either.
        self.is_incomplete |= not all(
            isinstance(line, records.Absence) for line in answer.failures
        )
        self.lacks_values |= bool(look.failures or look.notices)
        return table

    def _find_others(
        self,
        command: plugin_command.PluginCommand,
        scope: compute.ServerScope,
        selected: Iterable[records.Server],
    ) -> None:
        """Find what the other side has and the selectors leave out.

        Its interfaces are still plugged in.
        """
        known = set(self.other.servers) if self.other else set()
        missing = known - {server.id for server in selected}
        if self.parsed_args.server or not missing:
            return
        api = command.cloud().compute
        if not self.parsed_args.at:
            answer = server_lookup.look_up(api, missing)
        elif scope.is_filtered:
            # One by one, what another scope has would be an error.
            answer = api.servers(compute.ServerScope(all_projects=True))
        else:
            return
        command.fail(*answer.failures)
        self.other_ids |= missing & {server.id for server in answer.rows}

    def narrowed(
        self,
        command: plugin_command.PluginCommand,
        other: listing_diff.Listing,
        listed: listing_diff.Listing,
    ) -> listing_diff.Listing:
        """Limit the other side to what is selected, or does not exist.

        :param listed: This side. If nothing of a file is left to compare with
            it, that is a failure.
        """
        header = listing_diff.SERVER_ID
        if header not in other.headers:
            return other
        kept = other.only(header, self.server_ids)
        if not self.parsed_args.server:
            left_out = {
                server_id: name
                for server_id, name in other.servers.items()
                if server_id in self.other_ids - self.server_ids
            }
            kept = other.only(header, {'', *other.servers} - left_out.keys())
            if left_out:
                text = _(
                    'Not selected, so not compared, servers of %(side)s: '
                    '%(names)s'
                )
                names = listing_diff.first_names(left_out)
                command.notify(text % {'side': other.name, 'names': names})
        has_file = self.parsed_args.before and other.interfaces
        if has_file and not (kept.interfaces or listed.interfaces):
            line = _('None of the servers of %s is selected.') % other.name
            # In another region, some may be.
            command.fail(records.Absence(line, line))
        return kept

    def listing(self, name: str, table: columns.Table) -> listing_diff.Listing:
        """Make the side of what was listed.

        :param name: Its name in messages.
        :param table: The result of :meth:`table`, perhaps for several clouds.
        """
        headers, rows = table
        interfaces: dict[str, dict[str, str]] = {}
        for row in rows:
            # Many texts are repeated.
            texts = {
                header: sys.intern(cell.human_readable())
                for header, cell in zip(headers, row, strict=True)
            }
            # Of several scopes, the latest observation comes first.
            interfaces.setdefault(texts[listing_diff.PORT_ID], texts)
        return listing_diff.Listing(
            name,
            headers,
            interfaces,
            self.is_incomplete,
            self.lacks_values,
        )
