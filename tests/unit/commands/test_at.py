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
from typing import Any

import requests_mock

from tests import command_result
from tests.unit.commands import test_record
from tests.unit import fake_cloud

ADDRESS = '10.0.0.5'


class AtTestCase(test_record.RecordTestCase):
    def at(self, moment: str, *arguments: str) -> command_result.Result:
        """Ask the journal, without a cloud."""
        self.environment = {}
        with requests_mock.Mocker() as nothing:
            result = self.openstack(
                *('server', 'interface', *arguments),
                *('--at', moment, '--journal', self.journal),
            )
        self.assertEqual(0, nothing.call_count)
        return result

    def move(self, *addresses: str) -> None:
        """Give the port of web other addresses."""
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, *addresses)
        )

    def rows(self, result: command_result.Result) -> list[dict[str, Any]]:
        self.assertEqual((0, ''), (result.status, result.stderr))
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found


class TestFindAt(AtTestCase):
    def find(self, moment: str, *arguments: str) -> command_result.Result:
        return self.at(moment, 'find', *arguments, '-f', 'json')

    def test_both_observations_have_it(self) -> None:
        first, last = self.recorded(), self.recorded()
        (row,) = self.rows(self.find(first['Finished'], ADDRESS))
        self.assertEqual(
            ('fixed-ip', 'web', first['Started'], last['Finished']),
            tuple(
                row[header]
                for header in (
                    *('Matched As', 'Server Name'),
                    *('Seen From', 'Seen Until'),
                )
            ),
        )

    def test_it_changed_in_between(self) -> None:
        first = self.recorded()
        self.move('10.0.0.6')
        self.recorded()
        result = self.find(first['Finished'], ADDRESS)
        self.assertEqual(0, result.status)
        self.assertEqual(
            'Something changed between the observations before and after this '
            'time: see Seen From and Seen Until\n',
            result.stderr,
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual(
            (first['Started'], first['Finished']),
            (row['Seen From'], row['Seen Until']),
        )

    def test_neither_has_it(self) -> None:
        first = self.recorded()
        self.recorded()
        result = self.find(first['Finished'], '10.9.9.9')
        self.assertEqual((3, '[]\n'), (result.status, result.stdout))
        self.assertEqual(
            "'10.9.9.9' matches nothing in any project\n", result.stderr
        )

    def test_neither_has_it_in_one_project(self) -> None:
        narrow = ('--project', fake_cloud.PROJECT_ID)
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{fake_cloud.PROJECT_ID}',
            json={'project': {'id': fake_cloud.PROJECT_ID, 'name': 'demo'}},
        )
        first = self.recorded(*narrow)
        self.recorded(*narrow)
        result = self.find(first['Finished'], '10.9.9.9')
        self.assertEqual((3, '[]\n'), (result.status, result.stdout))
        self.assertEqual(
            "'10.9.9.9' matches nothing in what this project can see\n",
            result.stderr,
        )

    def test_all_projects_have_what_one_has(self) -> None:
        narrow = ('--project', fake_cloud.PROJECT_ID)
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{fake_cloud.PROJECT_ID}',
            json={'project': {'id': fake_cloud.PROJECT_ID, 'name': 'demo'}},
        )
        self.recorded(*narrow)
        second = self.recorded()
        self.recorded(*narrow)
        self.recorded()
        result = self.find(second['Finished'], '10.9.9.9')
        self.assertEqual(
            (3, "'10.9.9.9' matches nothing in any project\n"),
            (result.status, result.stderr),
        )

    def test_through_a_floating_ip(self) -> None:
        first = self.recorded()
        self.recorded()
        (row,) = self.rows(self.find(first['Finished'], '192.0.2.9'))
        self.assertEqual(
            ('floating-ip', 'web'), (row['Matched As'], row['Server Name'])
        )

    def test_before_the_first(self) -> None:
        first = self.recorded()
        result = self.find('2000-01-01', ADDRESS)
        self.assertEqual(
            (
                1,
                '',
                f'{self.journal}: 2000-01-01T00:00:00.000Z is before the '
                f'first observation, of {first["Started"]}\n',
            ),
            (result.status, result.stdout, result.stderr),
        )

    def test_after_the_last(self) -> None:
        last = self.recorded()
        result = self.find('2100-01-01', ADDRESS)
        self.assertEqual(
            (
                1,
                f'{self.journal}: 2100-01-01T00:00:00.000Z is after the last '
                f'observation, of {last["Finished"]}\n',
            ),
            (result.status, result.stderr),
        )

    def test_in_a_gap(self) -> None:
        first = self.recorded()
        self.cloud.get(f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=400)
        self.record()
        self.move(ADDRESS)
        last = self.recorded()
        result = self.find(first['Finished'], ADDRESS)
        self.assertEqual(1, result.status)
        self.assertEqual(
            f'Between {first["Finished"]} and {last["Started"]}, not '
            'everything could be read\n',
            result.stderr,
        )
        (row,) = json.loads(result.stdout)
        self.assertEqual('web', row['Server Name'])

    def test_every_owner_in_order(self) -> None:
        first = self.recorded()
        self.move('10.0.0.6')
        self.recorded()
        self.move(ADDRESS)
        last = self.recorded()
        self.environment = {}
        result = self.openstack(
            *('server', 'interface', 'find', ADDRESS, '-f', 'json'),
            *('--between', first['Started'], last['Finished']),
            *('--journal', self.journal),
        )
        self.assertEqual(
            [
                (first['Started'], first['Finished']),
                (last['Started'], last['Finished']),
            ],
            [
                (row['Seen From'], row['Seen Until'])
                for row in self.rows(result)
            ],
        )

    def between(self, begin: str, end: str) -> command_result.Result:
        return self.openstack(
            *('server', 'interface', 'find', ADDRESS, '-f', 'value'),
            *('-c', 'Server Name', '--between', begin, end),
            *('--journal', self.journal),
        )

    def test_time_that_was_not_observed(self) -> None:
        first = self.recorded()
        last = self.recorded()
        self.environment = {}
        before, after = '2020-01-01', '2999-01-01'
        too_early = (
            '2020-01-01T00:00:00.000Z is before the first observation, of '
            f'{first["Started"]}\n'
        )
        too_late = (
            '2999-01-01T00:00:00.000Z is after the last observation, of '
            f'{last["Finished"]}\n'
        )
        journal = f'{self.journal}: '
        for begin, end, status, stdout, stderr in (
            (before, '2020-02-01', 1, '', journal + too_early),
            ('2998-01-01', after, 1, '', None),
            (before, after, 1, 'web\n', too_early + too_late),
            (before, last['Finished'], 1, 'web\n', too_early),
            (first['Started'], after, 1, 'web\n', too_late),
            (first['Started'], last['Finished'], 0, 'web\n', ''),
            # The observations that enclose the time tell.
            (first['Finished'], last['Started'], 0, 'web\n', ''),
        ):
            with self.subTest(begin=begin, end=end):
                result = self.between(begin, end)
                self.assertEqual(
                    (status, stdout), (result.status, result.stdout)
                )
                if stderr is not None:
                    self.assertEqual(stderr, result.stderr)

    def test_contradiction(self) -> None:
        for arguments, line in (
            (
                ('--between', '0s', '1h'),
                'The first time of --between is after the second one.\n',
            ),
            (
                ('--between', '1h', '0s', '--at', '1h'),
                '--at cannot be used with --between.\n',
            ),
            ((), '--journal needs the time to ask about.\n'),
        ):
            with self.subTest(arguments=arguments):
                result = self.openstack(
                    *('server', 'interface', 'find', ADDRESS, *arguments),
                    *('--journal', self.journal),
                )
                self.assertEqual(command_result.Result(2, '', line), result)

    def test_no_journal(self) -> None:
        result = self.openstack(
            'server', 'interface', 'find', ADDRESS, '--at', '1d'
        )
        self.assertEqual(
            (
                2,
                'Name the journal with --journal or the environment variable '
                'OSC_PORT_IFACE_JOURNAL.\n',
            ),
            (result.status, result.stderr),
        )


class TestListAt(AtTestCase):
    def test_rows(self) -> None:
        first, last = self.recorded(), self.recorded()
        for source in ('compute', 'network'):
            result = self.at(
                *(first['Finished'], 'list', '--source', source),
                *('-f', 'value', '-c', 'Server Name', '-c', 'Fixed IPs'),
                *('-c', 'Seen Until'),
            )
            self.assertEqual(
                (0, f'web {ADDRESS} {last["Finished"]}\n', ''),
                (result.status, result.stdout, result.stderr),
            )

    def test_a_server_by_name(self) -> None:
        first = self.recorded()
        self.recorded()
        result = self.at(
            first['Finished'], 'list', 'web', '-f', 'value', '-c', 'Fixed IPs'
        )
        self.assertEqual(
            (0, f'{ADDRESS}\n', ''),
            (result.status, result.stdout, result.stderr),
        )

    def test_a_server_that_was_not_there(self) -> None:
        first = self.recorded()
        self.recorded()
        result = self.at(first['Finished'], 'list', 'mail')
        self.assertEqual(1, result.status)
        self.assertIn("No server with the name or ID 'mail'", result.stderr)
