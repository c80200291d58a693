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

"""Puts TLS in front of the services of the embedded cloud."""

from collections.abc import Callable, Iterator
import contextlib
import datetime
import http.client
import http.server
import ipaddress
import pathlib
import ssl
import threading
from typing import Any
from urllib import parse

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography import x509


class Authority:
    """A certificate authority, made for one test.

    :ivar certificate: The file of its own certificate.
    """

    def __init__(self, directory: pathlib.Path, name: str) -> None:
        """Make the authority, and put its files into a directory."""
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        certificate = (
            _builder(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = directory / f'{name}.crt'
        self.certificate.write_bytes(_pem(certificate))

    def issue(self, name: str) -> pathlib.Path:
        """Issue a certificate for 127.0.0.1.

        :returns: The file with the certificate and its key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.IPAddress(ipaddress.ip_address('127.0.0.1'))
        certificate = (
            _builder(_name(name), self._name, key)
            .add_extension(
                x509.SubjectAlternativeName([address]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        path = self._directory / f'{name}.pem'
        path.touch(mode=0o600)
        path.write_bytes(
            _pem(certificate)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(hours=1),
        not_valid_after=now + datetime.timedelta(hours=1),
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@contextlib.contextmanager
def fronts(
    endpoints: dict[str, str], contexts: dict[str, ssl.SSLContext]
) -> Iterator[dict[str, str]]:
    """Serve each service with TLS.

    :param endpoints: The URL of each service without TLS.
    :param contexts: The TLS context of each, with its certificate.
    :returns: The URL of each service with TLS. In answers of the services,
        such as the catalog, these replace the original URLs.
    """
    servers = {}
    for service, context in contexts.items():
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Front)
        server.daemon_threads = True
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        servers[service] = server
    urls = {
        service: parse.urlsplit(endpoints[service])
        ._replace(
            scheme='https', netloc=f'127.0.0.1:{server.server_address[1]}'
        )
        .geturl()
        for service, server in servers.items()
    }
    for service, server in servers.items():
        server.RequestHandlerClass = _handler(
            parse.urlsplit(endpoints[service]).netloc,
            {
                _origin(endpoints[name]): _origin(url)
                for name, url in urls.items()
            },
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield urls
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()


def _origin(url: str) -> bytes:
    found = parse.urlsplit(url)
    return f'{found.scheme}://{found.netloc}'.encode()


class _Front(http.server.BaseHTTPRequestHandler):
    """Forwards requests to one service."""

    protocol_version = 'HTTP/1.1'
    service: str
    replaced: dict[bytes, bytes]

    def handle(self) -> None:
        # A client that does not trust the certificate ends the handshake.
        with contextlib.suppress(OSError):
            super().handle()

    def forward(self) -> None:
        length = int(self.headers.get('Content-Length') or 0)
        connection = http.client.HTTPConnection(self.service, timeout=120)
        try:
            connection.request(
                self.command,
                self.path,
                self.rfile.read(length) or None,
                dict(self.headers),
            )
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        for old, new in self.replaced.items():
            body = body.replace(old, new)
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ('content-length', 'connection'):
                self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = forward

    def log_message(self, *_arguments: Any) -> None:
        pass


def _handler(
    service: str, replaced: dict[bytes, bytes]
) -> Callable[..., http.server.BaseHTTPRequestHandler]:
    return type('Front', (_Front,), {'service': service, 'replaced': replaced})
