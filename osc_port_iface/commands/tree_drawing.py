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

"""Draws a tree as text, and in the languages of Mermaid and Graphviz.

Names are free text, which must neither act on a terminal nor end a label.
"""

from collections.abc import Callable, Iterator
import itertools

from osc_port_iface.commands import terminal
from osc_port_iface.interfaces import topology
from osc_port_iface import printable

_BRANCH, _LAST_BRANCH = '├── ', '└── '
_BAR, _BLANK = '│   ', '    '

# Graphviz reads the entities of HTML, such as &lt;, in any label.
_ESCAPED_IN_DOT = str.maketrans({'\\': r'\\', '"': r'\"', '&': '&amp;'})

# What needs no escape in Mermaid.
_PLAIN = frozenset(' .,:-_/()')


def text(
    node: topology.Node,
    room: int | None = None,
    emphasize: Callable[[str], str] = str,
) -> Iterator[str]:
    """Draw a tree for people.

    :param node: Its root.
    :param room: The width of the terminal, into which lines are wrapped.
    :param emphasize: Colours mismatches.
    :returns: Its lines.
    """
    title, *facts = _label(node)
    marks = [f'! {mark}' for mark in map(printable.escape, node.mismatches)]
    if facts:
        title += f' ({", ".join(facts)})'
    left = max(room - len(_BLANK), len(_BLANK)) if room else None
    prefix = ''
    for line in (title, *marks):
        for part in terminal.wrap(line, left) if left else [line]:
            yield prefix + (part if line is title else emphasize(part))
            prefix = _BAR if node.children else _BLANK
    for child in node.children:
        is_last = child is node.children[-1]
        prefix = _LAST_BRANCH if is_last else _BRANCH
        for line in text(child, left, emphasize):
            yield prefix + line
            prefix = _BLANK if is_last else _BAR


def mermaid(node: topology.Node) -> Iterator[str]:
    """Draw a tree as a flowchart of Mermaid, as wikis and trackers show it."""
    yield 'graph LR'
    for number, parent, child in _numbered(node, itertools.count()):
        label = '<br>'.join(map(_in_mermaid, _all_lines(child)))
        yield f'  n{number}["{label}"]'
        if parent is not None:
            yield f'  n{parent} --> n{number}'
        if child.mismatches:
            yield f'  style n{number} stroke:red'


def dot(node: topology.Node) -> Iterator[str]:
    """Draw a tree in the language of Graphviz."""
    yield from ('digraph {', '  rankdir=LR', '  node [shape=box]')
    for number, parent, child in _numbered(node, itertools.count()):
        label = r'\n'.join(
            line.translate(_ESCAPED_IN_DOT) for line in _all_lines(child)
        )
        colour = ' color=red' if child.mismatches else ''
        yield f'  n{number} [label="{label}"{colour}]'
        if parent is not None:
            yield f'  n{parent} -> n{number}'
    yield '}'


# What people call the languages.
LANGUAGES = {'mermaid': mermaid, 'dot': dot}


def _numbered(
    node: topology.Node, numbers: Iterator[int], parent: int | None = None
) -> Iterator[tuple[int, int | None, topology.Node]]:
    """Return each node with its number and that of its parent."""
    number = next(numbers)
    yield number, parent, node
    for child in node.children:
        yield from _numbered(child, numbers, number)


def _label(node: topology.Node) -> list[str]:
    title = f'{node.kind} {node.name}'
    return [printable.escape(line) for line in (title, *node.facts)]


def _all_lines(node: topology.Node) -> list[str]:
    return [*_label(node), *map(printable.escape, node.mismatches)]


def _in_mermaid(line: str) -> str:
    """Write a line so that no character has a meaning in a label."""
    return ''.join(
        character
        if character.isalnum() or character in _PLAIN
        else f'#{ord(character)};'
        for character in line
    )
