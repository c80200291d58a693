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

from collections.abc import Container, Mapping, Sequence
import dataclasses
import itertools
import logging
import time
from typing import Any
from urllib import parse

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import exceptions as ksa_exceptions
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
TIMEOUT = (10.0, 90.0)

# Seconds before each retry.
RETRY_DELAYS = (1.0, 2.0, 4.0)

_LONGEST_DELAY = 60.0

RETRIED_STATUSES = frozenset({413, 429, 502, 503, 504})

# A service answers with these if it is overloaded. Older releases of Nova used
# 413 (with Retry-After: RFC 9110, section 15.5.14).
_OVERLOADED_STATUSES = frozenset({413, 429, 503})

# A smaller request may succeed after these.
_TOO_LARGE_STATUSES = frozenset({414, 431, 504})

# A request of fewer octets is not too long for any proxy.
_LONG_REQUEST = 2000

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_MOST_REDIRECTS = 5

Query = Mapping[str, str | Sequence[str]]


@dataclasses.dataclass(frozen=True)
class _Call:
    """A call, which may be sent more than once.

    :ivar what: What is requested, as the beginning of error messages.
    :ivar body: The JSON body of a request that changes something.
    """

    what: str
    url: str
    method: str = 'GET'
    query: Query | None = None
    body: Mapping[str, Any] | None = None
    timeout: tuple[float, float] = TIMEOUT
    authenticated: bool = True

    @property
    def length(self) -> int:
        """The length of its URL with the query, in octets."""
        query = parse.urlencode(self.query or {}, doseq=True, errors='replace')
        return len(self.url) + len(query)


@dataclasses.dataclass(frozen=True)
class _Retries:
    """When a request is sent again.

    :ivar connect_delays: Seconds before each retry if there was no answer.
    :ivar status_delays: Seconds before each retry after one of the statuses.
    :ivar statuses: The statuses.
    """

    connect_delays: Sequence[float] = RETRY_DELAYS
    status_delays: Sequence[float] = RETRY_DELAYS
    statuses: Container[int] = RETRIED_STATUSES

    @classmethod
    def of(cls, adapter: ksa_adapter.Adapter) -> '_Retries':
        """Return the retries that clouds.yaml asks for."""
        return cls(
            _delays(adapter.connect_retries, adapter.connect_retry_delay),
            _delays(
                adapter.status_code_retries, adapter.status_code_retry_delay
            ),
            adapter.retriable_status_codes or RETRIED_STATUSES,
        )


def _delays(count: int | None, delay: float | None) -> Sequence[float]:
    """Return the seconds before each retry.

    :param count: The number of retries; three by default.
    :param delay: The seconds; by default, they double each time.
    """
    if count is None:
        count = len(RETRY_DELAYS)
    return [
        min(2.0**number, _LONGEST_DELAY) if delay is None else max(delay, 0.0)
        for number in range(count)
    ]


class Transport:
    """Sends requests to one service."""

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
        wire_log.include_urllib3()
        self._adapter = adapter
        self._retries = _Retries.of(adapter)
        self._credentials = credentials
        self._pace = pace.Pace()
        self._url = url
        self.microversion: str | None = None

    def url_without(self, project_id: str | None) -> str:
        """Return the URL of the service, without the project at its end."""
        return self._url.removesuffix(f'/{project_id}')

    def get(
        self,
        path: str,
        what: str,
        query: Query | None = None,
        hint: str = '',
        is_divisible: bool = False,
        timeout: tuple[float, float] = TIMEOUT,
        authenticated: bool = True,
    ) -> reading.Object:
        """Send a GET call, and retry it if that may help.

        :param path: The path below the URL of the service, or a whole URL.
        :param what: What is requested, as the beginning of error messages.
        :param query: Query parameters.
        :param hint: Added to the message if the answer is 404.
        :param is_divisible: Whether the caller can split the call, so that
            TooLarge is raised without a retry.
        :param timeout: Seconds to connect, and seconds between two bytes.
        :param authenticated: Whether to send the token.
        :returns: The JSON object of the answer.
        :raises errors.TooLarge: The same request in smaller parts may succeed.
        :raises errors.TokenRefused: No further request can succeed.
        :raises errors.ApiError: The service refused, could not be reached, or
            did not answer with a JSON object.
        """
        url = path if '://' in path else f'{self._url}{path}'
        call = _Call(
            what,
            url,
            query=query,
            timeout=timeout,
            authenticated=authenticated,
        )
        response = self._answer(call, is_divisible)
        if response.status >= 300:
            if not authenticated:
                raise faults.explain(response, what)
            raise self._explain(response, what, hint)
        return reading.Body(what, response).root()

    def path(self, path: str) -> str:
        """Return a path of the service in full, as in a call."""
        return parse.urlsplit(self._url).path + path

    def change(
        self,
        method: str,
        path: str,
        what: str,
        body: Mapping[str, Any] | None,
    ) -> responses.Response:
        """Send a request that changes something, once.

        It is sent again only if the service says that it has not acted on it:
        after 401, with another token, and after 429.

        :param method: POST, PUT or DELETE.
        :param path: The path, as returned by ``path``.
        :param what: What is done, as the beginning of error messages.
        :param body: The JSON body.
        :returns: The answer, whatever its status. A redirect is not followed.
        :raises errors.OutcomeUnknown: There was no answer, so the change may
            or may not have been made.
        :raises errors.TokenRefused: No token could be obtained.
        """
        call = _Call(what, parse.urljoin(self._url, path), method, body=body)
        for delay in RETRY_DELAYS:
            response = self._change(call)
            if response.status != 429:
                return response
            self._pace.slow_down(response.retry_after(delay))
        return self._change(call)

    def explain(
        self, response: responses.Response, what: str, hint: str
    ) -> errors.ApiError:
        """Explain why a request that changes something was refused.

        :param hint: Added to the message if the answer is 403.
        """
        if response.status == 403 and not self._credentials.scope_hint:
            return faults.explain(response, what, hint)
        return self._explain(response, what, '')

    def _change(self, call: _Call) -> responses.Response:
        try:
            return self._send(call)
        except (no_answer.NoAnswer, errors.TooLarge) as error:
            raise errors.OutcomeUnknown(
                _('%(what)s: whether it was done is not known: %(error)s')
                % {'what': call.what, 'error': error}
            ) from error

    def _explain(
        self, response: responses.Response, what: str, hint: str
    ) -> errors.ApiError:
        if response.status == 401:
            hint = ''
            if self._credentials.has_access_rules:
                hint = _(
                    'the access rules of the application credential may not '
                    'cover this request'
                )
            advice = ''
            if self._credentials.are_none:
                advice = _(
                    'a token is needed, and this way to authenticate has none'
                )
            error = faults.explain(response, what, hint, advice)
            if self._credentials.are_refused:
                return errors.TokenRefused(str(error))
            return error
        if response.status == 403:
            hint = self._credentials.scope_hint
        elif response.status != 404:
            hint = ''
        return faults.explain(response, what, hint)

    def _answer(self, call: _Call, is_divisible: bool) -> responses.Response:
        connect_delays = iter(self._retries.connect_delays)
        status_delays = iter(self._retries.status_delays)
        for tries in itertools.count(1):
            try:
                response = self._send(call)
            except no_answer.NoAnswer as error:
                if is_divisible:
                    _raise_if_too_large(call, error)
                delay = next(connect_delays, None)
                if delay is None or not error.may_pass:
                    raise errors.Unreachable(
                        f'{call.what}: {error}{_tried(tries)}'
                    ) from error
                self._wait(call, str(error), delay)
                continue
            status = response.status
            if status not in self._retries.statuses or (
                is_divisible and status in _TOO_LARGE_STATUSES
            ):
                return response
            delay = next(status_delays, None)
            if delay is None:
                return response
            self._wait(
                call,
                f'HTTP {status}',
                response.retry_after(delay),
                status in _OVERLOADED_STATUSES,
            )
        raise AssertionError

    def _wait(
        self,
        call: _Call,
        problem: str,
        delay: float,
        is_overloaded: bool = False,
    ) -> None:
        LOG.info(
            _('%(what)s: %(problem)s; trying again in %(delay).0f s'),
            {'what': call.what, 'problem': problem, 'delay': delay},
        )
        if is_overloaded:
            self._pace.slow_down(delay)
        else:
            time.sleep(delay)

    def _send(self, call: _Call) -> responses.Response:
        with self._pace.turn():
            if call.authenticated:
                response = self._send_authenticated(call)
            else:
                response = self._send_once(call, {})
        if response.status not in _OVERLOADED_STATUSES:
            self._pace.succeeded()
        return response

    def _send_authenticated(self, call: _Call) -> responses.Response:
        headers = self._credentials.headers()
        response = self._send_once(call, headers)
        if response.status == 401 and self._credentials.renew(headers):
            headers = self._credentials.headers()
            response = self._send_once(call, headers)
        if response.status != 401:
            self._credentials.accepted()
        return response

    def _send_once(
        self, call: _Call, headers: dict[str, str]
    ) -> responses.Response:
        for _number in range(_MOST_REDIRECTS):
            answer = self._receive(call, headers)
            if answer.status not in _REDIRECTS or call.method != 'GET':
                return answer
            location = answer.headers.get('Location', '')
            target = _target_at_home(call.url, location)
            if target is None:
                raise errors.ApiError(
                    _('%(what)s: redirected to %(target)s, another host')
                    % {
                        'what': call.what,
                        'target': printable.one_line(location, 200),
                    }
                )
            # The target already has the query.
            call = dataclasses.replace(call, url=target, query=None)
        raise errors.ApiError(_('%s: redirected too often') % call.what)

    def _receive(
        self, call: _Call, headers: dict[str, str]
    ) -> responses.Response:
        wire_log.request(
            call.method,
            call.url,
            call.query,
            self.microversion,
            call.body,
        )
        try:
            # openstacksdk's own method (proxy.Proxy.request) uses a cache if
            # clouds.yaml configures one.
            answer = ksa_adapter.Adapter.request(
                self._adapter,
                call.url,
                call.method,
                params=dict(call.query or {}),
                json=call.body,
                headers={
                    'Accept': 'application/json',
                    'Accept-Encoding': 'gzip, deflate',
                    **headers,
                },
                authenticated=False,
                microversion=self.microversion,
                timeout=call.timeout,
                raise_exc=False,
                redirect=False,
                stream=True,
                log=False,
                # The token is renewed by the credentials, and retries differ
                # between releases of keystoneauth.
                allow_reauth=False,
                connect_retries=0,
                status_code_retries=0,
            )
            token = headers.get('X-Auth-Token', '')
            responses.conceal(answer, token)
            wire_log.head(answer.status_code, answer.headers)
            response = responses.read(answer, token, call.timeout[1])
        except UnicodeEncodeError:
            # The command line had bytes that are not valid in its encoding.
            raise errors.BadRequest(
                _('%s: what is asked for is not valid Unicode') % call.what
            ) from None
        except (
            ksa_exceptions.ClientException,
            requests.exceptions.RequestException,
            responses.TooSlow,
            # requests parses Location even if it is not followed
            # (Session.send).
            ValueError,
        ) as error:
            raise no_answer.explain(error, call.url, call.timeout) from error
        except responses.BodyTooLarge:
            raise errors.TooLarge(
                _('%(what)s: the answer has more than %(size)d MiB')
                % {
                    'what': call.what,
                    'size': responses.LARGEST_BODY // 1024**2,
                }
            ) from None
        wire_log.body(response)
        return response


def _target_at_home(url: str, location: str) -> str | None:
    """Return the target of a redirect within the same host.

    :returns: The new URL; None if it is on another host, or not a URL.
    """
    try:
        target = parse.urljoin(url, location)
        old, new = parse.urlsplit(url), parse.urlsplit(target)
        same_port = new.port == old.port
    except ValueError:
        return None
    if (
        new.hostname == old.hostname
        and new.scheme in {old.scheme, 'https'}
        and (same_port or new.scheme != old.scheme)
    ):
        return target
    return None


def _raise_if_too_large(call: _Call, error: no_answer.NoAnswer) -> None:
    """Raise the error for a request that may succeed in smaller parts.

    Some proxies close the connection in place of an answer to a long request.
    """
    if error.is_slow:
        raise errors.TooLarge(f'{call.what}: {error}') from error
    if error.is_closed and call.length > _LONG_REQUEST:
        raise errors.TooLong(f'{call.what}: {error}') from error


def _tried(times: int) -> str:
    return _(' (tried %d times)') % times if times > 1 else ''
