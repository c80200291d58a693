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
import threading
import time
from typing import Any
from unittest import mock

import fixtures
from keystoneauth1 import adapter
from keystoneauth1.identity import v3
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
import requests
from requests import adapters
import testtools

from osc_port_iface.api import endpoint
from osc_port_iface.api import errors
from osc_port_iface.services import fan_out
from tests.unit import clock
from tests.unit import fake_cloud

URL = f'{fake_cloud.COMPUTE_URL}/thing'
THREADS = 16

# Long enough for a machine under load; nothing waits so long if all is well.
PATIENCE = 60


class EndpointTestCase(testtools.TestCase):
    """An endpoint over a session of keystoneauth, without a shell."""

    def setUp(self) -> None:
        super().setUp()
        self.cloud = fake_cloud.FakeCloud()
        self.cloud.register_authentication()
        self.adapter = self.cloud.adapter('compute')
        self.endpoint = endpoint.Endpoint(self.adapter)

    def get_all(self, count: int = THREADS) -> list[object]:
        """Send so many requests; return what came of each."""
        results = fan_out.fan_out(
            lambda number: self.endpoint.get('/thing', f'Thing {number}')[0],
            range(count),
            THREADS,
        )
        return [result for _number, result in results]

    def token_requests(self) -> int:
        return self.cloud.requested().count(
            f'POST {fake_cloud.AUTH_URL}/auth/tokens'
        )


class TestToken(EndpointTestCase):
    def accept(self, *tokens: str) -> None:
        """Let requests in with these tokens only.

        The first ones are all there before the first of them is answered,
        so that each has the token from before.
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
            return {'token': token}

        self.cloud.get(URL, json=answer)

    def test_renewed_once_for_all_threads(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        self.accept('new')
        self.assertEqual([{'token': 'new'}] * THREADS, self.get_all())
        self.assertEqual(2, self.token_requests())
        self.assertEqual(
            ['old'] * THREADS + ['new'] * THREADS,
            sorted(
                (
                    request.headers['X-Auth-Token']
                    for request in self.cloud.request_history
                    if request.url == URL
                ),
                reverse=True,
            ),
        )

    def test_refused_although_renewed(self) -> None:
        self.cloud.register_tokens('old', 'new', 'needless')
        self.accept()
        refused = self.get_all()
        self.assertEqual(
            {errors.ApiError}, {type(result) for result in refused}
        )
        self.assertEqual(2, self.token_requests())

    def test_no_other_token_to_be_had(self) -> None:
        self.cloud.register_tokens('only')
        self.accept()
        self.get_all()
        # Not sent again with what was rejected.
        self.assertEqual(THREADS, self.cloud.requested().count(f'GET {URL}'))

    def test_token_that_cannot_be_renewed(self) -> None:
        given = adapter.Adapter(
            session.Session(
                auth=token_endpoint.Token(fake_cloud.COMPUTE_URL, 'given')
            ),
            service_type='compute',
        )
        with self.cloud:
            self.cloud.get(URL, status_code=401, json={})
            error = self.assertRaises(
                errors.ApiError,
                endpoint.Endpoint(given).get,
                '/thing',
                'Thing',
            )
        self.assertEqual(
            'Thing: authentication was refused; the token may have expired '
            'or been revoked, or Neutron does not accept it (HTTP 401)',
            str(error),
        )
        self.assertEqual(1, self.cloud.requested().count(f'GET {URL}'))

    def test_not_read_while_it_is_renewed(self) -> None:
        # Whatever keystoneauth's plugins make of it: they are not made for
        # it, and raise.
        plugin = self.adapter.session.auth
        assert isinstance(plugin, v3.Password)
        get_access = plugin.get_access

        def read(session: session.Session) -> object:
            access = get_access(session)
            # Room for another thread.
            time.sleep(0.001)
            if plugin.auth_ref is not access:
                raise AssertionError('renewed while another thread read it')
            return access

        self.cloud.register_tokens(*(f'token-{n}' for n in range(200)))
        # Each token is good for a few requests.
        uses = collections.Counter[str]()

        def answer(
            request: requests.PreparedRequest, context: Any
        ) -> dict[str, str]:
            token = request.headers['X-Auth-Token']
            uses[token] += 1
            if uses[token] > THREADS:
                context.status_code = 401
            return {}

        self.cloud.get(URL, json=answer)
        with mock.patch.object(plugin, 'get_access', read):
            self.get_all(THREADS * 10)
        self.assertGreater(len(uses), 2)


class TestPace(EndpointTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())

    def test_refused_one_waits_as_long_as_it_is_told(self) -> None:
        for status in (429, 503):
            self.clock.slept.clear()
            self.cloud.get(
                URL,
                [
                    {'status_code': status, 'headers': {'Retry-After': '7'}},
                    {'json': {}},
                ],
            )
            self.assertEqual({}, self.endpoint.get('/thing', 'Thing')[0])
            self.assertEqual([7.0], self.clock.slept)

    def test_all_threads_slow_down(self) -> None:
        began = time.monotonic()
        lock = threading.Lock()
        barrier = threading.Barrier(THREADS)
        local = threading.local()
        sent_again: list[float] = []
        under_way: list[int] = [0]

        def answer(
            _request: requests.PreparedRequest, context: Any
        ) -> dict[str, str]:
            if not hasattr(local, 'was_here'):
                local.was_here = True
                barrier.wait(PATIENCE)
                context.status_code = 429
                context.headers['Retry-After'] = '7'
                return {}
            with lock:
                sent_again.append(time.monotonic())
                under_way.append(under_way[-1] + 1)
            with lock:
                under_way.append(under_way[-1] - 1)
            return {}

        self.cloud.get(URL, json=answer)
        self.assertEqual([{}] * THREADS, self.get_all())
        self.assertEqual(THREADS, len(sent_again))
        self.assertGreaterEqual(min(sent_again), began + 7.0)
        self.assertLessEqual(max(under_way), THREADS // 2)

    def test_another_failure_slows_only_its_own_request(self) -> None:
        self.cloud.get(URL, [{'status_code': 502}, {'json': {}}])
        self.endpoint.get('/thing', 'Thing')
        self.cloud.get(URL, json={})
        self.endpoint.get('/thing', 'Thing')
        self.assertEqual([1.0], self.clock.slept)


class TestPaceOfOthers(EndpointTestCase):
    def test_wait_for_as_long(self) -> None:
        """A request of another thread waits although nothing refused it."""
        now = time.monotonic()
        slept: list[float] = []
        first_sleeps = threading.Event()
        both_sleep = threading.Barrier(2)

        def sleep(seconds: float) -> None:
            nonlocal now
            slept.append(seconds)
            first_sleeps.set()
            both_sleep.wait(PATIENCE)
            now += seconds

        self.useFixture(fixtures.MonkeyPatch('time.sleep', sleep))
        self.useFixture(fixtures.MonkeyPatch('time.monotonic', lambda: now))
        refusal = {'status_code': 429, 'headers': {'Retry-After': '7'}}
        self.cloud.get(URL, [refusal, {'json': {}}])
        self.cloud.get(f'{URL}/other', json={})
        first = threading.Thread(
            target=self.endpoint.get, args=('/thing', 'Thing')
        )
        first.start()
        self.assertTrue(first_sleeps.wait(PATIENCE))
        self.endpoint.get('/thing/other', 'Other thing')
        if len(slept) < 2:
            # This one did not wait, and the other would do so for ever.
            both_sleep.abort()
        first.join()
        self.assertEqual([7.0, 7.0], [round(seconds, 3) for seconds in slept])


class TestPrepare(testtools.TestCase):
    """What is fetched, and how many connections are kept."""

    def setUp(self) -> None:
        super().setUp()
        self.session = session.Session(
            auth=token_endpoint.Token(fake_cloud.COMPUTE_URL, 'a-token')
        )
        self.endpoint = endpoint.Endpoint(
            adapter.Adapter(self.session, service_type='compute')
        )

    def pool(self) -> Any:
        """Return the pool of Nova's connections."""
        transport = self.session.session.get_adapter(fake_cloud.COMPUTE_URL)
        assert isinstance(transport, adapters.HTTPAdapter)
        return transport.poolmanager.connection_from_url(
            fake_cloud.COMPUTE_URL
        )

    def kept_connections(self) -> int:
        size: int = self.pool().pool.maxsize
        return size

    def test_pool_fits_the_threads(self) -> None:
        for threads, expected in ((1, 10), (10, 10), (11, 11), (64, 64)):
            self.endpoint.prepare(threads)
            self.assertEqual(expected, self.kept_connections())

    def test_pool_that_was_in_use_fits_the_threads(self) -> None:
        self.assertEqual(10, self.kept_connections())
        self.endpoint.prepare(32)
        self.assertEqual(32, self.kept_connections())

    def test_pool_that_is_large_enough_is_kept(self) -> None:
        pool = self.pool()
        self.endpoint.prepare(8)
        self.assertIs(pool, self.pool())

    def test_token_is_fetched_before(self) -> None:
        cloud = fake_cloud.FakeCloud()
        cloud.register_authentication()
        cloud.get(URL, json={})
        prepared = endpoint.Endpoint(cloud.adapter('compute'))
        prepared.prepare(64)
        token = f'POST {fake_cloud.AUTH_URL}/auth/tokens'
        self.assertEqual([token], cloud.requested())
        prepared.get('/thing', 'Thing')
        self.assertEqual([token, f'GET {URL}'], cloud.requested())
