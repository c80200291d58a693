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

"""Everything about one interface."""

from collections.abc import Callable
import ipaddress

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records
from osc_port_iface.services import interface_details


def find_interface(
    api: compute.ComputeApi, server_id: str, address: addresses.Address
) -> records.Interface:
    """Find an interface of a server.

    :param api: Nova. It is asked once.
    :param server_id: The server's ID.
    :param address: A port ID, a MAC address or a fixed IP of the interface.
    :returns: The interface.
    :raises errors.NotFound: The server has no such interface; the message
        names those that it has, for which Nova is asked once more. Or there
        is no such server.
    :raises errors.ApiError: A request failed, or several interfaces have the
        address.
    """
    if address.kind is addresses.Kind.PORT:
        try:
            return api.interface(server_id, address.value)
        except errors.NotFound:
            # The server may be what is missing.
            raise _not_found(address, api.interfaces(server_id)) from None
    interfaces = api.interfaces(server_id)
    found = [
        interface
        for interface in interfaces
        if _has_address(interface, address)
    ]
    if not found:
        raise _not_found(address, interfaces)
    if len(found) > 1:
        raise errors.ApiError(
            _("Several interfaces have '%(address)s', use a port ID: %(ids)s")
            % {
                'address': printable.escape(address.text),
                'ids': ', '.join(
                    str(interface.port_id) for interface in found
                ),
            }
        )
    return found[0]


def details(
    connect_network: Callable[[], network.NetworkApi],
    interface: records.Interface,
) -> tuple[records.InterfaceDetails, list[str]]:
    """Ask Neutron what it adds to an interface.

    :param connect_network: Reaches Neutron.
    :param interface: The interface.
    :returns: The details, and a line for all that is missing.
    """
    port_id = interface.port_id or ''
    try:
        api = connect_network()
        ports = {port.id: port for port in api.ports('id', [port_id])}
    except errors.ApiError as error:
        return records.InterfaceDetails(), [
            interface_details.without_network(error)
        ]
    found = interface_details.of_ports(api, ports)
    return (
        found.details.get(port_id, records.InterfaceDetails()),
        found.notices,
    )


def _has_address(
    interface: records.Interface, address: addresses.Address
) -> bool:
    if address.kind is addresses.Kind.MAC_ADDRESS:
        return interface.mac_address.lower() == address.value
    wanted = ipaddress.ip_address(address.value)
    return any(
        ipaddress.ip_address(fixed_ip.ip_address) == wanted
        for fixed_ip in interface.fixed_ips
    )


def _not_found(
    address: addresses.Address, interfaces: list[records.Interface]
) -> errors.NotFound:
    message = _("The server has no interface '%s'") % printable.escape(
        address.text
    )
    if not interfaces:
        return errors.NotFound(_('%s; it has none') % message)
    return errors.NotFound(
        _('%(message)s; it has: %(interfaces)s')
        % {
            'message': message,
            'interfaces': '; '.join(map(_described, interfaces)),
        }
    )


def _described(interface: records.Interface) -> str:
    known = [str(interface.port_id), interface.mac_address]
    known += [fixed_ip.ip_address for fixed_ip in interface.fixed_ips]
    return ' '.join(map(printable.escape, known))
