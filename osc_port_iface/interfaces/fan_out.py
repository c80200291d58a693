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

"""The same work for many servers at a time."""

from collections.abc import Callable, Iterable, Iterator
import queue
import threading
from typing import TypeVar

from osc_port_iface.api import errors

# Requests at a time. A Nova of the usual size answers them as fast as they
# come; the pace of the transport slows them down where it does not.
DEFAULT_WORKERS = 8
MOST_WORKERS = 64

_Item = TypeVar('_Item')
_Result = TypeVar('_Result')


def fan_out(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    workers: int = DEFAULT_WORKERS,
) -> Iterator[tuple[_Item, _Result | errors.ApiError]]:
    """Do the work for each item, on so many threads.

    The threads are daemons, unlike those of ``concurrent.futures``, which
    the interpreter waits for: an interrupt ends the program although some
    wait for an answer.

    :param work: What to do with an item.
    :param items: The items.
    :param workers: The most threads to have.
    :returns: Each item with what came of it, as they are finished. Closing
        the iterator stops the threads, each after what it has under way.
    :raises errors.TokenRefused: The work met that, so that there is no use
        in more of it.
    :raises Exception: What the work raised, unless it is another ApiError,
        which is what came of that item.
    """
    waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    count = 0
    for item in items:
        waiting.put(item)
        count += 1
    done: queue.SimpleQueue[tuple[_Item, _Result | Exception]]
    done = queue.SimpleQueue()
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((item, work(item)))
            except Exception as error:
                done.put((item, error))

    try:
        for _number in range(min(workers, count)):
            threading.Thread(target=run, daemon=True).start()
        for _number in range(count):
            item, result = done.get()
            if isinstance(result, Exception):
                if isinstance(result, errors.TokenRefused) or not isinstance(
                    result, errors.ApiError
                ):
                    raise result
                yield item, result
            else:
                yield item, result
    finally:
        stopped.set()
