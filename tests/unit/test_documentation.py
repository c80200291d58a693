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

"""Holds the pages of the documentation against the code."""

import os
import pathlib
import re
import shlex
from unittest import mock

import fixtures
import testtools

from osc_port_iface.commands import plugin_command
from tests import declared
from tests import environments

PAGES = environments.CHECKOUT / 'doc' / 'source' / 'user'


def page(name: str) -> str:
    return (PAGES / f'{name}.rst').read_text()


class TestPages(testtools.TestCase):
    def test_cheat_sheet(self) -> None:
        """Each command is in it, and takes the arguments that it has there."""
        commands = {
            point.name.removeprefix('server_interface_'): point.load()
            for point in declared.entry_points()
            if point.name.startswith('server_interface_')
        }
        self.assertLess(6, len(commands))
        lines = re.findall(r'``([^`]+)``', page('cheat-sheet'))[1:]
        # The only file that is opened while the arguments are read.
        directory = self.useFixture(fixtures.TempDir()).join
        pathlib.Path(directory('report.txt')).write_text('10.0.0.5')
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(directory())
        shown = set()
        for line in lines:
            verb, *arguments = shlex.split(line.partition(' > ')[0])
            shown.add(verb)
            with self.subTest(line):
                parser = commands[verb](mock.Mock(), None).get_parser(verb)
                parser.parse_args(arguments)
        self.assertEqual(set(commands), shown)

    def test_each_exit_code_is_explained(self) -> None:
        codes = {
            plugin_command.FAILED,
            plugin_command.WRONG_USAGE,
            plugin_command.NEGATIVE,
            plugin_command.INTERRUPTED,
        }
        explained = set(
            map(int, re.findall(r'(?m)^(\d+)$', page('exit-codes')))
        )
        self.assertEqual({0, *codes}, explained)

    def test_tables_are_straight(self) -> None:
        """A session may have printed an address of another length."""
        tables = 0
        for path in (
            environments.CHECKOUT / 'README.rst',
            *PAGES.parent.rglob('*.rst'),
        ):
            for table in re.findall(
                r'(?m)(?:^ *[|+].*[|+]\n)+', path.read_text()
            ):
                tables += 1
                lines = table.splitlines()
                with self.subTest(path, table=lines[1]):
                    self.assertEqual(1, len({len(line) for line in lines}))
        self.assertLess(50, tables)
