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

"""Writes what was compared into the page of the command."""

import re

from tests import environments
from tests.oracle import comparison

PAGE = environments.CHECKOUT / 'doc' / 'source' / 'user' / 'reach.rst'

_TABLE = re.compile(
    r'(?<=[.][.] _reach-compared:\n\n)[.][.] list-table::\n.*?(?=\n\n[^ ])',
    re.DOTALL,
)

Rows = list[tuple[str, str]]


def rows(seed: int, topologies: int, found: comparison.Comparison) -> Rows:
    """Say what was compared."""
    return [
        ('Seed', str(seed)),
        ('Topologies', str(topologies)),
        (
            'Pairs of ports compared with ``ovn-trace``',
            f'{len(found.pairs):,}',
        ),
        ('of these, the packet arrives', f'{sum(found.pairs.values()):,}'),
        ('of these, sent as real packets, too', f'{found.sent:,}'),
        *(
            (f'``{verdict}`` for {who}', f'{found.verdicts[user, verdict]:,}')
            for user, who in (
                ('admin', 'an administrator'),
                ('demo', 'a member'),
            )
            for verdict in ('allowed', 'blocked', 'unknown')
        ),
        (
            'of these, with a server of another project',
            f'{found.hidden["demo"]:,}',
        ),
        (
            'of these, to a VLAN or by one of several routes',
            f'{found.open["demo"]:,}',
        ),
        ('Disagreements', str(len(found.disagreements))),
    ]


def page(text: str, found: Rows) -> str:
    """Return the text of the page with another table."""
    lines = ['.. list-table::', '']
    for what, value in found:
        lines += [f'   * - {what}', f'     - {value}']
    return _TABLE.sub('\n'.join(lines), text, count=1)


def write(found: Rows) -> None:
    """Write the table into the page."""
    PAGE.write_text(page(PAGE.read_text(), found))
