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
import signal
import sqlite3
import subprocess
import sys
import time
from typing import Any

import fixtures
import testtools

from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import schema
from tests.unit.interfaces.journal import samples

THERE = {'a': ('192.0.2.1', 'web', 'ACTIVE')}

# Records observation after observation of ports that all change, and says so.
RECORDER = """
import sys
from tests.unit.interfaces.journal import samples
for number in range(1, 1000):
    state = {
        f'port-{index}': ('192.0.2.1', f'server-{number}', 'ACTIVE')
        for index in range(300)
    }
    print(samples.observe(sys.argv[1], state).id, flush=True)
"""


class TestEngines(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.journal = str(self.directory / 'journal')

    def write(self, content: bytes) -> bytes:
        """Write a file in place of the journal, and return its content."""
        pathlib.Path(self.journal).write_bytes(content)
        return content

    def assert_refused(self, problem: str, content: bytes) -> None:
        for use in (engines.open_to_read, engines.open_to_write):
            error = self.assertRaises(
                engines.JournalError, use(self.journal).__enter__
            )
            self.assertEqual(f'{self.journal}: {problem}', str(error))
        self.assertEqual(content, pathlib.Path(self.journal).read_bytes())
        self.assertEqual(['journal'], os.listdir(self.directory))

    def test_incomplete_observation_of_an_earlier_version(self) -> None:
        samples.observe(self.journal, THERE)
        with engines.open_to_write(self.journal) as connection:
            incomplete = schema.OBSERVATIONS.update().values(is_complete=False)
            connection.execute(incomplete)
        with engines.open_to_read(self.journal) as connection:
            (scope,) = history.scopes(connection)
            self.assertEqual([], history.observations(connection, scope))

    def test_only_the_user_may_read_a_new_journal(self) -> None:
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        samples.observe(self.journal, THERE)
        self.assertEqual(0o100600, os.stat(self.journal).st_mode)

    def test_a_link_to_nowhere_is_not_followed(self) -> None:
        os.symlink(self.directory / 'elsewhere', self.journal)
        self.assertRaises(
            engines.JournalError, samples.observe, self.journal, THERE
        )
        self.assertEqual(['journal'], os.listdir(self.directory))

    def test_what_is_not_a_journal_is_refused_untouched(self) -> None:
        self.assert_refused('not a journal', self.write(b'# notes\n'))

    def test_another_sqlite_file_is_refused_untouched(self) -> None:
        connection = sqlite3.connect(self.journal)
        connection.execute('CREATE TABLE versions (id INTEGER)')
        connection.commit()
        connection.close()
        content = pathlib.Path(self.journal).read_bytes()
        self.assert_refused('not a journal', content)

    def test_a_newer_format_is_refused_untouched(self) -> None:
        samples.observe(self.journal, THERE)
        connection = sqlite3.connect(self.journal)
        connection.execute('PRAGMA user_version = 2')
        connection.close()
        content = pathlib.Path(self.journal).read_bytes()
        self.assert_refused(
            'format 2 of journals is newer than this release, which knows 1',
            content,
        )

    def test_a_directory_is_not_a_journal(self) -> None:
        error = self.assertRaises(
            engines.JournalError,
            engines.open_to_read(str(self.directory)).__enter__,
        )
        self.assertEqual(f'{self.directory}: not a journal', str(error))

    def test_reading_makes_no_journal(self) -> None:
        error = self.assertRaises(
            engines.JournalError, engines.open_to_read(self.journal).__enter__
        )
        self.assertEqual(
            f'{self.journal}: No such file or directory', str(error)
        )
        self.assertEqual([], os.listdir(self.directory))

    def test_an_empty_file_becomes_a_journal(self) -> None:
        # A recorder that was killed at the first moment leaves it.
        self.write(b'')
        error = self.assertRaises(
            engines.JournalError, engines.open_to_read(self.journal).__enter__
        )
        self.assertEqual(f'{self.journal}: it has no observation', str(error))
        samples.observe(self.journal, THERE)
        self.assertEqual({1}, samples.snapshots(self.journal).keys())

    def test_a_missing_driver_names_the_extra(self) -> None:
        self.useFixture(fixtures.MonkeyPatch('sys.path', []))
        for scheme, package in (
            ('mysql', 'MySQLdb'),
            ('mysql+pymysql', 'pymysql'),
            ('mariadb', 'MySQLdb'),
        ):
            error = self.assertRaises(
                engines.JournalError,
                engines.open_to_read(
                    f'{scheme}://me:secret@db/journal'
                ).__enter__,
            )
            self.assertEqual(
                f"{scheme}://...: {package} is missing: pip install "
                "'osc-port-iface[postgresql]' and begin the URL with "
                "postgresql+psycopg://, or 'osc-port-iface[mysql]' and "
                'mysql+pymysql://',
                str(error),
            )

    def test_an_unknown_database_is_one_line(self) -> None:
        for url, name in (
            ('nosuch://me:secret@db/journal', 'nosuch://...'),
            ('postgresql://me:secret@db', 'postgresql://...'),
            ('nosuch://me:se/c?r#et@db/journal', 'nosuch://...'),
            ('postgresql://me:secret/db', 'postgresql://...'),
            ('://me:secret@db', '://...'),
            # A path makes a file that nobody else can read.
            (f'sqlite:///{self.journal}', 'sqlite://...'),
        ):
            for use in (engines.open_to_read, engines.open_to_write):
                error = self.assertRaises(
                    engines.JournalError, use(url).__enter__
                )
                self.assertEqual(
                    f'{name}: neither a path nor a URL such as '
                    'postgresql+psycopg://host/name or '
                    'mysql+pymysql://host/name',
                    str(error),
                )
        self.assertEqual([], os.listdir(self.directory))

    def test_a_second_writer_says_so(self) -> None:
        self.useFixture(fixtures.MonkeyPatch(f'{engines.__name__}._WAIT', 0.1))
        samples.observe(self.journal, THERE)
        with engines.open_to_write(self.journal):
            # What it read before its first change would be out of date.
            error = self.assertRaises(
                engines.JournalError,
                engines.open_to_write(self.journal).__enter__,
            )
            # A reader does not have to wait.
            self.assertEqual({1}, samples.snapshots(self.journal).keys())
        self.assertEqual(
            f'{self.journal}: another command has it open, such as a recorder',
            str(error),
        )

    def test_a_journal_that_may_only_be_read(self) -> None:
        samples.observe(self.journal, THERE)
        connect = sqlite3.connect

        def connect_to_read(*arguments: Any, **options: Any) -> Any:
            connection = connect(*arguments, **options)
            connection.execute('PRAGMA query_only = 1')
            return connection

        patch = fixtures.MonkeyPatch('sqlite3.connect', connect_to_read)
        self.useFixture(patch)
        error = self.assertRaises(
            engines.JournalError, samples.observe, self.journal, THERE
        )
        self.assertEqual(f'{self.journal}: Permission denied', str(error))

    def test_an_error_undoes_the_observation(self) -> None:
        samples.observe(self.journal, THERE)
        with (
            testtools.ExpectedException(ZeroDivisionError),
            engines.open_to_write(self.journal) as connection,
        ):
            observation = observing.Observation(connection, 'RegionOne', {})
            observation.keep('ports', [])
            raise ZeroDivisionError
        self.assertEqual({1}, samples.snapshots(self.journal).keys())

    def test_killed_at_any_moment(self) -> None:
        reported = 0
        for moment in range(4):
            recorder = subprocess.Popen(
                [sys.executable, '-c', RECORDER, self.journal],
                env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
                stdout=subprocess.PIPE,
            )
            assert recorder.stdout is not None
            recorder.stdout.readline()
            time.sleep(moment * 0.027)
            recorder.send_signal(signal.SIGKILL)
            last = recorder.stdout.read().split()
            recorder.stdout.close()
            recorder.wait()
            reported = max(reported, *map(int, last), 1)
            # The next writer undoes what was under way.
            samples.observe(self.journal, THERE)
            found = samples.snapshots(self.journal)
            self.assertEqual(set(range(1, max(found) + 1)), found.keys())
            self.assertGreater(max(found), reported)
            for objects, _first, _last in found.values():
                self.assertIn(len(objects), (1, 300))
