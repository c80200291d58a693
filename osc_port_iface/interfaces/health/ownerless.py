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

"""Finds ports without a server, and addresses that several may use.

Works on records only, without any I/O.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface import records

# Seconds for which a port may be unused without being reported.
_UNUSED_AFTER = 3600.0


@dataclasses.dataclass(frozen=True)
class Keep:
    """Which ports without a server not to report.

    :ivar younger_than: Ports that were changed within this many seconds.
    :ivar tags: Ports with one of these tags.
    """

    younger_than: float | None = None
    tags: frozenset[str] = frozenset()

    def may_report(self, port: records.Port, by_default: float = 0.0) -> bool:
        """Return whether a port may be reported.

        :param port: The port. If its age is unknown, it counts as old.
        :param by_default: Used in place of ``younger_than`` if that is not
            set.
        """
        limit = by_default if self.younger_than is None else self.younger_than
        age = port.seconds_unchanged
        return (age is None or age >= limit) and not self.tags & {*port.tags}


def judge(
    ports: Iterable[records.Port],
    server_ids: Collection[str],
    keep: Keep,
) -> Iterator[findings.Finding]:
    """Find the ports of servers that do not exist, or that are not named.

    :param ports: Ports of any kind.
    :param server_ids: All servers that could own the ports. Ports of any other
        server are orphans.
    :param keep: Which of the ports not to report.
    """
    for port in ports:
        if not port.is_for_server or not keep.may_report(port):
            continue
        if port.server_id is None:
            yield findings.of_port(
                codes.Code.HALF_RELEASED,
                None,
                port,
                _('a server, or device owner empty'),
                _('device owner %(owner)s, device ID %(device)s')
                % {
                    'owner': port.device_owner,
                    'device': port.device_id or _('empty'),
                },
            )
        elif port.server_id not in server_ids:
            yield findings.of_port(
                codes.Code.ORPHAN_PORT,
                None,
                port,
                _('a server that exists'),
                _('its server is not found'),
            )


def judge_unused(
    ports: Iterable[records.Port],
    others: Collection[records.Port],
    floating_ips: Sequence[records.FloatingIP],
    keep: Keep,
) -> Iterator[findings.Finding]:
    """Find the ports that nothing uses.

    A port that reserves an address for servers to share is in use: an address
    pair of their ports has the address, or a floating IP leads to it. So is a
    port with the name of a load balancer's port.

    :param ports: Ports of any kind.
    :param others: At least all ports on the same networks, and the parents of
        trunks.
    :param floating_ips: All floating IPs that may lead to one of them.
    :param keep: Which of the ports not to report.
    """
    subports = {
        subport.port_id for other in others for subport in other.subports
    }
    with_pairs = records.grouped(
        (other for other in others if other.address_pairs),
        lambda other: other.network_id,
    )
    for port in ports:
        if (
            not port.device_id
            and not port.device_owner
            and not port.has_load_balancer_name
            and port.trunk_id is None
            and port.id not in subports
            and keep.may_report(port, _UNUSED_AFTER)
            and not any(row.leads_to(port) for row in floating_ips)
            and not any(
                other.id != port.id and other.names_address_of(port)
                for other in with_pairs.get(port.network_id, ())
            )
        ):
            yield findings.of_port(
                codes.Code.UNUSED_PORT, None, port, _('a use'), _('none')
            )


def judge_address_claims(
    ports: Iterable[records.Port],
    others: Iterable[records.Port],
    servers: Iterable[records.Server],
) -> Iterator[findings.Finding]:
    """Find the ports of servers that may use the address of another server.

    :param ports: The ports of the servers.
    :param others: At least all ports on the same networks.
    :param servers: The servers.
    """
    by_id = {server.id: server for server in servers}
    of_servers = records.grouped(
        (other for other in others if other.server_id),
        lambda other: other.network_id,
    )
    for port in ports:
        server = by_id.get(port.device_id or '')
        if server is None or not port.address_pairs:
            continue
        claims = (
            _('%(ip)s, which is of port %(port)s')
            % {'ip': fixed_ip.ip_address, 'port': other.id}
            for other in of_servers.get(port.network_id, ())
            if other.server_id != port.server_id
            for fixed_ip in other.fixed_ips
            if port.pair_covering(
                addresses.parse_ip_address(fixed_ip.ip_address)
            )
        )
        if first := next(claims, None):
            yield findings.of_port(
                codes.Code.ADDRESS_CLAIMED,
                server,
                port,
                _('address pairs without addresses of other servers'),
                first,
            )
