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

from tests.cloud import demo
from tests.cloud import embedded


class TestDownCommand(testtools.TestCase):
    def test_each_cloud_is_named(self) -> None:
        for release, network, expected in (
            ('newest', 'plain', 'make down'),
            ('2025.1', 'plain', 'make down RELEASE=2025.1'),
            ('newest', 'ovn', 'make down NETWORK=ovn'),
        ):
            cloud = embedded.Cloud(release, network)
            self.assertEqual(expected, demo.down_command(cloud))
