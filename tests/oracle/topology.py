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

"""Random networks, made through the API: what ``reach`` has to judge."""

from collections.abc import Iterator, Sequence
import contextlib
import random
from typing import Any

from tests.cloud import api
from tests.cloud import moves
from tests.cloud import ovn
from tests.cloud import scenario

# What rules are about, and how often; a name and a number mean the same.
_PROTOCOLS = (
    'tcp',
    'tcp',
    'tcp',
    'udp',
    'udp',
    'icmp',
    'icmp',
    None,
    None,
    '6',
    '17',
    '1',
    'any',
    'sctp',
    '132',
    'gre',
    'udplite',
    '0',
)
_PORTS = ((None, None), (22, 22), (20, 80), (53, 53), (1, 65535), (443, 443))
_ICMP = ((None, None), (8, None), (8, 0), (3, None), (128, None))

_SERVERS = 5


class Topology:
    """Five networks, two routers, and servers with rules of all kinds.

    The fifth network is a VLAN, to which only routers outside may lead.

    :ivar name: What it is made from.
    :ivar servers: The servers of the first project.
    :ivar ports: The ports of servers of the first project, and of the other.
    :ivar router_port_ids: The interfaces of the routers.
    :ivar physical_network_id: The network that is a VLAN.
    :ivar virtual_ips: The addresses that ports may use by their pairs.
    """

    def __init__(
        self, seed: int, number: int, users: Sequence[api.Api]
    ) -> None:
        """Make it.

        :param seed: Decides everything, together with the number.
        :param number: Which of the topologies of this seed it is.
        :param users: A member, a member of another project, and an
            administrator.
        """
        self.name = f'{seed}-{number}'
        self.servers: list[scenario.Resource] = []
        self.ports: list[scenario.Resource] = []
        self.router_port_ids: list[str] = []
        self.physical_network_id = ''
        self.virtual_ips: list[str] = []
        self._random = random.Random(self.name)
        self._number = number
        self._prefix = f'10.{100 + number % 100}'
        own, other, self._admin = users
        self._make = scenario.Scenario(own, f'oracle-{self.name}-')
        self._other = scenario.Scenario(other, f'oracle-{self.name}-other-')
        self._provider = scenario.Scenario(
            self._admin, f'oracle-{self.name}-provider-'
        )
        self._networks: list[scenario.Resource] = []
        self._groups: list[scenario.Resource] = []

    def __enter__(self) -> 'Topology':
        try:
            self._make_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._other.remove()
        self._make.remove()
        self._provider.remove()

    def _make_all(self) -> None:
        self._make_networks()
        self._make_routers()
        self._make_groups()
        self._make_servers()
        self._make_floating_ips()

    def _may(self, chance: float) -> bool:
        return self._random.random() < chance

    def _make_networks(self) -> None:
        """Make networks, the last of which nothing joins to the others."""
        for number in range(4):
            network = self._make.network(f'network-{number}')
            self._networks.append(network)
            # The last has the addresses of the first.
            block = number % 3
            self._subnet(network, 4, f'{self._prefix}.{block}.0/25')
            if number < 2 and self._may(0.6):
                self._subnet(
                    network, 6, f'fd00:{self._prefix[3:]}:{block}::/64'
                )
            if number == 1 and self._may(0.5):
                self._subnet(network, 4, f'{self._prefix}.{block}.128/25')
        physical = self._provider.network(
            'physical',
            f'{self._prefix}.3.0/25',
            project_id=self._make.user.project_id,
            **{
                'provider:network_type': 'vlan',
                'provider:physical_network': ovn.PHYSICAL_NETWORK,
            },
        )
        self.physical_network_id = physical['id']
        self._make.user.put(
            'network',
            f'/v2.0/networks/{self._random.choice(self._networks)["id"]}',
            {'network': {'admin_state_up': self._may(0.5)}},
        )

    def _subnet(
        self, network: scenario.Resource, version: int, cidr: str
    ) -> None:
        attributes: dict[str, Any] = {}
        if self._may(0.05):
            attributes['gateway_ip'] = None
        if version == 4 and self._may(0.2):
            attributes['host_routes'] = [
                {
                    'destination': f'{self._prefix}.2.0/24',
                    'nexthop': f'{cidr.rpartition(".")[0]}.120',
                }
            ]
        if self._may(0.1):
            attributes['enable_dhcp'] = False
        network.setdefault('made_subnets', []).append(
            self._make.user.post(
                'network',
                '/v2.0/subnets',
                {
                    'subnet': {
                        'network_id': network['id'],
                        'ip_version': version,
                        'cidr': cidr,
                        **attributes,
                    }
                },
            )['subnet']
        )

    def _make_routers(self) -> None:
        """Make one router to the outside, and one behind it."""
        first, second, third, _last = self._networks
        edge = self._make.router('edge')
        inner = self._make.router('inner')
        self._make.user.put(
            'network',
            f'/v2.0/routers/{inner["id"]}',
            {'router': {'external_gateway_info': None}},
        )
        for network in (first, second):
            self._join(edge, network)
        self._join(inner, third)
        on_second = self._make.join(inner, second, f'{self._prefix}.1.120')
        self.router_port_ids.append(on_second['id'])
        if self._may(0.9):
            self._route(
                edge, f'{self._prefix}.2.0/24', f'{self._prefix}.1.120'
            )
            if self._number % 4 == 1:
                # Nobody has the other next hop.
                self._update(
                    'router',
                    edge,
                    routes=[
                        {
                            'destination': f'{self._prefix}.2.0/24',
                            'nexthop': f'{self._prefix}.1.{host}',
                        }
                        for host in (120, 121)
                    ],
                )
        if self._may(0.9):
            self._route(inner, '0.0.0.0/0', f'{self._prefix}.1.1')
        for router in (edge, inner):
            if self._may(0.1) or (router is inner and self._number % 4 == 2):
                self._update('router', router, admin_state_up=False)
        if self._may(0.2):
            gateway = {**edge['external_gateway_info'], 'enable_snat': False}
            gateway.pop('external_fixed_ips')
            self._admin.put(
                'network',
                f'/v2.0/routers/{edge["id"]}',
                {'router': {'external_gateway_info': gateway}},
            )
        if self._may(0.1):
            self._update('port', on_second, admin_state_up=False)

    def _join(
        self, router: scenario.Resource, network: scenario.Resource
    ) -> None:
        for subnet in network['made_subnets']:
            if subnet['gateway_ip'] and self._may(0.95):
                joined = self._make.user.put(
                    'network',
                    f'/v2.0/routers/{router["id"]}/add_router_interface',
                    {'subnet_id': subnet['id']},
                )
                self.router_port_ids.append(joined['port_id'])

    def _route(
        self, router: scenario.Resource, destination: str, next_hop: str
    ) -> None:
        # The router may have no interface there.
        with _ignored(400):
            self._make.route(router, {destination: next_hop})

    def _update(
        self, kind: str, resource: scenario.Resource, **attributes: object
    ) -> None:
        self._make.user.put(
            'network',
            f'/v2.0/{kind}s/{resource["id"]}',
            {kind: attributes},
        )

    def _make_groups(self) -> None:
        offices = [
            self._make.address_group(
                f'office-{number}',
                *self._random.sample(
                    (
                        f'{self._prefix}.0.0/25',
                        f'{self._prefix}.1.0/26',
                        f'{self._prefix}.2.0/24',
                        '203.0.113.0/24',
                        'fd00::/16',
                    ),
                    number,
                ),
            )
            for number in (0, 2)
        ]
        self._groups = [
            self._make.security_group(f'group-{number}', stateful=number != 5)
            for number in range(6)
        ]
        for group in self._groups:
            if self._may(0.9):
                for ethertype in ('IPv4', 'IPv6'):
                    self._rule(group, direction='egress', ethertype=ethertype)
            if self._may(0.6):
                self._rule(
                    group,
                    protocol=self._random.choice(('tcp', 'udp', 'icmp', None)),
                    ethertype=self._random.choice(('IPv4', 'IPv4', 'IPv6')),
                )
            for _number in range(self._random.randint(2, 6)):
                self._rule(group, **self._random_rule(offices))

    def _rule(self, group: scenario.Resource, **attributes: Any) -> None:
        # The group may have this rule already.
        with _ignored(409):
            self._make.security_group_rule(group, **attributes)

    def _random_rule(self, offices: list[scenario.Resource]) -> dict[str, Any]:
        """Make a rule that Neutron accepts."""
        choose = self._random.choice
        ethertype = choose(('IPv4', 'IPv4', 'IPv6'))
        protocol = choose(_PROTOCOLS)
        first, last = None, None
        if protocol in ('tcp', '6', 'udp', '17', 'sctp', '132', 'udplite'):
            first, last = choose(_PORTS)
        elif protocol in ('icmp', '1'):
            first, last = choose(_ICMP)
        prefixes: dict[str, tuple[str, ...]] = {
            'IPv4': (
                '0.0.0.0/0',
                f'{self._prefix}.0.0/16',
                f'{self._prefix}.1.77/24',
                f'{self._prefix}.0.10/32',
                '203.0.113.0/24',
            ),
            'IPv6': ('::/0', f'fd00:{self._prefix[3:]}::/48'),
        }
        other_end: dict[str, object] = choose(
            [
                {},
                {},
                {},
                {'remote_ip_prefix': choose(prefixes[ethertype])},
                {'remote_group_id': choose(self._groups)['id']},
                {'remote_address_group_id': choose(offices)['id']},
            ]
        )
        return {
            'direction': choose(('ingress', 'ingress', 'ingress', 'egress')),
            'ethertype': ethertype,
            'protocol': protocol,
            'port_range_min': first,
            'port_range_max': last,
            **other_end,
        }

    def _make_servers(self) -> None:
        """Make servers with several ports each, one with a trunk."""
        wanted: dict[str, list[dict[str, str]]] = {}
        host = 10
        for number in range(_SERVERS):
            ports = []
            # There are fewer on the last network.
            for network in self._random.sample(
                self._networks,
                self._random.randint(2, 3),
                counts=(3, 3, 2, 1),
            ):
                host += 1
                ports.append(self._port(network, host))
            if number == 0:
                subport = self._port(self._random.choice(self._networks), 9)
                self._make.trunk('trunk', ports[0], {101: subport})
            if number in (1, 2):
                port = self._make.port({'id': self.physical_network_id})
                self.ports.append(port)
                ports.append(port)
            wanted[f'server-{number}'] = [{'port': p['id']} for p in ports]
        self.servers = self._make.servers(wanted)
        # Real packets have a way between the servers of one host only.
        hypervisor = moves.host_of(self._admin, self.servers[0])
        for server in self.servers[1:3]:
            if moves.host_of(self._admin, server) != hypervisor:
                moves.live_migrate(self._admin, server, hypervisor)
        if self._may(0.3):
            self._make.act(self.servers[-1], 'os-stop', 'SHUTOFF')
        if self._may(0.5):
            self._make_foreign_server()

    def _port(
        self, network: scenario.Resource, host: int
    ) -> scenario.Resource:
        """Make a port, perhaps without rules, or disabled."""
        attributes: dict[str, Any] = {}
        addresses = []
        for subnet in network['made_subnets']:
            start = subnet['cidr'].partition('/')[0]
            if subnet['ip_version'] == 6:
                addresses.append(f'{start}{host:x}')
            elif start.endswith('.0') or self._may(0.4):
                if len(addresses) == 1 and not start.endswith('.0'):
                    addresses = []
                base, _, last = start.rpartition('.')
                addresses.append(f'{base}.{int(last) + host}')
        groups = self._random.sample(
            self._groups[:5], self._random.randint(1, 2)
        )
        if self._may(0.08):
            groups = self._groups[5:]
        if self._may(0.06):
            groups = []
        attributes['security_groups'] = [group['id'] for group in groups]
        if self._may(0.1):
            attributes.update(port_security_enabled=False, security_groups=[])
        elif self._may(0.15):
            block = addresses[0].rpartition('.')[0]
            pair = f'{block}.{self._random.choice((100, 101))}'
            if pair.count('.') == 3:
                attributes['allowed_address_pairs'] = [{'ip_address': pair}]
                self._reserve(network, pair)
        if self._may(0.06):
            attributes['admin_state_up'] = False
        port = self._make.port(network, *addresses, **attributes)
        self.ports.append(port)
        return port

    def _reserve(self, network: scenario.Resource, virtual_ip: str) -> None:
        """Make a port for a virtual IP, unless there is one."""
        with _ignored(409):
            self._make.port(network, virtual_ip, security_groups=[])
        self.virtual_ips.append(virtual_ip)

    def _make_foreign_server(self) -> None:
        """Make a server of another project on the first network."""
        network = self._networks[0]
        self._make.user.post(
            'network',
            '/v2.0/rbac-policies',
            {
                'rbac_policy': {
                    'object_type': 'network',
                    'object_id': network['id'],
                    'action': 'access_as_shared',
                    'target_tenant': self._other.user.project_id,
                }
            },
        )
        group = self._other.security_group('group')
        self._other.security_group_rule(group, direction='egress')
        self._other.security_group_rule(
            group, protocol='tcp', port_range_min=22, port_range_max=22
        )
        port = self._other.port(network, security_groups=[group['id']])
        self._other.server('server', {'port': port['id']})
        self.ports.append(port)

    def _make_floating_ips(self) -> None:
        """Make two floating IPs of ports, and one with forwardings."""
        inside = [
            port
            for port in self.ports
            if port['network_id'] in {n['id'] for n in self._networks[:2]}
        ]
        for port in self._random.sample(inside, min(2, len(inside))):
            self._floating_ip(port)
        row = self._make.floating_ip()
        for protocol, external, internal in (
            ('tcp', 2222, 22),
            ('udp', 5353, 53),
        ):
            port = self._random.choice(inside)
            with _ignored(400, 404, 409):
                self._make.port_forwarding(
                    row, port, external, internal, protocol
                )

    def _floating_ip(self, port: scenario.Resource) -> None:
        address = port['fixed_ips'][0]['ip_address']
        with _ignored(400, 404):
            self._make.floating_ip(port, fixed_ip_address=address)


@contextlib.contextmanager
def _ignored(*statuses: int) -> Iterator[None]:
    """Let Neutron refuse what chance has put together."""
    try:
        yield
    except api.HTTPError as error:
        if error.status not in statuses:
            raise
