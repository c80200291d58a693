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

"""What all commands of the plugin have in common."""

import argparse
from collections.abc import Iterable
import logging

from osc_lib.command import command

from osc_port_iface.i18n import _

LOG = logging.getLogger(__name__)

FAILED = 1
NEGATIVE = 3
# What a shell makes of a program that Ctrl-C ended.
INTERRUPTED = 130


class PluginCommand(command.Command):
    """A command that says on stderr what its output does not have.

    The exit status is 0 when all was done, 1 when something failed, 3 when
    the answer is negative and 130 after Ctrl-C.
    """

    _exit_status = 0

    def get_epilog(self) -> str:
        """Say whose command it is.

        cliff finds that out from the metadata of every package that is
        installed, each time a command runs.
        """
        hooks = (hook.obj.get_epilog() for hook in self._hooks if hook.obj)
        origin = _('This command is provided by the osc-port-iface plugin.')
        return '\n\n'.join(filter(None, (*hooks, origin)))

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            super().run(parsed_args)
        except KeyboardInterrupt:
            return INTERRUPTED
        return self._exit_status

    def fail(self, lines: Iterable[str]) -> None:
        """Say what could not be read; the exit status becomes 1."""
        for line in lines:
            LOG.error(line)
            self._exit_status = FAILED

    def deny(self, lines: Iterable[str] = ()) -> None:
        """Give a negative answer; the exit status becomes 3, if it was 0."""
        for line in lines:
            LOG.error(line)
        self._exit_status = self._exit_status or NEGATIVE

    def notify(self, lines: Iterable[str]) -> None:
        """Say what a reader should know."""
        for line in lines:
            LOG.warning(line)
