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

from collections.abc import Iterable
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import network
from osc_port_iface.interfaces.selecting import names
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
    suggests: bool = True,
) -> list[Target]:
    """Find the interfaces that a user has chosen; none stands for all.

    :param api: Neutron, to look up names, and the MAC address of a port to be
        detached, which the live view may no longer have.
    :param ports: Names or IDs of ports.
    :param mac_addresses: MAC addresses, as the APIs write them.
    :param networks: Names or IDs of networks.
    :param for_detach: Whether they are to be detached.
    :param suggests: Whether to look for similar names if there is none.
    :raises names.NoSuchName: No port or network has a name.
    :raises osc_lib.exceptions.CommandError: Several have a name, or a look-up
        failed.
    """
    found = [Target('mac_address', m, m, m) for m in mac_addresses]
    for text in ports:
        if addresses.is_uuid(text) and not for_detach:
            found.append(Target('port_id', text.lower(), text))
        else:
            found.append(_of_port(api, text, suggests))
    for text in networks:
        network_id = names.network_id(api, text, suggests)
        found.append(Target('network_id', network_id, text))
    return found


def _of_port(
    api: network.NetworkApi, name_or_id: str, suggests: bool
) -> Target:
    try:
        port = names.port(api, name_or_id, suggests)
    except names.NoSuchName:
        if not addresses.is_uuid(name_or_id):
            raise
        # When Nova detaches a port that it created, it deletes the port.
        return Target('port_id', name_or_id.lower(), name_or_id)
    return Target('port_id', port.id, name_or_id, port.mac_address)
