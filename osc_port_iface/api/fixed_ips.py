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

"""Fixed IPs, which Nova and Neutron write in the same way."""

from collections.abc import Iterable

from osc_port_iface import addresses
from osc_port_iface.api import reading
from osc_port_iface import records


def read(
    owner: reading.Object, key: str = 'fixed_ips'
) -> tuple[records.FixedIP, ...]:
    """Read the fixed IPs of an interface, a port or a gateway.

    :param owner: The object that has them. Nova may write null for none.
    :param key: Their key in the object.
    :returns: The fixed IPs, ordered as by :func:`ordered`.
    """
    return ordered(owner.items(key, _FIXED_IP.read))


def ordered(
    found: Iterable[records.FixedIP],
) -> tuple[records.FixedIP, ...]:
    """Order fixed IPs: IPv4 before IPv6, then by address.

    The order in the APIs may change from one request to the next.
    """
    return tuple(
        sorted(found, key=lambda row: addresses.ip_order(row.ip_address))
    )


_FIXED_IP = reading.Record(records.FixedIP)
