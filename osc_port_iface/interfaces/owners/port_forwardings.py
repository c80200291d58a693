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

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(
    cloud: api_cloud.Cloud,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> searches.Answer:
    """Replace a floating IP by one match for each of its forwardings.

    A query with a port chooses the forwardings of that port.
    """
    forwardings = [
        forwarding for match in matches for forwarding in _forwardings(match)
    ]
    if not forwardings:
        return records.Answer(list(matches))
    by_id = cloud.network.list(
        neutron.PORTS, 'id', (row.internal_port_id for row in forwardings)
    )
    # Before Neutron 21, a forwarding does not have the ID of its port.
    by_address = cloud.network.list(
        neutron.PORTS,
        'ip_address',
        (
            row.internal_ip_address
            for row in forwardings
            if not row.internal_port_id
        ),
    )
    return records.Answer(
        list(_followed(matches, by_id.rows, by_address.rows)),
        by_id.failures + by_address.failures,
    )


def _followed(
    matches: Iterable[searches.Match],
    by_id: Iterable[records.Port],
    by_address: Iterable[records.Port],
) -> Iterator[searches.Match]:
    ports = {port.id: port for port in by_id}
    for match in matches:
        forwardings = _forwardings(match)
        if match.port or not forwardings:
            yield match
        for forwarding in forwardings:
            followed = dataclasses.replace(
                match,
                matched_as='port-forwarding',
                certainty=searches.Certainty.FORWARDS,
                forwarding=forwarding,
                port=ports.get(forwarding.internal_port_id or ''),
            )
            candidates = [
                port
                for port in by_address
                if match.floating_ip
                and not forwarding.internal_port_id
                and match.floating_ip.forwards_to(port, forwarding)
            ]
            if not candidates:
                yield followed
            for port in candidates:
                yield dataclasses.replace(followed, port=port)


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
