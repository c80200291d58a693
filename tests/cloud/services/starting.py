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

"""The arguments of every service: ``<module> <state directory>``"""

import json
import pathlib
import sys
import types

# Tests that run in parallel move servers between them.
COMPUTE_HOSTS = [f'compute-{number}' for number in range(1, 9)]


def read_cloud() -> types.SimpleNamespace:
    """Read ``cloud.json`` of the state directory named on the command line.

    :returns: Its ``release``, ``ports``, ``endpoints``, ``hosts`` and
        ``passwords``, and the directories ``state``, ``configuration`` and
        ``log``.
    """
    state = pathlib.Path(sys.argv[1])
    return types.SimpleNamespace(
        **json.loads((state / 'cloud.json').read_text()),
        state=state,
        configuration=state / 'etc',
        log=state / 'log',
    )
