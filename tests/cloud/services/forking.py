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

"""Lets several processes do the work of one, and end with it."""

import os
import threading


def fork(count: int) -> None:
    """Make copies of this process, which end when it does.

    :param count: The number of copies. Each returns from this, too.
    """
    # Nobody writes into it: reading ends when the process does.
    reader, writer = os.pipe()
    for _number in range(count):
        if not os.fork():
            os.close(writer)
            threading.Thread(
                target=_end_with, args=(reader,), daemon=True
            ).start()
            return
    os.close(reader)


def _end_with(reader: int) -> None:
    os.read(reader, 1)
    os._exit(0)
