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

"""``openstack server interface reach``"""

import argparse
from typing import Any

from osc_port_iface.api import compute
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import paths
from osc_port_iface.interfaces.path import reach
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import survey
from osc_port_iface import records


def _passing(found: flows.Flows) -> cells.Cell:
    """Show the traffic that passes: ``tcp 22``, or its parts in JSON."""
    rows: list[Any] = [
        (flows.name(protocol), *((None, None) if has_all_ports else ports))
        for protocol, several in found.ports.items()
        for ports in several
        for has_all_ports in [ports == flows.ALL_PORTS]
    ]
    if found == flows.EVERYTHING:
        rows = [(None, None, None)]
    keys = ('protocol', 'port_range_min', 'port_range_max')
    structure = [dict(zip(keys, row, strict=True)) for row in rows]
    return cells.Cell(found.texts(), structure)


def _steps(path: paths.Path) -> cells.Cell:
    """Show the steps, such as ``server web-1 > port web-1-eth0``."""
    texts, structure = [], []
    for step in path.hops:
        verdict = step.verdict(path.asked).value
        notes = (verdict, step.reason, *step.limits, *step.assumptions)
        text = '; '.join(filter(None, notes))
        texts.append(f'{step.hop} {steps.label(step.row)}: {text}')
        structure.append(
            {
                'hop': step.hop,
                'id': step.row.id or None,
                'name': steps.name(step.row),
                'verdict': verdict,
                'reason': step.reason or '; '.join(step.limits) or None,
                'rule_ids': list(step.rule_ids),
                'assumptions': list(step.assumptions),
            }
        )
    return cells.Cell(texts, structure, joint=' > ')


COLUMNS: columns.Columns[paths.Path] = (
    columns.Column('Source', 'pair.source.text'),
    columns.Column('Source Address', 'pair.source.address'),
    columns.Column('Destination', 'pair.destination.text'),
    columns.Column('Destination Address', 'address'),
    columns.Column('Path', 'route'),
    columns.Column('Verdict', 'verdict.value'),
    columns.Column('Traffic', 'passing', kind=_passing),
    columns.Column('Reason', 'reason'),
    columns.Column('Steps', '', columns.Shown.LONG, kind=_steps),
)


class ReachServerInterface(lister.TextLister):
    """Judge whether one server can reach another, and what stops it.

    Sends no packet. The verdict follows from what Nova and Neutron show, and
    is 'unknown' if it depends on something that they do not show. Each address
    of the source is paired with each of the destination. Without --port, the
    traffic that may pass is listed.

    The exit code is 0 if a path is allowed, 3 if all are blocked, and 1 if
    none is known to be allowed.
    """

    examples = (
        'openstack server interface reach web-1 db-1 --port 5432',
        'openstack server interface reach internet web-1',
    )
    importance = (
        'Verdict',
        'Reason',
        'Source Address',
        'Destination Address',
        'Traffic',
        'Path',
        'Source',
        'Destination',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        for name, what in (
            ('source', _('Where the traffic comes from')),
            ('destination', _('Where the traffic goes to')),
        ):
            parser.add_argument(
                name,
                metavar=f'<{name}>',
                type=argument_types.name_or_network,
                help=_(
                    '%s (server name or ID, port ID, IP address, CIDR, or '
                    "'internet')"
                )
                % what,
            )
        parser.add_argument(
            '--protocol',
            metavar='<protocol>',
            type=argument_types.protocol,
            help=_(
                'IP protocol: a name such as tcp, udp or icmp, a number, or '
                'any (default: any, or tcp with --port)'
            ),
        )
        parser.add_argument(
            '--port',
            metavar='<port>',
            type=argument_types.number(0, 65535),
            help=_('Destination port (1 to 65535), or ICMP type (0 to 255)'),
        )
        server_selectors.add_all_projects(parser)
        parser.add_argument(
            '--long',
            action='store_true',
            help=_(
                'List additional fields in output: each step of the path, and '
                'what is assumed there'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        traffic = flows.Question(parsed_args.protocol, parsed_args.port)
        if traffic.fault:
            raise plugin_command.UsageError(f'--port: {traffic.fault}.')
        chosen = self.choose(parsed_args, COLUMNS, parsed_args.long)
        scope = compute.ServerScope(all_projects=parsed_args.all_projects)
        found = reach.judge_all(
            survey.Survey(self.cloud(), scope),
            parsed_args.source,
            parsed_args.destination,
            traffic,
        )
        self._conclude(found)
        return columns.table(chosen, found.rows)

    def _conclude(self, found: records.Answer[paths.Path]) -> None:
        """Choose the exit status, which is that of the best path."""
        verdicts = {path.verdict.value for path in found.rows}
        if 'allowed' in verdicts:
            self.notify(*found.notices, *found.failures)
            return
        self.notify(*found.notices)
        self.fail(*found.failures)
        if 'unknown' in verdicts:
            self.fail(_('No path is known to be allowed.'))
        self.report_negative()
