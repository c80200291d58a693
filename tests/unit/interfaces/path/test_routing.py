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

"""Ways that only some clouds have, and what may be beyond them."""

from osc_port_iface.interfaces.path import steps
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces.path import test_reach

ALLOWED, BLOCKED, UNKNOWN = steps.Verdict

FRONT, BACK, EDGE = test_reach.FRONT, test_reach.BACK, test_reach.EDGE


class TestPhysicalNetwork(test_reach.WorldTestCase):
    def test_network_that_may_be_a_physical_one(self) -> None:
        """A router outside may know the way, unless it is a tunnel."""
        for number in (22, 24):
            del self.world.ports[fake_cloud.identifier(number)]
        beyond = 'a router beyond network public would have to know the way'
        not_joined = 'no router joins networks front and back'
        for kind, is_shared, mtu, verdict, reason in (
            (None, False, 1450, BLOCKED, not_joined),
            (None, False, 1500, UNKNOWN, beyond),
            (None, True, 1450, UNKNOWN, beyond),
            ('vlan', False, 1500, UNKNOWN, beyond),
            ('vlan', True, 1500, UNKNOWN, beyond),
            ('geneve', True, 1500, BLOCKED, not_joined),
        ):
            segments = (records.Segment(kind),) if kind else ()
            with self.subTest(kind=kind, is_shared=is_shared, mtu=mtu):
                self.world.change(
                    BACK, segments=segments, is_shared=is_shared, mtu=mtu
                )
                self.assert_path(verdict, reason, '10.0.0.5', '10.0.1.5')
        # Without a gateway, nothing gets to a router outside.
        self.world.change(EDGE, gateways=())
        self.world.change(BACK, segments=(), is_shared=False, mtu=1500)
        reason = 'router edge has no gateway'
        self.assert_blocked(reason, '10.0.0.5', '10.0.1.5')
