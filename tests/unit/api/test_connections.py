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

import io
import socket
import threading
import time
from typing import Any

import fixtures
import requests
import testtools
import urllib3

from osc_port_iface.api import connections
from osc_port_iface.api import fan_out

# Longer than any test takes unless something is wrong.
PATIENCE = 60


class SlowFile(io.RawIOBase):
    """Advances a clock with each byte."""

    def __init__(self, size: int, seconds_a_byte: float) -> None:
        self.now = 1000.0
        self._left = size
        self._seconds_a_byte = seconds_a_byte

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), 1000, self._left)
        self._left -= size
        self.now += size * self._seconds_a_byte
        buffer[:size] = bytes(size)
        return size


class TestReader(testtools.TestCase):
    def read(
        self, size: int, seconds_a_byte: float, timeout: float | None = 90.0
    ) -> bytes:
        file = SlowFile(size, seconds_a_byte)
        self.useFixture(
            fixtures.MonkeyPatch('time.monotonic', lambda: file.now)
        )
        reader = connections.Reader(file, timeout)
        with io.BufferedReader(reader) as buffered:
            read = buffered.read()
        self.assertTrue(file.closed)
        return read

    def test_fast_enough(self) -> None:
        for name, size, rate in (
            ('nothing', 0, 1),
            ('at once', 1_000_000, 10**12),
            ('a slow line', 4_000_000, 8 * 1024),
            ('slow and short', 100_000, 1100),
        ):
            with self.subTest(name):
                self.assertEqual(size, len(self.read(size, 1 / rate)))

    def test_as_slow_as_it_likes(self) -> None:
        self.assertEqual(5000, len(self.read(5000, 1.0, timeout=None)))

    def test_too_slow(self) -> None:
        for name, size, rate, problem in (
            # The clock starts at the first read.
            ('a byte a second', 5000, 1, '2000 bytes in 1000 seconds'),
            ('10 bytes a second', 5000, 10, '2000 bytes in 100 seconds'),
            ('5 KB a second', 4_000_000, 5000, '1158000 bytes in 231 seconds'),
        ):
            with self.subTest(name):
                error = self.assertRaises(
                    connections.TooSlow, self.read, size, 1 / rate
                )
                self.assertEqual(
                    f'the answer came too slowly: {problem}', str(error)
                )


class TestWatch(testtools.TestCase):
    """Here, the clock advances by a minute whenever it is read."""

    def setUp(self) -> None:
        super().setUp()
        self.now = time.monotonic()
        self.session = requests.Session()
        connections.watch(self.session)
        self.useFixture(fixtures.MonkeyPatch('time.monotonic', self.monotonic))

    def monotonic(self) -> float:
        self.now += 60
        return self.now

    def serve(self, head: bytes = b'', size: int = 0) -> str:
        """Answer each connection once, and return the URL."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        answer = b'HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s' % (
            head,
            size,
            bytes(size),
        )

        def run() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)
                except OSError:
                    if listener.fileno() == -1:
                        return

        threading.Thread(target=run, daemon=True).start()
        return f'http://127.0.0.1:{listener.getsockname()[1]}/'

    def get(self, url: str, proxy: str = '') -> requests.Response:
        self.session.proxies = {'http': proxy} if proxy else {}
        return self.session.get(url, timeout=PATIENCE, stream=True)

    def too_slow(self, error: BaseException | None) -> bool:
        while error and not isinstance(error, connections.TooSlow):
            error = error.__context__
        return error is not None

    def test_slow_body(self) -> None:
        answer = self.get(self.serve(size=200_000))
        error = self.assertRaises(
            requests.exceptions.ConnectionError, lambda: answer.content
        )
        self.assertTrue(self.too_slow(error), error)

    def test_slow_head(self) -> None:
        # The maximum size of a hundred headers.
        head = b''.join(
            b'X-%d: %s\r\n' % (number, b'x' * 10_000) for number in range(50)
        )
        error = self.assertRaises(
            requests.exceptions.ReadTimeout, self.get, self.serve(head)
        )
        self.assertTrue(self.too_slow(error), error)

    def test_through_a_proxy(self) -> None:
        proxy = self.serve(size=200_000)
        answer = self.get('http://nova.test/', proxy)
        error = self.assertRaises(
            requests.exceptions.ConnectionError, lambda: answer.content
        )
        self.assertTrue(self.too_slow(error), error)

    def test_short(self) -> None:
        self.assertEqual(bytes(100), self.get(self.serve(size=100)).content)

    def test_connections_that_were_open_before(self) -> None:
        url = self.serve(size=200_000)
        self.session = requests.Session()
        self.assertEqual(200_000, len(self.get(url).content))
        connections.watch(self.session)
        answer = self.get(url)
        self.assertRaises(
            requests.exceptions.ConnectionError, lambda: answer.content
        )

    def test_enough_are_kept(self) -> None:
        """As many as there are threads, and more if that was asked for."""
        session = requests.Session()
        session.mount(
            'https://', requests.adapters.HTTPAdapter(pool_maxsize=100)
        )
        connections.watch(session)
        for scheme, kept in (('http', fan_out.MOST_WORKERS), ('https', 100)):
            http = session.get_adapter(f'{scheme}://')
            assert isinstance(http, requests.adapters.HTTPAdapter)
            proxy = http.proxy_manager_for('http://proxy.test:3128')
            for name, manager in (
                ('service', http.poolmanager),
                ('proxy', proxy),
            ):
                with self.subTest(name, scheme=scheme):
                    pool = manager.connection_from_url(f'{scheme}://nova.test')
                    assert pool.pool is not None
                    self.assertEqual(kept, pool.pool.maxsize)

    def test_once(self) -> None:
        http = self.session.get_adapter('http://')
        assert isinstance(http, requests.adapters.HTTPAdapter)
        pool = http.poolmanager.connection_from_url('http://nova.test')
        connections.watch(self.session)
        self.assertIs(
            pool, http.poolmanager.connection_from_url('http://nova.test')
        )

    def test_tls(self) -> None:
        https = self.session.get_adapter('https://')
        assert isinstance(https, requests.adapters.HTTPAdapter)
        pool = https.poolmanager.connection_from_url('https://nova.test')
        self.assertIsInstance(pool, urllib3.HTTPSConnectionPool)
        self.assertTrue(
            issubclass(
                pool.ConnectionCls.response_class, connections._Response
            )
        )

    def test_connections_of_another_kind(self) -> None:
        """For example, connections through a SOCKS proxy."""

        class Pool(urllib3.HTTPConnectionPool):
            pass

        session = requests.Session()
        http = session.get_adapter('http://')
        assert isinstance(http, requests.adapters.HTTPAdapter)
        http.poolmanager.pool_classes_by_scheme = {'http': Pool}
        connections.watch(session)
        url = self.serve(size=200_000)
        self.assertIsInstance(http.poolmanager.connection_from_url(url), Pool)
        answer = session.get(url, timeout=PATIENCE, stream=True)
        self.assertRaises(
            requests.exceptions.ConnectionError, lambda: answer.content
        )
