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

"""Progress on a terminal: a bar or a line."""

from collections.abc import Callable, Iterator
import contextlib
import os
from typing import TextIO

from osc_port_iface.i18n import _

# Fewer servers are done before anyone could read a bar.
_WORTH_A_BAR = 20

# Columns of a terminal of unknown width.
_USUAL_WIDTH = 80

# Seconds before the bar appears.
_DELAY = 1.0


@contextlib.contextmanager
def bar(total: int, stderr: TextIO) -> Iterator[Callable[[], object]]:
    """Show how many servers are done.

    :param total: The number of servers.
    :param stderr: Where to draw; nothing is drawn unless it is a terminal.
    :returns: A function to call after each server.
    """
    if total < _WORTH_A_BAR or not stderr.isatty():
        yield lambda: None
        return
    # The import is slow, and most runs show no bar.
    import tqdm

    with tqdm.tqdm(
        total=total,
        file=stderr,
        delay=_DELAY,
        leave=False,
        unit=_(' servers'),
        dynamic_ncols=True,
    ) as progress:
        yield progress.update


@contextlib.contextmanager
def line(stderr: TextIO) -> Iterator[Callable[[str], object]]:
    """Show a line that is overwritten, and erased at the end.

    :param stderr: Where to write; nothing is written unless it is a terminal.
    :returns: A function to call with each new text, which must not contain
        anything untrusted.
    """
    if not stderr.isatty():
        yield lambda text: None
        return
    length = 0

    def show(text: str) -> None:
        nonlocal length
        # A character in the last column would start a new line.
        room = max(0, _width(stderr) - 1)
        text = text[:room]
        stderr.write('\r' + text.ljust(min(length, room)))
        stderr.flush()
        length = len(text)

    try:
        yield show
    finally:
        if length:
            stderr.write('\r' + ' ' * length + '\r')
            stderr.flush()


def _width(terminal: TextIO) -> int:
    try:
        return os.get_terminal_size(terminal.fileno()).columns or _USUAL_WIDTH
    except OSError:
        return _USUAL_WIDTH
