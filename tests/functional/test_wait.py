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

import json
import secrets
import threading
from typing import Any

from tests.cloud import api
from tests.cloud import moves
from tests.cloud import ovn
from tests.cloud import scenario
from tests.functional import base

COMMAND = ('server', 'interface', 'wait')


class WaitTestCase(base.ProjectTestCase):
    def wait(
        self, *arguments: str, status: int = 0, user: str | None = None
    ) -> tuple[list[dict[str, Any]], str]:
        result = self.openstack(*COMMAND, *arguments, '-f', 'json', user=user)
        self.assertEqual(status, result.status, result.stderr)
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows, result.stderr


class TestWait(WaitTestCase):
    network: scenario.Resource
    other_network: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        cls.network = cls.scenario.network('net', '10.70.0.0/24')
        cls.other_network = cls.scenario.network('more', '10.71.0.0/24')

    def make_server(self, name: str) -> scenario.Resource:
        return self.scenario.server(name, {'uuid': self.network['id']})

    def test_attach_and_detach(self) -> None:
        server = self.make_server('plugged')
        port = self.scenario.port(self.other_network, name='hot-plugged')
        self.succeed('server', 'add', 'port', server['id'], port['id'])
        rows, stderr = self.wait(
            server['id'], '--for', 'attached', '--port', 'hot-plugged'
        )
        self.assertEqual('', stderr)
        self.assertIn(port['id'], [row['Port ID'] for row in rows])
        self.assertEqual(
            rows, self.rows('server', 'interface', 'list', server['id'])
        )
        shown = self.api.get('compute', f'/servers/{server["id"]}')['server']
        self.assertIn(self.other_network['name'], shown['addresses'])

        self.succeed('server', 'remove', 'port', server['id'], port['id'])
        rows, stderr = self.wait(
            server['id'], '--for', 'detached', '--port', port['id']
        )
        self.assertEqual('', stderr)
        self.assertNotIn(port['id'], [row['Port ID'] for row in rows])
        shown = self.api.get('compute', f'/servers/{server["id"]}')['server']
        self.assertNotIn(self.other_network['name'], shown['addresses'])

    def test_network(self) -> None:
        server = self.make_server('networked')
        self.succeed(
            'server',
            'add',
            'network',
            server['id'],
            self.other_network['name'],
        )
        rows, _stderr = self.wait(
            server['name'], '--network', self.other_network['name']
        )
        self.assertEqual(
            {self.network['id'], self.other_network['id']},
            {row['Network ID'] for row in rows},
        )

    def test_started_before_the_attach(self) -> None:
        server = self.make_server('early')
        port = self.scenario.port(self.other_network)
        attach = threading.Timer(
            4,
            self.api.post,
            (
                'compute',
                f'/servers/{server["id"]}/os-interface',
                {'interfaceAttachment': {'port_id': port['id']}},
            ),
        )
        attach.start()
        try:
            rows, _stderr = self.wait(
                server['id'], '--mac-address', port['mac_address']
            )
        finally:
            attach.join()
        self.assertIn(port['id'], [row['Port ID'] for row in rows])

    def test_timeout(self) -> None:
        server = self.make_server('late')
        port = self.scenario.port(self.other_network)
        rows, stderr = self.wait(
            server['id'], '--port', port['id'], '--timeout', '0', status=3
        )
        self.assertEqual([], rows)
        self.assertEqual(
            f'Server {server["id"]}, interface {port["id"]}: not plugged in\n',
            stderr,
        )
        (plugged,) = self.rows('server', 'interface', 'list', server['id'])
        rows, stderr = self.wait(
            server['id'], '--for', 'detached', '--timeout', '3', status=3
        )
        self.assertEqual(
            f'Server {server["id"]}, interface {plugged["Port ID"]} '
            f'({plugged["MAC Address"]}): still plugged in\n',
            stderr,
        )

    def test_port_that_is_down(self) -> None:
        port = self.scenario.port(self.network, admin_state_up=False)
        server = self.scenario.server('down', {'port': port['id']})
        # It fails at once, not after the timeout.
        _rows, stderr = self.wait(server['id'], status=3)
        self.assertEqual(
            f'Server {server["id"]}, interface {port["id"]} '
            f'({port["mac_address"]}): its port is disabled\n',
            stderr,
        )
        rows, _stderr = self.wait(
            server['id'], '--for', 'attached', '--timeout', '0'
        )
        self.assertEqual([port['id']], [row['Port ID'] for row in rows])

    def test_port_that_appears_later(self) -> None:
        server = self.make_server('early')
        port = self.scenario.port(self.other_network, name='not-yet')

        def rename() -> None:
            self.api.put(
                'network',
                f'/v2.0/ports/{port["id"]}',
                {'port': {'name': 'appears-later'}},
            )
            self.api.post(
                'compute',
                f'/servers/{server["id"]}/os-interface',
                {'interfaceAttachment': {'port_id': port['id']}},
            )

        later = threading.Timer(5.0, rename)
        later.start()
        self.addCleanup(later.join)
        rows, _stderr = self.wait(server['id'], '--port', 'appears-later')
        self.assertIn(port['id'], [row['Port ID'] for row in rows])

    def test_attach_to_a_server_that_is_off(self) -> None:
        server = self.make_server('off')
        self.scenario.act(server, 'os-stop', 'SHUTOFF')
        port = self.scenario.port(self.other_network)
        self.succeed('server', 'add', 'port', server['id'], port['id'])
        waiting = (server['id'], '--port', port['id'])
        rows, _stderr = self.wait(*waiting, '--for', 'attached')
        self.assertIn(port['id'], [row['Port ID'] for row in rows])
        # The plain cloud has no agent to report that a guest is off.
        api.Api('admin', self.cloud).put(
            'network',
            f'/v2.0/ports/{port["id"]}',
            {'port': {'admin_state_up': False}},
        )
        _rows, stderr = self.wait(*waiting, status=3)
        self.assertEqual(
            f'Server {server["id"]}, interface {port["id"]} '
            f'({port["mac_address"]}): its port is DOWN, and stays so while '
            'the status of the server is SHUTOFF\n',
            stderr,
        )

    def refused_port(self) -> scenario.Resource:
        """Make a port that Neutron cannot bind."""
        if not self.is_ovn:
            return self.scenario.port(
                self.other_network, name='refuse-binding-at-once'
            )
        admin = scenario.Scenario(api.Api('admin', self.cloud))
        self.addCleanup(admin.remove)
        # No host has a bridge for it.
        physical = f'p{secrets.token_hex(4)}'
        network = admin.flat_network(
            'nowhere', '10.74.0.0/24', physical, self.api.project_id
        )
        return admin.port(network, project_id=self.api.project_id)

    def test_attach_that_fails(self) -> None:
        server = self.make_server('unattached')
        port = self.refused_port()
        result = self.openstack(
            'server', 'add', 'port', server['id'], port['id']
        )
        self.assertEqual(1, result.status)
        self.assert_failed(
            self.wait(server['id'], '--port', port['id'], status=1),
            server,
            'not plugged in, as the attach has failed',
            'attach_interface',
        )
        # Another attach has succeeded since, so the failure is not reported.
        port = self.scenario.port(self.other_network)
        self.succeed('server', 'add', 'port', server['id'], port['id'])
        rows, _stderr = self.wait(server['id'], '--port', port['id'])
        self.assertIn(port['id'], [row['Port ID'] for row in rows])

    def test_detach_that_fails(self) -> None:
        server = self.make_server('unwilling')
        name, value = 'detach-interface', 'refused'
        self.api.post(
            'compute',
            f'/servers/{server["id"]}/metadata',
            {'metadata': {name: value}},
        )
        (plugged,) = self.rows('server', 'interface', 'list', server['id'])
        self.succeed(
            'server', 'remove', 'port', server['id'], plugged['Port ID']
        )
        self.assert_failed(
            self.wait(
                server['id'],
                '--for',
                'detached',
                '--port',
                plugged['Port ID'],
                status=1,
            ),
            server,
            'still plugged in, as the detach has failed',
            'detach_interface',
        )

    def assert_failed(
        self,
        answer: tuple[list[dict[str, Any]], str],
        server: scenario.Resource,
        what: str,
        action: str,
    ) -> None:
        """Check that the message names the action that failed."""
        actions = self.api.get(
            'compute', f'/servers/{server["id"]}/os-instance-actions'
        )['instanceActions']
        (request_id,) = (
            found['request_id']
            for found in actions
            if found['action'] == action
        )
        line = f'Server {server["id"]}: {what} (request ID {request_id})\n'
        self.assertEqual(([], line), answer)

    def test_floating_ip(self) -> None:
        network = self.scenario.network('inner', '10.72.0.0/24')
        self.scenario.router('router', network)
        port = self.scenario.port(network)
        server = self.scenario.server('reached', {'port': port['id']})
        address = self.scenario.floating_ip(port)['floating_ip_address']
        waiting = (server['id'], '--for', 'floating-ip')
        rows, stderr = self.wait(*waiting, '--timeout', '0', status=3)
        self.assertEqual(
            (
                [],
                f'Server {server["id"]}, interface {port["id"]} '
                f'({port["mac_address"]}): floating IPs: {address} expected, '
                'but not in the cache\n',
            ),
            (rows, stderr),
        )
        # Neutron would notify Nova, but not in this cloud.
        event = {
            'name': 'network-changed',
            'server_uuid': server['id'],
            'tag': port['id'],
        }
        notify = threading.Timer(
            4,
            api.Api('admin', self.cloud).post,
            ('compute', '/os-server-external-events', {'events': [event]}),
        )
        notify.start()
        try:
            rows, stderr = self.wait(*waiting)
        finally:
            notify.join()
        self.assertEqual(
            ([port['id']], ''), ([row['Port ID'] for row in rows], stderr)
        )
        shown = self.api.get('compute', f'/servers/{server["id"]}')['server']
        self.assertIn(
            address,
            [entry['addr'] for entry in shown['addresses'][network['name']]],
        )

    def test_host(self) -> None:
        admin = api.Api('admin', self.cloud)
        server = self.make_server('moved')
        waiting = (server['id'], '--for', 'host')
        with moves.slow_live_migration(
            admin, server, moves.other_host(admin, server)
        ):
            rows, stderr = self.wait(
                *waiting, '--timeout', '0', user='admin', status=3
            )
        self.assertEqual(
            ([], f'Server {server["id"]}: it is still changing (migrating)\n'),
            (rows, stderr),
        )
        moves.migrate(admin, server)
        rows, stderr = self.wait(*waiting, user='admin')
        self.assertEqual('', stderr)
        (port,) = self.api.get(
            'network', '/v2.0/ports', device_id=server['id']
        )['ports']
        self.assertEqual([port['id']], [row['Port ID'] for row in rows])
        shown = admin.get('network', f'/v2.0/ports/{port["id"]}')['port']
        self.assertEqual(
            moves.host_of(admin, server), shown['binding:host_id']
        )
        self.assertEqual(
            (
                [],
                'Port bindings are visible to administrators only\n',
            ),
            self.wait(*waiting, status=1),
        )

    def test_port_that_the_project_does_not_see(self) -> None:
        admin = api.Api('admin', self.cloud)
        others = scenario.Scenario(admin)
        self.addCleanup(others.remove)
        network = others.network('of-others', '10.73.0.0/24')
        admin.post(
            'network',
            '/v2.0/rbac-policies',
            {
                'rbac_policy': {
                    'object_type': 'network',
                    'object_id': network['id'],
                    'action': 'access_as_shared',
                    'target_tenant': self.api.project_id,
                }
            },
        )
        own = self.scenario.port(network)
        path = f'/v2.0/ports/{own["id"]}'
        self.addCleanup(self.api.delete, 'network', path)
        server = self.scenario.server('mixed', {'port': own['id']})
        self.addCleanup(self.scenario.delete, server)
        host = moves.host_of(admin, server)
        hidden = others.port(
            network,
            device_id=server['id'],
            device_owner='compute:nova',
            **{'binding:host_id': host},
        )
        if self.is_ovn:
            below = ovn.of(self.cloud.state)
            below.plug(hidden['id'], hidden['mac_address'], host)
            self.addCleanup(below.unplug, hidden['id'], host)
        for user, port_ids in (
            (self.user, {own['id']}),
            ('admin', {own['id'], hidden['id']}),
        ):
            for selector in ((), ('--network', network['id'])):
                with self.subTest(user, selector=selector):
                    rows, stderr = self.wait(
                        server['id'],
                        *selector,
                        user=user,
                    )
                    self.assertEqual(
                        (port_ids, ''),
                        ({row['Port ID'] for row in rows}, stderr),
                    )

    def test_server_is_deleted(self) -> None:
        server = self.make_server('doomed')
        port = self.scenario.port(self.other_network)
        polls: list[str] = []

        def delete_before_the_second_poll(url: str) -> None:
            if url.endswith(f'/servers/{server["id"]}'):
                polls.append(url)
                if len(polls) == 2:
                    # Wait until it is gone from Nova, which shows the status
                    # DELETED for a moment.
                    self.scenario.delete(server)

        self.proxy.before = delete_before_the_second_poll
        rows, stderr = self.wait(server['id'], '--port', port['id'], status=1)
        self.assertEqual([], rows)
        self.assertEqual(
            f'Server {server["id"]}: it has been deleted\n', stderr
        )

    def test_server_in_error(self) -> None:
        server = self.make_server('broken')
        api.Api('admin', self.cloud).post(
            'compute',
            f'/servers/{server["id"]}/action',
            {'os-resetState': {'state': 'error'}},
        )
        _rows, stderr = self.wait(server['id'], status=1)
        self.assertEqual(
            f'Server {server["id"]}: its status is ERROR\n', stderr
        )

    def test_several_servers(self) -> None:
        servers = [self.make_server(name) for name in ('one', 'two')]
        rows, _stderr = self.wait(*(server['id'] for server in servers))
        self.assertEqual(
            [server['id'] for server in servers],
            [row['Server ID'] for row in rows],
        )
        polls = [url for url in self.proxy.requests if '/servers/' in url]
        self.assertEqual(4, len(polls), str(polls))


class TestSelectors(WaitTestCase):
    servers: list[scenario.Resource]

    @classmethod
    def make_resources(cls) -> None:
        network = cls.scenario.network('net', '10.70.0.0/24')
        plugged_in = [{'uuid': network['id']}]
        cls.servers = cls.scenario.servers(
            {'left': plugged_in, 'right': plugged_in}
        )

    def test_all_of_the_project(self) -> None:
        for arguments, user in (
            ((), self.user),
            (('--status', 'ACTIVE'), self.reader),
            (('--project', self.user), 'admin'),
        ):
            with self.subTest(user):
                rows, stderr = self.wait(*arguments, user=user)
                self.assertEqual(
                    ([server['id'] for server in self.servers], ''),
                    ([row['Server ID'] for row in rows], stderr),
                )

    def test_host(self) -> None:
        admin = api.Api('admin', self.cloud)
        host = moves.host_of(admin, self.servers[0])
        rows, stderr = self.wait(
            '--project',
            self.user,
            '--host',
            host,
            '--for',
            'host',
            user='admin',
        )
        self.assertEqual(
            (
                [
                    server['id']
                    for server in self.servers
                    if moves.host_of(admin, server) == host
                ],
                '',
            ),
            ([row['Server ID'] for row in rows], stderr),
        )

    def test_host_is_for_administrators(self) -> None:
        result = self.openstack(*COMMAND, '--host', 'compute-1')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            '^Servers of a host are visible to administrators only: Servers: '
            'this is not allowed: .*\n$',
        )
