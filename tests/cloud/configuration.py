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

"""The configuration files of the services, and why each setting is needed."""

import base64
import pathlib
import secrets

from tests.cloud import ovn

# An agent counts as dead this many seconds after its last report. No cloud is
# up that long.
AGENT_DOWN_TIME = 7 * 24 * 60 * 60

# The same for ovn-controller, which answers.
OVN_DOWN_TIME = 30

Settings = dict[str, dict[str, object]]


def write(
    state: pathlib.Path,
    environment: pathlib.Path,
    endpoints: dict[str, str],
    passwords: dict[str, str],
    below: ovn.Ovn | None = None,
    region: str = 'RegionOne',
) -> None:
    """Write the file of every service into ``<state>/etc``.

    :param state: The directory of all state.
    :param environment: The virtual environment of the services.
    :param endpoints: The URL of each service.
    :param passwords: The password of each user.
    :param below: OVN, if it is below Neutron.
    :param region: The region of Nova and Neutron. Keystone and Glance are in
        RegionOne.
    """
    directory = state / 'etc'
    directory.mkdir(parents=True, exist_ok=True)
    service_user: dict[str, object] = {
        'auth_url': endpoints['identity'],
        'auth_type': 'password',
        'username': 'service',
        'password': passwords['service'],
        'user_domain_id': 'default',
        'project_name': 'service',
        'project_domain_id': 'default',
        'region_name': 'RegionOne',
    }
    middleware: dict[str, object] = {
        **service_user,
        'www_authenticate_uri': endpoints['identity'],
        'interface': 'public',
        # The middleware also sends its own token, which must count as a
        # service token.
        'service_token_roles': 'service',
        'service_token_roles_required': True,
    }
    network = _network(state, environment, middleware)
    if below:
        _add_ovn(network, below)
    files: dict[str, Settings] = {
        'keystone.conf': _identity(state),
        'glance-api.conf': _image(state, environment, middleware),
        'neutron.conf': network,
        'placement.conf': _placement(state, middleware),
        'nova.conf': _compute(
            state, middleware, {**service_user, 'region_name': region}
        ),
    }
    for name, settings in files.items():
        (directory / name).write_text(
            '\n'.join(
                f'[{section}]\n'
                + ''.join(
                    f'{option} = {value}\n'
                    for option, value in options.items()
                )
                for section, options in settings.items()
            )
        )
    keys = state / 'fernet-keys'
    keys.mkdir(mode=0o700)
    # 0 is the staged key and 1 the primary one; Keystone refuses to start
    # without them.
    for index in range(2):
        key = base64.urlsafe_b64encode(secrets.token_bytes(32))
        (keys / str(index)).write_bytes(key)
    paste = environment / 'etc' / 'nova' / 'api-paste.ini'
    (directory / 'nova-api-paste.ini').write_text(paste.read_text())


def database(state: pathlib.Path, name: str) -> pathlib.Path:
    """Name the file of a service's database."""
    return state / 'db' / f'{name}.sqlite'


def _database(state: pathlib.Path, name: str) -> dict[str, object]:
    return {
        # SQLite waits this many seconds for another writer. Without the second
        # setting, a connection keeps 128 statements prepared, but services
        # have several hundred. The plugin is in
        # tests/cloud/services/sqlite_transactions.py.
        'connection': f'sqlite:///{database(state, name)}?timeout=60'
        '&cached_statements=1000&plugin=keep-connections',
        # Nothing needs to survive a crash of the machine.
        'sqlite_synchronous': False,
    }


def _identity(state: pathlib.Path) -> Settings:
    return {
        'DEFAULT': {},
        'database': _database(state, 'keystone'),
        # Each command has a new token, which each service validates.
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory_pickle'},
        # The lowest value, as passwords are random and made for one cloud.
        'identity': {'password_hash_rounds': 4},
        'token': {'expiration': 24 * 60 * 60},
        'fernet_tokens': {'key_repository': state / 'fernet-keys'},
        'fernet_receipts': {'key_repository': state / 'fernet-keys'},
    }


def _image(
    state: pathlib.Path,
    environment: pathlib.Path,
    middleware: dict[str, object],
) -> Settings:
    return {
        'DEFAULT': {
            'enabled_backends': 'files:file',
            'node_staging_uri': f'file://{state}/images/staging',
        },
        'database': _database(state, 'glance'),
        'glance_store': {'default_backend': 'files'},
        'files': {'filesystem_store_datadir': state / 'images'},
        'os_glance_staging_store': {
            'filesystem_store_datadir': state / 'images' / 'staging'
        },
        'os_glance_tasks_store': {
            'filesystem_store_datadir': state / 'images' / 'tasks'
        },
        'keystone_authtoken': {**middleware, 'service_type': 'image'},
        'paste_deploy': {
            'flavor': 'keystone',
            'config_file': environment
            / 'etc'
            / 'glance'
            / 'glance-api-paste.ini',
        },
    }


def _network(
    state: pathlib.Path,
    environment: pathlib.Path,
    middleware: dict[str, object],
) -> Settings:
    return {
        'DEFAULT': {
            'core_plugin': 'ml2',
            'service_plugins': 'router,trunk,port_forwarding,qos',
            'transport_url': 'fake:///',
            'api_paste_config': environment
            / 'etc'
            / 'neutron'
            / 'api-paste.ini',
            'state_path': state / 'neutron',
            # With the default, ports have no DNS names.
            'dns_domain': 'cloud.example.',
            # There is no agent to answer.
            'dhcp_agent_notification': False,
            # A port that is deleted or changed behind Nova's back must stay in
            # Nova's network info cache.
            'notify_nova_on_port_status_changes': False,
            'notify_nova_on_port_data_changes': False,
            'rpc_workers': 0,
            # No router is distributed, and Neutron would look for one whenever
            # a port changes.
            'enable_dvr': False,
            # Each host's agent reports once, when Neutron starts.
            'agent_down_time': AGENT_DOWN_TIME,
        },
        'database': _database(state, 'neutron'),
        'keystone_authtoken': {**middleware, 'service_type': 'network'},
        'oslo_concurrency': {'lock_path': state / 'lock'},
        # Nothing is limited, and so nothing is counted.
        'quotas': {
            'quota_driver': 'neutron.db.quota.driver_null.DbQuotaDriverNull'
        },
        'ml2': {
            'type_drivers': 'vxlan,flat',
            'tenant_network_types': 'vxlan',
            'mechanism_drivers': 'embedded',
            'extension_drivers': 'port_security,qos,dns',
        },
        'ml2_type_vxlan': {'vni_ranges': '1:10000'},
        'ml2_type_flat': {'flat_networks': '*'},
        'securitygroup': {'enable_security_group': True},
    }


def _add_ovn(settings: Settings, below: ovn.Ovn) -> None:
    """Let OVN do what the mechanism driver of our own does."""
    settings['DEFAULT'] |= {
        'service_plugins': 'ovn-router,trunk,port_forwarding,qos',
        # Of the hash ring, which knows the processes of a host.
        'host': 'controller',
        'agent_down_time': OVN_DOWN_TIME,
    }
    settings['ml2'] |= {
        'type_drivers': 'geneve,flat,vlan,local',
        'tenant_network_types': 'geneve',
        'mechanism_drivers': 'ovn',
        'overlay_ip_version': 4,
    }
    settings['ml2_type_geneve'] = {
        'vni_ranges': '1:65536',
        # What OVN adds to each packet.
        'max_header_size': 38,
    }
    settings['ml2_type_vlan'] = {
        'network_vlan_ranges': f'{ovn.PHYSICAL_NETWORK}:100:199'
    }
    settings['ovn'] = {
        'ovn_nb_connection': below.northbound,
        'ovn_sb_connection': below.southbound,
        # There is nothing to repair in new databases.
        'neutron_sync_mode': 'off',
        'ovn_metadata_enabled': False,
        'ovsdb_connection_timeout': 30,
        'ovsdb_retry_max_interval': 2,
    }


def _placement(state: pathlib.Path, middleware: dict[str, object]) -> Settings:
    return {
        'DEFAULT': {},
        'placement_database': {
            **_database(state, 'placement'),
            'sync_on_startup': True,
        },
        'keystone_authtoken': {**middleware, 'service_type': 'placement'},
    }


def _compute(
    state: pathlib.Path,
    middleware: dict[str, object],
    service_user: dict[str, object],
) -> Settings:
    return {
        'DEFAULT': {
            # tests/cloud/services/compute_driver.py
            'compute_driver': 'embedded.Driver',
            'host': 'controller',
            'my_ip': '127.0.0.1',
            'state_path': state / 'nova',
            'transport_url': 'fake:///',
            # An attach may wait while two cores build sixty servers.
            'rpc_response_timeout': 300,
            # Neutron sends no events here.
            'vif_plugging_timeout': 0,
            'vif_plugging_is_fatal': False,
            'shelved_offload_time': 0,
            # Eight hosts share a process with everything else, and nothing
            # changes behind their back.
            'report_interval': 60,
            'service_down_time': 600,
            'sync_power_state_interval': -1,
            # Tests change Nova's network info cache, which releases before
            # 2025.1 would heal every minute.
            'heal_instance_info_cache_interval': -1,
            'update_resources_interval': 3600,
        },
        # Nova would validate its own responses, which are not tested here.
        'api': {'auth_strategy': 'keystone', 'response_validation': 'ignore'},
        'api_database': _database(state, 'nova-api'),
        'database': _database(state, 'nova-cell1'),
        'keystone_authtoken': {**middleware, 'service_type': 'compute'},
        # A member may not delete a port of a server, but Nova may do so on its
        # behalf. Neutron recognizes Nova by this token.
        'service_user': {**service_user, 'send_service_user_token': True},
        'neutron': service_user,
        'placement': service_user,
        'glance': {'region_name': 'RegionOne'},
        'oslo_concurrency': {'lock_path': state / 'lock'},
        'quota': {
            resource: -1
            for resource in (
                'instances',
                'cores',
                'ram',
                'key_pairs',
                'metadata_items',
                'server_groups',
                'server_group_members',
            )
        },
        # A live migration would wait five minutes for an event from Neutron.
        'compute': {'live_migration_wait_for_vif_plug': False},
        'vnc': {'enabled': False},
        'filter_scheduler': {'track_instance_changes': False},
    }
