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

"""The arguments that filter the interfaces of servers."""

import argparse
from collections.abc import Mapping
import contextlib
from typing import Any

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import filters
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.selecting import names

# The states that Neutron gives to ports (``neutron_lib/constants.py``).
_PORT_STATES = ('ACTIVE', 'BUILD', 'DOWN', 'ERROR', 'N/A')

# The choices of ``openstack port create``.
_VNIC_TYPES = (
    'accelerator-direct',
    'accelerator-direct-physical',
    'baremetal',
    'direct',
    'direct-physical',
    'macvtap',
    'normal',
    'remote-managed',
    'smart-nic',
    'vdpa',
    'virtio-forwarder',
)

# What the user names, by the filter.
_NAMED: Mapping[str, paging.Collection[Any]] = {
    'subnet': neutron.SUBNETS,
    'security_group': neutron.SECURITY_GROUPS,
    'network': neutron.NETWORKS,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the filters to a command."""
    group = parser.add_argument_group(
        _('filters'), _('List only these interfaces.')
    )
    group.add_argument(
        '--network',
        metavar='<network>',
        type=argument_types.name,
        help=_('Interfaces on this network (name or ID)'),
    )
    group.add_argument(
        '--fixed-ip',
        metavar='<address>',
        type=argument_types.ip_network,
        help=_('Interfaces with this fixed IP, or with one in this CIDR'),
    )
    group.add_argument(
        '--ip-version',
        type=int,
        choices=(4, 6),
        help=_('Interfaces with a fixed IP of this version'),
    )
    group.add_argument(
        '--mac-address',
        metavar='<mac-address>',
        type=argument_types.mac_prefix,
        help=_(
            'Interfaces with this MAC address, or with this beginning of one, '
            'such as fa:16:3e, in any notation'
        ),
    )
    group.add_argument(
        '--port-state',
        metavar='<state>',
        type=argument_types.state,
        choices=_PORT_STATES,
        help=_('Interfaces whose port has this state: %s')
        % ', '.join(_PORT_STATES),
    )
    group.add_argument(
        '--tag',
        metavar='<tag>',
        type=argument_types.name,
        help=_(
            'Interfaces with this device tag (supported by '
            '--os-compute-api-version 2.70 or above, and --source compute)'
        ),
    )
    group.add_argument(
        '--subnet',
        metavar='<subnet>',
        type=argument_types.name,
        help=_('Interfaces with a fixed IP on this subnet (name or ID)'),
    )
    group.add_argument(
        '--security-group',
        metavar='<security-group>',
        type=argument_types.name,
        help=_('Interfaces whose port has this security group (name or ID)'),
    )
    group.add_argument(
        '--no-security-group',
        action='store_true',
        default=None,
        help=_('Interfaces whose port has no security group'),
    )
    group.add_argument(
        '--vnic-type',
        metavar='<vnic-type>',
        choices=_VNIC_TYPES,
        help=_('Interfaces with this VNIC type: %s') % ', '.join(_VNIC_TYPES),
    )
    group.add_argument(
        '--host-device',
        metavar='<device>',
        type=argument_types.name,
        help=_(
            'Interface with this name on the host, such as tap0a3ca19c-dd, or '
            'with this PCI address (admin only)'
        ),
    )
    group.add_argument(
        '--no-port-security',
        action='store_true',
        default=None,
        help=_('Interfaces whose port has port security disabled'),
    )


def read(
    parsed_args: argparse.Namespace, cloud: api_cloud.Cloud, view: views.View
) -> filters.InterfaceFilter:
    """Read the filters.

    :raises exceptions.CommandError: A filter needs something that cannot be
        read, or names something that does not exist.
    """
    conditions = filters.InterfaceFilter(
        (name, value)
        for name in filters.FILTER_NAMES
        if (value := getattr(parsed_args, name)) is not None
    )
    no_port = view.lacks.get(views.Origin.PORT)
    needed = {**filters.ORIGINS, 'subports': views.Origin.PORT}
    for name, origin in needed.items():
        if getattr(parsed_args, name) and (why := view.lacks.get(origin)):
            raise plugin_command.UsageError(
                _('--%(option)s cannot be used here: %(why)s.')
                % {'option': name.replace('_', '-'), 'why': why}
            )
    if no_port:
        if addresses.is_uuid(conditions.get('network', '')):
            raise plugin_command.UsageError(
                _('--network cannot be an ID here: %s.') % no_port
            )
        return conditions
    for name, collection in _NAMED.items():
        if name in conditions:
            named = conditions[name]
            conditions[name] = names.find_id(collection, cloud.network, named)
    return conditions


def check_ids(parsed_args: argparse.Namespace, cloud: api_cloud.Cloud) -> None:
    """Check that what the filters name by ID exists, as no interface has it.

    :raises exceptions.CommandError: It does not, or cannot be read.
    """
    for name, collection in _NAMED.items():
        value = getattr(parsed_args, name)
        if value and addresses.is_uuid(value):
            # A journal does not have security groups.
            with contextlib.suppress(errors.NotRecorded):
                names.find_row(collection, cloud.network, value)
