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

"""Finds the bindings of ports that a migration has left behind.

Works on records only, without any I/O.
"""

from collections.abc import Iterable, Iterator, Sequence

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface import records

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


def suspects(
    group: Sequence[str], ports: Iterable[records.Port]
) -> Iterator[str]:
    """Return the IDs of ports that have a second binding in a group.

    :param group: The hosts.
    :param ports: The ports with any binding on one of them.
    """
    for port in ports:
        if port.host and port.host not in group:
            yield port.id


def may_be_stale(server: records.Server, port: records.Port) -> bool:
    """Return whether a second binding of a port would be stale.

    While a server moves, its ports have one on the target host.
    """
    return (
        server.status not in server_state.MOVING
        and port.migrating_to is None
        and port.is_wired_on_host
    )


def judge(
    server: records.Server,
    port: records.Port,
    bindings: Iterable[records.PortBinding],
) -> Iterator[findings.Finding]:
    """Find the stale bindings of a port.

    :param server: The server, with details.
    :param port: Its port.
    :param bindings: All bindings of the port.
    """
    if not may_be_stale(server, port):
        return
    left = tuple(
        sorted(row.host for row in bindings if row.status == 'INACTIVE')
    )
    if left:
        yield findings.of_port(
            codes.Code.STALE_BINDING,
            server,
            port,
            _('bound to %s alone') % (port.host or _('no host')),
            _('also to %s') % ','.join(left),
            stale_hosts=left,
        )
