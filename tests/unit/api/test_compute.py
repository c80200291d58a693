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

import requests

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

SERVERS_URL = api_test_case.SERVERS_URL
SERVER = fake_cloud.identifier(1)
REQUEST = f'req-{fake_cloud.identifier(2)}'
OWN = compute.ServerScope()


class ComputeTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.compute = self.api().compute

    def asked(self) -> list[str]:
        """Return the URLs of requests for servers."""
        return [str(request.url) for request in self.requested(SERVERS_URL)]


class TestMicroversion(api_test_case.ApiTestCase):
    def version_document(self, **answer: object) -> None:
        self.answer(fake_cloud.COMPUTE_URL, answer)

    def test_highest_that_is_useful(self) -> None:
        for maximum, expected, has_tag in (
            ('2.103', '2.70', True),
            ('2.70', '2.70', True),
            ('2.69', '2.69', False),
            ('2.9', '2.9', False),
            ('3.0', '2.70', True),
            ('', '2.1', False),
            ('latest', '2.1', False),
        ):
            with self.subTest(maximum):
                self.cloud.register_compute_versions(maximum)
                api = self.api().compute
                self.assertEqual(
                    (expected, has_tag), (api.microversion, api.shows_tag)
                )

    def test_document_that_is_kept_back(self) -> None:
        for status in (400, 403, 404, 405, 406, 410, 451):
            with self.subTest(status=status):
                self.version_document(status_code=status, json={})
                api = self.api().compute
                self.assertEqual('2.1', api.microversion)
                self.assertFalse(api.shows_tag)

    def test_document_that_is_none(self) -> None:
        for name, body in (
            ('empty', ''),
            ('HTML', '<html>Welcome</html>'),
            ('list', '[]'),
            ('null', '{"version": null}'),
            ('versions', '{"versions": []}'),
            ('number', '{"version": {"version": 2.1}}'),
        ):
            with self.subTest(name):
                self.version_document(text=body)
                self.assertEqual('2.1', self.api().compute.microversion)

    def test_nova_that_is_down(self) -> None:
        for name, answer, kind in (
            ('500', {'status_code': 500}, errors.RequestFailed),
            ('503', {'status_code': 503}, errors.Unreachable),
            ('504', {'status_code': 504}, errors.TooLarge),
            ('429', {'status_code': 429}, errors.RequestFailed),
            (
                'slow',
                {'exc': requests.exceptions.ReadTimeout},
                errors.Unreachable,
            ),
            (
                'no connection',
                {'exc': requests.exceptions.ConnectTimeout},
                errors.Unreachable,
            ),
        ):
            with self.subTest(name):
                self.version_document(**answer)
                error = self.assertRaises(
                    errors.RequestFailed,
                    getattr,
                    self.api().compute,
                    'shows_tag',
                )
                self.assertIs(kind, type(error))
                self.assertTrue(
                    str(error).startswith('Compute version document: ')
                )

    def test_pinned(self) -> None:
        for name, config, expected in (
            ('microversion', {'compute_default_microversion': '2.60'}, '2.60'),
            ('version', {'compute_api_version': '2.103'}, '2.103'),
            ('major', {'compute_api_version': '2'}, '2.70'),
            ('zero', {'compute_api_version': '2.0'}, '2.70'),
            ('latest', {'compute_api_version': '2.latest'}, '2.70'),
        ):
            with self.subTest(name):
                api = self.api(None, **config).compute
                self.assertEqual(expected, api.microversion)

    def test_asked_for_once_and_only_when_used(self) -> None:
        api = self.api().compute
        self.assertEqual([], self.cloud.requested())
        self.cloud.register_servers()
        api.servers(OWN)
        api.servers(OWN)
        self.assertEqual(
            1, self.cloud.requested().count(f'GET {fake_cloud.COMPUTE_URL}')
        )

    def test_project_in_the_catalog(self) -> None:
        url = f'http://gate.test/v2.1/{fake_cloud.PROJECT_ID}'
        self.cloud.register_tokens('a-token', compute_url=url)
        self.answer(
            'http://gate.test/v2.1', {'json': self.cloud.compute_versions()}
        )
        self.answer(f'{url}/servers', {'json': {'servers': []}})
        api = self.api().compute
        self.assertEqual([], api.servers(OWN).rows)
        self.assertEqual('2.70', api.microversion)


class TestInterfaces(ComputeTestCase):
    def test_ordered_by_port(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(12, '10.0.0.2'),
            fake_cloud.attachment(11, tag='nic'),
        )
        self.assertEqual(
            records.Answer(
                [
                    records.Interface(
                        port_id=fake_cloud.identifier(11),
                        network_id=fake_cloud.identifier(700),
                        mac_address='fa:16:3e:00:00:0b',
                        fixed_ips=(),
                        port_state='ACTIVE',
                        tag='nic',
                    ),
                    records.Interface(
                        port_id=fake_cloud.identifier(12),
                        network_id=fake_cloud.identifier(700),
                        mac_address='fa:16:3e:00:00:0c',
                        fixed_ips=(
                            records.FixedIP(
                                '10.0.0.2', fake_cloud.identifier(900)
                            ),
                        ),
                        port_state='ACTIVE',
                    ),
                ]
            ),
            self.compute.interfaces(SERVER),
        )

    def test_fixed_ips_are_sorted(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(
                11, '2001:db8::a', '10.0.0.10', '2001:db8::9', '10.0.0.9'
            ),
        )
        (interface,) = self.compute.interfaces(SERVER).rows
        self.assertEqual(
            ['10.0.0.9', '10.0.0.10', '2001:db8::9', '2001:db8::a'],
            [fixed_ip.ip_address for fixed_ip in interface.fixed_ips],
        )

    def test_nulls_everywhere(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            {
                **dict.fromkeys(fake_cloud.attachment(11)),
                'port_id': fake_cloud.identifier(11),
                'more': 'than is known',
            },
        )
        self.assertEqual(
            [
                records.Interface(
                    port_id=fake_cloud.identifier(11),
                    mac_address=None,
                    fixed_ips=(),
                )
            ],
            self.compute.interfaces(SERVER).rows,
        )

    def test_broken_items(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(11),
            fake_cloud.attachment(12, port_id='../x'),
            fake_cloud.attachment(13, '10.0.0.3', mac_addr=7),
            fake_cloud.attachment(
                14, fixed_ips=[{'ip_address': 'x'}, {'ip_address': '::1'}]
            ),
        )
        answer = self.compute.interfaces(SERVER)
        self.assertEqual(
            [fake_cloud.identifier(11), fake_cloud.identifier(14)],
            [row.port_id for row in answer.rows],
        )
        self.assertEqual(3, len(answer.failures))

    def test_not_a_list(self) -> None:
        values: tuple[object, ...] = ({}, None, 'x', 0)
        for value in values:
            with self.subTest(value=value):
                self.answer(
                    f'{SERVERS_URL}/{SERVER}/os-interface',
                    {'json': {'interfaceAttachments': value}},
                )
                self.assertRaises(
                    errors.Malformed, self.compute.interfaces, SERVER
                )

    def test_text_never_chooses_a_url(self) -> None:
        for text in ('', '../flavors', 'a/b', 'detail', '?x', '#', '%2e'):
            for name, call in (
                ('interfaces', lambda t: self.compute.interfaces(t)),
                ('server', lambda t: self.compute.server(t)),
                ('actions', lambda t: self.compute.instance_actions(t)),
                ('events', lambda t: self.compute.action_events(t, REQUEST)),
                (
                    'request',
                    lambda t: self.compute.action_events(SERVER, f'req-{t}'),
                ),
                (
                    'prefix',
                    lambda t: self.compute.action_events(
                        SERVER, f'{t}{SERVER}'
                    ),
                ),
            ):
                with self.subTest(name, text=text):
                    self.assertRaises(errors.NotFound, call, text)
        self.assertEqual([], self.asked())


class TestServers(ComputeTestCase):
    def test_nulls(self) -> None:
        self.cloud.register_servers(
            {
                **dict.fromkeys(fake_cloud.server(1, 'x')),
                'id': SERVER.upper(),
                'name': '',
            }
        )
        for details in (False, True):
            self.assertEqual(
                [records.Server(SERVER)],
                self.compute.servers(OWN, details).rows,
            )

    def test_queries(self) -> None:
        everywhere = compute.ServerScope(all_projects=True)
        self.cloud.register_servers()
        for name, scope, details, expected in (
            ('own', OWN, False, ''),
            ('details', OWN, True, '/detail'),
            ('all', everywhere, False, '?all_tenants=1'),
            (
                'project',
                compute.ServerScope(project_id='p'),
                False,
                '?all_tenants=1&project_id=p',
            ),
            (
                'host',
                compute.ServerScope(all_projects=True, host='h'),
                False,
                '/detail?all_tenants=1&host=h',
            ),
            (
                'status',
                compute.ServerScope(status='ERROR'),
                False,
                '?status=ERROR',
            ),
        ):
            with self.subTest(name):
                self.compute.servers(scope, details)
                self.assertEqual(SERVERS_URL + expected, self.asked()[-1])

    def test_host_that_nova_did_not_look_for(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web'))
        self.assertRaises(
            errors.Forbidden,
            self.compute.servers,
            compute.ServerScope(host='h'),
        )

    def test_named(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'a.b|c'),
            fake_cloud.server(2, 'A.B|C'),
            fake_cloud.server(3, 'axb|c'),
        )
        answer = self.compute.servers(OWN, name='a.b|c')
        self.assertEqual([SERVER], [row.id for row in answer.rows])
        self.assertEqual(
            [['^a\\.b[|]c$']], [q['name'] for q in self.queries(SERVERS_URL)]
        )

    def test_cache_keeps_order_and_duplicates(self) -> None:
        twice = fake_cloud.cached(12, '10.0.0.2')
        self.cloud.register_servers(
            fake_cloud.server(
                1,
                'web',
                addresses={
                    'z': [twice, twice, fake_cloud.cached(11, '10.0.0.1')],
                    'a': [
                        fake_cloud.cached(13, '2001:db8::3'),
                        fake_cloud.cached(13, '10.0.0.3'),
                        fake_cloud.cached(13, '203.0.113.3', 'floating'),
                    ],
                },
            )
        )
        (server,) = self.compute.servers(OWN, True).rows
        self.assertEqual(
            [
                ('z', 'fa:16:3e:00:00:0c', ['10.0.0.2', '10.0.0.2'], ()),
                ('z', 'fa:16:3e:00:00:0b', ['10.0.0.1'], ()),
                (
                    'a',
                    'fa:16:3e:00:00:0d',
                    ['10.0.0.3', '2001:db8::3'],
                    ('203.0.113.3',),
                ),
            ],
            [
                (
                    cached.network_label,
                    cached.mac_address,
                    [fixed_ip.ip_address for fixed_ip in cached.fixed_ips],
                    cached.floating_ips,
                )
                for cached in server.cache
            ],
        )

    def test_broken_entry_of_the_cache(self) -> None:
        broken = fake_cloud.server(
            1, 'web', addresses={'n': [{}, fake_cloud.cached(11, '10.0.0.1')]}
        )
        self.cloud.register_servers(broken)
        answer = self.compute.servers(OWN, True)
        self.assertEqual(1, len(answer.rows[0].cache))
        self.assertEqual(1, len(answer.failures))
        self.answer(f'{SERVERS_URL}/{SERVER}', {'json': {'server': broken}})
        self.assertRaises(errors.Malformed, self.compute.server, SERVER)

    def test_down_cells(self) -> None:
        self.cloud.register_servers(
            {'id': SERVER, 'status': 'UNKNOWN'}, fake_cloud.server(2, 'web')
        )
        scope = compute.ServerScope(project_id='p', status='ACTIVE')
        self.assertEqual([SERVER], self.compute.servers_in_down_cells(scope))
        self.assertEqual([f'{SERVERS_URL}?all_tenants=1'], self.asked())

    def test_down_cells_are_not_shown_by_an_older_nova(self) -> None:
        self.cloud.register_compute_versions('2.68')
        self.assertEqual([], self.compute.servers_in_down_cells(OWN))
        self.assertEqual([], self.asked())


class TestActions(ComputeTestCase):
    def actions(self, **headers: str) -> list[records.InstanceAction]:
        actions: list[dict[str, Any]] = [
            {
                'action': 'create',
                'start_time': '2026-01-01T00:00:00.000000',
                'updated_at': None,
                'request_id': 'req-1',
                'message': None,
            },
            {
                'action': 'attach_interface',
                'start_time': '2026-01-01T00:00:00.000000',
                'updated_at': '2026-01-01T00:00:50.000000',
                'request_id': 'req-2',
                'message': 'Error',
            },
        ]
        self.answer(
            f'{SERVERS_URL}/{SERVER}/os-instance-actions',
            {'json': {'instanceActions': actions}, 'headers': headers},
        )
        return self.compute.instance_actions(SERVER).rows

    def test_newest_first_by_the_clock_of_nova(self) -> None:
        self.assertEqual(
            [
                records.InstanceAction(
                    'attach_interface', 'req-2', True, 10.0
                ),
                records.InstanceAction('create', 'req-1', False, 60.0),
            ],
            self.actions(Date='Thu, 01 Jan 2026 00:01:00 GMT'),
        )

    def test_nova_without_a_date(self) -> None:
        self.assertEqual(
            ['attach_interface', 'create'],
            [action.action for action in self.actions()],
        )

    def events(self, action: dict[str, Any]) -> list[records.ActionEvent]:
        self.answer(
            f'{SERVERS_URL}/{SERVER}/os-instance-actions/{REQUEST}',
            {'json': {'instanceAction': action}},
        )
        return self.compute.action_events(SERVER, REQUEST).rows

    def test_events(self) -> None:
        self.assertEqual(
            [
                records.ActionEvent('conductor_migrate_server', True),
                records.ActionEvent('compute_prep_resize', False),
            ],
            self.events(
                {
                    'events': [
                        {
                            'event': 'conductor_migrate_server',
                            'finish_time': '2026-01-01T00:00:09.000000',
                        },
                        {'event': 'compute_prep_resize', 'finish_time': None},
                    ]
                }
            ),
        )

    def test_events_that_are_not_shown(self) -> None:
        self.assertEqual([], self.events({'action': 'attach_interface'}))
