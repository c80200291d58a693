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

import dataclasses

from keystoneauth1 import exceptions as ksa_exceptions
import requests

from osc_port_iface.api import errors
from osc_port_iface.api import writing
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

SERVER = fake_cloud.identifier(1)
PORT_ID = fake_cloud.identifier(11)
# What only Nova's cache has.
GONE = records.Interface(
    'fa:16:3e:00:00:0c',
    (records.FixedIP('10.0.0.6'),),
    network_label='storage',
)
CACHED = records.Server(SERVER, cache=(GONE,))
PORT = records.Port(
    PORT_ID,
    fake_cloud.identifier(700),
    'fa:16:3e:00:00:0b',
    (records.FixedIP('10.0.0.5', SERVER),),
    name='web',
    project_id=fake_cloud.PROJECT_ID,
    device_id=SERVER,
    device_owner='compute:nova',
    host='compute-1',
    vif_type='ovs',
    admin_state_up=True,
)
PORT_PATH = f'/v2.0/ports/{PORT_ID}'
PORT_URL = f'{fake_cloud.NETWORK_URL}{PORT_PATH}'
EVENTS_URL = f'{fake_cloud.COMPUTE_URL}/os-server-external-events'


class WritingTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.writer = writing.Writer(self.api())


class TestPlannedRequests(WritingTestCase):
    def test_requests(self) -> None:
        writer = self.writer
        for name, request, expected in (
            (
                'bind',
                writer.bind_port(PORT, 'compute-2'),
                (
                    'PUT',
                    PORT_PATH,
                    {'port': {'binding:host_id': 'compute-2'}},
                    {'binding:host_id': 'compute-1'},
                ),
            ),
            (
                'disable',
                writer.enable_port(PORT, False),
                (
                    'PUT',
                    PORT_PATH,
                    {'port': {'admin_state_up': False}},
                    {'admin_state_up': True},
                ),
            ),
            (
                'touch',
                writer.touch_port(PORT),
                ('PUT', PORT_PATH, {'port': {}}, {}),
            ),
            (
                'release',
                writer.release_port(PORT, with_host=False),
                (
                    'PUT',
                    PORT_PATH,
                    {'port': {'device_id': '', 'device_owner': ''}},
                    {'device_id': SERVER, 'device_owner': 'compute:nova'},
                ),
            ),
            (
                'release with host',
                writer.release_port(PORT, with_host=True),
                (
                    'PUT',
                    PORT_PATH,
                    {
                        'port': {
                            'device_id': '',
                            'device_owner': '',
                            'binding:host_id': '',
                        }
                    },
                    {
                        'device_id': SERVER,
                        'device_owner': 'compute:nova',
                        'binding:host_id': 'compute-1',
                    },
                ),
            ),
            (
                'delete',
                writer.delete_port(PORT),
                (
                    'DELETE',
                    PORT_PATH,
                    None,
                    # Who reads the log cannot look it up any more.
                    {
                        'name': 'web',
                        'project_id': fake_cloud.PROJECT_ID,
                        'network_id': PORT.network_id,
                        'mac_address': PORT.mac_address,
                        'fixed_ips': (
                            {'ip_address': '10.0.0.5', 'subnet_id': SERVER},
                        ),
                        'device_id': SERVER,
                        'device_owner': 'compute:nova',
                        'host': 'compute-1',
                        'security_group_ids': (),
                        'address_pairs': (),
                        'description': None,
                        'tags': (),
                    },
                ),
            ),
            (
                'delete a binding',
                writer.delete_binding(PORT, 'compute-9'),
                (
                    'DELETE',
                    f'{PORT_PATH}/bindings/compute-9',
                    None,
                    {'host': 'compute-9'},
                ),
            ),
            (
                'mark',
                writer.mark(PORT),
                (
                    'PUT',
                    f'{PORT_PATH}/tags/server-interface-repair-bounce',
                    None,
                    {},
                ),
            ),
            (
                'refresh',
                writer.refresh_cache(CACHED, [None, PORT_ID]),
                (
                    'POST',
                    '/v2.1/os-server-external-events',
                    {
                        'events': [
                            {'name': 'network-changed', 'server_uuid': SERVER},
                            {
                                'name': 'network-changed',
                                'server_uuid': SERVER,
                                'tag': PORT_ID,
                            },
                        ]
                    },
                    {'cache': [dataclasses.asdict(GONE)]},
                ),
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    expected,
                    (
                        request.method,
                        request.path,
                        request.body,
                        request.before,
                    ),
                )
        # Nothing was requested but the catalog and the version of Nova.
        self.assertEqual(
            [
                f'POST {api_test_case.TOKENS_URL}',
                f'GET {fake_cloud.COMPUTE_URL}',
            ],
            self.cloud.requested(),
        )

    def test_nothing_else_gets_into_a_path(self) -> None:
        for host in ('', '..', 'a/b', 'a?b', '%2e%2e', 'a\n'):
            with self.subTest(host):
                self.assertRaises(
                    errors.NotFound, self.writer.delete_binding, PORT, host
                )


class TestSending(WritingTestCase):
    def test_as_planned(self) -> None:
        headers = {'x-openstack-request-id': 'req-1'}
        self.cloud.put(
            PORT_URL,
            json={'port': {'binding:host_id': 'compute-2', 'name': 'x'}},
            headers=headers,
        )
        self.cloud.delete(PORT_URL, status_code=204, headers=headers)
        self.cloud.post(
            EVENTS_URL, json={'events': [{'code': 200}]}, headers=headers
        )
        for name, request, status, after in (
            (
                'update',
                self.writer.bind_port(PORT, 'compute-2'),
                200,
                {'binding:host_id': 'compute-2'},
            ),
            ('delete', self.writer.delete_port(PORT), 204, None),
            (
                'event',
                self.writer.refresh_cache(CACHED, [PORT_ID]),
                200,
                [200],
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    writing.CallResult(status, 'req-1', after),
                    self.writer.send(request),
                )
                sent = self.cloud.request_history[-1]
                self.assertEqual(request.method, sent.method)
                self.assertEqual(
                    request.body, sent.json() if sent.body else None
                )

    def test_not_as_planned(self) -> None:
        bind = self.writer.bind_port(PORT, 'compute-2')
        refresh = self.writer.refresh_cache(CACHED, [PORT_ID])
        for name, request, answer, problem in (
            (
                'another host',
                bind,
                {'json': {'port': {'binding:host_id': 'compute-3'}}},
                "HTTP 200, {'binding:host_id': 'compute-3'}",
            ),
            ('no port', bind, {'json': {}}, 'HTTP 200, None'),
            ('no JSON', bind, {'text': '<html>'}, 'HTTP 200, None'),
            ('no object', bind, {'json': []}, 'HTTP 200, None'),
            (
                'redirect',
                bind,
                {'status_code': 302, 'headers': {'Location': PORT_URL}},
                'HTTP 302',
            ),
            (
                'event without a host',
                refresh,
                {'status_code': 207, 'json': {'events': [{'code': 422}]}},
                'HTTP 207, [422]',
            ),
            ('no events', refresh, {'json': {'events': None}}, 'None'),
            (
                'forbidden',
                refresh,
                {'status_code': 403, 'json': {}},
                "not allowed; it needs the role 'admin' or 'service' (",
            ),
            ('gone', bind, {'status_code': 404, 'json': {}}, 'not found'),
            ('failed', bind, {'status_code': 500}, 'HTTP 500'),
        ):
            with self.subTest(name):
                url = EVENTS_URL if request is refresh else PORT_URL
                self.cloud.register_uri(
                    request.method,
                    url,
                    [answer],
                )
                before = len(self.requested(url))
                self.assertIn(problem, self.writer.send(request).problem or '')
                self.assertEqual(before + 1, len(self.requested(url)))

    def test_without_an_answer_it_is_not_sent_again(self) -> None:
        for name, error in (
            ('timeout', requests.exceptions.ReadTimeout),
            ('reset', requests.exceptions.ConnectionError),
            ('keystoneauth', ksa_exceptions.ConnectFailure),
        ):
            with self.subTest(name):
                self.cloud.delete(PORT_URL, exc=error)
                before = len(self.requested(PORT_URL))
                answer = self.writer.send(self.writer.delete_port(PORT))
                self.assertIsNone(answer.status)
                self.assertFalse(answer.is_refused)
                self.assertIn('is not known', answer.problem or '')
                self.assertEqual(before + 1, len(self.requested(PORT_URL)))

    def test_what_was_not_done_is_sent_again(self) -> None:
        self.cloud.register_tokens('old', 'new')
        for name, status in (('token', 401), ('rate limit', 429)):
            with self.subTest(name):
                self.cloud.delete(
                    PORT_URL, [{'status_code': status}, {'status_code': 204}]
                )
                answer = self.writer.send(self.writer.delete_port(PORT))
                self.assertEqual(204, answer.status)

    def test_overloaded_for_long(self) -> None:
        self.cloud.delete(PORT_URL, status_code=429)
        answer = self.writer.send(self.writer.delete_port(PORT))
        self.assertTrue(answer.is_refused)
        self.assertEqual(4, len(self.requested(PORT_URL)))


class TestCaller(WritingTestCase):
    def test_roles(self) -> None:
        for role, only_reads, is_service in (
            ('reader', True, False),
            ('Reader', True, False),
            ('member', False, False),
            ('admin', False, False),
            ('service', False, True),
        ):
            with self.subTest(role):
                self.cloud.register_tokens('a-token', role=role)
                writer = writing.Writer(self.api())
                self.assertEqual(
                    (only_reads, is_service),
                    (writer.only_reads, writer.is_service),
                )
