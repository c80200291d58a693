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

"""``openstack server interface wait``"""

import argparse

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import columns
from osc_port_iface.commands import list as list_command
from osc_port_iface.commands import lister
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface.interfaces.waiting import poll_timer
from osc_port_iface.interfaces.waiting import polling
from osc_port_iface.interfaces.waiting import targets
from osc_port_iface.interfaces.waiting import waiting


class WaitServerInterface(lister.TextLister):
    """Wait until an attach, a detach or an activation is finished.

    It is finished when Nova's network info cache agrees with what Nova and
    Neutron show now. The interfaces are then shown as by 'server interface
    list'.

    The exit code is 3 if the timeout has passed or waiting is pointless, and 1
    if a server is deleted, in error or could not be read in the end, or the
    attach or detach has failed.
    """

    examples = (
        'openstack server interface wait web-1',
        'openstack server interface wait web-1 --for detached --port p1',
    )
    importance = list_command.ListServerInterface.importance

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        server_selectors.add_arguments(parser)
        waited_for = parser.add_argument_group(_('condition'))
        waited_for.add_argument(
            '--for',
            dest='condition',
            choices=tuple(polling.CONDITIONS),
            default='active',
            help=_(
                'Wait until the interfaces are plugged in (attached), also '
                'ACTIVE (active, the default), also with the floating IPs of '
                "Neutron in Nova's cache (floating-ip), also bound to the "
                'host of a server that no longer moves (host, admin only), '
                'or no longer plugged in (detached)'
            ),
        )
        waited_for.add_argument(
            '--port',
            metavar='<port>',
            **argument_types.repeated(argument_types.name),
            help=_(
                'Interface to wait for (name or ID of the port) (repeat '
                'option to wait for several; all interfaces without '
                '--port, --mac-address and --network)'
            ),
        )
        waited_for.add_argument(
            '--mac-address',
            metavar='<mac-address>',
            **argument_types.repeated(argument_types.mac_address),
            help=_(
                'Interface to wait for (MAC address in any notation) (repeat '
                'option to wait for several)'
            ),
        )
        waited_for.add_argument(
            '--network',
            metavar='<network>',
            **argument_types.repeated(argument_types.name),
            help=_(
                'Network whose interfaces to wait for (name or ID) (repeat '
                'option to wait for several)'
            ),
        )
        tuning = parser.add_argument_group(_('tuning'))
        tuning.add_argument(
            '--timeout',
            metavar='<seconds>',
            type=argument_types.seconds(),
            default=300.0,
            help=_('Seconds to wait (default: 300; 0 checks once)'),
        )
        tuning.add_argument(
            '--interval',
            metavar='<seconds>',
            # Polling more often would put a needless load on Nova.
            type=argument_types.seconds(0.5),
            default=2.0,
            help=_(
                'Seconds between two checks, increasing up to 15 (default: 2)'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        available = columns.usual(columns.OF_INTERFACE)
        if len(parsed_args.server) != 1:
            available = (*columns.OF_SERVER, *available)
        chosen = self.choose(parsed_args, available)
        cloud = self.cloud()
        chosen = self.without_tag(parsed_args, chosen, cloud.compute)
        selected = selection.select(
            cloud,
            parsed_args.server,
            server_selectors.read_scope(parsed_args, cloud.identity),
            shows_names=False,
        )
        self.report(selected)
        timer = poll_timer.PollTimer(parsed_args.timeout, parsed_args.interval)
        chosen_targets = targets.find(
            cloud.network,
            parsed_args.port,
            parsed_args.mac_address,
            parsed_args.network,
            parsed_args.condition == 'detached',
            timer,
            self.show_progress,
        )
        result = waiting.wait(
            cloud,
            selected.rows,
            chosen_targets,
            parsed_args.condition,
            timer,
            self.show_progress,
        )
        self.fail(*result.failures)
        if result.notices:
            self.report_negative(*result.notices)
        elif selected.rows and not (result.rows or result.failures):
            self.hint(list_command.NO_INTERFACE % len(selected.rows))
        return columns.table(chosen, result.rows)
