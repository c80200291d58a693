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

"""What can be wrong with the interfaces of a server."""

import enum


class Code(enum.StrEnum):
    """A kind of finding; the values are an interface for scripts."""

    MISSING_FROM_CACHE = 'missing-from-cache'
    ONLY_IN_CACHE = 'only-in-cache'
    DUPLICATE_IN_CACHE = 'duplicate-in-cache'
    ADDRESS_DIFFERS = 'address-differs'
    MAC_DIFFERS = 'mac-differs'
    BINDING_FAILED = 'binding-failed'
    UNBOUND = 'unbound'
    HOST_DIFFERS = 'host-differs'
    PORT_DOWN = 'port-down'
    NO_FIXED_IP = 'no-fixed-ip'
    DUPLICATE_MAC = 'duplicate-mac'
    ORPHAN_PORT = 'orphan-port'
    NOT_ATTACHED = 'not-attached'


# Nova alone can tell these: its live view against its cache.
OF_CACHE = frozenset(
    {
        Code.MISSING_FROM_CACHE,
        Code.ONLY_IN_CACHE,
        Code.DUPLICATE_IN_CACHE,
        Code.ADDRESS_DIFFERS,
        Code.MAC_DIFFERS,
    }
)

# These take the binding of a port, which Neutron shows to administrators
# only.
OF_BINDING = frozenset({Code.BINDING_FAILED, Code.UNBOUND, Code.HOST_DIFFERS})
