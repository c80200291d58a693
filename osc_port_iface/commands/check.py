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

"""``openstack server interface check``"""

import argparse

from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import checking
from osc_port_iface.interfaces import codes
from osc_port_iface.interfaces import drift

_COLUMNS: columns.Columns[drift.Finding] = (
    columns.Column('Server ID', lambda row: cells.TextCell(row.server_id)),
    columns.Column('Server Name', lambda row: cells.TextCell(row.server_name)),
    columns.Column('Port ID', lambda row: cells.TextCell(row.port_id)),
    columns.Column('MAC Address', lambda row: cells.TextCell(row.mac_address)),
    columns.Column('Finding', lambda row: cells.TextCell(row.code.value)),
    columns.Column('Expected', lambda row: cells.TextCell(row.expected)),
    columns.Column('Actual', lambda row: cells.TextCell(row.actual)),
)


class CheckServerInterface(lister.TextLister):
    """Find where the views of the interfaces of servers disagree.

    Compares what Nova remembers, what Nova and Neutron show at this moment
    and how the ports are bound. A suspicion is reported only if it is still
    true when everything is read again.

    The exit status is 0 if all is well, 3 with findings, and 1 if something
    could not be read or looked for; what was found is shown in any case.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        server_selectors.add_arguments(parser)
        choices = [code.value for code in codes.Code]
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            '--finding',
            metavar='<finding>',
            action='append',
            choices=choices,
            default=[],
            help=_(
                'Finding to look for (repeat option to look for several): %s'
            )
            % ', '.join(choices),
        )
        group.add_argument(
            '--ignore',
            metavar='<finding>',
            action='append',
            choices=choices,
            default=[],
            help=_(
                'Finding not to look for (repeat option to ignore several)'
            ),
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[cells.Cell, ...]]]:
        chosen = self.choose(parsed_args, _COLUMNS)
        cloud = self.cloud()
        wanted = frozenset(map(codes.Code, parsed_args.finding or codes.Code))
        answer = checking.check(
            cloud,
            checking.Request(
                names_or_ids=tuple(parsed_args.server),
                scope=server_selectors.scope(parsed_args, cloud.identity),
                codes=wanted - set(map(codes.Code, parsed_args.ignore)),
                is_explicit=bool(parsed_args.finding),
            ),
            self.progress,
        )
        self.report(answer)
        if answer.rows:
            self.deny()
        return columns.table(chosen, answer.rows)
