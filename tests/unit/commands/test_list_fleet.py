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

"""Many servers in one command: which, in what order, and what if not."""

import json
import signal
import threading
from typing import Any
from unittest import mock
from urllib import parse

import requests
import yaml

from tests import command_result
from tests.unit import clock
from tests.unit.commands import test_list
from tests.unit import fake_cloud

SERVERS_URL = test_list.SERVERS_URL
DETAILED_SERVERS_URL = f'{SERVERS_URL}/detail'
PROJECTS_URL = f'{fake_cloud.AUTH_URL}/projects'
DOMAINS_URL = f'{fake_cloud.AUTH_URL}/domains'
PORTS_URL = f'{fake_cloud.NETWORK_URL}/v2.0/ports'

OTHER_PROJECT_HINT = (
    'not found; without administrator rights, a server of another project '
    'looks the same as one that does not exist'
)
CELL_DOWN = (
    "the cell that holds the server is down; 'openstack server show' with "
    '--os-compute-api-version 2.69 shows UNKNOWN if so'
)

SERVER_AND_PORT = (
    *('-f', 'value', '-c', 'Server ID', '-c', 'Server Name'),
    *('-c', 'Port ID'),
)


def rows(*expected: tuple[int, str, int]) -> str:
    """Write what SERVER_AND_PORT prints of servers, names and ports."""
    return ''.join(
        f'{fake_cloud.identifier(server)} {name} {fake_cloud.identifier(port)}'
        '\n'
        for server, name, port in expected
    )


def interfaces_url(server: int) -> str:
    return f'{SERVERS_URL}/{fake_cloud.identifier(server)}/os-interface'


class FleetTestCase(test_list.ListTestCase):
    """Four servers; the one port of each has 10 more than its number."""

    def setUp(self) -> None:
        super().setUp()
        self.register(
            fake_cloud.server(1, 'web'),
            fake_cloud.server(2, 'db'),
            fake_cloud.server(3, 'app'),
            fake_cloud.server(4, 'web-2'),
        )
        for server in range(1, 10):
            self.cloud.register_interfaces(
                fake_cloud.identifier(server),
                fake_cloud.attachment(10 + server, f'10.0.0.{server}'),
            )

    def register(self, *servers: dict[str, object]) -> None:
        self.servers = servers
        self.cloud.register_servers(*servers)

    def assert_lists(self, stdout: str, *arguments: str) -> None:
        self.assertEqual(
            command_result.Result(0, stdout, ''),
            self.list(*SERVER_AND_PORT, *arguments),
        )

    def requested(self) -> list[str]:
        """Return the requests after those that each command begins with.

        Those for interfaces are last and in no order, so they are sorted.
        """
        beginning = [
            *test_list.AUTHENTICATION,
            f'GET {fake_cloud.COMPUTE_URL}',
        ]
        requested = self.cloud.requested()
        self.assertEqual(beginning, requested[:3])
        self.cloud.reset_mock()
        return sorted(
            requested[3:],
            key=lambda line: line if line.endswith('/os-interface') else '',
        )


class TestYAML(FleetTestCase):
    def test_parts_make_one_list(self) -> None:
        server_id = fake_cloud.identifier(1)
        self.cloud.register_interfaces(
            server_id,
            *(fake_cloud.attachment(number) for number in range(1100)),
        )
        result = self.list('-f', 'yaml', '-c', 'Port ID', server_id)
        self.assertEqual(
            [
                {'Port ID': fake_cloud.identifier(number)}
                for number in range(1100)
            ],
            yaml.safe_load(result.stdout),
        )
        self.cloud.register_interfaces(server_id)
        self.assertEqual(
            command_result.Result(0, '[]\n', ''),
            self.list('-f', 'yaml', server_id),
        )


class TestSelection(FleetTestCase):
    def test_names_and_ids_in_the_order_asked_for(self) -> None:
        self.assert_lists(
            rows((4, 'web-2', 14), (3, 'app', 13), (1, 'web', 11)),
            *('web-2', fake_cloud.identifier(3), 'web'),
        )
        self.assertEqual(
            [
                f'GET {SERVERS_URL}',
                f'GET {interfaces_url(1)}',
                f'GET {interfaces_url(3)}',
                f'GET {interfaces_url(4)}',
            ],
            self.requested(),
        )

    def test_none_means_all_by_name_then_id(self) -> None:
        self.register(fake_cloud.server(5, 'db'), *self.servers)
        self.assert_lists(
            rows(
                (3, 'app', 13),
                (2, 'db', 12),
                (5, 'db', 15),
                (1, 'web', 11),
                (4, 'web-2', 14),
            )
        )

    def test_each_once(self) -> None:
        self.assert_lists(
            rows((2, 'db', 12), (1, 'web', 11)),
            *('db', fake_cloud.identifier(1), 'web', 'db'),
            *(fake_cloud.identifier(1), fake_cloud.identifier(2)),
        )
        self.assertEqual(3, len(self.requested()))

    def test_interfaces_by_port(self) -> None:
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(23),
            fake_cloud.attachment(21),
            fake_cloud.attachment(22),
        )
        self.assert_lists(
            rows(
                (1, 'web', 21),
                (1, 'web', 22),
                (1, 'web', 23),
                (2, 'db', 12),
            ),
            *('web', 'db'),
        )

    def test_server_columns_depend_on_the_call_only(self) -> None:
        self.register(fake_cloud.server(1, 'web'))
        server_id = fake_cloud.identifier(1)
        for arguments, shown in (
            ((), True),
            (('web',), False),
            ((server_id,), False),
            (('web', '--status', 'ACTIVE'), False),
            (('web', '--all-projects'), False),
            (('web', 'web'), True),
            (('web', server_id), True),
            (('--status', 'ACTIVE'), True),
        ):
            result = self.list('-f', 'csv', *arguments)
            self.assertEqual((0, ''), (result.status, result.stderr))
            self.assertEqual(
                shown,
                result.stdout.startswith('"Server ID","Server Name",'),
                str(arguments),
            )

    def test_no_server(self) -> None:
        self.register()
        for output_format, expected in (
            ('table', '\n'),
            ('value', ''),
            ('json', '[]\n'),
            ('yaml', '[]\n'),
        ):
            self.assertEqual(
                command_result.Result(0, expected, ''),
                self.list('-f', output_format),
            )
            self.assertEqual([f'GET {SERVERS_URL}'], self.requested())

    def test_every_problem_is_reported(self) -> None:
        self.register(*self.servers, fake_cloud.server(5, 'db'))
        self.assertEqual(
            command_result.Result(
                1,
                rows((3, 'app', 13), (1, 'web', 11)),
                "No server with the name or ID 'WEB' exists in this "
                'project.\n'
                "2 servers have the name 'db', use an ID: "
                f'{fake_cloud.identifier(2)} '
                f'(project {fake_cloud.PROJECT_ID}, ACTIVE); '
                f'{fake_cloud.identifier(5)} '
                f'(project {fake_cloud.PROJECT_ID}, ACTIVE)\n'
                "No server with the name or ID '\\x1b[2J' exists in this "
                'project.\n',
            ),
            self.list(
                *(*SERVER_AND_PORT, 'WEB', 'app', 'db', '\x1b[2J', 'web')
            ),
        )
        self.assertEqual(
            [
                f'GET {SERVERS_URL}',
                # For servers without a name, in a cell that is down; once.
                f'GET {SERVERS_URL}',
                f'GET {DETAILED_SERVERS_URL}?name=%5Edb%24',
                f'GET {interfaces_url(1)}',
                f'GET {interfaces_url(3)}',
            ],
            self.requested(),
        )

    def test_every_name_is_missing(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                '[]\n',
                "No server with the name or ID 'x' exists in this project.\n"
                "No server with the name or ID 'y' exists in this project.\n",
            ),
            self.list('-f', 'json', 'x', 'y'),
        )

    def test_id_that_is_not_listed(self) -> None:
        self.assert_lists(
            f'{rows((1, "web", 11))}'
            # An administrator's, of another project: the name is not known.
            f'{fake_cloud.identifier(9)}  {fake_cloud.identifier(19)}\n',
            *('web', fake_cloud.identifier(9)),
        )

    def test_name_that_is_the_id_of_another(self) -> None:
        server_id = fake_cloud.identifier(1)
        self.register(*self.servers, fake_cloud.server(5, server_id))
        self.assert_lists(rows((1, 'web', 11), (2, 'db', 12)), server_id, 'db')

    def test_id_in_upper_case(self) -> None:
        self.register(fake_cloud.server(0xABC, 'web'))
        server_id = fake_cloud.identifier(0xABC)
        self.cloud.register_interfaces(server_id, fake_cloud.attachment(11))
        self.assert_lists(
            rows((0xABC, 'web', 11)), server_id.upper(), server_id
        )
        self.cloud.reset_mock()
        self.assertEqual(0, self.list(server_id.upper()).status)
        self.assertEqual([f'GET {interfaces_url(0xABC)}'], self.requested())


class TestPaging(FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pages('http://inside.test/nova/servers')

    def pages(self, inside: str) -> None:
        """Answer in pages, with links to a host that only Nova knows."""
        for marker, servers, following in (
            ('', self.servers[:3], 3),
            (f'?marker={fake_cloud.identifier(3)}', self.servers[3:], 0),
        ):
            href = f'{inside}?marker={fake_cloud.identifier(following)}'
            self.cloud.get(
                SERVERS_URL + marker,
                json={
                    'servers': list(servers),
                    'servers_links': [{'rel': 'next', 'href': href}]
                    if following
                    else [],
                },
            )

    def test_all_pages(self) -> None:
        self.assert_lists(
            rows(
                (3, 'app', 13),
                (2, 'db', 12),
                (1, 'web', 11),
                (4, 'web-2', 14),
            )
        )
        self.assertEqual(
            [
                f'GET {SERVERS_URL}',
                f'GET {SERVERS_URL}?marker={fake_cloud.identifier(3)}',
            ],
            self.requested()[:2],
        )

    def test_name_on_a_later_page(self) -> None:
        self.assert_lists(
            rows((4, 'web-2', 14), (1, 'web', 11)), 'web-2', 'web'
        )

    def test_no_page_more_than_ids_need(self) -> None:
        self.assert_lists(
            rows((3, 'app', 13), (1, 'web', 11)),
            *(fake_cloud.identifier(3), fake_cloud.identifier(1)),
        )
        self.assertEqual(
            [
                f'GET {SERVERS_URL}',
                f'GET {interfaces_url(1)}',
                f'GET {interfaces_url(3)}',
            ],
            self.requested(),
        )


class TestSelectors(FleetTestCase):
    ALL = rows((3, 'app', 13), (2, 'db', 12), (1, 'web', 11), (4, 'web-2', 14))

    def assert_queries(self, *expected: str) -> None:
        """Compare the requests for anything but interfaces."""
        self.assertEqual(
            [f'GET {url}' for url in expected],
            [
                parse.unquote(line)
                for line in self.requested()
                if not line.endswith('/os-interface')
            ],
        )

    def test_all_projects(self) -> None:
        self.assert_lists(self.ALL, '--all-projects')
        self.assert_queries(f'{SERVERS_URL}?all_tenants=1')
        self.environment['ALL_PROJECTS'] = '1'
        self.assert_lists(self.ALL)
        self.assert_queries(f'{SERVERS_URL}?all_tenants=1')

    def test_name_in_all_projects(self) -> None:
        self.register(fake_cloud.server(1, 'web'))
        self.assertEqual(0, self.list('--all-projects', 'web').status)
        self.assert_queries(f'{SERVERS_URL}?all_tenants=1&name=^web$')
        self.register()
        self.assert_fails(
            self.list('--all-projects', 'web'),
            "No server with the name or ID 'web' exists.",
        )

    def test_project_by_name(self) -> None:
        self.cloud.get(f'{PROJECTS_URL}/other', status_code=404)
        self.cloud.get(
            f'{PROJECTS_URL}?name=other', json={'projects': [{'id': 'p1'}]}
        )
        self.assert_lists(self.ALL, '--project', 'other')
        self.assert_queries(
            f'{PROJECTS_URL}/other',
            f'{PROJECTS_URL}?name=other',
            f'{SERVERS_URL}?all_tenants=1&project_id=p1',
            # What the filter leaves out.
            f'{SERVERS_URL}?all_tenants=1',
        )

    def test_project_in_a_domain(self) -> None:
        self.cloud.get(f'{DOMAINS_URL}/Lab', status_code=404)
        self.cloud.get(
            f'{DOMAINS_URL}?name=Lab', json={'domains': [{'id': 'd1'}]}
        )
        self.cloud.get(f'{PROJECTS_URL}/a%2Fb%20c', status_code=404)
        self.cloud.get(
            f'{PROJECTS_URL}?domain_id=d1&name=a%2Fb+c',
            json={'projects': [{'id': 'p1'}]},
        )
        self.assert_lists(
            self.ALL, '--project', 'a/b c', '--project-domain', 'Lab'
        )
        self.assert_queries(
            f'{DOMAINS_URL}/Lab',
            f'{DOMAINS_URL}?name=Lab',
            f'{PROJECTS_URL}/a/b c',
            f'{PROJECTS_URL}?domain_id=d1&name=a/b+c',
            f'{SERVERS_URL}?all_tenants=1&project_id=p1',
            f'{SERVERS_URL}?all_tenants=1',
        )

    def test_project_by_id(self) -> None:
        self.cloud.get(f'{PROJECTS_URL}/p1', json={'project': {'id': 'p1'}})
        self.assert_lists(self.ALL, '--project', 'p1')
        self.assert_queries(
            f'{PROJECTS_URL}/p1',
            f'{SERVERS_URL}?all_tenants=1&project_id=p1',
            f'{SERVERS_URL}?all_tenants=1',
        )

    def test_project_look_up_is_forbidden(self) -> None:
        self.cloud.get(f'{PROJECTS_URL}/p1', status_code=403)
        self.assert_lists(self.ALL, '--project', 'p1')
        self.assert_queries(
            f'{PROJECTS_URL}/p1',
            f'{SERVERS_URL}?all_tenants=1&project_id=p1',
            f'{SERVERS_URL}?all_tenants=1',
        )

    def test_project_is_unknown_or_ambiguous(self) -> None:
        self.cloud.get(f'{PROJECTS_URL}/x', status_code=404)
        for ids, message in (
            ([], 'Project x: not found'),
            (
                ['p1', 'p2'],
                'Project x: 2 have this name, use an ID: p1, p2',
            ),
        ):
            self.cloud.get(
                f'{PROJECTS_URL}?name=x',
                json={'projects': [{'id': project} for project in ids]},
            )
            self.assert_fails(self.list('--project', 'x'), message)

    def test_host(self) -> None:
        self.register(
            fake_cloud.server(1, 'web', **{'OS-EXT-SRV-ATTR:host': 'c1'})
        )
        self.assert_lists(rows((1, 'web', 11)), '--host', 'c1')
        self.assert_queries(f'{DETAILED_SERVERS_URL}?host=c1', SERVERS_URL)

    def test_host_of_a_member(self) -> None:
        # Nova ignores the filter, and shows no host.
        self.assert_fails(
            self.list('--host', 'c1'),
            'Servers: Nova does not look for a host on behalf of this user; '
            '--host needs administrator rights',
        )
        self.assert_fails(
            self.list('--host', 'c1', 'web', 'db'),
            'Servers: Nova does not look for a host on behalf of this user; '
            '--host needs administrator rights',
        )

    def test_status(self) -> None:
        self.assert_lists(self.ALL, '--status', 'ACTIVE')
        self.assert_queries(f'{SERVERS_URL}?status=ACTIVE', SERVERS_URL)

    def test_combined(self) -> None:
        self.register(
            fake_cloud.server(1, 'web', **{'OS-EXT-SRV-ATTR:host': 'c1'})
        )
        self.assert_lists(
            rows((1, 'web', 11)),
            *('--all-projects', '--host', 'c1', '--status', 'SHUTOFF'),
        )
        self.assert_queries(
            f'{DETAILED_SERVERS_URL}?all_tenants=1&host=c1&status=SHUTOFF',
            f'{SERVERS_URL}?all_tenants=1',
        )

    def test_name_among_the_selected(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                rows((2, 'db', 12)),
                "No server with the name or ID 'x' is among the selected.\n"
                'No server with the name or ID '
                f"'{fake_cloud.identifier(9)}' is among the selected.\n",
            ),
            self.list(
                *(*SERVER_AND_PORT, '--status', 'ACTIVE'),
                *('x', 'db', fake_cloud.identifier(9)),
            ),
        )

    def test_unknown_status(self) -> None:
        result = self.list('--status', 'active')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn(
            "error: argument --status: invalid choice: 'active' (",
            result.stderr,
        )


class TestDownCells(FleetTestCase):
    """Two servers of a cell that is down have nothing but an ID."""

    DOWN: tuple[dict[str, object], ...] = tuple(
        {'id': fake_cloud.identifier(number), 'status': 'UNKNOWN'}
        for number in (6, 5)
    )

    def setUp(self) -> None:
        super().setUp()
        self.register(*self.DOWN, fake_cloud.server(1, 'web'))

    def test_listing(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                rows((1, 'web', 11)),
                f'Interfaces of server {fake_cloud.identifier(5)}: its cell '
                'is down\n'
                f'Interfaces of server {fake_cloud.identifier(6)}: its cell '
                'is down\n',
            ),
            self.list(*SERVER_AND_PORT),
        )
        # They are not asked for.
        self.assertEqual(
            [f'GET {SERVERS_URL}', f'GET {interfaces_url(1)}'],
            self.requested(),
        )

    def test_by_id(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                rows((1, 'web', 11)),
                f'Interfaces of server {fake_cloud.identifier(5)}: its cell '
                'is down\n',
            ),
            self.list(*SERVER_AND_PORT, fake_cloud.identifier(5), 'web'),
        )

    def test_filtered_listing_says_what_it_hides(self) -> None:
        self.cloud.get(
            f'{SERVERS_URL}?status=ACTIVE',
            json={'servers': [fake_cloud.server(1, 'web')]},
        )
        self.assertEqual(
            command_result.Result(
                1,
                rows((1, 'web', 11)),
                f'Server {fake_cloud.identifier(6)}: its cell is down, so '
                'whether it is among the selected cannot be told\n'
                f'Server {fake_cloud.identifier(5)}: its cell is down, so '
                'whether it is among the selected cannot be told\n',
            ),
            self.list(*SERVER_AND_PORT, '--status', 'ACTIVE'),
        )

    def test_old_nova_hides_them(self) -> None:
        self.cloud.register_compute_versions(maximum='2.68')
        self.register(fake_cloud.server(1, 'web'))
        self.assert_lists(rows((1, 'web', 11)), '--status', 'ACTIVE')
        self.assertEqual(
            [f'GET {SERVERS_URL}?status=ACTIVE', f'GET {interfaces_url(1)}'],
            self.requested(),
        )

    def test_missing_name_may_be_one_of_them(self) -> None:
        self.cloud.get(DETAILED_SERVERS_URL, json={'servers': []})
        self.assert_fails(
            self.list('db'),
            "No server with the name or ID 'db' exists in this project. But "
            '2 servers are in a cell that is down, and have no name now.',
        )


class TestFailures(FleetTestCase):
    def refuse(self, server: int, status: int, key: str, text: str) -> None:
        self.cloud.get(
            interfaces_url(server),
            status_code=status,
            json={key: {'code': status, 'message': text}},
            headers={'x-openstack-request-id': f'req-{server}'},
        )

    def test_others_are_shown(self) -> None:
        self.register(
            *(fake_cloud.server(number, f's{number}') for number in range(6))
        )
        self.cloud.register_interfaces(
            fake_cloud.identifier(0), fake_cloud.attachment(10)
        )
        self.refuse(4, 404, 'itemNotFound', 'Instance could not be found.')
        self.refuse(1, 403, 'forbidden', "Policy doesn't allow it.")
        self.refuse(
            *(3, 500, 'computeFault'),
            "Unexpected. <class 'nova.exception.NovaException'>",
        )
        result = self.list('-f', 'json')
        self.assertEqual(1, result.status)
        self.assertEqual(
            [('s0', 10), ('s2', 12), ('s5', 15)],
            [
                (row['Server Name'], int(row['Port ID'][-4:], 16))
                for row in json.loads(result.stdout)
            ],
        )
        self.assertEqual(
            f'Interfaces of server {fake_cloud.identifier(1)}: this is not '
            "allowed: Policy doesn't allow it. "
            '(HTTP 403, request ID req-1)\n'
            f'Interfaces of server {fake_cloud.identifier(3)}: {CELL_DOWN}: '
            "Unexpected. <class 'nova.exception.NovaException'> "
            '(HTTP 500, request ID req-3)\n'
            f'Interfaces of server {fake_cloud.identifier(4)}: '
            f'{OTHER_PROJECT_HINT}: Instance could not be found. '
            '(HTTP 404, request ID req-4)\n',
            result.stderr,
        )

    def test_none_can_be_shown(self) -> None:
        self.register(fake_cloud.server(1, 'web'))
        self.refuse(1, 404, 'itemNotFound', 'Gone.')
        self.assertEqual(
            command_result.Result(
                1,
                '[]\n',
                f'Interfaces of server {fake_cloud.identifier(1)}: '
                f'{OTHER_PROJECT_HINT}: Gone. (HTTP 404, request ID req-1)\n',
            ),
            self.list('-f', 'json'),
        )

    def test_problems_of_look_up_come_first(self) -> None:
        self.refuse(1, 404, 'itemNotFound', 'Gone.')
        result = self.list(*SERVER_AND_PORT, 'web', 'db', 'missing')
        self.assertEqual(
            (1, rows((2, 'db', 12))), (result.status, result.stdout)
        )
        self.assertEqual(
            [
                "No server with the name or ID 'missing' exists in this "
                'project.',
                f'Interfaces of server {fake_cloud.identifier(1)}: '
                f'{OTHER_PROJECT_HINT}: Gone. (HTTP 404, request ID req-1)',
            ],
            result.stderr.splitlines(),
        )

    def test_listing_fails(self) -> None:
        self.cloud.get(
            SERVERS_URL,
            status_code=403,
            json={'forbidden': {'code': 403, 'message': 'No.'}},
        )
        self.assert_fails(
            self.list('--all-projects'),
            'Servers: this is not allowed: No. (HTTP 403)',
        )


class TestPace(FleetTestCase):
    def test_all_wait_when_asked_to(self) -> None:
        time = self.useFixture(clock.Clock())
        self.cloud.get(
            interfaces_url(3),
            [
                {'status_code': 429, 'headers': {'Retry-After': '7'}},
                {'json': {'interfaceAttachments': []}},
            ],
        )
        self.assert_lists(
            rows((2, 'db', 12), (1, 'web', 11), (4, 'web-2', 14)),
            *('--concurrency', '1'),
        )
        # The complaint came with the first one of the four.
        self.assertEqual([7.0], time.slept)

    def test_concurrency_is_checked(self) -> None:
        for number in ('0', '65', '-1', '1.5', 'many', '٣', ''):
            self.cloud.reset_mock()
            result = self.list(f'--concurrency={number}')
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertTrue(
                result.stderr.endswith(
                    f"error: argument --concurrency: '{number}' is not a "
                    'number from 1 to 64\n'
                )
            )
            self.assertEqual(test_list.AUTHENTICATION, self.cloud.requested())

    def test_same_bytes_however_many_at_a_time(self) -> None:
        self.register(
            *(fake_cloud.server(number, 'same') for number in range(30, 0, -1))
        )
        for number in range(1, 31):
            self.cloud.register_interfaces(
                fake_cloud.identifier(number),
                fake_cloud.attachment(100 + number),
            )
        expected = command_result.Result(
            0,
            rows(*((number, 'same', 100 + number) for number in range(1, 31))),
            '',
        )
        for concurrency in ('1', '8', '64'):
            self.assertEqual(
                expected,
                self.list(*SERVER_AND_PORT, '--concurrency', concurrency),
            )


class TestInterrupt(FleetTestCase):
    INTERRUPTED = command_result.Result(130, '', '')

    def test_while_servers_are_listed(self) -> None:
        self.cloud.get(
            SERVERS_URL, json=mock.Mock(side_effect=KeyboardInterrupt)
        )
        self.assertEqual(self.INTERRUPTED, self.list('-f', 'json'))

    def test_while_nova_does_not_answer(self) -> None:
        # A shell starts what runs in the background with SIGINT ignored.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        answered = threading.Event()

        def answer(
            _request: requests.PreparedRequest, _context: object
        ) -> dict[str, Any]:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            answered.wait(60)
            return {'interfaceAttachments': []}

        self.cloud.get(interfaces_url(1), json=answer)
        before = threading.enumerate()
        self.assertEqual(self.INTERRUPTED, self.list('-f', 'json'))
        waiting = [
            thread
            for thread in threading.enumerate()
            if thread not in before and thread.is_alive()
        ]
        self.assertNotEqual([], waiting)
        # The interpreter waits for none of them.
        self.assertTrue(all(thread.daemon for thread in waiting))
        answered.set()
        for thread in waiting:
            thread.join()


class TestLong(FleetTestCase):
    COLUMNS = (
        *('-c', 'Network Name', '-c', 'Port Name', '-c', 'Subnet Names'),
        *('-c', 'Floating IPs', '-c', 'Security Groups', '-c', 'Host'),
        *('-c', 'VIF Type', '-c', 'VNIC Type', '-c', 'Host Device'),
    )
    HOST_IS_HIDDEN = (
        'Host and VIF Type are empty: Neutron shows them to administrators '
        'only\n'
    )

    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db'))
        fixed_ips = [
            fake_cloud.fixed_ip('10.0.0.1'),
            fake_cloud.fixed_ip('2001:db8::1', 901),
        ]
        self.cloud.register_interfaces(
            fake_cloud.identifier(1),
            fake_cloud.attachment(11, fixed_ips=fixed_ips),
        )
        self.ports = [
            fake_cloud.port(
                11,
                1,
                name='front',
                fixed_ips=fixed_ips,
                security_groups=[
                    fake_cloud.identifier(801),
                    fake_cloud.identifier(800),
                ],
            ),
            fake_cloud.port(
                12, 2, '10.0.0.2', **{'binding:vnic_type': 'direct'}
            ),
        ]
        self.cloud.register_network_versions()
        self.register_ports(*self.ports)
        for collection, number, names in (
            ('networks', 700, ['private']),
            ('subnets', 900, ['private-v4', 'private-v6']),
            ('security-groups', 800, ['web', 'default']),
        ):
            self.cloud.register_network(
                collection,
                *(
                    {'id': fake_cloud.identifier(number + index), 'name': name}
                    for index, name in enumerate(names)
                ),
            )
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip('203.0.113.7', 11),
            fake_cloud.floating_ip('203.0.113.6', 11),
        )

    def register_ports(self, *ports: dict[str, object]) -> None:
        self.cloud.register_network('ports', *ports)

    def forbid(self, collection: str) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/{collection}',
            status_code=403,
            json={'NeutronError': {'type': 'Forbidden', 'message': 'No.'}},
        )

    def test_all_columns(self) -> None:
        for source in ('compute', 'network'):
            self.assertEqual(
                command_result.Result(
                    0,
                    '"Server ID","Server Name","Port ID","Network ID",'
                    '"MAC Address","Fixed IPs","Port State","Tag",'
                    '"Network Name","Port Name","Subnet Names",'
                    '"Floating IPs","Security Groups","Host","VIF Type",'
                    '"VNIC Type","Host Device"\n'
                    f'"{fake_cloud.identifier(2)}","db",'
                    f'"{fake_cloud.identifier(12)}",'
                    f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:0c",'
                    '"10.0.0.2","ACTIVE","","private","","private-v4","",'
                    '"web","compute-1","ovs","direct","tap00000000-00"\n'
                    f'"{fake_cloud.identifier(1)}","web",'
                    f'"{fake_cloud.identifier(11)}",'
                    f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:0b",'
                    '"10.0.0.1,2001:db8::1","ACTIVE","","private","front",'
                    '"private-v4,private-v6","203.0.113.6,203.0.113.7",'
                    '"default,web","compute-1","ovs","normal",'
                    '"tap00000000-00"\n',
                    '',
                ),
                self.list('-f', 'csv', '--long', '--source', source),
            )

    def test_structure(self) -> None:
        row = json.loads(self.list('-f', 'json', '--long').stdout)[1]
        self.assertEqual(['private-v4', 'private-v6'], row['Subnet Names'])
        self.assertEqual(['203.0.113.6', '203.0.113.7'], row['Floating IPs'])
        self.assertEqual(['default', 'web'], row['Security Groups'])
        self.assertEqual('tap00000000-00', row['Host Device'])

    def test_sorts_on_every_column(self) -> None:
        for column in self.COLUMNS[1::2]:
            result = self.list(
                *('-f', 'json', '--long', '--sort-column', column)
            )
            self.assertEqual((0, ''), (result.status, result.stderr))
            self.assertEqual(2, len(json.loads(result.stdout)))

    def test_as_many_requests_for_a_hundred_servers(self) -> None:
        numbers = range(100, 200)
        for servers in (numbers[:2], numbers):
            self.register(*(fake_cloud.server(n, 'many') for n in servers))
            for number in servers:
                self.cloud.register_interfaces(
                    fake_cloud.identifier(number),
                    fake_cloud.attachment(1000 + number),
                )
            self.register_ports(
                *(
                    fake_cloud.port(
                        1000 + number,
                        number,
                        network_id=fake_cloud.identifier(700 + number % 3),
                    )
                    for number in servers
                )
            )
            self.cloud.reset_mock()
            result = self.list('--long', '-f', 'json')
            self.assertEqual((0, ''), (result.status, result.stderr))
            self.assertEqual(len(servers), len(json.loads(result.stdout)))
            self.assertEqual(
                # No subnet, no request.
                ['ports', 'networks', 'security-groups', 'floatingips'],
                [
                    parse.urlsplit(line).path.rpartition('/')[2]
                    for line in self.cloud.requested()
                    if line.startswith(f'GET {fake_cloud.NETWORK_URL}/v2.0/')
                ],
            )

    def test_no_interface_no_request(self) -> None:
        self.register()
        self.assertEqual(
            command_result.Result(0, '\n', ''), self.list('--long')
        )
        self.assertEqual([f'GET {SERVERS_URL}'], self.requested())

    def test_empty_where_nothing_is_known(self) -> None:
        """Neutron hides a port of another project, and some have no name."""
        self.register_ports(self.ports[0])
        self.cloud.register_network(
            'security-groups',
            {'id': fake_cloud.identifier(800), 'name': 'web'},
        )
        self.cloud.register_network(
            'subnets',
            {'id': fake_cloud.identifier(900), 'name': ''},
            {'id': fake_cloud.identifier(901), 'name': 'private-v6'},
        )
        self.assertEqual(
            command_result.Result(
                0,
                '"Subnet Names","Security Groups","VNIC Type","Host Device"\n'
                '"","","","tap00000000-00"\n'
                '"private-v6","web","normal","tap00000000-00"\n',
                '',
            ),
            self.list(
                *('-f', 'csv', '--long', '-c', 'Subnet Names'),
                *('-c', 'Security Groups', '-c', 'VNIC Type'),
                *('-c', 'Host Device'),
            ),
        )

    def assert_empty(self, notice: str) -> None:
        """Compare what there is where Neutron says nothing."""
        self.assertEqual(
            command_result.Result(
                0,
                f'"{fake_cloud.identifier(12)}","","","","","","","","",'
                '"tap00000000-00"\n'
                f'"{fake_cloud.identifier(11)}","","","","","","","","",'
                '"tap00000000-00"\n',
                f'What only Neutron knows is empty: {notice}\n',
            ),
            self.long_rows('Port ID'),
        )

    def long_rows(self, *columns: str) -> command_result.Result:
        result = self.list(
            *('-f', 'csv', '--long', *self.COLUMNS),
            *(word for column in columns for word in ('-c', column)),
        )
        result.stdout = result.stdout.partition('\n')[2]
        return result

    def test_forbidden(self) -> None:
        self.forbid('ports')
        self.assert_empty('Ports: this is not allowed: No. (HTTP 403)')

    def test_neutron_fails(self) -> None:
        self.cloud.get(PORTS_URL, status_code=500, text='<p>Oops</p>')
        self.assert_empty('Ports: the service failed: Oops (HTTP 500)')

    def test_neutron_is_not_in_the_catalog(self) -> None:
        self.cloud.register_tokens('a-token', network_url='')
        result = self.long_rows('Port ID')
        self.assertEqual(0, result.status)
        self.assertEqual(2, len(result.stdout.splitlines()))
        self.assertRegex(
            result.stderr, r'\AWhat only Neutron knows is empty: [^\n]+\n\Z'
        )

    def test_collections_are_forbidden(self) -> None:
        for collection, what, expected in (
            (
                'networks',
                'Networks',
                '"","front","private-v4,private-v6",'
                '"203.0.113.6,203.0.113.7","default,web","compute-1","ovs",'
                '"normal","tap00000000-00"\n',
            ),
            (
                'security-groups',
                'Security groups',
                '"","front","private-v4,private-v6",'
                '"203.0.113.6,203.0.113.7","","compute-1","ovs","normal",'
                '"tap00000000-00"\n',
            ),
            (
                'floatingips',
                'Floating IPs',
                '"","front","private-v4,private-v6","","","compute-1","ovs",'
                '"normal","tap00000000-00"\n',
            ),
        ):
            self.forbid(collection)
            result = self.long_rows()
            self.assertEqual(0, result.status)
            self.assertEqual(
                expected, result.stdout.splitlines(keepends=True)[1]
            )
            self.assertIn(
                f'{what}: this is not allowed: No. (HTTP 403)\n',
                result.stderr,
            )

    def test_neutron_without_routers(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips', status_code=404
        )
        self.assertEqual(
            command_result.Result(
                0,
                '"private","","private-v4","","web","compute-1","ovs",'
                '"direct","tap00000000-00"\n'
                '"private","front","private-v4,private-v6","","default,web",'
                '"compute-1","ovs","normal","tap00000000-00"\n',
                '',
            ),
            self.long_rows(),
        )

    def test_host_is_hidden_from_members(self) -> None:
        for port in self.ports:
            del port['binding:host_id'], port['binding:vif_type']
        self.register_ports(*self.ports)
        self.assertEqual(
            command_result.Result(
                0,
                '"private","","private-v4","","web","","","direct",'
                '"tap00000000-00"\n'
                '"private","front","private-v4,private-v6",'
                '"203.0.113.6,203.0.113.7","default,web","","","normal",'
                '"tap00000000-00"\n',
                self.HOST_IS_HIDDEN,
            ),
            self.long_rows(),
        )

    def test_unbound(self) -> None:
        # An administrator sees that there is no host.
        unbound = {'binding:host_id': '', 'binding:vif_type': 'unbound'}
        self.register_ports(*({**port, **unbound} for port in self.ports))
        result = self.list(
            *('-f', 'value', '--long', '-c', 'Host', '-c', 'VIF Type')
        )
        self.assertEqual(
            command_result.Result(0, ' unbound\n unbound\n', ''), result
        )

    def test_same_bytes(self) -> None:
        first = self.list('-f', 'json', '--long')
        for ports in (self.ports, self.ports[::-1]):
            self.register_ports(*ports)
            for source in ('compute', 'network'):
                self.assertEqual(
                    first,
                    self.list('-f', 'json', '--long', '--source', source),
                )
