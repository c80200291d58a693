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

from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.interfaces.selecting import hosts
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records
from tests.unit.interfaces import fake_network


class TestCheck(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.network = fake_network.fake_network()
        self.cloud = mock.create_autospec(
            api_cloud.Cloud,
            instance=True,
            compute=mock.Mock(),
            network=self.network,
        )
        self.bound = self.network.way('ports', 'bound_host')

    def register(self, *known: str) -> None:
        self.cloud.compute.compute_services.return_value = records.Answer(
            [records.ComputeService(host, True) for host in known]
        )

    def test_known(self) -> None:
        for known in (
            ['c1', 'c2'],
            # PostgreSQL tells them apart.
            ['c1', 'C1'],
            # Without a domain, it may be the exact name of another.
            ['c1', 'c1.example.org'],
            # One service each, in two cells.
            ['c1', 'c1'],
        ):
            with self.subTest(known=known):
                self.register(*known)
                hosts.check(self.cloud, 'c1')
        self.bound.assert_not_called()

    def test_host_of_ports_only(self) -> None:
        self.register('c1')
        self.bound.return_value = records.Answer(
            [records.Port('p', 'n', None, ())]
        )
        hosts.check(self.cloud, 'network-1')
        self.bound.assert_called_once_with(['network-1'])

    def test_unknown(self) -> None:
        for name, known, suggestion in (
            ('c1', [], ''),
            ('c1', ['storage'], ''),
            ('comptue-1', ['compute-1', 'x'], " Did you mean 'compute-1'?"),
            ('C1', ['c1', 'c2'], " Did you mean 'c1'?"),
            (
                'c1',
                ['c1.example.org', 'c2.example.org'],
                " Did you mean 'c1.example.org'?",
            ),
            (
                'c1',
                ['c1.b.example.org', 'c1.a.example.org'],
                " Did you mean 'c1.a.example.org' or 'c1.b.example.org'?",
            ),
        ):
            with self.subTest(name=name, known=known):
                self.register(*known)
                error = self.assertRaises(
                    names.NoSuchName, hosts.check, self.cloud, name
                )
                self.assertEqual(
                    f"No compute host has the name '{name}'.{suggestion}",
                    str(error),
                )

    def test_what_cannot_be_known_is_an_error(self) -> None:
        self.register()
        self.bound.side_effect = errors.Unreachable('no answer')
        self.assertRaises(errors.Unreachable, hosts.check, self.cloud, 'c1')
        self.cloud.compute.compute_services.side_effect = errors.Forbidden('')
        self.assertRaises(errors.Forbidden, hosts.check, self.cloud, 'c1')
