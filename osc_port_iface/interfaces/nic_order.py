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

"""In which order a server has its interfaces.

Nova's network info cache is in the order in which a hard reboot makes the
devices. The API shows it as ``addresses`` (``get_networks_for_instance`` in
``nova/api/openstack/common.py``), grouped by the label of the network, and
only of interfaces that have an address. So the order is known for certain
unless networks of one label, or interfaces without an address, make it
ambiguous.
"""

from collections.abc import Iterable, Sequence
import dataclasses
import itertools

from osc_port_iface import records


def numbered(
    rows: Iterable[records.ServerInterface],
) -> list[records.ServerInterface]:
    """Number the interfaces of servers.

    :param rows: All interfaces of each server, server by server; the servers
        with Nova's cache.
    :returns: The same, with the index of those whose place is certain.
    """
    found: list[records.ServerInterface] = []
    for _server_id, group in itertools.groupby(
        rows, key=lambda row: row.server.id
    ):
        of_server = list(group)
        places = _places(
            of_server[0].server.cache, [row.interface for row in of_server]
        )
        found += [
            dataclasses.replace(row, nic_index=place)
            for row, place in zip(of_server, places, strict=True)
        ]
    return found


def _places(
    cache: Sequence[records.Interface],
    interfaces: Sequence[records.Interface],
) -> list[int | None]:
    """Find the places of interfaces in a cache.

    One interface that the cache does not show, because it has no address or
    because Nova forgot it, may be before any of the others.
    """
    matches = [_matches(cache, interface) for interface in interfaces]
    if not all(matches):
        return [None] * len(interfaces)
    taken = list(itertools.chain.from_iterable(matches))
    certain = _certain(cache)
    return [
        match[0]
        if len(match) == 1
        and match[0] < certain
        and taken.count(match[0]) == 1
        else None
        for match in matches
    ]


def _matches(
    cache: Sequence[records.Interface], interface: records.Interface
) -> list[int]:
    """Find an interface in a cache, which does not have its port ID.

    Several networks may have one MAC address each; then the addresses tell.
    """
    found = [
        place
        for place, cached in enumerate(cache)
        if cached.mac_address == interface.mac_address
    ]
    if len(found) < 2:
        return found
    addresses = _addresses(interface)
    return [
        place for place in found if addresses & set(_addresses(cache[place]))
    ]


def _certain(cache: Sequence[records.Interface]) -> int:
    """Count the entries, from the first, whose place is certain.

    A second interface of a label may be anywhere behind the first, unless no
    other label follows.
    """
    certain = 0
    groups = [
        list(group)
        for _label, group in itertools.groupby(
            cache, key=lambda interface: interface.network_label
        )
    ]
    for number, group in enumerate(groups, 1):
        if any(map(_is_twice_in_cache, group)):
            return certain
        if len(group) > 1 and number < len(groups):
            return certain + 1
        certain += len(group)
    return certain


def _is_twice_in_cache(cached: records.Interface) -> bool:
    """Tell whether a hard reboot would make two devices of an entry."""
    return len(_addresses(cached)) < len(cached.fixed_ips)


def _addresses(interface: records.Interface) -> set[str]:
    return {fixed_ip.ip_address for fixed_ip in interface.fixed_ips}
