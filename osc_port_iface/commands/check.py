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
import collections
import os
import shlex
import time

from cliff.formatters import value
from osc_lib import exceptions

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import finding_selectors
from osc_port_iface.commands import lister
from osc_port_iface.commands import metrics
from osc_port_iface.commands import nagios
from osc_port_iface.commands import regions
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces import lookup
from osc_port_iface import printable
from osc_port_iface import records

_LONG = columns.Shown.LONG

_CAUSE: columns.Column[findings.Finding] = columns.Column('Cause', 'cause')

# The columns of the project are shown if servers of several projects may be.
COLUMNS: columns.Columns[findings.Finding] = (
    columns.Column('Server ID', 'server_id'),
    columns.Column('Server Name', 'server_name'),
    columns.Column('Server Status', 'server.status', _LONG),
    columns.Column('Project ID', 'project_id', _LONG),
    columns.Column('Project Name', 'look.project.name', _LONG),
    columns.Column('Port ID', 'port_id'),
    columns.Column('MAC Address', 'mac_address'),
    columns.Column('Severity', 'code.severity.value'),
    columns.Column('Finding', 'code.value'),
    columns.Column('Expected', 'expected'),
    columns.Column('Actual', 'actual'),
    columns.Column('Age', 'age', kind=cells.duration),
    _CAUSE,
)


class CheckServerInterface(lister.TextLister):
    """Check that Nova and Neutron agree on the interfaces of servers.

    Compares Nova's network info cache with what Nova and Neutron show now,
    and checks the bindings of the ports. Each difference is read again before
    it is reported.

    The exit code is 0 without findings, 3 with findings, and 1 if something
    could not be read or checked.
    """

    examples = (
        'openstack server interface check web-1 web-2',
        'openstack server interface check --all-projects --nagios',
    )
    importance = (
        'Server Name',
        'Finding',
        'Actual',
        'Expected',
        'MAC Address',
        'Severity',
        'Port ID',
        'Project Name',
        'Cause',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        finding_selectors.add_arguments(parser)
        regions.add_arguments(parser)
        monitoring = parser.add_argument_group(_('monitoring'))
        metrics.add_arguments(monitoring)
        nagios.add_arguments(parser, monitoring)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        try:
            return self._checked(parsed_args)
        except Exception as error:
            if not parsed_args.nagios:
                raise
            return self._sum_up(parsed_args, *nagios.sum_up_failure(error))

    def lose_output(self, parsed_args: argparse.Namespace, line: str) -> int:
        try:
            metrics.write_run(parsed_args, has_failed=True)
        except exceptions.CommandError as error:
            self.fail(*error.args)
        status = super().lose_output(parsed_args, line)
        return nagios.UNKNOWN if parsed_args.nagios else status

    def _checked(self, parsed_args: argparse.Namespace) -> columns.Table:
        started = time.monotonic()
        try:
            asked = regions.choose(self, parsed_args)
            results = _results(asked, parsed_args)
        except Exception:
            metrics.write_run(parsed_args, has_failed=True)
            raise
        took = time.monotonic() - started
        rows = [row for result in results.values() for row in result.rows]
        if rows:
            self.report_negative()
        metrics.write(parsed_args, results, took)
        if parsed_args.nagios:
            line = nagios.sum_up(parsed_args, results, took)
            return self._sum_up(parsed_args, *line)
        if any(row.server is None for row in rows):
            # A port without a server can only be named by its ID.
            self.rank('Finding', 'Port ID', 'Actual', above='Server Name')
        return asked.table(
            lambda part: part._table(parsed_args, results[part.region])
        )

    def _check(self, parsed_args: argparse.Namespace) -> check.CheckResult:
        has_causes = _CAUSE in self._choose(parsed_args)
        request = finding_selectors.read_request(
            parsed_args,
            self.cloud(),
            has_causes=has_causes and not parsed_args.nagios,
        )
        result = check.check(self.cloud(), request)
        self.report(result)
        return result

    def _table(
        self, parsed_args: argparse.Namespace, result: check.CheckResult
    ) -> columns.Table:
        self._guide(parsed_args, result)
        look = lookup.Lookup(self.cloud(), result.rows)
        table = columns.table(self._choose(parsed_args), result.rows, look)
        self.report(look)
        return table

    def _choose(
        self, parsed_args: argparse.Namespace
    ) -> list[columns.Column[findings.Finding]]:
        """Choose the columns; of the project, if there may be several."""
        return self.choose(
            parsed_args,
            COLUMNS,
            show_long=parsed_args.formatter in cells.STRUCTURED_FORMATS
            or _spans_projects(parsed_args),
        )

    def _guide(
        self,
        parsed_args: argparse.Namespace,
        result: check.CheckResult,
    ) -> None:
        """Say what was looked at, and what to do next."""
        count = len(result.rows)
        found = _counted(count, _('1 finding'), _('%d findings'))
        if not count:
            found = _('no findings')
            if result.failures:
                found = _('not known: %d') % len(result.failures)
        judged, interfaces = result.checked.judged, result.checked.interfaces
        self.hint(
            _('Checked %(servers)s and %(interfaces)s%(place)s: %(findings)s.')
            % {
                'servers': _counted(
                    len(judged), _('1 server'), _('%d servers')
                ),
                'interfaces': _counted(
                    sum(len(interfaces[server.id]) for server in judged),
                    _('1 interface'),
                    _('%d interfaces'),
                ),
                'place': _place(parsed_args, self.cloud()),
                'findings': found,
            }
        )
        if not count:
            return
        selected = finding_selectors.selection_arguments(parsed_args)
        # With --os-region-name, openstacksdk refuses what an openrc file does
        # not name.
        region = [self.region] if self.region else parsed_args.region[:1]
        cloud = self.app.options.cloud
        named = cloud and cloud != os.environ.get('OS_CLOUD')
        command = shlex.join(
            [
                *(f'OS_REGION_NAME={name}' for name in region),
                'openstack',
                *(['--os-cloud', cloud] if named else []),
                'server',
                'interface',
                'repair',
                *selected,
            ]
        )
        self.hint(
            _('Plan the repair: %s --dry-run') % printable.escape(command),
            _("See '%s' on the page 'Findings' of the documentation.")
            % result.rows[0].code.value,
        )

    def _sum_up(
        self, parsed_args: argparse.Namespace, status: int, line: str
    ) -> columns.Table:
        """Show one line in place of the table."""
        self._exit_status = status
        self.formatter = value.ValueFormatter()
        parsed_args.formatter = 'value'
        parsed_args.columns, parsed_args.sort_columns = [], []
        return ('Status',), [(cells.text(line),)]


def _results(
    asked: regions.AskedRegions[CheckServerInterface],
    parsed_args: argparse.Namespace,
) -> dict[str, check.CheckResult]:
    """Check the regions.

    :returns: The result of each; of one that could not be read, a failure.
    """
    found = asked.ask(lambda part: part._check(parsed_args))
    absent = collections.Counter(
        line.name
        for result in found.values()
        for line in result.failures
        if isinstance(line, records.Absence)
    )
    for result in found.values():
        # What one region lacks, another may have.
        result.failures = [
            line
            for line in result.failures
            if not isinstance(line, records.Absence)
            or absent[line.name] == len(found)
        ]
    for name in asked.lost:
        found[name] = check.CheckResult([], [_('The region was not read.')])
    return {
        # The servers may be in others.
        name: found.get(name) or check.CheckResult([])
        for name in asked.names
    }


def _counted(number: int, one: str, several: str) -> str:
    return one if number == 1 else several % number


def _place(parsed_args: argparse.Namespace, cloud: api_cloud.Cloud) -> str:
    """Return the projects that were searched, as a part of a sentence."""
    if parsed_args.server:
        return ''
    if _spans_projects(parsed_args):
        return _(' in all projects')
    own = cloud.identity.own_project
    name = parsed_args.project or (own and own.name)
    return _(' in project %s') % printable.one_line(name) if name else ''


def _spans_projects(parsed_args: argparse.Namespace) -> bool:
    """Return whether servers of several projects may be selected."""
    return not parsed_args.project and bool(
        parsed_args.all_projects or parsed_args.host
    )
