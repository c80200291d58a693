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

"""Judges every path from one address to another."""

from collections.abc import Iterator, Sequence
import dataclasses
import functools

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import firewall
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import plugged
from osc_port_iface.interfaces.path import routing
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records


@dataclasses.dataclass(frozen=True, slots=True)
class Path:
    """One path, from an address to an address.

    :ivar address: The address by which the destination is reached, which may
        be a floating IP.
    :ivar route: How the path leads there, in words; None if it does not.
    :ivar asked: The traffic in question.
    :ivar hops: The steps from the source to the destination, and then those
        that matter to replies.
    """

    source: surroundings.End
    destination: surroundings.End
    address: str
    route: str | None
    asked: flows.Flows
    hops: tuple[steps.Step, ...]

    @property
    def passing(self) -> flows.Flows:
        """The traffic that surely passes."""
        surely = (step.surely for step in self.hops)
        return functools.reduce(flows.Flows.__and__, surely, self.asked)

    @property
    def possible(self) -> flows.Flows:
        """The traffic that passes, or may pass."""
        possibly = (step.possibly for step in self.hops)
        return functools.reduce(flows.Flows.__and__, possibly, self.asked)

    @property
    def verdict(self) -> steps.Verdict:
        """Whether any of the traffic in question passes."""
        if self.passing:
            return steps.Verdict.ALLOWED
        if self.possible:
            return steps.Verdict.UNKNOWN
        return steps.Verdict.BLOCKED

    @property
    def reason(self) -> str | None:
        """The first thing that blocks, or that is unknown."""
        if self.passing:
            limits = [text for step in self.hops for text in step.limits]
            if self.passing == self.possible:
                return '; '.join(dict.fromkeys(limits)) or None
        doubtful = [
            step
            for step in self.hops
            if step.surely & self.asked != step.possibly & self.asked
        ]
        if self.verdict is steps.Verdict.BLOCKED:
            doubtful = [s for s in self.hops if not s.possibly & self.asked]
        if not doubtful:
            return _('the destination accepts nothing that the source sends')
        reason = doubtful[0].reason
        if self.passing:
            return steps.say(_('more may pass: %(reason)s'), reason=reason)
        return reason


def judge(
    known: surroundings.Surroundings,
    source: surroundings.End,
    destination: surroundings.End,
    asked: flows.Flows,
) -> list[Path]:
    """Judge the paths from one address to another.

    :param known: The surroundings.
    :param source: The source.
    :param destination: The destination, of the same version of IP.
    :param asked: The traffic in question, for this version of IP.
    """
    pair = _Pair(known, source, destination, asked)
    found = list(pair.by_floating_ips())
    if destination.floating_ip:
        return found or [pair.by_useless(destination.floating_ip)]
    if found and pair.start is None:
        return found
    return [pair.directly(), *found]


class _Pair:
    """Two ends, and the paths between them.

    :ivar start: The network of the source; None if it is outside Neutron.
    """

    def __init__(
        self,
        known: surroundings.Surroundings,
        source: surroundings.End,
        destination: surroundings.End,
        asked: flows.Flows,
    ) -> None:
        self._known = known
        self._source = source
        self._destination = destination
        self._asked = asked
        self.start = self._network_id(source)
        self._end = self._network_id(destination)
        self._sender = firewall.Peer((source.network,), source.is_internet)

    def _network_id(self, end: surroundings.End) -> str | None:
        if end.port:
            return end.port.network_id
        return None if end.is_internet else self._known.home(end.network)

    def directly(self) -> Path:
        """Judge the path to the address itself."""
        destination = self._destination
        if self.start is None and self._end is None:
            reason = _('neither end is on a network that can be read')
            nowhere = self._known.network(None)
            stop = steps.failing(
                steps.Verdict.UNKNOWN, 'network', nowhere, reason
            )
            return self._path(destination.address, None, [stop])
        if self.start is None:
            route, hops = self._inbound(self._end or '')
            return self._path(destination.address, route, hops)
        way = self._way(destination.network, self._end)
        seen = self._seen(way)
        hops = [*way.hops, *self._way_back(way, seen)]
        return self._path(destination.address, _route(way), hops, seen)

    def by_floating_ips(self) -> Iterator[Path]:
        """Judge the paths by floating IPs and their port forwardings."""
        end = self._destination
        for row in self._known.floating_ips:
            if end.port is None or end.floating_ip not in (None, row):
                continue
            if (row.port_id, row.fixed_ip_address) == (
                end.port.id,
                end.address,
            ):
                yield self._by(row, _('floating IP %(floating_ip)s'))
            for forwarding in row.port_forwardings:
                if (
                    row.forwards_to(end.port, forwarding)
                    and forwarding.internal_ip_address == end.address
                ):
                    yield from self._forwarded(row, forwarding)

    def by_useless(self, floating_ip: records.FloatingIP) -> Path:
        """Judge the path to a floating IP that does not lead on."""
        reason = steps.say(
            _('floating IP %(floating_ip)s does not forward %(traffic)s')
            if floating_ip.port_forwardings
            else _('floating IP %(floating_ip)s leads to no port'),
            floating_ip=floating_ip,
            traffic=', '.join(self._asked.texts()),
        )
        stop = steps.failing(
            steps.Verdict.BLOCKED, 'floating-ip', floating_ip, reason
        )
        return dataclasses.replace(
            self._path(floating_ip.address, None, []), hops=(stop,)
        )

    def _way(
        self, target: addresses.IPNetwork, target_network_id: str | None
    ) -> routing.Way:
        """Follow what the source sends; it must be on a known network."""
        return routing.follow(
            self._known,
            self.start or '',
            self._source.network,
            target,
            target_network_id,
        )

    def _back(
        self, target: addresses.IPNetwork, target_network_id: str | None
    ) -> routing.Way:
        """Follow what the destination sends; it must be on a network."""
        return routing.follow(
            self._known,
            self._end or '',
            self._destination.network,
            target,
            target_network_id,
        )

    def _path(
        self,
        address: str,
        route: str | None,
        hops: Sequence[steps.Step],
        seen: firewall.Peer | None = None,
        moved: tuple[int, int] | None = None,
    ) -> Path:
        """Put the steps at both ends around the hops.

        :param address: The address that the source sends to.
        :param seen: The source, as the destination sees it.
        :param moved: The protocol of a port forwarding, and the distance from
            its external to its internal ports.
        """
        target = firewall.Peer(
            (addresses.parse_ip_network(address),),
            self._destination.is_internet,
        )
        found: list[steps.Step] = []
        replies: list[steps.Step] = []
        if port := self._source.port:
            found += plugged.judge(self._known, port)
            found += plugged.judge_sender(self._known, self._source, port)
            egress, ingress = firewall.of(self._known, port, target)
            found.append(egress.judge(self._asked))
            replies += ingress.judge_replies(self._asked)
        found += self._missing(self._source, self.start)
        found += hops
        found += self._missing(self._destination, self._end)
        if port := self._destination.port:
            found += self._accept(port, seen or self._sender, moved)
            found += plugged.judge(self._known, port)[::-1]
        return Path(
            self._source,
            self._destination,
            address,
            route,
            self._asked,
            (*found, *replies),
        )

    def _missing(
        self, end: surroundings.End, network_id: str | None
    ) -> list[steps.Step]:
        """Judge that no port has an address on a network of Neutron."""
        if end.port or network_id is None or end.network.num_addresses > 1:
            return []
        network = self._known.network(network_id)
        reason = steps.say(
            _('no port on network %(network)s has %(address)s'),
            network=network,
            address=end.address,
        )
        verdict = self._known.absence(network_id)
        return [steps.failing(verdict, 'network', network, reason)]

    def _accept(
        self,
        port: records.Port,
        seen: firewall.Peer,
        moved: tuple[int, int] | None,
    ) -> Iterator[steps.Step]:
        """Judge the rules of the destination, for requests and replies.

        They see the internal ports of a port forwarding.
        """
        asked = self._asked.moved(*moved) if moved else self._asked
        egress, ingress = firewall.of(self._known, port, seen)
        for step in (ingress.judge(asked), *egress.judge_replies(asked)):
            if moved is None:
                yield step
                continue
            protocol, distance = moved
            yield dataclasses.replace(
                step,
                surely=(step.surely & asked).moved(protocol, -distance),
                possibly=(step.possibly & asked).moved(protocol, -distance),
            )

    def _inbound(self, network_id: str) -> tuple[str | None, list[steps.Step]]:
        """Judge the hops from outside to the address of the destination.

        Where the destination can send to the outside, the outside can send to
        it, unless the last router translates addresses.
        """
        way = self._back(self._source.network, None)
        gateway = way.gateway
        if not way.arrives or gateway is None:
            return _route(way), way.hops
        address = self._destination.address
        if self._source.network.version == 4 and gateway.has_source_nat:
            reason = steps.say(
                _('no floating IP or port forwarding leads to %(address)s'),
                address=address,
            )
            return None, [
                steps.failing(self._known.certainty, 'router', gateway, reason)
            ]
        note = steps.say(
            _('routers outside send %(address)s to router %(router)s'),
            address=address,
            router=gateway,
        )
        network = self._known.network(way.network_id)
        entrance = steps.Step('network', network, assumptions=(note,))
        return _route(way), [entrance, *way.hops[-2::-1]]

    def _way_back(
        self, way: routing.Way, seen: firewall.Peer
    ) -> list[steps.Step]:
        """Judge whether replies find the way to the source."""
        if not way.arrives or self._end is None or not way.routers:
            return []
        (source, *_others) = seen.networks
        if source == self._source.network:
            return _replies(self._back(source, self.start))
        if way.network_id == self._end:
            # The address of a router on the same network.
            return []
        return _replies(self._back(source, way.network_id))

    def _forwarded(
        self, row: records.FloatingIP, forwarding: records.PortForwarding
    ) -> Iterator[Path]:
        """Judge the path by a port forwarding, if it is for the traffic."""
        protocol = flows.number(forwarding.protocol)
        external = forwarding.external_range
        internal = forwarding.internal_range
        if protocol is None or external is None or internal is None:
            return
        asked = self._asked & flows.Flows.of(protocol, external)
        if asked:
            pair = _Pair(self._known, self._source, self._destination, asked)
            yield pair._by(
                row,
                _(
                    'forwarding %(floating_ip)s:%(external)s to port '
                    '%(internal)s'
                ),
                (protocol, internal[0] - external[0]),
                external=forwarding.external_port,
                internal=forwarding.internal_port,
            )

    def _by(
        self,
        row: records.FloatingIP,
        route: str,
        moved: tuple[int, int] | None = None,
        **values: object,
    ) -> Path:
        """Judge the path by a floating IP or a port forwarding."""
        seen, keeps = self._sender, False
        hops: list[steps.Step] = []
        notes: tuple[str, ...] = ()
        if self.start is not None:
            target = addresses.parse_ip_network(row.address)
            way = self._way(target, row.network_id)
            hops += way.hops
            seen = self._seen(way)
            if way.gateway and way.gateway.id == row.router_id:
                if moved:
                    # OVN translates replies where the sender is plugged in.
                    keeps = len(way.routers) == 1 and (
                        surroundings.Driver.OVN in self._known.drivers
                    )
                    seen = self._seen_by_forwarding(seen)
                else:
                    notes = (_('replies are translated, unlike in OVN 23.03'),)
        hops.append(self._translation(row, notes))
        if keeps:
            hops += _replies(self._back(self._source.network, self.start))
        else:
            hops += self._way_back_by(row, seen)
        route = steps.say(route, floating_ip=row, **values)
        return self._path(row.address, route, hops, seen, moved)

    def _translation(
        self, row: records.FloatingIP, notes: tuple[str, ...]
    ) -> steps.Step:
        """Judge the router that translates a floating IP."""
        router = self._known.router(row.router_id)
        verdict = steps.Verdict.BLOCKED
        if router is None:
            verdict = steps.Verdict.UNKNOWN
            reason = _('router %(id)s cannot be read')
        elif router.admin_state_up is False:
            reason = _('router %(router)s is disabled')
        else:
            subnet = self._known.subnet_of(
                self._end or '', self._destination.network
            )
            states = {
                port.admin_state_up
                for port in self._known.interfaces(router.id)
                for fixed_ip in port.fixed_ips
                if subnet and fixed_ip.subnet_id == subnet.id
            }
            if states - {False}:
                return steps.Step('floating-ip', row, assumptions=notes)
            verdict = verdict if states else self._known.certainty
            reason = _(
                'router %(router)s has no enabled interface on %(network)s'
            )
        reason = steps.say(
            reason,
            id=row.router_id,
            router=router,
            network=self._known.network(self._end),
        )
        return steps.failing(verdict, 'floating-ip', row, reason)

    def _way_back_by(
        self, row: records.FloatingIP, seen: firewall.Peer
    ) -> list[steps.Step]:
        """Judge whether replies pass the router of a floating IP.

        Only this router knows what it has translated.
        """
        (source, *_others) = seen.networks
        if source == self._source.network:
            back = self._back(source, self.start)
        else:
            back = self._back(source, row.network_id)
        router = self._known.router(row.router_id)
        if router is None or not back.arrives or router in back.routers:
            return _replies(back)
        reason = steps.say(
            _('replies do not pass router %(router)s of floating IP %(row)s'),
            router=router,
            row=row,
        )
        return [steps.failing(steps.Verdict.BLOCKED, 'reply', router, reason)]

    def _seen(self, way: routing.Way) -> firewall.Peer:
        """Return the source as it is seen behind the last router.

        A router translates IPv4 to the floating IP of the sender or, without
        one, to its own address.
        """
        gateway, source = way.gateway, self._source
        if gateway is None or source.network.version == 6:
            return self._sender
        for row in self._known.floating_ips:
            if (
                source.port
                and row.router_id == gateway.id
                and row.port_id == source.port.id
                and row.fixed_ip_address == source.address
            ):
                return firewall.Peer(
                    (addresses.parse_ip_network(row.address),)
                )
        external = tuple(
            address
            for fixed_ip in gateway.external_ips
            if (
                address := addresses.parse_ip_network(fixed_ip.ip_address)
            ).version
            == 4
        )
        if not gateway.has_source_nat or not external:
            return self._sender
        return firewall.Peer(external)

    def _seen_by_forwarding(self, seen: firewall.Peer) -> firewall.Peer:
        """Return the source as a port forwarding of its own router shows it.

        OVN keeps it; an L3 agent does not.
        """
        ovn = surroundings.Driver.OVN
        if ovn not in self._known.drivers:
            return seen
        if self._known.drivers == {ovn}:
            return self._sender
        return firewall.Peer(self._sender.networks + seen.networks)


def _route(way: routing.Way) -> str | None:
    """Describe a way in words."""
    if not way.arrives:
        return None
    if way.routers:
        names = ', '.join(map(steps.label, way.routers))
        return steps.say(_('through router %(names)s'), names=names)
    if way.target_network_id == way.start_id:
        return _('same network')
    return _('direct to provider network')


def _replies(back: routing.Way) -> list[steps.Step]:
    """Return the steps that may stop replies."""
    return [
        dataclasses.replace(
            step,
            hop='reply',
            reason=steps.say(_('no way back: %(reason)s'), reason=step.reason),
        )
        for step in back.hops
        if not step.surely
    ]
