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

"""The size of a terminal."""

from collections.abc import Sequence
import os
import re
from typing import TextIO

import wcwidth

_WRAPPED_AFTER = re.compile(r'(?<=[ ,])(?! )|(?<=@)|(?<=->)|(?<=\dT)(?=\d\d:)')


def width(stream: TextIO) -> int | None:
    """Return the columns of a terminal, if it is one and tells them."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def pieces(line: str) -> list[str]:
    """Split a line where it may be wrapped.

    That is after spaces and commas, between a date and a time, and where two
    addresses are joined, such as those of an allowed address pair or a port
    forwarding.
    """
    return _WRAPPED_AFTER.split(line)


def wrap(line: str, room: int) -> list[str]:
    """Wrap a line between its pieces, and break only those too wide."""
    if display_width(line) <= room:
        return [line]
    parts = ['']
    for piece in pieces(line):
        if display_width((parts[-1] + piece).rstrip()) <= room:
            parts[-1] += piece
            continue
        parts.append('')
        for character in piece:
            if display_width((parts[-1] + character).rstrip()) > room:
                parts.append('')
            parts[-1] += character
    return [part.rstrip() for part in parts if part]


def aligned(texts: Sequence[str]) -> list[str]:
    """Return texts with spaces behind them, so that they take equal room."""
    widths = list(map(display_width, texts))
    most = max(widths)
    return [
        text + ' ' * (most - width)
        for text, width in zip(texts, widths, strict=True)
    ]


def display_width(text: str) -> int:
    """Return how many columns a text takes."""
    return len(text) if text.isascii() else max(wcwidth.wcswidth(text), 0)
