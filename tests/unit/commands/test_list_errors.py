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

"""Each way in which Nova, Neutron or the network can fail the command."""

from typing import Any
from unittest import mock

import requests
from urllib3 import exceptions

from tests import command_result
from tests.unit import clock
from tests.unit.commands import test_list
from tests.unit import fake_cloud

WHAT = f'Interfaces of server {test_list.SERVER_ID}: '
NOVA = 'http://nova.test'
REQUEST_ID = {'x-openstack-request-id': 'req-1'}


class ErrorTestCase(test_list.ListTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())

    def answer(self, **answer: Any) -> None:
        if 'exc' not in answer:
            answer = {'headers': REQUEST_ID, **answer}
        self.cloud.get(test_list.INTERFACES_URL, **answer)

    def tries(self) -> int:
        return self.cloud.requested().count(f'GET {test_list.INTERFACES_URL}')


class TestStatuses(ErrorTestCase):
    def test_faults(self) -> None:
        for status, key, text, expected in (
            (400, 'badRequest', 'bad', 'the request was rejected'),
            (403, 'forbidden', 'Policy', 'this is not allowed'),
            (
                404,
                'itemNotFound',
                'Instance could not be found.',
                'not found; without administrator rights, a server of '
                'another project looks the same as one that does not exist',
            ),
            (
                405,
                'badMethod',
                'no',
                'the method is not allowed; is this endpoint really the '
                'service it is registered as?',
            ),
            (
                406,
                'notAcceptable',
                'Version 2.200 is not supported',
                'the microversion is not supported; choose another with '
                '--os-compute-api-version',
            ),
            (500, 'computeFault', 'Oops', 'the service failed'),
            (
                500,
                'computeFault',
                "<class 'neutronclient.common.exceptions.ConnectionFailed'>",
                'Nova cannot reach Neutron',
            ),
            (
                500,
                'computeFault',
                "<class 'nova.exception.NovaException'>",
                "the cell that holds the server is down; 'openstack server "
                "show' with --os-compute-api-version 2.69 shows UNKNOWN if "
                'so',
            ),
            (418, 'teapot', 'short', 'unexpected answer'),
        ):
            self.answer(
                status_code=status,
                json={key: {'code': status, 'message': text}},
            )
            self.assert_fails(
                self.list(test_list.SERVER_ID),
                f'{WHAT}{expected}: {text} (HTTP {status}, request ID req-1)',
            )
        self.assertEqual([], self.clock.slept)

    def test_server_is_called_what_the_user_called_it(self) -> None:
        self.cloud.register_servers(fake_cloud.server(1, 'web\x1b'))
        self.cloud.get(test_list.INTERFACES_URL, status_code=403, json={})
        self.assert_fails(
            self.list('web\x1b'),
            'Interfaces of server web\\x1b: this is not allowed (HTTP 403)',
        )

    def test_retried_statuses(self) -> None:
        for status, expected in (
            (429, 'too many requests; try again later'),
            (502, 'a proxy got no valid answer from the service'),
            (503, 'the service is not available; try again later'),
            (504, 'a proxy got no answer from the service in time'),
        ):
            self.cloud.reset_mock()
            self.clock.slept.clear()
            self.answer(status_code=status, text='', headers={})
            self.assert_fails(
                self.list(test_list.SERVER_ID),
                f'{WHAT}{expected} (HTTP {status})',
            )
            self.assertEqual(4, self.tries())
            self.assertEqual([1.0, 2.0, 4.0], self.clock.slept)

    def test_system_scoped_token(self) -> None:
        del self.environment['OS_PROJECT_NAME']
        del self.environment['OS_PROJECT_DOMAIN_ID']
        self.environment['OS_SYSTEM_SCOPE'] = 'all'
        self.cloud.register_authentication(system=True)
        self.answer(
            status_code=403,
            json={'forbidden': {'code': 403, 'message': 'Policy'}},
        )
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}this is not allowed; the token is not scoped to a '
            'project, and interfaces need one that is: Policy '
            '(HTTP 403, request ID req-1)',
        )

    def test_server_listing(self) -> None:
        self.cloud.get(
            test_list.SERVERS_URL,
            status_code=400,
            json={'badRequest': {'code': 400, 'message': 'bad regex'}},
        )
        self.assert_fails(
            self.list('web'),
            "Servers named 'web': the request was rejected: bad regex "
            '(HTTP 400)',
        )


class TestToken(ErrorTestCase):
    def test_renewed_once(self) -> None:
        self.cloud.get(
            test_list.INTERFACES_URL,
            [
                {'status_code': 401, 'json': {}},
                {'json': {'interfaceAttachments': []}},
            ],
        )
        self.cloud.register_tokens('first', 'second')
        self.assertEqual(0, self.list(test_list.SERVER_ID).status)
        self.assertEqual(2, self.tries())
        self.assertEqual('second', self.cloud.last_headers['X-Auth-Token'])

    def test_refused(self) -> None:
        self.answer(
            status_code=401,
            json={'error': {'code': 401, 'message': 'Unauthorized'}},
        )
        self.cloud.register_tokens('first', 'second')
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}the token was refused; it may be expired, revoked or '
            'limited by access rules, or the service behind this one does not '
            'accept it: Unauthorized (HTTP 401, request ID req-1)',
        )
        self.assertEqual(2, self.tries())


def _refused(url: str) -> requests.exceptions.ConnectionError:
    """Make what requests raises, with the exceptions of urllib3 in it."""
    refused = exceptions.NewConnectionError(
        mock.sentinel.connection, 'Failed to establish a new connection'
    )
    refused.__cause__ = ConnectionRefusedError(111, 'Connection refused')
    too_often = exceptions.MaxRetryError(mock.sentinel.pool, url, refused)
    too_often.__cause__ = refused
    error = requests.exceptions.ConnectionError(too_often)
    error.__cause__ = too_often
    return error


class TestConnection(ErrorTestCase):
    def test_refused(self) -> None:
        self.answer(exc=_refused(f'{test_list.INTERFACES_URL}?{"x" * 1000}'))
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}cannot connect to {NOVA}: connection refused '
            '(tried 4 times)',
        )
        self.assertEqual(4, self.tries())

    def test_reset_once(self) -> None:
        self.cloud.get(
            test_list.INTERFACES_URL,
            [
                {'exc': requests.exceptions.ConnectionError('reset')},
                {'json': {'interfaceAttachments': []}},
            ],
        )
        self.assertEqual(0, self.list(test_list.SERVER_ID).status)

    def test_tls(self) -> None:
        self.answer(exc=requests.exceptions.SSLError('self-signed'))
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}cannot connect to {NOVA}: self-signed',
        )
        self.assertEqual(1, self.tries())

    def test_authority_without_a_file(self) -> None:
        self.answer(exc=OSError('invalid path: /no/such/file'))
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}invalid path: /no/such/file',
        )
        self.assertEqual(1, self.tries())

    def test_read_timeout(self) -> None:
        self.answer(exc=requests.exceptions.ReadTimeout('slow'))
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}no answer within 90 seconds',
        )
        self.assertEqual(1, self.tries())

    def test_connect_timeout(self) -> None:
        self.answer(exc=requests.exceptions.ConnectTimeout('slow'))
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}no connection within 10 seconds',
        )
        self.assertEqual(1, self.tries())

    def test_cut_off(self) -> None:
        self.answer(exc=requests.exceptions.ChunkedEncodingError('cut'))
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}{NOVA} closed the connection without an answer (tried 4 '
            'times)',
        )
        self.assertEqual(4, self.tries())


class TestRetries(ErrorTestCase):
    def retry(self, retry_after: str) -> float:
        self.clock.slept.clear()
        self.cloud.get(
            test_list.INTERFACES_URL,
            [
                {'status_code': 503, 'headers': {'Retry-After': retry_after}},
                {'json': {'interfaceAttachments': []}},
            ],
        )
        self.assertEqual(0, self.list(test_list.SERVER_ID).status)
        return sum(self.clock.slept)

    def test_retry_after(self) -> None:
        for value, expected in (
            ('7', 7.0),
            ('0', 0.0),
            ('86400', 30.0),
            ('Thu, 01 Jan 1970 00:00:00 GMT', 0.0),
            ('Fri, 31 Dec 9999 23:59:59 GMT', 30.0),
            ('soon', 1.0),
            ('nan', 1.0),
        ):
            self.assertEqual(expected, self.retry(value))

    def test_visible_with_verbose(self) -> None:
        self.cloud.get(
            test_list.INTERFACES_URL,
            [
                {'status_code': 503},
                {'json': {'interfaceAttachments': []}},
            ],
        )
        result = self.openstack(
            '-v', 'server', 'interface', 'list', test_list.SERVER_ID
        )
        self.assertIn(
            f'{WHAT}HTTP 503; trying again in 1 s\n',
            result.stderr,
        )


class TestBodies(ErrorTestCase):
    def test_html_of_a_proxy(self) -> None:
        self.answer(
            status_code=502,
            headers={'Content-Type': 'text/html'},
            text='<html>\n<head><title>502 Bad\x1b[2J Gateway</title></head>\n'
            '<body><h1>Sorry</h1></body></html>',
        )
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'{WHAT}a proxy got no valid answer from the service: '
            '502 Bad\\x1b[2J Gateway (HTTP 502)',
        )

    def test_not_the_api(self) -> None:
        for text, seen in (
            ('', 'an empty body'),
            ('<html>log in</html>', '<html>log in</html>'),
            ('{"interfaceAtt', '{"interfaceAtt'),
            ('[]', '[]'),
            ('{}', 'interfaceAttachments is missing'),
            ('{"interfaceAttachments": 1}', 'interfaceAttachments is 1'),
            ('{"interfaceAttachments": {}}', 'interfaceAttachments is {}'),
            (
                '{"interfaceAttachments": [{}]}',
                'interfaceAttachments[0].port_id is missing',
            ),
        ):
            self.answer(text=text)
            self.assert_fails(
                self.list(test_list.SERVER_ID),
                f'{WHAT}the answer is not what the API describes: {seen} '
                '(HTTP 200, request ID req-1)',
            )

    def test_traceback_only_with_debug(self) -> None:
        self.answer(status_code=404, text='')
        result = self.openstack(
            '--debug', 'server', 'interface', 'list', test_list.SERVER_ID
        )
        self.assertIn('Traceback (most recent call last)', result.stderr)


class TestVersionDocument(ErrorTestCase):
    def assert_version_document_fails(self, message: str) -> None:
        self.assert_fails(
            self.list(test_list.SERVER_ID),
            f'Compute version document: {message}',
        )

    def test_connection_refused(self) -> None:
        self.cloud.get(
            fake_cloud.COMPUTE_URL,
            exc=_refused(fake_cloud.COMPUTE_URL),
        )
        self.assert_version_document_fails(
            f'cannot connect to {NOVA}: connection refused (tried 4 times)'
        )

    def test_unavailable(self) -> None:
        self.cloud.get(
            fake_cloud.COMPUTE_URL, status_code=503, text='<p>busy</p>'
        )
        self.assert_version_document_fails(
            'the service is not available; try again later: busy (HTTP 503)'
        )

    def test_not_needed_where_pinned(self) -> None:
        self.cloud.get(fake_cloud.COMPUTE_URL, status_code=503)
        self.cloud.register_interfaces(test_list.SERVER_ID)
        result = self.openstack(
            '--os-compute-api-version',
            '2.70',
            'server',
            'interface',
            'list',
            test_list.SERVER_ID,
        )
        self.assertEqual(0, result.status)
        self.assertEqual(
            'compute 2.70',
            self.cloud.last_headers['OpenStack-API-Version'],
        )

    def test_hidden_by_a_gateway(self) -> None:
        self.cloud.register_interfaces(
            test_list.SERVER_ID, fake_cloud.attachment(11, '10.0.0.5')
        )
        answers: tuple[dict[str, Any], ...] = (
            {'status_code': 403, 'text': '<p>Denied</p>'},
            {'status_code': 404, 'json': {'message': 'Api does not exist'}},
            {'text': '<html>Welcome</html>'},
            {'json': {'versions': []}},
        )
        for answer in answers:
            with self.subTest(answer):
                self.cloud.get(fake_cloud.COMPUTE_URL, **answer)
                result = self.list('-f', 'csv', test_list.SERVER_ID)
                self.assertEqual((0, ''), (result.status, result.stderr))
                self.assertEqual(
                    '"Port ID","Network ID","MAC Address","Fixed IPs",'
                    '"Port State"',
                    result.stdout.splitlines()[0],
                )
                self.assertNotIn(
                    'OpenStack-API-Version', self.cloud.last_headers
                )

    def test_hidden_tag(self) -> None:
        self.cloud.get(fake_cloud.COMPUTE_URL, status_code=404)
        self.cloud.register_interfaces(
            test_list.SERVER_ID, fake_cloud.attachment(11, '10.0.0.5')
        )
        self.assertEqual(
            command_result.Result(
                0,
                '10.0.0.5 \n',
                'Tag is empty: it needs compute API microversion 2.70 or '
                'above, and 2.1 is used.\n',
            ),
            self.list(
                test_list.SERVER_ID,
                '-f',
                'value',
                '-c',
                'Fixed IPs',
                '-c',
                'Tag',
            ),
        )
        self.assertEqual(
            command_result.Result(
                2,
                '',
                '--tag cannot be used here: it needs compute API microversion '
                '2.70 or above, and 2.1 is used.\n',
            ),
            self.list(test_list.SERVER_ID, '--tag', 'nic1'),
        )

    def test_passing_failure(self) -> None:
        available = {'json': self.cloud.compute_versions()}
        self.cloud.register_interfaces(test_list.SERVER_ID)
        self.cloud.get(
            fake_cloud.COMPUTE_URL,
            [
                {'status_code': 503},
                {'status_code': 503},
                available,
            ],
        )
        result = self.list('-f', 'json', test_list.SERVER_ID)
        self.assertEqual(0, result.status)
        self.assertEqual(
            'compute 2.70',
            self.cloud.last_headers['OpenStack-API-Version'],
        )

    def test_not_in_the_catalog(self) -> None:
        self.environment['OS_REGION_NAME'] = 'elsewhere'
        result = self.list(test_list.SERVER_ID)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            r'\A[^\n]*compute service in elsewhere region not found\n\Z',
        )
