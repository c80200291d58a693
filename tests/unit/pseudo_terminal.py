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

"""A real terminal, for the output of commands."""

import io
import os
import pty
import termios
import threading


class PseudoTerminal(io.TextIOWrapper):
    """A text stream to a terminal that remembers what was written."""

    def __init__(self, width: int, encoding: str = 'utf-8') -> None:
        """Open a terminal with this many columns."""
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, width))
        attributes = termios.tcgetattr(slave)
        # Output arrives as it is written.
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        super().__init__(io.FileIO(slave, 'w'), encoding, write_through=True)
        self._written = b''
        self._changed = threading.Condition()
        # A terminal holds little before its writers have to wait.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def getvalue(self) -> str:
        """Return all that was written, and close the terminal."""
        self.close()
        self._reader.join()
        return self._written.decode(self.encoding)

    def wait_for(self, text: str) -> None:
        """Wait until this text was written."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: text.encode(self.encoding) in self._written, 60
            ):
                raise AssertionError(f'{text!r} not in {self._written!r}')

    def _read(self) -> None:
        # Linux ends the output of a terminal with an error.
        try:
            while part := os.read(self._master, 4096):
                with self._changed:
                    self._written += part
                    self._changed.notify_all()
        except OSError:
            pass
        finally:
            os.close(self._master)
