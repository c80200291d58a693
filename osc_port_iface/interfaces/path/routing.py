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

"""Follows a packet from one address to another, over routers.

Routers choose the longest prefix, even if its next hop does not exist, and
forward what reaches them, whether or not servers have a route to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import contextlib
import dataclasses
from typing import NoReturn

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records

_NOT_JOINED = _('no router joins networks %(start)s and %(end)s')


@dataclasses.dataclass(frozen=True, slots=True)
class _Route:
    """A route of a server, or of a router by an interface or its gateway."""

    destination: addresses.IPNetwork
    network_id: str
    interface: records.Port | None = None
    next_hop: str | None = None


class _EndError(Exception):
    """A packet goes no further; its last hop has been added."""


class Trace:
    """The hops of a packet, as far as its routes are known.

    :ivar network_id: The network on which it is at last.
    :ivar hops: The hops. If it cannot arrive, the last one says why.
    :ivar routers: The routers that it passes.
    :ivar gateway: The router through whose gateway it leaves for an external
        network, if it does.
    :ivar seen: The source, as it is seen where the packet is at last; none if
        what it passes is not known, which may translate addresses.
    """

    def __init__(
        self,
        known: surroundings.Surroundings,
        source: surroundings.End,
        target: addresses.IPNetwork,
        target_network_id: str | None,
    ) -> None:
        """Follow a packet.

        :param known: The surroundings.
        :param source: Where it starts, which must be a network of Neutron.
        :param target: Its destination.
        :param target_network_id: The network that the destination is on; None
            for anything outside Neutron.
        """
        self.network_id = self._start_id = source.network_id or ''
        self.hops: list[steps.Step] = []
        self.routers: list[records.Router] = []
        self.gateway: records.Router | None = None
        self.seen: surroundings.SeenAs = (source.network,)
        self._known = known
        self._source = source
        self._target = target
        self._target_network_id = target_network_id
        with contextlib.suppress(_EndError):
            self._follow()

    @property
    def arrives(self) -> bool:
        """Whether no hop stops it for sure."""
        return all(step.possibly for step in self.hops)

    def text(self) -> str | None:
        """Describe it in words; None if it leads nowhere that is known."""
        if not self.arrives:
            return None
        if self.routers:
            names = ', '.join(map(steps.label, self.routers))
            return _('through router %s') % names
        if self._target_network_id == self._start_id:
            return _('same network')
        if self._known.leads_outside(self._start_id) is steps.ALLOWED:
            return _('direct to provider network')
        return None

    def replies(self, surely: bool = True) -> list[steps.Step]:
        """Return the hops that may stop it, if it is a reply.

        :param surely: Whether replies are sure to be sent to this address.
        """
        return [
            dataclasses.replace(
                step,
                hop='reply',
                possibly=step.possibly if surely else flows.EVERYTHING,
                reason=_('no way back: %s') % step.reason,
            )
            for step in self.hops
            if not step.surely
        ]

    def _follow(self) -> None:
        port = self._source.port
        if port and port.is_of_router:
            self._pass_routers(self._forward(self._router_of(port)))
        subnet = self._known.subnet_of(self._start_id, self._source.network)
        if subnet is None:
            reason = _('the subnet of %(source)s cannot be read')
            self._end(steps.UNKNOWN, reason, source=self._source.network)
        route = self._choose(self._routes_on(subnet))
        is_neighbor = self._target_network_id == self._start_id
        if route and route.next_hop is None:
            # Machines outside are on external networks, too.
            if is_neighbor or self._target_network_id is None:
                self._end(steps.ALLOWED)
            reason = _(
                '%(target)s is in the prefix of subnet %(subnet)s, so servers '
                'there ask no router'
            )
            verdict = self._known.judge_absence(self._start_id)
            self._end(verdict, reason, subnet=subnet)
        with contextlib.suppress(_EndError):
            self._pass_routers(self._first_hop(subnet, route))
        is_on_link = surroundings.contains(subnet, self._target)
        if is_neighbor and not is_on_link and not self.arrives:
            # Packets pass, but not every DHCP server gives a route.
            self.hops.clear()
            self.routers.clear()
            self.gateway, self.network_id = None, self._start_id
            reason = _(
                'no router joins the subnets of network %(network)s, so '
                'servers need a route to the other subnet'
            )
            with contextlib.suppress(_EndError):
                self._end(steps.UNKNOWN, reason)
            # Nothing there translates addresses.
            self.seen = (self._source.network,)

    def _routes_on(self, subnet: records.Subnet) -> Iterator[_Route]:
        """Return the routes of servers on a subnet; the first is to it."""
        network_id, cidr = self._start_id, subnet.cidr or ''
        yield _Route(addresses.parse_ip_network(cidr), network_id)
        for row in subnet.host_routes:
            yield _Route(row.destination, network_id, next_hop=row.next_hop)
        for gateway_ip in self._gateways_of(subnet):
            everything = self._target.supernet(new_prefix=0)
            yield _Route(everything, network_id, next_hop=gateway_ip)

    def _gateways_of(self, subnet: records.Subnet) -> list[str]:
        """Return the addresses to any of which servers send by default.

        A router that advertises itself may have any address, unless only
        another driver or a router outside would do so.
        """
        known = self._known
        advertised = {
            port.device_id: fixed_ip.ip_address
            for port in known.router_interfaces()
            for fixed_ip in port.fixed_ips
            if fixed_ip.subnet_id == subnet.id and subnet.is_advertised
        }
        modes = {
            surroundings.Driver.OVN: subnet.ipv6_address_mode,
            surroundings.Driver.AGENTS: subnet.ipv6_ra_mode,
        }
        is_sure = all(modes[driver] for driver in known.drivers) and (
            known.leads_outside(self._start_id) is steps.BLOCKED
        )
        found = [*advertised.values()]
        if found and is_sure:
            return found
        return [subnet.gateway_ip, *found] if subnet.gateway_ip else []

    def _choose(
        self, routes: Iterable[_Route], router: records.Router | None = None
    ) -> _Route | None:
        """Return the route to the destination; stop if it may be another.

        Routers spread packets over routes of one prefix, unless it is one that
        they are on.
        """
        found = _longest(routes, self._target)
        hops = dict.fromkeys(row.next_hop or _('its gateway') for row in found)
        if len(hops) > 1 and found[0].next_hop:
            reason = _('%(row)s has several routes to %(target)s: by %(hops)s')
            self._end(steps.UNKNOWN, reason, router, hops=', '.join(hops))
        return found[0] if found else None

    def _first_hop(self, subnet: records.Subnet, route: _Route | None) -> str:
        """Return where servers on a subnet send what is not for them."""
        if route and route.next_hop:
            return route.next_hop
        # A router may advertise itself.
        is_unsure = subnet.is_advertised
        verdict = steps.UNKNOWN if is_unsure else steps.BLOCKED
        reason = _('subnet %(subnet)s has no gateway')
        self._end(verdict, reason, subnet=subnet)

    def _pass_routers(self, next_hop: str) -> NoReturn:
        while True:
            router = self._router_at(next_hop)
            if router in self.routers:
                reason = _('the routes to %(target)s are a loop')
                self._end(steps.BLOCKED, reason, router)
            self.routers.append(router)
            next_hop = self._forward(router)

    def _forward(self, router: records.Router) -> str:
        """Take the route of a router to its next hop, if there is one."""
        route = self._choose(self._routes(router), router)
        if route is None:
            self._end_without_route(router)
        self._take_route(router, route)
        self.network_id = route.network_id
        if route.next_hop is None:
            self._leave_router(router, route)
        return route.next_hop

    def _router_at(self, next_hop: str) -> records.Router:
        """Return the router at a next hop on the network."""
        port = self._known.port_at(self.network_id, next_hop)
        if port is None:
            self._leave_neutron(next_hop)
        if not port.is_router_interface:
            reason = _(
                'next hop %(address)s is port %(port)s, which is not of a '
                'router, but may forward'
            )
            self._end(steps.UNKNOWN, reason, address=next_hop, port=port)
        router = self._router_of(port)
        self._check_enabled(router, port)
        return router

    def _router_of(self, port: records.Port) -> records.Router:
        """Return the router of a port, unless it is down or cannot be read."""
        verdict, text = self._known.judge_router(port.device_id)
        router = self._known.routers.get(port.device_id or '')
        if router is None or verdict is not steps.ALLOWED:
            self._end(verdict, text, router, id=port.device_id)
        return router

    def _check_enabled(
        self, router: records.Router, interface: records.Port
    ) -> None:
        if interface.admin_state_up is False:
            reason = _(
                'the interface of router %(row)s on %(side)s is disabled'
            )
            side = self._known.network(interface.network_id)
            self._end(steps.BLOCKED, reason, router, side=side)

    def _leave_neutron(self, next_hop: str) -> NoReturn:
        """Go on outside Neutron, if a router may be there."""
        leads = self._known.leads_outside(self.network_id)
        if leads is steps.ALLOWED:
            is_outside = self._target_network_id is None
            verdict = steps.ALLOWED if is_outside else steps.UNKNOWN
            text = _(
                '%(address)s on network %(network)s is a router outside '
                'Neutron'
            )
            self._end(verdict, text, address=next_hop)
        # Servers do not forward to themselves.
        holder = leads is steps.BLOCKED and self._known.holder(
            self.network_id,
            addresses.parse_ip_network(next_hop),
            self._source.port,
        )
        if holder:
            text = _('port %(holder)s may have the next hop %(address)s')
            self._end(steps.UNKNOWN, text, address=next_hop, holder=holder)
        text = _('network %(network)s has no visible router at %(address)s')
        if not self.routers and self._is_apart:
            text = _NOT_JOINED
        verdict = self._known.judge_absence(self.network_id)
        self._end(verdict, text, address=next_hop)

    def _end_without_route(self, router: records.Router) -> NoReturn:
        """Stop at a router that does not know the destination."""
        target_id = self._target_network_id
        is_outside = target_id is None or (
            self._known.leads_outside(target_id) is not steps.BLOCKED
        )
        reason = _('router %(row)s has no route to %(target)s')
        if is_outside and not router.gateways:
            reason = _('router %(row)s has no gateway')
        elif self._is_apart:
            reason = _NOT_JOINED
        self._end(self._known.missing_verdict, reason, router)

    @property
    def _is_apart(self) -> bool:
        """Whether surely no router leads there, had it the routes."""
        return self._known.are_apart(self._start_id, self._target_network_id)

    def _take_route(self, router: records.Router, route: _Route) -> None:
        """Take a route of a router, perhaps into another address scope.

        An L3 agent lets packets into one only if it translates their source.
        """
        known, drivers = self._known, self._known.drivers
        before, after = map(known.network, (self.network_id, route.network_id))
        version = self._target.version
        scopes = {row.address_scope(version) for row in (before, after)}
        if route.interface is None:
            is_within = len(scopes) == 1 and None not in scopes
            self.gateway = router
            self.seen = self._translated(router, is_within)
        for port in known.ports.values():
            # That of its gateway is seen by administrators only.
            if port == route.interface or (
                route.interface is None
                and port.device_id == router.id
                and port.network_id == route.network_id
            ):
                self._check_enabled(router, port)
        verdict, text = steps.ALLOWED, ''
        if len(scopes) > 1 and self._source.network in self.seen:
            text = _(
                'networks %(before)s and %(after)s have different address '
                'scopes'
            )
            if surroundings.Driver.OVN not in drivers:
                verdict = known.missing_verdict
            elif len(drivers) > 1:
                verdict = steps.UNKNOWN
        self.hops.append(
            steps.judged(
                verdict, 'router', router, text, before=before, after=after
            )
        )

    def _translated(
        self, router: records.Router, is_within_scope: bool
    ) -> surroundings.SeenAs:
        """Return the source as a router's gateway shows it to the outside.

        It translates IPv4 to the floating IP of the sender or, without one, to
        its own address. OVN does not if it forwards the port, and an L3 agent
        not within an address scope, unless the destination is one of its
        floating IPs (``neutron/agent/l3/router_info.py``).
        """
        known, own = self._known, self._source.network
        floating_ips = {
            addresses.parse_ip_network(row.address): row
            for row in known.floating_ips.values()
            if row.router_id == router.id
        }
        of_sender = tuple(
            address
            for address, row in floating_ips.items()
            if known.has(self._source, row.port_id, row.fixed_ip_address)
        )
        # Which of several it takes is not known.
        of_router = tuple(
            network
            for gateway in router.gateways
            for row in gateway.external_ips
            if (network := addresses.parse_ip_network(row.ip_address)).version
            == 4
        )
        external = of_sender or of_router
        if own.version == 6 or own in of_router or not external:
            return (own,)
        target = floating_ips.get(self._target)
        has_nat = bool(of_sender) or router.has_source_nat
        by_ovn = has_nat and not (target and target.port_id is None)
        by_agent = bool(of_sender or target) or (
            has_nat and not is_within_scope
        )
        translates = {
            by_ovn if driver is surroundings.Driver.OVN else by_agent
            for driver in known.drivers
        }
        if len(translates) > 1:
            return (own, *external)
        return external if True in translates else (own,)

    def _leave_router(self, router: records.Router, route: _Route) -> NoReturn:
        """Judge where the last router has put the packet."""
        verdict = steps.UNKNOWN
        text = _(
            'a router beyond network %(network)s would have to know the way'
        )
        is_here = self._target_network_id == self.network_id
        if is_here and route.destination.prefixlen:
            verdict, text = steps.ALLOWED, ''
        elif route.interface:
            verdict = self._known.judge_absence(self.network_id)
            text = surroundings.NO_VISIBLE_PORT
        elif self._target_network_id is None:
            verdict = steps.ALLOWED
            text = _('what is beyond network %(network)s passes it on')
        elif (
            router.has_source_nat
            and self._source.network not in self.seen
            and self._known.leads_outside(self._target_network_id)
            is steps.BLOCKED
        ):
            self._end_without_route(router)
        self._end(verdict, text, address=surroundings.text(self._target))

    def _routes(self, router: records.Router) -> Iterator[_Route]:
        """Return the routes of a router; those to its neighbors come first.

        On an external network, an L3 agent knows all subnets. With OVN, a
        router knows those on which it has an address. Its default route is the
        gateway of one of these.
        """
        known = self._known
        on_link = [
            _Route(addresses.parse_ip_network(row.cidr), port.network_id, port)
            for port in known.router_interfaces(router.id)
            for fixed_ip in port.fixed_ips
            if (row := known.subnets.get(fixed_ip.subnet_id or ''))
            and row.cidr
        ]
        for gateway in router.gateways:
            own = {fixed_ip.subnet_id for fixed_ip in gateway.external_ips}
            on_link += (
                _Route(addresses.parse_ip_network(row.cidr), row.network_id)
                for row in known.subnets.values()
                if row.network_id == gateway.network_id
                and row.network_id
                and row.cidr
                and (
                    row.id in own
                    or surroundings.Driver.OVN not in known.drivers
                )
            )
        yield from on_link
        first = next(iter(router.gateways), records.Gateway(None))
        default = _Route(self._target, first.network_id or self.network_id)
        for route in router.routes:
            next_hop = addresses.parse_ip_network(route.next_hop)
            by = next(iter(_longest(on_link, next_hop)), default)
            yield dataclasses.replace(
                by, destination=route.destination, next_hop=route.next_hop
            )
        for fixed_ip in first.external_ips:
            subnet = known.subnets.get(fixed_ip.subnet_id or '')
            if subnet and subnet.gateway_ip is None:
                continue
            address = addresses.parse_ip_network(fixed_ip.ip_address)
            everything = address.supernet(new_prefix=0)
            yield dataclasses.replace(default, destination=everything)

    def _end(
        self,
        verdict: steps.Verdict,
        text: str = '',
        router: records.Router | None = None,
        **values: object,
    ) -> NoReturn:
        """Add the last hop, a router or else the network, and stop.

        See :func:`steps.judged`.
        """
        network = self._known.network(self.network_id)
        places = {
            'router': router,
            'start': self._known.network(self._start_id),
            'end': self._known.network(self._target_network_id),
            'network': network,
            'target': surroundings.text(self._target),
        }
        hop = 'router' if router else 'network'
        self.hops.append(
            steps.judged(
                verdict, hop, router or network, text, **places, **values
            )
        )
        if verdict is steps.UNKNOWN:
            self.seen = ()
        raise _EndError


def _longest(
    routes: Iterable[_Route], target: addresses.IPNetwork
) -> list[_Route]:
    """Return the most specific routes to a destination."""
    found = [
        route
        for route in routes
        if addresses.covers(route.destination, target)
    ]
    length = max((row.destination.prefixlen for row in found), default=0)
    return [row for row in found if row.destination.prefixlen == length]
