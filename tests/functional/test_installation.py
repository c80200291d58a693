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

import json
import pathlib
import re
import subprocess

from tests import environments
from tests.functional import base
from tests.functional import client

PACKAGE = 'osc_port_iface'

VERBS = (
    'check',
    'diff',
    'find',
    'list',
    'reach',
    'record',
    'repair',
    'show',
    'wait',
)

# Prints the files of the distribution, and whether it is the checkout.
INSPECTION = '''
import importlib.metadata
import json
found = importlib.metadata.distribution('osc-port-iface')
print(json.dumps({
    'files': [str(path) for path in found.files],
    'editable': 'editable' in (found.read_text('direct_url.json') or ''),
    'entry points': {
        point.name: point.value
        for point in found.entry_points
        if point.group == 'openstack.compute.v2'
    },
    'groups': sorted({point.group for point in found.entry_points}),
}))
'''


def python() -> pathlib.Path:
    """Return the interpreter; -P keeps the checkout off its path."""
    return client.program().with_name('python')


class TestInstallation(base.FunctionalTestCase):
    def inspect(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            subprocess.run(
                [python(), '-P', '-c', INSPECTION],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        return found

    def test_every_command_has_an_entry_point(self) -> None:
        expected = {'server_interface': f'{PACKAGE}.commands:Overview'} | {
            f'server_interface_{verb}': f'{PACKAGE}.commands:{verb.title()}'
            for verb in VERBS
        }
        found = self.inspect()
        self.assertEqual(expected, found['entry points'])
        self.assertEqual(['openstack.compute.v2'], found['groups'])

    def test_the_wheel_has_every_module_and_no_test(self) -> None:
        found = self.inspect()
        if found['editable']:
            self.skipTest('this environment runs the checkout itself')
        checkout = environments.CHECKOUT
        expected = {
            str(path.relative_to(checkout))
            for path in (checkout / PACKAGE).rglob('*')
            if path.suffix == '.py' or path.name == 'py.typed'
        }
        files = found['files']
        assert isinstance(files, list)
        installed = {
            name
            for name in files
            if not name.endswith('.pyc') and '.dist-info/' not in name
        }
        self.assertIn(f'{PACKAGE}/py.typed', installed)
        self.assertEqual(expected, installed)


# Runs ``openstack``, and prints a last line with its imports of a package.
TRACE = '''
import sys
from openstackclient import shell
package = sys.argv.pop(1)
try:
    shell.main()
finally:
    names = (n for n in sys.modules if n.partition('.')[0] == package)
    print(*sorted(names), sep=' ', file=sys.stderr)
'''


# Prints the installed commands below ``server interface``. If two have the
# same name, cliff silently uses the one that it finds last.
NAMES = '''
import importlib.metadata
for found in importlib.metadata.distributions():
    for point in found.entry_points:
        if point.name.startswith('server_interface_'):
            print(point.name)
'''


class TestOtherCommands(base.FunctionalTestCase):
    def imported(self, package: str, *arguments: str) -> list[str]:
        """Run a command, and return its imports of a package."""
        result = self.run_program(
            python(), '-P', '-c', TRACE, package, *arguments
        )
        self.assertEqual(0, result.status, result.stderr)
        return result.stderr.splitlines()[-1].split()

    def test_version_imports_nothing(self) -> None:
        self.assertEqual([], self.imported(PACKAGE, '--version'))

    def test_nobody_else_has_our_names(self) -> None:
        names = subprocess.run(
            [python(), '-P', '-c', NAMES],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        self.assertIn('server_interface_list', names)
        self.assertEqual(sorted(set(names)), sorted(names))

    def test_help_has_our_commands(self) -> None:
        shown = self.succeed('--help')
        self.assertIn('List the interfaces of servers', shown)
        self.assertNotIn('Could not', shown)

    def test_completion(self) -> None:
        shown = self.succeed('complete')
        self.assertIn("cmds_server_volume='", shown)
        (verbs,) = re.findall("cmds_server_interface='(.*)'", shown)
        self.assertEqual(list(VERBS), verbs.split())
        # Otherwise, they are offered after a dash only.
        self.assertNotIn('-', verbs)
        (options,) = re.findall("cmds_server_interface_list='(.*)'", shown)
        self.assertIn('--source', options.split())

    def test_our_options_are_nobody_elses(self) -> None:
        shown = self.succeed('server', 'list', '--help')
        self.assertNotIn('--source', shown)
