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

"""Secrets appear neither on the terminal nor in a log."""

from collections.abc import Callable
import json
import pathlib

import fixtures

from tests.faults import answers
from tests.functional import test_authentication

_LOUDEST = ('--debug',)

_QUIETER: tuple[tuple[str, ...], ...] = ((), ('-v',), ('-vv',), ('--timing',))


class TestSecrets(test_authentication.AuthenticationTestCase):
    def run_with(
        self,
        login: dict[str, str],
        *options: str,
        command: tuple[str, ...] | None = None,
    ) -> tuple[object, str]:
        """Run a command with a log file.

        :param command: The command; by default, ``list``.
        :returns: The exit status, and everything that was written.
        """
        log = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'log')
        result = self.openstack_as(
            login, *options, '--log-file', str(log), *(command or self.list)
        )
        return (
            result.status,
            result.stdout + result.stderr + log.read_text(),
        )

    def assert_no_secret(
        self, login: dict[str, str], written: str, case: object
    ) -> None:
        """Check that the output does not contain a secret of a login."""
        secrets = {*self.proxy.tokens} | {
            value
            for name, value in login.items()
            if name.endswith(('PASSWORD', 'SECRET', 'TOKEN'))
        }
        self.assertNotEqual(set(), secrets)
        for secret in secrets:
            lines = [line for line in written.splitlines() if secret in line]
            self.assertEqual([], lines, str(case))

    def repeat(self, status: int) -> answers.Fault:
        """Answer with the token of the request."""

        def answer(_request: answers.Request) -> answers.Answer:
            repeated = self.proxy.tokens[-1]
            fault = {'message': f'X-Auth-Token: {repeated}'}
            return answers.Answer(
                status,
                json.dumps({'fault': fault}).encode(),
                {
                    'Retry-After': '0',
                    'X-OpenStack-Request-ID': f'req-{repeated}',
                    'Location': f'http://elsewhere.test/{repeated}',
                },
            )

        return answer

    def each_login(self) -> list[dict[str, str]]:
        makers: list[Callable[[], dict[str, str]]] = [
            self.logins.password,
            self.logins.token,
            self.logins.application_credential,
            self.logins.admin_token,
        ]
        return [make() for make in makers]

    def test_success(self) -> None:
        for login in self.each_login():
            status, written = self.run_with(login, *_LOUDEST)
            self.assertEqual(0, status)
            self.assertIn(self.server, written)
            self.assert_no_secret(login, written, login.keys())
        for options in _QUIETER:
            status, written = self.run_with(login, *options)
            self.assertEqual(0, status)
            self.assert_no_secret(login, written, options)

    def test_every_other_command(self) -> None:
        login = self.logins.password()
        for name, arguments in self.commands().items():
            if name.startswith('list'):
                continue
            command = 'server', 'interface', *arguments
            with self.subTest(name):
                self.proxy.faults = answers.Faults()
                status, written = self.run_with(
                    login, *_LOUDEST, command=command
                )
                self.assertIn(status, (0, 3))
                self.assertIn('REQ: GET ', written)
                self.assert_no_secret(login, written, name)
                self.proxy.faults.plan(
                    lambda url: '/servers' in url or '/ports' in url,
                    self.repeat(403),
                )
                status, written = self.run_with(
                    login, *_LOUDEST, command=command
                )
                self.assertEqual(1, status)
                self.assertIn('req-***', written)
                self.assert_no_secret(login, written, name)

    def test_service_that_repeats_the_token(self) -> None:
        for login in self.each_login():
            for code in (302, 401, 403, 503):
                self.proxy.faults = answers.Faults()
                self.proxy.faults.plan(
                    lambda url: url.endswith('/os-interface'),
                    self.repeat(code),
                )
                for options in (_LOUDEST, *_QUIETER[: code == 403]):
                    status, written = self.run_with(login, *options)
                    self.assertEqual(1, status)
                    self.assertIn('***', written)
                    self.assert_no_secret(login, written, (code, options))

    def test_keystone_that_repeats_the_password(self) -> None:
        """Nothing is shown of the answer if Keystone refuses a new token."""
        login = self.logins.password()
        error = {'code': 401, 'message': f'not {login["OS_PASSWORD"]}'}
        refusal = answers.Answer(
            401,
            json.dumps({'error': error}).encode(),
            {'Content-Type': 'application/json'},
        )
        for options in (_LOUDEST, *_QUIETER):
            self.proxy.answers.clear()
            self.proxy.answer('/os-interface', answers.Answer(401))
            self.proxy.answer('/auth/tokens', None, refusal)
            status, written = self.run_with(login, *options)
            self.assertEqual(1, status)
            self.assertIn('No token: Unauthorized (HTTP 401)\n', written)
            self.assert_no_secret(login, written, options)

    def test_wrong_secrets(self) -> None:
        for login in (
            {**self.logins.password(), 'OS_PASSWORD': 'wrong-and-secret'},
            {
                **self.logins.application_credential(),
                'OS_APPLICATION_CREDENTIAL_SECRET': 'wrong-and-secret',
            },
            {**self.logins.token(), 'OS_TOKEN': 'wrong-and-secret'},
        ):
            status, written = self.run_with(login, *_LOUDEST)
            self.assertEqual(1, status)
            self.assert_no_secret(login, written, login.keys())
