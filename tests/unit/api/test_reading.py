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

from collections.abc import Callable
import datetime
import ipaddress
import json

import testtools

from osc_port_iface.api import errors
from osc_port_iface.api import reading
from osc_port_iface.api import response as responses
from tests.unit import fake_cloud

Read = Callable[[reading.Object], object]

ID = fake_cloud.identifier(1)


def read_body(value: object) -> reading.Object:
    body = json.dumps(value).encode()
    return reading.root(responses.Response('Thing', 200, {}, body))


class TestValues(testtools.TestCase):
    def test_right(self) -> None:
        cases: tuple[tuple[str, object, Read, object], ...] = (
            ('text', 'a', lambda o: o.text('k'), 'a'),
            ('text null', None, lambda o: o.text('k'), None),
            ('text empty', '', lambda o: o.text('k'), None),
            ('uuid', ID.upper(), lambda o: o.uuid('k'), ID),
            ('uuid empty', '', lambda o: o.uuid('k'), None),
            ('second key', 'a', lambda o: o.number_or_text('x', 'k'), 'a'),
            (
                'address',
                '2001:DB8::0',
                lambda o: o.parsed('k', ipaddress.ip_address),
                ipaddress.ip_address('2001:db8::'),
            ),
            ('number', 0, lambda o: o.value('k', int), 0),
            ('number null', None, lambda o: o.value('k', int), None),
            ('as text', 22, lambda o: o.number_or_text('k'), '22'),
            (
                'a range',
                '1:2',
                lambda o: o.number_or_text('k'),
                '1:2',
            ),
            ('flag', False, lambda o: o.value('k', bool), False),
            ('flag null', None, lambda o: o.value('k', bool), None),
            (
                'texts',
                ['a', 'b'],
                lambda o: o.all_parsed('k', str),
                ('a', 'b'),
            ),
            ('texts null', None, lambda o: o.all_parsed('k', str), ()),
            (
                'moment',
                '2026-01-02T03:04:05Z',
                lambda o: o.moment('k'),
                datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
            ),
            (
                'moment without a zone',
                '2026-01-02T03:04:05.000000',
                lambda o: o.moment('k'),
                datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
            ),
            ('part null', None, lambda o: dict(o.part('k').values), {}),
            (
                'items null',
                None,
                lambda o: o.items('k', lambda i: i),
                [],
            ),
            (
                'items',
                [{'a': 'b'}],
                lambda o: o.items('k', lambda i: i.text('a')),
                ['b'],
            ),
        )
        for name, value, read, expected in cases:
            with self.subTest(name):
                self.assertEqual(expected, read(read_body({'k': value})))

    def test_wrong(self) -> None:
        cases: tuple[tuple[str, object, Read, str], ...] = (
            ('null', None, lambda o: o.required('k', None), 'k is missing'),
            ('empty', '', lambda o: o.required('k', o.text('k')), "k is ''"),
            ('text', 1, lambda o: o.text('k'), 'k is 1'),
            ('list', [], lambda o: o.text('k'), 'k is []'),
            ('uuid', '../x', lambda o: o.uuid('k'), "k is '../x'"),
            (
                'address',
                '1.2.3',
                lambda o: o.parsed('k', ipaddress.ip_address),
                "k is '1.2.3'",
            ),
            ('number', True, lambda o: o.value('k', int), 'k is True'),
            ('number', 1.5, lambda o: o.value('k', int), 'k is 1.5'),
            ('flag', 1, lambda o: o.value('k', bool), 'k is 1'),
            ('moment', 'x', lambda o: o.moment('k'), "k is 'x'"),
            ('texts', 'ab', lambda o: o.all_parsed('k', str), "k is 'ab'"),
            ('in texts', [1], lambda o: o.all_parsed('k', str), 'k is 1'),
            ('nested', [], lambda o: o.nested('k'), 'k is []'),
            ('nested null', None, lambda o: o.nested('k'), 'k is missing'),
            ('items', {}, lambda o: o.items('k', lambda i: i), 'k is {}'),
            (
                'answer null',
                None,
                lambda o: o.answer('k', lambda i: i),
                'k is missing',
            ),
            (
                'terminal',
                '\x1b[2J\u202e',
                lambda o: o.uuid('k'),
                "k is '\\x1b[2J\\u202e'",
            ),
        )
        for name, value, read, problem in cases:
            with self.subTest(name):
                error = self.assertRaises(
                    errors.Malformed, read, read_body({'k': value})
                )
                self.assertEqual(
                    'Thing: the answer is not what the API describes: '
                    f'{problem} (HTTP 200)',
                    str(error),
                )

    def test_our_own_mistakes_are_not_the_services(self) -> None:
        def read(_item: reading.Object) -> None:
            raise AttributeError

        self.assertRaises(
            AttributeError, read_body({'k': [{}]}).items, 'k', read
        )


class TestItems(testtools.TestCase):
    def test_broken_ones_cost_a_line_each(self) -> None:
        root = read_body(
            {
                'rows': [
                    {'id': 'a'},
                    None,
                    {'id': 7},
                    {'id': 'b', 'of': {'n': 'x'}},
                    {'id': 'c'},
                ]
            }
        )

        def read(row: reading.Object) -> str:
            row.part('of').value('n', int)
            return row.required('id', row.text('id'))

        self.assertEqual(['a', 'c'], root.items('rows', read))
        self.assertEqual(
            [
                'Thing: the answer is not what the API describes: '
                f'{problem} (HTTP 200)'
                for problem in (
                    'rows[1] is missing',
                    'rows[2].id is 7',
                    "rows[3].of.n is 'x'",
                )
            ],
            root.response.failures,
        )

    def test_intact_has_nothing_broken(self) -> None:
        def read(thing: reading.Object) -> list[str]:
            return thing.items(
                'parts', lambda part: part.required('id', part.text('id'))
            )

        root = read_body({'thing': {'parts': [{'id': 'a'}]}})
        self.assertEqual(['a'], root.intact('thing', read))
        root = read_body({'thing': {'parts': [{'id': 'a'}, {}]}})
        error = self.assertRaises(errors.Malformed, root.intact, 'thing', read)
        self.assertIn('thing.parts[1].id is missing', str(error))
