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

"""Filters interfaces."""

import dataclasses
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.interfaces.listing import host_device
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records


@dataclasses.dataclass(frozen=True)
class InterfaceFilter:
    """Conditions, all of which an interface must meet.

    :ivar network: The ID of its network; for Nova's cache, its label.
    :ivar fixed_ip: A network that holds one of its fixed IPs.
    :ivar ip_version: 4 or 6, the version of one of its fixed IPs.
    :ivar mac_address: Its MAC address or the beginning of it, as Neutron
        writes it.
    :ivar port_state: Its port's state.
    :ivar tag: Its tag.
    :ivar subnet: The ID of the subnet of one of its fixed IPs.
    :ivar security_group: The ID of one of its port's security groups.
    :ivar no_security_group: True if its port must have no security group.
    :ivar vnic_type: Its port's VNIC type.
    :ivar host_device: The name or PCI address of its device on the host.
    :ivar no_port_security: True if port security must be off.
    """

    network: str | None = None
    fixed_ip: addresses.IPNetwork | None = None
    ip_version: int | None = None
    mac_address: str | None = None
    port_state: str | None = None
    tag: str | None = None
    subnet: str | None = None
    security_group: str | None = None
    no_security_group: bool | None = None
    vnic_type: str | None = None
    host_device: str | None = None
    no_port_security: bool | None = None

    @property
    def origins(self) -> dict[str, views.Origin]:
        """The conditions that are set, and what each is compared with."""
        return {
            name: origin
            for name, origin in _ORIGINS.items()
            if getattr(self, name) is not None
        }

    @property
    def concern_ports(self) -> bool:
        """Whether the ports must be read from Neutron."""
        return not self.origins.keys().isdisjoint(_OF_PORT)

    def matches(self, interface: records.Interface) -> bool:
        """Return whether an interface meets the conditions.

        :param interface: The interface. ``network`` is compared with both the
            ID and the label of its network.
        """
        found = [
            ipaddress.ip_address(fixed_ip.ip_address)
            for fixed_ip in interface.fixed_ips
        ]
        return (
            self.network
            in (None, interface.network_id, interface.network_label)
            and (interface.mac_address or '').startswith(
                self.mac_address or ''
            )
            and self.port_state in (None, interface.port_state)
            and self.tag in (None, interface.tag)
            and self.subnet
            in (None, *(row.subnet_id for row in interface.fixed_ips))
            and self.ip_version in (None, *(ip.version for ip in found))
            and (
                self.fixed_ip is None
                or any(ip in self.fixed_ip for ip in found)
            )
        )

    def matches_port(self, port: records.Port | None) -> bool | None:
        """Return whether a port meets the conditions that concern ports.

        :param port: The port; None if the caller may not see it.
        :returns: None if this is unknown, because the caller may not see
            something that a condition needs.
        """
        if port is None:
            return None
        verdicts = {
            _verdict(self.vnic_type, port.vnic_type),
            _verdict(
                self.no_port_security, _negated(port.port_security_enabled)
            ),
            self.security_group is None
            or self.security_group in port.security_group_ids,
            not self.no_security_group or not port.security_group_ids,
            self._matches_device(port),
        }
        if False in verdicts:
            return False
        return None if None in verdicts else True

    def _matches_device(self, port: records.Port) -> bool | None:
        if self.host_device is None:
            return True
        if not port.shows_binding:
            return None
        return self.host_device == host_device.host_device(port)


ANY = InterfaceFilter()

# The conditions that need a port as Neutron shows it.
_OF_PORT = (
    'security_group',
    'no_security_group',
    'vnic_type',
    'host_device',
    'no_port_security',
)

# The conditions that not every view can compare.
_ORIGINS = {
    'port_state': views.Origin.PORT,
    'tag': views.Origin.TAG,
    'subnet': views.Origin.PORT,
    **dict.fromkeys(_OF_PORT, views.Origin.PORT),
}


def _verdict(wanted: object, known: object) -> bool | None:
    if wanted is None:
        return True
    return None if known is None else wanted == known


def _negated(flag: bool | None) -> bool | None:
    return None if flag is None else not flag
