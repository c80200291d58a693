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
the same time, and can answer in the place of a service.
"""

from collections.abc import Callable
import contextlib
import dataclasses
import http.client
import http.server
import json
import socket
import struct
import threading
from typing import Any
from urllib import parse


@dataclasses.dataclass
class Answer:
    """What is sent instead of the service's answer."""

    status: int = 200
    body: bytes = b''
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    # Announce more than is sent, and close.
    cut_off: bool = False
    # Close the connection with a reset instead of answering.
    reset: bool = False


class RecordingProxy:
    """Forwards requests, and remembers them."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        # What changes something: method, path and body. A request for a
        # token does not.
        self.writes: list[tuple[str, str, Any]] = []
        self.answers: list[tuple[str, list[Answer | None]]] = []
        # Called with the URL before a request is answered.
        self.before: Callable[[str], None] = lambda url: None
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), self._handler()
        )
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, daemon=True
        ).start()

    @property
    def url(self) -> str:
        """The value for ``http_proxy``."""
        return f'http://127.0.0.1:{self._server.server_address[1]}'

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path_end: str, *answers: Answer | None) -> None:
        """Answer requests for a path, one after the other.

        :param path_end: What the path ends with.
        :param answers: The last is kept; None lets the service answer.
        """
        self.answers.append((path_end, list(answers)))

    def _record(self, method: str, url: str) -> Answer | None:
        path = parse.urlsplit(url).path
        self.before(url)
        with self._lock:
            self.requests.append(f'{method} {url}')
            for path_end, answers in self.answers:
                if path.endswith(path_end):
                    return answers.pop(0) if len(answers) > 1 else answers[0]
        return None

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
                answer = proxy._record(self.command, self.path)
                proxy._record_write(self.command, self.path, body)
                if answer is None:
                    answer = self._forward(body)
                if answer.reset:
                    # RFC 9293: with a linger of zero, closing sends RST.
                    self.connection.setsockopt(
                        socket.SOL_SOCKET,
                        socket.SO_LINGER,
                        struct.pack('ii', 1, 0),
                    )
                    self.connection.close()
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header(
                    'Content-Length',
                    str(len(answer.body) + 100 * answer.cut_off),
                )
                self.end_headers()
                self.wfile.write(answer.body)
                if answer.cut_off:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_method

            def _forward(self, body: bytes) -> Answer:
                url = parse.urlsplit(self.path)
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
                        self.command, target, body or None, headers
                    )
                    response = connection.getresponse()
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
