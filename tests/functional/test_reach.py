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

What passes is known from how the path is built, and derived from the rules and
addresses that a plain HTTP client reads. One run judges all pairs of addresses
of two servers, so that each user costs one command.
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

Judged = tuple[str, str | None]

NO_RULE = 'no ingress rule of group {} allows tcp 22 from 10.71.0.5'
NOT_JOINED = (
    'no router joins the subnets of network front, so servers need a route '
    'to the other subnet'
)

SSH: dict[str, Any] = {
    'protocol': 'tcp',
    'port_range_min': 22,
    'port_range_max': 22,
}

# The ports of the server db: their network, addresses and security group.
PORTS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    'member': ('front', ('10.71.0.21',), 'members'),
    'stranger': ('front', ('10.71.0.22',), 'strangers'),
    'number': ('back', ('10.72.0.23',), 'number'),
    'away': ('front', ('10.71.0.24',), 'away'),
    'udp': ('back', ('10.72.0.25',), 'udp'),
    'six': ('front', ('10.71.0.26', 'fd00:71::26'), 'six'),
    'office': ('front', ('10.71.0.27',), 'office'),
    'lab': ('front', ('10.71.0.28',), 'lab'),
    'answering': ('front', ('10.71.0.29',), 'answering'),
    'silent': ('front', ('10.71.0.30',), 'silent'),
    'bare': ('front', ('10.71.0.31', 'fd00:71::31'), None),
    'unfiltered': ('front', ('10.71.0.32',), None),
    'disabled': ('front', ('10.71.0.33',), 'ssh'),
    'far': ('far', ('10.74.0.34',), 'ssh'),
    'blind': ('blind', ('10.75.0.35',), 'ssh'),
    'shared': ('common', (), 'ssh'),
    'subport': ('back', ('10.72.0.37',), 'ssh'),
    'subport-off': ('back', ('10.72.0.38',), 'ssh'),
    'unbound': ('front', ('10.71.0.39',), 'ssh'),
    'foreign': ('front', ('10.71.0.41',), 'ssh'),
    'ping': ('front', ('10.71.0.42',), 'ping'),
    'pong': ('front', ('10.71.0.43',), 'pong'),
    'beyond': ('front', ('10.71.1.44',), 'ssh'),
    'alone': ('alone', ('10.76.0.45',), 'ssh'),
    'guided': ('guided', ('10.77.0.46',), 'ssh'),
    'lost': ('lost', ('10.78.0.47',), 'ssh'),
    'cut': ('cut', ('10.80.0.48',), 'ssh'),
    'scoped': ('scoped', ('10.81.0.49',), 'ssh'),
    'public': ('provider', (), 'ssh'),
    'private': ('provider', (), 'udp'),
}

# What passes from the port front to TCP 22 of each of them, and why not.
PATHS: dict[str, Judged] = {
    'member': ('allowed', None),
    'stranger': ('blocked', NO_RULE.format('strangers')),
    'number': ('allowed', None),
    'away': ('blocked', NO_RULE.format('away')),
    'udp': ('blocked', NO_RULE.format('udp')),
    'six': ('blocked', NO_RULE.format('six')),
    'office': ('allowed', None),
    'lab': ('blocked', NO_RULE.format('lab')),
    'answering': ('allowed', None),
    'bare': ('blocked', 'port bare has no security group'),
    'unfiltered': ('allowed', None),
    'disabled': ('blocked', 'port disabled is disabled'),
    'far': ('allowed', None),
    'blind': (
        'blocked',
        'no way back: router blind has no route to 10.71.0.5',
    ),
    'subport': ('allowed', None),
    'subport-off': ('blocked', 'port subport-off is disabled'),
    'ping': ('blocked', NO_RULE.format('ping')),
    'beyond': ('unknown', NOT_JOINED),
    'alone': ('blocked', 'no router joins networks front and alone'),
    'guided': ('allowed', None),
    'lost': ('blocked', 'no way back: subnet lost-v4 has no gateway'),
    'cut': ('blocked', 'the interface of router edge on cut is disabled'),
}

STATELESS = (
    'the groups of port silent are stateless, and no egress rule allows all '
    'replies to 10.71.0.5'
)
SCOPES = 'networks front and scoped have different address scopes'

# Likewise where the drivers of the two clouds differ.
DRIVEN: dict[bool, dict[str, Judged]] = {
    True: {
        'silent': ('blocked', STATELESS),
        'scoped': ('allowed', None),
    },
    False: {
        'silent': ('unknown', STATELESS),
        'scoped': ('blocked', SCOPES),
    },
}

# Likewise of other ports of the server web, and of IPv6.
OTHER_PATHS: dict[tuple[str, str, int], Judged] = {
    ('front', 'six', 6): ('allowed', None),
    ('front', 'bare', 6): ('blocked', 'port bare has no security group'),
    ('dead', 'number', 4): ('blocked', 'router dead is disabled'),
    ('common', 'shared', 4): ('allowed', None),
    ('quiet', 'unfiltered', 4): (
        'blocked',
        'no egress rule of group members allows tcp 22 to 10.71.0.32',
    ),
}


class TestReach(base.ProjectTestCase):
    """The server web is on front, dead and common, and db has all PORTS.

    The router edge joins front and back, and has routes to far and to blind,
    behind two other routers; only that of far knows the way back. The router
    of the network dead is disabled. The edge is also on guided and lost, whose
    subnets have no gateway, on cut, where its interface is disabled, and on
    scoped, which has an address scope.
    """

    edge: scenario.Resource
    ports: dict[str, scenario.Resource]
    groups: dict[str, scenario.Resource]
    networks: dict[str, scenario.Resource]
    floating_ips: dict[str, scenario.Resource]
    servers: dict[str, str]
    foreign: scenario.Scenario

    @classmethod
    def make_resources(cls) -> None:
        cls.foreign = scenario.Scenario(api.Api('admin', cls.cloud))
        cls.addClassCleanup(cls.foreign.remove)
        make = cls.scenario
        scoped = make.scoped_pool('scoped', '10.81.0.0/24')
        cls.networks = {
            'front': make.network('front', '10.71.0.0/24', 'fd00:71::/64'),
            'back': make.network('back', '10.72.0.0/24'),
            'dead': make.network('dead', '10.73.0.0/24'),
            'far': make.network('far', '10.74.0.0/24'),
            'blind': make.network('blind', '10.75.0.0/24'),
            'alone': make.network('alone', '10.76.0.0/24'),
            'guided': make.network('guided'),
            'lost': make.network('lost'),
            'cut': make.network('cut', '10.80.0.0/24'),
            'scoped': make.network('scoped'),
            # Of another project.
            'common': cls.foreign.network(
                'common', '10.79.0.0/24', shared=True
            ),
            'provider': cls.foreign.network(
                'provider',
                '198.18.83.0/24',
                shared=True,
                **{'router:external': True},
            ),
        }
        make.subnet(
            cls.networks['scoped'], '10.81.0.0/24', subnetpool_id=scoped['id']
        )
        way_back = {'destination': '10.71.0.0/24', 'nexthop': '10.77.0.1'}
        make.subnet(
            cls.networks['guided'],
            '10.77.0.0/24',
            gateway_ip=None,
            host_routes=[way_back],
        )
        make.subnet(cls.networks['lost'], '10.78.0.0/24', gateway_ip=None)
        cls.make_routers()
        # No router joins it to the rest.
        make.subnet(cls.networks['front'], '10.71.1.0/24')
        cls.make_groups()
        cls.make_servers()
        cls.floating_ips = {
            name: make.floating_ip(cls.ports.get(name))
            for name in ('subport', 'number', 'forwarding')
        }
        make.port_forwarding(
            cls.floating_ips['forwarding'], cls.ports['away'], 22, 22
        )

    @classmethod
    def make_routers(cls) -> None:
        networks = cls.networks
        edge = cls.edge = cls.scenario.router(
            'edge', networks['front'], networks['back'], networks['scoped']
        )
        for name, address in (('guided', '10.77.0.1'), ('lost', '10.78.0.1')):
            cls.scenario.join(edge, networks[name], address)
        cut = cls.scenario.join(edge, networks['cut'], '10.80.0.1')
        cls.put(f'ports/{cut["id"]}', admin_state_up=False)
        dead = cls.scenario.router('dead', networks['dead'])
        cls.put(f'routers/{dead["id"]}', admin_state_up=False)
        for name, address in (('far', '10.72.0.2'), ('blind', '10.72.0.3')):
            router = cls.scenario.router(name, networks[name])
            cls.put(f'routers/{router["id"]}', external_gateway_info=None)
            cls.scenario.join(router, networks['back'], address)
            if name == 'far':
                cls.scenario.route(router, {'10.71.0.0/24': '10.72.0.1'})
        cls.scenario.route(
            edge, {'10.74.0.0/24': '10.72.0.2', '10.75.0.0/24': '10.72.0.3'}
        )

    @classmethod
    def make_groups(cls) -> None:
        make = cls.scenario
        stateless = ('answering', 'silent')
        office, lab = (
            make.address_group(name, cidr)
            for name, cidr in (
                ('office', '10.71.0.0/28'),
                ('lab', '10.71.0.16/28'),
            )
        )
        cls.groups = {
            name: make.security_group(name, stateful=name not in stateless)
            for name in (
                'web',
                'members',
                'strangers',
                'number',
                'away',
                'udp',
                'six',
                'office',
                'lab',
                *stateless,
                'ssh',
                'ping',
                'pong',
            )
        }
        groups = cls.groups
        for ethertype in ('IPv4', 'IPv6'):
            make.security_group_rule(
                groups['web'], direction='egress', ethertype=ethertype
            )
        make.security_group_rule(groups['answering'], direction='egress')
        other_ends: dict[str, dict[str, Any]] = {
            'members': {'remote_group': groups['web']},
            'strangers': {'remote_group': groups['udp']},
            'number': {
                'protocol': '6',
                'port_range_max': 30,
                'remote_ip_prefix': '10.71.0.7/24',
            },
            'away': {'remote_ip_prefix': '192.0.2.0/24'},
            'udp': {'protocol': 'udp'},
            'six': {'ethertype': 'IPv6'},
            'office': {'remote_address_group_id': office['id']},
            'lab': {'remote_address_group_id': lab['id']},
            **{name: {} for name in (*stateless, 'ssh')},
        }
        for name, other_end in other_ends.items():
            make.security_group_rule(groups[name], **{**SSH, **other_end})
        for name, kind in (('ping', 8), ('pong', 0)):
            make.security_group_rule(
                groups[name], protocol='icmp', port_range_min=kind
            )
        cls.groups['foreign'] = cls.foreign.security_group('foreign')

    @classmethod
    def make_servers(cls) -> None:
        cls.ports = {}
        for name, (network, addresses, group) in {
            'front': ('front', ('10.71.0.5', 'fd00:71::5'), 'web'),
            'dead': ('dead', ('10.73.0.5',), 'web'),
            'common': ('common', (), 'web'),
            'quiet': ('front', ('10.71.0.6',), 'members'),
            'off': ('front', ('10.71.0.40',), 'ssh'),
            **PORTS,
        }.items():
            attributes: dict[str, Any] = {
                'security_groups': [cls.groups[group]['id']] if group else []
            }
            if name == 'unfiltered':
                attributes['port_security_enabled'] = False
            if name in ('disabled', 'subport-off'):
                attributes['admin_state_up'] = False
            cls.ports[name] = cls.scenario.port(
                cls.networks[network], *addresses, name=name, **attributes
            )
        subports = ('subport', 'subport-off')
        cls.scenario.trunk(
            'trunk',
            cls.ports['member'],
            {
                number: cls.ports[name]
                for number, name in enumerate(subports, 101)
            },
        )
        web, off, db = cls.scenario.servers(
            {
                server: [{'port': cls.ports[name]['id']} for name in names]
                for server, names in {
                    'web': ('front', 'dead', 'common', 'quiet'),
                    'off': ('off',),
                    'db': tuple(
                        name for name in PORTS if name not in subports
                    ),
                }.items()
            }
        )
        cls.scenario.act(off, 'os-stop', 'SHUTOFF')
        # It has no effect but on DHCP.
        cls.put(f'networks/{cls.networks["far"]["id"]}', admin_state_up=False)
        for name, changes in (
            ('unbound', {'binding:host_id': ''}),
            ('foreign', {'security_groups': [cls.groups['foreign']['id']]}),
        ):
            cls.ports[name] = cls.foreign.user.put(
                'network',
                f'/v2.0/ports/{cls.ports[name]["id"]}',
                {'port': changes},
            )['port']
        cls.servers = {'web': web['id'], 'off': off['id'], 'db': db['id']}

    @classmethod
    def put(cls, path: str, **changes: object) -> None:
        """Change a resource of Neutron."""
        kind = path.split('/')[0].rstrip('s')
        cls.api.put('network', f'/v2.0/{path}', {kind: changes})

    def end(self, name: str) -> str:
        if name in self.ports:
            return str(self.ports[name]['id'])
        return self.servers.get(name, name)

    def paths(
        self,
        source: str,
        destination: str,
        *arguments: str,
        user: str | None = None,
    ) -> list[dict[str, Any]]:
        """Judge paths; the exit status must be that of the best one."""
        result = self.openstack(
            *COMMAND,
            self.end(source),
            self.end(destination),
            *arguments,
            '--long',
            '-f',
            'json',
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

    def judged(
        self, *arguments: str, user: str | None = None
    ) -> dict[tuple[str, str, str], tuple[str, str | None]]:
        """Judge paths, by both addresses and the way they begin with.

        Names are without the prefix of this run.
        """
        return {
            (
                row['Source Address'],
                row['Destination Address'],
                (row['Path'] or '').split(' ')[0],
            ): (row['Verdict'], self.without_prefix(row['Reason']))
            for row in self.paths(*arguments, user=user)
        }

    def without_prefix(self, text: str | None) -> str | None:
        for prefix in (self.scenario.prefix, self.foreign.prefix):
            text = text and text.replace(prefix, '')
        return text

    def seen(self, user: str) -> dict[str, Judged]:
        """Return what an administrator sees, and others do not."""
        group_id = self.groups['foreign']['id']
        if user == 'admin':
            return {
                'unbound': (
                    'blocked',
                    'port unbound is not bound to a host',
                ),
                'foreign': ('blocked', NO_RULE.format('foreign')),
            }
        return {
            'unbound': ('blocked', 'port unbound is DOWN'),
            'foreign': (
                'unknown',
                f'security group {group_id} cannot be read',
            ),
        }

    def test_every_port(self) -> None:
        """All that a destination can be is judged, for each user."""
        for user in self.everybody:
            self.proxy.requests.clear()
            rows = self.paths('web', 'db', '--port', '22', user=user)
            found = {
                (
                    row['Steps'][1]['name'],
                    row['Steps'][-2]['name'],
                    6 if ':' in row['Source Address'] else 4,
                ): (row['Verdict'], self.without_prefix(row['Reason']))
                for row in rows
                if not row['Destination Address'].startswith('203.')
            }
            with self.subTest(user=user):
                own = {
                    **PATHS,
                    **DRIVEN[self.is_ovn],
                    **self.seen(user),
                }
                expected = {
                    **{('front', name, 4): row for name, row in own.items()},
                    **OTHER_PATHS,
                }
                self.assertEqual(
                    expected, {key: found[key] for key in expected}
                )
                # Routers behind others cost four, and a trunk one.
                self.assert_few_requests(15 + 4 + 1)
        self.check_rules(rows)

    def test_requests(self) -> None:
        """Two servers cost 15 requests if no router is behind another."""
        with self.changed(f'routers/{self.edge["id"]}', routes=[]):
            self.proxy.requests.clear()
            self.paths('web', 'off', '--port', '22')
            self.assert_few_requests(15)

    def assert_few_requests(self, most: int) -> None:
        found = [
            line
            for line in self.proxy.requests
            if '/v2.0/' in line or '/servers' in line
        ]
        self.assertLessEqual(len(found), most, found)

    def check_rules(self, rows: list[dict[str, Any]]) -> None:
        """The rules of each path are those that a plain client derives."""
        rules = self.api.get(
            'network', '/v2.0/security-group-rules', direction='ingress'
        )['security_group_rules']
        for row in rows:
            if ':' in row['Source Address'] or 'floating' in str(row['Path']):
                continue
            for step in row['Steps']:
                if step['hop'] == 'ingress' and step['verdict'] != 'unknown':
                    port = self.ports[step['name']]
                    with self.subTest(row['Destination Address']):
                        self.assertEqual(
                            self.accepting(rules, port, row['Source Address']),
                            sorted(step['rule_ids']),
                        )

    def accepting(
        self, rules: list[Any], port: scenario.Resource, source: str
    ) -> list[str]:
        """Return the ingress rules of a port for an IPv4 address."""
        address = ipaddress.ip_address(source)
        return sorted(
            rule['id']
            for rule in rules
            if rule['security_group_id'] in port['security_groups']
            and port['port_security_enabled']
            and rule['ethertype'] == 'IPv4'
            and any(
                address in ipaddress.ip_network(cidr, strict=False)
                for cidr in self.accepted(rule)
            )
        )

    def accepted(self, rule: dict[str, Any]) -> list[str]:
        """Return the addresses that a rule is for."""
        if rule['remote_group_id']:
            return [
                fixed_ip['ip_address']
                for port in self.ports.values()
                if rule['remote_group_id'] in port['security_groups']
                for fixed_ip in port['fixed_ips']
                if ':' not in fixed_ip['ip_address']
            ]
        if rule['remote_address_group_id']:
            return list(
                self.api.get(
                    'network',
                    '/v2.0/address-groups/' + rule['remote_address_group_id'],
                )['address_group']['addresses']
            )
        return [rule['remote_ip_prefix'] or '0.0.0.0/0']

    def test_from_the_internet(self) -> None:
        addresses = {
            name: row['floating_ip_address']
            for name, row in self.floating_ips.items()
        }
        everywhere = '0.0.0.0/0'
        public, private, shared = (
            self.ports[name]['fixed_ips'][0]['ip_address']
            for name in ('public', 'private', 'shared')
        )
        no_rule = 'no ingress rule of group {} allows tcp 22 from the internet'
        for user in self.everybody:
            found = self.judged('internet', 'db', '--port', '22', user=user)
            with self.subTest(user=user):
                expected = {
                    (everywhere, addresses['subport'], 'floating'): (
                        'allowed',
                        None,
                    ),
                    (everywhere, addresses['number'], 'floating'): (
                        'blocked',
                        no_rule.format('number'),
                    ),
                    (everywhere, addresses['forwarding'], 'forwarding'): (
                        'allowed',
                        'tcp 22 only from 192.0.2.0/24',
                    ),
                    (everywhere, public, 'direct'): ('allowed', None),
                    (everywhere, private, 'direct'): (
                        'blocked',
                        no_rule.format('udp'),
                    ),
                }
                # Only an administrator sees that it is not a physical network.
                expected[everywhere, shared, ''] = (
                    'blocked' if user == 'admin' else 'unknown',
                    'network common has no visible router at 10.79.0.1',
                )
                self.assertEqual(
                    expected,
                    {
                        key: row
                        for key, row in found.items()
                        if key in expected
                        or key[2] in ('floating', 'forwarding', 'direct')
                    },
                )
        address = addresses['forwarding']
        self.assertEqual(
            [
                (
                    'blocked',
                    f'floating IP {address} leads to no visible port for '
                    'tcp 23',
                )
            ],
            [*self.judged('internet', address, '--port', '23').values()],
        )

    def test_exposure(self) -> None:
        """Without a port, what may pass is listed, and from where."""
        address = self.floating_ips['forwarding']['floating_ip_address']
        (row,) = self.paths('internet', address)
        self.assertEqual(
            (
                [
                    {
                        'protocol': 'tcp',
                        'port_range_min': 22,
                        'port_range_max': 22,
                    }
                ],
                'tcp 22 only from 192.0.2.0/24',
            ),
            (row['Traffic'], row['Reason']),
        )

    def test_to_the_internet(self) -> None:
        for user in self.everybody:
            found = self.judged('web', 'internet', user=user)
            with self.subTest(user=user):
                expected = {
                    ('10.71.0.5', '0.0.0.0/0', 'through'): ('allowed', None),
                    ('10.73.0.5', '0.0.0.0/0', ''): (
                        'blocked',
                        'router dead is disabled',
                    ),
                }
                self.assertEqual(
                    expected, {key: found.get(key) for key in expected}
                )

    def test_server_that_is_off(self) -> None:
        key = ('10.71.0.5', '10.71.0.40', 'same')
        reason = 'server off does not run (SHUTOFF)'
        if self.is_ovn:
            reason = 'port off is DOWN'
        for user in self.everybody:
            found = self.judged('front', 'off', '--port', '22', user=user)
            self.assertEqual(('blocked', reason), found[key], user)

    def test_port_that_is_not_plugged_in(self) -> None:
        port = self.scenario.port(
            self.networks['front'],
            name='spare',
            security_groups=[self.groups['ssh']['id']],
        )
        for user in self.everybody:
            for row in self.paths('front', port['id'], user=user):
                self.assertEqual('blocked', row['Verdict'])
                self.assertIn(
                    'port spare is not plugged in',
                    [step['reason'] for step in row['Steps']],
                )

    def test_icmp(self) -> None:
        """Types of ICMP are judged, and neighbor discovery always passes."""
        front, front_6 = '10.71.0.5', 'fd00:71::5'
        no_rule = (
            'no ingress rule of group pong allows icmp type 8 from 10.71.0.5'
        )
        no_group = ('blocked', 'port bare has no security group')
        for user in self.everybody:
            for protocol, kind, expected in (
                (
                    'icmp',
                    '8',
                    {
                        (front, '10.71.0.42', 'same'): ('allowed', None),
                        (front, '10.71.0.43', 'same'): ('blocked', no_rule),
                        (front_6, 'fd00:71::31', 'same'): no_group,
                    },
                ),
                (
                    'icmpv6',
                    '135',
                    {(front_6, 'fd00:71::31', 'same'): ('allowed', None)},
                ),
            ):
                with self.subTest(user=user, protocol=protocol):
                    found = self.judged(
                        'front',
                        'db',
                        '--protocol',
                        protocol,
                        '--port',
                        kind,
                        user=user,
                    )
                    self.assertEqual(
                        expected, {key: found[key] for key in expected}
                    )

    def test_dhcp(self) -> None:
        """OVN blocks requests of a port without a group; others may not."""
        passing = 'blocked' if self.is_ovn else 'unknown'
        for user in self.everybody:
            for port, verdict in (('67', passing), ('68', 'blocked')):
                row, *_others = self.paths(
                    'bare',
                    'front',
                    '--protocol',
                    'udp',
                    '--port',
                    port,
                    user=user,
                )
                self.assertEqual(
                    [verdict],
                    [
                        step['verdict']
                        for step in row['Steps']
                        if step['hop'] == 'egress'
                    ],
                    f'{user} {port}',
                )

    def test_cidr(self) -> None:
        """Each network of a CIDR is judged by itself, and the outside."""
        found = self.judged('10.0.0.0/8', 'office', '--port', '22')
        no_rule = 'no ingress rule of group office allows tcp 22 from '
        outside = (
            'no visible floating IP or port forwarding leads to '
            '10.71.0.27 for this traffic'
        )
        for cidr, way, expected in (
            (
                '10.71.0.0/24',
                'same',
                ('allowed', 'tcp 22 only from 10.71.0.0/28'),
            ),
            ('10.72.0.0/24', 'through', ('blocked', f'{no_rule}10.72.0.0/24')),
            ('10.0.0.0/8', '', ('blocked', outside)),
        ):
            self.assertEqual(expected, found[cidr, '10.71.0.27', way], cidr)

    def test_address_that_nobody_has(self) -> None:
        """On a network of another project, somebody unseen may have it."""
        nobody = 'no visible port'
        for end, address, user, verdict in (
            ('dead', '10.73.0.99', self.user, 'blocked'),
            ('common', '10.79.0.99', self.user, 'unknown'),
            ('common', '10.79.0.99', self.reader, 'unknown'),
            ('common', '10.79.0.99', 'admin', 'blocked'),
        ):
            found = self.judged(end, address, '--port', '22', user=user)
            expected = (verdict, f'{nobody} on network {end} has {address}')
            self.assertIn(expected, found.values(), user)
        found = self.judged('front', '10.71.0.99', '--port', '22')
        used = ('unknown', 'port unfiltered may have 10.71.0.99')
        self.assertIn(used, found.values())
        address = '203.0.113.9'
        hidden = f'what has {address} on network public is not judged'
        for user, judged in (
            (self.user, ('unknown', hidden)),
            ('admin', ('allowed', None)),
        ):
            found = self.judged('front', address, '--port', '22', user=user)
            self.assertEqual(
                judged, found['10.71.0.5', address, 'through'], user
            )

    def test_virtual_ip(self) -> None:
        """A port may use it by a pair, which OVN does not put into groups."""
        address = '10.71.0.100'
        self.scenario.port(
            self.networks['front'], address, name=self.scenario.name('virtual')
        )
        no_rule = NO_RULE.replace('0.5', '0.100')
        members: Judged = ('allowed', None)
        if self.is_ovn:
            members = ('blocked', no_rule.format('members'))
        not_used = ('blocked', 'port virtual is not plugged in')
        spoofing = (
            'unknown',
            f'whether port front may send from {address} is not known',
        )
        expected = {
            '21': members,
            '22': ('blocked', no_rule.format('strangers')),
            '32': ('allowed', None),
        }
        path = f'ports/{self.ports["front"]["id"]}'
        by_mac = {'ip_address': address, 'mac_address': '00:00:5e:00:01:01'}
        # Whether the server sends with that address is not known.
        by_mac_only = {'32': spoofing}
        if not self.is_ovn:
            by_mac_only['21'] = spoofing
        for pairs, instead in (
            ([{'ip_address': address}], {}),
            ([by_mac], by_mac_only),
            ([], dict.fromkeys(expected, not_used)),
        ):
            with self.changed(path, allowed_address_pairs=pairs):
                for user in self.everybody:
                    found = self.judged(
                        address, 'db', '--port', '22', user=user
                    )
                    with self.subTest(user=user, pairs=pairs):
                        self.assertEqual(
                            {**expected, **instead},
                            {
                                key: found[address, f'10.71.0.{key}', 'same']
                                for key in expected
                            },
                        )
