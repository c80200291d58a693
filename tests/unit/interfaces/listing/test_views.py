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

from collections.abc import Callable

from osc_port_iface.api import errors
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

Origin = views.Origin

WEB, DB = (
    records.Server(fake_cloud.identifier(number), name)
    for number, name in ((1, 'web'), (2, 'db'))
)
DOWN = records.Server(fake_cloud.identifier(5), status='UNKNOWN')
CELL_IS_DOWN = f'Interfaces of server {DOWN.id}: its cell is down'


class ViewTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.progress: list[int] = []

    def show(self, total: int) -> Callable[[], object]:
        self.progress.append(total)
        return lambda: self.progress.append(1)

    def read(
        self, kind: type[views.View], *servers: records.Server
    ) -> tuple[list[tuple[str | None, str | None]], list[str]]:
        answer = kind(self.api()).read(servers, self.show)
        rows = [
            (row.server.name, row.interface.port_id) for row in answer.rows
        ]
        return rows, answer.failures


class TestCompute(ViewTestCase):
    def test_each_server_in_order(self) -> None:
        self.cloud.register_interfaces(DB.id, fake_cloud.attachment(21))
        self.cloud.register_interfaces(WEB.id, fake_cloud.attachment(11))
        rows, failures = self.read(views.ComputeView, WEB, DOWN, DB)
        self.assertEqual(
            [
                ('web', fake_cloud.identifier(11)),
                ('db', fake_cloud.identifier(21)),
            ],
            rows,
        )
        self.assertEqual([CELL_IS_DOWN], failures)
        # The progress ends at the initial total.
        self.assertEqual([3, 1, 1, 1], self.progress)

    def test_failure_costs_its_server(self) -> None:
        url = api_test_case.SERVERS_URL
        self.answer(f'{url}/{WEB.id}/os-interface', {'status_code': 500})
        self.cloud.register_interfaces(
            DB.id, fake_cloud.attachment(21), fake_cloud.attachment(22, tag=1)
        )
        rows, failures = self.read(views.ComputeView, WEB, DB)
        self.assertEqual([('db', fake_cloud.identifier(21))], rows)
        self.assertEqual(2, len(failures))

    def test_tag_takes_a_microversion(self) -> None:
        for maximum, expected in (
            ('2.70', None),
            (
                '2.69',
                'it needs compute API microversion 2.70 or above, and 2.69 '
                'is used',
            ),
        ):
            with self.subTest(maximum):
                self.cloud.register_compute_versions(maximum)
                view = views.ComputeView(self.api())
                self.assertEqual(expected, view.lacks.get(Origin.TAG))
                self.assertLessEqual(set(view.lacks), {Origin.TAG})


class TestNetwork(ViewTestCase):
    def test_ports_of_many_servers(self) -> None:
        self.cloud.register_network(
            'ports',
            fake_cloud.port(22, 2),
            fake_cloud.port(21, 2),
            fake_cloud.port(11, 1),
            fake_cloud.port(31, 3),
        )
        self.assertEqual(
            (
                [
                    ('web', fake_cloud.identifier(11)),
                    ('db', fake_cloud.identifier(21)),
                    ('db', fake_cloud.identifier(22)),
                ],
                [],
            ),
            self.read(views.NetworkView, WEB, DB),
        )
        self.assertEqual(1, len(self.requested(api_test_case.NEUTRON_URL)))
        self.assertEqual([], self.requested(api_test_case.SERVERS_URL))

    def test_failure_concerns_all(self) -> None:
        self.answer(f'{api_test_case.NEUTRON_URL}/ports', {'status_code': 403})
        self.assertRaises(errors.Forbidden, self.read, views.NetworkView, WEB)

    def test_token_that_shows_nothing(self) -> None:
        self.cloud.register_authentication(system=True)
        self.cloud.register_network('ports')
        self.assertRaises(errors.Forbidden, self.read, views.NetworkView, WEB)

    def test_lacks_tags(self) -> None:
        view = views.NetworkView(self.api())
        self.assertEqual({Origin.TAG}, set(view.lacks))


class TestCache(ViewTestCase):
    def test_asks_nobody(self) -> None:
        server = records.Server(
            WEB.id, 'web', cache=(records.Interface('m', ()),) * 2
        )
        self.assertEqual(
            ([('web', None)] * 2, [CELL_IS_DOWN]),
            self.read(views.CacheView, server, DOWN),
        )
        self.assertEqual([], self.cloud.requested())

    def test_lacks_most(self) -> None:
        view = views.CacheView(self.api())
        self.assertEqual(
            {Origin.EVERY_VIEW, Origin.SERVER}, {*Origin} - {*view.lacks}
        )
