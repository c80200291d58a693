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

from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

MAC = 'fa:16:3e:00:00:0b'
OTHER_MAC = 'a0:36:9f:00:00:02'


def plugged_in(
    number: int, *addresses: str, mac_address: str = MAC
) -> records.Interface:
    """Build a live interface."""
    return records.Interface(
        mac_address,
        tuple(map(records.FixedIP, addresses)),
        port_id=fake_cloud.identifier(number),
    )


def cached(
    *addresses: str, label: str = 'net', mac_address: str = MAC
) -> records.Interface:
    """Build an entry of the cache."""
    return records.Interface(
        mac_address,
        tuple(map(records.FixedIP, addresses)),
        network_label=label,
    )


FIRST = plugged_in(11, '10.0.0.5')
SECOND = plugged_in(12, '10.1.0.5')

# Name, cache, live interfaces and expected differences: the code, the number
# of the port, and both sides.
CASES = (
    ('nothing', (), (), ()),
    ('agreement', (cached('10.0.0.5'),), (FIRST,), ()),
    ('without address', (), (plugged_in(11),), ()),
    (
        'missing',
        (),
        (FIRST,),
        (('missing-from-cache', 11, '10.0.0.5', 'not in the cache'),),
    ),
    (
        'gone',
        (cached('10.0.0.5'),),
        (),
        (('only-in-cache', None, 'not in the cache', '10.0.0.5'),),
    ),
    (
        'another address',
        (cached('10.0.0.9'),),
        (FIRST,),
        (('address-differs', 11, '10.0.0.5', '10.0.0.9'),),
    ),
    (
        'no address any more',
        (cached('10.0.0.9'),),
        (plugged_in(11),),
        (('address-differs', 11, 'no fixed IP', '10.0.0.9'),),
    ),
    (
        'one of two addresses',
        (cached('10.0.0.5'),),
        (plugged_in(11, '10.0.0.5', '2001:db8::5'),),
        (('address-differs', 11, '10.0.0.5,2001:db8::5', '10.0.0.5'),),
    ),
    (
        'one address more',
        (cached('10.0.0.5', '2001:db8::5'),),
        (FIRST,),
        (('address-differs', 11, '10.0.0.5', '10.0.0.5,2001:db8::5'),),
    ),
    (
        'another MAC address',
        (cached('10.0.0.5', mac_address=OTHER_MAC),),
        (FIRST,),
        (('mac-differs', 11, MAC, OTHER_MAC),),
    ),
    (
        'another interface',
        (cached('10.0.0.6', mac_address=OTHER_MAC),),
        (FIRST,),
        (
            ('missing-from-cache', 11, '10.0.0.5', 'not in the cache'),
            ('only-in-cache', None, 'not in the cache', '10.0.0.6'),
        ),
    ),
    (
        'another MAC address with one address more',
        (cached('10.0.0.5', '10.0.0.6', mac_address=OTHER_MAC),),
        (FIRST,),
        (
            ('missing-from-cache', 11, '10.0.0.5', 'not in the cache'),
            ('only-in-cache', None, 'not in the cache', '10.0.0.5,10.0.0.6'),
        ),
    ),
    (
        'another MAC address with one address less',
        (cached('10.0.0.5', mac_address=OTHER_MAC),),
        (plugged_in(11, '10.0.0.5', '10.0.0.6'),),
        (
            (
                'missing-from-cache',
                11,
                '10.0.0.5,10.0.0.6',
                'not in the cache',
            ),
            ('only-in-cache', None, 'not in the cache', '10.0.0.5'),
        ),
    ),
    (
        'the worst first, then by port, then by MAC address',
        (
            cached('10.9.0.5', mac_address='fa:16:3e:00:00:0d'),
            cached('10.9.0.6', mac_address='fa:16:3e:00:00:0c'),
        ),
        (plugged_in(13, '10.2.0.5', mac_address=OTHER_MAC), SECOND, FIRST),
        (
            ('missing-from-cache', 11, '10.0.0.5', 'not in the cache'),
            ('missing-from-cache', 12, '10.1.0.5', 'not in the cache'),
            ('missing-from-cache', 13, '10.2.0.5', 'not in the cache'),
            ('only-in-cache', None, 'not in the cache', '10.9.0.6'),
            ('only-in-cache', None, 'not in the cache', '10.9.0.5'),
        ),
    ),
    (
        'twice',
        (cached('10.0.0.5', '10.0.0.5'),),
        (FIRST,),
        (
            (
                'duplicate-in-cache',
                11,
                'once in the cache',
                'more than once: 10.0.0.5',
            ),
        ),
    ),
    (
        'one port under two labels',
        (cached('10.0.0.5', label='a'), cached('10.1.0.5', label='b')),
        (plugged_in(11, '10.0.0.5', '10.1.0.5'),),
        (),
    ),
    (
        'bond',
        (cached('10.0.0.5', label='a'), cached('10.1.0.5', label='b')),
        (FIRST, SECOND),
        (),
    ),
    (
        'bond on networks of one name',
        (cached('10.0.0.5', '10.1.0.5'),),
        (FIRST, SECOND),
        (),
    ),
    (
        'bond on networks with the same addresses',
        (cached('10.0.0.5', label='a'), cached('10.0.0.5', label='b')),
        (FIRST, plugged_in(12, '10.0.0.5')),
        (),
    ),
    (
        'bond of which one is missing',
        (cached('10.0.0.5', label='a'),),
        (FIRST, SECOND),
        (('missing-from-cache', 12, '10.1.0.5', 'not in the cache'),),
    ),
    (
        'bond of which two are missing',
        (cached('10.2.0.5', label='c'),),
        (FIRST, SECOND, plugged_in(13, '10.2.0.5')),
        (
            ('missing-from-cache', 11, '10.0.0.5', 'not in the cache'),
            ('missing-from-cache', 12, '10.1.0.5', 'not in the cache'),
        ),
    ),
    (
        'bond of which one has another address',
        (cached('10.0.0.5', label='a'), cached('10.1.0.9', label='b')),
        (FIRST, SECOND),
        (('address-differs', 12, '10.1.0.5', '10.1.0.9'),),
    ),
    (
        'bond on networks of one name of which one has another address',
        (cached('10.0.0.5', '10.1.0.9'),),
        (FIRST, SECOND),
        (('address-differs', 12, '10.1.0.5', '10.1.0.9'),),
    ),
    (
        'bond of which one is gone',
        (cached('10.0.0.5', label='a'), cached('10.1.0.5', label='b')),
        (SECOND,),
        (('only-in-cache', None, 'not in the cache', '10.0.0.5'),),
    ),
    (
        'bond of which one has lost its address',
        (cached('10.0.0.5', label='a'), cached('10.1.0.5', label='b')),
        (FIRST, plugged_in(12)),
        (('address-differs', 12, 'no fixed IP', '10.1.0.5'),),
    ),
    (
        'bond of which one has none, and one has another address',
        (cached('10.1.0.9'),),
        (plugged_in(11), SECOND),
        (('address-differs', 12, '10.1.0.5', '10.1.0.9'),),
    ),
    (
        'bond of which one has one address more',
        (cached('10.0.0.5', label='a'), cached('10.1.0.5', '10.1.0.9')),
        (FIRST, SECOND),
        (('address-differs', 12, '10.1.0.5', '10.1.0.5,10.1.0.9'),),
    ),
    (
        'bond of which one is twice',
        (cached('10.0.0.5', '10.0.0.5'), cached('10.1.0.5', label='b')),
        (FIRST, SECOND),
        (
            (
                'duplicate-in-cache',
                11,
                'once in the cache',
                'more than once: 10.0.0.5',
            ),
        ),
    ),
)


class TestCompare(testtools.TestCase):
    def test_cases(self) -> None:
        for name, cache, live, expected in CASES:
            with self.subTest(name):
                server = samples.server(cache=cache)
                found = cache_diff.compare(server, live)
                self.assertEqual(
                    [
                        (
                            code,
                            number and fake_cloud.identifier(number),
                            *sides,
                        )
                        for code, number, *sides in expected
                    ],
                    [
                        (
                            difference.code,
                            difference.port_id,
                            difference.expected,
                            difference.actual,
                        )
                        for difference in found
                    ],
                )

    def test_mac_address(self) -> None:
        """It is the live one, if there is one."""
        for cache, live, expected in (
            ([cached('10.0.0.5', mac_address=OTHER_MAC)], [FIRST], MAC),
            ([cached('10.0.0.5', mac_address=OTHER_MAC)], [], OTHER_MAC),
        ):
            with self.subTest(expected):
                server = samples.server(cache=cache)
                (difference,) = cache_diff.compare(server, live)
                self.assertEqual(expected, difference.mac_address)

    def test_order_does_not_matter(self) -> None:
        for name, cache, live, _expected in CASES:
            with self.subTest(name):
                one, other = (
                    samples.server(cache=rows) for rows in (cache, cache[::-1])
                )
                self.assertEqual(
                    cache_diff.compare(one, live),
                    cache_diff.compare(other, live[::-1]),
                )
