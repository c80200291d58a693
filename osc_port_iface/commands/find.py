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

"""``openstack server interface find``"""

import argparse
from collections.abc import Callable

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces import finding
from osc_port_iface.interfaces.owners import search as searches


class FindServerInterface(lister.TextLister):
    """Find the server behind an address.

    Matches whole addresses only, and shows every match, because address
    spaces may overlap. Floating IPs are followed to their ports, port
    forwardings to their targets, and subports to the server of their trunk.
    A port that no server uses, such as that of a router, is shown with its
    device owner and without a server.

    If nothing has an address, the gateways of routers and the allowed address
    pairs of ports are searched as well. The pairs are also searched if the
    address only belongs to an unused port or is the virtual IP of a load
    balancer.

    Administrators search all projects, anyone else what Neutron shows to
    their project. If an address matches nothing, the exit status is 3, and a
    line on standard error says so and where it was looked for.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'address',
            metavar='<address>',
            nargs='*',
            type=argument_types.query,
            help=_(
                'Address(es) to look for (fixed IP, floating IP, CIDR, MAC '
                'address in any notation, port ID, or the name of a tap or '
                'other device on a host)'
            ),
        )
        parser.add_argument(
            '--file',
            metavar='<path>',
            type=argument_types.query_file,
            default=[],
            help=_(
                'File of addresses to look for, one per line, # for comments; '
                '- for standard input'
            ),
        )
        parser.add_argument(
            '--all-matches',
            action='store_true',
            help=_(
                'Also show what may use an address that something else has; '
                'this reads all ports of the networks that contain it'
            ),
        )
        parser.add_argument(
            '--behind',
            action='store_true',
            help=_(
                'Also show the servers that share an address of a router for '
                'outgoing traffic (source NAT)'
            ),
        )
        parser.add_argument(
            '--long',
            action='store_true',
            help=_(
                "List additional fields in output: the server's user, the "
                'names of networks, routers and load balancers, and what the '
                'address leads to'
            ),
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]:
        queries = finding.distinct(parsed_args.address + parsed_args.file)
        if not queries:
            raise plugin_command.UsageError(
                _('Give an address, or a file that has one.')
            )
        chosen = self.choose(parsed_args, COLUMNS, parsed_args.long)
        cloud = self.cloud()
        search = searches.Search(
            queries, parsed_args.all_matches, parsed_args.behind
        )
        found = finding.find(cloud, search, columns.needs(chosen))
        self.report(found)
        if lines := finding.unmatched(cloud, queries, found):
            self.deny(lines)
        return columns.table(chosen, found.rows)


def _text(
    header: str,
    value: Callable[[searches.Match], str | None],
    needs: facts.Fact = facts.Fact.NOTHING,
    shown: columns.Shown = columns.Shown.ALWAYS,
) -> columns.Column[searches.Match]:
    return columns.Column(
        header, lambda match: cells.TextCell(value(match)), needs, shown
    )


COLUMNS: columns.Columns[searches.Match] = (
    _text('Query', lambda match: match.query.text),
    _text('Address', lambda match: match.ip_address),
    _text('Matched As', lambda match: match.matched_as),
    _text('Certainty', lambda match: match.certainty.value),
    _text(
        'Server ID',
        lambda match: match.server.id if match.server else None,
        facts.Fact.SERVER,
    ),
    _text(
        'Server Name',
        lambda match: match.server.name if match.server else None,
        facts.Fact.SERVER,
    ),
    _text('Project ID', lambda match: match.project_id),
    _text(
        'Project Name',
        lambda match: match.project.name if match.project else None,
        facts.Fact.PROJECT,
    ),
    _text(
        'Domain Name',
        lambda match: match.project.domain_name if match.project else None,
        facts.Fact.PROJECT,
    ),
    _text('Port ID', lambda match: match.port.id if match.port else None),
    _text('Network ID', lambda match: match.network_id),
    _text(
        'MAC Address',
        lambda match: match.port.mac_address if match.port else None,
    ),
    columns.Column(
        'Fixed IPs',
        lambda match: cells.FixedIPsCell(
            match.port.fixed_ips if match.port else ()
        ),
    ),
    _text(
        'Port State', lambda match: match.port.status if match.port else None
    ),
    _text('Host', lambda match: match.port.host if match.port else None),
    _text('Device Owner', lambda match: match.device_owner),
    _text('Device ID', lambda match: match.device_id),
    _text(
        'Protocol',
        lambda match: match.forwarding.protocol if match.forwarding else None,
    ),
    columns.Column(
        'External Port',
        lambda match: cells.NumberCell(
            cells.port_number(
                match.forwarding.external_port if match.forwarding else None
            )
        ),
    ),
    columns.Column(
        'Internal Port',
        lambda match: cells.NumberCell(
            cells.port_number(
                match.forwarding.internal_port if match.forwarding else None
            )
        ),
    ),
    columns.Column(
        'VLAN',
        lambda match: cells.NumberCell(
            match.subport and match.subport.segmentation_id
        ),
    ),
    columns.Column(
        'Allowed Address',
        lambda match: cells.AddressPairCell(
            (match.pair, match.is_any_address)
        ),
    ),
    _text(
        'User ID',
        lambda match: match.server.user_id if match.server else None,
        facts.Fact.USER,
        columns.Shown.LONG,
    ),
    _text(
        'Network Name',
        lambda match: match.network.name if match.network else None,
        facts.Fact.NETWORK,
        columns.Shown.LONG,
    ),
    _text(
        'Device Name',
        lambda match: match.device_name,
        facts.Fact.DEVICE,
        columns.Shown.LONG,
    ),
    _text(
        'Floating IP',
        lambda match: match.floating_ip.address if match.floating_ip else None,
        shown=columns.Shown.LONG,
    ),
    _text(
        'Fixed IP',
        lambda match: match.fixed_ip_address,
        shown=columns.Shown.LONG,
    ),
    _text(
        'Parent Port ID',
        lambda match: match.parent.id if match.parent else None,
        shown=columns.Shown.LONG,
    ),
)
