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

"""Random faults that are the same in each run.

Which request fails, and how, depends on the seed and the request, not on the
order in which threads send requests.
"""

from collections.abc import Callable, Sequence
import hashlib

from tests.faults import answers
from tests.faults import language

_Fault = answers.Fault


class SeededFaults(answers.Faults):
    """Replaces planned faults."""

    def __init__(
        self,
        seed: int,
        share: float,
        faults: Sequence[str],
        identify: Callable[[str], str | None],
    ) -> None:
        """Choose by a seed.

        :param seed: Any number.
        :param share: The share of requests that fail, from 0 to 1.
        :param faults: How, in the words of :mod:`language`.
        :param identify: Describes the request to a URL in the same way on each
            cloud; None if it must not fail.
        """
        super().__init__()
        self._seed = seed
        self._share = share
        self._faults = faults
        self._identify = identify
        self._left: dict[str, list[_Fault]] = {}
        # The requests that failed, and how.
        self.happened: dict[str, str] = {}

    def chosen(self, identity: str) -> str | None:
        """Return how a request fails."""
        digest = hashlib.sha256(f'{self._seed} {identity}'.encode()).digest()
        if int.from_bytes(digest[:4]) >= self._share * 2**32:
            return None
        return self._faults[int.from_bytes(digest[4:8]) % len(self._faults)]

    def of(self, url: str) -> _Fault:
        """Return the fault of a request."""
        identity = self._identify(url)
        fault = None if identity is None else self.chosen(identity)
        if identity is None or fault is None:
            return answers.healthy
        with self._lock:
            self.happened[identity] = fault
            left = self._left.setdefault(
                identity, language.parse_faults(fault, {})
            )
            return answers.take(left)
