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

"""The project ``shop``: two servers that some pages repair or move.

They are made once for each cloud, separately from the demo, so that a page can
select them with ``--project shop`` whatever else is in the cloud.
"""

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import demo
from tests.cloud import directory
from tests.cloud import scenario

NAME = 'shop'

SERVERS = {
    'shop-1': (
        demo.Interface('front', 'fa:16:3e:5e:0f:11', ('10.20.0.11',)),
        demo.Interface('data', 'fa:16:3e:5e:0d:11', ('10.21.0.11',)),
    ),
    'shop-2': (demo.Interface('front', 'fa:16:3e:5e:0f:12', ('10.20.0.12',)),),
}

NETWORKS = {'front': '10.20.0.0/24', 'data': '10.21.0.0/24'}


def ensure() -> list[scenario.Resource]:
    """Return the servers, and make them if necessary."""
    cloud = directory.CloudDirectory()
    cloud.once(NAME, lambda: _make(cloud))
    servers: list[scenario.Resource] = api.Api(NAME, cloud).get(
        'compute', '/servers'
    )['servers']
    return sorted(servers, key=lambda server: server['name'])


def enable_host(admin: api.Api, host: str) -> None:
    """Let Nova schedule servers to a host again."""
    (service,) = admin.get(
        'compute', '/os-services', '2.53', binary='nova-compute', host=host
    )['services']
    admin.put(
        'compute',
        f'/os-services/{service["id"]}',
        {'status': 'enabled'},
        '2.53',
    )


def _make(cloud: directory.CloudDirectory) -> None:
    bootstrap.project(cloud, NAME)
    made = scenario.Scenario(api.Api(NAME, cloud), prefix='')
    networks = {
        name: made.network(name, cidr) for name, cidr in NETWORKS.items()
    }
    made.servers(
        {
            name: [
                {'port': port['id']}
                for port in demo.make_ports(made, name, plugged, networks)
            ]
            for name, plugged in SERVERS.items()
        }
    )
