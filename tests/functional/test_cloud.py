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
"""The embedded cloud itself."""

import os
import pathlib
import subprocess
import sys

import testtools

from tests.cloud import embedded
from tests.cloud import processes
from tests import environments

LOOPBACK = '0100007F'
LISTENING = '0A'


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'tests.cloud', *arguments],
        cwd=environments.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestCommandLine(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud = embedded.Cloud()

    def test_status(self) -> None:
        result = run('status')
        self.assertEqual((0, ''), (result.returncode, result.stderr))
        lines = result.stdout.splitlines()
        for line, service in zip(lines, embedded.SERVICES, strict=False):
            pid = self.cloud.processes()[service].pid
            self.assertEqual([service, 'running', 'pid'], line.split()[:3])
            self.assertEqual(str(pid), line.split()[3])

    def test_up_is_idempotent(self) -> None:
        before = self.cloud.processes()
        self.assertEqual(0, run('up').returncode)
        self.assertEqual(before, self.cloud.processes())

    def test_run(self) -> None:
        program = 'import os; print(os.environ["OS_CLIENT_CONFIG_FILE"])'
        result = run('run', '--', sys.executable, '-c', program)
        self.assertEqual(
            (0, f'{self.cloud.clouds_yaml}\n'),
            (result.returncode, result.stdout),
        )
        result = run('run', '--', sys.executable, '-c', 'raise SystemExit(7)')
        self.assertEqual(7, result.returncode)
        result = run('run', '--', 'no-such-program')
        self.assertEqual(127, result.returncode)
        self.assertTrue(self.cloud.is_up())

    def test_listens_on_loopback_only(self) -> None:
        inodes = set()
        for process in self.cloud.processes().values():
            for link in pathlib.Path(f'/proc/{process.pid}/fd').iterdir():
                try:
                    target = os.readlink(link)
                except FileNotFoundError:
                    continue
                if target.startswith('socket:['):
                    inodes.add(target[8:-1])
        addresses = [
            fields[1].partition(':')[0]
            for table in ('tcp', 'tcp6')
            for line in pathlib.Path(f'/proc/net/{table}')
            .read_text()
            .splitlines()[1:]
            if (fields := line.split())[3] == LISTENING and fields[9] in inodes
        ]
        # Placement has a port in the process of compute.
        self.assertEqual([LOOPBACK] * (len(embedded.SERVICES) + 1), addresses)

    def test_secrets_are_the_owners(self) -> None:
        for path in (self.cloud.clouds_yaml, self.cloud.state / 'cloud.json'):
            self.assertEqual(0, path.stat().st_mode & 0o077, str(path))


class TestProcess(testtools.TestCase):
    def start(self, program: str) -> processes.Process:
        log = embedded.Cloud().log / f'{os.getpid()}.log'
        self.addCleanup(log.unlink, missing_ok=True)
        process = processes.start(
            [sys.executable, '-c', program], dict(os.environ), log
        )
        self.addCleanup(process.stop)
        return process

    def test_stop(self) -> None:
        process = self.start('import time; time.sleep(600)')
        self.assertTrue(process.is_running())
        process.stop()
        self.assertFalse(process.is_running())

    def test_process_that_died(self) -> None:
        process = self.start('raise SystemExit(1)')
        os.waitpid(process.pid, 0)
        self.assertFalse(process.is_running())

    def test_another_of_the_same_id(self) -> None:
        process = processes.Process(os.getpid(), 'another time')
        self.assertFalse(process.is_running())
        process.stop()
