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

"""A fake cloud: answers of Keystone, Nova and Neutron to HTTP requests."""

from collections.abc import Iterable
import ipaddress
from typing import Any
from urllib import parse
import uuid

from keystoneauth1 import adapter
from keystoneauth1 import fixture
from keystoneauth1.identity import v3
from keystoneauth1 import session
import requests
import requests_mock

AUTH_URL = 'http://keystone.test/v3'
COMPUTE_URL = 'http://nova.test/v2.1'
NETWORK_URL = 'http://neutron.test'
# The time of Neutron's answers.
DATE = 'Thu, 01 Jan 2026 12:00:00 GMT'
# Nova's own answer of status 404.
NOT_FOUND: dict[str, object] = {'itemNotFound': {}}
PROJECT_ID = '9f2a6b1c0d4e4f6f8a7b6c5d4e3f2a1b'


def identifier(number: int) -> str:
    """Make a valid, stable version 4 UUID from a small number."""
    return str(uuid.UUID(int=number, version=4))


def fixed_ip(address: str, subnet: int = 900) -> dict[str, str]:
    """Build a fixed IP as os-interface and Neutron show it."""
    return {'ip_address': address, 'subnet_id': identifier(subnet)}


def attachment(
    number: int, *addresses: str, **other: object
) -> dict[str, object]:
    """Build one entry of ``interfaceAttachments`` (microversion 2.70)."""
    return {
        'port_id': identifier(number),
        'net_id': identifier(700),
        'mac_addr': f'fa:16:3e:00:00:{number % 256:02x}',
        'port_state': 'ACTIVE',
        'fixed_ips': [fixed_ip(address) for address in addresses],
        'tag': None,
        **other,
    }


def server(number: int, name: str, **other: object) -> dict[str, object]:
    """Build one entry of ``GET /servers/detail``."""
    return {
        'id': identifier(number),
        'name': name,
        'status': 'ACTIVE',
        'tenant_id': PROJECT_ID,
        'addresses': {},
        **other,
    }


def cached(
    port: int, address: str, kind: str = 'fixed'
) -> dict[str, str | int]:
    """Build one entry of a label in ``addresses`` of a server."""
    return {
        'addr': address,
        'version': ipaddress.ip_address(address).version,
        'OS-EXT-IPS-MAC:mac_addr': f'fa:16:3e:00:00:{port % 256:02x}',
        'OS-EXT-IPS:type': kind,
    }


def port(
    number: int, device: int, *addresses: str, **other: object
) -> dict[str, object]:
    """Build Neutron's port of the same attachment, for an administrator."""
    return {
        'id': identifier(number),
        'network_id': identifier(700),
        'mac_address': f'fa:16:3e:00:00:{number % 256:02x}',
        'fixed_ips': [fixed_ip(address) for address in addresses],
        'status': 'ACTIVE',
        'name': '',
        'device_id': identifier(device),
        'device_owner': 'compute:nova',
        'project_id': PROJECT_ID,
        'security_groups': [identifier(800)],
        'allowed_address_pairs': [],
        'port_security_enabled': True,
        'binding:vnic_type': 'normal',
        'binding:vif_type': 'ovs',
        'binding:host_id': 'compute-1',
        **other,
    }


def floating_ip(
    address: str, port: int | None = None, **other: object
) -> dict[str, object]:
    """Build one entry of Neutron's floating IPs."""
    return {
        'id': identifier(0x600 << 32 | int(ipaddress.IPv4Address(address))),
        'floating_ip_address': address,
        'floating_network_id': identifier(701),
        'project_id': PROJECT_ID,
        'port_id': None if port is None else identifier(port),
        'port_forwardings': [],
        **other,
    }


def forwarding(
    external: int, internal: int, port: int, address: str, **other: object
) -> dict[str, object]:
    """Build one entry of ``port_forwardings`` of a floating IP."""
    return {
        'protocol': 'tcp',
        'external_port': external,
        'internal_port': internal,
        'internal_ip_address': address,
        'internal_port_id': identifier(port),
        **other,
    }


def subnet(number: int, cidr: str, network: int = 700) -> dict[str, object]:
    """Build one entry of Neutron's subnets."""
    return {
        'id': identifier(number),
        'name': f'subnet-{number}',
        'network_id': identifier(network),
        'cidr': cidr,
        'gateway_ip': None,
    }


def security_group(
    number: int, name: str, *rules: dict[str, object], stateful: bool = True
) -> dict[str, object]:
    """Build one entry of Neutron's security groups, with its rules."""
    return {
        'id': identifier(number),
        'name': name,
        'stateful': stateful,
        'security_group_rules': list(rules),
    }


def rule(number: int, **other: object) -> dict[str, object]:
    """Build a security group rule, which allows all ingress of IPv4."""
    return {
        'id': identifier(number),
        'direction': 'ingress',
        'ethertype': 'IPv4',
        'protocol': None,
        'port_range_min': None,
        'port_range_max': None,
        'remote_ip_prefix': None,
        'remote_group_id': None,
        'remote_address_group_id': None,
        **other,
    }


def router(number: int, *addresses: str, **gateway: object) -> dict[str, Any]:
    """Build one entry of Neutron's routers, with these external addresses."""
    return {
        'id': identifier(number),
        'name': f'router-{number}',
        'project_id': PROJECT_ID,
        'external_gateway_info': {
            'network_id': identifier(701),
            'enable_snat': True,
            'external_fixed_ips': [
                fixed_ip(address, 901) for address in addresses
            ],
            **gateway,
        },
    }


def trunk(parent: int, subports: dict[int, int]) -> dict[str, object]:
    """Build one entry of Neutron's trunks.

    :param parent: The parent port.
    :param subports: The subports, by their VLAN IDs.
    """
    return {
        'id': identifier(0x700 << 32 | parent),
        'port_id': identifier(parent),
        'sub_ports': [
            {
                'port_id': identifier(port),
                'segmentation_type': 'vlan',
                'segmentation_id': vlan,
            }
            for vlan, port in subports.items()
        ],
    }


def _is_among(resource: dict[str, Any], name: str, values: list[str]) -> bool:
    """Return whether a resource matches one of Neutron's filters."""
    if name == 'fixed_ips':
        found = {
            f'{key}={fixed_ip[key]}'
            for fixed_ip in resource[name]
            for key in ('ip_address', 'subnet_id')
        }
        return bool(found & set(values))
    if name == 'security_groups':
        return bool(set(resource[name]) & set(values))
    return resource.get(name) in values


class FakeCloud(requests_mock.Mocker):
    """Answers OSC's own requests; tests register the others.

    :ivar name: The name of its region.
    """

    def __init__(
        self,
        name: str = 'RegionOne',
        compute_url: str = COMPUTE_URL,
        network_url: str = NETWORK_URL,
        transport: requests_mock.Adapter | None = None,
    ) -> None:
        self.name = name
        self.compute_url = compute_url
        self.network_url = network_url
        self._transport = transport or requests_mock.Adapter()
        super().__init__(adapter=self._transport)

    def region(self, name: str, domain: str) -> 'FakeCloud':
        """Add a region, whose requests are answered while this is started."""
        return FakeCloud(
            name,
            f'http://nova.{domain}/v2.1',
            f'http://neutron.{domain}',
            self._transport,
        )

    def start(self) -> None:
        super().start()
        self.register_authentication()
        self.register_compute_versions()

    def register_authentication(self, system: bool = False) -> None:
        """Answer Keystone's version document and the token request."""
        self.get(AUTH_URL, json={'version': fixture.V3Discovery(AUTH_URL)})
        self.register_tokens('a-token', system=system)

    def register_tokens(
        self,
        *tokens: str,
        system: bool = False,
        compute_url: str = COMPUTE_URL,
        network_url: str = NETWORK_URL,
        load_balancer_url: str = '',
        role: str = 'member',
        more_services: tuple[str, ...] = (),
        regions: Iterable['FakeCloud'] = (),
    ) -> None:
        """Answer successive token requests, repeating the last answer.

        A service without a URL is not in the catalog.

        :param regions: More regions with a Nova and a Neutron.
        """
        body = fixture.V3Token(user_name='demo', user_domain_id='default')
        body.add_role(name=role)
        if system:
            body.set_system_scope()
        else:
            body.set_project_scope(
                id=PROJECT_ID, name='demo', domain_name='Default'
            )
        for service, url in (
            ('identity', AUTH_URL),
            ('compute', compute_url),
            ('network', network_url),
            ('load-balancer', load_balancer_url),
            *(
                (service, f'http://{service}.test')
                for service in more_services
            ),
        ):
            others = {
                region.name: {
                    'compute': region.compute_url,
                    'network': region.network_url,
                }.get(service)
                for region in regions
            }
            endpoints = {self.name: url, **others}
            if not any(endpoints.values()):
                continue
            added = body.add_service(service)
            for region, public in endpoints.items():
                if public:
                    added.add_standard_endpoints(public=public, region=region)
        self.post(
            f'{AUTH_URL}/auth/tokens',
            [
                {'json': body, 'headers': {'X-Subject-Token': token}}
                for token in tokens
            ],
        )

    def compute_versions(self, maximum: str = '2.103') -> dict[str, object]:
        """Build Nova's version document with this highest microversion."""
        versions = fixture.DiscoveryList(v2=False, v3=False)
        versions.add_nova_microversion(
            href=f'{self.compute_url}/',
            id='v2.1',
            status='CURRENT',
            min_version='2.1' if maximum else '',
            version=maximum,
        )
        return {'version': versions.versions[0]}

    def register_compute_versions(self, maximum: str = '2.103') -> None:
        """Answer the request for Nova's version document."""
        self.get(self.compute_url, json=self.compute_versions(maximum))

    def register_interfaces(
        self, server_id: str, *attachments: dict[str, object]
    ) -> None:
        """Answer os-interface of one server."""
        self.get(
            f'{self.compute_url}/servers/{server_id}/os-interface',
            json={'interfaceAttachments': list(attachments)},
        )

    def register_hosts(self, *hosts: str) -> None:
        """Answer with these hosts of nova-compute."""
        self.get(
            f'{self.compute_url}/os-services',
            json={
                'services': [
                    {'host': host, 'state': 'up', 'status': 'enabled'}
                    for host in hosts
                ]
            },
        )

    def register_servers(self, *servers: dict[str, object]) -> None:
        """Answer listings of servers, whatever the filter, and each server."""
        self.get(
            f'{self.compute_url}/servers',
            json={
                'servers': [
                    server
                    if server.get('status') == 'UNKNOWN'
                    else {key: server[key] for key in ('id', 'name')}
                    for server in servers
                ]
            },
        )
        self.get(
            f'{self.compute_url}/servers/detail',
            json={'servers': list(servers)},
        )
        for server in servers:
            self.get(
                f'{self.compute_url}/servers/{server["id"]}',
                json={'server': server},
            )

    def register_network_versions(self) -> None:
        """Answer the request for Neutron's version document."""
        version = fixture.DiscoveryList(v2=False, v3=False)
        version.add_microversion(
            href=f'{self.network_url}/v2.0/', id='v2.0', status='CURRENT'
        )
        self.get(self.network_url, json=version)

    def register_network(
        self, collection: str, *resources: dict[str, Any]
    ) -> None:
        """Answer one of Neutron's listings, filtered by the query."""
        key = collection.replace('-', '_')

        def listing(
            request: requests.PreparedRequest, context: Any
        ) -> dict[str, list[dict[str, Any]]]:
            context.headers['Date'] = DATE
            query = parse.parse_qs(parse.urlsplit(str(request.url)).query)
            for name in ('fields', 'limit', 'sort_key', 'sort_dir'):
                query.pop(name, None)
            return {
                key: [
                    resource
                    for resource in resources
                    if all(
                        _is_among(resource, *item) for item in query.items()
                    )
                ]
            }

        self.get(f'{self.network_url}/v2.0/{collection}', json=listing)

    def register_port_forwardings(
        self, floating_ip: dict[str, Any], *forwardings: dict[str, Any]
    ) -> None:
        """Answer the listing of the forwardings of a floating IP.

        The listing of floating IPs shows only ports that are no ranges.
        """
        shown = [
            {
                key: value
                for key, value in forwarding.items()
                if not (key.endswith('_range') or value is None)
            }
            for forwarding in forwardings
        ]
        self.register_network(
            'floatingips', {**floating_ip, 'port_forwardings': shown}
        )
        url = f'{self.network_url}/v2.0/floatingips/{floating_ip["id"]}'
        self.get(
            f'{url}/port_forwardings',
            json={'port_forwardings': list(forwardings)},
        )

    def register_extensions(self, *aliases: str) -> None:
        """Answer the listing of Neutron's extensions."""
        self.get(
            f'{self.network_url}/v2.0/extensions',
            json={
                'extensions': [
                    {'alias': alias, 'name': alias, 'links': []}
                    for alias in aliases
                ]
            },
        )

    def adapter(self, service_type: str) -> adapter.Adapter:
        """Connect to a service through a new session, without a shell.

        Unlike the Mocker, it lets threads send requests in parallel.
        """
        transport = requests.Session()
        transport.mount('http://', self._transport)
        password = v3.Password(
            AUTH_URL,
            username='demo',
            password='secret',
            user_domain_id='default',
            project_id=PROJECT_ID,
        )
        return adapter.Adapter(
            session.Session(auth=password, session=transport),
            service_type=service_type,
        )

    @property
    def last_headers(self) -> dict[str, str]:
        """The headers of the newest request."""
        headers: dict[str, str] = self.request_history[-1].headers
        return headers

    def requested(self) -> list[str]:
        """Return the requests, as ``GET http://host/path?query`` lines."""
        return [
            f'{request.method} {request.url}'
            for request in self.request_history
        ]
