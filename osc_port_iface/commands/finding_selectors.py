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

"""The arguments that choose the findings and the servers."""

import argparse

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import snapshot as snapshots

# Stands for all findings, including those that are looked for on request.
_ALL = 'all'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the servers and the findings to a command."""
    server_selectors.add_arguments(parser)
    choices = [code.value for code in codes.Code]
    severities = [severity.value for severity in codes.Severity]
    findings = parser.add_argument_group(_('findings'))
    group = findings.add_mutually_exclusive_group()
    group.add_argument(
        '--finding',
        metavar='<finding>',
        **argument_types.repeated(str),
        choices=[*choices, _ALL],
        help=_(
            'Finding to look for (repeat option to look for several): '
            '%(choices)s; or all (default: all but %(on_request)s)'
        )
        % {
            'choices': '; '.join(
                f'{code} ({code.summary})' for code in codes.Code
            ),
            'on_request': codes.join_codes(codes.ON_REQUEST),
        },
    )
    group.add_argument(
        '--ignore',
        metavar='<finding>',
        **argument_types.repeated(str),
        choices=choices,
        help=_('Finding to leave out (repeat option to leave out several)'),
    )
    findings.add_argument(
        '--severity',
        metavar='<severity>',
        choices=severities,
        default=codes.Severity.INFO.value,
        help=_(
            'Look only for findings of this severity or worse: critical '
            '(traffic or an interface is lost, or will be), warning '
            '(something wrong is shown, or the next operation fails), info '
            '(something is left over) (default: info)'
        ),
    )
    findings.add_argument(
        '--older-than',
        metavar='<duration>',
        type=argument_types.duration,
        help=_(
            'Report ports without a server only if they have not changed for '
            'this long, such as 30m, 12h or 7d (default: 1h for unused-port)'
        ),
    )
    findings.add_argument(
        '--keep-tag',
        metavar='<tag>',
        **argument_types.repeated(argument_types.name),
        help=_(
            'Do not report ports without a server that have this tag '
            '(repeat option for several tags)'
        ),
    )


def read_request(
    parsed_args: argparse.Namespace,
    cloud: api_cloud.Cloud,
    has_causes: bool = False,
) -> snapshots.CheckRequest:
    """Read what to check from the arguments.

    :param parsed_args: The arguments.
    :param cloud: The services, to look up a project.
    :param has_causes: Whether to find the causes of the findings.
    :raises osc_lib.exceptions.CommandError: There is no such project, or
        several have the name; or no finding is left to look for.
    """
    named = frozenset(
        code for code in codes.Code if code in parsed_args.finding
    )
    return snapshots.CheckRequest(
        names_or_ids=tuple(parsed_args.server),
        scope=server_selectors.read_scope(parsed_args, cloud.identity),
        codes=_codes(parsed_args, named),
        named=named,
        keep=ownerless.Keep(
            parsed_args.older_than, frozenset(parsed_args.keep_tag)
        ),
        has_causes=has_causes,
    )


def selection_arguments(parsed_args: argparse.Namespace) -> list[str]:
    """Return the arguments that select the same servers and findings."""
    found: list[str] = []
    if parsed_args.all_projects:
        found.append('--all-projects')
    for option in ('project', 'project_domain', 'host', 'status', 'severity'):
        value = getattr(parsed_args, option)
        if value and value != codes.Severity.INFO:
            found += [f'--{option.replace("_", "-")}', value]
    for option in ('finding', 'ignore', 'keep_tag'):
        for value in getattr(parsed_args, option):
            found += [f'--{option.replace("_", "-")}', value]
    if parsed_args.older_than is not None:
        found += ['--older-than', f'{parsed_args.older_than:.0f}s']
    return [*found, *parsed_args.server]


def _codes(parsed_args: argparse.Namespace, named: codes.Codes) -> codes.Codes:
    """Return the findings to look for.

    :param parsed_args: The arguments.
    :param named: Those that the user named.
    :raises plugin_command.UsageError: None is left.
    """
    is_all = _ALL in parsed_args.finding
    chosen = frozenset(codes.Code) if is_all else named or codes.USUAL
    worst = codes.Severity(parsed_args.severity).rank
    found = frozenset(
        code
        for code in chosen
        if code not in parsed_args.ignore and code.severity.rank <= worst
    )
    if not found:
        raise plugin_command.UsageError(
            _(
                'No finding is left to look for: all are ignored or of a '
                'lower severity'
            )
        )
    return found
