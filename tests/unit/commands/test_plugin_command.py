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

from typing import Any
from unittest import mock

from cliff import command
import testtools

from osc_port_iface.commands import list as list_command


class TestEpilog(testtools.TestCase):
    def test_says_what_cliff_would_say(self) -> None:
        app: Any = None
        made: Any = list_command.ListServerInterface(app, None)
        self.assertEqual(
            'This command is provided by the osc-port-iface plugin.',
            made.get_epilog(),
        )
        self.assertEqual(
            made.get_epilog(), command.Command.get_epilog(made).strip()
        )

    def test_says_what_hooks_say(self) -> None:
        app: Any = None
        made: Any = list_command.ListServerInterface(app, None)
        made._hooks = [
            mock.Mock(**{'obj.get_epilog.return_value': text})
            for text in ('One.', None, 'Two.')
        ]
        self.assertEqual(
            'One.\n\nTwo.\n\n'
            'This command is provided by the osc-port-iface plugin.',
            made.get_epilog(),
        )
