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

from collections.abc import Iterable
import contextlib
import os
import sqlite3
import subprocess
import time
from typing import Any

from tests.cloud import configuration
from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud.services import starting

CLOUD = starting.read_cloud()

# Seconds to wait for a port that was plugged in.
PATIENCE = 10


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
            device = ovn.device(interface['id'], self._number)
            bridge = ovn.integration_bridge(self._number)
            _vsctl(
                *('--may-exist', 'add-port', bridge, device),
                *('--', 'set', 'interface', device, 'type=dummy'),
                f'external_ids:iface-id={interface["id"]}',
                f'external_ids:attached-mac="{interface["address"]}"',
            )

    def wait(self, interfaces: Iterable[dict[str, Any]]) -> None:
        """Wait until the ports of devices are ACTIVE.

        Other drivers wait for an event that Neutron sends. As with
        ``vif_plugging_is_fatal = false``, a port that stays DOWN is left so.
        """
        if not self._number:
            return
        waited_for = {interface['id'] for interface in interfaces}
        deadline = time.monotonic() + PATIENCE
        while waited_for & _down_ports() and time.monotonic() < deadline:
            time.sleep(0.1)

    def unplug(self, interface: dict[str, Any]) -> None:
        """Unplug the device of an interface."""
        if self._number:
            device = ovn.device(interface['id'], self._number)
            _vsctl('--if-exists', 'del-port', device)


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


def _down_ports() -> set[str]:
    """Return the ports that could be ACTIVE and are not.

    Neutron's API costs much more.
    """
    path = configuration.database(CLOUD.state, 'neutron')
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
        return {
            port
            for (port,) in opened.execute(
                "SELECT id FROM ports WHERE status = 'DOWN' AND admin_state_up"
            )
        }
