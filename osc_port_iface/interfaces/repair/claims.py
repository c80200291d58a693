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

"""Finds what else uses a port without a server."""

from collections.abc import Iterable, Sequence

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records


def read(
    cloud: api_cloud.Cloud, ports: Sequence[records.Port]
) -> dict[str, str]:
    """Find what would be affected if ports were deleted.

    :param cloud: The services.
    :param ports: The ports.
    :returns: What uses a port, as text, by its ID, as far as the caller may
        see it.
    :raises errors.ApiError: Something could not be read.
    """
    if not ports:
        return {}
    found: dict[str, str] = {}
    for floating_ip in names.complete(
        cloud.network.list(neutron.FLOATING_IPS)
    ):
        for port_id in _targets(floating_ip):
            found[port_id] = _('floating IP %s leads to it') % (
                floating_ip.address
            )
    found |= _pairs(cloud, ports)
    for port in ports:
        if port.trunk_id:
            found[port.id] = _('it is the parent port of trunk %s') % (
                port.trunk_id
            )
    return found


def _pairs(
    cloud: api_cloud.Cloud, ports: Iterable[records.Port]
) -> dict[str, str]:
    """Find the ports whose address another port may use."""
    by_address = {
        (port.network_id, fixed_ip.ip_address): port.id
        for port in ports
        for fixed_ip in port.fixed_ips
    }
    networks = {network_id for network_id, _address in by_address}
    neighbours = names.complete(
        cloud.network.list(neutron.PORTS, 'network_id', networks)
    )
    found = {}
    for neighbour in neighbours:
        for pair in neighbour.address_pairs:
            key = neighbour.network_id, pair.ip_address
            port_id = by_address.get(key)
            if port_id and port_id != neighbour.id:
                found[port_id] = _(
                    'port %s has its address as an allowed address pair'
                ) % (neighbour.id)
    return found


def _targets(floating_ip: records.FloatingIP) -> set[str]:
    """Return the ports that a floating IP leads to."""
    targets = {
        forwarding.internal_port_id
        for forwarding in floating_ip.port_forwardings
    }
    return {port for port in {floating_ip.port_id, *targets} if port}
