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

"""The results of benchmarks, and ``benchmarks/README.rst``."""

from collections.abc import Mapping, Sequence
import dataclasses
import os
import pathlib
import platform
import re
import textwrap

from tests import environments

README = pathlib.Path(__file__).with_name('README.rst')

_INTRODUCTION = """\
==========
Benchmarks
==========

Each section is the result of one run of ``python -m benchmarks``; ``make
bench`` runs all of them. Only ratios within one run can be compared with those
of other machines.
"""

_MARK = '.. benchmark: '


@dataclasses.dataclass(frozen=True)
class Goal:
    """A goal, and whether it was met."""

    text: str
    measured: str
    met: bool

    def __str__(self) -> str:
        verdict = 'Met' if self.met else '**Missed**'
        return f'{self.text}: {self.measured}. {verdict}.'


@dataclasses.dataclass(frozen=True)
class Report:
    """The result of a benchmark.

    :ivar method: What was measured, and how.
    :ivar rows: The numbers, below the headers.
    """

    title: str
    method: str
    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    goals: Sequence[Goal]

    def rst(self, command: str) -> str:
        """Make the section of the README.

        :param command: The command that makes the section.
        """
        made = (
            f'Made by ``{command}`` on {os.cpu_count()} cores, with Python '
            f'{platform.python_version()} and python-openstackclient '
            f'{_pinned("python-openstackclient")}.'
        )
        return '\n\n'.join(
            [
                f'{self.title}\n{"=" * len(self.title)}',
                textwrap.fill(self.method, 79, break_on_hyphens=False),
                _table([self.headers, *self.rows]),
                '\n'.join(
                    textwrap.fill(f'* {goal}', 79, subsequent_indent='  ')
                    for goal in self.goals
                ),
                textwrap.fill(made, 79),
            ]
        )


def write(sections: Mapping[str, str], order: list[str]) -> None:
    """Replace these sections of the README.

    :param sections: The sections, by the name of the benchmark.
    :param order: The names of all benchmarks.
    """
    old = README.read_text() if README.exists() else ''
    _introduction, *marked = re.split(
        f'^{re.escape(_MARK)}(.+)$', old, flags=re.MULTILINE
    )
    found = {**dict(zip(marked[::2], marked[1::2], strict=True)), **sections}
    README.write_text(
        '\n'.join(
            [
                _INTRODUCTION,
                *(
                    f'{_MARK}{name}\n\n{found[name].strip()}\n'
                    for name in order
                    if name in found
                ),
            ]
        )
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = '  '.join('=' * width for width in widths)
    first, *others = (
        '  '.join(map(str.ljust, row, widths)).rstrip() for row in rows
    )
    return '\n'.join([rule, first, rule, *others, rule])


def _pinned(distribution: str) -> str:
    pins = (environments.PINS / 'client.txt').read_text()
    found = re.search(f'^{distribution}==(.+)$', pins, re.MULTILINE)
    return found[1] if found else ''
