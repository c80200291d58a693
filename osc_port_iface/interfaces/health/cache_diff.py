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

"""Compares Nova's cache of a server with what is plugged in and associated.

Works on records only, without any I/O.

The cache identifies an interface by its MAC address. It does not have the
port, nor the network if two networks share a name. A server may have the same
MAC address on several networks, as in a bond. So all cache entries with a MAC
address are compared with all ports that have it.
"""

import collections
from collections.abc import Iterable, Iterator, Sequence

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ports as health_ports
from osc_port_iface import records

# A kind of difference, the interface that is plugged in, or only cached, and
# the expected and the actual state.
_Difference = tuple[codes.Code, records.Interface, str, str]


def fixed_ips(*owners: records.Interface | records.Port) -> frozenset[str]:
    """Return the fixed IPs of interfaces or ports."""
    return frozenset(
        fixed_ip.ip_address for owner in owners for fixed_ip in owner.fixed_ips
    )


def compare(
    server: records.Server,
    interfaces: Sequence[records.Interface],
    ports: Iterable[records.Port] = (),
) -> list[findings.Finding]:
    """Compare Nova's cache of a server with what is plugged in.

    :param server: The server, with details, which include the cache.
    :param interfaces: The interfaces that are plugged in. One without fixed
        IPs may be missing from the cache, which cannot hold it.
    :param ports: Their ports, as far as they are known.
    :returns: The differences, in a stable order; none for a port of another
        project that is missing from the cache. Nova never caches such a port.
    """
    by_id = {port.id: port for port in ports}
    found = []
    for code, interface, expected, actual in _differences(
        server.cache, interfaces
    ):
        port = by_id.get(interface.port_id or '')
        if (
            code is codes.Code.MISSING_FROM_CACHE
            and port
            and port.project_id != server.project_id
        ):
            continue
        found.append(
            findings.Finding(
                code,
                server.id,
                interface.port_id,
                interface.mac_address,
                expected,
                actual,
                server=server,
                port=port,
            )
        )
    return sorted(found, key=lambda finding: finding.order)


def judge(
    server: records.Server,
    interfaces: Sequence[records.Interface],
    ports: Iterable[records.Port] = (),
) -> list[findings.Finding]:
    """Find where Nova's cache of a server is wrong.

    The parameters are those of :func:`compare`.

    :returns: The findings; none for a port that is not attached at all.
    """
    return [
        finding
        for finding in compare(server, interfaces, ports)
        if finding.port is None
        or health_ports.is_attached(server, finding.port)
    ]


def judge_floating_ips(
    server: records.Server,
    ports: Sequence[records.Port],
    floating_ips: Iterable[records.FloatingIP],
) -> list[findings.Finding]:
    """Compare the floating IPs of one server.

    Nova asks Neutron for the floating IPs of each fixed IP of a port
    (``_get_floating_ips_by_fixed_and_port`` in ``nova/network/neutron.py``),
    so it misses those for a fixed IP that the port does not have.

    :param server: The server, with details, which include Nova's cache.
    :param ports: The ports of the server.
    :param floating_ips: At least those of the ports.
    :returns: The findings, in a stable order; none for an interface that is
        not in the cache at all.
    """
    by_port = records.grouped(floating_ips, lambda row: row.port_id)
    by_mac = records.grouped(ports, lambda port: port.mac_address)
    cached = records.grouped(server.cache, lambda entry: entry.mac_address)
    found: list[findings.Finding] = []
    for mac_address, same_mac in by_mac.items():
        if entries := cached.get(mac_address):
            found += _of_cached_floating_ips(
                server, entries, same_mac, by_port
            )
    for port in ports:
        found += _of_lacking_ip(server, port, by_port.get(port.id, ()))
    return sorted(found, key=lambda finding: finding.order)


def _differences(
    cache: Sequence[records.Interface], live: Sequence[records.Interface]
) -> Iterator[_Difference]:
    """Compare all entries of the cache with all live interfaces."""
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
        mac_address: entries
        for mac_address, entries in cached_by_mac.items()
        if mac_address not in live_by_mac
    }
    for interface in missing:
        ips = fixed_ips(interface)
        old = next((mac for mac in stale if fixed_ips(*stale[mac]) == ips), '')
        if old:
            del stale[old]
            now = interface.mac_address or ''
            yield codes.Code.MAC_DIFFERS, interface, now, old
        else:
            yield _missing(interface)
    for mac_address in live_by_mac.keys() & cached_by_mac.keys():
        yield from _of_mac_address(
            cached_by_mac[mac_address], live_by_mac[mac_address]
        )
    for entries in stale.values():
        yield _only_cached(entries[0], fixed_ips(*entries))


def _of_mac_address(
    entries: Sequence[records.Interface], live: Sequence[records.Interface]
) -> Iterator[_Difference]:
    """Compare the entries and the interfaces with one MAC address."""
    cached = collections.Counter(
        fixed_ip.ip_address
        for entry in entries
        for fixed_ip in entry.fixed_ips
    )
    plugged_in = collections.Counter(
        ip for interface in live for ip in fixed_ips(interface)
    )
    # The addresses that each interface seems to have in the cache.
    seen = [fixed_ips(interface) & cached.keys() for interface in live]
    for entry in entries:
        unknown = fixed_ips(entry) - plugged_in.keys()
        # Three signs that they are not an interface's, the strongest first.
        against = [
            (
                fixed_ips(interface) <= cached.keys(),
                fixed_ips(interface).isdisjoint(fixed_ips(entry)),
                bool(interface.fixed_ips),
            )
            for interface in live
        ]
        if not all(min(against)):
            seen[against.index(min(against))] |= unknown
        elif unknown:
            yield _only_cached(entry, unknown)
    for interface, ips in zip(live, seen, strict=True):
        live_ips = fixed_ips(interface)
        if live_ips and not ips:
            yield _missing(interface)
        elif live_ips != ips:
            expected, actual = _shown(live_ips), _shown(ips)
            yield codes.Code.ADDRESS_DIFFERS, interface, expected, actual
        twice = [ip for ip in live_ips if cached[ip] > plugged_in[ip]]
        if twice:
            expected = _('once in the cache')
            actual = _('more than once: %s') % findings.join_ips(twice)
            yield codes.Code.DUPLICATE_IN_CACHE, interface, expected, actual


def _missing(interface: records.Interface) -> _Difference:
    expected, actual = _shown(fixed_ips(interface)), _('not in the cache')
    return codes.Code.MISSING_FROM_CACHE, interface, expected, actual


def _only_cached(entry: records.Interface, ips: Iterable[str]) -> _Difference:
    expected, actual = _('not in the cache'), _shown(ips)
    return codes.Code.ONLY_IN_CACHE, entry, expected, actual


def _shown(ips: Iterable[str]) -> str:
    return findings.join_ips(ips) or _('no fixed IP')


def _of_cached_floating_ips(
    server: records.Server,
    entries: Sequence[records.Interface],
    ports: Sequence[records.Port],
    by_port: dict[str | None, list[records.FloatingIP]],
) -> Iterator[findings.Finding]:
    """Compare the cache and Neutron for one MAC address."""
    cached_ips = fixed_ips(*entries)
    cached = {ip for entry in entries for ip in entry.floating_ips}
    expected: dict[str, records.Port] = {}
    for port in ports:
        for row in by_port.get(port.id, ()):
            # A fixed IP that the port or the cache lacks is another finding.
            if not port.has_address(row.fixed_ip_address):
                cached.discard(row.address)
            elif row.fixed_ip_address in cached_ips:
                expected[row.address] = port
    wrong = [expected[ip] for ip in expected.keys() - cached]
    if cached - expected.keys():
        # An old floating IP may have belonged to any of several ports.
        wrong += ports[:1]
    for port in ports:
        if port in wrong:
            yield findings.of_port(
                codes.Code.FLOATING_IP_DIFFERS,
                server,
                port,
                findings.join_ips(expected) or _('no floating IP'),
                findings.join_ips(cached) or _('not in the cache'),
            )


def _of_lacking_ip(
    server: records.Server,
    port: records.Port,
    floating_ips: Iterable[records.FloatingIP],
) -> Iterator[findings.Finding]:
    """Find the floating IPs for an address that the port does not have."""
    for floating_ip in floating_ips:
        target = floating_ip.fixed_ip_address
        if target is not None and not port.has_address(target):
            yield findings.of_port(
                codes.Code.FLOATING_IP_DIFFERS,
                server,
                port,
                _('%(floating_ip)s for a fixed IP of the port')
                % {'floating_ip': floating_ip.address},
                _('%(floating_ip)s for %(fixed_ip)s')
                % {'floating_ip': floating_ip.address, 'fixed_ip': target},
                lacking_ip=target,
            )
