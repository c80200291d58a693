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
from typing import Any

import fixtures
import testtools
from testtools import matchers
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
    f'"{SERVER}","w\\u202eeb, ""x""","{PORT}","10.0.0.1,2001:db8::1","",1500,'
    '"True","","a,b","10.0.0.9@m,10.0.0.8",'
    f'"101={PORT}"\n'
)


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
        ):
            with self.subTest(name=name):
                found = saved_listing.read(name, text.encode())
                ordered = dict(
                    zip(found.headers, found.interfaces[PORT], strict=True)
                )
                self.assertEqual(name, found.name)
                self.assertEqual(dict(zip(ROW, TEXTS, strict=True)), ordered)

    def test_numbers_stay_as_they_are_written(self) -> None:
        number = '9' * 5000
        for value in (number, f'-1.{number}', '1e999', 'NaN'):
            for text in (
                f'[{{"Port ID": "{PORT}", "MTU": {value}}}]',
                f'- Port ID: {PORT}\n  MTU: {value}\n',
                f'Port ID,MTU\n{PORT},{value}\n',
            ):
                with self.subTest(text=text[:60]):
                    found = saved_listing.read('x', text.encode())
                    self.assertEqual([PORT, value], found.interfaces[PORT])

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
        self.assertEqual(
            1, len({id(row[1]) for row in found.interfaces.values()})
        )


class TestNotAListing(testtools.TestCase):
    def assert_refused(self, expected: str, content: bytes) -> None:
        error = self.assertRaises(
            saved_listing.NotAListing, saved_listing.read, 'f', content
        )
        self.assertEqual(f'f, {expected}', str(error))

    def test_what_is_wrong_and_where(self) -> None:
        other = fake_cloud.identifier(12)
        not_ours = (
            "not what 'server interface list' writes with -f json, -f yaml or "
            '-f csv'
        )
        for name, text, expected in (
            ('empty', '', f'line 1, column 1: {not_ours}'),
            ('table', '+----+\n| Port ID |', f'line 1, column 1: {not_ours}'),
            ('prose', 'Port state\nx', f'line 1, column 1: {not_ours}'),
            ('no csv', 'The Port ID, x\n', f'line 1, column 1: {not_ours}'),
            (
                'one yaml mapping',
                f'Port ID: {PORT}\n',
                f'line 1, column 1: {not_ours}',
            ),
            (
                'white space that json has not',
                '\xa0[]',
                'line 1, column 1: not a list of interfaces',
            ),
            (
                'json object',
                '{"Port ID": 1}',
                'line 1, column 1: not a list of interfaces',
            ),
            (
                'json is cut off',
                '[\n  {"Port ID": "' + PORT + '"},\n  {"Port',
                'line 3, column 4: Unterminated string starting at',
            ),
            (
                'json without a comma',
                f'[{{"Port ID": "{PORT}"}}\n {{}}]',
                'line 2, column 2: a comma or the end of the list is missing',
            ),
            (
                'two json lists',
                '[]\n[]',
                'line 2, column 1: something follows the list',
            ),
            (
                'json of another kind',
                '[\n1]',
                'line 2, column 1: not an interface with columns',
            ),
            (
                'other columns',
                f'[{{"Port ID": "{PORT}"}},\n{{"Port ID": "{other}", "a": 1}}'
                ']',
                'line 2, column 1: other columns than the first interface',
            ),
            (
                'no port ID',
                '[{"ID": "x"}]',
                'line 1, column 2: there is no column Port ID',
            ),
            (
                'port ID of the cache',
                '[{"Port ID": null}]',
                "line 1, column 2: Port ID is '', which is not a UUID",
            ),
            (
                'server ID that is none',
                f'[{{"Port ID": "{PORT}", "Server ID": "../\\u001b"}}]',
                "line 1, column 2: Server ID is '../\\x1b', which is not a "
                'UUID',
            ),
            (
                'a port twice',
                f'[{{"Port ID": "{PORT}"}},\n {{"Port ID": "{PORT}"}}]',
                f'line 2, column 2: port {PORT} appears twice',
            ),
            (
                'a structure that nobody writes',
                f'[{{"Port ID": "{PORT}", "a": {{"b": [1]}}}}]',
                "line 1, column 2: a is {'b': ['1']}",
            ),
            (
                'an object of a list that nobody writes',
                f'[{{"Port ID": "{PORT}", "a": [{{"b": 1}}]}}]',
                "line 1, column 2: a is [{'b': '1'}]",
            ),
            (
                'a deep structure',
                f'[{{"Port ID": "{PORT}", "a": {"[" * 50}{"]" * 50}}}]',
                'line 1, column 2: a is [[[[[[[...]]]]]]]',
            ),
            (
                'deep json',
                '[' * 100_000,
                'line 1, column 2: nested too deeply',
            ),
            (
                'a column twice in json',
                f'[{{"Port ID": "{PORT}", "Tag": "", "Tag": "x"}}]',
                "line 1, column 2: 'Tag' appears twice",
            ),
            (
                'a column without a name in json',
                f'[{{"Port ID": "{PORT}", "": "x"}}]',
                'line 1, column 2: a column has no name',
            ),
            (
                'yaml with an error',
                f'- Port ID: {PORT}\n- Port ID: [\n',
                'line 3, column 1: ',
            ),
            (
                'yaml of another kind',
                f'- Port ID: {PORT}\n- 1\n',
                'line 2, column 3: not an interface with columns',
            ),
            (
                'yaml that refers to itself',
                f'- &a\n  Port ID: {PORT}\n  x: *a\n',
                'line 1, column 3: a tag or an anchor',
            ),
            (
                'two yaml documents',
                f'- Port ID: {PORT}\n---\n- 1\n',
                'line 2, column 1: something follows the list',
            ),
            (
                'yaml without a list',
                '--- {}\n',
                'line 1, column 5: not a list of interfaces',
            ),
            (
                'yaml that is an anchor',
                f'--- &a\n- Port ID: {PORT}\n',
                'line 1, column 5: a tag or an anchor',
            ),
            (
                'deep yaml',
                f'- Port ID: {PORT}\n  x: {"[" * 100_000}',
                'line 2, ',
            ),
            (
                'null as the name of a column in yaml',
                '- null: x\n',
                'line 1, column 3: a name that is not text',
            ),
            (
                'a list as the name of a column in yaml',
                f'- Port ID: {PORT}\n  ? [a]\n  : x\n',
                'line 2, column 5: a name that is not text',
            ),
            (
                'a mapping as a name in a value in yaml',
                f'- Port ID: {PORT}\n  x:\n    ? a: b\n    : c\n',
                'line 3, column 7: a name that is not text',
            ),
            (
                'a column twice in yaml',
                f"- Port ID: {PORT}\n  Tag: ''\n  Tag: x\n",
                "line 3, column 3: 'Tag' appears twice",
            ),
            (
                'yaml of UTF-16 without its mark',
                '-\x00 \x00',
                'line 1, column 2: control characters are not allowed',
            ),
            (
                'yaml that makes objects',
                '- !!python/object/apply:os.getcwd []\n',
                'line 1, column 3: a tag or an anchor',
            ),
            (
                'csv with too few fields',
                f'"Port ID","Tag"\n"{PORT}","x"\n"{other}"\n',
                'line 3, column 1: 1 fields below 2 headers',
            ),
            (
                'a column twice in csv',
                '"Port ID","Tag","Tag"\n',
                "line 1, column 1: 'Tag' appears twice",
            ),
            (
                'a column without a name in csv',
                'Port ID,\n',
                'line 1, column 1: a column has no name',
            ),
            (
                'csv without port IDs',
                '\n"Port State","Tag"\n',
                'line 2, column 1: there is no column Port ID',
            ),
            (
                'csv with an open quote',
                f'"Port ID","Tag"\n"{PORT}","x\n',
                'line 2, column 1: unexpected end of data',
            ),
        ):
            with self.subTest(name=name):
                error = self.assertRaises(
                    saved_listing.NotAListing,
                    saved_listing.read,
                    'f',
                    text.encode(),
                )
                if name in ('yaml with an error', 'deep yaml'):
                    # The rest of the message comes from the library.
                    self.assertThat(
                        str(error), matchers.StartsWith(f'f, {expected}')
                    )
                else:
                    self.assertEqual(f'f, {expected}', str(error))

    def test_the_yaml_parser_in_python(self) -> None:
        """It is used without libyaml, and checks less."""
        self.useFixture(
            fixtures.MonkeyPatch('yaml.CSafeLoader', yaml.SafeLoader)
        )
        no_character = 'an escape of a character that does not exist'
        start = f'- Port ID: {PORT}\n  x: '
        for value, expected in (
            ('"\x07"', '7: special characters are not allowed'),
            ('"\\U00110000"', f'3: {no_character}'),
            ('"\\UFFFFFFFF"', f'3: {no_character}'),
            ('{[]: 1}', '7: a name that is not text'),
        ):
            with self.subTest(value=value):
                self.assert_refused(
                    f'line 2, column {expected}', (start + value).encode()
                )

    def test_not_utf_8(self) -> None:
        self.assert_refused('line 2, column 2: not UTF-8', b'[\n \xff]')
        self.assert_refused(
            'line 1, column 1: not UTF-8', '[]'.encode('utf-16')
        )
