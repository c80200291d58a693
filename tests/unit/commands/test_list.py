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

import inspect
import json
import traceback
from typing import Any
from urllib import parse

import fixtures
import yaml

from osc_port_iface.api import transport
from tests import command_result
from tests.unit import base
from tests.unit import clock
from tests.unit import fake_cloud

SERVER_ID = fake_cloud.identifier(1)
INTERFACES_URL = f'{fake_cloud.COMPUTE_URL}/servers/{SERVER_ID}/os-interface'
SERVERS_URL = f'{fake_cloud.COMPUTE_URL}/servers'

AUTHENTICATION = [
    f'GET {fake_cloud.AUTH_URL}',
    f'POST {fake_cloud.AUTH_URL}/auth/tokens',
]


class ListTestCase(base.ShellTestCase):
    def list(self, *arguments: str) -> command_result.Result:
        return self.openstack('server', 'interface', 'list', *arguments)

    def assert_fails(
        self, result: command_result.Result, message: str
    ) -> None:
        self.assertEqual(command_result.Result(1, '', message + '\n'), result)


class TestLevels(ListTestCase):
    def test_calls_between_the_command_and_a_request(self) -> None:
        self.cloud.register_interfaces(SERVER_ID, fake_cloud.attachment(11))
        self.cloud.register_network('ports', fake_cloud.port(11, 1))
        get = transport.Transport.get
        levels: list[list[str]] = []

        def traced(*arguments: Any, **options: Any) -> object:
            # Without a frame, Python 3.12 and 3.13 leave one out.
            stack = traceback.walk_stack(inspect.currentframe())
            names = [
                frame.f_code.co_name
                for frame, _line in stack
                if '/osc_port_iface/' in frame.f_code.co_filename
            ]
            # A thread begins in fan_out.
            ends = {'tabulate', 'run'} & {*names}
            levels.append(names[: min(map(names.index, ends))])
            return get(*arguments, **options)

        self.useFixture(
            fixtures.MonkeyPatch(
                'osc_port_iface.api.transport.Transport.get', traced
            )
        )
        for source, path in (
            ('compute', ['interfaces', '_interfaces']),
            ('network', ['_all', 'list', 'read']),
        ):
            with self.subTest(source):
                self.list('--source', source, '-c', 'Port ID', SERVER_ID)
                self.assertEqual(path, levels[-1])


class TestFormats(ListTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_interfaces(
            SERVER_ID,
            fake_cloud.attachment(11, '10.0.0.10', '2001:db8::5', tag='nic1'),
            fake_cloud.attachment(12, '10.0.0.9', port_state='DOWN'),
            {**fake_cloud.attachment(13), 'fixed_ips': None},
        )

    def test_table(self) -> None:
        first, second, third = map(fake_cloud.identifier, (11, 12, 13))
        network = fake_cloud.identifier(700)
        rule = (
            f'+{"-" * 38}+{"-" * 38}+{"-" * 19}+{"-" * 23}+{"-" * 12}+'
            f'{"-" * 6}+\n'
        )
        self.assertEqual(
            command_result.Result(
                0,
                f'{rule}'
                f'| Port ID{" " * 30}| Network ID{" " * 27}'
                '| MAC Address       | Fixed IPs             | Port State '
                '| Tag  |\n'
                f'{rule}'
                f'| {first} | {network} | fa:16:3e:00:00:0b '
                '| 10.0.0.10,2001:db8::5 | ACTIVE     | nic1 |\n'
                f'| {second} | {network} | fa:16:3e:00:00:0c '
                '| 10.0.0.9              | DOWN       |      |\n'
                f'| {third} | {network} | fa:16:3e:00:00:0d '
                '|                       | ACTIVE     |      |\n'
                f'{rule}',
                '',
            ),
            self.list(SERVER_ID),
        )

    def test_value(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                f'{fake_cloud.identifier(11)} 10.0.0.10,2001:db8::5 nic1\n'
                f'{fake_cloud.identifier(12)} 10.0.0.9 \n'
                f'{fake_cloud.identifier(13)}  \n',
                '',
            ),
            self.list(
                '-f',
                'value',
                '-c',
                'Port ID',
                '-c',
                'Fixed IPs',
                '-c',
                'Tag',
                SERVER_ID,
            ),
        )

    def test_csv(self) -> None:
        self.assertEqual(
            command_result.Result(
                0,
                '"Fixed IPs","Port State","Tag"\n'
                '"10.0.0.10,2001:db8::5","ACTIVE","nic1"\n'
                '"10.0.0.9","DOWN",""\n'
                '"","ACTIVE",""\n',
                '',
            ),
            self.list(
                '-f',
                'csv',
                '-c',
                'Fixed IPs',
                '-c',
                'Port State',
                '-c',
                'Tag',
                SERVER_ID,
            ),
        )

    def test_structured(self) -> None:
        for output_format, decode in (
            ('json', json.loads),
            ('yaml', yaml.safe_load),
        ):
            result = self.list('-f', output_format, SERVER_ID)
            self.assertEqual((0, ''), (result.status, result.stderr))
            rows = decode(result.stdout)
            self.assertEqual(
                {
                    'Port ID': fake_cloud.identifier(11),
                    'Network ID': fake_cloud.identifier(700),
                    'MAC Address': 'fa:16:3e:00:00:0b',
                    'Fixed IPs': [
                        fake_cloud.fixed_ip('10.0.0.10'),
                        fake_cloud.fixed_ip('2001:db8::5'),
                    ],
                    'Port State': 'ACTIVE',
                    'Tag': 'nic1',
                },
                rows[0],
            )
            self.assertIsNone(rows[1]['Tag'])
            self.assertEqual([], rows[2]['Fixed IPs'])

    def test_sorts_on_every_column(self) -> None:
        self.cloud.register_interfaces(
            SERVER_ID,
            fake_cloud.attachment(
                22, '10.0.0.10', net_id='b', port_state='DOWN', tag='b'
            ),
            {
                **fake_cloud.attachment(23, net_id='c'),
                'fixed_ips': None,
                'port_state': 'N/A',
            },
            fake_cloud.attachment(21, '10.0.0.9', net_id='a', tag='a'),
        )
        for column, expected in (
            ('Port ID', [21, 22, 23]),
            ('Network ID', [21, 22, 23]),
            ('MAC Address', [21, 22, 23]),
            ('Fixed IPs', [23, 21, 22]),
            ('Port State', [21, 22, 23]),
            ('Tag', [23, 21, 22]),
        ):
            for output_format, decode in (
                ('value', str.split),
                (
                    'json',
                    lambda text: [row['Port ID'] for row in json.loads(text)],
                ),
            ):
                arguments = (
                    '-f',
                    output_format,
                    '-c',
                    'Port ID',
                    SERVER_ID,
                    '--sort-column',
                    column,
                )
                identifiers = [*map(fake_cloud.identifier, expected)]
                for direction in ('--sort-ascending', '--sort-descending'):
                    result = self.list(*arguments, direction)
                    self.assertEqual('', result.stderr)
                    self.assertEqual(identifiers, decode(result.stdout))
                    identifiers.reverse()

    def test_no_interface(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        for output_format, expected in (
            ('table', '\n'),
            ('value', ''),
            ('json', '[]\n'),
            ('yaml', '[]\n'),
        ):
            self.assertEqual(
                command_result.Result(0, expected, ''),
                self.list('-f', output_format, SERVER_ID),
            )

    def test_hostile_text(self) -> None:
        self.cloud.register_interfaces(
            SERVER_ID,
            fake_cloud.attachment(11, tag='\x1b[2Jn\u202eic\x07'),
        )
        for output_format in ('table', 'value', 'csv'):
            stdout = self.list('-f', output_format, SERVER_ID).stdout
            # csv doubles a backslash.
            self.assertIn(
                '\\x1b[2Jn\\u202eic\\x07', stdout.replace('\\\\', '\\')
            )
            self.assertNotIn('\x1b', stdout)
        for output_format, decode in (
            ('json', json.loads),
            ('yaml', yaml.safe_load),
        ):
            stdout = self.list('-f', output_format, SERVER_ID).stdout
            self.assertNotIn('\x1b', stdout)
            self.assertNotIn('\u202e', stdout)
            self.assertEqual('\x1b[2Jn\u202eic\x07', decode(stdout)[0]['Tag'])


class TestMicroversion(ListTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_interfaces(
            SERVER_ID, fake_cloud.attachment(11, '10.0.0.10', tag='nic1')
        )

    def assert_microversion(
        self, expected: str | None, shows_tag: bool, *arguments: str
    ) -> None:
        result = self.openstack(
            *arguments,
            'server',
            'interface',
            'list',
            '-f',
            'json',
            SERVER_ID,
        )
        self.assertEqual('', result.stderr)
        self.assertEqual(shows_tag, 'Tag' in json.loads(result.stdout)[0])
        self.assertEqual(
            f'compute {expected}' if expected else None,
            self.cloud.last_headers.get('OpenStack-API-Version'),
        )

    def test_highest_useful(self) -> None:
        self.assert_microversion('2.70', True)

    def test_old_cloud(self) -> None:
        self.cloud.register_compute_versions(maximum='2.60')
        self.assert_microversion('2.60', False)

    def test_cloud_without_microversions(self) -> None:
        self.cloud.register_compute_versions(maximum='')
        self.assert_microversion(None, False)

    def test_option(self) -> None:
        for pinned, sent, shows_tag in (
            ('2', '2.70', True),
            ('2.1', '2.1', False),
            ('2.69', '2.69', False),
            ('2.70', '2.70', True),
            ('2.90', '2.90', True),
            ('2.latest', '2.70', True),
        ):
            self.assert_microversion(
                sent, shows_tag, '--os-compute-api-version', pinned
            )

    def test_environment(self) -> None:
        self.environment['OS_COMPUTE_API_VERSION'] = '2.69'
        self.assert_microversion('2.69', False)

    def test_clouds_yaml(self) -> None:
        self.configure_cloud(compute_default_microversion='2.69')
        self.assert_microversion('2.69', False)

    def test_more_than_the_cloud_has(self) -> None:
        self.cloud.get(
            INTERFACES_URL,
            status_code=406,
            json={
                'computeFault': {
                    'message': 'Version 2.90 is not supported by the API. '
                    'Minimum is 2.1 and maximum is 2.60.'
                }
            },
        )
        self.assert_fails(
            self.openstack(
                '--os-compute-api-version',
                '2.90',
                'server',
                'interface',
                'list',
                SERVER_ID,
            ),
            f'Interfaces of server {SERVER_ID}: the microversion is not '
            'supported; choose another with --os-compute-api-version: Version '
            '2.90 is not supported by the API. Minimum is 2.1 and maximum is '
            '2.60. (HTTP 406)',
        )


class TestRequests(ListTestCase):
    def test_limits_of_an_operator(self) -> None:
        slept = self.useFixture(clock.Clock()).slept
        self.cloud.register_interfaces(SERVER_ID)
        limits: dict[str, Any] = {
            'rate_limit': {'compute': 0.5},
            'concurrency': {'compute': 1},
        }
        environment = self.environment
        none: dict[str, Any] = {}
        # keystoneauth would wait for ever.
        negative: dict[str, Any] = {'concurrency': {'compute': -1}}
        for settings, is_slowed in (
            (none, False),
            (negative, False),
            (limits, True),
        ):
            with self.subTest(str(settings)):
                self.environment = environment
                self.configure_cloud(**settings)
                result = self.list(SERVER_ID)
                self.assertEqual((0, ''), (result.status, result.stderr))
                self.assertEqual(is_slowed, sum(slept) > 0)

    def test_limit_that_is_no_number(self) -> None:
        self.configure_cloud(rate_limit={'compute': 'slow'})
        self.assertEqual(
            command_result.Result(
                1,
                '',
                "clouds.yaml: could not convert string to float: 'slow'\n",
            ),
            self.list(SERVER_ID),
        )

    def test_by_id(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        self.list(SERVER_ID)
        self.assertEqual(
            [
                *AUTHENTICATION,
                f'GET {fake_cloud.COMPUTE_URL}',
                f'GET {INTERFACES_URL}',
            ],
            self.cloud.requested(),
        )
        self.assertEqual((10.0, 90.0), self.cloud.request_history[-1].timeout)

    def test_by_name(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        self.cloud.get(
            SERVERS_URL, json={'servers': [fake_cloud.server(1, 'web-1')]}
        )
        self.list('web-1')
        self.assertEqual(
            [
                *AUTHENTICATION,
                f'GET {fake_cloud.COMPUTE_URL}',
                f'GET {SERVERS_URL}?name=%5Eweb-1%24',
                f'GET {INTERFACES_URL}',
            ],
            self.cloud.requested(),
        )


class TestNames(ListTestCase):
    def test_exact(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        for name, pattern in (
            ('web.1', r'^web\.1$'),
            ('a+b', r'^a\+b$'),
            ('(prod) web', r'^\(prod\) web$'),
            ('x|y', '^x[|]y$'),
            ('[x]', r'^\[x\]$'),
            ('name with space', '^name with space$'),
            ('naïve-Ünïcode', '^naïve-Ünïcode$'),
            ('back\\slash', r'^back\\slash$'),
        ):
            self.cloud.get(
                SERVERS_URL,
                json={
                    'servers': [
                        fake_cloud.server(2, f'{name}-2'),
                        fake_cloud.server(3, name.upper()),
                        fake_cloud.server(1, name),
                    ]
                },
            )
            result = self.list('-f', 'value', name)
            self.assertEqual(command_result.Result(0, '', ''), result)
            self.assertEqual(
                pattern,
                parse.unquote_plus(self.cloud.requested()[-2]).split('name=')[
                    1
                ],
            )

    def test_second_page(self) -> None:
        self.cloud.register_interfaces(SERVER_ID)
        self.cloud.get(
            SERVERS_URL,
            json={
                'servers': [fake_cloud.server(2, 'WEB')],
                'servers_links': [
                    {
                        'rel': 'next',
                        'href': 'http://inside/servers?'
                        'name=%5Eweb%24&marker=2',
                    }
                ],
            },
        )
        self.cloud.get(
            f'{SERVERS_URL}?marker=2',
            json={'servers': [fake_cloud.server(1, 'web')]},
        )
        self.assertEqual(command_result.Result(0, '\n', ''), self.list('web'))

    def test_unknown(self) -> None:
        self.cloud.get(
            SERVERS_URL, json={'servers': [fake_cloud.server(2, 'web-2')]}
        )
        self.assert_fails(
            self.list('web'),
            "No server with the name or ID 'web' exists in project demo. Did "
            "you mean 'web-2'?",
        )

    def test_ambiguous(self) -> None:
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'),
            fake_cloud.server(2, 'web', status='SHUTOFF'),
        )
        for command in (
            ('list',),
            ('show',),
            ('wait',),
            ('check',),
            ('repair', '--dry-run'),
            ('reach', '192.0.2.1'),
        ):
            with self.subTest(command):
                self.assert_fails(
                    self.openstack('server', 'interface', *command, 'web'),
                    "2 servers have the name 'web', use an ID: "
                    f'{SERVER_ID} (project demo, ACTIVE), '
                    f'{fake_cloud.identifier(2)} (project demo, SHUTOFF)',
                )

    def test_hostile_name(self) -> None:
        self.cloud.get(SERVERS_URL, json={'servers': []})
        self.assert_fails(
            self.list('\x1b[2J'),
            "No server with the name or ID '\\x1b[2J' exists in project demo.",
        )
