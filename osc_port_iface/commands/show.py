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

"""``openstack server interface show``"""

import argparse
from collections.abc import Sequence
from typing import TypeAlias

from osc_lib.command import command

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import as_of
from osc_port_iface.commands import cells
from osc_port_iface.commands import colours
from osc_port_iface.commands import columns
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import server_selectors
from osc_port_iface.commands import terminal
from osc_port_iface.commands import terminal_table
from osc_port_iface.commands import tree_drawing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import one_interface
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces import topology

# The headers and the cells; neither for a drawing.
_Details: TypeAlias = tuple[tuple[str, ...], Sequence[cells.Cell]]


class ShowServerInterface(as_of.RecordedCommand, command.ShowOne):
    """Show an interface of a server.

    Shows the fields of 'server interface list --long'. What cannot be read is
    empty, and the exit code is 1, or 0 if a service only refuses it to this
    user. Either way, stderr says so.
    """

    examples = (
        'openstack server interface show web-1 192.0.2.16',
        'openstack server interface show web-1 fa:16:3e:1a:b7:00 --rules',
        'openstack server interface show web-1 --tree',
    )

    shows_one = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'server',
            metavar='<server>',
            type=argument_types.name,
            help=_(
                'Server to look at (name or ID); without <interface>, also a '
                'fixed IP, floating IP, MAC address or port ID of a server'
            ),
        )
        parser.add_argument(
            'interface',
            metavar='<interface>',
            nargs='?',
            type=argument_types.name,
            help=_(
                'Interface to show (port ID, MAC address in any notation, '
                'fixed IP, device tag, or the name of its port or network); '
                'not needed if the server has only one'
            ),
        )
        server_selectors.add_all_projects(parser)
        parser.add_argument(
            '--rules',
            action='store_true',
            help=_(
                'Also show which traffic may pass the interface, and the '
                'security group rules that are in force'
            ),
        )
        parser.add_argument(
            '--tree',
            nargs='?',
            const='text',
            metavar='<language>',
            choices=('text', *tree_drawing.LANGUAGES),
            help=_(
                'Draw the interfaces of the server, or only the given one, '
                'with their networks, addresses, routers and floating IPs, '
                'and mark where Nova and Neutron differ: text (default), '
                'mermaid or dot; put it last or write --tree=<language>'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Details:
        if parsed_args.tree:
            self._draw(parsed_args)
            return (), ()
        headers, rows = self.answer(parsed_args)
        # If it changed, the first one is that before the time.
        return headers, rows[0]

    def tabulate(self, parsed_args: argparse.Namespace) -> columns.Table:
        of_rules = columns.OF_RULES
        if not parsed_args.rules:
            of_rules = columns.on_request(of_rules)
        available = (
            *columns.on_request(columns.OF_SERVER),
            *columns.OF_INTERFACE,
            *columns.on_request(columns.OF_PROJECT),
            *of_rules,
        )
        chosen = self.choose(parsed_args, available, True)
        cloud = self.cloud()
        chosen = self.without_tag(parsed_args, chosen, cloud.compute)
        needs_details = columns.need_server_details(
            chosen
        ) or columns.show_server_names(chosen)
        found = one_interface.find(
            cloud,
            parsed_args.server,
            parsed_args.interface,
            parsed_args.all_projects,
            needs_details,
        )
        look = columns.prepare_lookup(chosen, cloud, found.chosen)
        table = columns.table(chosen, found.chosen, look)
        self.report(found.all, look)
        self.report_hidden(look, is_asked=bool(parsed_args.columns))
        return table

    def _draw(self, parsed_args: argparse.Namespace) -> None:
        """Write a drawing in place of fields."""
        if (
            parsed_args.columns
            or parsed_args.rules
            or parsed_args.at
            or parsed_args.formatter != 'table'
        ):
            raise plugin_command.UsageError(
                _('--tree cannot be used with -c, -f, --at or --rules.')
            )
        as_of.choose_journal(parsed_args)
        cloud = self.cloud()
        found = one_interface.find(
            cloud,
            parsed_args.server,
            parsed_args.interface,
            parsed_args.all_projects,
            any_number=True,
        )
        look = lookup.Lookup(cloud, found.all.rows)
        tree = topology.tree(found, look)
        self.report(found.all, look)
        self.report_hidden(look, is_asked=False)
        stdout = self.app.stdout
        if parsed_args.tree == 'text':
            emphasize = colours.warn if colours.are_wanted(stdout) else str
            lines = tree_drawing.text(tree, terminal.width(stdout), emphasize)
        else:
            lines = tree_drawing.LANGUAGES[parsed_args.tree](tree)
        self.end_progress()
        stdout.writelines(f'{line}\n' for line in lines)

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Sequence[cells.Cell],
    ) -> int:
        if parsed_args.tree:
            return 0
        self.end_progress()
        if parsed_args.formatter not in cells.STRUCTURED_FORMATS:
            data = [cell.as_text('\n') for cell in data]
        if self.fills_terminal(parsed_args):
            self.formatter = terminal_table.TerminalTable()
        return super().produce_output(parsed_args, column_names, data)
