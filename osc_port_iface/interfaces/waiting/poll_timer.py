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

"""Paces what is polled until a time is over."""

import time

# Each pause is longer than the previous one by this factor, up to this many
# seconds or the given interval.
_GROWTH = 1.2
_LONGEST_INTERVAL = 15.0

# Seconds; a shorter pause is skipped.
_SHORTEST_PAUSE = 0.001


class PollTimer:
    """The time for which to wait, and the pauses between polls."""

    def __init__(self, timeout: float, interval: float) -> None:
        """Begin to wait.

        :param timeout: In seconds; with 0, there is one poll.
        :param interval: Seconds of the first pause.
        """
        self._started = time.monotonic()
        self._timeout = timeout
        self._interval = interval
        self._longest = max(_LONGEST_INTERVAL, interval)

    @property
    def waited(self) -> float:
        """The seconds since the beginning."""
        return time.monotonic() - self._started

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        # After the last pause, the remaining time may not be exactly zero.
        return self._timeout - self.waited < _SHORTEST_PAUSE

    def pause(self) -> None:
        """Sleep until the next poll."""
        left = self._timeout - self.waited
        time.sleep(max(0.0, min(self._interval, left)))
        self._interval = min(self._interval * _GROWTH, self._longest)
