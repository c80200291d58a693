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

"""Limits what other ``openstack`` commands import of the plugin."""

import json
import os
import subprocess
import sys
from unittest import mock

from cliff import command
import testtools

from tests import declared

# Loads commands as cliff does (``CommandManager.load_commands``).
LOAD = """
import importlib
import json
import sys
from openstackclient import shell
before = set(sys.modules)
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


class TestStartUp(testtools.TestCase):
    def test_other_commands_import_little(self) -> None:
        modules = {point.module for point in declared.entry_points()}
        loaded = subprocess.run(
            [sys.executable, '-c', LOAD, *modules],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual(
            ['osc_port_iface', 'osc_port_iface.commands'],
            json.loads(loaded.stdout),
        )


class TestPostponed(testtools.TestCase):
    def test_cliff_makes_the_command(self) -> None:
        app = mock.Mock()
        for point in declared.entry_points():
            with self.subTest(point.name):
                stand_in = point.load()
                made = stand_in(app, None)
                self.assertIsInstance(made, command.Command)
                self.assertEqual(stand_in.name, type(made).__name__)
