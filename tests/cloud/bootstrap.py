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

"""Sets up a new cloud through the public APIs."""

import secrets

from tests.cloud import api
from tests.cloud import directory
from tests.cloud import networks
from tests.cloud import ovn

IMAGE = 'tiny-image'
FLAVOR = 'm1.tiny'
LARGER_FLAVOR = 'm1.small'
EXTERNAL_NETWORK = 'public'


def identity(
    cloud: directory.CloudDirectory, passwords: dict[str, str]
) -> None:
    """Register the services, the projects and their users."""
    admin = api.Api('admin', cloud)
    for service in ('image', 'network', 'placement', 'compute'):
        admin.post(
            'identity',
            '/services',
            {'service': {'type': service, 'name': service}},
        )
        add_endpoint(admin, service, 'RegionOne', cloud.endpoints[service])
    for user, name, roles in (
        # Neutron answers 401 to a service without this role. The other
        # services need admin.
        ('service', 'service', ('service', 'admin')),
        ('demo', 'demo', ('member',)),
        ('reader', 'demo', ('reader',)),
        ('other', 'other', ('member',)),
    ):
        make_user(admin, user, passwords[user], name, roles)


def add_endpoint(
    admin: api.Api, service_type: str, region: str, url: str
) -> None:
    """Register an endpoint of a service in a region."""
    (service,) = admin.get('identity', '/services', type=service_type)[
        'services'
    ]
    admin.post(
        'identity',
        '/endpoints',
        {
            'endpoint': {
                'service_id': service['id'],
                'interface': 'public',
                'region_id': region,
                'url': url,
            }
        },
    )


def make_user(
    admin: api.Api,
    name: str,
    password: str,
    project: str,
    roles: tuple[str, ...],
) -> None:
    """Make a user with roles on a project, and the project if necessary.

    :param admin: An administrator.
    """
    role_ids = {
        role['name']: role['id']
        for role in admin.get('identity', '/roles')['roles']
    }
    found = admin.get('identity', '/projects', name=project)['projects']
    if not found:
        body = {'project': {'name': project, 'domain_id': 'default'}}
        found = [admin.post('identity', '/projects', body)['project']]
    user = admin.post(
        'identity',
        '/users',
        {
            'user': {
                'name': name,
                'password': password,
                'domain_id': 'default',
            }
        },
    )['user']
    for role in roles:
        admin.put(
            'identity',
            f'/projects/{found[0]["id"]}/users/{user["id"]}'
            f'/roles/{role_ids[role]}',
            None,
        )


def project(cloud: directory.CloudDirectory, name: str) -> None:
    """Make a separate project for tests, with a member and a reader.

    They are the entries ``<name>`` and ``<name>-reader`` of clouds.yaml.
    """
    admin = api.Api('admin', cloud)
    for user, role in ((name, 'member'), (f'{name}-reader', 'reader')):
        password = secrets.token_urlsafe(16)
        make_user(admin, user, password, name, (role,))
        cloud.add_credentials(user, user, password, project_name=name)


def default_rules(admin: api.Api) -> None:
    """Make the rules that Neutron puts into new security groups.

    A migration of its database makes them (``c33da356b165``), and here the
    tables are made without migrations.
    """
    for ethertype in ('IPv4', 'IPv6'):
        for direction, remote_group, in_others in (
            ('egress', None, True),
            ('ingress', 'PARENT', False),
        ):
            admin.post(
                'network',
                '/v2.0/default-security-group-rules',
                {
                    'default_security_group_rule': {
                        'direction': direction,
                        'ethertype': ethertype,
                        'remote_group_id': remote_group,
                        'used_in_default_sg': True,
                        'used_in_non_default_sg': in_others,
                    }
                },
            )


def image(cloud: directory.CloudDirectory) -> None:
    """Make the image."""
    admin = api.Api('admin', cloud)
    image_id = admin.post(
        'image',
        '/v2/images',
        {
            'name': IMAGE,
            'visibility': 'public',
            'disk_format': 'raw',
            'container_format': 'bare',
        },
    )['id']
    admin.put('image', f'/v2/images/{image_id}/file', b'nothing to boot')


def resources(cloud: directory.CloudDirectory) -> None:
    """Make the flavors and the external network of a region."""
    admin = api.Api('admin', cloud)
    default_rules(admin)
    for flavor, memory in ((FLAVOR, 64), (LARGER_FLAVOR, 128)):
        # Members may not boot an image with a flavor of disk 0.
        body = {'name': flavor, 'ram': memory, 'vcpus': 1, 'disk': 1}
        admin.post('compute', '/flavors', {'flavor': body})
    network_id = admin.post(
        'network',
        '/v2.0/networks',
        {
            'network': {
                'name': EXTERNAL_NETWORK,
                'router:external': True,
                # OVN reaches the outside through the bridges of the hosts.
                **(
                    {
                        'provider:network_type': 'flat',
                        'provider:physical_network': ovn.PHYSICAL_NETWORK,
                    }
                    if cloud.network == networks.OVN
                    else {}
                ),
            }
        },
    )['network']['id']
    admin.post(
        'network',
        '/v2.0/subnets',
        {
            'subnet': {
                'network_id': network_id,
                'name': EXTERNAL_NETWORK,
                'ip_version': 4,
                'cidr': '203.0.113.0/24',
                # All as long as each other, as are the tables of the pages.
                # The addresses of the demo are outside.
                'allocation_pools': [
                    {'start': '203.0.113.100', 'end': '203.0.113.199'}
                ],
                'enable_dhcp': False,
            }
        },
    )
