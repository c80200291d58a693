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

from unittest import mock

import testtools

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.interfaces.selecting import server_lookup
from osc_port_iface import records
from tests.unit import fake_cloud

EVERYWHERE = compute.ServerScope(all_projects=True)


def servers(*numbers: int) -> list[records.Server]:
    return [
        records.Server(fake_cloud.identifier(number), f's{number}')
        for number in numbers
    ]


class TestLookUp(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.existing = {server.id: server for server in servers(*range(50))}
        self.api = mock.create_autospec(compute.ComputeApi, instance=True)
        self.api.server.side_effect = self.show

    def show(self, server_id: str) -> records.Server:
        if server_id in self.existing:
            return self.existing[server_id]
        raise errors.NotFound('Server: not found')

    def look_up(
        self, *numbers: int, everywhere: bool = True
    ) -> records.Answer[records.Server]:
        return server_lookup.look_up(
            self.api,
            [fake_cloud.identifier(number) for number in numbers],
            everywhere,
        )

    def test_none(self) -> None:
        self.assertEqual(records.Answer([]), self.look_up())
        self.assertEqual([], self.api.mock_calls)

    def test_few_are_shown_each_once(self) -> None:
        self.assertEqual(
            records.Answer(servers(1, 2)), self.look_up(1, 2, 1, 99)
        )
        self.api.servers.assert_not_called()
        self.assertEqual(3, self.api.server.call_count)

    def test_many_are_listed_and_the_others_shown(self) -> None:
        self.api.servers.return_value = records.Answer(servers(*range(1, 50)))
        answer = self.look_up(*range(50))
        self.assertEqual(
            sorted(servers(*range(50)), key=lambda server: server.id),
            sorted(answer.rows, key=lambda server: server.id),
        )
        self.api.servers.assert_called_once_with(EVERYWHERE, False)
        self.api.server.assert_called_once_with(fake_cloud.identifier(0))

    def test_own_project_where_others_are_forbidden(self) -> None:
        own = compute.ServerScope()
        for everywhere, scopes in (
            (True, [EVERYWHERE, own]),
            (False, [own]),
        ):
            with self.subTest(everywhere=everywhere):
                self.api.servers.reset_mock()
                self.api.servers.side_effect = [
                    *([errors.Forbidden('no')] if everywhere else []),
                    records.Answer(servers(*range(50))),
                ]
                answer = self.look_up(*range(50), everywhere=everywhere)
                self.assertEqual(50, len(answer.rows))
                self.assertEqual(
                    [mock.call(scope, False) for scope in scopes],
                    self.api.servers.mock_calls,
                )

    def test_only_the_id_of_what_cannot_be_read(self) -> None:
        self.api.server.side_effect = errors.RequestFailed('broken')
        self.assertEqual(
            records.Answer(
                [records.Server(fake_cloud.identifier(1))], ['broken']
            ),
            self.look_up(1),
        )

    def test_a_listing_that_fails_is_one_failure(self) -> None:
        self.api.servers.side_effect = errors.Unreachable('no answer')
        answer = self.look_up(*range(31))
        self.assertEqual(
            (31, ['no answer']), (len(answer.rows), answer.failures)
        )
        self.api.server.assert_not_called()

    def test_a_refused_token_ends_it(self) -> None:
        self.api.server.side_effect = errors.TokenRefused('refused')
        self.assertRaises(errors.TokenRefused, self.look_up, 1)
        self.api.servers.side_effect = errors.TokenRefused('refused')
        self.assertRaises(errors.TokenRefused, self.look_up, *range(31))
