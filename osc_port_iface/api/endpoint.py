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

"""One service's REST API over the adapter that OSC has authenticated.

The only place that sends requests. It adds what the adapter does not have:
a timeout (osc-lib turns the configured one off), retries that are the same
with every supported keystoneauth1, one pace for all threads, and one renewal
of an expired token for all of them.
"""

from collections.abc import Mapping
import datetime
import email.utils
import logging
import re
import threading
import time
from typing import Any
from urllib import parse

from keystoneauth1 import access
from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import identity
import requests
from requests import adapters

from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import pace
from osc_port_iface.i18n import _
from osc_port_iface import printable

LOG = logging.getLogger(__name__)

# Seconds to connect and seconds between two bytes. Proxies in front of Nova
# commonly give up after 60 s, and their 504 says more than our own timeout.
TIMEOUT = (10.0, 90.0)

# Tries after the first one, and the seconds before each of them.
RETRY_DELAYS = (1.0, 2.0, 4.0)

# The longest Retry-After (RFC 9110, section 10.2.3), in seconds, that is
# waited for; a longer one is cut.
RETRY_AFTER_CAP = 30.0

RETRIED_STATUSES = frozenset({429, 502, 503, 504})

# By these a service says that it has too much to do.
_OVERLOADED_STATUSES = frozenset({429, 503})

Query = Mapping[str, str | list[str]]


class Endpoint:
    """Sends GET requests to one service and decodes what comes back."""

    def __init__(
        self, adapter: ksa_adapter.Adapter, microversion: str | None = None
    ) -> None:
        """Wrap an adapter.

        :param adapter: ``sdk_connection.compute`` or another service's.
        :param microversion: Sent with each request; None sends none.
        """
        self._adapter = adapter
        self._microversion = microversion
        self._renewal = threading.Lock()
        self._pace = pace.Pace()
        self._base_url = ''
        # The headers that authenticate a request; None until they are known.
        self._authentication: dict[str, str] | None = None

    def prepare(self, threads: int) -> None:
        """Make ready for requests of several threads at a time.

        Fetches what each of them would need first, and sees to it that no
        connection is thrown away: ten are kept unless more are asked for.

        :param threads: How many requests there may be at a time.
        :raises errors.ApiError: The endpoint is not known.
        """
        self._adapter.get_token()
        url = self._url('')
        transport = self._adapter.session.session.get_adapter(url)
        if threads > adapters.DEFAULT_POOLSIZE and isinstance(
            transport, adapters.HTTPAdapter
        ):
            transport.poolmanager.connection_pool_kw['maxsize'] = threads

    def get(
        self, path: str, what: str, query: Query | None = None, hint: str = ''
    ) -> tuple[dict[str, Any], requests.Response]:
        """Send a GET request, again where that may help.

        :param path: Path below the endpoint, or a whole URL.
        :param what: What is asked for, to begin an error's message with.
        :param query: Query parameters.
        :param hint: Added to the message where the answer is 404.
        :returns: The decoded JSON object, and the response it came in.
        :raises errors.ApiError: The service refused, could not be reached
            or answered with something else than a JSON object.
        """
        response = self._answer(path, what, query)
        if response.status_code == 403 and self._is_system_scoped():
            hint = _(
                'the token is scoped to the system, and interfaces need one '
                'that is scoped to a project'
            )
        elif response.status_code != 404:
            hint = ''
        if response.status_code >= 400:
            raise faults.explain(response, what, hint)
        try:
            body = response.json()
        except ValueError as error:
            raise faults.malformed(response, what) from error
        if not isinstance(body, dict):
            raise faults.malformed(response, what)
        return body, response

    def _answer(
        self, path: str, what: str, query: Query | None
    ) -> requests.Response:
        for retries_left in range(len(RETRY_DELAYS), -1, -1):
            delay = RETRY_DELAYS[-retries_left] if retries_left else 0.0
            overloaded = False
            try:
                response = self._send(path, query)
            except ksa_exceptions.ConnectionError as error:
                if not retries_left or not _may_pass(error):
                    raise errors.Unreachable(
                        f'{what}: {_connection_problem(error)}'
                    ) from error
                problem = _connection_problem(error)
            else:
                if (
                    not retries_left
                    or response.status_code not in RETRIED_STATUSES
                ):
                    return response
                problem = f'HTTP {response.status_code}'
                delay = _retry_after(response, delay)
                overloaded = response.status_code in _OVERLOADED_STATUSES
            LOG.info(
                _(
                    '%(what)s: %(problem)s; trying again in %(delay).0f s, '
                    '%(left)d more tries'
                ),
                {
                    'what': what,
                    'problem': problem,
                    'delay': delay,
                    'left': retries_left,
                },
            )
            if overloaded:
                self._pace.slow_down(delay)
            else:
                time.sleep(delay)
        raise AssertionError('the last try returns or raises')

    def _send(self, path: str, query: Query | None) -> requests.Response:
        url = self._url(path)
        with self._pace.turn():
            response = self._send_once(url, query)
            if response.status_code == 401 and self._renew_token(response):
                response = self._send_once(url, query)
        if response.status_code not in _OVERLOADED_STATUSES:
            self._pace.succeeded()
        return response

    def _send_once(self, url: str, query: Query | None) -> requests.Response:
        # openstacksdk's own method answers from a cache where clouds.yaml has
        # one, and looking for it costs more than the rest does here.
        response = ksa_adapter.Adapter.request(
            self._adapter,
            url,
            'GET',
            params=dict(query or {}),
            headers={'Accept': 'application/json', **self._credentials()},
            authenticated=False,
            microversion=self._microversion,
            timeout=TIMEOUT,
            raise_exc=False,
            # keystoneauth would renew the token once for each thread, and
            # its retries differ between the releases.
            allow_reauth=False,
            connect_retries=0,
            status_code_retries=0,
        )
        return response

    def _credentials(self) -> dict[str, str]:
        """Return the headers that authenticate a request.

        Read here and not by keystoneauth for each request: its plugins raise
        in a thread that reads the token while another has it renewed.
        """
        with self._renewal:
            if self._authentication is None:
                session = self._adapter.session
                self._authentication = (
                    session.get_auth_headers(self._adapter.auth) or {}
                )
            return self._authentication

    def _url(self, path: str) -> str:
        """Make a whole URL, so that keystoneauth need not look it up again."""
        if '://' in path:
            return path
        if not self._base_url:
            # openstacksdk's adapter of Keystone has another method of that
            # name, which shows an endpoint of the catalog.
            url = ksa_adapter.Adapter.get_endpoint(self._adapter)
            self._base_url = (url or '').rstrip('/')
            if not self._base_url:
                raise errors.ApiError(
                    _('The catalog has no %s service.')
                    % self._adapter.service_type
                )
        return f'{self._base_url}{path}'

    def _is_system_scoped(self) -> bool:
        plugin = self._adapter.auth or self._adapter.session.auth
        if not isinstance(plugin, identity.BaseIdentityPlugin):
            return False
        with self._renewal:
            token = plugin.get_access(self._adapter.session)
        return isinstance(token, access.AccessInfoV3) and token.system_scoped

    def _renew_token(self, rejected: requests.Response) -> bool:
        """Have the token renewed, by the first thread that finds it expired.

        :returns: Whether there is a token to try that was not rejected.
        """
        with self._renewal:
            self._authentication = None
            token = rejected.request.headers.get('X-Auth-Token')
            if self._adapter.get_token() == token:
                return bool(
                    self._adapter.invalidate()
                    and self._adapter.get_token() != token
                )
            return True


def _may_pass(error: ksa_exceptions.ConnectionError) -> bool:
    """Tell whether the same request may succeed a moment later.

    TLS does not change its mind, and a service that let the read timeout
    pass would only have more to do. keystoneauth does not know an answer
    that is cut off.
    """
    cause = error.__context__
    return not isinstance(cause, requests.exceptions.ReadTimeout) and (
        isinstance(error, ksa_exceptions.RetriableConnectionFailure)
        or isinstance(cause, requests.exceptions.ChunkedEncodingError)
    )


def _connection_problem(error: ksa_exceptions.ConnectionError) -> str:
    if isinstance(error.__context__, requests.exceptions.ReadTimeout):
        return _('no answer within %.0f seconds') % TIMEOUT[1]
    # urllib3 repeats the query, which may be long, before it says why.
    return printable.one_line(re.sub(r'\?\S*', '', str(error)), 600)


def next_page(links: list[dict[str, str]]) -> Query | None:
    """Read the query of the next page of a listing.

    :param links: ``servers_links``, ``ports_links`` and so on. Only the query
        of the link is used: its host may be one that only the service knows.
    :returns: The query; None after the last page.
    """
    for link in links:
        if link['rel'] == 'next':
            return parse.parse_qs(parse.urlsplit(link['href']).query)
    return None


def moment_of(response: requests.Response) -> datetime.datetime:
    """Tell when an answer was sent: its ``Date``, or else our own clock."""
    return _date(response.headers.get('Date', '')) or datetime.datetime.now(
        datetime.UTC
    )


def _date(text: str) -> datetime.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment


def _retry_after(response: requests.Response, default: float) -> float:
    """Read ``Retry-After``: seconds or a date, never above the cap."""
    value = response.headers.get('Retry-After', '')
    if value.isdecimal():
        seconds = float(value)
    elif moment := _date(value):
        now = datetime.datetime.now(datetime.UTC)
        seconds = (moment - now).total_seconds()
    else:
        return default
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)
