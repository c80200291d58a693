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

import itertools

import testtools

from osc_port_iface.interfaces.health import snapshot


class TestHostGroups(testtools.TestCase):
    def test_each_two_hosts_are_apart(self) -> None:
        for count in (1, 2, 3, 8, 31, 100, 129):
            with self.subTest(count):
                hosts = [f'compute-{number}' for number in range(count)]
                groups = [set(g) for g in snapshot.host_groups(hosts)]
                for active, other in itertools.permutations(hosts, 2):
                    self.assertTrue(
                        any(
                            other in group and active not in group
                            for group in groups
                        ),
                        f'{active} {other}',
                    )

    def test_few_requests(self) -> None:
        for hosts, count in ((1, 2), (2, 3), (8, 6), (100, 20), (500, 45)):
            with self.subTest(hosts=hosts):
                groups = snapshot.host_groups(map(str, range(hosts)))
                self.assertEqual(count, len(groups))
