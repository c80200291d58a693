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

"""All notations of addresses that people, switches and RFCs use."""

from collections.abc import Callable
import dataclasses
import ipaddress

import hypothesis
from hypothesis import strategies as st
import testtools

from osc_port_iface import addresses

# A machine under load must not fail the tests.
hypothesis.settings.register_profile(
    'addresses',
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
settings = hypothesis.settings.get_profile('addresses')

UUID = '0b7fcd10-8b3c-4d0f-9d0a-3f5a3f0c8d11'


@st.composite
def any_case(draw: st.DrawFn, text: str) -> str:
    """Capitalize some of the letters."""
    large = draw(
        st.lists(st.booleans(), min_size=len(text), max_size=len(text))
    )
    return ''.join(
        character.upper() if is_large else character
        for character, is_large in zip(text, large, strict=True)
    )


@st.composite
def ipv6_spellings(
    draw: st.DrawFn,
    numbers: st.SearchStrategy[ipaddress.IPv6Address],
) -> tuple[ipaddress.IPv6Address, str]:
    """Make an address and one of its notations in RFC 4291, section 2.2.

    Groups with or without leading zeros, one run of zero groups as ``::``,
    the last 32 bits in dotted decimal, in any case.
    """
    address = draw(numbers)
    groups = [
        f'{int(group, 16):0{draw(st.integers(1, 4))}x}'
        for group in address.packed.hex(':', 2).split(':')
    ]
    if draw(st.booleans()):
        low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        groups[6:] = [str(low)]
    runs = [
        (start, end)
        for start in range(len(groups))
        for end in range(start + 1, len(groups) + 1)
        if not any(group.strip('0') for group in groups[start:end])
    ]
    run = draw(st.sampled_from([None, *runs]))
    if run:
        start, end = run
        text = f'{":".join(groups[:start])}::{":".join(groups[end:])}'
    else:
        text = ':'.join(groups)
    return address, draw(any_case(text))


# Zero groups are rare among all addresses, and common among real ones.
IPV6_ADDRESSES = st.one_of(
    st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address),
    st.lists(
        st.one_of(st.just(0), st.integers(0, 0xFFFF)), min_size=8, max_size=8
    ).map(
        lambda groups: ipaddress.IPv6Address(
            ':'.join(map('{:x}'.format, groups))
        )
    ),
)
IPV4_MAPPED_ADDRESSES = st.ip_addresses(v=4).map(
    lambda address: ipaddress.IPv6Address(f'::ffff:{address}')
)


def colons(octets: bytes) -> str:
    return octets.hex(':')


def dashes(octets: bytes) -> str:
    return octets.hex('-')


def dots(octets: bytes) -> str:
    """Write octets as switches do: three groups of four digits."""
    return octets.hex('.', -2)


def halves(octets: bytes) -> str:
    """Write octets as some vendors do: two groups of six digits."""
    return octets.hex('-', -3)


def bare(octets: bytes) -> str:
    return octets.hex()


def single_digits(octets: bytes) -> str:
    """Write octets as some Unix programs do: without leading zeros."""
    return ':'.join(f'{octet:x}' for octet in octets)


MAC_NOTATIONS: tuple[Callable[[bytes], str], ...] = (
    colons,
    dashes,
    dots,
    halves,
    bare,
    single_digits,
)


@st.composite
def mac_spellings(draw: st.DrawFn) -> tuple[bytes, str]:
    """Make six octets and one of their notations."""
    octets = draw(st.binary(min_size=6, max_size=6))
    notation = draw(st.sampled_from(MAC_NOTATIONS))
    return octets, draw(any_case(notation(octets)))


class TestMACAddress(testtools.TestCase):
    @settings
    @hypothesis.given(mac_spellings())
    def test_every_notation(self, spelling: tuple[bytes, str]) -> None:
        octets, text = spelling
        self.assertEqual(colons(octets), addresses.parse_mac_address(text))

    def test_notations(self) -> None:
        for text in (
            'fa:16:3e:01:02:0a',
            'FA:16:3E:01:02:0A',
            'fa-16-3e-01-02-0a',
            'fa:16:3e:1:2:a',
            'fa-16-3e-1-2-A',
            'fa16.3e01.020a',
            'FA16.3E01.020A',
            'fa16:3e01:020a',
            'fa16-3e01-020a',
            'fa163e-01020a',
            'fa163e.01020a',
            'fa163e01020a',
        ):
            self.assertEqual(
                'fa:16:3e:01:02:0a', addresses.parse_mac_address(text)
            )

    def test_malformed(self) -> None:
        for text in (
            '',
            'fa',
            'fa:16:3e:01:02',
            'fa:16:3e:01:02:0a:0b',
            'fa:16:3e:01:02:0g',
            'fa:16:3e:01:02:',
            ':fa:16:3e:01:02:0a',
            'fa:16:3e::02:0a',
            'fa:16:3e:01:02:00a',
            'fa:16-3e:01-02:0a',
            'fa.16.3e.01.02.0a',
            'fa 16 3e 01 02 0a',
            'fa16.3e01-020a',
            'fa16.3e01',
            'fa16.3e1.20a',
            'fa163e01020',
            'fa163e01020a0',
            '0xfa163e01020a',
            ' fa:16:3e:01:02:0a',
            'fa:16:3e:01:02:0a\n',
            # These are digits, but not ASCII.
            'fa:16:3e:01:02:٠٩',
            'ｆａ:16:3e:01:02:0a',  # noqa: RUF001
            '10.0.0.5',
            UUID,
        ):
            self.assertRaises(ValueError, addresses.parse_mac_address, text)


class TestIPAddress(testtools.TestCase):
    @settings
    @hypothesis.given(ipv6_spellings(IPV6_ADDRESSES))
    def test_every_notation(
        self, spelling: tuple[ipaddress.IPv6Address, str]
    ) -> None:
        address, text = spelling
        self.assertEqual(
            address.ipv4_mapped or address, addresses.parse_ip_address(text)
        )

    @settings
    @hypothesis.given(ipv6_spellings(IPV4_MAPPED_ADDRESSES))
    def test_ipv4_mapped_is_ipv4(
        self, spelling: tuple[ipaddress.IPv6Address, str]
    ) -> None:
        address, text = spelling
        self.assertEqual(
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),
            addresses.parse_ip_address(text),
        )

    @settings
    @hypothesis.given(st.ip_addresses(v=4))
    def test_ipv4(self, address: ipaddress.IPv4Address) -> None:
        self.assertEqual(address, addresses.parse_ip_address(str(address)))

    @settings
    @hypothesis.given(
        IPV6_ADDRESSES, st.sampled_from(['eth0', '0', '1', 'ens3.100'])
    )
    def test_zone_is_refused(
        self, address: ipaddress.IPv6Address, zone: str
    ) -> None:
        for text in (f'{address}%{zone}', f'{address}%{zone}/64'):
            self.assertRaises(ValueError, addresses.parse_ip_address, text)
            self.assertRaises(ValueError, addresses.parse_ip_network, text)

    def test_notations_of_the_rfc(self) -> None:
        for text, expected in (
            (
                'ABCD:EF01:2345:6789:ABCD:EF01:2345:6789',
                'abcd:ef01:2345:6789:abcd:ef01:2345:6789',
            ),
            ('2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'),
            ('2001:DB8::8:800:200C:417A', '2001:db8::8:800:200c:417a'),
            ('2001:0db8::0008:0800:200c:417a', '2001:db8::8:800:200c:417a'),
            ('FF01:0:0:0:0:0:0:101', 'ff01::101'),
            ('FF01::101', 'ff01::101'),
            ('0:0:0:0:0:0:0:1', '::1'),
            ('0:0:0:0:0:0:0:0', '::'),
            ('::', '::'),
            ('0:0:0:0:0:0:13.1.68.3', '::d01:4403'),
            ('::13.1.68.3', '::d01:4403'),
            ('0:0:0:0:0:FFFF:129.144.52.38', '129.144.52.38'),
            ('::FFFF:129.144.52.38', '129.144.52.38'),
            ('::ffff:8190:3426', '129.144.52.38'),
            # Only one prefix means IPv4-mapped.
            ('::fffe:129.144.52.38', '::fffe:8190:3426'),
            ('64:ff9b::192.0.2.33', '64:ff9b::c000:221'),
        ):
            self.assertEqual(expected, str(addresses.parse_ip_address(text)))

    MALFORMED = (
        '',
        '10',
        '10.0.0',
        '10.0.0.',
        '10.0.0.256',
        '10.0.0.-1',
        '10.0.0.05',
        '10.0.0.0x5',
        '10.0.0.5.6',
        '167772165',
        '0x0a000005',
        ' 10.0.0.5',
        '10.0.0.5\n',
        '10.0.0.5:80',
        '１0.0.0.5',  # noqa: RUF001
        ':',
        ':::',
        '1::2::3',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        '1:2:3:4:5:6:7::8:9',
        ':1:2:3:4:5:6:7:8',
        '1:2:3:4:5:6:7:8:',
        '12345::',
        'g::',
        '::ffff:10.0.0',
        '::ffff:10.0.0.256',
        '::10.0.0.5:1',
        '[2001:db8::5]',
        'fe80::1%',
        'fe80::1%eth0',
        'fa:16:3e:01:02:0a',
        UUID,
    )

    def test_malformed(self) -> None:
        for text in (*self.MALFORMED, '10.0.0.0/24', '::/0'):
            self.assertRaises(ValueError, addresses.parse_ip_address, text)


class TestIPNetwork(testtools.TestCase):
    @settings
    @hypothesis.given(ipv6_spellings(IPV6_ADDRESSES), st.integers(0, 128))
    def test_every_notation(
        self, spelling: tuple[ipaddress.IPv6Address, str], length: int
    ) -> None:
        address, text = spelling
        network = addresses.parse_ip_network(f'{text}/{length}')
        if address.ipv4_mapped and length >= 96:
            self.assertIn(address.ipv4_mapped, network)
            self.assertEqual(length - 96, network.prefixlen)
        else:
            self.assertIn(address, network)
            self.assertEqual(length, network.prefixlen)

    @settings
    @hypothesis.given(st.ip_addresses())
    def test_address_is_a_network_of_one(
        self, address: ipaddress.IPv4Address | ipaddress.IPv6Address
    ) -> None:
        network = addresses.parse_ip_network(str(address))
        self.assertEqual(
            [addresses.parse_ip_address(str(address))], list(network)
        )

    def test_notations(self) -> None:
        for text, expected in (
            ('10.0.0.5', '10.0.0.5/32'),
            ('2001:DB8::5', '2001:db8::5/128'),
            ('::ffff:10.0.0.5', '10.0.0.5/32'),
            ('10.0.0.5/24', '10.0.0.0/24'),
            ('10.0.0.5/255.255.255.0', '10.0.0.0/24'),
            ('10.0.0.5/0', '0.0.0.0/0'),
            ('2001:db8::5/64', '2001:db8::/64'),
            ('::/0', '::/0'),
            ('::ffff:10.0.0.5/120', '10.0.0.0/24'),
            ('::ffff:0:0/96', '0.0.0.0/0'),
            ('::ffff:0:0/95', '::fffe:0:0/95'),
        ):
            self.assertEqual(expected, str(addresses.parse_ip_network(text)))

    def test_malformed(self) -> None:
        for text in (
            *TestIPAddress.MALFORMED,
            '10.0.0.0/',
            '/24',
            '10.0.0.0/33',
            '10.0.0.0/-1',
            '10.0.0.0/+24',
            '10.0.0.0/24/1',
            '10.0.0.0/255.0.255.0',
            '10.0.0/24',
            '10.0.0.0 /24',
            '::/129',
            '::/',
            '::/ffff::',
            'fe80::1%eth0/64',
            '::ffff:10.0.0.0%eth0/120',
        ):
            self.assertRaises(ValueError, addresses.parse_ip_network, text)


class AddressTestCase(testtools.TestCase):
    def assert_read(
        self, expected: addresses.Address, found: addresses.Address
    ) -> None:
        """Compare addresses with what the user wrote."""
        self.assertEqual(
            dataclasses.astuple(expected), dataclasses.astuple(found)
        )


class TestIsWithin(testtools.TestCase):
    @settings
    @hypothesis.given(
        st.lists(st.tuples(st.integers(0, 63), st.integers(26, 32))),
        st.tuples(st.integers(0, 63), st.integers(24, 32)),
    )
    def test_as_each_network_says(
        self, found: list[tuple[int, int]], narrow: tuple[int, int]
    ) -> None:
        row, *rows = (
            addresses.parse_ip_network(f'192.0.2.{number}/{length}')
            for number, length in (narrow, *found)
        )
        wide = addresses.collapsed(rows)
        self.assertEqual(
            any(addresses.covers(each, row) for each in wide),
            addresses.is_within(row, wide),
        )


class TestAddress(AddressTestCase):
    def test_kinds(self) -> None:
        for text, kind, value in (
            (UUID, addresses.Kind.PORT, UUID),
            (UUID.upper(), addresses.Kind.PORT, UUID),
            ('10.0.0.5', addresses.Kind.IP_ADDRESS, '10.0.0.5'),
            ('::ffff:10.0.0.5', addresses.Kind.IP_ADDRESS, '10.0.0.5'),
            ('2001:DB8:0::5', addresses.Kind.IP_ADDRESS, '2001:db8::5'),
            (
                'FA-16-3E-1-2-A',
                addresses.Kind.MAC_ADDRESS,
                'fa:16:3e:01:02:0a',
            ),
            ('fa163e01020a', addresses.Kind.MAC_ADDRESS, 'fa:16:3e:01:02:0a'),
        ):
            self.assert_read(
                addresses.Address(text, kind, value),
                addresses.parse_address(text),
            )

    @settings
    @hypothesis.given(mac_spellings())
    def test_mac_address_is_no_ip_address(
        self, spelling: tuple[bytes, str]
    ) -> None:
        octets, text = spelling
        self.assert_read(
            addresses.Address(
                text, addresses.Kind.MAC_ADDRESS, colons(octets)
            ),
            addresses.parse_address(text),
        )

    def test_malformed(self) -> None:
        for text in (
            '',
            'web-1',
            UUID[:-1],
            f'{UUID}0',
            UUID.replace('-', ''),
        ):
            self.assertRaises(ValueError, addresses.parse_address, text)


class TestQuery(AddressTestCase):
    def test_spellings_of_one_address(self) -> None:
        for text, other in (
            ('10.0.0.5', '::ffff:10.0.0.5'),
            ('10.0.0.5', '10.0.0.5-10.0.0.5'),
            ('10.0.0.5:80', '[10.0.0.5]:80'),
            ('10.0.0.4/30', '10.0.0.4-10.0.0.7'),
            ('fa163e000001', 'FA:16:3E:0:0:1'),
        ):
            with self.subTest(text):
                self.assertEqual(
                    addresses.parse_query(text), addresses.parse_query(other)
                )
        self.assertNotEqual(
            addresses.parse_query('10.0.0.5:80'),
            addresses.parse_query('10.0.0.5'),
        )

    def test_kinds(self) -> None:
        for text, kind, value in (
            (UUID, addresses.Kind.PORT, UUID),
            ('::ffff:10.0.0.5', addresses.Kind.IP_ADDRESS, '10.0.0.5'),
            (
                'FA-16-3E-1-2-A',
                addresses.Kind.MAC_ADDRESS,
                'fa:16:3e:01:02:0a',
            ),
            ('tap0A3CA19C-DD', addresses.Kind.HOST_DEVICE, '0a3ca19c-dd'),
            ('0a3ca19c-dd', addresses.Kind.HOST_DEVICE, '0a3ca19c-dd'),
            # A CIDR with only one address.
            ('10.0.0.5/32', addresses.Kind.IP_ADDRESS, '10.0.0.5'),
            ('2001:DB8::5/128', addresses.Kind.IP_ADDRESS, '2001:db8::5'),
            ('::ffff:10.0.0.5/128', addresses.Kind.IP_ADDRESS, '10.0.0.5'),
            ('10.0.0.5/31', addresses.Kind.RANGE, '10.0.0.4-10.0.0.5'),
            ('10.0.0.5/24', addresses.Kind.RANGE, '10.0.0.0-10.0.0.255'),
            (
                '::ffff:10.0.0.5/120',
                addresses.Kind.RANGE,
                '10.0.0.0-10.0.0.255',
            ),
            (
                '2001:db8::5/64',
                addresses.Kind.RANGE,
                '2001:db8::-2001:db8::ffff:ffff:ffff:ffff',
            ),
            # The widest CIDR.
            ('10.0.16.5/20', addresses.Kind.RANGE, '10.0.16.0-10.0.31.255'),
            (
                '2001:db8:0:5::/49',
                addresses.Kind.RANGE,
                '2001:db8::-2001:db8:0:7fff:ffff:ffff:ffff:ffff',
            ),
            (
                '2001:db8:0:5::/48',
                addresses.Kind.RANGE,
                '2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff',
            ),
        ):
            with self.subTest(text):
                self.assert_read(
                    addresses.Address(text, kind, value),
                    addresses.parse_query(text),
                )
                self.assertTrue(addresses.is_query(text))

    def test_prefixes_ranges_and_devices(self) -> None:
        for text, kind, value in (
            ('fa:16:3e', addresses.Kind.MAC_PREFIX, 'fa:16:3e'),
            ('FA163E', addresses.Kind.MAC_PREFIX, 'fa:16:3e'),
            ('FA-16-3E-1A', addresses.Kind.MAC_PREFIX, 'fa:16:3e:1a'),
            ('fa:16:3e:1a:02', addresses.Kind.MAC_PREFIX, 'fa:16:3e:1a:02'),
            ('00:16:30', addresses.Kind.MAC_PREFIX, '00:16:30'),
            *(
                (
                    f'{prefix}-0A3CA19C-DD',
                    addresses.Kind.HOST_DEVICE,
                    '0a3ca19c-dd',
                )
                for prefix in ('qr', 'qg', 'sg', 'ha', 'fg', 'QR')
            ),
            ('10.0.0.5-10.0.0.9', addresses.Kind.RANGE, '10.0.0.5-10.0.0.9'),
            (
                '10.0.0.5 - ::ffff:10.0.0.9',
                addresses.Kind.RANGE,
                '10.0.0.5-10.0.0.9',
            ),
            (
                '2001:DB8::1-2001:db8::a',
                addresses.Kind.RANGE,
                '2001:db8::1-2001:db8::a',
            ),
            ('10.0.0.5-10.0.0.5', addresses.Kind.IP_ADDRESS, '10.0.0.5'),
            (
                'fe80::F816:3eff:fe01:203%eth0.7',
                addresses.Kind.IP_ADDRESS,
                'fe80::f816:3eff:fe01:203',
            ),
            # These look like prefixes, ranges or endpoints.
            ('001122334455', addresses.Kind.MAC_ADDRESS, '00:11:22:33:44:55'),
            (
                '0016.3001.0203',
                addresses.Kind.MAC_ADDRESS,
                '00:16:30:01:02:03',
            ),
            ('001630-010203', addresses.Kind.MAC_ADDRESS, '00:16:30:01:02:03'),
            ('2001:db8::5:443', addresses.Kind.IP_ADDRESS, '2001:db8::5:443'),
        ):
            with self.subTest(text):
                self.assert_read(
                    addresses.Address(text, kind, value),
                    addresses.parse_query(text),
                )

    def test_endpoints(self) -> None:
        for text, value, number, protocol in (
            ('203.0.113.5:2201', '203.0.113.5', 2201, None),
            ('203.0.113.5:65535/UDP', '203.0.113.5', 65535, 'udp'),
            ('[2001:DB8::5]', '2001:db8::5', None, None),
            ('[2001:db8::5]:1', '2001:db8::5', 1, None),
            ('[2001:db8::5]:443/tcp', '2001:db8::5', 443, 'tcp'),
            ('[::ffff:10.0.0.5]:80', '10.0.0.5', 80, None),
            ('[fe80::1%eth0]:22', 'fe80::1', 22, None),
        ):
            with self.subTest(text):
                self.assert_read(
                    addresses.Address(
                        text,
                        addresses.Kind.IP_ADDRESS,
                        value,
                        number,
                        protocol,
                    ),
                    addresses.parse_query(text),
                )

    def test_malformed(self) -> None:
        for text in (
            '',
            '-',
            ':',
            '[]',
            '[10.0.0.5',
            '10.0.0.5]',
            '10.0.0.5:',
            '10.0.0.5:0',
            '10.0.0.5:65536',
            '10.0.0.5:80/',
            '10.0.0.5:x',
            '10.0.0.5:80/tpc',
            '10.0.0.5:80/icmp',
            '10.0.0.5/tcp',
            '[10.0.0.0/24]',
            '10.0.0.0/24:80',
            '[fa:16:3e:01:02:03]',
            'fa:16',
            'fa:16-3e',
            'fa:16:3',
            'fa16.3e',
            '10.0.0.9-10.0.0.5',
            '10.0.0.5-::9',
            '10.0.0.5-',
            '-10.0.0.5',
            '10.0.0.5-10.0.0.6-10.0.0.7',
            '10.0.0.5-9',
            'web-10.0.0.5',
            '10.0.0.5%eth0',
            '2001:db8::5%eth0',
            'fe80::1%',
            'qx-0a3ca19c-dd',
            '10.0.0',
            '10.0.0.',
            '10.0.0.5.6',
            '10.0.0/24',
            '010.0.0.1',
            '10.0.0.256',
            '10.0.0.256:80',
            '10.0.0.5-10.0.0.999',
            '10.0.0.0/33',
            '10.0.0.0/x',
            '10.0.0.0/',
            '2001:db8::/129',
            '2001:db8:::1',
            '12345::1',
            '[2001:db8::zz]:80',
            'fa:16:3e:01:02:03:04',
            'fa:16:3e:01:02:0g',
            'fa163e01020',
            'fa-16-3e-01-02-03-04',
            'fa-16:3e:01:02:03',
            '[2001:db8::5]:x',
            '[2001:db8::5]:443/https',
            'http://10.0.0.5/',
            '10.0.0.5,10.0.0.6',
            'tap0a3ca19c',
            UUID[:-1],
            UUID.replace('-', ''),
            'web-1',
            'ab-cd',
            'c-1',
            '12-34',
            'db-1.example.org',
            'web:1',
            '5',
            ',',
            '[web-1]:80',
            '10.0.0.5 ',
            # As long as an argument may be.
            'a-' * 50_000,
            'x' * 100_000,
            '1.' * 50_000,
            '-.' * 50_000,
        ):
            with self.subTest(text[:20]):
                self.assertRaises(ValueError, addresses.parse_query, text)
                self.assertFalse(addresses.is_query(text))

    def test_networks(self) -> None:
        for text, expected in (
            (UUID, []),
            ('fa:16:3e', []),
            ('10.0.0.5:80', ['10.0.0.5/32']),
            ('10.0.0.5/24', ['10.0.0.0/24']),
            (
                '10.0.0.3-10.0.0.8',
                ['10.0.0.3/32', '10.0.0.4/30', '10.0.0.8/32'],
            ),
            ('::-::1', ['::/127']),
        ):
            with self.subTest(text):
                self.assertEqual(
                    expected,
                    [str(n) for n in addresses.parse_query(text).networks],
                )

    def test_mac_addresses_of_link_local_addresses(self) -> None:
        for text, expected in (
            ('fe80::f816:3eff:fe01:203', 'fa:16:3e:01:02:03'),
            ('fe80::200:5eff:fe00:101', '00:00:5e:00:01:01'),
            ('fe80::1', None),
            ('fe80::f816:3efe:fe01:203', None),
            ('2001:db8::f816:3eff:fe01:203', None),
            ('169.254.1.1', None),
        ):
            with self.subTest(text):
                self.assertEqual(
                    expected,
                    addresses.mac_of_link_local(
                        addresses.parse_ip_address(text)
                    ),
                )

    def test_too_wide(self) -> None:
        for text in (
            '10.0.0.0/19',
            '::ffff:10.0.0.0/115',
            '0.0.0.0/0',
            '2001:db8::/47',
            '::/0',
            '10.0.0.0-10.0.16.0',
            '::-0:0:1::',
        ):
            with self.subTest(text):
                self.assertRaises(
                    addresses.TooWide, addresses.parse_query, text
                )
