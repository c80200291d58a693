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

from collections.abc import Sequence
import dataclasses

from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches


def find(
    read: searches.Reader,
    search: searches.Search,
    matches: Sequence[searches.Match],
) -> list[searches.Match]:
    """Add the parent port to the matches of subports."""
    if not any(map(_may_be_subport, matches)):
        return list(matches)
    trunk_of = {
        subport.port_id: (trunk, subport)
        for trunk in read.rows(neutron.TRUNKS)
        for subport in trunk.subports
    }
    found = [
        trunk_of.get(match.port.id if match.port else '') for match in matches
    ]
    ports = read.ports('id', (pair[0].port_id for pair in found if pair))
    by_id = {port.id: port for port in ports}
    return [
        dataclasses.replace(
            match,
            # A floating IP that leads to a subport remains a floating IP.
            matched_as='subport' if match.is_direct else match.matched_as,
            subport=pair[1],
            parent=by_id.get(pair[0].port_id),
        )
        if pair
        else match
        for match, pair in zip(matches, found, strict=True)
    ]


def _may_be_subport(match: searches.Match) -> bool:
    port = match.port
    return port is not None and (port.is_subport or port.is_unowned)
