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
      NotFound        404: nothing there, or not for this caller
      Forbidden       403
      Unreachable     no answer: refused, reset, TLS, timeout
      Malformed       an answer that is not what the API describes

Each is a CommandError, so cliff prints it as one line and exits with 1.
"""

from osc_lib import exceptions


class ApiError(exceptions.CommandError):
    """A service did not do what was asked."""


class NotFound(ApiError):
    """404: no such thing, or one that this caller may not see."""


class Forbidden(ApiError):
    """403: the caller may not do this."""


class Unreachable(ApiError):
    """No answer at all."""


class Malformed(ApiError):
    """An answer that is not what the API describes."""
