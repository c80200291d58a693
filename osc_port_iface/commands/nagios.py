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
import dataclasses

from osc_port_iface.commands import argument_types
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface import printable

OK, WARNING, CRITICAL, UNKNOWN = range(4)

_NAMES = ('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for monitoring plugins to a command."""
    parser.add_argument(
        '--nagios',
        action='store_true',
        help=_(
            'Output one line with performance data, and exit like a Nagios '
            'plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
        ),
    )
    for name, level in (('--warning', 'WARNING'), ('--critical', 'CRITICAL')):
        parser.add_argument(
            name,
            metavar='<count>',
            type=argument_types.count,
            default=0,
            help=_(
                'With --nagios: report %s above this many findings '
                '(default: 0)'
            )
            % level,
        )


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """How many findings are acceptable, as in the plugin guidelines.

    :ivar warning: More findings than this are a warning.
    :ivar critical: More findings than this are critical.
    """

    warning: int = 0
    critical: int = 0


def judge(
    answer: check.CheckResult, limits: Thresholds, took: float
) -> tuple[int, str]:
    """Sum up an answer.

    Findings may be hidden in what could not be read. After a failure, the
    status is therefore UNKNOWN unless it is CRITICAL anyway.

    :param answer: What was found.
    :param limits: The thresholds.
    :param took: How long the check took, in seconds.
    :returns: The exit status, and the line with the performance data.
    """
    count = len(answer.rows)
    if count > limits.critical:
        status = CRITICAL
    elif answer.failures:
        status = UNKNOWN
    else:
        status = WARNING if count > limits.warning else OK
    codes = collections.Counter(row.code.value for row in answer.rows)
    text = _('findings: %d') % count
    if codes:
        parts = (f'{codes[code]} {code}' for code in sorted(codes))
        text += f' ({", ".join(parts)})'
    if answer.failures:
        text += ', ' + _('failures: %d') % len(answer.failures)
    data = [
        f'findings={count};{limits.warning};{limits.critical};0',
        f'servers={len(answer.servers)};;;0',
        f'ports={len(answer.ports)};;;0',
        f'failures={len(answer.failures)};;;0',
        f'time={took:.3f}s;;;0',
        *(
            f'{code}={codes[code]};;;0'
            for code in sorted(code.value for code in answer.codes)
        ),
    ]
    return status, f'{_NAMES[status]}: {text} | {" ".join(data)}'


def failed(error: Exception) -> tuple[int, str]:
    """Report a check that failed.

    :param error: Why it failed.
    :returns: The exit status, and the line.
    """
    # Everything after a vertical bar is performance data.
    text = printable.one_line(str(error)).replace('|', '/')
    return UNKNOWN, f'{_NAMES[UNKNOWN]}: {text}'
