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

from osc_port_iface.api import compute
from osc_port_iface.api import identity
from osc_port_iface.api import network
from osc_port_iface.commands import columns
from osc_port_iface.commands import interface_lister
from osc_port_iface.commands import progress
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.services import drift
from osc_port_iface.services import interface_check

_HEADERS = (
    'Server ID',
    'Server Name',
    'Port ID',
    'MAC Address',
    'Finding',
    'Expected',
    'Actual',
)


class CheckServerInterface(interface_lister.TextLister):
    """Find where the views of the interfaces of servers disagree

    Compares what Nova remembers, what Nova and Neutron show at this moment
    and how the ports are bound. A suspicion is reported only if it is still
    true when everything is read again.

    The exit status is 0 if all is well, 3 with findings, and 1 if something
    could not be read; what was found is shown in any case.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        server_selectors.add_arguments(parser)
        codes = parser.add_mutually_exclusive_group()
        codes.add_argument(
            '--finding',
            metavar='<finding>',
            action='append',
            choices=list(drift.Code),
            default=[],
            help=_(
                'Finding to look for (repeat option to look for several): %s'
            )
            % ', '.join(drift.Code),
        )
        codes.add_argument(
            '--ignore',
            metavar='<finding>',
            action='append',
            choices=list(drift.Code),
            default=[],
            help=_(
                'Finding not to look for (repeat option to ignore several)'
            ),
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[columns.Column, ...]]]:
        client_manager = self.app.client_manager
        connection = client_manager.sdk_connection
        codes = frozenset(map(drift.Code, parsed_args.finding or drift.Code))
        report = interface_check.check(
            compute.connect(connection),
            lambda: network.connect(connection),
            interface_check.Request(
                names_or_ids=tuple(parsed_args.server),
                query=server_selectors.query(parsed_args, client_manager),
                codes=codes - set(map(drift.Code, parsed_args.ignore)),
                explicit=bool(parsed_args.finding),
                is_administrator=identity.is_administrator(connection),
            ),
            lambda total: progress.bar(total, self.app.stderr),
        )
        self.notify(report.notices)
        self.fail(report.failures)
        if report.findings:
            self.deny()
        return _HEADERS, list(map(_cells, report.findings))


def _cells(finding: drift.Finding) -> tuple[columns.Column, ...]:
    return (
        columns.TextColumn(finding.server_id),
        columns.TextColumn(finding.server_name),
        columns.TextColumn(finding.port_id),
        columns.TextColumn(finding.mac_address),
        columns.TextColumn(finding.code),
        columns.TextColumn(finding.expected),
        columns.TextColumn(finding.actual),
    )
