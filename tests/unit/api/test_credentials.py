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

import collections
import datetime
import threading
from typing import Any
import uuid

from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import fixture
from keystoneauth1 import noauth
from keystoneauth1 import token_endpoint
import requests

from osc_port_iface.api import compute
from osc_port_iface.api import credentials
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import neutron
from osc_port_iface.api import reading
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

THREADS = 16
URL = f'{fake_cloud.COMPUTE_URL}/thing'

# Long enough for a machine under load; nothing waits so long if all is well.
PATIENCE = 60


class TestRenewal(api_test_case.ApiTestCase):
    def accept(self, *tokens: str) -> None:
        """Accept requests with these tokens only.

        The first answer is sent only when all threads have sent a request, so
        that all of these have the old token.
        """
        barrier = threading.Barrier(THREADS)
        local = threading.local()

        def answer(
            request: requests.PreparedRequest, context: Any
        ) -> dict[str, str]:
            if not hasattr(local, 'was_here'):
                local.was_here = True
                barrier.wait(PATIENCE)
            token = request.headers['X-Auth-Token']
            if token not in tokens:
                context.status_code = 401
            return {}

        self.cloud.get(URL, json=answer)

    def get_all(self) -> collections.Counter[type[object]]:
        """Send requests from all threads, and count the results."""
        service = self.transport()

        def work(number: int) -> type[object]:
            try:
                return type(service.get('/thing', f'Thing {number}'))
            except errors.TokenRefused as error:
                return type(error)

        return collections.Counter(
            result
            for _number, result in fan_out.fan_out(
                work, range(THREADS), THREADS
            )
            if isinstance(result, type)
        )

    def test_once_for_all_threads(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        self.accept('new')
        self.assertEqual({reading.Object: THREADS}, self.get_all())
        self.assertEqual(2, self.token_requests())
        self.assertEqual(
            {'old': THREADS, 'new': THREADS},
            collections.Counter(
                request.headers['X-Auth-Token']
                for request in self.requested(URL)
            ),
        )

    def test_refused_although_renewed(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        self.accept()
        self.assertEqual({errors.TokenRefused: THREADS}, self.get_all())
        self.assertEqual(2, self.token_requests())

    def test_at_most_two_tokens_for_a_fleet(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        for number in range(30):
            self.answer(
                f'{api_test_case.SERVERS_URL}/'
                f'{fake_cloud.identifier(number)}/os-interface',
                {'status_code': 401, 'json': {}},
            )
        results = fan_out.fan_out(
            self.api().compute.interfaces,
            map(fake_cloud.identifier, range(30)),
        )
        self.assertRaises(errors.TokenRefused, list, results)
        self.assertEqual(2, self.token_requests())

    def test_once_for_all_services(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')

        def answer(
            request: requests.PreparedRequest, context: Any
        ) -> dict[str, list[object]]:
            if request.headers['X-Auth-Token'] == 'old':
                context.status_code = 401
            return {'servers': [], 'ports': []}

        self.cloud.get(api_test_case.SERVERS_URL, json=answer)
        self.cloud.get(f'{api_test_case.NEUTRON_URL}/ports', json=answer)
        api = self.api()
        api.compute.servers(compute.ServerScope())
        api.network.list(neutron.PORTS)
        self.assertEqual(2, self.token_requests())
        (network,) = self.requested(api_test_case.NEUTRON_URL)
        self.assertEqual('new', network.headers['X-Auth-Token'])

    def test_one_service_refuses_what_another_accepts(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        self.answer(URL, {'status_code': 401, 'json': {}}, {'json': {}})
        self.answer(f'{URL}/other', {'status_code': 401, 'json': {}})
        service = self.transport()
        service.get('/thing', 'Thing')
        for _number in range(3):
            error = self.assertRaises(
                errors.Unauthorized, service.get, '/thing/other', 'Other'
            )
            self.assertIs(errors.Unauthorized, type(error))
        self.assertEqual(2, self.token_requests())

    def test_no_other_token_to_be_had(self) -> None:
        self.cloud.register_tokens('only')
        self.accept()
        self.get_all()
        # No request was repeated with the refused token.
        self.assertEqual(THREADS, len(self.requested(URL)))

    def test_password_that_was_changed(self) -> None:
        """Each further attempt could lock the account."""
        self.accept()
        self.cloud.post(
            api_test_case.TOKENS_URL,
            [
                {
                    'json': fixture.V3Token(),
                    'headers': {'X-Subject-Token': 'old'},
                },
                {'status_code': 401, 'json': {}},
            ],
        )
        self.assertEqual({errors.TokenRefused: THREADS}, self.get_all())
        self.assertEqual(2, self.token_requests())

    def test_token_that_cannot_be_renewed(self) -> None:
        self.answer(URL, {'status_code': 401, 'json': {}})
        for name, auth, advice in (
            (
                'admin_token',
                token_endpoint.Token(fake_cloud.COMPUTE_URL, 'given'),
                'the token was refused; it may have expired or been revoked, '
                'or the service behind this one does not accept it',
            ),
            (
                'none',
                noauth.NoAuth(fake_cloud.COMPUTE_URL),
                'a token is needed, and this way to authenticate has none',
            ),
        ):
            with self.subTest(name):
                error = self.assertRaises(
                    errors.TokenRefused,
                    self.transport(auth).get,
                    '/thing',
                    'Thing',
                )
                self.assertEqual(f'Thing: {advice} (HTTP 401)', str(error))
        self.assertEqual(2, len(self.requested(URL)))


class TestToken(api_test_case.ApiTestCase):
    def register(self, *tokens: fixture.V3Token) -> None:
        self.cloud.post(
            api_test_case.TOKENS_URL,
            [
                {'json': token, 'headers': {'X-Subject-Token': str(number)}}
                for number, token in enumerate(tokens)
            ],
        )

    def test_fetched_once(self) -> None:
        held = credentials.Credentials(self.session())
        self.assertEqual('a-token', held.headers()['X-Auth-Token'])
        held.headers()
        self.assertEqual(1, self.token_requests())

    def test_normal_expiry_is_no_refusal(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        self.register(
            *(
                fixture.V3Token(expires=now + datetime.timedelta(seconds=left))
                # keystoneauth checks the expiry twice, and renews both tokens.
                for left in (10, 10, 3600)
            )
        )
        held = credentials.Credentials(self.session())
        self.assertEqual(
            ['1', '2', '2'],
            [held.headers()['X-Auth-Token'] for _number in range(3)],
        )
        self.assertFalse(held.are_refused)

    def test_scope_and_access_rules(self) -> None:
        plain, system, domain, none, ruled = (
            fixture.V3Token() for _number in range(5)
        )
        plain.set_project_scope()
        system.set_system_scope()
        domain.set_domain_scope()
        ruled.set_project_scope()
        ruled.set_application_credential(
            'an-id', access_rules=[{'service': 'compute', 'method': 'GET'}]
        )
        for name, token, expected in (
            ('project', plain, ('', False)),
            ('system', system, ('the token is scoped to the system', False)),
            ('domain', domain, ('the token is scoped to a domain', False)),
            ('unscoped', none, ('the token has no scope', False)),
            ('application credential with rules', ruled, ('', True)),
        ):
            with self.subTest(name):
                self.register(token)
                held = credentials.Credentials(self.session())
                why, _comma, _need = held.scope_hint.partition(',')
                self.assertEqual(expected, (why, held.has_access_rules))

    def test_access_rules_are_hinted_at(self) -> None:
        token = fixture.V3Token()
        token.set_application_credential(
            'an-id', access_rules=[{'method': 'GET'}]
        )
        self.register(token)
        self.answer(URL, {'status_code': 401, 'json': {}})
        error = self.assertRaises(
            errors.Unauthorized, self.transport().get, '/thing', 'Thing'
        )
        self.assertEqual(
            'Thing: the token was refused; it may have expired or been '
            'revoked, or the service behind this one does not accept it; the '
            'access rules of the application credential may not cover this '
            'request (HTTP 401)',
            str(error),
        )

    def test_keystone_that_repeats_the_password(self) -> None:
        request_id = f'req-{uuid.uuid4()}'
        for given, origin in (
            (request_id, f'HTTP 401, request ID {request_id}'),
            ('req-a-password', 'HTTP 401'),
            ('', 'HTTP 401'),
        ):
            with self.subTest(given):
                self.cloud.post(
                    api_test_case.TOKENS_URL,
                    status_code=401,
                    headers={
                        'Content-Type': 'application/json',
                        'X-OpenStack-Request-ID': given,
                    },
                    json={'error': {'code': 401, 'message': 'a-password'}},
                )
                held = credentials.Credentials(self.session())
                error = self.assertRaises(errors.TokenRefused, held.headers)
                self.assertEqual(
                    f'No token: Unauthorized ({origin})', str(error)
                )

    def test_keystone_that_is_gone_is_asked_once(self) -> None:
        self.cloud.post(
            api_test_case.TOKENS_URL, exc=ksa_exceptions.ConnectFailure('Off.')
        )
        held = credentials.Credentials(self.session())
        for _number in range(3):
            error = self.assertRaises(errors.TokenRefused, held.headers)
            self.assertEqual('No token: Off.', str(error))
        self.assertEqual(1, self.token_requests())
