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

"""The states and actions of a server that decide what can be judged."""

from osc_port_iface import records

# Seconds after a change during which the views may legitimately differ.
QUIET = 5.0

# Seconds without progress after which an action no longer counts, as its
# nova-compute may have died.
ABANDONED = 300.0

# Seconds without a change after which it is worth a line that a server still
# has a task. Most tasks are shorter.
STUCK = 3600.0

# Nova hides the cache of a server while it builds it.
_NO_CACHE = frozenset({'BUILD', 'UNKNOWN', 'DELETED'})

# The host of the server or of the port is about to change.
MOVING = frozenset(
    {'MIGRATING', 'RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'REBUILD'}
)

# Such a server is on no host, so its ports cannot be bound.
OFF_HOST = 'SHELVED_OFFLOADED'

# Actions of Nova (nova/compute/instance_actions.py) during which, and shortly
# after which, the interfaces of a server, their hosts and states, and the
# views of them may legitimately differ. While a server is plugged in again,
# its ports are DOWN for a moment: libvirt does not wait for them by default.
CHANGES = frozenset(
    {
        'attach_interface',
        'confirmResize',
        'detach_interface',
        'evacuate',
        'live-migration',
        'migrate',
        'pause',
        'reboot',
        'rebuild',
        'rescue',
        'resize',
        'restore',
        'resume',
        'revertResize',
        'shelve',
        'shelveOffload',
        'start',
        'stop',
        'suspend',
        'unpause',
        'unrescue',
        'unshelve',
    }
)


def is_settled(server: records.Server) -> bool:
    """Return whether a server can be judged now."""
    return server.task_state is None and server.status not in _NO_CACHE
