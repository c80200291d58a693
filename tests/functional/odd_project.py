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

"""Three servers that the plan of faults reads, but does not change."""

import dataclasses

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import embedded
from tests.cloud import scenario
from tests.functional import base

NAME = 'odd'

# The server one has a port on each network and a floating IP, two has a port
# that is DOWN, and three has a port.
ADDRESSES = {'one': '10.30.0.11', 'two': '10.30.0.12', 'three': '10.30.0.13'}


@dataclasses.dataclass
class OddProject:
    """The project.

    :ivar ids: The IDs of the servers, by their names.
    :ivar words: The values of the words in braces in the plan.
    """

    ids: dict[str, str]
    words: dict[str, str]


class OddProjectTestCase(base.FunctionalTestCase):
    """Works as a member of the project."""

    user = NAME
    project: OddProject

    @classmethod
    def setUpClass(cls) -> None:
        cls.project = ensure(embedded.Cloud())
        super().setUpClass()


def ensure(cloud: embedded.Cloud) -> OddProject:
    """Make the project, unless this cloud has it already."""
    cloud.once(NAME, lambda: _make(cloud))
    user = api.Api(NAME, cloud)
    servers = user.get('compute', '/servers')['servers']
    ports = user.get('network', '/v2.0/ports')['ports']
    ids = {server['name']: server['id'] for server in servers}
    of_port = {
        address['ip_address']: port
        for port in ports
        for address in port['fixed_ips']
    }
    (floating_ip,) = user.get('network', '/v2.0/floatingips')['floatingips']
    return OddProject(
        ids,
        {
            **ids,
            'floating': floating_ip['floating_ip_address'],
            **{
                f'{name}_{key}': of_port[address][attribute]
                for name, address in ADDRESSES.items()
                for key, attribute in (
                    ('port', 'id'),
                    ('mac', 'mac_address'),
                    ('network', 'network_id'),
                )
            },
            **{
                f'{name}_address': address
                for name, address in ADDRESSES.items()
            },
            'project': user.project_id,
        },
    )


def _make(cloud: embedded.Cloud) -> None:
    bootstrap.project(cloud, NAME)
    user = api.Api(NAME, cloud)
    made = scenario.Scenario(user, prefix='')
    first = made.network('first', '10.30.0.0/24', 'fd00:30::/64')
    second = made.network('second', '10.31.0.0/24')
    made.router('router', first)
    ports = {
        name: made.port(first, address) for name, address in ADDRESSES.items()
    }
    made.servers(
        {
            name: [
                {'port': port['id'], 'tag': f'tag-of-{name}'},
                *([{'uuid': second['id']}] if name == 'one' else []),
            ]
            for name, port in ports.items()
        }
    )
    made.floating_ip(ports['one'])
    user.put(
        'network',
        f'/v2.0/ports/{ports["two"]["id"]}',
        {'port': {'admin_state_up': False}},
    )
