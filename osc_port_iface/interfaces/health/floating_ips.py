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

"""Finds where Nova's cache and Neutron disagree about floating IPs.

Works on records only, without any I/O.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface import records


def judge(
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
    :param floating_ips: At least those of the ports, and preferably those in
        the cache as well.
    :returns: The findings, in a stable order; none for an interface that is
        not in the cache at all. If one floating IP is fresh, all findings are:
        Neutron notifies Nova a moment after a change.
    """
    floating_ips = list(floating_ips)
    by_port = records.grouped(floating_ips, lambda row: row.port_id)
    by_mac = records.grouped(ports, lambda port: port.mac_address)
    found: list[findings.Finding] = []
    for mac_address, same_mac in by_mac.items():
        entries = [
            entry for entry in server.cache if entry.mac_address == mac_address
        ]
        if entries:
            found += _of_mac_address(server, entries, same_mac, by_port)
    for port in ports:
        found += _elsewhere(server, port, by_port.get(port.id, ()))
    is_fresh = any(map(_is_fresh, floating_ips))
    return sorted(
        (dataclasses.replace(row, is_fresh=is_fresh) for row in found),
        key=lambda finding: finding.order,
    )


def _of_mac_address(
    server: records.Server,
    entries: Sequence[records.Interface],
    ports: Sequence[records.Port],
    by_port: dict[str | None, list[records.FloatingIP]],
) -> Iterator[findings.Finding]:
    """Compare the cache and Neutron for one MAC address."""
    cached_ips = cache_diff.fixed_ips(*entries)
    cached = {ip for entry in entries for ip in entry.floating_ips}
    unclaimed = cached - {
        floating_ip.address
        for port in ports
        for floating_ip in by_port.get(port.id, ())
    }
    for port in ports:
        attached = [
            floating_ip
            for floating_ip in by_port.get(port.id, ())
            if floating_ip.fixed_ip_address in cache_diff.fixed_ips(port)
        ]
        should_be = {
            floating_ip.address
            for floating_ip in attached
            # A fixed IP that is missing from the cache is another finding.
            if floating_ip.fixed_ip_address in cached_ips
        }
        is_there = cached & {row.address for row in attached}
        # An old floating IP may have belonged to any of several ports.
        if port is ports[0]:
            is_there |= unclaimed
        if should_be - is_there or is_there - should_be:
            yield findings.of_port(
                codes.Code.FLOATING_IP_DIFFERS,
                server,
                port,
                findings.joined(should_be) or _('no floating IP'),
                findings.joined(is_there) or _('not in the cache'),
            )


def _elsewhere(
    server: records.Server,
    port: records.Port,
    floating_ips: Iterable[records.FloatingIP],
) -> Iterator[findings.Finding]:
    """Find the floating IPs for an address that the port does not have."""
    for floating_ip in floating_ips:
        target = floating_ip.fixed_ip_address
        if target is not None and target not in cache_diff.fixed_ips(port):
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


def _is_fresh(floating_ip: records.FloatingIP) -> bool:
    age = floating_ip.seconds_unchanged
    return age is not None and age < server_state.QUIET
