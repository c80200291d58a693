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

"""Judges the paths between two addresses, but for those by floating IPs."""

from collections.abc import Iterator, Sequence
import dataclasses
import functools
import operator

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import firewall
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import plugged
from osc_port_iface.interfaces.path import routing
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings

_NOT_FORWARDED = (flows.EVERYTHING, flows.EVERYTHING)


@dataclasses.dataclass(frozen=True, slots=True)
class Path:
    """One path, from an address to an address.

    :ivar pair: Its ends, and the traffic in question.
    :ivar address: The address by which the destination is reached, which may
        be a floating IP.
    :ivar route: How the path leads there, in words; None if it does not.
    :ivar hops: The steps from the source to the destination, and then those
        that matter to replies.
    """

    pair: 'Pair'
    address: str
    route: str | None
    hops: tuple[steps.Step, ...]

    @property
    def asked(self) -> flows.Flows:
        """The traffic in question."""
        return self.pair.asked

    @property
    def passing(self) -> flows.Flows:
        """The traffic that surely passes, if not only as an answer."""
        surely = (step.surely for step in self.hops)
        found = functools.reduce(operator.and_, surely, self.asked)
        return found if found - flows.ICMP_REPLIES else flows.NOTHING

    @property
    def possible(self) -> flows.Flows:
        """The traffic that passes, or may pass."""
        possibly = (step.possibly for step in self.hops)
        return functools.reduce(operator.and_, possibly, self.asked)

    @property
    def verdict(self) -> steps.Verdict:
        """Whether any of the traffic in question passes."""
        return steps.verdict(self.passing, self.possible)

    @property
    def reason(self) -> str | None:
        """The first thing that blocks, or that is unknown."""
        if self.passing and self.passing == self.possible:
            limits = [text for step in self.hops for text in step.limits]
            return '; '.join(dict.fromkeys(limits)) or None
        for step in self.hops:
            possibly = step.possibly & self.asked
            is_sure = step.surely & self.asked == possibly
            if not is_sure if self.possible else not possibly:
                more = _('more may pass: %s') if self.passing else '%s'
                return more % step.reason
        if self.possible:
            traffic = ', '.join(self.possible.texts())
            return _('%s passes as an answer only') % traffic
        return _('the destination accepts nothing that the source sends')


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Two ends, and the traffic in question."""

    known: surroundings.Surroundings
    source: surroundings.End
    destination: surroundings.End
    asked: flows.Flows

    def judge_directly(self) -> Path:
        """Judge the path to the address itself."""
        start, end = self.source.network_id, self.destination.network_id
        if start is None and end is None:
            return self.unknown(
                _('neither end is on a network that can be read')
            )
        address = self.destination.address
        if start is None:
            return self.path(address, *self._inbound())
        trace = routing.Trace(
            self.known, self.source, self.destination.network, end
        )
        hops = list(trace.hops)
        if trace.arrives and trace.seen and end and trace.routers:
            back = self.trace_back(trace.seen[0], trace.network_id)
            hops += back.replies(len(trace.seen) == 1)
        return self.path(address, trace.text(), hops, trace.seen)

    def unknown(self, text: str, **values: object) -> Path:
        """Return the path of which nothing but a reason is known."""
        network = self.known.network(None)
        step = steps.judged(steps.UNKNOWN, 'network', network, text, **values)
        return Path(self, self.destination.address, None, (step,))

    def trace_back(
        self, target: addresses.IPNetwork, network_id: str | None
    ) -> routing.Trace:
        """Follow what the destination replies; it must be on a network.

        :param target: The source, as the destination sees it.
        :param network_id: Where that is, if it is another address.
        """
        if target == self.source.network:
            network_id = self.source.network_id
        return routing.Trace(self.known, self.destination, target, network_id)

    def path(
        self,
        address: str,
        route: str | None,
        hops: Sequence[steps.Step],
        seen: surroundings.SeenAs,
        forwarded: tuple[flows.Flows, flows.Flows] = _NOT_FORWARDED,
    ) -> Path:
        """Put the steps at both ends around the hops.

        :param address: The address that the source sends to.
        :param seen: The source, as the destination sees it.
        :param forwarded: The external and the internal ports of a port
            forwarding.
        """
        known, source, destination = self.known, self.source, self.destination
        ports = [end.port for end in (source, destination) if end.port]
        plugged_in = [known.plugged_port(port) for port in ports]
        owners = {row.server_id or row.id for row in plugged_in}
        if len(owners) < len(ports):
            text = _('what a server sends to itself is not judged')
            return dataclasses.replace(self.unknown(text), address=address)
        target = (addresses.parse_ip_network(address),)
        sent: list[steps.Step] = []
        if source.port:
            excluded = known.excluded(destination, source)
            egress = firewall.Firewall(
                known, source.port, 'egress', target, excluded
            )
            sent = egress.judge(self.asked)
        received: list[steps.Step] = []
        # If a hop is unknown, nobody knows what the destination sees.
        if destination.port and seen:
            excluded = known.excluded(source, destination)
            ingress = firewall.Firewall(
                known, destination.port, 'ingress', seen, excluded
            )
            # Rules see the internal ports of a port forwarding.
            sent_to, arriving = forwarded
            asked = self.asked.moved(sent_to, arriving)
            received = [
                dataclasses.replace(
                    step,
                    surely=(step.surely & asked).moved(arriving, sent_to),
                    possibly=(step.possibly & asked).moved(arriving, sent_to),
                )
                for step in ingress.judge(asked)
            ]
        found = (
            *plugged.judge(known, source),
            *sent[:1],
            *self._missing(source),
            *hops,
            *self._missing(destination),
            *self._private(seen, target),
            *received,
            *plugged.judge_accepted(known, destination),
            # Its replies come from the address, too.
            *plugged.judge(known, destination)[::-1],
            *sent[1:],
        )
        return Path(self, address, route, found)

    def _private(
        self, source: surroundings.SeenAs, target: surroundings.SeenAs
    ) -> Iterator[steps.Step]:
        """Judge private addresses that are to be known on the internet.

        :param source: The source, as the destination sees it.
        :param target: The destination, as the source sees it.
        """
        text = _(
            'the private address %(address)s would have to be translated '
            'outside Neutron'
        )
        for peer, other in ((source, target), (target, source)):
            if any(map(surroundings.is_internet, other)) and any(
                map(firewall.is_private, peer)
            ):
                place = self.known.network(
                    self.source.network_id or self.destination.network_id
                )
                private = firewall.describe(peer)
                yield steps.judged(
                    steps.UNKNOWN, 'network', place, text, address=private
                )

    def _missing(self, end: surroundings.End) -> list[steps.Step]:
        """Judge addresses on a network of Neutron whose ports are not known.

        Only servers tell which rules hold. Of a source, it is asked from
        where the destination accepts traffic. On the external network, ports
        and floating IPs of other projects are hidden.
        """
        network_id = end.network_id or end.also_on
        if end is self.destination and not (network_id or self.known.sees_all):
            subnet = self.known.subnet_of(None, end.network)
            network_id = subnet.network_id if subnet else None
        if network_id is None and firewall.is_private(end.network):
            other = self.source.network_id or self.destination.network_id
            place, limit = self.known.network(other), _('only outside Neutron')
            return [steps.Step('network', place, limits=(limit,))]
        if end.port or network_id is None:
            return []
        verdict = steps.UNKNOWN
        text = _('what has %(address)s on network %(row)s is not judged')
        values: dict[str, object] = {'address': end.address}
        if end.also_on:
            text = _('network %(row)s has %(address)s, too')
        elif end.network_id and end.network.num_addresses == 1:
            text = surroundings.NO_VISIBLE_PORT
            holder = self.known.holder(network_id, end.network)
            verdict = self.known.judge_absence(network_id)
            if holder:
                verdict, values['port'] = steps.UNKNOWN, holder
                text = _('port %(port)s may have %(address)s')
            subnet = self.known.subnet_of(network_id, end.network)
            if subnet and subnet.is_broadcast(end.network.network_address):
                verdict = steps.UNKNOWN
                text = _('%(address)s is the broadcast address of its subnet')
        elif end is self.source:
            return []
        network = self.known.network(network_id)
        return [steps.judged(verdict, 'network', network, text, **values)]

    def _inbound(
        self,
    ) -> tuple[str | None, list[steps.Step], surroundings.SeenAs]:
        """Judge the hops from outside to the address of the destination.

        Where the destination can send to the outside, the outside can send to
        it, unless the last router translates addresses.

        :returns: The route in words, the hops, and the source, as the
            destination sees it.
        """
        trace = self.trace_back(self.source.network, None)
        gateway = trace.gateway
        seen = (self.source.network,) if trace.seen else ()
        if not (trace.arrives and gateway and seen):
            return trace.text(), trace.hops, seen
        values: dict[str, object] = {
            'address': self.destination.address,
            'router': gateway,
        }
        if trace.seen != (self.destination.network,):
            text = _(
                'no visible floating IP or port forwarding leads to '
                '%(address)s for this traffic'
            )
            verdict = self.known.missing_verdict
            if self.destination.network in trace.seen:
                verdict = steps.UNKNOWN
            stop = steps.judged(verdict, 'router', gateway, text, **values)
            return None, [stop], seen
        text = _('routers outside send %(address)s to router %(router)s')
        network = self.known.network(trace.network_id)
        entrance = steps.judged(
            steps.ALLOWED, 'network', network, text, **values
        )
        return trace.text(), [entrance, *trace.hops[-2::-1]], seen
