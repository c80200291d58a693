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

"""What the help of all commands has in common."""

from typing import Any
from unittest import mock

import testtools

from osc_port_iface.commands import check
from osc_port_iface.commands import find
from osc_port_iface.commands import list as list_command
from osc_port_iface.commands import repair
from tests import command_result
from tests import declared
from tests.unit import base
from tests.unit import fake_cloud

ORIGIN = 'This command is provided by the osc-port-iface plugin.'


def make(command: Any) -> Any:
    app = mock.Mock()
    return command(app, None)


class TestHelp(testtools.TestCase):
    def commands(self) -> list[Any]:
        return [type(make(point.load())) for point in declared.entry_points()]

    def test_examples_are_command_lines(self) -> None:
        for command in self.commands():
            self.assertGreaterEqual(len(command.examples), 2)
            for example in command.examples:
                with self.subTest(example):
                    words = example.split()
                    self.assertEqual(
                        ['openstack', 'server', 'interface'], words[:3]
                    )
                    if command.__name__ != 'ServerInterfaceOverview':
                        self.parse(command, words[3:])

    def parse(self, command: Any, words: list[str]) -> None:
        verb, *arguments = words
        self.assertEqual(f'{verb.title()}ServerInterface', command.__name__)
        # A file need not exist.
        with mock.patch(
            'osc_port_iface.commands.argument_types.query_file', str
        ):
            parser = make(command).get_parser(verb)
            self.assertIsNotNone(parser.parse_args(arguments))

    def test_keeps_paragraphs_and_lines(self) -> None:
        shown = make(list_command.ListServerInterface)
        text = shown.get_parser('list').format_help()
        self.assertIn('List the interfaces of servers.\n\nShows each', text)
        first, second = shown.examples
        self.assertIn(f'\nExamples:\n\n  {first}\n  {second}\n', text)
        for title in ('servers', 'filters', 'columns and rows', 'tuning'):
            self.assertIn(f'\n{title}:\n', text)

    def test_options_are_in_groups(self) -> None:
        for command, title, option in (
            (check.CheckServerInterface, 'monitoring', '--nagios'),
            (check.CheckServerInterface, 'monitoring', '--metrics'),
            (repair.RepairServerInterface, 'repair', '--dry-run'),
            (find.FindServerInterface, 'earlier time', '--between'),
        ):
            with self.subTest(option):
                text = make(command).get_parser('verb').format_help()
                group = text.partition(f'\n{title}:\n')[2]
                self.assertIn(f'\n  {option} ', f'\n{group}')


class TestEpilog(testtools.TestCase):
    def test_examples_and_origin(self) -> None:
        made = make(list_command.ListServerInterface)
        first, second = made.examples
        self.assertEqual(
            f'Examples::\n\n  {first}\n  {second}\n\n{ORIGIN}',
            made.get_epilog(),
        )


class TestAuthentication(base.ShellTestCase):
    def test_refused(self) -> None:
        """No command shows what Keystone answers."""
        self.cloud.register_tokens('a-token')
        self.cloud.post(
            f'{fake_cloud.AUTH_URL}/auth/tokens',
            status_code=401,
            json={'error': {'message': 'secret', 'code': 401}},
        )
        journal = self.create_file('')
        for command in (
            ('list',),
            ('show', 'web', '10.0.0.5'),
            ('find', '10.0.0.5'),
            ('check',),
            ('repair', '--dry-run'),
            ('diff', self.create_file('[]')),
            ('reach', 'web', 'db'),
            ('record', journal),
            ('wait', 'web'),
        ):
            with self.subTest(command[0]):
                self.assertEqual(
                    command_result.Result(
                        1,
                        '',
                        'Authentication failed: Unauthorized (HTTP 401)\n',
                    ),
                    self.openstack('server', 'interface', *command),
                )
