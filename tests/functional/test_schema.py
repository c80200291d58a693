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

"""The promise to scripts: doc/source/user/schema."""

import json
from typing import Any

import jsonschema
import referencing

from tests.cloud import scenario
from tests import environments
from tests.functional import base

SCHEMAS = environments.CHECKOUT / 'doc' / 'source' / 'user' / 'schema'


def schema(name: str) -> dict[str, Any]:
    """Read a schema."""
    found: dict[str, Any] = json.loads((SCHEMAS / name).read_text())
    return found


def validate(name: str, value: object) -> None:
    """Validate a value against the schema of a command."""
    # The other schemas refer to it.
    registry = referencing.Registry().with_contents(
        [('list.json', schema('list.json'))]
    )
    jsonschema.Draft202012Validator(
        schema(f'{name}.json'),
        registry=registry,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(value)


class TestSchemas(base.ProjectTestCase):
    server: scenario.Resource
    port: scenario.Resource
    group: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        network = cls.scenario.network('net', '10.90.0.0/24', 'fd00:90::/64')
        cls.group = cls.scenario.security_group('web')
        cls.scenario.security_group_rule(cls.group, cls.group)
        cls.scenario.security_group_rule(
            cls.group, protocol='icmp', port_range_min=8
        )
        cls.port = cls.scenario.port(
            network, security_groups=[cls.group['id']]
        )
        cls.scenario.router('router', network)
        cls.scenario.floating_ip(cls.port)
        cls.server = cls.scenario.server('promised', {'port': cls.port['id']})

    def run_json(
        self, verb: str, *arguments: str, user: str | None, status: int = 0
    ) -> Any:
        result = self.openstack(
            'server', 'interface', verb, *arguments, '-f', 'json', user=user
        )
        self.assertEqual(status, result.status, result.stderr)
        return json.loads(result.stdout)

    def test_list(self) -> None:
        for user in (self.user, 'admin'):
            for arguments in (
                (self.server['id'],),
                (self.server['id'], '--long'),
                ('--project', self.user)
                if user == 'admin'
                else ('--source', 'network'),
                (self.server['id'], '--source', 'cache'),
            ):
                with self.subTest(user=user, arguments=arguments):
                    rows = self.run_json('list', *arguments, user=user)
                    self.assertNotEqual([], rows)
                    validate('list', rows)

    def test_show(self) -> None:
        for user in (self.user, 'admin'):
            arguments = (self.server['id'], self.port['id'])
            validate('show', self.run_json('show', *arguments, user=user))
            shown = self.run_json('show', *arguments, '--rules', user=user)
            self.assertNotEqual([], shown['Rules'])
            validate('show', shown)

    def test_find(self) -> None:
        addresses = ('10.90.0.1', self.port['id'], self.port['mac_address'])
        for user in (self.user, 'admin'):
            rows = self.run_json('find', *addresses, user=user)
            self.assertEqual(3, len(rows))
            validate('find', rows)

    def test_check(self) -> None:
        down = self.scenario.port({'id': self.port['network_id']})
        self.scenario.user.put(
            'network',
            f'/v2.0/ports/{down["id"]}',
            {'port': {'device_id': self.server['id']}},
        )
        self.addCleanup(
            self.scenario.user.put,
            'network',
            f'/v2.0/ports/{down["id"]}',
            {'port': {'device_id': ''}},
        )
        rows = self.run_json(
            'check', self.server['id'], user='admin', status=3
        )
        validate('check', rows)

    def test_wait(self) -> None:
        rows = self.run_json('wait', self.server['id'], user=self.user)
        self.assertNotEqual([], rows)
        validate('wait', rows)

    def test_what_is_not_promised_fails(self) -> None:
        for name, row in (
            ('a column that nobody describes', {'Colour': 'blue'}),
            ('another type', {'Fixed IPs': '192.0.2.1'}),
            ('an empty text for a UUID', {'Port ID': ''}),
        ):
            with self.subTest(name):
                self.assertRaises(
                    jsonschema.ValidationError, validate, 'list', [row]
                )
