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

from osc_lib import exceptions

from osc_port_iface.commands import as_of
from osc_port_iface.commands import columns
from osc_port_iface.commands import interface_filters
from osc_port_iface.commands import recorded_tables
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import listing
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import printable
from osc_port_iface import records

NO_INTERFACE = _('No interface to show; servers that were looked at: %d.')


class ListServerInterface(as_of.RecordedLister):
    """List the interfaces of servers.

    Shows each port that is plugged into the servers, as Nova and Neutron see
    it now. The columns Server ID and Server Name are shown unless exactly one
    server is given, and Project ID, Project Name and Server Status with
    --all-projects unless servers are given.

    Uses the highest compute microversion of the cloud up to 2.70, unless
    --os-compute-api-version chooses another. The column Tag needs 2.70.

    If a server cannot be read, the others are shown, and the exit code is 1.
    """

    examples = (
        'openstack server interface list web-1',
        'openstack server interface list --host compute-1 --long',
    )
    importance = (
        'Server Name',
        'Fixed IPs',
        'MAC Address',
        *recorded_tables.SEEN,
        'VLAN',
        'Port State',
        # With --all-projects and --long, the user wants to see these.
        'Project Name',
        'Network Name',
        'Floating IPs',
        'Host',
        'Port ID',
        'Network ID',
        'Tag',
        'Server ID',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        server_selectors.add_arguments(parser)
        interface_filters.add_arguments(parser)
        shown = parser.add_argument_group(_('columns and rows'))
        shown.add_argument(
            '--long',
            action='store_true',
            help=_(
                'List additional fields in output, which are read from '
                'Neutron: names, floating IPs, security groups and the binding'
            ),
        )
        shown.add_argument(
            '--subports',
            action='store_true',
            help=_(
                'Also list the subports of trunks, each after its parent '
                'port, with the columns Parent Port ID and VLAN'
            ),
        )
        tuning = parser.add_argument_group(_('tuning'))
        tuning.add_argument(
            '--source',
            choices=tuple(views.VIEWS),
            default='compute',
            help=_(
                'View to read: compute, a request to Nova for each server '
                '(default); network, a request to Neutron for about 150 '
                "servers, without tags; or cache, Nova's network info cache, "
                'with MAC addresses and fixed IPs only'
            ),
        )
        server_selectors.add_concurrency(tuning)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        table = super().take_action(parsed_args)
        if self.fills_terminal(parsed_args):
            ids, names = (
                set(columns.texts(table, header))
                for header in ('Server ID', 'Server Name')
            )
            if len(names) < len(ids):
                # Only their IDs tell servers of one name apart.
                self.rank('Server ID', above='MAC Address')
        return table

    def tabulate(self, parsed_args: argparse.Namespace) -> columns.Table:
        is_one_server = len(parsed_args.server) == 1
        of_server = columns.OF_SERVER
        if is_one_server:
            of_server = columns.on_request(of_server)
        of_project = columns.OF_PROJECT
        if parsed_args.server or not parsed_args.all_projects:
            of_project = columns.on_request(of_project)
        available = (*of_server, *columns.OF_INTERFACE, *of_project)
        if parsed_args.subports:
            available += (*columns.OF_SUBPORT,)
        chosen = self.choose(parsed_args, available, parsed_args.long)
        cloud = self.cloud()
        view = views.VIEWS[parsed_args.source](cloud, parsed_args.concurrency)
        if parsed_args.at or not self.region:
            chosen = self.without_tag(parsed_args, chosen, cloud.compute)
        scope = server_selectors.read_scope(parsed_args, cloud.identity)
        conditions = interface_filters.read(parsed_args, cloud, view)
        servers = selection.select(
            cloud,
            parsed_args.server,
            scope,
            parsed_args.source == 'cache'
            or columns.need_server_details(chosen),
            # With several regions or times, an ID may be that of a server in
            # another one, so it is looked up.
            columns.show_server_names(chosen)
            or bool(self.region or parsed_args.at),
        )
        found = view.read(servers.rows, self.progress)
        if views.Origin.PORT in view.lacks and parsed_args.network:
            # Neutron is not asked whether there is such a network.
            labels = {row.interface.network_label for row in found.rows}
            if parsed_args.network not in labels:
                line = _("No server has the network '%s' in Nova's cache.")
                name = printable.escape(parsed_args.network)
                self.notify(records.Absence(line % name, name))
        answer = listing.choose_interfaces(
            cloud,
            servers,
            found,
            conditions,
            parsed_args.subports,
        )
        if is_one_server and not answer.rows:
            for failure in answer.failures:
                raise exceptions.CommandError(failure)
        if servers.rows and not answer.rows:
            if not answer.failures:
                interface_filters.check_ids(parsed_args, cloud)
            self.hint(NO_INTERFACE % len(servers.rows))
        self.notify(*columns.why_empty(chosen, view, parsed_args.columns))
        look = columns.prepare_lookup(chosen, cloud, answer.rows)
        table = columns.table(chosen, answer.rows, look)
        self.report(answer, look)
        self.report_hidden(look, is_asked=bool(parsed_args.columns))
        return table
