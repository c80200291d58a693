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

"""Finds one interface of a server by any of its addresses."""

import ipaddress

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import nic_order
from osc_port_iface import printable
from osc_port_iface import records


def find_interface(
    api: compute.ComputeApi,
    server: records.Server,
    address: addresses.Address,
    with_nic_index: bool = False,
) -> records.ServerInterface:
    """Find an interface of a server.

    :param api: Nova. It is asked once.
    :param server: The server, with details for the NIC index.
    :param address: A port ID, a MAC address or a fixed IP of the interface.
    :param with_nic_index: Whether to determine its position in the server.
    :returns: The interface.
    :raises errors.NotFound: The server has no such interface; the message
        names those that it has, for which Nova is asked once more. Or the
        server does not exist.
    :raises errors.ApiError: A request failed, or several interfaces have the
        address.
    """
    if address.kind is addresses.Kind.PORT and not with_nic_index:
        try:
            interface = api.interface(server.id, address.value)
            return records.ServerInterface(server, interface)
        except errors.NotFound:
            # The server itself may not exist.
            raise _not_found(address, api.interfaces(server.id)) from None
    interfaces = api.interfaces(server.id)
    found = [
        row
        for row in nic_order.numbered(
            records.ServerInterface(server, interface)
            for interface in interfaces.rows
        )
        if _has_address(row.interface, address)
    ]
    if not found:
        raise _not_found(address, interfaces)
    if len(found) > 1:
        raise errors.ApiError(
            _("Several interfaces have '%(address)s', use a port ID: %(ids)s")
            % {
                'address': printable.escape(address.text),
                'ids': ', '.join(str(row.interface.port_id) for row in found),
            }
        )
    return found[0]


def _has_address(
    interface: records.Interface, address: addresses.Address
) -> bool:
    if address.kind is addresses.Kind.PORT:
        return interface.port_id == address.value
    if address.kind is addresses.Kind.MAC_ADDRESS:
        return (interface.mac_address or '').lower() == address.value
    wanted = ipaddress.ip_address(address.value)
    return any(
        ipaddress.ip_address(fixed_ip.ip_address) == wanted
        for fixed_ip in interface.fixed_ips
    )


def _not_found(
    address: addresses.Address,
    interfaces: records.Answer[records.Interface],
) -> errors.ApiError:
    message = _("The server has no interface '%s'") % printable.escape(
        address.text
    )
    if interfaces.failures:
        # It may be the interface that could not be read.
        return errors.Malformed(f'{message}; {interfaces.failures[0]}')
    if not interfaces.rows:
        return errors.NotFound(_('%s; it has none') % message)
    return errors.NotFound(
        _('%(message)s; it has: %(interfaces)s')
        % {
            'message': message,
            'interfaces': '; '.join(map(_described, interfaces.rows)),
        }
    )


def _described(interface: records.Interface) -> str:
    known = [interface.port_id or '', interface.mac_address or '']
    known += [fixed_ip.ip_address for fixed_ip in interface.fixed_ips]
    return ' '.join(map(printable.escape, known))
