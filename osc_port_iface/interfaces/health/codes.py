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

"""The kinds of findings."""

from collections.abc import Iterable
import enum


class Code(enum.StrEnum):
    """A kind of finding. Scripts rely on the values."""

    MISSING_FROM_CACHE = 'missing-from-cache'
    ONLY_IN_CACHE = 'only-in-cache'
    DUPLICATE_IN_CACHE = 'duplicate-in-cache'
    ADDRESS_DIFFERS = 'address-differs'
    MAC_DIFFERS = 'mac-differs'
    FLOATING_IP_DIFFERS = 'floating-ip-differs'
    BINDING_FAILED = 'binding-failed'
    UNBOUND = 'unbound'
    HOST_DIFFERS = 'host-differs'
    STALE_BINDING = 'stale-binding'
    PORT_DOWN = 'port-down'
    TRUNK_DEGRADED = 'trunk-degraded'
    SUBPORT_DOWN = 'subport-down'
    SUBPORT_HOST_DIFFERS = 'subport-host-differs'
    NO_FIXED_IP = 'no-fixed-ip'
    DUPLICATE_MAC = 'duplicate-mac'
    NOT_ATTACHED = 'not-attached'
    HALF_RELEASED = 'half-released'
    ORPHAN_PORT = 'orphan-port'
    UNUSED_PORT = 'unused-port'
    ADDRESS_CLAIMED = 'address-claimed'


# These need Nova only: its live view and its cache.
OF_CACHE = frozenset(
    {
        Code.MISSING_FROM_CACHE,
        Code.ONLY_IN_CACHE,
        Code.DUPLICATE_IN_CACHE,
        Code.ADDRESS_DIFFERS,
        Code.MAC_DIFFERS,
    }
)

# These need the bindings of ports, which Neutron shows to administrators only.
OF_BINDING = frozenset(
    {
        Code.BINDING_FAILED,
        Code.UNBOUND,
        Code.HOST_DIFFERS,
        Code.STALE_BINDING,
        Code.SUBPORT_HOST_DIFFERS,
    }
)

OF_TRUNK = frozenset(
    {Code.TRUNK_DEGRADED, Code.SUBPORT_DOWN, Code.SUBPORT_HOST_DIFFERS}
)

# These are about ports without a server.
WITHOUT_SERVER = frozenset(
    {Code.HALF_RELEASED, Code.ORPHAN_PORT, Code.UNUSED_PORT}
)

# These may be intended, and are looked for on request only.
ON_REQUEST = frozenset({Code.UNUSED_PORT, Code.ADDRESS_CLAIMED})

USUAL = frozenset(Code) - ON_REQUEST


def joined(found: Iterable[Code]) -> str:
    """Name codes in one line."""
    return ', '.join(sorted(found))
