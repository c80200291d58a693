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

"""Divides hosts into groups that tell which ports have a second binding.

Works on names only, without any I/O.
"""

from collections.abc import Iterable
import math


def host_groups(hosts: Iterable[str]) -> list[list[str]]:
    """Divide hosts into groups so that any two are separated at least once.

    Neutron lists the ports with any binding on a group of hosts. If the active
    binding of a port is on none of them, it has another one there. So a second
    binding is found if some group has one of its two hosts without the other.
    A group for each host would do, but costs a request for each. Instead, the
    groups are the rows and the columns of a square of all hosts. Each port is
    listed twice.

    :param hosts: The hosts, at least one.
    """
    ordered = sorted(set(hosts))
    side = math.ceil(math.sqrt(len(ordered)))
    rows = [ordered[n : n + side] for n in range(0, len(ordered), side)]
    columns = [ordered[n::side] for n in range(side)]
    return rows + columns
