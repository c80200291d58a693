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

"""The selection of servers, and cells that are down."""

import json
from urllib import parse

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud


class TestSelectors(test_list_fleet.FleetTestCase):
    ALL = test_list_fleet.rows(
        (3, 'app', 13), (2, 'db', 12), (1, 'web', 11), (4, 'web-2', 14)
    )

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
        self.assert_queries(f'{test_list_fleet.SERVERS_URL}?all_tenants=1')
        self.environment['ALL_PROJECTS'] = '1'
        self.assert_lists(self.ALL)
        self.assert_queries(f'{test_list_fleet.SERVERS_URL}?all_tenants=1')

    def test_the_projects_of_all_projects(self) -> None:
        self.register(
            fake_cloud.server(1, 'web', status='SHUTOFF'),
            fake_cloud.server(2, 'db'),
        )
        headers = ('Project ID', 'Project Name', 'Server Status')
        for arguments, expected in (
            (('--all-projects',), headers),
            ((), ()),
            (('--all-projects', 'web', 'db'), ()),
        ):
            with self.subTest(arguments=arguments):
                result = self.list(*arguments, '-f', 'json')
                (row, *_others) = json.loads(result.stdout)
                self.assertEqual(
                    expected, tuple(name for name in row if name in headers)
                )
        self.assertEqual(
            command_result.Result(
                0,
                f'db {fake_cloud.PROJECT_ID} demo ACTIVE\n'
                f'web {fake_cloud.PROJECT_ID} demo SHUTOFF\n',
                '',
            ),
            self.list(
                '-f',
                'value',
                '-c',
                'Server Name',
                *(argument for name in headers for argument in ('-c', name)),
            ),
        )

    def test_name_in_all_projects(self) -> None:
        self.register(fake_cloud.server(1, 'web'))
        self.assertEqual(0, self.list('--all-projects', 'web').status)
        self.assert_queries(
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1&name=^web$'
        )
        self.register()
        self.assert_fails(
            self.list('--all-projects', 'web'),
            "No server with the name or ID 'web' exists.",
        )

    def test_project_by_name(self) -> None:
        self.cloud.get(
            f'{test_list_fleet.PROJECTS_URL}?name=other',
            json={
                'projects': [
                    {'id': 'p1', 'name': 'other'},
                    # MySQL ignores the case.
                    {'id': 'p2', 'name': 'Other'},
                ]
            },
        )
        self.assert_lists(self.ALL, '--project', 'other')
        self.assert_queries(
            f'{test_list_fleet.PROJECTS_URL}?name=other',
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1&project_id=p1',
            # The request for servers that the filter leaves out.
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1',
        )

    def test_project_in_a_domain(self) -> None:
        self.cloud.get(f'{test_list_fleet.DOMAINS_URL}/Lab', status_code=404)
        self.cloud.get(
            f'{test_list_fleet.DOMAINS_URL}?name=Lab',
            json={'domains': [{'id': 'd1', 'name': 'Lab'}]},
        )
        self.cloud.get(
            f'{test_list_fleet.PROJECTS_URL}?domain_id=d1&name=a%2Fb+c',
            json={'projects': [{'id': 'p1', 'name': 'a/b c'}]},
        )
        self.assert_lists(
            self.ALL, '--project', 'a/b c', '--project-domain', 'Lab'
        )
        self.assert_queries(
            f'{test_list_fleet.DOMAINS_URL}/Lab',
            f'{test_list_fleet.DOMAINS_URL}?name=Lab',
            f'{test_list_fleet.PROJECTS_URL}?domain_id=d1&name=a/b+c',
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1&project_id=p1',
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1',
        )

    def test_domain_without_a_project(self) -> None:
        self.assertEqual(
            command_result.Result(
                2, '', '--project-domain needs --project.\n'
            ),
            self.list('--project-domain', 'Lab'),
        )

    def test_project_by_id(self) -> None:
        project_id = fake_cloud.PROJECT_ID
        self.assert_lists(self.ALL, '--project', project_id)
        # The project of the token needs no look-up.
        self.assert_queries(
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1&project_id={project_id}',
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1',
        )

    def test_project_look_up_is_forbidden(self) -> None:
        url = test_list_fleet.PROJECTS_URL
        project_id = '0123456789ABCDEF0123456789abcdef'
        self.cloud.get(url, status_code=403)
        for known in (project_id, fake_cloud.identifier(1)):
            self.cloud.get(f'{url}/{known}', status_code=403)
        # The project of the token, and an ID.
        for project, sent in (
            ('demo', fake_cloud.PROJECT_ID),
            (project_id, project_id),
            (fake_cloud.identifier(1), fake_cloud.identifier(1)),
        ):
            with self.subTest(project):
                self.assert_lists(self.ALL, '--project', project)
                self.assertIn(
                    f'GET {test_list_fleet.SERVERS_URL}?all_tenants=1'
                    f'&project_id={sent}',
                    self.requested(),
                )
        for project in ('p1', f'{project_id}0'):
            with self.subTest(project):
                self.assert_fails(
                    self.list('--project', project),
                    f"Project '{project}' cannot be looked up, use its ID: "
                    'Projects: this is not allowed (HTTP 403)',
                )
                self.assert_queries(f'{url}?name={project}')

    def test_project_is_unknown_or_ambiguous(self) -> None:
        self.cloud.get(
            test_list_fleet.PROJECTS_URL,
            json={'projects': [{'id': 'p3', 'name': 'xx'}]},
        )
        for ids, message in (
            (
                [],
                "No project with the name or ID 'x' exists. Did you mean "
                "'xx'?",
            ),
            (
                ['p1', 'p2'],
                "2 projects have the name 'x', use an ID: p1 (domain d-p1), "
                'p2 (domain d-p2)',
            ),
        ):
            self.cloud.get(
                f'{test_list_fleet.PROJECTS_URL}?name=x',
                json={
                    'projects': [
                        {
                            'id': project,
                            'name': 'x',
                            'domain_id': f'd-{project}',
                        }
                        for project in ids
                    ]
                },
            )
            self.assert_fails(self.list('--project', 'x'), message)

    def test_host(self) -> None:
        self.register(
            fake_cloud.server(1, 'web', **{'OS-EXT-SRV-ATTR:host': 'c1'})
        )
        self.assert_lists(test_list_fleet.rows((1, 'web', 11)), '--host', 'c1')
        self.assert_queries(
            f'{test_list_fleet.DETAILED_SERVERS_URL}?all_tenants=1&host=c1',
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1',
        )

    def test_host_in_another_case(self) -> None:
        """MySQL finds the servers, and PostgreSQL does not."""
        self.register(
            fake_cloud.server(1, 'web', **{'OS-EXT-SRV-ATTR:host': 'c1'})
        )
        self.assert_lists(test_list_fleet.rows((1, 'web', 11)), '--host', 'C1')
        self.register()
        self.cloud.register_hosts('c1')
        self.cloud.register_network_versions()
        self.cloud.register_network('ports')
        self.assert_fails(
            self.list('--host', 'C1'),
            "No compute host has the name 'C1'. Did you mean 'c1'?",
        )

    def test_unknown_host(self) -> None:
        self.register()
        self.cloud.register_hosts('compute-1', 'compute-2')
        self.cloud.register_network_versions()
        self.cloud.register_network('ports')
        for arguments in ((), ('web',), ('--project', fake_cloud.PROJECT_ID)):
            with self.subTest(arguments=arguments):
                self.assert_fails(
                    self.list('--host', 'compute-9', *arguments),
                    "No compute host has the name 'compute-9'. Did you mean "
                    "'compute-2' or 'compute-1'?",
                )

    def test_similar_names_are_on_the_host(self) -> None:
        self.register()
        self.cloud.register_hosts('compute-1')
        for query, name in (('', 'web-1'), ('?host=compute-1', 'wep')):
            self.cloud.get(
                f'{test_list_fleet.SERVERS_URL}{query}',
                json={
                    'servers': [{'id': fake_cloud.identifier(9), 'name': name}]
                },
            )
        self.assert_fails(
            self.list('--host', 'compute-1', 'web'),
            "No server with the name or ID 'web' exists on host compute-1. "
            "Did you mean 'wep'?",
        )

    def test_host_of_ports_only(self) -> None:
        self.register()
        self.cloud.register_hosts('compute-1')
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, **{'binding:host_id': 'network-1'})
        )
        self.assertEqual(
            command_result.Result(
                0, '', 'No server exists on host network-1.\n'
            ),
            self.list('-f', 'value', '--host', 'network-1'),
        )

    def test_host_without_servers(self) -> None:
        self.register()
        self.cloud.register_hosts('compute-1')
        for arguments, place in (
            ((), ''),
            (('--status', 'ERROR'), ' with status ERROR'),
        ):
            with self.subTest(arguments):
                self.assertEqual(
                    command_result.Result(
                        0, '', f'No server exists on host compute-1{place}.\n'
                    ),
                    self.list(
                        '-f', 'value', '--host', 'compute-1', *arguments
                    ),
                )

    def test_host_of_a_member(self) -> None:
        # Nova ignores the filter, and does not show the host.
        self.assert_fails(
            self.list('--host', 'c1'),
            'Servers of a host are visible to administrators only: Servers: '
            'Nova ignored the host',
        )
        self.assert_fails(
            self.list('--host', 'c1', 'web', 'db'),
            'Servers of a host are visible to administrators only: Servers: '
            'Nova ignored the host',
        )

    def test_status(self) -> None:
        self.assert_lists(self.ALL, '--status', 'active')
        self.assert_queries(
            f'{test_list_fleet.SERVERS_URL}?status=ACTIVE',
            test_list_fleet.SERVERS_URL,
        )

    def test_combined(self) -> None:
        self.register(
            fake_cloud.server(1, 'web', **{'OS-EXT-SRV-ATTR:host': 'c1'})
        )
        self.assert_lists(
            test_list_fleet.rows((1, 'web', 11)),
            '--all-projects',
            '--host',
            'c1',
            '--status',
            'SHUTOFF',
        )
        self.assert_queries(
            f'{test_list_fleet.DETAILED_SERVERS_URL}?all_tenants=1&host=c1&status=SHUTOFF',
            f'{test_list_fleet.SERVERS_URL}?all_tenants=1',
        )

    def test_name_among_the_selected(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                test_list_fleet.rows((2, 'db', 12)),
                "No server with the name or ID 'x' exists in project demo "
                'with status ACTIVE.\n'
                'No server with the name or ID '
                f"'{fake_cloud.identifier(9)}' exists in project demo with "
                'status ACTIVE.\n',
            ),
            self.list(
                *test_list_fleet.SERVER_AND_PORT,
                '--status',
                'ACTIVE',
                'x',
                'db',
                fake_cloud.identifier(9),
            ),
        )

    def test_unknown_status(self) -> None:
        result = self.list('--status', 'actve')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn(
            "error: argument --status: invalid choice: 'ACTVE' (choose from",
            result.stderr,
        )


class TestDownCells(test_list_fleet.FleetTestCase):
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
                test_list_fleet.rows((1, 'web', 11)),
                f'Interfaces of server {fake_cloud.identifier(5)}: its cell '
                'is down\n'
                f'Interfaces of server {fake_cloud.identifier(6)}: its cell '
                'is down\n',
            ),
            self.list(*test_list_fleet.SERVER_AND_PORT),
        )
        # Their interfaces are not requested.
        self.assertEqual(
            [
                f'GET {test_list_fleet.SERVERS_URL}',
                f'GET {test_list_fleet.interfaces_url(1)}',
            ],
            self.requested(),
        )

    def test_by_id(self) -> None:
        self.assertEqual(
            command_result.Result(
                1,
                test_list_fleet.rows((1, 'web', 11)),
                f'Interfaces of server {fake_cloud.identifier(5)}: its cell '
                'is down\n',
            ),
            self.list(
                *test_list_fleet.SERVER_AND_PORT,
                fake_cloud.identifier(5),
                'web',
            ),
        )

    def test_filtered_listing_says_what_it_hides(self) -> None:
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}?status=ACTIVE',
            json={'servers': [fake_cloud.server(1, 'web')]},
        )
        self.assertEqual(
            command_result.Result(
                1,
                test_list_fleet.rows((1, 'web', 11)),
                f'Server {fake_cloud.identifier(6)}: its cell is down, so '
                'it is not known whether it is selected\n'
                f'Server {fake_cloud.identifier(5)}: its cell is down, so '
                'it is not known whether it is selected\n',
            ),
            self.list(*test_list_fleet.SERVER_AND_PORT, '--status', 'ACTIVE'),
        )

    def test_old_nova_hides_them(self) -> None:
        self.cloud.register_compute_versions(maximum='2.68')
        self.register(fake_cloud.server(1, 'web'))
        self.assert_lists(
            test_list_fleet.rows((1, 'web', 11)), '--status', 'ACTIVE'
        )
        self.assertEqual(
            [
                f'GET {test_list_fleet.SERVERS_URL}?status=ACTIVE',
                f'GET {test_list_fleet.interfaces_url(1)}',
            ],
            self.requested(),
        )

    def test_missing_name_may_be_one_of_them(self) -> None:
        self.cloud.get(
            test_list_fleet.DETAILED_SERVERS_URL, json={'servers': []}
        )
        self.assert_fails(
            self.list('db'),
            "No server with the name or ID 'db' exists in project demo. "
            'Servers in a cell that is down, whose names cannot be read: 2.',
        )
