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

"""What a user is told about an address with a mistake."""

import testtools

from osc_port_iface import addresses
from osc_port_iface.commands import address_mistakes

IPV4 = 'an IPv4 address has 4 numbers from 0 to 255 without leading zeros'
IPV6 = (
    "an IPv6 address has 8 groups of up to 4 hexadecimal digits, or '::' in "
    'place of some of them'
)
MAC = (
    'a MAC address has 6 bytes of hexadecimal digits, all joined by colons or '
    'by dashes, and its beginning 3 to 5 of them'
)
RANGE = 'a range is from one whole address to a later one of its version'
NUMBER = 'a port is a number from 1 to 65535'
PROTOCOL = 'a protocol with ports is tcp, udp, sctp or dccp'
PREFIX = 'the prefix length of IPv4 is 0 to 32'
ZONE = 'only a link-local address of IPv6 has a zone'
PORT_ID = (
    'a port ID has 8, 4, 4, 4 and 12 hexadecimal digits with dashes between '
    'them'
)
DEVICE = (
    'a device is named after the first 11 characters of the ID of its port, '
    'such as tap0a3ca19c-dd'
)


class TestMistakes(testtools.TestCase):
    def test_each(self) -> None:
        for text, why in (
            ('10.0.0', IPV4),
            ('10.0.0.', IPV4),
            ('10.0.0.5.6', IPV4),
            ('10.0.0/24', IPV4),
            ('10.0.0.256', IPV4),
            ('10.0.0.256:80', IPV4),
            ('10.0.0.5-10.0.0.999', IPV4),
            ('010.0.0.1', IPV4),
            ('10.0.0.0/33', PREFIX),
            ('10.0.0.0/x', PREFIX),
            ('10.0.0.0/', PREFIX),
            ('2001:db8::/129', 'the prefix length of IPv6 is 0 to 128'),
            ('2001:db8:::1', IPV6),
            ('12345::1', IPV6),
            ('[2001:db8::zz]:80', IPV6),
            ('10.0.0.9-10.0.0.5', RANGE),
            ('10.0.0.5-::9', RANGE),
            ('10.0.0.5-9', RANGE),
            ('10.0.0.5-', RANGE),
            ('-10.0.0.5', RANGE),
            ('fa:16', MAC),
            ('fa:16:3', MAC),
            ('fa:16:3e:01:02:03:04', MAC),
            ('fa-16-3e-01-02-03-04', MAC),
            ('fa:16:3e:01:02:0g', MAC),
            ('fa-16:3e:01:02:03', MAC),
            ('fa163e01020', MAC),
            ('10.0.0.5:0', NUMBER),
            ('10.0.0.5:65536', NUMBER),
            ('10.0.0.5:', NUMBER),
            ('[2001:db8::5]:x', NUMBER),
            ('10.0.0.5:80/', PROTOCOL),
            ('10.0.0.5:80/tpc', PROTOCOL),
            ('[2001:db8::5]:443/https', PROTOCOL),
            ('[10.0.0.5', 'a bracket is missing'),
            ('10.0.0.5%eth0', ZONE),
            (
                'http://10.0.0.5/',
                'give the address without the rest of the URL',
            ),
            ('10.0.0.5,10.0.0.6', 'give each address by itself'),
            ('8c9da1f6-5b8b-43bc-8349-1ee6b126645', PORT_ID),
            ('8c9da1f65b8b43bc83491ee6b1266450', PORT_ID),
            ('tap0a3ca19c', DEVICE),
        ):
            with self.subTest(text):
                self.assertRaises(ValueError, addresses.parse_query, text)
                self.assertEqual(why, address_mistakes.of_query(text))

    def test_names(self) -> None:
        for text in (
            *('web-1', 'ab-cd', 'c-1', '12-34', 'db-1.example.org', 'web:1'),
            *('', '5', '-', ':', ',', '[web-1]:80', 'qx-0a3ca19c-dd'),
            # As long as an argument may be.
            *('a-' * 50_000, 'x' * 100_000),
        ):
            with self.subTest(text[:20]):
                self.assertIsNone(address_mistakes.of_query(text))

    def test_what_only_looks_like_another_kind(self) -> None:
        self.assertIsNone(address_mistakes.of_mac_address('10.0.0.256'))
        for text in ('fa:16:3e:01:02:03', '10.0.0.5/8', 'web-1'):
            self.assertIsNone(address_mistakes.of_ip_network(text))
