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

import contextlib
import gzip
from http import client
import itertools
import json
import logging
import pathlib
import socket
import threading
import time
from typing import Any

import fixtures
from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from openstack.config import cloud_region
import requests
import testtools

from osc_port_iface.api import credentials
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import transport
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

URL = f'{fake_cloud.COMPUTE_URL}/thing'
DELAYS = [1.0, 2.0, 4.0]
THREADS = 16

# Long enough for a machine under load; nothing waits so long if all is well.
PATIENCE = 60


class TransportTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.transport_under_test = self.transport()

    def get(self, **options: Any) -> object:
        return self.transport_under_test.get('/thing', 'Thing', **options)

    def assert_raises(
        self, kind: type[Exception], message: str, **options: Any
    ) -> None:
        error = self.assertRaises(errors.ApiError, self.get, **options)
        self.assertEqual((kind, message), (type(error), str(error)))


class TestRequest(TransportTestCase):
    def test_headers_and_query(self) -> None:
        self.answer(URL)
        self.transport_under_test.microversion = '2.70'
        self.get(query={'name': ['a b', '?#/'], 'limit': '5'})
        (request,) = self.requested(URL)
        self.assertEqual(f'{URL}?name=a+b&name=%3F%23%2F&limit=5', request.url)
        self.assertEqual('a-token', request.headers['X-Auth-Token'])
        self.assertEqual(
            'compute 2.70', request.headers['OpenStack-API-Version']
        )
        self.assertEqual('gzip, deflate', request.headers['Accept-Encoding'])

    def test_nothing_is_made_for_a_log_that_nobody_sees(self) -> None:
        self.answer(URL)
        self.useFixture(fixtures.MonkeyPatch('logging.root.handlers', []))
        for name in ('response.Response', 'transport._Call'):
            self.useFixture(
                fixtures.MonkeyPatch(
                    f'osc_port_iface.api.{name}.__str__',
                    lambda _part: self.fail('is made'),
                )
            )
        self.get(query={'name': 'a'})
        self.assertEqual(1, len(self.requested(URL)))

    def test_password_in_netrc_is_looked_for_once(self) -> None:
        for name, line, expected in (
            ('of this host', b'machine nova.test', 'Basic dTpw'),
            ('of another', b'machine keystone.test', None),
        ):
            with self.subTest(name):
                self.answer(URL)
                netrc = self.useFixture(fixtures.TempDir()).join('netrc')
                pathlib.Path(netrc).write_bytes(line + b' login u password p')
                self.useFixture(fixtures.EnvironmentVariable('NETRC', netrc))
                api = self.transport()
                api.get('/thing', 'Thing')
                pathlib.Path(netrc).unlink()
                api.get('/thing', 'Thing')
                self.assertEqual(
                    expected, self.cloud.last_headers.get('Authorization')
                )

    def test_endpoint_that_is_no_url(self) -> None:
        self.transport_under_test.url = 'http://[::1'
        self.assert_raises(errors.Unreachable, 'Thing: Invalid IPv6 URL')

    def test_bytes_of_the_command_line_that_are_no_text(self) -> None:
        self.assert_raises(
            errors.BadRequest,
            'Thing: what is asked for is not valid Unicode',
            query={'name': ['web\udcff']},
        )


class TestStatus(TransportTestCase):
    def test_kinds_of_errors(self) -> None:
        for status, kind in (
            (400, errors.BadRequest),
            (401, errors.TokenRefused),
            (403, errors.Forbidden),
            (404, errors.NothingThere),
            (405, errors.RequestRefused),
            (409, errors.RequestRefused),
            (410, errors.RequestRefused),
            (414, errors.TooLong),
            (429, errors.RequestFailed),
            (431, errors.TooLong),
            (451, errors.RequestRefused),
            (500, errors.RequestFailed),
            (502, errors.Unreachable),
            (503, errors.Unreachable),
            (504, errors.TooLarge),
            (599, errors.RequestFailed),
        ):
            with self.subTest(status=status):
                self.answer(URL, {'status_code': status, 'text': 'Why.'})
                error = self.assertRaises(errors.ApiError, self.get)
                self.assertIs(kind, type(error))
                self.assertTrue(
                    str(error).endswith(f': Why. (HTTP {status})'), str(error)
                )

    def test_404_of_the_service_itself(self) -> None:
        for name, body, kind in (
            ('Nova', {'json': {'itemNotFound': {}}}, errors.NotFound),
            ('Neutron', {'json': {'NeutronError': {}}}, errors.NotFound),
            ('no path', {'json': {'code': '404'}}, errors.NothingThere),
            ('list', {'json': ['itemNotFound']}, errors.NothingThere),
            ('HTML', {'text': '<p>itemNotFound'}, errors.NothingThere),
            ('nested', {'text': '[' * 100_000}, errors.NothingThere),
            ('nothing', {}, errors.NothingThere),
        ):
            with self.subTest(name):
                self.answer(URL, {'status_code': 404, **body})
                error = self.assertRaises(errors.RequestFailed, self.get)
                self.assertIs(kind, type(error))

    def test_token_that_is_repeated(self) -> None:
        self.answer(
            URL,
            {
                'status_code': 500,
                'text': 'You sent X-Auth-Token: a-token',
                'headers': {'X-OpenStack-Request-ID': 'req-a-token'},
            },
        )
        self.assert_raises(
            errors.RequestFailed,
            'Thing: the service failed: You sent X-Auth-Token: *** (HTTP 500, '
            'request ID req-***)',
        )

    def test_endpoint_of_another_service(self) -> None:
        self.answer(URL, {'status_code': 300, 'json': {'versions': []}})
        self.assert_raises(
            errors.RequestRefused,
            'Thing: is this endpoint really the service it is registered as? '
            '(HTTP 300)',
        )

    def test_hint(self) -> None:
        for status, message in (
            (404, 'Thing: not found; a hint (HTTP 404)'),
            (403, 'Thing: this is not allowed (HTTP 403)'),
            (500, 'Thing: the service failed (HTTP 500)'),
        ):
            with self.subTest(status=status):
                self.answer(URL, {'status_code': status})
                error = self.assertRaises(
                    errors.RequestFailed, self.get, hint='a hint'
                )
                self.assertEqual(message, str(error))

    def test_system_scope_is_hinted_at(self) -> None:
        self.cloud.register_authentication(system=True)
        self.answer(URL, {'status_code': 403})
        self.assert_raises(
            errors.Forbidden,
            'Thing: this is not allowed; the token is not scoped to a '
            'project, and interfaces need one that is (HTTP 403)',
        )

    def test_success_that_is_no_object(self) -> None:
        for name, body in (
            ('empty', ''),
            ('cut off', '{"a": 1'),
            ('list', '[]'),
            ('null', 'null'),
            ('HTML', '<html>Log in</html>'),
            ('nested', '[' * 100_000),
            ('number of many digits', '1' * 10_000),
        ):
            with self.subTest(name):
                self.answer(URL, {'text': body})
                error = self.assertRaises(errors.Malformed, self.get)
                self.assertIn('is not what the API describes', str(error))


class TestRetries(TransportTestCase):
    def test_status_that_may_pass(self) -> None:
        for status in (429, 502, 503, 504):
            with self.subTest(status=status):
                self.clock.slept.clear()
                refusal: dict[str, object] = {'status_code': status}
                self.answer(URL, refusal, refusal, refusal, {'json': {}})
                self.get()
                self.assertEqual([1.0, 2.0, 4.0], self.clock.slept)

    def test_status_that_does_not_pass(self) -> None:
        for status in (400, 404, 405, 409, 414, 500):
            with self.subTest(status=status):
                self.answer(URL, {'status_code': status})
                before = len(self.requested(URL))
                self.assertRaises(errors.ApiError, self.get)
                self.assertEqual(1, len(self.requested(URL)) - before)

    def test_told_how_long(self) -> None:
        for status in (429, 502, 503):
            with self.subTest(status=status):
                self.clock.slept.clear()
                self.answer(
                    URL,
                    {'status_code': status, 'headers': {'Retry-After': '7'}},
                    {'json': {}},
                )
                self.get()
                self.assertEqual([7.0], self.clock.slept)

    def test_gives_up(self) -> None:
        self.answer(URL, {'status_code': 503})
        self.assert_raises(
            errors.Unreachable,
            'Thing: the service is not available; try again later (HTTP 503)',
        )
        self.assertEqual(4, len(self.requested(URL)))

    def test_service_that_is_down_is_asked_once(self) -> None:
        """Until it answers, no other call is sent again."""
        off = requests.exceptions.ConnectionError('Off.')
        slow = requests.exceptions.ReadTimeout('Slow.')
        cases: tuple[tuple[str, dict[str, object], int, int], ...] = (
            ('502', {'status_code': 502}, 4, 1),
            ('503', {'status_code': 503}, 4, 1),
            ('504', {'status_code': 504}, 4, 1),
            ('refused', {'exc': off}, 4, 1),
            ('slow', {'exc': slow}, 1, 1),
            ('answers', {'status_code': 429}, 4, 4),
        )
        for name, answer, first, later in cases:
            with self.subTest(name):
                self.transport_under_test = self.transport()
                self.answer(URL, answer)
                counts = []
                for _call in range(3):
                    before = len(self.requested(URL))
                    self.assertRaises(errors.ApiError, self.get)
                    counts.append(len(self.requested(URL)) - before)
                self.assertEqual([first, later, later], counts)
                # Any other answer ends that, also to a change.
                self.cloud.put(URL, status_code=409)
                path = self.transport_under_test.path('/thing')
                self.transport_under_test.change('PUT', path, 'Thing', {}, {})
                self.answer(URL, {'status_code': 503}, {'json': {}})
                self.get()

    def test_other_failure_does_not_end_a_service_that_is_down(self) -> None:
        off = requests.exceptions.ConnectionError('Off.')
        down: tuple[dict[str, object], ...] = (
            {'status_code': 503},
            {'exc': off},
            {'status_code': 504},
        )
        self.answer(URL, *[down[0]] * 4, *down, {'json': {}})
        for _call in range(4):
            self.assertRaises(errors.ApiError, self.get)
        self.get()
        self.assertEqual(8, len(self.requested(URL)))
        self.assertEqual(DELAYS, self.clock.slept)

    def test_all_threads_notice_that_a_service_is_down(self) -> None:
        self.answer(URL, {'status_code': 503})
        found = list(fan_out.fan_out(lambda _i: self.get(), range(100)))
        self.assertTrue(
            all(isinstance(error, errors.Unreachable) for _i, error in found)
        )
        most = 100 + 3 * fan_out.DEFAULT_WORKERS
        self.assertGreaterEqual(most, len(self.requested(URL)))

    def test_divisible_is_told_at_once(self) -> None:
        answers: tuple[tuple[str, dict[str, object]], ...] = (
            ('504', {'status_code': 504}),
            ('414', {'status_code': 414}),
            ('431', {'status_code': 431}),
            ('slow', {'exc': requests.exceptions.ReadTimeout}),
        )
        for name, answer in answers:
            with self.subTest(name):
                self.answer(URL, answer)
                before = len(self.requested(URL))
                self.assertRaises(errors.TooLarge, self.get, is_divisible=True)
                self.assertEqual(1, len(self.requested(URL)) - before)
        self.assertEqual([], self.clock.slept)

    def test_no_answer(self) -> None:
        for name, error, tries, problem in (
            (
                'refused',
                requests.exceptions.ConnectionError('Off.'),
                4,
                'cannot connect to http://nova.test: Off. (tried 4 times)',
            ),
            (
                'cut off',
                requests.exceptions.ChunkedEncodingError('Short.'),
                4,
                'http://nova.test closed the connection without an answer '
                '(tried 4 times)',
            ),
            (
                'TLS',
                requests.exceptions.SSLError('Self-signed.'),
                1,
                'cannot connect to http://nova.test: Self-signed.',
            ),
            (
                'slow',
                requests.exceptions.ReadTimeout('Slow.'),
                1,
                'no answer within 90 seconds',
            ),
            (
                'no connection',
                requests.exceptions.ConnectTimeout('Slow.'),
                1,
                'no connection within 10 seconds',
            ),
        ):
            with self.subTest(name):
                self.transport_under_test = self.transport()
                self.answer(URL, {'exc': error})
                before = len(self.requested(URL))
                self.assert_raises(errors.Unreachable, f'Thing: {problem}')
                self.assertEqual(tries, len(self.requested(URL)) - before)

    def test_closed_by_a_proxy(self) -> None:
        """A long request that can be divided is not sent again as it is."""
        closed = requests.exceptions.ConnectionError('Aborted.')
        closed.__cause__ = client.RemoteDisconnected('No answer.')
        self.answer(URL, {'exc': closed})
        for name, length, is_divisible, kind, tries in (
            ('long', 2000, True, errors.TooLong, 1),
            ('long and whole', 2000, False, errors.Unreachable, 4),
            ('short', 1000, True, errors.Unreachable, 4),
        ):
            with self.subTest(name):
                self.transport_under_test = self.transport()
                before = len(self.requested(URL))
                error = self.assertRaises(
                    errors.RequestFailed,
                    self.get,
                    query={'id': 'x' * length},
                    is_divisible=is_divisible,
                )
                self.assertIs(kind, type(error))
                self.assertEqual(tries, len(self.requested(URL)) - before)

    def test_as_configured(self) -> None:
        closed: dict[str, object] = {
            'exc': requests.exceptions.ConnectionError('Off.')
        }
        refused: dict[str, object] = {'status_code': 503}
        # What the openstacksdk in use does not know.
        newer = {
            setting
            for setting in ('connect_retry_delay', 'retriable_status_codes')
            if not hasattr(cloud_region.CloudRegion, f'get_{setting}')
        }
        for name, settings, answer, slept in (
            ('no retry', {'connect_retries': 0}, closed, []),
            ('one retry', {'connect_retries': 1}, closed, [1.0]),
            (
                'more',
                {'connect_retries': 7},
                closed,
                [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0],
            ),
            (
                'a delay',
                {'connect_retries': 2, 'connect_retry_delay': 5},
                closed,
                [5.0, 5.0],
            ),
            ('the other', {'connect_retries': 0}, refused, [1.0, 2.0, 4.0]),
            ('status', {'status_code_retries': 1}, refused, [1.0]),
            ('of a service', {'compute_status_code_retries': 0}, refused, []),
            (
                'of another',
                {'network_status_code_retries': 0},
                refused,
                DELAYS,
            ),
            ('other statuses', {'retriable_status_codes': [500]}, refused, []),
        ):
            if settings.keys() & newer:
                continue
            with self.subTest(name):
                self.clock.slept.clear()
                self.answer(URL, answer)
                region = self.region(**settings)
                api = self.connect(region)
                self.assertRaises(
                    errors.RequestFailed, api.get, '/thing', 'Thing'
                )
                self.assertEqual(slept, self.clock.slept)


class TestRedirect(TransportTestCase):
    def redirect(self, url: str, target: str, status: int = 302) -> None:
        self.answer(
            url, {'status_code': status, 'headers': {'Location': target}}
        )

    def test_at_home(self) -> None:
        for name, target, asked in (
            ('absolute', 'http://nova.test/moved', 'http://nova.test/moved'),
            ('path', '/moved', 'http://nova.test/moved'),
            ('port', 'http://nova.test:80/moved', 'http://nova.test:80/moved'),
            ('TLS', 'https://nova.test/a', 'https://nova.test/a'),
            ('TLS port', 'https://nova.test:8/a', 'https://nova.test:8/a'),
        ):
            for status in (301, 302, 303, 307, 308):
                with self.subTest(name, status=status):
                    session = self.cloud.adapter('compute').session.session
                    http = session.get_adapter('http://')
                    self.transport_under_test._adapter.session.session.mount(
                        'https://', http
                    )
                    self.redirect(URL, target, status)
                    self.answer(asked, {'json': {}})
                    self.get(query={'a': 'b'})
                    self.assertEqual(asked, self.cloud.request_history[-1].url)
                    self.assertEqual(
                        'a-token', self.cloud.last_headers['X-Auth-Token']
                    )

    def test_token_stays_at_home(self) -> None:
        for name, target in (
            ('another host', 'http://evil.test/thing'),
            ('another port', 'http://nova.test:81/thing'),
            ('user', 'http://nova.test@evil.test/thing'),
            ('no scheme', '//evil.test/thing'),
            ('another scheme', 'ftp://nova.test/thing'),
            ('file', 'file:///etc/passwd'),
            ('port that is none', 'http://nova.test:99999999/'),
        ):
            with self.subTest(name):
                self.redirect(URL, target)
                self.assert_raises(
                    errors.RequestFailed,
                    f'Thing: redirected to {target}, another host',
                )
                self.assertEqual(URL, self.cloud.request_history[-1].url)

    def test_target_that_is_no_url(self) -> None:
        self.redirect(URL, 'http://[::1/')
        self.assert_raises(errors.Unreachable, 'Thing: Invalid IPv6 URL')

    def test_no_way_back_from_tls(self) -> None:
        self.assertFalse(
            transport._is_same_host('https://nova.test/', 'http://nova.test/')
        )

    def test_loop(self) -> None:
        for name, target in (('itself', URL), ('no target', '')):
            with self.subTest(name):
                self.redirect(URL, target)
                before = len(self.requested(URL))
                self.assert_raises(
                    errors.RequestFailed, 'Thing: redirected too often'
                )
                self.assertEqual(5, len(self.requested(URL)) - before)


class TestPace(TransportTestCase):
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
        results = list(
            fan_out.fan_out(
                lambda _number: self.get(), range(THREADS), THREADS
            )
        )
        self.assertEqual(THREADS, len(results))
        self.assertEqual(THREADS, len(sent_again))
        self.assertGreaterEqual(min(sent_again), began + 7.0)
        self.assertLessEqual(max(under_way), THREADS // 2)

    def test_another_failure_slows_only_its_own_request(self) -> None:
        self.answer(URL, {'status_code': 502}, {'json': {}})
        self.get()
        self.get()
        self.assertEqual([1.0], self.clock.slept)


class TestPaceOfOthers(api_test_case.ApiTestCase):
    def test_wait_for_as_long(self) -> None:
        """A request of another thread waits although it was not refused."""
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
        service = self.transport()
        refusal: dict[str, object] = {
            'status_code': 429,
            'headers': {'Retry-After': '7'},
        }
        self.answer(URL, refusal, {'json': {}})
        self.answer(f'{URL}/other')
        first = threading.Thread(target=service.get, args=('/thing', 'Thing'))
        first.start()
        self.assertTrue(first_sleeps.wait(PATIENCE))
        service.get('/thing/other', 'Other thing')
        if len(slept) < 2:
            # This thread did not wait, and the other would wait forever.
            both_sleep.abort()
        first.join()
        self.assertEqual([7.0, 7.0], [round(seconds, 3) for seconds in slept])


class TestWire(testtools.TestCase):
    """Behaviour that only a real connection shows."""

    def setUp(self) -> None:
        super().setUp()
        self.closed = threading.Event()
        self.addCleanup(self.closed.set)

    def serve(self, *parts: bytes, stays_open: bool = False) -> int:
        """Answer one connection with these bytes, and return the port."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def run() -> None:
            connection, _address = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                for part in parts:
                    connection.sendall(part)
                if stays_open:
                    self.closed.wait(PATIENCE)

        threading.Thread(target=run, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    def get(
        self, port: int, patience: float = PATIENCE, **options: Any
    ) -> object:
        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.api.transport._TIMEOUT', (PATIENCE, patience)
            )
        )
        url = f'http://127.0.0.1:{port}'
        made = session.Session(auth=token_endpoint.Token(url, 'a-token'))
        return transport.Transport(
            adapter.Adapter(made, service_type='compute'),
            credentials.Credentials(made),
            url,
        ).get('/thing', 'Thing', **options)

    def test_slow_before_and_in_the_body(self) -> None:
        head = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
        chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
        for name, parts in (
            ('before the status', ()),
            ('in the headers', (head[:20],)),
            ('before the body', (head,)),
            ('in the body', (head, b'{"a":')),
            ('between two chunks', (chunked, b'5\r\n{"a":\r\n')),
        ):
            with self.subTest(name):
                error = self.assertRaises(
                    errors.Unreachable,
                    self.get,
                    self.serve(*parts, stays_open=True),
                    patience=0.2,
                )
                self.assertEqual(
                    'Thing: no answer within 0 seconds', str(error)
                )
                self.assertRaises(
                    errors.TooLarge,
                    self.get,
                    self.serve(*parts, stays_open=True),
                    patience=0.2,
                    is_divisible=True,
                )

    def test_too_slow(self) -> None:
        clock = itertools.count(time.monotonic(), 10 * PATIENCE)
        self.useFixture(
            fixtures.MonkeyPatch('time.monotonic', lambda: next(clock))
        )
        head = b'HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n'
        error = self.assertRaises(
            errors.Unreachable, self.get, self.serve(head, bytes(90_000))
        )
        self.assertEqual(
            'Thing: the answer came too slowly: 1024 bytes in 600 seconds',
            str(error),
        )
        self.assertRaises(
            errors.TooLarge,
            self.get,
            self.serve(head, bytes(90_000)),
            is_divisible=True,
        )

    def test_warnings_of_urllib3(self) -> None:
        length = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
        for head, body in (
            (b'bad \x1b[2Jheader: \r\nSet-Cookie: secret\r\nA: b\r\n', b'{}'),
            (b'Transfer-Encoding: chunked\r\n', b'2\r\n{}\r\n0\r\n\r\n'),
        ):
            with self.subTest(head):
                logged = fixtures.FakeLogger(
                    level=logging.DEBUG, format='%(levelname)s %(message)s'
                )
                with logged:
                    self.get(self.serve(length, head, b'\r\n', body))
                # Some of what urllib3 does is there.
                self.assertIn('DEBUG', logged.output)
                self.assertNotIn('WARNING', logged.output)
                self.assertNotIn('\x1b', logged.output)
                self.assertNotIn('secret', logged.output)

    def test_compressed(self) -> None:
        body = gzip.compress(json.dumps({'a': 'b' * 100_000}).encode())
        port = self.serve(_compressed(body))
        found = self.get(port)
        assert hasattr(found, 'text')
        self.assertEqual('b' * 100_000, found.text('a'))

    def test_bomb(self) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.api.response.LARGEST_BODY', 1024**2
            )
        )
        body = gzip.compress(b' ' * (2 * 1024 * 1024))
        error = self.assertRaises(
            errors.TooLarge, self.get, self.serve(_compressed(body))
        )
        self.assertEqual('Thing: the answer has more than 1 MiB', str(error))


def _compressed(body: bytes) -> bytes:
    return (
        b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d'
        b'\r\n\r\n%s' % (len(body), body)
    )
