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

"""Plugs the interfaces of guests into the switch of their host.

The fake driver plugs nothing in. On OVN, a port is ACTIVE only while there is
a device for it.
"""

import os
import subprocess
from typing import Any

from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud.services import starting

CLOUD = starting.read_cloud()


class Switch:
    """The integration bridge of a host; nothing, where there is none."""

    def __init__(self, host: str) -> None:
        """Name the bridge of a host."""
        self._number = 0
        if CLOUD.network == networks.OVN and host in starting.COMPUTE_HOSTS:
            self._number = starting.COMPUTE_HOSTS.index(host) + 1

    def plug(self, interface: dict[str, Any]) -> None:
        """Plug in a device for an interface."""
        if self._number:
            device = self._device(interface)
            bridge = ovn.integration_bridge(self._number)
            _vsctl(
                *('--may-exist', 'add-port', bridge, device),
                *('--', 'set', 'interface', device, 'type=dummy'),
                f'external_ids:iface-id={interface["id"]}',
                f'external_ids:attached-mac="{interface["address"]}"',
            )

    def unplug(self, interface: dict[str, Any]) -> None:
        """Unplug the device of an interface."""
        if self._number:
            _vsctl('--if-exists', 'del-port', self._device(interface))

    def _device(self, interface: dict[str, Any]) -> str:
        """Name the device.

        All hosts share a switch, and a guest that moves is on two of them.
        """
        return f'tap{interface["id"][:9]}{self._number}'


def _vsctl(*arguments: str) -> None:
    subprocess.run(
        [
            'ovs-vsctl',
            f'--db=unix:{os.environ["OVS_RUNDIR"]}/db.sock',
            *arguments,
        ],
        check=True,
        timeout=30,
    )
