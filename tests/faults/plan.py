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

"""The plan of faults in ``plan.csv``, one fault per line.

========  ==================================================================
Column    Meaning
========  ==================================================================
Part      The kind of fault.
Run       ``program``: the real program, against the embedded cloud.
          ``shell``: the same in process, against a fake one. ``both``.
Command   What is run, without ``server interface``. ``admin:`` before it
          has an administrator run it. ``{one}`` is the ID of the server one,
          ``{one_port}`` that of its port; see ``tests.functional.odd_project``
          and ``tests.unit.odd_cloud``, which are alike. ``{saved}`` is
          a file with what ``list`` shows of the servers one and two.
Requests  Which requests go wrong; see :func:`language.parse_place`.
Faults    How; see :mod:`language`. Several places, and as many faults, stand
          side by side with ``+`` between them. What begins with ``=`` is
          how the cloud is, with or without the others.
Output    ``same`` as without the faults, ``none``, ``heading`` alone,
          ``no two`` without the rows of the server two, ``without`` and the
          columns that are empty, ``with`` one value ``for`` another,
          ``less`` and the columns that are missing, or
          ``N rows`` for what ``many`` makes of the port of two, or ``row``
          and the cells of the only row, with ``-empty-``.
Error     Standard error; ``//`` between lines, ``...`` for any text.
Exit      The exit status.
Sent      The number of requests to Keystone, Nova and Neutron; ``*`` where it
          depends on what threads do first. Behind them, the methods of those
          that were to change something.
Waited    Seconds between them in all, by the clock of the tests in process.
========  ==================================================================
"""

from collections.abc import Iterable, Sequence
import csv
import dataclasses
import fnmatch
import io
import json
import pathlib
import re
import shlex

from tests.faults import answers
from tests.faults import language

PATH = pathlib.Path(__file__).with_suffix('.csv')

# Values of the words in braces.
Words = dict[str, str]

# What must never be sent to a terminal, whatever the services answer.
UNSAFE = re.compile(
    r'[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e'
    r'\u2060-\u2064\u2066-\u206f\ufeff]'
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of the plan."""

    part: str
    run: str
    command: str
    requests: str
    faults: str
    output: str
    error: str
    exit: str
    sent: str
    waited: str

    @property
    def name(self) -> str:
        """Its name among the tests, without any dot."""
        words = f'{self.command}, {self.requests}: {self.faults}'
        return words.replace('.', '_')

    @property
    def healthy(self) -> 'Case':
        """The same without the faults, but in the same cloud."""
        kept = [
            (place, planned)
            for place, planned in self._pairs()
            if planned.startswith('= ')
        ]
        return dataclasses.replace(
            self,
            requests=' + '.join(place for place, _planned in kept),
            faults=' + '.join(planned for _place, planned in kept),
        )

    @property
    def is_of_administrator(self) -> bool:
        """Whether an administrator runs the command."""
        return self.command.startswith('admin: ')

    def arguments(self, words: Words) -> list[str]:
        """Return the command line, with a format that can be compared."""
        command = self.command.removeprefix('admin: ')
        arguments = shlex.split(command.format(**words))
        # A Lister supports csv, but a ShowOne does not.
        form = 'json' if arguments[0] == 'show' else 'csv'
        return ['server', 'interface', *arguments, '-f', form]

    def inject(
        self, faults: answers.Faults, words: Words, endpoints: Words
    ) -> None:
        """Plan the faults of the line."""
        for place, planned in self._pairs():
            faults.plan(
                language.parse_place(place.format(**words)),
                *language.parse_faults(planned.removeprefix('= '), endpoints),
            )

    def _pairs(self) -> list[tuple[str, str]]:
        if not self.requests:
            return []
        return list(
            zip(
                self.requests.split(' + '),
                self.faults.split(' + '),
                strict=True,
            )
        )

    def expected_output(self, healthy: str, words: Words) -> str:
        """Return the expected output, given that of a healthy cloud."""
        heading, *rows = healthy.splitlines(keepends=True) or ['']
        match self.output.split():
            case ['same']:
                return healthy
            case ['none']:
                return ''
            case ['heading']:
                return heading
            case ['no', *names]:
                gone = [words[name] for name in names]
                return heading + ''.join(
                    row
                    for row in rows
                    if not any(name in row for name in gone)
                )
            case [number, 'rows']:
                return heading + ''.join(
                    rows[0].replace(words['two_port'], language.port_id(index))
                    for index in range(int(number))
                )
            case ['row', *cells]:
                shown = ' '.join(cells).replace('-empty-', '').split(', ')
                return heading + ','.join(f'"{cell}"' for cell in shown) + '\n'
            case ['without', *columns]:
                return _edited(healthy, empty=' '.join(columns).split(', '))
            case ['with', new, 'for', old]:
                return healthy.replace(f'"{old}"', f'"{new}"')
            case ['less', *columns]:
                return _edited(healthy, left_out=' '.join(columns).split(', '))
        raise ValueError(self.output)

    def expects(self, sent: str, methods: Iterable[str]) -> bool:
        """Return whether the requests are as planned.

        :param sent: How many were sent to each service.
        :param methods: The methods of those that were to change something.
        """
        numbers, planned = re.split('((?: [A-Z]+)*)$', self.sent)[:2]
        return fnmatch.fnmatchcase(sent, numbers) and (
            planned.split() == [*methods]
        )

    def expected_error(self, words: Words) -> str:
        """Make a regular expression for the expected standard error."""
        lines = self.error.split(' // ') if self.error else []
        text = re.escape(''.join(f'{line}\n' for line in lines))
        for name, value in words.items():
            text = text.replace(re.escape(f'{{{name}}}'), re.escape(value))
        return rf'\A{text}\Z'.replace(r'\.\.\.', '.*')


def saved(listed: str, words: Words) -> str:
    """Keep the servers one and two of a listing in JSON."""
    return json.dumps(
        [
            row
            for row in json.loads(listed)
            if row['Server ID'] != words['three']
        ]
    )


def cases() -> list[Case]:
    """Read the plan."""
    with PATH.open(encoding='utf-8', newline='') as file:
        lines = csv.reader(file, delimiter='|', quoting=csv.QUOTE_NONE)
        _heading, *rows = (
            [cell.strip() for cell in line] for line in lines if line
        )
    return [Case(*row) for row in rows]


def _edited(
    table: str, empty: Sequence[str] = (), left_out: Sequence[str] = ()
) -> str:
    """Empty some columns of a table in csv, and leave others out."""
    rows = list(csv.DictReader(io.StringIO(table)))
    written = io.StringIO()
    writer = csv.DictWriter(
        written,
        [column for column in rows[0] if column not in left_out],
        extrasaction='ignore',
        quoting=csv.QUOTE_ALL,
        lineterminator='\n',
    )
    writer.writeheader()
    writer.writerows(row | dict.fromkeys(empty, '') for row in rows)
    return written.getvalue()
