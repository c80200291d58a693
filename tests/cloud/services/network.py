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
from sqlalchemy import orm

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
    load_by_selectin()
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


def load_by_selectin() -> None:
    """Load the hints, trust and offload type of a port as the rest of it.

    SQLAlchemy cannot cache the subqueries by which Neutron loads these three,
    and making them again and again takes an eighth to a fifth of Neutron's CPU
    time. It has no public way to choose how the other end of a relationship is
    loaded, which is what they are.
    """
    orm.configure_mappers()
    for relationship in orm.class_mapper(models_v2.Port).relationships:
        if relationship.lazy == 'subquery':
            relationship.lazy = 'selectin'
            relationship.strategy_key = (('lazy', 'selectin'),)
            relationship.strategy = relationship._get_strategy(
                relationship.strategy_key
            )


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
