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

"""Glance: ``python -m tests.cloud.services.image <state directory>``"""

import os
import sys

from glance.common import wsgi_app
from glance.db.sqlalchemy import api as database
from glance.db.sqlalchemy import models

from tests.cloud.services import policies
from tests.cloud.services import serving
from tests.cloud.services import sqlite_transactions
from tests.cloud.services import starting


def main() -> None:
    cloud = starting.read_cloud()
    os.environ['OS_GLANCE_CONFIG_DIR'] = str(cloud.configuration)
    sys.argv[1:] = []
    policies.install()
    sqlite_transactions.install()
    # Glance 2024.1 fails if one of its other configuration files is missing.
    wsgi_app.CONFIG_FILES = ['glance-api.conf']
    application = wsgi_app.init_app()
    models.BASE.metadata.create_all(database.get_engine())
    serving.serve(application, cloud.ports['image'], cloud.log, 'image')


if __name__ == '__main__':
    main()
