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

from osc_port_iface import addresses
from osc_port_iface import records


class TestAddressPair(testtools.TestCase):
    def test_coverage(self) -> None:
        for pair, covered, others in (
            ('10.0.0.9', ['10.0.0.9'], ['10.0.0.90', '10.0.0.8']),
            ('10.0.0.9/32', ['10.0.0.9'], ['10.0.0.8']),
            ('10.0.0.0/28', ['10.0.0.0', '10.0.0.15'], ['10.0.0.16']),
            # Neutron keeps host bits.
            ('10.0.0.9/28', ['10.0.0.1', '10.0.0.9'], ['10.0.0.16']),
            ('0.0.0.0/0', ['0.0.0.0', '203.0.113.9'], ['::1', '2001:db8::9']),
            ('::/0', ['2001:db8::9'], ['10.0.0.9']),
            ('2001:DB8:0::9', ['2001:db8::9'], ['2001:db8::90']),
            ('2001:db8::9/128', ['2001:db8::9'], ['2001:db8::8']),
            ('2001:db8::/64', ['2001:db8::ffff'], ['2001:db8:0:1::']),
            ('::ffff:10.0.0.9', ['10.0.0.9'], ['10.0.0.8']),
        ):
            found = records.AddressPair(pair, None)
            for text in (*covered, *others):
                with self.subTest(pair=pair, address=text):
                    self.assertEqual(
                        text in covered,
                        found.covers(addresses.parse_ip_address(text)),
                    )


class TestPort(testtools.TestCase):
    def test_server_that_is_only_in_the_device_id(self) -> None:
        server_id = '0b7fcd10-8b3c-4d0f-9d0a-3f5a3f0c8d11'
        for owner, device_id, expected in (
            (None, server_id, server_id),
            (None, server_id.upper(), server_id),
            ('baremetal:none', server_id, server_id),
            ('compute:nova', server_id, None),
            ('network:router_interface', server_id, None),
            ('trunk:subport', server_id, None),
            (None, None, None),
            (None, 'reserved', None),
            ('Octavia', f'lb-{server_id}', None),
        ):
            with self.subTest(owner=owner, device_id=device_id):
                port = records.Port(
                    'p',
                    'n',
                    None,
                    (),
                    device_id=device_id,
                    device_owner=owner,
                )
                self.assertEqual(expected, port.unattached_server_id)

    def test_device_owners(self) -> None:
        for owner, expected in (
            (None, (False, False, False)),
            ('compute:nova', (False, False, False)),
            ('network:dhcp', (True, False, False)),
            ('network:router_gateway', (True, False, False)),
            ('network:router_interface', (True, True, False)),
            ('network:router_interface_distributed', (True, True, False)),
            ('network:ha_router_replicated_interface', (True, True, False)),
            ('network:floatingip', (True, False, True)),
            ('network:floatingip_agent_gateway', (True, False, False)),
        ):
            with self.subTest(owner=owner):
                port = records.Port('p', 'n', None, (), device_owner=owner)
                found = (
                    port.is_of_neutron,
                    port.is_router_interface,
                    port.is_of_floating_ip,
                )
                self.assertEqual(expected, found)

    def test_narrowest_pair(self) -> None:
        for pairs, expected in (
            ((), None),
            (('10.0.0.8',), None),
            (('0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/28'), '10.0.0.0/28'),
            (('10.0.0.9/32', '10.0.0.0/28'), '10.0.0.9/32'),
            (('::/0', '0.0.0.0/0'), '0.0.0.0/0'),
        ):
            with self.subTest(pairs):
                port = records.Port(
                    'p',
                    'n',
                    None,
                    (),
                    address_pairs=tuple(
                        records.AddressPair(pair, None) for pair in pairs
                    ),
                )
                found = port.pair_covering(
                    addresses.parse_ip_address('10.0.0.9')
                )
                self.assertEqual(expected, found and found.ip_address)


class TestPortForwarding(testtools.TestCase):
    def test_ranges(self) -> None:
        for text, expected in (
            ('80', (80, 80)),
            ('80:90', (80, 90)),
            (None, None),
            ('', None),
            ('80:', None),
            ('http', None),
            ('80:http', None),
        ):
            with self.subTest(text):
                found = records.PortForwarding('tcp', text, None, text, None)
                self.assertEqual(
                    (expected, expected),
                    (
                        records.port_range(found.external_port),
                        records.port_range(found.internal_port),
                    ),
                )
