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

"""A clock that only advances in sleep."""

import threading
import time

import fixtures


class Clock(fixtures.Fixture):
    """Replaces ``time.sleep`` and ``time.monotonic``.

    :ivar slept: The seconds of each sleep.
    """

    def _setUp(self) -> None:
        self.slept: list[float] = []
        self._now = time.monotonic()
        self._lock = threading.Lock()
        self.useFixture(fixtures.MonkeyPatch('time.sleep', self._sleep))
        self.useFixture(
            fixtures.MonkeyPatch('time.monotonic', lambda: self._now)
        )

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(round(seconds, 6))
            self._now += seconds
