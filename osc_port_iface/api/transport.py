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

from collections.abc import Mapping
import dataclasses
import logging
import re
import time
from typing import Any
from urllib import parse

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import exceptions as ksa_exceptions
import requests

from osc_port_iface.api import connections
from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import environment_settings
from osc_port_iface.api import errors
from osc_port_iface.api import faults
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

RETRIED_STATUSES = frozenset({413, 429, 502, 503, 504})

# A service answers with these if it is overloaded. Older releases of Nova used
# 413 (with Retry-After: RFC 9110, section 15.5.14).
_OVERLOADED_STATUSES = frozenset({413, 429, 503})

# A smaller request may succeed after these.
_TOO_LARGE_STATUSES = frozenset({414, 431, 504})

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_MOST_REDIRECTS = 5

Query = Mapping[str, str | list[str]]


@dataclasses.dataclass(frozen=True)
class _Request:
    """A request, which may be sent more than once.

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


class _NoAnswer(Exception):
    """A request was not answered."""

    def __init__(self, problem: str, may_pass: bool, is_slow: bool) -> None:
        super().__init__(problem)
        self.may_pass = may_pass
        self.is_slow = is_slow


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
        connections.watch(adapter.session.session)
        environment_settings.remember(adapter.session.session)
        wire_log.include_urllib3()
        self._adapter = adapter
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
        """Send a GET request, and retry it if that may help.

        :param path: The path below the URL of the service, or a whole URL.
        :param what: What is requested, as the beginning of error messages.
        :param query: Query parameters.
        :param hint: Added to the message if the answer is 404.
        :param is_divisible: Whether the caller can split the request, so that
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
        request = _Request(
            what,
            url,
            query=query,
            timeout=timeout,
            authenticated=authenticated,
        )
        response = self._answer(request, is_divisible)
        if response.status >= 300:
            if not authenticated:
                raise faults.explain(response, what)
            raise self._explain(response, what, hint)
        return reading.Body(what, response).root()

    def path(self, path: str) -> str:
        """Return a path of the service in full, as in a request."""
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
        request = _Request(
            what, parse.urljoin(self._url, path), method, body=body
        )
        for delay in RETRY_DELAYS:
            response = self._change(request)
            if response.status != 429:
                return response
            self._pace.slow_down(response.retry_after(delay))
        return self._change(request)

    def explain(
        self, response: responses.Response, what: str, hint: str
    ) -> errors.ApiError:
        """Explain why a request that changes something was refused.

        :param hint: Added to the message if the answer is 403.
        """
        if response.status == 403 and not self._credentials.scope_hint:
            return faults.explain(response, what, hint)
        return self._explain(response, what, '')

    def _change(self, request: _Request) -> responses.Response:
        try:
            return self._send(request)
        except (_NoAnswer, errors.TooLarge) as error:
            raise errors.OutcomeUnknown(
                _('%(what)s: whether it was done is not known: %(error)s')
                % {'what': request.what, 'error': error}
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

    def _answer(
        self, request: _Request, is_divisible: bool
    ) -> responses.Response:
        what = request.what
        delays = iter(RETRY_DELAYS)
        while True:
            delay = next(delays, None)
            overloaded = False
            try:
                response = self._send(request)
            except _NoAnswer as error:
                if error.is_slow and is_divisible:
                    raise errors.TooLarge(f'{what}: {error}') from error
                if delay is None or not error.may_pass:
                    raise errors.Unreachable(f'{what}: {error}') from error
                problem = str(error)
            else:
                if (
                    delay is None
                    or response.status not in RETRIED_STATUSES
                    or (
                        is_divisible and response.status in _TOO_LARGE_STATUSES
                    )
                ):
                    return response
                problem = f'HTTP {response.status}'
                delay = response.retry_after(delay)
                overloaded = response.status in _OVERLOADED_STATUSES
            LOG.info(
                _('%(what)s: %(problem)s; trying again in %(delay).0f s'),
                {'what': what, 'problem': problem, 'delay': delay},
            )
            if overloaded:
                self._pace.slow_down(delay)
            else:
                time.sleep(delay)

    def _send(self, request: _Request) -> responses.Response:
        with self._pace.turn():
            if request.authenticated:
                response = self._send_authenticated(request)
            else:
                response = self._send_once(request, {})
        if response.status not in _OVERLOADED_STATUSES:
            self._pace.succeeded()
        return response

    def _send_authenticated(self, request: _Request) -> responses.Response:
        headers = self._credentials.headers()
        response = self._send_once(request, headers)
        if response.status == 401 and self._credentials.renew(headers):
            headers = self._credentials.headers()
            response = self._send_once(request, headers)
        if response.status != 401:
            self._credentials.accepted()
        return response

    def _send_once(
        self, request: _Request, headers: dict[str, str]
    ) -> responses.Response:
        for _number in range(_MOST_REDIRECTS):
            answer = self._receive(request, headers)
            if answer.status not in _REDIRECTS or request.method != 'GET':
                return answer
            location = answer.headers.get('Location', '')
            target = _target_at_home(request.url, location)
            if target is None:
                raise errors.ApiError(
                    _('%(what)s: redirected to %(target)s, another host')
                    % {
                        'what': request.what,
                        'target': printable.one_line(location, 200),
                    }
                )
            # The target already has the query.
            request = dataclasses.replace(request, url=target, query=None)
        raise errors.ApiError(_('%s: redirected too often') % request.what)

    def _receive(
        self, request: _Request, headers: dict[str, str]
    ) -> responses.Response:
        wire_log.request(
            request.method,
            request.url,
            request.query,
            self.microversion,
            request.body,
        )
        try:
            # openstacksdk's own method (proxy.Proxy.request) uses a cache if
            # clouds.yaml configures one.
            answer = ksa_adapter.Adapter.request(
                self._adapter,
                request.url,
                request.method,
                params=dict(request.query or {}),
                json=request.body,
                headers={
                    'Accept': 'application/json',
                    'Accept-Encoding': 'gzip, deflate',
                    **headers,
                },
                authenticated=False,
                microversion=self.microversion,
                timeout=request.timeout,
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
            response = responses.read(answer, token)
        except UnicodeEncodeError:
            # The command line had bytes that are not valid in its encoding.
            raise errors.BadRequest(
                _('%s: what is asked for is not valid Unicode') % request.what
            ) from None
        except (
            ksa_exceptions.ClientException,
            requests.exceptions.RequestException,
            # requests parses Location even if it is not followed
            # (Session.send).
            ValueError,
        ) as error:
            raise _no_answer(error, request.timeout) from error
        except responses.BodyTooLarge:
            raise errors.TooLarge(
                _('%(what)s: the answer has more than %(size)d MiB')
                % {
                    'what': request.what,
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


def _no_answer(error: Exception, timeout: tuple[float, float]) -> _NoAnswer:
    """Say why there was no answer, and whether a retry may help.

    A TLS error stays, a service that exceeded the read timeout would only get
    more to do, and a host that does not respond was sent several packets
    before the connect timeout.
    """
    cause = error.__context__ or error
    if isinstance(error, ksa_exceptions.ClientException):
        may_pass = isinstance(
            error, ksa_exceptions.RetriableConnectionFailure
        ) or isinstance(
            # keystoneauth does not handle truncated answers.
            cause,
            requests.exceptions.ChunkedEncodingError,
        )
    else:
        cause = error
        may_pass = isinstance(
            error,
            (
                requests.exceptions.ChunkedEncodingError,
                requests.exceptions.ConnectionError,
            ),
        )
    if too_slow := _too_slow(error):
        return _NoAnswer(str(too_slow), may_pass=False, is_slow=True)
    if isinstance(cause, requests.exceptions.ReadTimeout) or (
        # requests raises this while it streams the body
        # (Response.iter_content).
        'Read timed out' in str(cause)
    ):
        return _NoAnswer(
            _('no answer within %.0f seconds') % timeout[1],
            may_pass=False,
            is_slow=True,
        )
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return _NoAnswer(
            _('no connection within %.0f seconds') % timeout[0],
            may_pass=False,
            is_slow=False,
        )
    # urllib3 repeats the query, which may be long, before the reason.
    problem = printable.one_line(re.sub(r'\?\S*', '', str(error)), 600)
    return _NoAnswer(problem, may_pass, is_slow=False)


def _too_slow(error: BaseException | None) -> connections.TooSlow | None:
    """Find it under the exceptions of urllib3, requests and keystoneauth."""
    while error:
        if isinstance(error, connections.TooSlow):
            return error
        error = error.__context__
    return None
