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

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from osc_port_iface import addresses
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records


def _addresses(row: records.Interface) -> Iterator[addresses.IPAddress]:
    for fixed_ip in row.fixed_ips:
        yield addresses.ip_address(fixed_ip.ip_address)


# How the value of each condition is compared with an interface.
_OF_INTERFACE: Mapping[str, Callable[[Any, records.Interface], bool]] = {
    # The ID of the network; for Nova's cache, its label.
    'network': lambda value, row: value in (row.network_id, row.network_label),
    # A network that holds one of the fixed IPs.
    'fixed_ip': lambda value, row: any(ip in value for ip in _addresses(row)),
    'ip_version': lambda value, row: any(
        ip.version == value for ip in _addresses(row)
    ),
    # The MAC address or the beginning of it, as Neutron writes it.
    'mac_address': lambda value, row: (row.mac_address or '').startswith(
        value
    ),
    'port_state': lambda value, row: row.port_state == value,
    'tag': lambda value, row: row.tag == value,
    # The ID of the subnet of one of the fixed IPs.
    'subnet': lambda value, row: any(
        fixed_ip.subnet_id == value for fixed_ip in row.fixed_ips
    ),
}

# Likewise with its port; None if the caller may not see what is compared.
_OF_PORT: Mapping[str, Callable[[Any, records.Port], bool | None]] = {
    # The ID of one of the security groups.
    'security_group': lambda value, port: value in port.security_group_ids,
    'no_security_group': lambda _value, port: not port.security_group_ids,
    'vnic_type': lambda value, port: (
        port.vnic_type == value if port.vnic_type else None
    ),
    # The name or PCI address of the device on the host.
    'host_device': lambda value, port: (
        port.host_device == value if port.shows_binding else None
    ),
    'no_port_security': lambda _value, port: (
        None
        if port.port_security_enabled is None
        else not port.port_security_enabled
    ),
}

# The names of all conditions.
FILTER_NAMES = (*_OF_INTERFACE, *_OF_PORT)

# What the conditions that not every view can compare are compared with.
ORIGINS: Mapping[str, views.Origin] = {
    'tag': views.Origin.TAG,
    **dict.fromkeys(('port_state', 'subnet', *_OF_PORT), views.Origin.PORT),
}


class InterfaceFilter(dict[str, Any]):
    """Conditions, all of which an interface must meet: values by name."""

    @property
    def concern_ports(self) -> bool:
        """Whether the ports must be read from Neutron."""
        return not self.keys().isdisjoint(_OF_PORT)

    def matches(self, interface: records.Interface) -> bool:
        """Return whether an interface meets the conditions."""
        return all(
            matches(self[name], interface)
            for name, matches in _OF_INTERFACE.items()
            if name in self
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
            matches(self[name], port)
            for name, matches in _OF_PORT.items()
            if name in self
        }
        if False in verdicts:
            return False
        return None if None in verdicts else True


ANY = InterfaceFilter()
