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

from collections.abc import Callable
import json
import subprocess
import threading
import time
from typing import Any
import uuid

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import embedded
from tests.cloud import fleet
from tests.cloud import moves
from tests.cloud import scenario
from tests.functional import base
from tests.functional import client
from tests.functional import faults
from tests.functional import recording_proxy

COMMAND = ('server', 'interface', 'check')

Change = Callable[[api.Api], object]


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
        self.assertLessEqual(len(self.proxy.requests), 25, self.proxy.requests)

    def test_member(self) -> None:
        result = self.openstack(*COMMAND, '-f', 'json')
        self.assertEqual(
            (0, '[]\n', ''), (result.status, result.stdout, result.stderr)
        )
        result = self.openstack(*COMMAND, '-f', 'json', '--finding', 'unbound')
        self.assertEqual(
            (
                1,
                '[]\n',
                'Not looked for, as it needs administrator rights: unbound\n',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_without_neutron(self) -> None:
        self.proxy.answer('/ports', recording_proxy.Answer(404, b'gone'))
        result = self.openstack(*COMMAND, '-f', 'json')
        # Nothing may look as if all were well.
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(result.stderr, r'^Ports: [^\n]*\n$')


class TestMonitoring(base.FunctionalTestCase):
    user = 'fleet-a'

    @classmethod
    def setUpClass(cls) -> None:
        fleet.ensure(embedded.Cloud())
        super().setUpClass()

    def nagios(self, *arguments: str, user: str | None = None) -> str:
        """Check, and return the line without its performance data."""
        result = self.openstack(
            *arguments, *COMMAND, '--nagios', user=user or self.user
        )
        line = result.stdout.partition('|')[0].rstrip()
        return f'{result.status} {line}'

    def test_nothing_wrong(self) -> None:
        self.assertEqual('0 OK: findings: 0', self.nagios())

    def test_no_token(self) -> None:
        self.assertRegex(
            self.nagios('--os-password', 'wrong'),
            r'^3 UNKNOWN: Authentication failed: Unauthorized \(HTTP 401',
        )

    def test_disk_that_is_full(self) -> None:
        with open('/dev/full', 'w') as stdout:
            result = subprocess.run(
                [str(client.program()), *COMMAND, '--nagios'],
                env=self.environment(self.user),
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                timeout=client.TIMEOUT,
            )
        self.assertEqual(
            (3, 'The output cannot be written: No space left on device\n'),
            (result.returncode, result.stderr),
        )

    def test_host_that_does_not_exist(self) -> None:
        result = self.openstack(
            *COMMAND, '--nagios', '--host', 'nosuch', user='admin'
        )
        self.assertEqual(
            (3, "UNKNOWN: No compute host has the name 'nosuch'.\n"),
            (result.status, result.stdout),
        )


class CheckTestCase(faults.FaultsTestCase):
    def check(
        self, *arguments: str, user: str = 'admin', status: int = 3
    ) -> list[dict[str, Any]]:
        result = self.openstack(*COMMAND, '-f', 'json', *arguments, user=user)
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


class TestCaches(CheckTestCase):
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
        self.assertEqual(
            [('critical', 'ACTIVE', self.user)] * 2,
            [
                (row['Severity'], row['Server Status'], row['Project Name'])
                for row in rows
            ],
        )
        self.assertEqual(
            [],
            self.check(
                server['id'],
                '--severity',
                'critical',
                '--ignore',
                'missing-from-cache',
                status=0,
            ),
        )

    def test_interface_missing_from_cache(self) -> None:
        server = self.make_server()
        port = self.forget(server)
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

    def test_mac_differs(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        cache = self.read_cache(server)
        cache[0]['address'] = 'a0:36:9f:00:00:02'
        self.write_cache(server, cache)
        (row,) = self.assert_findings(server, ('mac-differs', port))
        self.assertEqual('a0:36:9f:00:00:02', row['Actual'])

    def test_duplicate_in_cache(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        self.write_cache(server, self.read_cache(server) * 2)
        self.assert_findings(server, ('duplicate-in-cache', port))

    def test_port_deleted_behind_novas_back(self) -> None:
        server = self.make_server()
        gone, _kept = self.ports(server)
        self.admin.delete('network', f'/v2.0/ports/{gone["id"]}')
        self.assert_findings(server, ('only-in-cache', gone))

    def test_floating_ip(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        router = self.scenario.router('router', self.network)
        floating_ip = self.scenario.floating_ip(port)
        # In this cloud, Neutron does not notify Nova. Otherwise, a host that
        # is down would be the cause.
        with moves.all_hosts_up():
            (row,) = self.assert_findings(
                server, ('floating-ip-differs', port)
            )
        address = floating_ip['floating_ip_address']
        self.assertEqual(
            (address, 'not in the cache', 'Nova was not notified'),
            (row['Expected'], row['Actual'], row['Cause']),
        )
        self.assert_tree(server, port, router, address)
        # An attach makes Nova read all addresses of the server again.
        self.api.post(
            'compute',
            f'/servers/{server["id"]}/os-interface',
            {'interfaceAttachment': {'net_id': self.network['id']}},
        )
        deadline = time.monotonic() + scenario.TIMEOUT
        while not self.floating_addresses(server):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.5)
        self.assertEqual([], self.check(server['id'], status=0))
        self.admin.put(
            'network',
            f'/v2.0/floatingips/{floating_ip["id"]}',
            {'floatingip': {'port_id': None}},
        )
        (row,) = self.assert_findings(server, ('floating-ip-differs', port))
        self.assertEqual(
            ('no floating IP', address), (row['Expected'], row['Actual'])
        )

    def assert_tree(
        self,
        server: scenario.Resource,
        port: scenario.Resource,
        router: scenario.Resource,
        floating_ip: str,
    ) -> None:
        drawn = self.succeed(
            'server', 'interface', 'show', server['id'], '--tree'
        )
        (outside,) = router['external_gateway_info']['external_fixed_ips']
        first, last = (row['ip_address'] for row in port['fixed_ips'])
        is_ipv4_first = '.' in first
        cidrs = ('10.40.0.0/24', 'fd00:40::/64')[:: 1 if is_ipv4_first else -1]
        way = f'router {router["name"]} ({outside["ip_address"]})\n'
        self.assertEqual(
            f'server {server["name"]} ({server["id"]}, ACTIVE)\n'
            f'└── interface {port["mac_address"]} (ACTIVE, {port["id"]})\n'
            '    │   ! floating-ip-differs: not in the cache; expected: '
            f'{floating_ip}\n'
            f'    └── network {self.network["name"]} ({", ".join(cidrs)})\n'
            f'        ├── address {first}\n'
            f'        │   └── {way}'
            + f'        │       └── floating IP {floating_ip}\n'
            * is_ipv4_first
            + f'        └── address {last}\n'
            f'            └── {way}'
            + f'                └── floating IP {floating_ip}\n'
            * (not is_ipv4_first),
            drawn,
        )

    def floating_addresses(self, server: scenario.Resource) -> list[str]:
        shown = self.api.get('compute', f'/servers/{server["id"]}')
        return [
            address['addr']
            for addresses in shown['server']['addresses'].values()
            for address in addresses
            if address['OS-EXT-IPS:type'] == 'floating'
        ]


class TestPorts(CheckTestCase):
    def test_bindings(self) -> None:
        server = self.make_server(3)
        elsewhere, nowhere, refused = self.misbind(server)
        rows = self.assert_findings(
            server,
            ('host-differs', elsewhere),
            ('unbound', nowhere),
            ('binding-failed', refused),
        )
        (row,) = (row for row in rows if row['Finding'] == 'host-differs')
        self.assertEqual(
            (
                moves.host_of(self.admin, server),
                moves.other_host(self.admin, server),
            ),
            (row['Expected'], row['Actual']),
        )
        # Without access to bindings, nothing is guessed.
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
        # At the end, the port would be deleted together with the server.
        self.update_port(port, device_id='')

    def test_port_down(self) -> None:
        server = self.make_server(2)
        down, disabled = self.ports(server)
        self.set_port_status(down, 'DOWN')
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
        self.forget_server(server)
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

    def test_stale_binding(self) -> None:
        server = self.make_server(2)
        port, _other = self.ports(server)
        host = moves.other_host(self.admin, server)
        service = api.Api('service', self.cloud)
        self.scenario.binding(service, port, host)
        (row,) = self.assert_findings(server, ('stale-binding', port))
        self.assertEqual(f'also to {host}', row['Actual'])
        # By host.
        rows = self.check('--project', self.user, '--finding', 'stale-binding')
        self.assertIn(port['id'], [row['Port ID'] for row in rows])
        service.delete('network', f'/v2.0/ports/{port["id"]}/bindings/{host}')
        self.assertEqual([], self.check(server['id'], status=0))

    def test_trunk(self) -> None:
        parent = self.scenario.port(self.network)
        subport = self.scenario.port(self.network)
        trunk = self.scenario.trunk('trunk', parent, {101: subport})
        server = self.scenario.server('trunked', {'port': parent['id']})
        self.assertEqual([], self.check(server['id'], status=0))
        status = 'UPDATE trunks SET status = ? WHERE id = ?'
        self.change('neutron', status, 'DEGRADED', trunk['id'])
        self.assert_findings(server, ('trunk-degraded', parent))
        self.change('neutron', status, 'ACTIVE', trunk['id'])
        self.set_port_status(subport, 'DOWN')
        self.assert_findings(server, ('subport-down', subport))
        self.change(
            'neutron',
            'UPDATE ml2_port_bindings SET host = ? WHERE port_id = ?',
            moves.other_host(self.admin, server),
            subport['id'],
        )
        self.assert_findings(server, ('subport-host-differs', subport))

    def test_ports_without_server(self) -> None:
        half = self.scenario.port(self.network, device_owner='compute:nova')
        orphan = self.scenario.port(self.network)
        gone = str(uuid.uuid4())
        self.update_port(orphan, device_owner='compute:nova', device_id=gone)
        unused = self.scenario.port(self.network)
        kept = self.scenario.port(self.network)
        self.scenario.tag_port(kept, 'keep')
        vip = self.scenario.port(self.network)
        claimant = self.make_server(1)
        victim = self.make_server(1)
        (port,), (other,) = self.ports(claimant), self.ports(victim)
        self.update_port(
            port,
            allowed_address_pairs=[
                {'ip_address': found['fixed_ips'][0]['ip_address']}
                for found in (vip, other)
            ],
        )
        arguments = (
            '--finding',
            'all',
            '--older-than',
            '0s',
            '--keep-tag',
            'keep',
        )
        wanted = {
            half['id']: 'half-released',
            orphan['id']: 'orphan-port',
            unused['id']: 'unused-port',
            port['id']: 'address-claimed',
        }
        for user, selected in (
            ('admin', ('--all-projects',)),
            ('admin', ('--project', self.user)),
            (self.user, ()),
        ):
            rows = self.check(*arguments, *selected, user=user)
            found = {row['Port ID']: row for row in rows}
            self.assertEqual(
                wanted, {i: found[i]['Finding'] for i in wanted if i in found}
            )
            self.assertEqual(set(), {kept['id'], vip['id']} & found.keys())
            self.assertGreaterEqual(found[orphan['id']]['Age'], 0)
            self.assertEqual(
                'its server is not found', found[orphan['id']]['Actual']
            )
        for one in (half, orphan):
            self.update_port(one, device_owner='', device_id='')

    def test_cause(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        host = moves.host_of(self.admin, server)
        self.update_port(port, **{'binding:host_id': ''})
        with moves.host_down(self.admin, host):
            (row,) = self.assert_findings(server, ('unbound', port))
        self.assertEqual(f'nova-compute on {host} is down', row['Cause'])


class TestChanges(base.ProjectTestCase):
    """Nothing is reported that is under way."""

    SECONDS = 60
    LOOPS = 3
    CHECKS = 3
    PATIENCE = 300

    network: scenario.Resource
    admin: api.Api

    @classmethod
    def make_resources(cls) -> None:
        cls.admin = api.Api('admin', cls.cloud)
        cls.network = cls.scenario.network('net', '10.41.0.0/24')
        cls.scenario.router('router', cls.network)

    def test_no_finding(self) -> None:
        changes = {
            name: change(
                self.scenario.server(name, {'uuid': self.network['id']})
            )
            for name, change in (
                ('plugged', self.hot_plug),
                ('migrated', self.live_migrate),
                ('resized', self.resize),
                ('evacuated', self.evacuate),
                ('reached', self.associate),
                ('operated', self.operate),
            )
        }
        stop = threading.Event()
        loops = dict.fromkeys(changes, 0)

        def change_again_and_again(name: str) -> None:
            client = api.Api('admin', self.cloud)
            while not stop.is_set():
                changes[name](client)
                loops[name] += 1

        threads = [
            threading.Thread(target=change_again_and_again, args=(name,))
            for name in changes
        ]
        for thread in threads:
            thread.start()
        checks = 0
        try:
            deadline = time.monotonic() + self.SECONDS
            while (
                time.monotonic() < deadline
                or min(loops.values()) < self.LOOPS
                or checks < self.CHECKS
            ):
                self.assertTrue(all(thread.is_alive() for thread in threads))
                self.assertLess(
                    time.monotonic(), deadline + self.PATIENCE, loops
                )
                result = self.openstack(
                    *COMMAND,
                    '-f',
                    'json',
                    '--finding',
                    'all',
                    '--project',
                    self.user,
                    user='admin',
                )
                self.assertEqual(
                    (0, '[]\n', ''),
                    (result.status, result.stdout, result.stderr),
                )
                checks += 1
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def hot_plug(self, server: scenario.Resource) -> Change:
        path = f'/servers/{server["id"]}/os-interface'

        def change(client: api.Api) -> None:
            port_id = client.post(
                'compute',
                path,
                {'interfaceAttachment': {'net_id': self.network['id']}},
            )['interfaceAttachment']['port_id']
            client.delete('compute', f'{path}/{port_id}')

        return change

    def live_migrate(self, server: scenario.Resource) -> Change:
        return lambda client: moves.live_migrate(
            client, server, moves.other_host(client, server)
        )

    def resize(self, server: scenario.Resource) -> Change:
        def change(client: api.Api) -> None:
            moves.resize(client, server, bootstrap.LARGER_FLAVOR)
            moves.revert(client, server)

        return change

    def evacuate(self, server: scenario.Resource) -> Change:
        return lambda client: moves.evacuate(
            client, server, moves.other_host(client, server)
        )

    def operate(self, server: scenario.Resource) -> Change:
        """Take a server out of service and back again, in each way."""
        path = f'/servers/{server["id"]}/action'
        steps: list[tuple[dict[str, object], str]] = [
            ({'reboot': {'type': 'HARD'}}, 'ACTIVE'),
            ({'os-stop': None}, 'SHUTOFF'),
            ({'os-start': None}, 'ACTIVE'),
            ({'pause': None}, 'PAUSED'),
            ({'unpause': None}, 'ACTIVE'),
            ({'suspend': None}, 'SUSPENDED'),
            ({'resume': None}, 'ACTIVE'),
            ({'rescue': None}, 'RESCUE'),
            ({'unrescue': None}, 'ACTIVE'),
            ({'reboot': {'type': 'SOFT'}}, 'ACTIVE'),
        ]

        def change(client: api.Api) -> None:
            for action, status in steps:
                client.post('compute', path, action)
                scenario.wait_for(client, server, status)

        return change

    def associate(self, server: scenario.Resource) -> Change:
        (port,) = self.admin.get(
            'network', '/v2.0/ports', device_id=server['id']
        )['ports']
        floating_ip = self.scenario.floating_ip()
        path = f'/v2.0/floatingips/{floating_ip["id"]}'
        event = {
            'name': 'network-changed',
            'server_uuid': server['id'],
            'tag': port['id'],
        }

        def change(client: api.Api) -> None:
            for port_id in (port['id'], None):
                client.put(
                    'network', path, {'floatingip': {'port_id': port_id}}
                )
                # Neutron would notify Nova after its send_events_interval.
                time.sleep(2)
                client.post(
                    'compute',
                    '/os-server-external-events',
                    {'events': [event]},
                )

        return change
