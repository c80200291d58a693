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

"""What OVN does with a packet, as ``ovn-trace`` says."""

import ipaddress
import re
from typing import Any

from tests.cloud import ovn
from tests.oracle import packets

# A router has put another address into the packet.
_SEEN_FROM = re.compile(r'ct_snat\w*\(ip[46]\.src=([0-9a-f.:]+)')

_LEFT_FOR = re.compile(r'ct_dnat\w*\(ip')

# Where a router asks for a MAC address, in place of sending the packet.
_QUESTION = re.compile(r'\b(?:arp|nd_ns) \{')

# More passages through connection tracking than any packet makes.
_PASSAGES = 12


class Tracer:
    """Traces packets through a cloud that does not change meanwhile."""

    def __init__(self, guests: packets.Guests) -> None:
        """Trace between guests."""
        self._guests = guests
        (self._outside,) = guests.ovn.run(
            'ovn-nbctl',
            '--bare',
            '--columns=name',
            'find',
            'logical_switch_port',
            'type=localnet',
            # Other tests have networks on others, and a topology a VLAN.
            f'options:network_name={ovn.PHYSICAL_NETWORK}',
            'tag=[]',
        ).split()

    def passes(
        self,
        sender: Any,
        source: str,
        target: str,
        receiver: Any,
        packet: packets.Packet,
    ) -> bool:
        """Return whether a packet arrives, and its reply returns.

        :param sender: The port that sends.
        :param source: The address from which it sends.
        :param target: The address to which it sends.
        :param receiver: The port that should receive, whose guest has the
            target if it is on the same network.
        """
        if not self._are_plugged(sender, receiver):
            return False
        text = self._send(sender, source, target, packet, receiver)
        arrival = f'output("{sender["id"]}")'
        if f'output("{receiver["id"]}")' not in text:
            return False
        seen = _SEEN_FROM.search(text)
        own = _own_address(receiver, target)
        other = seen.group(1) if seen else source
        reply = self._send(receiver, own, other, packet, sender, is_reply=True)
        # ovn-trace does not know what was translated. A router must get the
        # reply to undo that, but a forwarding is undone by the switch.
        is_undone = 'ip.ttl--' in reply
        if seen is None and not _LEFT_FOR.search(text):
            # What is sent to a guest's own address is lost outside.
            is_lost = f'output("{self._outside}")' in reply
            is_undone = arrival in reply or (
                own != target and is_undone and not is_lost
            )
        return (
            is_undone
            and self._may_answer(receiver, own, other, packet)
            and self._may_get_answer(sender, source, target, packet)
        )

    def leaves(
        self, sender: Any, source: str, target: str, packet: packets.Packet
    ) -> bool:
        """Return whether a packet gets to the physical network."""
        return (
            self._are_plugged(sender)
            and f'output("{self._outside}")'
            in self._send(sender, source, target, packet)
            and self._may_get_answer(sender, source, target, packet)
        )

    def gets_answer(
        self, sender: Any, source: str, target: str, packet: packets.Packet
    ) -> bool:
        """Return whether a router answers a packet to its own address."""
        if not self._are_plugged(sender):
            return False
        # The router makes the answer of the packet, which goes on. For
        # ovn-trace, it is not that of a connection, so no rule lets it in.
        text = self._send(sender, source, target, packet)
        is_back = f'eth.dst = {sender["mac_address"]}' in text
        return is_back and self._may_get_answer(sender, source, target, packet)

    def enters(
        self,
        gateway: Any,
        source: str,
        target: str,
        receiver: Any,
        packet: packets.Packet,
    ) -> bool:
        """Return whether a packet from outside arrives, and is answered.

        :param gateway: The port of the gateway to which it is sent.
        """
        if not self._are_plugged(receiver):
            return False
        text = self._trace(
            gateway['network_id'],
            (self._outside, '02:00:00:00:00:01', gateway['mac_address']),
            (source, target),
            packet,
        )
        own = _own_address(receiver, target)
        reply = self._send(receiver, own, source, packet, is_reply=True)
        return (
            f'output("{receiver["id"]}")' in text
            and 'ip.ttl--' in reply
            and self._may_answer(receiver, own, source, packet)
        )

    def _may_answer(
        self, port: Any, own: str, other: str, packet: packets.Packet
    ) -> bool:
        """Return whether a port with stateless groups may send the reply.

        No connection is known then, so it is a new packet.
        """
        return not self._guests.is_stateless(port) or (
            f'output("{self._guests.probe(port)}")'
            in self._trace(
                port['network_id'],
                (port['id'], port['mac_address'], packets.PROBE),
                (own, other),
                packet,
                is_new_reply=True,
            )
        )

    def _may_get_answer(
        self, port: Any, own: str, other: str, packet: packets.Packet
    ) -> bool:
        """Return whether a port with stateless groups may get the reply."""
        return not self._guests.is_stateless(port) or (
            f'output("{port["id"]}")'
            in self._trace(
                port['network_id'],
                (
                    self._guests.probe(port),
                    packets.PROBE,
                    port['mac_address'],
                ),
                (other, own),
                packet,
                is_new_reply=True,
            )
        )

    def _are_plugged(self, *ports: Any) -> bool:
        return all(self._guests.is_plugged(port['id']) for port in ports)

    def _send(
        self,
        sender: Any,
        source: str,
        target: str,
        packet: packets.Packet,
        neighbor: Any = None,
        *,
        is_reply: bool = False,
    ) -> str:
        """Let a guest send a packet.

        :param neighbor: Who has the target if it may, as a virtual IP.
        :returns: What happens to it; nothing if it cannot be sent.
        """
        mac = self._guests.next_mac(sender, source, target, neighbor)
        if mac is None:
            return ''
        return self._trace(
            sender['network_id'],
            (sender['id'], sender['mac_address'], mac),
            (source, target),
            packet,
            is_reply=is_reply,
        )

    def _trace(
        self,
        network_id: str,
        way: tuple[str, str, str],
        addresses: tuple[str, str],
        packet: packets.Packet,
        *,
        is_reply: bool = False,
        is_new_reply: bool = False,
    ) -> str:
        """Run ovn-trace.

        :param way: The port, and the MAC addresses of source and destination.
        :param addresses: The addresses of source and destination.
        :param is_reply: Whether it is the reply of a known connection.
        :param is_new_reply: Whether it is a reply to what nobody remembers.
        """
        version = ipaddress.ip_address(addresses[0]).version
        state = '--ct=est,rpl' if is_reply else '--ct=new'
        terms = (
            f'inport == "{way[0]}"',
            f'eth.src == {way[1]}',
            f'eth.dst == {way[2]}',
            f'ip{version}.src == {addresses[0]}',
            f'ip{version}.dst == {addresses[1]}',
            'ip.ttl == 64',
            packet.match(version, is_reply=is_reply or is_new_reply),
        )
        text = self._guests.ovn.run(
            'ovn-trace',
            f'--db={self._guests.ovn.southbound}',
            *[state] * _PASSAGES,
            '--no-friendly-names',
            '--minimal',
            f'neutron-{network_id}',
            ' && '.join(terms),
        )
        return _QUESTION.split(text)[0]


def _own_address(port: Any, address: str) -> str:
    """Return a fixed IP of a port that may not use an address itself."""
    if packets.may_use(port, address):
        return address
    version = ipaddress.ip_address(address).version
    return next(
        row
        for row in packets.fixed_ips(port)
        if ipaddress.ip_address(row).version == version
    )
