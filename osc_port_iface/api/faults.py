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

import re
from typing import Any

from osc_port_iface.api import errors
from osc_port_iface.api import response as responses
from osc_port_iface.i18n import _
from osc_port_iface import printable

# Nova passes the class of an error it did not foresee on in its text, which
# is all that tells these two apart.
_NEUTRON_UNREACHABLE = re.compile(r'neutronclient|keystoneauth1\.exceptions')
_CELL_DOWN = re.compile(r'nova\.exception\.NovaException')

# Characters of a body that is not JSON which are looked at.
_LONGEST_TEXT = 20_000

_ADVICE = {
    300: _(
        'versions of an API, and no answer; is this endpoint really the '
        'service it is registered as?'
    ),
    400: _('the request was rejected'),
    401: _(
        'the token was refused; it may have expired or been revoked, or the '
        'service behind this one does not accept it'
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
    413: _('too many requests; try again later'),
    414: _('the request is too long for a proxy'),
    429: _('too many requests; try again later'),
    431: _('the request is too long for a proxy'),
    500: _('the service failed'),
    501: _('this cloud does not implement it'),
    502: _('a proxy got no valid answer from the service'),
    503: _('the service is not available; try again later'),
    504: _('a proxy got no answer from the service in time'),
}

_CLASSES: dict[int, type[errors.ApiError]] = {
    300: errors.Malformed,
    400: errors.BadRequest,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    # Too many requests, which a later one may not be.
    413: errors.ApiError,
    429: errors.ApiError,
    414: errors.TooLong,
    431: errors.TooLong,
    504: errors.TooLarge,
}


def explain(
    response: responses.Response,
    what: str,
    hint: str = '',
    advice: str = '',
) -> errors.ApiError:
    """Turn a response of status 300 or above into an error.

    :param response: The response. Its body may be Nova's or Neutron's JSON
        fault, a proxy's HTML, cut off or empty.
    :param what: What was asked for, to begin the message with.
    :param hint: What the caller knows of this status and the user should.
    :param advice: What the status means, where it is not the usual.
    :returns: The error, not raised.
    """
    status = response.status
    detail = _detail(response) if status >= 400 else ''
    advice = advice or _ADVICE.get(status, _('unexpected answer'))
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
    fallback = errors.Refused if status < 500 else errors.ApiError
    return _CLASSES.get(status, fallback)(f'{message} ({_origin(response)})')


def malformed(
    response: responses.Response, what: str, problem: str = ''
) -> errors.Malformed:
    """Make the error for a success whose body is not the API's.

    :param response: The response of status below 300.
    :param what: What was asked for, to begin the message with.
    :param problem: What is wrong with the body; its beginning if empty.
    :returns: The error, not raised.
    """
    seen = problem or printable.one_line(response.text[:1000], 80)
    message = _(
        '%(what)s: the answer is not what the API describes: %(seen)s'
    ) % {'what': what, 'seen': seen or _('an empty body')}
    return errors.Malformed(f'{message} ({_origin(response)})')


def _detail(response: responses.Response) -> str:
    """Find the service's own words: a fault's message, or the text."""
    try:
        return _message(response.json())
    except (ValueError, RecursionError):
        pass
    # Enough for any message, and little enough to search.
    text = _without_invisible(response.text[:_LONGEST_TEXT])
    return re.sub(r'<[^<>]*>', ' ', text)


def _without_invisible(html: str) -> str:
    """Drop the elements of a page that a browser does not show.

    One that is not closed takes the rest with it.
    """
    shown = []
    while opened := re.search(r'<(style|script|head)\b', html):
        shown.append(html[: opened.start()])
        html = html[opened.end() :].partition(f'</{opened[1]}>')[2]
    return ' '.join([*shown, html])


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


def _origin(response: responses.Response) -> str:
    origin = f'HTTP {response.status}'
    if response.request_id:
        origin += f', request ID {printable.one_line(response.request_id)}'
    return origin
