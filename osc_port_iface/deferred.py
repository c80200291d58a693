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
"""What cliff loads at the start of every ``openstack`` command.

It loads each entry point of the group, whichever command is to run. So
nothing of the package is imported here, and a command only when it is made.
"""

import functools
import importlib
from typing import Any


class _Deferred:
    """Stands for the command whose name the class has.

    The docstring of each is the first line of the command's own.
    """

    module: str
    # Asked for by ``openstack --help``.
    deprecated = False

    def __new__(
        cls, app: Any, app_args: Any, cmd_name: str | None = None
    ) -> Any:
        if app is not None and app_args is None:
            # ``openstack --help`` makes every command that there is, only to
            # print the first line of its description.
            return super().__new__(cls)
        return cls._make(app, app_args, cmd_name)

    # cliff looks here for what a command is made with.
    def __init__(
        self, app: Any, app_args: Any, cmd_name: str | None = None
    ) -> None:
        self._command = functools.cache(
            functools.partial(self._make, app, app_args, cmd_name)
        )

    @classmethod
    def _make(cls, app: Any, app_args: Any, cmd_name: str | None) -> Any:
        module = importlib.import_module(cls.module)
        return getattr(module, cls.__name__)(app, app_args, cmd_name=cmd_name)

    def get_description(self) -> str:
        """Return what ``openstack --help`` prints."""
        return self.__doc__ or ''

    def __getattr__(self, name: str) -> Any:
        """Ask the command for all else, as ``openstack complete`` does."""
        return getattr(self._command(), name)


class CheckServerInterface(_Deferred):
    """Find where the views of the interfaces of servers disagree"""

    module = 'osc_port_iface.commands.check'


class FindServerInterface(_Deferred):
    """Find which server owns an address"""

    module = 'osc_port_iface.commands.find'


class ListServerInterface(_Deferred):
    """List the interfaces of servers"""

    module = 'osc_port_iface.commands.list'


class ShowServerInterface(_Deferred):
    """Show an interface of a server"""

    module = 'osc_port_iface.commands.show'


class WaitServerInterface(_Deferred):
    """Wait until an attach, a detach or an activation is finished"""

    module = 'osc_port_iface.commands.wait'
