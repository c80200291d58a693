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

"""What ``server interface list`` does not show of the selection."""

from osc_lib import exceptions
import testtools

from osc_port_iface.api import compute
from osc_port_iface import records
from osc_port_iface.services import server_selection
from tests.unit import fake_cloud

SERVERS_URL = f'{fake_cloud.COMPUTE_URL}/servers'
WEB_URL = f'{SERVERS_URL}/detail?name=%5Eweb%24'
EVERYTHING = compute.ServerQuery()


class SelectionTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud = fake_cloud.FakeCloud()
        self.cloud.register_authentication()
        self.cloud.register_servers()
        self.api = compute.ComputeApi(self.cloud.adapter('compute'), (2, 70))

    def requested(self) -> list[str]:
        return [
            line
            for line in self.cloud.requested()
            if line.startswith(f'GET {fake_cloud.COMPUTE_URL}')
        ]


class TestOne(SelectionTestCase):
    def test_id_costs_nothing(self) -> None:
        self.assertEqual(
            records.Server(fake_cloud.identifier(1)),
            server_selection.one(
                self.api, fake_cloud.identifier(1), EVERYTHING
            ),
        )
        self.assertEqual([], self.requested())

    def test_name(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        found = server_selection.one(self.api, 'web', EVERYTHING)
        self.assertEqual(
            records.Server(fake_cloud.identifier(1), 'web'), found
        )
        self.assertEqual(
            [f'GET {SERVERS_URL}?name=%5Eweb%24'], self.requested()
        )

    def test_name_with_details(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        (found,) = server_selection.select(
            self.api, ['web'], EVERYTHING, details=True
        ).servers
        self.assertEqual('ACTIVE', found.status)
        self.assertEqual([f'GET {WEB_URL}'], self.requested())

    def test_twins_with_details_cost_no_more(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'web')
        )
        selected = server_selection.select(
            self.api, ['web'], EVERYTHING, details=True
        )
        self.assertEqual(([], 1), (selected.servers, len(selected.failures)))
        self.assertEqual([f'GET {WEB_URL}'], self.requested())

    def test_none(self) -> None:
        error = self.assertRaises(
            exceptions.CommandError,
            server_selection.one,
            *(self.api, 'web', EVERYTHING),
        )
        self.assertEqual(
            "No server with the name or ID 'web' exists in this project.",
            str(error),
        )


class TestSelect(SelectionTestCase):
    def test_name_on_two_pages_is_ambiguous(self) -> None:
        first, second = (fake_cloud.server(number, 'web') for number in (1, 2))
        next_page = {'rel': 'next', 'href': f'{SERVERS_URL}?marker=1'}
        self.cloud.get(
            SERVERS_URL,
            json={'servers': [first], 'servers_links': [next_page]},
        )
        self.cloud.get(f'{SERVERS_URL}?marker=1', json={'servers': [second]})
        self.cloud.get(WEB_URL, json={'servers': [first, second]})
        selected = server_selection.select(
            self.api, ['web', fake_cloud.identifier(2)], EVERYTHING
        )
        self.assertEqual(
            [fake_cloud.identifier(2)],
            [server.id for server in selected.servers],
        )
        self.assertEqual(
            [
                "2 servers have the name 'web', use an ID: "
                f'{fake_cloud.identifier(1)} '
                f'(project {fake_cloud.PROJECT_ID}, ACTIVE); '
                f'{fake_cloud.identifier(2)} '
                f'(project {fake_cloud.PROJECT_ID}, ACTIVE)'
            ],
            selected.failures,
        )

    def test_twin_is_deleted_meanwhile(self) -> None:
        twins = [fake_cloud.server(number, 'web') for number in (1, 2)]
        self.cloud.register_servers(*twins, fake_cloud.server(3, 'db'))
        self.cloud.get(WEB_URL, json={'servers': twins[1:]})
        selected = server_selection.select(self.api, ['db', 'web'], EVERYTHING)
        self.assertEqual(
            [fake_cloud.identifier(3), fake_cloud.identifier(2)],
            [server.id for server in selected.servers],
        )
        self.assertEqual([], selected.failures)

    def test_ids_alone_do_not_wait_for_twins(self) -> None:
        self.cloud.get(
            SERVERS_URL,
            json={
                'servers': [fake_cloud.server(n, 'web') for n in (1, 2)],
                'servers_links': [{'rel': 'next', 'href': 'http://not.asked'}],
            },
        )
        selected = server_selection.select(
            self.api,
            [fake_cloud.identifier(2), fake_cloud.identifier(1)],
            EVERYTHING,
        )
        self.assertEqual(
            [fake_cloud.identifier(2), fake_cloud.identifier(1)],
            [server.id for server in selected.servers],
        )
        self.assertEqual([f'GET {SERVERS_URL}'], self.requested())
