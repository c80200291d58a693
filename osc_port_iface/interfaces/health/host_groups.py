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

# Ports on a page of a listing.
_PAGE = 1000


def host_groups(hosts: Iterable[str], ports: int) -> list[list[str]]:
    """Divide hosts into groups so that any two are separated at least once.

    Neutron lists the ports with any binding on a group of hosts. If the active
    binding of a port is on none of them, it has another one there. So a second
    binding is found if some group has one of its two hosts without the other.
    One group per host would do, but costs a request for each host. Instead,
    the hosts are numbered, and there is a group for each value of each digit:
    more digits make fewer groups, but list each port more often.

    :param hosts: The hosts.
    :param ports: The approximate number of ports.
    :returns: The groups that need the fewest requests.
    """
    ordered = sorted(set(hosts))
    if len(ordered) < 2:
        return [ordered] if ordered else []
    pages = 1 + ports // _PAGE
    digits = min(
        range(1, len(ordered).bit_length() + 1),
        key=lambda count: count * (_base(len(ordered), count) + pages),
    )
    base = _base(len(ordered), digits)
    groups: dict[tuple[int, int], list[str]] = {}
    for digit in range(digits):
        for number, host in enumerate(ordered):
            value = number // base**digit % base
            groups.setdefault((digit, value), []).append(host)
    return list(groups.values())


def _base(count: int, digits: int) -> int:
    """Return the lowest base in which the numbers have this many digits."""
    return next(base for base in range(2, count + 1) if base**digits >= count)
