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
from collections.abc import Iterable

from osc_port_iface import addresses
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import as_of
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import recorded_tables
from osc_port_iface.commands import regions
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import find
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface.interfaces.selecting import server_lookup

# What tells the matches of one query apart.
_MATCHED = {
    addresses.Kind.RANGE: 'Address',
    addresses.Kind.MAC_PREFIX: 'MAC Address',
}


def _device_name(match: searches.Match, look: lookup.Lookup) -> str | None:
    device = match.router or look.router(match) or look.load_balancer(match)
    return device.name if device else None


_LONG = columns.Shown.LONG

_OF_OWNER: columns.Columns[searches.Match] = (
    columns.Column('Server ID', 'look.server.id'),
    columns.Column('Server Name', 'look.server.name'),
)

COLUMNS: columns.Columns[searches.Match] = (
    columns.Column('Query', 'query.text'),
    columns.Column('Address', 'ip_address'),
    columns.Column('Matched As', 'matched_as'),
    columns.Column('Certainty', 'certainty.value'),
    *_OF_OWNER,
    columns.Column('Project ID', 'project_id'),
    columns.Column('Project Name', 'look.project.name'),
    columns.Column('Domain Name', 'look.project.domain_name'),
    columns.Column('Port ID', 'port.id'),
    columns.Column('Network ID', 'network_id'),
    columns.Column('MAC Address', 'port.mac_address'),
    columns.Column('Fixed IPs', 'fixed_ips', kind=cells.fixed_ips),
    columns.Column('Port State', 'port.status'),
    columns.Column('Host', 'host'),
    columns.Column('Device Owner', 'device_owner'),
    columns.Column('Device ID', 'device_id'),
    columns.Column('Protocol', 'forwarding.protocol'),
    columns.Column(
        'External Port', 'forwarding.external_port', kind=cells.number
    ),
    columns.Column(
        'Internal Port', 'forwarding.internal_port', kind=cells.number
    ),
    columns.Column('VLAN', 'subport.segmentation_id', kind=cells.number),
    columns.Column('Allowed Address', 'pair', kind=cells.address_pair),
    columns.Column(
        'User ID', 'look.server.user_id', _LONG, views.Origin.SERVER
    ),
    columns.Column('Network Name', 'look.network.name', _LONG),
    columns.Column('Device Name', _device_name, _LONG),
    columns.Column('Floating IP', 'floating_ip.address', _LONG),
    columns.Column('Fixed IP', 'fixed_ip_address', _LONG),
    columns.Column('Parent Port ID', 'parent.id', _LONG),
)


class FindServerInterface(as_of.RecordedLister):
    """Find the server behind an address.

    Matches whole addresses only. Shows every match, because address spaces
    may overlap. Floating IPs are followed to their ports, port forwardings to
    their targets, and subports to the server of their trunk. A port without a
    server, such as that of a router, is shown with its device owner.

    If nothing has an address, the gateways of routers and the allowed address
    pairs of ports are searched, too. The pairs are also searched if the
    address belongs to an unused port or is the virtual IP of a load balancer.

    Administrators search all projects, others what Neutron shows to their
    project. If an address matches nothing, the exit code is 3.
    """

    examples = (
        'openstack server interface find 203.0.113.206',
        'openstack server interface find --file addresses.txt -f csv',
    )
    importance = (
        'Query',
        'Server Name',
        'Matched As',
        'Certainty',
        'External Port',
        'Protocol',
        *recorded_tables.SEEN,
        'Project Name',
        'Host',
        'Server ID',
        'Device Owner',
        'Device Name',
        'Fixed IPs',
        'MAC Address',
        'Port ID',
        'Network Name',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'address',
            metavar='<address>',
            nargs='*',
            type=argument_types.query,
            help=_(
                'Address(es) to look for (fixed IP or floating IP, also with '
                'a port, CIDR, range, MAC address in any notation or its '
                'beginning, port ID, or the name of a tap or other device on '
                'a host)'
            ),
        )
        parser.add_argument(
            '--file',
            metavar='<path>',
            action='extend',
            type=argument_types.query_file,
            default=[],
            help=_(
                'File of addresses to look for, one per line, # for comments; '
                '- for standard input (repeat option to read several files)'
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
                'outgoing traffic (source NAT), and those of the members of a '
                'load balancer'
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

    def add_times(self, group: argparse._ArgumentGroup) -> None:
        """Add the options that name the time or times, and the journal."""
        super().add_times(group)
        group.add_argument(
            '--between',
            metavar=('<begin>', '<end>'),
            nargs=2,
            type=argument_types.moment,
            help=_('Show every owner between these times, in order'),
        )

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        kinds = {row.kind for row in parsed_args.address + parsed_args.file}
        # Many rows may have such a query, so what it matched says more.
        matched = [_MATCHED[kind] for kind in _MATCHED if kind in kinds]
        self.rank(*matched, above='Server Name')
        if kinds <= _MATCHED.keys():
            self.rank('Query', above='Project Name')
        table = super().take_action(parsed_args)
        if not all(columns.texts(table, 'Server Name')):
            # What is behind an address may not have it.
            is_certain = matched and not parsed_args.behind
            less = 'Certainty' if is_certain else 'Project Name'
            self.rank('Device Owner', above=less)
        certainties = set(columns.texts(table, 'Certainty'))
        if certainties == {'owns'} and recorded_tables.SEEN[0] in table[0]:
            # When it was there tells owners apart.
            above = 'Matched As' if kinds <= _MATCHED.keys() else 'Query'
            shown = (*matched, 'Server Name', *recorded_tables.SEEN)
            self.rank(*shown, above=above)
        return table

    def is_exhaustive(
        self, parsed_args: argparse.Namespace, table: columns.Table
    ) -> bool:
        kinds = {row.kind for row in parsed_args.address + parsed_args.file}
        return not (
            kinds & _MATCHED.keys()
            or parsed_args.behind
            or parsed_args.all_matches
            # Something else may own the address.
            or 'may-use' in columns.texts(table, 'Certainty')
        )

    def tabulate(self, parsed_args: argparse.Namespace) -> columns.Table:
        return self._table(parsed_args, self._find(parsed_args))

    def tabulate_now(self, parsed_args: argparse.Namespace) -> columns.Table:
        asked = regions.choose(self, parsed_args)
        answers = asked.ask(lambda part: part._find(parsed_args))
        find.drop_duplicates(
            answers,
            lambda servers: asked.ask(lambda part: part._existing(servers)),
        )
        return asked.table(
            lambda part: part._table(parsed_args, answers[part.region])
        )

    def _find(self, parsed_args: argparse.Namespace) -> searches.Search:
        queries = dict.fromkeys(parsed_args.address + parsed_args.file)
        if not queries:
            raise plugin_command.UsageError(
                _('Give an address, or a file that has one.')
            )
        self._choose(parsed_args)
        search = searches.Search(
            cloud=self.cloud(),
            queries=tuple(queries),
            all_matches=parsed_args.all_matches,
            behind=parsed_args.behind,
        )
        find.find(search)
        return search

    def _table(
        self, parsed_args: argparse.Namespace, found: searches.Search
    ) -> columns.Table:
        chosen = self._choose(parsed_args)
        look = columns.prepare_lookup(chosen, self.cloud(), found.rows)
        if any(column in _OF_OWNER for column in chosen):
            find.sort(found, look)
        headers, rows = columns.table(chosen, found.rows, look)
        self.report(found, look)
        if lines := find.unmatched(found):
            self.report_negative(*lines)
        return headers, rows

    def _choose(
        self, parsed_args: argparse.Namespace
    ) -> list[columns.Column[searches.Match]]:
        return self.choose(parsed_args, COLUMNS, parsed_args.long)

    def _existing(self, server_ids: Iterable[str]) -> set[str]:
        """Return which servers exist in the region."""
        found = server_lookup.look_up(self.cloud().compute, server_ids)
        # Nothing but its ID is known of one that could not be read.
        return {
            server.id
            for server in found.rows
            if server.name or server.in_down_cell
        }
