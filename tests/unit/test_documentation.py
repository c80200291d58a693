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

from importlib import metadata
import re

import testtools

from osc_port_iface.commands import plugin_command
from tests import environments

PAGES = environments.CHECKOUT / 'doc' / 'source' / 'user'


def page(name: str) -> str:
    return (PAGES / f'{name}.rst').read_text()


class TestPages(testtools.TestCase):
    def test_each_command_is_in_the_cheat_sheet(self) -> None:
        verbs = {
            point.name.removeprefix('server_interface_')
            for point in metadata.distribution('osc-port-iface').entry_points
            if point.name.startswith('server_interface_')
        }
        self.assertLess(6, len(verbs))
        shown = set(re.findall(r'``(\w+)', page('cheat-sheet')))
        self.assertEqual(set(), verbs - shown)

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
