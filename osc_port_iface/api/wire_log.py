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
terminal as it is, with whatever secrets a service repeats. This one has
limited length, no secrets, and no characters that a terminal acts on.
"""

import logging
import re

from osc_port_iface import printable

LOG = logging.getLogger(__name__)

# Characters of a body to log, enough for any single server.
_LONGEST = 64 * 1024

# The text of a key or a header that may hold a password. User data are often
# scripts with passwords in them. oslo.utils' mask_password would remove the
# next key as well.
_SECRET = re.compile(
    r"""((["'])[^"']{0,60}(?:pass|secret|token|user_data|private_key|cookie)"""
    r"""[^"']{0,60}\2\s*:\s*(["']))(?:(?!\3)[^\\]|\\.)*""",
    re.IGNORECASE | re.DOTALL,
)


def debug(line: str, *parts: object) -> None:
    """Log a part of a request or an answer, if anyone sees it.

    Its parts are made into text only then.

    The root logger passes everything on (osc-lib, ``logs.LogConfig``); only
    its handlers have levels.
    """
    handlers = logging.getLogger().handlers
    if any(handler.level <= logging.DEBUG for handler in handlers):
        text = (line % parts)[:_LONGEST]
        LOG.debug(printable.escape(_SECRET.sub(r'\1***', text)))


def silence_urllib3() -> None:
    """Drop the warnings of urllib3, as a user can do nothing about them.

    For a malformed header, they have a traceback and the header as it came
    (``HTTPConnection.getresponse``).
    """
    logging.getLogger('urllib3').setLevel(logging.ERROR)
