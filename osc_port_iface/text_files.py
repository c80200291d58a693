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

"""Files of text that people give to a command."""

import codecs
import errno
import pathlib
import sys

from osc_port_iface.i18n import _


def read(path: str) -> bytes:
    """Read a file, or standard input for ``-``.

    :raises OSError: It cannot be read. Standard input may be closed; Python
        then has no object for it.
    """
    if path != '-':
        return pathlib.Path(path).read_bytes()
    if sys.stdin is None:
        raise OSError(errno.EBADF, _('standard input is closed'))
    return sys.stdin.buffer.read()


def decode(content: bytes) -> str:
    """Decode a file in UTF-8 or, with a byte order mark, in UTF-16.

    PowerShell's ``>`` and spreadsheets write UTF-16.

    :raises ValueError: It is in neither.
    """
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode('utf-16' if is_utf_16 else 'utf-8-sig')
    except UnicodeError:
        raise ValueError(
            _('neither UTF-8 nor UTF-16 with a byte order mark')
        ) from None
