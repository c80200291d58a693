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

"""Keystone: ``python -m tests.cloud.services.identity <state directory>``"""

import multiprocessing
import os
import sys
import types

from keystone.cmd import bootstrap
from keystone.common import sql
from keystone import server
from keystone.server import wsgi

from tests.cloud.services import policies
from tests.cloud.services import serving
from tests.cloud.services import sqlite_transactions
from tests.cloud.services import starting


def make_tables_and_administrator(cloud: types.SimpleNamespace) -> None:
    """Do the same as ``keystone-manage db_sync`` and ``bootstrap``."""
    server.configure(config_files=[str(cloud.configuration / 'keystone.conf')])
    # This loads the drivers, which load the models.
    bootstrapper = bootstrap.Bootstrapper()
    with sql.session_for_write() as session:
        sql.ModelBase.metadata.create_all(session.get_bind())
    bootstrapper.admin_username = 'admin'
    bootstrapper.admin_password = cloud.passwords['admin']
    bootstrapper.admin_role_name = 'admin'
    bootstrapper.project_name = 'admin'
    bootstrapper.region_id = 'RegionOne'
    bootstrapper.service_name = 'keystone'
    bootstrapper.public_url = cloud.endpoints['identity']
    bootstrapper.bootstrap()


def main() -> None:
    cloud = starting.read_cloud()
    os.environ['OS_KEYSTONE_CONFIG_DIR'] = str(cloud.configuration)
    sys.argv[1:] = []
    policies.install()
    sqlite_transactions.install()
    # In a child process, because the application will load the configuration
    # and the managers, which is possible only once.
    child = multiprocessing.get_context('fork').Process(
        target=make_tables_and_administrator, args=(cloud,)
    )
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(child.exitcode)
    serving.serve(
        wsgi.initialize_public_application(),
        cloud.ports['identity'],
        cloud.log,
        'identity',
    )


if __name__ == '__main__':
    main()
