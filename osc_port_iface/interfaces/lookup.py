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

"""Looks up what services know of the rows of a table, when it is needed.

A table may need much that its rows do not have: the ports of interfaces, the
names of networks, the owners of addresses. Each kind is read when a column or
filter first asks for it, once for all rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import functools
from typing import Protocol, TypeVar

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import load_balancer
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import project_lookup
from osc_port_iface.interfaces.selecting import server_lookup
from osc_port_iface import printable
from osc_port_iface import records

_Found = TypeVar('_Found', bound=paging.HasId)

_HIDDEN = _('%s is not known: Neutron shows that to administrators only')


class LookupRow(Protocol):
    """A row, with the IDs of what can be looked up for it."""

    @property
    def port(self) -> records.Port | None:
        """The port, if it has been read already."""

    @property
    def port_id(self) -> str | None:
        """The ID of the port that is plugged into the server."""

    @property
    def server_id(self) -> str | None:
        """The ID of the server, whether or not it exists."""

    @property
    def network_id(self) -> str | None:
        """The ID of the network."""

    @property
    def project_id(self) -> str | None:
        """The ID of the project."""

    @property
    def fixed_ips(self) -> tuple[records.FixedIP, ...]:
        """The addresses, with the IDs of their subnets."""


class Lookup:
    """What services know of rows.

    The number of requests depends on how many IDs fit into a URL, not on the
    number of rows. Each method returns None, or nothing, for what does not
    exist, what is hidden from the caller, and what could not be read.

    :ivar failures: A line for each thing that could not be read.
    :ivar notices: A line for each thing that this caller may not read.
    :ivar hidden: A line for each thing that Neutron shows to administrators
        only, or not at all.
    """

    def __init__(
        self,
        cloud: api_cloud.Cloud,
        rows: Sequence[LookupRow],
        *,
        with_rules: bool = False,
        with_server_details: bool = False,
    ) -> None:
        """Prepare to look up; nothing is requested.

        :param cloud: The services.
        :param rows: All rows that will be asked about.
        :param with_rules: Whether to read security groups with their rules.
        :param with_server_details: Whether to read more of servers than their
            names.
        """
        self.failures: list[str] = []
        self.notices: list[str] = []
        self.hidden: set[str] = set()
        self._cloud = cloud
        self._rows = tuple(rows)
        self._with_rules = with_rules
        self._with_server_details = with_server_details
        self._lost: set[str] = set()
        # Whether all of the last batch could be read.
        self._is_whole = True

    def port(self, row: LookupRow) -> records.Port | None:
        """Look up the port of a row."""
        return row.port or self._ports.get(row.port_id or '')

    def binding(self, row: LookupRow) -> records.Port | None:
        """Look up the port of a row, if it shows where it is bound."""
        port = self.port(row)
        if port is None or port.shows_binding:
            return port
        self.hidden.add(_HIDDEN % _('How ports are bound'))
        return None

    def network(self, row: LookupRow) -> records.Network | None:
        """Look up the network of a row."""
        return self._networks.get(row.network_id or '')

    def segments(self, row: LookupRow) -> tuple[records.Segment, ...]:
        """Look up the segments that provide the network of a row.

        If an answer has networks with one segment and with several, Neutron
        hides only the attributes of the former (neutron,
        ``pecan_wsgi/hooks/policy_enforcement.py``).
        """
        network = self.network(row)
        if network and not network.segments:
            self.hidden.add(_HIDDEN % _('How networks are provided'))
        return network.segments if network else ()

    def subnets(self, row: LookupRow) -> list[records.Subnet]:
        """Look up the subnets of the addresses of a row, in their order."""
        ids = (fixed_ip.subnet_id for fixed_ip in row.fixed_ips)
        return _chosen(ids, self._subnets)

    def gateway(self, subnet_id: str | None) -> records.Router | None:
        """Look up the router that has the gateway address of a subnet.

        :returns: The router, of which only the ID is known if it is hidden.
        """
        subnet = self._subnets.get(subnet_id or '')
        if subnet is None or subnet.gateway_ip is None:
            return None
        gateway_ip = records.FixedIP(subnet.gateway_ip, subnet.id)
        for port in self._gateway_ports.values():
            if port.router_id and gateway_ip in port.fixed_ips:
                return self._gateways.get(
                    port.router_id, records.Router(port.router_id, None)
                )
        return None

    def floating_ips(self, row: LookupRow) -> list[records.FloatingIP]:
        """Look up the floating IPs that lead to the port of a row."""
        found = [
            found
            for found in self._floating_ips.values()
            if row.port_id and found.port_id == row.port_id
        ]
        return sorted(found, key=lambda row: row.address)

    def port_forwardings(
        self, row: LookupRow
    ) -> list[tuple[records.FloatingIP, records.PortForwarding]]:
        """Look up the ports of floating IPs that are forwarded to a row."""
        port = self.port(row)
        found = [
            (floating_ip, forwarding)
            for floating_ip in self._floating_ips_of_projects.values()
            for forwarding in floating_ip.port_forwardings
            if port and floating_ip.forwards_to(port, forwarding)
        ]
        return sorted(found, key=lambda pair: (pair[0].address, pair[0].id))

    def qos_policy(self, row: LookupRow) -> records.QosPolicy | None:
        """Look up the QoS policy of the port of a row, or of its network."""
        port = self.port(row)
        policy_id = port and port.effective_qos_policy_id
        return self._qos_policies.get(policy_id or '')

    def security_groups(self, row: LookupRow) -> list[records.SecurityGroup]:
        """Look up the security groups of the port of a row."""
        port = self.port(row)
        ids = port.security_group_ids if port else ()
        return _chosen(ids, self._security_groups)

    def server(self, row: LookupRow) -> records.Server | None:
        """Look up the server of a row."""
        return self._servers.get(row.server_id or '')

    def project(self, row: LookupRow) -> records.Project | None:
        """Look up the project of a row, with its domain."""
        return self._projects.get(row.project_id or '')

    def router(self, row: LookupRow) -> records.Router | None:
        """Look up the router that has the port of a row."""
        return self._routers.get((row.port and row.port.router_id) or '')

    def load_balancer(self, row: LookupRow) -> records.LoadBalancer | None:
        """Look up the load balancer whose virtual IP is on a row's port."""
        return self._load_balancers.get(
            (row.port and row.port.load_balancer_id) or ''
        )

    def _list(
        self,
        collection: paging.Collection[_Found],
        values: paging.Values,
        name: str = 'id',
    ) -> dict[str, _Found]:
        """List the rows of a collection of Neutron that have these values."""
        return self._read(
            'network',
            lambda: self._cloud.network.list(collection, name, values),
        )

    @functools.cached_property
    def remote_groups(self) -> dict[str, records.SecurityGroup]:
        """The security groups that rules refer to; most refer to their own."""
        known = self._security_groups
        ids = (rule.remote_group_id for rule in self._rules())
        missing = (group_id for group_id in ids if group_id not in known)
        return known | self._list(neutron.SECURITY_GROUPS, missing)

    @functools.cached_property
    def address_groups(self) -> dict[str, records.AddressGroup]:
        """The address groups that rules refer to."""
        ids = (rule.remote_address_group_id for rule in self._rules())
        return self._list(neutron.ADDRESS_GROUPS, ids)

    def _rules(self) -> Iterator[records.SecurityGroupRule]:
        for group in self._security_groups.values():
            yield from group.rules

    @functools.cached_property
    def _ports(self) -> dict[str, records.Port]:
        # There are fewer servers than ports.
        missing = [row for row in self._rows if row.port_id and not row.port]
        ids = (row.server_id for row in missing)
        found = self._list(neutron.PORTS, ids, 'device_id')
        if self._is_whole:
            text = _('Port %s: Neutron does not show it')
            hidden = {row.port_id or '' for row in missing} - {*found}
            self.hidden |= {text % printable.escape(i) for i in hidden}
        return found

    def _known_ports(self) -> list[records.Port]:
        return [port for row in self._rows if (port := self.port(row))]

    @functools.cached_property
    def _networks(self) -> dict[str, records.Network]:
        ids = (row.network_id for row in self._rows)
        return self._list(neutron.NETWORKS, ids)

    @functools.cached_property
    def _subnets(self) -> dict[str, records.Subnet]:
        ids = (ip.subnet_id for row in self._rows for ip in row.fixed_ips)
        return self._list(neutron.SUBNETS, ids)

    @functools.cached_property
    def _gateway_ports(self) -> dict[str, records.Port]:
        gateways = {
            row.gateway_ip for row in self._subnets.values() if row.gateway_ip
        }
        if not gateways:
            return {}
        values = neutron.fixed_ips_on(sorted(gateways), self._subnets)
        return self._list(neutron.PORTS, values, 'fixed_ip')

    @functools.cached_property
    def _gateways(self) -> dict[str, records.Router]:
        ids = (port.router_id for port in self._gateway_ports.values())
        return self._list(neutron.ROUTERS, ids)

    @functools.cached_property
    def _floating_ips(self) -> dict[str, records.FloatingIP]:
        ids = (row.port_id for row in self._rows)
        return self._list(neutron.FLOATING_IPS, ids, 'port_id')

    @functools.cached_property
    def _floating_ips_of_projects(self) -> dict[str, records.FloatingIP]:
        # A floating IP with forwardings cannot be looked up by port.
        ids = (port.project_id for port in self._known_ports())
        return self._list(neutron.FLOATING_IPS, ids, 'project_id')

    @functools.cached_property
    def _qos_policies(self) -> dict[str, records.QosPolicy]:
        ids = (port.effective_qos_policy_id for port in self._known_ports())
        return self._list(neutron.QOS_POLICIES, ids)

    @functools.cached_property
    def _routers(self) -> dict[str, records.Router]:
        ids = (row.port.router_id for row in self._rows if row.port)
        return self._list(neutron.ROUTERS, ids)

    @functools.cached_property
    def _security_groups(self) -> dict[str, records.SecurityGroup]:
        ports = self._known_ports()
        ids = [i for port in ports for i in port.security_group_ids]
        if not self._with_rules:
            return self._list(neutron.SECURITY_GROUPS, ids)
        found = self._list(neutron.SECURITY_GROUPS_WITH_RULES, ids)
        if self._is_whole:
            self.notices += [
                _(
                    'The rules of security group %s are not known: Neutron '
                    'does not show it to this user'
                )
                % printable.escape(group_id)
                for group_id in sorted({*ids} - {*found})
            ]
        self.notices += [
            _(
                'Whether security groups are enforced on the VNIC type %s '
                'depends on the hardware'
            )
            % printable.escape(vnic_type)
            for vnic_type in sorted(
                {
                    port.vnic_type or ''
                    for port in ports
                    if not port.is_filtered
                }
            )
        ]
        return found

    @functools.cached_property
    def _servers(self) -> dict[str, records.Server]:
        sees_all = any(
            row.port and row.port.shows_binding for row in self._rows
        )
        found = self._read(
            'compute',
            lambda: server_lookup.look_up(
                self._cloud.compute,
                (row.server_id for row in self._rows if row.server_id),
                everywhere=sees_all,
                details=self._with_server_details,
            ),
        )
        if 'compute' not in self._lost:
            self.notices += filter(
                None, (_mismatch(row, found, sees_all) for row in self._rows)
            )
        return found

    @functools.cached_property
    def _projects(self) -> dict[str, records.Project]:
        return self._read(
            'identity',
            lambda: project_lookup.look_up(
                self._cloud.identity,
                (row.project_id for row in self._rows if row.project_id),
            ),
        )

    @functools.cached_property
    def _load_balancers(self) -> dict[str, records.LoadBalancer]:
        # Octavia cannot list some by their IDs.
        ids = {row.port.load_balancer_id for row in self._rows if row.port}
        return self._read(
            'load-balancer',
            lambda: fan_out.gather(
                lambda balancer_id: self._cloud.load_balancer.show(
                    load_balancer.LOAD_BALANCERS, balancer_id
                ),
                sorted(filter(None, ids)),
                errors.Forbidden,
                errors.NothingThere,
                errors.NotInCatalog,
            ),
        )

    def _read(
        self, service: str, read: Callable[[], records.Answer[_Found]]
    ) -> dict[str, _Found]:
        """Read a batch from a service, and remember what went wrong.

        :returns: The rows, by ID.
        """
        self._is_whole = False
        if service in self._lost:
            return {}
        try:
            answer = read()
        except errors.Forbidden as error:
            self.notices.append(_missing(error))
            return {}
        except errors.ApiError as error:
            self.failures.append(_missing(error))
            if isinstance(error, errors.Unreachable):
                # Further requests would only fail in the same way.
                self._lost.add(service)
            elif isinstance(error, errors.TokenRefused):
                self._lost |= _SERVICES
            return {}
        self.failures += answer.failures
        self.notices += answer.notices
        self._is_whole = not (answer.failures or answer.notices)
        return {found.id: found for found in answer.rows}


_SERVICES = frozenset({'compute', 'identity', 'load-balancer', 'network'})


def _mismatch(
    row: LookupRow, servers: Mapping[str, records.Server], sees_all: bool
) -> str | None:
    """Report a server that does not exist, or is not attached to a port.

    :param sees_all: Whether the servers of all projects are visible.
    """
    server = servers.get(row.server_id or '')
    if row.port and row.port.unattached_server_id:
        if server is None:
            # The device ID may be that of anything.
            return None
        text = _(
            'Port %(port)s: not attached to server %(server)s, which is only '
            'in its device ID (device owner: %(owner)s)'
        )
    elif server or not row.server_id:
        return None
    else:
        text = _('Port %(port)s: its server %(server)s does not exist')
        if not sees_all:
            text += _(', or is not in this project')
    owner = row.port and row.port.device_owner
    return text % {
        'port': row.port_id,
        'server': printable.escape(
            (server and server.name) or row.server_id or ''
        ),
        'owner': printable.escape(owner or _('empty')),
    }


def _missing(error: errors.ApiError) -> str:
    return _('Some values are missing: %s') % error


def _chosen(
    ids: Iterable[str | None], found: dict[str, _Found]
) -> list[_Found]:
    return [found[i] for i in dict.fromkeys(ids) if i and i in found]
