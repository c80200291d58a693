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

"""Standard streams that are closed, or that lack characters."""

import io
from typing import Any
from unittest import mock

from openstackclient import shell

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud


class Latin1(io.TextIOWrapper):
    """A pipe to a program that expects Latin-1."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), 'latin-1', write_through=True)

    def getvalue(self) -> str:
        self.seek(0)
        return self.read()


class TestEncoding(test_list_fleet.FleetTestCase):
    stream = Latin1

    def setUp(self) -> None:
        super().setUp()
        self.register(
            fake_cloud.server(1, 'ü-\u540d'), fake_cloud.server(2, 'ü')
        )

    def test_missing_characters_are_escaped(self) -> None:
        self.assertEqual(
            command_result.Result(0, 'ü\nü-\\u540d\n', ''),
            self.list('-f', 'value', '-c', 'Server Name'),
        )

    def test_exit_status_stays(self) -> None:
        self.cloud.get(test_list_fleet.interfaces_url(2), status_code=404)
        result = self.list('-c', 'Server Name')
        self.assertEqual(1, result.status)
        self.assertIn('| ü-\\u540d ', result.stdout)


class TestClosedInput(test_list_fleet.FleetTestCase):
    def assert_says(self, status: int, message: str, *arguments: str) -> None:
        with mock.patch('sys.stdin', None):
            result = self.openstack('server', 'interface', *arguments)
        self.assertEqual((status, ''), (result.status, result.stdout))
        line = result.stderr.splitlines()[-1]
        self.assertEqual(message, line[-len(message) :])

    def test_find(self) -> None:
        self.assert_says(
            2,
            'argument --file: -: standard input is closed',
            *('find', '--file', '-'),
        )

    def test_diff(self) -> None:
        self.assert_says(1, '-: standard input is closed', 'diff', '-')

    def test_repair(self) -> None:
        self.assert_says(
            2,
            'There is no terminal to ask for approval: use --dry-run or '
            '--auto-approve',
            'repair',
        )


class TestClosedOutput(test_list_fleet.FleetTestCase):
    def run_without(self, stream: str) -> command_result.Result:
        """Run a command with one of the streams closed."""
        prepare = shell.OpenStackShell.prepare_to_run_command

        def close(app: shell.OpenStackShell, command: Any) -> None:
            if not command.auth_required:
                setattr(app, stream, None)
            prepare(app, command)

        self.register(fake_cloud.server(1, 'web'))
        with mock.patch.object(
            shell.OpenStackShell, 'prepare_to_run_command', close
        ):
            return self.list('-f', 'value', '-c', 'Server Name')

    def test_stdout(self) -> None:
        self.assertEqual(
            command_result.Result(1, '', 'Standard output is closed.\n'),
            self.run_without('stdout'),
        )
        # repair would not tell what it did.
        self.assertEqual([], self.cloud.requested())

    def test_stderr(self) -> None:
        self.assertEqual(
            command_result.Result(0, 'web\n', ''), self.run_without('stderr')
        )
