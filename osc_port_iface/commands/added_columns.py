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

"""Columns that are added to those of a command, such as Region."""

import argparse
from collections.abc import Iterable
import copy

from osc_port_iface.commands import columns

_OPTIONS = ('columns', 'sort_columns')


def are_asked(parsed_args: argparse.Namespace, header: str) -> bool:
    """Return whether the user names a column."""
    return any(
        columns.folded(name) == columns.folded(header)
        for option in _OPTIONS
        for name in getattr(parsed_args, option, ())
    )


def without(
    parsed_args: argparse.Namespace, headers: Iterable[str]
) -> argparse.Namespace:
    """Return the arguments for a command that does not know some columns."""
    found = copy.copy(parsed_args)
    added = set(map(columns.folded, headers))
    for option in _OPTIONS:
        names = getattr(parsed_args, option, ())
        known = [name for name in names if columns.folded(name) not in added]
        setattr(found, option, known)
    return found


def name(
    parsed_args: argparse.Namespace,
    inner: argparse.Namespace,
    headers: Iterable[str],
) -> None:
    """Replace the names of columns by their headers, as a command does.

    :param parsed_args: The arguments.
    :param inner: Those of the command, which has done so.
    :param headers: The headers of the added columns.
    """
    known = {
        columns.folded(header): header
        for header in (*headers, *inner.columns, *inner.sort_columns)
    }
    for option in _OPTIONS:
        names = getattr(parsed_args, option, ())
        setattr(parsed_args, option, [known[columns.folded(n)] for n in names])
