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

"""What Octavia tells, from a stand-in in the catalog of the embedded cloud."""

import json
from typing import Any
import uuid

from tests.cloud import scenario
from tests import command_result
from tests.faults import language
from tests.functional import base
from tests.functional import octavia


class TestLoadBalancers(base.ProjectTestCase):
    network: scenario.Resource

    @classmethod
    def make_resources(cls) -> None:
        cls.network = cls.scenario.network('net', '10.66.0.0/24')

    def setUp(self) -> None:
        super().setUp()
        self.octavia = self.useFixture(
            octavia.Octavia(self.cloud, self.api.project_id)
        )
        self.proxy.faults.plan(
            language.parse_place('/v3/auth/tokens'),
            *language.parse_faults(
                f'add:token.catalog={self.octavia.catalog_entry}', {}
            ),
        )

    def repair(
        self, *arguments: str
    ) -> tuple[command_result.Result, dict[str, tuple[str, ...]]]:
        """Delete unused ports; return what became of each."""
        result = self.openstack(
            'server',
            'interface',
            'repair',
            '--finding',
            'unused-port',
            '--older-than',
            '0s',
            '--delete-orphans',
            '--auto-approve',
            '-f',
            'json',
            *arguments,
        )
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return result, {
            row['Port ID']: (row['Result'], row['After'], row['Reason'])
            for row in rows
        }

    def test_ports_of_virtual_ips_are_kept(self) -> None:
        first, second, additional, unused, late = (
            self.scenario.port(self.network) for _number in range(5)
        )
        balancers = {
            first['id']: self.octavia.load_balancer(first),
            second['id']: self.octavia.load_balancer(second, additional),
        }
        balancers[additional['id']] = balancers[second['id']]
        unknown = (
            'a service that cannot be asked may use it (load-balancer): name '
            'the port with --port'
        )
        ports = (first, second, additional, unused, late)
        for status in (403, 404, 500):
            with self.subTest(status):
                self.octavia.refusal = status
                result, found = self.repair()
                self.assertEqual((3, ''), (result.status, result.stderr))
                self.assertEqual(
                    {
                        port['id']: ('not repairable', None, unknown)
                        for port in ports
                    },
                    found,
                )
                self.assertEqual([], self.proxy.writes)
        self.octavia.refusal = None
        kept = {
            port_id: (
                'not repairable',
                None,
                f'load balancer {balancer["id"]} uses its address',
            )
            for port_id, balancer in balancers.items()
        }
        # Not even ports that the user names are deleted.
        named = [
            argument
            for port_id in (*balancers, unused['id'])
            for argument in ('--port', port_id)
        ]
        result, found = self.repair(*named)
        self.assertEqual((3, ''), (result.status, result.stderr))
        self.assertEqual(
            {**kept, unused['id']: ('repaired', 'deleted', None)}, found
        )
        deletion = ('DELETE', f'/v2.0/ports/{unused["id"]}', None)
        self.assertEqual([deletion], self.proxy.writes)
        self.proxy.writes.clear()

        # After the plan has read both pages, it becomes a virtual IP.
        pages: list[scenario.Resource] = []

        def begin_to_use() -> None:
            pages.append(late)
            if len(pages) == 3:
                balancers[late['id']] = self.octavia.load_balancer(late)

        self.octavia.on_list = begin_to_use
        result, found = self.repair('--port', late['id'])
        problem = (
            f'Port {late["id"]}: load balancer {balancers[late["id"]]["id"]} '
            'uses its address'
        )
        self.assertEqual(
            (1, f'{problem}\n', {late['id']: ('skipped', None, problem)}),
            (result.status, result.stderr, found),
        )
        self.assertEqual([], self.proxy.writes)

    def test_find_behind(self) -> None:
        address = '10.66.0.80'
        identifier = str(uuid.uuid4())
        vip = self.scenario.port(
            self.network,
            address,
            name=f'ovn-lb-vip-{identifier}',
        )
        member = self.scenario.port(self.network, '10.66.0.5')
        server = self.scenario.server('member', {'port': member['id']})
        (fixed_ip,) = member['fixed_ips']
        made = self.octavia.load_balancer(vip, id=identifier)
        self.octavia.load_balancer(vip)
        for number, at, subnet in (
            (80, '10.66.0.5', fixed_ip['subnet_id']),
            (443, '10.66.0.6', None),
        ):
            self.octavia.pool(
                self.octavia.listener(made, number),
                {
                    'address': at,
                    'subnet_id': subnet,
                    'protocol_port': 8000 + number,
                },
            )
        own = f'load-balancer owns  {vip["id"]}  \n'
        web = f'load-balancer behind {server["id"]} {member["id"]} 80 8080\n'
        nobody = 'load-balancer behind   443 8443\n'
        for query, refusal, expected in (
            (address, None, (0, own + web + nobody, '')),
            (f'{address}:80', None, (0, own + web, '')),
            (f'{address}:443', None, (0, own + nobody, '')),
            (f'{address}:22', None, (0, own, '')),
            (
                address,
                403,
                (
                    1,
                    own,
                    'Listeners: this is not allowed: Policy does not allow '
                    'this request to be performed. (HTTP 403)\n',
                ),
            ),
        ):
            with self.subTest(f'{query}, {refusal}'):
                self.octavia.refusal = refusal
                result = self.openstack(
                    'server',
                    'interface',
                    'find',
                    query,
                    '--behind',
                    '-f',
                    'value',
                    '-c',
                    'Matched As',
                    '-c',
                    'Certainty',
                    '-c',
                    'Server ID',
                    '-c',
                    'Port ID',
                    '-c',
                    'External Port',
                    '-c',
                    'Internal Port',
                )
                self.assertEqual(
                    expected, (result.status, result.stdout, result.stderr)
                )
