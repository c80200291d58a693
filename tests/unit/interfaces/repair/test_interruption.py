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

import signal

import testtools

from osc_port_iface.interfaces.repair import interruption


class TestDeferred(testtools.TestCase):
    def test_the_second_one_interrupts(self) -> None:
        before = signal.getsignal(signal.SIGINT)
        with interruption.deferred() as asked:
            self.assertFalse(asked.is_set())
            signal.raise_signal(signal.SIGINT)
            self.assertTrue(asked.is_set())
            self.assertRaises(
                KeyboardInterrupt, signal.raise_signal, signal.SIGINT
            )
        self.assertIs(before, signal.getsignal(signal.SIGINT))

    def test_termination(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            usual = signal.signal(number, signal.SIG_DFL)
            self.addCleanup(signal.signal, number, usual)
            with self.subTest(number.name):
                before = signal.getsignal(number)
                with interruption.deferred() as asked:
                    signal.raise_signal(number)
                    self.assertTrue(asked.is_set())
                    # The program timeout sends it to the process and to its
                    # group.
                    signal.raise_signal(number)
                    self.assertRaises(
                        KeyboardInterrupt, signal.raise_signal, signal.SIGINT
                    )
                self.assertIs(before, signal.getsignal(number))

    def test_signal_that_is_ignored(self) -> None:
        """It is by nohup, so that the run survives the terminal."""
        usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, usual)
        with interruption.deferred() as asked:
            signal.raise_signal(signal.SIGHUP)
            self.assertFalse(asked.is_set())
