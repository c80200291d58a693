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
import dataclasses
from typing import TypeVar

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records

# More routers in a row are taken for a loop.
_MOST_ROUTERS = 8

_NOT_JOINED = _('no router joins networks %(start)s and %(end)s')


@dataclasses.dataclass(frozen=True, slots=True)
class _Route:
    """A route of a router, by an interface or by its gateway."""

    destination: addresses.IPNetwork
    interface: records.Port | None = None
    next_hop: str | None = None


_AnyRoute = TypeVar('_AnyRoute', _Route, records.Route)


class Way:
    """The hops of a packet, as far as its routes are known.

    :ivar network_id: The network on which it is at last.
    :ivar hops: The hops. If it cannot arrive, the last one says why.
    :ivar routers: The routers that it passes.
    :ivar gateway: The router through whose gateway it leaves for an external
        network, if it does.
    """

    def __init__(
        self,
        known: surroundings.Surroundings,
        network_id: str,
        source: addresses.IPNetwork,
        target: addresses.IPNetwork,
        target_network_id: str | None,
    ) -> None:
        """Follow a packet.

        :param known: The surroundings.
        :param network_id: The network that it starts from.
        :param source: Its source, which tells the subnet.
        :param target: Its destination.
        :param target_network_id: The network that the destination is on; None
            for anything outside Neutron.
        """
        self.network_id = network_id
        self.hops: list[steps.Step] = []
        self.routers: list[records.Router] = []
        self.gateway: records.Router | None = None
        self._known = known
        self._start_id = network_id
        self._target = target
        self._target_network_id = target_network_id
        subnet = known.subnet_of(network_id, source)
        is_same = target_network_id == network_id
        if subnet is None:
            reason = _('the subnet of %(source)s cannot be read')
            self._stop(steps.Verdict.UNKNOWN, reason, source=source)
        elif is_same and surroundings.holds(subnet, target):
            self._arrive()
        elif is_same:
            self._cross_subnets(subnet)
        else:
            self._pass_routers(subnet)

    @property
    def arrives(self) -> bool:
        """Whether no hop stops it for sure."""
        return all(step.possibly for step in self.hops)

    def text(self) -> str | None:
        """Describe it in words; None if it does not arrive."""
        if not self.arrives:
            return None
        if self.routers:
            names = ', '.join(map(steps.label, self.routers))
            return _('through router %s') % names
        if self._target_network_id == self._start_id:
            return _('same network')
        return _('direct to provider network')

    def replies(self) -> list[steps.Step]:
        """Return the hops that may stop it, if it is a reply."""
        return [
            dataclasses.replace(
                step,
                hop='reply',
                reason=_('no way back: %s') % step.reason,
            )
            for step in self.hops
            if not step.surely
        ]

    def _cross_subnets(self, subnet: records.Subnet) -> None:
        """Go to another subnet of the same network.

        Packets pass without a router. A server sends them if its DHCP server
        gives it a route, which that of OVN does not.
        """
        self._pass_routers(subnet)
        if self.arrives:
            return
        self.hops.clear()
        self.routers.clear()
        self.gateway, self.network_id = None, self._start_id
        if subnet.has_dhcp and (
            surroundings.Driver.OVN not in self._known.drivers
        ):
            self._arrive(_('DHCP gives servers a route to the other subnet'))
            return
        reason = _(
            'no router joins the subnets of network %(network)s, so servers '
            'need a route to the other subnet'
        )
        self._stop(steps.Verdict.UNKNOWN, reason)

    def _pass_routers(self, subnet: records.Subnet) -> None:
        host_route = _longest(subnet.host_routes, self._target)
        next_hop = host_route.next_hop if host_route else subnet.gateway_ip
        if next_hop is None:
            reason = _('subnet %(subnet)s has no gateway')
            self._stop(steps.Verdict.BLOCKED, reason, subnet=subnet)
            return
        while router := self._router_at(next_hop):
            self.routers.append(router)
            route = _longest(self._routes(router), self._target)
            if route is None:
                self._miss_route(router)
                return
            if self._is_disabled(router, route.interface):
                return
            self.hops.append(self._crossing(router, route))
            if route.interface:
                self.network_id = route.interface.network_id
            elif router.external_network_id:
                self.network_id = router.external_network_id
                self.gateway = router
            if route.next_hop is None:
                self._leave_router(route)
                return
            next_hop = route.next_hop
            if len(self.routers) == _MOST_ROUTERS:
                reason = _('the routes to %(target)s are a loop')
                self._stop(steps.Verdict.BLOCKED, reason, router)
                return

    def _router_at(self, next_hop: str) -> records.Router | None:
        """Return the router at a next hop; if there is none, stop."""
        interface = self._port_at(next_hop)
        if interface is None:
            self._miss_router(next_hop)
            return None
        router = self._known.routers.get(interface.device_id or '')
        if not interface.is_router_interface:
            reason = _(
                'next hop %(address)s is port %(port)s, which is not of a '
                'router, but may forward'
            )
            self._stop(
                steps.Verdict.UNKNOWN, reason, address=next_hop, port=interface
            )
        elif router is None:
            reason = _('router %(id)s cannot be read')
            self._stop(steps.Verdict.UNKNOWN, reason, id=interface.device_id)
        elif router.admin_state_up is False:
            reason = _('router %(router)s is disabled')
            self._stop(steps.Verdict.BLOCKED, reason, router)
        elif not self._is_disabled(router, interface):
            return router
        return None

    def _miss_router(self, next_hop: str) -> None:
        """Go on outside Neutron, or stop."""
        verdict = self._known.absence(self.network_id)
        reason = _('network %(network)s has no router at %(address)s')
        if self._known.is_provider(self.network_id):
            verdict = steps.Verdict.UNKNOWN
            reason = _(
                '%(address)s on network %(network)s is a router outside '
                'Neutron'
            )
            if self._target_network_id is None:
                self._arrive(reason, address=next_hop)
                return
        elif self._target_network_id and not self.routers:
            reason = _NOT_JOINED
        self._stop(verdict, reason, address=next_hop)

    def _miss_route(self, router: records.Router) -> None:
        """Stop at a router that does not know the destination."""
        target_id = self._target_network_id
        if target_id and not self._known.is_provider(target_id):
            reason = _NOT_JOINED
        elif router.external_network_id is None:
            reason = _('router %(router)s has no gateway')
        else:
            reason = _('router %(router)s has no route to %(target)s')
        self._stop(self._known.certainty, reason, router)

    def _is_disabled(
        self, router: records.Router, interface: records.Port | None
    ) -> bool:
        """Return whether an interface of a router stops the packet."""
        if interface is None or interface.admin_state_up is not False:
            return False
        self._stop(
            steps.Verdict.BLOCKED,
            _('the interface of router %(router)s on %(side)s is disabled'),
            router,
            side=self._known.network(interface.network_id),
        )
        return True

    def _crossing(self, router: records.Router, route: _Route) -> steps.Step:
        """Judge whether a router lets packets into another address scope.

        An L3 agent does not, unless they leave by its gateway
        (``neutron/agent/l3/router_info.py``). OVN heeds no address scopes.
        """
        passing = steps.Step('router', router)
        if route.interface is None:
            return passing
        version, drivers = self._target.version, self._known.drivers
        before = self._known.network(self.network_id)
        after = self._known.network(route.interface.network_id)
        if before.address_scope(version) == after.address_scope(version):
            return passing
        text = steps.say(
            _(
                'networks %(before)s and %(after)s have different address '
                'scopes'
            ),
            before=before,
            after=after,
        )
        if drivers == {surroundings.Driver.OVN}:
            return steps.Step('router', router, assumptions=(text,))
        may_pass = surroundings.Driver.OVN in drivers
        verdict = steps.Verdict.UNKNOWN if may_pass else steps.Verdict.BLOCKED
        return steps.failing(verdict, 'router', router, text)

    def _leave_router(self, route: _Route) -> None:
        """Judge where the last router has put the packet."""
        is_outside = self._target_network_id is None
        if self._target_network_id == self.network_id:
            self._arrive()
        elif route.interface:
            reason = _('no port on network %(network)s has %(target)s')
            self._stop(self._known.absence(self.network_id), reason)
        elif is_outside:
            self._arrive(_('what is beyond network %(network)s passes it on'))
        elif self._target.version == 4 and self.routers[-1].has_source_nat:
            self._stop(self._known.certainty, _NOT_JOINED)
        else:
            reason = _(
                'a router beyond network %(network)s would have to know '
                'the way'
            )
            self._stop(steps.Verdict.UNKNOWN, reason)

    def _routes(self, router: records.Router) -> Iterator[_Route]:
        """Return the routes of a router; those of its interfaces come first.

        All subnets of the external network are on-link.
        """
        on_link = [
            _Route(addresses.parse_ip_network(subnet.cidr), interface)
            for interface in self._known.router_interfaces(router.id)
            for fixed_ip in interface.fixed_ips
            for subnet in [self._known.subnets.get(fixed_ip.subnet_id or '')]
            if subnet and subnet.cidr
        ]
        yield from on_link
        external = router.external_network_id
        if external and external == self._target_network_id:
            yield _Route(self._target)
        for route in router.routes:
            next_hop = addresses.parse_ip_network(route.next_hop)
            interfaces = (
                row.interface
                for row in on_link
                if addresses.covers(row.destination, next_hop)
            )
            yield _Route(
                route.destination, next(interfaces, None), route.next_hop
            )
        for fixed_ip in router.external_ips if external else ():
            address = addresses.parse_ip_network(fixed_ip.ip_address)
            yield _Route(address.supernet(new_prefix=0))

    def _port_at(self, address: str) -> records.Port | None:
        """Return the port that has an address on the network."""
        for port in self._known.ports.values():
            if port.network_id == self.network_id and port.has_address(
                address
            ):
                return port
        return None

    def _say(self, text: str, values: dict[str, object]) -> str:
        """Fill in a message about the way."""
        places = {
            'start': self._known.network(self._start_id),
            'end': self._known.network(self._target_network_id),
            'network': self._known.network(self.network_id),
            'target': surroundings.text(self._target),
        }
        return steps.say(text, **places, **values)

    def _arrive(self, *assumptions: str, **values: object) -> None:
        network = self._known.network(self.network_id)
        notes = tuple(self._say(note, values) for note in assumptions)
        self.hops.append(steps.Step('network', network, assumptions=notes))

    def _stop(
        self,
        verdict: steps.Verdict,
        reason: str,
        router: records.Router | None = None,
        **values: object,
    ) -> None:
        """End at a router, or on the network."""
        row = router or self._known.network(self.network_id)
        hop = 'router' if router else 'network'
        reason = self._say(reason, {'router': router, **values})
        self.hops.append(steps.failing(verdict, hop, row, reason))


def _longest(
    routes: Iterable[_AnyRoute], target: addresses.IPNetwork
) -> _AnyRoute | None:
    """Return the first of the most specific routes to a destination."""
    return max(
        (
            route
            for route in routes
            if addresses.covers(route.destination, target)
        ),
        key=lambda route: route.destination.prefixlen,
        default=None,
    )
