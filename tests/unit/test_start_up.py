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

SHARED = {
    'osc_port_iface',
    'osc_port_iface.commands',
    'osc_port_iface.commands.as_of',
    'osc_port_iface.commands.lister',
    'osc_port_iface.commands.plugin_command',
    'osc_port_iface.i18n',
}


class TestStartUp(testtools.TestCase):
    def test_other_commands_import_little(self) -> None:
        commands = {point.module for point in declared.entry_points()}
        self.assertIn('osc_port_iface.commands.list', commands)
        loaded = subprocess.run(
            [sys.executable, '-c', LOAD, *commands],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual(sorted(commands | SHARED), json.loads(loaded.stdout))
