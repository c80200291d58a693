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
import io
import json
from typing import Any, Literal
from unittest import mock

import testtools
import yaml

from osc_port_iface.interfaces.changes import saved_listing
from tests.unit import fake_cloud

PORT = fake_cloud.identifier(11)
SERVER = fake_cloud.identifier(1)

ROW: dict[str, Any] = {
    'Server ID': SERVER,
    'Server Name': 'w\u202eeb, "x"',
    'Port ID': PORT,
    'Fixed IPs': [
        fake_cloud.fixed_ip('10.0.0.1'),
        fake_cloud.fixed_ip('2001:db8::1', 901),
    ],
    'Tag': None,
    'MTU': 1500,
    'Port Security': True,
    'Port Tags': [],
    'Security Groups': ['a', 'b'],
    'Allowed Address Pairs': [
        {'ip_address': '10.0.0.9', 'mac_address': 'm'},
        {'ip_address': '10.0.0.8', 'mac_address': None},
    ],
    'Subports': [
        {
            'port_id': PORT,
            'segmentation_type': 'vlan',
            'segmentation_id': 101,
            'mac_address': 'm',
        }
    ],
}

TEXTS = [
    SERVER,
    'w\\u202eeb, "x"',
    PORT,
    '10.0.0.1,2001:db8::1',
    '',
    '1500',
    'True',
    '',
    'a,b',
    '10.0.0.9@m,10.0.0.8',
    f'101={PORT}',
]

CSV = (
    '"Server ID","Server Name","Port ID","Fixed IPs","Tag","MTU",'
    '"Port Security","Port Tags","Security Groups","Allowed Address Pairs",'
    '"Subports"\n'
    f'"{SERVER}","w\\\\u202eeb, ""x""","{PORT}",'
    '"10.0.0.1,2001:db8::1","",1500,'
    '"True","","a,b","10.0.0.9@m,10.0.0.8",'
    f'"101={PORT}"\n'
)


NOT_TAGGED = 'a value is not what its tag says'
NOT_OURS = (
    "not what 'server interface list' writes with -f json, -f yaml or -f csv, "
    'with commas and the column Port ID'
)


def _csv(quoting: Literal[0, 1, 2, 3]) -> str:
    """Write the row as cliff does."""
    written = io.StringIO()
    writer = csv.writer(
        written, quoting=quoting, lineterminator='\n', escapechar='\\'
    )
    writer.writerow(ROW)
    writer.writerow(TEXTS)
    return written.getvalue()


class TestRead(testtools.TestCase):
    def test_each_format(self) -> None:
        for name, text in (
            ('json', json.dumps([ROW], indent=2)),
            ('json on one line', json.dumps([ROW], ensure_ascii=False)),
            ('json as PowerShell saves it', '\ufeff' + json.dumps([ROW])),
            ('yaml', yaml.safe_dump([ROW], sort_keys=False)),
            ('yaml document', '---\n' + yaml.safe_dump([ROW])),
            ('csv', CSV),
            ('csv of Windows', CSV.replace('\n', '\r\n')),
            ('csv --quote all', _csv(csv.QUOTE_ALL)),
            ('csv --quote minimal', _csv(csv.QUOTE_MINIMAL)),
            ('csv --quote none', _csv(csv.QUOTE_NONE)),
            ('csv --quote nonnumeric', _csv(csv.QUOTE_NONNUMERIC)),
        ):
            with self.subTest(name=name):
                found = saved_listing.read(name, text.encode())
                self.assertEqual(name, found.name)
                self.assertEqual(ROW.keys(), set(found.headers))
                self.assertEqual(
                    {PORT: dict(zip(ROW, TEXTS, strict=True))},
                    found.interfaces,
                )

    def test_as_other_systems_encode_it(self) -> None:
        expected = saved_listing.read('x', CSV.encode()).interfaces
        for encoding, mark in (
            ('utf-8-sig', ''),
            ('utf-16', ''),
            ('utf-16-le', '\ufeff'),
            ('utf-16-be', '\ufeff'),
        ):
            with self.subTest(encoding):
                text = mark + CSV.replace('\n', '\r\n')
                found = saved_listing.read('x', text.encode(encoding))
                self.assertEqual(expected, found.interfaces)

    def test_the_same_address_in_another_case(self) -> None:
        for mac_address, expected in (
            ('FA:16:3E:00:00:01', 'fa:16:3e:00:00:01'),
            ('fa-16-3e-00-00-01', 'fa:16:3e:00:00:01'),
            ('no address', 'no address'),
            (None, ''),
        ):
            with self.subTest(mac_address):
                row = {'Port ID': PORT.upper(), 'MAC Address': mac_address}
                found = saved_listing.read('x', json.dumps([row]).encode())
                self.assertEqual(
                    {PORT: {'Port ID': PORT, 'MAC Address': expected}},
                    found.interfaces,
                )

    def test_a_forwarding_of_another_release(self) -> None:
        floating_ip = {
            'floating_ip_address': '192.0.2.9',
            'external_port': '2201',
        }
        self.assertEqual(
            '192.0.2.9:2201->:22/,192.0.2.9:2201->:/',
            saved_listing.as_text(
                [
                    {**floating_ip, 'internal_port': '22', 'id': 'f1'},
                    floating_ip,
                ]
            ),
        )

    def test_nothing(self) -> None:
        header = CSV.partition('\n')[0]
        for text in ('[]', ' [ ]\n', header, header + '\n'):
            with self.subTest(text=text):
                found = saved_listing.read('x', text.encode())
                self.assertEqual({}, found.interfaces)

    def test_more_rows_than_are_parsed_at_a_time(self) -> None:
        rows = [
            {'Port ID': fake_cloud.identifier(number), 'Tag': '- \n- x'}
            for number in range(1100)
        ]
        for text in (json.dumps(rows), yaml.safe_dump(rows)):
            found = saved_listing.read('x', text.encode())
            self.assertEqual(
                [row['Port ID'] for row in rows], list(found.interfaces)
            )

    def test_equal_texts_are_kept_once(self) -> None:
        """This limits the memory for a hundred thousand rows."""
        rows = [
            {'Port ID': fake_cloud.identifier(number), 'Network ID': SERVER}
            for number in range(100)
        ]
        found = saved_listing.read('x', json.dumps(rows).encode())
        texts = [row['Network ID'] for row in found.interfaces.values()]
        self.assertEqual(1, len(set(map(id, texts))))


class TestNotAListing(testtools.TestCase):
    def problem(self, content: bytes) -> str:
        error = self.assertRaises(
            saved_listing.NotAListing, saved_listing.read, 'f', content
        )
        name, _separator, problem = str(error).partition(': ')
        self.assertEqual('f', name)
        self.assertNotIn('\n', problem)
        return problem

    def test_what_is_wrong_and_with_which_row(self) -> None:
        other = fake_cloud.identifier(12)
        port = f'"Port ID": "{PORT}"'
        for name, text, expected in (
            ('empty', '', NOT_OURS),
            ('table', '+----+\n| Port ID |', NOT_OURS),
            ('prose', 'Port state\nx', NOT_OURS),
            ('no csv', 'The Port ID, x\n', NOT_OURS),
            ('one yaml mapping', f'Port ID: {PORT}\n', NOT_OURS),
            ('csv of a spreadsheet', f'Port ID;Tag\n{PORT};a\n', NOT_OURS),
            ('csv without port IDs', '"Port State","Tag"\n', NOT_OURS),
            ('json object', f'{{{port}}}', 'not a list of interfaces'),
            ('yaml without a list', '--- {}\n', 'not a list of interfaces'),
            *(
                ('yaml with a tag', f'- {text}\n', NOT_TAGGED)
                for text in ('!!timestamp x', '!!bool x', '!!int ""')
            ),
            ('deep json', '[' * 100_000, 'nested too deeply'),
            (
                'json of another kind',
                f'[{{{port}}}, 1]',
                'row 2: not an interface with columns',
            ),
            (
                'other columns',
                f'[{{{port}}}, {{"Port ID": "{other}", "a": 1}}]',
                'row 2: other columns than the first interface',
            ),
            (
                'no port ID',
                '[{"ID": "x"}]',
                'row 1: there is no column Port ID',
            ),
            (
                'port ID of the cache',
                '[{"Port ID": null}]',
                'row 1: Port ID is empty, as in a listing with --source cache',
            ),
            (
                'server ID that is none',
                f'[{{{port}, "Server ID": "../\\u001b"}}]',
                "row 1: Server ID is '../\\x1b', which is not a UUID",
            ),
            (
                'a port twice',
                f'[{{{port}}}, {{{port.upper().replace("PORT", "Port")}}}]',
                f'row 2: port {PORT} appears twice',
            ),
            (
                'a structure that nobody writes',
                f'[{{{port}, "a": {{"b": [1]}}}}]',
                "row 1: a is {'b': [1]}",
            ),
            (
                'an object of a list that nobody writes',
                f'[{{{port}, "a": [{{"b": 1}}]}}]',
                "row 1: a is [{'b': 1}]",
            ),
            (
                'a deep structure',
                f'[{{{port}, "a": {"[" * 50}{"]" * 50}}}]',
                'row 1: a is [[[[[[[...]]]]]]]',
            ),
            (
                'a number that nobody writes',
                f'[{{{port}, "a": 1e999}}]',
                'row 1: a is inf',
            ),
            (
                'a column without a name in json',
                f'[{{{port}, "": "x"}}]',
                'row 1: a column has no name',
            ),
            (
                'null as the name of a column in yaml',
                f'- Port ID: {PORT}\n  null: x\n',
                'row 1: a column has no name',
            ),
            (
                'a date in yaml',
                f'- Port ID: {PORT}\n  x: 2026-01-01\n',
                'row 1: x is datetime.date(2026, 1, 1)',
            ),
            (
                'csv with too few fields',
                f'"Port ID","Tag"\n"{PORT}","x"\n"{other}"\n',
                'row 2: other columns than the first interface',
            ),
            (
                'csv with too many fields',
                f'"Port ID","Tag"\n"{PORT}","x"\n"{other}","x","y"\n',
                'row 2: other columns than the first interface',
            ),
            (
                'csv with too many fields from the beginning',
                f'"Port ID","Tag"\n"{PORT}","x","y"\n',
                'row 1: a column has no name',
            ),
            (
                'csv with an open quote',
                f'"Port ID","Tag"\n"{PORT}","x\n',
                'after line 1: unexpected end of data',
            ),
        ):
            with self.subTest(name):
                self.assertEqual(expected, self.problem(text.encode()))

    def test_what_a_parser_refuses(self) -> None:
        start = f'- Port ID: {PORT}\n  x: '
        for text in (
            '[\n  {"Port ID": "' + PORT + '"},\n  {"Port',
            '[]\n[]',
            f'[{{"Port ID": "{PORT}"}} {{}}]',
            f'[{{"Port ID": {"9" * 5000}}}]',
            f'- Port ID: {PORT}\n- Port ID: [\n',
            f'- Port ID: {PORT}\n---\n- 1\n',
            f'- Port ID: {PORT}\n  ? [a]\n  : x\n',
            '-\x00 \x00',
            '- !!python/object/apply:os.getcwd []\n',
            start + '"\x07"',
            start + '"\\U00110000"',
            start + '"\\UFFFFFFFF"',
            start + '2026-99-99',
            start + '{[]: 1}',
            f'- &a\n  Port ID: {PORT}\n  x: *a\n',
        ):
            for loader in (yaml.CSafeLoader, yaml.SafeLoader):
                with (
                    self.subTest(text[:60], loader=loader.__name__),
                    mock.patch.object(yaml, 'CSafeLoader', loader),
                ):
                    self.assertNotIn(NOT_OURS, self.problem(text.encode()))

    def test_where_it_is_cut_off(self) -> None:
        for text, place in (
            (f'[\n  {{"Port ID": "{PORT}"}},\n  {{"Port', 'line 3 column 4'),
            (f'- Port ID: "{PORT}"\n- Port ID: "ab', 'line 2, column 15'),
        ):
            with self.subTest(text):
                self.assertIn(place, self.problem(text.encode()))

    def test_another_encoding(self) -> None:
        for content in (b'[\n \xff]', b'\xff\xfe\x00\xd8', b'\xfe\xff[]\n'):
            self.assertEqual(
                'neither UTF-8 nor UTF-16 with a byte order mark',
                self.problem(content),
            )
