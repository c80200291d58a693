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

"""Determines the order of the interfaces of a server.

A hard reboot creates the devices in the order of Nova's network info cache.
The API shows the cache as ``addresses`` (``get_networks_for_instance`` in
``nova/api/openstack/common.py``), grouped by the label of the network, without
interfaces that have no address. So the order is certain unless networks with
the same label, or interfaces without an address, make it ambiguous.
"""

from collections.abc import Iterable, Sequence
import dataclasses
import itertools

from osc_port_iface import records


def numbered(
    rows: Iterable[records.ServerInterface],
) -> list[records.ServerInterface]:
    """Number the interfaces of servers.

    :param rows: All interfaces of each server, server by server. The servers
        must have Nova's cache.
    :returns: The same, with the index of those whose position is certain.
    """
    found: list[records.ServerInterface] = []
    for of_server in records.grouped(rows, lambda row: row.server.id).values():
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
    """Find the positions of interfaces in a cache.

    An interface that the cache does not show, because it has no address or is
    missing from the cache, may be before any of the others.
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
    """Find an interface in a cache, which does not have port IDs.

    If several networks have the same MAC address, the addresses decide.
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
    """Count the entries, from the first, whose position is certain.

    A second interface with the same label may be anywhere after the first,
    unless no other label follows.
    """
    labels = [row.network_label for row in cache]
    for place, (row, label) in enumerate(zip(cache, labels, strict=True)):
        # A hard reboot would create two devices for an entry that is twice
        # in the cache.
        is_twice = len(_addresses(row)) < len(row.fixed_ips)
        if is_twice or (label in labels[:place] and label != labels[-1]):
            return place
    return len(cache)


def _addresses(interface: records.Interface) -> set[str]:
    return {fixed_ip.ip_address for fixed_ip in interface.fixed_ips}
