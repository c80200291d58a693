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

"""Recognizes the virtual IPs of Octavia's load balancers.

Requests: none. The amphorae, which are the servers behind a virtual IP, have
it as an allowed address pair.
"""

import dataclasses

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface import records


def find(cloud: api_cloud.Cloud, search: searches.Search) -> searches.Answer:
    """Mark the ports that hold virtual IPs."""
    return records.Answer(
        [
            dataclasses.replace(match, matched_as='load-balancer')
            if match.is_direct and match.port and match.port.load_balancer_id
            else match
            for match in search.matches
        ]
    )
