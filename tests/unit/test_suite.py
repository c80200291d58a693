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

import os
import pathlib
import select
import signal
import subprocess
import sys

import fixtures
import testtools

from tests import environments
from tests import suite

# Seconds until something is surely wrong.
PATIENCE = 60

# Runs the suite with another tox, whose directory is an argument, and says
# that it waits for that.
WITH_TOX = '''
import pathlib
import signal
import subprocess
import sys
from tests import environments
from tests import suite
# A background job may ignore the one, and nohup the other.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
wait = subprocess.Popen.wait
def waiting(tox):
    print('waits', flush=True)
    return wait(tox)
subprocess.Popen.wait = waiting
environments.ensure = lambda *_what, **_how: pathlib.Path(sys.argv[1])
environments.interpreter = lambda _version: None
environments.uv_variables = dict
suite.main(['-e', 'pep8'])
'''


class TestSignals(testtools.TestCase):
    def test_whatever_tox_has_started_ends(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                directory = pathlib.Path(
                    self.useFixture(fixtures.TempDir()).path
                )
                fifo, tox = directory / 'fifo', directory / 'tox'
                os.mkfifo(fifo)
                tox.write_text(
                    f'#!/bin/sh\nexec 3>{fifo}\necho >&3\nsleep 600 | cat\n'
                )
                tox.chmod(0o700)
                self.reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
                self.addCleanup(os.close, self.reader)
                process = subprocess.Popen(
                    [sys.executable, '-c', WITH_TOX, directory],
                    cwd=environments.CHECKOUT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
                self.addCleanup(process.kill)
                assert process.stdout
                self.assertEqual(
                    [b'\n', b'waits\n'],
                    [process.stdout.readline(), process.stdout.readline()],
                )
                self.assertEqual(b'\n', self.read())
                process.send_signal(number)
                self.assertEqual(b'', self.read(), 'one still has it open')
                process.communicate(timeout=PATIENCE)

    def read(self) -> bytes:
        self.assertEqual(
            [self.reader], select.select([self.reader], [], [], PATIENCE)[0]
        )
        return os.read(self.reader, 9)


class TestCount(testtools.TestCase):
    TOTALS = '\n======\nTotals\n======\nRan: 9 tests in 1 sec.\n'

    def test_what_passed_and_what_failed(self) -> None:
        tests = f'{self.TOTALS} - Passed: 7\n - Skipped: 1\n - Failed: 1\n'
        crashed = f'{self.TOTALS} - Passed: 9\n - Failed: 0\n'
        for name, commands, success, expected in (
            ('commands', [('', 0), ('', 0)], True, (2, 0)),
            ('a command that fails', [('', 0), ('', 1)], False, (1, 1)),
            ('tests', [(tests, 1)], False, (7, 1)),
            ('a runner that fails by itself', [(crashed, 1)], False, (9, 1)),
            ('no environment to run them in', [], False, (0, 1)),
        ):
            with self.subTest(name):
                environment = {
                    'result': {'success': success},
                    'test': [
                        {'output': output, 'retcode': status}
                        for output, status in commands
                    ],
                }
                self.assertEqual(expected, suite.count(environment))


class TestSkips(testtools.TestCase):
    def test_named_with_their_reason(self) -> None:
        output = (
            '{1} tests.a.A.test_a [0.1s] ... ok\n'
            '{0} tests.a.A.test_b [0.1s] ... SKIPPED: no OVN here\n'
            '{1} tests.a.A.test_c ... SKIPPED: no time\n'
        )
        for name, commands, expected in (
            ('none', [''], []),
            (
                'two',
                [output, ''],
                ['tests.a.A.test_b: no OVN here', 'tests.a.A.test_c: no time'],
            ),
            ('no environment to run them in', [], []),
        ):
            with self.subTest(name):
                environment = {
                    'test': [{'output': output} for output in commands]
                }
                self.assertEqual(expected, suite.skips(environment))


class TestFailures(testtools.TestCase):
    def test_shown_again(self) -> None:
        tests = (
            '{0} tests.a [0.1s] ... FAILED\n'
            '\n==============================\n'
            'Failed 1 tests - output below:'
            '\n==============================\n'
            '\ntests.a\n-------\n\nCaptured traceback:\n    1 != 2\n'
            f'\n{TestCount.TOTALS} - Passed: 7\n - Failed: 1\n'
        )
        shown = 'tests.a\n-------\n\nCaptured traceback:\n    1 != 2'
        lines = [f'line {number}' for number in range(100)]
        for name, commands, expected in (
            ('tests that passed', [(TestCount.TOTALS, 0)], ''),
            ('a test that failed', [(tests, 1)], shown),
            (
                'a long command',
                [('\n'.join(lines), 1)],
                '\n'.join(lines[-suite.LAST :]),
            ),
            ('two of them', [('E1', 1), ('', 0), ('E2', 2)], 'E1\n\nE2'),
            ('no environment to run them in', [], ''),
        ):
            with self.subTest(name):
                environment = {
                    'test': [
                        {'output': output, 'retcode': status}
                        for output, status in commands
                    ],
                }
                self.assertEqual(expected, suite.failures(environment))


class TestSummary(testtools.TestCase):
    def test_a_line_each(self) -> None:
        two = (
            'tests.a\n-------\n\nCaptured traceback:\n    1 != 2\n\n'
            'tests.b\n-------\n\nCaptured traceback:\n    ' + 'x' * 999
        )
        for shown, expected in (
            ('', []),
            (two, ['tests.a 1 != 2', 'tests.b ' + 'x' * suite.WIDTH]),
            ('no test\nE501 line too long\n', ['E501 line too long']),
        ):
            with self.subTest(expected):
                self.assertEqual(expected, suite.summary(shown))
