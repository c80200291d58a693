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

"""Asks the regions that the user chooses at once, and reports as one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import regions as api_regions
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import joint_report
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import printable

HEADER = listing_diff.REGION

_Command = TypeVar('_Command', bound=plugin_command.PluginCommand)
_Result = TypeVar('_Result')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose regions to a command."""
    group = parser.add_argument_group(_('regions'))
    choice = group.add_mutually_exclusive_group()
    choice.add_argument(
        '--all-regions',
        action='store_true',
        help=_(
            'Ask all regions of the cloud at once; the column Region is added '
            'if there are several'
        ),
    )
    choice.add_argument(
        '--region',
        metavar='<region>',
        **argument_types.repeated(argument_types.name),
        help=_(
            'Region to ask (repeat option to ask several; that of '
            '--os-region-name or clouds.yaml by default)'
        ),
    )


def choose(
    command: _Command,
    parsed_args: argparse.Namespace,
    usual: Sequence[str] = (),
) -> AskedRegions[_Command]:
    """Choose the regions to ask.

    :param command: The command. If there is only one region to ask, the
        command asks it from then on.
    :param parsed_args: The arguments.
    :param usual: The names of the regions to ask without an option.
    :returns: The regions, which are shown if there are several, or if the user
        names the column.
    :raises names.NoSuchName: There is no such region.
    :raises plugin_command.UsageError: The settings lead several of them to the
        same Nova.
    """
    named = parsed_args.region or usual
    if not (parsed_args.all_regions or named):
        return AskedRegions(command)
    app = command.app
    found = api_regions.Regions(
        command.cloud, app.cloud, app.cloud_config, app.options
    )
    chosen = found.usual
    if not parsed_args.all_regions:
        chosen = names.choose_regions(named, found.known)
    same = found.with_one_nova(chosen)
    if len(same) > 1:
        raise plugin_command.UsageError(
            _(
                'One compute_endpoint_override is set for %s, which would '
                'show the same servers.'
            )
            % ', '.join(map(printable.one_line, same))
        )
    if len(chosen) > 1 or (chosen and columns.is_named(parsed_args, HEADER)):
        parts = [_part(command, name, found) for name in chosen]
        return AskedRegions(command, parts)
    for name in chosen:
        command.asked_cloud = found.cloud(name)
    return AskedRegions(command)


def _part(
    command: _Command, region: str, found: api_regions.Regions
) -> joint_report.Part[_Command]:
    """Make the part of a command that asks a region."""
    part = joint_report.Part(command, region)
    part.command.added_headers = (HEADER,)
    try:
        part.command.asked_cloud = found.cloud(region)
    except errors.ApiError as error:
        part.fail(error)
    return part


class AskedRegions(Generic[_Command]):
    """The regions that a command asks.

    :ivar are_shown: Whether their names are. If not, there is only the region
        that the command asks anyway, and its name is empty here.
    :ivar names: Their names, in order.
    :ivar lost: Those that could not be read.
    """

    def __init__(
        self,
        command: _Command,
        parts: Sequence[joint_report.Part[_Command]] = (),
    ) -> None:
        """Ask the parts of a command, or the command itself.

        :param command: The command.
        :param parts: Its parts, one for each region that is shown.
        """
        self.are_shown = bool(parts)
        self.names = [part.region for part in parts] or ['']
        self.lost: set[str] = set()
        self._command = command
        # Those that have answered so far.
        self._answering = parts

    def ask(self, work: Callable[[_Command], _Result]) -> dict[str, _Result]:
        """Do the work in all regions in parallel, and report as one.

        :param work: The work: a function of the command, which asks one of the
            regions.
        :returns: The result for each region that has answered, in order.
        :raises exceptions.CommandError: None has.
        :raises plugin_command.UsageError: It cannot be done in any region.
        """
        if not self.are_shown:
            return {'': work(self._command)}
        # Otherwise, each region would show a line of its own.
        self._command.show_progress(plugin_command.WAITING)
        parts = self._answering
        done: dict[str, _Result] = {}
        for _part, results in fan_out.fan_out(
            lambda part: part.attempt(work), parts, len(parts)
        ):
            if isinstance(results, errors.ApiError):
                raise results
            done.update(results)
        self._answering = [part for part in parts if part.region in done]
        self.lost.update(part.region for part in parts if part.is_lost)
        joint_report.report(self._command, parts, self.names)
        return {part.region: done[part.region] for part in self._answering}

    def table(
        self, work: Callable[[_Command], columns.Table]
    ) -> columns.Table:
        """Make one table of those of all regions.

        :param work: Makes the table of a region, as for :meth:`ask`. All have
            the same columns.
        """
        tables = self.ask(work)
        if not self.are_shown:
            return tables['']
        headers, _rows = next(iter(tables.values()))
        rows = [
            (cells.text(region), *row)
            for region, (_headers, found_rows) in tables.items()
            for row in found_rows
        ]
        return (HEADER, *headers), rows
