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

from osc_port_iface.interfaces.health import ports
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

TRUNK_ID = fake_cloud.identifier(500)
PARENT = samples.port(11, '10.0.0.5', trunk_id=TRUNK_ID)
SUBPORT = samples.port(
    12, '10.0.1.5', device=None, device_owner='trunk:subport'
)
TRUNK = records.Trunk(
    TRUNK_ID,
    PARENT.id,
    'ACTIVE',
    True,
    (records.Subport(SUBPORT.id, 'vlan', 101),),
)


class TestTrunks(testtools.TestCase):
    def judge(
        self,
        trunk: dict[str, Any] | None = None,
        subport: dict[str, Any] | None = None,
        server: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
    ) -> list[tuple[str, str | None, str, str]]:
        changed = dataclasses.replace(SUBPORT, **subport or {})
        return [
            (row.code.value, row.port_id, row.expected, row.actual)
            for row in ports.judge_trunks(
                samples.server(PARENT, **server or {}),
                [dataclasses.replace(PARENT, **parent or {})],
                {PARENT.id: dataclasses.replace(TRUNK, **trunk or {})},
                {changed.id: changed},
            )
        ]

    def test_one_fault(self) -> None:
        self.assertEqual([], self.judge())
        self.assertEqual(
            [
                (
                    'trunk-degraded',
                    PARENT.id,
                    'trunk ACTIVE',
                    'trunk DEGRADED',
                )
            ],
            self.judge(trunk={'status': 'DEGRADED'}),
        )
        self.assertEqual(
            [('subport-down', SUBPORT.id, 'ACTIVE', 'DOWN')],
            self.judge(subport={'status': 'DOWN'}),
        )
        self.assertEqual(
            [
                (
                    'subport-host-differs',
                    SUBPORT.id,
                    samples.HOST,
                    samples.OTHER_HOST,
                )
            ],
            self.judge(subport={'status': 'DOWN', 'host': samples.OTHER_HOST}),
        )

    def test_what_is_right(self) -> None:
        for name, changes in (
            ('disabled trunk', {'trunk': {'admin_state_up': False}}),
            ('disabled parent', {'parent': {'admin_state_up': False}}),
            ('server off', {'server': {'status': 'SHUTOFF'}}),
        ):
            with self.subTest(name):
                found = self.judge(
                    **{'trunk': {'status': 'DOWN'}, **changes}
                    if 'trunk' not in changes
                    else {'trunk': {'status': 'DOWN', **changes['trunk']}}
                )
                self.assertEqual([], found)
        with self.subTest('disabled subport'):
            self.assertEqual(
                [],
                self.judge(
                    subport={'status': 'DOWN', 'admin_state_up': False}
                ),
            )
        with self.subTest('hidden binding'):
            self.assertEqual(
                [],
                self.judge(
                    subport={'host': samples.OTHER_HOST, 'vif_type': None}
                ),
            )

    def test_subport_that_is_not_shown(self) -> None:
        self.assertEqual(
            [],
            [
                *ports.judge_trunks(
                    samples.server(PARENT), [PARENT], {PARENT.id: TRUNK}, {}
                )
            ],
        )


class TestBindings(testtools.TestCase):
    def stale(self, statuses: dict[str, str], **changes: Any) -> list[str]:
        port = samples.port(11, '10.0.0.5', **changes.pop('port', {}))
        return [
            row.actual
            for row in ports.judge_bindings(
                samples.server(port, **changes),
                [port],
                {
                    port.id: [
                        records.PortBinding(*item) for item in statuses.items()
                    ]
                },
            )
        ]

    def test_left_over(self) -> None:
        self.assertEqual([], self.stale({samples.HOST: 'ACTIVE'}))
        two = {samples.HOST: 'ACTIVE', 'compute-9': 'INACTIVE'}
        self.assertEqual(['also to compute-9'], self.stale(two))
        three = {**two, 'compute-8': 'INACTIVE'}
        self.assertEqual(['also to compute-8,compute-9'], self.stale(three))

    def test_where_the_server_is(self) -> None:
        """The port is bound to another host, which is another finding."""
        here = {'compute-9': 'ACTIVE', samples.HOST: 'INACTIVE'}
        self.assertEqual([], self.stale(here, port={'host': 'compute-9'}))

    def test_under_migration(self) -> None:
        two = {samples.HOST: 'ACTIVE', 'compute-9': 'INACTIVE'}
        for changes in (
            {'status': 'MIGRATING'},
            {'status': 'VERIFY_RESIZE'},
            {'port': {'migrating_to': 'compute-9'}},
            {'port': {'vnic_type': 'baremetal'}},
        ):
            with self.subTest(**changes):
                self.assertEqual([], self.stale(two, **changes))
