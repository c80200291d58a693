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

"""Text from tenants and proxies, made safe for a terminal.

A server's name, a tag or the text of a fault may hold escape sequences
that move the cursor, or bidirectional controls that make a line read as
something else (CVE-2021-42574).
"""

import re
import unicodedata

# Cc: control, Cf: format (bidirectional overrides and zero-width
# characters), Cs: surrogate, Zl and Zp: line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({'Cc', 'Cf', 'Cs', 'Zl', 'Zp'})

_PRINTABLE_ASCII = re.compile(r'[ -~]*')


def escape(text: str) -> str:
    """Escape the characters that a terminal could act on.

    :param text: Untrusted text.
    :returns: The same text with control, format and separator characters
        written as ``\\x1b`` or ``\\u202e``. Other text is unchanged.
    """
    if _PRINTABLE_ASCII.fullmatch(text):
        return text
    return ''.join(
        character.encode('unicode_escape').decode('ascii')
        if unicodedata.category(character) in _UNSAFE_CATEGORIES
        else character
        for character in text
    )


def one_line(text: str, limit: int = 300) -> str:
    """Make one escaped line of any text, to stand inside a message.

    :param text: Text of unknown origin, of any length.
    :param limit: The most characters to keep.
    :returns: The text with runs of white space folded to one space, cut
        at ``limit`` with an ellipsis, and escaped.
    """
    folded = ' '.join(text.split())
    if len(folded) > limit:
        folded = folded[: limit - 3] + '...'
    return escape(folded)
