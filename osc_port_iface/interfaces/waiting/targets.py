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

"""Finds the interfaces that a user waits for."""

from collections.abc import Callable, Iterable
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.waiting import poll_timer
from osc_port_iface import records


@dataclasses.dataclass(frozen=True)
class Target:
    """Interfaces to wait for: of a port, a MAC address or a network.

    :ivar attribute: ``port_id``, ``mac_address`` or ``network_id``.
    :ivar value: The value, as the APIs write it.
    :ivar text: What the user wrote.
    :ivar mac_address: The MAC address, if it is known. Nova's cache has
        neither port IDs nor network IDs.
    """

    attribute: str
    value: str
    text: str
    mac_address: str | None = None

    def matches(self, interface: records.Interface) -> bool:
        """Return whether an interface is one of these."""
        found: str | None = getattr(interface, self.attribute)
        return found == self.value


def find(
    api: network.NetworkApi,
    ports: Iterable[str],
    mac_addresses: Iterable[str],
    networks: Iterable[str],
    for_detach: bool,
    timer: poll_timer.PollTimer,
    show: Callable[[str], object],
) -> list[Target]:
    """Find the interfaces that a user has chosen; none stands for all.

    :param api: Neutron, to look up names, and the MAC address of a port to be
        detached, which the live view may no longer have.
    :param ports: Names or IDs of ports.
    :param mac_addresses: MAC addresses, as the APIs write them.
    :param networks: Names or IDs of networks.
    :param for_detach: Whether they are to be detached, so that they exist.
    :param timer: The time within which others may appear.
    :param show: Called with a status line before each pause.
    :raises names.NoSuchName: No port or network has a name.
    :raises osc_lib.exceptions.CommandError: Several have a name, or a look-up
        failed.
    """
    while True:
        # Only the last look-up suggests similar names.
        is_last = for_detach or timer.is_over
        try:
            return [
                *(Target('mac_address', m, m, m) for m in mac_addresses),
                *(_of_port(api, text, for_detach, is_last) for text in ports),
                *(_of_network(api, text, is_last) for text in networks),
            ]
        except names.NoSuchName:
            if is_last:
                raise
        show(_('Waiting for a port or network that does not exist yet'))
        timer.pause()


def _of_port(
    api: network.NetworkApi, text: str, for_detach: bool, suggests: bool
) -> Target:
    is_id = addresses.is_uuid(text)
    if for_detach or not is_id:
        try:
            port = names.find_port(api, text, suggests)
            return Target('port_id', port.id, text, port.mac_address)
        except names.NoSuchName:
            # When Nova detaches a port that it created, it deletes the port.
            if not is_id:
                raise
    return Target('port_id', text.lower(), text)


def _of_network(api: network.NetworkApi, text: str, suggests: bool) -> Target:
    return Target(
        'network_id', names.find_network_id(api, text, suggests), text
    )
