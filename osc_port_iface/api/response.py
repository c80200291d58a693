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

"""A complete response of a service, of limited size."""

from collections.abc import Mapping
import contextlib
import dataclasses
import datetime
import email.utils
import json
import time
from typing import Any

import requests

from osc_port_iface.api import errors
from osc_port_iface.api import no_answer
from osc_port_iface.i18n import _

# Bytes after decompression. A page of 1,000 servers with all details has about
# 4 MB; anything far larger would only fill the memory.
LARGEST_BODY = 64 * 1024 * 1024

# Bytes to read at a time, between two looks at the clock. Besides, some
# releases of urllib3 decompress all of them at once, which may grow a
# thousandfold (CVE-2025-66471).
_CHUNK = 1024

# Seconds that a body may take, and how many more bytes each further second has
# to bring.
_BODY_TIMEOUT = 90.0
_SLOWEST = 8 * 1024

# Replaces a token.
_CONCEALED = '***'

# The longest time to wait for Retry-After (RFC 9110, section 10.2.3), in
# seconds. A longer one is cut.
_RETRY_AFTER_CAP = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Response:
    """The status, the headers and the decompressed body of an answer.

    :ivar what: What was requested, as the beginning of error messages.
    :ivar headers: The headers; case does not matter in their names.
    :ivar failures: A line for each item in the body that was broken.
    """

    what: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    failures: list[str] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        """Decode the body as text, whatever it contains."""
        return self.body.decode('utf-8', 'replace')

    @property
    def request_id(self) -> str | None:
        """The ID of the request in the logs of the service."""
        return self.headers.get('x-openstack-request-id') or self.headers.get(
            'x-compute-request-id'
        )

    @property
    def sent_at(self) -> datetime.datetime:
        """When it was sent: its ``Date``, or else the local time."""
        return _date(self.headers.get('Date', '')) or datetime.datetime.now(
            datetime.UTC
        )

    def json(self) -> Any:
        """Decode the body.

        :raises ValueError: It is not JSON.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            # The body has thousands of nested brackets.
            raise ValueError('nested too deeply') from None

    def retry_after(self, default: float) -> float:
        """Read ``Retry-After``: seconds or a date, up to the cap.

        :param default: Returned if it is missing or cannot be read, in
            seconds.
        """
        value = self.headers.get('Retry-After', '').strip()
        if value.isascii() and value.isdecimal():
            seconds = float(value[:20])
        elif moment := _date(value):
            now = datetime.datetime.now(datetime.UTC)
            seconds = (moment - now).total_seconds()
        else:
            return default
        return min(max(seconds, 0.0), _RETRY_AFTER_CAP)


def conceal(answer: requests.Response, token: str) -> None:
    """Remove a token from the headers of an answer.

    A service or proxy may repeat the request in its answer, parts of which
    appear in error messages and the log.
    """
    for name, value in list(answer.headers.items()):
        if token and token in value:
            answer.headers[name] = value.replace(token, _CONCEALED)


def read(answer: requests.Response, what: str, token: str = '') -> Response:
    """Read the body of a streamed answer.

    :param answer: The answer, of which requests has read the headers.
    :param what: What was requested, as the beginning of error messages.
    :param token: A token to remove from the body.
    :raises errors.TooLarge: The body is longer than LARGEST_BODY.
    :raises no_answer.NoAnswer: The body takes too long.
    :raises requests.exceptions.RequestException: It could not be read.
    """
    body = bytearray()
    began = time.monotonic()
    with contextlib.closing(answer):
        for chunk in answer.iter_content(_CHUNK):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise errors.TooLarge(
                    _('%(what)s: the answer has more than %(size)d MiB')
                    % {'what': what, 'size': LARGEST_BODY >> 20}
                )
            passed = time.monotonic() - began
            if passed > _BODY_TIMEOUT + len(body) / _SLOWEST:
                raise no_answer.NoAnswer(
                    _(
                        'the answer came too slowly: %(size)d bytes in '
                        '%(seconds).0f seconds'
                    )
                    % {'size': len(body), 'seconds': passed},
                    is_slow=True,
                )
    content = bytes(body)
    if token:
        content = content.replace(token.encode(), _CONCEALED.encode())
    return Response(what, answer.status_code, answer.headers, content)


def _date(text: str) -> datetime.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment
