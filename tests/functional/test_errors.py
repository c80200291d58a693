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

from tests import command_result
from tests.functional import base
from tests.functional import client
from tests.functional import recording_proxy

SERVER_ID = '00000000-0000-4000-8000-000000000000'
COMMAND = ('server', 'interface', 'list', SERVER_ID)
WHAT = f'Interfaces of server {SERVER_ID}: '
AT_ONCE = {'Retry-After': '0'}


class TestErrors(base.FunctionalTestCase):
    """Answers of proxies and services, with the real program."""

    def failure(self, answer: recording_proxy.Answer) -> command_result.Result:
        self.proxy.answers.clear()
        self.proxy.answer('/os-interface', answer)
        return self.openstack(*COMMAND)

    def test_statuses(self) -> None:
        for status, words in (
            (400, 'the request was rejected'),
            (403, 'this is not allowed'),
            (
                405,
                'the method is not allowed; is this endpoint really the '
                'service it is registered as?',
            ),
            (
                406,
                'the microversion is not supported; choose another with '
                '--os-compute-api-version',
            ),
            (429, 'too many requests; try again later'),
            (503, 'the service is not available; try again later'),
        ):
            body = json.dumps({'fault': {'code': status, 'message': 'Why.'}})
            result = self.failure(
                recording_proxy.Answer(
                    status,
                    body.encode(),
                    {**AT_ONCE, 'X-OpenStack-Request-ID': 'req-7'},
                )
            )
            self.assertEqual(
                command_result.Result(
                    1,
                    '',
                    f'{WHAT}{words}: Why. (HTTP {status}, request ID req-7)\n',
                ),
                result,
            )

    def test_selections_that_cannot_be_made(self) -> None:
        refusal = recording_proxy.Answer(403, b'{"error": {"message": "No."}}')
        self.proxy.answer('/projects', refusal)
        for arguments, line in (
            (('--host', 'nosuch'), "No compute host has the name 'nosuch'."),
            (
                ('--project', 'nosuch'),
                "Project 'nosuch' cannot be looked up, use its ID: Projects: "
                'this is not allowed: No. (HTTP 403)',
            ),
        ):
            for command in (
                ('list',),
                ('check',),
                ('wait',),
                ('repair', '--dry-run'),
            ):
                with self.subTest(arguments=arguments, command=command):
                    self.assertEqual(
                        command_result.Result(1, '', f'{line}\n'),
                        self.openstack(
                            'server',
                            'interface',
                            *command,
                            *arguments,
                            user='admin',
                        ),
                    )

    def test_bodies(self) -> None:
        for answer, words in (
            (
                recording_proxy.Answer(
                    502, b'<html><h1>Bad \x1b[2JGateway</h1></html>'
                ),
                'a proxy got no valid answer from the service: '
                'Bad \\x1b[2JGateway (HTTP 502)',
            ),
            (
                recording_proxy.Answer(200, b''),
                'the answer is not what the API describes: an empty body '
                '(HTTP 200)',
            ),
            (
                recording_proxy.Answer(200, b'{"interfaceAtt'),
                'the answer is not what the API describes: {"interfaceAtt '
                '(HTTP 200)',
            ),
        ):
            self.assertEqual(
                command_result.Result(1, '', f'{WHAT}{words}\n'),
                self.failure(answer),
            )

    def test_connections_that_end(self) -> None:
        for answer in (
            recording_proxy.Answer(reset=True),
            recording_proxy.Answer(200, b'{', cut_off=True),
        ):
            result = self.failure(answer)
            self.assertEqual((1, ''), (result.status, result.stdout))
            self.assertRegex(result.stderr, rf'\A{WHAT}[^\n]+\n\Z')
        tries = [url for url in self.proxy.requests if 'os-inter' in url]
        self.assertEqual(8, len(tries))

    def test_nobody_listens(self) -> None:
        self.proxy.close()
        result = self.openstack(*COMMAND)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertNotIn('Traceback', result.stderr)

    def test_a_failure_that_passes(self) -> None:
        busy = recording_proxy.Answer(503, b'', AT_ONCE)
        self.proxy.answer(
            '/os-interface',
            busy,
            recording_proxy.Answer(reset=True),
            recording_proxy.Answer(200, b'{"interfaceAttachments": []}'),
        )
        result = self.openstack('-v', *COMMAND, '-f', 'json')
        self.assertEqual((0, '[]\n'), (result.status, result.stdout))
        self.assertIn(
            f'{WHAT}HTTP 503; trying again in 0 s\n',
            result.stderr,
        )

    def test_debug_shows_the_traceback(self) -> None:
        self.proxy.answer('/os-interface', recording_proxy.Answer(404))
        result = self.openstack('--debug', *COMMAND)
        self.assertIn('Traceback (most recent call last)', result.stderr)

    def test_debug_takes_little_memory(self) -> None:
        self.proxy.answer(
            '/os-interface',
            recording_proxy.Answer(
                200,
                b'{"a": "' + b'x' * 200_000_000 + b'"}',
                {'Content-Type': 'application/json'},
            ),
        )
        result = client.run(
            ('--debug', *COMMAND), self.environment(), memory=client.MEMORY
        )
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn(
            f'{WHAT}the answer has more than 64 MiB\n', result.stderr
        )
        self.assertIn("'Content-Length': '200000009'", result.stderr)
        self.assertNotIn('xxxx', result.stderr)
