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

import os
from typing import TextIO

import wcwidth


def width(stream: TextIO) -> int | None:
    """Return the columns of a terminal, if it is one and tells them."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def wrap(line: str, room: int) -> list[str]:
    """Wrap a line at its spaces, and break only words that are too wide."""
    if display_width(line) <= room:
        return [line]
    parts = ['']
    for word in line.split(' '):
        joined = f'{parts[-1]} {word}' if parts[-1] else word
        if display_width(joined) <= room:
            parts[-1] = joined
            continue
        parts.append('')
        for character in word:
            if display_width(parts[-1] + character) > room:
                parts.append('')
            parts[-1] += character
    return parts if parts[0] else parts[1:]


def display_width(text: str) -> int:
    """Return how many columns a text takes."""
    return len(text) if text.isascii() else max(wcwidth.wcswidth(text), 0)
