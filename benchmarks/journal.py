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

"""The size and the speed of a journal, made without a cloud."""

from collections.abc import Iterator
import datetime
import json
import pathlib
import random
import resource
import statistics
import tempfile
import time
from typing import Any
import uuid

from benchmarks import report
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import observing

# The share of the interfaces that changes in an hour.
CHANGED = 0.01

# Networks, projects and hosts.
GROUPS = 300

# The days that are recorded, and those of a year.
DAYS, YEAR = 30, 365

GB, MIB = 10**9, 2**20


class _Fleet:
    """Servers with an interface each, of which some change every hour."""

    def __init__(self, size: int) -> None:
        self._random = random.Random(28)
        self._now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        self._groups = [
            {
                'network': self._uuid(),
                'subnet': self._uuid(),
                'project': self._uuid().replace('-', ''),
                'security_group': self._uuid(),
                'host': f'compute-{number}.example.org',
            }
            for number in range(GROUPS)
        ]
        self.servers = [self._server() for _number in range(size)]
        self.ports = [self._port(server) for server in self.servers]

    def pass_hours(self, hours: int) -> None:
        """Change interfaces as often as in so many hours.

        A third are those of new servers, a third are new ports, and a third
        have another address.
        """
        self._now += datetime.timedelta(hours=hours)
        changed = int(CHANGED * hours * len(self.servers))
        for index in self._random.sample(range(len(self.servers)), changed):
            kind = self._random.randrange(3)
            if kind == 0:
                self.servers[index] = self._server()
            if kind == 2:
                port = self.ports[index]
                port['fixed_ips'][0]['ip_address'] = self._address()
                port['revision_number'] += 1
                port['updated_at'] = self._timestamp()
            else:
                self.ports[index] = self._port(self.servers[index])
            self._show(self.servers[index], self.ports[index])

    def _show(self, server: dict[str, Any], port: dict[str, Any]) -> None:
        """Show the interface in the addresses of its server."""
        server['updated'] = self._timestamp()
        server['addresses'] = {
            'private': [
                {
                    'addr': port['fixed_ips'][0]['ip_address'],
                    'version': 4,
                    'OS-EXT-IPS:type': 'fixed',
                    'OS-EXT-IPS-MAC:mac_addr': port['mac_address'],
                }
            ]
        }

    def _server(self) -> dict[str, Any]:
        group = self._random.choice(self._groups)
        identifier = self._uuid()
        return {
            'id': identifier,
            'name': f'web-{self._random.randrange(10**6)}',
            'status': 'ACTIVE',
            'tenant_id': group['project'],
            'user_id': group['project'][::-1],
            'metadata': {},
            'flavor': {'vcpus': 4, 'ram': 8192, 'original_name': 'm1.large'},
            'image': {'id': group['security_group']},
            'created': self._timestamp(),
            'updated': self._timestamp(),
            'addresses': {},
            'links': [
                {
                    'rel': 'self',
                    'href': f'http://nova.example.org/v2.1/servers/{identifier}',
                }
            ],
            'OS-EXT-AZ:availability_zone': 'nova',
            'OS-EXT-SRV-ATTR:host': group['host'],
            'OS-EXT-SRV-ATTR:hypervisor_hostname': group['host'],
            'OS-EXT-SRV-ATTR:instance_name': (
                f'instance-{self._random.getrandbits(32):08x}'
            ),
            'OS-EXT-STS:power_state': 1,
            'OS-EXT-STS:task_state': None,
            'OS-EXT-STS:vm_state': 'active',
            'security_groups': [{'name': 'default'}],
        }

    def _port(self, server: dict[str, Any]) -> dict[str, Any]:
        group = next(
            group
            for group in self._groups
            if group['project'] == server['tenant_id']
        )
        number = self._random.getrandbits(24).to_bytes(3, 'big')
        return {
            'id': self._uuid(),
            'name': '',
            'network_id': group['network'],
            'project_id': group['project'],
            'tenant_id': group['project'],
            'mac_address': f'fa:16:3e:{number.hex(":")}',
            'fixed_ips': [
                {'subnet_id': group['subnet'], 'ip_address': self._address()}
            ],
            'status': 'ACTIVE',
            'admin_state_up': True,
            'device_id': server['id'],
            'device_owner': 'compute:nova',
            'security_groups': [group['security_group']],
            'allowed_address_pairs': [],
            'binding:host_id': group['host'],
            'binding:vif_type': 'ovs',
            'binding:vif_details': {'port_filter': True},
            'binding:vnic_type': 'normal',
            'port_security_enabled': True,
            'created_at': self._timestamp(),
            'updated_at': self._timestamp(),
            'revision_number': 1,
        }

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _address(self) -> str:
        parts = self._random.getrandbits(24).to_bytes(3, 'big')
        return f'10.{parts[0]}.{parts[1]}.{parts[2]}'

    def _timestamp(self) -> str:
        return self._now.strftime('%Y-%m-%dT%H:%M:%SZ')


def _rows(objects: list[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    for row in objects:
        yield row['id'], json.dumps(row, sort_keys=True).encode()


def _record(journal: pathlib.Path, fleet: _Fleet) -> tuple[int, float]:
    """Record a fleet; return the bytes that were added, and the seconds."""
    size = journal.stat().st_size if journal.exists() else 0
    began = time.perf_counter()
    with engines.writing(str(journal)) as connection:
        observation = observing.Observation(connection, '', '{}')
        observation.keep('servers', _rows(fleet.servers))
        observation.keep('ports', _rows(fleet.ports))
        observation.finish(observation.id * 1000, observation.id * 1000, 0)
    return journal.stat().st_size - size, time.perf_counter() - began


def _find(journal: pathlib.Path, address: str, place: int) -> float:
    """Look an address up in an observation; return the seconds."""
    began = time.perf_counter()
    with engines.reading(str(journal)) as connection:
        (scope,) = history.scopes(connection)
        observations = history.observations(connection, scope)
        snapshot = history.Snapshot(connection, scope, observations[place])
        ports = list(snapshot.objects('ports', 'ip_address', [address]))
        servers = snapshot.objects(
            'servers', 'id', [port['device_id'] for port in ports]
        )
        if not list(servers):
            raise AssertionError(address)
        snapshot.unchanged(observations)
    return time.perf_counter() - began


def run(quick: bool) -> report.Report:
    """Record a fleet again and again, and look addresses up."""
    size, days = (500, 3) if quick else (30_000, DAYS)
    fleet = _Fleet(size)
    with tempfile.TemporaryDirectory() as directory:
        journal = pathlib.Path(directory) / 'journal'
        first, _seconds = _record(journal, fleet)
        addresses = [
            port['fixed_ips'][0]['ip_address'] for port in fleet.ports[:20]
        ]
        changed = []
        for _day in range(days):
            fleet.pass_hours(24)
            changed.append(_record(journal, fleet))
        unchanged = [_record(journal, fleet) for _number in range(20)]
        found = [_find(journal, address, 0) for address in addresses]
        added = sum(grown for grown, _seconds in unchanged) / len(unchanged)
    grown = sum(grown for grown, _seconds in changed)
    of_a_year = (first + grown * YEAR / days + added * 24 * YEAR) / GB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    still = statistics.median(seconds for _grown, seconds in unchanged)
    lookup = statistics.median(found)
    return report.Report(
        'Journal',
        f'A journal of {size:,} servers with an interface each, of which '
        f'{CHANGED:.0%} change in an hour, as SQLite. {days} days are '
        'recorded, with the changes of a day in one observation; the size of '
        'a year is extrapolated from them, and from the bytes that 20 '
        'observations without a change add. Reading the cloud is not part of '
        'the times. The peak is that of the whole benchmark.',
        ('What', 'Value'),
        [
            ('first observation', f'{first / 10**6:.1f} MB'),
            (f'changes of {days} days', f'{grown / 10**6:.1f} MB'),
            ('a year, extrapolated', f'{of_a_year:.2f} GB'),
            ('an observation without a change', f'{added:.0f} bytes'),
            ('the same', f'{still:.2f} s'),
            ('to look up an address', f'{lookup * 1000:.0f} ms'),
            ('peak', f'{peak:.0f} MiB'),
        ],
        [
            report.Goal(
                'Below 1.5 GB a year',
                f'{of_a_year:.2f} GB',
                of_a_year < 1.5,
            ),
            report.Goal(
                'Less than 1 KiB for an observation without a change',
                f'{added:.0f} bytes',
                added < 1024,
            ),
            report.Goal(
                'An address is found in less than a second',
                f'{lookup * 1000:.0f} ms',
                lookup < 1,
            ),
            report.Goal('Memory below 400 MiB', f'{peak:.0f} MiB', peak < 400),
        ],
    )
