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

"""Answers that are not the service's own, whoever carries them."""

from collections.abc import Callable
import dataclasses
import threading
from typing import TypeVar

_Item = TypeVar('_Item')


@dataclasses.dataclass
class Answer:
    """What is sent instead of the service's answer, and how."""

    status: int = 200
    body: bytes = b''
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    # Announce more than is sent, and close.
    cut_off: bool = False
    # Close the connection with a reset instead of answering.
    reset: bool = False
    # Reset the connection when so much of head and body is sent; 1.0 is all.
    reset_at: float | None = None
    # Seconds between two bytes; without end, nothing is sent.
    seconds_a_byte: float = 0.0


@dataclasses.dataclass(frozen=True)
class Request:
    """What a command asks for.

    :ivar forward: Has the service answer it, or a request like it.
    """

    method: str
    url: str
    forward: Callable[['Request'], Answer]


# Answers a request in the place of a service, or spoils its answer.
Fault = Callable[[Request], Answer]


def healthy(request: Request) -> Answer:
    """Let the service answer."""
    return request.forward(request)


def always(answer: Answer | None) -> Fault:
    """Make a fault of one answer; None lets the service answer."""
    return healthy if answer is None else lambda _request: answer


def take(items: list[_Item]) -> _Item:
    """Take the first item, or leave it where it is the last."""
    return items.pop(0) if len(items) > 1 else items[0]


class Faults:
    """Which requests go wrong, and how."""

    def __init__(self) -> None:
        self._planned: list[tuple[Callable[[str], bool], list[Fault]]] = []
        self._lock = threading.Lock()

    def plan(self, concerns: Callable[[str], bool], *faults: Fault) -> None:
        """Have requests go wrong, one after the other.

        :param concerns: Tells by the URL whether a request is meant.
        :param faults: The last is kept.
        """
        self._planned.append((concerns, list(faults)))

    @property
    def are_planned(self) -> bool:
        """Tell whether any request goes wrong."""
        return bool(self._planned)

    def of(self, url: str) -> Fault:
        """Take the fault of a request."""
        with self._lock:
            for concerns, faults in self._planned:
                if concerns(url):
                    return take(faults)
        return healthy
