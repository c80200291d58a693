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

"""The commands that setup.cfg declares.

An installation for development does not follow this file, so that it may lack
the newest.
"""

import configparser
import functools
from importlib import metadata

from tests import environments

GROUP = 'openstack.compute.v2'


@functools.cache
def entry_points() -> tuple[metadata.EntryPoint, ...]:
    """Return the entry points of the commands."""
    parser = configparser.ConfigParser()
    parser.read(environments.CHECKOUT / 'setup.cfg')
    lines = parser['entry_points'][GROUP].strip().split('\n')
    return tuple(
        metadata.EntryPoint(name, value, GROUP)
        for name, value in (line.split(' = ') for line in lines)
    )
