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


import errno
import fcntl
import io
import os
import pathlib
from unittest import mock

import fixtures
import testtools

from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import outcome as outcomes
from osc_port_iface.interfaces.repair import plan as plans
from tests.unit.interfaces.repair import test_outcome

OUTCOME = outcomes.Outcome(
    test_outcome.repair(plans.Action.BIND),
    test_outcome.finding(),
    outcomes.Result.SKIPPED,
)


class AuditTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = self.useFixture(fixtures.TempDir()).path
        self.directory = pathlib.Path(directory)


class TestLog(AuditTestCase):
    def test_line_of_which_only_a_part_is_written(self) -> None:
        file = mock.create_autospec(io.FileIO, instance=True)
        file.write.return_value = 7
        error = self.assertRaises(
            audit.LogFailed, audit.Log(file, {}).outcome, OUTCOME
        )
        self.assertEqual(
            'The log cannot be written: No space left on device', str(error)
        )

    def test_no_log(self) -> None:
        with audit.opened(None, {}) as log:
            self.assertEqual(audit.Log(None, {}), log)
            log.outcome(OUTCOME)


class TestOpened(AuditTestCase):
    def test_each_line_is_on_the_disk_at_once(self) -> None:
        with audit.opened(self.directory / 'log', {}) as log:
            assert log.file is not None
            flags = fcntl.fcntl(log.file, fcntl.F_GETFL)
        self.assertEqual(os.O_SYNC, flags & os.O_SYNC)
        self.assertTrue(log.file.closed)

    def test_mode(self) -> None:
        self.addCleanup(os.umask, os.umask(0o022))
        link = self.directory / 'link'
        link.symlink_to('target')
        for path in (self.directory / 'log', link):
            with self.subTest(path.name), audit.opened(path, {}):
                self.assertEqual(0o644, path.stat().st_mode & 0o777)

    def test_directory_of_another_user(self) -> None:
        """It is no link, whoever owns it."""
        if os.geteuid() == 0:
            os.chown(self.directory, 4712, -1)
        opened = audit.opened(self.directory, {})
        with mock.patch('os.geteuid', autospec=True, return_value=4711):
            error = self.assertRaises(audit.LogFailed, opened.__enter__)
        self.assertEqual(
            f'{self.directory}: {os.strerror(errno.EISDIR)}', str(error)
        )

    def test_link_of_root(self) -> None:
        path = pathlib.Path('/dev/stderr')
        self.assertEqual((True, 0), (path.is_symlink(), path.lstat().st_uid))
        with (
            mock.patch('os.geteuid', autospec=True, return_value=4711),
            audit.opened(path, {}) as log,
        ):
            self.assertIsNotNone(log.file)
