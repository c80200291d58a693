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

"""The real ``openstack`` shell, run in process against a fake cloud."""

from collections.abc import Callable
import functools
import io
import json
import logging
import os
import pathlib
import threading
from typing import Any, Protocol
from unittest import mock

import fixtures
from openstackclient.common import clientmanager
from openstackclient import shell
import stevedore
import testtools

from tests import command_result
from tests import declared
from tests.unit import fake_cloud


# Seconds to wait for a request to the fake cloud.
_LONGEST_REQUEST = 30.0


class TextStream(Protocol):
    """A text stream that remembers what was written."""

    def getvalue(self) -> str:
        """Return all that was written, as the last call."""


@functools.cache
def _load_commands(namespace: str, **options: Any) -> Any:
    """Load the commands of a namespace, and all that are declared here."""
    found = stevedore.extension.ExtensionManager(namespace, **options)
    names = {row.name for row in found.extensions}
    found.extensions += [
        stevedore.extension.Extension(point.name, point, point.load(), None)
        for point in declared.entry_points()
        if point.group == namespace and point.name not in names
    ]
    return found


def _join(others: set[threading.Thread]) -> None:
    """Wait for the threads of a command that ended before them.

    The next test would count their requests as its own.
    """
    for thread in set(threading.enumerate()) - others:
        # An interrupted command may have one that was not started.
        if thread.is_alive():
            thread.join(_LONGEST_REQUEST)


class ShellTestCase(testtools.TestCase):
    """Runs ``openstack`` command lines in process.

    :ivar stream: Makes stdout and stderr, which are no terminals.
    """

    stream: Callable[[], TextStream] = io.StringIO

    def setUp(self) -> None:
        super().setUp()
        self.cloud = fake_cloud.FakeCloud()
        self.cloud.start()
        self.addCleanup(self.cloud.stop)
        self.addCleanup(_join, set(threading.enumerate()))
        home = self.useFixture(fixtures.TempHomeDir()).path
        self.useFixture(fixtures.EnvironmentVariable('XDG_CONFIG_HOME', home))
        self.environment = {
            'OS_AUTH_URL': fake_cloud.AUTH_URL,
            'OS_USERNAME': 'demo',
            'OS_PASSWORD': 'secret',
            'OS_PROJECT_NAME': 'demo',
            'OS_USER_DOMAIN_ID': 'default',
            'OS_PROJECT_DOMAIN_ID': 'default',
            'OS_IDENTITY_API_VERSION': '3',
        }
        # A second shell in the same process would share the compute client of
        # the first, as ClientCache keeps it in a class-level descriptor.
        for name, value in vars(clientmanager.ClientManager).items():
            if hasattr(value, '_handle'):
                self.useFixture(
                    fixtures.MonkeyPatch(
                        'openstackclient.common.clientmanager.'
                        f'ClientManager.{name}._handle',
                        None,
                    )
                )

        # On a busy machine, a command may take as long as a user waits.
        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.commands.progress._DELAY', 3600
            )
        )
        # Each shell would load every command of every service again.
        self.useFixture(
            fixtures.MonkeyPatch('stevedore.ExtensionManager', _load_commands)
        )

    def configure_cloud(
        self, cache: dict[str, object] | None = None, **settings: object
    ) -> None:
        """Put the credentials and these settings into a clouds.yaml.

        :param cache: The ``cache`` section, for all clouds.
        :param settings: Settings of this cloud.
        """
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        clouds_yaml = path / 'clouds.yaml'
        auth = {
            name.removeprefix('OS_').lower(): value
            for name, value in self.environment.items()
            if name != 'OS_IDENTITY_API_VERSION'
        }
        # JSON is YAML.
        clouds_yaml.write_text(
            json.dumps(
                {
                    'cache': cache or {},
                    'clouds': {'fake': {'auth': auth, **settings}},
                }
            )
        )
        self.environment = {
            'OS_CLIENT_CONFIG_FILE': str(clouds_yaml),
            'OS_CLOUD': 'fake',
        }

    def create_file(self, text: str) -> str:
        """Create a file, and return its path."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'file'
        path.write_text(text)
        return str(path)

    def openstack(self, *arguments: str) -> command_result.Result:
        """Run ``openstack`` with these arguments."""
        stdout, stderr = self.stream(), self.stream()
        root = logging.getLogger('')
        handlers, level = list(root.handlers), root.level
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        with (
            mock.patch.dict(
                'os.environ',
                {**environment, 'NO_COLOR': '1', **self.environment},
                clear=True,
            ),
            mock.patch('sys.stdout', stdout),
            mock.patch('sys.stderr', stderr),
        ):
            program = shell.OpenStackShell()
            program.stdout, program.stderr = stdout, stderr
            try:
                status: int | str | None = program.run(list(arguments))
            except SystemExit as error:
                status = error.code
            finally:
                root.handlers[:] = handlers
                root.setLevel(level)
        return command_result.Result(
            status, stdout.getvalue(), stderr.getvalue()
        )
