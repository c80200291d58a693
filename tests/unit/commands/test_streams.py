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

"""Standard streams that are closed or full, or that lack characters."""

import io
import pathlib
from typing import Any
from unittest import mock

from openstackclient import shell

from tests import command_result
from tests.unit import base
from tests.unit.commands import test_check
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
            'find',
            '--file',
            '-',
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


class OutputTestCase(base.ShellTestCase):
    def run_with(
        self, stream: str, value: Any, *arguments: str
    ) -> command_result.Result:
        """Run a command with one of its streams replaced."""
        prepare = shell.OpenStackShell.prepare_to_run_command

        def replace(app: shell.OpenStackShell, command: Any) -> None:
            if not command.auth_required:
                setattr(app, stream, value)
            prepare(app, command)

        with mock.patch.object(
            shell.OpenStackShell, 'prepare_to_run_command', replace
        ):
            return self.openstack('server', 'interface', *arguments)


class TestClosedOutput(OutputTestCase, test_list_fleet.FleetTestCase):
    def run_without(self, stream: str) -> command_result.Result:
        self.register(fake_cloud.server(1, 'web'))
        return self.run_with(
            stream, None, 'list', '-f', 'value', '-c', 'Server Name'
        )

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


class TestLostOutput(OutputTestCase, test_check.CheckTestCase):
    closed = 'Standard output is closed.\n'
    full = 'The output cannot be written: No space left on device\n'

    def setUp(self) -> None:
        super().setUp()
        self.register(
            [test_check.server(1, 11)],
            [test_check.port(11, 1, status='DOWN')],
        )
        row = fake_cloud.attachment(11, '10.0.0.11')
        self.cloud.register_interfaces(fake_cloud.identifier(1), row)

    def run_full(self, *arguments: str) -> command_result.Result:
        # It can be closed, so nothing that was written is still there.
        with open('/dev/full', 'w', encoding='utf-8') as stdout:
            return self.run_with('stdout', stdout, *arguments)

    def test_every_kind_of_command(self) -> None:
        for arguments in (
            (),
            ('list', 's1', '-f', 'json'),
            ('show', 's1', fake_cloud.identifier(11), '-c', 'Port ID'),
            ('check',),
        ):
            with self.subTest(arguments):
                self.assertEqual(
                    command_result.Result(1, '', self.full),
                    self.run_full(*arguments),
                )

    def test_monitoring(self) -> None:
        path = pathlib.Path(self.create_file(''))
        arguments = ('check', '--nagios', '--metrics', str(path))
        run = path.with_name(f'{path.name}-run')
        for expected in (self.full, self.closed):
            with self.subTest(expected):
                self.assertEqual(
                    command_result.Result(3, '', expected),
                    self.run_full(*arguments)
                    if expected == self.full
                    else self.run_with('stdout', None, *arguments),
                )
                self.assertIn('check_run_failed 1\n', run.read_text())
                run.unlink()
        arguments = (*arguments[:-1], str(path / 'x'))
        line = f'The metrics could not be written: {path}/x-run: '
        self.assertEqual(
            command_result.Result(
                3, '', f'{line}Not a directory\n{self.closed}'
            ),
            self.run_with('stdout', None, *arguments),
        )

    def test_reader_that_is_gone(self) -> None:
        """As in ``| head``."""
        broken = mock.Mock(wraps=io.StringIO())
        broken.write.side_effect = BrokenPipeError(32, 'Broken pipe')
        self.assertEqual(
            command_result.Result(141, '', ''),
            self.run_with('stdout', broken, 'check'),
        )
