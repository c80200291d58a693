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

"""Says why there was no answer, in words that a user can act on.

The messages of urllib3, requests and keystoneauth repeat the URL with its
query, name their classes and fill several lines.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
from http import client
import socket
import ssl
from urllib import parse

from keystoneauth1 import exceptions as ksa_exceptions
import requests
from urllib3 import exceptions as urllib3_exceptions

from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface import printable

_READ_TIMEOUTS = (
    requests.exceptions.ReadTimeout,
    urllib3_exceptions.ReadTimeoutError,
)
_NO_CONNECTION = (
    requests.exceptions.ConnectionError,
    ksa_exceptions.ConnectFailure,
)
_BROKEN_RULES = (
    client.HTTPException,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.InvalidHeader,
)


@dataclasses.dataclass(eq=False)
class NoAnswer(Exception):
    """A request was not answered.

    :ivar reason: Why, for the user.
    :ivar is_transient: Whether the same request may succeed a moment later.
    :ivar is_slow: Whether the answer takes too long.
    :ivar is_closed: Whether the connection was closed before the whole answer.
    """

    reason: str
    is_transient: bool = False
    is_slow: bool = False
    is_closed: bool = False

    def __str__(self) -> str:
        return self.reason


@contextlib.contextmanager
def explained(
    what: str, url: str, timeout: tuple[float, float]
) -> Iterator[None]:
    """Explain why a request was not answered.

    :param what: What is requested, as the beginning of error messages.
    :param url: The URL of the request.
    :param timeout: Its seconds to connect, and seconds between two bytes.
    :raises NoAnswer: There was no answer.
    :raises errors.BadRequest: It cannot be sent.
    """
    try:
        yield
    except UnicodeEncodeError:
        # The command line had bytes that are not valid in its encoding.
        raise errors.BadRequest(
            _('%s: what is asked for is not valid Unicode') % what
        ) from None
    except (
        ksa_exceptions.ClientException,
        # Also of requests, and that a file of cacert does not exist.
        OSError,
        # requests parses Location even if it is not followed (Session.send).
        ValueError,
    ) as error:
        raise explain(error, url, timeout) from error


def explain(
    error: BaseException,
    url: str = '',
    timeout: tuple[float, float] | None = None,
) -> NoAnswer:
    """Say why there was no answer, and whether a retry may help.

    A TLS error stays, a service that exceeded the read timeout would only get
    more to do, and a host that does not respond was sent several packets
    before the connect timeout.

    :param error: What requests or keystoneauth raised. Anything else speaks
        for itself.
    :param url: The URL of the request; by default, that in the exception.
    :param timeout: Its seconds to connect, and seconds between two bytes.
    """
    causes = list(_causes(error))
    where = _origin(url or _requested_url(causes))
    within = [_('in time')] * 2
    if timeout:
        within = [_('within %.0f seconds') % seconds for seconds in timeout]

    def found(*kinds: type[BaseException]) -> BaseException | None:
        return next((each for each in causes if isinstance(each, kinds)), None)

    if found(requests.exceptions.ConnectTimeout):
        return NoAnswer(_('no connection %s') % within[0])
    if found(*_READ_TIMEOUTS):
        return NoAnswer(_('no answer %s') % within[1], is_slow=True)
    # RemoteDisconnected of http.client is a ConnectionError. The other one is
    # raised in the middle of an answer.
    if found(
        ConnectionError, requests.exceptions.ChunkedEncodingError
    ) and not found(ConnectionRefusedError):
        return NoAnswer(
            _('%s closed the connection without an answer') % where,
            is_transient=True,
            is_closed=True,
        )
    if found(*_BROKEN_RULES):
        return NoAnswer(_('the answer of %s is not valid HTTP') % where)
    if not found(*_NO_CONNECTION):
        return NoAnswer(
            printable.one_line(str(found(requests.RequestException) or error))
        )
    if found(requests.exceptions.ProxyError):
        where = _('%s through the proxy') % where
    return NoAnswer(
        _('cannot connect to %(where)s: %(reason)s')
        % {'where': where, 'reason': _why_not_connected(causes)},
        is_transient=not found(requests.exceptions.SSLError, ssl.SSLError),
    )


def _why_not_connected(causes: list[BaseException]) -> str:
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError):
            detail = printable.one_line(cause.verify_message)
            return _('its certificate is not trusted: %s') % detail
        if isinstance(cause, ssl.SSLError):
            # Only an error of OpenSSL has one.
            reason = printable.one_line(getattr(cause, 'reason', '') or '')
            text = _('TLS failed: %s') % reason.replace('_', ' ').lower()
            return text if reason else _('TLS failed')
        if isinstance(cause, socket.gaierror):
            return _('the name of the host cannot be resolved')
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return printable.one_line(cause.strerror.lower())
    return printable.one_line(str(causes[-1]))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Return an exception, and those that the libraries wrapped in it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _requested_url(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, requests.RequestException) and cause.request:
            return cause.request.url or ''
    return ''


def _origin(url: str) -> str:
    """Return the part of a URL that names the service, without a password."""
    with contextlib.suppress(ValueError):
        found = parse.urlsplit(url)
        host = found.netloc.rpartition('@')[2]
        if host:
            return printable.one_line(f'{found.scheme}://{host}')
    return _('the service')
