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

"""``openstack server interface`` and verbs that do not exist."""

import io
from unittest import mock

from cliff import commandmanager
import fixtures
import testtools

from osc_port_iface.commands import overview
from tests import declared
from tests.unit import base

LISTED = """\
usage: openstack server interface <command> [<argument> ...]

Show the commands for the interfaces of servers.

Commands:

  list    What is plugged into these servers?
  show    What are the details of this interface?
  find    Which server is behind this address?
"""


class OverviewTestCase(testtools.TestCase):
    def run_command(self, *arguments: str) -> tuple[int, str]:
        """Run it, and return the exit status and what it writes."""
        app = mock.Mock(stdout=io.StringIO(), stderr=io.StringIO())
        command = overview.ServerInterfaceOverview(app, None)
        parser = command.get_parser('openstack server interface')
        with self.assertLogs() if arguments else mock.MagicMock() as logged:
            status = command.run(parser.parse_args(arguments))
        if arguments:
            self.assertEqual('', app.stdout.getvalue())
            return status, '\n'.join(
                record.getMessage() for record in logged.records
            )
        return status, app.stdout.getvalue()


class TestOverview(OverviewTestCase):
    def test_commands_and_examples(self) -> None:
        status, shown = self.run_command()
        self.assertEqual(0, status)
        self.assertTrue(shown.startswith(LISTED), shown)
        for example in overview.ServerInterfaceOverview.examples:
            self.assertIn(f'\n  {example}\n', shown)
        self.assertLessEqual(max(map(len, shown.splitlines())), 79)
        self.assertNotIn('::', shown)

    def test_every_command_is_in_it(self) -> None:
        self.assertEqual(
            {'server_interface'}
            | {f'server_interface_{verb}' for verb in overview.QUESTIONS},
            {point.name for point in declared.entry_points()},
        )

    def test_needs_no_cloud(self) -> None:
        self.assertFalse(overview.ServerInterfaceOverview.auth_required)

    def test_longest_match_wins(self) -> None:
        manager = commandmanager.CommandManager('nothing')
        for point in declared.entry_points():
            manager.add_command(point.name.replace('_', ' '), mock.Mock())
        for arguments, found in (
            (['list', 'web-1'], 'server interface list'),
            (['lst', 'web-1'], 'server interface'),
            ([], 'server interface'),
        ):
            with self.subTest(arguments):
                _factory, name, _rest = manager.find_command(
                    ['server', 'interface', *arguments]
                )
                self.assertEqual(found, name)


class TestUnknownVerb(OverviewTestCase):
    def test_verbs(self) -> None:
        for verb, shown in ('lst', 'lst'), ('xy\x1b', r'xy\x1b'):
            with self.subTest(verb):
                self.assertEqual(
                    (
                        2,
                        f"There is no command 'openstack server interface "
                        f"{shown}'; the verbs are: "
                        f'{", ".join(overview.QUESTIONS)}',
                    ),
                    self.run_command(verb, 'web-1', '-f', 'json'),
                )


class TestHelp(base.ShellTestCase):
    def test_is_the_same(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch('cliff.app.App.NAME', 'openstack')
        )
        command = ('server', 'interface')
        shown = self.openstack(*command)
        self.assertIn(LISTED, shown.stdout)
        for arguments in (
            ('help', *command),
            (*command, '--help'),
            (*command, '-h'),
        ):
            with self.subTest(arguments):
                self.assertEqual(shown, self.openstack(*arguments))
