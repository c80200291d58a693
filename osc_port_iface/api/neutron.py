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

from collections.abc import Iterable

from osc_port_iface.api import paging
from osc_port_iface.api import paths
from osc_port_iface.api import reading
from osc_port_iface.i18n import _
from osc_port_iface import records

_AGE = reading.field(reading.Object.age, 'updated_at', 'created_at')

_SUBPORT = reading.Record(records.Subport)

PORTS = paging.Collection(
    'ports',
    _('Ports'),
    reading.Record(
        records.Port,
        security_group_ids='security_groups',
        vnic_type='binding:vnic_type',
        # Visible to administrators only, as are the host and the profile.
        vif_type='binding:vif_type',
        host='binding:host_id',
        address_pairs=reading.items(
            'allowed_address_pairs', reading.Record(records.AddressPair)
        ),
        # The policy of the network, which applies if the port has none
        # (extension qos-port-network-policy).
        network_qos_policy_id='qos_network_policy_id',
        seconds_unchanged=_AGE,
        trunk_id='trunk_details.trunk_id',
        subports=reading.items('trunk_details.sub_ports', _SUBPORT),
        pci_slot='binding:profile.pci_slot',
        migrating_to='binding:profile.migrating_to',
        parent_host='binding:vif_details.parent_hostname',
    ).always(
        'mac_address',
        'fixed_ips',
        'device_id',
        security_group_ids='security-group',
        address_pairs='allowed-address-pairs',
        port_security_enabled='port-security',
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

_PORT_FORWARDING = reading.Record(
    records.PortForwarding,
    # A range from Neutron 20 (extension
    # floating-ip-port-forwarding-port-ranges).
    external_port=reading.field(
        reading.Object.number_or_text, 'external_port', 'external_port_range'
    ),
    internal_port=reading.field(
        reading.Object.number_or_text, 'internal_port', 'internal_port_range'
    ),
)

FLOATING_IPS = paging.Collection(
    'floatingips',
    _('Floating IPs'),
    reading.Record(
        records.FloatingIP,
        address='floating_ip_address',
        network_id='floating_network_id',
        port_forwardings=reading.items('port_forwardings', _PORT_FORWARDING),
        seconds_unchanged=_AGE,
    ).always('port_id', port_forwardings='expose-port-forwarding-in-fip'),
    extension='router',
)

_ROUTE = reading.Record(records.Route, next_hop='nexthop')


def _has_source_nat(gateway: reading.Object, key: str) -> bool:
    # Missing if Neutron lacks the extension to turn it off (ext-gw-mode).
    return gateway.value(key, bool) is not False


_GATEWAY = reading.Record(
    records.Gateway,
    external_ips='external_fixed_ips',
    has_source_nat=reading.field(_has_source_nat, 'enable_snat'),
)


def _gateways(
    router: reading.Object, first: str, several: str
) -> tuple[records.Gateway, ...]:
    """Read the first gateway of a router, and those that follow it."""
    gateway = router.part(first)
    return (
        *([_GATEWAY.read(gateway)] if gateway.values else []),
        *router.items(several, _GATEWAY.read)[1:],
    )


ROUTERS = paging.Collection(
    'routers',
    _('Routers'),
    reading.Record(
        records.Router,
        # Several with the extension external-gateway-multihoming.
        gateways=reading.field(
            _gateways, 'external_gateway_info', 'external_gateways'
        ),
        routes=reading.items('routes', _ROUTE),
    ),
    extension='router',
)

TRUNKS = paging.Collection(
    'trunks',
    _('Trunks'),
    reading.Record(
        records.Trunk, subports=reading.items('sub_ports', _SUBPORT)
    ),
    extension='trunk',
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


def _agent_networks(agent: reading.Object, key: str) -> frozenset[str] | None:
    """Read the physical networks that an agent connects its host to."""
    configurations = agent.part(key)
    for name in _NETWORK_MAPPINGS:
        if name in configurations.values:
            return frozenset(configurations.part(name).values)
    if _OVN_MAPPINGS in configurations.values:
        text = configurations.text(_OVN_MAPPINGS) or ''
        return frozenset(
            mapping.partition(':')[0] for mapping in text.split(',') if mapping
        )
    return None


EXTENSIONS = paging.Collection(
    'extensions',
    _('Network extensions'),
    reading.Record(records.Extension, id='alias'),
)

AGENTS = paging.Collection(
    'agents',
    _('Network agents'),
    reading.Record(
        records.Agent,
        kind='agent_type',
        is_alive='alive',
        networks=reading.field(_agent_networks, 'configurations'),
    ),
)

_SEGMENT = reading.Record(
    records.Segment,
    network_type='provider:network_type',
    segmentation_id='provider:segmentation_id',
    physical_network='provider:physical_network',
)


def _segments(
    network: reading.Object, key: str, *provider: str
) -> tuple[records.Segment, ...]:
    """Read the segments, which are a list if there are several."""
    if provider[0] in network.values:
        return (_SEGMENT.read(network),)
    return tuple(network.items(key, _SEGMENT.read))


NETWORKS = paging.Collection(
    'networks',
    _('Networks'),
    reading.Record(
        records.Network,
        segments=reading.field(_segments, 'segments', *_SEGMENT.keys),
        is_external='router:external',
        is_shared='shared',
        ipv4_scope='ipv4_address_scope',
        ipv6_scope='ipv6_address_scope',
    ),
)

SUBNETS = paging.Collection(
    'subnets',
    _('Subnets'),
    reading.Record(
        records.Subnet,
        host_routes=reading.items('host_routes', _ROUTE),
    ),
    {'project_id': paging.Filter('project_id', None)},
)

_SECURITY_GROUP_RULE = reading.Record(
    records.SecurityGroupRule,
    protocol=reading.field(reading.Object.number_or_text, 'protocol'),
    remote_network='remote_ip_prefix',
)

# With their rules: ``GET /security-group-rules`` would hide those of a group
# that another project shares with the caller (``ADMIN_OR_SG_OWNER_READER`` in
# Neutron's policies), while the group itself shows them.
SECURITY_GROUPS_WITH_RULES = paging.Collection(
    'security_groups',
    _('Security groups'),
    reading.Record(
        records.SecurityGroup,
        is_stateful='stateful',
        rules=reading.items('security_group_rules', _SECURITY_GROUP_RULE),
        is_shared='shared',
    ),
)

# Without "shared" among the fields, Neutron leaves out what other projects
# share: its policies look at the fields of an answer.
SECURITY_GROUPS = SECURITY_GROUPS_WITH_RULES.only('id', 'name', 'is_shared')

ADDRESS_GROUPS = paging.Collection(
    'address_groups',
    _('Address groups'),
    reading.Record(
        records.AddressGroup, networks='addresses', is_shared='shared'
    ),
    extension='address-group',
)

QOS_POLICIES = paging.Collection(
    'policies',
    _('QoS policies'),
    reading.Record(records.QosPolicy, is_shared='shared'),
    other_path='/qos/policies',
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

    :param port_id: The ID of the port.
    :raises errors.NotFound: It is not a UUID.
    """
    what = _('Bindings of port %s') % port_id
    return paging.Collection(
        'bindings',
        what,
        reading.Record(records.PortBinding),
        other_path=f'/ports/{paths.checked_id(port_id, what)}/bindings',
    )
