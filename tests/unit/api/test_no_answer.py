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

"""Why there was no answer, with the exceptions of real connections."""

from collections.abc import Callable
import contextlib
import operator
import socket
import ssl
import struct
import threading

from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import session as ksa_session
import requests
import testtools

from osc_port_iface.api import no_answer

_RESET = struct.pack('ii', 1, 0)
_CUT_OFF = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}'
_NOT_HTTP = {
    'another protocol': b'SSH-2.0-OpenSSH_9.9\r\n',
    'too many headers': b'HTTP/1.1 200 OK\r\n' + b'A: b\r\n' * 200,
    'long header': b'HTTP/1.1 200 OK\r\nA: ' + b'b' * 70_000 + b'\r\n\r\n',
    'two lengths': (
        b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'
    ),
    'not compressed': (
        b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n'
        b'Content-Length: 2\r\n\r\n{}'
    ),
}


class TestExplain(testtools.TestCase):
    def serve(self, act: Callable[[socket.socket], object]) -> str:
        """Listen for one connection, and return the URL."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def run() -> None:
            connection, _address = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                act(connection)

        threading.Thread(target=run, daemon=True).start()
        return f'http://127.0.0.1:{listener.getsockname()[1]}'

    def explain(
        self, url: str, proxy: str | None = None
    ) -> no_answer.NoAnswer:
        """Say why a request is not answered."""
        with requests.Session() as session:
            session.trust_env = False
            if proxy:
                session.proxies = {'http': proxy, 'https': proxy}
            made = ksa_session.Session(session=session)
            error = self.assertRaises(
                (
                    ksa_exceptions.ClientException,
                    requests.exceptions.RequestException,
                ),
                lambda: made.get(f'{url}/x?a=secret', authenticated=False),
            )
        return no_answer.explain(error, f'{url}/x')

    def test_reasons(self) -> None:
        closed = '{} closed the connection without an answer'
        for name, url, proxy, reason, is_transient, is_closed in (
            (
                'refused',
                'http://127.0.0.1:1',
                None,
                'cannot connect to {}: connection refused',
                True,
                False,
            ),
            (
                'no such host',
                'http://nova.invalid',
                None,
                'cannot connect to {}: the name of the host cannot be '
                'resolved',
                True,
                False,
            ),
            (
                'closed',
                self.serve(lambda connection: None),
                None,
                closed,
                True,
                True,
            ),
            ('reset', self.serve(_reset), None, closed, True, True),
            (
                'cut off',
                self.serve(lambda connection: connection.sendall(_CUT_OFF)),
                None,
                closed,
                True,
                True,
            ),
            *(
                (
                    name,
                    self.serve(operator.methodcaller('sendall', answer)),
                    None,
                    'the answer of {} is not valid HTTP',
                    False,
                    False,
                )
                for name, answer in _NOT_HTTP.items()
            ),
            (
                'no TLS',
                self.serve(
                    lambda connection: connection.sendall(_CUT_OFF)
                ).replace('http:', 'https:'),
                None,
                'cannot connect to {}: TLS failed: wrong version number',
                False,
                False,
            ),
            (
                'proxy',
                'https://nova.test',
                'http://127.0.0.1:1',
                'cannot connect to {} through the proxy: connection refused',
                True,
                False,
            ),
        ):
            with self.subTest(name):
                found = self.explain(url, proxy)
                if name == 'no TLS':
                    # Other releases of OpenSSL say 'record layer failure'.
                    self.assertIn(': TLS failed: ', str(found))
                else:
                    self.assertEqual(reason.format(url), str(found))
                self.assertEqual(
                    (is_transient, is_closed),
                    (found.is_transient, found.is_closed),
                )

    def test_password_in_a_url(self) -> None:
        found = no_answer.explain(
            requests.exceptions.ConnectionError('Off.'),
            'http://user:secret@nova.test/v2.1',
        )
        self.assertEqual(
            'cannot connect to http://nova.test: Off.', str(found)
        )

    def test_url_of_the_request(self) -> None:
        request = requests.Request('GET', 'http://a.test/b?c').prepare()
        for error, message in (
            (
                requests.exceptions.ConnectionError('Off.', request=request),
                'cannot connect to http://a.test: Off.',
            ),
            (
                requests.exceptions.ConnectionError('Off.'),
                'cannot connect to the service: Off.',
            ),
            (requests.exceptions.ReadTimeout(''), 'no answer in time'),
            (requests.exceptions.ConnectTimeout(''), 'no connection in time'),
            (requests.exceptions.InvalidURL('No\nhost.'), 'No host.'),
        ):
            with self.subTest(message):
                self.assertEqual(message, str(no_answer.explain(error)))

    def test_tls_that_fails_without_a_reason(self) -> None:
        error = requests.exceptions.SSLError()
        error.__cause__ = ssl.SSLError()
        self.assertEqual(
            'cannot connect to the service: TLS failed',
            str(no_answer.explain(error)),
        )


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
