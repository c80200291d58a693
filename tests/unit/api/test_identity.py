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

from typing import Any
from urllib import parse

import requests

from osc_port_iface.api import errors
from osc_port_iface.api import identity
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

PROJECTS_URL = f'{fake_cloud.AUTH_URL}/projects'
DOMAINS_URL = f'{fake_cloud.AUTH_URL}/domains'
PROJECT = fake_cloud.PROJECT_ID


class TestIdentity(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.identity = self.api().identity

    def test_project_by_id(self) -> None:
        self.answer(
            f'{PROJECTS_URL}/{PROJECT}',
            {'json': {'project': {'id': PROJECT, 'name': 'demo'}}},
        )
        self.assertEqual(
            [records.Project(PROJECT, 'demo')],
            self.identity.projects(PROJECT, None).rows,
        )

    def test_what_is_no_id_is_not_asked_for(self) -> None:
        error = self.assertRaises(
            errors.NotFound, self.identity.show, identity.PROJECTS, '../users'
        )
        self.assertEqual('Project ../users: not an ID', str(error))
        self.assertEqual([], self.requested(PROJECTS_URL))

    def test_name_that_looks_like_an_id(self) -> None:
        named = {'id': 'p', 'name': PROJECT, 'domain_id': 'd'}
        self.answer(f'{PROJECTS_URL}/{PROJECT}', {'status_code': 404})
        self.answer(
            f'{PROJECTS_URL}?name={PROJECT}', {'json': {'projects': [named]}}
        )
        self.assertEqual(
            [records.Project('p', PROJECT, 'd')],
            self.identity.projects(PROJECT, None).rows,
        )

    def test_project_by_name(self) -> None:
        self.answer(
            PROJECTS_URL,
            {
                'json': {
                    'projects': [
                        {'id': 'p', 'name': 'demo', 'domain_id': 'd'},
                        {'id': 'q', 'name': 'DEMO', 'domain_id': 'd'},
                    ]
                }
            },
        )
        for name, domain_id, query in (
            ('any domain', None, {'name': ['demo']}),
            ('a domain', 'd', {'name': ['demo'], 'domain_id': ['d']}),
        ):
            with self.subTest(name):
                self.assertEqual(
                    [records.Project('p', 'demo', 'd')],
                    self.identity.projects('demo', domain_id).rows,
                )
                self.assertEqual(query, self.queries(PROJECTS_URL)[-1])

    def test_text_never_chooses_a_url(self) -> None:
        self.answer(PROJECTS_URL, {'json': {'projects': []}})
        for text in ('../users', 'a/b', '?x=y', '#', '%2e%2e', ' '):
            with self.subTest(text):
                self.assertEqual([], self.identity.projects(text, None).rows)
                self.assertEqual(
                    '/v3/projects', self.cloud.request_history[-1].path
                )

    def test_domains(self) -> None:
        by_name = {
            'Default': [{'id': 'default', 'name': 'Default'}],
            # Some databases compare names without case.
            'default': [
                {'id': 'default', 'name': 'Default'},
                {'id': 'd', 'name': 'default'},
            ],
        }

        def answer(
            request: requests.PreparedRequest, _context: Any
        ) -> dict[str, object]:
            name = parse.parse_qs(parse.urlsplit(str(request.url)).query)
            return {'domains': by_name.get(name['name'][0], [])}

        self.answer(f'{DOMAINS_URL}/d', {'status_code': 403})
        self.answer(f'{DOMAINS_URL}/x', {'status_code': 404})
        default: dict[str, object] = {
            'json': {'domain': {'id': 'default', 'name': 'Default'}}
        }
        self.answer(f'{DOMAINS_URL}/default', default)
        self.answer(f'{DOMAINS_URL}/Default', default)
        self.cloud.get(DOMAINS_URL, json=answer)
        for name_or_id, expected, tries in (
            ('default', ['default'], 1),
            ('Default', ['default'], 2),
            ('d', [], 2),
            ('x', [], 2),
            ('../x', [], 1),
        ):
            with self.subTest(name_or_id):
                before = len(self.requested(DOMAINS_URL))
                found = self.identity.domains(name_or_id)
                self.assertEqual(expected, [row.id for row in found.rows])
                self.assertEqual(
                    tries, len(self.requested(DOMAINS_URL)) - before
                )

    def test_pages(self) -> None:
        link = f'{PROJECTS_URL}?name=demo&marker=p&limit=1'
        first = {'id': 'p', 'name': 'demo', 'domain_id': 'd'}
        second = {'id': 'q', 'name': 'demo', 'domain_id': 'e'}
        self.answer(
            PROJECTS_URL,
            {
                'json': {
                    'projects': [first],
                    'links': {'next': link, 'previous': None},
                    'truncated': True,
                }
            },
            {'json': {'projects': [second], 'links': {'next': None}}},
        )
        found = self.identity.projects('demo', None)
        self.assertEqual(['p', 'q'], [row.id for row in found.rows])
        self.assertEqual([], found.failures)
        self.assertEqual(
            [
                {'name': ['demo']},
                {'name': ['demo'], 'marker': ['p'], 'limit': ['1']},
            ],
            self.queries(PROJECTS_URL),
        )

    def test_list_that_is_cut(self) -> None:
        """It is no proof that a project does not exist."""
        self.answer(
            PROJECTS_URL,
            {'json': {'projects': [], 'links': {}, 'truncated': True}},
        )
        for found in (
            self.identity.projects('demo', None),
            self.identity.list(identity.PROJECTS),
        ):
            self.assertEqual(
                ['Projects: the service shows only the first ones'],
                found.failures,
            )

    def test_forbidden(self) -> None:
        self.answer(DOMAINS_URL, {'status_code': 403})
        self.answer(f'{DOMAINS_URL}/d', {'status_code': 403})
        self.assertRaises(errors.Forbidden, self.identity.domains, 'd')
