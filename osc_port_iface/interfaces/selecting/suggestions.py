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

"""Suggests what a user may have meant."""

from collections.abc import Iterable
import difflib

from osc_port_iface.i18n import _
from osc_port_iface import printable

# Fewer letters are within too many words.
_SHORTEST_PART = 3

# Several words are suggested only if they are closer than one need be.
_MOST_SUGGESTED = 3
_VERY_CLOSE = 0.75


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Suggest the words that a misspelt one may stand for.

    :param text: What the user typed, in any case.
    :param known: The words that would be right.
    :returns: A sentence with the most similar ones, or if none is, with those
        that begin with the text or contain it, and with a space before it;
        else nothing.
    """
    text = text.casefold()
    folded = {word.casefold(): word for word in known}
    close = difflib.get_close_matches(
        text, folded, _MOST_SUGGESTED, _VERY_CLOSE
    ) or difflib.get_close_matches(text, folded, 1)
    if not close and text:
        is_long = len(text) >= _SHORTEST_PART
        close = [
            word
            for word in folded
            if word.startswith(text) or (is_long and text in word)
        ][:_MOST_SUGGESTED]
    if not close:
        return ''
    quoted = (f"'{printable.one_line(folded[word])}'" for word in close)
    return _(' Did you mean %s?') % _(' or ').join(quoted)
