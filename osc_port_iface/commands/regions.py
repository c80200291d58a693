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

"""Asks several regions at once, and reports as one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
import copy
from typing import Generic, TYPE_CHECKING, TypeVar

from osc_lib import exceptions

from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import regions as api_regions
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import suggestions
from osc_port_iface import printable
from osc_port_iface import records

if TYPE_CHECKING:
    from osc_port_iface.commands import lister

HEADER = listing_diff.REGION

_Command = TypeVar('_Command', bound='lister.TextLister')
_Result = TypeVar('_Result')

# How to report a line, the line, and the regions that say it.
_Said = tuple[str, str, Sequence[str]]


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
        action='append',
        default=[],
        type=argument_types.name,
        help=_(
            'Region to ask (repeat option to ask several; that of '
            '--os-region-name or clouds.yaml by default)'
        ),
    )


def choose(
    command: _Command,
    parsed_args: argparse.Namespace,
    usual: Sequence[str] = (),
) -> Regions[_Command] | None:
    """Choose the regions to ask.

    :param command: The command. If there is only one region to ask, the
        command asks it from then on.
    :param parsed_args: The arguments.
    :param usual: The names of the regions to ask without an option.
    :returns: Several regions, or the only one if its name is to be shown; None
        if the command asks as it would without an option.
    :raises names.NoSuchName: There is no such region.
    """
    named = parsed_args.region or usual
    if not (parsed_args.all_regions or named):
        return None
    app = command.app
    found = api_regions.Regions(command.cloud(), app.cloud_config, app.options)
    chosen = found.usual if parsed_args.all_regions else _named(named, found)
    if len(chosen) < 2 and not (chosen and _asks_for_region(parsed_args)):
        for name in chosen:
            command.asked = found.cloud(name)
        return None
    return Regions(command, parsed_args, found, chosen)


class Regions(Generic[_Command]):
    """A command that asks several regions.

    :ivar names: Their names, in order.
    :ivar lost: Those that could not be read.
    """

    def __init__(
        self,
        command: _Command,
        parsed_args: argparse.Namespace,
        found: api_regions.Regions,
        chosen: Iterable[str],
    ) -> None:
        self._command = command
        self._parsed_args = parsed_args
        self._asked = {
            name: _View(command, parsed_args, found, name) for name in chosen
        }
        # Those that have answered so far.
        self._answering = dict(self._asked)
        self.names = list(self._asked)
        self.lost: set[str] = set()

    def ask(
        self, work: Callable[[_Command, argparse.Namespace], _Result]
    ) -> dict[str, _Result]:
        """Do the work in all regions in parallel, and report as one.

        :param work: The work: a function of the command, which asks one of the
            regions, and of its arguments.
        :returns: The result for each region that has answered, in order.
        :raises exceptions.CommandError: None has.
        """
        views = self._answering
        done: dict[str, _Result] = {}
        for name, results in fan_out.fan_out(
            lambda name: views[name].attempt(work), views, len(views)
        ):
            if isinstance(results, errors.ApiError):
                raise results
            done.update((name, result) for result in results)
        failed = {
            name: view.error for name, view in views.items() if view.error
        }
        self._answering = {name: views[name] for name in views if name in done}
        self.lost.update(
            name for name, error in failed.items() if not _is_absence(error)
        )
        self._report(views, failed)
        return {name: done[name] for name in self._answering}

    def table(
        self,
        work: Callable[[_Command, argparse.Namespace], lister.Table],
    ) -> lister.Table:
        """Make one table of those of all regions.

        :param work: Makes the table of a region, as for :meth:`ask`.
        """
        tables = self.ask(work)
        view = next(iter(self._answering.values()))
        view.name_columns(self._parsed_args)
        self._command.importance = (HEADER, *self._command.importance)
        # Without the tag, which Nova may not show in all regions, they have
        # the same columns.
        headers = max((found for found, _rows in tables.values()), key=len)
        rows = []
        for region, (found, found_rows) in tables.items():
            for row in found_rows:
                known = dict(zip(found, row, strict=True))
                shown = (
                    known.get(header, cells.TextCell(None))
                    for header in headers
                )
                rows.append((cells.TextCell(region), *shown))
        return (HEADER, *headers), rows

    def _report(
        self,
        views: Iterable[str],
        failed: Mapping[str, exceptions.CommandError],
    ) -> None:
        """Report what the regions have said.

        :param views: The regions.
        :param failed: Why some of them have no result.
        :raises exceptions.CommandError: None of them has.
        """
        heard = {name: self._asked[name].heard for name in views}
        lines = [
            (method, self._placed(line, names))
            for (method, line), names in _merged(heard, failed).items()
        ]
        problem = None
        if not self._answering:
            methods = [method for method, _line in lines]
            place = len(methods) - 1 - methods[::-1].index('fail')
            _method, problem = lines.pop(place)
        for method, line in lines:
            if method == 'hint':
                self._command.hint(line)
            else:
                getattr(self._command, method)([line])
        if problem:
            raise exceptions.CommandError(problem)

    def _placed(self, line: str, names: Sequence[str]) -> str:
        """Say which regions say a line, if not all do."""
        if len(names) == len(self._asked):
            return line
        return f'{", ".join(map(printable.one_line, names))}: {line}'


class _View(Generic[_Command]):
    """A command that asks one of several regions.

    :ivar heard: What is reported about it.
    :ivar error: Why it cannot go on.
    """

    def __init__(
        self,
        command: _Command,
        parsed_args: argparse.Namespace,
        found: api_regions.Regions,
        name: str,
    ) -> None:
        self._command = copy.copy(command)
        self._command.region = name
        self._arguments = copy.copy(parsed_args)
        self._arguments.columns = _others(parsed_args.columns)
        self._arguments.sort_columns = _others(parsed_args.sort_columns)
        self.error: exceptions.CommandError | None = None
        self.heard: list[tuple[str, str]] = []
        try:
            self._command.asked = found.cloud(name)
        except errors.ApiError as error:
            self.error = error

    def attempt(
        self, work: Callable[[_Command, argparse.Namespace], _Result]
    ) -> list[_Result]:
        """Do the work, and note an error.

        :returns: The result; nothing after an error.
        :raises plugin_command.UsageError: It cannot be done in any region.
        """
        self._command.heard = self.heard = []
        if self.error:
            return []
        try:
            return [work(self._command, self._arguments)]
        except plugin_command.UsageError:
            raise
        except exceptions.CommandError as error:
            self.error = error
            return []

    def name_columns(self, parsed_args: argparse.Namespace) -> None:
        """Replace the names of columns by headers, as the command does."""
        for name in ('columns', 'sort_columns'):
            headers = {
                columns.folded(header): header
                for header in (HEADER, *getattr(self._arguments, name))
            }
            getattr(parsed_args, name)[:] = [
                headers[columns.folded(text)]
                for text in getattr(parsed_args, name)
            ]


def _named(wanted: Iterable[str], found: api_regions.Regions) -> Sequence[str]:
    """Return regions in their usual order.

    :raises names.NoSuchName: One does not exist.
    """
    for name in wanted:
        if name not in found.known:
            likely = suggestions.similar(name, found.known)
            raise names.NoSuchName(
                _("No region has the name '%s'.") % printable.one_line(name)
                + suggestions.did_you_mean(likely)
            )
    return [name for name in found.known if name in wanted]


def _merged(
    heard: Mapping[str, Iterable[tuple[str, str]]],
    failed: Mapping[str, exceptions.CommandError],
) -> dict[tuple[str, str], list[str]]:
    """Return what is to be reported, and the regions that say it.

    What does not exist in one region may be in another. So a line that says so
    counts only if all regions with a result say it, and it comes last.
    """
    absent: dict[str, set[str]] = {}
    for name, said in heard.items():
        for _method, line in said:
            if isinstance(line, records.Absence):
                absent.setdefault(line.name, set()).add(name)
    answering = heard.keys() - failed.keys()
    first: dict[tuple[str, str], dict[str, None]] = {}
    last: dict[tuple[str, str], dict[str, None]] = {}
    for name, said in heard.items():
        for method, line in said:
            if not isinstance(line, records.Absence):
                first.setdefault((method, line), {})[name] = None
            elif absent[line.name] >= answering:
                last.setdefault((method, line), {})[name] = None
        if error := failed.get(name):
            if not _is_absence(error):
                first.setdefault(('fail', str(error)), {})[name] = None
            elif not answering:
                last.setdefault(('fail', str(error)), {})[name] = None
    # One of them may add a suggestion.
    for key in list(last):
        if any(key != other and other[1].startswith(key[1]) for other in last):
            del last[key]
    return {key: list(names) for key, names in (*first.items(), *last.items())}


def _is_absence(error: exceptions.CommandError) -> bool:
    return isinstance(error, names.NoSuchName) or isinstance(
        error.args[0], records.Absence
    )


def _asks_for_region(parsed_args: argparse.Namespace) -> bool:
    return any(
        columns.folded(name) == columns.folded(HEADER)
        for name in (*parsed_args.columns, *parsed_args.sort_columns)
    )


def _others(names_given: Iterable[str]) -> list[str]:
    return [
        name
        for name in names_given
        if columns.folded(name) != columns.folded(HEADER)
    ]
