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

"""The token of one run, shared by all services and all threads."""

from collections.abc import Callable, Iterator, Mapping
import datetime
import logging
import math
import re
import threading
import time
from typing import TypeVar

from keystoneauth1 import access
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import identity
from keystoneauth1.identity import access as identity_access
from keystoneauth1 import session as ksa_session
from openstack import exceptions as sdk_exceptions
from osc_lib import exceptions as osc_exceptions

from osc_port_iface.api import errors
from osc_port_iface.api import no_answer
from osc_port_iface.i18n import _
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# A token is replaced this many seconds before its end, or after half of a
# shorter life.
_MARGIN = 60.0

_NOTABLE_SKEW = datetime.timedelta(minutes=2)

REQUEST_ID = re.compile('req-[0-9a-f-]{36}')

# What keystoneauth raises if Keystone's answer is not what the API describes.
_MALFORMED = (
    ksa_exceptions.InvalidResponse,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

_Prepared = TypeVar('_Prepared')


class Credentials:
    """Authenticates requests, and renews a refused token once.

    keystoneauth renews a refused token for each request of each thread. If a
    service keeps refusing, that makes one token per server. Besides, its
    plugins (``BaseIdentityPlugin.invalidate``) raise an exception in a thread
    that reads the token while another one renews it.
    """

    def __init__(self, session: ksa_session.Session) -> None:
        """Use the session that OSC has authenticated."""
        self._session = session
        self._lock = threading.Lock()
        self._headers: dict[str, str] | None = None
        # The token in the headers.
        self._token: access.AccessInfo | None = None
        # When to replace it, by time.monotonic.
        self._renew_at = math.inf
        self._is_renewed = False
        # Whether a service has accepted the current token.
        self._is_proven = False
        self._failure: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request.

        They are kept, as asking keystoneauth each time would take longer than
        the rest of a request.

        :raises errors.TokenRefused: No token could be obtained.
        """
        with self._lock:
            if self._headers is None:
                self._headers = self._new_headers()
            elif time.monotonic() > self._renew_at:
                self._session.invalidate()
                self._headers = self._new_headers()
            return self._headers

    def plugin(self) -> identity.BaseIdentityPlugin | None:
        """Return a plugin of keystoneauth that has the token.

        The plugin that OSC has made requests a token whenever the local clock
        says that the last one has expired (``get_access``), even if the clock
        is wrong.

        :returns: The plugin; None if Keystone is not asked for tokens.
        :raises errors.TokenRefused: No token could be obtained.
        """
        token = self._current_token()
        if token is None:
            return None
        return identity_access.AccessInfoPlugin(
            token, getattr(self._session.auth, 'auth_url', None)
        )

    @property
    def project_id(self) -> str | None:
        """The ID of the token's project."""
        token = self._current_token()
        project_id: str | None = (
            token.project_id if token else self._session.get_project_id()
        )
        return project_id

    def accepted(self) -> None:
        """Note that a service has accepted the token."""
        self._is_proven = True

    def renew(self, refused: dict[str, str]) -> bool:
        """Renew the token, in the first thread whose token was refused.

        :param refused: The headers that were refused.
        :returns: Whether there are new headers to try.
        :raises errors.TokenRefused: No token could be obtained.
        """
        # No other thread may read the headers during the renewal.
        with self._lock:
            if self._headers != refused:
                return True
            if self._is_renewed:
                return False
            self._is_renewed = True
            self._is_proven = False
            if not self._session.invalidate():
                return False
            LOG.info(_('The token was refused, and is renewed.'))
            self._headers = self._new_headers()
            return self._headers != refused

    @property
    def are_refused(self) -> bool:
        """Whether the token was refused, and another one does not help.

        A new one was refused as well, or none could be obtained.
        """
        return self._is_renewed and not self._is_proven

    @property
    def scope_hint(self) -> str:
        """Why the token shows no interfaces, if it is not for a project."""
        token = self._current_token()
        if token is None or token.project_id:
            return ''
        return _(
            'the token is not scoped to a project, and interfaces need one '
            'that is'
        )

    @property
    def project(self) -> records.Project | None:
        """The project of the token, with its name and domain."""
        token = self._current_token()
        if token is None or not token.project_id:
            return None
        return records.Project(
            token.project_id,
            token.project_name,
            token.project_domain_id,
            token.project_domain_name,
        )

    @property
    def caller(self) -> Mapping[str, str | None]:
        """Who sends the requests, as far as the token tells."""
        token = self._current_token()
        return {
            'user': token.username if token else None,
            'user_id': token.user_id if token else None,
            'project_id': self.project_id,
        }

    @property
    def roles(self) -> frozenset[str]:
        """The names of the token's roles, in lower case.

        Services compare them in lower case
        (``oslo_policy._checks.RoleCheck``).
        """
        token = self._current_token()
        names = (token and token.role_names) or ()
        return frozenset(map(str.lower, names))

    def regions(
        self, service_type: str | None, interface: str | list[str] | None
    ) -> list[str]:
        """Return the regions of the catalog, in its order.

        :param service_type: A service that they have; any if None.
        :param interface: The interface of its endpoints, or several.
        """
        endpoints = self._endpoints(service_type, interface)
        return list(dict.fromkeys(region for region, _url in endpoints))

    def urls(self, service_type: str) -> dict[str, set[str]]:
        """Return the URLs of a service of any interface, by region."""
        endpoints = self._endpoints(service_type, None)
        by_region = records.grouped(endpoints, lambda endpoint: endpoint[0])
        return {
            region: {url for _region, url in found}
            for region, found in by_region.items()
        }

    def _endpoints(
        self, service_type: str | None, interface: str | list[str] | None
    ) -> Iterator[tuple[str, str]]:
        """Return the regions and the URLs of the endpoints of the catalog."""
        token = self._current_token()
        if token is None or not token.has_service_catalog():
            return
        found = token.service_catalog.get_endpoints_data(
            service_type, interface
        )
        for endpoints in found.values():
            for endpoint in endpoints:
                if endpoint.region_name:
                    yield endpoint.region_name, endpoint.url or ''

    def _current_token(self) -> access.AccessInfo | None:
        """Return the token; None if Keystone is not asked for tokens."""
        self.headers()
        return self._token

    def _new_headers(self) -> dict[str, str]:
        # Further attempts, from each thread, could lock the account.
        if self._failure is None:
            try:
                return self._headers_of_token()
            except (ksa_exceptions.ClientException, *_MALFORMED) as error:
                self._failure = _('No token: %s') % _without_secrets(error)
        raise errors.TokenRefused(self._failure)

    def _headers_of_token(self) -> dict[str, str]:
        plugin = self._session.auth
        if not isinstance(plugin, identity.BaseIdentityPlugin):
            return self._session.get_auth_headers() or {}
        # OSC has put its token there.
        token = plugin.auth_ref or plugin.get_access(self._session)
        self._token = token
        self._renew_at = time.monotonic() + _usable_seconds(token)
        return {'X-Auth-Token': token.auth_token or ''}


def authenticate(prepare: Callable[[], _Prepared]) -> _Prepared:
    """Authenticate within a command, so that it can report why it cannot.

    OSC authenticates before it runs a command, unless the command has
    ``auth_required = False``.

    :param prepare: Lets OSC authenticate, or prepares a session.
    :returns: What it returned.
    :raises errors.TokenRefused: There is no token. The message is one line,
        and repeats nothing of what Keystone answered.
    """
    # It warns if Keystone does not list its versions. A user can do nothing
    # about that, and an error says more.
    logging.getLogger('keystoneauth.identity.generic.base').setLevel(
        logging.ERROR
    )
    try:
        return prepare()
    except (
        *_MALFORMED,
        # keystoneauth lets through that requests finds no file of cacert.
        OSError,
        ksa_exceptions.ClientException,
        osc_exceptions.CommandError,
        osc_exceptions.AuthorizationFailure,
        sdk_exceptions.ConfigException,
    ) as error:
        raise errors.TokenRefused(
            _('Authentication failed: %s') % _without_secrets(error)
        ) from None


def read_now(token: access.AccessInfo | None) -> None:
    """Read a token, which keystoneauth does only when it is used.

    :raises Exception: It is not what the API describes, as for
        :func:`authenticate`.
    """
    if token:
        token.service_catalog.normalize_catalog()
        token.will_expire_soon()


def _usable_seconds(token: access.AccessInfo) -> float:
    """Return how long to use a new token, whatever the local clock says.

    If the clock takes it for an expired one, a warning says so.
    """
    try:
        issued, expires = token.issued, token.expires
    except (KeyError, ValueError):
        return math.inf
    if issued is None or expires is None:
        return math.inf
    skew = datetime.datetime.now(datetime.UTC) - issued
    if token.will_expire_soon() and skew > _NOTABLE_SKEW:
        LOG.warning(
            _(
                'The clock of this computer is %d minutes ahead of '
                "Keystone's, so new tokens seem to have expired. They are "
                'used anyway.'
            ),
            skew // datetime.timedelta(minutes=1),
        )
    lifetime = (expires - issued).total_seconds()
    return max(lifetime - _MARGIN, lifetime / 2)


def _without_secrets(error: Exception) -> str:
    """Say why there is no token, without the message of Keystone.

    The message may repeat the password.
    """
    if isinstance(error, _MALFORMED):
        return _('the answer of Keystone is not what the API describes')
    if not isinstance(error, ksa_exceptions.HttpError):
        return str(no_answer.explain(error))
    origin = _('HTTP %s') % error.http_status
    if REQUEST_ID.fullmatch(error.request_id or ''):
        origin += f', request ID {error.request_id}'
    return f'{type(error).message} ({origin})'
