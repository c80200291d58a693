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

"""Follows floating IPs that forward single ports to servers.

Requests: the ports that forwardings lead to, in batches. The forwardings
themselves are part of the floating IP.
"""

import dataclasses

from osc_port_iface import addresses
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(search: searches.Search) -> None:
    """Replace a floating IP by one match for each of its forwardings.

    A query with a port chooses the forwardings of that port.
    """
    chosen = [(match, _forwardings(match)) for match in search.rows]
    forwardings = [row for _match, rows in chosen for row in rows]
    ports = {
        port.id: port
        for port in search.ports(
            'id', (row.internal_port_id for row in forwardings)
        )
    }
    # Before Neutron 21, a forwarding does not have the ID of its port.
    others = search.ports(
        'ip_address',
        (
            row.internal_ip_address
            for row in forwardings
            if not row.internal_port_id
        ),
    )
    found = []
    for match, rows in chosen:
        if match.port or not rows:
            found.append(match)
        for row in rows:
            leads_to: list[records.Port | None] = [
                port
                for port in others
                if match.floating_ip
                and not row.internal_port_id
                and match.floating_ip.forwards_to(port, row)
            ]
            found += [
                dataclasses.replace(
                    match,
                    matched_as='port-forwarding',
                    certainty=searches.Certainty.FORWARDS,
                    forwarding=row,
                    port=port,
                )
                for port in leads_to or [ports.get(row.internal_port_id or '')]
            ]
    search.rows = found


def _forwardings(match: searches.Match) -> list[records.PortForwarding]:
    if match.floating_ip is None:
        return []
    return sorted(
        (
            row
            for row in match.floating_ip.port_forwardings
            if _is_chosen(row, match.query)
        ),
        key=lambda row: (
            row.protocol or '',
            len(row.external_port or ''),
            row.external_port or '',
        ),
    )


def _is_chosen(
    forwarding: records.PortForwarding, query: addresses.Address
) -> bool:
    """Return whether a query asks for a forwarding, or for all of them."""
    if query.protocol not in (None, (forwarding.protocol or '').lower()):
        return False
    if query.number is None:
        return True
    ports = forwarding.external_range
    return ports is not None and ports[0] <= query.number <= ports[1]
