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
import logging
import threading
import time
from typing import Any
import uuid

import fixtures
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import fixture
from keystoneauth1.identity import generic
from keystoneauth1 import noauth
from keystoneauth1 import session as ksa_session
from keystoneauth1 import token_endpoint
from openstack import exceptions as sdk_exceptions
from osc_lib import exceptions as osc_exceptions
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


def _token(skew: int, lifetime: int) -> fixture.V3Token:
    """Make a token that was issued by a clock that lags behind.

    :param skew: The seconds by which the local clock is ahead.
    :param lifetime: The seconds for which the token is valid.
    """
    issued = datetime.datetime.now(datetime.UTC) - datetime.timedelta(
        seconds=skew
    )
    token = fixture.V3Token(
        issued=issued, expires=issued + datetime.timedelta(seconds=lifetime)
    )
    token.set_project_scope(id=fake_cloud.PROJECT_ID)
    token.add_service('network').add_standard_endpoints(
        public=fake_cloud.NETWORK_URL, region='RegionOne'
    )
    return token


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
                errors.RequestRefused, service.get, '/thing/other', 'Other'
            )
            self.assertIs(errors.RequestRefused, type(error))
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
        for name, auth in (
            (
                'admin_token',
                token_endpoint.Token(fake_cloud.COMPUTE_URL, 'given'),
            ),
            ('none', noauth.NoAuth(fake_cloud.COMPUTE_URL)),
        ):
            with self.subTest(name):
                # Nova's version document needs none, and proves nothing.
                self.answer(
                    URL, {'json': {}}, {'status_code': 401, 'json': {}}
                )
                service = self.transport(auth)
                service.get('/thing', 'Thing')
                error = self.assertRaises(
                    errors.TokenRefused, service.get, '/thing', 'Thing'
                )
                self.assertEqual(
                    'Thing: the token was refused; it may be expired, revoked '
                    'or limited by access rules, or the service behind this '
                    'one does not accept it (HTTP 401)',
                    str(error),
                )
        self.assertEqual(4, len(self.requested(URL)))


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
        self.register(*[_token(0, 3600) for _number in range(2)])
        held = credentials.Credentials(self.session())
        used = []
        for seconds in (0, 3500, 100):
            time.sleep(seconds)
            used.append(held.headers()['X-Auth-Token'])
        self.assertEqual(['0', '0', '1'], used)
        self.assertFalse(held.are_refused)

    def test_clock_that_is_wrong(self) -> None:
        """Keystone's own times count, not those of this computer."""
        warning = (
            'The clock of this computer is %d minutes ahead of '
            "Keystone's, so new tokens seem to have expired. They are used "
            'anyway.\n'
        )
        for name, token, logged in (
            ('right', _token(0, 3600), ''),
            ('ahead', _token(600, 3600), ''),
            ('far ahead', _token(7200, 3600), warning % 120),
            ('behind', _token(-7200, 3600), ''),
            ('short life', _token(0, 10), ''),
        ):
            with self.subTest(name):
                self.register(token)
                before = self.token_requests()
                log = self.useFixture(
                    fixtures.FakeLogger(
                        credentials.LOG.name, level=logging.WARNING
                    )
                )
                self.answer(
                    f'{api_test_case.NEUTRON_URL}/ports',
                    {'json': {'ports': []}},
                )
                api = self.api()
                for _number in range(3):
                    api.network.list(neutron.PORTS)
                self.assertEqual(fake_cloud.PROJECT_ID, api.project_id)
                self.assertEqual(1, self.token_requests() - before)
                self.assertEqual(logged, log.output)

    def test_scope(self) -> None:
        plain, system, domain, none = (
            fixture.V3Token() for _number in range(4)
        )
        plain.set_project_scope()
        system.set_system_scope()
        domain.set_domain_scope()
        hint = (
            'the token is not scoped to a project, and interfaces need one '
            'that is'
        )
        for name, token, expected in (
            ('project', plain, ''),
            ('system', system, hint),
            ('domain', domain, hint),
            ('unscoped', none, hint),
        ):
            with self.subTest(name):
                self.register(token)
                held = credentials.Credentials(self.session())
                self.assertEqual(expected, held.scope_hint)

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
            self.assertEqual(
                'No token: cannot connect to the service: Off.', str(error)
            )
        self.assertEqual(1, self.token_requests())


class TestAuthenticate(api_test_case.ApiTestCase):
    """What a command reports that authenticates by itself."""

    def assert_fails(self, message: str, error: Exception) -> None:
        def prepare() -> None:
            raise error

        raised = self.assertRaises(
            errors.ApiError, credentials.authenticate, prepare
        )
        self.assertEqual(f'Authentication failed: {message}', str(raised))

    def test_success(self) -> None:
        credentials.authenticate(lambda: None)

    def test_warnings_of_keystoneauth(self) -> None:
        name = 'keystoneauth.identity.generic.base'
        log = self.useFixture(fixtures.FakeLogger(name))
        credentials.authenticate(
            lambda: logging.getLogger(name).warning('No versions')
        )
        self.assertEqual('', log.output)

    def test_failures(self) -> None:
        for error, message in (
            (
                ksa_exceptions.Unauthorized('a-password', http_status=401),
                'Unauthorized (HTTP 401)',
            ),
            (
                ksa_exceptions.ServiceUnavailable('x', http_status=503),
                'Service Unavailable (HTTP 503)',
            ),
            (
                osc_exceptions.CommandError('Missing value\nauth-url'),
                'Missing value auth-url',
            ),
            (
                KeyError('x-subject-token'),
                'the answer of Keystone is not what the API describes',
            ),
            (
                sdk_exceptions.ConfigException('Cloud x was not found.'),
                'Cloud x was not found.',
            ),
        ):
            with self.subTest(message):
                self.assert_fails(message, error)

    def test_keystone_that_is_gone(self) -> None:
        for auth_url, message in (
            (
                'http://127.0.0.1:1/v3',
                'cannot connect to http://127.0.0.1:1: connection refused',
            ),
            (
                'http://127.0.0.1:1',
                'cannot connect to http://127.0.0.1:1: connection refused',
            ),
            (
                'https://127.0.0.1:1/v3',
                'Could not find a suitable TLS CA certificate bundle, invalid '
                'path: /no/such/file',
            ),
        ):
            with self.subTest(auth_url):
                session = ksa_session.Session(
                    generic.Password(
                        auth_url,
                        username='demo',
                        password='a-password',
                        user_domain_id='default',
                    ),
                    verify='/no/such/file',
                )
                error = self.assertRaises(
                    errors.ApiError,
                    credentials.authenticate,
                    session.get_token,
                )
                self.assertEqual(
                    f'Authentication failed: {message}', str(error)
                )
