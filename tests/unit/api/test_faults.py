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

import requests
import testtools

from osc_port_iface.api import faults


def respond(status: int, body: bytes, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body
    response.headers.update(headers)
    return response


class TestWords(testtools.TestCase):
    """Each service, and each proxy, puts its words somewhere else."""

    def test_found_wherever_they_stand(self) -> None:
        for body in (
            # Nova, Keystone, Neutron, Neutron's policy, Placement.
            b'{"conflictingRequest": {"code": 409, "message": "Why."}}',
            b'{"error": {"code": 409, "message": "Why.", "title": "C"}}',
            b'{"NeutronError": {"message": "Why.", "detail": ""}}',
            b'{"NeutronError": "Why."}',
            b'{"errors": [{"status": 409, "title": "C", "detail": "Why."}]}',
            # Proxies.
            b'"Why."',
            b'Why.\n',
            b'<html><head><title>409</title></head><p>Why.</p></html>',
            b'<style>p { color: red }</style><p>Why.</p>',
        ):
            self.assertEqual(
                'Ports: unexpected answer: Why. (HTTP 409)',
                str(faults.explain(respond(409, body), 'Ports')),
                body.decode(),
            )

    def test_none(self) -> None:
        for body in (b'', b'{}', b'[]', b'null', b'{"a": 1}', b'[[], 2]'):
            self.assertEqual(
                'Ports: unexpected answer (HTTP 409)',
                str(faults.explain(respond(409, body), 'Ports')),
                body.decode(),
            )

    def test_bytes_that_are_no_text(self) -> None:
        shown = str(faults.explain(respond(409, b'\xff\xfe{'), 'Ports'))
        self.assertTrue(shown.startswith('Ports: unexpected answer: '), shown)
        self.assertTrue(shown.isprintable(), shown)


class TestOrigin(testtools.TestCase):
    def test_request_id(self) -> None:
        for name in ('X-OpenStack-Request-ID', 'X-Compute-Request-ID'):
            response = respond(409, b'', **{name: 'req-\x1b1'})
            self.assertEqual(
                'Ports: unexpected answer (HTTP 409, request ID req-\\x1b1)',
                str(faults.explain(response, 'Ports')),
            )
