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

"""What only OVN has.

What else differs there is in the tests of each command.
"""

import ipaddress
import time

from tests.cloud import api
from tests.cloud import moves
from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud import ovn_packages
from tests.cloud import scenario
from tests.cloud.services import starting
from tests.functional import base

# Neutron is late by some seconds if a virtual IP moves.
PATIENCE = 120


def gratuitous_arp(mac_address: str, ip_address: str) -> bytes:
    """Announce an address, as keepalived does."""
    mac = bytes.fromhex(mac_address.replace(':', ''))
    ip = ipaddress.IPv4Address(ip_address).packed
    request = bytes.fromhex('0001080006040001')
    frame = (
        b'\xff' * 6 + mac + b'\x08\x06' + request + mac + ip + bytes(6) + ip
    )
    return frame.ljust(60, b'\0')


@base.needs(networks.OVN, 'only OVN watches who announces an address')
class TestVirtualIP(base.ProjectTestCase):
    ADDRESS = '10.80.0.100'

    admin: api.Api
    vip: scenario.Resource
    ports: dict[str, scenario.Resource]

    @classmethod
    def make_resources(cls) -> None:
        made = cls.scenario
        cls.admin = api.Api('admin', cls.cloud)
        network = made.network('net', '10.80.0.0/24')
        cls.vip = made.port(network, cls.ADDRESS)
        cls.ports = {
            name: made.port(
                network, allowed_address_pairs=[{'ip_address': pair}]
            )
            for name, pair in (
                ('first', cls.ADDRESS),
                ('second', cls.ADDRESS),
                ('wide', '10.80.0.96/28'),
            )
        }
        made.servers(
            {name: [{'port': port['id']}] for name, port in cls.ports.items()}
        )

    def announce(self, name: str) -> None:
        """Announce the address, and wait until Neutron shows from where."""
        below = ovn.Ovn(self.cloud.state / 'ovn', ovn_packages.ensure())
        port, host = self.ports[name], self.host_of(name)
        below.send(
            port['id'],
            starting.COMPUTE_HOSTS.index(host) + 1,
            gratuitous_arp(port['mac_address'], self.ADDRESS),
        )
        self.wait_for_holder(host)

    def show(self, port: scenario.Resource) -> scenario.Resource:
        path = f'/v2.0/ports/{port["id"]}'
        return dict(self.admin.get('network', path)['port'])

    def wait_for_holder(self, host: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            details = self.show(self.vip)['binding:vif_details']
            if details['parent_hostname'] == host:
                return
            self.assertLess(time.monotonic(), deadline, details)
            time.sleep(0.3)

    def certainties(self, user: str) -> dict[str, str]:
        rows = self.rows(
            'server', 'interface', 'find', self.ADDRESS, user=user
        )
        names = {port['id']: name for name, port in self.ports.items()}
        return {
            names[row['Port ID']]: row['Certainty']
            for row in self.of_own_project(rows)
            if row['Matched As'] == 'allowed-address'
        }

    def test_who_holds_it(self) -> None:
        nobody = dict.fromkeys(self.ports, 'may-use')
        self.assertEqual(nobody, self.certainties('admin'))
        first = self.show(self.ports['first'])
        server = {'id': first['device_id']}
        if first['binding:host_id'] == self.host_of('second'):
            target = moves.other_host(self.admin, server)
            moves.live_migrate(self.admin, server, target)
        for name in ('first', 'second'):
            self.announce(name)
            self.assertEqual(
                {**nobody, name: 'holds'}, self.certainties('admin')
            )
        # Neutron shows the host to administrators only.
        self.assertEqual(nobody, self.certainties(self.user))
        # Another one on that host may hold it just as well.
        moves.live_migrate(self.admin, server, self.host_of('second'))
        self.assertEqual(nobody, self.certainties('admin'))
        self.scenario.act(server, 'os-stop', 'SHUTOFF')
        self.assertEqual(
            {**nobody, 'second': 'holds'}, self.certainties('admin')
        )
        server = {'id': self.show(self.ports['second'])['device_id']}
        self.scenario.act(server, 'os-stop', 'SHUTOFF')
        self.wait_for_holder('')
        self.assertEqual(nobody, self.certainties('admin'))

    def host_of(self, name: str) -> str:
        return str(self.show(self.ports[name])['binding:host_id'])
