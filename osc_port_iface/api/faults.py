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

"""What a refused request means, in words a person can act on."""

from collections.abc import Iterator
import contextlib
import json
import re
from typing import Any

import requests

from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface import printable

# Nova passes the class of an error it did not foresee on in its text, which
# is all that tells these two apart.
_NEUTRON_UNREACHABLE = re.compile(r'neutronclient|keystoneauth1\.exceptions')
_CELL_DOWN = re.compile(r'nova\.exception\.NovaException')

_ADVICE = {
    400: _('the request was rejected'),
    401: _(
        'authentication was refused; the token may have expired or been '
        'revoked, or Neutron does not accept it'
    ),
    403: _('this is not allowed'),
    404: _('not found'),
    405: _(
        'the method is not allowed; is this endpoint really the service it '
        'is registered as?'
    ),
    406: _(
        'the microversion is not supported; choose another with '
        '--os-compute-api-version'
    ),
    429: _('too many requests; try again later'),
    500: _('the service failed'),
    501: _('this cloud does not implement it'),
    502: _('a proxy got no valid answer from the service'),
    503: _('the service is not available; try again later'),
    504: _('a proxy got no answer from the service in time'),
}

_CLASSES: dict[int, type[errors.ApiError]] = {
    403: errors.Forbidden,
    404: errors.NotFound,
}


def explain(
    response: requests.Response, what: str, hint: str = ''
) -> errors.ApiError:
    """Turn a response of status 400 or above into an error.

    :param response: The response. Its body may be Nova's or Neutron's JSON
        fault, a proxy's HTML, cut off or empty.
    :param what: What was asked for, to begin the message with.
    :param hint: What the caller knows of this status and the user should.
    :returns: The error, not raised.
    """
    status = response.status_code
    detail = _detail(response)
    advice = _ADVICE.get(status, _('unexpected answer'))
    if status == 500 and _NEUTRON_UNREACHABLE.search(detail):
        advice = _('Nova cannot reach Neutron')
    elif status == 500 and _CELL_DOWN.search(detail):
        advice = _(
            "the cell that holds the server is down; 'openstack server show' "
            'with --os-compute-api-version 2.69 shows UNKNOWN if so'
        )
    message = f'{what}: {advice}'
    if hint:
        message += f'; {hint}'
    if detail:
        message += f': {printable.one_line(detail)}'
    return _CLASSES.get(status, errors.ApiError)(
        f'{message} ({_origin(response)})'
    )


def malformed(response: requests.Response, what: str) -> errors.ApiError:
    """Make the error for a success whose body is not the API's.

    :param response: The response of status below 400.
    :param what: What was asked for, to begin the message with.
    :returns: The error, not raised.
    """
    seen = printable.one_line(response.text, 80) or _('an empty body')
    message = _(
        '%(what)s: the answer is not what the API describes: %(seen)s'
    ) % {'what': what, 'seen': seen}
    return errors.Malformed(f'{message} ({_origin(response)})')


@contextlib.contextmanager
def api_shape(response: requests.Response, what: str) -> Iterator[None]:
    """Explain what reading a body of the wrong shape raises.

    :param response: The response whose body is read in the context.
    :param what: What was asked for, to begin the message with.
    :raises errors.Malformed: The body is not what the API describes.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise malformed(response, what) from error


def _detail(response: requests.Response) -> str:
    """Find the service's own words: a fault's message, or the text."""
    try:
        return _message(response.json())
    except (json.JSONDecodeError, UnicodeDecodeError, ValueError):
        pass
    text = re.sub(r'(?s)<(style|script|head).*?</\1>', ' ', response.text)
    return re.sub(r'<[^<>]*>', ' ', text)


def _message(body: Any) -> str:
    """Take the message out of a fault: ``{"itemNotFound": {"message": …}}``.

    Keystone's middleware, Nova, Neutron and Placement each wrap it in
    another key; Neutron's quota and policy faults are plain strings.
    """
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        if isinstance(message := body.get('message'), str):
            return message
        if isinstance(detail := body.get('detail'), str):
            return detail
        return ' '.join(filter(None, map(_message, body.values())))
    if isinstance(body, list):
        return ' '.join(filter(None, map(_message, body)))
    return ''


def _origin(response: requests.Response) -> str:
    request_id = response.headers.get(
        'x-openstack-request-id'
    ) or response.headers.get('x-compute-request-id')
    origin = f'HTTP {response.status_code}'
    if request_id:
        origin += f', request ID {printable.one_line(request_id)}'
    return origin
