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

"""Finds floating IPs, and the ports that they lead or forward to.

Requests: the IPv4 addresses, in batches, which have their forwardings; then
the ports, in batches.
"""

import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(search: searches.Search) -> None:
    """Add the floating IPs of these addresses."""
    queries = searches.IPQueries(search.queries)
    # Floating IPs are always IPv4 addresses.
    found = search.read(
        neutron.FLOATING_IPS,
        'address',
        (address for address in queries.by_address if ':' not in address),
    )
    chosen = [
        (query, row, _forwardings(row, query))
        for row in sorted(found, key=lambda row: (row.address, row.id))
        for query in queries.of(row.address)
    ]
    forwarded = [row for _query, _row, rows in chosen for row in rows]
    port_ids = {
        *(row.port_id for row in found),
        *(row.internal_port_id for row in forwarded),
    }
    ports = search.by_id(neutron.PORTS, port_ids)
    search.notices += (
        records.Missing(
            _('Port %s, to which a floating IP leads, cannot be read')
            % port_id,
            port_id,
        )
        for port_id in sorted(filter(None, port_ids - ports.keys()))
    )
    # Before Neutron 21, a forwarding does not have the ID of its port.
    others = search.ports(
        'ip_address',
        (
            row.internal_ip_address
            for row in forwarded
            if not row.internal_port_id
        ),
    )

    for query, row, forwardings in chosen:
        leads = bool(forwardings or row.port_id or search.failures)
        if query.number and not leads:
            port = query.text.rpartition(':')[2]
            search.notices.append(
                _('Floating IP %(address)s does not forward %(port)s')
                % {'address': row.address, 'port': port}
            )
        match = searches.Match(
            query,
            'floating-ip',
            ip_address=row.address,
            port=ports.get(row.port_id or ''),
            floating_ip=row,
        )
        if match.port or not forwardings:
            search.rows.append(match)
        search.rows += [
            dataclasses.replace(
                match,
                matched_as='port-forwarding',
                certainty=searches.Certainty.FORWARDS,
                forwarding=forwarding,
                port=port,
            )
            for forwarding in forwardings
            for port in [
                known
                for known in (
                    ports.get(forwarding.internal_port_id or ''),
                    *others,
                )
                if known and row.forwards_to(known, forwarding)
            ]
            or (None,)
        ]


def _forwardings(
    floating_ip: records.FloatingIP, query: addresses.Address
) -> list[records.PortForwarding]:
    """Return the forwardings that a query asks for, by external port.

    A query with a port chooses those of that port.
    """
    found = []
    for row in floating_ip.port_forwardings:
        first, last = records.port_range(row.external_port) or (0, 0)
        protocol = row.protocol or ''
        if query.protocol in (None, protocol.lower()) and (
            query.number is None or first <= query.number <= last
        ):
            found.append((protocol, first, last, row))
    return [row for *_order, row in sorted(found, key=lambda row: row[:3])]
