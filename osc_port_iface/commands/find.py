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

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces import finding


class FindServerInterface(lister.TextLister):
    """Find which server owns an address.

    Compares exactly, never a part of an address, and shows every match:
    address spaces may overlap. What no server owns, such as the port of a
    router, is shown with its device owner and without a server.

    An administrator searches all projects, anyone else what Neutron shows
    to their project. The exit status is 3 where an address matches nothing;
    a line on standard error says so, and where it was looked for.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'address',
            metavar='<address>',
            nargs='*',
            type=argument_types.address,
            help=_(
                'Address(es) to look for (fixed IP, floating IP, MAC address '
                'in any notation, or port ID)'
            ),
        )
        parser.add_argument(
            '--file',
            metavar='<path>',
            type=argument_types.address_file,
            default=[],
            help=_(
                'File of addresses to look for, one a line, with # comments; '
                '- for standard input'
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
        chosen = self.choose(parsed_args, COLUMNS)
        cloud = self.cloud()
        answer = finding.find(cloud, queries, columns.needs(chosen))
        self.report(answer)
        if lines := finding.unmatched(cloud, queries, answer.rows):
            self.deny(lines)
        return columns.table(chosen, answer.rows)


def _project_id(match: finding.Match) -> str | None:
    owner = match.port or match.floating_ip
    return owner.project_id if owner else None


def _network_id(match: finding.Match) -> str | None:
    owner = match.port or match.floating_ip
    return owner.network_id if owner else None


COLUMNS: columns.Columns[finding.Match] = (
    columns.Column('Query', lambda match: cells.TextCell(match.query.text)),
    columns.Column(
        'Matched As', lambda match: cells.TextCell(match.matched_as)
    ),
    columns.Column(
        'Server ID',
        lambda match: cells.TextCell(match.server and match.server.id),
        facts.Fact.SERVER,
    ),
    columns.Column(
        'Server Name',
        lambda match: cells.TextCell(match.server and match.server.name),
        facts.Fact.SERVER,
    ),
    columns.Column(
        'Project ID', lambda match: cells.TextCell(_project_id(match))
    ),
    columns.Column(
        'Port ID', lambda match: cells.TextCell(match.port and match.port.id)
    ),
    columns.Column(
        'Network ID', lambda match: cells.TextCell(_network_id(match))
    ),
    columns.Column(
        'MAC Address',
        lambda match: cells.TextCell(match.port and match.port.mac_address),
    ),
    columns.Column(
        'Fixed IPs',
        lambda match: cells.FixedIPsCell(
            match.port.fixed_ips if match.port else ()
        ),
    ),
    columns.Column(
        'Port State',
        lambda match: cells.TextCell(match.port and match.port.status),
    ),
    columns.Column(
        'Host', lambda match: cells.TextCell(match.port and match.port.host)
    ),
    columns.Column(
        'Device Owner',
        lambda match: cells.TextCell(match.port and match.port.device_owner),
    ),
    columns.Column(
        'Device ID',
        lambda match: cells.TextCell(match.port and match.port.device_id),
    ),
)
