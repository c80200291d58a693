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
from unittest import mock

import testtools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import safeguards
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import fake_network
from tests.unit.interfaces import samples

Action = plans.Action
Code = codes.Code

PORT = samples.port(11, '10.0.0.5', status='DOWN', seconds_unchanged=7200.0)
SERVER = samples.server(PORT)
OTHER = fake_cloud.identifier(2)


class SafeguardsTestCase(testtools.TestCase):
    def objection(
        self,
        action: Action,
        code: Code = Code.PORT_DOWN,
        port: records.Port | None = PORT,
        server: records.Server = SERVER,
        planned: records.Port | None = PORT,
        planned_server: records.Server | None = SERVER,
        trunk: records.Trunk | None = None,
        services: tuple[str, ...] = (),
        named: tuple[str, ...] = (),
        is_begun: bool = False,
        bindings: tuple[records.PortBinding, ...] = (),
    ) -> str | None:
        """Return what speaks against a repair, as everything is now."""
        network = fake_network.fake_network()
        network.port_bindings.return_value = records.Answer(list(bindings))
        network.way('trunks').return_value = records.Answer(
            [trunk] if trunk else []
        )
        nova = mock.create_autospec(compute.ComputeApi, instance=True)
        nova.server.return_value = server
        finding = findings.Finding(
            code,
            SERVER.id,
            PORT.id,
            PORT.mac_address,
            'good',
            'bad',
            stale_hosts=('compute-3',),
            server=planned_server,
            port=planned,
        )
        cloud = mock.Mock(
            spec=api_cloud.Cloud,
            sharing_regions=[],
            network=network,
            compute=nova,
            load_balancer=mock.Mock(
                list=mock.Mock(side_effect=errors.NotInCatalog)
            ),
        )
        cloud.has.side_effect = services.__contains__
        repair = plans.Repair((finding,), action)
        return safeguards.objection(cloud, repair, port, named, is_begun)

    def changed(self, **changes: Any) -> records.Port:
        """Return the port, as it is now."""
        return dataclasses.replace(PORT, **changes)


class TestObjection(SafeguardsTestCase):
    def test_none(self) -> None:
        for action in (
            Action.DELETE,
            Action.RELEASE,
            Action.BOUNCE,
            Action.BIND,
        ):
            with self.subTest(action):
                self.assertIsNone(self.objection(action))

    def test_port_that_no_longer_exists(self) -> None:
        for action in (
            Action.DELETE,
            Action.RELEASE,
            Action.BOUNCE,
            Action.BIND,
            Action.DELETE_BINDING,
        ):
            with self.subTest(action):
                self.assertEqual(
                    'it no longer exists', self.objection(action, port=None)
                )

    def test_what_was_not_known(self) -> None:
        """No plan has it, but nothing would be sent."""
        for action in (Action.DELETE, Action.RELEASE, Action.BOUNCE):
            with self.subTest(action):
                self.assertEqual(
                    'it no longer exists', self.objection(action, planned=None)
                )
        for action in (Action.BIND, Action.DELETE_BINDING):
            with self.subTest(action):
                self.assertEqual(
                    'its server is not known',
                    self.objection(action, planned_server=None),
                )

    def test_another_device(self) -> None:
        for action in (
            Action.RELEASE,
            Action.BOUNCE,
            Action.BIND,
            Action.DELETE_BINDING,
        ):
            for changes in (
                {'device_id': OTHER},
                {'device_id': None},
                {'device_owner': 'network:dhcp'},
                {'device_owner': None},
            ):
                with self.subTest(f'{action}, {changes}'):
                    self.assertEqual(
                        'it has another device now',
                        self.objection(action, port=self.changed(**changes)),
                    )

    def test_deletion(self) -> None:
        trunk = records.Trunk(OTHER, PORT.id)
        used = f'it is a part of trunk {OTHER}'
        unowned = self.changed(device_id=None, device_owner=None)
        for name, arguments, expected in (
            ('nothing has changed', {}, None),
            (
                'cleared by somebody',
                {'port': unowned},
                'it has another device now',
            ),
            ('cleared by a member', {'port': unowned, 'is_begun': True}, None),
            (
                'another device',
                {'port': self.changed(device_id=OTHER), 'is_begun': True},
                'it has another device now',
            ),
            ('used', {'trunk': trunk}, used),
            ('used and named', {'trunk': trunk, 'named': (PORT.id,)}, used),
            ('its device is gone', {'services': ('dns',)}, None),
            (
                'its device is gone, and cleared by a member',
                {'services': ('dns',), 'port': unowned, 'is_begun': True},
                None,
            ),
            (
                'unknown, but named',
                {
                    'services': ('dns',),
                    'port': unowned,
                    'planned': unowned,
                    'named': (PORT.id,),
                },
                None,
            ),
            (
                'unknown',
                {
                    'services': ('dns',),
                    'port': unowned,
                    'planned': unowned,
                    'named': (OTHER,),
                },
                'a service that cannot be asked may use it (dns): name the '
                'port with --port',
            ),
        ):
            with self.subTest(name):
                values: dict[str, Any] = arguments
                self.assertEqual(
                    expected, self.objection(Action.DELETE, **values)
                )

    def test_release(self) -> None:
        for code, status, expected in (
            (Code.NOT_ATTACHED, 'DOWN', None),
            (
                Code.NOT_ATTACHED,
                'ACTIVE',
                'something is plugged in: its status is ACTIVE',
            ),
            (
                Code.NOT_ATTACHED,
                None,
                'something is plugged in: its status is unknown',
            ),
            # Its server is gone, and so is what was plugged in.
            (Code.ORPHAN_PORT, 'DOWN', None),
        ):
            with self.subTest(f'{code}, {status}'):
                self.assertEqual(
                    expected,
                    self.objection(
                        Action.RELEASE, code, self.changed(status=status)
                    ),
                )

    def test_release_of_what_may_be_in_use_now(self) -> None:
        of_kuryr = self.changed(device_id='pod-1')
        for status, named, expected in (
            ('DOWN', (), None),
            (
                'ACTIVE',
                (),
                'something may be plugged in, as it is ACTIVE: name the port '
                'with --port',
            ),
            ('ACTIVE', (PORT.id,), None),
        ):
            with self.subTest(status, named=named):
                self.assertEqual(
                    expected,
                    self.objection(
                        Action.RELEASE,
                        Code.HALF_RELEASED,
                        dataclasses.replace(of_kuryr, status=status),
                        planned=of_kuryr,
                        named=named,
                    ),
                )

    def test_bounce(self) -> None:
        for changes, expected in (
            ({}, None),
            ({'status': 'BUILD'}, None),
            ({'status': 'ACTIVE'}, 'its status is ACTIVE'),
            ({'status': None}, 'its status is unknown'),
            ({'admin_state_up': False}, 'it is not enabled'),
            ({'admin_state_up': None}, 'it is not enabled'),
        ):
            with self.subTest(str(changes)):
                values: dict[str, Any] = changes
                self.assertEqual(
                    expected,
                    self.objection(Action.BOUNCE, port=self.changed(**values)),
                )

    def test_server_that_no_release_and_no_bounce_needs(self) -> None:
        """It may be gone, or have moved."""
        moved = dataclasses.replace(SERVER, host='compute-2')
        for action in (Action.RELEASE, Action.BOUNCE):
            with self.subTest(action):
                self.assertIsNone(self.objection(action, server=moved))
                self.assertIsNone(self.objection(action, planned_server=None))

    def test_bounce_that_a_run_left_half_way(self) -> None:
        left = self.changed(admin_state_up=False, tags=(records.BOUNCE_TAG,))
        self.assertIsNone(
            self.objection(Action.BOUNCE, port=left, planned=left)
        )
        for name, planned, port in (
            ('left since the plan', PORT, left),
            ('no longer', left, self.changed(admin_state_up=False)),
        ):
            with self.subTest(name):
                self.assertEqual(
                    'it is not enabled',
                    self.objection(Action.BOUNCE, port=port, planned=planned),
                )

    def test_new_binding(self) -> None:
        moving = 'the server is about to move'
        for name, arguments, expected in (
            (
                'task',
                {'server': dataclasses.replace(SERVER, task_state='x')},
                moving,
            ),
            (
                'migrating',
                {'server': dataclasses.replace(SERVER, status='MIGRATING')},
                moving,
            ),
            (
                'port with a destination',
                {'port': self.changed(migrating_to='compute-2')},
                moving,
            ),
            (
                'moved',
                {'server': dataclasses.replace(SERVER, host='compute-2')},
                'the server is on another host now',
            ),
            (
                'host not shown',
                {'server': dataclasses.replace(SERVER, host=None)},
                'the server is on another host now',
            ),
            (
                'bound',
                {'port': self.changed(host='compute-2')},
                'it is bound to another host now',
            ),
        ):
            for action in (Action.BIND, Action.DELETE_BINDING):
                with self.subTest(f'{name}, {action}'):
                    values: dict[str, Any] = arguments
                    self.assertEqual(
                        expected, self.objection(action, **values)
                    )

    def test_second_binding(self) -> None:
        host = SERVER.host or ''
        may_run = (
            'after a live migration that failed, the guest may run on '
            f'{PORT.host} and not on {host}, where the port is bound as well'
        )
        used = 'a binding to delete is in use now'
        for action, bindings, expected in (
            (
                Action.BIND,
                {'compute-9': 'INACTIVE', host: 'INACTIVE'},
                may_run,
            ),
            (Action.BIND, {'compute-9': 'INACTIVE', host: 'ACTIVE'}, None),
            (
                Action.DELETE_BINDING,
                {'compute-1': 'ACTIVE', 'compute-3': 'INACTIVE'},
                None,
            ),
            (
                Action.DELETE_BINDING,
                {'compute-1': 'INACTIVE', 'compute-3': 'ACTIVE'},
                used,
            ),
            (Action.DELETE_BINDING, {'compute-1': 'ACTIVE'}, used),
            (Action.DELETE_BINDING, {}, used),
        ):
            with self.subTest(f'{action}, {bindings}'):
                rows = tuple(
                    records.PortBinding(*row) for row in bindings.items()
                )
                self.assertEqual(
                    expected, self.objection(action, bindings=rows)
                )
