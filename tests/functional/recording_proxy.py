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

"""An HTTP proxy between one command and the cloud.

It counts what a command really sends, although other tests use the cloud at
the same time, and can answer in the place of a service, or spoil what the
service answers.
"""

from collections.abc import Callable
import contextlib
import http.client
import http.server
import io
import json
import socket
import struct
import threading
from typing import Any
from urllib import parse

from tests.faults import answers


Answer = answers.Answer
Request = answers.Request


class RecordingProxy:
    """Forwards requests, and remembers them."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        # What changes something: method, path and body. A request for a
        # token does not.
        self.writes: list[tuple[str, str, Any]] = []
        # The hosts and ports that were sent a token.
        self.trusted: set[str] = set()
        # The tokens that were sent or issued, the latest at the end.
        self.tokens: list[str] = []
        self.answers: list[tuple[str, list[Answer | None]]] = []
        self.faults = answers.Faults()
        # Called with the URL before a request is answered.
        self.before: Callable[[str], None] = lambda url: None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), self._handler()
        )
        self._server.daemon_threads = True
        # Seconds until it notices that it is closed.
        threading.Thread(
            target=self._server.serve_forever, args=[0.05], daemon=True
        ).start()

    @property
    def url(self) -> str:
        """The value for ``http_proxy``."""
        return f'http://127.0.0.1:{self._server.server_address[1]}'

    @property
    def is_honest(self) -> bool:
        """Return whether nobody but the services answers."""
        return not self.answers and not self.faults.are_planned

    def close(self) -> None:
        """Stop serving."""
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path_end: str, *answers: Answer | None) -> None:
        """Answer requests for a path, one after the other.

        :param path_end: What the path ends with.
        :param answers: The last is kept; None lets the service answer.
        """
        self.answers.append((path_end, list(answers)))

    def _record(self, method: str, url: str) -> answers.Fault:
        path = parse.urlsplit(url).path
        self.before(url)
        with self._lock:
            self.requests.append(f'{method} {url}')
            for path_end, planned in self.answers:
                if path.endswith(path_end):
                    return answers.always(answers.take(planned))
            return self.faults.of(url)

    def _record_write(self, method: str, url: str, body: bytes) -> None:
        path = parse.urlsplit(url).path
        if method != 'GET' and not path.endswith('/auth/tokens'):
            decoded = json.loads(body) if body else None
            self.writes.append((method, path, decoded))

    def _handler(self) -> Callable[..., http.server.BaseHTTPRequestHandler]:
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def handle(self) -> None:
                # A client may be gone before it is answered.
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def handle_method(self) -> None:
                length = int(self.headers.get('Content-Length') or 0)
                body = self.rfile.read(length)
                if 'X-Auth-Token' in self.headers:
                    proxy.trusted.add(parse.urlsplit(self.path).netloc)
                    proxy.tokens.append(self.headers['X-Auth-Token'])
                fault = proxy._record(self.command, self.path)
                proxy._record_write(self.command, self.path, body)
                answer = fault(
                    Request(
                        self.command,
                        self.path,
                        lambda request: self._forward(request, body),
                    )
                )
                if answer.reset:
                    self._reset()
                elif answer.seconds_a_byte or answer.reset_at is not None:
                    self._send_badly(answer)
                else:
                    self._send_head(answer)
                    self.wfile.write(answer.body)
                    self.close_connection |= answer.cut_off

            def _send_head(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                length = len(answer.body) + 100 * answer.cut_off
                self.send_header('Content-Length', str(length))
                self.end_headers()

            def _send_badly(self, answer: Answer) -> None:
                head = io.BytesIO()
                wfile, self.wfile = self.wfile, head
                self._send_head(answer)
                self.wfile = wfile
                sent = head.getvalue() + answer.body
                if answer.reset_at is not None:
                    wfile.write(sent[: int(len(sent) * answer.reset_at)])
                    # The client is to see what was sent before the reset.
                    proxy._closed.wait(0.2)
                    self._reset()
                    return
                for byte in sent:
                    if proxy._closed.wait(answer.seconds_a_byte):
                        break
                    wfile.write(bytes([byte]))
                self.close_connection = True

            def _reset(self) -> None:
                # RFC 9293: with a linger of zero, closing sends RST.
                self.connection.setsockopt(
                    socket.SOL_SOCKET,
                    socket.SO_LINGER,
                    struct.pack('ii', 1, 0),
                )
                self.connection.close()
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_method

            def _forward(self, request: Request, body: bytes) -> Answer:
                url = parse.urlsplit(request.url)
                if url.hostname != '127.0.0.1':
                    return Answer(502, b'The tests stay on this machine.')
                connection = http.client.HTTPConnection(
                    url.netloc, timeout=120
                )
                target = url.path + (f'?{url.query}' if url.query else '')
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower()
                    not in ('proxy-connection', 'connection', 'keep-alive')
                }
                try:
                    connection.request(
                        request.method, target, body or None, headers
                    )
                    response = connection.getresponse()
                    if token := response.getheader('X-Subject-Token'):
                        proxy.tokens.append(token)
                    return Answer(
                        response.status,
                        response.read(),
                        {
                            name: value
                            for name, value in response.getheaders()
                            if name.lower()
                            not in (
                                'content-length',
                                'transfer-encoding',
                                'connection',
                            )
                        },
                    )
                except OSError as error:
                    return Answer(502, str(error).encode())
                finally:
                    connection.close()

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler
