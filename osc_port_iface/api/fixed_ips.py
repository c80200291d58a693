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

"""Fixed IPs, which Nova and Neutron write alike."""

import ipaddress
from typing import Any

from osc_port_iface import records


def parse(
    fixed_ips: list[dict[str, Any]] | None,
) -> tuple[records.FixedIP, ...]:
    """Read ``fixed_ips`` of an interface or of a port.

    :param fixed_ips: A list of ``{"ip_address": …, "subnet_id": …}``; Nova
        has null for none.
    :returns: The fixed IPs, IPv4 before IPv6 and in the order of addresses:
        that of the APIs may change from one request to the next. Each is an
        address: whoever sorts or compares them may rely on that.
    :raises ValueError: An address is none.
    :raises KeyError: An entry has no address.
    """
    found = [
        records.FixedIP(fixed_ip['ip_address'], fixed_ip.get('subnet_id'))
        for fixed_ip in fixed_ips or ()
    ]
    return tuple(sorted(found, key=_order))


def _order(fixed_ip: records.FixedIP) -> tuple[int, int]:
    address = ipaddress.ip_address(fixed_ip.ip_address)
    return address.version, int(address)
