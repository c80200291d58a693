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

"""Sends requests to the REST API of a service.

All requests are sent here, through the session that OSC has authenticated. The
transport adds what the session lacks: a timeout (osc-lib turns the configured
one off), the same retries with every supported keystoneauth1, one pace for all
threads, limits on the size and the duration of an answer, and redirects that
never send the token to another host.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
import functools
import logging
import time
from typing import Any, NamedTuple
from urllib import parse

from keystoneauth1 import adapter as ksa_adapter
import requests

from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import no_answer
from osc_port_iface.api import pace
from osc_port_iface.api import reading
from osc_port_iface.api import response as responses
from osc_port_iface.api import wire_log
from osc_port_iface.i18n import _
from osc_port_iface import printable

LOG = logging.getLogger(__name__)

# Seconds to connect and seconds between two bytes. Proxies in front of Nova
# commonly give up after 60 s, and their 504 says more than our own timeout.
_TIMEOUT = (10.0, 90.0)

# Seconds before each retry.
_RETRY_DELAYS = (1.0, 2.0, 4.0)

_LONGEST_DELAY = 60.0

_RETRIED_STATUSES = frozenset({429, 502, 503, 504})

# A proxy answers with these if the service does not.
_DOWN_STATUSES = frozenset({502, 503, 504})

# A service answers with these if it is overloaded.
_OVERLOADED_STATUSES = frozenset({429, 503})

# A smaller request may succeed after these.
_TOO_LARGE_STATUSES = frozenset({414, 431, 504})

# A request of fewer octets is not too long for any proxy.
_LONG_REQUEST = 2000

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_MOST_REDIRECTS = 5

_HEADERS = {
    'Accept': 'application/json',
    'Accept-Encoding': 'gzip, deflate',
}

# What keystoneauth is not to do: the token is renewed by the credentials, and
# retries differ between releases of keystoneauth.
_OPTIONS: Mapping[str, Any] = {
    'authenticated': False,
    'allow_reauth': False,
    'connect_retries': 0,
    'status_code_retries': 0,
    'redirect': False,
    'raise_exc': False,
    'log': False,
    'stream': True,
}

Query = Mapping[str, str | Sequence[str]]


class _Call(NamedTuple):
    """A call, which may be sent more than once.

    :ivar what: What is requested, as the beginning of error messages.
    :ivar body: The JSON body of a request that changes something.
    :ivar headers: Headers of this request alone.
    """

    what: str
    url: str
    method: str = 'GET'
    query: Query | None = None
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = {}

    def __str__(self) -> str:
        return f'{self.method} {self.full_url}'

    @property
    def full_url(self) -> str:
        """The URL with the query."""
        query = parse.urlencode(self.query or {}, doseq=True, errors='replace')
        return f'{self.url}?{query}' if query else self.url


class Transport:
    """Sends requests to one service.

    :ivar url: The URL of the service, to which paths are added.
    :ivar microversion: The microversion to ask for, if it has any.
    """

    def __init__(
        self,
        adapter: ksa_adapter.Adapter,
        credentials: api_credentials.Credentials,
        url: str,
    ) -> None:
        """Use an adapter.

        :param adapter: Carries the session and the service type.
        :param credentials: The token that all services share.
        :param url: The URL of the service, to which paths are added.
        """
        wire_log.silence_urllib3()
        self._adapter = adapter
        # The retries that clouds.yaml asks for.
        self._connect_delays = _delays(
            adapter.connect_retries, adapter.connect_retry_delay
        )
        self._status_delays = _delays(
            adapter.status_code_retries, adapter.status_code_retry_delay
        )
        self._retried: Container[int] = (
            adapter.retriable_status_codes or _RETRIED_STATUSES
        )
        self._credentials = credentials
        self._pace = pace.Pace()
        # Whether a call has spent its retries, and nothing was answered since.
        self._is_down = False
        self.url = url
        self.microversion: str | None = None

    @functools.cached_property
    def _auth(self) -> Any:
        """The password in ~/.netrc, which requests looks for each time."""
        login = requests.utils.get_netrc_auth(self.url)
        return requests.auth.HTTPBasicAuth(*login) if login else _no_auth

    def get(
        self,
        path: str,
        what: str,
        query: Query | None = None,
        hint: str = '',
        is_divisible: bool = False,
    ) -> reading.Object:
        """Send a GET call, and retry it if that may help.

        While the service is down, it is sent once, as retries would make each
        of many calls wait in vain.

        :param path: The path below the URL of the service, or a whole URL.
        :param what: What is requested, as the beginning of error messages.
        :param query: Query parameters.
        :param hint: Added to the message if the answer is 404.
        :param is_divisible: Whether the caller can split the call, so that
            TooLarge is raised without a retry.
        :returns: The JSON object of the answer.
        :raises errors.TooLarge: The same request in smaller parts may succeed.
        :raises errors.TokenRefused: No further request can succeed.
        :raises errors.ApiError: The service refused, could not be reached, or
            did not answer with a JSON object.
        """
        url = path if '://' in path else f'{self.url}{path}'
        call = _Call(what, url, query=query)
        connect_delays = iter(self._connect_delays)
        status_delays = iter(self._status_delays)
        tries = redirects = 0
        while True:
            tries += 1
            wait: Callable[[float], object] = time.sleep
            try:
                response = self._send(call)
            except no_answer.NoAnswer as error:
                if is_divisible:
                    _raise_if_too_large(call, error)
                delay = self._next(connect_delays)
                if delay is None or not error.is_transient:
                    self._is_down = True
                    times = _(' (tried %d times)') % tries if tries > 1 else ''
                    raise errors.Unreachable(f'{what}: {error}{times}') from (
                        error
                    )
                problem = str(error)
            else:
                status = response.status
                if status in _REDIRECTS:
                    redirects += 1
                    call = _redirected(call, response, redirects)
                    continue
                if status not in self._retried or (
                    is_divisible and status in _TOO_LARGE_STATUSES
                ):
                    break
                delay = self._next(status_delays)
                if delay is None:
                    self._is_down = status in _DOWN_STATUSES
                    break
                delay = response.retry_after(delay)
                problem = f'HTTP {status}'
                if status in _OVERLOADED_STATUSES:
                    wait = self._pace.slow_down
            LOG.info(
                _('%(what)s: %(problem)s; trying again in %(delay).0f s'),
                {'what': what, 'problem': problem, 'delay': delay},
            )
            wait(delay)
        if status >= 300:
            raise self.explain(response, {404: hint})
        return reading.root(response)

    def _next(self, delays: Iterator[float]) -> float | None:
        """Return the seconds before the next retry; None without one."""
        return None if self._is_down else next(delays, None)

    def path(self, path: str) -> str:
        """Return a path of the service in full, as in a call."""
        return parse.urlsplit(self.url).path + path

    def change(
        self,
        method: str,
        path: str,
        what: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> responses.Response:
        """Send a request that changes something, once.

        It is sent again only if the service says that it has not acted on it:
        after 401, with another token, and after 429.

        :param method: POST, PUT or DELETE.
        :param path: The path, as returned by ``path``.
        :param what: What is done, as the beginning of error messages.
        :param body: The JSON body.
        :param headers: More headers, such as a condition.
        :returns: The answer, whatever its status. A redirect is not followed.
        :raises errors.Unreachable: There was no answer, so the change may
            or may not have been made.
        :raises errors.TokenRefused: No token could be obtained.
        """
        url = parse.urljoin(self.url, path)
        call = _Call(what, url, method, body=body, headers=headers)
        delays = iter(_RETRY_DELAYS)
        while True:
            try:
                response = self._send(call)
            except (no_answer.NoAnswer, errors.TooLarge) as error:
                raise errors.Unreachable(
                    _('%(what)s: whether it was done is not known: %(error)s')
                    % {'what': what, 'error': error}
                ) from error
            delay = next(delays, None)
            if response.status != 429 or delay is None:
                return response
            self._pace.slow_down(response.retry_after(delay))

    def explain(
        self, response: responses.Response, hints: Mapping[int, str]
    ) -> errors.ApiError:
        """Explain why a request was refused.

        :param hints: What to add to the message of a status.
        """
        status = response.status
        hint = hints.get(status, '')
        if status == 403:
            hint = self._credentials.scope_hint or hint
        error = faults.explain(response, hint)
        if status == 401 and self._credentials.are_refused:
            return errors.TokenRefused(str(error))
        return error

    def _send(self, call: _Call) -> responses.Response:
        """Send a call in its turn, and once more if the token is renewed.

        :raises no_answer.NoAnswer: There was no answer.
        """
        while True:
            headers = self._credentials.headers()
            token = headers.get('X-Auth-Token', '')
            with (
                self._pace,
                no_answer.explained(call.what, call.url, _TIMEOUT),
            ):
                wire_log.debug(
                    'REQ: %s, microversion: %s, body: %s',
                    call,
                    self.microversion,
                    call.body,
                )
                answer = self._adapter.request(
                    call.url,
                    call.method,
                    params=dict(call.query or {}),
                    json=call.body,
                    headers={**_HEADERS, **call.headers, **headers},
                    microversion=self.microversion,
                    timeout=_TIMEOUT,
                    requests_auth=self._auth,
                    **_OPTIONS,
                )
                responses.conceal(answer, token)
                wire_log.debug(
                    'RESP: [%d] %s', answer.status_code, answer.headers
                )
                response = responses.read(answer, call.what, token)
            wire_log.debug('RESP BODY: %s', response)
            if response.status != 401:
                self._credentials.accepted()
            elif self._credentials.renew(headers):
                continue
            self._is_down = self._is_down and response.status in _DOWN_STATUSES
            if response.status not in _OVERLOADED_STATUSES:
                self._pace.succeeded()
            return response


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _delays(count: int | None, delay: float | None) -> Sequence[float]:
    """Return the seconds before each retry.

    :param count: The number of retries; three by default.
    :param delay: The seconds; by default, they double each time.
    """
    if count is None:
        count = len(_RETRY_DELAYS)
    return [
        min(2.0**number, _LONGEST_DELAY) if delay is None else max(delay, 0.0)
        for number in range(count)
    ]


def _redirected(
    call: _Call, response: responses.Response, count: int
) -> _Call:
    """Follow a redirect within the same host.

    :param count: How many there were.
    :raises errors.ApiError: It leads to another host, or there were too many.
    """
    location = response.headers.get('Location', '')
    target = parse.urljoin(call.url, location)
    if not _is_same_host(call.url, target):
        raise errors.RequestFailed(
            _('%(what)s: redirected to %(target)s, another host')
            % {
                'what': call.what,
                'target': printable.one_line(location, 200),
            }
        )
    if count == _MOST_REDIRECTS:
        raise errors.RequestFailed(_('%s: redirected too often') % call.what)
    # The target already has the query.
    return call._replace(url=target, query=None)


def _is_same_host(url: str, target: str) -> bool:
    """Return whether a token for one URL may be sent to another one."""
    old, new = parse.urlsplit(url), parse.urlsplit(target)
    if new.scheme == old.scheme:
        # Many catalogs name the port that is the default.
        port = {'http': ':80', 'https': ':443'}.get(new.scheme, '')
        hosts = {part.netloc.removesuffix(port) for part in (old, new)}
        return len(hosts) == 1
    return new.scheme == 'https' and new.hostname == old.hostname


def _raise_if_too_large(call: _Call, error: no_answer.NoAnswer) -> None:
    """Raise the error for a request that may succeed in smaller parts.

    Some proxies close the connection in place of an answer to a long request.
    """
    if error.is_slow:
        raise errors.TooLarge(f'{call.what}: {error}') from error
    if error.is_closed and len(call.full_url) > _LONG_REQUEST:
        raise errors.TooLong(f'{call.what}: {error}') from error
