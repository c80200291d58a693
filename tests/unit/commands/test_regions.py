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

"""Commands that ask two regions of one Keystone."""

from collections.abc import Sequence
import contextlib
import functools
import json
import pathlib
import re
import sqlite3
from typing import Any
from urllib import parse

import fixtures
from keystoneauth1 import fixture
import requests

from tests import command_result
from tests.unit import base
from tests.unit import clock
from tests.unit.commands import test_progress
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

ADDRESS = '10.0.0.5'
OTHER_ADDRESS = '10.0.0.6'
WEB = fake_cloud.identifier(1)
DB = fake_cloud.identifier(2)
SECOND_WEB = fake_cloud.identifier(3)
OTHER_PROJECT = fake_cloud.identifier(77)
NEUTRON_LISTINGS = (
    'ports',
    'floatingips',
    'routers',
    'subnets',
    'networks',
    'agents',
)


class RegionsTestCase(base.ShellTestCase):
    """Has the servers web and db in RegionOne, and web in RegionTwo."""

    def setUp(self) -> None:
        super().setUp()
        self.second = self.cloud.region('RegionTwo', 'two.test')
        self.cloud.register_tokens('a-token', regions=[self.second])
        self.second.register_compute_versions()
        self.fill(self.cloud, {'web': (1, ADDRESS), 'db': (2, '10.0.0.7')})
        self.fill(self.second, {'web': (3, OTHER_ADDRESS)})

    def fill(
        self,
        region: fake_cloud.FakeCloud,
        servers: dict[str, tuple[int, str]],
        status: str = 'ACTIVE',
    ) -> None:
        """Give a region servers, each with one interface.

        :param servers: The number of each server, and its address.
        :param status: The status of the ports.
        """
        made = [
            fake_cloud.server(
                number,
                name,
                addresses={'net': [fake_cloud.cached(10 + number, address)]},
                **{'OS-EXT-SRV-ATTR:host': 'compute-1'},
            )
            for name, (number, address) in servers.items()
        ]
        region.get(
            re.compile(f'^{region.compute_url}/servers/[^/]*$'),
            status_code=404,
            json=fake_cloud.NOT_FOUND,
        )
        region.register_servers(*made)

        def named(request: requests.PreparedRequest, _context: Any) -> Any:
            query = parse.parse_qs(parse.urlsplit(str(request.url)).query)
            (pattern,) = query.get('name', [''])
            return {
                'servers': [
                    {'id': server['id'], 'name': server['name']}
                    for server in made
                    if pattern in ('', f'^{server["name"]}$')
                ]
            }

        region.get(f'{region.compute_url}/servers', json=named)
        for number, address in servers.values():
            server_id = fake_cloud.identifier(number)
            region.register_interfaces(
                server_id, fake_cloud.attachment(10 + number, address)
            )
            region.get(
                f'{region.compute_url}/servers/{server_id}/os-instance-actions',
                json={'instanceActions': []},
                headers={'Date': fake_cloud.DATE},
            )
        for collection in NEUTRON_LISTINGS:
            region.register_network(collection)
        region.register_network(
            'ports',
            *(
                fake_cloud.port(10 + number, number, address, status=status)
                for number, address in servers.values()
            ),
        )
        region.get(
            re.compile(f'^{region.network_url}/v2.0/ports/[^/]*/bindings'),
            json={'bindings': []},
        )
        region.register_hosts()

    def ask(
        self, command: str, *arguments: str, regions: str = '--all-regions'
    ) -> command_result.Result:
        """Run a command with an option for regions."""
        return self.openstack(
            'server', 'interface', command, *arguments, *regions.split()
        )

    def assert_result(
        self,
        result: command_result.Result,
        status: int,
        stdout: Sequence[str],
        stderr: Sequence[str],
    ) -> None:
        """Compare the lines of the streams."""
        self.assertEqual(
            (status, [*stdout], [*stderr]),
            (
                result.status,
                result.stdout.splitlines(),
                result.stderr.splitlines(),
            ),
        )


class TestList(RegionsTestCase):
    COLUMNS = ('-f', 'value', '-c', 'Region', '-c', 'Server Name')

    def names(
        self, *arguments: str, regions: str = '--all-regions'
    ) -> command_result.Result:
        """List the regions, and the names of the servers."""
        return self.ask('list', *arguments, *self.COLUMNS, regions=regions)

    def test_all_regions(self) -> None:
        result = self.ask('list', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        rows = json.loads(result.stdout)
        self.assertEqual(
            ['Region', 'Server ID', 'Server Name', 'Port ID'],
            list(rows[0])[:4],
        )
        self.assertEqual(
            [
                ('RegionOne', DB, 'db', fake_cloud.identifier(12)),
                ('RegionOne', WEB, 'web', fake_cloud.identifier(11)),
                ('RegionTwo', SECOND_WEB, 'web', fake_cloud.identifier(13)),
            ],
            [tuple(row.values())[:4] for row in rows],
        )
        self.assertEqual(
            1,
            self.cloud.requested().count(
                f'POST {fake_cloud.AUTH_URL}/auth/tokens'
            ),
        )

    def test_column_comes_first(self) -> None:
        result = self.ask(
            'list', '-f', 'csv', '-c', 'Server Name', '-c', 'region'
        )
        self.assert_result(
            result,
            0,
            [
                '"Region","Server Name"',
                '"RegionOne","db"',
                '"RegionOne","web"',
                '"RegionTwo","web"',
            ],
            [],
        )

    def test_sorted_by_region(self) -> None:
        result = self.names('--sort-column', 'Region', '--sort-descending')
        self.assert_result(
            result, 0, ['RegionTwo web', 'RegionOne db', 'RegionOne web'], []
        )

    def test_some_regions_in_the_order_of_the_catalog(self) -> None:
        result = self.names(
            regions='--region RegionTwo --region RegionOne --region RegionTwo'
        )
        self.assert_result(
            result, 0, ['RegionOne db', 'RegionOne web', 'RegionTwo web'], []
        )

    def test_one_region_is_shown_as_ever(self) -> None:
        for arguments in (
            ('list', '-f', 'json'),
            ('list', 'web'),
            ('list', 'db'),
            ('find', OTHER_ADDRESS, '-f', 'json'),
            ('find', ADDRESS, '-f', 'value'),
        ):
            with self.subTest(arguments=arguments):
                self.environment['OS_REGION_NAME'] = 'RegionTwo'
                expected = self.openstack('server', 'interface', *arguments)
                del self.environment['OS_REGION_NAME']
                self.assertEqual(
                    expected,
                    self.ask(*arguments, regions='--region RegionTwo'),
                )

    def test_all_regions_of_a_cloud_that_has_one(self) -> None:
        self.cloud.register_tokens('a-token')
        expected = self.openstack('server', 'interface', 'list')
        self.assertEqual(expected, self.ask('list'))
        self.assert_result(
            self.names(), 0, ['RegionOne db', 'RegionOne web'], []
        )

    def test_names(self) -> None:
        for names, expected in (
            ('web', ['RegionOne', 'RegionTwo']),
            ('db', ['RegionOne']),
            (DB, ['RegionOne']),
            (SECOND_WEB, ['RegionTwo']),
            (f'db {SECOND_WEB}', ['RegionOne', 'RegionTwo']),
            ('web db', ['RegionOne', 'RegionOne', 'RegionTwo']),
        ):
            with self.subTest(names=names):
                result = self.ask(
                    'list',
                    *names.split(),
                    '-f',
                    'value',
                    '-c',
                    'Region',
                )
                self.assert_result(result, 0, expected, [])

    def test_columns_do_not_depend_on_where_servers_are(self) -> None:
        result = self.ask('list', 'db', SECOND_WEB, '-f', 'json')
        for row in json.loads(result.stdout):
            self.assertEqual(
                ['Region', 'Server ID', 'Server Name'], list(row)[:3]
            )

    def test_a_name_that_exists_nowhere_is_one_error(self) -> None:
        absence = "No server with the name or ID 'wob' exists in project demo."
        for names, stdout, text in (
            ('wob', [], f'{absence} Did you mean \'web\'?'),
            (
                'wob web',
                ['RegionOne web', 'RegionTwo web'],
                f'{absence} Did you mean \'web\'?',
            ),
        ):
            with self.subTest(names=names):
                self.assert_result(
                    self.names(*names.split()), 1, stdout, [text]
                )

    def test_each_region_has_suggestions(self) -> None:
        result = self.names('dbs')
        self.assert_result(
            result,
            1,
            [],
            [
                "RegionOne: No server with the name or ID 'dbs' exists in "
                "project demo. Did you mean 'db'?",
                "RegionTwo: No server with the name or ID 'dbs' exists in "
                'project demo.',
            ],
        )

    def test_a_region_without_servers_is_no_news(self) -> None:
        self.fill(self.second, {})
        self.assert_result(
            self.names(), 0, ['RegionOne db', 'RegionOne web'], []
        )
        self.fill(self.cloud, {})
        self.assert_result(
            self.names(), 0, [], ['No server exists in project demo.']
        )

    def test_a_region_that_cannot_be_reached(self) -> None:
        self.useFixture(clock.Clock())
        self.second.get(
            self.second.compute_url, exc=requests.exceptions.ConnectTimeout
        )
        self.assert_result(
            self.names(),
            1,
            ['RegionOne db', 'RegionOne web'],
            [
                'RegionTwo: Compute version document: no connection within 10 '
                'seconds'
            ],
        )

    def test_services_that_are_missing(self) -> None:
        self.second.network_url = ''
        self.cloud.register_tokens('a-token', regions=[self.second])
        self.assert_result(
            self.names(),
            0,
            ['RegionOne db', 'RegionOne web', 'RegionTwo web'],
            [],
        )
        self.assert_result(
            self.ask('find', ADDRESS, '-f', 'value', '-c', 'Region'),
            1,
            ['RegionOne'],
            [
                'RegionTwo: public endpoint for network service in RegionTwo '
                'region not found'
            ],
        )

    def test_a_region_without_nova_is_asked_only_by_name(self) -> None:
        self.second.compute_url = ''
        self.cloud.register_tokens('a-token', regions=[self.second])
        expected = ['RegionOne db', 'RegionOne web']
        self.assert_result(self.names(), 0, expected, [])
        self.assert_result(
            self.names(regions='--region RegionOne --region RegionTwo'),
            1,
            expected,
            [
                'RegionTwo: public endpoint for compute service in RegionTwo '
                'region not found'
            ],
        )

    def test_no_region_answers(self) -> None:
        self.cloud.get(f'{fake_cloud.COMPUTE_URL}/servers', status_code=403)
        self.second.get(f'{self.second.compute_url}/servers', status_code=404)
        result = self.names()
        self.assert_result(
            result,
            1,
            [],
            [
                'RegionOne: Servers: this is not allowed (HTTP 403)',
                'RegionTwo: Servers: not found (HTTP 404)',
            ],
        )

    def test_a_region_that_does_not_exist(self) -> None:
        for regions, text in (
            (
                '--region RegionTow',
                "No region has the name 'RegionTow'. Did you mean 'RegionTwo'",
            ),
            (
                '--region RegionOne --region north',
                "No region has the name 'north'.",
            ),
            (
                '--region a\x1b[31mb',
                "No region has the name 'a\\x1b[31mb'.",
            ),
        ):
            with self.subTest(regions=regions):
                result = self.names(regions=regions)
                self.assertEqual((1, ''), (result.status, result.stdout))
                self.assertEqual(text, result.stderr[: len(text)])

    def test_all_or_some(self) -> None:
        result = self.names('--region', 'RegionOne')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn(
            'argument --all-regions: not allowed with argument --region',
            result.stderr,
        )

    def test_untrusted_names_of_regions(self) -> None:
        self.second.name = 'Two\x1b[31m\nThree'
        self.cloud.register_tokens('a-token', regions=[self.second])
        self.second.get(f'{self.second.compute_url}/servers', status_code=403)
        self.assert_result(
            self.names('web'),
            1,
            ['RegionOne web'],
            [
                "Two\\x1b[31m Three: Servers named 'web': this is not "
                'allowed (HTTP 403)'
            ],
        )
        result = self.ask('find', OTHER_ADDRESS, '-f', 'value', '-c', 'Region')
        self.assert_result(result, 0, ['Two\\x1b[31m\\nThree'], [])

    def test_an_old_nova_shows_no_tags(self) -> None:
        self.second.register_compute_versions('2.69')
        result = self.ask('list', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        rows = json.loads(result.stdout)
        self.assertEqual([list(rows[0])] * 3, [list(row) for row in rows])
        self.assertIn('Tag', rows[0])

    def test_usage_is_wrong_in_all_regions(self) -> None:
        result = self.ask('list', '-c', 'Regions')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn("There is no column 'Regions'.", result.stderr)


class TestOneRegion(RegionsTestCase):
    """Without options for regions."""

    def register(self, **urls: tuple[str, ...]) -> None:
        """Answer with a catalog of services and their regions, in order."""
        body = fixture.V3Token(user_name='demo', user_domain_id='default')
        body.add_role(name='admin')
        body.set_project_scope(
            id=fake_cloud.PROJECT_ID, name='demo', domain_name='Default'
        )
        places = {'RegionOne': self.cloud, 'RegionTwo': self.second}
        for service, regions in urls.items():
            added = body.add_service(service)
            for name in regions:
                url = {
                    'compute': places[name].compute_url,
                    'network': places[name].network_url,
                }.get(service, fake_cloud.AUTH_URL)
                added.add_standard_endpoints(public=url, region=name)
        self.cloud.post(
            f'{fake_cloud.AUTH_URL}/auth/tokens',
            json=body,
            headers={'X-Subject-Token': 'a-token'},
        )

    def test_nova_and_neutron_of_one_region(self) -> None:
        for first, second, address in (
            ('RegionOne', 'RegionTwo', ADDRESS),
            ('RegionTwo', 'RegionOne', OTHER_ADDRESS),
        ):
            with self.subTest(first):
                self.register(
                    identity=('RegionOne',),
                    compute=(first, second),
                    network=(second, first),
                )
                self.assert_result(
                    self.openstack(
                        'server',
                        'interface',
                        'list',
                        'web',
                        '-f',
                        'value',
                        '-c',
                        'Fixed IPs',
                        '-c',
                        'Port State',
                        '--source',
                        'network',
                    ),
                    0,
                    [f'{address} ACTIVE'],
                    [],
                )

    def test_a_token_without_a_catalog(self) -> None:
        body = fixture.V3Token(user_name='demo', user_domain_id='default')
        self.cloud.post(
            f'{fake_cloud.AUTH_URL}/auth/tokens',
            json=body,
            headers={'X-Subject-Token': 'a-token'},
        )
        result = self.ask('list')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn('the token is not scoped to a project', result.stderr)

    def test_the_keystone_of_another_region(self) -> None:
        both = 'RegionOne', 'RegionTwo'
        self.register(identity=('RegionOne',), compute=both, network=both)
        self.environment = {**self.environment, 'OS_REGION_NAME': 'RegionTwo'}
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{OTHER_PROJECT}',
            json={'project': {'id': OTHER_PROJECT, 'name': 'others'}},
        )
        self.cloud.get(f'{fake_cloud.AUTH_URL}/domains', json={'domains': []})
        other = fake_cloud.port(13, 3, OTHER_ADDRESS, project_id=OTHER_PROJECT)
        self.second.register_network('ports', other)
        self.assert_result(
            self.openstack(
                'server',
                'interface',
                'find',
                OTHER_ADDRESS,
                '-f',
                'value',
                '-c',
                'Project Name',
            ),
            0,
            ['others'],
            [],
        )


class TestFind(RegionsTestCase):
    COLUMNS = (
        '-f',
        'value',
        '-c',
        'Region',
        '-c',
        'Query',
        '-c',
        'Server Name',
    )

    def find(self, *arguments: str) -> command_result.Result:
        return self.ask('find', *arguments, *self.COLUMNS)

    def test_in_one_region(self) -> None:
        self.assert_result(
            self.find(OTHER_ADDRESS, ADDRESS),
            0,
            [f'RegionOne {ADDRESS} web', f'RegionTwo {OTHER_ADDRESS} web'],
            [],
        )

    def test_in_two_regions(self) -> None:
        self.fill(self.second, {'web': (3, ADDRESS)})
        self.assert_result(
            self.find(ADDRESS),
            0,
            [f'RegionOne {ADDRESS} web', f'RegionTwo {ADDRESS} web'],
            [],
        )

    def test_in_no_region(self) -> None:
        self.assert_result(
            self.find(ADDRESS, '10.9.9.9'),
            3,
            [f'RegionOne {ADDRESS} web'],
            [
                "'10.9.9.9' matches nothing in any project",
            ],
        )

    def test_regions_that_cannot_answer_come_first(self) -> None:
        self.cloud.get(f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=400)
        self.assert_result(
            self.find(ADDRESS, OTHER_ADDRESS),
            1,
            [f'RegionTwo {OTHER_ADDRESS} web'],
            [
                'RegionOne: Ports: the request was rejected (HTTP 400)',
                f"RegionTwo: '{ADDRESS}' matches nothing in any project",
            ],
        )

    def test_a_floating_ip_whose_port_is_hidden(self) -> None:
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('203.0.113.9', 99)
        )
        self.assert_result(
            self.find('203.0.113.9'),
            0,
            ['RegionOne 203.0.113.9 '],
            [
                f'RegionOne: Port {fake_cloud.identifier(99)}, to which a '
                'floating IP leads, cannot be read'
            ],
        )

    def test_progress_after_a_failure(self) -> None:
        self.useFixture(test_progress.Impatient())
        self.cloud.get(f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=400)
        terminal = test_progress.Terminal()
        self.stream = lambda: terminal
        failure = 'RegionOne: Ports: the request was rejected (HTTP 400)'

        def answer_late(_request: Any, _context: Any) -> dict[str, Any]:
            terminal.wait_for(f'{failure}\n\rWaiting for the cloud, 0 s')
            return {'server': fake_cloud.server(3, 'web')}

        self.second.get(
            f'{self.second.compute_url}/servers/{fake_cloud.identifier(3)}',
            json=answer_late,
        )
        result = self.find(OTHER_ADDRESS)
        self.assertEqual(
            (1, f'RegionTwo {OTHER_ADDRESS} web\n'),
            (result.status, result.stdout.rpartition('\r')[2]),
        )

    def test_what_cannot_be_read_completely(self) -> None:
        self.second.get(
            f'{self.second.network_url}/v2.0/subnets', status_code=400
        )
        self.assert_result(
            self.find(ADDRESS, '10.9.9.9'),
            1,
            [f'RegionOne {ADDRESS} web'],
            [
                'RegionTwo: Subnets: the request was rejected (HTTP 400)',
                "RegionOne: '10.9.9.9' matches nothing in any project",
                "RegionTwo: cannot tell whether '10.9.9.9' matches anything: "
                'not everything could be read',
            ],
        )

    def test_regions_that_share_a_neutron(self) -> None:
        """Both show all ports, and each Nova has its own servers."""
        self.second.network_url = self.cloud.network_url
        self.cloud.register_tokens('a-token', regions=[self.second])
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, ADDRESS),
            fake_cloud.port(13, 3, OTHER_ADDRESS),
            fake_cloud.port(14, 99, '10.0.0.9'),
        )
        self.assert_result(
            self.find(ADDRESS, OTHER_ADDRESS, '10.0.0.9'),
            0,
            [
                f'RegionOne {ADDRESS} web',
                'RegionOne 10.0.0.9 ',
                f'RegionTwo {OTHER_ADDRESS} web',
            ],
            [
                f'RegionOne: Port {fake_cloud.identifier(14)}: its server '
                f'{fake_cloud.identifier(99)} does not exist'
            ],
        )


class TestCheck(RegionsTestCase):
    COLUMNS = (
        '-f',
        'value',
        '-c',
        'Region',
        '-c',
        'Server Name',
        '-c',
        'Finding',
    )

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(clock.Clock())

    def check(self, *arguments: str) -> command_result.Result:
        return self.ask('check', *arguments, *self.COLUMNS)

    def break_second(self) -> None:
        """Let the Nova of RegionTwo refuse."""
        self.second.get(
            f'{self.second.compute_url}/servers/detail', status_code=403
        )

    def test_nothing_is_wrong(self) -> None:
        self.assert_result(self.check(), 0, [], [])

    def test_in_one_region(self) -> None:
        self.fill(self.second, {'web': (3, OTHER_ADDRESS)}, 'DOWN')
        self.assert_result(self.check(), 3, ['RegionTwo web port-down'], [])
        result = self.ask('check', '-f', 'json')
        (row,) = json.loads(result.stdout)
        self.assertEqual(('Region', 'RegionTwo'), next(iter(row.items())))

    def test_a_server_of_one_region(self) -> None:
        self.assert_result(self.check('db'), 0, [], [])
        self.fill(self.cloud, {'db': (2, ADDRESS)}, 'DOWN')
        self.assert_result(self.check('db'), 3, ['RegionOne db port-down'], [])

    def test_a_region_that_is_refused(self) -> None:
        self.fill(self.cloud, {'web': (1, ADDRESS)}, 'DOWN')
        self.break_second()
        self.assert_result(
            self.check(),
            1,
            ['RegionOne web port-down'],
            ['RegionTwo: Servers: this is not allowed (HTTP 403)'],
        )

    def test_what_to_do_next(self) -> None:
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 132)
        self.fill(self.second, {'web': (3, OTHER_ADDRESS)}, 'DOWN')
        self.assertEqual(
            [
                'RegionOne: Checked 2 servers and 2 interfaces in project '
                'demo: no findings.',
                'RegionTwo: Checked 1 server and 1 interface in project demo: '
                '1 finding.',
                'RegionTwo: Plan the repair: OS_REGION_NAME=RegionTwo '
                'openstack server interface repair --dry-run',
                "RegionTwo: See 'port-down' "
                "on the page 'Findings' of the documentation.",
            ],
            # Before, it may say what it waits for.
            self.check().stderr.splitlines()[-4:],
        )

    def test_how_to_ask_the_region_next(self) -> None:
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 132)
        self.fill(self.second, {'web': (3, OTHER_ADDRESS)}, 'DOWN')
        login = {**self.environment, 'OS_REGION_NAME': 'RegionOne'}
        for regions in ((), ('RegionOne', 'RegionTwo')):
            self.environment = dict(login)
            if regions:
                del self.environment['OS_REGION_NAME']
                self.configure_cloud(regions=regions)
            for options in ('--all-regions', '--region RegionTwo'):
                with self.subTest(regions=regions, options=options):
                    result = self.ask('check', regions=options)
                    (hint,) = re.findall(
                        'repair: OS_REGION_NAME=RegionTwo openstack (.*)',
                        result.stderr,
                    )
                    before = dict(self.environment)
                    self.environment['OS_REGION_NAME'] = 'RegionTwo'
                    result = self.openstack(*hint.split())
                    self.environment = before
                    self.assertEqual(3, result.status, result.stderr)
                    self.assertIn(fake_cloud.identifier(13), result.stdout)

    def test_servers_of_different_regions_for_nagios(self) -> None:
        for server, status, word in (
            ('db', 0, 'OK'),
            ('db-9', 3, 'UNKNOWN'),
        ):
            with self.subTest(server):
                result = self.ask('check', 'web', server, '--nagios')
                self.assertEqual(
                    (status, word),
                    (result.status, result.stdout.partition(':')[0]),
                )

    def test_nagios(self) -> None:
        self.fill(self.second, {'web': (3, OTHER_ADDRESS)}, 'DOWN')
        command = ('check', '--nagios', '--finding', 'port-down')
        data = (
            'findings={0};;;0 critical={0};;;0 warning=0;;;0 info=0;;;0 '
            'servers={1};;;0 ports={1};;;0 failures={2};;;0 time={3}s;;;0 '
            'port-down={0};;;0'
        )
        self.assert_result(
            self.ask(*command),
            2,
            [
                'CRITICAL: findings: 1 (1 port-down), RegionTwo: 1 | '
                + data.format(1, 3, 0, '8.000')
            ],
            [],
        )
        self.break_second()
        self.assert_result(
            self.ask(*command),
            3,
            [
                'UNKNOWN: findings: 0, RegionTwo: 0 (not known: 1), '
                'not known: 1 | ' + data.format(0, 2, 1, '0.000')
            ],
            ['RegionTwo: Servers: this is not allowed (HTTP 403)'],
        )
        self.assert_result(
            self.ask(*command, regions='--region RegionThree'),
            3,
            [
                "UNKNOWN: No region has the name 'RegionThree'. Did you mean "
                "'RegionTwo'?"
            ],
            [],
        )

    def test_metrics(self) -> None:
        path = pathlib.Path(self.create_file(''))
        self.fill(self.second, {'web': (3, OTHER_ADDRESS)}, 'DOWN')
        command = (
            'check',
            '--finding',
            'port-down',
            '--metrics',
            str(path),
            '--metrics-by',
            'host',
        )
        prefix = 'osc_port_iface_check'
        labels = 'code="port-down",severity="critical",host="compute-1"'
        for expected in (
            [
                f'{prefix}_findings{{region="RegionOne",{labels}}} 0',
                f'{prefix}_findings{{region="RegionTwo",{labels}}} 1',
                f'{prefix}_servers{{region="RegionOne"}} 2',
                f'{prefix}_servers{{region="RegionTwo"}} 1',
                f'{prefix}_ports{{region="RegionOne"}} 2',
                f'{prefix}_ports{{region="RegionTwo"}} 1',
                f'{prefix}_failures{{region="RegionOne"}} 0',
                f'{prefix}_failures{{region="RegionTwo"}} 0',
            ],
            [
                f'{prefix}_findings{{region="RegionOne",{labels}}} 0',
                f'{prefix}_servers{{region="RegionOne"}} 2',
                f'{prefix}_servers{{region="RegionTwo"}} 0',
                f'{prefix}_ports{{region="RegionOne"}} 2',
                f'{prefix}_ports{{region="RegionTwo"}} 0',
                f'{prefix}_failures{{region="RegionOne"}} 0',
                f'{prefix}_failures{{region="RegionTwo"}} 1',
            ],
        ):
            self.ask(*command)
            lines = path.read_text().splitlines()
            self.assertEqual(
                expected, [line for line in lines if 'region=' in line]
            )
            self.break_second()


class TestConfiguration(RegionsTestCase):
    """The regions that clouds.yaml lists."""

    OTHER_KEYSTONE = 'http://keystone.two.test/v3'

    def names(self, *arguments: str, regions: str) -> command_result.Result:
        return self.ask(
            'list',
            *arguments,
            '-f',
            'value',
            '-c',
            'Region',
            '-c',
            'Server Name',
            regions=regions,
        )

    def test_they_are_asked_in_their_order(self) -> None:
        self.configure_cloud(regions=['RegionTwo', 'RegionOne'])
        self.assert_result(
            self.names(regions='--all-regions'),
            0,
            ['RegionTwo web', 'RegionOne db', 'RegionOne web'],
            [],
        )

    def test_only_they_are_asked(self) -> None:
        self.configure_cloud(regions=['RegionTwo'])
        self.assert_result(
            self.names(regions='--all-regions'), 0, ['RegionTwo web'], []
        )
        self.assert_result(
            self.names(regions='--region RegionOne'),
            1,
            [],
            ["No region has the name 'RegionOne'. Did you mean 'RegionTwo'?"],
        )

    def test_the_catalog_has_more_than_the_region_of_the_user(self) -> None:
        self.configure_cloud(region_name='RegionTwo')
        self.assert_result(
            self.names(regions='--all-regions'),
            0,
            ['RegionOne db', 'RegionOne web', 'RegionTwo web'],
            [],
        )

    def test_settings_of_a_region(self) -> None:
        url = 'http://elsewhere.test/v2.1'
        self.configure_cloud(
            regions=[
                'RegionOne',
                {
                    'name': 'RegionTwo',
                    'values': {
                        'compute_endpoint_override': url,
                        'compute_default_microversion': '2.1',
                    },
                },
            ]
        )
        elsewhere = self.cloud.region('RegionTwo', 'two.test')
        elsewhere.compute_url = url
        self.fill(elsewhere, {'far': (4, '10.0.0.8')})
        self.assert_result(
            self.names(regions='--all-regions'),
            0,
            ['RegionOne db', 'RegionOne web', 'RegionTwo far'],
            [],
        )
        self.assertEqual(
            [],
            [line for line in self.cloud.requested() if 'nova.two' in line],
        )

    def other_keystone(self) -> None:
        """Let RegionTwo have a Keystone of its own, with its own catalog."""
        self.configure_cloud(
            regions=[
                'RegionOne',
                {
                    'name': 'RegionTwo',
                    'values': {'auth': {'auth_url': self.OTHER_KEYSTONE}},
                },
            ]
        )
        self.cloud.register_tokens('a-token')
        keystone = fixture.V3Discovery(self.OTHER_KEYSTONE)
        self.cloud.get(self.OTHER_KEYSTONE, json={'version': keystone})
        token = fixture.V3Token(user_name='demo', user_domain_id='default')
        token.set_project_scope(id=fake_cloud.PROJECT_ID, name='demo')
        for service, url in (
            ('compute', self.second.compute_url),
            ('network', self.second.network_url),
        ):
            token.add_service(service).add_standard_endpoints(
                public=url, region='RegionTwo'
            )
        self.cloud.post(
            f'{self.OTHER_KEYSTONE}/auth/tokens',
            json=token,
            headers={'X-Subject-Token': 'another-token'},
        )

    def tokens(self) -> dict[str | None, set[str | None]]:
        """Return the tokens that each host was sent."""
        found: dict[str | None, set[str | None]] = {}
        for request in self.cloud.request_history:
            if '/servers' in str(request.url):
                found.setdefault(request.hostname, set()).add(
                    request.headers.get('X-Auth-Token')
                )
        return found

    def test_a_keystone_of_its_own(self) -> None:
        self.other_keystone()
        self.assert_result(
            self.names(regions='--all-regions'),
            0,
            ['RegionOne db', 'RegionOne web', 'RegionTwo web'],
            [],
        )
        self.assertEqual(
            {'nova.test': {'a-token'}, 'nova.two.test': {'another-token'}},
            self.tokens(),
        )
        self.assert_result(
            self.names(regions='--region RegionTwo'), 0, ['RegionTwo web'], []
        )

    def test_a_keystone_that_gives_no_token(self) -> None:
        self.other_keystone()
        self.cloud.post(
            f'{self.OTHER_KEYSTONE}/auth/tokens', status_code=401, json={}
        )
        self.assert_result(
            self.names(regions='--all-regions'),
            1,
            ['RegionOne db', 'RegionOne web'],
            ['RegionTwo: No token: Unauthorized (HTTP 401)'],
        )

    def test_the_usual_keystone_gives_no_token(self) -> None:
        self.other_keystone()
        for status, reason in ((401, 'Unauthorized'), (503, 'Unavailable')):
            self.cloud.post(
                f'{fake_cloud.AUTH_URL}/auth/tokens', status_code=status
            )
            result = self.names(regions='--all-regions')
            self.assertEqual(
                (1, 'RegionTwo web\n'), (result.status, result.stdout)
            )
            self.assertRegex(
                result.stderr,
                rf'\ARegionOne: Authentication failed: [^\n]*{reason}[^\n]*'
                r'\n\Z',
            )
        self.assertEqual(
            command_result.Result(0, 'RegionTwo web\n', ''),
            self.names('-c', 'Region', regions='--region RegionTwo'),
        )

    def test_progress_without_the_usual_keystone(self) -> None:
        """The line is erased, although only one of the regions shows it."""
        self.useFixture(test_progress.Impatient())
        self.other_keystone()
        self.cloud.post(f'{fake_cloud.AUTH_URL}/auth/tokens', status_code=401)
        terminal = test_progress.Terminal()
        self.stream = lambda: terminal

        def answer_late(_request: Any, _context: Any) -> dict[str, Any]:
            terminal.wait_for('1 of 2 servers, 0 s')
            return {'interfaceAttachments': []}

        servers = {'app': (4, '10.0.0.8'), 'web': (3, OTHER_ADDRESS)}
        self.fill(self.second, servers)
        self.second.get(
            f'{self.second.compute_url}/servers/{SECOND_WEB}/os-interface',
            json=answer_late,
        )
        self.ask('list', '-f', 'value', '--concurrency', '1')
        shown = terminal.getvalue().partition('RegionOne: Auth')[0]
        self.assertEqual('\r', shown[-1])

    def test_one_nova_for_two_regions(self) -> None:
        login = self.environment
        settings = {'compute_endpoint_override': 'http://nova.test/v2.1'}
        line = (
            'One compute_endpoint_override is set for RegionOne, RegionTwo, '
            'which would show the same servers.'
        )
        for configured in (
            settings,
            {'regions': ['RegionOne', 'RegionTwo'], **settings},
        ):
            self.environment = login
            self.configure_cloud(**configured)
            self.assert_result(
                self.names(regions='--all-regions'), 2, [], [line]
            )

    def test_settings_that_lead_to_no_keystone(self) -> None:
        self.configure_cloud(
            regions=[
                'RegionOne',
                {'name': 'RegionTwo', 'values': {'auth_type': 'nothing'}},
            ]
        )
        result = self.names(regions='--all-regions')
        self.assertEqual(
            (1, 'RegionOne db\nRegionOne web\n'),
            (result.status, result.stdout),
        )
        self.assertRegex(
            result.stderr, r'\ARegionTwo: Authentication failed: [^\n]*\n\Z'
        )


class RecordTestCase(RegionsTestCase):
    def setUp(self) -> None:
        super().setUp()
        for region in (self.cloud, self.second):
            region.register_network('trunks')
        for key in ('projects', 'domains', 'users'):
            self.cloud.get(f'{fake_cloud.AUTH_URL}/{key}', json={key: []})
        directory = self.useFixture(fixtures.TempDir()).path
        self.journal = str(pathlib.Path(directory) / 'journal')

    def record(self, *arguments: str) -> command_result.Result:
        return self.ask(
            'record',
            self.journal,
            *arguments,
            '-f',
            'csv',
            '--quote',
            'none',
            '-c',
            'Region',
            '-c',
            'Objects',
            '-c',
            'Observation',
        )

    def recorded(self, *regions: str) -> list[dict[str, Any]]:
        result = self.ask(
            'record',
            self.journal,
            '-f',
            'json',
            regions=' '.join(f'--region {region}' for region in regions),
        )
        self.assertEqual((0, ''), (result.status, result.stderr))
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    def at(
        self, moment: str, *arguments: str, regions: str = ''
    ) -> command_result.Result:
        """Ask the journal."""
        return self.ask(
            *arguments,
            '--at',
            moment,
            '--journal',
            self.journal,
            '-f',
            'csv',
            '--quote',
            'none',
            regions=regions,
        )


class TestRecord(RecordTestCase):
    def test_an_observation_of_each_region(self) -> None:
        self.assert_result(
            self.record(),
            0,
            [
                'Region,Observation,Objects',
                'RegionOne,1,4',
                'RegionTwo,2,2',
            ],
            [],
        )

    def test_a_server_of_one_region(self) -> None:
        self.assert_result(
            self.record('db'),
            0,
            [
                'Region,Observation,Objects',
                'RegionOne,1,2',
                'RegionTwo,2,0',
            ],
            [],
        )
        self.assertEqual(
            [
                "No server with the name or ID 'wob' exists in project demo. "
                "Did you mean 'web'?"
            ],
            self.record('wob').stderr.splitlines(),
        )

    def test_a_region_that_is_refused(self) -> None:
        self.second.get(
            f'{self.second.network_url}/v2.0/ports', status_code=403
        )
        self.assert_result(
            self.record(),
            1,
            [
                'Region,Observation,Objects',
                'RegionOne,1,4',
            ],
            [
                'RegionTwo: Ports: this is not allowed (HTTP 403)',
                f'{self.journal}: RegionTwo: nothing is recorded, as not '
                'everything could be read',
            ],
        )

    def test_a_region_whose_clock_was_wrong(self) -> None:
        self.record()
        with contextlib.closing(sqlite3.connect(self.journal)) as journal:
            for statement in (
                'UPDATE observations SET ended = 4070952000000 WHERE id = 2',
                'UPDATE observations SET began = 0, ended = 0 WHERE id = 1',
            ):
                journal.execute(statement)
            journal.commit()
        self.fill(self.second, {})
        result = self.record('--keep', '1d')
        self.assertEqual(
            (
                1,
                'Region,Observation,Objects\nRegionOne,3,4\n',
            ),
            (result.status, result.stdout),
        )
        self.assertRegex(
            result.stderr,
            rf'\A{self.journal}: RegionTwo: an observation of [^\n]* cannot '
            r'follow the one that ended at 2099-01-01T12:00:00\.000Z; a '
            r'clock is wrong, or was wrong then: if so, use another '
            r'journal\n\Z',
        )
        with contextlib.closing(sqlite3.connect(self.journal)) as journal:
            query = 'SELECT id FROM observations ORDER BY id'
            self.assertEqual([(2,), (3,)], [*journal.execute(query)])
            query = 'SELECT count(*) FROM versions WHERE last < 3'
            self.assertEqual([(0,)], [*journal.execute(query)])

    def test_a_region_that_was_never_read_completely(self) -> None:
        self.second.get(
            f'{self.second.network_url}/v2.0/ports', status_code=403
        )
        self.record()
        self.environment = {}
        result = self.ask(
            'find',
            ADDRESS,
            '--between',
            '-1h',
            '-0s',
            '-f',
            'value',
            '-c',
            'Region',
            '--journal',
            self.journal,
            regions='',
        )
        self.assertEqual((1, 'RegionOne\n'), (result.status, result.stdout))
        self.assertEqual(
            ['RegionTwo: it has no observation'],
            [row for row in result.stderr.splitlines() if 'Two' in row],
        )

    def test_a_region_that_cannot_be_asked(self) -> None:
        self.second.compute_url = ''
        self.cloud.register_tokens('a-token', regions=[self.second])
        result = self.openstack(
            'server',
            'interface',
            'record',
            self.journal,
            '-f',
            'value',
            '--region',
            'RegionOne',
            '--region',
            'RegionTwo',
            '-c',
            'Region',
        )
        self.assert_result(
            result,
            1,
            ['RegionOne'],
            [
                'RegionTwo: public endpoint for compute service in RegionTwo '
                'region not found',
                'RegionTwo: Ports: the servers are not known',
                f'{self.journal}: RegionTwo: nothing is recorded, as not '
                'everything could be read',
            ],
        )

    def test_only_the_cloud_has_regions(self) -> None:
        self.assert_result(
            self.record('--import', 'a.json'),
            2,
            [],
            ['--all-regions cannot be used with --import.'],
        )


class TestAt(RecordTestCase):
    """A journal that has both regions."""

    def setUp(self) -> None:
        super().setUp()
        both = 'RegionOne', 'RegionTwo'
        self.recorded(*both)
        # Two regions are not read at the very same time.
        self.start = max(row['Started'] for row in self.recorded(*both))
        self.change()
        self.moment = min(row['Started'] for row in self.recorded(*both))
        self.last = min(row['Started'] for row in self.recorded(*both))
        self.login, self.environment = self.environment, {}

    def change(self) -> None:
        """Give the server of RegionTwo another address."""
        self.fill(self.second, {'web': (3, '10.0.0.66')})

    def test_region_comes_first(self) -> None:
        changed = (
            'Something changed between the observations before and after this '
            'time: see Seen From and Seen Until'
        )
        columns = '-c', 'Server Name', '-c', 'region', '-c', 'Fixed IPs'
        one = ['RegionOne,db,10.0.0.7', f'RegionOne,web,{ADDRESS}']
        two = [f'RegionTwo,web,{OTHER_ADDRESS}', 'RegionTwo,web,10.0.0.66']
        for regions, rows in (
            ('', one + two),
            ('--all-regions', one + two),
            ('--region RegionOne', one),
            ('--region RegionTwo --region RegionOne', one + two),
        ):
            with self.subTest(regions):
                self.assert_result(
                    self.at(self.moment, 'list', *columns, regions=regions),
                    0,
                    ['Region,Server Name,Fixed IPs', *rows],
                    [changed] if len(rows) > 2 else [],
                )
        result = self.at(self.moment, 'list')
        self.assertEqual('Region,Server ID', result.stdout[:16])
        result = self.at(self.moment, 'list', regions='--region RegionTwo')
        self.assertEqual('Server ID', result.stdout[:9])

    def test_names_and_addresses_of_one_region(self) -> None:
        columns = '-c', 'Region', '-c', 'Server Name'
        db = ['Region,Server Name', 'RegionOne,db']
        self.assert_result(
            self.at(self.moment, 'list', 'db', *columns), 0, db, []
        )
        self.assert_result(
            self.at(self.moment, 'list', 'db', 'dc', *columns),
            1,
            db,
            [
                "cannot tell about 'dc'; only these were recorded: project "
                f'{fake_cloud.PROJECT_ID}'
            ],
        )
        self.assert_result(
            self.at(self.moment, 'find', '10.0.0.7', '10.9.9.9', *columns),
            1,
            db,
            [
                "cannot tell about '10.9.9.9'; only these were recorded: "
                f'project {fake_cloud.PROJECT_ID}'
            ],
        )
        self.assert_result(
            self.at(self.moment, 'list', regions='--region RegionTow'),
            1,
            [],
            [
                "No region has the name 'RegionTow'. Did you mean 'RegionTwo' "
                "or 'RegionOne'?"
            ],
        )

    def test_a_region_that_was_not_recorded_then(self) -> None:
        self.environment = self.login
        (last,) = self.recorded('RegionOne')
        self.environment = {}
        command = 'find', ADDRESS, '10.0.0.66', '-c', 'Region'
        (row,) = self.at(last['Started'], *command).stderr.splitlines()[:1]
        self.assertRegex(
            row,
            rf'\ARegionTwo: {last["Started"]} is not in the time observed, '
            r'\S+Z to \S+Z\Z',
        )

    def test_diff(self) -> None:
        columns = '-c', 'Region', '-c', 'Server Name', '-c', 'Change'
        self.assert_result(
            self.at(self.moment, 'diff', *columns),
            3,
            ['Region,Server Name,Change', 'RegionTwo,web,readdressed'],
            [
                f'What changed between the observations before and after '
                f'{self.moment} counts as changed after it'
            ],
        )
        self.assert_result(
            self.at(self.moment, 'diff', regions='--region RegionOne'),
            0,
            ['Server Name,Server ID,Port ID,Change,Before,After'],
            [],
        )

    def test_diff_with_a_listing(self) -> None:
        columns = '-c', 'Region', '-c', 'Server Name', '-c', 'Change'
        headers, change = 'Server Name,Change', 'web,readdressed'
        saved = self.create_file(self.at(self.start, 'list').stdout)
        for regions, header, changes in (
            ('', f'Region,{headers}', [f'RegionTwo,{change}']),
            ('--region RegionTwo', headers, [change]),
            ('--region RegionOne', headers, []),
        ):
            with self.subTest(regions):
                shown = columns if regions == '' else columns[2:]
                self.assert_result(
                    self.at(self.last, 'diff', saved, *shown, regions=regions),
                    3 if changes else 0,
                    [header, *changes],
                    [],
                )
        plain = self.at(self.start, 'list', regions='--region RegionTwo')
        saved = self.create_file(plain.stdout)
        result = self.at(self.moment, 'diff', saved)
        self.assertEqual(
            (
                2,
                f'{saved} does not have the column Region, so compare it with '
                'one region.\n',
            ),
            (result.status, result.stderr),
        )


class TestDiff(RegionsTestCase):
    def saved(self, regions: str = '--all-regions') -> str:
        """Save a listing, and return its file."""
        result = self.ask('list', '-f', 'json', regions=regions)
        return self.create_file(result.stdout)

    def diff(
        self, *arguments: str, regions: str = ''
    ) -> command_result.Result:
        return self.ask(
            'diff',
            *arguments,
            '-f',
            'csv',
            '--quote',
            'none',
            '-c',
            'Region',
            '-c',
            'Server Name',
            '-c',
            'Change',
            regions=regions,
        )

    def change(self) -> None:
        """Give the server of RegionTwo another address."""
        self.fill(self.second, {'web': (3, '10.0.0.66')})

    def test_the_regions_of_the_listing_are_compared(self) -> None:
        before = self.saved()
        headers = 'Region,Server Name,Change'
        self.assert_result(self.diff(before), 0, [headers], [])
        self.change()
        changes = [headers, 'RegionTwo,web,readdressed']
        self.assert_result(self.diff(before), 3, changes, [])
        self.assert_result(self.diff(before, self.saved()), 3, changes, [])
        result = self.openstack(
            'server', 'interface', 'diff', before, '-f', 'json'
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual('Region', next(iter(row)))

    def test_some_of_them(self) -> None:
        before = self.saved()
        self.change()
        for regions, status in (
            ('--region RegionOne', 0),
            ('--region RegionTwo', 3),
        ):
            with self.subTest(regions=regions):
                result = self.openstack(
                    'server',
                    'interface',
                    'diff',
                    before,
                    '-f',
                    'json',
                    *regions.split(),
                )
                self.assertEqual((status, ''), (result.status, result.stderr))
                for row in json.loads(result.stdout):
                    self.assertNotIn('Region', row)

    def test_a_region_that_is_refused(self) -> None:
        before = self.saved()
        self.fill(self.cloud, {'web': (1, ADDRESS)})
        self.second.get(f'{self.second.compute_url}/servers', status_code=403)
        self.assert_result(
            self.diff(before),
            1,
            ['Region,Server Name,Change', 'RegionOne,db,detached'],
            [
                'RegionTwo: Servers: this is not allowed (HTTP 403)',
                f'RegionOne: In {before} only, servers with all their '
                'interfaces: db',
            ],
        )

    def test_usage(self) -> None:
        plain, several = self.saved(regions=''), self.saved()
        cannot = (
            f'{plain} does not have the column Region, so compare it with one '
            'region.'
        )
        for arguments, text in (
            ((plain, '--all-regions'), cannot),
            ((plain, several), cannot),
            ((several, plain), cannot),
            (
                (plain, plain, '--all-regions'),
                '--all-regions cannot be used with <after>.',
            ),
        ):
            with self.subTest(arguments=arguments):
                self.assert_result(self.diff(*arguments), 2, [], [text])
