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

from osc_port_iface.api import errors
from osc_port_iface.interfaces.listing import one_interface
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records
from tests.unit.api import api_test_case
from tests.unit import fake_cloud

SERVER = fake_cloud.identifier(1)
URL = f'{api_test_case.SERVERS_URL}/{SERVER}/os-interface'


class TestFind(api_test_case.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(11, '10.0.0.5', '2001:db8::5'),
            fake_cloud.attachment(12, '10.0.0.6'),
        )

    def find(
        self,
        interface: str | None,
        server: str = SERVER,
        details: bool = False,
    ) -> records.ServerInterface:
        (row,) = one_interface.find(
            self.api(), server, interface, details=details
        ).chosen
        return row

    def test_nic_index_takes_all_interfaces(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(
                1,
                'web',
                addresses={
                    'a': [fake_cloud.cached(12, '10.0.0.6')],
                    'b': [fake_cloud.cached(11, '10.0.0.5')],
                },
            )
        )
        for text in (fake_cloud.identifier(11), '10.0.0.5'):
            with self.subTest(text):
                self.cloud.reset_mock()
                found = self.find(text, 'web', details=True)
                self.assertEqual(1, found.nic_index)
                self.assertEqual(1, len(self.requested(URL)))

    def test_the_only_interface(self) -> None:
        self.cloud.register_network('ports')
        error = self.assertRaises(errors.ApiError, self.find, None)
        self.assertEqual(
            f'Server {SERVER} has 2 interfaces, give one: '
            f'{fake_cloud.identifier(11)} fa:16:3e:00:00:0b 10.0.0.5 '
            f'2001:db8::5; {fake_cloud.identifier(12)} fa:16:3e:00:00:0c '
            '10.0.0.6',
            str(error),
        )
        self.cloud.register_interfaces(SERVER, fake_cloud.attachment(12))
        self.assertEqual(fake_cloud.identifier(12), self.find(None).port_id)
        self.cloud.register_interfaces(
            SERVER, fake_cloud.attachment(12), {'port_id': 7}
        )
        self.assertRaises(errors.Malformed, self.find, None)
        self.cloud.register_interfaces(SERVER)
        error = self.assertRaises(errors.NotFound, self.find, None)
        self.assertEqual(f'Server {SERVER} has no interface', str(error))

    def test_by_tag_network_and_port_name(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(11, '10.0.0.5', tag='front'),
            fake_cloud.attachment(
                12, '10.0.0.6', net_id=fake_cloud.identifier(701)
            ),
        )
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, name='both'),
            fake_cloud.port(12, 1, name='replica'),
        )
        self.cloud.register_network(
            'networks',
            {'id': fake_cloud.identifier(700), 'name': 'frontend'},
            {'id': fake_cloud.identifier(701), 'name': 'both'},
        )
        for text, port in (
            ('front', 11),
            ('frontend', 11),
            (fake_cloud.identifier(700), 11),
            ('replica', 12),
        ):
            with self.subTest(text):
                self.assertEqual(
                    fake_cloud.identifier(port), self.find(text).port_id
                )
        error = self.assertRaises(errors.ApiError, self.find, 'both')
        self.assertEqual(
            "Several interfaces have 'both', use a port ID: "
            f'{fake_cloud.identifier(11)}, {fake_cloud.identifier(12)}',
            str(error),
        )
        self.assertRaises(errors.NotFound, self.find, 'none')

    def test_names_like_what_find_looks_for(self) -> None:
        """The beginning of a MAC address, a range and a device are names."""
        for name in (
            'fa163e',
            '10.0.0.5-10.0.0.6',
            '10.0.0.0/24',
            'tap0a3ca19c-dd',
        ):
            with self.subTest(name):
                self.cloud.register_network('networks')
                self.cloud.register_network(
                    'ports',
                    fake_cloud.port(11, 1, '10.0.0.5'),
                    fake_cloud.port(12, 1, '10.0.0.6', name=name),
                )
                self.assertEqual(
                    fake_cloud.identifier(12), self.find(name).port_id
                )

    def test_a_tag_asks_nova_only(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(11, '10.0.0.5', tag='front'),
            fake_cloud.attachment(12, '10.0.0.6', tag='10.0.0.9'),
            fake_cloud.attachment(13, '10.0.0.7', tag='10.0.0.6'),
        )
        for text, port in (('front', 11), ('10.0.0.9', 12), ('10.0.0.6', 12)):
            with self.subTest(text):
                self.assertEqual(
                    fake_cloud.identifier(port), self.find(text).port_id
                )
        self.assertEqual([], self.requested(fake_cloud.NETWORK_URL))

    def test_an_address_tells_the_server(self) -> None:
        port_id = fake_cloud.identifier(11)
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            # A port of a router has the address, too.
            fake_cloud.port(
                30, 9, '10.0.0.5', device_owner='network:router_interface'
            ),
        )
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('203.0.113.5', 11)
        )
        for text in (
            '10.0.0.5',
            'fa:16:3e:00:00:0b',
            port_id,
            '203.0.113.5',
            '203.0.113.5:22',
            '10.0.0.5:22',
        ):
            with self.subTest(text):
                found = self.find(None, text)
                self.assertEqual(
                    (SERVER, port_id), (found.server.id, found.port_id)
                )
                self.assertIsNotNone(found.port)

    def test_what_does_not_tell_the_server(self) -> None:
        """A forwarded port, and an address that the guest may have made."""
        self.cloud.register_servers()
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, '10.0.0.5')
        )
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip(
                '203.0.113.6',
                port_forwardings=[
                    fake_cloud.forwarding(2201, 22, 11, '10.0.0.5')
                ],
            ),
        )
        for text in ('203.0.113.6', 'fe80::f816:3eff:fe00:b'):
            with self.subTest(text):
                error = self.assertRaises(
                    names.NoSuchName, self.find, None, text
                )
                self.assertIn(
                    f"See 'openstack server interface find {text}'.",
                    str(error),
                )

    def test_an_address_of_several(self) -> None:
        self.cloud.register_network('floatingips')
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.5'),
        )
        error = self.assertRaises(errors.ApiError, self.find, None, '10.0.0.5')
        self.assertEqual(
            "Several interfaces have '10.0.0.5', use a port ID: "
            f'{fake_cloud.identifier(11)}, {fake_cloud.identifier(12)}',
            str(error),
        )

    def test_by_whatever_it_is_called(self) -> None:
        port_id = fake_cloud.identifier(11)
        for text in (
            port_id,
            port_id.upper(),
            '10.0.0.5',
            '::ffff:10.0.0.5',
            '2001:DB8:0::5',
            '[2001:db8::5]',
            '[2001:db8::5]:443',
            '10.0.0.5:22/tcp',
            '[::ffff:10.0.0.5]',
            '10.0.0.5/32',
            'fa:16:3e:00:00:0b',
            'FA163E00000B',
        ):
            with self.subTest(text):
                self.cloud.reset_mock()
                self.assertEqual(port_id, self.find(text).port_id)
                self.assertEqual(1, len(self.requested(URL)))

    def test_names_what_there_is(self) -> None:
        for text in (
            '10.0.0.7',
            'fa:16:3e:00:00:ff',
            fake_cloud.identifier(13),
        ):
            with self.subTest(text):
                error = self.assertRaises(errors.NotFound, self.find, text)
                self.assertEqual(
                    f"Server {SERVER} has no interface '{text}'; it has: "
                    f'{fake_cloud.identifier(11)} fa:16:3e:00:00:0b 10.0.0.5 '
                    f'2001:db8::5; {fake_cloud.identifier(12)} '
                    'fa:16:3e:00:00:0c 10.0.0.6',
                    str(error),
                )

    def test_server_without_any(self) -> None:
        self.cloud.register_interfaces(SERVER)
        error = self.assertRaises(errors.NotFound, self.find, '10.0.0.7')
        self.assertEqual(
            f"Server {SERVER} has no interface '10.0.0.7'; it has none",
            str(error),
        )

    def test_no_such_server(self) -> None:
        self.answer(URL, {'status_code': 404, 'json': fake_cloud.NOT_FOUND})
        error = self.assertRaises(
            errors.NotFound, self.find, fake_cloud.identifier(13)
        )
        self.assertTrue(
            str(error).startswith(f'Interfaces of server {SERVER}: ')
        )

    def test_several(self) -> None:
        self.cloud.register_interfaces(
            SERVER,
            fake_cloud.attachment(11, '10.0.0.5'),
            fake_cloud.attachment(12, '10.0.0.5'),
        )
        error = self.assertRaises(errors.ApiError, self.find, '10.0.0.5')
        self.assertEqual(
            "Several interfaces have '10.0.0.5', use a port ID: "
            f'{fake_cloud.identifier(11)}, {fake_cloud.identifier(12)}',
            str(error),
        )

    def test_what_is_broken_may_be_the_one(self) -> None:
        self.cloud.register_interfaces(SERVER, {})
        self.assertRaises(errors.Malformed, self.find, '10.0.0.5')
