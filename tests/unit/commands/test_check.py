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
import datetime
import email.utils
import functools
import json
import os
import pathlib
import re
import time
from typing import Any
from urllib import parse

import fixtures
from prometheus_client import parser

from testtools import matchers

from osc_port_iface.interfaces.health import codes
from tests import command_result
from tests.unit import base
from tests.unit import clock
from tests.unit import fake_cloud
from tests.unit import pseudo_terminal

SERVERS_URL = f'{fake_cloud.COMPUTE_URL}/servers'
NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
COLUMNS = (
    '-f',
    'value',
    '-c',
    'Server Name',
    '-c',
    'Port ID',
    '-c',
    'Finding',
    '-c',
    'Expected',
    '-c',
    'Actual',
)
PROJECT = fake_cloud.PROJECT_ID
HIDDEN = (
    'Not looked for, as it needs administrator rights: binding-failed, '
    'host-differs, stale-binding, subport-host-differs, unbound\n'
)


def server(number: int, *ports: int, **other: object) -> dict[str, object]:
    """Build an active server whose cache has these ports."""
    entries = [fake_cloud.cached(port, f'10.0.0.{port}') for port in ports]
    plain = {
        'addresses': {'net': entries},
        'OS-EXT-SRV-ATTR:host': 'compute-1',
        'OS-EXT-STS:task_state': None,
    }
    return fake_cloud.server(number, f's{number}', **{**plain, **other})


def port(number: int, device: int, **other: object) -> dict[str, object]:
    return fake_cloud.port(number, device, f'10.0.0.{number}', **other)


def old_port(
    number: int, device: int, hours: int = 3, **other: object
) -> dict[str, object]:
    """Build a port that is DOWN and has not changed for some hours."""
    updated = NOW - datetime.timedelta(hours=hours)
    other = {'status': 'DOWN', 'updated_at': updated.isoformat(), **other}
    return port(number, device, **other)


class CheckTestCase(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.cloud.register_tokens('a-token', role='admin')
        self.cloud.register_network('floatingips')
        self.cloud.register_network('agents')
        self.register_bindings()
        self.register_services()

    def register_bindings(self, **hosts: str) -> None:
        """Answer with the bindings of ports.

        :param hosts: The status of the binding on each host.
        """
        self.cloud.get(
            re.compile(f'{fake_cloud.NETWORK_URL}/v2.0/ports/[^/]*/bindings'),
            json={
                'bindings': [
                    {'host': host.replace('_', '-'), 'status': status}
                    for host, status in hosts.items()
                ]
            },
        )

    def register_services(self, *down: str) -> None:
        """Answer with the nova-compute services, some of which are down."""
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/os-services',
            json={
                'services': [
                    {
                        'host': host,
                        'binary': 'nova-compute',
                        'state': 'down' if host in down else 'up',
                        'status': 'enabled',
                    }
                    for host in ('compute-1', 'compute-2')
                ]
            },
        )

    def register(
        self, servers: list[dict[str, Any]], ports: list[dict[str, Any]]
    ) -> None:
        """Register servers, in the listing and one by one."""
        self.cloud.register_servers(*servers)
        self.cloud.register_network('ports', *ports)
        for one in servers:
            self.register_live(one, ports)
            self.register_actions(one['id'])

    def register_live(
        self, server: dict[str, Any], ports: list[dict[str, Any]]
    ) -> None:
        self.cloud.get(
            f'{SERVERS_URL}/{server["id"]}', json={'server': server}
        )
        self.cloud.register_interfaces(
            server['id'],
            *(
                {
                    'port_id': port['id'],
                    'net_id': port['network_id'],
                    'mac_addr': port['mac_address'],
                    'port_state': port['status'],
                    'fixed_ips': port['fixed_ips'],
                    'tag': None,
                }
                for port in ports
                if port['device_id'] == server['id']
            ),
        )

    def register_actions(self, server_id: str, *ages: float) -> None:
        """Answer with attach actions of this many seconds ago."""
        self.cloud.get(
            f'{SERVERS_URL}/{server_id}/os-instance-actions',
            [
                {
                    'headers': {'Date': email.utils.format_datetime(NOW)},
                    'json': {'instanceActions': actions},
                }
                for actions in (
                    [
                        [
                            {
                                'action': 'attach_interface',
                                'start_time': '2025-12-31T00:00:00.000000',
                                'updated_at': (
                                    NOW - datetime.timedelta(seconds=age)
                                )
                                .replace(tzinfo=None)
                                .isoformat(),
                            },
                            {
                                'action': 'create',
                                'start_time': '2026-01-01T12:00:00.000000',
                                'updated_at': None,
                            },
                        ]
                        for age in ages
                    ]
                    or [[]]
                )
            ],
        )

    def check(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server', 'interface', 'check', *arguments, *COLUMNS
        )

    def assert_finds(self, stdout: str, *arguments: str) -> None:
        self.assertEqual(
            command_result.Result(3 if stdout.strip() else 0, stdout, ''),
            self.check(*arguments),
        )


class TestCheck(CheckTestCase):
    def test_no_drift(self) -> None:
        self.register(
            [server(1, 11, 12), server(2, 13)],
            [port(11, 1), port(12, 1), port(13, 2)],
        )
        self.assert_finds('')
        self.assertEqual([], self.clock.slept)

    def test_1000_servers_cost_few_requests(self) -> None:
        for arguments, hosts in (((), 25), (('--all-projects',), 80)):
            with self.subTest(arguments):
                self.register_fleet(1000, hosts)
                self.cloud.reset_mock()
                self.assert_finds('', *arguments)
                self.assertLessEqual(len(self.cloud.requested()), 25)

    def register_fleet(self, count: int, hosts: int) -> None:
        """Register servers with a port and a floating IP each."""
        servers, ports, floating_ips = [], [], []
        for number in range(1, count + 1):
            host = {'binding:host_id': f'compute-{number % hosts}'}
            mac = {
                'mac_address': f'fa:16:3e:00:{number >> 8:02x}:'
                f'{number & 255:02x}'
            }
            fixed = f'10.0.{number >> 8}.{number & 255}'
            floating = f'203.0.{number >> 8}.{number & 255}'
            entries = [
                {
                    **fake_cloud.cached(number, address, kind),
                    'OS-EXT-IPS-MAC:mac_addr': mac['mac_address'],
                }
                for address, kind in ((fixed, 'fixed'), (floating, 'floating'))
            ]
            servers.append(
                server(
                    number,
                    addresses={'net': entries},
                    **{'OS-EXT-SRV-ATTR:host': host['binding:host_id']},
                )
            )
            ports.append(
                fake_cloud.port(10000 + number, number, fixed, **mac, **host)
            )
            floating_ips.append(
                {
                    **fake_cloud.floating_ip(floating, 10000 + number),
                    'fixed_ip_address': fixed,
                }
            )
        self.cloud.register_servers(*servers)
        self.cloud.register_network('ports', *ports)
        self.cloud.register_network('floatingips', *floating_ips)

    def test_findings(self) -> None:
        self.register(
            [server(1, 11, 12), server(2)],
            [port(11, 1, status='DOWN'), port(13, 2)],
        )
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} port-down ACTIVE DOWN\n'
            f's2 {fake_cloud.identifier(13)} missing-from-cache 10.0.0.13 '
            'not in the cache\n'
            's1  only-in-cache not in the cache 10.0.0.12\n'
        )

    def test_json(self) -> None:
        self.register([server(2)], [port(13, 2)])
        result = self.openstack('server', 'interface', 'check', '-f', 'json')
        self.assertEqual((3, ''), (result.status, result.stderr))
        self.assertEqual(
            [
                {
                    'Server ID': fake_cloud.identifier(2),
                    'Server Name': 's2',
                    'Server Status': 'ACTIVE',
                    'Project ID': PROJECT,
                    'Project Name': 'demo',
                    'Port ID': fake_cloud.identifier(13),
                    'MAC Address': 'fa:16:3e:00:00:0d',
                    'Severity': 'critical',
                    'Finding': 'missing-from-cache',
                    'Expected': '10.0.0.13',
                    'Actual': 'not in the cache',
                    'Age': None,
                    'Cause': None,
                }
            ],
            json.loads(result.stdout),
        )

    def test_columns_of_the_project(self) -> None:
        self.register([server(2)], [port(13, 2)])
        for arguments, is_shown in (
            ((), False),
            (('--project', PROJECT), False),
            (('--all-projects',), True),
            (('--host', 'compute-1'), True),
            (('--host', 'compute-1', '--project', PROJECT), False),
        ):
            with self.subTest(arguments):
                result = self.openstack(
                    'server',
                    'interface',
                    'check',
                    '-f',
                    'csv',
                    *arguments,
                )
                self.assertEqual((3, ''), (result.status, result.stderr))
                for header in ('Server Status', 'Project ID', 'Project Name'):
                    self.assertEqual(is_shown, f'"{header}"' in result.stdout)

    def test_one_mac_address_in_any_notation(self) -> None:
        for of_cache, of_port in (
            ('FA:16:3E:00:00:0B', 'fa:16:3e:00:00:0b'),
            ('fa:16:3e:00:00:0b', 'FA:16:3E:00:00:0B'),
            ('fa-16-3e-00-00-0b', 'fa:16:3e:00:00:0b'),
        ):
            with self.subTest(of_cache, port=of_port):
                entry = {
                    **fake_cloud.cached(11, '10.0.0.11'),
                    'OS-EXT-IPS-MAC:mac_addr': of_cache,
                }
                self.register(
                    [server(1, addresses={'net': [entry]})],
                    [port(11, 1, mac_address=of_port)],
                )
                self.assert_finds('')

    def test_addresses_are_ordered_as_numbers(self) -> None:
        ips = ('10.0.0.9', '10.0.0.10', '2001:db8::9', '2001:db8::10')
        self.register([server(1)], [fake_cloud.port(11, 1, *ips)])
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} missing-from-cache '
            f'{",".join(ips)} not in the cache\n'
        )

    def test_narrowed(self) -> None:
        self.register([server(1, 11, 12)], [port(11, 1, status='DOWN')])
        down = f's1 {fake_cloud.identifier(11)} port-down ACTIVE DOWN\n'
        self.assert_finds(down, '--finding', 'port-down')
        self.assert_finds(down, '--ignore', 'only-in-cache')
        self.assert_finds('', '--finding', 'unbound')

    def test_unknown_finding(self) -> None:
        result = self.check('--finding', 'rust')
        self.assertEqual((2, ''), (result.status, result.stdout))
        self.assertIn(
            "error: argument --finding: invalid choice: 'rust' (choose from",
            result.stderr,
        )
        self.assertNotIn('Code', result.stderr)

    def test_orphan_ports(self) -> None:
        gone = fake_cloud.identifier(9)
        self.register(
            [server(1, 11)], [port(11, 1), old_port(19, 9, tags=['kept'])]
        )
        self.cloud.get(
            f'{SERVERS_URL}/{gone}', status_code=404, json=fake_cloud.NOT_FOUND
        )
        orphan = (
            f' {fake_cloud.identifier(19)} orphan-port a server that exists '
            'its server is not found\n'
        )
        for arguments in (
            (),
            ('--all-projects',),
            ('--finding', 'orphan-port'),
            ('--older-than', '2h'),
            ('--keep-tag', 'other'),
        ):
            with self.subTest(arguments):
                self.assert_finds(orphan, *arguments)
        for arguments in (
            ('s1',),
            ('--host', 'compute-1'),
            ('--status', 'ACTIVE'),
            ('--older-than', '4h'),
            ('--keep-tag', 'kept'),
        ):
            with self.subTest(arguments):
                self.assert_finds('', *arguments)

    def test_age(self) -> None:
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(9)}',
            status_code=404,
            json=fake_cloud.NOT_FOUND,
        )
        self.register([], [old_port(19, 9, hours=51)])
        command = ('server', 'interface', 'check', '-c', 'Age', '-f')
        self.assertEqual(
            command_result.Result(
                3, '2d 3h\n', 'No server exists in project demo.\n'
            ),
            self.openstack(*command, 'value'),
        )
        self.assertEqual(
            [{'Age': 51 * 3600}],
            json.loads(self.openstack(*command, 'json').stdout),
        )

    def test_orphan_whose_server_was_only_late(self) -> None:
        self.register([server(1, 11)], [port(11, 1), port(19, 9)])
        late = server(9, 19)
        self.register_live(late, [port(19, 9)])
        self.register_actions(fake_cloud.identifier(9))
        self.assert_finds('', '--all-projects')

    def test_what_cannot_be_looked_for(self) -> None:
        self.register([server(1, 11)], [port(11, 1)])
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Not looked for, as it needs all servers of a project: '
                'orphan-port\n',
            ),
            self.check('--finding', 'orphan-port', 's1'),
        )


class TestSeverity(CheckTestCase):
    def setUp(self) -> None:
        super().setUp()
        half = {**port(14, 1), 'device_id': '', 'device_owner': 'compute:az'}
        self.register([server(1, 11, 12)], [port(11, 1, status='DOWN'), half])

    def test_this_severity_or_worse(self) -> None:
        levels = [
            ['critical', 'port-down'],
            ['warning', 'only-in-cache'],
            ['info', 'half-released'],
        ]
        for number, (level, _code) in enumerate(levels, 1):
            result = self.openstack(
                'server',
                'interface',
                'check',
                '--severity',
                level,
                '-f',
                'value',
                '-c',
                'Severity',
                '-c',
                'Finding',
            )
            self.assertEqual(
                command_result.Result(
                    3,
                    ''.join(f'{" ".join(row)}\n' for row in levels[:number]),
                    '',
                ),
                result,
            )

    def test_nothing_is_left(self) -> None:
        for arguments in (
            ('--finding', 'orphan-port', '--severity', 'warning'),
            tuple(
                argument
                for code in codes.Code
                for argument in ('--ignore', code.value)
            ),
        ):
            self.assertEqual(
                command_result.Result(
                    2,
                    '',
                    'No finding is left to look for: all are ignored or of a '
                    'lower severity\n',
                ),
                self.check(*arguments),
            )

    def test_help_says_what_each_code_is(self) -> None:
        result = self.openstack('server', 'interface', 'check', '--help')
        # argparse also breaks lines at hyphens.
        shown = ''.join(result.stdout.split())
        for code in codes.Code:
            summary = f'{code} ({code.summary})'
            self.assertIn(''.join(summary.split()), shown)


class TestGuide(CheckTestCase):
    """What a person at a terminal is told."""

    def setUp(self) -> None:
        super().setUp()
        self.stream = functools.partial(pseudo_terminal.PseudoTerminal, 132)

    def guide(self, *arguments: str) -> list[str]:
        result = self.openstack('server', 'interface', 'check', *arguments)
        return [
            line
            for line in result.stderr.splitlines()
            if not line.startswith('Left out')
        ]

    def test_no_finding(self) -> None:
        self.register(
            [server(1, 11, 12), server(2)], [port(11, 1), port(12, 1)]
        )
        for arguments, place in (
            ((), ' in project demo'),
            (('--all-projects',), ' in all projects'),
            (('--host', 'compute-1'), ' in all projects'),
            (('--project', fake_cloud.PROJECT_ID), ''),
            (('s1', 's2'), ''),
        ):
            if '--project' in arguments:
                place = f' in project {fake_cloud.PROJECT_ID}'
            with self.subTest(arguments):
                looked_at = f'Checked 2 servers and 2 interfaces{place}'
                self.assertEqual(
                    [f'{looked_at}: no findings.'], self.guide(*arguments)
                )
        self.assertEqual([], self.guide('-q'))

    def test_what_is_not_known(self) -> None:
        self.register([server(1, 12)], [port(11, 1)])
        url = f'{SERVERS_URL}/{fake_cloud.identifier(1)}/os-interface'
        self.cloud.get(url, status_code=500, json={})
        self.assertEqual(
            'Checked 1 server and 1 interface: not known: 1.',
            self.guide('s1')[-1],
        )

    def test_findings(self) -> None:
        self.register([server(1, 12)], [port(11, 1, status='DOWN')])
        self.assertEqual(
            [
                'Checked 1 server and 1 interface in all projects: '
                '3 findings.',
                'Plan the repair: openstack server interface repair '
                "--all-projects --severity warning --keep-tag 'my own' "
                '--older-than 7776000s --dry-run',
                "See 'missing-from-cache' "
                "on the page 'Findings' of the documentation.",
            ],
            self.guide(
                '--all-projects',
                '--severity',
                'warning',
                '--keep-tag',
                'my own',
                '--older-than',
                '90d',
            ),
        )

    def test_each_finding_can_be_told(self) -> None:
        self.register(
            [server(1, 12)],
            [
                port(11, 1),
                old_port(13, 9),
                old_port(14, 8),
            ],
        )
        for number in (8, 9):
            self.cloud.get(
                f'{SERVERS_URL}/{fake_cloud.identifier(number)}',
                status_code=404,
                json=fake_cloud.NOT_FOUND,
            )
        states = ['Expected', 'Actual']
        for arguments, at_80, at_100 in (
            (
                (),
                ['Server Name', 'Port ID', 'Finding'],
                ['Server Name', 'Port ID', 'Finding', 'Actual'],
            ),
            (
                ('--finding', 'orphan-port'),
                ['Port ID', 'Finding', 'Actual'],
                ['Port ID', 'Finding', *states],
            ),
            (
                ('--ignore', 'orphan-port'),
                ['Server Name', 'Finding', *states],
                ['Server Name', 'MAC Address', 'Finding', *states],
            ),
        ):
            for width, headers in ((80, at_80), (100, at_100)):
                with self.subTest(arguments=arguments, width=width):
                    self.stream = functools.partial(
                        pseudo_terminal.PseudoTerminal, width
                    )
                    result = self.openstack(
                        'server', 'interface', 'check', *arguments
                    )
                    shown = result.stdout.splitlines()[1].strip('| ')
                    self.assertEqual(headers, re.split(r' +\| +', shown))


class TestFloatingIPs(CheckTestCase):
    def test_old_one(self) -> None:
        entries = [
            fake_cloud.cached(11, '10.0.0.11'),
            fake_cloud.cached(11, '203.0.113.9', 'floating'),
        ]
        self.register([server(1, addresses={'net': entries})], [port(11, 1)])
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} floating-ip-differs '
            'no floating IP 203.0.113.9\n'
        )
        # Seen twice in a row.
        self.assertEqual([3.0, 5.0], self.clock.slept)

    def test_one_that_the_cache_lacks(self) -> None:
        self.register([server(1, 11)], [port(11, 1)])
        self.register_floating_ip(hours=1)
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} floating-ip-differs '
            '203.0.113.9 not in the cache\n'
        )

    def test_one_that_was_associated_a_moment_ago(self) -> None:
        self.register([server(1, 11)], [port(11, 1)])
        self.register_floating_ip(hours=0)
        self.assert_finds('')
        # It was looked at again, as Neutron might still notify Nova of it.
        self.assertEqual([3.0, 5.0, 5.0], self.clock.slept)

    def test_neutron_without_routers(self) -> None:
        self.register([server(1, 11)], [port(11, 1)])
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips', status_code=404
        )
        self.cloud.register_extensions('agent')
        self.assert_finds('')
        # Its 404 may be that of a proxy.
        self.cloud.register_extensions('agent', 'router')
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Not looked for: floating-ip-differs. Floating IPs: not found '
                '(HTTP 404)\n',
            ),
            self.check(),
        )

    def test_floating_ips_that_cannot_be_read(self) -> None:
        self.register([server(1, 11)], [port(11, 1, status='DOWN')])
        url = f'{fake_cloud.NETWORK_URL}/v2.0/floatingips'
        for status in (403, 500):
            with self.subTest(status):
                self.cloud.get(url, status_code=status, json={})
                result = self.check()
                self.assertEqual(1, result.status)
                self.assertIn('port-down', result.stdout)
                self.assertRegex(
                    result.stderr,
                    r'\ANot looked for: floating-ip-differs\. Floating IPs: '
                    r'[^\n]*\n\Z',
                )

    def register_floating_ip(self, hours: int) -> None:
        updated = NOW - datetime.timedelta(hours=hours)
        self.cloud.register_network(
            'floatingips',
            {
                **fake_cloud.floating_ip('203.0.113.9', 11),
                'fixed_ip_address': '10.0.0.11',
                'updated_at': updated.isoformat(),
            },
        )


class TestStaleBindings(CheckTestCase):
    FINDING = (
        f's1 {fake_cloud.identifier(11)} stale-binding bound to compute-1 '
        'alone also to compute-2\n'
    )

    def test_few_ports(self) -> None:
        self.register([server(1, 11)], [port(11, 1)])
        self.register_bindings(compute_1='ACTIVE', compute_2='INACTIVE')
        self.assert_finds(self.FINDING)

    def test_port_that_is_not_for_a_server(self) -> None:
        """Neutron refuses to list the bindings of such a port."""
        self.register([server(1, 11)], [port(11, 1, device_owner='')])
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} not-attached plugged in by Nova '
            'device owner empty, ovs on compute-1\n'
        )
        self.assertNotIn('/bindings', ' '.join(self.cloud.requested()))

    def test_through_the_hosts(self) -> None:
        numbers = range(11, 31)
        self.register(
            [server(1, *numbers)], [port(number, 1) for number in numbers]
        )
        self.register_bindings(compute_1='ACTIVE')
        listing = f'{fake_cloud.NETWORK_URL}/v2.0/ports'
        self.cloud.get(
            f'{listing}?binding:host_id=compute-2',
            json={'ports': [port(11, 1)]},
        )
        # Only the filter shows that it has one there.
        self.assert_finds('')
        self.register_bindings(compute_1='ACTIVE', compute_2='INACTIVE')
        self.assert_finds(self.FINDING)

    def test_one_port_whose_bindings_cannot_be_read(self) -> None:
        self.register(
            [server(1, 11), server(2, 12)], [port(11, 1), port(12, 2)]
        )
        self.register_bindings(compute_1='ACTIVE', compute_2='INACTIVE')
        broken = fake_cloud.identifier(12)
        url = f'{fake_cloud.NETWORK_URL}/v2.0/ports/{broken}/bindings'
        gone: dict[str, object] = {'NeutronError': {}}
        for status, code, failure in (
            (403, 1, f'Bindings of port {broken}: this is not allowed'),
            (404, 3, ''),
            (500, 1, f'Bindings of port {broken}: the service failed'),
        ):
            with self.subTest(status):
                self.cloud.get(url, status_code=status, json=gone)
                line = failure and f'{failure} (HTTP {status})\n'
                self.assertEqual(
                    command_result.Result(code, self.FINDING, line),
                    self.check(),
                )

    def test_hosts_that_cannot_be_listed(self) -> None:
        numbers = range(11, 31)
        self.register(
            [server(1, *numbers)], [port(number, 1) for number in numbers]
        )
        services = f'{fake_cloud.COMPUTE_URL}/os-services'
        for code, reason in (
            (403, 'this is not allowed'),
            (500, 'the service failed'),
        ):
            with self.subTest(code):
                self.cloud.get(services, status_code=code, json={})
                self.cloud.reset_mock()
                self.assertEqual(
                    command_result.Result(
                        1,
                        '',
                        'Not looked for: stale-binding. Compute services: '
                        f'{reason} (HTTP {code})\n',
                    ),
                    self.check(),
                )
                asked = parse.unquote(' '.join(self.cloud.requested()))
                self.assertNotIn('binding:host_id=', asked)
        self.cloud.get(services, status_code=401, json={})
        result = self.check()
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertIn('the token was refused', result.stderr)

    def test_under_migration(self) -> None:
        self.register([server(1, 11)], [port(11, 1)])
        self.register_bindings(compute_1='ACTIVE', compute_2='INACTIVE')
        busy = server(1, 11, **{'OS-EXT-STS:task_state': 'migrating'})
        self.register_live(busy, [port(11, 1)])
        self.assert_finds('')


class TestTrunks(CheckTestCase):
    def test_findings(self) -> None:
        trunk = fake_cloud.identifier(500)
        members = [
            {
                'port_id': fake_cloud.identifier(12),
                'segmentation_type': 'vlan',
                'segmentation_id': 101,
            }
        ]
        details = {'trunk_id': trunk, 'sub_ports': members}
        self.register(
            [server(1, 11)],
            [
                port(11, 1, trunk_details=details),
                fake_cloud.port(
                    12,
                    0,
                    status='DOWN',
                    device_id='',
                    device_owner='trunk:subport',
                ),
            ],
        )
        self.cloud.register_network(
            'trunks',
            {
                'id': trunk,
                'port_id': fake_cloud.identifier(11),
                'status': 'DEGRADED',
                'admin_state_up': True,
                'sub_ports': members,
            },
        )
        for arguments in (('s1',), (), ('--all-projects',)):
            with self.subTest(arguments):
                self.assert_finds(
                    f's1 {fake_cloud.identifier(11)} trunk-degraded trunk '
                    'ACTIVE trunk DEGRADED\n'
                    f's1 {fake_cloud.identifier(12)} subport-down ACTIVE '
                    'DOWN\n',
                    *arguments,
                )


class TestPortsWithoutServer(CheckTestCase):
    def test_half_released(self) -> None:
        self.register(
            [server(1, 12)], [old_port(11, 0, device_id=''), port(12, 1)]
        )
        self.assert_finds(
            f' {fake_cloud.identifier(11)} half-released a server, or device '
            'owner empty device owner compute:nova, device ID empty\n'
        )

    def test_unused(self) -> None:
        idle: dict[str, Any] = {'device_id': '', 'device_owner': ''}
        vip = old_port(12, 0, **idle)
        self.register(
            [server(1, 13)],
            [
                old_port(11, 0, **idle),
                old_port(14, 0, name='octavia-lb-1', **idle),
                vip,
                port(
                    13,
                    1,
                    allowed_address_pairs=[{'ip_address': '10.0.0.12'}],
                ),
            ],
        )
        unused = f' {fake_cloud.identifier(11)} unused-port a use none\n'
        self.assert_finds('')
        self.assert_finds(unused, '--finding', 'unused-port')
        self.assert_finds(unused, '--finding', 'all', '--all-projects')
        self.assert_finds('', '--finding', 'unused-port', '--older-than', '1d')

    def test_subport_that_is_not_wired_yet(self) -> None:
        subport = {'port_id': fake_cloud.identifier(12)}
        trunk = {
            'trunk_id': fake_cloud.identifier(500),
            'sub_ports': [subport],
        }
        self.register(
            [server(1, 11)],
            [
                port(11, 1, trunk_details=trunk),
                old_port(
                    12,
                    0,
                    network_id=fake_cloud.identifier(701),
                    device_id='',
                    device_owner='',
                ),
            ],
        )
        for arguments in ((), ('--all-projects',)):
            with self.subTest(arguments):
                self.assert_finds('', '--finding', 'unused-port', *arguments)

    def test_address_claimed(self) -> None:
        self.register(
            [server(1, 11), server(2, 12)],
            [
                port(
                    11,
                    1,
                    allowed_address_pairs=[{'ip_address': '10.0.0.0/24'}],
                ),
                port(12, 2),
            ],
        )
        self.assert_finds('')
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} address-claimed address pairs '
            'without addresses of other servers 10.0.0.12, which is of port '
            f'{fake_cloud.identifier(12)}\n',
            '--finding',
            'address-claimed',
        )


class TestConfirmation(CheckTestCase):
    def test_suspicion_that_passes(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.register_live(server(1, 11), [port(11, 1)])
        self.assert_finds('')
        self.assertEqual([3.0], self.clock.slept)

    def test_only_what_was_suspected_is_reported(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.register_live(server(1), [port(12, 1)])
        self.assert_finds('')

    def test_server_that_begins_to_do_something(self) -> None:
        self.register([server(1)], [port(11, 1)])
        busy = server(1, **{'OS-EXT-STS:task_state': 'deleting'})
        self.register_live(busy, [port(11, 1)])
        self.assert_finds('')

    def test_server_that_is_gone(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(1)}',
            status_code=404,
            json=fake_cloud.NOT_FOUND,
        )
        self.assert_finds('')

    def test_server_that_only_a_proxy_does_not_know(self) -> None:
        self.register([server(1)], [port(11, 1)])
        for path in ('', '/os-interface'):
            with self.subTest(path):
                self.register([server(1)], [port(11, 1)])
                self.cloud.get(
                    f'{SERVERS_URL}/{fake_cloud.identifier(1)}{path}',
                    status_code=404,
                    text='default backend - 404',
                )
                result = self.check()
                self.assertEqual((1, ''), (result.status, result.stdout))
                self.assertIn(': not found; ', result.stderr)

    def test_hot_plug_that_ends(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.register_actions(fake_cloud.identifier(1), 2.0, 7.0)
        self.assert_finds(
            f's1 {fake_cloud.identifier(11)} missing-from-cache 10.0.0.11 '
            'not in the cache\n'
        )
        self.assertEqual([3.0, 5.0], self.clock.slept)

    def test_hot_plug_without_end(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.register_actions(fake_cloud.identifier(1), 1.0)
        self.assertEqual(
            command_result.Result(
                1,
                '',
                f'Server {fake_cloud.identifier(1)}: not judged, as it '
                'keeps changing\n',
            ),
            self.check(),
        )

    def test_unknown_actions(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(1)}/os-instance-actions',
            status_code=403,
            json={},
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                f'Actions of server {fake_cloud.identifier(1)}: this is not '
                'allowed (HTTP 403)\n',
            ),
            self.check(),
        )
        self.assertEqual([3.0], self.clock.slept)

    def test_what_cannot_be_confirmed(self) -> None:
        self.register([server(1), server(2)], [port(11, 1), port(12, 2)])
        self.cloud.get(
            f'{SERVERS_URL}/{fake_cloud.identifier(1)}',
            status_code=500,
            json={},
        )
        self.assertEqual(
            command_result.Result(
                1,
                f's2 {fake_cloud.identifier(12)} missing-from-cache '
                '10.0.0.12 not in the cache\n',
                f'Server {fake_cloud.identifier(1)}: the service failed '
                '(HTTP 500)\n',
            ),
            self.check(),
        )


class TestRights(CheckTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_tokens('a-token', role='member')

    def test_member(self) -> None:
        hidden = port(11, 1)
        del hidden['binding:host_id'], hidden['binding:vif_type']
        self.register([server(1)], [hidden])
        self.assertEqual(
            command_result.Result(
                3,
                f's1 {fake_cloud.identifier(11)} missing-from-cache '
                '10.0.0.11 not in the cache\n',
                '',
            ),
            self.check(),
        )
        self.assertIn(HIDDEN, self.check('-v').stderr)
        self.assertEqual(
            command_result.Result(
                1,
                '',
                'Not looked for, as it needs administrator rights: unbound\n',
            ),
            self.check('--finding', 'unbound', '--finding', 'port-down'),
        )

    def test_without_ports_nothing_is_hidden(self) -> None:
        self.register([server(1)], [])
        self.assert_finds('')

    def test_nothing_is_said_of_what_is_ignored(self) -> None:
        hidden = port(11, 1)
        del hidden['binding:host_id'], hidden['binding:vif_type']
        self.register([server(1, 11)], [hidden])
        self.assert_finds('', '--finding', 'only-in-cache')

    def test_ports_that_cannot_be_read(self) -> None:
        """Without Neutron, nothing is compared, and nothing seems well."""
        self.register([server(1)], [port(11, 1)])
        url = f'{fake_cloud.NETWORK_URL}/v2.0/ports'
        for status, reason in (
            (403, 'this is not allowed'),
            (500, 'the service failed'),
        ):
            with self.subTest(status):
                self.cloud.get(url, status_code=status, json={})
                self.assertEqual(
                    command_result.Result(
                        1, '', f'Ports: {reason} (HTTP {status})\n'
                    ),
                    self.check(),
                )


class TestFailures(CheckTestCase):
    def test_cell_that_is_down(self) -> None:
        down: dict[str, object] = {
            'id': fake_cloud.identifier(2),
            'status': 'UNKNOWN',
        }
        self.register([server(1)], [port(11, 1)])
        self.cloud.register_servers(server(1), down)
        result = self.check('--all-projects')
        self.assertEqual(
            (
                1,
                f'Interfaces of server {fake_cloud.identifier(2)}: its cell '
                'is down\n',
            ),
            (result.status, result.stderr),
        )
        self.assertIn('missing-from-cache', result.stdout)
        self.assertNotIn('orphan-port', result.stdout)

    def test_unknown_name(self) -> None:
        self.register([server(1)], [port(11, 1)])
        result = self.check('s1', 's2')
        self.assertEqual(
            (
                1,
                "No server with the name or ID 's2' exists in project demo. "
                'Use --all-projects to look in all of them.\n',
            ),
            (result.status, result.stderr),
        )
        self.assertIn('missing-from-cache', result.stdout)


class TestMonitoring(CheckTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = self.directory / 'interfaces.prom'
        self.run_file = self.directory / 'interfaces-run.prom'
        self.register(
            [server(1, 11), server(2, **{'OS-EXT-SRV-ATTR:host': 'b"\\'})],
            [port(11, 1, status='DOWN')],
        )

    def samples(self, path: pathlib.Path) -> dict[str, dict[str, float]]:
        """Read a file with the official parser, by name, then labels."""
        found: dict[str, dict[str, float]] = {}
        for family in parser.text_string_to_metric_families(path.read_text()):
            self.assertEqual('gauge', family.type)
            self.assertNotEqual('', family.documentation)
            for sample in family.samples:
                labels = ','.join(
                    value for _name, value in sorted(sample.labels.items())
                )
                found.setdefault(sample.name, {})[labels] = sample.value
        return found

    def test_metrics(self) -> None:
        result = self.check('--metrics', str(self.file))
        self.assertEqual((3, ''), (result.status, result.stderr))
        samples = self.samples(self.file)
        findings = samples.pop('osc_port_iface_check_findings')
        self.assertEqual(
            {f'{code},{code.severity}' for code in codes.USUAL}, set(findings)
        )
        self.assertEqual(
            {'port-down,critical': 1.0},
            {code: count for code, count in findings.items() if count},
        )
        now = samples.pop('osc_port_iface_check_timestamp_seconds')['']
        self.assertLess(abs(now - time.time()), 3600)
        self.assertEqual(
            {
                'osc_port_iface_check_servers': {'': 2.0},
                'osc_port_iface_check_ports': {'': 1.0},
                'osc_port_iface_check_failures': {'': 0.0},
                'osc_port_iface_check_duration_seconds': {'': 8.0},
            },
            samples,
        )
        run = self.samples(self.run_file)
        self.assertEqual({'': 0.0}, run['osc_port_iface_check_run_failed'])
        self.assertEqual(
            {self.file, self.run_file}, set(self.directory.iterdir())
        )

    def test_the_node_exporter_can_read_the_file(self) -> None:
        previous = os.umask(0o077)
        self.addCleanup(os.umask, previous)
        for mode in (0o644, 0o640):
            self.check('--metrics', str(self.file))
            self.assertEqual(mode, self.file.stat().st_mode & 0o777)
            self.file.chmod(0o640)

    def test_nobody_can_choose_the_file_that_is_written(self) -> None:
        victim = self.directory / 'victim'
        for name in (f'.{self.file.name}.{os.getpid()}', self.file.name):
            (self.directory / name).symlink_to(victim)
        self.check('--metrics', str(self.file))
        self.assertFalse(victim.exists())
        self.assertFalse(self.file.is_symlink())

    def test_labels(self) -> None:
        for by, counts in (
            (
                ('host',),
                {
                    'port-down,compute-1,critical': 1.0,
                    'port-down,b"\\,critical': 0.0,
                },
            ),
            (
                ('project',),
                {f'port-down,{PROJECT},critical': 1.0},
            ),
            (
                ('project', 'host'),
                {
                    f'port-down,compute-1,{PROJECT},critical': 1.0,
                    f'port-down,b"\\,{PROJECT},critical': 0.0,
                },
            ),
        ):
            with self.subTest(by):
                self.check(
                    '--metrics',
                    str(self.file),
                    '--finding',
                    'port-down',
                    *(arg for name in by for arg in ('--metrics-by', name)),
                )
                samples = self.samples(self.file)
                self.assertEqual(
                    counts, samples['osc_port_iface_check_findings']
                )

    def test_failed_run_leaves_what_was_found(self) -> None:
        self.check('--metrics', str(self.file))
        before = self.file.read_text()
        self.cloud.get(f'{SERVERS_URL}/detail', status_code=403, json={})
        result = self.check('--metrics', str(self.file))
        self.assertEqual(1, result.status)
        self.assertEqual(before, self.file.read_text())
        run = self.samples(self.run_file)
        self.assertEqual({'': 1.0}, run['osc_port_iface_check_run_failed'])

    def test_what_was_not_looked_for_is_not_zero(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips',
            status_code=500,
            json={},
        )
        self.assertEqual(1, self.check('--metrics', str(self.file)).status)
        samples = self.samples(self.file)
        self.assertNotIn(
            'floating-ip-differs,warning',
            samples['osc_port_iface_check_findings'],
        )
        self.assertEqual({'': 1.0}, samples['osc_port_iface_check_failures'])

    def test_file_that_cannot_be_written(self) -> None:
        result = self.check('--metrics', str(self.directory / 'no' / 'file'))
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            r'\AThe metrics could not be written: /[^\n]*: No such file or '
            r'directory\n\Z',
        )
        self.assertEqual([], list(self.directory.iterdir()))

    def test_file_that_is_no_file(self) -> None:
        """root could replace a device."""
        os.mkfifo(self.file)
        self.assertEqual(
            command_result.Result(
                1,
                '',
                f'The metrics could not be written: {self.file}: not a '
                'regular file\n',
            ),
            self.check('--metrics', str(self.file)),
        )
        self.assertTrue(self.file.is_fifo())

    def nagios(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server', 'interface', 'check', '--nagios', *arguments
        )

    def test_nagios(self) -> None:
        for arguments, status, name in (
            ((), 2, 'CRITICAL'),
            (('--critical', '1'), 1, 'WARNING'),
            (('--warning', '1', '--critical', '1'), 0, 'OK'),
        ):
            with self.subTest(arguments):
                self.assertEqual(
                    command_result.Result(
                        status,
                        f'{name}: findings: 1 (1 port-down) | '
                        'findings=1;;;0 critical=1;;;0 warning=0;;;0 '
                        'info=0;;;0 servers=2;;;0 ports=1;;;0 failures=0;;;0 '
                        'time=8.000s;;;0 port-down=1;;;0\n',
                        '',
                    ),
                    self.nagios('--finding', 'port-down', *arguments),
                )

    def test_nagios_by_severity(self) -> None:
        half = {**port(14, 1), 'device_id': '', 'device_owner': 'compute:az'}
        self.register([server(1, 11, 12)], [port(11, 1), half])
        for severity, arguments, status, name in (
            ('warning', (), 1, 'WARNING'),
            ('warning', ('--warning', '1'), 0, 'OK'),
            ('warning', ('--severity', 'critical'), 0, 'OK'),
            ('info', ('--finding', 'half-released'), 0, 'OK'),
        ):
            with self.subTest(severity, arguments=arguments):
                result = self.nagios(*arguments)
                self.assertEqual((status, ''), (result.status, result.stderr))
                self.assertThat(
                    result.stdout, matchers.StartsWith(f'{name}: findings: ')
                )

    def test_nagios_without_findings(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                'OK: findings: 0 | findings=0;;;0 critical=0;;;0 '
                'warning=0;;;0 info=0;;;0 servers=2;;;0 ports=1;;;0 '
                'failures=0;;;0 time=0.000s;;;0 unbound=0;;;0\n',
                '',
            ),
            self.nagios('--finding', 'unbound'),
        )

    def test_nagios_that_looked_at_nothing(self) -> None:
        self.register([], [])
        result = self.nagios('--finding', 'unbound')
        self.assertEqual(
            (
                3,
                'UNKNOWN: findings: 0, no server was looked at | '
                'findings=0;;;0 critical=0;;;0 warning=0;;;0 info=0;;;0 '
                'servers=0;;;0 ports=0;;;0 failures=0;;;0 time=0.000s;;;0 '
                'unbound=0;;;0\n',
            ),
            (result.status, result.stdout),
        )

    def test_nagios_that_could_not_judge_a_server(self) -> None:
        self.register([server(1)], [port(11, 1)])
        self.register_actions(fake_cloud.identifier(1), 1.0)
        result = self.nagios('--metrics', str(self.file))
        self.assertEqual(3, result.status)
        self.assertThat(
            result.stdout,
            matchers.StartsWith('UNKNOWN: findings: 0, not known: 1 | '),
        )
        samples = self.samples(self.file)
        self.assertEqual({'': 1.0}, samples['osc_port_iface_check_failures'])

    def test_server_that_is_being_changed(self) -> None:
        """It is not judged, so nothing says that it is all right."""
        busy = server(1, **{'OS-EXT-STS:task_state': 'rebooting'})
        self.register([busy, server(2, 12)], [port(11, 1), port(12, 2)])
        line = 'Server s1: not judged, as it changes (rebooting)\n'
        for arguments, expected in (
            (('s1',), (3, line, 'UNKNOWN: findings: 0, no server was looked')),
            (('s1', 's2'), (3, line, 'UNKNOWN: findings: 0, not known: 1 |')),
            ((), (0, '', 'OK: findings: 0 |')),
        ):
            with self.subTest(arguments):
                result = self.check('--nagios', *arguments)
                self.assertEqual(
                    expected,
                    (
                        result.status,
                        result.stderr,
                        result.stdout[: len(expected[2])],
                    ),
                )
        self.assertIn(' servers=1;', result.stdout)
        self.assertIn(line.partition(':')[2], self.check('-v').stderr)
        self.assertEqual(
            command_result.Result(1, '', line), self.check('s1', 's2')
        )

    def test_server_that_is_stuck(self) -> None:
        """It is half broken, which a check of all servers must not hide."""
        for state, how, hours, is_stuck in (
            ({'OS-EXT-STS:task_state': 'rebooting'}, 'rebooting', 1, True),
            ({'OS-EXT-STS:task_state': 'rebooting'}, 'rebooting', 0.9, False),
            ({'status': 'BUILD'}, 'BUILD', 30, True),
            ({'status': 'DELETED'}, 'DELETED', 30, False),
        ):
            now = datetime.datetime.now(datetime.UTC)
            changed = now - datetime.timedelta(hours=hours)
            busy = server(1, updated=changed.isoformat(), **state)
            self.register([busy, server(2, 12)], [port(12, 2)])
            line = (
                f'Server {fake_cloud.identifier(1)}: not judged, as it '
                f'changes ({how})\n'
            )
            with self.subTest(state, hours=hours):
                self.assertEqual(
                    command_result.Result(
                        int(is_stuck), '', line if is_stuck else ''
                    ),
                    self.check(),
                )

    def test_the_beginning_of_the_option_for_nagios(self) -> None:
        for option in '--na', '--nagio', '--nagios':
            with self.subTest(option):
                result = self.openstack(
                    'server', 'interface', 'check', option, '--bogus'
                )
                self.assertEqual(3, result.status)
                self.assertThat(result.stdout, matchers.StartsWith('UNKNOWN'))

    def test_nagios_that_is_refused(self) -> None:
        url = f'{fake_cloud.NETWORK_URL}/v2.0/floatingips'
        self.cloud.get(url, status_code=403, json={})
        result = self.nagios('--finding', 'floating-ip-differs')
        self.assertEqual(3, result.status)
        self.assertThat(result.stdout, matchers.StartsWith('UNKNOWN: '))

    def test_keystone_that_gives_no_token(self) -> None:
        for status in (401, 503):
            with self.subTest(status):
                self.run_file.unlink(missing_ok=True)
                self.cloud.post(
                    f'{fake_cloud.AUTH_URL}/auth/tokens',
                    status_code=status,
                    json={'error': {'message': 'no | token', 'code': status}},
                )
                result = self.nagios('--metrics', str(self.file))
                self.assertEqual((3, ''), (result.status, result.stderr))
                self.assertRegex(result.stdout, r'\AUNKNOWN: [^|\n]+\n\Z')
                self.assertFalse(self.file.exists())
                run = self.samples(self.run_file)
                self.assertEqual(
                    {'': 1.0}, run['osc_port_iface_check_run_failed']
                )
                result = self.check('--metrics', str(self.file))
                self.assertEqual((1, ''), (result.status, result.stdout))

    def test_keystone_that_cannot_be_reached(self) -> None:
        self.environment['OS_AUTH_URL'] = 'http://127.0.0.1:1/v3'
        self.cloud.stop()
        line = (
            'Authentication failed: cannot connect to http://127.0.0.1:1: '
            'connection refused\n'
        )
        result = self.nagios()
        self.assertEqual(
            (3, f'UNKNOWN: {line}', ''),
            (result.status, result.stdout, result.stderr),
        )
        for arguments in (['check'], ['list'], ['find', '10.0.0.1']):
            with self.subTest(arguments[0]):
                result = self.openstack('server', 'interface', *arguments)
                self.assertEqual(
                    (1, '', line),
                    (result.status, result.stdout, result.stderr),
                )

    def test_nagios_that_does_not_know(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=500, json={}
        )
        self.assertEqual(
            command_result.Result(
                3, 'UNKNOWN: Ports: the service failed (HTTP 500)\n', ''
            ),
            self.nagios('--finding', 'unbound'),
        )
        self.cloud.get(
            f'{SERVERS_URL}/detail', status_code=403, text='no | here'
        )
        result = self.nagios()
        self.assertEqual((3, ''), (result.status, result.stderr))
        self.assertRegex(result.stdout, r'\AUNKNOWN: Servers: [^|\n]*\n\Z')

    def test_wrong_thresholds(self) -> None:
        for value in ('-1', 'some', ''):
            with self.subTest(value):
                result = self.check(f'--critical={value}')
                self.assertEqual((2, ''), (result.status, result.stdout))

    def test_nagios_that_is_used_wrongly(self) -> None:
        for arguments, text in (
            (['--critical=-1'], 'argument --critical: '),
            (
                ['--finding', 'rust'],
                "argument --finding: invalid choice: 'rust' ",
            ),
            (['--older-than', 'x|y'], 'argument --older-than: '),
            (['--older-than'], 'argument --older-than: '),
            (['--no-such'], 'unrecognized arguments: --no-such'),
        ):
            for line in ([*arguments, '--nagios'], ['--nagios', *arguments]):
                with self.subTest(line):
                    result = self.openstack(
                        'server', 'interface', 'check', *line
                    )
                    self.assertEqual((3, ''), (result.status, result.stderr))
                    self.assertRegex(result.stdout, r'\A[^|\n]+\n\Z')
                    self.assertThat(
                        result.stdout, matchers.StartsWith(f'UNKNOWN: {text}')
                    )
