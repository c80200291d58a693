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

from unittest import mock

import testtools

from osc_port_iface.api import errors
from osc_port_iface.api import identity
from osc_port_iface.interfaces.selecting import project_lookup
from osc_port_iface import records

OWN = records.Project('p0', 'demo', 'default', 'Default')


class TestLookUp(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api = mock.create_autospec(
            identity.IdentityApi, instance=True, own_project=OWN
        )
        self.known = {
            f'p{number}': records.Project(f'p{number}', f'n{number}', 'd1')
            for number in range(1, 20)
        }
        self.api.show.side_effect = lambda _projects, i: self.known[i]
        self.projects = mock.Mock(
            return_value=records.Answer(list(self.known.values()))
        )
        self.domains = mock.Mock(
            return_value=records.Answer([records.Project('d1', 'Customers')])
        )
        self.api.list.side_effect = lambda collection: {
            'projects': self.projects,
            'domains': self.domains,
        }[collection.key]()

    def look_up(
        self, *project_ids: str
    ) -> tuple[dict[str, tuple[str | None, str | None]], list[str]]:
        answer = project_lookup.look_up(self.api, project_ids)
        return (
            {row.id: (row.name, row.domain_name) for row in answer.rows},
            answer.failures,
        )

    def test_the_own_project_costs_nothing(self) -> None:
        self.assertEqual(
            ({'p0': ('demo', 'Default')}, []), self.look_up('p0', 'p0')
        )
        self.assertEqual([], self.api.mock_calls)

    def test_few_are_shown(self) -> None:
        self.assertEqual(
            ({'p0': ('demo', 'Default'), 'p1': ('n1', 'Customers')}, []),
            self.look_up('p0', 'p1'),
        )
        self.projects.assert_not_called()
        self.domains.assert_called_once_with()

    def test_many_are_listed_once(self) -> None:
        found, failures = self.look_up(*self.known)
        self.assertEqual((19, []), (len(found), failures))
        self.assertEqual(
            [
                mock.call.list(identity.PROJECTS),
                mock.call.list(identity.DOMAINS),
            ],
            self.api.mock_calls,
        )

    def test_what_keystone_refuses_is_empty(self) -> None:
        refused = errors.Forbidden('no')
        for method in (self.api.show, self.projects, self.domains):
            method.side_effect = refused
        for name, project_ids in (
            ('few', ['p1']),
            ('many', list(self.known)),
        ):
            with self.subTest(name):
                self.assertEqual(({}, []), self.look_up(*project_ids))

    def test_domains_that_keystone_refuses(self) -> None:
        self.domains.side_effect = errors.Forbidden('no')
        self.assertEqual(({'p1': ('n1', None)}, []), self.look_up('p1'))

    def test_failures(self) -> None:
        self.api.show.side_effect = errors.RequestFailed('broken')
        self.assertEqual(({}, ['broken', 'broken']), self.look_up('p1', 'p2'))
        self.projects.side_effect = errors.RequestFailed('broken')
        self.assertEqual(({}, ['broken']), self.look_up(*self.known))

    def test_a_refused_token_ends_it(self) -> None:
        self.projects.side_effect = errors.TokenRefused('refused')
        self.assertRaises(errors.TokenRefused, self.look_up, *self.known)
