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

"""Nova and Placement: ``python -m tests.cloud.services.compute <state>``

They share a process, because RPC uses oslo.messaging's fake exchange, which is
a class variable.
"""

import os
import sys
import threading
import time

from tests.cloud.services import release_differences
from tests.cloud.services import starting

CLOUD = starting.read_cloud()
DIFFERENCES = release_differences.DIFFERENCES[CLOUD.release]
DIFFERENCES.prepare_nova()

from nova.api.openstack import wsgi_app  # noqa: E402
from nova.cmd import manage  # noqa: E402
from nova.compute import rpcapi as compute_rpcapi  # noqa: E402
from nova.conductor import rpcapi as conductor_rpcapi  # noqa: E402
import nova.conf  # noqa: E402
from nova import context  # noqa: E402
from nova.db import migration  # noqa: E402
from nova import objects  # noqa: E402
from nova.objects import host_mapping  # noqa: E402
from nova.scheduler.client import report  # noqa: E402
from nova.scheduler import rpcapi as scheduler_rpcapi  # noqa: E402
from nova import service  # noqa: E402
import os_vif  # noqa: E402
from placement import wsgi as placement_wsgi  # noqa: E402

from tests.cloud.services import compute_driver  # noqa: E402
from tests.cloud.services import message_bus  # noqa: E402
from tests.cloud.services import policies  # noqa: E402
from tests.cloud.services import serving  # noqa: E402
from tests.cloud.services import sqlite_transactions  # noqa: E402


# Seconds between two checks for evacuated guests.
EVACUATION_INTERVAL = 2


def main() -> None:
    os.environ['OS_PLACEMENT_CONFIG_DIR'] = str(CLOUD.configuration)
    os.environ['OS_NOVA_CONFIG_DIR'] = str(CLOUD.configuration)
    os.environ['OS_NOVA_CONFIG_FILES'] = 'nova-api-paste.ini;nova.conf'
    sys.argv[1:] = []
    message_bus.install()
    policies.install()
    sqlite_transactions.install()
    serving.serve_in_thread(
        placement_wsgi.init_application(),
        CLOUD.ports['placement'],
        CLOUD.log,
        'placement',
    )
    # This parses the configuration, which is possible only once, so the tables
    # and cells must be made between this and the application.
    wsgi_app.init_global_data(
        [str(CLOUD.configuration / 'nova.conf')], *DIFFERENCES.nova_arguments()
    )
    make_cells()
    application = wsgi_app.init_application(*DIFFERENCES.nova_arguments())
    os_vif.initialize()
    # Only a driver that reshapes its providers uses these, and to read them,
    # each claim would send a request for every server on the host.
    report.SchedulerReportClient.get_allocations_for_provider_tree = (
        lambda _client, _context, _node: {}
    )
    # Nova loads drivers from this package only.
    sys.modules['nova.virt.embedded'] = compute_driver
    start('nova-conductor', conductor_rpcapi.RPC_TOPIC)
    start('nova-scheduler', scheduler_rpcapi.RPC_TOPIC)
    for host in CLOUD.hosts:
        start_compute(host)
    host_mapping.discover_hosts(context.get_admin_context())
    threading.Thread(target=clear_evacuated_hosts, daemon=True).start()
    serving.serve(application, CLOUD.ports['compute'], CLOUD.log, 'compute')


def make_cells() -> None:
    """Make the databases, with cell0 and one cell for all hosts."""
    connection = nova.conf.CONF.database.connection
    migration.db_sync(database='api')
    cells = manage.CellV2Commands()
    cells.map_cell0(connection.replace('nova-cell1', 'nova-cell0'))
    cells.create_cell('cell1', connection, 'fake:///')
    admin = context.get_admin_context()
    for cell in objects.CellMappingList.get_all(admin):
        with context.target_cell(admin, cell) as cell_context:
            migration.db_sync(database='main', context=cell_context)


def start(binary: str, topic: str, **names: str) -> None:
    """Start one of Nova's services in its own threads."""
    server = service.Service.create(binary=binary, topic=topic, **names)
    server.start()
    SERVERS.append(server)


def start_compute(host: str) -> None:
    """Start nova-compute as if on this host."""
    nova.conf.CONF.set_override('host', host)
    try:
        start(
            'nova-compute',
            compute_rpcapi.RPC_TOPIC,
            host=host,
            **DIFFERENCES.nova_compute_topics(),
        )
    finally:
        nova.conf.CONF.clear_override('host')


def clear_evacuated_hosts() -> None:
    """Make hosts drop the guests that were evacuated from them.

    nova-compute does this when it starts, and Nova does not let a host be
    forced up before.
    """
    admin = context.get_admin_context()
    (cell,) = (
        cell
        for cell in objects.CellMappingList.get_all(admin)
        if not cell.is_cell0()
    )
    evacuated = {'status': 'done', 'migration_type': 'evacuation'}
    while True:
        time.sleep(EVACUATION_INTERVAL)
        with context.target_cell(admin, cell) as cell_context:
            hosts = {
                migration.source_compute
                for migration in objects.MigrationList.get_by_filters(
                    cell_context, evacuated
                )
            }
            for server in SERVERS:
                if server.host in hosts and server.binary == 'nova-compute':
                    nodes = objects.ComputeNodeList.get_all_by_host(
                        cell_context, server.host
                    )
                    server.manager._destroy_evacuated_instances(
                        cell_context, {node.uuid: node for node in nodes}
                    )


SERVERS: list[service.Service] = []


if __name__ == '__main__':
    threading.current_thread().name = 'nova-api'
    main()
