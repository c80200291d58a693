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

"""What can go wrong between us and a service, each as one line.

::

    ApiError
      Unauthorized    401
        TokenRefused  401 to a token that was renewed a moment before, or no
                      token to be had
      Refused         any other 4xx that asking again does not mend
        BadRequest    400
        Forbidden     403
        NotFound      404: nothing there, or not visible to this caller
      TooLarge        504 or a timeout: more was asked for than could be had
        TooLong       414 or 431: the request does not fit
      NotInCatalog    the cloud has no such service
      Unreachable     no answer: refused, reset, TLS, timeout
      OutcomeUnknown  no answer to a request that changes something
      Malformed       an answer that is not what the API describes

Each is a CommandError, so cliff prints it as one line and exits with 1.
"""

from osc_lib import exceptions


class ApiError(exceptions.CommandError):
    """A service did not do what was asked."""


class Unauthorized(ApiError):
    """401: the token was not accepted."""


class TokenRefused(Unauthorized):
    """No token that is accepted, so that nothing more can be asked."""


class Refused(ApiError):
    """A status from 400 to 499 that asking again does not mend."""


class BadRequest(Refused):
    """400: the service does not accept the request."""


class Forbidden(Refused):
    """403: the caller may not do this."""


class NotFound(Refused):
    """404: no such thing, or one that this caller may not see."""


class TooLarge(ApiError):
    """The same in smaller parts may succeed."""


class TooLong(TooLarge):
    """The same with fewer values may succeed, smaller pages may not."""


class NotInCatalog(ApiError):
    """The cloud has no such service, or none for this caller."""


class Unreachable(ApiError):
    """No answer at all."""


class OutcomeUnknown(ApiError):
    """No answer to a change, which may have been done or not."""


class Malformed(ApiError):
    """An answer that is not what the API describes."""
