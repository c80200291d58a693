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

"""The log of requests and answers that ``--debug`` shows.

keystoneauth's own log reads a whole body, however long, and writes it to the
terminal as it is. This one has limited length, no secrets, and no characters
that a terminal acts on.
"""

from collections.abc import Mapping, Sequence
import json
import logging
import re
from typing import Any
from urllib import parse

from osc_port_iface.api import response as responses
from osc_port_iface.i18n import _
from osc_port_iface import printable

LOG = logging.getLogger(__name__)

# Bytes of a body to log, enough for any single server.
_LONGEST_BODY = 64 * 1024

# The text of a key that may hold a password. User data are often scripts with
# passwords in them. oslo.utils' mask_password would remove the next key as
# well.
_SECRET = re.compile(
    r'("[^"]{0,60}(?:pass|secret|token|user_data|private_key)[^"]{0,60}"'
    r'\s*:\s*")(?:[^"\\]|\\.)*',
    re.IGNORECASE | re.DOTALL,
)

_SECRET_HEADERS = frozenset(
    {'authorization', 'set-cookie', 'x-auth-token', 'x-subject-token'}
)


def request(
    method: str,
    url: str,
    query: Mapping[str, str | Sequence[str]] | None,
    microversion: str | None,
    body: Mapping[str, Any] | None,
) -> None:
    """Log a request before it is sent."""
    if not _is_seen():
        return
    if query:
        url += '?' + parse.urlencode(query, doseq=True, errors='replace')
    line = f'REQ: {method} {url}'
    if microversion:
        line += f', microversion {microversion}'
    if body is not None:
        line += f', {_shown(json.dumps(body).encode())}'
    LOG.debug(printable.escape(line))


def head(status: int, headers: Mapping[str, str]) -> None:
    """Log the status and headers of an answer."""
    if _is_seen():
        shown = (
            f'{name}: {"***" if name.lower() in _SECRET_HEADERS else value}'
            for name, value in sorted(headers.items())
        )
        LOG.debug(printable.escape(f'RESP: [{status}] ' + ', '.join(shown)))


def body(response: responses.Response) -> None:
    """Log the body of an answer."""
    if _is_seen():
        LOG.debug(printable.escape(f'RESP BODY: {_shown(response.body)}'))


def silence_urllib3() -> None:
    """Drop the warnings of urllib3, as a user can do nothing about them.

    For a malformed header, they have a traceback and the header as it came
    (``HTTPConnection.getresponse``).
    """
    # The filter of a logger is not that of the loggers below it.
    for name in ('connection', 'connectionpool', 'response'):
        logging.getLogger(f'urllib3.{name}').addFilter(_is_no_warning)


def _is_no_warning(record: logging.LogRecord) -> bool:
    return record.levelno < logging.WARNING


def _is_seen() -> bool:
    """Return whether anyone sees what is logged.

    The root logger passes everything on (osc-lib, ``logs.LogConfig``); only
    its handlers have levels.
    """
    return any(
        handler.level <= logging.DEBUG
        for handler in logging.getLogger().handlers
    )


def _shown(content: bytes) -> str:
    text = content[:_LONGEST_BODY].decode('utf-8', 'replace')
    text = _SECRET.sub(r'\1***', text)
    if len(content) > _LONGEST_BODY:
        text += _('... (%d bytes)') % len(content)
    return text
