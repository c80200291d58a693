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
import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import tempfile
import time
from typing import Any
from urllib import parse
import uuid

from tests.cloud import api
from tests.cloud import databases
from tests.cloud import embedded
from tests.cloud import fleet
from tests.cloud import moves
from tests.cloud import networks
from tests.cloud import scenario
from tests import command_result
from tests.functional import base
from tests.functional import client
from tests.functional import faults
from tests.functional import recording_proxy
from tests.functional import test_schema

COMMAND = ('server', 'interface', 'repair')

EVENTS = '/os-server-external-events'

Row = dict[str, Any]

KURYR_POD = {'device_owner': 'compute:kuryr', 'device_id': 'kuryr-pod-1'}


class RepairTestCase(faults.FaultsTestCase):
    def repair(
        self, *arguments: str, user: str = 'admin', status: int = 0
    ) -> list[Row]:
        """Repair, and compare the requests with the plan."""
        result = self.openstack(*COMMAND, '-f', 'json', *arguments, user=user)
        self.assertEqual(status, result.status, result.stderr)
        rows: list[Row] = json.loads(result.stdout)
        test_schema.validate('repair', rows)
        return rows

    def assert_sent(self, rows: list[Row]) -> None:
        """Compare the requests of the rows with those that were received."""
        sent = [
            (request['method'], request['path'], request['body'])
            for row in rows
            for request in row['Requests']
        ]
        # Findings of one server may share requests.
        self.assertEqual(
            sorted({str(call) for call in sent}),
            sorted(map(str, self.proxy.writes)),
        )

    def assert_repaired(
        self, server_ids: list[str], *arguments: str
    ) -> list[Row]:
        """Repair servers, and check them."""
        rows = self.repair(*server_ids, '--auto-approve', *arguments)
        self.assertEqual(
            {'repaired'}, {row['Result'] for row in rows}, str(rows)
        )
        self.assert_sent(rows)
        self.assert_clean(*server_ids)
        return rows

    def assert_clean(self, *server_ids: str) -> None:
        result = self.openstack(
            'server',
            'interface',
            'check',
            '-f',
            'json',
            *server_ids,
            user='admin',
        )
        self.assertEqual((0, '[]\n'), (result.status, result.stdout))

    def labels(self, rows: list[Row]) -> list[tuple[str, str]]:
        return sorted((row['Finding'], row['Result']) for row in rows)

    def addresses(self, port: scenario.Resource) -> list[str]:
        """Return the addresses of a port, IPv4 first."""
        found = [row['ip_address'] for row in port['fixed_ips']]
        return sorted(found, key=lambda address: ':' in address)

    def orphan(self) -> scenario.Resource:
        """Make a port of a server that is gone."""
        server = self.make_server(1)
        (port,) = self.ports(server)
        self.forget_server(server)
        # The guest is gone, too.
        self.set_port_status(port, 'DOWN')
        self.addCleanup(self.remove, port)
        return port

    def device(self, port: scenario.Resource) -> tuple[str, str, str]:
        shown = self.admin.get('network', f'/v2.0/ports/{port["id"]}')['port']
        return (
            shown['device_id'],
            shown['device_owner'],
            shown['binding:host_id'],
        )

    def remove(self, port: scenario.Resource) -> None:
        with contextlib.suppress(api.HTTPError):
            self.admin.delete('network', f'/v2.0/ports/{port["id"]}')


class TestCaches(RepairTestCase):
    def test_everything_that_is_wrong_with_caches(self) -> None:
        missing, wrong, gone, other_mac = (
            self.make_server() for _number in range(4)
        )
        self.forget(missing)
        cache = self.read_cache(wrong)
        cache[0]['network']['subnets'][0]['ips'][0]['address'] = '10.40.0.250'
        self.write_cache(wrong, cache)
        self.admin.delete(
            'network', f'/v2.0/ports/{self.ports(gone)[0]["id"]}'
        )
        cache = self.read_cache(other_mac)
        cache[0]['address'] = 'fa:16:3e:ff:ff:ff'
        self.write_cache(other_mac, cache)
        servers = [missing, wrong, gone, other_mac]
        rows = self.assert_repaired([server['id'] for server in servers])
        self.assertEqual(
            [
                'address-differs',
                'mac-differs',
                'missing-from-cache',
                'only-in-cache',
            ],
            sorted(row['Finding'] for row in rows),
        )
        # The cache alone shows that the port had fixed IPs, and which.
        lost, deleted = self.ports(wrong)
        self.update_port(lost, fixed_ips=[])
        self.admin.delete('network', f'/v2.0/ports/{deleted["id"]}')
        self.proxy.writes.clear()
        left = 'not repairable'
        rows = self.repair(wrong['id'], '--auto-approve', status=3)
        self.assertEqual(
            [
                ('address-differs', left),
                ('no-fixed-ip', left),
                ('only-in-cache', left),
            ],
            self.labels(rows),
        )
        self.assertEqual([], self.proxy.writes)

    def test_floating_ip(self) -> None:
        server = self.make_server(1)
        self.scenario.router('router', self.network)
        self.scenario.floating_ip(self.ports(server)[0])
        (row,) = self.assert_repaired([server['id']])
        self.assertEqual('floating-ip-differs', row['Finding'])

    def test_duplicate(self) -> None:
        server, other = self.make_server(1), self.make_server(1)
        # Nova updates its cache by port ID. The entry of a port that is gone
        # is dropped, but a duplicate of the same port stays.
        (entry,) = self.read_cache(server)
        gone = '8f0d0f0e-3c5c-4b52-9f4c-5b3f0f1d2c3b'
        self.write_cache(server, [entry, {**entry, 'id': gone}])
        self.write_cache(other, self.read_cache(other) * 2)
        self.assert_repaired([server['id']])
        self.proxy.writes.clear()
        (row,) = self.repair(
            other['id'], '--auto-approve', '--timeout', '3', status=3
        )
        self.assertEqual('still there', row['Result'])
        self.assert_sent([row])

    def test_empty_cache(self) -> None:
        server = self.make_server(1)
        self.write_cache(server, [])
        (row,) = self.repair(server['id'], '--auto-approve', status=3)
        self.assertEqual('not repairable', row['Result'])
        self.assertIn('attach an interface, then repair again', row['Reason'])
        self.assertEqual([], self.proxy.writes)
        self.api.post(
            'compute',
            f'/servers/{server["id"]}/os-interface',
            {'interfaceAttachment': {'net_id': self.network['id']}},
        )
        self.assert_repaired([server['id']])

    def test_dry_run(self) -> None:
        server = self.make_server()
        port = self.forget(server)
        (row,) = self.repair(server['id'], '--dry-run', status=3)
        self.assertEqual(
            ('planned', 'update-port'), (row['Result'], row['Action'])
        )
        self.assertEqual(
            [
                {
                    'service': 'network',
                    'method': 'PUT',
                    'path': f'/v2.0/ports/{port["id"]}',
                    'body': {'port': {}},
                },
                {
                    'service': 'compute',
                    'method': 'POST',
                    'path': f'/v2.1{EVENTS}',
                    'body': {
                        'events': [
                            {
                                'name': 'network-changed',
                                'server_uuid': server['id'],
                                'tag': port['id'],
                            }
                        ]
                    },
                },
            ],
            row['Requests'],
        )
        self.assertEqual([], self.proxy.writes)
        self.assert_repaired([server['id']])
        self.assertEqual([], self.repair(server['id'], '--dry-run'))


class TestPorts(RepairTestCase):
    @base.needs(networks.OVN, 'another driver reports what it has bound again')
    def test_bindings_on_ovn(self) -> None:
        server = self.make_server(2)
        elsewhere, refused = self.ports(server)
        other = moves.other_host(self.admin, server)
        self.update_port(elsewhere, **{'binding:host_id': other})
        self.fail_to_bind(refused, moves.host_of(self.admin, server))
        rows = self.assert_repaired([server['id']])
        self.assertEqual(
            {'binding-failed', 'host-differs'},
            {row['Finding'] for row in rows},
        )
        # OVN keeps a port that is bound to none, and so has nothing to report
        # to Neutron afterwards, which leaves it DOWN.
        self.update_port(refused, **{'binding:host_id': ''})
        self.proxy.writes.clear()
        rows = self.repair(
            server['id'], '--auto-approve', '--timeout', '4', status=1
        )
        self.assertEqual([('unbound', 'repaired')], self.labels(rows))
        self.proxy.writes.clear()
        (row,) = self.assert_repaired([server['id']], '--bounce')
        self.assertEqual('port-down', row['Finding'])

    @base.needs(networks.PLAIN, 'OVN binds to each host of a server')
    def test_bindings(self) -> None:
        server = self.make_server(3)
        elsewhere, _nowhere, refused = self.misbind(server)
        rows = self.repair(
            server['id'], '--auto-approve', '--timeout', '4', status=3
        )
        self.assertEqual(
            [
                ('binding-failed', 'still there'),
                ('host-differs', 'repaired'),
                ('unbound', 'repaired'),
            ],
            self.labels(rows),
        )
        self.assert_sent(rows)
        self.proxy.writes.clear()
        # The obstacle is gone. An update would bind the port.
        self.change(
            'neutron', "UPDATE ports SET name = '' WHERE id = ?", refused['id']
        )
        (row,) = self.assert_repaired([server['id']])
        self.assertEqual('binding-failed', row['Finding'])
        # What it makes of the port counts, whatever is selected.
        other = moves.other_host(self.admin, server)
        self.update_port(elsewhere, **{'binding:host_id': other})
        self.change(
            'neutron',
            "UPDATE ports SET name = 'refuse-binding' WHERE id = ?",
            elsewhere['id'],
        )
        (row,) = self.repair(
            server['id'],
            '--finding',
            'host-differs',
            '--auto-approve',
            '--timeout',
            '0',
            status=1,
        )
        failed = f'binding_failed on {moves.host_of(self.admin, server)}'
        self.assertEqual(
            ('still there', failed), (row['Result'], row['After'])
        )

    def test_not_attached(self) -> None:
        server = self.make_server(1)
        port = self.scenario.port(self.network)
        self.update_port(port, device_id=server['id'])
        self.assert_repaired([server['id']])
        shown = self.admin.get('network', f'/v2.0/ports/{port["id"]}')['port']
        self.assertEqual(('', ''), (shown['device_id'], shown['device_owner']))

    def down(self) -> tuple[scenario.Resource, scenario.Resource]:
        server = self.make_server(1)
        (port,) = self.ports(server)
        self.set_port_status(port, 'DOWN')
        return server, port

    def test_port_down(self) -> None:
        server, port = self.down()
        (row,) = self.repair(server['id'], '--auto-approve', status=3)
        self.assertIn('--bounce', row['Reason'])
        self.assertEqual([], self.proxy.writes)
        self.assert_repaired([server['id']], '--bounce')
        shown = self.admin.get('network', f'/v2.0/ports/{port["id"]}')['port']
        self.assertEqual((True, []), (shown['admin_state_up'], shown['tags']))

    def test_bounce_that_breaks_off(self) -> None:
        server, port = self.down()
        path = f'/v2.0/ports/{port["id"]}'
        # The port is disabled; then enabling it fails twice.
        failure = recording_proxy.Answer(504, b'')
        self.proxy.answer(path, None, failure, failure, None)
        (row,) = self.repair(
            server['id'], '--auto-approve', '--bounce', status=1
        )
        self.assertEqual('unfinished', row['Result'])
        # OVN reports it a moment later.
        self.assertIn(
            row['After'], ('ACTIVE', 'DOWN') if self.is_ovn else ('ACTIVE',)
        )
        shown = self.admin.get('network', path)['port']
        self.assertEqual((True, []), (shown['admin_state_up'], shown['tags']))

    def test_orphans_of_an_administrator(self) -> None:
        deleted, released = self.orphan(), self.orphan()
        selection = ('--project', self.user, '--finding', 'orphan-port')
        rows = self.repair(*selection, '--auto-approve', status=3)
        self.assertEqual({'not repairable'}, {row['Result'] for row in rows})
        self.assertEqual([], self.proxy.writes)
        # A floating IP leads to one of them.
        self.scenario.router('router', self.network)
        self.scenario.floating_ip(released)
        rows = self.repair(
            *selection, '--auto-approve', '--delete-orphans', status=3
        )
        self.assertEqual(
            {deleted['id']: 'repaired', released['id']: 'not repairable'},
            {row['Port ID']: row['Result'] for row in rows},
        )
        self.assertEqual(
            [('DELETE', f'/v2.0/ports/{deleted["id"]}', None)],
            self.proxy.writes,
        )
        self.repair(*selection, '--auto-approve', '--release-orphans')
        self.assertEqual(('', '', ''), self.device(released))

    def test_orphans_that_may_be_in_use(self) -> None:
        plugged_in, hidden = self.orphan(), self.orphan()
        self.set_port_status(plugged_in, 'ACTIVE')
        of_container = self.scenario.port(self.network)
        self.update_port(
            of_container,
            device_owner='compute:kuryr',
            device_id=str(uuid.uuid4()),
        )
        self.addCleanup(self.remove, of_container)
        # Nova would say so in JSON.
        self.proxy.answer(
            f'/servers/{hidden["device_id"]}',
            recording_proxy.Answer(404, b'default backend - 404'),
        )
        rows = self.repair(
            '--project',
            self.user,
            '--finding',
            'orphan-port',
            '--auto-approve',
            '--delete-orphans',
            status=1,
        )
        self.assertEqual(
            {
                plugged_in['id']: 'something may be plugged in, as it is '
                'ACTIVE: name the port with --port',
                of_container['id']: 'a container may use it: name the port '
                'with --port',
            },
            {row['Port ID']: row['Reason'] for row in rows},
        )
        self.assertEqual([], self.proxy.writes)

    def test_guest_that_may_be_on_the_other_host(self) -> None:
        """A live migration has failed after its guest has moved."""
        server = self.make_server(1)
        (port,) = self.ports(server)
        service = api.Api('service', self.cloud)
        other = moves.other_host(self.admin, server)
        self.scenario.binding(service, port, other)
        service.put(
            'network',
            f'/v2.0/ports/{port["id"]}/bindings/{other}/activate',
            None,
        )
        (row,) = self.repair(server['id'], '--auto-approve', status=3)
        self.assertEqual('host-differs', row['Finding'])
        self.assertIn(f'the guest may run on {other} and not', row['Reason'])
        self.assertEqual([], self.proxy.writes)

    def test_orphan_of_a_member(self) -> None:
        port = self.orphan()
        path = f'/v2.0/ports/{port["id"]}'
        chosen = ('--finding', 'orphan-port', '--delete-orphans')
        # For all that a member knows, another project has its server.
        (row,) = self.repair(
            *chosen, '--auto-approve', user=self.user, status=3
        )
        self.assertEqual('not repairable', row['Result'])
        self.assertEqual([], self.proxy.writes)
        (row,) = self.repair(
            *chosen, '--auto-approve', '--port', port['id'], user=self.user
        )
        self.assertEqual('repaired', row['Result'])
        self.assert_sent([row])
        self.assertEqual(
            [('PUT', path), ('DELETE', path)],
            [write[:2] for write in self.proxy.writes],
        )

    def test_stale_binding(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        host = moves.other_host(self.admin, server)
        self.scenario.binding(api.Api('service', self.cloud), port, host)
        (row,) = self.repair(server['id'], '--auto-approve', status=3)
        self.assertEqual('not repairable', row['Result'])
        self.assertIn(
            f'neutron-remove-duplicated-port-bindings --port {port["id"]}',
            row['Reason'],
        )
        self.assertEqual([], self.proxy.writes)
        rows = self.repair(server['id'], '--auto-approve', user='service')
        self.assertEqual([('stale-binding', 'repaired')], self.labels(rows))
        self.assert_sent(rows)
        self.assert_clean(server['id'])


class TestPortsWithoutServer(RepairTestCase):
    def test_kept(self) -> None:
        """Ports that something uses stay, and so does everything else."""
        selection = (
            '--finding',
            'unused-port',
            '--finding',
            'half-released',
            '--older-than',
            '0s',
            '--keep-tag',
            'keep',
            '--auto-approve',
            '--delete-orphans',
        )
        unused = self.scenario.port(self.network)
        ports = {
            name: self.scenario.port(self.network)
            for name in ('ovn-lb-vip-1', 'octavia-lb-1', 'subport', 'next-hop')
        }
        for name, port in ports.items():
            self.update_port(port, name=name)
        plugged_in = []
        # OVN would report a moment later that nothing is plugged in.
        for device in () if self.is_ovn else ({}, KURYR_POD):
            port = self.scenario.port(self.network, **device)
            self.addCleanup(self.remove, port)
            self.set_port_status(port, 'ACTIVE')
            plugged_in.append(port)
        server = self.make_server(1)
        (parent,) = self.ports(server)
        trunk_parent = self.scenario.port(self.network, name='parent')
        self.scenario.trunk('trunk', trunk_parent, {7: ports['subport']})
        reserved = self.scenario.port(self.network, name='reserved')
        self.update_port(
            parent,
            allowed_address_pairs=[
                {'ip_address': f'{self.addresses(reserved)[0]}/32'}
            ],
        )
        next_hop = self.addresses(ports['next-hop'])[0]
        (hop,) = (
            row
            for row in ports['next-hop']['fixed_ips']
            if row['ip_address'] == next_hop
        )
        self.api.put(
            'network',
            f'/v2.0/subnets/{hop["subnet_id"]}',
            {
                'subnet': {
                    'host_routes': [
                        {
                            'destination': '10.99.0.0/16',
                            'nexthop': next_hop,
                        }
                    ]
                }
            },
        )
        before = self.all_ports() - {unused['id']}
        # Neutron says that it has routers, so this is not its answer.
        self.proxy.answer(
            '/v2.0/routers', recording_proxy.Answer(404, b'<h1>Oops</h1>')
        )
        result = self.openstack(*COMMAND, *selection, user=self.user)
        self.assertEqual(
            command_result.Result(
                1, '', 'Routers: not found: Oops (HTTP 404)\n'
            ),
            result,
        )
        self.proxy.answers.clear()
        self.assertEqual([], self.proxy.writes)
        rows = self.repair(*selection, user=self.user, status=3)
        found = {row['Port ID']: row for row in rows}
        self.assertEqual('repaired', found[unused['id']]['Result'])
        self.assertEqual('deleted', found[unused['id']]['After'])
        row = found[ports['next-hop']['id']]
        self.assertEqual('not repairable', row['Result'])
        self.assertIn('uses its address', row['Reason'])
        for port in plugged_in:
            row = found[port['id']]
            self.assertEqual('not repairable', row['Result'])
            self.assertIn('it is ACTIVE', row['Reason'])
        for name in ('ovn-lb-vip-1', 'octavia-lb-1'):
            with self.subTest(name):
                self.assertNotIn(ports[name]['id'], found)
        self.assertEqual(before, self.all_ports())

    def all_ports(self) -> set[str]:
        shown = self.admin.get(
            'network', '/v2.0/ports', network_id=self.network['id']
        )
        return {port['id'] for port in shown['ports']}

    def test_deleted(self) -> None:
        half = self.scenario.port(self.network, device_owner='compute:nova')
        unused = self.scenario.port(self.network)
        kept = self.scenario.port(self.network)
        self.scenario.tag_port(kept, 'keep')
        for user, selected, port in (
            ('admin', ('--project', self.user), half),
            (self.user, (), unused),
        ):
            with self.subTest(user):
                self.proxy.writes.clear()
                code = 'half-released' if port is half else 'unused-port'
                rows = self.repair(
                    '--finding',
                    code,
                    '--older-than',
                    '0s',
                    *selected,
                    '--keep-tag',
                    'keep',
                    '--auto-approve',
                    '--delete-orphans',
                    user=user,
                )
                self.assertEqual(
                    [(port['id'], code, 'repaired')],
                    [
                        (row['Port ID'], row['Finding'], row['Result'])
                        for row in rows
                    ],
                )
                self.assert_sent(rows)
        (left,) = self.admin.get(
            'network', '/v2.0/ports', network_id=self.network['id']
        )['ports']
        self.assertEqual(kept['id'], left['id'])


class TestRaces(RepairTestCase):
    """What changes after the last check, right before the request."""

    def test_another_user_is_faster(self) -> None:
        server = self.make_server(2)
        bounced, bound = self.ports(server)
        host = moves.host_of(self.admin, server)
        by_hand = self.scenario.port(self.network)
        orphan = self.scenario.port(self.network)
        self.set_port_status(bounced, 'DOWN')
        other = moves.other_host(self.admin, server)
        self.update_port(bound, **{'binding:host_id': other})
        self.update_port(by_hand, device_id=server['id'])
        self.update_port(
            orphan, device_id=str(uuid.uuid4()), device_owner='compute:nova'
        )
        for port in (by_hand, orphan):
            self.addCleanup(self.remove, port)
        right = {'binding:host_id': host}
        self.scenario.binding(api.Api('service', self.cloud), bounced, other)
        task = 'UPDATE instances SET task_state = ? WHERE uuid = ?'
        self.addCleanup(self.change, 'nova-cell1', task, None, server['id'])
        for code, option, port, reads, act, reason in (
            (
                'port-down',
                '--bounce',
                bounced,
                1,
                lambda: self.set_port_status(bounced, 'ACTIVE'),
                'its status is ACTIVE',
            ),
            (
                'host-differs',
                '--bounce',
                bound,
                1,
                lambda: self.update_port(bound, **right),
                'it is bound to another host now',
            ),
            (
                'not-attached',
                '--bounce',
                by_hand,
                1,
                lambda: self.update_port(by_hand, device_id=''),
                'it has another device now',
            ),
            (
                'orphan-port',
                '--delete-orphans',
                orphan,
                # The two checks read it as well.
                3,
                lambda: self.update_port(orphan, device_id=server['id']),
                'it has another device now',
            ),
            (
                'stale-binding',
                '--bounce',
                bounced,
                1,
                # A migration needs the binding.
                lambda: self.change(
                    'nova-cell1', task, 'migrating', server['id']
                ),
                'the server is about to move',
            ),
        ):
            with self.subTest(code):
                self.act_before(reads, port, act)
                result = self.openstack(
                    *COMMAND,
                    '--project',
                    self.user,
                    '--finding',
                    code,
                    '--auto-approve',
                    option,
                    '--port',
                    port['id'],
                    '-f',
                    'value',
                    '-c',
                    'Result',
                    '-c',
                    'Reason',
                    user='service' if code == 'stale-binding' else 'admin',
                )
                line = f'Port {port["id"]}: {reason}\n'
                self.assertEqual(
                    command_result.Result(1, f'skipped {line}', line), result
                )
                self.assertEqual([], self.proxy.writes)

    def test_port_that_is_attached_before_it_is_deleted(self) -> None:
        """Neutron knows that it has changed since it was read."""
        orphan = self.scenario.port(self.network)
        self.addCleanup(self.remove, orphan)
        gone, device_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.update_port(orphan, device_id=gone, device_owner='compute:nova')

        def attach(url: str) -> None:
            if url.endswith(f'/ports/{orphan["id"]}'):
                self.update_port(orphan, device_id=device_id)

        self.proxy.before = attach
        result = self.openstack(
            *COMMAND,
            '--project',
            self.user,
            '--finding',
            'orphan-port',
            '--auto-approve',
            '--delete-orphans',
            '-f',
            'value',
            '-c',
            'Result',
            '-c',
            'After',
            '-c',
            'Reason',
            user='admin',
        )
        changed = f'Deletion of port {orphan["id"]}: it has changed since it'
        self.assertEqual(1, result.status)
        self.assertIn(changed, result.stderr)
        self.assertIn(f'refused {device_id} {changed}', result.stdout)
        self.assertEqual(device_id, self.device(orphan)[0])

    def act_before(
        self, reads: int, port: scenario.Resource, act: Callable[[], object]
    ) -> None:
        """Do something right before a port is read so many times by ID."""

        def before(url: str) -> None:
            nonlocal reads
            query = parse.parse_qs(parse.urlsplit(url).query)
            if query.get('id') == [port['id']]:
                reads -= 1
                if not reads:
                    act()

        self.proxy.before = before


class TestSafety(RepairTestCase):
    def test_bystanders(self) -> None:
        fleet.ensure(embedded.Cloud())
        server = self.make_server()
        self.forget(server)
        before = self.bystanders()
        self.assert_repaired([server['id']])
        self.assertEqual(before, self.bystanders())

    def bystanders(self) -> str:
        """Read the fleet, which belongs to another project."""
        shown = []
        for project in fleet.PROJECTS:
            servers = self.admin.get(
                'compute', '/servers/detail', all_tenants=1, limit=1000
            )['servers']
            ids = sorted(
                server['id']
                for server in servers
                if server['name'].startswith(project)
            )
            shown += sorted(
                (server for server in servers if server['id'] in ids),
                key=lambda server: server['id'],
            )
            shown += self.admin.get(
                'network',
                '/v2.0/ports',
                device_id=ids,
                sort_key='id',
                sort_dir='asc',
            )['ports']
        self.assertGreater(len(shown), 100)
        return json.dumps(shown)

    def test_max(self) -> None:
        servers = [self.make_server(), self.make_server()]
        for server in servers:
            self.forget(server)
        ids = [server['id'] for server in servers]
        result = self.openstack(
            *COMMAND,
            *ids,
            '--auto-approve',
            '--max',
            '1',
            '-f',
            'json',
            user='admin',
        )
        self.assertEqual(
            (
                1,
                'Nothing is changed: 2 findings are to be repaired, and '
                '--max allows 1.\n',
            ),
            (result.status, result.stderr),
        )
        self.assertEqual(
            ['skipped', 'skipped'],
            [row['Result'] for row in json.loads(result.stdout)],
        )
        self.assertEqual([], self.proxy.writes)
        self.assert_repaired(ids)

    def test_refusal_ends_the_run(self) -> None:
        servers = [self.make_server(), self.make_server()]
        for server in servers:
            self.forget(server)
        self.proxy.answer(
            EVENTS, recording_proxy.Answer(403, b'{"message": "no"}')
        )
        result = self.openstack(
            *COMMAND,
            *(server['id'] for server in servers),
            '--auto-approve',
            '-f',
            'json',
            user='admin',
        )
        self.assertEqual(1, result.status)
        self.assertIn("it needs the role 'admin' or 'service'", result.stderr)
        self.assertEqual(
            ['refused', 'skipped'],
            sorted(row['Result'] for row in json.loads(result.stdout)),
        )
        # An update of the port had no effect.
        self.assertEqual(
            ['PUT', 'POST'], [write[0] for write in self.proxy.writes]
        )

    def test_event_that_was_not_accepted(self) -> None:
        server = self.make_server()
        self.forget(server)
        body = json.dumps({'events': [{'code': 422, 'status': 'failed'}]})
        self.proxy.answer(EVENTS, recording_proxy.Answer(207, body.encode()))
        result = self.openstack(
            *COMMAND,
            server['id'],
            '--auto-approve',
            '-f',
            'json',
            user='admin',
        )
        self.assertEqual(1, result.status)
        self.assertIn('HTTP 207, [422]', result.stderr)

    def test_log(self) -> None:
        server = self.make_server()
        port = self.forget(server)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / 'log'
            self.assert_repaired([server['id']], '--audit-log', str(path))
            lines = [*map(json.loads, path.read_text().splitlines())]
        self.assertEqual(
            [
                ('request', 'PUT'),
                ('result', 'PUT'),
                ('request', 'POST'),
                ('result', 'POST'),
                ('outcome', None),
            ],
            [(line['event'], line.get('method')) for line in lines],
        )
        for line in lines:
            self.assertEqual(
                ('admin', self.admin.project_id, server['id']),
                (line['user'], line['project_id'], line['server_id']),
            )
        accepted, outcome = lines[-2:]
        self.assertEqual([200], accepted['after'])
        self.assertRegex(accepted['request_id'], '^req-')
        self.assertEqual(
            (port['id'], 'repaired', ','.join(self.addresses(port))),
            (outcome['port_id'], outcome['result'], outcome['after']),
        )

    def test_log_that_is_full(self) -> None:
        server = self.make_server()
        self.forget(server)
        result = self.openstack(
            *COMMAND,
            server['id'],
            '--auto-approve',
            '-f',
            'json',
            '--audit-log',
            '/dev/full',
            user='admin',
        )
        self.assertEqual(
            (
                1,
                'The log cannot be written: No space left on device\n',
                ['skipped'],
            ),
            (
                result.status,
                result.stderr,
                [row['Result'] for row in json.loads(result.stdout)],
            ),
        )
        self.assertEqual([], self.proxy.writes)


class TestInterruption(RepairTestCase):
    def start(
        self, *arguments: str, user: str = 'admin'
    ) -> 'subprocess.Popen[str]':
        return subprocess.Popen(
            [str(client.program()), *COMMAND, '-f', 'json', *arguments],
            env=self.environment(user),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_until(
        self, count: int, number: int, *arguments: str, user: str = 'admin'
    ) -> command_result.Result:
        """Send a signal right after this many writes."""
        started: list[subprocess.Popen[str]] = []

        def interrupt(_url: str) -> None:
            if len(self.proxy.writes) == count and started:
                os.kill(started.pop().pid, number)

        self.proxy.before = interrupt
        process = self.start(*arguments, user=user)
        started.append(process)
        stdout, stderr = process.communicate(timeout=client.TIMEOUT)
        self.proxy.before = lambda _url: None
        return command_result.Result(process.returncode, stdout, stderr)

    def forgotten(self) -> list[str]:
        servers = [self.make_server(), self.make_server()]
        for server in servers:
            self.forget(server)
        return sorted(server['id'] for server in servers)

    def wait_for_cache(self, server_id: str) -> None:
        """Wait until Nova, which answers before, has both interfaces."""
        deadline = time.monotonic() + scenario.TIMEOUT
        while len(databases.read_cache(self.cloud, server_id)) < 2:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.3)

    def test_killed_between_two_servers(self) -> None:
        ids = self.forgotten()
        result = self.run_until(2, signal.SIGKILL, *ids, '--auto-approve')
        self.assertEqual(-signal.SIGKILL, result.status)
        _update, write = self.proxy.writes
        (event,) = write[2]['events']
        self.wait_for_cache(event['server_uuid'])
        self.proxy.writes.clear()
        rows = self.repair(*ids, '--auto-approve')
        self.assertEqual(['repaired'], [row['Result'] for row in rows])
        self.assert_sent(rows)
        self.assert_clean(*ids)

    def test_killed_while_a_port_is_disabled(self) -> None:
        server = self.make_server(1)
        (port,) = self.ports(server)
        self.set_port_status(port, 'DOWN')
        arguments = (server['id'], '--bounce', '--auto-approve')
        path = f'/v2.0/ports/{port["id"]}'
        # What it sends at last must not reach Neutron.
        self.proxy.answer(path, None, recording_proxy.Answer(504, b''))
        self.run_until(2, signal.SIGKILL, *arguments)
        self.proxy.answers.clear()
        self.assertFalse(
            self.admin.get('network', path)['port']['admin_state_up']
        )
        result = self.openstack(
            'server',
            'interface',
            'check',
            server['id'],
            '-f',
            'value',
            '-c',
            'Finding',
            '-c',
            'Actual',
            user='admin',
        )
        self.assertEqual(
            (3, 'port-down disabled by a repair that was interrupted\n'),
            (result.status, result.stdout),
        )
        self.proxy.writes.clear()
        self.assert_repaired([server['id']], '--bounce')
        shown = self.admin.get('network', path)['port']
        self.assertEqual(
            (True, 'ACTIVE', []),
            (shown['admin_state_up'], shown['status'], shown['tags']),
        )

    def test_ctrl_c(self) -> None:
        self.assert_ended_by(signal.SIGINT)

    def test_termination(self) -> None:
        self.assert_ended_by(signal.SIGTERM)

    def assert_ended_by(self, number: int) -> None:
        """Check that a signal ends the run, with the outcomes so far."""
        ids = self.forgotten()
        result = self.run_until(1, number, *ids, '--auto-approve')
        self.assertEqual(130, result.status, result.stderr)
        self.assertEqual(1, len(self.proxy.writes))
        self.assertEqual(
            1,
            [row['Result'] for row in json.loads(result.stdout)].count(
                'skipped'
            ),
        )

    def ask(self, answer: str, *arguments: str) -> command_result.Result:
        """Run the command on a terminal, and answer its question."""
        controller, terminal = pty.openpty()
        try:
            process = subprocess.Popen(
                [str(client.program()), *COMMAND, *arguments],
                env=self.environment('admin'),
                stdin=terminal,
                stdout=subprocess.PIPE,
                stderr=terminal,
                text=True,
            )
            shown = ''
            deadline = time.monotonic() + client.TIMEOUT
            while '[y/N]' not in shown:
                self.assertLess(time.monotonic(), deadline)
                shown += os.read(controller, 4096).decode()
            os.write(controller, f'{answer}\n'.encode())
            stdout, _stderr = process.communicate(timeout=client.TIMEOUT)
        finally:
            os.close(controller)
            os.close(terminal)
        return command_result.Result(process.returncode, stdout, shown)

    def test_question(self) -> None:
        server = self.make_server()
        port = self.forget(server)
        arguments = (server['id'], '-f', 'value', '-c', 'Result')
        result = self.ask('perhaps', *arguments)
        self.assertEqual((3, 'skipped\n'), (result.status, result.stdout))
        addresses = ', '.join(self.addresses(port))
        expected = [
            f'{server["name"]}, {self.network["name"]}, '
            f'{addresses}: missing-from-cache (not in the cache): let Nova '
            'read it again, by an update of the port, or else by an event',
            'Note for 1 of them: it goes to the end of the cache, so it '
            'is the last NIC after the next hard reboot; from now on, '
            'Nova deletes the port together with the server',
            '1 of 1 findings can be repaired.',
        ]
        # Other lines are those of the progress.
        lines = re.split(r'[\r\n]+', result.stderr)
        self.assertEqual(
            expected, [line for line in lines if line in expected]
        )
        self.assertNotIn('PUT', result.stderr)
        self.assertEqual([], self.proxy.writes)
        result = self.ask('n', *arguments, '-v')
        self.assertIn(f'PUT /v2.0/ports/{port["id"]} ', result.stderr)
        self.assertIn(f'POST /v2.1{EVENTS} ', result.stderr)
        result = self.ask('y', *arguments)
        self.assertEqual((0, 'repaired\n'), (result.status, result.stdout))
        self.assert_clean(server['id'])

    def test_nobody_to_ask(self) -> None:
        result = self.openstack(*COMMAND, user='admin')
        self.assertEqual(
            (
                2,
                '',
                'There is no terminal to ask for approval: use --dry-run or '
                '--auto-approve\n',
            ),
            (result.status, result.stdout, result.stderr),
        )
        self.assertEqual([], self.proxy.writes)


class TestRights(RepairTestCase):
    def test_reader(self) -> None:
        server = self.make_server()
        self.forget(server)
        rows = self.repair(
            '--auto-approve',
            '--bounce',
            '--delete-orphans',
            user=self.reader,
            status=3,
        )
        self.assertEqual({'not repairable'}, {row['Result'] for row in rows})
        self.assertEqual([], self.proxy.writes)

    def test_member(self) -> None:
        server, stale = self.make_server(), self.make_server()
        port = self.forget(server)
        self.admin.delete(
            'network', f'/v2.0/ports/{self.ports(stale)[0]["id"]}'
        )
        rows = self.repair(
            server['id'],
            stale['id'],
            '--auto-approve',
            '--timeout',
            '1',
            user=self.user,
            status=3,
        )
        # This Neutron does not notify Nova.
        self.assertEqual(
            [
                ('missing-from-cache', 'still there'),
                ('only-in-cache', 'not repairable'),
            ],
            self.labels(rows),
        )
        self.assertEqual(
            [('PUT', f'/v2.0/ports/{port["id"]}', {'port': {}})],
            self.proxy.writes,
        )
