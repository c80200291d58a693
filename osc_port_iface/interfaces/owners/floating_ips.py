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

"""Finds floating IPs, and the ports that they lead to.

Requests: the IPv4 addresses, in batches; then the ports, in batches.
"""

from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches


def find(search: searches.Search) -> None:
    """Add the floating IPs of these addresses."""
    queries = searches.IPQueries(search.queries)
    # Floating IPs are always IPv4 addresses.
    floating_ips = search.read(
        neutron.FLOATING_IPS,
        'address',
        (address for address in queries.by_address if ':' not in address),
    )
    ports = search.ports('id', (row.port_id for row in floating_ips))
    by_id = {port.id: port for port in ports}
    search.rows += [
        searches.Match(
            query,
            'floating-ip',
            ip_address=row.address,
            port=by_id.get(row.port_id or ''),
            floating_ip=row,
        )
        for row in sorted(floating_ips, key=lambda row: (row.address, row.id))
        for query in queries.of(row.address)
    ]
