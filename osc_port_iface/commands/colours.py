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

"""Colours of states, severities and results on a terminal.

PrettyTable, which draws the tables of cliff, leaves the codes of colours out
when it measures a text.
"""

import os
from typing import TextIO

_RED, _GREEN, _YELLOW = 31, 32, 33

_WORDS = {
    'ACTIVE': _GREEN,
    'allowed': _GREEN,
    'repaired': _GREEN,
    'BUILD': _YELLOW,
    'not repairable': _YELLOW,
    'skipped': _YELLOW,
    'unknown': _YELLOW,
    'warning': _YELLOW,
    'DOWN': _RED,
    'ERROR': _RED,
    'blocked': _RED,
    'critical': _RED,
    'refused': _RED,
    'still there': _RED,
    'unfinished': _RED,
}


def are_wanted(stream: TextIO) -> bool:
    """Return whether a stream is a terminal whose user wants colours.

    A variable NO_COLOR that is not empty refuses them (no-color.org). The
    console of Windows need not know the codes.
    """
    return (
        stream.isatty()
        and not os.environ.get('NO_COLOR')
        and os.environ.get('TERM') != 'dumb'
        and os.name != 'nt'
    )


def paint(text: str) -> str:
    """Colour the text of a cell, if it is a state or the like."""
    return _painted(_WORDS[text], text) if text in _WORDS else text


def warn(text: str) -> str:
    """Colour what needs attention."""
    return _painted(_RED, text)


def _painted(colour: int, text: str) -> str:
    return f'\x1b[{colour}m{text}\x1b[0m'
