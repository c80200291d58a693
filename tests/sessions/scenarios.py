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

"""Scenarios in which the sessions of a page run, in addition to the demo.

A scenario returns the identifiers that pages use before a command shows them,
with those of this cloud.
"""

from collections.abc import Callable, Iterator
import contextlib
import uuid

from tests.cloud import api
from tests.cloud import databases
from tests.cloud import demo
from tests.cloud import directory
from tests.cloud import moves
from tests.cloud import scenario
from tests.sessions import shop


Identifiers = dict[str, str]


@contextlib.contextmanager
def only_demo() -> Iterator[Identifiers]:
    """The demo as it is."""
    yield {}


@contextlib.contextmanager
def twins() -> Iterator[Identifiers]:
    """Two servers named ``twin``."""
    made = scenario.Scenario(_user('demo'), prefix='')
    try:
        made.server('twin')
        made.server('twin')
        yield {}
    finally:
        made.remove()


@contextlib.contextmanager
def orphan() -> Iterator[Identifiers]:
    """A port named ``orphan``, whose server does not exist."""
    made = scenario.Scenario(_user('demo'), prefix='')
    network = made.network('abandoned', '10.80.0.0/24')
    port = made.port(network, '10.80.0.7', name='orphan')
    try:
        _update(port, device_id=str(uuid.uuid4()), device_owner='compute:nova')
        yield {'45481bd8-bc46-44a6-9aff-86854b1f00de': port['id']}
    finally:
        # A member may not delete a server's port. The page may have deleted
        # it.
        with contextlib.suppress(api.HTTPError):
            _update(port, device_id='', device_owner='')
        made.remove()


@contextlib.contextmanager
def stale_cache() -> Iterator[Identifiers]:
    """Nova's cache has a wrong address of web-1, and lacks one of web-2."""
    cloud = directory.CloudDirectory()
    web_1, web_2 = _server_id('web-1'), _server_id('web-2')
    saved = {
        server: databases.read_cache(cloud, server)
        for server in (web_1, web_2)
    }
    try:
        # Their order differs from cloud to cloud.
        wrong = databases.read_cache(cloud, web_1)
        (fixed_ip,) = (
            fixed_ip
            for interface in wrong
            for subnet in interface['network']['subnets']
            for fixed_ip in subnet['ips']
            if fixed_ip['address'] == '192.0.2.16'
        )
        fixed_ip['address'] = '192.0.2.99'
        databases.write_cache(cloud, web_1, wrong)
        kept = [
            interface
            for interface in saved[web_2]
            if interface['network']['label'] != 'backend'
        ]
        databases.write_cache(cloud, web_2, kept)
        yield {}
    finally:
        for server, cache in saved.items():
            databases.write_cache(cloud, server, cache)


@contextlib.contextmanager
def floating_ip() -> Iterator[Identifiers]:
    """A floating IP leads to the interface of web-2 on frontend."""
    user = _user('demo')
    made = scenario.Scenario(user, prefix='')
    (port,) = user.get('network', '/v2.0/ports', name='web-2-frontend')[
        'ports'
    ]
    floating_ip = made.floating_ip(port)
    try:
        yield {'203.0.113.50': floating_ip['floating_ip_address']}
    finally:
        made.remove()


@contextlib.contextmanager
def security_groups() -> Iterator[Identifiers]:
    """The interface of web-2 on frontend has two security groups.

    The interface of db-1 on storage has port security off.
    """
    user = _user('demo')
    made = scenario.Scenario(user, prefix='')
    (port,) = user.get('network', '/v2.0/ports', name='web-2-frontend')[
        'ports'
    ]
    (unfiltered,) = user.get('network', '/v2.0/ports', name='db-1-storage')[
        'ports'
    ]
    office = made.address_group('office', '203.0.113.0/28')
    web, ssh = made.security_group('web'), made.security_group('ssh')
    for group in (web, ssh):
        for ethertype in ('IPv4', 'IPv6'):
            made.security_group_rule(
                group, direction='egress', ethertype=ethertype
            )
        made.security_group_rule(group, protocol='icmp', port_range_min=8)
    made.security_group_rule(
        ssh,
        remote_address_group_id=office['id'],
        port_range_min=22,
        port_range_max=22,
        protocol='tcp',
    )
    made.security_group_rule(
        web, port_range_min=443, port_range_max=443, protocol='tcp'
    )
    made.security_group_rule(
        web, web, port_range_min=8000, port_range_max=8080, protocol='tcp'
    )
    try:
        _update(port, security_groups=[web['id'], ssh['id']])
        _update(unfiltered, security_groups=[], port_security_enabled=False)
        yield {}
    finally:
        _update(
            unfiltered,
            security_groups=unfiltered['security_groups'],
            port_security_enabled=True,
        )
        _update(port, security_groups=port['security_groups'])
        made.remove()


@contextlib.contextmanager
def drain() -> Iterator[Identifiers]:
    """The server shop-1 is the only one of its project on compute-2."""
    admin = _user('admin')
    host = _only_host(admin)
    try:
        yield {'compute-2': host}
    finally:
        shop.enable_host(admin, host)


@contextlib.contextmanager
def evacuation() -> Iterator[Identifiers]:
    """A port of shop-1 stayed behind when it was evacuated to compute-2."""
    admin = _user('admin')
    host = _only_host(admin)
    server, _other = shop.ensure()
    port = _port('shop-1-front')
    _update(port, **{'binding:host_id': moves.other_host(admin, server)})
    try:
        yield {'compute-2': host}
    finally:
        _update(port, **{'binding:host_id': host})


@contextlib.contextmanager
def outage() -> Iterator[Identifiers]:
    """The cache of shop-1 lacks an interface, and a port of shop-2 a host."""
    cloud = directory.CloudDirectory()
    admin = _user('admin')
    one, two = shop.ensure()
    saved = databases.read_cache(cloud, one['id'])
    port = _port('shop-2-front')
    databases.write_cache(cloud, one['id'], saved[:1])
    _update(port, **{'binding:host_id': ''})
    try:
        yield {}
    finally:
        _update(port, **{'binding:host_id': moves.host_of(admin, two)})
        databases.write_cache(cloud, one['id'], saved)


@contextlib.contextmanager
def binding_failed() -> Iterator[Identifiers]:
    """The port of shop-2 failed to bind, but could be bound now."""
    admin = _user('admin')
    _other, server = shop.ensure()
    host = moves.host_of(admin, server)
    port = _port('shop-2-front')
    _update(port, name='refuse-binding', **{'binding:host_id': ''})
    _update(port, **{'binding:host_id': host})
    # An update through the API would bind it.
    databases.change(
        directory.CloudDirectory(),
        'neutron',
        'UPDATE ports SET name = ? WHERE id = ?',
        port['name'],
        port['id'],
    )
    try:
        yield {'compute-2': host}
    finally:
        _update(port, **{'binding:host_id': host})


def _only_host(admin: api.Api) -> str:
    """Return the host of shop-1, without any other server of its project."""
    one, two = shop.ensure()
    host = moves.host_of(admin, one)
    if host == moves.host_of(admin, two):
        host = moves.other_host(admin, two)
        moves.live_migrate(admin, one, host)
    return host


def _port(name: str) -> scenario.Resource:
    """Return a port of the project shop by name."""
    (port,) = _user(shop.NAME).get('network', '/v2.0/ports', name=name)[
        'ports'
    ]
    return dict(port)


def _update(port: scenario.Resource, **attributes: object) -> None:
    _user('admin').put(
        'network', f'/v2.0/ports/{port["id"]}', {'port': attributes}
    )


def _user(name: str) -> api.Api:
    return api.Api(name, directory.CloudDirectory())


def _server_id(name: str) -> str:
    (server,) = _user('demo').get('compute', '/servers', name=f'^{name}$')[
        'servers'
    ]
    return str(server['id'])


_Scenarios = dict[
    str, Callable[[], contextlib.AbstractContextManager[Identifiers]]
]

# The scenarios, by the name that a page gives.
DEMO: _Scenarios = {
    'demo': only_demo,
    'floating-ip': floating_ip,
    'orphan': orphan,
    'security-groups': security_groups,
    'stale-cache': stale_cache,
    'twins': twins,
}

# Those that need the project shop and nothing of the demo.
SHOP: _Scenarios = {
    'binding-failed': binding_failed,
    'drain': drain,
    'evacuation': evacuation,
    'outage': outage,
}


@contextlib.contextmanager
def named(name: str) -> Iterator[Identifiers]:
    """Make a scenario, with the demo if it needs it, and restore that."""
    if name in SHOP:
        with SHOP[name]() as identifiers:
            yield identifiers
        return
    user = _user('demo')
    demo.make_servers(user)
    demo.make_indirections(user)
    with DEMO[name]() as identifiers:
        yield identifiers
    for server, plugged in demo.SERVERS.items():
        server_id = _server_id(server)
        ours = {interface.mac_address for interface in plugged}
        for found in user.get('compute', f'/servers/{server_id}/os-interface')[
            'interfaceAttachments'
        ]:
            if found['mac_addr'] not in ours:
                scenario.detach(
                    user, server_id, found['port_id'], found['mac_addr']
                )
