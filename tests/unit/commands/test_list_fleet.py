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

"""Many servers in one command: their selection, order and failures."""

import functools

from tests import command_result
from tests.unit.commands import test_list
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

SERVERS_URL = test_list.SERVERS_URL
DETAILED_SERVERS_URL = f'{SERVERS_URL}/detail'
PROJECTS_URL = f'{fake_cloud.AUTH_URL}/projects'
DOMAINS_URL = f'{fake_cloud.AUTH_URL}/domains'
PORTS_URL = f'{fake_cloud.NETWORK_URL}/v2.0/ports'

OTHER_PROJECT_HINT = (
    'not found; without administrator rights, a server of another project '
    'looks the same as one that does not exist'
)

SERVER_AND_PORT = (
    '-f',
    'value',
    '-c',
    'Server ID',
    '-c',
    'Server Name',
    '-c',
    'Port ID',
)


def rows(*expected: tuple[int, str, int]) -> str:
    """Return the output of SERVER_AND_PORT for servers, names and ports."""
    return ''.join(
        f'{fake_cloud.identifier(server)} {name} {fake_cloud.identifier(port)}'
        '\n'
        for server, name, port in expected
    )


def interfaces_url(server: int) -> str:
    return f'{SERVERS_URL}/{fake_cloud.identifier(server)}/os-interface'


class FleetTestCase(test_list.ListTestCase):
    """Four servers; the number of each port is 10 plus that of its server."""

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
        """Return the requests, except those that each command sends.

        Requests for interfaces come last and in any order, so they are sorted.
        """
        beginning = [
            *test_list.AUTHENTICATION,
            f'GET {fake_cloud.COMPUTE_URL}',
        ]
        requested = self.cloud.requested()
        for line in beginning:
            requested.remove(line)
        self.cloud.reset_mock()
        return sorted(
            requested,
            key=lambda line: line if line.endswith('/os-interface') else '',
        )


class TestSelection(FleetTestCase):
    def test_names_and_ids_in_the_order_asked_for(self) -> None:
        self.assert_lists(
            rows((4, 'web-2', 14), (3, 'app', 13), (1, 'web', 11)),
            'web-2',
            fake_cloud.identifier(3),
            'web',
        )
        self.assertEqual(
            {
                f'GET {SERVERS_URL}?name=%5Eweb-2%24',
                f'GET {SERVERS_URL}/{fake_cloud.identifier(3)}',
                f'GET {SERVERS_URL}?name=%5Eweb%24',
                f'GET {interfaces_url(1)}',
                f'GET {interfaces_url(3)}',
                f'GET {interfaces_url(4)}',
            },
            set(self.requested()),
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
            'db',
            fake_cloud.identifier(1),
            'web',
            'db',
            fake_cloud.identifier(1),
            fake_cloud.identifier(2),
        )
        # Two names, two IDs, and the interfaces of two servers.
        self.assertEqual(6, len(self.requested()))

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
            'web',
            'db',
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

    def test_ids_tell_servers_of_one_name_apart(self) -> None:
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 100)
        for name, shows_ids in ('app', False), ('web', True):
            with self.subTest(name):
                self.register(
                    fake_cloud.server(1, 'web'), fake_cloud.server(2, name)
                )
                headers = self.list().stdout.splitlines()[1]
                self.assertEqual(shows_ids, '| Server ID ' in headers)

    def test_no_server(self) -> None:
        self.register()
        for output_format, expected in (
            ('table', '\n'),
            ('value', ''),
            ('json', '[]\n'),
            ('yaml', '[]\n'),
        ):
            self.assertEqual(
                command_result.Result(
                    0, expected, 'No server exists in project demo.\n'
                ),
                self.list('-f', output_format),
            )
            self.assertEqual([f'GET {SERVERS_URL}'], self.requested())

    def test_every_problem_is_reported(self) -> None:
        self.register(*self.servers, fake_cloud.server(5, 'db'))
        self.assertEqual(
            command_result.Result(
                1,
                rows((3, 'app', 13), (1, 'web', 11)),
                "No server with the name or ID 'WEB' exists in project demo. "
                "Did you mean 'web' or 'web-2'?\n"
                "2 servers have the name 'db', use an ID: "
                f'{fake_cloud.identifier(2)} '
                f'(project demo, ACTIVE), '
                f'{fake_cloud.identifier(5)} '
                f'(project demo, ACTIVE)\n'
                "No server with the name or ID '\\x1b[2J' exists in project "
                'demo.\n',
            ),
            self.list(*SERVER_AND_PORT, 'WEB', 'app', 'db', '\x1b[2J', 'web'),
        )
        requested = self.requested()
        self.assertEqual(
            [
                f'GET {SERVERS_URL}?name=%5E%1B%5C%5B2J%24',
                f'GET {SERVERS_URL}?name=%5EWEB%24',
                f'GET {SERVERS_URL}?name=%5Eapp%24',
                f'GET {SERVERS_URL}?name=%5Edb%24',
                f'GET {SERVERS_URL}?name=%5Eweb%24',
                # For all that were not found: servers without a name in a
                # cell that is down, and similar names.
                f'GET {SERVERS_URL}',
                f'GET {SERVERS_URL}',
                f'GET {DETAILED_SERVERS_URL}?name=%5Edb%24',
                f'GET {interfaces_url(1)}',
                f'GET {interfaces_url(3)}',
            ],
            [*sorted(requested[:5]), *requested[5:]],
        )

    def test_every_name_is_missing(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                '[]\n',
                "No server with the name or ID 'x' exists in project demo.\n"
                "No server with the name or ID 'y' exists in project demo.\n",
            ),
            self.list('-f', 'json', 'x', 'y'),
        )

    def test_many_are_listed_once(self) -> None:
        servers = [
            fake_cloud.server(number, f's{number}') for number in range(1, 32)
        ]
        self.register(*servers[:30])
        # A server of another project, which an administrator may see.
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(31)}',
            json={'server': servers[30]},
        )
        for number in range(1, 32):
            self.cloud.register_interfaces(fake_cloud.identifier(number))
        result = self.list(
            's1',
            's2',
            *(fake_cloud.identifier(number) for number in range(3, 32)),
        )
        self.assertEqual((0, ''), (result.status, result.stderr))
        self.assertEqual(
            [
                f'GET {SERVERS_URL}',
                f'GET {SERVERS_URL}/{fake_cloud.identifier(31)}',
            ],
            self.requested()[:2],
        )

    def test_node_of_kubernetes(self) -> None:
        server_id = fake_cloud.identifier(1)
        for place in ('', 'RegionOne'):
            self.assert_lists(
                rows((1, 'web', 11), (2, 'db', 12)),
                f'openstack://{place}/{server_id.upper()}',
                server_id,
                'db',
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
