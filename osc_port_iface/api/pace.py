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

"""Limits the parallel requests when a service is overloaded."""

import threading
import time


class Pace:
    """Slows down all threads when a service asks for it.

    Additive increase, multiplicative decrease, as in TCP (RFC 5681): each
    complaint halves the number of requests that may be under way and holds
    back new ones for a while; each success raises it a little.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        # None until the service complains.
        self._limit: float | None = None
        self._resume_at = 0.0

    def __enter__(self) -> None:
        """Wait until another request may be sent, and count it."""
        while pause := self._enter():
            time.sleep(pause)

    def __exit__(self, *_raised: object) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def succeeded(self) -> None:
        """Allow a little more after a success."""
        if self._limit is not None:
            with self._changed:
                self._limit += 1 / self._limit

    def slow_down(self, seconds: float) -> None:
        """Halve the limit, and send nothing for this many seconds."""
        with self._changed:
            now = time.monotonic()
            if now >= self._resume_at:
                # The complaints of one burst count once.
                # The request that was refused is no longer under way.
                limit = self._limit or self._under_way + 1
                self._limit = max(1.0, limit / 2)
            self._resume_at = max(self._resume_at, now + seconds)

    def _enter(self) -> float:
        """Enter, or return the seconds to wait before trying again."""
        with self._changed:
            while True:
                pause = self._resume_at - time.monotonic()
                if pause > 0:
                    return pause
                if self._limit is None or self._under_way < int(self._limit):
                    self._under_way += 1
                    return 0.0
                self._changed.wait()
