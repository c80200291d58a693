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

"""Compares Nova's cache with the live view of a server's interfaces.

Works on records only, without any I/O.

The cache identifies an interface by its MAC address. It does not have the
port, nor the network if two networks share a name. A server may have the same
MAC address on several networks, as in a bond. So all cache entries with a MAC
address are compared with all ports that have it.
"""

import collections
from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ports as health_ports
from osc_port_iface import records


@dataclasses.dataclass(frozen=True, slots=True)
class CacheDifference:
    """One difference between the cache and the live view.

    :ivar code: One of ``codes.OF_CACHE``.
    :ivar interface: The live interface; None if only the cache has it.
    :ivar cached: The fixed IPs in the cache; for ``duplicate-in-cache``, those
        that it has too often.
    :ivar cached_mac_address: The MAC address in the cache, if no live
        interface has it.
    """

    code: codes.Code
    interface: records.Interface | None
    cached: frozenset[str] = frozenset()
    cached_mac_address: str | None = None

    @property
    def mac_address(self) -> str | None:
        """The MAC address; for ``mac-differs``, the live one."""
        if self.interface:
            return self.interface.mac_address
        return self.cached_mac_address

    @property
    def live(self) -> frozenset[str]:
        """The fixed IPs of the live interface."""
        return fixed_ips(self.interface) if self.interface else frozenset()

    @property
    def port_id(self) -> str | None:
        """The port of the live interface."""
        return self.interface.port_id if self.interface else None


def fixed_ips(*owners: records.Interface | records.Port) -> frozenset[str]:
    """Return the fixed IPs of interfaces or ports."""
    return frozenset(
        fixed_ip.ip_address for owner in owners for fixed_ip in owner.fixed_ips
    )


def compare(
    cache: Sequence[records.Interface], live: Sequence[records.Interface]
) -> list[CacheDifference]:
    """Compare Nova's cache of a server with what is plugged in.

    :param cache: The entries of Nova's cache, with any duplicates.
    :param live: The interfaces that are plugged in. One without fixed IPs may
        be missing from the cache, which cannot hold it.
    :returns: The differences, ordered by MAC address: first those of live
        interfaces, then those that only the cache has.
    """
    cached_by_mac = records.grouped(cache, lambda row: row.mac_address)
    live_by_mac = records.grouped(live, lambda row: row.mac_address)
    missing = [
        interface
        for mac_address, interfaces in live_by_mac.items()
        if mac_address not in cached_by_mac
        for interface in interfaces
        if interface.fixed_ips
    ]
    stale = {
        mac_address: fixed_ips(*entries)
        for mac_address, entries in cached_by_mac.items()
        if mac_address not in live_by_mac
    }
    found = []
    for interface in missing:
        ips = fixed_ips(interface)
        old = next((mac for mac in stale if stale[mac] == ips), None)
        found.append(
            CacheDifference(codes.Code.MISSING_FROM_CACHE, interface)
            if old is None
            else CacheDifference(
                codes.Code.MAC_DIFFERS, interface, stale.pop(old), old
            )
        )
    for mac_address in live_by_mac.keys() & cached_by_mac.keys():
        found += _of_mac_address(
            cached_by_mac[mac_address], live_by_mac[mac_address]
        )
    found += [
        CacheDifference(codes.Code.ONLY_IN_CACHE, None, ips, mac_address)
        for mac_address, ips in stale.items()
    ]
    return sorted(found, key=_order)


def judge(
    server: records.Server,
    interfaces: Sequence[records.Interface],
    ports: Iterable[records.Port] = (),
) -> Iterator[findings.Finding]:
    """Find where Nova's cache of a server is wrong.

    :param server: The server, with details, which include the cache.
    :param interfaces: The interfaces that are plugged into it.
    :param ports: Their ports, as far as Neutron shows them.
    :returns: The findings; none for a port that is not attached at all.
    """
    by_id = {port.id: port for port in ports}
    for difference in compare(server.cache, interfaces):
        port = by_id.get(difference.port_id or '')
        if not is_expected(difference, server, port) and (
            port is None or health_ports.is_attached(server, port)
        ):
            yield _finding(server, difference, port)


def is_expected(
    difference: CacheDifference,
    server: records.Server,
    port: records.Port | None,
) -> bool:
    """Return whether a difference is right as it is.

    Nova's cache has only the ports of the server's project.

    :param difference: The difference.
    :param server: The server, with details.
    :param port: The port of its interface; None if it is not known.
    """
    return (
        difference.code is codes.Code.MISSING_FROM_CACHE
        and port is not None
        and port.project_id != server.project_id
    )


def _of_mac_address(
    entries: Sequence[records.Interface], live: Sequence[records.Interface]
) -> Iterator[CacheDifference]:
    """Compare the entries and the interfaces with one MAC address."""
    cached = collections.Counter(
        fixed_ip.ip_address
        for entry in entries
        for fixed_ip in entry.fixed_ips
    )
    plugged_in = collections.Counter(
        ip for interface in live for ip in fixed_ips(interface)
    )
    # The addresses that each interface seems to have in the cache, by index.
    seen = [fixed_ips(interface) & cached.keys() for interface in live]
    for entry in entries:
        unknown = fixed_ips(entry) - plugged_in.keys()
        if not unknown:
            continue
        blamed = _blamed(entry, live, cached)
        if blamed is None:
            yield CacheDifference(
                codes.Code.ONLY_IN_CACHE, None, unknown, entry.mac_address
            )
        else:
            seen[blamed] |= unknown
    for interface, ips in zip(live, seen, strict=True):
        if ips != fixed_ips(interface):
            yield (
                CacheDifference(codes.Code.ADDRESS_DIFFERS, interface, ips)
                if ips
                else CacheDifference(codes.Code.MISSING_FROM_CACHE, interface)
            )
    for interface in live:
        twice = frozenset(
            ip for ip in fixed_ips(interface) if cached[ip] > plugged_in[ip]
        )
        if twice:
            yield CacheDifference(
                codes.Code.DUPLICATE_IN_CACHE, interface, twice
            )


def _blamed(
    entry: records.Interface,
    live: Sequence[records.Interface],
    cached: Mapping[str, int],
) -> int | None:
    """Choose the interface to blame for an unknown address of an entry.

    :returns: The index of the interface whose other addresses the entry has,
        if one of its addresses is missing; or else of any interface with a
        missing address, or without any address; None if the interface of the
        entry no longer exists.
    """
    # Three signs that it is not this one, the strongest first.
    against = [
        (
            fixed_ips(interface) <= cached.keys(),
            fixed_ips(interface).isdisjoint(fixed_ips(entry)),
            bool(interface.fixed_ips),
        )
        for interface in live
    ]
    least = min(against)
    return None if all(least) else against.index(least)


def _order(difference: CacheDifference) -> tuple[bool, str, str, str]:
    return (
        difference.interface is None,
        difference.mac_address or '',
        difference.port_id or '',
        difference.code,
    )


def _finding(
    server: records.Server,
    difference: CacheDifference,
    port: records.Port | None,
) -> findings.Finding:
    expected, actual = (
        findings.joined(ips) or _('no fixed IP')
        for ips in (difference.live, difference.cached)
    )
    match difference.code:
        case codes.Code.MISSING_FROM_CACHE:
            actual = _('not in the cache')
        case codes.Code.ONLY_IN_CACHE:
            expected = _('not in the cache')
        case codes.Code.DUPLICATE_IN_CACHE:
            expected = _('once in the cache')
            actual = _('more than once: %s') % actual
        case codes.Code.MAC_DIFFERS:
            expected = difference.mac_address or ''
            actual = difference.cached_mac_address or ''
    return findings.Finding(
        difference.code,
        server.id,
        difference.port_id,
        difference.mac_address,
        expected,
        actual,
        server=server,
        port=port,
    )
