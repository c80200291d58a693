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

"""No argument chooses the URL that a token is sent to."""

import argparse
from collections.abc import Iterator
import contextlib
import pathlib
from typing import Any
from unittest import mock

import fixtures
import testtools

from tests.faults import plan
from tests.fuzz import in_process
from tests.unit import odd_cloud

UNSAFE_ARGUMENTS = (
    '../flavors',
    '..',
    'a/b',
    '?x=y',
    '#',
    '%2e%2e',
    '%2e%2e%2fflavors',
    ' ',
    'a;b',
    'http://elsewhere.test/',
    '\x1b[2J',
    '\u202e',
    'x' * 10_000,
)


def takes_text(action: argparse.Action) -> bool:
    """Return whether an argument is a text."""
    return action.nargs != 0 and not action.choices


def command_lines(command: Any, argument: str) -> Iterator[list[str]]:
    """Put an argument into each place of a command in turn."""
    parser = command(mock.Mock(), None).get_parser('command')
    actions = [action for action in parser._actions if takes_text(action)]
    for unsafe in actions:
        options, positional = [], []
        for action in actions:
            if action.option_strings:
                if action is unsafe:
                    options = [action.option_strings[-1], argument]
            elif action is unsafe:
                positional.append(argument)
            else:
                positional.append(odd_cloud.WORDS['one'])
        yield [*options, '--', *positional]


class TestArgumentSafety(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # Some arguments name a file to write, and these paths lead upwards.
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        inner = directory / 'of' / 'the' / 'test'
        inner.mkdir(parents=True)
        back = contextlib.chdir(inner)
        back.__enter__()
        self.addCleanup(back.__exit__, None, None, None)

    def test_every_argument_of_every_command(self) -> None:
        for name, command in in_process.command_classes().items():
            for argument in UNSAFE_ARGUMENTS:
                for line in command_lines(command, argument):
                    with self.subTest(command=name, line=line):
                        self.check(command, line)

    def check(self, command: Any, line: list[str]) -> None:
        services = in_process.Services()
        result = in_process.run(command, line, services)
        self.assertIn(result.status, (0, 1, 2, 3))
        if 'usage:' not in result.stderr:
            # argparse prints an argument as it is.
            self.assertNotRegex(result.stdout + result.stderr, plan.UNSAFE)
        for path in services.paths:
            self.assertRegex(path, rf'\A(?x:{in_process.PATHS.pattern})\Z')
