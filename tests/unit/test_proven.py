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

import csv
import json

import testtools

from osc_port_iface.interfaces.health import codes
from tests.functional import proven


class TestSeen(testtools.TestCase):
    def test_command(self) -> None:
        for arguments, stdout, expected in (
            (('server', 'interface', 'list'), 'rows', {'list'}),
            (('server', 'interface', 'list'), '', set()),
            (('server', 'list'), 'rows', set()),
        ):
            with self.subTest(arguments=arguments, stdout=stdout):
                self.assertEqual(expected, proven.seen(arguments, stdout))

    def test_findings(self) -> None:
        rows = [{'Finding': 'unbound'}, {'Finding': 'port-down'}, {}]
        self.assertEqual(
            {'check', 'check unbound', 'check port-down'},
            proven.seen(('server', 'interface', 'check'), json.dumps(rows)),
        )

    def test_only_what_was_repaired(self) -> None:
        rows = [
            {'Finding': 'unbound', 'Result': 'repaired'},
            {'Finding': 'port-down', 'Result': 'still there'},
        ]
        self.assertEqual(
            {'repair', 'repair unbound'},
            proven.seen(('server', 'interface', 'repair'), json.dumps(rows)),
        )


class TestTable(testtools.TestCase):
    def test_everything_is_there(self) -> None:
        with proven.TABLE.open() as file:
            (_corner, *columns), *rows = csv.reader(file)
        self.assertEqual([*proven.clouds()], columns)
        self.assertEqual(
            [
                *(
                    f'``server interface {command}``'
                    for command in proven.commands()
                ),
                *(f'``{code}``' for code in sorted(codes.Code)),
            ],
            [name for name, *_releases in rows],
        )

    def test_what_was_proven_stays(self) -> None:
        """Tests may have run on some clouds, or only some tests."""
        before = (
            ',newest,older\n'
            '``server interface list``,yes,no\n'
            '``unbound``,found and repaired,found\n'
        )
        seen = {'newest': {'check unbound'}, 'older': {'repair unbound'}}
        rows = {
            name: cells
            for name, *cells in csv.reader(
                proven.table(before, seen).splitlines()
            )
        }
        self.assertEqual(['newest', 'older'], rows[''])
        self.assertEqual(['yes', 'no'], rows['``server interface list``'])
        self.assertEqual(['no', 'no'], rows['``server interface find``'])
        self.assertEqual(['found and repaired'] * 2, rows['``unbound``'])
