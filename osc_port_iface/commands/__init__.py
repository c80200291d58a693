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

"""The commands, each of which is imported when it is needed.

cliff loads the entry points of all commands whenever any ``openstack`` command
runs (``CommandManager.load_commands``). So they lead to these stand-ins, and
other commands import nothing else of the plugin.
"""

import argparse
import importlib
from typing import Any


class _Postponed:
    """Stands for the class of a command until cliff makes one."""

    module: str
    name: str

    def __new__(cls, app: Any, app_args: argparse.Namespace | None) -> Any:
        """Import the command, and make it."""
        module = importlib.import_module(f'{__name__}.{cls.module}')
        return getattr(module, cls.name)(app, app_args)


def _postponed(module: str, name: str) -> type[_Postponed]:
    return type(name, (_Postponed,), {'module': module, 'name': name})


Overview = _postponed('overview', 'ServerInterfaceOverview')
Check = _postponed('check', 'CheckServerInterface')
Diff = _postponed('diff', 'DiffServerInterface')
Find = _postponed('find', 'FindServerInterface')
List = _postponed('list', 'ListServerInterface')
Reach = _postponed('reach', 'ReachServerInterface')
Record = _postponed('record', 'RecordServerInterface')
Repair = _postponed('repair', 'RepairServerInterface')
Show = _postponed('show', 'ShowServerInterface')
Wait = _postponed('wait', 'WaitServerInterface')
