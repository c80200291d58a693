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

"""What is around the interfaces of a server, as a tree.

Works on records only; what they lack is looked up.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import judge
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface.interfaces.listing import one_interface
from osc_port_iface.interfaces import lookup
from osc_port_iface import records


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A thing, and what is reached through it.

    :ivar kind: What it is.
    :ivar name: Its name or address.
    :ivar facts: What else is known of it.
    :ivar mismatches: Where Nova and Neutron differ.
    :ivar children: What is reached through it.
    """

    kind: str
    name: str
    facts: tuple[str, ...] = ()
    mismatches: tuple[str, ...] = ()
    children: tuple['Node', ...] = ()


def tree(found: one_interface.Choice, look: lookup.Lookup) -> Node:
    """Return a server with what is around its interfaces.

    :param found: The interfaces to show, among all of the server.
    :param look: What can be looked up for all of them.
    """
    server = found.server
    mismatches = records.grouped(
        _compared(server, found.all.rows, look),
        lambda mismatch: mismatch.port_id,
    )
    children = [
        _of_interface(row, look, mismatches.get(row.port_id, ()))
        for row in found.chosen
    ]
    if len(found.chosen) == len(found.all.rows):
        for extra in mismatches.get(None, ()):
            mac_address, marks = extra.mac_address or '', (_described(extra),)
            children.append(
                Node(_('interface'), mac_address, mismatches=marks)
            )
    facts = _facts(server.id, server.status, server.host)
    name = server.name or server.id
    return Node(_('server'), name, facts, children=tuple(children))


def _compared(
    server: records.Server,
    rows: Sequence[records.ServerInterface],
    look: lookup.Lookup,
) -> list[findings.Finding]:
    """Compare what Nova and Neutron know of the ports, as ``check`` does."""
    snapshot = snapshots.Snapshot(
        [server],
        codes.USUAL,
        interfaces={server.id: [row.interface for row in rows]},
        ports=[port for row in rows if (port := look.port(row))],
        floating_ips=[ip for row in rows for ip in look.floating_ips(row)],
    )
    return judge.judge(snapshot)


def _described(found: findings.Finding) -> str:
    return _('%(code)s: %(actual)s; expected: %(expected)s') % {
        'code': found.code.value,
        'actual': found.actual,
        'expected': found.expected,
    }


def _of_interface(
    row: records.ServerInterface,
    look: lookup.Lookup,
    mismatches: Iterable[findings.Finding],
) -> Node:
    interface, port, network = row.interface, look.port(row), look.network(row)
    device = port and port.host_device
    on_network = Node(
        _('network'),
        (network and network.name) or interface.network_id or '',
        _facts(*(subnet.cidr for subnet in look.subnets(row))),
        children=tuple(_on_network(row, look)),
    )
    return Node(
        _('interface'),
        interface.mac_address or '',
        _facts(
            interface.port_state,
            device or interface.port_id,
            interface.tag and _('tag %s') % interface.tag,
        ),
        tuple(map(_described, mismatches)),
        (on_network, *map(_of_subport, port.subports if port else ())),
    )


def _of_subport(subport: records.Subport) -> Node:
    vlan, mac_address = subport.segmentation_id, subport.mac_address
    return Node(
        _('subport'),
        mac_address or subport.port_id,
        _facts(vlan and _('VLAN %d') % vlan, mac_address and subport.port_id),
    )


# What leads to an interface, the fixed IP where it does, and the router.
_Way = tuple[Node, str | None, str | None]


def _ways(row: records.ServerInterface, look: lookup.Lookup) -> Iterator[_Way]:
    """Return the floating IPs and port forwardings that lead to a row."""
    for found in look.floating_ips(row):
        node = Node(_('floating IP'), found.address)
        yield node, found.fixed_ip_address, found.router_id
    for found, forwarding in look.port_forwardings(row):
        node = Node(_('port forwarding'), forwarding.of(found.address))
        yield node, forwarding.internal_ip_address, found.router_id


def _on_network(
    row: records.ServerInterface, look: lookup.Lookup
) -> Iterator[Node]:
    """Return the addresses, each with its router and what leads to it."""
    ways = list(_ways(row, look))
    for fixed_ip in row.fixed_ips:
        here = [way for way in ways if way[1] == fixed_ip.ip_address]
        router = look.gateway(fixed_ip.subnet_id)
        through = [
            way for way in here if router and way[2] in (None, router.id)
        ]
        children = [way[0] for way in here if way not in through]
        if router:
            children.insert(0, _of_router(router, [way[0] for way in through]))
        yield Node(_('address'), fixed_ip.ip_address, children=tuple(children))
    known = {fixed_ip.ip_address for fixed_ip in row.fixed_ips}
    yield from (node for node, address, _id in ways if address not in known)


def _of_router(router: records.Router, children: Iterable[Node]) -> Node:
    external = (
        fixed_ip.ip_address
        for gateway in router.gateways
        for fixed_ip in gateway.external_ips
    )
    name = router.name or router.id
    return Node(_('router'), name, tuple(external), children=tuple(children))


def _facts(*facts: str | int | None) -> tuple[str, ...]:
    return tuple(str(fact) for fact in facts if fact)
