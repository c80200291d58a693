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

import dataclasses
from http import client
from typing import Any
from urllib import parse

import requests

from osc_port_iface.api import errors
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import transport as api_transport
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

URL = f'{fake_cloud.COMPUTE_URL}/things'


@dataclasses.dataclass
class Thing:
    id: str
    colour: str | None = None


THINGS = paging.Collection('things', 'Things', reading.Record(Thing))


class Lister(paging.CollectionLister):
    """Lists things through a transport."""

    def __init__(self, transport: api_transport.Transport) -> None:
        super().__init__()
        self._transport = transport

    @property
    def transport(self) -> api_transport.Transport:
        return self._transport


class ListerOfFields(Lister):
    TAKES_FIELDS = True


def page(*ids: str, after: str | None = None) -> dict[str, object]:
    """Build a page, with a link to the rows after an ID."""
    body: dict[str, object] = {'things': [{'id': i} for i in ids]}
    if after:
        link = f'http://inside.test/things?marker={after}'
        body['things_links'] = [
            {'rel': 'previous', 'href': 'http://inside.test/things'},
            {'rel': 'next', 'href': link},
        ]
    return {'json': body}


class PagingTestCase(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lister = Lister(self.transport())

    def all(self, **query: list[str]) -> list[str]:
        answer = self.lister.list(THINGS, query=query)
        self.failures = answer.failures
        return [row.id for row in answer.rows]

    def asked(self, name: str) -> list[str | None]:
        """Return the value of a query parameter in each request."""
        return [query.get(name, [None])[0] for query in self.queries(URL)]


class TestPages(PagingTestCase):
    def test_all(self) -> None:
        self.answer(URL, page('a', 'b', after='b'), page('c'))
        self.assertEqual(['a', 'b', 'c'], self.all())
        self.assertEqual([None, 'b'], self.asked('marker'))
        # The host in the link is known to the service only.
        self.assertEqual(2, len(self.requested(URL)))

    def test_row_on_two_pages(self) -> None:
        self.answer(URL, page('a', 'b', after='b'), page('b', 'c'))
        self.assertEqual(['a', 'b', 'c'], self.all())

    def test_links(self) -> None:
        for name, links, expected in (
            ('null', None, 1),
            ('none', [], 1),
            ('previous', [{'rel': 'previous', 'href': URL}], 1),
            ('relative', [{'rel': 'next', 'href': '?marker=a'}], 2),
            ('no URL', [{'rel': 'next', 'href': 'http://[x?marker=a'}], 2),
        ):
            with self.subTest(name):
                first = {'things': [{'id': 'a'}], 'things_links': links}
                self.answer(URL, {'json': first}, page('b'))
                self.assertEqual(expected, len(self.all()))

    def test_links_that_lead_back(self) -> None:
        for name, pages in (
            ('to itself', [page('a', after='a')]),
            (
                'to the one before',
                [page('a', after='a'), page('b', after='b')] * 2,
            ),
        ):
            with self.subTest(name):
                self.answer(URL, *pages, page('a', after='a'))
                error = self.assertRaises(errors.Malformed, self.all)
                self.assertIn(
                    'the link to the next page leads back', str(error)
                )
                self.assertGreater(6, len(self.requested(URL)))

    def test_broken_rows(self) -> None:
        self.answer(
            URL,
            {'json': {'things': [{'id': 'a'}, {'id': 5}, {'id': 'b'}]}},
        )
        self.assertEqual(['a', 'b'], self.all())
        self.assertEqual(
            [
                'Things: the answer is not what the API describes: '
                'things[1].id is 5 (HTTP 200)'
            ],
            self.failures,
        )

    def test_failure_is_not_the_end(self) -> None:
        for status in (400, 403, 404, 500):
            with self.subTest(status=status):
                self.answer(URL, {'status_code': status})
                self.assertRaises(errors.ApiError, self.all)
        self.answer(URL, page('a', after='a'), {'status_code': 500})
        self.assertRaises(errors.ApiError, self.all)


class TestPageSize(PagingTestCase):
    def too_large_above(self, size: int, **failure: object) -> None:
        """Fail for pages that have, or may have, more rows than this."""

        def answer(
            request: requests.PreparedRequest, context: Any
        ) -> dict[str, object]:
            query = parse.parse_qs(parse.urlsplit(str(request.url)).query)
            if int(query.get('limit', ['100000'])[0]) > size:
                context.status_code = 504
            return {'things': [{'id': 'a'}]}

        self.cloud.get(URL, json=answer)

    def test_smaller_and_remembered(self) -> None:
        self.too_large_above(100)
        self.all()
        self.assertEqual([None, '200', '40'], self.asked('limit'))
        self.all()
        self.assertEqual('40', self.asked('limit')[-1])
        self.assertEqual(4, len(self.requested(URL)))
        self.assertEqual([], self.clock.slept)

    def test_timeout(self) -> None:
        self.answer(URL, {'exc': requests.exceptions.ReadTimeout}, page('a'))
        self.assertEqual(['a'], self.all())
        self.assertEqual([None, '200'], self.asked('limit'))

    def test_smallest(self) -> None:
        self.too_large_above(1)
        self.assertRaises(errors.TooLarge, self.all)
        # With the last, the service counts as down, and is asked once.
        asked = [None, '200', '40', '25', '25', '25', '25']
        self.assertEqual(asked, self.asked('limit'))
        self.assertRaises(errors.TooLarge, self.all)
        self.assertEqual([*asked, '25'], self.asked('limit'))

    def test_in_the_middle(self) -> None:
        self.answer(
            URL,
            page('a', after='a'),
            {'status_code': 504},
            page('b', after='b'),
            page('c'),
        )
        self.assertEqual(['a', 'b', 'c'], self.all())
        self.assertEqual([None, 'a', 'a', 'b'], self.asked('marker'))
        self.assertEqual([None, None, '200', '200'], self.asked('limit'))


class TestMarker(PagingTestCase):
    """The last row of a page is deleted before the next page is read."""

    def test_begins_again(self) -> None:
        for name, status in (('Neutron', 404), ('Nova', 400)):
            with self.subTest(name):
                self.cloud.reset_mock()
                self.answer(
                    URL,
                    page('a', 'b', after='b'),
                    {'status_code': status},
                    page('a', 'c', after='c'),
                    page('d'),
                )
                # The deleted row is not shown.
                self.assertEqual(['a', 'c', 'd'], self.all())
                self.assertEqual([None, 'b', None, 'c'], self.asked('marker'))

    def test_failures_are_not_told_twice(self) -> None:
        gone: dict[str, object] = {'status_code': 404}
        first: dict[str, object] = {
            'json': {
                'things': [{'id': 7}, {'id': 'b'}],
                'things_links': [{'rel': 'next', 'href': '?marker=b'}],
            }
        }
        self.answer(URL, first, gone, first, page('c'))
        self.assertEqual(['b', 'c'], self.all())
        self.assertEqual(1, len(self.failures))

    def test_three_times_at_most(self) -> None:
        gone: dict[str, object] = {'status_code': 404}
        self.answer(URL, *[page('a', after='a'), gone] * 4)
        self.assertRaises(errors.NothingThere, self.all)
        self.assertEqual([None, 'a'] * 4, self.asked('marker'))


class TestCollection(PagingTestCase):
    def test_fields(self) -> None:
        self.answer(URL, page('a'))
        lister = ListerOfFields(self.transport())
        lister.list(THINGS, query={'colour': ['red']})
        lister.list(THINGS.only('id'))
        self.lister.list(THINGS)
        self.assertEqual(
            [
                {'fields': ['id', 'colour'], 'colour': ['red']},
                {'fields': ['id']},
                {},
            ],
            self.queries(URL),
        )

    def test_that_cannot_be_read(self) -> None:
        for status, error in (
            (400, errors.BadRequest),
            (404, errors.NothingThere),
        ):
            with self.subTest(status):
                self.answer(URL, {'status_code': status})
                self.assertRaises(error, self.lister.list, THINGS)


class TestValues(PagingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lister = ListerOfFields(self.transport())

    def with_colours(self, *colours: str) -> list[str]:
        answer = self.lister.list(THINGS, 'colour', colours)
        self.failures = answer.failures
        return [row.id for row in answer.rows]

    def listing(self, longest: int = 100_000, status: int = 414) -> None:
        """Answer with a thing of each colour, unless the URL is too long."""

        def answer(
            request: requests.PreparedRequest, context: Any
        ) -> dict[str, object]:
            url = str(request.url)
            if len(url) > longest:
                context.status_code = status
            colours = parse.parse_qs(parse.urlsplit(url).query)['colour']
            return {'things': [{'id': c, 'colour': c} for c in colours]}

        self.cloud.get(URL, json=answer)

    def counts(self) -> list[int]:
        return [len(query['colour']) for query in self.queries(URL)]

    def test_nothing_costs_nothing(self) -> None:
        self.assertEqual([], self.with_colours())
        self.assertEqual([], self.requested(URL))

    def test_each_once(self) -> None:
        self.listing()
        self.assertEqual(['b', 'a'], self.with_colours('b', 'a', 'b'))
        self.assertEqual([2], self.counts())

    def test_batches_fit_a_url(self) -> None:
        self.listing()
        colours = [fake_cloud.identifier(number) for number in range(1000)]
        self.assertEqual(colours, self.with_colours(*colours))
        self.assertEqual(1000, sum(self.counts()))
        for request in self.requested(URL):
            self.assertGreater(8000, len(str(request.url)))

    def test_batches_are_halved_and_it_is_remembered(self) -> None:
        colours = [f'c{number:06}' for number in range(64)]
        for status in (414, 431, 504):
            with self.subTest(status=status):
                self.cloud.reset_mock()
                self.lister = ListerOfFields(self.transport())
                self.listing(longest=400, status=status)
                self.assertEqual(colours, self.with_colours(*colours))
                self.assertEqual([64, 32, 16, 16, 16, 16], self.counts())
                self.assertEqual(colours, self.with_colours(*colours))
                self.assertEqual([16] * 4, self.counts()[-4:])
                self.assertEqual([], self.clock.slept)

    def test_timeout_halves(self) -> None:
        self.answer(
            URL,
            {'exc': requests.exceptions.ReadTimeout},
            {'json': {'things': []}},
        )
        self.with_colours('a', 'b')
        self.assertEqual([2, 1, 1], self.counts())

    def test_proxy_that_closes_long_requests(self) -> None:
        def answer(request: requests.PreparedRequest, _context: Any) -> object:
            if len(str(request.url)) > 4000:
                raise requests.exceptions.ConnectionError(
                    'Aborted.'
                ) from client.RemoteDisconnected('No answer.')
            return {'things': []}

        self.cloud.get(URL, json=answer)
        self.with_colours(*map(fake_cloud.identifier, range(200)))
        self.assertEqual([159, 79, 79, 42], self.counts())
        self.assertEqual([], self.clock.slept)

    def test_one_that_is_too_long(self) -> None:
        self.listing(longest=10)
        self.assertRaises(errors.TooLarge, self.with_colours, 'a', 'b')
        self.assertEqual([2, 1], self.counts())

    def test_rows_that_do_not_match_are_dropped(self) -> None:
        self.answer(
            URL,
            {
                'json': {
                    'things': [
                        {'id': 'a', 'colour': 'red'},
                        {'id': 'b', 'colour': 'blue'},
                        {'id': 'c', 'colour': None},
                        {'id': 'd'},
                        {'id': 'e', 'colour': 'RED'},
                        {'id': 'a', 'colour': 'red'},
                    ]
                }
            },
        )
        self.assertEqual(['a', 'e'], self.with_colours('red'))

    def test_pages_of_a_batch(self) -> None:
        def thing(name: str) -> dict[str, str]:
            return {'id': name, 'colour': 'red'}

        link = [{'rel': 'next', 'href': '?colour=red&marker=a'}]
        first: dict[str, object] = {
            'json': {'things': [thing('a')], 'things_links': link}
        }
        self.answer(URL, first, {'json': {'things': [thing('b')]}})
        self.assertEqual(['a', 'b'], self.with_colours('red'))
        self.assertEqual([None, 'a'], self.asked('marker'))

    def test_broken_rows(self) -> None:
        self.answer(
            URL, {'json': {'things': [{'id': 'a', 'colour': 'red'}, {}]}}
        )
        self.assertEqual(['a'], self.with_colours('red'))
        self.assertEqual(1, len(self.failures))

    def test_bytes_that_are_no_text(self) -> None:
        self.assertRaises(errors.BadRequest, self.with_colours, '\udcff')
