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

"""Neutron: ``python -m tests.cloud.services.network <state directory>``"""

import os
import sys

from neutron.db.migration.models import head
from neutron.db import models_v2
from neutron import policy
from neutron_lib import constants
from neutron_lib import context
from neutron_lib.db import api as database
from neutron_lib.plugins import directory
from sqlalchemy import event
from sqlalchemy import orm
from sqlalchemy import sql

from tests.cloud import networks
from tests.cloud.services import ovn_hash_ring
from tests.cloud.services import policies
from tests.cloud.services import release_differences
from tests.cloud.services import serving
from tests.cloud.services import sqlite_transactions
from tests.cloud.services import starting


# It needs more CPU time than all other services together, and one process
# uses one core.
PROCESSES = 2

CLOUD = starting.read_cloud()
DIFFERENCES = release_differences.DIFFERENCES[CLOUD.release]


def application() -> object:
    """Make the tables, which the plugins read while they load, and load it."""
    head.get_metadata().create_all(database.get_writer_session().get_bind())
    load_less()
    if CLOUD.network == networks.OVN:
        ovn_hash_ring.install()
    served = DIFFERENCES.neutron_application()
    if CLOUD.network == networks.PLAIN:
        register_agents()
    # Otherwise the first requests do it, several at the same time.
    policy.init()
    # A connection cannot be used by two processes.
    database.get_context_manager().dispose_pool()
    return served


def load_less() -> None:
    """Let each query for ports or networks load less, and less often.

    SQLAlchemy cannot cache the subqueries by which Neutron loads the hints,
    trust and offload type of ports, among others, and makes them again and
    again, which takes an eighth to a fifth of Neutron's CPU time. Of the
    subnets of a network, Neutron loads all that they refer to, but shows only
    their IDs, which takes a third of the time of such a request.
    """
    options = {
        models_v2.Port: [
            (orm.selectinload if relationship.uselist else orm.joinedload)(
                getattr(models_v2.Port, relationship.key)
            )
            for relationship in orm.class_mapper(models_v2.Port).relationships
            if relationship.lazy == 'subquery'
        ],
        models_v2.Network: [
            orm.selectinload(models_v2.Network.subnets).lazyload('*')
        ],
    }

    def add_options(execution: orm.ORMExecuteState) -> None:
        statement = execution.statement
        if isinstance(statement, sql.Select):
            for column in statement.column_descriptions:
                statement = statement.options(*options.get(column['expr'], ()))
            execution.statement = statement

    event.listen(orm.Session, 'do_orm_execute', add_options)


def register_agents() -> None:
    """Send one report of an agent on each compute host."""
    for host in CLOUD.hosts:
        directory.get_plugin().create_or_update_agent(
            context.get_admin_context(),
            {
                'agent_type': constants.AGENT_TYPE_OVS,
                'binary': constants.AGENT_PROCESS_OVS,
                'host': host,
                'topic': constants.L2_AGENT_TOPIC,
            },
        )


def main() -> None:
    os.environ['OS_NEUTRON_CONFIG_DIR'] = str(CLOUD.configuration)
    os.environ['OS_NEUTRON_CONFIG_FILES'] = 'neutron.conf'
    # The workers that listen to OVN's databases.
    os.environ['ASGI_WORKERS'] = '1'
    sys.argv[1:] = []
    policies.install()
    sqlite_transactions.install()
    serving.serve(
        DIFFERENCES.boot_neutron(application),
        CLOUD.ports['network'],
        CLOUD.log,
        'network',
        # OVN's connections do not survive a fork.
        PROCESSES if CLOUD.network == networks.PLAIN else 1,
    )


if __name__ == '__main__':
    main()
