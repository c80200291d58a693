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

import csv
import io
import pathlib
import sys

import yaml

from tests.cloud import api
from tests.cloud import scenario
from tests.functional import base
from tests.functional import fixed_ips

COMMAND = ('server', 'interface', 'list')

AWKWARD_NAMES = (
    'web.1',
    'a+b',
    '(prod) web',
    'x|y',
    '[x]',
    'name with space',
    'naïve-Ünïcode',
    'back\\slash 100%_{2}$^',
)

# Names that a pattern or a part of a name would match as well.
OTHER_NAMES = ('webx1', 'aab', 'x', 'y', 'name with', 'name with space too')


def row_of(attachment: scenario.Resource) -> dict[str, object]:
    """Make the row of an interface from what Nova says."""
    return {
        'Port ID': attachment['port_id'],
        'Network ID': attachment['net_id'],
        'MAC Address': attachment['mac_addr'],
        'Fixed IPs': fixed_ips.in_order(attachment['fixed_ips']),
        'Port State': attachment['port_state'],
        'Tag': attachment['tag'],
    }


class TestOneServer(base.FunctionalTestCase):
    server: scenario.Resource
    bare: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        dual = cls.scenario.network('dual', '10.9.0.0/24', 'fd00:9::/64')
        plain = cls.scenario.network('plain', '10.9.1.0/24')
        down = cls.scenario.port(plain, '10.9.1.30', admin_state_up=False)
        cls.server, cls.bare = cls.scenario.servers(
            {
                'several': [
                    {'uuid': dual['id'], 'tag': 'nic1'},
                    {'port': down['id']},
                ],
                'bare': [],
            }
        )
        cls.api.post(
            'compute',
            f'/servers/{cls.server["id"]}/os-interface',
            {'interfaceAttachment': {'net_id': plain['id']}},
        )

    def attachments(self, user: str = 'demo') -> list[scenario.Resource]:
        """Read what Nova says to a plain HTTP client."""
        found: list[scenario.Resource] = api.Api(user, self.cloud).get(
            'compute', f'/servers/{self.server["id"]}/os-interface', '2.70'
        )['interfaceAttachments']
        self.assertEqual(3, len(found))
        return sorted(found, key=lambda attachment: attachment['port_id'])

    def expected_rows(self, user: str = 'demo') -> list[dict[str, object]]:
        return [row_of(attachment) for attachment in self.attachments(user)]

    def test_json_is_what_nova_answers(self) -> None:
        for user in ('admin', 'demo', 'reader'):
            rows = self.rows(*COMMAND, self.server['id'], user=user)
            self.assertEqual(self.expected_rows(user), rows)
        self.assertEqual(
            {'ACTIVE', 'DOWN'}, {row['Port State'] for row in rows}
        )
        self.assertEqual({'nic1', None}, {row['Tag'] for row in rows})
        self.assertEqual([1, 1, 2], sorted(len(r['Fixed IPs']) for r in rows))

    def test_yaml_is_what_nova_answers(self) -> None:
        shown = self.succeed(*COMMAND, self.server['id'], '-f', 'yaml')
        self.assertEqual(self.expected_rows(), yaml.safe_load(shown))

    def test_text_formats(self) -> None:
        expected = [
            [
                str(row['Port ID']),
                str(row['Network ID']),
                str(row['MAC Address']),
                ','.join(
                    fixed_ip['ip_address']
                    for fixed_ip in fixed_ips.in_order(attachment['fixed_ips'])
                ),
                str(row['Port State']),
                str(row['Tag'] or ''),
            ]
            for row, attachment in zip(
                self.expected_rows(), self.attachments(), strict=True
            )
        ]
        shown = self.succeed(*COMMAND, self.server['id'], '-f', 'value')
        self.assertEqual(
            ''.join(' '.join(row) + '\n' for row in expected), shown
        )
        shown = self.succeed(*COMMAND, self.server['id'], '-f', 'csv')
        self.assertEqual(expected, list(csv.reader(io.StringIO(shown)))[1:])
        shown = self.succeed(*COMMAND, self.server['id'])
        table = [
            [cell.strip() for cell in line.split('|')[1:-1]]
            for line in shown.splitlines()
            if line.startswith('|')
        ]
        self.assertEqual(expected, table[1:])

    def test_agrees_with_nova_interface_list(self) -> None:
        nova = pathlib.Path(sys.executable).with_name('nova')
        credentials = self.cloud.credentials('demo')
        result = self.run_program(
            nova,
            'interface-list',
            self.server['id'],
            OS_CLOUD='',
            **{
                f'OS_{name.upper()}': value
                for name, value in credentials.items()
            },
        )
        self.assertEqual(0, result.status, result.stderr)
        seen = {
            tuple(cell.strip() for cell in line.split('|')[1:7])
            for line in result.stdout.splitlines()
            if line.startswith('|') and 'Port State' not in line
        }
        ours = {
            (
                row['Port State'],
                row['Port ID'],
                row['Network ID'],
                ','.join(ip['ip_address'] for ip in row['Fixed IPs']),
                row['MAC Address'],
                row['Tag'] or '-',
            )
            for row in self.rows(*COMMAND, self.server['id'])
        }
        self.assertEqual(ours, seen)

    def test_agrees_with_port_list(self) -> None:
        ports = self.rows('port', 'list', '--server', self.server['id'])
        ours = self.rows(*COMMAND, self.server['id'])
        self.assertEqual(
            sorted((p['ID'], p['MAC Address'], p['Status']) for p in ports),
            [(r['Port ID'], r['MAC Address'], r['Port State']) for r in ours],
        )
        self.assertEqual(
            {
                port['ID']: sorted(
                    (ip['ip_address'], ip['subnet_id'])
                    for ip in port['Fixed IP Addresses']
                )
                for port in ports
            },
            {
                row['Port ID']: sorted(
                    (ip['ip_address'], ip['subnet_id'])
                    for ip in row['Fixed IPs']
                )
                for row in ours
            },
        )

    def test_microversions(self) -> None:
        for pinned, has_tag in (
            ('2.1', False),
            ('2.69', False),
            ('2.70', True),
            ('2.latest', True),
            ('2', True),
        ):
            rows = self.rows(
                '--os-compute-api-version',
                pinned,
                *COMMAND,
                self.server['id'],
            )
            self.assertEqual(3, len(rows))
            self.assertEqual({has_tag}, {'Tag' in row for row in rows})

    def test_requests(self) -> None:
        self.rows(*COMMAND, self.server['id'])
        urls = self.cloud.endpoints
        expected = [
            f'GET {urls["identity"]}',
            f'POST {urls["identity"]}/auth/tokens',
            f'GET {urls["compute"]}',
            f'GET {urls["compute"]}/servers/{self.server["id"]}/os-interface',
        ]
        self.assertEqual(
            expected, [url.rstrip('/') for url in self.proxy.requests]
        )
        self.proxy.requests.clear()
        self.rows(*COMMAND, self.server['name'])
        (listing,) = set(self.proxy.requests) - {
            url for url in self.proxy.requests if url.rstrip('/') in expected
        }
        self.assertEqual(5, len(self.proxy.requests))
        self.assertIn('/servers?name=', listing)

    def test_no_interface(self) -> None:
        self.assertEqual([], self.rows(*COMMAND, self.bare['id']))
        self.assertEqual('\n', self.succeed(*COMMAND, self.bare['name']))

    def test_server_of_another_project(self) -> None:
        for name in (self.server['id'], self.server['name']):
            result = self.openstack(*COMMAND, name, user='other')
            self.assertEqual((1, ''), (result.status, result.stdout))
            self.assertEqual(1, result.stderr.count('\n'))
        result = self.openstack(*COMMAND, self.server['id'], user='other')
        self.assertRegex(
            result.stderr,
            f'^Interfaces of server {self.server["id"]}: not found; without '
            'administrator rights, a server of another project looks the '
            'same as one that does not exist: .*'
            r' \(HTTP 404, request ID req-[0-9a-f-]+\)\n$',
        )

    def test_system_scope(self) -> None:
        result = self.openstack(*COMMAND, self.server['id'], user='system')
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            r'^[^\n]*this is not allowed; the token is not scoped to a '
            r'project, and interfaces need one that is: [^\n]*'
            r'\(HTTP 403, request ID req-[0-9a-f-]+\)\n$',
        )


class TestNames(base.FunctionalTestCase):
    servers: dict[str, str]
    twins: list[scenario.Resource]

    @classmethod
    def make_resources(cls) -> None:
        made = cls.scenario.servers(
            {name: [] for name in AWKWARD_NAMES + OTHER_NAMES}
        )
        cls.servers = {server['name']: server['id'] for server in made}
        cls.twins = [cls.scenario.server('twin') for _number in range(2)]

    def test_each_is_found_exactly(self) -> None:
        for name in map(self.scenario.name, AWKWARD_NAMES):
            server_id = self.servers[name]
            self.proxy.requests.clear()
            self.assertEqual([], self.rows(*COMMAND, name))
            self.assertEqual(
                f'GET {self.cloud.endpoints["compute"]}/servers/{server_id}'
                '/os-interface',
                self.proxy.requests[-1],
                name,
            )

    def test_part_of_a_name_is_no_name(self) -> None:
        name = self.scenario.name('web')
        result = self.openstack(*COMMAND, name)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            rf"\ANo server with the name or ID '{name}' exists in project "
            rf"demo\. Did you mean .*'{name}\.1'.*\?\n\Z",
        )

    def test_two_servers_of_one_name(self) -> None:
        result = self.openstack(*COMMAND, self.scenario.name('twin'))
        self.assertEqual((1, ''), (result.status, result.stdout))
        for server in self.twins:
            self.assertIn(
                f'{server["id"]} (project demo, ACTIVE, created ',
                result.stderr,
            )
