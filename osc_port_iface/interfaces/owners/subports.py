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

from osc_port_iface.api import neutron
from osc_port_iface.interfaces.owners import search as searches


def find(search: searches.Search) -> None:
    """Add the parent port to the matches of subports."""
    # A port that was also given to a server is an interface of that server.
    port_ids = {
        match.port.id
        for match in search.rows
        if match.port and (match.port.is_subport or match.port.is_unowned)
    }
    if not port_ids:
        return
    trunk_of = {
        subport.port_id: (trunk.port_id, subport)
        for trunk in search.read(neutron.TRUNKS)
        for subport in trunk.subports
        if subport.port_id in port_ids
    }
    parents = search.by_id(
        neutron.PORTS, (parent_id for parent_id, _subport in trunk_of.values())
    )
    for match in search.rows:
        if match.port and match.port.id in trunk_of:
            # A floating IP that leads to a subport remains a floating IP.
            if match.is_direct:
                match.matched_as = 'subport'
            parent_id, match.subport = trunk_of[match.port.id]
            match.parent = parents.get(parent_id)
