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

"""Compares what ``reach`` judges with what OVN does."""

import collections
from collections.abc import Iterable
import dataclasses
import re
from typing import Any

from tests.oracle import packets
from tests.oracle import tracing
from tests.oracle import wire

# An address that nothing in the cloud has.
OUTSIDE = {4: '198.51.100.7', 6: '2001:db8:ffff::7'}


@dataclasses.dataclass(frozen=True)
class Judged:
    """What ``reach`` says about a packet on a path.

    :ivar sender: The port that sends; None outside.
    :ivar source: The address from which it sends.
    :ivar target: The address to which it sends.
    :ivar receiver: The port that should receive; None outside.
    :ivar verdict: The verdict.
    :ivar reason: Its reason.
    :ivar is_hidden: Whether an end is a server of another project, whose state
        and rules the user may not see.
    :ivar is_beyond: Whether only a router outside may lead from end to end.
    :ivar is_spread: Whether it takes one of several routes.
    """

    sender: str | None
    source: str
    target: str
    receiver: str | None
    packet: packets.Packet
    verdict: str
    reason: str | None
    is_hidden: bool = False
    is_beyond: bool = False
    is_spread: bool = False

    @property
    def pair(self) -> tuple[object, ...]:
        """What is compared, whoever asks."""
        return (
            self.sender,
            self.source,
            self.target,
            self.receiver,
            self.packet,
        )


def from_row(row: dict[str, Any], packet: packets.Packet) -> Judged:
    """Read a row that ``reach -f json`` has printed for this packet.

    Both ends must be ports.
    """
    sender, *_others, receiver = (
        step['id'] for step in row['Steps'] if step['hop'] == 'port'
    )
    return Judged(
        sender,
        row['Source Address'],
        row['Destination Address'],
        receiver,
        sent(packet, row['Path']),
        row['Verdict'],
        row['Reason'],
    )


def sent(packet: packets.Packet, route: str | None) -> packets.Packet:
    """Return the packet that is to arrive, as it is sent by a route.

    What is sent to a port forwarding has its external port.
    """
    found = re.match(r'forwarding [0-9.]+:(\d+) to ', route or '')
    return dataclasses.replace(packet, port=int(found[1])) if found else packet


class Comparison:
    """Everything that was compared.

    :ivar pairs: Whether the packet of each pair passes.
    :ivar sent: How many of these were sent as real packets, too.
    :ivar verdicts: How often each user had each verdict.
    :ivar hidden: How often it was unknown with an end that is hidden.
    :ivar open: How often it was unknown as nobody can know it.
    :ivar disagreements: A text for each one.
    """

    def __init__(self) -> None:
        self.pairs: dict[tuple[object, ...], bool] = {}
        self.sent = 0
        self.verdicts: collections.Counter[tuple[str, str]] = (
            collections.Counter()
        )
        self.hidden: collections.Counter[str] = collections.Counter()
        self.open: collections.Counter[str] = collections.Counter()
        self.disagreements: list[str] = []

    def add(
        self,
        guests: packets.Guests,
        user: str,
        rows: Iterable[Judged],
        *,
        send: bool = False,
    ) -> None:
        """Compare verdicts with what OVN does.

        :param guests: The ports of the cloud.
        :param user: Who has asked.
        :param rows: The verdicts.
        :param send: Whether to send real packets, too, where they can be.
        """
        tracer = tracing.Tracer(guests)
        sender = wire.Wire(guests) if send else None
        for row in rows:
            if row.pair not in self.pairs:
                passes = _trace(guests, tracer, row)
                self.pairs[row.pair] = passes
                if sender and not self._send(guests, sender, row, passes):
                    self._disagree(f'not so on the wire: {passes}', user, row)
            passes = self.pairs[row.pair]
            self.verdicts[user, row.verdict] += 1
            if row.is_hidden and row.verdict == 'unknown':
                self.hidden[user] += 1
            elif row.verdict == 'unknown':
                self.open[user] += row.is_beyond or row.is_spread
            elif row.is_beyond and _leaves(guests, tracer, row):
                self._disagree('leaves', user, row)
            if row.verdict == ('blocked' if passes else 'allowed'):
                self._disagree('passes' if passes else 'drops', user, row)

    def unknown_share(self, user: str) -> float:
        """Return how much is unknown of what a user may see."""
        verdicts = {
            verdict: self.verdicts[user, verdict]
            for verdict in ('allowed', 'blocked', 'unknown')
        }
        verdicts['unknown'] -= self.hidden[user] + self.open[user]
        return verdicts['unknown'] / sum(verdicts.values())

    def _disagree(self, what: str, user: str, row: Judged) -> None:
        self.disagreements.append(f'{what}: {user}: {row}')

    def _send(
        self,
        guests: packets.Guests,
        sender: wire.Wire,
        row: Judged,
        passes: bool,
    ) -> bool:
        """Send a real packet, unless the switches have no way for it.

        :returns: Whether it fares as ``ovn-trace`` says; True if not sent.
        """
        # A switch may choose another route than ovn-trace.
        if row.sender is None or row.receiver is None or row.is_spread:
            return True
        way = (
            guests.ports[row.sender],
            row.source,
            row.target,
            guests.ports[row.receiver],
            row.packet,
        )
        if not sender.can_carry(*way):
            return True
        self.sent += 1
        return sender.passes(*way, is_expected=passes) is passes


def _leaves(
    guests: packets.Guests, tracer: tracing.Tracer, row: Judged
) -> bool:
    """Return whether a packet leaves for a receiver that may get it."""
    sender, receiver = (
        guests.ports.get(port_id or '')
        for port_id in (row.sender, row.receiver)
    )
    return bool(
        sender
        and receiver
        and guests.is_plugged(receiver['id'])
        and receiver['admin_state_up']
        and tracer.leaves(sender, row.source, row.target, row.packet)
    )


def _trace(
    guests: packets.Guests, tracer: tracing.Tracer, row: Judged
) -> bool:
    """Return whether a packet passes according to ``ovn-trace``."""
    sender = guests.ports.get(row.sender or '')
    receiver = guests.ports.get(row.receiver or '')
    if receiver is None:
        return tracer.leaves(sender, row.source, row.target, row.packet)
    if sender and packets.is_of_router(receiver):
        return tracer.gets_answer(sender, row.source, row.target, row.packet)
    if sender is None:
        gateway = guests.gateway_to(row.target)
        return tracer.enters(
            gateway, row.source, row.target, receiver, row.packet
        )
    return tracer.passes(sender, row.source, row.target, receiver, row.packet)
