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

"""Enforces the layers: each module imports only from those below it."""

import ast
import pathlib
import re

import testtools

import osc_port_iface
from tests import environments

PACKAGE = pathlib.Path(osc_port_iface.__path__[0])

# From top to bottom. A module may import from its own layer and from those
# after it.
LAYERS = ('commands', 'interfaces', 'api', '')

# The rooms of interfaces, likewise. A module that has no room is one itself.
ROOMS = (
    'repair',
    'waiting',
    'topology',
    'health',
    'listing',
    'owners',
    'changes',
    'path',
    'journal',
    'lookup',
    'selecting',
)

# The layers that may import these packages; other layers may not.
RESERVED = {
    'cliff': 'commands',
    'osc_lib.command': 'commands',
    'openstackclient': 'commands',
    'keystoneauth1': 'api',
    'openstack': 'api',
    'requests': 'api',
}

# What the texts of a layer must not contain: our options in api (those of OSC
# begin with --os-), paths and query strings in interfaces, HTTP in commands.
FORBIDDEN_TEXTS = {
    'api': r'--(?!os-)[a-z]',
    'interfaces': r'^/[a-z]|^[a-z_]+=|/v\d',
    'commands': r'^/[a-z]|\bHTTP\b',
}

# The module with the requests that change a cloud, and those that may use it.
WRITES = 'osc_port_iface.api.writing'
WRITING_MODULES = (
    'commands/repair.py',
    'commands/plan_text.py',
    'interfaces/repair/',
)

FORBIDDEN_NAMES = {'utils', 'common', 'helpers', 'constants'}


def imported_names(module: pathlib.Path) -> list[str]:
    """Return the dotted names that a module imports, wherever it does."""
    names = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f'{node.module}.{alias.name}' for alias in node.names]
    return names


def texts(module: pathlib.Path) -> list[str]:
    """Return the texts in a module, without its docstrings."""
    tree = ast.parse(module.read_text())
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


def layer_of(parts: tuple[str, ...]) -> str:
    return parts[0] if parts[0] in LAYERS else ''


class TestLayers(testtools.TestCase):
    def test_modules_import_only_what_stands_below(self) -> None:
        modules = sorted(PACKAGE.rglob('*.py'))
        self.assertNotEqual([], modules)
        wrong = []
        for module in modules:
            layer = layer_of(module.relative_to(PACKAGE).parts)
            for name in imported_names(module):
                package, *rest = name.split('.')
                if package == 'osc_port_iface':
                    target = layer_of(tuple(rest))
                    if LAYERS.index(target) < LAYERS.index(layer):
                        wrong.append(f'{module.name} imports {name}')
                for reserved, owner in RESERVED.items():
                    if f'{name}.'.startswith(f'{reserved}.') and (
                        layer != owner
                    ):
                        wrong.append(f'{module.name} imports {name}')
        self.assertEqual([], wrong)

    def test_rooms_import_only_what_stands_below(self) -> None:
        inside = f'{osc_port_iface.__name__}.interfaces.'
        wrong = []
        for module in sorted((PACKAGE / 'interfaces').rglob('*.py')):
            room = module.relative_to(PACKAGE / 'interfaces').parts[0]
            if room == '__init__.py':
                continue
            place = ROOMS.index(room.removesuffix('.py'))
            wrong += [
                f'{module.name} imports {name}'
                for name in imported_names(module)
                if name.startswith(inside)
                and ROOMS.index(name.removeprefix(inside).split('.')[0])
                < place
            ]
        self.assertEqual([], wrong)

    def test_the_drawing_has_each_room(self) -> None:
        guide = environments.CHECKOUT / 'CONTRIBUTING.rst'
        drawn = re.findall(r'│   (\w+)  ', guide.read_text())
        self.assertEqual(ROOMS, tuple(drawn))

    def test_only_the_journal_uses_a_database(self) -> None:
        importing = {
            module.parent.name
            for module in PACKAGE.rglob('*.py')
            for name in imported_names(module)
            if name.partition('.')[0] in ('sqlalchemy', 'sqlite3')
        }
        self.assertEqual({'journal'}, importing)

    def test_layers_know_only_their_own(self) -> None:
        for layer, pattern in FORBIDDEN_TEXTS.items():
            with self.subTest(layer):
                found = [
                    f'{module.name}: {text}'
                    for module in sorted((PACKAGE / layer).rglob('*.py'))
                    for text in texts(module)
                    if re.search(pattern, text)
                ]
                self.assertEqual([], found)

    def test_only_repair_writes(self) -> None:
        importing, sending = set(), set()
        for module in PACKAGE.rglob('*.py'):
            path = str(module.relative_to(PACKAGE))
            if WRITES in imported_names(module):
                importing.add(path)
            calls = {
                node.attr
                for node in ast.walk(ast.parse(module.read_text()))
                if isinstance(node, ast.Attribute)
            }
            if 'change' in calls:
                sending.add(path)
        self.assertNotEqual(set(), importing)
        self.assertEqual(
            [],
            [
                path
                for path in importing
                if not path.startswith(WRITING_MODULES)
            ],
        )
        self.assertEqual({'api/writing.py'}, sending)

    def test_modules_say_what_they_are_for(self) -> None:
        names = {module.stem for module in PACKAGE.rglob('*.py')}
        self.assertEqual(set(), names & FORBIDDEN_NAMES)
