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

"""A line on a terminal that says how far a command is."""

import threading
import time
from typing import TextIO

from osc_port_iface.commands import terminal
from osc_port_iface.i18n import _

# Columns of a terminal of unknown width.
_USUAL_WIDTH = 80

# Seconds before the line appears, and before it is drawn again.
_DELAY = 1.0
_INTERVAL = 0.2


class StatusLine:
    """A line that is written over, and erased at the end.

    It appears if the user has to wait, and counts the seconds.
    """

    def __init__(self, stream: TextIO, text: str) -> None:
        """Begin to count the seconds.

        :param stream: The terminal to write to.
        :param text: The line, which must not contain anything untrusted.
        """
        self.text = text
        self._terminal = stream
        self._width = 0
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()

    def end(self) -> None:
        """Erase the line."""
        self._ended.set()
        self._clock.join()
        if self._width:
            self._write('')
            self._write('')

    def _tick(self) -> None:
        pause = _DELAY
        while not self._ended.wait(pause):
            seconds = time.monotonic() - self._started
            self._write(
                _('%(text)s, %(seconds)d s')
                % {'text': self.text, 'seconds': seconds}
            )
            pause = _INTERVAL

    def _write(self, text: str) -> None:
        # A character in the last column would start a new line.
        room = (terminal.width(self._terminal) or _USUAL_WIDTH) - 1
        text = terminal.wrap(text, room)[0]
        width = terminal.display_width(text)
        padding = ' ' * (min(self._width, room) - width)
        self._terminal.write(f'\r{text}{padding}')
        self._terminal.flush()
        self._width = width
