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

import functools
from typing import Any
from unittest import mock

from osc_lib import exceptions
import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import identity
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network

COLLECTIONS: tuple[tuple[str, paging.Collection[Any]], ...] = (
    ('server', compute.SERVERS),
    ('port', neutron.PORTS),
    ('network', neutron.NETWORKS),
    ('project', identity.PROJECTS),
    ('domain', identity.DOMAINS),
    ('security group', neutron.SECURITY_GROUPS),
)


class TestExactlyOne(testtools.TestCase):
    def test_one_wording_for_all_kinds(self) -> None:
        rows = [records.Project(i, 'web') for i in ('b', '\x1b[2J')]
        for name, collection in COLLECTIONS:
            with self.subTest(name):
                self.assertIs(
                    rows[0], names.exactly_one(collection, 'web', rows[:1])
                )
                error = self.assertRaises(
                    names.NoSuchName,
                    names.exactly_one,
                    collection,
                    '\x1bweb',
                    [],
                    ' here',
                )
                self.assertEqual(
                    f"No {name} with the name or ID '\\x1bweb' exists here.",
                    str(error),
                )
                padded = self.assertRaises(
                    names.NoSuchName,
                    names.exactly_one,
                    collection,
                    'web \n',
                    [],
                )
                self.assertEqual(
                    f"No {name} with the name or ID 'web \\n' exists.",
                    str(padded),
                )
                several = self.assertRaises(
                    exceptions.CommandError,
                    names.exactly_one,
                    collection,
                    'web',
                    rows,
                )
                self.assertEqual(
                    f"2 {name}s have the name 'web', use an ID: \\x1b[2J, b",
                    str(several),
                )


class TestLookUp(api_test_case.ApiTestCase):
    def test_network(self) -> None:
        self.cloud.register_network('networks', {'id': 'n', 'name': 'private'})
        api = self.api().network
        self.assertEqual('n', names.find_network_id(api, 'private'))
        self.assertRaises(
            names.NoSuchName, names.find_network_id, api, 'privat'
        )

    def test_similar_names(self) -> None:
        network = fake_network.fake_network()
        for kind, find in (
            ('network', names.find_network_id),
            ('port', names.find_port),
            ('subnet', functools.partial(names.find_row, neutron.SUBNETS)),
            (
                'security group',
                functools.partial(names.find_id, neutron.SECURITY_GROUPS),
            ),
        ):
            for known, expected in (
                ([['public', 'private']], " Did you mean 'private'?"),
                ([[]], ''),
                ([errors.Unreachable('no answer')], ''),
            ):
                with self.subTest(f'{kind}{expected}'):
                    network.names.side_effect = known
                    error = self.assertRaises(
                        names.NoSuchName, find, network, 'privat'
                    )
                    self.assertEqual(
                        f"No {kind} with the name or ID 'privat' exists."
                        f'{expected}',
                        str(error),
                    )

    def test_no_request_for_similar_names_unless_wanted(self) -> None:
        network = fake_network.fake_network()
        network.way('networks', 'name').side_effect = [
            records.Answer([records.Network('n', 'private')]),
            records.Answer([]),
        ]
        self.assertEqual('n', names.find_network_id(network, 'private'))
        for find in (names.find_network_id, names.find_port):
            self.assertRaises(names.NoSuchName, find, network, 'x', False)
        network.names.assert_not_called()

    def test_names_are_those_of_one_page(self) -> None:
        url = f'{api_test_case.NEUTRON_URL}/ports'
        rows = [{'id': 'a', 'name': 'eth0'}, {'id': 'b', 'name': ''}]
        links = [{'rel': 'next', 'href': f'{url}?marker=b'}]
        self.answer(url, {'json': {'ports': rows, 'ports_links': links}})
        pages = {'limit': ['1000'], 'sort_key': ['id'], 'sort_dir': ['asc']}
        found = self.api().network.names(neutron.PORTS)
        self.assertEqual(['eth0'], list(found))
        self.assertEqual(
            [{'fields': ['name'], **pages}],
            self.queries(fake_cloud.NETWORK_URL),
        )

    def test_id_of_a_network_costs_nothing(self) -> None:
        given = fake_cloud.identifier(1)
        self.assertEqual(
            given, names.find_network_id(self.api().network, given.upper())
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
                    fake_cloud.identifier(11),
                    names.find_port(api, name_or_id).id,
                )
        for name_or_id in ('eth', fake_cloud.identifier(12)):
            with self.subTest(name_or_id):
                self.assertRaises(
                    names.NoSuchName, names.find_port, api, name_or_id
                )

    def test_name_is_not_unique_while_a_row_is_broken(self) -> None:
        self.answer(
            f'{api_test_case.NEUTRON_URL}/networks',
            {'json': {'networks': [{'id': 'n', 'name': 'a'}, {'name': 'a'}]}},
        )
        self.assertRaises(
            errors.Malformed, names.find_network_id, self.api().network, 'a'
        )

    def test_project(self) -> None:
        url = fake_cloud.AUTH_URL
        domain = {'id': 'd', 'name': 'Default'}
        project = {'id': 'p', 'name': 'demo', 'domain_id': 'd'}
        for name in ('Default', 'default', 'x'):
            self.answer(f'{url}/domains/{name}', {'status_code': 404})
        self.answer(f'{url}/domains', {'json': {'domains': [domain]}})
        self.answer(f'{url}/projects', {'json': {'projects': [project]}})
        api = self.api().identity
        self.assertEqual('p', names.find_project_id(api, 'demo'))
        self.assertEqual('p', names.find_project_id(api, 'demo', 'Default'))
        for wrong, message in (
            (('demo', 'x'), "No domain with the name or ID 'x' exists."),
            (
                ('demo', 'default'),
                "No domain with the name or ID 'default' exists. Did you mean "
                "'Default'?",
            ),
            (
                ('demos', 'Default'),
                "No project with the name or ID 'demos' exists. Did you mean "
                "'demo'?",
            ),
        ):
            error = self.assertRaises(
                names.NoSuchName, names.find_project_id, api, *wrong
            )
            self.assertEqual(message, str(error))

    def test_project_whose_name_is_in_two_domains(self) -> None:
        rows = [
            {'id': name, 'name': 'demo', 'domain_id': name.upper()}
            for name in 'pq'
        ]
        url = f'{fake_cloud.AUTH_URL}/projects'
        self.answer(url, {'json': {'projects': rows}})
        error = self.assertRaises(
            exceptions.CommandError,
            names.find_project_id,
            self.api().identity,
            'demo',
        )
        self.assertEqual(
            "2 projects have the name 'demo', use an ID: p (domain P), q "
            '(domain Q)',
            str(error),
        )

    def test_project_that_may_not_be_looked_up(self) -> None:
        for path in ('domains', 'projects', 'domains/Default', 'domains/Lab'):
            self.answer(f'{fake_cloud.AUTH_URL}/{path}', {'status_code': 403})
        api = self.api().identity
        for domain in (None, 'Default'):
            self.assertEqual(
                fake_cloud.PROJECT_ID,
                names.find_project_id(api, 'demo', domain),
            )
        for wrong in (('demo', 'Lab'), ('Demo', None)):
            self.assertRaises(
                errors.Forbidden, names.find_project_id, api, *wrong
            )


class TestCheckHost(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.network = fake_network.fake_network()
        self.cloud = mock.create_autospec(
            api_cloud.Cloud,
            instance=True,
            compute=mock.Mock(),
            network=self.network,
        )
        self.bound = self.network.way('ports', 'bound_host')

    def register(self, *known: str) -> None:
        self.cloud.compute.compute_services.return_value = records.Answer(
            [records.ComputeService(host, True) for host in known]
        )

    def test_known(self) -> None:
        for known in (
            ['c1', 'c2'],
            # PostgreSQL tells them apart.
            ['c1', 'C1'],
            # Without a domain, it may be the exact name of another.
            ['c1', 'c1.example.org'],
            # One service each, in two cells.
            ['c1', 'c1'],
        ):
            with self.subTest(known=known):
                self.register(*known)
                names.check_host(self.cloud, 'c1')
        self.bound.assert_not_called()

    def test_host_of_ports_only(self) -> None:
        self.register('c1')
        self.bound.return_value = records.Answer(
            [records.Port('p', 'n', None, ())]
        )
        names.check_host(self.cloud, 'network-1')
        self.bound.assert_called_once_with(['network-1'])

    def test_unknown(self) -> None:
        for name, known, suggestion in (
            ('c1', [], ''),
            ('c1', ['storage'], ''),
            ('comptue-1', ['compute-1', 'x'], " Did you mean 'compute-1'?"),
            ('C1', ['c1', 'c2'], " Did you mean 'c1'?"),
            (
                'c1',
                ['c1.example.org', 'c2.example.org'],
                " Did you mean 'c1.example.org'?",
            ),
            (
                'c1',
                ['c1.b.example.org', 'c1.a.example.org'],
                " Did you mean 'c1.a.example.org' or 'c1.b.example.org'?",
            ),
        ):
            with self.subTest(name=name, known=known):
                self.register(*known)
                error = self.assertRaises(
                    names.NoSuchName, names.check_host, self.cloud, name
                )
                self.assertEqual(
                    f"No compute host has the name '{name}'.{suggestion}",
                    str(error),
                )

    def test_what_cannot_be_known_is_an_error(self) -> None:
        self.register()
        self.bound.side_effect = errors.Unreachable('no answer')
        self.assertRaises(
            errors.Unreachable, names.check_host, self.cloud, 'c1'
        )
        self.cloud.compute.compute_services.side_effect = errors.Forbidden('')
        self.assertRaises(errors.Forbidden, names.check_host, self.cloud, 'c1')
