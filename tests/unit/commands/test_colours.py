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

"""Colours on a terminal."""

import functools
import re

from tests import command_result
from tests.unit import base
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

SERVER_ID = fake_cloud.identifier(1)
GREEN, RED, RESET = '\x1b[32m', '\x1b[31m', '\x1b[0m'


class TestColours(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 100)
        self.environment |= {'NO_COLOR': '', 'TERM': 'xterm'}
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        self.cloud.register_interfaces(
            SERVER_ID,
            fake_cloud.attachment(11, '10.0.0.11'),
            fake_cloud.attachment(12, '10.0.0.12', port_state='DOWN'),
        )

    def run_command(self, *arguments: str) -> command_result.Result:
        return self.openstack('server', 'interface', *arguments)

    def test_tables_keep_their_widths(self) -> None:
        for arguments in ((), ('-c', 'Port State', '-c', 'Server Name')):
            with self.subTest(arguments):
                coloured = self.run_command('list', *arguments).stdout
                self.environment['NO_COLOR'] = '1'
                plain = self.run_command('list', *arguments).stdout
                self.environment['NO_COLOR'] = ''
                self.assertEqual(plain, re.sub(r'\x1b\[\d+m', '', coloured))
                self.assertEqual(1, coloured.count(f' {GREEN}ACTIVE{RESET} '))
                self.assertIn(f' {RED}DOWN{RESET}   ', coloured)

    def test_show(self) -> None:
        shown = ('show', SERVER_ID, '10.0.0.12', '-c', 'Port State')
        self.assertIn(f' {RED}DOWN{RESET} ', self.run_command(*shown).stdout)
        self.environment['TERM'] = 'dumb'
        self.assertIn(' DOWN ', self.run_command(*shown).stdout)

    def test_none_elsewhere(self) -> None:
        for options in (
            *(('-f', form) for form in ('json', 'yaml', 'csv', 'value')),
            ('--fit-width',),
            ('--max-width', '90'),
        ):
            with self.subTest(options):
                found = self.run_command('list', *options).stdout
                self.assertIn('ACTIVE', found)
                self.assertNotIn('\x1b', found)
        self.stream = type(self).stream
        self.assertNotIn('\x1b', self.run_command('list').stdout)
