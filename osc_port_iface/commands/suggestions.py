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

"""What a user may have meant."""

from collections.abc import Iterable
import difflib

from osc_port_iface.i18n import _

# Fewer letters are in too many words.
_SHORTEST_PART = 3


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Suggest the most similar of the known words.

    :param text: What the user typed, in any case.
    :param known: The words that would be right.
    :returns: A sentence with a space before it, or nothing.
    """
    text = text.casefold()
    folded = {word.casefold(): word for word in known}
    close = difflib.get_close_matches(text, folded, 1)
    if len(text) >= _SHORTEST_PART:
        close += [word for word in folded if text in word]
    if not close:
        return ''
    return _(" Did you mean '%s'?") % folded[close[0]]
