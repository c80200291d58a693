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

import json

from tests import command_result
from tests.unit.commands import test_find
from tests.unit import fake_cloud

COLUMNS = (
    'Matched As',
    'Certainty',
    'Server Name',
    'Port ID',
    'Protocol',
    'External Port',
    'Internal Port',
    'Fixed IP',
)


class TestPortForwardings(test_find.FindTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.register_ports(
            fake_cloud.port(11, 1, '10.0.0.5'),
            fake_cloud.port(12, 2, '10.0.0.6'),
            fake_cloud.port(13, 2, '10.0.0.6', project_id='another'),
        )
        self.register_server(1, 'web')
        self.register_server(2, 'db')

    def register(self, **other: object) -> None:
        self.cloud.register_network(
            'floatingips',
            fake_cloud.floating_ip(
                '203.0.113.5',
                port_forwardings=[
                    fake_cloud.forwarding(443, 8443, 12, '10.0.0.6', **other),
                    fake_cloud.forwarding(80, 8080, 11, '10.0.0.5', **other),
                ],
            ),
        )

    def test_a_row_for_each(self) -> None:
        expected = [
            (
                'port-forwarding',
                'forwards',
                'web',
                fake_cloud.identifier(11),
                'tcp',
                80,
                8080,
                '10.0.0.5',
            ),
            (
                'port-forwarding',
                'forwards',
                'db',
                fake_cloud.identifier(12),
                'tcp',
                443,
                8443,
                '10.0.0.6',
            ),
        ]
        for name, other in (
            ('Neutron 29', {}),
            ('before Neutron 21', {'internal_port_id': None}),
        ):
            with self.subTest(name):
                self.register(**other)
                self.assertEqual(
                    expected,
                    self.rows('203.0.113.5', '--long', columns=COLUMNS),
                )

    def test_a_range_of_ports(self) -> None:
        self.cloud.register_port_forwardings(
            fake_cloud.floating_ip('203.0.113.5'),
            fake_cloud.forwarding(
                80,
                80,
                11,
                '10.0.0.5',
                external_port=None,
                external_port_range='8000:8010',
                internal_port=None,
                internal_port_range='9000:9010',
            ),
            fake_cloud.forwarding(10443, 443, 12, '10.0.0.6'),
        )
        both = [
            ('port-forwarding', '8000:8010', '9000:9010'),
            ('port-forwarding', 10443, 443),
        ]
        for query, expected in (
            ('203.0.113.5', both),
            ('203.0.113.5:8010/tcp', both[:1]),
            ('203.0.113.5:10443', both[1:]),
        ):
            with self.subTest(query):
                self.assertEqual(
                    expected,
                    self.rows(
                        query,
                        columns=(
                            'Matched As',
                            'External Port',
                            'Internal Port',
                        ),
                    ),
                )

    def test_a_port_that_is_not_visible(self) -> None:
        self.register()
        self.register_ports()
        result = self.find('203.0.113.5', '-f', 'json')
        self.assertEqual(
            (
                0,
                ''.join(
                    f'Port {fake_cloud.identifier(number)}, to which a '
                    'floating IP leads, cannot be read\n'
                    for number in (11, 12)
                ),
            ),
            (result.status, result.stderr),
        )
        self.assertEqual(
            [
                # They are those of the floating IP, not of the port.
                ('port-forwarding', None, None, None, 80),
                ('port-forwarding', None, None, None, 443),
            ],
            [
                (
                    row['Matched As'],
                    row['Port ID'],
                    row['Project ID'],
                    row['Network ID'],
                    row['External Port'],
                )
                for row in json.loads(result.stdout)
            ],
        )

    def test_nothing_more_is_asked(self) -> None:
        self.register()
        self.rows('203.0.113.5', columns=('Query',))
        self.assertEqual(['floatingips', 'ports', 'ports'], self.asked())

    def found(self, query: str) -> list[str]:
        """Return what a query matches as, beside whatever is reported."""
        result = self.find(query, '-f', 'value', '-c', 'Matched As')
        return result.stdout.splitlines()

    def test_a_port_that_is_not_forwarded(self) -> None:
        self.register()
        for port in ('80/udp', '22', '443/UDP'):
            with self.subTest(port):
                self.assertEqual(
                    command_result.Result(
                        0,
                        'floating-ip\n',
                        f'Floating IP 203.0.113.5 does not forward {port}\n',
                    ),
                    self.find(
                        f'203.0.113.5:{port}',
                        *('-f', 'value', '-c', 'Matched As'),
                    ),
                )
        # All ports of this one lead to its port.
        self.cloud.register_network(
            'floatingips', fake_cloud.floating_ip('203.0.113.5', 11)
        )
        self.assertEqual(
            [('floating-ip', 'web')],
            self.rows('203.0.113.5:22', columns=('Matched As', 'Server Name')),
        )

    def test_forwardings_that_cannot_be_read(self) -> None:
        """Whether the port is among them is not known."""
        row = fake_cloud.floating_ip('203.0.113.5')
        self.cloud.register_port_forwardings(
            row,
            fake_cloud.forwarding(0, 0, 11, '10.0.0.5', external_port=None),
        )
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips/{row["id"]}'
            '/port_forwardings',
            status_code=403,
        )
        result = self.find('203.0.113.5:22')
        self.assertEqual(1, result.status)
        self.assertNotIn('does not forward', result.stderr)

    def test_the_port_chooses(self) -> None:
        self.register()
        for query, found in (
            ('203.0.113.5:443', [443]),
            ('203.0.113.5:80/TCP', [80]),
        ):
            with self.subTest(query):
                self.assertEqual(
                    [('port-forwarding', number) for number in found],
                    self.rows(query, columns=('Matched As', 'External Port')),
                )

    def test_the_port_chooses_a_range(self) -> None:
        self.register(external_port=None, external_port_range='8000:8010')
        for number, count in ((7999, 0), (8000, 2), (8010, 2), (8011, 0)):
            with self.subTest(number):
                rows = self.found(f'203.0.113.5:{number}')
                self.assertEqual(count, rows.count('port-forwarding'))
