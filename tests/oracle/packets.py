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

"""Packets, and what the guests of a cloud do with them.

It is computed from what a plain HTTP client reads, and shares no code with
``reach``.
"""

import dataclasses
import ipaddress
import json
import time
from typing import Any

from tests.cloud import api
from tests.cloud import directory
from tests.cloud import ovn
from tests.cloud import ovn_packages

ICMP = {4: (1, 8, 0), 6: (58, 128, 129)}
TCP, UDP, SCTP = 6, 17, 132

_NUMBERS = {'tcp': TCP, 'udp': UDP, 'sctp': SCTP, 'udplite': 136}
_WITH_PORTS = {TCP: 'tcp', UDP: 'udp', SCTP: 'sctp'}

_OF_ROUTERS = ('network:router_interface', 'network:router_gateway')

# The router of the external network, which is not one of Neutron.
OUTER_ROUTER = '203.0.113.1'

# The MAC address of ports that nothing filters.
PROBE = '02:00:00:00:00:02'

# The port of the client, which no rule of a topology names alone.
CLIENT_PORT = 40000


@dataclasses.dataclass(frozen=True)
class Packet:
    """The first packet of a flow.

    :ivar protocol: Its number. ICMP is an echo request.
    :ivar port: The destination port, if the protocol has ports.
    """

    protocol: int
    port: int | None = None

    @classmethod
    def of(cls, protocol: str, port: int | None, version: int) -> 'Packet':
        """Make one from what a user asks, in a version of IP."""
        if protocol == 'icmp':
            return cls(ICMP[version][0])
        return cls(_NUMBERS.get(protocol) or int(protocol), port)

    def match(self, version: int, *, is_reply: bool = False) -> str:
        """Write it, or the reply to it, as OVN does."""
        if self.protocol in (1, 58):
            _number, request, reply = ICMP[version]
            kind = reply if is_reply else request
            name = 'icmp4' if version == 4 else 'icmp6'
            return f'{name}.type == {kind} && {name}.code == 0'
        name = _WITH_PORTS.get(self.protocol, '')
        if not name:
            return f'ip.proto == {self.protocol}'
        source, destination = CLIENT_PORT, self.port
        if is_reply:
            source, destination = self.port or 0, CLIENT_PORT
        return f'{name}.src == {source} && {name}.dst == {destination}'


class Guests:
    """The ports of a cloud, as their guests and the switches see them."""

    def __init__(self, cloud: directory.CloudDirectory) -> None:
        """Read everything.

        :param cloud: A cloud on OVN.
        """
        self.ovn = ovn.Ovn(cloud.state / 'ovn', ovn_packages.ensure())
        admin = api.Api('admin', cloud)
        self.ports: dict[str, Any] = {}
        self.subnets: dict[str, Any] = {}
        self._gateways: dict[str, Any] = {}
        self._parents: dict[str, str] = {}
        for port in admin.get('network', '/v2.0/ports')['ports']:
            self.ports[port['id']] = port
            if port['device_owner'] == _OF_ROUTERS[1]:
                self._gateways[port['device_id']] = port
            for row in port.get('trunk_details', {}).get('sub_ports', ()):
                self._parents[row['port_id']] = port['id']
        self._routers = {
            row['floating_ip_address']: row['router_id']
            for row in admin.get('network', '/v2.0/floatingips')['floatingips']
        }
        for subnet in admin.get('network', '/v2.0/subnets')['subnets']:
            self.subnets[subnet['id']] = subnet
        self._stateless = {
            group['id']
            for group in admin.get('network', '/v2.0/security-groups')[
                'security_groups'
            ]
            if not group['stateful']
        }
        rows = json.loads(
            self.ovn.vsctl(
                '--format=json',
                '--columns=name,external_ids',
                'list',
                'interface',
            )
        )
        self.devices: dict[str, str] = {
            value: name
            for name, (_map, ids) in rows['data']
            for key, value in ids
            if key == 'iface-id'
        }
        self._introduce_routers()
        self._add_probes()

    def _introduce_routers(self) -> None:
        """Tell routers the MAC addresses of each other, and of one outside.

        They would ask for them, and the packet that is traced would wait.
        """
        self.ovn.run('ovn-nbctl', '--timeout=60', '--wait=sb', 'sync')
        commands = ['--all', 'destroy', 'MAC_Binding']
        datapaths = self._router_datapaths()
        never_old = int((time.time() + 86400) * 1000)
        for port in self.ports.values():
            datapath = datapaths.get(port['device_id'])
            if port['device_owner'] not in _OF_ROUTERS or datapath is None:
                continue
            known = {
                address: other['mac_address']
                for other in self.ports.values()
                if other['network_id'] == port['network_id']
                and other['device_owner'] in _OF_ROUTERS
                and other['device_id'] != port['device_id']
                for address in fixed_ips(other)
            }
            if port['device_owner'] == _OF_ROUTERS[1]:
                known[OUTER_ROUTER] = '02:00:00:00:00:01'
            name = f'lrp-{port["id"]}'
            for address, mac in known.items():
                commands += [
                    '--',
                    'create',
                    'MAC_Binding',
                    f'logical_port={name}',
                    f'ip="{address}"',
                    f'mac="{mac}"',
                    f'datapath={datapath}',
                    f'timestamp={never_old}',
                ]
        self.ovn.run('ovn-sbctl', *commands)

    def _add_probes(self) -> None:
        """Plug a port that nothing filters into each network."""
        commands: list[str] = []
        for port in self.ports.values():
            if self.is_stateless(port):
                name = self.probe(port)
                switch = f'neutron-{port["network_id"]}'
                commands += [
                    '--',
                    '--may-exist',
                    'lsp-add',
                    switch,
                    name,
                    '--',
                    'lsp-set-addresses',
                    name,
                    PROBE,
                ]
        self.ovn.run(
            'ovn-nbctl', '--timeout=60', '--wait=sb', 'sync', *commands
        )

    def probe(self, port: Any) -> str:
        """Return the port of OVN that is beside a port and not filtered."""
        return f'probe-{port["network_id"]}'

    def is_stateless(self, port: Any) -> bool:
        """Return whether replies from and to a port need a rule."""
        return bool(
            port['port_security_enabled']
            and self._stateless & {*port['security_groups']}
        )

    def _router_datapaths(self) -> dict[str, str]:
        """Return what OVN calls each router that is not disabled."""
        rows = json.loads(
            self.ovn.run(
                'ovn-sbctl',
                '--format=json',
                '--columns=_uuid,external_ids',
                'list',
                'Datapath_Binding',
            )
        )['data']
        return {
            dict(ids)['name'].removeprefix('neutron-'): row[1]
            for row, (_map, ids) in rows
            if 'logical-router' in dict(ids)
        }

    def gateway_to(self, address: str) -> Any:
        """Return the port of the router that has a floating IP."""
        return self._gateways[self._routers[address]]

    def is_plugged(self, port_id: str) -> bool:
        """Return whether a device is there for a port or for its parent."""
        return self._parents.get(port_id, port_id) in self.devices

    def next_mac(
        self, port: Any, source: str, target: str, neighbor: Any = None
    ) -> str | None:
        """Return the MAC address to which a guest sends a packet.

        :param port: The port of the guest.
        :param source: The address that it uses.
        :param target: Where it sends the packet.
        :param neighbor: Who has the target if it may, as a virtual IP.
        :returns: None if it cannot be sent.
        """
        network_id = port['network_id']
        address = ipaddress.ip_address(target)
        for subnet in self.subnets.values():
            cidr = ipaddress.ip_network(subnet['cidr'])
            if subnet['network_id'] != network_id or (
                ipaddress.ip_address(source) not in cidr
            ):
                continue
            if address in cidr:
                if (
                    neighbor
                    and neighbor['network_id'] == network_id
                    and may_use(neighbor, target)
                ):
                    return str(neighbor['mac_address'])
                return self._mac_of(network_id, target)
            hop = subnet['gateway_ip']
            best = -1
            for route in subnet['host_routes']:
                prefix = ipaddress.ip_network(route['destination'])
                if address in prefix and prefix.prefixlen > best:
                    hop, best = route['nexthop'], prefix.prefixlen
            return hop and self._mac_of(network_id, hop)
        return None

    def _mac_of(self, network_id: str, address: str) -> str | None:
        """Return who answers for an address on a network."""
        for port in self.ports.values():
            if port['network_id'] == network_id and (
                address in fixed_ips(port)
            ):
                return str(port['mac_address'])
        return None


def is_of_router(port: Any) -> bool:
    """Return whether a port is an interface of a router."""
    return port['device_owner'] in _OF_ROUTERS


def fixed_ips(port: Any) -> list[str]:
    """Return the fixed IPs of a port."""
    return [row['ip_address'] for row in port['fixed_ips']]


def may_use(port: Any, address: str) -> bool:
    """Return whether a port has an address, or a pair for it."""
    return address in fixed_ips(port) or any(
        ipaddress.ip_address(address)
        in ipaddress.ip_network(row['ip_address'])
        for row in port['allowed_address_pairs']
    )
