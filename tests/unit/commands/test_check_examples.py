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

"""The examples of the guide, and its page of findings."""

import argparse
import configparser
import pathlib
import re
import shlex
from unittest import mock

import testtools
import yaml

from osc_port_iface.commands import metrics
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import snapshot
from tests import declared
from tests.unit import base

ROOT = pathlib.Path(__file__).parents[3]
EXAMPLES = ROOT / 'doc' / 'source' / 'user' / 'examples'


def parse(command: str) -> argparse.Namespace:
    """Read a command line with the parser of its command."""
    words = shlex.split(command.partition('>')[0])
    verb, *arguments = words[words.index('interface') + 1 :]
    (loaded,) = (
        point.load()
        for point in declared.entry_points()
        if point.name == f'server_interface_{verb}'
    )
    parser = loaded(mock.Mock(), None).get_parser(verb)
    parsed: argparse.Namespace = parser.parse_args(arguments)
    return parsed


class TestExamples(base.ShellTestCase):
    def metrics(self) -> set[str]:
        """Return the names of all metrics."""
        path = pathlib.Path(self.create_file('')).with_name('x.prom')
        parsed_args = argparse.Namespace(metrics=path, metrics_by=[])
        first = snapshot.Snapshot(codes=codes.USUAL)
        result = check.CheckResult([], checked=first)
        metrics.write(parsed_args, {'': result}, 0.0)
        text = ''.join(file.read_text() for file in path.parent.glob('*.prom'))
        return set(re.findall(r'^# TYPE (\S+) gauge$', text, re.MULTILINE))

    def test_alerts(self) -> None:
        rules = yaml.safe_load(
            (EXAMPLES / 'interfaces-rules.yaml').read_text()
        )
        (group,) = rules['groups']
        known = self.metrics()
        used = set()
        severities: list[str] = []
        for rule in group['rules']:
            with self.subTest(rule['alert']):
                self.assertEqual(
                    {'alert', 'expr', 'labels', 'annotations'},
                    rule.keys() - {'for'},
                )
                names = set(re.findall(r'osc_port_iface_\w+', rule['expr']))
                self.assertNotEqual(set(), names)
                self.assertEqual(set(), names - known)
                used |= names
                severities += re.findall(r'severity="(\w*)"', rule['expr'])
        self.assertIn('osc_port_iface_check_run_failed', used)
        self.assertEqual(
            [codes.Severity.CRITICAL, codes.Severity.WARNING], severities
        )

    def assert_accepted(self, name: str, command: str) -> None:
        """Check that a job is a command line, and where it writes."""
        parsed = parse(command)
        if name.startswith('interfaces-check'):
            self.assertEqual('.prom', parsed.metrics.suffix)
        else:
            self.assertEqual('/var/lib/interfaces/journal', parsed.journal)

    def test_systemd(self) -> None:
        for name, period in (
            ('interfaces-check', '*:0/30'),
            ('interfaces-record', 'hourly'),
        ):
            with self.subTest(name):
                service, timer = (
                    self.unit(f'{name}.{kind}')
                    for kind in ('service', 'timer')
                )
                self.assert_accepted(name, service['Service']['ExecStart'])
                self.assertEqual(period, timer['Timer']['OnCalendar'])

    def unit(self, name: str) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string((EXAMPLES / name).read_text())
        return parser

    def test_cron(self) -> None:
        for name in ('interfaces-check', 'interfaces-record'):
            with self.subTest(name):
                text = (EXAMPLES / f'{name}.cron').read_text()
                *settings, line = text.splitlines()
                self.assertEqual(['OS_CLOUD=admin'], settings)
                self.assertRegex(
                    line, r'^(\S+ ){5} \S+  openstack server interface '
                )
                self.assert_accepted(name, line)


class TestFindingsPage(testtools.TestCase):
    """Each code has a row and a section, in the order of severity."""

    def setUp(self) -> None:
        super().setUp()
        self.text = (EXAMPLES.parent / 'findings.rst').read_text()

    def test_rows(self) -> None:
        rows = re.findall(
            r'^   \* - :ref:`([\w-]+) <finding-\1>`\n     - (\w+)\n'
            r'     - \S.*\n     - \S.*\n     - ``openstack [^\n]*``$',
            self.text,
            re.MULTILINE,
        )
        self.assertEqual([(code, code.severity) for code in codes.Code], rows)
        ranks = [code.severity.rank for code in codes.Code]
        self.assertEqual(sorted(ranks), ranks)

    def test_sections(self) -> None:
        _table, *sections = re.split(
            r'^\.\. _finding-([\w-]+):\n', self.text, flags=re.MULTILINE
        )
        self.assertEqual(list(codes.Code), sections[::2])
        for code, section in zip(*[iter(sections)] * 2, strict=True):
            with self.subTest(code):
                text, *_rest = re.split(
                    r'^(?:\.\. _|What)', section, maxsplit=1, flags=re.M
                )
                _empty, title, line, body = text.split('\n', 3)
                self.assertEqual((code, '=' * len(code)), (title, line))
                lines = [line for line in body.splitlines() if line.strip()]
                self.assertLessEqual(len(lines), 12)
                self.assertIn('Cause', lines)
                self.assertIn('Repair', lines)
