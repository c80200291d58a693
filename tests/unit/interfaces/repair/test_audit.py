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


import fcntl
import os
import pathlib

import fixtures
import testtools

from osc_port_iface.interfaces.repair import audit


class TestOpened(testtools.TestCase):
    def test_each_line_is_on_the_disk_at_once(self) -> None:
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        with audit.opened(directory / 'log', {}) as log:
            assert log.file is not None
            flags = fcntl.fcntl(log.file, fcntl.F_GETFL)
        self.assertEqual(os.O_SYNC, flags & os.O_SYNC)
        self.assertTrue(log.file.closed)

    def test_no_log(self) -> None:
        with audit.opened(None, {}) as log:
            self.assertEqual(audit.Log(None, {}), log)
