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

"""A bar on a terminal, nothing elsewhere, and an unchanged stdout."""

import contextlib
import io
import os
import pty
import sys
import termios
from typing import Any
from unittest import mock

import testtools

from osc_port_iface.commands import progress
from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud

ENOUGH = 20


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ProgressTestCase(test_list_fleet.FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        # Tests must not wait for a bar.
        patcher = mock.patch('osc_port_iface.commands.progress._DELAY', 0.0)
        patcher.start()
        self.addCleanup(patcher.stop)

    def register_fleet(self, count: int) -> command_result.Result:
        """Register this many servers.

        :returns: The output of the command without a terminal.
        """
        numbers = range(100, 100 + count)
        self.register(*(fake_cloud.server(n, f's{n}') for n in numbers))
        for number in numbers:
            self.cloud.register_interfaces(
                fake_cloud.identifier(number),
                fake_cloud.attachment(1000 + number),
            )
        return command_result.Result(
            0,
            test_list_fleet.rows(*((n, f's{n}', 1000 + n) for n in numbers)),
            '',
        )

    def list_on_terminal(self, *arguments: str) -> command_result.Result:
        self.stream = Terminal
        return self.list(*test_list_fleet.SERVER_AND_PORT, *arguments)

    def without_tqdm(self) -> None:
        """Prevent the import of tqdm.

        mock.patch.dict would also remove other modules imported meanwhile.
        """
        imported = sys.modules.get('tqdm')
        modules: dict[str, Any] = sys.modules
        modules['tqdm'] = None
        if imported:
            self.addCleanup(modules.update, tqdm=imported)
        else:
            self.addCleanup(modules.pop, 'tqdm')


class TestTerminal(ProgressTestCase):
    def test_drawn(self) -> None:
        expected = self.register_fleet(ENOUGH)
        result = self.list_on_terminal()
        self.assertEqual((0, expected.stdout), (result.status, result.stdout))
        self.assertIn(f'| 0/{ENOUGH} [', result.stderr)
        self.assertIn(' servers', result.stderr)
        # The bar is erased at the end, so the line is blank.
        self.assertEqual('', result.stderr.rpartition('\r')[2])
        self.assertEqual('', result.stderr.split('\r')[-2].strip())
        self.assertNotIn('\n', result.stderr)

    def test_failures_come_after_it(self) -> None:
        self.register_fleet(ENOUGH)
        self.cloud.get(
            test_list_fleet.interfaces_url(100), status_code=404, text=''
        )
        result = self.list_on_terminal()
        self.assertEqual(1, result.status)
        self.assertEqual(
            f'Interfaces of server {fake_cloud.identifier(100)}: '
            f'{test_list_fleet.OTHER_PROJECT_HINT} (HTTP 404)\n',
            result.stderr.rpartition('\r')[2],
        )

    def test_not_for_few_servers(self) -> None:
        expected = self.register_fleet(ENOUGH - 1)
        self.without_tqdm()
        self.assertEqual(expected, self.list_on_terminal())

    def test_not_where_there_is_nothing_to_wait_for(self) -> None:
        expected = self.register_fleet(ENOUGH)
        self.without_tqdm()
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            *(fake_cloud.port(1000 + n, n) for n in range(100, 100 + ENOUGH)),
        )
        self.assertEqual(
            expected, self.list_on_terminal('--source', 'network')
        )


class TestNoTerminal(ProgressTestCase):
    def test_nothing_is_drawn_nor_imported(self) -> None:
        expected = self.register_fleet(ENOUGH)
        self.without_tqdm()
        self.assertEqual(expected, self.list(*test_list_fleet.SERVER_AND_PORT))


class TestLine(testtools.TestCase):
    def test_written_over_and_blank_in_the_end(self) -> None:
        terminal = Terminal()
        with progress.line(terminal) as show:
            show('first')
            show('2nd')
        self.assertEqual(
            ['', 'first', '2nd  ', '   ', ''], terminal.getvalue().split('\r')
        )

    def test_no_wider_than_the_terminal(self) -> None:
        terminal = Terminal()
        with progress.line(terminal) as show:
            show('x' * 200)
        self.assertEqual(
            ['', 'x' * 79, ' ' * 79, ''], terminal.getvalue().split('\r')
        )
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        termios.tcsetwinsize(slave, (24, 10))
        with os.fdopen(slave, 'w') as narrow, progress.line(narrow) as show:
            show('0123456789abc')
        written = b''
        # A terminal may give what was written in parts, and then an error.
        with contextlib.suppress(OSError):
            while True:
                written += os.read(master, 1000)
        self.assertEqual(b'\r012345678\r         \r', written)

    def test_nothing_without_text_or_terminal(self) -> None:
        terminal = Terminal()
        with progress.line(terminal):
            pass
        self.assertEqual('', terminal.getvalue())
        pipe = io.StringIO()
        with progress.line(pipe) as show:
            show('text')
        self.assertEqual('', pipe.getvalue())

    def test_blank_after_an_interrupt(self) -> None:
        terminal = Terminal()

        def interrupt() -> None:
            with progress.line(terminal) as show:
                show('text')
                raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, interrupt)
        self.assertEqual('\rtext\r    \r', terminal.getvalue())
