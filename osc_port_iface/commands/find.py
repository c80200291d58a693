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

from osc_port_iface.api import compute
from osc_port_iface.api import identity
from osc_port_iface.api import network
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import columns
from osc_port_iface.commands import interface_lister
from osc_port_iface.i18n import _
from osc_port_iface.services import address_search

_HEADERS = (
    'Query',
    'Matched As',
    'Server ID',
    'Server Name',
    'Project ID',
    'Port ID',
    'Network ID',
    'MAC Address',
    'Fixed IPs',
    'Port State',
    'Host',
    'Device Owner',
    'Device ID',
)


class FindServerInterface(interface_lister.TextLister):
    """Find which server owns an address

    Compares exactly, never a part of an address, and shows every match:
    address spaces may overlap. What no server owns, such as the port of a
    router, is shown with its device owner and without a server.

    An administrator searches all projects, anybody else what Neutron shows
    them; standard error says which. The exit status is 3 where an address
    matches nothing.
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
        self._usage_error = parser.error
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[columns.Column, ...]]]:
        queries = parsed_args.address + parsed_args.file
        if not queries:
            self._usage_error(_('give an address, or a file that has one'))
        connection = self.app.client_manager.sdk_connection
        everywhere = identity.is_administrator(connection)
        search = address_search.search(
            compute.connect(connection),
            network.connect(connection),
            queries,
            everywhere,
        )
        self.notify(
            [
                _('Searched all projects.')
                if everywhere
                else _('Searched this project, and what is shared with it.')
            ]
        )
        self.notify(search.notices)
        self.fail(search.failures)
        if search.unmatched:
            self.deny(search.unmatched)
        return _HEADERS, list(map(_cells, search.matches))


def _cells(match: address_search.Match) -> tuple[columns.Column, ...]:
    server, port, floating_ip = match.server, match.port, match.floating_ip
    owner = port or floating_ip
    return (
        columns.TextColumn(match.query.text),
        columns.TextColumn(match.matched_as),
        columns.TextColumn(server and server.id),
        columns.TextColumn(server and server.name),
        columns.TextColumn(owner and owner.project_id),
        columns.TextColumn(port and port.id),
        columns.TextColumn(owner and owner.network_id),
        columns.TextColumn(port and port.mac_address),
        columns.FixedIPsColumn(port.fixed_ips if port else ()),
        columns.TextColumn(port and port.status),
        columns.TextColumn(port and port.host),
        columns.TextColumn(port and port.device_owner),
        columns.TextColumn(port and port.device_id),
    )
