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
import pathlib
import re
import signal
import subprocess
import threading
import time
from typing import Any
from urllib import parse

import fixtures

from tests.cloud import api
from tests.cloud import databases
from tests.cloud import embedded
from tests.cloud import fleet
from tests.cloud import scenario
from tests.faults import answers
from tests.faults import language
from tests.functional import base
from tests.functional import client
from tests.functional import recording_proxy
from tests.functional import test_list

COMMAND = ('server', 'interface', 'list')

# What a proxy lets pass.
_LONGEST_URL = 2200

# Requests a second that an operator allows.
_RATE = 5.0


class TestFleet(base.FunctionalTestCase):
    user = 'fleet-a'

    fleet: fleet.Fleet

    @classmethod
    def setUpClass(cls) -> None:
        cls.fleet = fleet.ensure(embedded.Cloud())
        super().setUpClass()

    def expected(
        self, *projects: str, user: str | None = None
    ) -> list[dict[str, Any]]:
        """Read the rows of projects with a plain HTTP client."""
        servers = sorted(
            (
                server
                for project in projects
                for server in self.fleet.servers[project]
            ),
            key=lambda server: (server['name'], server['id']),
        )
        client = api.Api(user or self.user, self.cloud)
        rows: list[dict[str, Any]] = []
        for server in servers:
            attachments = client.get(
                'compute', f'/servers/{server["id"]}/os-interface', '2.70'
            )['interfaceAttachments']
            rows += [
                {
                    'Server ID': server['id'],
                    'Server Name': server['name'],
                    **test_list.row_of(attachment),
                }
                for attachment in sorted(
                    attachments, key=lambda found: found['port_id']
                )
            ]
        return rows

    def test_every_server_of_the_project(self) -> None:
        expected = self.expected('fleet-a')
        self.assertEqual(25, len(expected))
        for user in ('fleet-a', 'fleet-a-reader'):
            self.assertEqual(expected, self.rows(*COMMAND, user=user))

    def test_project_of_another(self) -> None:
        expected = self.expected('fleet-b', user='admin')
        self.assertEqual(50, len(expected))
        self.assertEqual(
            expected,
            self.rows(*COMMAND, '--project', 'fleet-b', user='admin'),
        )

    def rows_of_all_projects(self, *arguments: str) -> list[dict[str, Any]]:
        """List all projects, while other tests delete servers."""
        result = self.openstack(
            *COMMAND,
            '--all-projects',
            '-f',
            'json',
            *arguments,
            user='admin',
        )
        for line in result.stderr.splitlines():
            self.assertIn('(HTTP 404', line)
        self.assertEqual(1 if result.stderr else 0, result.status)
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows

    def test_all_projects(self) -> None:
        rows = self.rows_of_all_projects()
        names = [(row['Server Name'], row['Server ID']) for row in rows]
        self.assertEqual(sorted(names), names)
        ours = [
            row for row in rows if str(row['Server Name']).startswith('fleet-')
        ]
        for row in ours:
            self.assertIn(row.pop('Project Name'), ('fleet-a', 'fleet-b'))
            self.assertIsNotNone(row.pop('Project ID'))
            self.assertIsNotNone(row.pop('Server Status'))
        self.assertEqual(
            self.expected('fleet-a', 'fleet-b', user='admin'), ours
        )

    def test_all_projects_is_for_administrators(self) -> None:
        for option in ('--all-projects', '--host=compute-1'):
            result = self.openstack(*COMMAND, option)
            self.assertEqual((1, ''), (result.status, result.stdout))
            self.assertEqual(1, result.stderr.count('\n'), result.stderr)

    def test_names_and_ids_in_the_order_asked_for(self) -> None:
        servers = self.fleet.servers['fleet-a']
        asked = [servers[7]['name'], servers[3]['id'], servers[5]['name']]
        rows = self.rows(*COMMAND, *asked)
        self.assertEqual(
            [servers[7]['id'], servers[3]['id'], servers[5]['id']],
            list(dict.fromkeys(row['Server ID'] for row in rows)),
        )
        listings = [
            url for url in self.proxy.requests if url.endswith('/servers')
        ]
        # Each server is asked for by its ID or name.
        self.assertEqual([], listings)

    def test_what_is_named_by_id_is_read_by_id(self) -> None:
        ids = [server['id'] for server in self.fleet.servers['fleet-a'][:2]]
        for command, arguments in (
            ('list', ()),
            ('list', ('--all-projects',)),
            ('list', ('--source', 'cache')),
            ('check', ('--all-projects',)),
        ):
            with self.subTest(command=command, arguments=arguments):
                self.proxy.requests.clear()
                result = self.openstack(
                    'server',
                    'interface',
                    command,
                    *ids,
                    *arguments,
                    user='admin',
                )
                self.assertEqual((0, ''), (result.status, result.stderr))
                paths = {
                    parse.urlsplit(line.partition(' ')[2]).path
                    for line in self.proxy.requests
                }
                self.assertEqual(
                    {f'/v2.1/servers/{server_id}' for server_id in ids},
                    {
                        path
                        for path in paths
                        if re.fullmatch('/v2.1/servers(/[^/]*)?', path)
                    },
                )

    def test_network_source(self) -> None:
        expected = self.expected('fleet-a')
        for row in expected:
            row['Tag'] = None
        rows = self.rows(*COMMAND, '--source', 'network')
        self.assertEqual(expected, rows)
        ports = [url for url in self.proxy.requests if '/ports?' in url]
        self.assertEqual(1, len(ports))
        self.assertEqual([], self.os_interface_requests())

    def test_proxy_that_closes_long_requests(self) -> None:
        arguments = (
            *COMMAND,
            '--project',
            'fleet-b',
            '--source',
            'network',
            '-f',
            'csv',
        )
        expected = self.succeed(*arguments, user='admin')
        closed: list[str] = []

        def is_long(url: str) -> bool:
            if len(url) > _LONGEST_URL:
                closed.append(url)
            return len(url) > _LONGEST_URL

        self.proxy.faults.plan(is_long, *language.parse_faults('reset=0%', {}))
        self.assertEqual(expected, self.succeed(*arguments, user='admin'))
        # It was not sent again.
        self.assertEqual(1, len(closed))

    def test_settings_of_clouds_yaml(self) -> None:
        """The limits of an operator hold for all threads together."""
        expected = self.succeed(*COMMAND, '-f', 'csv')
        clouds_yaml = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        clouds_yaml /= 'clouds.yaml'
        clouds_yaml.write_text(
            json.dumps(
                {
                    'clouds': {
                        'limited': {
                            'auth': self.cloud.credentials(self.user),
                            'concurrency': {'compute': 1},
                            'rate_limit': {'compute': _RATE},
                        }
                    }
                }
            )
        )
        running: list[int] = []
        most: list[int] = []

        def count(request: answers.Request) -> answers.Answer:
            running.append(1)
            most.append(len(running))
            answer = request.forward(request)
            running.pop()
            return answer

        self.proxy.faults.plan(lambda url: '/os-interface' in url, count)
        began = time.monotonic()
        self.assertEqual(
            expected,
            self.succeed(
                *COMMAND,
                '-f',
                'csv',
                OS_CLIENT_CONFIG_FILE=str(clouds_yaml),
                OS_CLOUD='limited',
            ),
        )
        # keystoneauth lets one more pass (FairSemaphore).
        self.assertLessEqual(max(most), 2)
        self.assertGreaterEqual(time.monotonic() - began, len(most) / _RATE)

    def test_cache_source(self) -> None:
        expected = [
            {
                **row,
                'Port ID': None,
                'Network ID': None,
                'Fixed IPs': [
                    {**fixed_ip, 'subnet_id': None}
                    for fixed_ip in row['Fixed IPs']
                ],
                'Port State': None,
                'Tag': None,
            }
            for row in self.expected('fleet-a')
        ]
        rows = self.rows(*COMMAND, '--source', 'cache')
        self.assertEqual(
            sorted(expected, key=self.by_mac_address),
            sorted(rows, key=self.by_mac_address),
        )
        self.assertEqual([], self.os_interface_requests())

    def by_mac_address(self, row: dict[str, Any]) -> str:
        return str(row['MAC Address'])

    def os_interface_requests(self) -> list[str]:
        return [url for url in self.proxy.requests if 'os-interface' in url]

    def test_states(self) -> None:
        for status, count in (
            ('SHUTOFF', 2),
            ('SHELVED_OFFLOADED', 2),
            ('ERROR', 1),
        ):
            rows = self.rows(*COMMAND, '--status', status)
            self.assertEqual(
                [
                    server['id']
                    for server in self.fleet.servers['fleet-a']
                    if server['status'] == status
                ],
                list(dict.fromkeys(row['Server ID'] for row in rows)),
            )
            self.assertEqual(
                count, len({row['Server ID'] for row in rows}), status
            )

    def test_host(self) -> None:
        hosts = {
            server['id']: server['OS-EXT-SRV-ATTR:host']
            for server in api.Api('admin', self.cloud).get(
                'compute', '/servers/detail', all_tenants=1
            )['servers']
            # Other tests create and delete servers at the same time.
            if server['name'].startswith('fleet-')
        }
        host = hosts[self.fleet.servers['fleet-b'][0]['id']]
        self.assertEqual(
            {server_id for server_id in hosts if hosts[server_id] == host},
            {
                row['Server ID']
                for row in self.rows_of_all_projects('--host', host)
                if row['Server Name'].startswith('fleet-')
            },
        )

    def test_filters(self) -> None:
        expected = self.expected('fleet-a')
        one = expected[10]
        address = one['Fixed IPs'][0]['ip_address']
        for arguments, wanted in (
            (('--network', 'fleet-a-second'), 5),
            (('--fixed-ip', '10.21.0.0/24'), 5),
            (('--fixed-ip', address), 1),
            (('--ip-version', '6'), 20),
            (('--mac-address', str(one['MAC Address']).upper()), 1),
            (('--mac-address', str(one['MAC Address'])[:14]), 1),
            (('--tag', 'first'), 20),
            (('--tag', 'first', '--network', 'fleet-a-second'), 0),
            # Three of servers that are shelved. OVN also unplugs those that
            # are stopped.
            (('--port-state', 'down'), 5 if self.is_ovn else 3),
        ):
            rows = self.rows(*COMMAND, *arguments)
            self.assertEqual(wanted, len(rows), str(arguments))
            for row in rows:
                self.assertIn(row, expected)

    def test_long(self) -> None:
        rows = self.rows(
            *COMMAND, '--long', '--project', 'fleet-a', user='admin'
        )
        admin = api.Api('admin', self.cloud)
        ports = {
            port['id']: port
            for port in admin.get(
                'network', '/v2.0/ports', project_id=self.api.project_id
            )['ports']
        }
        self.assertEqual(25, len(rows))
        for row in rows:
            port = ports[row['Port ID']]
            # The port of an offloaded server is on no host.
            host = port['binding:host_id'] or None
            device = f'tap{port["id"][:11]}' if host else None
            self.assertEqual(host, row['Host'])
            self.assertEqual(port['binding:vif_type'], row['VIF Type'])
            self.assertEqual(port['binding:vnic_type'], row['VNIC Type'])
            self.assertEqual(device, row['Host Device'])
            self.assertEqual(['default'], row['Security Groups'])
            self.assertEqual([], row['Floating IPs'])
            name = row['Network Name']
            self.assertIn(name, ('fleet-a-first', 'fleet-a-second'))
            self.assertEqual(
                [f'{name}-v4', f'{name}-v6'][: len(row['Fixed IPs'])],
                sorted(row['Subnet Names']),
            )
        neutron = [
            url
            for url in self.proxy.requests
            if self.cloud.endpoints['network'] in url
        ]
        self.assertLessEqual(len(neutron), 7, neutron)

    def test_long_of_a_member(self) -> None:
        result = self.openstack(*COMMAND, '--long', '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        rows = json.loads(result.stdout)
        self.assertEqual(
            {('fleet-a-first', '')},
            {
                (row['Network Name'], row['Host'] or '')
                for row in rows
                if row['Tag']
            },
        )

    def test_long_without_neutron(self) -> None:
        self.proxy.answer(
            '/ports', recording_proxy.Answer(503, b'', {'Retry-After': '0'})
        )
        result = self.openstack(*COMMAND, '--long', '-f', 'json')
        self.assertEqual(1, result.status)
        self.assertEqual(1, result.stderr.count('\n'), result.stderr)
        self.assertEqual(25, len(json.loads(result.stdout)))


class TestPartialFailure(base.ProjectTestCase):
    servers: list[scenario.Resource]

    @classmethod
    def make_resources(cls) -> None:
        network = cls.scenario.network('net', '10.30.0.0/24')
        cls.servers = cls.scenario.servers(
            {name: [{'uuid': network['id']}] for name in ('a', 'b', 'c')}
        )

    def test_failures_do_not_hide_the_others(self) -> None:
        path = f'/servers/{self.servers[1]["id"]}/os-interface'
        for status, words in (
            (403, 'this is not allowed'),
            (500, 'the service failed'),
        ):
            self.proxy.answers.clear()
            self.proxy.answer(path, recording_proxy.Answer(status))
            result = self.openstack(*COMMAND, '-f', 'json')
            self.assertEqual(1, result.status)
            self.assertEqual(
                f'Interfaces of server {self.servers[1]["id"]}: {words} '
                f'(HTTP {status})\n',
                result.stderr,
            )
            self.assertEqual(
                [self.servers[0]['id'], self.servers[2]['id']],
                [row['Server ID'] for row in json.loads(result.stdout)],
            )

    def test_unknown_status_of_a_server_whose_cell_is_up(self) -> None:
        """Nova shows it as UNKNOWN, as it does not know its state."""
        server_id = self.servers[1]['id']
        statement = 'UPDATE instances SET vm_state = ? WHERE uuid = ?'
        arguments = (
            *COMMAND,
            '--source',
            'cache',
            '-f',
            'value',
            '-c',
            'Server Name',
            '-c',
            'MAC Address',
        )
        expected = self.succeed(*arguments)
        self.assertEqual(3, expected.count('\n'))
        databases.change(
            self.cloud,
            'nova-cell1',
            statement,
            'of a later Nova',
            server_id,
        )
        self.addCleanup(
            databases.change,
            self.cloud,
            'nova-cell1',
            statement,
            'active',
            server_id,
        )
        shown = self.api.get('compute', f'/servers/{server_id}')['server']
        self.assertEqual('UNKNOWN', shown['status'])
        self.assertEqual(expected, self.succeed(*arguments))

    def test_server_deleted_under_way(self) -> None:
        doomed = self.scenario.server('doomed')
        listed = threading.Event()

        def delete_after_the_listing(url: str) -> None:
            if 'os-interface' in url and not listed.is_set():
                listed.set()
                self.scenario.delete(doomed)

        self.proxy.before = delete_after_the_listing
        result = self.openstack(*COMMAND, '-f', 'json', '--concurrency', '1')
        self.assertEqual(1, result.status)
        self.assertRegex(
            result.stderr,
            f'^Interfaces of server {doomed["id"]}: not found; [^\n]*\n$',
        )
        self.assertEqual(3, len(json.loads(result.stdout)))

    def test_interrupt(self) -> None:
        reached, answer = threading.Event(), threading.Event()

        def hold_the_answer(url: str) -> None:
            if 'os-interface' in url:
                reached.set()
                answer.wait(client.TIMEOUT)

        self.addCleanup(answer.set)
        self.proxy.before = hold_the_answer
        process = subprocess.Popen(
            [client.program(), *COMMAND, '-f', 'json'],
            env=self.environment(),
            # A background job may ignore the signal, and its children inherit
            # that.
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.default_int_handler
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        self.assertTrue(reached.wait(client.TIMEOUT))
        process.send_signal(signal.SIGINT)
        # It does not wait for the answer that never comes.
        stdout, stderr = process.communicate(timeout=client.TIMEOUT)
        self.assertEqual((130, '', ''), (process.returncode, stdout, stderr))

    def test_unknown_names(self) -> None:
        names = [self.scenario.name(name) for name in ('a', 'x', 'y')]
        similar = ' or '.join(
            f"'{self.scenario.name(name)}'" for name in ('c', 'b', 'a')
        )
        result = self.openstack(*COMMAND, *names, '-f', 'json')
        self.assertEqual(1, result.status)
        self.assertEqual(
            ''.join(
                f"No server with the name or ID '{name}' exists in project "
                f'{self.user}. Did you mean {similar}?\n'
                for name in names[1:]
            ),
            result.stderr,
        )
        self.assertEqual(1, len(json.loads(result.stdout)))

    def test_overloaded_service(self) -> None:
        path = f'/servers/{self.servers[0]["id"]}/os-interface'
        busy = recording_proxy.Answer(429, b'', {'Retry-After': '1'})
        self.proxy.answer(path, busy, busy, None)
        result = self.openstack('-v', *COMMAND, '-f', 'json')
        self.assertEqual(0, result.status)
        self.assertEqual(3, len(json.loads(result.stdout)))
        self.assertEqual(2, result.stderr.count('HTTP 429; trying again'))
