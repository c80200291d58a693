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

"""Does the same work for many servers in parallel."""

from collections.abc import Callable, Iterable, Iterator
import logging
import queue
import threading
from typing import TypeVar

from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Parallel requests. A Nova of the usual size keeps up with these; if it does
# not, the pace of the transport slows them down.
DEFAULT_WORKERS = 8
MOST_WORKERS = 64

_Item = TypeVar('_Item')
_Result = TypeVar('_Result')


def fan_out(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    workers: int = DEFAULT_WORKERS,
) -> Iterator[tuple[_Item, _Result | errors.ApiError]]:
    """Do the work for each item, on several threads.

    The threads are daemons, so an interrupt ends the program while some of
    them still wait for an answer. The interpreter would wait for the threads
    of ``concurrent.futures``.

    :param work: The work to do for an item.
    :param items: The items.
    :param workers: The maximum number of threads.
    :returns: Each item with its result, in the order in which they finish.
        Closing the iterator stops each thread after its current item.
    :raises errors.TokenRefused: The work raised it before anything succeeded.
        Once something has, it is the result of all items that are left, and
        no more work is done.
    :raises Exception: Whatever the work raised, except any other ApiError,
        which is the result of its item.
    """
    waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    count = waiting.qsize()
    done: queue.SimpleQueue[tuple[_Item, _Result | Exception]]
    done = queue.SimpleQueue()
    stopped = threading.Event()

    def run() -> None:
        while True:
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                if stopped.is_set():
                    raise errors.TokenRefused(_('Not read.'))
                done.put((item, work(item)))
            except Exception as error:
                done.put((item, error))

    refused: errors.TokenRefused | None = None
    has_succeeded = False
    try:
        for _number in range(min(workers, count)):
            threading.Thread(target=run, daemon=True).start()
        for _number in range(count):
            item, result = done.get()
            if isinstance(result, errors.TokenRefused):
                # One line is enough for all.
                refused = result = refused or result
                stopped.set()
                if not has_succeeded:
                    raise result
            elif isinstance(result, Exception) and not isinstance(
                result, errors.ApiError
            ):
                raise result
            else:
                has_succeeded = True
            yield item, result
    finally:
        stopped.set()


def gather(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *expected: type[errors.ApiError],
    workers: int = DEFAULT_WORKERS,
) -> records.Answer[_Result]:
    """Do the work for each item, on several threads, and gather the results.

    :param work: The work to do for an item.
    :param items: The items.
    :param expected: The errors that say that this caller has no such item.
    :param workers: The maximum number of threads.
    :returns: The results, in any order, with a line for any other error.
    :raises errors.TokenRefused: Nothing could be done.
    """
    answer: records.Answer[_Result] = records.Answer([])
    for _item, result in fan_out(work, items, workers):
        if not isinstance(result, errors.ApiError):
            answer.rows.append(result)
        elif isinstance(result, expected):
            LOG.info(result)
        else:
            answer.failures.append(str(result))
    answer.failures.sort()
    return answer
