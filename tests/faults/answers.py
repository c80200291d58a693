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

"""Answers that replace those of a service, for any transport."""

from collections.abc import Callable
import dataclasses
import threading
from typing import TypeVar

_Item = TypeVar('_Item')


@dataclasses.dataclass
class Answer:
    """An answer in place of the service's, and how it is sent."""

    status: int = 200
    body: bytes = b''
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    # Announce more than is sent, and close the connection.
    cut_off: bool = False
    # Close the connection with a reset instead of answering.
    reset: bool = False
    # Reset the connection after this share of head and body; 1.0 is all.
    reset_at: float | None = None
    # Seconds between two bytes; if infinite, nothing is sent.
    seconds_a_byte: float = 0.0


@dataclasses.dataclass(frozen=True)
class Request:
    """A request of a command.

    :ivar forward: Lets the service answer it, or a similar request.
    """

    method: str
    url: str
    forward: Callable[['Request'], Answer]


# Answers a request in place of a service, or spoils its answer.
Fault = Callable[[Request], Answer]


def healthy(request: Request) -> Answer:
    """Let the service answer."""
    return request.forward(request)


def always(answer: Answer | None) -> Fault:
    """Make a fault from one answer; None lets the service answer."""
    return healthy if answer is None else lambda _request: answer


def take(items: list[_Item]) -> _Item:
    """Remove and return the first item, but keep the last one."""
    return items.pop(0) if len(items) > 1 else items[0]


class Faults:
    """The requests that fail, and how."""

    def __init__(self) -> None:
        self._planned: list[tuple[Callable[[str], bool], list[Fault]]] = []
        self._lock = threading.Lock()

    def plan(self, concerns: Callable[[str], bool], *faults: Fault) -> None:
        """Make requests fail, one after another.

        :param concerns: Tells from the URL whether a request is meant.
        :param faults: The faults of successive requests; the last is kept.
        """
        self._planned.append((concerns, list(faults)))

    @property
    def are_planned(self) -> bool:
        """Return whether any request is to fail."""
        return bool(self._planned)

    def of(self, url: str) -> Fault:
        """Return the fault of a request."""
        with self._lock:
            for concerns, faults in self._planned:
                if concerns(url):
                    return take(faults)
        return healthy
