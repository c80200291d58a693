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

"""What can be below the Neutron of an embedded cloud."""

import os

# The environment variable that names it.
VARIABLE = 'EMBEDDED_CLOUD_NETWORK'

# A mechanism driver of our own, which binds each port at once.
PLAIN = 'plain'

# ML2/OVN, with Open vSwitch and OVN in user space.
OVN = 'ovn'

NETWORKS = (PLAIN, OVN)


class UnknownNetworkError(Exception):
    """The embedded cloud does not support this network."""


def named(name: str | None) -> str:
    """Return what is named; by default, what the environment names.

    :raises UnknownNetworkError: There is nothing with this name.
    """
    name = name or os.environ.get(VARIABLE) or PLAIN
    if name not in NETWORKS:
        raise UnknownNetworkError(
            f'There is no network {name}, only {", ".join(NETWORKS)}.'
        )
    return name
