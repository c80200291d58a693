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

"""A fleet while some of the requests fail.

With each seed, other requests fail in other ways.
"""

import json
import re
from typing import Any
from urllib import parse

from tests.cloud import embedded
from tests.cloud import fleet
from tests.faults import seeded
from tests.functional import base

LIST = ('server', 'interface', 'list')
CHECK = ('server', 'interface', 'check')

SEEDS = (1, 3, 4, 5)

# Five percent. If a view sends few requests, half of them fail, as hardly any
# would otherwise.
SHARE = 0.05
LARGE_SHARE = 0.5

# Faults that a retry overcomes.
PASSING = (
    '503 retry-after=0 / healthy',
    '503 retry-after=0 / 429 retry-after=0 / healthy',
    '502 html retry-after=0 / 504 html retry-after=0 / healthy',
    '503 empty retry-after=0 / 503 retry-after=0 / healthy',
    'reset=50% / healthy',
    'cut-off=50% / healthy',
    'redirect=. / healthy',
)

# Faults that it does not overcome.
LASTING = (
    '403',
    '404 html',
    '500',
    '503 retry-after=0',
    'html',
    'empty',
    'cut=50%',
    'body=[]',
    'body={"interfaceAttachments":null}',
    'redirect=.',
    'redirect=http://elsewhere.test/',
)

OS_INTERFACE = re.compile('/v2.1/servers/([^/]+)/os-interface')


class FaultyFleetTestCase(base.FunctionalTestCase):
    user = 'fleet-a'

    names: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        servers = fleet.ensure(embedded.Cloud()).servers['fleet-a']
        cls.names = {server['id']: server['name'] for server in servers}
        super().setUpClass()

    def identify(self, url: str) -> str | None:
        """Identify a request to Nova or Neutron."""
        if url.startswith(self.cloud.endpoints['identity']):
            return None
        path = parse.urlsplit(url).path
        for server_id, name in self.names.items():
            path = path.replace(server_id, name)
        return re.sub('[0-9a-f]{8}-[0-9a-f-]{27}', '*', path)

    def identify_server(self, url: str) -> str | None:
        """Identify the server whose interfaces are requested."""
        found = OS_INTERFACE.fullmatch(parse.urlsplit(url).path)
        return self.names[found[1]] if found else None

    def go_wrong(
        self, seed: int, share: float, lasting: bool
    ) -> seeded.SeededFaults:
        """Make the next commands meet other faults than before."""
        self.proxy.faults = found = seeded.SeededFaults(
            seed,
            share,
            LASTING if lasting else PASSING,
            self.identify_server if lasting else self.identify,
        )
        return found

    def assert_passing(self, share: float, *command: str) -> None:
        """Compare the output with and without passing faults."""
        sound = self.openstack(*command, '-f', 'json')
        happened = 0
        for seed in SEEDS:
            faults = self.go_wrong(seed, share, lasting=False)
            with self.subTest(seed=seed):
                result = self.openstack(*command, '-f', 'json')
                self.assertEqual(sound, result, str(faults.happened))
            happened += len(faults.happened)
        self.assertGreaterEqual(happened, len(SEEDS))


class TestPassing(FaultyFleetTestCase):
    """Faults that pass are not visible."""

    def test_list(self) -> None:
        self.assert_passing(SHARE, *LIST)

    def test_list_of_neutron(self) -> None:
        self.assert_passing(LARGE_SHARE, *LIST, '--source', 'network')

    def test_list_of_the_cache(self) -> None:
        self.assert_passing(LARGE_SHARE, *LIST, '--source', 'cache')

    def test_list_with_everything(self) -> None:
        self.assert_passing(SHARE * 2, *LIST, '--long')

    def test_check(self) -> None:
        self.assert_passing(LARGE_SHARE, *CHECK)


class TestLasting(FaultyFleetTestCase):
    """Lasting faults affect only their servers, each of which is named."""

    def assert_lasting(self, *command: str) -> None:
        sound = self.openstack(*command, '-f', 'json')
        rows: list[dict[str, Any]] = json.loads(sound.stdout)
        for seed in SEEDS:
            faults = self.go_wrong(seed, SHARE, lasting=True)
            failed = {
                server_id
                for server_id, name in self.names.items()
                if faults.chosen(name)
            }
            with self.subTest(seed=seed):
                result = self.openstack(*command, '-f', 'json')
                self.assertEqual(
                    [row for row in rows if row['Server ID'] not in failed],
                    json.loads(result.stdout),
                )
                self.assertEqual(1 if failed else sound.status, result.status)
                others = sound.stderr.splitlines()
                lines = [
                    line
                    for line in result.stderr.splitlines()
                    if line not in others
                ]
                # Suspicions caused by a fault are not confirmed.
                self.assertEqual(failed, set(map(named, lines)))
                self.assertEqual(len(failed), len(faults.happened))

    def test_list(self) -> None:
        self.assert_lasting(*LIST)

    def test_list_with_many_requests_at_a_time(self) -> None:
        self.assert_lasting(*LIST, '--concurrency', '64')


def named(line: str) -> str:
    """Return the server that a line begins with."""
    return line.removeprefix('Interfaces of server ').partition(':')[0]
