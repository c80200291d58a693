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

"""Explains refused requests in words that a user can act on."""

import re
from typing import Any

from osc_port_iface.api import errors
from osc_port_iface.api import response as responses
from osc_port_iface.i18n import _
from osc_port_iface import printable

# Nova names the class of an unexpected exception in its message. Nothing else
# distinguishes these two errors.
_NEUTRON_UNREACHABLE = re.compile(r'neutronclient|keystoneauth1\.exceptions')
_CELL_DOWN = re.compile(r'nova\.exception\.NovaException')

# With these, Nova and Neutron say themselves that something does not exist.
_NOT_FOUND = re.compile(r'\s*\{\s*"(itemNotFound|NeutronError)"\s*:')

# How many characters of a body other than JSON are searched.
_LONGEST_TEXT = 20_000

_ADVICE = {
    300: _('is this endpoint really the service it is registered as?'),
    400: _('the request was rejected'),
    401: _(
        'the token was refused; it may be expired, revoked or limited by '
        'access rules, or the service behind this one does not accept it'
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
    412: _('it has changed since it was read'),
    414: _('the request is too long for a proxy'),
    429: _('too many requests; try again later'),
    431: _('the request is too long for a proxy'),
    500: _('the service failed'),
    502: _('a proxy got no valid answer from the service'),
    503: _('the service is not available; try again later'),
    504: _('a proxy got no answer from the service in time'),
}

_CLASSES: dict[int, type[errors.RequestFailed]] = {
    400: errors.BadRequest,
    403: errors.Forbidden,
    404: errors.NothingThere,
    # A later one may succeed.
    429: errors.RequestFailed,
    414: errors.TooLong,
    431: errors.TooLong,
    502: errors.Unreachable,
    503: errors.Unreachable,
    504: errors.TooLarge,
}


def explain(
    response: responses.Response, hint: str = ''
) -> errors.RequestFailed:
    """Turn a response of status 300 or above into an error.

    :param response: The response. Its body may be Nova's or Neutron's JSON
        fault or a proxy's HTML, truncated or empty.
    :param hint: More that the user should know about this status.
    :returns: The error, to be raised by the caller.
    """
    status = response.status
    detail = _detail(response) if status >= 400 else ''
    advice = _ADVICE.get(status, _('unexpected answer'))
    if status == 500 and _NEUTRON_UNREACHABLE.search(detail):
        advice = _('Nova cannot reach Neutron')
    elif status == 500 and _CELL_DOWN.search(detail):
        advice = _(
            "the cell that holds the server is down; 'openstack server show' "
            'with --os-compute-api-version 2.69 shows UNKNOWN if so'
        )
    message = f'{response.what}: {advice}'
    if hint:
        message += f'; {hint}'
    if detail:
        message += f': {printable.one_line(detail)}'
    fallback = errors.RequestRefused if status < 500 else errors.RequestFailed
    kind = _CLASSES.get(status, fallback)
    if kind is errors.NothingThere and _NOT_FOUND.match(str(response)):
        kind = errors.NotFound
    return kind(f'{message} ({_reference(response)})')


def malformed(
    response: responses.Response, problem: str = ''
) -> errors.Malformed:
    """Make the error for a successful response with an unexpected body.

    :param response: The response, with a status below 300.
    :param problem: What is wrong with the body. If empty, the beginning of the
        body is shown.
    :returns: The error, to be raised by the caller.
    """
    seen = problem or printable.one_line(str(response)[:1000], 80)
    message = _(
        '%(what)s: the answer is not what the API describes: %(seen)s'
    ) % {'what': response.what, 'seen': seen or _('an empty body')}
    return errors.Malformed(f'{message} ({_reference(response)})')


def _detail(response: responses.Response) -> str:
    """Find the service's own message: that of a fault, or the text."""
    try:
        return _message(response.json())
    except (ValueError, RecursionError):
        pass
    # Of a proxy's page, the first line of its text says what happened.
    text = re.sub(r'<[^<>]*>', ' ', str(response)[:_LONGEST_TEXT])
    return next(filter(None, map(str.strip, text.splitlines())), '')


def _message(body: Any) -> str:
    """Take the message from a fault: ``{"itemNotFound": {"message": …}}``.

    Keystone's middleware, Nova, Neutron, Octavia and Placement use different
    keys. Neutron's quota and policy faults are plain strings.
    """
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        for key in ('message', 'detail', 'faultstring'):
            if isinstance(text := body.get(key), str):
                return text
        return ' '.join(filter(None, map(_message, body.values())))
    if isinstance(body, list):
        return ' '.join(filter(None, map(_message, body)))
    return ''


def _reference(response: responses.Response) -> str:
    origin = f'HTTP {response.status}'
    if response.request_id:
        origin += f', request ID {printable.one_line(response.request_id)}'
    return origin
