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

"""Finds out what uses a port that is to be deleted or released.

What cannot be asked counts as a use.
"""

from collections.abc import Collection, Iterator, Sequence
import dataclasses

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import load_balancer
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import findings
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


def reasons_to_keep(
    cloud: api_cloud.Cloud,
    ports: Sequence[records.Port],
    named: Collection[str],
    is_deletion: bool,
) -> dict[str, str]:
    """Find out why ports must be kept, as far as the caller may see it.

    :param cloud: The services.
    :param ports: The ports.
    :param named: The IDs of ports that the user has named, which no doubt
        keeps.
    :param is_deletion: Whether they are to be deleted, for which nothing may
        use them. Otherwise, only doubts keep them.
    :returns: Why a port must be kept, as shown to the user, by its ID.
    :raises errors.ApiError: Neutron could not be asked.
    """
    if not ports:
        return {}
    not_asked = [service for service in _CANNOT_BE_ASKED if cloud.has(service)]
    users = None
    if is_deletion:
        users = _Users.of(cloud, ports)
        try:
            users.load_balancers = names.all_rows(
                cloud.load_balancer.list(load_balancer.LOAD_BALANCERS)
            )
        except errors.NotInCatalog:
            pass
        except errors.RequestFailed:
            not_asked.append(cloud.load_balancer.TYPE)
    found = {}
    for port in ports:
        doubt = _doubt(cloud, port, not_asked, users)
        if users and (use := next(users.of_port(port), None)):
            found[port.id] = use
        elif doubt and port.id not in named:
            found[port.id] = _('%s: name the port with --port') % doubt
    return found


def obstacle(cloud: api_cloud.Cloud, finding: findings.Finding) -> str | None:
    """Say what speaks against binding a port to the host of its server.

    A live migration that fails after its guest has moved leaves a binding on
    the host that Nova shows. Besides, Neutron cannot bind a port to a host
    where it has one.

    :raises errors.ApiError: The bindings could not be read.
    """
    now = (finding.port and finding.port.host) or _('another host')
    answer = cloud.network.port_bindings(finding.port_id or '')
    for row in names.all_rows(answer):
        if row.status == 'INACTIVE' and row.host == finding.host:
            return _(
                'after a live migration that failed, the guest may run on '
                '%(now)s and not on %(host)s, where the port is bound as well'
            ) % {'now': now, 'host': row.host}
    return None


def _doubt(
    cloud: api_cloud.Cloud,
    port: records.Port,
    not_asked: Sequence[str],
    users: '_Users | None',
) -> str | None:
    """Say what may use a port, or be wrong about its server.

    A device ID that is not that of a server may be of anything. The UUID of a
    container of Zun or Kuryr looks like that of a server. A server that may
    use any address may have one that no port shows.
    """
    if port.seconds_unchanged is None:
        return _('its age is not known')
    if port.status == 'ACTIVE':
        return _('something may be plugged in, as it is ACTIVE')
    if port.device_owner == 'compute:kuryr':
        return _('a container may use it')
    if port.server_id and not cloud.compute.sees_all_projects:
        return _('its server may be in another project')
    if port.server_id:
        for region in cloud.sharing_regions:
            return _('its server may be in region %s') % region
        return None
    if not_asked:
        services = ', '.join(not_asked)
        return _('a service that cannot be asked may use it (%s)') % services
    if port.is_unowned and port.host:
        return _('it is bound to %s') % port.host
    for other in users.ports if users and port.is_unowned else ():
        if (
            other.network_id == port.network_id
            and other.is_for_server
            and other.may_use_any_address
        ):
            return _('port %s may have its address') % other.id
    return None


@dataclasses.dataclass
class _Users:
    """Everything that may use some ports, as far as the caller may see it.

    :ivar ports: All ports on the same networks.
    """

    floating_ips: Sequence[records.FloatingIP]
    trunks: Sequence[records.Trunk]
    routers: Sequence[records.Router]
    subnets: Sequence[records.Subnet]
    ports: Sequence[records.Port]
    load_balancers: Sequence[records.LoadBalancer] = ()

    @classmethod
    def of(
        cls, cloud: api_cloud.Cloud, ports: Sequence[records.Port]
    ) -> '_Users':
        """Read them from Neutron.

        :raises errors.ApiError: It could not be asked.
        """
        read = cloud.network.list
        network_ids = sorted(port.network_id for port in ports)
        return cls(
            names.all_rows(read(neutron.FLOATING_IPS)),
            names.all_rows(read(neutron.TRUNKS)),
            names.all_rows(read(neutron.ROUTERS)),
            names.all_rows(read(neutron.SUBNETS, 'network_id', network_ids)),
            names.all_rows(read(neutron.PORTS, 'network_id', network_ids)),
        )

    def of_port(self, port: records.Port) -> Iterator[str]:
        """Say what uses a port.

        Neutron does not show the network of a next hop. Octavia shows the port
        of the first virtual IP only. An additional one is recognized by its
        address and subnet.
        """
        if port.has_load_balancer_name:
            yield _("its name is that of a load balancer's port")
        if port.device_owner and not port.is_for_server:
            yield _('it belongs to %s') % port.device_owner
        for floating_ip in self.floating_ips:
            if floating_ip.leads_to(port):
                yield _('floating IP %s leads to it') % floating_ip.address
        for trunk in self.trunks:
            subports = [subport.port_id for subport in trunk.subports]
            if port.id in (trunk.port_id, *subports):
                yield _('it is a part of trunk %s') % trunk.id
        if port.trunk_id:
            yield _('it is a part of trunk %s') % port.trunk_id
        for what, network_id, named in self._named():
            if network_id in (None, port.network_id) and any(
                map(port.has_address, named)
            ):
                yield _('%s uses its address') % what
        for other in self.ports:
            if (
                other.id != port.id
                and other.network_id == port.network_id
                and other.names_address_of(port)
            ):
                yield (
                    _('port %s has its address as an allowed address pair')
                    % other.id
                )
        for balancer in self.load_balancers:
            if balancer.vip_port_id == port.id or not set(
                balancer.vips
            ).isdisjoint(port.fixed_ips):
                yield _('load balancer %s uses its address') % balancer.id

    def _named(
        self,
    ) -> Iterator[tuple[str, str | None, Sequence[str | None]]]:
        """Say what names which addresses, and of which network, if known."""
        for router in self.routers:
            what = _('router %s') % router.id
            for gateway in router.gateways:
                external = [row.ip_address for row in gateway.external_ips]
                yield what, gateway.network_id, external
            yield what, None, [route.next_hop for route in router.routes]
        for subnet in self.subnets:
            named = [subnet.gateway_ip, *subnet.dns_nameservers]
            named += [route.next_hop for route in subnet.host_routes]
            yield _('subnet %s') % subnet.id, subnet.network_id, named
