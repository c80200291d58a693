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

"""The result of ``check`` in one line, for Nagios and similar systems.

https://nagios-plugins.org/doc/guidelines.html
"""

import argparse
import collections
from collections.abc import Mapping
from typing import Any, cast, NoReturn

from osc_port_iface.commands import argument_types
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface import printable

OK, WARNING, CRITICAL, UNKNOWN = range(4)

_NAMES = ('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage with --nagios as UNKNOWN.

    The exit status of argparse, 2, would be CRITICAL.
    """

    _is_for_nagios = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        # argparse takes the beginning of an option for it.
        self._is_for_nagios = any(
            '--nagios'.startswith(text) and len(text) > len('--n')
            for text in args or ()
        )
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        if not self._is_for_nagios:
            super().error(message)
        status, line = sum_up_failure(Exception(message))
        print(line)
        self.exit(status)


def add_arguments(
    parser: argparse.ArgumentParser, monitoring: argparse._ArgumentGroup
) -> None:
    """Add the options for monitoring plugins to a command.

    :param parser: The parser of the command, which reports wrong usage as
        such a plugin does from now on.
    :param monitoring: The group of these options in it.
    """
    usual: Any = type(parser)
    parser.__class__ = cast(Any, type('Parser', (_Parser, usual), {}))
    monitoring.add_argument(
        '--nagios',
        action='store_true',
        help=_(
            'Output one line with performance data, and exit like a Nagios '
            'plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
        ),
    )
    for level, counted in (
        ('warning', _('warning and critical')),
        ('critical', _('critical')),
    ):
        help_text = _(
            'With --nagios: report %(level)s above this many findings of '
            'severity %(counted)s (default: 0)'
        )
        monitoring.add_argument(
            f'--{level}',
            metavar='<count>',
            type=argument_types.number(0),
            default=0,
            help=help_text % {'level': level.upper(), 'counted': counted},
        )


def sum_up(
    parsed_args: argparse.Namespace,
    results: Mapping[str, check.CheckResult],
    took: float,
) -> tuple[int, str]:
    """Sum up a check.

    Findings may be hidden in what could not be read or judged. In that case,
    and if no server was looked at, the status is UNKNOWN unless it is CRITICAL
    anyway.

    :param parsed_args: The arguments, with the thresholds.
    :param results: What was found, by the region.
    :param took: How long the check took, in seconds.
    :returns: The exit status, and the line with the performance data.
    """
    rows = [row for result in results.values() for row in result.rows]
    servers = sum(len(result.checked.judged) for result in results.values())
    ports = sum(len(result.ports) for result in results.values())
    gaps = sum(len(result.failures) for result in results.values())
    codes_checked = {
        code for result in results.values() for code in result.checked.codes
    }
    by_severity = collections.Counter(row.code.severity for row in rows)
    by_code = collections.Counter(row.code.value for row in rows)
    critical = by_severity[codes.Severity.CRITICAL]
    warning = by_severity[codes.Severity.WARNING]
    if critical > parsed_args.critical:
        status = CRITICAL
    elif gaps or not servers:
        status = UNKNOWN
    elif critical + warning > parsed_args.warning:
        status = WARNING
    else:
        status = OK
    text = _('findings: %d') % len(rows)
    if by_code:
        parts = (f'{by_code[code]} {code}' for code in sorted(by_code))
        text += f' ({", ".join(parts)})'
    if len(results) > 1:
        text += ''.join(
            f', {_region(name, result)}'
            for name, result in results.items()
            if result.rows or result.failures
        )
    if not servers:
        text += ', ' + _('no server was looked at')
    if gaps:
        text += ', ' + _('not known: %d') % gaps
    data = [
        f'findings={len(rows)};;;0',
        *(f'{level}={by_severity[level]};;;0' for level in codes.Severity),
        f'servers={servers};;;0',
        f'ports={ports};;;0',
        f'failures={gaps};;;0',
        f'time={took:.3f}s;;;0',
        *(f'{code}={by_code[code]};;;0' for code in sorted(codes_checked)),
    ]
    return status, f'{_NAMES[status]}: {text} | {" ".join(data)}'


def sum_up_failure(error: Exception) -> tuple[int, str]:
    """Report a check that failed.

    :param error: Why it failed.
    :returns: The exit status, and the line.
    """
    return UNKNOWN, f'{_NAMES[UNKNOWN]}: {_text(str(error))}'


def _region(name: str, result: check.CheckResult) -> str:
    """Say how much was found in a region, and how much is not known."""
    text = f'{_text(name)}: {len(result.rows)}'
    gaps = len(result.failures)
    return text + (_(' (not known: %d)') % gaps if gaps else '')


def _text(text: str) -> str:
    # Everything after a vertical bar is performance data.
    return printable.one_line(text).replace('|', '/')
