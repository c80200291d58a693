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

"""The views that ``server interface list --source`` chooses from."""

import json

from tests import command_result
from tests.unit.commands import test_list_fleet
from tests.unit import fake_cloud


class TestNetworkSource(test_list_fleet.FleetTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network_versions()

    def test_rows(self) -> None:
        self.cloud.register_network(
            'ports',
            # Of a server that is not asked for.
            fake_cloud.port(19, 9, '10.0.0.9'),
            fake_cloud.port(22, 2, '10.0.0.22', status='DOWN'),
            fake_cloud.port(11, 1, '10.0.0.1', '2001:db8::1'),
            fake_cloud.port(21, 2),
        )
        self.assertEqual(
            command_result.Result(
                0,
                '"Server Name","Port ID","Network ID","MAC Address",'
                '"Fixed IPs","Port State","Tag"\n'
                f'"db","{fake_cloud.identifier(21)}",'
                f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:15","",'
                '"ACTIVE",""\n'
                f'"db","{fake_cloud.identifier(22)}",'
                f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:16",'
                '"10.0.0.22","DOWN",""\n'
                f'"web","{fake_cloud.identifier(11)}",'
                f'"{fake_cloud.identifier(700)}","fa:16:3e:00:00:0b",'
                '"10.0.0.1,2001:db8::1","ACTIVE",""\n',
                '',
            ),
            self.list(
                *('-f', 'csv', '--source', 'network', '-c', 'Server Name'),
                *('-c', 'Port ID', '-c', 'Network ID', '-c', 'MAC Address'),
                *('-c', 'Fixed IPs', '-c', 'Port State', '-c', 'Tag'),
            ),
        )

    def test_device_id_that_was_not_asked_for(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/ports',
            json={
                'ports': [
                    fake_cloud.port(11, 1),
                    fake_cloud.port(12, 1, device_id='LIKE-THE-ID-TO-MYSQL'),
                ]
            },
        )
        self.assertEqual(
            command_result.Result(0, f'{fake_cloud.identifier(11)}\n', ''),
            self.list(
                *('-f', 'value', '--source', 'network', '-c', 'Port ID')
            ),
        )

    def test_structure_has_subnets(self) -> None:
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, '10.0.0.1')
        )
        (row,) = json.loads(
            self.list('-f', 'json', '--source', 'network').stdout
        )
        self.assertEqual([fake_cloud.fixed_ip('10.0.0.1')], row['Fixed IPs'])
        self.assertIsNone(row['Tag'])

    def test_a_thousand_servers(self) -> None:
        numbers = range(1, 1001)
        self.register(
            *(fake_cloud.server(n, f'server-{n:04}') for n in numbers)
        )
        # Nova links to a page after a full one.
        last = f'?marker={fake_cloud.identifier(1000)}'
        self.cloud.get(
            test_list_fleet.SERVERS_URL,
            json={
                'servers': list(self.servers),
                'servers_links': [
                    {'rel': 'next', 'href': test_list_fleet.SERVERS_URL + last}
                ],
            },
        )
        self.cloud.get(
            test_list_fleet.SERVERS_URL + last, json={'servers': []}
        )
        self.cloud.register_network(
            'ports', *(fake_cloud.port(2000 + n, n) for n in reversed(numbers))
        )
        result = self.list(
            *test_list_fleet.SERVER_AND_PORT, '--source', 'network'
        )
        self.assertEqual(
            command_result.Result(
                0,
                test_list_fleet.rows(
                    *((n, f'server-{n:04}', 2000 + n) for n in numbers)
                ),
                '',
            ),
            result,
        )
        for_interfaces = [
            line
            for line in self.cloud.requested()
            if line.startswith(f'GET {test_list_fleet.PORTS_URL}')
        ]
        self.assertEqual(7, len(for_interfaces))
        # What a service takes at least (RFC 9112, section 3).
        self.assertLess(max(map(len, for_interfaces)), 8000)
        self.assertFalse(
            [line for line in self.cloud.requested() if 'os-interface' in line]
        )

    def test_pages_of_neutron(self) -> None:
        self.cloud.get(
            test_list_fleet.PORTS_URL,
            json={
                'ports': [fake_cloud.port(12, 2)],
                'ports_links': [
                    {
                        'rel': 'next',
                        'href': 'http://inside.test/v2.0/ports?'
                        f'device_id={fake_cloud.identifier(1)}&fields=id'
                        '&marker=12',
                    }
                ],
            },
        )
        self.cloud.get(
            f'{test_list_fleet.PORTS_URL}?marker=12',
            json={'ports': [fake_cloud.port(11, 1)]},
        )
        self.assert_lists(
            test_list_fleet.rows((2, 'db', 12), (1, 'web', 11)),
            '--source',
            'network',
        )

    def test_neutron_fails(self) -> None:
        self.cloud.get(
            test_list_fleet.PORTS_URL,
            status_code=403,
            json={'NeutronError': {'type': 'Forbidden', 'message': 'No.'}},
        )
        self.assert_fails(
            self.list('--source', 'network'),
            'Ports: this is not allowed: No. (HTTP 403)',
        )

    def test_filter(self) -> None:
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, '10.0.0.1'),
            fake_cloud.port(12, 2, '10.0.0.2', status='DOWN'),
        )
        self.assert_lists(
            test_list_fleet.rows((2, 'db', 12)),
            '--source',
            'network',
            '--port-state',
            'down',
        )


class TestCacheSource(test_list_fleet.FleetTestCase):
    CSV = (
        *('-f', 'csv', '--source', 'cache', '-c', 'Server Name'),
        *('-c', 'Port ID', '-c', 'Network ID', '-c', 'MAC Address'),
        *('-c', 'Fixed IPs', '-c', 'Port State', '-c', 'Tag'),
    )
    HEADER = (
        '"Server Name","Port ID","Network ID","MAC Address","Fixed IPs",'
        '"Port State","Tag"\n'
    )

    def setUp(self) -> None:
        super().setUp()
        self.register(
            fake_cloud.server(
                1,
                'web',
                addresses={
                    'storage': [fake_cloud.cached(13, '192.0.2.3')],
                    'private': [
                        fake_cloud.cached(12, '10.0.0.2'),
                        fake_cloud.cached(11, '10.0.0.1'),
                        fake_cloud.cached(11, '2001:db8::1'),
                        fake_cloud.cached(11, '203.0.113.1', 'floating'),
                    ],
                },
            ),
            fake_cloud.server(2, 'db', status='BUILD', addresses={}),
        )

    def test_rows(self) -> None:
        # A floating IP is none of the fixed IPs, and a server that is being
        # built has nothing to show yet.
        self.assertEqual(
            command_result.Result(
                0,
                f'{self.HEADER}'
                '"web","","","fa:16:3e:00:00:0b","10.0.0.1,2001:db8::1","",'
                '""\n'
                '"web","","","fa:16:3e:00:00:0c","10.0.0.2","",""\n'
                '"web","","","fa:16:3e:00:00:0d","192.0.2.3","",""\n',
                '',
            ),
            self.list(*self.CSV),
        )
        self.assertEqual(
            [f'GET {test_list_fleet.DETAILED_SERVERS_URL}'], self.requested()
        )

    def test_filtered_listing_takes_two_requests(self) -> None:
        self.assertEqual(0, self.list(*self.CSV, '--status', 'ACTIVE').status)
        self.assertEqual(
            [
                f'GET {test_list_fleet.DETAILED_SERVERS_URL}?status=ACTIVE',
                f'GET {test_list_fleet.SERVERS_URL}',
            ],
            self.requested(),
        )

    def test_structure(self) -> None:
        row = json.loads(self.list('-f', 'json', '--source', 'cache').stdout)[
            0
        ]
        self.assertEqual(
            [
                {'ip_address': '10.0.0.1', 'subnet_id': None},
                {'ip_address': '2001:db8::1', 'subnet_id': None},
            ],
            row['Fixed IPs'],
        )
        for column in ('Port ID', 'Network ID', 'Port State', 'Tag'):
            self.assertIsNone(row[column])

    def test_one_by_id(self) -> None:
        url = f'{test_list_fleet.SERVERS_URL}/{fake_cloud.identifier(1)}'
        self.cloud.get(url, json={'server': self.servers[0]})
        self.assertEqual(
            command_result.Result(
                0,
                'fa:16:3e:00:00:0b 10.0.0.1,2001:db8::1\n'
                'fa:16:3e:00:00:0c 10.0.0.2\n'
                'fa:16:3e:00:00:0d 192.0.2.3\n',
                '',
            ),
            self.list(
                *('-f', 'value', '-c', 'MAC Address', '-c', 'Fixed IPs'),
                *('--source', 'cache', fake_cloud.identifier(1)),
            ),
        )
        self.assertEqual([f'GET {url}'], self.requested())

    def test_ids_that_are_not_listed(self) -> None:
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}/{fake_cloud.identifier(8)}',
            json={
                'server': fake_cloud.server(
                    8,
                    'elsewhere',
                    addresses={'public': [fake_cloud.cached(18, '192.0.2.8')]},
                )
            },
        )
        self.cloud.get(
            f'{test_list_fleet.SERVERS_URL}/{fake_cloud.identifier(9)}',
            status_code=404,
            json={'itemNotFound': {'code': 404, 'message': 'Gone.'}},
        )
        self.assertEqual(
            command_result.Result(
                1,
                f'{self.HEADER}'
                '"elsewhere","","","fa:16:3e:00:00:12","192.0.2.8","",""\n',
                f'Server {fake_cloud.identifier(9)}: '
                f'{test_list_fleet.OTHER_PROJECT_HINT}: Gone. (HTTP 404)\n',
            ),
            self.list(
                *self.CSV,
                *(fake_cloud.identifier(9), 'db', fake_cloud.identifier(8)),
            ),
        )

    def test_filters(self) -> None:
        for option, value, expected in (
            ('--network', 'storage', '192.0.2.3\n'),
            ('--fixed-ip', '10.0.0.0/31', '10.0.0.1,2001:db8::1\n'),
            ('--fixed-ip', '203.0.113.1', ''),
            ('--ip-version', '6', '10.0.0.1,2001:db8::1\n'),
            ('--mac-address', 'FA163E00000C', '10.0.0.2\n'),
        ):
            self.assertEqual(
                command_result.Result(0, expected, ''),
                self.list(
                    *('-f', 'value', '-c', 'Fixed IPs', '--source', 'cache'),
                    *(option, value),
                ),
            )

    def test_down_cell(self) -> None:
        down = {'id': fake_cloud.identifier(5), 'status': 'UNKNOWN'}
        self.register({**down}, fake_cloud.server(2, 'db'))
        self.assertEqual(
            command_result.Result(
                1,
                self.HEADER,
                f'Interfaces of server {fake_cloud.identifier(5)}: its cell '
                'is down\n',
            ),
            self.list(*self.CSV),
        )

    def test_long_has_what_the_cache_has(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                '10.0.0.1,2001:db8::1 private 203.0.113.1 \n'
                '10.0.0.2 private  \n'
                '192.0.2.3 storage  \n',
                '',
            ),
            self.list(
                *('-f', 'value', '-c', 'Fixed IPs', '-c', 'Network Name'),
                *('-c', 'Floating IPs', '-c', 'Host', '--long'),
                *('--source', 'cache'),
            ),
        )
        self.assertEqual(
            [f'GET {test_list_fleet.DETAILED_SERVERS_URL}'], self.requested()
        )
