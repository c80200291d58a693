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

import testtools

from osc_port_iface.interfaces.waiting import targets
from osc_port_iface import records
from tests.unit import fake_cloud


class TestTarget(testtools.TestCase):
    def test_matches(self) -> None:
        interface = records.Interface(
            'fa:16:3e:00:00:0b',
            (),
            port_id=fake_cloud.identifier(11),
            network_id=fake_cloud.identifier(700),
        )
        for attribute in ('port_id', 'mac_address', 'network_id'):
            with self.subTest(attribute):
                value = getattr(interface, attribute)
                target = targets.Target(attribute, value, value)
                self.assertTrue(target.matches(interface))
                other = targets.Target(attribute, 'another', 'another')
                self.assertFalse(other.matches(interface))
