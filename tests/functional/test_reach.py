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

"""Paths that the API builds, judged for a member, a reader and an admin.

What passes is known from how the path is built, or derived from the rules that
a plain HTTP client reads.
"""

from collections.abc import Iterator
import contextlib
import ipaddress
import json
from typing import Any

from tests.cloud import api
from tests.cloud import scenario
from tests.functional import base
from tests.functional import test_schema

COMMAND = ('server', 'interface', 'reach')
STATUSES = {'allowed': 0, 'unknown': 1, 'blocked': 3}


class TestReach(base.ProjectTestCase):
    """The servers web and web-2 are on front, db on back, lone on lonely.

    The router edge joins front and back. The server web accepts nothing, web-2
    SSH from the group of web, and db SSH and web pages from everywhere.
    """

    router: scenario.Resource
    ports: dict[str, scenario.Resource]
    groups: dict[str, scenario.Resource]
    networks: dict[str, scenario.Resource]
    floating_ip: scenario.Resource
    forwarding: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        make = cls.scenario
        cls.networks = {
            'front': make.network('front', '10.71.0.0/24', 'fd00:71::/64'),
            'back': make.network('back', '10.72.0.0/24'),
            'lonely': make.network('lonely', '10.73.0.0/24'),
        }
        cls.router = make.router(
            'edge', cls.networks['front'], cls.networks['back']
        )
        cls.groups = {
            name: make.security_group(name) for name in ('web', 'ssh', 'db')
        }
        make.security_group_rule(cls.groups['web'], direction='egress')
        ssh: dict[str, Any] = {
            'protocol': 'tcp',
            'port_range_min': 22,
            'port_range_max': 22,
        }
        make.security_group_rule(cls.groups['ssh'], cls.groups['web'], **ssh)
        make.security_group_rule(cls.groups['db'], **ssh)
        make.security_group_rule(
            cls.groups['db'],
            protocol='6',
            port_range_min=80,
            port_range_max=443,
            remote_ip_prefix='10.71.0.7/24',
        )
        cls.ports = {
            name: make.port(
                cls.networks[network],
                address,
                name=name,
                security_groups=[cls.groups[group]['id']],
            )
            for name, network, address, group in (
                ('web', 'front', '10.71.0.5', 'web'),
                ('web-2', 'front', '10.71.0.6', 'ssh'),
                ('db', 'back', '10.72.0.5', 'db'),
                ('lone', 'lonely', '10.73.0.5', 'db'),
                ('subport', 'back', '10.72.0.9', 'db'),
            )
        }
        make.trunk('trunk', cls.ports['web-2'], {101: cls.ports['subport']})
        make.servers(
            {
                name: [{'port': port['id']}]
                for name, port in cls.ports.items()
                if name != 'subport'
            }
        )
        cls.floating_ip = make.floating_ip(cls.ports['db'])
        cls.forwarding = make.floating_ip()
        make.port_forwarding(cls.forwarding, cls.ports['subport'], 2201, 22)

    def end(self, name: str) -> str:
        port = self.ports.get(name)
        return port['id'] if port else name

    def paths(
        self,
        source: str,
        destination: str,
        *arguments: str,
        user: str | None = None,
    ) -> list[dict[str, Any]]:
        """Judge paths; the exit status must be that of the best one."""
        result = self.openstack(
            *(*COMMAND, self.end(source), self.end(destination)),
            *(*arguments, '--long', '-f', 'json'),
            user=user,
        )
        rows: list[dict[str, Any]] = json.loads(result.stdout or '[]')
        test_schema.validate('reach', rows)
        best = min(
            (STATUSES[row['Verdict']] for row in rows),
            default=3,
        )
        self.assertEqual(best, result.status, result.stderr)
        return rows

    def assert_judged(
        self,
        verdict: str,
        reason: str | None,
        *arguments: str,
        route: str | None = None,
        users: tuple[str, ...] = (),
    ) -> None:
        """Judge the only path, or the one of a route, for some users."""
        for user in users or (self.user,):
            with self.subTest(arguments=arguments, user=user):
                rows = [
                    row
                    for row in self.paths(*arguments, user=user)
                    if route is None or (row['Path'] or '').startswith(route)
                ]
                self.assertEqual(
                    [(verdict, reason)],
                    [(row['Verdict'], row['Reason']) for row in rows],
                )

    @property
    def everybody(self) -> tuple[str, ...]:
        return (self.user, self.reader, 'admin')

    @contextlib.contextmanager
    def changed(
        self, path: str, user: str | None = None, **changes: object
    ) -> Iterator[None]:
        """Change a resource of Neutron for a while."""
        kind = path.split('/')[0].rstrip('s')
        changer = api.Api(user, self.cloud) if user else self.api
        found = changer.get('network', f'/v2.0/{path}')[kind]
        before = {key: found[key] for key in changes}
        changer.put('network', f'/v2.0/{path}', {kind: changes})
        try:
            yield
        finally:
            changer.put('network', f'/v2.0/{path}', {kind: before})

    def group_text(self, name: str) -> str:
        return f'group {self.groups[name]["name"]}'

    def test_rules(self) -> None:
        """The rules of each pair give what a plain client derives."""
        for source, destination in (
            ('web', 'web-2'),
            ('web-2', 'web'),
            ('web', 'db'),
            ('lone', 'db'),
        ):
            rows = [
                row
                for row in self.paths(
                    source,
                    destination,
                    user='admin' if source == 'web' else None,
                )
                if not (row['Path'] or '').startswith('f')
                and ':' not in row['Source Address']
            ]
            (row,) = rows
            (step,) = (
                step for step in row['Steps'] if step['hop'] == 'ingress'
            )
            expected = self.accepted(
                self.ports[destination], row['Source Address']
            )
            with self.subTest(source=source, destination=destination):
                self.assertEqual(sorted(expected), sorted(step['rule_ids']))

    def accepted(self, port: scenario.Resource, address: str) -> set[str]:
        """Return the ingress rules that allow IPv4 from an address."""
        found = set()
        for group_id in port['security_groups']:
            rules = self.api.get(
                'network',
                '/v2.0/security-group-rules',
                security_group_id=group_id,
                direction='ingress',
                ethertype='IPv4',
            )['security_group_rules']
            for rule in rules:
                members = self.api.get(
                    'network',
                    '/v2.0/ports',
                    security_groups=rule['remote_group_id'] or group_id,
                )['ports']
                if rule['remote_group_id']:
                    allowed = [
                        fixed_ip['ip_address']
                        for member in members
                        for fixed_ip in member['fixed_ips']
                    ]
                else:
                    allowed = [rule['remote_ip_prefix'] or '0.0.0.0/0']
                if any(
                    ipaddress.ip_address(address)
                    in ipaddress.ip_network(text, strict=False)
                    for text in allowed
                ):
                    found.add(rule['id'])
        return found

    def test_same_network_and_remote_group(self) -> None:
        ssh = ('web', 'web-2', '--port', '22')
        self.assert_judged(
            *('allowed', None, *ssh), route='same', users=self.everybody
        )
        self.assert_judged(
            'blocked',
            f'no ingress rule of {self.group_text("ssh")} allows tcp 23 '
            'from 10.71.0.5',
            *('web', 'web-2', '--port', '23'),
            route='same',
            users=self.everybody,
        )

    def test_through_a_router(self) -> None:
        ssh = ('10.71.0.5', '10.72.0.5', '--port', '22')
        users = (self.user, self.reader)
        self.assert_judged(
            *('allowed', None, *ssh), route='through', users=users
        )
        name = self.router['name']
        reason = f'router {name} is disabled'
        path = f'routers/{self.router["id"]}'
        with self.changed(path, admin_state_up=False):
            for user in users:
                rows = self.paths(*ssh, user=user)
                self.assertEqual(
                    {('blocked', reason)},
                    {(row['Verdict'], row['Reason']) for row in rows},
                )
        front, lonely = (
            self.networks[name]['name'] for name in ('front', 'lonely')
        )
        self.assert_judged(
            'blocked',
            f'no router joins networks {front} and {lonely}',
            *('web', 'lone', '--port', '22'),
            users=self.everybody,
        )

    def test_floating_ip(self) -> None:
        address = self.floating_ip['floating_ip_address']
        arguments = ('internet', address, '--port')
        self.assert_judged(
            *('allowed', None, *arguments, '22'), users=self.everybody
        )
        self.assert_judged(
            'blocked',
            f'no ingress rule of {self.group_text("db")} allows tcp 23 from '
            'the internet',
            *(*arguments, '23'),
            users=self.everybody,
        )
        # Behind the router, web is seen by the address of the router.
        rows = self.paths('web', address, '--port', '80')
        self.assertEqual(['blocked'], [row['Verdict'] for row in rows])
        self.assertIn(f'from {self.gateway()}', rows[0]['Reason'])

    def gateway(self) -> str:
        router = self.api.get('network', f'/v2.0/routers/{self.router["id"]}')[
            'router'
        ]
        (fixed_ip,) = (
            row
            for row in router['external_gateway_info']['external_fixed_ips']
            if ':' not in row['ip_address']
        )
        return str(fixed_ip['ip_address'])

    def test_port_forwarding(self) -> None:
        address = self.forwarding['floating_ip_address']
        arguments = ('internet', address, '--port')
        users = (self.user, self.reader)
        self.assert_judged(*('allowed', None, *arguments, '2201'), users=users)
        self.assert_judged(
            'blocked',
            f'floating IP {address} does not forward tcp 22',
            *(*arguments, '22'),
            users=users,
        )

    def test_exposure(self) -> None:
        (row,) = self.paths('internet', 'db')
        self.assertEqual(
            [{'protocol': 'tcp', 'port_range_min': 22, 'port_range_max': 22}],
            row['Traffic'],
        )

    def test_out(self) -> None:
        rows = self.paths('web', 'internet')
        self.assertEqual(
            ['allowed'],
            [r['Verdict'] for r in rows if r['Destination Address'] != '::/0'],
        )
        name = self.networks['lonely']['name']
        for user in self.everybody:
            (row,) = self.paths('lone', 'internet', user=user)
            self.assertIn(
                f'network {name} has no router at 10.73.0.1',
                [step['reason'] for step in row['Steps']],
            )

    def test_subport_and_disabled_port(self) -> None:
        ssh = ('10.71.0.5', '10.72.0.9', '--port', '22')
        self.assert_judged('allowed', None, *ssh, route='through')
        path = f'ports/{self.ports["subport"]["id"]}'
        with self.changed(path, admin_state_up=False):
            self.assert_judged(
                'blocked', 'port subport is disabled', *ssh, route='through'
            )

    def test_port_security(self) -> None:
        ports = f'ports/{self.ports["web-2"]["id"]}'
        telnet = ('web', '10.71.0.6', '--port', '23')
        with self.changed(
            ports, port_security_enabled=False, security_groups=[]
        ):
            self.assert_judged('allowed', None, *telnet, route='same')
        with self.changed(ports, security_groups=[]):
            self.assert_judged(
                'blocked',
                'port web-2 has no security group',
                *telnet,
                route='same',
            )

    def test_stateless_group(self) -> None:
        group = self.scenario.security_group('stateless', stateful=False)
        self.scenario.security_group_rule(group)
        egress = self.scenario.security_group_rule(group, direction='egress')
        ports = f'ports/{self.ports["web-2"]["id"]}'
        ssh = ('web', '10.71.0.6', '--port', '22')
        with self.changed(ports, security_groups=[group['id']]):
            self.assert_judged('allowed', None, *ssh, route='same')
            self.api.delete(
                'network', f'/v2.0/security-group-rules/{egress["id"]}'
            )
            # The drivers differ, and the one of this cloud is not known.
            self.assert_judged(
                'unknown',
                'the groups of port web-2 are stateless, and no egress rule '
                'allows all replies to 10.71.0.5',
                *ssh,
                route='same',
            )

    def test_address_group(self) -> None:
        ports = f'ports/{self.ports["web-2"]["id"]}'
        for cidr, verdict in (
            ('10.71.0.0/29', 'allowed'),
            ('10.71.0.8/29', 'blocked'),
        ):
            office = self.scenario.address_group('office', cidr)
            group = self.scenario.security_group('office')
            self.scenario.security_group_rule(
                group, remote_address_group_id=office['id']
            )
            with (
                self.changed(ports, security_groups=[group['id']]),
                self.subTest(cidr),
            ):
                rows = self.paths('web', '10.71.0.6', '--port', '22')
                self.assertEqual(
                    [verdict],
                    [
                        r['Verdict']
                        for r in rows
                        if r['Path'] == 'same network'
                    ],
                )

    def test_group_of_another_project(self) -> None:
        admin = api.Api('admin', self.cloud)
        foreign = scenario.Scenario(admin)
        self.addCleanup(foreign.remove)
        group = foreign.security_group('foreign')
        ports = f'ports/{self.ports["web-2"]["id"]}'
        ssh = ('web', '10.71.0.6', '--port', '22')
        with self.changed(ports, 'admin', security_groups=[group['id']]):
            self.assert_judged(
                'unknown',
                f'security group {group["id"]} cannot be read',
                *ssh,
                route='same',
                users=(self.user, self.reader),
            )
            self.assert_judged(
                'blocked',
                f'no ingress rule of group {group["name"]} allows tcp 22 from '
                '10.71.0.5',
                *ssh,
                route='same',
                users=('admin',),
            )

    def test_virtual_ip(self) -> None:
        """Whether pairs are in a remote group depends on the driver."""
        self.scenario.port(self.networks['front'], '10.71.0.100')
        pair = [{'ip_address': '10.71.0.100'}]
        path = f'ports/{self.ports["web"]["id"]}'
        ssh = ('10.71.0.100', '10.71.0.6', '--port')
        with self.changed(path, allowed_address_pairs=pair):
            self.assert_judged(
                'unknown',
                'it depends on the driver of the network',
                *(*ssh, '22'),
            )
            self.assert_judged(
                'blocked',
                f'no ingress rule of {self.group_text("ssh")} allows tcp 23 '
                'from 10.71.0.100',
                *(*ssh, '23'),
            )
