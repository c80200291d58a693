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

"""Defers Ctrl-C, SIGTERM and SIGHUP until a request is answered."""

from collections.abc import Iterator
import contextlib
import signal
import threading


@contextlib.contextmanager
def deferred() -> Iterator[threading.Event]:
    """Let a signal end a run between two requests, not during one.

    SIGHUP says that the terminal is gone, unless nohup(1) has it ignored.

    :returns: An event that the first signal sets. A Ctrl-C after it
        interrupts. Others do not, as timeout(1) sends two.
    """
    asked = threading.Event()

    def handle(number: int, frame: object) -> None:
        if asked.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
