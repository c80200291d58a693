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

import dataclasses
from typing import Any

import testtools

from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import judge
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

TRUNK_ID = fake_cloud.identifier(500)
WITH_TRUNK = samples.port(11, '10.0.0.5', trunk_id=TRUNK_ID)
TWIN = samples.port(12, '10.0.0.6', mac_address=WITH_TRUNK.mac_address)
UNBOUND = samples.port(13, '10.0.0.7', vif_type='unbound', host=None)
CLAIMING = samples.port(
    14, '10.0.0.8', address_pairs=(records.AddressPair('10.0.0.99', None),)
)
OF_ANOTHER = samples.port(15, '10.0.0.99', device=2)

# Something of each kind is wrong with it.
SERVER = samples.server(WITH_TRUNK, TWIN, UNBOUND)
PORTS = [WITH_TRUNK, TWIN, UNBOUND, CLAIMING]
FOUND = snapshots.Snapshot(
    [SERVER],
    frozenset(codes.Code),
    interfaces={SERVER.id: [port.as_interface() for port in PORTS]},
    ports=PORTS,
    all_ports={port.id: port for port in (*PORTS, OF_ANOTHER)},
    floating_ips=[samples.floating_ip('203.0.113.5', 11, '10.0.0.5')],
    trunks=[records.Trunk(TRUNK_ID, WITH_TRUNK.id, 'DOWN', True, ())],
    bindings={
        WITH_TRUNK.id: [
            records.PortBinding(samples.HOST, 'ACTIVE'),
            records.PortBinding(samples.OTHER_HOST, 'INACTIVE'),
        ]
    },
)


class TestJudge(testtools.TestCase):
    def found(self, **changes: Any) -> set[str]:
        server = dataclasses.replace(SERVER, **changes)
        snapshot = dataclasses.replace(FOUND, servers=[server])
        return {row.code.value for row in judge.judge(snapshot)}

    def test_one_of_each_kind(self) -> None:
        self.assertEqual(
            {
                'address-claimed',
                'duplicate-mac',
                'floating-ip-differs',
                'missing-from-cache',
                'stale-binding',
                'trunk-degraded',
                'unbound',
            },
            self.found(),
        )

    def test_server_that_cannot_be_judged_now(self) -> None:
        for status in ('BUILD', 'UNKNOWN', 'DELETED'):
            with self.subTest(status):
                self.assertEqual(set(), self.found(status=status))
        for task in ('deleting', 'migrating', 'rebooting_hard'):
            with self.subTest(task):
                self.assertEqual(set(), self.found(task_state=task))
