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

from osc_port_iface.commands import argument_types
from tests.unit import base


class TestName(base.ShellTestCase):
    def test_empty_is_not_the_same_as_none(self) -> None:
        for what, *command in (
            ('<server>', 'list', ''),
            ('<server>', 'list', 'web', ''),
            ('<server>', 'check', ''),
            ('<server>', 'show', '', '10.0.0.5'),
            ('<server>', 'wait', ''),
            ('--project', 'list', '--project', ''),
            ('--project-domain', 'check', '--project-domain', ''),
            ('--host', 'list', '--host', ''),
            ('--network', 'list', '--network='),
            ('--port-state', 'list', '--port-state', ''),
            ('--tag', 'list', '--tag', ''),
            ('--port', 'wait', 'web', '--port', ''),
            ('--network', 'wait', 'web', '--network', ''),
        ):
            self.cloud.reset_mock()
            result = self.openstack('server', 'interface', *command)
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertTrue(
                result.stderr.endswith(
                    f'error: argument {what}: must not be empty\n'
                ),
                result.stderr,
            )
            self.assertEqual([], self.cloud.requested())


class TestMoment(base.ShellTestCase):
    def test_out_of_range(self) -> None:
        for text in (
            '0001-01-01T00:00:00+14:00',
            '9999-12-31T23:59:59-14:00',
            '99999999999d',
            '2026-02-30',
        ):
            with self.subTest(text=text):
                result = self.openstack(
                    'server', 'interface', 'find', '10.0.0.5', '--at', text
                )
                self.assertEqual(2, result.status)
                self.assertTrue(
                    result.stderr.endswith(
                        f"error: argument --at: '{text}' is not a time such "
                        'as 2026-01-31T12:00:00Z or -3d\n'
                    ),
                    result.stderr,
                )

    def test_letters_of_either_case(self) -> None:
        self.assertEqual(
            argument_types.moment('2026-10-25T02:30:00Z'),
            argument_types.moment('2026-10-25t02:30:00z'),
        )

    def test_local_time_on_both_sides_of_a_change_of_the_clocks(self) -> None:
        summer, winter = (
            argument_types.moment(f'2026-10-25T02:30:00+0{hours}:00')
            for hours in (2, 1)
        )
        self.assertEqual(datetime.timedelta(hours=1), winter - summer)
