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
from osc_port_iface.interfaces.health import codes
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

FIRST = samples.floating_ip('203.0.113.5', 11, '10.0.0.5')
PORT = samples.port(11, '10.0.0.5', '10.0.0.6')
TWIN = samples.port(12, '10.1.0.5', mac_address=PORT.mac_address)

# Name, ports, the cache of each, Neutron's floating IPs, and the expected
# findings: the number of the port, and both sides.
CASES: tuple[
    tuple[
        str,
        tuple[records.Port, ...],
        tuple[records.Interface, ...],
        tuple[records.FloatingIP, ...],
        list[tuple[int, str, str]],
    ],
    ...,
] = (
    (
        'agreement',
        (PORT,),
        (
            samples.cached(
                11, '10.0.0.5', '10.0.0.6', floating_ips=('203.0.113.5',)
            ),
        ),
        (FIRST,),
        [],
    ),
    (
        'lacking',
        (PORT,),
        (samples.cached(11, '10.0.0.5', '10.0.0.6'),),
        (FIRST,),
        [(11, '203.0.113.5', 'not in the cache')],
    ),
    (
        'old',
        (PORT,),
        (samples.cached(11, '10.0.0.5', floating_ips=('203.0.113.9',)),),
        (samples.floating_ip('203.0.113.9', 99, '10.0.0.9'),),
        [(11, 'no floating IP', '203.0.113.9')],
    ),
    (
        'another one',
        (PORT,),
        (samples.cached(11, '10.0.0.5', floating_ips=('203.0.113.9',)),),
        (FIRST,),
        [(11, '203.0.113.5', '203.0.113.9')],
    ),
    (
        'for an address that the cache lacks',
        (PORT,),
        (samples.cached(11, '10.0.0.6'),),
        (FIRST,),
        [],
    ),
    ('interface that the cache lacks', (PORT,), (), (FIRST,), []),
    (
        'for an address that the port lacks',
        (PORT,),
        (samples.cached(11, '10.0.0.5', '10.0.0.6'),),
        (samples.floating_ip('203.0.113.5', 11, '10.0.0.7'),),
        [
            (
                11,
                '203.0.113.5 for a fixed IP of the port',
                '203.0.113.5 for 10.0.0.7',
            )
        ],
    ),
    (
        'for an address that the port no longer has',
        (PORT,),
        (
            samples.cached(
                11, '10.0.0.5', '10.0.0.6', floating_ips=('203.0.113.5',)
            ),
        ),
        (samples.floating_ip('203.0.113.5', 11, '10.0.0.7'),),
        [
            (
                11,
                '203.0.113.5 for a fixed IP of the port',
                '203.0.113.5 for 10.0.0.7',
            )
        ],
    ),
    (
        'bond',
        (PORT, TWIN),
        (
            samples.cached(
                11, '10.0.0.5', '10.0.0.6', floating_ips=('203.0.113.5',)
            ),
            samples.cached(11, '10.1.0.5', floating_ips=('203.0.113.6',)),
        ),
        (FIRST, samples.floating_ip('203.0.113.6', 12, '10.1.0.5')),
        [],
    ),
    (
        'bond with an old one, which may have been of either port',
        (PORT, TWIN),
        (
            samples.cached(
                11, '10.0.0.5', '10.0.0.6', floating_ips=('203.0.113.5',)
            ),
            samples.cached(11, '10.1.0.5', floating_ips=('203.0.113.9',)),
        ),
        (FIRST,),
        [(11, '203.0.113.5', '203.0.113.5,203.0.113.9')],
    ),
    (
        'bond of which one is lacking',
        (PORT, TWIN),
        (
            samples.cached(
                11, '10.0.0.5', '10.0.0.6', floating_ips=('203.0.113.5',)
            ),
            samples.cached(11, '10.1.0.5'),
        ),
        (FIRST, samples.floating_ip('203.0.113.6', 12, '10.1.0.5')),
        [(12, '203.0.113.5,203.0.113.6', '203.0.113.5')],
    ),
    (
        'bond of which both are lacking',
        (PORT, TWIN),
        (
            samples.cached(11, '10.0.0.5', '10.0.0.6'),
            samples.cached(11, '10.1.0.5'),
        ),
        (FIRST, samples.floating_ip('203.0.113.6', 12, '10.1.0.5')),
        [
            (number, '203.0.113.5,203.0.113.6', 'not in the cache')
            for number in (11, 12)
        ],
    ),
    (
        'bond with an old one, and of which one is lacking',
        (PORT, TWIN),
        (
            samples.cached(11, '10.0.0.5', floating_ips=('203.0.113.9',)),
            samples.cached(11, '10.1.0.5'),
        ),
        (samples.floating_ip('203.0.113.6', 12, '10.1.0.5'),),
        [(number, '203.0.113.6', '203.0.113.9') for number in (11, 12)],
    ),
)


class TestFloatingIPs(testtools.TestCase):
    def test_cases(self) -> None:
        for name, ports, cache, rows, expected in CASES:
            with self.subTest(name):
                found = cache_diff.judge_floating_ips(
                    samples.server(cache=cache), ports, rows
                )
                self.assertEqual(
                    [
                        (fake_cloud.identifier(number), *sides)
                        for number, *sides in expected
                    ],
                    [(row.port_id, row.expected, row.actual) for row in found],
                )
                for row in found:
                    self.assertIs(codes.Code.FLOATING_IP_DIFFERS, row.code)
