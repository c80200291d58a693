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

"""A hash ring of one Neutron process.

Neutron shares OVN's events among its processes by a table, in which each has a
heartbeat. In SQLite, the heartbeat would wait for a lock that the thread holds
which waits for the event.
"""

import os

from neutron.common.ovn import hash_ring_manager
from neutron.db import ovn_hash_ring_db
from oslo_config import cfg
from oslo_utils import timeutils


def install() -> None:
    """Let this process have all events."""
    hash_ring_manager.HashRingManager.get_node = _own_node


def _own_node(
    self: hash_ring_manager.HashRingManager, _key: str
) -> tuple[str, object]:
    node = ovn_hash_ring_db.get_node_uuid(
        self._group, cfg.CONF.host, os.getpid()
    )
    return node, timeutils.utcnow()
