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

"""The installed ``openstack`` program, against the embedded cloud."""

from collections.abc import Callable
import json
import pathlib
import secrets
import subprocess
from typing import Any
import unittest

import testtools

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import embedded
from tests.cloud import networks
from tests.cloud import scenario
from tests import command_result
from tests.functional import client
from tests.functional import proven
from tests.functional import recording_proxy


def needs(network: str, reason: str) -> Callable[[Any], Any]:
    """Skip a test or a class unless the cloud has this below its Neutron.

    :param network: One of :data:`networks.NETWORKS`.
    :param reason: Why it does not hold otherwise.
    """
    return unittest.skipUnless(networks.named(None) == network, reason)


class FunctionalTestCase(testtools.TestCase):
    """Makes servers, and runs commands as a user of the cloud does.

    :ivar is_ovn: Whether OVN is below Neutron.
    """

    # The member of the project in which the tests make resources.
    user = 'demo'

    cloud: embedded.Cloud
    is_ovn: bool
    api: api.Api
    scenario: scenario.Scenario

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.cloud = embedded.Cloud()
        cls.is_ovn = cls.cloud.network == networks.OVN
        cls.api = api.Api(cls.user, cls.cloud)
        cls.scenario = scenario.Scenario(cls.api)
        try:
            cls.make_resources()
        except BaseException:
            # unittest calls no tearDownClass where this fails.
            cls.scenario.remove()
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scenario.remove()
        super().tearDownClass()

    @classmethod
    def make_resources(cls) -> None:
        """Make what the tests of the class look at."""

    def setUp(self) -> None:
        super().setUp()
        self.proxy = recording_proxy.RecordingProxy()
        self.addCleanup(self.proxy.close)

    def environment(
        self, user: str | None = None, **variables: str
    ) -> dict[str, str]:
        """Make the environment of a user, with the recording proxy."""
        environment = self.cloud.environment()
        for name in ('no_proxy', 'NO_PROXY', 'HTTP_PROXY'):
            environment.pop(name, None)
        return {
            **environment,
            'OS_CLOUD': user or self.user,
            # Other tests bring up a second region in the same catalog.
            'OS_REGION_NAME': 'RegionOne',
            'http_proxy': self.proxy.url,
            # Python's own rule for the encoding of a pipe.
            'PYTHONUTF8': '1',
            **variables,
        }

    def run_program(
        self,
        *command: str | pathlib.Path,
        user: str | None = None,
        stdin: str = '',
        **variables: str,
    ) -> command_result.Result:
        """Run any program as a user, through the recording proxy."""
        result = subprocess.run(
            command,
            env=self.environment(user, **variables),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=client.TIMEOUT,
            check=False,
        )
        return command_result.Result(
            result.returncode, result.stdout, result.stderr
        )

    def openstack(
        self,
        *arguments: str,
        user: str | None = None,
        stdin: str = '',
        **variables: str,
    ) -> command_result.Result:
        """Run ``openstack`` as a user."""
        result = client.run(
            arguments, self.environment(user, **variables), stdin
        )
        if self.proxy.is_honest:
            proven.record(self.cloud, arguments, result.stdout)
        return result

    def succeed(
        self, *arguments: str, user: str | None = None, **variables: str
    ) -> str:
        """Run ``openstack``, which must exit with 0 and no complaint.

        :returns: What it printed.
        """
        result = self.openstack(*arguments, user=user, **variables)
        self.assertEqual((0, ''), (result.status, result.stderr))
        return result.stdout

    def rows(
        self, *arguments: str, user: str | None = None, **variables: str
    ) -> list[dict[str, Any]]:
        """Run ``openstack … -f json``, which must succeed."""
        decoded: list[dict[str, Any]] = json.loads(
            self.succeed(*arguments, '-f', 'json', user=user, **variables)
        )
        return decoded


class ProjectTestCase(FunctionalTestCase):
    """Has a project of its own, and so sees only its own servers.

    :ivar user: Its member.
    :ivar reader: Its reader.
    """

    reader: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.user = f'p{secrets.token_hex(4)}'
        cls.reader = f'{cls.user}-reader'
        bootstrap.project(embedded.Cloud(), cls.user)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cls.cloud.remove_credentials(cls.user, cls.reader)

    def of_own_project(
        self, rows: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Leave out what an administrator sees of other projects.

        They may have the same addresses: another environment runs the same
        tests.
        """
        project_id = self.api.project_id
        return [row for row in rows if row['Project ID'] == project_id]
