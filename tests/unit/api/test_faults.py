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

import requests
import testtools

from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import response as responses


def respond(status: int, body: bytes, **headers: str) -> responses.Response:
    return responses.Response(
        'Thing', status, requests.structures.CaseInsensitiveDict(headers), body
    )


class TestWords(testtools.TestCase):
    """Each service and proxy has its message in a different place."""

    def test_found_wherever_they_stand(self) -> None:
        for body in (
            # Nova, Keystone, Neutron, Neutron's policy, Placement.
            b'{"conflictingRequest": {"code": 409, "message": "Why."}}',
            b'{"error": {"code": 409, "message": "Why.", "title": "C"}}',
            b'{"NeutronError": {"message": "Why.", "detail": ""}}',
            b'{"NeutronError": "Why."}',
            # Octavia.
            b'{"faultcode": "Client", "faultstring": "Why."}',
            b'{"errors": [{"status": 409, "title": "C", "detail": "Why."}]}',
            # Proxies.
            b'"Why."',
            b'Why.\n',
            b'<html>\n<head><title>Why.</title>\n</head><h1>409</h1></html>',
            b'<html><body><h1>Why.</h1>\nMore.\n</body></html>',
        ):
            with self.subTest(body=body):
                self.assertEqual(
                    'Thing: unexpected answer: Why. (HTTP 409)',
                    str(faults.explain(respond(409, body))),
                )

    def test_none(self) -> None:
        for body in (b'', b'{}', b'[]', b'null', b'{"a": 1}', b'[[], 2]'):
            with self.subTest(body=body):
                self.assertEqual(
                    'Thing: unexpected answer (HTTP 409)',
                    str(faults.explain(respond(409, body))),
                )

    def test_bytes_that_are_no_text(self) -> None:
        shown = str(faults.explain(respond(409, b'\xff\xfe{')))
        self.assertTrue(shown.startswith('Thing: unexpected answer: '), shown)
        self.assertTrue(shown.isprintable(), shown)


class TestOrigin(testtools.TestCase):
    def test_request_id(self) -> None:
        for name in ('X-OpenStack-Request-ID', 'X-Compute-Request-ID'):
            response = respond(409, b'', **{name: 'req-\x1b1'})
            self.assertEqual(
                'Thing: unexpected answer (HTTP 409, request ID req-\\x1b1)',
                str(faults.explain(response)),
            )


class TestMeaning(testtools.TestCase):
    def test_of_a_500(self) -> None:
        for name, text, advice in (
            (
                'Neutron is gone',
                "<class 'neutronclient.common.exceptions.ConnectionFailed'>",
                'Nova cannot reach Neutron: ',
            ),
            (
                'cell is down',
                "<class 'nova.exception.NovaException'>",
                "the cell that holds the server is down; 'openstack server "
                "show' with --os-compute-api-version 2.69 shows UNKNOWN if "
                'so: ',
            ),
            ('anything else', "<class 'KeyError'>", 'the service failed: '),
        ):
            with self.subTest(name):
                body = json.dumps({'computeFault': {'message': text}})
                error = faults.explain(respond(500, body.encode()))
                self.assertEqual(
                    f'Thing: {advice}{text} (HTTP 500)', str(error)
                )

    def test_untrusted_text(self) -> None:
        body = json.dumps({'message': '\x1b[2J\u202e\n' + 'x' * 10_000})
        shown = str(faults.explain(respond(400, body.encode())))
        self.assertTrue(shown.isprintable(), shown)
        self.assertLess(len(shown), 400)

    def test_markup_that_never_ends(self) -> None:
        body = b'<head' * 1_000_000
        shown = str(faults.explain(respond(502, body)))
        self.assertLess(len(shown), 400)

    def test_success_with_another_body(self) -> None:
        for body, problem, seen in (
            (b'', '', 'an empty body'),
            (b'<html>\n Hi', '', '<html> Hi'),
            (b'{}', 'servers is missing', 'servers is missing'),
        ):
            with self.subTest(body=body, problem=problem):
                error = faults.malformed(respond(200, body), problem)
                self.assertEqual(errors.Malformed, type(error))
                self.assertEqual(
                    'Thing: the answer is not what the API describes: '
                    f'{seen} (HTTP 200)',
                    str(error),
                )
