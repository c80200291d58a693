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

import fcntl
import pathlib
import subprocess
import tempfile
from unittest import mock

import testtools

from tests import environments


class TestEnsure(testtools.TestCase):
    def test_one_process_at_a_time(self) -> None:
        checkout = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory())
        )
        self.enterContext(
            mock.patch.object(environments, 'CHECKOUT', checkout)
        )
        run = self.enterContext(
            mock.patch.object(subprocess, 'run', autospec=True)
        )
        run.return_value.stdout = ''

        def install(programs: pathlib.Path, *_what: object) -> None:
            programs.mkdir(parents=True)
            with (checkout / '.venv/tox.lock').open('w') as another:
                self.assertRaises(
                    BlockingIOError,
                    fcntl.flock,
                    another,
                    fcntl.LOCK_EX | fcntl.LOCK_NB,
                )

        installed = self.enterContext(
            mock.patch.object(
                environments, 'install', autospec=True, side_effect=install
            )
        )
        for _time in range(2):
            self.assertEqual(
                checkout / '.venv/tox/bin',
                environments.ensure('tox', install_plugin=False),
            )
        self.assertEqual(1, installed.call_count)
