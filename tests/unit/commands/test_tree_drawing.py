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

"""How a tree is drawn."""

import testtools

from osc_port_iface.commands import colours
from osc_port_iface.commands import tree_drawing
from osc_port_iface.interfaces import topology

HOSTILE = 'a"b`c]d<br>e#quot;f\\N\n\x1b[2J%%;-->g&lt;'

TREE = topology.Node(
    'server',
    'web',
    ('ACTIVE', 'compute-1'),
    children=(
        topology.Node(
            'interface',
            'fa:16:3e:00:00:0b',
            ('ACTIVE',),
            ('address-differs: 10.0.0.9; expected: 10.0.0.5',),
            (topology.Node('network', 'net'),),
        ),
        topology.Node('interface', 'fa:16:3e:00:00:0c'),
    ),
)


class TestText(testtools.TestCase):
    def test_branches_and_marks(self) -> None:
        self.assertEqual(
            [
                'server web (ACTIVE, compute-1)',
                '├── interface fa:16:3e:00:00:0b (ACTIVE)',
                '│   │   ! address-differs: 10.0.0.9; expected: 10.0.0.5',
                '│   └── network net',
                '└── interface fa:16:3e:00:00:0c',
            ],
            list(tree_drawing.text(TREE)),
        )

    def test_colours(self) -> None:
        found = list(tree_drawing.text(TREE, 50, colours.warn))
        self.assertEqual(
            [
                '│   │   \x1b[31m! address-differs: 10.0.0.9; '
                'expected:\x1b[0m',
                '│   │   \x1b[31m10.0.0.5\x1b[0m',
            ],
            found[2:4],
        )

    def test_fits_the_terminal(self) -> None:
        self.assertEqual(
            [
                'server web (ACTIVE,',
                '│   compute-1)',
                '├── interface',
                '│   │   fa:16:3e:00:00:0b',
                '│   │   (ACTIVE)',
                '│   │   ! address-differs:',
                '│   │   10.0.0.9; expected:',
                '│   │   10.0.0.5',
                '│   └── network net',
                '└── interface',
                '        fa:16:3e:00:00:0c',
            ],
            list(tree_drawing.text(TREE, 28)),
        )

    def test_long_name(self) -> None:
        node = topology.Node('server', 'n' * 255, ('ACTIVE',))
        lines = list(tree_drawing.text(node, 80))
        self.assertEqual({True}, {len(line) <= 80 for line in lines})
        self.assertEqual(
            f'server{"n" * 255}(ACTIVE)',
            ''.join(lines).replace(' ', ''),
        )
        for room in (1, 4, 5):
            self.assertNotEqual([], list(tree_drawing.text(TREE, room)))

    def test_hostile_name(self) -> None:
        self.assertEqual(
            [r'server a"b`c]d<br>e#quot;f\N\n\x1b[2J%%;-->g&lt;'],
            list(tree_drawing.text(topology.Node('server', HOSTILE))),
        )


class TestLanguages(testtools.TestCase):
    def test_mermaid(self) -> None:
        self.assertEqual(
            [
                'graph LR',
                '  n0["server web<br>ACTIVE<br>compute-1"]',
                '  n1["interface fa:16:3e:00:00:0b<br>ACTIVE<br>'
                'address-differs: 10.0.0.9#59; expected: 10.0.0.5"]',
                '  n0 --> n1',
                '  style n1 stroke:red',
                '  n2["network net"]',
                '  n1 --> n2',
                '  n3["interface fa:16:3e:00:00:0c"]',
                '  n0 --> n3',
            ],
            list(tree_drawing.mermaid(TREE)),
        )

    def test_dot(self) -> None:
        self.assertEqual(
            [
                'digraph {',
                '  rankdir=LR',
                '  node [shape=box]',
                r'  n0 [label="server web\nACTIVE\ncompute-1"]',
                r'  n1 [label="interface fa:16:3e:00:00:0b\nACTIVE\n'
                'address-differs: 10.0.0.9; expected: 10.0.0.5" color=red]',
                '  n0 -> n1',
                '  n2 [label="network net"]',
                '  n1 -> n2',
                '  n3 [label="interface fa:16:3e:00:00:0c"]',
                '  n0 -> n3',
                '}',
            ],
            list(tree_drawing.dot(TREE)),
        )

    def test_hostile_name(self) -> None:
        node = topology.Node('server', HOSTILE, (HOSTILE,))
        safe = (
            'a#34;b#96;c#93;d#60;br#62;e#35;quot#59;f#92;N#92;n#92;x1b#91;2J'
            '#37;#37;#59;--#62;g#38;lt#59;'
        )
        self.assertEqual(
            ['graph LR', f'  n0["server {safe}<br>{safe}"]'],
            list(tree_drawing.mermaid(node)),
        )
        safe = r'a\"b`c]d<br>e#quot;f\\N\\n\\x1b[2J%%;-->g&amp;lt;'
        self.assertEqual(
            rf'  n0 [label="server {safe}\n{safe}"]',
            list(tree_drawing.dot(node))[3],
        )
