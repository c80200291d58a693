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

"""A second region of the embedded cloud.

It has its own Nova with Placement and its own Neutron, and shares Keystone and
Glance. A test brings it up, and takes it down again, as its processes need
half a gigabyte of memory.
"""

import json
import shutil

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import configuration
from tests.cloud import embedded
from tests import environments

NAME = 'RegionTwo'

# The hosts of the first region have the same names.
HOSTS = ('compute-1',)


class SecondRegion(embedded.Cloud):
    """A region whose directory is in that of the cloud, which is up."""

    services = ('network', 'compute')

    def __init__(self, home: embedded.Cloud) -> None:
        super().__init__(home.release.name, home.network)
        self._home = home
        self.state = home.state / NAME
        self.log = self.state / 'log'
        self.facts = self.state / 'cloud.json'
        self._processes = self.state / 'processes.json'

    def down(self) -> None:
        """Stop its processes, and take it out of the catalog."""
        super().down()
        self._unregister(api.Api('admin', self._home))

    def _start(self) -> None:
        programs = environments.ensure(
            self.release.pins, self.release.python(), install_plugin=False
        )
        shutil.rmtree(self.state, ignore_errors=True)
        for name in ('db', 'log', 'lock'):
            (self.state / name).mkdir(parents=True)
        ports = embedded.free_ports([*self.services, 'placement'])
        endpoints = {
            service: f'http://127.0.0.1:{port}{embedded.PATHS[service]}'
            for service, port in ports.items()
        }
        facts = json.loads(self._home.facts.read_text())
        facts['hosts'] = HOSTS
        facts['ports'] |= ports
        facts['endpoints'] |= endpoints
        self.facts.touch(mode=0o600)
        self.facts.write_text(json.dumps(facts))
        configuration.write(
            self.state,
            programs.parent,
            facts['endpoints'],
            facts['passwords'],
            region=NAME,
        )
        self._write_entry_point()
        admin = api.Api('admin', self._home)
        self._unregister(admin)
        admin.put('identity', f'/regions/{NAME}', {'region': {}})
        for service, url in endpoints.items():
            bootstrap.add_endpoint(admin, service, NAME, url)
        for service in self.services:
            self._start_service(programs, service)
        for service in endpoints:
            self._wait_for(service)
        bootstrap.resources(self)

    def _unregister(self, admin: api.Api) -> None:
        """Take the region out of the catalog, if it is there."""
        for row in admin.get('identity', '/endpoints', region_id=NAME)[
            'endpoints'
        ]:
            admin.delete('identity', f'/endpoints/{row["id"]}')
        for row in admin.get('identity', '/regions')['regions']:
            if row['id'] == NAME:
                admin.delete('identity', f'/regions/{NAME}')
