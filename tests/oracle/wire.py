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

"""Sends real packets through the switches, and sees whether they arrive."""

import ipaddress
import itertools
import pathlib
import struct
import time
from typing import Any

from tests.oracle import packets

# Seconds for a packet that should arrive, and for one that should not.
_PATIENCE = {True: 5.0, False: 0.3}

_SYN, _SYN_ACK = 0x02, 0x12


class Wire:
    """Puts frames into the devices of guests, and reads what others get."""

    def __init__(self, guests: packets.Guests) -> None:
        """Record what each device gets."""
        self._guests = guests
        self._numbers = itertools.count(1)
        for device in guests.devices.values():
            guests.ovn.vsctl(
                'set',
                'interface',
                device,
                f'options:tx_pcap={self._record(device)}',
            )

    def can_carry(
        self,
        sender: Any,
        _source: str,
        target: str,
        receiver: Any,
        packet: packets.Packet,
    ) -> bool:
        """Return whether the way is one that the embedded switches have.

        The ports must be on one host, as the hosts have no tunnels, and the
        addresses must not be translated.
        """
        devices = [
            self._guests.devices.get(port['id'], '')
            for port in (sender, receiver)
        ]
        return (
            all(devices)
            and devices[0][-1] == devices[1][-1]
            and packets.may_use(receiver, target)
            and packet.protocol in (1, 6, 17, 58)
        )

    def passes(
        self,
        sender: Any,
        source: str,
        target: str,
        receiver: Any,
        packet: packets.Packet,
        *,
        is_expected: bool,
    ) -> bool:
        """Return whether a packet arrives, and its reply returns.

        :param is_expected: Whether it should, and so is waited for.
        """
        number = next(self._numbers)
        for way, is_reply in (
            ((sender, source, target, receiver), False),
            ((receiver, target, source, sender), True),
        ):
            port, own, other, neighbor = way
            mac = self._guests.next_mac(port, own, other, neighbor)
            if mac is None:
                return False
            marker = f'oracle {number} {is_reply}'.encode()
            frame = _frame(
                (port['mac_address'], mac),
                (own, other),
                _payload(packet, number, marker, (own, other), is_reply),
            )
            self._guests.ovn.run(
                'ovs-appctl',
                '-t',
                f'{self._guests.ovn.directory}/vswitchd.ctl',
                'netdev-dummy/receive',
                self._guests.devices[port['id']],
                frame.hex(),
            )
            if not self._arrives(neighbor, marker, _PATIENCE[is_expected]):
                return False
        return True

    def _record(self, device: str) -> pathlib.Path:
        return self._guests.ovn.directory / f'{device}.pcap'

    def _arrives(self, port: Any, marker: bytes, patience: float) -> bool:
        record = self._record(self._guests.devices[port['id']])
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if record.exists() and marker in record.read_bytes():
                return True
            time.sleep(0.02)
        return False


def _frame(
    macs: tuple[str, str],
    addresses: tuple[str, str],
    payload: tuple[int, bytes],
) -> bytes:
    """Put a payload into IP and Ethernet.

    :param macs: The MAC addresses of source and destination.
    :param addresses: The addresses of source and destination.
    :param payload: The number of its protocol, and its bytes.
    """
    protocol, content = payload
    source, target = (ipaddress.ip_address(row).packed for row in addresses)
    own, other = (bytes.fromhex(mac.replace(':', '')) for mac in macs)
    if len(source) == 4:
        header = struct.pack(
            '!BBHHHBBH4s4s',
            0x45,
            0,
            20 + len(content),
            0,
            0,
            64,
            protocol,
            0,
            source,
            target,
        )
        header = header[:10] + _checksum(header) + header[12:]
        kind = 0x0800
    else:
        header = struct.pack(
            '!IHBB16s16s', 6 << 28, len(content), protocol, 64, source, target
        )
        kind = 0x86DD
    return other + own + struct.pack('!H', kind) + header + content


def _payload(
    packet: packets.Packet,
    number: int,
    marker: bytes,
    addresses: tuple[str, str],
    is_reply: bool,
) -> tuple[int, bytes]:
    """Make a segment, datagram or echo, whose number makes it a new flow."""
    source, target = (ipaddress.ip_address(row) for row in addresses)
    ports = [packets.CLIENT_PORT + number, packet.port or 0]
    if is_reply:
        ports.reverse()
    protocol, place = packet.protocol, 2
    if protocol == packets.TCP:
        flags = _SYN_ACK if is_reply else _SYN
        head = struct.pack(
            '!HHIIBBHHH', *ports, number, 1, 5 << 4, flags, 4096, 0, 0
        )
        place = 16
    elif protocol == packets.UDP:
        head = struct.pack('!HHHH', *ports, 8 + len(marker), 0)
        place = 6
    else:
        kinds = packets.ICMP[source.version]
        head = struct.pack('!BBHHH', kinds[1 + is_reply], 0, 0, number, 1)
    content = head + marker
    pseudo = b''
    if protocol != 1:
        pseudo = (
            source.packed
            + target.packed
            + struct.pack('!II', len(content), protocol)
        )
    total = _checksum(pseudo + content)
    return protocol, content[:place] + total + content[place + 2 :]


def _checksum(content: bytes) -> bytes:
    """Return the checksum of IP, which is zero in the content."""
    content += b'\0' * (len(content) % 2)
    total = sum(struct.unpack(f'!{len(content) // 2}H', content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack('!H', ~total & 0xFFFF)
