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

"""Text from tenants and services never reaches a terminal unescaped."""

from collections.abc import Mapping
import csv
import dataclasses
import datetime
import enum
import functools
import importlib
import inspect
import io
import ipaddress
import json
import pkgutil
import types
import typing
from typing import Any
from unittest import mock

import sqlalchemy as sa
import testtools
import yaml

from osc_port_iface import commands
from osc_port_iface.commands import columns
from osc_port_iface.commands import list as list_command
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import schema
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records
from tests.faults import plan

# The escapes of characters that a terminal could act on: escape sequences
# (ANSI, OSC, C1), overrides of the text direction, line separators, zero-width
# characters, half of a surrogate pair.
ESCAPES: dict[str, str | int | None] = {
    '\x1b': r'\x1b',
    '\x9b': r'\x9b',
    '\x9d': r'\x9d',
    '\x07': r'\x07',
    '\x00': r'\x00',
    '\x7f': r'\x7f',
    '\n': r'\n',
    '\r': r'\r',
    '\t': r'\t',
    '\u202e': r'\u202e',
    '\u2066': r'\u2066',
    '\u200b': r'\u200b',
    '\u2028': r'\u2028',
    '\ufeff': r'\ufeff',
    '\ud800': r'\ud800',
}
_FINE = ' [2J ]0;title u\u0308 \xfc \U0001f600 '
HOSTILE = _FINE.join(ESCAPES) + '.'
LONG = HOSTILE * (10_000 // len(HOSTILE) + 1)

_SAMPLES = {
    bool: True,
    int: 1,
    float: 1.0,
    ipaddress.IPv4Network: ipaddress.IPv4Network('192.0.2.0/24'),
    datetime.datetime: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
}


def poisoned(annotation: Any, text: str) -> Any:
    """Make a value of a type in which every text is this one."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return poisoned(arguments[0], text)
    if origin is list:
        return [poisoned(arguments[0], text)]
    if origin is tuple:
        return tuple(
            poisoned(argument, text)
            for argument in arguments
            if argument is not ...
        )
    if origin is dict:
        return {text: poisoned(arguments[1], text)}
    if origin is Mapping:
        key, value = arguments
        return {poisoned(key, 'key'): poisoned(value, text)}
    if annotation in (str, Any):
        return text
    if annotation is surroundings.Surroundings:
        # No column shows it.
        return None
    if annotation is observing.Observation:
        return poisoned_observation(text)
    if annotation is records.AddressPair:
        # A reader lets only an address or a CIDR pass.
        return records.AddressPair('192.0.2.0/24', text)
    if issubclass(annotation, enum.Enum):
        return next(iter(annotation))
    if dataclasses.is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        make: Any = annotation
        return make(
            **{
                field.name: poisoned(hints[field.name], text)
                for field in dataclasses.fields(annotation)
            }
        )
    return _SAMPLES[annotation]


def poisoned_observation(text: str) -> observing.Observation:
    """Make an observation of a region with this name."""
    with sa.create_engine('sqlite://', future=True).begin() as connection:
        schema.TABLES.create_all(connection)
        found = observing.Observation(connection, 'RegionOne', {})
        found.finish(0, 0, 0)
    # A database cannot store each of them.
    found.region = text
    return found


def poisoned_lookup(text: str) -> Any:
    """Make look-ups that return values in which every text is this one."""
    look = mock.create_autospec(lookup.Lookup, instance=True)
    for name, member in vars(lookup.Lookup).items():
        if isinstance(member, functools.cached_property):
            hints = typing.get_type_hints(member.func)
            # Batches tell no type. Columns use only that of address groups.
            kind = hints.get('return', dict[str, records.AddressGroup])
            setattr(look, name, poisoned(kind, text))
        elif callable(member) and not name.startswith('_'):
            hints = typing.get_type_hints(member)
            getattr(look, name).return_value = poisoned(hints['return'], text)
    return look


def tables() -> dict[str, tuple[Any, Any]]:
    """Find all tables of columns.

    :returns: The columns and the type of their rows, by name.
    """
    found = {}
    for info in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f'{commands.__name__}.{info.name}')
        for name, annotation in inspect.get_annotations(module).items():
            (of, *_others) = typing.get_args(annotation) or (None,)
            if typing.get_origin(of) is columns.Column:
                (row,) = typing.get_args(of)
                found[f'{info.name}.{name}'] = getattr(module, name), row
    return found


def shown(value: Any) -> str:
    """Make the unescaped text of a cell from its value in json."""
    if isinstance(value, list):
        return ','.join(map(shown, value))
    if isinstance(value, dict):
        return shown(next(iter(value.values())))
    return '' if value is None else str(value)


def is_plain(value: Any) -> bool:
    """Return whether a cell shows the value itself."""
    if isinstance(value, list):
        return all(map(is_plain, value))
    return value is None or isinstance(value, str)


class TestTerminalSafety(testtools.TestCase):
    def output(self, chosen: Any, row: Any, look: Any, form: str) -> str:
        """Print a row in a format, as commands that list do."""
        app = mock.Mock(stdout=io.StringIO(), stderr=io.StringIO())
        command = list_command.ListServerInterface(app, None)
        parser = command.get_parser('command')
        arguments = parser.parse_args(['-f', form])
        with mock.patch.object(
            list_command.ListServerInterface,
            'take_action',
            lambda *_arguments: columns.table(chosen, [row], look),
        ):
            self.assertEqual(0, command.run(arguments))
        printed: str = app.stdout.getvalue()
        return printed

    def test_tables_are_found(self) -> None:
        self.assertEqual(
            {
                'check.COLUMNS',
                'columns.OF_INTERFACE',
                'columns.OF_PROJECT',
                'columns.OF_RULES',
                'columns.OF_SERVER',
                'columns.OF_SUBPORT',
                'diff.COLUMNS',
                'find.COLUMNS',
                'find._OF_OWNER',
                'reach.COLUMNS',
                'record.COLUMNS',
                'repair.COLUMNS',
            },
            set(tables()),
        )

    def test_every_column_in_every_format(self) -> None:
        for text in (HOSTILE, LONG):
            look = poisoned_lookup(text)
            for name, (chosen, kind) in tables().items():
                with self.subTest(table=name, length=len(text)):
                    self.check(chosen, poisoned(kind, text), look, text)

    def check(self, chosen: Any, row: Any, look: Any, text: str) -> None:
        (intact,) = json.loads(self.output(chosen, row, look, 'json'))
        self.assertIn(text, map(shown, intact.values()))
        (as_yaml,) = yaml.safe_load(self.output(chosen, row, look, 'yaml'))
        self.assertEqual(intact, as_yaml)
        as_csv = self.output(chosen, row, look, 'csv')
        # cliff (formatters/commaseparated.py) uses this escape character.
        (cells,) = csv.DictReader(io.StringIO(as_csv), escapechar='\\')
        for header, value in intact.items():
            expected = shown(value).translate(str.maketrans(ESCAPES))
            if is_plain(value):
                self.assertEqual(expected, cells[header])
        as_values = self.output(chosen, row, look, 'value')
        self.assertEqual(' '.join(cells.values()) + '\n', as_values)
        as_table = self.output(chosen, row, look, 'table')
        for header, value in intact.items():
            if is_plain(value):
                self.assertIn(f' {cells[header]} ', as_table)
        for output in (as_csv, as_values, as_table):
            self.assertNotRegex(output, plan.UNSAFE)
            output.encode('utf-8')
