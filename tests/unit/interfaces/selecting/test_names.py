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
import testtools

from osc_port_iface.api import errors
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network

KINDS = (
    ('server', names.SERVER),
    ('port', names.PORT),
    ('network', names.NETWORK),
    ('project', names.PROJECT),
    ('domain', names.DOMAIN),
)


class TestExactlyOne(testtools.TestCase):
    def test_one_wording_for_all_kinds(self) -> None:
        rows = [records.Project(i, 'web') for i in ('b', '\x1b[2J')]
        for name, kind in KINDS:
            with self.subTest(name):
                self.assertIs(
                    rows[0], names.exactly_one(kind, 'web', rows[:1])
                )
                error = self.assertRaises(
                    names.NoSuchName,
                    names.exactly_one,
                    *(kind, '\x1bweb', [], ' here'),
                )
                self.assertEqual(
                    f"No {name} with the name or ID '\\x1bweb' exists here.",
                    str(error),
                )
                several = self.assertRaises(
                    names.AmbiguousName,
                    names.exactly_one,
                    *(kind, 'web', rows),
                )
                self.assertEqual(
                    f"2 {name}s have the name 'web', use an ID: \\x1b[2J, b",
                    str(several),
                )


class TestLookUp(api_test_case.ApiTestCase):
    def test_network(self) -> None:
        self.cloud.register_network('networks', {'id': 'n', 'name': 'private'})
        api = self.api().network
        self.assertEqual('n', names.network_id(api, 'private'))
        self.assertRaises(names.NoSuchName, names.network_id, api, 'privat')

    def test_similar_networks(self) -> None:
        network = fake_network.fake_network()
        known = network.way('networks')
        plain = "No network with the name or ID 'privat' exists."
        row = records.Network('n', 'private')
        for answer, suggests, expected in (
            ([records.Answer([row])], True, " Did you mean 'private'?"),
            ([records.Answer([records.Network('n', None)])], True, ''),
            ([errors.Unreachable('no answer')], True, ''),
            ([], False, ''),
        ):
            known.side_effect = answer
            error = self.assertRaises(
                names.NoSuchName,
                *(names.network_id, network, 'privat', suggests),
            )
            self.assertEqual(plain + expected, str(error))

    def test_id_of_a_network_costs_nothing(self) -> None:
        given = fake_cloud.identifier(1)
        self.assertEqual(
            given, names.network_id(self.api().network, given.upper())
        )
        self.assertEqual([], self.requested(fake_cloud.NETWORK_URL))

    def test_port(self) -> None:
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, name='eth0')
        )
        api = self.api().network
        for name_or_id in ('eth0', fake_cloud.identifier(11).upper()):
            with self.subTest(name_or_id):
                self.assertEqual(
                    fake_cloud.identifier(11), names.port(api, name_or_id).id
                )
        for name_or_id in ('eth', fake_cloud.identifier(12)):
            with self.subTest(name_or_id):
                self.assertRaises(
                    names.NoSuchName, names.port, api, name_or_id
                )

    def test_name_is_not_unique_while_a_row_is_broken(self) -> None:
        self.answer(
            f'{api_test_case.NEUTRON_URL}/networks',
            {'json': {'networks': [{'id': 'n', 'name': 'a'}, {'name': 'a'}]}},
        )
        self.assertRaises(
            errors.Malformed, names.network_id, self.api().network, 'a'
        )

    def test_project(self) -> None:
        url = fake_cloud.AUTH_URL
        domain = {'id': 'd', 'name': 'Default'}
        project = {'id': 'p', 'name': 'demo', 'domain_id': 'd'}
        for name in ('Default', 'x'):
            self.answer(f'{url}/domains/{name}', {'status_code': 404})
        self.answer(f'{url}/domains', {'json': {'domains': [domain]}})
        self.answer(f'{url}/projects', {'json': {'projects': [project]}})
        api = self.api().identity
        self.assertEqual('p', names.project_id(api, 'demo'))
        self.assertEqual('p', names.project_id(api, 'demo', 'Default'))
        for wrong in (('demo', 'x'), ('x', None)):
            self.assertRaises(
                exceptions.CommandError, names.project_id, api, *wrong
            )

    def test_project_that_may_not_be_looked_up(self) -> None:
        for path in ('domains', 'projects', 'domains/Default', 'domains/Lab'):
            self.answer(f'{fake_cloud.AUTH_URL}/{path}', {'status_code': 403})
        api = self.api().identity
        for domain in (None, 'Default'):
            self.assertEqual(
                fake_cloud.PROJECT_ID, names.project_id(api, 'demo', domain)
            )
        for wrong in (('demo', 'Lab'), ('Demo', None)):
            self.assertRaises(errors.Forbidden, names.project_id, api, *wrong)
