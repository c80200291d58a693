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

"""A journal against a ledger, while addresses change hands in a real cloud."""

import datetime
import itertools
import json
import pathlib
import random
import threading
import time
from typing import Any

import fixtures

from tests.cloud import databases
from tests.functional import base

# Seconds of change, and those between observations. Most of the time, others
# have the CPU.
LASTS, PAUSE = 60, 3

ADDRESSES = tuple(f'10.97.0.{number}' for number in range(10, 14))

_Moment = datetime.datetime


def _now() -> _Moment:
    return datetime.datetime.now(datetime.UTC)


class _Churn(threading.Thread):
    """Gives addresses to one server after another, and keeps the ledger.

    :ivar ledger: When a change began and ended, the address, and the server
        that has it then; None if no one does.
    """

    def __init__(
        self, api: Any, ports: dict[str, str], servers: list[str]
    ) -> None:
        super().__init__(daemon=True)
        self.ledger: list[tuple[_Moment, _Moment, str, str | None]] = []
        self.stopped = threading.Event()
        self._api = api
        self._ports = ports
        self._servers = servers

    def run(self) -> None:
        chance = random.Random(28)
        while not self.stopped.wait(chance.uniform(0.2, 2.5)):
            address = chance.choice(ADDRESSES)
            server = chance.choice([*self._servers, None])
            began = _now()
            self._api.put(
                'network',
                f'/v2.0/ports/{self._ports[address]}',
                {
                    'port': {
                        'device_id': server or '',
                        'device_owner': 'compute:nova' if server else '',
                    }
                },
            )
            self.ledger.append((began, _now(), address, server))

    def owners(
        self, address: str, since: _Moment, until: _Moment
    ) -> set[str | None]:
        """Return all that had an address at some moment between two."""
        found: set[str | None] = set()
        current: str | None = None
        for began, ended, changed, server in self.ledger:
            if changed != address:
                continue
            if began > until:
                break
            if ended >= since:
                # It may still have been with the one before.
                found.add(current)
            current = server
            if ended >= since:
                found.add(current)
        return found | {current}


class TestRecord(base.ProjectTestCase):
    ports: dict[str, str]
    servers: list[str]

    @classmethod
    def make_resources(cls) -> None:
        network = cls.scenario.network('journal', '10.97.0.0/24')
        cls.ports = {
            address: cls.scenario.port(network, address)['id']
            for address in ADDRESSES
        }
        cls.servers = [
            server['id']
            for server in cls.scenario.servers({'left': [], 'right': []})
        ]

    def setUp(self) -> None:
        super().setUp()
        self.journal = str(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'journal'
        )

    def record(self) -> dict[str, Any]:
        result = self.openstack(
            'server', 'interface', 'record', self.journal, '-f', 'json'
        )
        self.assertEqual((0, ''), (result.status, result.stderr))
        (row,) = json.loads(result.stdout)
        found: dict[str, Any] = row
        return found

    def find(self, moment: _Moment) -> list[dict[str, Any]]:
        """Find the owners of all addresses at a moment, without a token."""
        result = self.openstack(
            'server',
            'interface',
            'find',
            *ADDRESSES,
            '-f',
            'json',
            '--journal',
            self.journal,
            '--at',
            moment.isoformat(),
            OS_CLOUD='',
        )
        self.assertIn(result.status, (0, 3), result.stderr)
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows

    def test_a_soft_deleted_server(self) -> None:
        """Nova lists it only to administrators who ask for it."""
        address, server_id = ADDRESSES[0], self.servers[0]
        port = {'device_id': server_id, 'device_owner': 'compute:nova'}
        path = f'/v2.0/ports/{self.ports[address]}'
        self.api.put('network', path, {'port': port})
        unused = dict.fromkeys(port, '')
        self.addCleanup(self.api.put, 'network', path, {'port': unused})
        statement = 'UPDATE instances SET vm_state = ? WHERE uuid = ?'
        self.addCleanup(
            databases.change,
            self.cloud,
            'nova-cell1',
            statement,
            'active',
            server_id,
        )
        databases.change(
            self.cloud,
            'nova-cell1',
            statement,
            'soft-delete',
            server_id,
        )
        (row,) = self.rows(
            'server',
            'interface',
            'record',
            self.journal,
            '--project',
            self.api.project_id,
            user='admin',
        )
        found = self.find(_Moment.fromisoformat(row['Finished']))
        self.assertIn(
            (address, server_id),
            [(row['Query'], row['Server ID']) for row in found],
        )
        listed = self.openstack(
            'server',
            'interface',
            'list',
            '-f',
            'value',
            '-c',
            'Server ID',
            '--journal',
            self.journal,
            '--at',
            row['Finished'],
            OS_CLOUD='',
        )
        self.assertEqual((0, ''), (listed.status, listed.stderr))
        self.assertNotIn(server_id, listed.stdout)

    def test_no_wrong_owner_and_no_missing_owner(self) -> None:
        churn = _Churn(self.api, self.ports, self.servers)
        observations = [self.record()]
        churn.start()
        ends = _now() + datetime.timedelta(seconds=LASTS)
        while _now() < ends:
            time.sleep(PAUSE)
            observations.append(self.record())
        churn.stopped.set()
        churn.join()
        observations.append(self.record())
        self.assertNotEqual([], churn.ledger)
        times = [
            tuple(
                map(_Moment.fromisoformat, (row['Started'], row['Finished']))
            )
            for row in observations
        ]
        for (before, ended), (began, after) in itertools.pairwise(times):
            rows = self.find(ended + (began - ended) / 2)
            for address in ADDRESSES:
                found = {
                    row['Server ID'] for row in rows if row['Query'] == address
                }
                possible = churn.owners(address, before, after)
                # No wrong owner, and none missing if nothing changed.
                self.assertEqual(set(), found - possible, address)
                if len(possible) == 1:
                    self.assertEqual(possible, found, address)
