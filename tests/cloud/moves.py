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

"""Moves servers to other hosts, as an administrator does."""

from collections.abc import Iterator
import contextlib
import time

from tests.cloud import api
from tests.cloud import directory
from tests.cloud import scenario

# The newest microversion that starts an evacuated server.
EVACUATION_MICROVERSION = '2.90'

FORCED_DOWN_MICROVERSION = '2.53'

# The newest microversion that does not ask whether the disk is shared.
LIVE_MIGRATION_MICROVERSION = '2.30'

# A metadata item that tests/cloud/services/compute_driver.py reads.
SLOW_MIGRATION = ('live-migration', 'slow')

# The lock is exclusive to force a host down, and shared to use all hosts.
_HOSTS = 'hosts'


def host_of(admin: api.Api, server: scenario.Resource) -> str:
    """Return the host that a server is on."""
    found = admin.get('compute', f'/servers/{server["id"]}')['server']
    return str(found['OS-EXT-SRV-ATTR:host'])


def other_host(admin: api.Api, server: scenario.Resource) -> str:
    """Return a host that a server is not on."""
    services = admin.get('compute', '/os-services', binary='nova-compute')
    hosts = sorted(service['host'] for service in services['services'])
    hosts.remove(host_of(admin, server))
    return str(hosts[0])


def live_migrate(admin: api.Api, server: scenario.Resource, host: str) -> None:
    """Migrate a running server to a host, and wait until it is there."""
    _start_live_migration(admin, server, host)
    _wait_for_migration(admin, server, 'completed')


@contextlib.contextmanager
def slow_live_migration(
    admin: api.Api, server: scenario.Resource, host: str
) -> Iterator[None]:
    """Keep a server in a live migration to a host during the block.

    Meanwhile each of its ports has an INACTIVE binding there.
    """
    path = f'/servers/{server["id"]}'
    name, value = SLOW_MIGRATION
    admin.post('compute', f'{path}/metadata', {'metadata': {name: value}})
    _start_live_migration(admin, server, host)
    migration = _wait_for_migration(admin, server, 'running')
    try:
        yield
    finally:
        _act(
            admin,
            f'{path}/migrations/{migration["id"]}',
            {'force_complete': None},
            '2.22',
        )
        _wait_for_migration(admin, server, 'completed')
        admin.delete('compute', f'{path}/metadata/{name}')


def migrate(admin: api.Api, server: scenario.Resource) -> None:
    """Migrate a server to any host, and wait until it can be confirmed."""
    with all_hosts_up():
        _act(admin, f'/servers/{server["id"]}', {'migrate': None})
    scenario.wait_for(admin, server, 'VERIFY_RESIZE')


def resize(admin: api.Api, server: scenario.Resource, flavor: str) -> None:
    """Resize a server, and wait until that can be confirmed."""
    (flavor_id,) = (
        found['id']
        for found in admin.get('compute', '/flavors')['flavors']
        if found['name'] == flavor
    )
    with all_hosts_up():
        _act(
            admin,
            f'/servers/{server["id"]}',
            {'resize': {'flavorRef': flavor_id}},
        )
    scenario.wait_for(admin, server, 'VERIFY_RESIZE')


def confirm(admin: api.Api, server: scenario.Resource) -> None:
    """Confirm a migration or a resize, and wait until it is done."""
    with all_hosts_up():
        _act(admin, f'/servers/{server["id"]}', {'confirmResize': None})
    _wait_for_migration(admin, server, 'confirmed')
    scenario.wait_for(admin, server, 'ACTIVE')


def revert(admin: api.Api, server: scenario.Resource) -> None:
    """Revert a migration or a resize, and wait until it is done."""
    _act(admin, f'/servers/{server["id"]}', {'revertResize': None})
    _wait_for_migration(admin, server, 'reverted')
    scenario.wait_for(admin, server, 'ACTIVE')


def evacuate(admin: api.Api, server: scenario.Resource, host: str) -> None:
    """Evacuate a server to a host, and wait until it is there."""
    with host_down(admin, host_of(admin, server)):
        _act(
            admin,
            f'/servers/{server["id"]}',
            {'evacuate': {'host': host}},
            EVACUATION_MICROVERSION,
        )
        _wait_for_migration(admin, server, 'done')
        scenario.wait_for(admin, server, 'ACTIVE')


@contextlib.contextmanager
def host_down(admin: api.Api, host: str) -> Iterator[None]:
    """Force a host down during the block, while no other test needs it."""
    with directory.CloudDirectory().lock(_HOSTS):
        (service,) = admin.get(
            'compute',
            '/os-services',
            FORCED_DOWN_MICROVERSION,
            binary='nova-compute',
            host=host,
        )['services']
        path = f'/os-services/{service["id"]}'
        admin.put(
            'compute', path, {'forced_down': True}, FORCED_DOWN_MICROVERSION
        )
        try:
            yield
        finally:
            _force_up(admin, path)


def _force_up(admin: api.Api, path: str) -> None:
    """Force a host up, as soon as it has dropped its evacuated guests."""
    deadline = time.monotonic() + scenario.TIMEOUT
    while True:
        try:
            admin.put(
                'compute',
                path,
                {'forced_down': False},
                FORCED_DOWN_MICROVERSION,
            )
        except api.HTTPError as error:
            if error.status != 400 or time.monotonic() > deadline:
                raise
            time.sleep(0.3)
        else:
            return


def _start_live_migration(
    admin: api.Api, server: scenario.Resource, host: str
) -> None:
    with all_hosts_up():
        _act(
            admin,
            f'/servers/{server["id"]}',
            {'os-migrateLive': {'host': host, 'block_migration': 'auto'}},
            LIVE_MIGRATION_MICROVERSION,
        )


def _act(
    admin: api.Api,
    path: str,
    body: dict[str, object],
    microversion: str | None = None,
) -> None:
    admin.post('compute', f'{path}/action', body, microversion)


def all_hosts_up() -> contextlib.AbstractContextManager[None]:
    """Keep all hosts up, for anything that fails while one is down."""
    return directory.CloudDirectory().lock(_HOSTS, is_shared=True)


def _wait_for_migration(
    admin: api.Api, server: scenario.Resource, status: str
) -> scenario.Resource:
    """Wait for the status of the newest migration of a server.

    Until then, Nova is not done with the ports, whatever the status of the
    server.
    """
    deadline = time.monotonic() + scenario.TIMEOUT
    while time.monotonic() < deadline:
        migrations: list[scenario.Resource] = admin.get(
            'compute', '/os-migrations', '2.23', instance_uuid=server['id']
        )['migrations']
        newest = max(migrations, key=lambda migration: migration['id'])
        if newest['status'] == status:
            return newest
        if newest['status'] in ('error', 'failed'):
            raise AssertionError(f'the migration failed: {newest}')
        time.sleep(0.3)
    raise AssertionError(f'no {status} migration: {newest}')
