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

"""The errors of requests to services, each with a one-line message.

::

    ApiError
      TokenRefused      401 to a token that was renewed a moment before, or no
                        token could be obtained
      RequestFailed     any other failure; other requests may succeed
        RequestRefused  a status from 300 to 499 that a retry will not change
          BadRequest    400
          Forbidden     403
            NotRecorded a journal does not have it
          NothingThere  404, which may also be a proxy's
            NotFound    Nova or Neutron says so: it does not exist, or this
                        caller may not see it
        TooLarge        504 or a timeout: a smaller request may succeed
          TooLong       414 or 431: the request does not fit
        NotInCatalog    the catalog has no such service
        Unreachable     no answer: refused, reset, TLS, timeout, 502 or 503
        Malformed       an answer that is not what the API describes

Each is a CommandError, so cliff prints it as one line and exits with status 1.
"""

from osc_lib import exceptions


class ApiError(exceptions.CommandError):
    """A service did not do what was asked."""


class TokenRefused(ApiError):
    """No token is accepted, so no further request can succeed."""


class RequestFailed(ApiError):
    """A request failed; others may succeed."""


class RequestRefused(RequestFailed):
    """A status from 300 to 499 that a retry will not change."""


class BadRequest(RequestRefused):
    """400: the service does not accept the request."""


class Forbidden(RequestRefused):
    """403: the caller may not do this."""


class NotRecorded(Forbidden):
    """A journal does not have what was asked for."""


class NothingThere(RequestRefused):
    """404, which may also be a proxy's, and then proves nothing."""


class NotFound(NothingThere):
    """It does not exist, or this caller may not see it."""


class TooLarge(RequestFailed):
    """The same request in smaller parts may succeed."""


class TooLong(TooLarge):
    """The same request with fewer values may succeed."""


class NotInCatalog(RequestFailed):
    """The catalog of this caller has no such service."""


class Unreachable(RequestFailed):
    """The service does not answer."""


class Malformed(RequestFailed):
    """An answer that is not what the API describes."""
