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

"""Orders fixed IPs that a plain HTTP client has read."""

import ipaddress
from typing import Any


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Order fixed IPs as the commands do: IPv4 first, then by address."""

    def order(fixed_ip: dict[str, Any]) -> tuple[int, int]:
        address = ipaddress.ip_address(fixed_ip['ip_address'])
        return address.version, int(address)

    return sorted(found, key=order)
