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

"""The collections of Neutron, and how their rows are read.

https://docs.openstack.org/api-ref/network/v2/
"""

from collections.abc import Callable, Iterable
from typing import Any

from osc_port_iface.api import fixed_ips
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.i18n import _
from osc_port_iface import records


def _nested(
    read: Callable[[reading.Object], Any], missing: object = None
) -> Callable[[reading.Object, str], Any]:
    """Read a part of an object that may be missing."""

    def read_nested(row: reading.Object, key: str) -> Any:
        part = row.optional_nested(key)
        return read(part) if part else missing

    return read_nested


_SUBPORT = reading.Record(
    records.Subport,
    port_id=reading.uuid('port_id'),
    segmentation_type=reading.optional_text('segmentation_type'),
    segmentation_id=reading.optional_number('segmentation_id'),
    mac_address=reading.mac_address('mac_address'),
)

_ADDRESS_PAIR = reading.Record(
    records.AddressPair,
    ip_address=reading.cidr('ip_address'),
    mac_address=reading.mac_address('mac_address'),
)


def _subports(trunk: reading.Object) -> tuple[records.Subport, ...]:
    return tuple(trunk.optional_items('sub_ports', _SUBPORT.read))


PORTS = paging.Collection(
    '/ports',
    'ports',
    _('Ports'),
    reading.Record(
        records.Port,
        id=reading.uuid('id'),
        network_id=reading.text('network_id'),
        mac_address=reading.mac_address('mac_address'),
        fixed_ips=reading.field(fixed_ips.read, 'fixed_ips'),
        status=reading.optional_text('status'),
        name=reading.optional_text('name'),
        device_id=reading.optional_text('device_id'),
        device_owner=reading.optional_text('device_owner'),
        project_id=reading.optional_text('project_id'),
        security_group_ids=reading.texts('security_groups'),
        vnic_type=reading.optional_text('binding:vnic_type'),
        # Visible to administrators only, as are the host and the profile.
        vif_type=reading.optional_text('binding:vif_type'),
        host=reading.optional_text('binding:host_id'),
        admin_state_up=reading.optional_flag('admin_state_up'),
        ip_allocation=reading.optional_text('ip_allocation'),
        address_pairs=reading.items(
            'allowed_address_pairs', _ADDRESS_PAIR.read
        ),
        port_security_enabled=reading.optional_flag('port_security_enabled'),
        qos_policy_id=reading.optional_text('qos_policy_id'),
        # The policy of the network, which applies if the port has none
        # (extension qos-port-network-policy).
        network_qos_policy_id=reading.optional_text('qos_network_policy_id'),
        dns_name=reading.optional_text('dns_name'),
        description=reading.optional_text('description'),
        tags=reading.texts('tags'),
        created_at=reading.optional_moment('created_at'),
        updated_at=reading.optional_moment('updated_at'),
        seconds_unchanged=reading.optional_age('updated_at', 'created_at'),
        trunk_id=reading.field(
            _nested(lambda trunk: trunk.optional_text('trunk_id')),
            'trunk_details',
        ),
        subports=reading.field(_nested(_subports, ()), 'trunk_details'),
        pci_slot=reading.field(
            _nested(lambda profile: profile.optional_text('pci_slot')),
            'binding:profile',
        ),
        migrating_to=reading.field(
            _nested(lambda profile: profile.optional_text('migrating_to')),
            'binding:profile',
        ),
        parent_host=reading.field(
            _nested(lambda details: details.optional_text('parent_hostname')),
            'binding:vif_details',
        ),
    ),
    {
        'ip_address': paging.Filter(
            'fixed_ips',
            lambda port: [row.ip_address for row in port.fixed_ips],
            'ip_address=',
        ),
        'subnet_id': paging.Filter(
            'fixed_ips',
            lambda port: [row.subnet_id for row in port.fixed_ips],
            'subnet_id=',
        ),
        # See fixed_ips_on.
        'fixed_ip': paging.Filter(
            'fixed_ips',
            lambda port: [
                f'subnet_id={row.subnet_id}' for row in port.fixed_ips
            ],
        ),
        'security_group': paging.Filter(
            'security_groups', lambda port: port.security_group_ids
        ),
        # It considers all bindings of a port, while the answer shows only the
        # active one (``_ml2_port_result_filter_hook`` of Neutron's ML2
        # plugin).
        'bound_host': paging.Filter('binding:host_id', None),
    },
)

# Only what is needed to tell where they are bound.
BOUND_PORTS = PORTS.only(
    'id',
    'network_id',
    'mac_address',
    'fixed_ips',
    'device_id',
    'device_owner',
    'vif_type',
    'host',
)

# Only what is needed to tell which they are.
PORT_ADDRESSES = PORTS.only('id', 'network_id', 'mac_address', 'fixed_ips')

_PORT_BINDING = reading.Record(
    records.PortBinding,
    host=reading.text('host'),
    status=reading.optional_text('status'),
)

_PORT_FORWARDING = reading.Record(
    records.PortForwarding,
    protocol=reading.optional_text('protocol'),
    # A range from Neutron 20 (extension
    # floating-ip-port-forwarding-port-ranges).
    external_port=reading.optional_number_or_text(
        'external_port',
        'external_port_range',
    ),
    internal_ip_address=reading.optional_text('internal_ip_address'),
    internal_port=reading.optional_number_or_text(
        'internal_port',
        'internal_port_range',
    ),
    internal_port_id=reading.optional_uuid('internal_port_id'),
)

FLOATING_IPS = paging.Collection(
    '/floatingips',
    'floatingips',
    _('Floating IPs'),
    reading.Record(
        records.FloatingIP,
        id=reading.uuid('id'),
        address=reading.ip_address('floating_ip_address'),
        network_id=reading.optional_text('floating_network_id'),
        project_id=reading.optional_text('project_id'),
        port_id=reading.optional_uuid('port_id'),
        router_id=reading.optional_text('router_id'),
        fixed_ip_address=reading.optional_text('fixed_ip_address'),
        port_forwardings=reading.items(
            'port_forwardings', _PORT_FORWARDING.read
        ),
        seconds_unchanged=reading.optional_age('updated_at', 'created_at'),
    ),
    {
        'address': paging.Filter(
            'floating_ip_address', lambda row: [row.address]
        )
    },
    is_optional=True,
)


_ROUTE = reading.Record(
    records.Route,
    destination=reading.network('destination'),
    next_hop=reading.ip_address('nexthop'),
)


def _has_source_nat(router: reading.Object, key: str) -> bool:
    gateway = router.optional_nested(key)
    # Missing if Neutron lacks the extension to turn it off (ext-gw-mode).
    return gateway is not None and (
        gateway.optional_flag('enable_snat') is not False
    )


def _more_gateways(
    router: reading.Object, key: str
) -> tuple[records.Gateway, ...]:
    """Read the gateways of a router after the first one."""
    return tuple(router.optional_items(key, _gateway)[1:])


def _gateway(gateway: reading.Object) -> records.Gateway:
    return records.Gateway(
        gateway.optional_text('network_id'),
        fixed_ips.read(gateway, 'external_fixed_ips'),
        gateway.optional_flag('enable_snat') is not False,
    )


ROUTERS = paging.Collection(
    '/routers',
    'routers',
    _('Routers'),
    reading.Record(
        records.Router,
        id=reading.uuid('id'),
        name=reading.optional_text('name'),
        project_id=reading.optional_text('project_id'),
        external_network_id=reading.field(
            _nested(lambda gateway: gateway.optional_text('network_id')),
            'external_gateway_info',
        ),
        external_ips=reading.field(
            _nested(
                lambda gateway: fixed_ips.read(gateway, 'external_fixed_ips'),
                (),
            ),
            'external_gateway_info',
        ),
        has_source_nat=reading.field(_has_source_nat, 'external_gateway_info'),
        # Extension external-gateway-multihoming.
        more_gateways=reading.field(_more_gateways, 'external_gateways'),
        admin_state_up=reading.optional_flag('admin_state_up'),
        routes=reading.items('routes', _ROUTE.read),
    ),
    is_optional=True,
)

TRUNKS = paging.Collection(
    '/trunks',
    'trunks',
    _('Trunks'),
    reading.Record(
        records.Trunk,
        id=reading.uuid('id'),
        port_id=reading.uuid('port_id'),
        status=reading.optional_text('status'),
        admin_state_up=reading.optional_flag('admin_state_up'),
        subports=reading.items('sub_ports', _SUBPORT.read),
    ),
    is_optional=True,
)

# The mappings of physical networks, as Open vSwitch, Linux bridge, SR-IOV and
# macvtap agents report them.
_NETWORK_MAPPINGS = (
    'bridge_mappings',
    'interface_mappings',
    'device_mappings',
)

# OVN's report theirs in one text, such as ``physnet1:br-ex,physnet2:br-vlan``.
_OVN_MAPPINGS = 'bridge-mappings'


def _agent_networks(
    configurations: reading.Object,
) -> frozenset[str] | None:
    """Read the physical networks that an agent connects its host to."""
    for key in _NETWORK_MAPPINGS:
        if key in configurations.names():
            mappings = configurations.optional_nested(key)
            return frozenset(mappings.names()) if mappings else frozenset()
    if _OVN_MAPPINGS in configurations.names():
        text = configurations.optional_text(_OVN_MAPPINGS) or ''
        return frozenset(
            mapping.partition(':')[0] for mapping in text.split(',') if mapping
        )
    return None


AGENTS = paging.Collection(
    '/agents',
    'agents',
    _('Network agents'),
    reading.Record(
        records.Agent,
        id=reading.text('id'),
        host=reading.text('host'),
        kind=reading.optional_text('agent_type'),
        is_alive=reading.optional_flag('alive'),
        networks=reading.field(_nested(_agent_networks), 'configurations'),
    ),
)

_SEGMENT = reading.Record(
    records.Segment,
    network_type=reading.optional_text('provider:network_type'),
    segmentation_id=reading.optional_number('provider:segmentation_id'),
    physical_network=reading.optional_text('provider:physical_network'),
)


def _segments(
    network: reading.Object, key: str, *provider: str
) -> tuple[records.Segment, ...]:
    """Read the segments, which are a list if there are several."""
    if provider[0] in network.names():
        return (_SEGMENT.read(network),)
    return tuple(network.optional_items(key, _SEGMENT.read))


NETWORKS = paging.Collection(
    '/networks',
    'networks',
    _('Networks'),
    reading.Record(
        records.Network,
        id=reading.text('id'),
        name=reading.optional_text('name'),
        mtu=reading.optional_number('mtu'),
        segments=reading.field(_segments, 'segments', *_SEGMENT.keys),
        project_id=reading.optional_text('project_id'),
        admin_state_up=reading.optional_flag('admin_state_up'),
        is_external=reading.optional_flag('router:external'),
        is_shared=reading.optional_flag('shared'),
        ipv4_scope=reading.optional_text('ipv4_address_scope'),
        ipv6_scope=reading.optional_text('ipv6_address_scope'),
    ),
)

SUBNETS = paging.Collection(
    '/subnets',
    'subnets',
    _('Subnets'),
    reading.Record(
        records.Subnet,
        id=reading.text('id'),
        name=reading.optional_text('name'),
        network_id=reading.optional_text('network_id'),
        cidr=reading.optional_cidr('cidr'),
        gateway_ip=reading.optional_text('gateway_ip'),
        has_dhcp=reading.optional_flag('enable_dhcp'),
        host_routes=reading.items('host_routes', _ROUTE.read),
    ),
)

_SECURITY_GROUP_RULE = reading.Record(
    records.SecurityGroupRule,
    id=reading.uuid('id'),
    direction=reading.text('direction'),
    ethertype=reading.optional_text('ethertype'),
    protocol=reading.optional_number_or_text('protocol'),
    port_range_min=reading.optional_number('port_range_min'),
    port_range_max=reading.optional_number('port_range_max'),
    remote_network=reading.optional_network('remote_ip_prefix'),
    remote_group_id=reading.optional_uuid('remote_group_id'),
    remote_address_group_id=reading.optional_uuid('remote_address_group_id'),
)

# With their rules: ``GET /security-group-rules`` would hide those of a group
# that another project shares with the caller (``ADMIN_OR_SG_OWNER_READER`` in
# Neutron's policies), while the group itself shows them.
SECURITY_GROUPS_WITH_RULES = paging.Collection(
    '/security-groups',
    'security_groups',
    _('Security groups'),
    reading.Record(
        records.SecurityGroup,
        id=reading.text('id'),
        name=reading.optional_text('name'),
        is_stateful=reading.optional_flag('stateful'),
        rules=reading.items('security_group_rules', _SECURITY_GROUP_RULE.read),
        project_id=reading.optional_text('project_id'),
        is_shared=reading.optional_flag('shared'),
    ),
)

SECURITY_GROUPS = SECURITY_GROUPS_WITH_RULES.only('id', 'name')

ADDRESS_GROUPS = paging.Collection(
    '/address-groups',
    'address_groups',
    _('Address groups'),
    reading.Record(
        records.AddressGroup,
        id=reading.text('id'),
        name=reading.optional_text('name'),
        networks=reading.networks('addresses'),
    ),
    is_optional=True,
)

QOS_POLICIES = paging.Collection(
    '/qos/policies',
    'policies',
    _('QoS policies'),
    reading.Record(
        records.QosPolicy,
        id=reading.text('id'),
        name=reading.optional_text('name'),
    ),
)


def fixed_ips_on(
    ip_addresses: Iterable[str], subnet_ids: Iterable[str]
) -> list[str]:
    """Return the values of the filter ``fixed_ip`` of ports.

    :param ip_addresses: The addresses, of which a port must have one.
    :param subnet_ids: The subnets, on one of which it must have it.
    """
    return [
        *(f'ip_address={address}' for address in ip_addresses),
        *(f'subnet_id={subnet_id}' for subnet_id in subnet_ids),
    ]


def port_bindings(port_id: str) -> paging.Collection[records.PortBinding]:
    """Return the collection of all bindings of a port.

    :param port_id: The ID of the port, which must be a UUID.
    """
    return paging.Collection(
        f'/ports/{port_id}/bindings',
        'bindings',
        _('Bindings of port %s') % port_id,
        _PORT_BINDING,
    )
