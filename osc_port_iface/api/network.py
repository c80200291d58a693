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

"""The parts of Neutron's API that interfaces need.

https://docs.openstack.org/api-ref/network/v2/
"""

from collections.abc import Iterable, Sequence
import dataclasses
from typing import TypeVar

from osc_port_iface import addresses
from osc_port_iface.api import errors
from osc_port_iface.api import fixed_ips
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import records

_Row = TypeVar('_Row')

_Ports = records.Answer[records.Port]

_Named = TypeVar(
    '_Named',
    records.Port,
    records.Network,
    records.Subnet,
    records.SecurityGroup,
)


class NetworkApi(service.Service):
    """Reads ports, and what they refer to, from Neutron.

    Neutron is reached on first use. Each method raises errors.ApiError if a
    request failed. The values of a filter are sent in batches that fit into a
    URL.
    """

    TYPE = 'network'
    VERSION = 'v2.0'

    def all_ports(self) -> _Ports:
        """List the ports that the caller may see, ordered by ID."""
        return self._pager.all(_PORTS, _BY_ID, limit=True)

    def shows_bindings(self) -> bool:
        """Tell whether the caller may see where ports are bound.

        Neutron's default policies (``get_port:binding:vif_type``) show it to
        administrators only, who see the ports of all projects.
        """
        page = self._pager.first(_BOUND_PORTS)
        return any(port.shows_binding for port in page.rows)

    def ensure_scope(self) -> None:
        """Check that the caller can see ports at all.

        Neutron leaves out what its policies hide from the caller. With a token
        that is not scoped to a project, that is every port.

        :raises errors.Forbidden: The token is such a token, and sees no port.
        """
        hint = self._credentials.scope_hint
        if hint and not self._pager.first(_PORTS).rows:
            raise errors.Forbidden(_('Ports: none is shown; %s') % hint)

    def ports_of_project(self, project_id: str) -> _Ports:
        """List the ports that belong to a project, ordered by ID."""
        query = {**_BY_ID, 'project_id': [project_id]}
        answer = self._pager.all(_PORTS, query, limit=True)
        answer.rows = [
            port for port in answer.rows if port.project_id == project_id
        ]
        return answer

    def ports_with_binding(self, hosts: Sequence[str]) -> _Ports:
        """List the ports with any binding on one of these hosts.

        ``GET /ports?binding:host_id=``; the filter considers all bindings of a
        port, while the answer shows only the active one
        (``_ml2_port_result_filter_hook`` of Neutron's ML2 plugin).

        :param hosts: The hosts.
        :returns: The ports, of which only the ID, the device and the active
            binding are known.
        """
        return self._pager.with_values(
            _BOUND_PORTS,
            'binding:host_id',
            hosts,
            # The answer may show another host than the one looked for.
            lambda _port: hosts,
        )

    def port_bindings(
        self, port_id: str
    ) -> records.Answer[records.PortBinding]:
        """List all bindings of a port; none if the caller may not see them.

        ``GET /ports/{port_id}/bindings`` (extension binding-extended).

        :param port_id: The ID of the port.
        """
        if not addresses.is_uuid(port_id):
            return records.Answer([])
        return self._pager.all(
            paging.Collection(
                f'/ports/{port_id}/bindings',
                'bindings',
                _('Bindings of port %s') % port_id,
                _port_binding,
            ),
            {},
        )

    def trunks(
        self, trunk_ids: paging.Values
    ) -> records.Answer[records.Trunk]:
        """List the trunks with these IDs that the caller may see."""
        return self._pager.with_ids(_TRUNKS, trunk_ids)

    def agents(self, hosts: Iterable[str]) -> records.Answer[records.Agent]:
        """List the agents on these hosts, for administrators."""
        return self._pager.with_values(
            _AGENTS, 'host', hosts, lambda row: [row.host]
        )

    def ports_tagged(self, tags: Iterable[str]) -> _Ports:
        """List the ports with any of these Neutron tags."""
        wanted = frozenset(tags)
        answer = self._pager.all(
            _PORTS, {'tags-any': [','.join(sorted(wanted))]}
        )
        answer.rows = [
            port for port in answer.rows if not wanted.isdisjoint(port.tags)
        ]
        return answer

    def ports_of_servers(self, server_ids: paging.Values) -> _Ports:
        """List the ports whose device is one of these servers."""
        return self._ports('device_id', server_ids, lambda p: [p.device_id])

    def ports_of_routers(self, router_ids: paging.Values) -> _Ports:
        """List the ports whose device is one of these routers."""
        return self._ports('device_id', router_ids, lambda p: [p.device_id])

    def ports_of_networks(self, network_ids: paging.Values) -> _Ports:
        """List the ports on these networks."""
        return self._ports('network_id', network_ids, lambda p: [p.network_id])

    def ports_of_subnets(self, subnet_ids: paging.Values) -> _Ports:
        """List the ports that have a fixed IP on these subnets."""
        return self._ports(
            'fixed_ips',
            (f'subnet_id={i}' for i in subnet_ids if i),
            lambda port: [
                f'subnet_id={fixed_ip.subnet_id}'
                for fixed_ip in port.fixed_ips
            ],
        )

    def ports_with_id_prefixes(self, prefixes: Iterable[str]) -> _Ports:
        """List the ports whose IDs begin with one of these prefixes.

        Neutron has no such filter. So the IDs of all ports that the caller may
        see are read, and then the matching ports.

        :param prefixes: The prefixes, in lower case.
        """
        wanted = tuple(prefixes)
        if not wanted:
            return records.Answer([])
        ids = self._pager.all(_PORT_IDS, _BY_ID, limit=True)
        answer = self.ports(
            found.id for found in ids.rows if found.id.startswith(wanted)
        )
        answer.failures = ids.failures + answer.failures
        return answer

    def ports(self, port_ids: paging.Values) -> _Ports:
        """List the ports with these IDs."""
        return self._pager.with_ids(_PORTS, port_ids)

    def ports_named(self, name: str) -> _Ports:
        """List the ports with exactly this name."""
        return self._named(_PORTS, name)

    def ports_with_mac_addresses(self, mac_addresses: paging.Values) -> _Ports:
        """List the ports with these MAC addresses, as Neutron writes them."""
        return self._ports(
            'mac_address', mac_addresses, lambda port: [port.mac_address]
        )

    def ports_with_fixed_ips(self, ip_addresses: paging.Values) -> _Ports:
        """List the ports with these fixed IPs, as Python writes them."""
        return self._ports(
            'fixed_ips',
            (f'ip_address={i}' for i in ip_addresses if i),
            lambda port: [
                f'ip_address={fixed_ip.ip_address}'
                for fixed_ip in port.fixed_ips
            ],
        )

    def all_floating_ips(self) -> records.Answer[records.FloatingIP]:
        """List the floating IPs that the caller may see."""
        return self._pager.all(_FLOATING_IPS, {}, limit=True)

    def floating_ips(
        self, ip_addresses: paging.Values
    ) -> records.Answer[records.FloatingIP]:
        """List the floating IPs with these addresses."""
        return self._pager.with_values(
            _FLOATING_IPS,
            'floating_ip_address',
            ip_addresses,
            lambda found: [found.address],
        )

    def floating_ips_of_ports(
        self, port_ids: paging.Values
    ) -> records.Answer[records.FloatingIP]:
        """List the floating IPs that lead to these ports."""
        return self._pager.with_values(
            _FLOATING_IPS, 'port_id', port_ids, lambda found: [found.port_id]
        )

    def floating_ips_of_routers(
        self, router_ids: paging.Values
    ) -> records.Answer[records.FloatingIP]:
        """List the floating IPs whose traffic goes through these routers."""
        return self._pager.with_values(
            _FLOATING_IPS,
            'router_id',
            router_ids,
            lambda found: [found.router_id],
        )

    def floating_ips_of_projects(
        self, project_ids: paging.Values
    ) -> records.Answer[records.FloatingIP]:
        """List the floating IPs of these projects."""
        return self._pager.with_values(
            _FLOATING_IPS,
            'project_id',
            project_ids,
            lambda found: [found.project_id],
        )

    def routers(
        self, router_ids: paging.Values
    ) -> records.Answer[records.Router]:
        """List the routers with these IDs that the caller may see."""
        return self._pager.with_ids(_ROUTERS, router_ids)

    def all_routers(self) -> records.Answer[records.Router]:
        """List the routers that the caller may see."""
        return self._pager.all(_ROUTERS, _BY_ID, limit=True)

    def all_trunks(self) -> records.Answer[records.Trunk]:
        """List the trunks that the caller may see."""
        return self._pager.all(_TRUNKS, _BY_ID, limit=True)

    def networks(
        self, network_ids: paging.Values
    ) -> records.Answer[records.Network]:
        """List the networks with these IDs that the caller may see."""
        return self._pager.with_ids(_NETWORKS, network_ids)

    def networks_named(self, name: str) -> records.Answer[records.Network]:
        """List the networks with exactly this name."""
        return self._named(_NETWORKS, name)

    def subnets(
        self, subnet_ids: paging.Values
    ) -> records.Answer[records.Subnet]:
        """List the subnets with these IDs that the caller may see."""
        return self._pager.with_ids(_SUBNETS, subnet_ids)

    def all_subnets(self) -> records.Answer[records.Subnet]:
        """List the subnets that the caller may see."""
        return self._pager.all(_SUBNETS, _BY_ID, limit=True)

    def subnets_named(self, name: str) -> records.Answer[records.Subnet]:
        """List the subnets with exactly this name."""
        return self._named(_SUBNETS, name)

    def security_groups_named(
        self, name: str
    ) -> records.Answer[records.SecurityGroup]:
        """List the security groups with exactly this name."""
        return self._named(_SECURITY_GROUPS, name)

    def security_groups(
        self, security_group_ids: paging.Values
    ) -> records.Answer[records.SecurityGroup]:
        """List the security groups with these IDs that the caller may see."""
        return self._pager.with_ids(_SECURITY_GROUPS, security_group_ids)

    def security_groups_with_rules(
        self, security_group_ids: paging.Values
    ) -> records.Answer[records.SecurityGroup]:
        """List the security groups with these IDs, with their rules.

        ``GET /security-group-rules`` would hide the rules of a group that
        another project shares with the caller (``ADMIN_OR_SG_OWNER_READER`` in
        Neutron's policies), while the group itself shows them.
        """
        return self._pager.with_ids(
            _SECURITY_GROUPS_WITH_RULES, security_group_ids
        )

    def address_groups(
        self, address_group_ids: paging.Values
    ) -> records.Answer[records.AddressGroup]:
        """List the address groups with these IDs that the caller may see."""
        return self._pager.with_ids(_ADDRESS_GROUPS, address_group_ids)

    def qos_policies(
        self, policy_ids: paging.Values
    ) -> records.Answer[records.QosPolicy]:
        """List the QoS policies with these IDs that the caller may see."""
        return self._pager.with_ids(_QOS_POLICIES, policy_ids)

    def _named(
        self, collection: paging.Collection[_Named], name: str
    ) -> records.Answer[_Named]:
        answer = self._pager.with_values(
            collection, 'name', [name], lambda row: [row.name]
        )
        answer.rows = [row for row in answer.rows if row.name == name]
        return answer

    def _ports(
        self,
        name: str,
        values: paging.Values,
        values_of: paging.ValuesOf[records.Port],
    ) -> _Ports:
        return self._pager.with_values(_PORTS, name, values, values_of)


# The order of what is read in pages.
_BY_ID = {'sort_key': ['id'], 'sort_dir': ['asc']}


def _port(port: reading.Object) -> records.Port:
    trunk = port.optional_nested('trunk_details')
    profile = port.optional_nested('binding:profile')
    return records.Port(
        id=port.uuid('id'),
        network_id=port.text('network_id'),
        mac_address=port.optional_text('mac_address'),
        fixed_ips=fixed_ips.read(port),
        status=port.optional_text('status'),
        name=port.optional_text('name'),
        device_id=port.optional_text('device_id'),
        device_owner=port.optional_text('device_owner'),
        # tenant_id is Neutron's older name.
        project_id=port.optional_text('project_id', 'tenant_id'),
        security_group_ids=port.texts('security_groups'),
        vnic_type=port.optional_text('binding:vnic_type'),
        # Visible to administrators only, as are the host and the profile.
        vif_type=port.optional_text('binding:vif_type'),
        host=port.optional_text('binding:host_id'),
        admin_state_up=port.optional_flag('admin_state_up'),
        ip_allocation=port.optional_text('ip_allocation'),
        address_pairs=tuple(
            port.optional_items('allowed_address_pairs', _address_pair)
        ),
        port_security_enabled=port.optional_flag('port_security_enabled'),
        qos_policy_id=port.optional_text('qos_policy_id'),
        # The policy of the network, which applies if the port has none
        # (extension qos-port-network-policy).
        network_qos_policy_id=port.optional_text('qos_network_policy_id'),
        dns_name=port.optional_text('dns_name'),
        description=port.optional_text('description'),
        tags=port.texts('tags'),
        created_at=port.optional_moment('created_at'),
        updated_at=port.optional_moment('updated_at'),
        trunk_id=trunk.optional_text('trunk_id') if trunk else None,
        subports=tuple(trunk.optional_items('sub_ports', _subport))
        if trunk
        else (),
        pci_slot=profile.optional_text('pci_slot') if profile else None,
        migrating_to=profile.optional_text('migrating_to')
        if profile
        else None,
        seconds_unchanged=_seconds_unchanged(port),
    )


def _seconds_unchanged(row: reading.Object) -> float | None:
    """Tell how long ago something changed, by Neutron's clock."""
    moment = row.optional_moment('updated_at') or row.optional_moment(
        'created_at'
    )
    if moment is None:
        return None
    return (row.body.response.sent_at - moment).total_seconds()


_PORTS = paging.Collection(
    '/ports',
    'ports',
    _('Ports'),
    _port,
    (
        'id',
        'network_id',
        'mac_address',
        'fixed_ips',
        'status',
        'name',
        'device_id',
        'device_owner',
        'project_id',
        'security_groups',
        'binding:vnic_type',
        'binding:vif_type',
        'binding:host_id',
        'admin_state_up',
        'ip_allocation',
        'allowed_address_pairs',
        'port_security_enabled',
        'qos_policy_id',
        'qos_network_policy_id',
        'dns_name',
        'description',
        'tags',
        'created_at',
        'updated_at',
        'trunk_details',
        'binding:profile',
    ),
)

# Only what is needed to tell where they are bound.
_BOUND_PORTS = dataclasses.replace(
    _PORTS,
    fields=(
        'id',
        'network_id',
        'device_id',
        'device_owner',
        'binding:host_id',
        'binding:vif_type',
    ),
)


@dataclasses.dataclass(frozen=True, slots=True)
class _PortId:
    id: str


def _port_id(port: reading.Object) -> _PortId:
    return _PortId(port.uuid('id'))


_PORT_IDS = paging.Collection('/ports', 'ports', _('Ports'), _port_id, ('id',))


def _address_pair(pair: reading.Object) -> records.AddressPair:
    return records.AddressPair(
        pair.cidr('ip_address'), pair.optional_text('mac_address')
    )


def _subport(subport: reading.Object) -> records.Subport:
    return records.Subport(
        port_id=subport.uuid('port_id'),
        segmentation_type=subport.optional_text('segmentation_type'),
        segmentation_id=subport.optional_number('segmentation_id'),
        mac_address=subport.optional_text('mac_address'),
    )


def _floating_ip(floating_ip: reading.Object) -> records.FloatingIP:
    return records.FloatingIP(
        id=floating_ip.uuid('id'),
        address=floating_ip.ip_address('floating_ip_address'),
        network_id=floating_ip.optional_text('floating_network_id'),
        project_id=floating_ip.optional_text('project_id', 'tenant_id'),
        port_id=floating_ip.optional_uuid('port_id'),
        router_id=floating_ip.optional_text('router_id'),
        fixed_ip_address=floating_ip.optional_text('fixed_ip_address'),
        port_forwardings=tuple(
            floating_ip.optional_items('port_forwardings', _port_forwarding)
        ),
        seconds_unchanged=_seconds_unchanged(floating_ip),
    )


_FLOATING_IPS = paging.Collection(
    '/floatingips',
    'floatingips',
    _('Floating IPs'),
    _floating_ip,
    (
        'id',
        'floating_ip_address',
        'floating_network_id',
        'project_id',
        'port_id',
        'router_id',
        'fixed_ip_address',
        'port_forwardings',
        'created_at',
        'updated_at',
    ),
    is_optional=True,
)


def _port_forwarding(forwarding: reading.Object) -> records.PortForwarding:
    return records.PortForwarding(
        protocol=forwarding.optional_text('protocol'),
        # A range from Neutron 20 (extension
        # floating-ip-port-forwarding-port-ranges).
        external_port=forwarding.optional_number_or_text('external_port')
        or forwarding.optional_text('external_port_range'),
        internal_ip_address=forwarding.optional_text('internal_ip_address'),
        internal_port=forwarding.optional_number_or_text('internal_port')
        or forwarding.optional_text('internal_port_range'),
        internal_port_id=forwarding.optional_uuid('internal_port_id'),
    )


def _router(router: reading.Object) -> records.Router:
    gateway = router.optional_nested('external_gateway_info')
    return records.Router(
        id=router.uuid('id'),
        name=router.optional_text('name'),
        project_id=router.optional_text('project_id', 'tenant_id'),
        external_network_id=gateway.optional_text('network_id')
        if gateway
        else None,
        external_ips=fixed_ips.read(gateway, 'external_fixed_ips')
        if gateway
        else (),
        # Missing if Neutron lacks the extension to turn it off (ext-gw-mode).
        has_source_nat=gateway is not None
        and gateway.optional_flag('enable_snat') is not False,
    )


_ROUTERS = paging.Collection(
    '/routers',
    'routers',
    _('Routers'),
    _router,
    (
        'id',
        'name',
        'project_id',
        'external_gateway_info',
    ),
    is_optional=True,
)


def _port_binding(binding: reading.Object) -> records.PortBinding:
    return records.PortBinding(
        host=binding.text('host'), status=binding.optional_text('status')
    )


def _trunk(trunk: reading.Object) -> records.Trunk:
    return records.Trunk(
        id=trunk.uuid('id'),
        port_id=trunk.uuid('port_id'),
        status=trunk.optional_text('status'),
        admin_state_up=trunk.optional_flag('admin_state_up'),
        subports=tuple(trunk.optional_items('sub_ports', _subport)),
    )


_TRUNKS = paging.Collection(
    '/trunks',
    'trunks',
    _('Trunks'),
    _trunk,
    (
        'id',
        'port_id',
        'status',
        'admin_state_up',
        'sub_ports',
    ),
    is_optional=True,
)


def _agent(agent: reading.Object) -> records.Agent:
    return records.Agent(
        id=agent.text('id'),
        host=agent.text('host'),
        kind=agent.optional_text('agent_type'),
        is_alive=agent.optional_flag('alive'),
        networks=_agent_networks(agent.optional_nested('configurations')),
    )


def _agent_networks(
    configurations: reading.Object | None,
) -> frozenset[str] | None:
    """Read the physical networks that an agent connects its host to.

    Each type of agent reports a mapping of them under its own name.
    """
    for key in _NETWORK_MAPPINGS:
        if configurations and key in configurations.names():
            mappings = configurations.optional_nested(key)
            return frozenset(mappings.names()) if mappings else frozenset()
    return None


# Names used by Open vSwitch, Linux bridge, SR-IOV and macvtap.
_NETWORK_MAPPINGS = (
    'bridge_mappings',
    'interface_mappings',
    'device_mappings',
)

_AGENTS = paging.Collection(
    '/agents',
    'agents',
    _('Network agents'),
    _agent,
    (
        'id',
        'host',
        'agent_type',
        'alive',
        'configurations',
    ),
)


def _network(network: reading.Object) -> records.Network:
    return records.Network(
        id=network.text('id'),
        name=network.optional_text('name'),
        mtu=network.optional_number('mtu'),
        segments=_segments(network),
    )


def _segments(network: reading.Object) -> tuple[records.Segment, ...]:
    """Read the segments, which are a list if there are several."""
    if 'provider:network_type' in network.names():
        return (_segment(network),)
    return tuple(network.optional_items('segments', _segment))


def _segment(provider: reading.Object) -> records.Segment:
    return records.Segment(
        network_type=provider.optional_text('provider:network_type'),
        segmentation_id=provider.optional_number('provider:segmentation_id'),
        physical_network=provider.optional_text('provider:physical_network'),
    )


_NETWORKS = paging.Collection(
    '/networks',
    'networks',
    _('Networks'),
    _network,
    (
        'id',
        'name',
        'mtu',
        'provider:network_type',
        'provider:segmentation_id',
        'provider:physical_network',
        'segments',
    ),
)


def _subnet(subnet: reading.Object) -> records.Subnet:
    return records.Subnet(
        id=subnet.text('id'),
        name=subnet.optional_text('name'),
        network_id=subnet.optional_text('network_id'),
        cidr=subnet.optional_cidr('cidr'),
        gateway_ip=subnet.optional_text('gateway_ip'),
    )


_SUBNETS = paging.Collection(
    '/subnets',
    'subnets',
    _('Subnets'),
    _subnet,
    (
        'id',
        'name',
        'network_id',
        'cidr',
        'gateway_ip',
    ),
)


# The fields of resources that are read for their name only.
_ID_AND_NAME = ('id', 'name')


def _security_group(group: reading.Object) -> records.SecurityGroup:
    return records.SecurityGroup(
        id=group.text('id'),
        name=group.optional_text('name'),
        is_stateful=group.optional_flag('stateful'),
        rules=tuple(
            group.optional_items('security_group_rules', _security_group_rule)
        ),
    )


def _security_group_rule(rule: reading.Object) -> records.SecurityGroupRule:
    return records.SecurityGroupRule(
        id=rule.uuid('id'),
        direction=rule.text('direction'),
        ethertype=rule.optional_text('ethertype'),
        protocol=rule.optional_number_or_text('protocol'),
        port_range_min=rule.optional_number('port_range_min'),
        port_range_max=rule.optional_number('port_range_max'),
        remote_network=rule.optional_network('remote_ip_prefix'),
        remote_group_id=rule.optional_uuid('remote_group_id'),
        remote_address_group_id=rule.optional_uuid('remote_address_group_id'),
    )


_SECURITY_GROUPS = paging.Collection(
    '/security-groups',
    'security_groups',
    _('Security groups'),
    _security_group,
    _ID_AND_NAME,
)

_SECURITY_GROUPS_WITH_RULES = dataclasses.replace(
    _SECURITY_GROUPS,
    fields=(*_ID_AND_NAME, 'stateful', 'security_group_rules'),
)


def _address_group(group: reading.Object) -> records.AddressGroup:
    return records.AddressGroup(
        id=group.text('id'), name=group.optional_text('name')
    )


_ADDRESS_GROUPS = paging.Collection(
    '/address-groups',
    'address_groups',
    _('Address groups'),
    _address_group,
    _ID_AND_NAME,
    is_optional=True,
)


def _qos_policy(policy: reading.Object) -> records.QosPolicy:
    return records.QosPolicy(
        id=policy.text('id'), name=policy.optional_text('name')
    )


_QOS_POLICIES = paging.Collection(
    '/qos/policies',
    'policies',
    _('QoS policies'),
    _qos_policy,
    _ID_AND_NAME,
)
