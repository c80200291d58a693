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

from osc_port_iface.commands import check as check_command
from osc_port_iface.commands import metrics
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from tests.unit import base

ROOT = pathlib.Path(__file__).parents[3]
EXAMPLES = ROOT / 'doc' / 'source' / 'user' / 'examples'


def arguments(command: str) -> list[str]:
    """Return the arguments in a command line."""
    words = shlex.split(command.partition('>')[0])
    return words[words.index('check') + 1 :]


class TestExamples(base.ShellTestCase):
    def metrics(self) -> set[str]:
        """Return the names of all metrics."""
        path = pathlib.Path(self.create_file('')).with_name('x.prom')
        parsed_args = argparse.Namespace(metrics=path, metrics_by=[])
        result = check.CheckResult([], codes=codes.USUAL)
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
                for pattern in re.findall(r'code=~"([^"]*)"', rule['expr']):
                    for code in pattern.split('|'):
                        self.assertIn(code, set(codes.Code))
        self.assertIn('osc_port_iface_check_run_failed', used)

    def assert_accepted(self, command: str) -> None:
        """Check that the command has these options."""
        parser = check_command.CheckServerInterface(
            mock.Mock(), None
        ).get_parser('check')
        parsed = parser.parse_args(arguments(command))
        self.assertEqual('.prom', parsed.metrics.suffix)

    def test_systemd(self) -> None:
        for name in ('interfaces-check.service', 'interfaces-check.timer'):
            parser = configparser.ConfigParser(interpolation=None)
            parser.optionxform = str  # type: ignore[assignment,method-assign]
            parser.read_string((EXAMPLES / name).read_text())
            if 'Service' in parser:
                self.assert_accepted(parser['Service']['ExecStart'])
            else:
                self.assertEqual('*:0/30', parser['Timer']['OnCalendar'])

    def test_cron(self) -> None:
        text = (EXAMPLES / 'interfaces-check.cron').read_text()
        *settings, line = text.splitlines()
        self.assertEqual(['OS_CLOUD=admin'], settings)
        self.assertRegex(line, r'^(\S+ ){5} \S+  openstack server interface ')
        self.assert_accepted(line)


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
