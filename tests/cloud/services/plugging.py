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

from collections.abc import Collection, Iterable
import contextlib
import sqlite3
import time
from typing import Any

from tests.cloud import configuration
from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud.services import starting

CLOUD = starting.read_cloud()

# Seconds to wait for a port that was plugged in or unplugged. It usually takes
# a tenth of one, and longer while others build sixty servers.
PATIENCE = 60


class Switch:
    """The integration bridge of a host; nothing, where there is none."""

    def __init__(self, host: str) -> None:
        """Find the bridge of a host."""
        self._host = host
        self._ovn: ovn.Ovn | None = None
        if CLOUD.network == networks.OVN and host in starting.COMPUTE_HOSTS:
            self._ovn = ovn.of(CLOUD.state)

    def plug(self, interfaces: Iterable[dict[str, Any]]) -> None:
        """Plug in devices, and wait until their ports are ACTIVE."""
        if not self._ovn:
            return
        ports = {interface['id']: interface for interface in interfaces}
        for port_id, interface in ports.items():
            self._ovn.plug(port_id, interface['address'], self._host)
        self._wait(ports, 'ACTIVE')

    def unplug(self, interfaces: Iterable[dict[str, Any]]) -> None:
        """Unplug devices, and wait until their ports are DOWN."""
        if not self._ovn:
            return
        port_ids = [interface['id'] for interface in interfaces]
        for port_id in port_ids:
            self._ovn.unplug(port_id, self._host)
        self._wait(port_ids, 'DOWN')

    def _wait(self, port_ids: Collection[str], status: str) -> None:
        """Wait until Neutron knows what happened to the ports.

        Other drivers wait for an event of Neutron when they plug in, so that
        an active server has active ports, and give up, too, as with
        ``vif_plugging_is_fatal = false``.
        """
        path = configuration.database(CLOUD.state, 'neutron')
        deadline = time.monotonic() + PATIENCE
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
            # A port that is disabled, or bound to another host, does not
            # follow what happens here.
            while time.monotonic() < deadline and any(
                opened.execute(
                    'SELECT 1 FROM ports AS port '
                    'JOIN ml2_port_bindings AS binding ON port_id = port.id '
                    'WHERE port.id = ? AND port.status != ? AND host = ? '
                    'AND admin_state_up '
                    "AND binding.status = 'ACTIVE' AND vif_type = 'ovs'",
                    (port_id, status, self._host),
                ).fetchone()
                for port_id in port_ids
            ):
                time.sleep(0.1)
