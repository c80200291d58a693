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

"""Finds out what uses a port that is to be deleted.

What cannot be asked counts as a use.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import load_balancer
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records

# The types of services that may refer to a port by its ID, and have no request
# that tells which ports they use.
_CANNOT_BE_ASKED = (
    'application-container',
    'baremetal',
    'database',
    'dns',
    'orchestration',
    'shared-file-system',
)


def read(
    cloud: api_cloud.Cloud,
    ports: Sequence[records.Port],
    named: Collection[str],
) -> dict[str, str]:
    """Find out why ports must be kept, as far as the caller may see it.

    :param cloud: The services.
    :param ports: The ports.
    :param named: The IDs of ports that the user has named, which no service
        keeps that cannot be asked.
    :returns: What uses a port, as shown to the user, by the port's ID.
    :raises errors.ApiError: Neutron could not be asked.
    """
    if not ports:
        return {}
    users = [
        *_by_name(ports),
        *_floating_ips(cloud, ports),
        *_trunks(cloud, ports),
        *_routing(cloud, ports),
        *_address_pairs(cloud, ports),
    ]
    not_asked = [service for service in _CANNOT_BE_ASKED if cloud.has(service)]
    try:
        users += _load_balancers(cloud, ports)
    except errors.NotInCatalog:
        pass
    except errors.RequestFailed:
        not_asked.append(cloud.load_balancer.TYPE)
    if not_asked:
        what = _(
            'a service that cannot be asked may use it (%s): name the port '
            'with --port to delete it'
        ) % ', '.join(not_asked)
        users += (
            (port.id, what)
            for port in ports
            if not port.device_id and port.id not in named
        )
    # The first one counts.
    return dict(reversed(users))


def _by_name(ports: Iterable[records.Port]) -> Iterator[tuple[str, str]]:
    """Find the ports that a load balancer or another device owns."""
    for port in ports:
        if port.has_load_balancer_name:
            yield port.id, _("its name is that of a load balancer's port")
        if port.device_owner and not port.is_for_server:
            yield port.id, _('it belongs to %s') % port.device_owner


def _floating_ips(
    cloud: api_cloud.Cloud, ports: Sequence[records.Port]
) -> Iterator[tuple[str, str]]:
    """Find the ports that floating IPs and port forwardings lead to."""
    for row in names.all_rows(cloud.network.list(neutron.FLOATING_IPS)):
        for port in ports:
            if row.leads_to(port):
                yield port.id, _('floating IP %s leads to it') % row.address


def _trunks(
    cloud: api_cloud.Cloud, ports: Iterable[records.Port]
) -> Iterator[tuple[str, str]]:
    """Find the parent ports and the subports of trunks."""
    for port in ports:
        if port.trunk_id:
            yield port.id, _parent(port.trunk_id)
    for trunk in names.all_rows(cloud.network.list(neutron.TRUNKS)):
        yield trunk.port_id, _parent(trunk.id)
        for subport in trunk.subports:
            yield subport.port_id, _('it is a subport of trunk %s') % trunk.id


def _parent(trunk_id: str) -> str:
    return _('it is the parent port of trunk %s') % trunk_id


def _routing(
    cloud: api_cloud.Cloud, ports: Sequence[records.Port]
) -> Iterator[tuple[str, str]]:
    """Find the ports whose address a router or a subnet routes through."""
    for address, network_id, what in _routed_addresses(cloud, ports):
        for port in ports:
            if network_id in (None, port.network_id) and any(
                row.ip_address == address for row in port.fixed_ips
            ):
                yield port.id, what


def _routed_addresses(
    cloud: api_cloud.Cloud, ports: Iterable[records.Port]
) -> Iterator[tuple[str | None, str | None, str]]:
    """Find the addresses that routers and subnets name.

    :returns: The address, its network, and what names it. Neutron does not
        show the network of a next hop.
    """
    for router in names.all_rows(cloud.network.list(neutron.ROUTERS)):
        what = _('router %s has its address') % router.id
        for gateway in router.gateways:
            for fixed_ip in gateway.external_ips:
                yield fixed_ip.ip_address, gateway.network_id, what
        what = _('a route of router %s leads to its address') % router.id
        for route in router.routes:
            yield route.next_hop, None, what
    subnet_ids = (row.subnet_id for port in ports for row in port.fixed_ips)
    for subnet in names.all_rows(
        cloud.network.list(neutron.SUBNETS, 'id', subnet_ids)
    ):
        what = _('subnet %s routes through its address') % subnet.id
        hops = {route.next_hop for route in subnet.host_routes}
        for address in {subnet.gateway_ip, *hops}:
            yield address, subnet.network_id, what


def _address_pairs(
    cloud: api_cloud.Cloud, ports: Sequence[records.Port]
) -> Iterator[tuple[str, str]]:
    """Find the ports whose address another port may use."""
    networks = sorted({port.network_id for port in ports})
    for other in names.all_rows(
        cloud.network.list(neutron.PORTS, 'network_id', networks)
    ):
        for port in ports:
            if (
                other.id != port.id
                and other.network_id == port.network_id
                and other.names_address_of(port)
            ):
                yield (
                    port.id,
                    _('port %s has its address as an allowed address pair')
                    % other.id,
                )


def _load_balancers(
    cloud: api_cloud.Cloud, ports: Sequence[records.Port]
) -> Iterable[tuple[str, str]]:
    """Find the ports that hold virtual IPs of Octavia.

    Octavia shows the port of the first virtual IP only. An additional one is
    recognized by its address and subnet.

    :raises errors.NotInCatalog: There is no Octavia.
    :raises errors.ApiError: Octavia could not be asked.
    """
    return [
        (port.id, _('load balancer %s has its address') % row.id)
        for row in names.all_rows(
            cloud.load_balancer.list(load_balancer.LOAD_BALANCERS)
        )
        for port in ports
        if row.vip_port_id == port.id
        or not set(row.vips).isdisjoint(port.fixed_ips)
    ]
