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
import importlib
import inspect
import subprocess
import sys
from typing import Any
from unittest import mock

import testtools

from osc_port_iface import deferred


class TestDeferred(testtools.TestCase):
    def commands(self) -> list[type]:
        return [
            found
            for name, found in vars(deferred).items()
            if name.endswith('ServerInterface')
        ]

    def test_summaries_are_those_of_the_commands(self) -> None:
        self.assertEqual(5, len(self.commands()))
        for stand_in in self.commands():
            module = importlib.import_module(vars(stand_in)['module'])
            command = getattr(module, stand_in.__name__)
            self.assertEqual(
                (inspect.getdoc(command) or '').splitlines()[0],
                stand_in.__doc__,
            )
            self.assertIsInstance(stand_in(None, None), command)

    def test_is_the_command_in_all_but_its_description(self) -> None:
        for stand_in in self.commands():
            # As ``openstack --help`` and ``openstack complete`` make it.
            made: Any = stand_in(mock.Mock(), None)
            self.assertIs(stand_in, type(made))
            self.assertFalse(made.deprecated)
            self.assertEqual(stand_in.__doc__, made.get_description())
            command: Any = stand_in(None, None)
            self.assertEqual(
                command.get_parser('name').format_help(),
                made.get_parser('name').format_help(),
            )
            # What it reads is what it runs.
            self.assertIs(made.get_parser.__self__, made.run.__self__)

    def test_imports_nothing_of_the_package(self) -> None:
        program = (
            'import sys; from osc_port_iface import deferred; '
            'print(*sorted(n for n in sys.modules if "osc_port_iface" in n))'
        )
        self.assertEqual(
            'osc_port_iface osc_port_iface.deferred\n',
            subprocess.run(
                [sys.executable, '-S', '-c', program],
                check=True,
                capture_output=True,
                text=True,
            ).stdout,
        )
