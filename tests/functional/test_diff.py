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
import pathlib

import fixtures

from tests.cloud import api
from tests.cloud import moves
from tests.cloud import scenario
from tests.functional import base
from tests.functional import test_schema

LIST = ('server', 'interface', 'list')
DIFF = ('server', 'interface', 'diff')


class TestDiff(base.ProjectTestCase):
    group: scenario.Resource
    network: scenario.Resource
    server: scenario.Resource
    port: scenario.Resource
    spare: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        # Made before the ports that use it, so that it is removed after them.
        cls.group = cls.scenario.security_group('ssh')
        cls.network = cls.scenario.network('net', '10.60.0.0/24')
        cls.scenario.router('router', cls.network)
        cls.port = cls.scenario.port(cls.network, '10.60.0.10')
        cls.spare = cls.scenario.port(cls.network, '10.60.0.20')
        cls.server = cls.scenario.server('moved', {'port': cls.port['id']})

    def save(self, output_format: str, *arguments: str, user: str) -> str:
        listed = self.succeed(
            *LIST, '-f', output_format, *arguments, user=user
        )
        return self.create_file(listed)

    def create_file(self, text: str) -> str:
        path = self.useFixture(fixtures.TempDir()).join('listing')
        pathlib.Path(path).write_text(text)
        return path

    def changes(self, *arguments: str, user: str) -> list[tuple[str, ...]]:
        result = self.openstack(*DIFF, *arguments, '-f', 'json', user=user)
        self.assertEqual((3, ''), (result.status, result.stderr))
        rows = json.loads(result.stdout)
        test_schema.validate('diff', rows)
        return [
            (row['Port ID'], row['Change'], row['Before'], row['After'])
            for row in rows
        ]

    def test_before_and_after(self) -> None:
        admin = api.Api('admin', self.cloud)
        server_id = self.server['id']
        own = ('--project', self.api.project_id)
        saved = {
            output_format: self.save(
                output_format, '--long', *own, user='admin'
            )
            for output_format in ('json', 'yaml', 'csv')
        }
        for before in saved.values():
            self.assertEqual(
                '\n', self.succeed(*DIFF, before, *own, user='admin')
            )
        of_member = self.save('json', user=self.user)
        self.assertEqual(
            '\n', self.succeed(*DIFF, of_member, user=self.reader)
        )

        old_host = moves.host_of(admin, self.server)
        new_host = moves.other_host(admin, self.server)
        moves.live_migrate(admin, self.server, new_host)
        self.api.post(
            'compute',
            f'/servers/{server_id}/os-interface',
            {'interfaceAttachment': {'port_id': self.spare['id'], 'tag': 'x'}},
            '2.70',
        )
        self.api.put(
            'network',
            f'/v2.0/ports/{self.port["id"]}',
            {
                'port': {
                    'security_groups': [self.group['id']],
                    'fixed_ips': [{'ip_address': '10.60.0.11'}],
                }
            },
        )
        floating_ip = self.scenario.floating_ip(self.port)
        address = floating_ip['floating_ip_address']
        expected = [
            (self.port['id'], 'floating-ips', None, address),
            (self.port['id'], 'moved', old_host, new_host),
            (self.port['id'], 'readdressed', '10.60.0.10', '10.60.0.11'),
            (
                self.port['id'],
                'security-groups',
                'default',
                self.scenario.name('ssh'),
            ),
            (self.spare['id'], 'attached', None, '10.60.0.20'),
        ]
        after = self.save('csv', '--long', *own, user='admin')
        for before in saved.values():
            for arguments in (own, ('--same',), (after,)):
                self.assertEqual(
                    sorted(expected, key=str),
                    sorted(
                        self.changes(before, *arguments, user='admin'),
                        key=str,
                    ),
                )
        self.assertEqual(
            sorted((expected[2], expected[4]), key=str),
            sorted(
                self.changes(of_member, '--same', user=self.reader), key=str
            ),
        )

        self.api.delete(
            'compute', f'/servers/{server_id}/os-interface/{self.spare["id"]}'
        )
        self.succeed(
            'server',
            'interface',
            'wait',
            server_id,
            '--for',
            'detached',
            '--port',
            self.spare['id'],
            user=self.user,
        )
        self.assertEqual(
            [(self.spare['id'], 'detached', '10.60.0.20', None)],
            self.changes(after, *own, user='admin'),
        )
