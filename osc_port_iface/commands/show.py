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

from osc_lib.command import command

from osc_port_iface.api import compute
from osc_port_iface.api import network
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import columns
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface import records
from osc_port_iface.services import one_interface
from osc_port_iface.services import server_selection


class ShowServerInterface(plugin_command.PluginCommand, command.ShowOne):
    """Show an interface of a server

    Shows what 'server interface list --long' has of it. Where Neutron cannot
    be asked, what only it knows is empty, and standard error says why.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'server',
            metavar='<server>',
            type=argument_types.name,
            help=_('Server to look at (name or ID)'),
        )
        parser.add_argument(
            'interface',
            metavar='<interface>',
            type=argument_types.address,
            help=_(
                'Interface to show (port ID, MAC address in any notation, or '
                'fixed IP)'
            ),
        )
        server_selectors.add_all_projects(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[columns.Column, ...]]:
        connection = self.app.client_manager.sdk_connection
        api = compute.connect(connection)
        server = server_selection.one(
            api,
            parsed_args.server,
            compute.ServerQuery(all_projects=parsed_args.all_projects),
        )
        interface = one_interface.find_interface(
            api, server.id, parsed_args.interface
        )
        details, notices = one_interface.details(
            lambda: network.connect(connection), interface
        )
        self.notify(notices)
        plugged = records.Plugged(server, interface, details)
        return (
            columns.headers(api.shows_tag) + columns.DETAIL_HEADERS,
            columns.interface_cells(interface, api.shows_tag)
            + columns.detail_cells(plugged),
        )

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Sequence[columns.Column],
    ) -> int:
        if parsed_args.formatter not in columns.STRUCTURED_FORMATS:
            data = [columns.AsLines(cell) for cell in data]
        return super().produce_output(parsed_args, column_names, data)
