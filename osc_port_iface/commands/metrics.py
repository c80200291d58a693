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

"""The result of ``check``, as metrics for Prometheus.

The node exporter's textfile collector reads every ``*.prom`` file of a
directory. A metric may be in one file only, so the outcome of the run has a
file of its own, which is written even after a failure.

https://github.com/prometheus/node_exporter#textfile-collector
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import argparse
import collections
from collections.abc import Iterator, Mapping, Sequence
import errno
import os
import pathlib
import stat
import tempfile
import time

from osc_lib import exceptions

from osc_port_iface.commands import argument_types
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import findings
from osc_port_iface import printable
from osc_port_iface import records

_PREFIX = 'osc_port_iface_check'

# The mode of a new file.
_MODE = stat.S_IFREG | 0o644

_Labels = Mapping[str, str]

# The values of each metric.
_Values = Mapping[str, Sequence[tuple[_Labels, float]]]

_DESCRIPTIONS = {
    'findings': 'Findings by code, for the codes that were checked.',
    'servers': 'Servers that were checked.',
    'ports': 'Ports that were checked.',
    'failures': 'Things that could not be read or checked.',
    'duration_seconds': 'How long it took.',
    'timestamp_seconds': 'When it was.',
    'run_failed': 'Whether the last run failed.',
    'run_timestamp_seconds': 'When the last run was, failed or not.',
}

# The labels, by the name by which a user chooses them. Servers and findings
# have attributes of the same names.
_LABELS = {'project': 'project_id', 'host': 'host'}


def add_arguments(monitoring: argparse._ArgumentGroup) -> None:
    """Add the options for metrics to a command."""
    monitoring.add_argument(
        '--metrics',
        metavar='<file>',
        type=argument_types.path,
        help=_(
            'Also write the number of findings to this file, for the textfile '
            "collector of Prometheus' node exporter, and the outcome of the "
            'run to a second file, whose name ends with -run'
        ),
    )
    monitoring.add_argument(
        '--metrics-by',
        choices=tuple(_LABELS),
        action='append',
        default=[],
        help=_(
            'Label to add to the metrics: the ID of the project or the host '
            '(repeat option for both)'
        ),
    )


def write(
    parsed_args: argparse.Namespace,
    results: Mapping[str, check.CheckResult],
    took: float,
) -> None:
    """Write the findings, and that the run succeeded, if that is wanted.

    :param parsed_args: The arguments, with the file, whose name should end
        with ``.prom``, and the labels to add.
    :param results: What was found, by the region, which is a label unless its
        name is empty.
    :param took: How long the check took, in seconds.
    :raises exceptions.CommandError: A file could not be written.
    """
    if parsed_args.metrics is None:
        return
    labels = [_LABELS[name] for name in parsed_args.metrics_by]
    values = collections.defaultdict[str, list[tuple[_Labels, float]]](list)
    for name, result in results.items():
        region = {'region': name} if name else {}
        values['findings'] += _counts(result, labels, region)
        values['servers'].append((region, len(result.checked.judged)))
        values['ports'].append((region, len(result.ports)))
        values['failures'].append((region, len(result.failures)))
    values['duration_seconds'].append(({}, round(took, 3)))
    values['timestamp_seconds'].append(({}, int(time.time())))
    _replace(parsed_args.metrics, values)
    write_run(parsed_args, has_failed=False)


def write_run(parsed_args: argparse.Namespace, has_failed: bool) -> None:
    """Write whether a run has failed, which leaves the findings in place.

    :param parsed_args: The arguments, with the file of the findings.
    :raises exceptions.CommandError: The file could not be written.
    """
    path = parsed_args.metrics
    if path is None:
        return
    values: _Values = {
        'run_failed': [({}, int(has_failed))],
        'run_timestamp_seconds': [({}, int(time.time()))],
    }
    _replace(path.with_name(f'{path.stem}-run{path.suffix}'), values)


def _counts(
    result: check.CheckResult, labels: Sequence[str], region: _Labels
) -> list[tuple[_Labels, int]]:
    """Count the findings of each code, including those with a count of 0."""

    def place(row: records.Server | findings.Finding) -> tuple[str, ...]:
        return tuple(getattr(row, label) or '' for label in labels)

    counts = collections.Counter((row.code, place(row)) for row in result.rows)
    # Without labels, there is one place, even if nothing was looked at.
    places = {*map(place, result.checked.judged), *map(place, result.rows)}
    return [
        (
            {
                **region,
                'code': code,
                'severity': code.severity,
                **dict(zip(labels, found, strict=True)),
            },
            counts[code, found],
        )
        for code in sorted(result.checked.codes)
        for found in sorted(places if labels else {()})
    ]


def _lines(values: _Values) -> Iterator[str]:
    """Make the lines of a file."""
    for name, samples in values.items():
        yield f'# HELP {_PREFIX}_{name} {_DESCRIPTIONS[name]}\n'
        yield f'# TYPE {_PREFIX}_{name} gauge\n'
        for labels, value in samples:
            shown = ','.join(
                f'{label}="{_escaped(text)}"' for label, text in labels.items()
            )
            labelled = f'{name}{{{shown}}}' if shown else name
            yield f'{_PREFIX}_{labelled} {value}\n'


def _escaped(text: str) -> str:
    return text.replace('\\', r'\\').replace('"', r'\"').replace('\n', r'\n')


def _replace(path: pathlib.Path, values: _Values) -> None:
    """Replace a file atomically.

    The mode of a file that exists is kept. A new one can be read by all, as
    the node exporter has a user of its own.
    """
    try:
        mode = path.stat().st_mode if path.exists() else _MODE
        if not stat.S_ISREG(mode):
            # root could replace /dev/null.
            raise OSError(errno.EINVAL, _('not a regular file'))
        # The collector ignores names that do not end with .prom. The name is
        # random and the file new (O_EXCL), so nobody can put a link there.
        descriptor, name = tempfile.mkstemp(
            dir=path.parent, prefix=f'.{path.name}.'
        )
        temporary = pathlib.Path(name)
        try:
            with open(descriptor, 'w', encoding='utf-8') as file:
                file.writelines(_lines(values))
                os.fchmod(descriptor, stat.S_IMODE(mode))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise exceptions.CommandError(
            _('The metrics could not be written: %s')
            % printable.one_line(f'{path}: {error.strerror or error}')
        ) from error
