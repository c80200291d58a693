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

import datetime
import io
import json
import os
import pathlib
from typing import Any
from unittest import mock

import fixtures

from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import observing
from tests import command_result
from tests.unit import base
from tests.unit import fake_cloud

# Skips these tests, too, in an environment that is older than its pins.
from tests.unit.interfaces import journal as _journal  # noqa: F401

MONDAY, FRIDAY = '2026-01-05T12:00:00.000Z', '2026-01-09T12:00:00.000Z'
WEDNESDAY = '2026-01-07T12:00:00Z'


def row(number: int, server: int, *addresses: str) -> dict[str, Any]:
    """Return an interface as a listing with --long has it."""
    return {
        'Server ID': fake_cloud.identifier(server),
        'Server Name': f'web-{server}',
        'Port ID': fake_cloud.identifier(number),
        'Network ID': fake_cloud.identifier(700),
        'Network Name': 'blue',
        'MAC Address': f'fa:16:3e:00:00:{number:02x}',
        'Fixed IPs': [
            {'ip_address': address, 'subnet_id': None} for address in addresses
        ],
        'Port State': 'ACTIVE',
        'Floating IPs': ['192.0.2.9'],
        'Host': 'compute-1',
        'Project ID': fake_cloud.PROJECT_ID,
        'Project Name': 'demo',
    }


class TestImport(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        # Nothing can be asked.
        self.environment = {}
        directory = self.useFixture(fixtures.TempDir()).path
        self.journal = str(pathlib.Path(directory) / 'journal')

    def listing(self, moment: str, *rows: dict[str, Any]) -> str:
        """Save a listing at some time, and return its path."""
        path = self.create_file(json.dumps(rows))
        os.utime(path, (seconds(moment), seconds(moment)))
        return path

    def run_import(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server',
            'interface',
            'record',
            self.journal,
            '--import',
            *arguments,
        )

    def imported(self, *arguments: str) -> list[dict[str, Any]]:
        result = self.run_import(*arguments, '-f', 'json')
        self.assertEqual((0, ''), (result.status, result.stderr))
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    def ask(self, *arguments: str) -> command_result.Result:
        return self.openstack(
            'server',
            'interface',
            *arguments,
            '--journal',
            self.journal,
            '-f',
            'value',
        )

    def test_times_of_files(self) -> None:
        rows = self.imported(
            self.listing(FRIDAY),
            self.listing(MONDAY, row(11, 1, '10.0.0.5'), row(12, 1)),
        )
        self.assertEqual(
            [(MONDAY, MONDAY, 7, 7, 0), (FRIDAY, FRIDAY, 0, 0, 7)],
            [
                tuple(
                    found[header]
                    for header in (
                        'Started',
                        'Finished',
                        'Objects',
                        'Changed',
                        'Gone',
                    )
                )
                for found in rows
            ],
        )

    def test_answers(self) -> None:
        path = self.listing(MONDAY, row(11, 1, '10.0.0.5', 'fd00::5'))
        for moment in (MONDAY, FRIDAY):
            self.imported(path, '--listed-at', moment)
        for query, matched in (
            ('10.0.0.5', 'fixed-ip'),
            ('fd00::5', 'fixed-ip'),
            ('192.0.2.9', 'floating-ip'),
            ('fa:16:3e:00:00:0b', 'mac-address'),
        ):
            result = self.ask(
                'find',
                query,
                '--at',
                WEDNESDAY,
                '-c',
                'Matched As',
                '-c',
                'Server Name',
                '-c',
                'Host',
                '-c',
                'Project Name',
                '-c',
                'Seen From',
            )
            self.assertEqual(
                command_result.Result(
                    0, f'{matched} web-1 demo compute-1 {MONDAY}\n', ''
                ),
                result,
            )
        result = self.ask(
            'list',
            '--at',
            WEDNESDAY,
            '-c',
            'Fixed IPs',
            '-c',
            'Floating IPs',
            '-c',
            'Network Name',
        )
        self.assertEqual(
            command_result.Result(0, '10.0.0.5,fd00::5 blue 192.0.2.9\n', ''),
            result,
        )
        for names in (('web-1', '10.0.0.5'), ('fd00::5',)):
            result = self.ask(
                'show', *names, '--at', WEDNESDAY, '-c', 'Port ID'
            )
            self.assertEqual(
                command_result.Result(0, f'{fake_cloud.identifier(11)}\n', ''),
                result,
            )

    def test_only_what_a_listing_has_is_known(self) -> None:
        known = (
            'Port ID',
            'Server ID',
            'Network ID',
            'MAC Address',
            'Fixed IPs',
        )
        short = {key: row(11, 1, '10.0.0.5')[key] for key in known}
        path = self.listing(MONDAY, short)
        for moment in (MONDAY, FRIDAY):
            self.imported(path, '--listed-at', moment)
        found = self.ask('find', '10.0.0.5', '--at', WEDNESDAY)
        self.assertIn(fake_cloud.identifier(1), found.stdout)
        missing = self.ask('find', '10.0.0.6', '--at', WEDNESDAY)
        self.assertEqual(
            (
                1,
                'Routers: not recorded\nSubnets: not recorded\n'
                "cannot tell about '10.0.0.6'; only these were recorded: "
                'imported listings\n',
            ),
            (missing.status, missing.stderr),
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                "cannot tell about 'web-2'; only these were recorded: "
                'imported listings\n',
            ),
            self.ask('list', 'web-2', '--at', WEDNESDAY),
        )

    def test_subport_is_no_interface(self) -> None:
        rows = [
            {**row(number, 1, address), 'Parent Port ID': parent}
            for number, address, parent in (
                (11, '10.0.0.5', None),
                (12, '10.1.0.5', fake_cloud.identifier(11)),
            )
        ]
        path = self.listing(MONDAY, *rows)
        self.imported(path)
        self.assertEqual(
            command_result.Result(0, '10.0.0.5\n', ''),
            self.ask('list', '--at', MONDAY, '-c', 'Fixed IPs'),
        )
        self.assertEqual(
            command_result.Result(
                0,
                '',
                f'In {path} only, so not compared: Host, Parent Port ID, '
                'the subports\n',
            ),
            self.ask('diff', path, '--at', MONDAY),
        )

    def test_in_order_only(self) -> None:
        path = self.listing(FRIDAY, row(11, 1, '10.0.0.5'))
        # A journal has milliseconds only.
        os.utime(path, (0, seconds(FRIDAY) + 0.0004))
        self.imported(path)
        for moment, *arguments in (
            (FRIDAY,),
            (MONDAY, '--listed-at', MONDAY),
            (FRIDAY, '--listed-at', FRIDAY),
        ):
            result = self.run_import(path, *arguments)
            self.assertEqual(
                command_result.Result(
                    1,
                    '',
                    f'{self.journal}: a listing of {moment} cannot follow the '
                    f'imported one of {FRIDAY}\n',
                ),
                result,
            )

    def test_what_is_older_is_removed(self) -> None:
        # Recorded before, but observed after.
        with engines.open_to_write(self.journal) as connection:
            for hour in (1, 2):
                observation = observing.Observation(connection, '', {})
                observation.keep('ports', [])
                moment = round(1000 * (seconds(FRIDAY) + 3600 * hour))
                observation.finish(moment, moment, 0)
        self.imported(
            self.listing(MONDAY, row(11, 1, '10.0.0.5')),
            self.listing(FRIDAY, row(12, 2, '10.0.0.6')),
        )
        with engines.open_to_write(self.journal) as connection:
            observing.remove_before(connection, round(1000 * seconds(FRIDAY)))
            query = 'SELECT count(*) FROM versions'
            # Those of the listing of Friday.
            self.assertEqual(5, connection.exec_driver_sql(query).scalar())
        result = self.ask('find', '10.0.0.6', '--at', FRIDAY)
        self.assertEqual((0, ''), (result.status, result.stderr))

    def test_contradiction(self) -> None:
        path = self.listing(MONDAY)
        too_new = self.listing('2100-01-01T00:00:00Z')
        no_server = self.create_file(
            json.dumps([{'Port ID': fake_cloud.identifier(11)}])
        )
        not_a_listing = self.create_file('{}')
        for arguments, line in (
            (
                (path, path, '--listed-at', MONDAY),
                '--listed-at is the time of one file only.',
            ),
            (
                (path, '--host', 'compute-1'),
                '--host cannot be used with --import.',
            ),
            (
                (path, '--project-domain', 'default'),
                '--project-domain cannot be used with --import.',
            ),
            (('-',), 'Standard input needs its time, with --listed-at.'),
            ((no_server,), f'{no_server} does not have the column Server ID.'),
            ((not_a_listing,), f'{not_a_listing}: not a list of interfaces'),
            (
                (path, '--listed-at', '2999-01-01'),
                f'{path}: 2999-01-01T00:00:00.000Z is in the future, so give '
                'the time of the listing with --listed-at.',
            ),
            (
                (too_new,),
                f'{too_new}: 2100-01-01T00:00:00.000Z is in the future, so '
                'give the time of the listing with --listed-at.',
            ),
        ):
            with self.subTest(arguments=arguments):
                stdin = io.TextIOWrapper(io.BytesIO(b'[]'))
                with mock.patch('sys.stdin', stdin):
                    result = self.run_import(*arguments)
                self.assertEqual(
                    command_result.Result(2, '', f'{line}\n'), result
                )
        self.assertFalse(pathlib.Path(self.journal).exists())
        result = self.openstack(
            'server',
            'interface',
            'record',
            self.journal,
            '--listed-at',
            MONDAY,
        )
        self.assertEqual(
            command_result.Result(
                2, '', '--listed-at needs a file to import.\n'
            ),
            result,
        )


def seconds(moment: str) -> float:
    """Convert a time to seconds since 1970."""
    return datetime.datetime.fromisoformat(moment).timestamp()
