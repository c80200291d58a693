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

"""Sixty servers in two projects, which tests may read but not change."""

import dataclasses

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import embedded
from tests.cloud import scenario

PROJECTS = {'fleet-a': 20, 'fleet-b': 40}

# The address of the first server of each project.
COMMON_ADDRESS = '10.20.0.200'


@dataclasses.dataclass
class Fleet:
    """The servers of each project, as their owner sees them."""

    servers: dict[str, list[scenario.Resource]]


def ensure(cloud: embedded.Cloud) -> Fleet:
    """Make the fleet, unless this cloud has it already.

    The servers of a project are on one dual-stack network, and every fourth is
    also on another one. Most are active.
    """
    cloud.once('fleet', lambda: _make_all(cloud))
    return Fleet(
        {
            project: sorted(
                api.Api(project, cloud).get('compute', '/servers/detail')[
                    'servers'
                ],
                key=lambda server: (server['name'], server['id']),
            )
            for project in PROJECTS
        }
    )


def _make_all(cloud: embedded.Cloud) -> None:
    for project, size in PROJECTS.items():
        _make(cloud, project, size)


def _make(cloud: embedded.Cloud, project: str, size: int) -> None:
    bootstrap.project(cloud, project)
    made = scenario.Scenario(api.Api(project, cloud), prefix=f'{project}-')
    # Both projects have the same addresses, as address spaces may overlap.
    first = made.network('first', '10.20.0.0/24', 'fd00:20::/64')
    second = made.network('second', '10.21.0.0/24')
    common = made.port(first, COMMON_ADDRESS, 'fd00:20::200')
    servers = made.servers(
        {
            f'{number:03}': [
                {
                    'tag': 'first',
                    **(
                        {'uuid': first['id']}
                        if number
                        else {'port': common['id']}
                    ),
                },
                *([{'uuid': second['id']}] if number % 4 == 0 else []),
            ]
            for number in range(size)
        }
    )
    made.act(servers[1], 'os-stop', 'SHUTOFF')
    made.act(servers[2], 'os-stop', 'SHUTOFF')
    made.act(servers[3], 'shelve', 'SHELVED_OFFLOADED')
    made.act(servers[4], 'shelve', 'SHELVED_OFFLOADED')
    api.Api('admin', cloud).post(
        'compute',
        f'/servers/{servers[5]["id"]}/action',
        {'os-resetState': {'state': 'error'}},
    )
