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
interfaces that have no address. So the order is certain if all interfaces have
an address, and either the same label or each another one.
"""

from collections.abc import Iterable, Sequence
import dataclasses

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
    """Find the positions of interfaces in a cache, which has no port IDs.

    An interface that the cache does not show, because it has no address or is
    missing from the cache, may be before any of the others.
    """
    known = [row.mac_address for row in cache]
    wanted = [row.mac_address for row in interfaces]
    labels = {row.network_label for row in cache}
    is_certain = (
        len(labels) in (1, len(cache))
        and len(known) == len({*known})
        and len(wanted) == len({*wanted} & {*known})
        and not any(map(_is_twice, cache))
    )
    return [known.index(mac) if is_certain else None for mac in wanted]


def _is_twice(row: records.Interface) -> bool:
    """Return whether a hard reboot would create two devices for an entry."""
    return len({*row.fixed_ips}) < len(row.fixed_ips)
