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

from collections.abc import Callable, Iterator
import contextlib
import ipaddress
import json
import os
import secrets
import signal
import time
from typing import Any

from tests.cloud import api
from tests.cloud import moves
from tests.cloud import networks
from tests.cloud import ovn
from tests.cloud import scenario
from tests.cloud.services import starting
from tests.functional import base
from tests.functional import faults

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


@base.needs(networks.OVN, 'only OVN needs a device to make a port ACTIVE')
class TestPlugging(base.ProjectTestCase):
    admin: api.Api
    server: scenario.Resource
    parent: scenario.Resource
    subport: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        made = cls.scenario
        cls.admin = api.Api('admin', cls.cloud)
        network = made.network('net', '10.82.0.0/24')
        cls.parent = made.port(network)
        cls.subport = made.port(network, '10.82.0.9')
        made.trunk('trunk', cls.parent, {101: cls.subport})
        cls.server = made.server('server', {'port': cls.parent['id']})

    def test_binding(self) -> None:
        path = f'/v2.0/ports/{self.parent["id"]}'
        port = self.admin.get('network', path)['port']
        self.assertEqual(
            ('ovs', {'0': 'ovn'}),
            (
                port['binding:vif_type'],
                port['binding:vif_details']['bound_drivers'],
            ),
        )
        # Neutron does not show where OVN binds a subport.
        path = f'/v2.0/ports/{self.subport["id"]}'
        subport = self.admin.get('network', path)['port']
        self.assertEqual('', subport['binding:host_id'])
        (row,) = self.of_own_project(
            self.rows('server', 'interface', 'find', '10.82.0.9', user='admin')
        )
        self.assertEqual(
            ('subport', self.server['id'], port['binding:host_id']),
            (row['Matched As'], row['Server ID'], row['Host']),
        )

    def test_stop_and_start(self) -> None:
        self.assertEqual('ACTIVE', self.state())
        self.scenario.act(self.server, 'os-stop', 'SHUTOFF')
        self.assertEqual('DOWN', self.state())
        command = ('server', 'interface')
        one = (self.server['id'],)
        self.assertEqual([], self.rows(*command, 'check', *one, user='admin'))
        result = self.openstack(*command, 'wait', *one)
        self.assertEqual(3, result.status)
        self.assertEqual(
            f'Server {self.server["id"]}, interface {self.parent["id"]} '
            f'({self.parent["mac_address"]}): its port is DOWN, and stays so '
            'while the status of the server is SHUTOFF\n',
            result.stderr,
        )
        self.api.post(
            'compute',
            f'/servers/{self.server["id"]}/action',
            {'os-start': None},
        )
        self.succeed(*command, 'wait', *one)
        self.assertEqual('ACTIVE', self.state())

    def state(self) -> str:
        (row,) = self.rows('server', 'interface', 'list', self.server['id'])
        return str(row['Port State'])


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
        port, host = self.ports[name], self.host_of(name)
        ovn.of(self.cloud.state).send(
            port['id'],
            host,
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


@base.needs(networks.OVN, 'only OVN has an ovn-controller on each host')
class TestHosts(faults.FaultsTestCase):
    """What is wrong with a host, which no other test may use meanwhile."""

    def test_physical_network(self) -> None:
        server = self.make_server(1)
        host = moves.host_of(self.admin, server)
        below = ovn.of(self.cloud.state)
        name = f'p{secrets.token_hex(4)}'
        made = scenario.Scenario(self.admin)
        # After the server that has a port there.
        self.addClassCleanup(made.remove)
        network = made.flat_network(
            'flat', '10.81.0.0/24', name, self.api.project_id
        )
        self.addCleanup(below.connect, host, ovn.PHYSICAL_NETWORK)
        below.connect(host, ovn.PHYSICAL_NETWORK, name)
        self.wait_for_agent(host, lambda agent: name in str(agent))
        port_id = self.attach(server, network)
        self.assertEqual([], self.check(server, 0))
        below.connect(host, ovn.PHYSICAL_NETWORK)
        self.wait_for_agent(host, lambda agent: name not in str(agent))
        for bound in ('', host):
            self.update_port({'id': port_id}, **{'binding:host_id': bound})
        (row,) = self.check(server, 3)
        self.assertEqual(
            (
                port_id,
                'binding-failed',
                f'{host} has no segment of physical network {name}',
            ),
            (row['Port ID'], row['Finding'], row['Cause']),
        )

    def test_dead_controller(self) -> None:
        server = self.make_server(1)
        host = moves.host_of(self.admin, server)
        with self.frozen(host):
            # What is plugged in stays as it is.
            self.assertEqual([], self.check(server, 0))
            port_id = self.attach(server, self.network)
            self.wait_for_agent(host, lambda agent: not agent['alive'])
            (row,) = self.check(server, 3)
            kind = 'OVN Controller'
            if host == starting.COMPUTE_HOSTS[0]:
                kind += ' Gateway'
            self.assertEqual(
                (
                    port_id,
                    'port-down',
                    f'no live network agent on {host} ({kind} agent)',
                ),
                (row['Port ID'], row['Finding'], row['Cause']),
            )
        self.wait_for_agent(host, lambda agent: bool(agent['alive']))
        self.assertEqual([], self.check(server, 0))

    @contextlib.contextmanager
    def frozen(self, host: str) -> Iterator[None]:
        """Stop the ovn-controller of a host, which can go on afterwards."""
        process = self.cloud.processes()[f'ovn-controller-{host}']
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process.pid, signal.SIGCONT)

    def attach(
        self, server: scenario.Resource, network: scenario.Resource
    ) -> str:
        return str(
            self.api.post(
                'compute',
                f'/servers/{server["id"]}/os-interface',
                {'interfaceAttachment': {'net_id': network['id']}},
            )['interfaceAttachment']['port_id']
        )

    def check(
        self, server: scenario.Resource, status: int
    ) -> list[dict[str, Any]]:
        result = self.openstack(
            'server',
            'interface',
            'check',
            server['id'],
            '-f',
            'json',
            user='admin',
        )
        self.assertEqual(status, result.status, result.stderr)
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows

    def wait_for_agent(
        self, host: str, is_so: Callable[[dict[str, Any]], bool]
    ) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            (agent,) = self.admin.get('network', '/v2.0/agents', host=host)[
                'agents'
            ]
            if is_so(agent):
                return
            self.assertLess(time.monotonic(), deadline)
            time.sleep(1)
