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

"""``openstack server interface record``"""

from __future__ import annotations

import argparse

from osc_port_iface.commands import lister
from osc_port_iface.i18n import _


class RecordServerInterface(lister.TextLister):
    """Record who has which address, for later questions.

    Reads the servers, ports, networks, subnets, floating IPs, routers and
    trunks, and the names of projects and users, and stores what has changed
    since the last observation of the same selection. Other commands answer
    from the journal with --at.

    If something could not be read, the observation is stored as incomplete,
    and the exit code is 1.
    """

    examples = (
        'openstack server interface record addresses.sqlite',
        'openstack server interface record addresses.sqlite --keep 90d',
        'openstack server interface record addresses.sqlite web-1 web-2',
    )
    importance = ('Observation', 'Started', 'Objects', 'Changed', 'Gone')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        from osc_port_iface.commands import argument_types
        from osc_port_iface.commands import server_selectors

        parser = super().get_parser(prog_name)
        parser.add_argument(
            'journal',
            metavar='<journal>',
            type=argument_types.file_name,
            help=_(
                'Journal to record in: an SQLite file, which is created if it '
                'does not exist, or the URL of a PostgreSQL or MySQL database'
            ),
        )
        parser.add_argument(
            '--keep',
            metavar='<duration>',
            type=argument_types.duration,
            help=_(
                'Remove what ended longer ago than this, such as 90d '
                '(default: keep everything)'
            ),
        )
        server_selectors.add_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> lister.Table:
        from osc_port_iface.commands import columns
        from osc_port_iface.commands import observation_columns
        from osc_port_iface.commands import server_selectors
        from osc_port_iface.interfaces.journal import recording

        chosen = self.choose(parsed_args, observation_columns.COLUMNS)
        cloud = self.cloud()
        answer = recording.record(
            cloud,
            parsed_args.journal,
            parsed_args.server,
            server_selectors.scope(parsed_args, cloud.identity),
            parsed_args.keep,
            lambda kind: self.show_progress(_('Reading: %s') % kind),
        )
        self.report(answer)
        for summary in answer.rows:
            self.hint(observation_columns.in_a_line(summary))
        return columns.table(chosen, answer.rows)
