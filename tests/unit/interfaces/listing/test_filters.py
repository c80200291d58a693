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

import ipaddress
from typing import Any

import testtools

from osc_port_iface.interfaces.listing import filters
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records

INTERFACE = records.Interface(
    mac_address='fa:16:3e:00:00:0b',
    fixed_ips=(records.FixedIP('10.0.0.5'), records.FixedIP('2001:db8::5')),
    network_id='n',
    network_label='private',
    port_state='ACTIVE',
    tag='nic1',
)
BARE = records.Interface(mac_address=None, fixed_ips=())


class TestMatches(testtools.TestCase):
    def test_each(self) -> None:
        for name, conditions, expected in (
            ('none', {}, True),
            ('network ID', {'network': 'n'}, True),
            ('label', {'network': 'private'}, True),
            ('another network', {'network': 'priv'}, False),
            ('address', {'fixed_ip': '10.0.0.5'}, True),
            ('beginning of an address', {'fixed_ip': '10.0.0.50'}, False),
            ('CIDR', {'fixed_ip': '10.0.0.0/24'}, True),
            ('another CIDR', {'fixed_ip': '10.0.1.0/24'}, False),
            ('IPv6 CIDR', {'fixed_ip': '2001:db8::/64'}, True),
            ('all of IPv4', {'fixed_ip': '0.0.0.0/0'}, True),
            ('version', {'ip_version': 6}, True),
            ('MAC', {'mac_address': 'fa:16:3e:00:00:0b'}, True),
            ('MAC prefix', {'mac_address': 'fa:16:3e'}, True),
            ('another MAC prefix', {'mac_address': 'fa:16:3f'}, False),
            ('another MAC', {'mac_address': 'fa:16:3e:00:00:0c'}, False),
            ('state', {'port_state': 'ACTIVE'}, True),
            ('another state', {'port_state': 'DOWN'}, False),
            ('tag', {'tag': 'nic1'}, True),
            ('part of a tag', {'tag': 'nic'}, False),
            # Different addresses may meet the two conditions.
            ('two', {'fixed_ip': '10.0.0.5', 'ip_version': 6}, True),
            ('one of two', {'tag': 'nic1', 'port_state': 'DOWN'}, False),
        ):
            with self.subTest(name):
                known: dict[str, Any] = dict(conditions)
                if text := known.get('fixed_ip'):
                    known['fixed_ip'] = ipaddress.ip_network(text)
                wanted = filters.InterfaceFilter(**known)
                self.assertEqual(expected, wanted.matches(INTERFACE))
                self.assertEqual(not known, wanted.matches(BARE))

    def test_origins(self) -> None:
        conditions = filters.InterfaceFilter(
            network='n', port_state='DOWN', tag='t'
        )
        self.assertEqual(
            {'port_state': views.Origin.PORT, 'tag': views.Origin.TAG},
            {
                name: filters.ORIGINS[name]
                for name in conditions
                if name != 'network'
            },
        )
        self.assertNotIn('network', filters.ORIGINS)
        self.assertFalse(conditions.concern_ports)

    def test_ports(self) -> None:
        for name, value in (
            ('security_group', 'g'),
            ('vnic_type', 'normal'),
            ('host_device', 'tap1'),
            ('no_port_security', True),
        ):
            with self.subTest(name):
                known: dict[str, Any] = {name: value}
                conditions = filters.InterfaceFilter(**known)
                self.assertTrue(conditions.concern_ports)
                self.assertIn(name, filters.ORIGINS)
