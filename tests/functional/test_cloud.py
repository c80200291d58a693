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

"""The embedded cloud itself."""

from collections.abc import Callable
from collections.abc import Collection
import dataclasses
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
from urllib import parse

import fixtures
import testtools

from tests.cloud import api
from tests.cloud import bootstrap
from tests.cloud import embedded
from tests.cloud import moves
from tests.cloud import processes
from tests.cloud import scenario
from tests import environments
from tests.functional import base

LOOPBACK = '0100007F'
LISTENING = '0A'

# Seconds until something is surely wrong.
PATIENCE = 60


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'tests.cloud', *arguments],
        cwd=environments.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestCommandLine(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud = embedded.Cloud()

    def test_status(self) -> None:
        result = run('status')
        self.assertEqual((0, ''), (result.returncode, result.stderr))
        lines = result.stdout.splitlines()
        for line, service in zip(lines, embedded.SERVICES, strict=False):
            pid = self.cloud.processes()[service].pid
            self.assertEqual([service, 'running', 'pid'], line.split()[:3])
            self.assertEqual(str(pid), line.split()[3])

    def test_up_is_idempotent(self) -> None:
        before = self.cloud.processes()
        self.assertEqual(0, run('up').returncode)
        self.assertEqual(before, self.cloud.processes())

    def test_run(self) -> None:
        program = 'import os; print(os.environ["OS_CLIENT_CONFIG_FILE"])'
        result = run('run', '--', sys.executable, '-c', program)
        self.assertEqual(
            (0, f'{self.cloud.clouds_yaml}\n'),
            (result.returncode, result.stdout),
        )
        result = run('run', '--', sys.executable, '-c', 'raise SystemExit(7)')
        self.assertEqual(7, result.returncode)
        result = run('run', '--', 'no-such-program')
        self.assertEqual(127, result.returncode)
        self.assertTrue(self.cloud.is_up())

    def test_listens_on_loopback_only(self) -> None:
        inodes = set()
        for process in self.cloud.processes().values():
            for link in pathlib.Path(f'/proc/{process.pid}/fd').iterdir():
                try:
                    target = os.readlink(link)
                except FileNotFoundError:
                    continue
                if target.startswith('socket:['):
                    inodes.add(target[8:-1])
        addresses = [
            fields[1].partition(':')[0]
            for table in ('tcp', 'tcp6')
            for line in pathlib.Path(f'/proc/net/{table}')
            .read_text()
            .splitlines()[1:]
            if (fields := line.split())[3] == LISTENING and fields[9] in inodes
        ]
        # Placement has a port in the process of compute.
        self.assertEqual([LOOPBACK] * (len(embedded.SERVICES) + 1), addresses)

    def test_ports_that_nothing_else_takes(self) -> None:
        ports = {
            parse.urlsplit(url).port for url in self.cloud.endpoints.values()
        }
        self.assertEqual(len(embedded.SERVICES) + 1, len(ports))
        self.assertEqual(set(), ports - {*embedded.PORTS})

    def test_secrets_are_the_owners(self) -> None:
        for path in (self.cloud.clouds_yaml, self.cloud.state / 'cloud.json'):
            self.assertEqual(0, path.stat().st_mode & 0o077, str(path))


class TestProcess(testtools.TestCase):
    def start(self, program: str) -> processes.Process:
        log = embedded.Cloud().log / f'{os.getpid()}.log'
        self.addCleanup(log.unlink, missing_ok=True)
        process = processes.start(
            [sys.executable, '-c', program], dict(os.environ), log
        )
        self.addCleanup(process.stop)
        return process

    def test_stop(self) -> None:
        process = self.start('import time; time.sleep(600)')
        self.assertTrue(process.is_running())
        process.stop()
        self.assertFalse(process.is_running())

    def test_process_that_died(self) -> None:
        # One that ends by itself may be reaped before the wait: subprocess
        # does it when its object goes.
        process = self.start('import time; time.sleep(600)')
        os.kill(process.pid, signal.SIGKILL)
        os.waitpid(process.pid, 0)
        self.assertFalse(process.is_running())

    def test_copies_end_with_it(self) -> None:
        path = f'{self.useFixture(fixtures.TempDir()).path}/fifo'
        os.mkfifo(path)
        fifo = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, fifo)

        def read() -> bytes:
            self.assertEqual(
                [fifo], select.select([fifo], [], [], PATIENCE)[0]
            )
            return os.read(fifo, 3)

        process = self.start(
            'import time\n'
            'from tests.cloud.services import forking\n'
            f'file = open({path!r}, "w")\n'
            'forking.fork(2)\n'
            'print(end="x", file=file, flush=True)\n'
            'time.sleep(600)\n'
        )
        written = b''
        while len(written) < 3:
            written += read()
        process.stop()
        self.assertEqual(b'', read(), 'one still has it open')

    def test_another_of_the_same_id(self) -> None:
        process = processes.Process(os.getpid(), 'another time')
        self.assertFalse(process.is_running())
        process.stop()


@dataclasses.dataclass(frozen=True)
class Expected:
    """Facts that differ between releases.

    :ivar services: The services, as in the user guide.
    :ivar microversion: Nova's highest microversion.
    :ivar unknown_parameter: The status for one at microversion 2.102.
    :ivar port_of_server: The status if a member deletes one in Neutron.
    :ivar healing: The default interval in which Nova heals its cache, in
        seconds.
    :ivar has_subport_macs: Whether Neutron has the MAC addresses of subports
        in a list of ports.
    """

    services: str
    microversion: str
    unknown_parameter: int
    port_of_server: int
    healing: int
    has_subport_macs: bool


EXPECTED = {
    'newest': Expected(
        'Nova 34, Neutron 29, Keystone 30, Glance 33, Placement 16',
        '2.104',
        400,
        403,
        -1,
        True,
    ),
    '2025.1': Expected(
        'Nova 31, Neutron 26, Keystone 27, Glance 30, Placement 13',
        '2.100',
        406,
        204,
        -1,
        False,
    ),
    '2024.1': Expected(
        'Nova 29, Neutron 24, Keystone 25, Glance 28, Placement 11',
        '2.96',
        406,
        204,
        60,
        False,
    ),
}

# Run by the Python of the services: prints their versions, and a default of
# Nova.
FACTS = """
from importlib import metadata
from nova.conf import compute
print(', '.join(
    name.capitalize() + ' ' + metadata.version(package).partition('.')[0]
    for name, package in (
        *((name, name) for name in ('nova', 'neutron', 'keystone', 'glance')),
        ('placement', 'openstack-placement'),
    )
))
(option,) = (
    option
    for option in compute.interval_opts
    if option.name == 'heal_instance_info_cache_interval'
)
print(option.default)
"""


class TestRelease(base.ProjectTestCase):
    """Checks what the user guide says about the releases."""

    server: scenario.Resource
    expected: Expected

    @classmethod
    def make_resources(cls) -> None:
        network = cls.scenario.network('network', '10.0.0.0/24')
        cls.server = cls.scenario.server('server', {'uuid': network['id']})
        cls.expected = EXPECTED[cls.cloud.release.name]

    def status_of(self, request: Callable[..., object], *what: object) -> int:
        try:
            request(*what)
        except api.HTTPError as error:
            return error.status
        return 204

    def test_highest_microversion(self) -> None:
        self.assertEqual(
            self.expected.microversion,
            self.api.get('compute', '/')['version']['version'],
        )

    def test_services(self) -> None:
        python = environments.CHECKOUT.joinpath(
            '.venv', self.cloud.release.pins, 'bin', 'python'
        )
        shown = subprocess.run(
            [python, '-c', FACTS], check=True, capture_output=True, text=True
        ).stdout
        self.assertEqual(
            f'{self.expected.services}\n{self.expected.healing}\n', shown
        )

    def test_user_guide(self) -> None:
        page = environments.CHECKOUT / 'doc/source/user/releases.rst'
        self.assertIn(
            f'   * - {self.cloud.release.name}\n'
            f'     - {self.expected.services}\n'
            f'     - {self.expected.microversion}\n',
            page.read_text(),
        )

    def test_unknown_parameter(self) -> None:
        path = f'/servers/{self.server["id"]}/os-interface?bogus=1'
        self.assertEqual(
            self.expected.unknown_parameter,
            self.status_of(self.api.get, 'compute', path, '2.102'),
        )

    def test_member_deletes_a_port_of_a_server(self) -> None:
        (port,) = self.api.get(
            'network', '/v2.0/ports', device_id=self.server['id']
        )['ports']
        self.assertEqual(
            self.expected.port_of_server,
            self.status_of(
                self.api.delete, 'network', f'/v2.0/ports/{port["id"]}'
            ),
        )

    def test_subports_in_a_list_of_ports(self) -> None:
        network = self.scenario.network('trunk', '10.0.3.0/24')
        parent = self.scenario.port(network)
        subport = self.scenario.port(network)
        self.scenario.trunk('trunk', parent, {101: subport})
        (listed,) = self.api.get('network', '/v2.0/ports', id=parent['id'])[
            'ports'
        ]
        (found,) = listed['trunk_details']['sub_ports']
        self.assertEqual(
            subport['mac_address'] if self.expected.has_subport_macs else None,
            found.get('mac_address'),
        )

    def test_no_segments_plugin(self) -> None:
        network = self.scenario.network('plain', '10.0.2.0/24')
        self.assertNotIn('ip_allocation', self.scenario.port(network))

    def test_bindings_are_the_services(self) -> None:
        port = self.scenario.port(
            self.scenario.network('other', '10.0.1.0/24'),
            device_owner='compute:nova',
        )
        # Neutron does not let a member delete a port that may be a server's.
        self.addCleanup(
            self.api.put,
            'network',
            f'/v2.0/ports/{port["id"]}',
            {'port': {'device_owner': ''}},
        )
        service = api.Api('service', self.cloud)
        for user, expected in (
            (self.api, 403),
            (api.Api('admin', self.cloud), 403),
            (service, 204),
        ):
            self.assertEqual(
                expected,
                self.status_of(self.scenario.binding, user, port, 'compute-1'),
            )

    def test_events_are_not_for_members(self) -> None:
        events = {
            'events': [
                {
                    'name': 'network-changed',
                    'server_uuid': self.server['id'],
                }
            ]
        }
        for user, expected in (
            (self.api, 403),
            (api.Api('admin', self.cloud), 204),
        ):
            self.assertEqual(
                expected,
                self.status_of(
                    user.post, 'compute', '/os-server-external-events', events
                ),
            )


class TestNetwork(base.ProjectTestCase):
    """Addresses that lead to a server without being its own."""

    admin: api.Api
    front: scenario.Resource
    back: scenario.Resource
    parent: scenario.Resource
    subport: scenario.Resource
    trunk: scenario.Resource
    router: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        made = cls.scenario
        cls.admin = api.Api('admin', cls.cloud)
        cls.front = made.network('front', '10.0.1.0/24')
        cls.back = made.network('back', '10.0.2.0/24')
        cls.parent = made.port(cls.front, '10.0.1.10')
        cls.subport = made.port(cls.back)
        cls.trunk = made.trunk('trunk', cls.parent, {101: cls.subport})
        cls.router = made.router('router', cls.front)
        made.server('server', {'port': cls.parent['id']})

    def port(self, port: scenario.Resource) -> scenario.Resource:
        path = f'/v2.0/ports/{port["id"]}'
        return dict(self.admin.get('network', path)['port'])

    def wait_for_status(self, port: scenario.Resource, status: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.port(port)['status'] != status:
            self.assertLess(time.monotonic(), deadline, status)
            time.sleep(0.1)

    def trunk_status(self) -> str:
        path = f'/v2.0/trunks/{self.trunk["id"]}'
        return str(self.admin.get('network', path)['trunk']['status'])

    def test_which_addresses_neutron_chooses(self) -> None:
        """Those that tests choose are not among them."""
        network = self.scenario.network('both', '10.0.3.0/24', 'fd00:3::/64')
        subnets = self.api.get(
            'network', '/v2.0/subnets', network_id=network['id']
        )['subnets']
        self.assertEqual(
            {
                4: [{'start': '10.0.3.128', 'end': '10.0.3.191'}],
                6: [
                    {
                        'start': 'fd00:3:0:0:8000::',
                        'end': 'fd00:3::bfff:ffff:ffff:ffff',
                    }
                ],
            },
            {
                subnet['ip_version']: subnet['allocation_pools']
                for subnet in subnets
            },
        )

    def test_subport_is_wired_with_its_parent(self) -> None:
        # OVN reports it a moment later.
        self.wait_for_status(self.subport, 'ACTIVE')
        parent = self.port(self.parent)
        subport = self.port(self.subport)
        self.assertEqual('ACTIVE', self.trunk_status())
        self.assertEqual(
            [
                {
                    'port_id': subport['id'],
                    'segmentation_id': 101,
                    'segmentation_type': 'vlan',
                    'mac_address': subport['mac_address'],
                }
            ],
            parent['trunk_details']['sub_ports'],
        )
        # OVN binds a subport with its parent, and Neutron does not show it.
        host = '' if self.is_ovn else parent['binding:host_id']
        self.assertEqual(
            ('trunk:subport', '', 'ACTIVE', host),
            (
                subport['device_owner'],
                subport['device_id'],
                subport['status'],
                subport['binding:host_id'],
            ),
        )

    def test_subport_comes_and_goes(self) -> None:
        port = self.scenario.port(self.back)
        subport = {
            'port_id': port['id'],
            'segmentation_type': 'vlan',
            'segmentation_id': 102,
        }
        for action, expected in (
            ('add_subports', ('trunk:subport', 'ACTIVE', 'ovs')),
            ('remove_subports', ('', 'DOWN', 'unbound')),
        ):
            self.api.put(
                'network',
                f'/v2.0/trunks/{self.trunk["id"]}/{action}',
                {'sub_ports': [subport]},
            )
            # OVN reports it a moment later.
            self.wait_for_status(port, expected[1])
            found = self.port(port)
            self.assertEqual(
                expected,
                (
                    found['device_owner'],
                    found['status'],
                    found['binding:vif_type'],
                ),
                action,
            )
            self.assertEqual('ACTIVE', self.trunk_status())

    def test_trunk_without_a_server(self) -> None:
        made = self.scenario
        port = made.port(self.back)
        trunk = made.trunk('idle', made.port(self.front), {103: port})
        self.assertEqual('DOWN', self.port(port)['status'])
        path = f'/v2.0/trunks/{trunk["id"]}'
        self.assertEqual(
            # There is nothing to wire in OVN.
            'ACTIVE' if self.is_ovn else 'DOWN',
            self.api.get('network', path)['trunk']['status'],
        )

    def test_port_forwarding(self) -> None:
        floating_ip = self.scenario.floating_ip()
        made = self.scenario.port_forwarding(
            floating_ip, self.parent, external_port=2222, internal_port=22
        )
        found = self.api.get(
            'network', f'/v2.0/floatingips/{floating_ip["id"]}'
        )['floatingip']
        self.assertIsNone(found['port_id'])
        self.assertEqual(
            [
                (
                    2222,
                    22,
                    'tcp',
                    self.parent['id'],
                    '10.0.1.10',
                    made['id'],
                )
            ],
            [
                (
                    forwarding['external_port'],
                    forwarding['internal_port'],
                    forwarding['protocol'],
                    forwarding['internal_port_id'],
                    forwarding['internal_ip_address'],
                    forwarding['id'],
                )
                for forwarding in found['port_forwardings']
            ],
        )

    def test_floating_ip_of_the_second_address(self) -> None:
        port = self.scenario.port(self.front, '10.0.1.20', '10.0.1.21')
        made = self.scenario.floating_ip(port, fixed_ip_address='10.0.1.21')
        found = self.api.get('network', f'/v2.0/floatingips/{made["id"]}')
        self.assertEqual(
            (port['id'], '10.0.1.21'),
            (
                found['floatingip']['port_id'],
                found['floatingip']['fixed_ip_address'],
            ),
        )

    def test_member_sees_the_address_of_a_router(self) -> None:
        gateway = self.api.get(
            'network', f'/v2.0/routers/{self.router["id"]}'
        )['router']['external_gateway_info']
        self.assertTrue(gateway['enable_snat'])
        (address,) = gateway['external_fixed_ips']
        self.assertTrue(address['ip_address'].startswith('203.0.113.'))

    def test_allowed_address_pair_of_a_reserved_address(self) -> None:
        reserved = self.scenario.port(self.front, '10.0.1.100')
        holder = self.scenario.port(
            self.front, allowed_address_pairs=[{'ip_address': '10.0.1.100'}]
        )
        self.assertEqual('', self.port(reserved)['device_id'])
        self.assertEqual(
            [('10.0.1.100', holder['mac_address'])],
            [
                (pair['ip_address'], pair['mac_address'])
                for pair in self.port(holder)['allowed_address_pairs']
            ],
        )

    def test_load_balancer(self) -> None:
        made = self.scenario.load_balancer('balancer', self.front)
        vip = self.port(made.vip)
        vrrp = self.port(made.vrrp)
        self.assertEqual(
            ('Octavia', f'lb-{made.id}', 'DOWN'),
            (vip['device_owner'], vip['device_id'], vip['status']),
        )
        self.assertEqual(made.amphora['id'], vrrp['device_id'])
        self.assertEqual(
            [address['ip_address'] for address in vip['fixed_ips']],
            [pair['ip_address'] for pair in vrrp['allowed_address_pairs']],
        )

    def test_tags(self) -> None:
        port = self.scenario.port(self.front)
        self.scenario.tag_port(port, 'keep', 'virtual-ip')
        self.assertEqual(
            ['keep', 'virtual-ip'], sorted(self.port(port)['tags'])
        )

    def test_rules_of_new_security_groups(self) -> None:
        """They are those that Neutron's migrations put there."""
        path = '/v2.0/security-groups'
        (default,) = self.api.get('network', path, name='default')[
            'security_groups'
        ]
        new = self.api.post(
            'network', path, {'security_group': {'name': 'new'}}
        )['security_group']
        self.addCleanup(self.api.delete, 'network', f'{path}/{new["id"]}')
        egress = {
            ('egress', 'IPv4', None),
            ('egress', 'IPv6', None),
        }
        for group, rules in (
            (new, egress),
            (
                default,
                egress
                | {
                    ('ingress', 'IPv4', default['id']),
                    ('ingress', 'IPv6', default['id']),
                },
            ),
        ):
            self.assertEqual(
                rules,
                {
                    (
                        rule['direction'],
                        rule['ethertype'],
                        rule['remote_group_id'],
                    )
                    for rule in group['security_group_rules']
                },
            )

    def test_security_group_of_a_remote_group(self) -> None:
        group = self.scenario.security_group('web')
        remote = self.scenario.security_group('proxies')
        made = self.scenario.security_group_rule(group, remote)
        found = self.api.get(
            'network', f'/v2.0/security-groups/{group["id"]}'
        )['security_group']
        self.assertIn(
            (made['id'], remote['id']),
            [
                (rule['id'], rule['remote_group_id'])
                for rule in found['security_group_rules']
            ],
        )

    def test_each_host_has_an_agent(self) -> None:
        services = self.admin.get(
            'compute', '/os-services', binary='nova-compute'
        )['services']
        agents = self.admin.get('network', '/v2.0/agents')['agents']
        self.assertEqual(
            {(service['host'], True) for service in services},
            {(agent['host'], agent['alive']) for agent in agents},
        )
        self.assertEqual(
            # The first chassis is a gateway.
            {'OVN Controller Gateway agent', 'OVN Controller agent'}
            if self.is_ovn
            else {'Open vSwitch agent'},
            {agent['agent_type'] for agent in agents},
        )


class TestMoves(base.ProjectTestCase):
    """A server keeps its interfaces wherever it goes."""

    admin: api.Api
    networks: list[scenario.Resource]

    @classmethod
    def make_resources(cls) -> None:
        made = cls.scenario
        cls.admin = api.Api('admin', cls.cloud)
        cls.networks = [
            made.network(name, f'10.0.{number}.0/24')
            for number, name in enumerate(('front', 'back', 'spare'))
        ]

    def setUp(self) -> None:
        super().setUp()
        self.own = scenario.Scenario(self.api)
        self.addCleanup(self.own.remove)
        front, back, _spare = self.networks
        self.server = self.own.server(
            'server', {'uuid': front['id']}, {'uuid': back['id']}
        )
        self.before = moves.host_of(self.admin, self.server)
        self.target = moves.other_host(self.admin, self.server)

    def ports(self) -> list[scenario.Resource]:
        found = self.admin.get(
            'network', '/v2.0/ports', device_id=self.server['id']
        )
        return list(found['ports'])

    def bindings(self) -> set[tuple[str, str]]:
        """Return the host and status of all bindings of the ports."""
        return {
            (binding['host'], binding['status'])
            for port in self.ports()
            for binding in self.admin.get(
                'network', f'/v2.0/ports/{port["id"]}/bindings'
            )['bindings']
        }

    def guest(self) -> set[str]:
        """Return the MAC addresses of the guest in the hypervisor."""
        found = self.admin.get(
            'compute', f'/servers/{self.server["id"]}/diagnostics', '2.48'
        )
        return {nic['mac_address'] for nic in found['nic_details']}

    def assert_on(
        self, host: str, stale: Collection[tuple[str, str]] = ()
    ) -> None:
        """Check that server, bindings and guest are on this host only."""
        self.assertEqual(host, moves.host_of(self.admin, self.server))
        self.assertEqual({(host, 'ACTIVE'), *stale}, self.bindings())
        self.assertEqual({'ACTIVE'}, {port['status'] for port in self.ports()})
        self.assertEqual(
            {port['mac_address'] for port in self.ports()}, self.guest()
        )

    def assert_detachable(self) -> None:
        """Check that the hypervisor detaches an interface after a move."""
        port, other = self.ports()
        scenario.detach(
            self.api, self.server['id'], port['id'], port['mac_address']
        )
        self.assertEqual({other['mac_address']}, self.guest())

    def test_guest_follows_attached_interfaces(self) -> None:
        self.assert_on(self.before)
        self.api.post(
            'compute',
            f'/servers/{self.server["id"]}/os-interface',
            {'interfaceAttachment': {'net_id': self.networks[2]['id']}},
        )
        self.assertEqual(3, len(self.guest()))
        self.assert_on(self.before)

    def test_live_migration(self) -> None:
        with moves.slow_live_migration(self.admin, self.server, self.target):
            self.assertEqual(
                {(self.before, 'ACTIVE'), (self.target, 'INACTIVE')},
                self.bindings(),
            )
            self.assertEqual(
                {self.target},
                {
                    port['binding:profile'].get('migrating_to')
                    for port in self.ports()
                },
            )
        self.assert_on(self.target)
        self.assert_detachable()

    def test_stale_binding_makes_a_live_migration_fail(self) -> None:
        port = self.ports()[0]
        admin_error = self.assertRaises(
            api.HTTPError, self.own.binding, self.admin, port, self.target
        )
        self.assertEqual(403, admin_error.status)
        self.own.binding(api.Api('service', self.cloud), port, self.target)
        error = self.assertRaises(
            api.HTTPError,
            moves.live_migrate,
            self.admin,
            self.server,
            self.target,
        )
        self.assertEqual(400, error.status)
        self.assert_on(self.before, {(self.target, 'INACTIVE')})

    def test_cold_migration_confirmed(self) -> None:
        moves.migrate(self.admin, self.server)
        moves.confirm(self.admin, self.server)
        host = moves.host_of(self.admin, self.server)
        self.assertNotEqual(self.before, host)
        self.assert_on(host)
        self.assert_detachable()

    def test_resize_reverted(self) -> None:
        moves.resize(self.admin, self.server, bootstrap.LARGER_FLAVOR)
        moves.revert(self.admin, self.server)
        self.assert_on(self.before)
        self.assert_detachable()

    def test_evacuation_and_return(self) -> None:
        moves.evacuate(self.admin, self.server, self.target)
        self.assert_on(self.target)
        with moves.all_hosts_up():
            services = self.admin.get(
                'compute',
                '/os-services',
                host=self.before,
                binary='nova-compute',
            )['services']
        self.assertEqual(['up'], [service['state'] for service in services])
        moves.live_migrate(self.admin, self.server, self.before)
        self.assert_on(self.before)
