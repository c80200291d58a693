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

"""A line on a terminal, nothing elsewhere, and an unchanged stdout."""

import io
import threading
import types
from typing import Any

import fixtures
import testtools

from osc_port_iface.commands import progress
from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

# Longer than any machine needs to write a line.
PATIENCE = 60


class Terminal(io.StringIO):
    """A terminal of unknown width."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._changed:
            self._changed.notify_all()
            return super().write(text)

    def wait_for(self, text: str) -> None:
        """Wait until this text was written."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: text in self.getvalue(), PATIENCE
            ):
                raise AssertionError(f'{text!r} not in {self.getvalue()!r}')


class Impatient(fixtures.Fixture):
    """Shows the line at once, and counts no seconds.

    On a busy machine, a second may pass before the line is written.
    """

    def _setUp(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.commands.progress.time',
                types.SimpleNamespace(monotonic=lambda: 0.0),
            )
        )
        for name in ('_DELAY', '_INTERVAL'):
            self.useFixture(
                fixtures.MonkeyPatch(
                    f'osc_port_iface.commands.progress.{name}', 0.001
                )
            )


class ProgressTestCase(test_list_fleet.FleetTestCase):
    """The first server is answered once the terminal shows a text."""

    awaited = ', 0 s'

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(Impatient())
        self.streams: list[Terminal] = []
        self.stream = self.open_terminal
        self.expected = self.list_at_once()
        self.cloud.get(
            test_list_fleet.interfaces_url(1), json=self.answer_late
        )

    def open_terminal(self) -> Terminal:
        self.streams.append(Terminal())
        return self.streams[-1]

    def answer_late(self, _request: Any, _context: Any) -> object:
        self.streams[-1].wait_for(self.awaited)
        return {
            'interfaceAttachments': [fake_cloud.attachment(11, '10.0.0.1')]
        }

    def list(self, *arguments: str) -> command_result.Result:
        """Run the command with one request at a time.

        Others would wait for the one that waits, and requests_mock lets them
        wait for ten seconds at most.
        """
        return super().list(*arguments, '--concurrency', '1')

    def list_at_once(self) -> command_result.Result:
        self.stream = io.StringIO
        try:
            return self.list(*test_list_fleet.SERVER_AND_PORT)
        finally:
            self.stream = self.open_terminal


class TestTerminal(ProgressTestCase):
    def assert_erased(self, stderr: str) -> None:
        # Spaces, and back to the first column.
        self.assertEqual('', stderr.split('\r')[-2].strip())
        self.assertEqual('', stderr.split('\r')[-1])
        self.assertNotIn('\n', stderr)

    def test_sign_of_life(self) -> None:
        result = self.list(*test_list_fleet.SERVER_AND_PORT)
        self.assertEqual(self.expected.stdout, result.stdout)
        self.assert_erased(result.stderr)

    def test_servers_are_counted(self) -> None:
        self.awaited = '2 of 4 servers, 0 s'
        # app, db, and then the server that waits for the terminal.
        result = self.list(*test_list_fleet.SERVER_AND_PORT)
        self.assertEqual(self.expected.stdout, result.stdout)
        self.assert_erased(result.stderr)

    def test_failures_come_after_it(self) -> None:
        self.cloud.get(
            test_list_fleet.interfaces_url(2), status_code=404, text=''
        )
        result = self.list(*test_list_fleet.SERVER_AND_PORT)
        self.assertEqual(1, result.status)
        self.assertEqual(
            f'Interfaces of server {fake_cloud.identifier(2)}: '
            f'{test_list_fleet.OTHER_PROJECT_HINT} (HTTP 404)\n',
            result.stderr.rpartition('\r')[2],
        )

    def test_not_beside_a_log_nor_if_quiet(self) -> None:
        self.cloud.register_interfaces(
            fake_cloud.identifier(1), fake_cloud.attachment(11, '10.0.0.1')
        )
        for option in ('--quiet', '--verbose', '--debug'):
            with self.subTest(option):
                result = self.list(*test_list_fleet.SERVER_AND_PORT, option)
                self.assertEqual(self.expected.stdout, result.stdout)
                self.assertNotIn('\r', result.stderr)


class TestStatusLine(testtools.TestCase):
    def test_written_over_and_erased(self) -> None:
        self.useFixture(Impatient())
        terminal = Terminal()
        line = progress.StatusLine(terminal, 'Waiting')
        terminal.wait_for('\rWaiting, 0 s')
        line.text = 'Done'
        # What was longer is written over.
        terminal.wait_for('\rDone, 0 s   ')
        line.end()
        self.assertEqual('', terminal.getvalue().split('\r')[-1])
        self.assertEqual('', terminal.getvalue().split('\r')[-2].strip())

    def test_nothing_unless_it_takes_long(self) -> None:
        terminal = Terminal()
        progress.StatusLine(terminal, 'Waiting').end()
        self.assertEqual('', terminal.getvalue())

    def test_no_wider_than_the_terminal(self) -> None:
        self.useFixture(Impatient())
        terminal = Terminal()
        line = progress.StatusLine(terminal, 'x' * 200)
        terminal.wait_for(f'\r{"x" * 79}\r')
        line.end()
        narrow = pseudo_terminal.PseudoTerminal(10)
        line = progress.StatusLine(narrow, '0123456789abc')
        narrow.wait_for('012345678')
        line.end()
        self.assertEqual(
            {'', '012345678', ' ' * 9}, {*narrow.getvalue().split('\r')}
        )
        narrow = pseudo_terminal.PseudoTerminal(10)
        line = progress.StatusLine(narrow, '名' * 9)
        narrow.wait_for('名' * 4)
        line.end()
        self.assertEqual(
            {'', '名' * 4, ' ' * 8}, {*narrow.getvalue().split('\r')}
        )
