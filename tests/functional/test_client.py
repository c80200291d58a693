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

import json
import signal
import subprocess
import threading

from tests import command_result
from tests.functional import base
from tests.functional import client

LIST = ('server', 'interface', 'list')


class TestClient(base.ProjectTestCase):
    """The preloaded client does what the program does."""

    @classmethod
    def make_resources(cls) -> None:
        network = cls.scenario.network('net', '10.97.0.0/24')
        cls.scenario.server('server', {'uuid': network['id']})

    def started(self, *arguments: str, stdin: str) -> command_result.Result:
        """Start the program itself."""
        result = subprocess.run(
            [client.program(), *arguments],
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
        )
        return command_result.Result(
            result.returncode, result.stdout, result.stderr
        )

    def test_agrees_with_the_program(self) -> None:
        listed = self.succeed(*LIST, '-f', 'json')
        self.assertEqual(1, len(json.loads(listed)))
        for arguments, stdin, status in (
            (LIST, '', 0),
            ((*LIST, '-v', '-f', 'csv'), '', 0),
            ((*LIST, '--help'), '', 0),
            ((*LIST, '--no-such-option'), '', 2),
            ((*LIST, 'no such server', '\u202e', '\udc80'), '', 1),
            (('server', 'interface', 'diff', '-'), listed, 0),
            (('server', 'interface', 'diff', '-'), 'no listing', 2),
            (('server', 'interface', 'find', '--file', '-'), '10.97\n', 2),
            (('complete',), '', 0),
        ):
            with self.subTest(arguments=arguments, stdin=stdin):
                expected = self.started(*arguments, stdin=stdin)
                self.assertEqual(status, expected.status, expected.stderr)
                self.assertEqual(
                    expected, self.openstack(*arguments, stdin=stdin)
                )

    def test_timeout(self) -> None:
        ended = threading.Event()
        self.addCleanup(ended.set)

        def never_answer(_url: str) -> None:
            ended.wait(client.TIMEOUT)

        self.proxy.before = never_answer
        result = client.run(LIST, self.environment(), timeout=3)
        self.assertEqual(-signal.SIGALRM, result.status)

    def test_memory(self) -> None:
        result = client.run(LIST, self.environment(), memory=1)
        self.assertEqual((1, ''), (result.status, result.stdout))
