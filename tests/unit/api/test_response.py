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

import datetime
import io
import tracemalloc
import zlib

import fixtures
import requests
import testtools
import urllib3

from osc_port_iface.api import errors
from osc_port_iface.api import response as responses


def respond(**headers: str) -> responses.Response:
    return responses.Response(
        'Thing', 503, requests.structures.CaseInsensitiveDict(headers), b''
    )


class TestRetryAfter(testtools.TestCase):
    def test_every_shape(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        for name, value, expected in (
            ('seconds', '7', 7.0),
            ('white space', ' 7 ', 7.0),
            ('none', '0', 0.0),
            ('beyond the cap', '3600', 30.0),
            ('of many digits', '9' * 5000, 30.0),
            ('past date', 'Wed, 21 Oct 2015 07:28:00 GMT', 0.0),
            ('far date', 'Wed, 21 Oct 2099 07:28:00 GMT', 30.0),
            (
                'date without a zone',
                (now - datetime.timedelta(days=2)).strftime(
                    '%a, %d %b %Y %H:%M:%S'
                ),
                0.0,
            ),
            ('empty', '', 2.0),
            ('negative', '-1', 2.0),
            ('fraction', '1.5', 2.0),
            ('not a number', 'nan', 2.0),
            ('infinite', 'inf', 2.0),
            ('other digits', '\u0667', 2.0),
            ('superscript', '\u00b2', 2.0),
            ('words', 'soon', 2.0),
            ('two', '1, 2', 2.0),
            ('no such date', 'Wed, 99 Oct 2015 99:99:99 GMT', 2.0),
            ('no such year', 'Wed, 21 Oct 99999 07:28:00 GMT', 2.0),
            ('no such zone', 'Wed, 21 Oct 2015 07:28:00 +9999999', 2.0),
        ):
            with self.subTest(name):
                response = respond(**{'Retry-After': value})
                self.assertEqual(expected, response.retry_after(2.0))

    def test_missing(self) -> None:
        self.assertEqual(2.0, respond().retry_after(2.0))


class TestHeaders(testtools.TestCase):
    def test_request_id(self) -> None:
        for name in ('X-OpenStack-Request-ID', 'x-compute-request-id'):
            with self.subTest(name):
                self.assertEqual('r', respond(**{name: 'r'}).request_id)
        self.assertIsNone(respond().request_id)

    def test_date(self) -> None:
        self.assertEqual(
            datetime.datetime(2015, 10, 21, 7, 28, tzinfo=datetime.UTC),
            respond(Date='Wed, 21 Oct 2015 07:28:00 GMT').sent_at,
        )
        for name, headers in (('none', {}), ('broken', {'Date': 'today'})):
            with self.subTest(name):
                before = datetime.datetime.now(datetime.UTC)
                self.assertGreaterEqual(respond(**headers).sent_at, before)


class TestRead(testtools.TestCase):
    def read(self, raw: io.BytesIO, coding: str = '') -> responses.Response:
        answer = requests.Response()
        answer.status_code = 200
        answer.headers['Content-Encoding'] = coding
        answer.raw = urllib3.HTTPResponse(
            raw,
            headers={'Content-Encoding': coding},
            preload_content=False,
            decode_content=False,
        )
        return responses.read(answer, 'Thing')

    def test_whole(self) -> None:
        body = bytes(range(256)) * 1000
        compressor = zlib.compressobj(wbits=31)
        zipped = compressor.compress(body) + compressor.flush()
        for name, raw, coding in (
            ('plain', body, ''),
            ('identity', body, 'identity'),
            ('gzip', zipped, 'gzip'),
            ('GZIP', zipped, 'GZIP'),
            ('deflate', zlib.compress(body), 'deflate'),
        ):
            with self.subTest(name):
                found = self.read(io.BytesIO(raw), coding)
                self.assertEqual((200, body), (found.status, found.body))

    def limit(self, size: int) -> None:
        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.api.response.LARGEST_BODY', size
            )
        )

    def test_bound(self) -> None:
        self.assertEqual(64 * 1024**2, responses.LARGEST_BODY)
        self.limit(100_000)
        self.assertRaises(
            errors.TooLarge, self.read, io.BytesIO(bytes(100_001))
        )
        at_most = self.read(io.BytesIO(bytes(100_000)))
        self.assertEqual(100_000, len(at_most.body))

    def test_bomb_takes_bounded_memory(self) -> None:
        self.limit(1024**2)
        compressor = zlib.compressobj(9, wbits=31)
        block = bytes(1024**2)
        raw = b''.join(compressor.compress(block) for _number in range(256))
        answer = io.BytesIO(raw + compressor.flush())
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertRaises(errors.TooLarge, self.read, answer, 'gzip')
        _now, peak = tracemalloc.get_traced_memory()
        # The size of one decompressed chunk, and of its copies in urllib3.
        self.assertLess(peak, 64 * 1024**2)

    def test_broken(self) -> None:
        self.assertRaises(
            requests.exceptions.ContentDecodingError,
            self.read,
            io.BytesIO(b'not zipped'),
            'gzip',
        )
