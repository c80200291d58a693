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

"""Follows subports to the parent port of their trunk, and its server.

Requests: the trunks, if a port is or may be a subport (one that is not wired
yet has neither device owner nor device ID); then the parent ports, in batches.
"""

from collections.abc import Mapping
import dataclasses

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(cloud: api_cloud.Cloud, search: searches.Search) -> searches.Answer:
    """Add the parent port to the matches of subports."""
    if not any(map(_may_be_subport, search.matches)):
        return records.Answer(list(search.matches))
    trunks = cloud.network.list(neutron.TRUNKS)
    carriers = {
        subport.port_id: (trunk.port_id, subport)
        for trunk in trunks.rows
        for subport in trunk.subports
    }
    parents = cloud.network.list(
        neutron.PORTS,
        'id',
        (
            carriers[match.port.id][0]
            for match in search.matches
            if match.port and match.port.id in carriers
        ),
    )
    ports = {port.id: port for port in parents.rows}
    return records.Answer(
        [_followed(match, carriers, ports) for match in search.matches],
        trunks.failures + parents.failures,
    )


def _may_be_subport(match: searches.Match) -> bool:
    port = match.port
    return port is not None and (port.is_subport or port.is_nobodys)


def _followed(
    match: searches.Match,
    carriers: Mapping[str, tuple[str, records.Subport]],
    ports: Mapping[str, records.Port],
) -> searches.Match:
    if match.port is None or match.port.id not in carriers:
        return match
    parent_id, subport = carriers[match.port.id]
    return dataclasses.replace(
        match,
        # A floating IP that leads to a subport remains a floating IP.
        matched_as='subport' if match.is_direct else match.matched_as,
        subport=subport,
        parent=ports.get(parent_id),
    )
