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

"""``openstack server interface list``"""

import argparse
from typing import Any

from osc_lib import exceptions

from osc_port_iface import addresses
from osc_port_iface.api import compute
from osc_port_iface.api import network
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import interface_lister
from osc_port_iface.commands import progress
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.services import interface_filter
from osc_port_iface.services import interface_listing
from osc_port_iface.services import interface_views


class ListServerInterface(interface_lister.TextLister):
    """List the interfaces of servers

    Shows each port that is plugged into the servers, as Nova and Neutron see
    it at this moment. The columns Server ID and Server Name are there unless
    exactly one server is named. The Tag column is there where the compute
    microversion used is 2.70 or above: the one that --os-compute-api-version
    asks for, or else the highest up to 2.70 that the cloud has.

    A server that cannot be read is a line on standard error; the others are
    shown, and the exit status is 1.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        server_selectors.add_arguments(parser)
        _add_filters(parser)
        parser.add_argument(
            '--long',
            action='store_true',
            help=_(
                'List additional fields in output, which Neutron is asked '
                'for: names, floating IPs, security groups and the binding'
            ),
        )
        parser.add_argument(
            '--source',
            choices=interface_listing.SOURCES,
            default='compute',
            help=_(
                'View to read: Nova live, a request for each server '
                '(compute, the default); Neutron, a request for about 150 '
                'servers, without tags (network); what Nova remembers: MAC '
                'addresses and fixed IPs (cache)'
            ),
        )
        parser.add_argument(
            '--concurrency',
            metavar='<number>',
            type=argument_types.concurrency,
            default=interface_views.DEFAULT_CONCURRENCY,
            help=_(
                'Requests at a time, up to %(limit)d (default: %(default)d)'
            )
            % {
                'limit': interface_views.CONCURRENCY_LIMIT,
                'default': interface_views.DEFAULT_CONCURRENCY,
            },
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        client_manager = self.app.client_manager
        api = compute.connect(client_manager.sdk_connection)
        listing = interface_listing.list_interfaces(
            api,
            lambda: network.connect(client_manager.sdk_connection),
            interface_listing.Request(
                names_or_ids=tuple(parsed_args.server),
                query=server_selectors.query(parsed_args, client_manager),
                source=parsed_args.source,
                wanted=_wanted(parsed_args, api),
                with_details=parsed_args.long,
                concurrency=parsed_args.concurrency,
            ),
            lambda total: progress.bar(total, self.app.stderr),
        )
        if len(parsed_args.server) == 1:
            for failure in listing.failures:
                raise exceptions.CommandError(failure)
        self.fail(listing.failures)
        self.notify(listing.notices)
        return interface_lister.interface_table(
            listing.interfaces,
            shows_server=len(parsed_args.server) != 1,
            shows_tag=api.shows_tag,
            shows_details=parsed_args.long,
        )


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--network',
        metavar='<network>',
        type=argument_types.name,
        help=_('List only interfaces on this network (name or ID)'),
    )
    parser.add_argument(
        '--fixed-ip',
        metavar='<address>',
        type=argument_types.ip_network,
        help=_(
            'List only interfaces with this fixed IP, or with one in this CIDR'
        ),
    )
    parser.add_argument(
        '--ip-version',
        type=int,
        choices=(4, 6),
        help=_('List only interfaces with a fixed IP of this version'),
    )
    parser.add_argument(
        '--mac-address',
        metavar='<mac-address>',
        type=argument_types.mac_address,
        help=_('List only interfaces with this MAC address, in any notation'),
    )
    parser.add_argument(
        '--port-state',
        metavar='<state>',
        type=argument_types.state,
        help=_('List only interfaces whose port has this state, such as DOWN'),
    )
    parser.add_argument(
        '--tag',
        metavar='<tag>',
        type=argument_types.name,
        help=_(
            'List only interfaces with this device tag (supported by '
            '--os-compute-api-version 2.70 or above, and --source compute)'
        ),
    )


def _wanted(
    parsed_args: argparse.Namespace, api: compute.ComputeApi
) -> interface_filter.InterfaceFilter:
    """Read the filters.

    :raises exceptions.CommandError: One asks for what is not there to see.
    """
    if parsed_args.tag is not None and not api.shows_tag:
        raise exceptions.CommandError(
            _(
                '--os-compute-api-version 2.70 or greater is required to '
                'support the --tag option'
            )
        )
    unknown = {
        'cache': ('tag', 'port_state'),
        'network': ('tag',),
        'compute': (),
    }
    for name in unknown[parsed_args.source]:
        if getattr(parsed_args, name) is not None:
            raise exceptions.CommandError(
                _(
                    '--%(option)s cannot be combined with --source '
                    '%(source)s, which does not know it'
                )
                % {
                    'option': name.replace('_', '-'),
                    'source': parsed_args.source,
                }
            )
    if parsed_args.source == 'cache' and addresses.is_uuid(
        parsed_args.network or ''
    ):
        raise exceptions.CommandError(
            _(
                '--network with an ID cannot be combined with --source '
                'cache, which knows only the names of networks'
            )
        )
    return interface_filter.InterfaceFilter(
        network=parsed_args.network,
        fixed_ip=parsed_args.fixed_ip,
        ip_version=parsed_args.ip_version,
        mac_address=parsed_args.mac_address,
        port_state=parsed_args.port_state,
        tag=parsed_args.tag,
    )
