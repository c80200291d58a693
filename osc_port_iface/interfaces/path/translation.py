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

"""Judges the paths by floating IPs and their port forwardings."""

from collections.abc import Iterator
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import paths
from osc_port_iface.interfaces.path import routing
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records


def judge(pair: paths.Pair) -> Iterator[paths.Path]:
    """Judge the paths by the floating IPs that lead to the destination.

    :param pair: Both ends.
    """
    end, has = pair.destination, pair.known.has
    if end.port is None:
        return
    for row in pair.known.floating_ips.values():
        if end.floating_ip not in (None, row):
            continue
        if has(end, row.port_id, row.fixed_ip_address):
            route = steps.say(_('floating IP %(row)s'), row=row)
            yield _by(pair, row, route)
        for part in row.port_forwardings:
            port_id = part.internal_port_id
            if row.forwards_to(end.port, part):
                port_id = end.port.id
            if has(end, port_id, part.internal_ip_address):
                yield from _forwarded(pair, row, part)


def dead_end(pair: paths.Pair, row: records.FloatingIP) -> paths.Path:
    """Judge the path from or to a floating IP that leads to no port."""
    targets = {port_id for port_id, _address in surroundings.targets(row)}
    is_hidden = targets - {*pair.known.ports}
    verdict = steps.UNKNOWN if is_hidden else steps.BLOCKED
    reason = _('floating IP %(row)s leads to no visible port for %(traffic)s')
    traffic = ', '.join(pair.asked.texts())
    stop = steps.judged(verdict, 'floating-ip', row, reason, traffic=traffic)
    address = pair.destination.address
    if row == pair.destination.floating_ip:
        address = row.address
    return paths.Path(pair, address, None, (stop,))


def _forwarded(
    pair: paths.Pair,
    row: records.FloatingIP,
    forwarding: records.PortForwarding,
) -> Iterator[paths.Path]:
    """Judge the path by a port forwarding, if it is for the traffic.

    What is asked about is what is sent to the floating IP. If the user named
    the server, it is also what the server receives.
    """
    protocol = flows.number(forwarding.protocol)
    external = records.port_range(forwarding.external_port)
    internal = records.port_range(forwarding.internal_port)
    if protocol is None or external is None or internal is None:
        return
    outside = flows.Flows.of(protocol, external)
    inside = flows.Flows.of(protocol, internal)
    asked = pair.asked & outside
    if pair.destination.floating_ip is None:
        asked |= pair.asked.moved(inside, outside)
    if asked:
        route = steps.say(
            _('forwarding %(row)s:%(external)s to port %(internal)s'),
            row=row,
            external=forwarding.external_port,
            internal=forwarding.internal_port,
        )
        pair = dataclasses.replace(pair, asked=asked)
        yield _by(pair, row, route, (outside, inside))


def _by(
    pair: paths.Pair,
    row: records.FloatingIP,
    route: str,
    *forwarded: tuple[flows.Flows, flows.Flows],
) -> paths.Path:
    """Judge the path by a floating IP or a port forwarding.

    :param forwarded: See :meth:`paths.Pair.path`; none for a floating IP.
    """
    known, sees_source, note = pair.known, False, ''
    router = known.routers.get(row.router_id or '')
    seen: surroundings.SeenAs = (pair.source.network,)
    hops: list[steps.Step] = []
    if pair.source.network_id is not None:
        target = addresses.parse_ip_network(row.address)
        trace = routing.Trace(known, pair.source, target, row.network_id)
        hops += trace.hops
        seen = trace.seen
        is_own = router is not None and router == trace.gateway
        if is_own and not forwarded:
            note = _('replies are translated, unlike in OVN 23.03')
        elif is_own and surroundings.Driver.OVN in known.drivers:
            # OVN translates replies where the sender is plugged in.
            sees_source = len(trace.routers) == 1
    verdict, text = known.judge_router(row.router_id)
    values = {'id': row.router_id, 'router': router}
    hops.append(
        steps.judged(verdict, 'floating-ip', row, text or note, **values)
    )
    if not seen:
        return pair.path(row.address, route, hops, seen, *forwarded)
    target = pair.source.network if sees_source else seen[0]
    back = pair.trace_back(target, row.network_id)
    is_sure = len(seen) == 1
    is_known = back.arrives and back.seen
    if sees_source or not router or not is_known or router in back.routers:
        hops += back.replies(is_sure)
    else:
        # Only this router knows what it has translated.
        verdict = steps.BLOCKED if is_sure else steps.UNKNOWN
        text = _('replies do not pass router %(row)s of floating IP %(by)s')
        hops.append(steps.judged(verdict, 'reply', router, text, by=row))
    return pair.path(row.address, route, hops, seen, *forwarded)
