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

from osc_lib import exceptions

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

SERVERS_URL = api_test_case.SERVERS_URL
WEB_URL = f'{SERVERS_URL}/detail?name=%5Eweb%24'
OWN = compute.ServerScope()


class SelectionTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_servers()
        self.services = self.api()

    def select(
        self,
        *names_or_ids: str,
        scope: compute.ServerScope = OWN,
        details: bool = False,
    ) -> records.Answer[records.Server]:
        return selection.select(self.services, names_or_ids, scope, details)

    def asked(self) -> list[str]:
        return [str(request.url) for request in self.requested(SERVERS_URL)]


class TestOne(SelectionTestCase):
    def test_id_costs_nothing(self) -> None:
        given = fake_cloud.identifier(1)
        self.assertEqual(
            records.Server(given),
            selection.find(self.services, given.upper(), OWN),
        )
        self.assertEqual([], self.cloud.requested())

    def test_id_whose_name_is_shown(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        given = fake_cloud.identifier(1)
        for details in (False, True):
            (found,) = self.select(given, details=details).rows
            self.assertEqual('web', found.name)
        self.assertEqual([f'{SERVERS_URL}/{given}'] * 2, self.asked())

    def test_name(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        self.assertEqual(
            records.Server(fake_cloud.identifier(1), 'web'),
            selection.find(self.services, 'web', OWN),
        )
        self.assertEqual([f'{SERVERS_URL}?name=%5Eweb%24'], self.asked())

    def test_name_with_details(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        (found,) = self.select('web', details=True).rows
        self.assertEqual('ACTIVE', found.status)
        self.assertEqual([WEB_URL], self.asked())

    def test_what_may_help_cannot_be_read(self) -> None:
        self.cloud.get(SERVERS_URL, status_code=400)
        self.cloud.get(f'{SERVERS_URL}?name=%5Ewbe%24', json={'servers': []})
        error = self.assertRaises(
            names.NoSuchName, selection.find, self.services, 'wbe', OWN
        )
        self.assertEqual(
            "No server with the name or ID 'wbe' exists in project demo.",
            str(error),
        )

    def test_twins(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(
                1,
                'web',
                created='2025-12-31T23:59:59Z',
                addresses={
                    'private': [
                        fake_cloud.cached(11, '10.0.0.5'),
                        fake_cloud.cached(11, '203.0.113.5', 'floating'),
                    ]
                },
            ),
            fake_cloud.server(2, 'web', status='\x1b', tenant_id='other'),
        )
        self.answer(
            f'{fake_cloud.AUTH_URL}/projects/other', {'status_code': 403}
        )
        for details, urls in (
            (True, [WEB_URL]),
            (False, [f'{SERVERS_URL}?name=%5Eweb%24', WEB_URL]),
        ):
            with self.subTest(details=details):
                self.cloud.reset_mock()
                error = self.assertRaises(
                    exceptions.CommandError,
                    self.select,
                    'web',
                    details=details,
                )
                self.assertEqual(
                    "2 servers have the name 'web', use an ID: "
                    f'{fake_cloud.identifier(1)} '
                    '(project demo, ACTIVE, 10.0.0.5, created 2025-12-31 '
                    f'23:59 UTC), {fake_cloud.identifier(2)} '
                    '(project other, \\x1b)',
                    str(error),
                )
                self.assertEqual(urls, self.asked())

    def test_none(self) -> None:
        for name, scope, place in (
            ('own', OWN, ' in project demo'),
            ('all', compute.ServerScope(all_projects=True), ''),
            (
                'other',
                compute.ServerScope(project_id='p', project='lab'),
                ' in project lab',
            ),
        ):
            with self.subTest(name):
                error = self.assertRaises(
                    exceptions.CommandError, self.select, 'web', scope=scope
                )
                self.assertEqual(
                    f"No server with the name or ID 'web' exists{place}.",
                    str(error),
                )

    def test_none_while_a_cell_is_down(self) -> None:
        self.cloud.register_servers(
            {'id': fake_cloud.identifier(5), 'status': 'UNKNOWN'}
        )
        error = self.assertRaises(exceptions.CommandError, self.select, 'web')
        self.assertEqual(
            "No server with the name or ID 'web' exists in project demo. "
            'Servers in a cell that is down, whose names cannot be read: 1.',
            str(error),
        )


class TestSelect(SelectionTestCase):
    def test_all_by_name(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(3, 'web'),
            fake_cloud.server(2, 'db'),
            fake_cloud.server(1, 'web'),
        )
        self.assertEqual(
            [fake_cloud.identifier(number) for number in (2, 1, 3)],
            [server.id for server in self.select().rows],
        )

    def test_filtered_listing_tells_of_a_cell_that_is_down(self) -> None:
        self.cloud.register_servers(
            {'id': fake_cloud.identifier(5), 'status': 'UNKNOWN'}
        )
        answer = self.select(scope=compute.ServerScope(status='ACTIVE'))
        self.assertEqual(
            [
                f'Server {fake_cloud.identifier(5)}: its cell is down, so '
                'it is not known whether it is selected'
            ],
            answer.failures,
        )

    def test_empty(self) -> None:
        answer = self.select()
        self.assertEqual(
            records.Answer([], [], ['No server exists in project demo.']),
            answer,
        )

    def test_address_in_place_of_a_server(self) -> None:
        error = self.assertRaises(
            exceptions.CommandError, self.select, '192.0.2.16'
        )
        self.assertEqual(
            "No server with the name or ID '192.0.2.16' exists in project "
            "demo. See 'openstack server interface find 192.0.2.16'.",
            str(error),
        )

    def test_administrator_may_look_in_all_projects(self) -> None:
        self.cloud.register_tokens('a-token', role='Admin')
        self.services = self.api()
        error = self.assertRaises(exceptions.CommandError, self.select, 'web')
        self.assertEqual(
            "No server with the name or ID 'web' exists in project demo. Use "
            '--all-projects to look in all of them.',
            str(error),
        )

    def test_several(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'),
            fake_cloud.server(3, 'mail'),
            fake_cloud.server(9, 'db'),
        )
        answer = self.select(
            'web',
            'gone',
            fake_cloud.identifier(9).upper(),
            'web',
            fake_cloud.identifier(3),
        )
        self.assertEqual(
            [fake_cloud.identifier(number) for number in (1, 9, 3)],
            [server.id for server in answer.rows],
        )
        self.assertEqual(
            ["No server with the name or ID 'gone' exists in project demo."],
            answer.failures,
        )

    def test_name_that_looks_like_an_id(self) -> None:
        name = fake_cloud.identifier(2)
        self.cloud.register_servers(
            fake_cloud.server(1, name), fake_cloud.server(2, 'db')
        )
        answer = self.select(name, 'db')
        self.assertEqual([name], [server.id for server in answer.rows])

    def test_twin_that_is_deleted_meanwhile(self) -> None:
        twins = [fake_cloud.server(number, 'web') for number in (1, 2)]
        self.cloud.register_servers(*twins, fake_cloud.server(3, 'db'))
        self.cloud.get(WEB_URL, json={'servers': twins[1:]})
        answer = self.select('db', 'web')
        self.assertEqual(
            [fake_cloud.identifier(3), fake_cloud.identifier(2)],
            [server.id for server in answer.rows],
        )
        self.assertEqual([], answer.failures)

    def test_refused_token_ends_it(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        ids = [fake_cloud.identifier(number) for number in range(5)]
        for server_id in ids:
            self.answer(f'{SERVERS_URL}/{server_id}', {'status_code': 401})
        self.assertRaises(errors.TokenRefused, self.select, *ids, details=True)
        self.assertEqual(2, self.token_requests())
