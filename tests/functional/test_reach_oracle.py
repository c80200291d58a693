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

"""Compares what ``reach`` prints with what OVN does."""

import itertools
import json

from tests.cloud import api
from tests.cloud import embedded
from tests.cloud import networks
from tests.functional import base
from tests.oracle import comparison
from tests.oracle import packets
from tests.oracle import topology

# Of the servers of a topology; ``make test-reach`` compares all, and more.
SERVERS = 3


class TestOracle(base.FunctionalTestCase):
    made: topology.Topology

    @classmethod
    def setUpClass(cls) -> None:
        if embedded.Cloud().network != networks.OVN:
            raise cls.skipException('needs OVN')
        super().setUpClass()

    @classmethod
    def make_resources(cls) -> None:
        users = [
            api.Api(user, cls.cloud) for user in (cls.user, 'other', 'admin')
        ]
        cls.made = topology.Topology(1, 0, users)
        cls.enterClassContext(cls.made)

    def test_pairs(self) -> None:
        """Each path between some servers of a random topology is right."""
        guests = packets.Guests(self.cloud)
        found = comparison.Comparison()
        ssh = packets.Packet(packets.TCP, 22)
        for source, destination in itertools.permutations(
            self.made.servers[:SERVERS], 2
        ):
            result = self.openstack(
                'server',
                'interface',
                'reach',
                source['id'],
                destination['id'],
                '--port',
                str(ssh.port),
                '--long',
                '-f',
                'json',
                user='admin',
            )
            rows = json.loads(result.stdout)
            found.add(
                guests,
                'admin',
                (comparison.from_row(row, ssh) for row in rows),
                send=True,
            )
        self.assertEqual([], found.disagreements)
        self.assertGreater(len(found.pairs), 24)
