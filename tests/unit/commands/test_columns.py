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

"""The columns that are shown, and those that the user chooses."""

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud


class TestChoice(test_list_fleet.FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register(fake_cloud.server(1, 'web'))

    def test_case_and_underscores_do_not_matter(self) -> None:
        expected = command_result.Result(0, 'web fa:16:3e:00:00:0b\n', '')
        for server, mac_address in (
            ('Server Name', 'MAC Address'),
            ('server name', 'mac address'),
            ('server_name', 'MAC_ADDRESS'),
        ):
            with self.subTest(server):
                self.assertEqual(
                    expected,
                    self.list('-f', 'value', '-c', mac_address, '-c', server),
                )

    def test_unknown(self) -> None:
        self.cloud.reset_mock()
        for arguments, message in (
            (
                ('-c', 'Server Name', '-c', 'mac'),
                "There is no column 'mac'. Did you mean 'MAC Address'? ",
            ),
            (
                ('-c', 'server_nam', '-c', 'Qu\x1bx'),
                "There is no column 'server_nam'. Did you mean 'Server "
                "Name'? There is no column 'Qu\\x1bx'. ",
            ),
            (
                ('-c', 'Server Name', '--sort-column', 'fixed_ip'),
                "There is no column 'fixed_ip'. Did you mean 'Fixed IPs'? ",
            ),
        ):
            with self.subTest(arguments):
                result = self.list('-f', 'value', *arguments)
                self.assertEqual((2, ''), (result.status, result.stdout))
                (line,) = result.stderr.splitlines()
                beginning = f'{message}The columns are: Server ID, Server Name'
                self.assertEqual(beginning, line[: len(beginning)])
        self.assertEqual([], self.cloud.requested())

    def test_server_of_one_server(self) -> None:
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}/{fake_cloud.identifier(1)}',
            json={'server': fake_cloud.server(1, 'web')},
        )
        for server in ('web', fake_cloud.identifier(1)):
            with self.subTest(server):
                self.assertEqual(
                    command_result.Result(0, 'web 10.0.0.1\n', ''),
                    self.list(
                        server,
                        '-f',
                        'value',
                        '-c',
                        'Server Name',
                        '-c',
                        'Fixed IPs',
                    ),
                )
