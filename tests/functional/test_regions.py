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

"""Commands that ask two regions, each with a Nova and a Neutron of its own."""

import json
import pathlib

import fixtures

from tests.cloud import api
from tests.cloud import databases
from tests.cloud import networks
from tests.cloud import scenario
from tests.cloud import second_region
from tests import command_result
from tests import environments
from tests.functional import base
from tests.functional import client
from tests.sessions import page as pages
from tests.sessions import running

ONE, TWO = 'RegionOne', second_region.NAME
ADDRESS = '10.0.0.5'
# Nothing listens there.
NOWHERE = 'http://127.0.0.1:9'


@base.needs(networks.PLAIN, 'the second region has no OVN')
class TestRegions(base.ProjectTestCase):
    """The servers web and db are in RegionOne, and another web in RegionTwo.

    Both servers web have the same address.
    """

    second: second_region.SecondRegion
    servers: dict[tuple[str, str], scenario.Resource]
    ports: dict[tuple[str, str], str]

    @classmethod
    def make_resources(cls) -> None:
        # The page has these names.
        cls.scenario = scenario.Scenario(cls.api, prefix='')
        cls.second = second_region.SecondRegion(cls.cloud)
        cls.addClassCleanup(cls.second.down)
        cls.second.up()
        others = scenario.Scenario(
            api.Api(cls.user, cls.second), cls.scenario.prefix
        )
        cls.servers, cls.ports = {}, {}
        for region, made, addresses in (
            (ONE, cls.scenario, {'web': ADDRESS, 'db': '10.0.0.7'}),
            (TWO, others, {'web': ADDRESS}),
        ):
            network = made.network('net', '10.0.0.0/24')
            for name, address in addresses.items():
                port = made.port(network, address)
                cls.ports[region, name] = port['id']
                cls.servers[region, name] = made.server(
                    name, {'port': port['id']}
                )

    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def ask(
        self, *arguments: str, regions: str = '--all-regions', **values: object
    ) -> command_result.Result:
        """Run a command with an option for regions.

        :param values: Settings of RegionTwo in clouds.yaml.
        """
        return self.openstack(
            'server',
            'interface',
            *arguments,
            *regions.split(),
            OS_CLIENT_CONFIG_FILE=self.clouds_yaml(**values),
        )

    def clouds_yaml(self, **values: object) -> str:
        """Write a clouds.yaml, and return its path."""
        clouds_yaml = self.directory / 'clouds.yaml'
        entry = {
            'auth': self.cloud.credentials(self.user),
            'regions': [ONE, {'name': TWO, 'values': values}],
        }
        # JSON is YAML.
        clouds_yaml.write_text(json.dumps({'clouds': {self.user: entry}}))
        return str(clouds_yaml)

    def test_list(self) -> None:
        command = ('list', '-f', 'value', '-c', 'Region', '-c', 'Server Name')
        one = f'{ONE} db\n{ONE} web\n'
        two = f'{TWO} web\n'
        self.assertEqual(
            command_result.Result(0, one + two, ''), self.ask(*command)
        )
        self.assertEqual(
            1,
            sum(
                line.startswith('POST') and '/auth/tokens' in line
                for line in self.proxy.requests
            ),
        )
        for names, expected in (
            (('web',), f'{ONE} web\n{two}'),
            (('db',), f'{ONE} db\n'),
        ):
            with self.subTest(names):
                self.assertEqual(
                    command_result.Result(0, expected, ''),
                    self.ask(*command, *names),
                )
        self.assertEqual(
            command_result.Result(
                1,
                one,
                f'{TWO}: Compute version document: a proxy got no valid '
                'answer from the service: [Errno 111] Connection refused '
                '(HTTP 502)\n',
            ),
            self.ask(
                *command,
                compute_endpoint_override=NOWHERE,
                compute_status_code_retries=0,
            ),
        )

    def test_find(self) -> None:
        command = ('find', '-f', 'value', '-c', 'Region', ADDRESS)
        self.assertEqual(
            command_result.Result(0, f'{ONE}\n{TWO}\n', ''),
            self.ask(*command),
        )
        self.assertEqual(
            command_result.Result(
                3,
                f'{ONE}\n{TWO}\n',
                "'10.0.0.9' matches nothing in what this project can see\n",
            ),
            self.ask(*command, '10.0.0.9'),
        )

    def test_check(self) -> None:
        command = ('check', '-f', 'value', '-c', 'Region', '-c', 'Finding')
        self.assertEqual(command_result.Result(0, '', ''), self.ask(*command))
        web = self.servers[TWO, 'web']['id']
        saved = databases.read_cache(self.second, web)
        self.addCleanup(databases.write_cache, self.second, web, saved)
        databases.write_cache(self.second, web, [])
        self.assertEqual(
            command_result.Result(3, f'{TWO} missing-from-cache\n', ''),
            self.ask(*command),
        )

    def test_page(self) -> None:
        web = self.servers[TWO, 'web']['id']
        saved = databases.read_cache(self.second, web)
        self.addCleanup(databases.write_cache, self.second, web, saved)
        wrong_address = json.dumps(saved).replace(ADDRESS, '10.0.0.99')
        databases.write_cache(self.second, web, json.loads(wrong_address))
        path = environments.CHECKOUT / 'doc/source/user/runbooks/regions.rst'
        text = path.read_text().replace('project demo', f'project {self.user}')
        page = pages.Page(path.name, text)
        wrong = running.run_in(
            page,
            client.preloaded_program(),
            {
                'OS_CLOUD': self.user,
                'OS_CLIENT_CONFIG_FILE': self.clouds_yaml(),
            },
            {'192.0.2.16': ADDRESS},
        )
        self.assertEqual([], wrong, running.describe(page, wrong))

    def test_record_and_diff(self) -> None:
        journal = str(self.directory / 'journal')
        at = ('--journal', journal, '--at')

        def record() -> tuple[str, list[str]]:
            """Return when it began, and what it stored."""
            found = self.ask('record', journal, '-f', 'json')
            self.assertEqual((0, ''), (found.status, found.stderr))
            rows = json.loads(found.stdout)
            changed = [row['Region'] for row in rows if row['Changed']]
            return max(row['Started'] for row in rows), changed

        listed = self.ask(
            'list',
            '-f',
            'json',
            '-c',
            'Region',
            '-c',
            'Server ID',
            '-c',
            'Server Name',
            '-c',
            'Port ID',
            '-c',
            'Fixed IPs',
        )
        saved = str(self.directory / 'saved')
        pathlib.Path(saved).write_text(listed.stdout)
        self.assertEqual([ONE, TWO], record()[1])
        start, _changed = record()
        api.Api(self.user, self.second).put(
            'network',
            f'/v2.0/ports/{self.ports[TWO, "web"]}',
            {'port': {'name': 'renamed'}},
        )
        _start, changed = record()
        self.assertEqual([TWO], changed)
        columns = ('-f', 'value', '-c', 'Region', '-c', 'Server Name')
        one = f'{ONE} db\n{ONE} web\n'
        two = f'{TWO} web\n'
        for regions, expected in (('', one + two), (f'--region {TWO}', two)):
            self.assertEqual(
                command_result.Result(0, expected, ''),
                self.ask('list', *columns, *at, start, regions=regions),
            )
        self.assertEqual(
            command_result.Result(3, f'{two[:-1]} port-name\n', ''),
            self.ask('diff', *at, start, *columns, '-c', 'Change', regions=''),
        )
        for arguments in ((saved,), (saved, *at, start)):
            self.assertEqual(
                command_result.Result(0, '', ''),
                self.ask('diff', *arguments, '-f', 'value', regions=''),
            )
