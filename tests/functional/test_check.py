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

import contextlib
import json
import sqlite3
import threading
import time
from typing import Any
import uuid

from tests.cloud import api
from tests.cloud import embedded
from tests.cloud import fleet
from tests.cloud import scenario
from tests.functional import base
from tests.functional import recording_proxy

COMMAND = ('server', 'interface', 'check')


class TestUntouchedFleet(base.FunctionalTestCase):
    user = 'fleet-a'

    @classmethod
    def setUpClass(cls) -> None:
        fleet.ensure(embedded.Cloud())
        super().setUpClass()

    def test_no_finding(self) -> None:
        for project in ('fleet-a', 'fleet-b'):
            rows = self.rows(*COMMAND, '--project', project, user='admin')
            self.assertEqual([], rows)

    def test_requests(self) -> None:
        self.rows(*COMMAND, '--project', 'fleet-a', user='admin')
        # Keystone's two and the project; Nova's versions, the listing and
        # what it leaves out; Neutron's versions and ports.
        self.assertLessEqual(len(self.proxy.requests), 9, self.proxy.requests)

    def test_member(self) -> None:
        result = self.openstack(*COMMAND, '-f', 'json')
        self.assertEqual((0, '[]\n'), (result.status, result.stdout))
        self.assertEqual(
            'Not looked for, as it needs administrator rights: '
            'binding-failed, host-differs, unbound\n',
            result.stderr,
        )

    def test_without_neutron(self) -> None:
        self.proxy.answer('/ports', recording_proxy.Answer(404, b'gone'))
        result = self.openstack(*COMMAND, '-f', 'json')
        # Not all was looked for, so nobody may think that all is well.
        self.assertEqual((1, '[]\n'), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            r'^Neutron cannot be used \([^\n]*\); not looked for: '
            r'binding-failed, duplicate-mac, host-differs, no-fixed-ip, '
            r'not-attached, orphan-port, port-down, unbound\n$',
        )


class TestFaults(base.ProjectTestCase):
    network: scenario.Resource
    admin: api.Api

    @classmethod
    def make_resources(cls) -> None:
        cls.admin = api.Api('admin', cls.cloud)
        cls.network = cls.scenario.network(
            'net', '10.40.0.0/24', 'fd00:40::/64'
        )

    def make_server(self, interfaces: int = 2) -> scenario.Resource:
        return self.scenario.server(
            uuid.uuid4().hex[:6],
            *[{'uuid': self.network['id']} for _number in range(interfaces)],
        )

    def ports(self, server: scenario.Resource) -> list[scenario.Resource]:
        found: list[scenario.Resource] = self.admin.get(
            'network', '/v2.0/ports', device_id=server['id']
        )['ports']
        return sorted(found, key=lambda port: port['id'])

    def update_port(
        self, port: scenario.Resource, **attributes: object
    ) -> None:
        self.admin.put(
            'network', f'/v2.0/ports/{port["id"]}', {'port': attributes}
        )

    def change(self, database: str, statement: str, *values: object) -> None:
        """Change a service's database behind its back."""
        path = self.cloud.database(database)
        with (
            contextlib.closing(sqlite3.connect(path, timeout=60)) as opened,
            opened,
        ):
            changed = opened.execute(statement, values).rowcount
        self.assertEqual(1, changed)

    def read_cache(self, server: scenario.Resource) -> list[dict[str, Any]]:
        path = self.cloud.database('nova-cell1')
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
            (text,) = opened.execute(
                'SELECT network_info FROM instance_info_caches '
                'WHERE instance_uuid = ?',
                (server['id'],),
            ).fetchone()
        cache: list[dict[str, Any]] = json.loads(text)
        return cache

    def write_cache(
        self, server: scenario.Resource, cache: list[dict[str, Any]]
    ) -> None:
        self.change(
            'nova-cell1',
            'UPDATE instance_info_caches SET network_info = ? '
            'WHERE instance_uuid = ?',
            json.dumps(cache),
            server['id'],
        )

    def check(
        self, *arguments: str, user: str = 'admin', status: int = 3
    ) -> list[dict[str, Any]]:
        result = self.openstack(
            *(*COMMAND, '-f', 'json', *arguments), user=user
        )
        self.assertEqual(status, result.status, result.stderr)
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows

    def assert_findings(
        self,
        server: scenario.Resource,
        *expected: tuple[str, scenario.Resource],
    ) -> list[dict[str, Any]]:
        rows = self.check(server['id'])
        self.assertEqual(
            sorted((code, port['mac_address']) for code, port in expected),
            sorted((row['Finding'], row['MAC Address']) for row in rows),
        )
        for row in rows:
            self.assertEqual(server['id'], row['Server ID'])
        return rows

    def test_emptied_cache(self) -> None:
        server = self.make_server()
        self.write_cache(server, [])
        first, second = self.ports(server)
        self.assert_findings(
            server,
            ('missing-from-cache', first),
            ('missing-from-cache', second),
        )
        for arguments in (
            ('--ignore', 'missing-from-cache'),
            ('--finding', 'port-down'),
        ):
            self.assertEqual(
                [], self.check(server['id'], *arguments, status=0)
            )
        rows = self.check(server['id'], user=self.user)
        self.assertEqual(2, len(rows))

    def test_interface_missing_from_cache(self) -> None:
        server = self.make_server()
        cache = self.read_cache(server)
        self.write_cache(server, cache[1:])
        (port,) = (
            port for port in self.ports(server) if port['id'] == cache[0]['id']
        )
        (row,) = self.assert_findings(server, ('missing-from-cache', port))
        self.assertEqual(port['id'], row['Port ID'])
        self.assertEqual(
            ','.join(sorted(ip['ip_address'] for ip in port['fixed_ips'])),
            row['Expected'],
        )
        self.assertEqual('not in the cache', row['Actual'])

    def test_address_differs(self) -> None:
        server = self.make_server(1)
        cache = self.read_cache(server)
        cache[0]['network']['subnets'][0]['ips'][0]['address'] = '10.40.0.250'
        self.write_cache(server, cache)
        (port,) = self.ports(server)
        (row,) = self.assert_findings(server, ('address-differs', port))
        self.assertIn('10.40.0.250', row['Actual'])

    def test_port_deleted_behind_novas_back(self) -> None:
        server = self.make_server()
        gone, _kept = self.ports(server)
        self.admin.delete('network', f'/v2.0/ports/{gone["id"]}')
        self.assert_findings(server, ('only-in-cache', gone))

    def test_bindings(self) -> None:
        server = self.make_server(3)
        elsewhere, nowhere, refused = self.ports(server)
        host = self.admin.get('compute', f'/servers/{server["id"]}')['server'][
            'OS-EXT-SRV-ATTR:host'
        ]
        other = 'compute-1' if host != 'compute-1' else 'compute-2'
        self.update_port(elsewhere, **{'binding:host_id': other})
        self.update_port(nowhere, **{'binding:host_id': ''})
        # The mechanism driver refuses ports of this name.
        self.update_port(
            refused, name='refuse-binding', **{'binding:host_id': ''}
        )
        self.update_port(refused, **{'binding:host_id': host})
        rows = self.assert_findings(
            server,
            ('host-differs', elsewhere),
            ('unbound', nowhere),
            ('binding-failed', refused),
        )
        (row,) = (row for row in rows if row['Finding'] == 'host-differs')
        self.assertEqual((host, other), (row['Expected'], row['Actual']))
        # Who may not see bindings is not told guesses.
        shown = self.check(
            server['id'], '--ignore', 'port-down', user=self.user, status=0
        )
        self.assertEqual([], shown)

    def test_device_id_set_by_hand(self) -> None:
        server = self.make_server(1)
        port = self.scenario.port(self.network)
        self.update_port(port, device_id=server['id'])
        (row,) = self.assert_findings(server, ('not-attached', port))
        self.assertEqual(port['id'], row['Port ID'])
        # The server is deleted in the end, and would take it along.
        self.update_port(port, device_id='')

    def test_port_down(self) -> None:
        server = self.make_server(2)
        down, disabled = self.ports(server)
        self.change(
            'neutron',
            "UPDATE ports SET status = 'DOWN' WHERE id = ?",
            down['id'],
        )
        self.update_port(disabled, admin_state_up=False)
        self.assert_findings(server, ('port-down', down))
        self.scenario.act(server, 'os-stop', 'SHUTOFF')
        self.assertEqual([], self.check(server['id'], status=0))

    def test_no_fixed_ip(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        self.update_port(port, fixed_ips=[])
        self.assert_findings(
            server, ('no-fixed-ip', port), ('address-differs', port)
        )

    def test_orphan_port(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        self.change(
            'nova-cell1',
            'UPDATE instances SET deleted = id WHERE uuid = ?',
            server['id'],
        )
        rows = self.check('--all-projects', '--finding', 'orphan-port')
        self.assertEqual(
            [port['id']],
            [
                row['Port ID']
                for row in rows
                if row['Server ID'] == server['id']
            ],
        )
        self.admin.delete('network', f'/v2.0/ports/{port["id"]}')

    def test_floating_ip_is_no_drift(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        router = self.scenario.router('router', self.network)
        self.scenario.floating_ip(port)
        # An attach makes Nova read all addresses of the server again.
        self.api.post(
            'compute',
            f'/servers/{server["id"]}/os-interface',
            {'interfaceAttachment': {'net_id': self.network['id']}},
        )
        deadline = time.monotonic() + 60
        while not self.floating_addresses(server):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.5)
        self.assertEqual([], self.check(server['id'], status=0))
        self.assertNotEqual('', router['id'])

    def floating_addresses(self, server: scenario.Resource) -> list[str]:
        shown = self.api.get('compute', f'/servers/{server["id"]}')
        return [
            address['addr']
            for addresses in shown['server']['addresses'].values()
            for address in addresses
            if address['OS-EXT-IPS:type'] == 'floating'
        ]


class TestHotPlug(base.ProjectTestCase):
    """Nothing that is under way is reported."""

    SECONDS = 60
    LOOPS = 6
    CHECKS = 3

    def test_attach_and_detach_in_a_loop(self) -> None:
        network = self.scenario.network('net', '10.41.0.0/24')
        server = self.scenario.server('busy', {'uuid': network['id']})
        path = f'/servers/{server["id"]}/os-interface'
        stop = threading.Event()
        loops: list[str] = []

        def hot_plug() -> None:
            client = api.Api(self.user, self.cloud)
            while not stop.is_set():
                port_id = client.post(
                    'compute',
                    path,
                    {'interfaceAttachment': {'net_id': network['id']}},
                )['interfaceAttachment']['port_id']
                client.delete('compute', f'{path}/{port_id}')
                loops.append(port_id)

        thread = threading.Thread(target=hot_plug)
        thread.start()
        checks = 0
        try:
            deadline = time.monotonic() + self.SECONDS
            while (
                time.monotonic() < deadline
                or len(loops) < self.LOOPS
                or checks < self.CHECKS
            ):
                self.assertTrue(thread.is_alive())
                result = self.openstack(
                    *(*COMMAND, '-f', 'json', server['id']), user='admin'
                )
                self.assertEqual(
                    (0, '[]\n'), (result.status, result.stdout), result.stderr
                )
                checks += 1
        finally:
            stop.set()
            thread.join()
