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
import io
from typing import Any
from unittest import mock
from urllib import parse

from tests import command_result
from tests.unit import base
from tests.unit import clock
from tests.unit.commands import test_progress
from tests.unit import fake_cloud

SERVER_ID = fake_cloud.identifier(1)
SERVER_URL = f'{fake_cloud.COMPUTE_URL}/servers/{SERVER_ID}'
PORT_ID = fake_cloud.identifier(11)
MAC_ADDRESS = 'fa:16:3e:00:00:0b'
INTERFACE = f'Server {SERVER_ID}, interface {PORT_ID} ({MAC_ADDRESS})'


def cached(*ports: int) -> dict[str, object]:
    """Build a server whose cache has these ports."""
    entries = [fake_cloud.cached(port, f'10.0.0.{port}') for port in ports]
    addresses = {'net': entries} if entries else {}
    return fake_cloud.server(1, 'web', addresses=addresses)


def live(*ports: int, **other: object) -> list[dict[str, object]]:
    return [
        fake_cloud.attachment(port, f'10.0.0.{port}', **other)
        for port in ports
    ]


class WaitTestCase(base.ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.register_ports()
        self.register_actions()

    def register_ports(self, *ports: dict[str, Any]) -> None:
        """Answer with the ports and their projects."""
        self.cloud.register_network('ports', *ports)

    def register_actions(self, *actions: dict[str, object]) -> None:
        """Answer with the actions on the server, at noon."""
        self.cloud.get(
            f'{SERVER_URL}/os-instance-actions',
            headers={'Date': 'Thu, 01 Jan 2026 12:00:00 GMT'},
            json={'instanceActions': list(actions)},
        )

    def answer(
        self,
        servers: list[dict[str, object] | int],
        interfaces: list[list[dict[str, object]] | int],
    ) -> None:
        """Answer successive polls; a number is a status."""
        for url, key, answers in (
            (SERVER_URL, 'server', servers),
            (
                f'{SERVER_URL}/os-interface',
                'interfaceAttachments',
                interfaces,
            ),
        ):
            responses: list[dict[str, Any]] = [
                {'status_code': answer, 'json': fake_cloud.NOT_FOUND}
                if isinstance(answer, int)
                else {'json': {key: answer}}
                for answer in answers
            ]
            self.cloud.get(url, responses)

    def wait(
        self, *arguments: str, options: tuple[str, ...] = ()
    ) -> command_result.Result:
        return self.openstack(
            *options,
            'server',
            'interface',
            'wait',
            SERVER_ID,
            '-f',
            'value',
            '-c',
            'Port ID',
            *arguments,
        )

    def polls(self) -> list[str]:
        return [
            line.rpartition('/')[2]
            for line in self.cloud.requested()
            if SERVER_ID in line
        ]

    def asked(self) -> list[str]:
        """Return the requests of the polls to Nova and Neutron."""
        return [
            parse.urlsplit(url).path.rpartition('/')[2]
            for url in self.cloud.requested()
            if SERVER_ID in url or '/v2.0/' in url
        ]

    def assert_done(self, stdout: str, *arguments: str) -> None:
        self.assertEqual(
            command_result.Result(0, stdout, ''), self.wait(*arguments)
        )

    def assert_times_out(self, lines: str, *arguments: str) -> None:
        self.assertEqual(
            command_result.Result(3, '', lines),
            self.wait('--timeout', '0', *arguments),
        )


class TestWait(WaitTestCase):
    def test_done_at_once_costs_two_requests(self) -> None:
        self.answer([cached(11)], [live(11)])
        self.assert_done(f'{PORT_ID}\n')
        self.assertEqual([SERVER_ID, 'os-interface'], self.polls())
        self.assertEqual([], self.clock.slept)

    def test_views_that_settle_one_after_the_other(self) -> None:
        target = ('--mac-address', MAC_ADDRESS.upper())
        for servers, interfaces in (
            # First neither, then the live view, then the cache as well.
            ([cached(), cached(), cached(11)], [[], live(11)]),
            # The cache before the live view.
            ([cached(), cached(11)], [[], [], live(11)]),
        ):
            self.answer([*servers], [*interfaces])
            self.assert_done(f'{PORT_ID}\n', *target)

    def test_nothing_comes_from_a_cache_of_the_sdk(self) -> None:
        self.configure_cloud(
            cache={
                'class': 'dogpile.cache.memory',
                'expiration': {
                    'compute.server': 3600,
                    'compute.server.os-interface': 3600,
                },
            }
        )
        self.answer([cached(), cached(11)], [[], live(11)])
        self.assert_done(f'{PORT_ID}\n', '--mac-address', MAC_ADDRESS)

    def test_asks_no_more_than_it_needs(self) -> None:
        self.cloud.register_network_versions()
        self.register_ports(fake_cloud.port(11, 1))
        self.answer([cached(), cached(), cached(), cached(11)], [live(11)])
        self.assert_done(f'{PORT_ID}\n', '--mac-address', MAC_ADDRESS)
        self.assertEqual(
            [
                SERVER_ID,
                'os-interface',
                'ports',
                'os-instance-actions',
                *(SERVER_ID, 'os-interface', 'os-instance-actions') * 2,
                SERVER_ID,
                'os-interface',
            ],
            self.asked(),
        )

    def test_without_address_and_late(self) -> None:
        self.answer([cached()], [[], [fake_cloud.attachment(11)]])
        self.assert_done(f'{PORT_ID}\n', '--mac-address', MAC_ADDRESS)

    def test_port_of_another_project_is_never_cached(self) -> None:
        self.register_ports(fake_cloud.port(11, 1, project_id='another'))
        self.answer([cached()], [live(11)])
        self.assert_done(f'{PORT_ID}\n')
        self.assertEqual([], self.clock.slept)

    def test_unknown_whose_port_it_is(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/ports', status_code=403, json={}
        )
        self.answer([cached()], [live(11)])
        self.assert_times_out(
            f"{INTERFACE}: plugged in, but not in Nova's cache\n"
        )

    def test_one_mac_address_on_two_networks(self) -> None:
        twins = [
            fake_cloud.attachment(11, '10.0.0.11'),
            fake_cloud.attachment(12, '10.0.0.12', mac_addr=MAC_ADDRESS),
        ]
        entries = [
            {
                **fake_cloud.cached(port, f'10.0.0.{port}'),
                'OS-EXT-IPS-MAC:mac_addr': MAC_ADDRESS,
            }
            for port in (11, 12)
        ]
        bond = fake_cloud.server(
            1, 'web', addresses={'a': entries[:1], 'b': entries[1:]}
        )
        self.answer([bond], [twins])
        self.assert_done(f'{PORT_ID}\n{fake_cloud.identifier(12)}\n')

        with self.subTest('one of them is detached'):
            self.register_ports(fake_cloud.port(11, 1))
            rest = fake_cloud.server(1, 'web', addresses={'b': entries[1:]})
            self.answer([bond, bond, rest], [twins, twins[1:]])
            self.assert_done(
                f'{fake_cloud.identifier(12)}\n',
                '--for',
                'detached',
                '--port',
                PORT_ID,
            )

    def test_mac_address_that_the_cache_does_not_follow(self) -> None:
        new = fake_cloud.attachment(
            11, '10.0.0.11', mac_addr='a0:36:9f:00:00:02'
        )
        self.answer([cached(11)], [[new]])
        self.assert_times_out(
            f'Server {SERVER_ID}, interface {PORT_ID} '
            "(a0:36:9f:00:00:02): another MAC address in Nova's cache\n"
        )

    def test_server_that_is_off(self) -> None:
        for status in ('SHUTOFF', 'SUSPENDED', 'SHELVED_OFFLOADED'):
            with self.subTest(status):
                self.answer(
                    [{**cached(11), 'status': status}],
                    [live(11, port_state='DOWN')],
                )
                self.assertEqual(
                    command_result.Result(
                        3,
                        '',
                        f'{INTERFACE}: its port is DOWN, and stays so while '
                        f'the status of the server is {status}\n',
                    ),
                    self.wait(),
                )
                self.assert_done(f'{PORT_ID}\n', '--for', 'attached')
        self.assertEqual([], self.clock.slept)

    def test_server_that_was_created_a_moment_ago(self) -> None:
        """Without interfaces, there is nothing yet to be finished."""
        building = {**cached(), 'status': 'BUILD'}
        for how in ('active', 'attached'):
            with self.subTest(how):
                self.answer(
                    [building, building, cached(11)], [[], live(11), live(11)]
                )
                self.assert_done(f'{PORT_ID}\n', '--for', how)
                self.answer([building], [[]])
                self.assert_times_out(
                    f'Server {SERVER_ID}: it is still changing (BUILD)\n',
                    '--for',
                    how,
                )

    def test_server_that_is_being_started(self) -> None:
        starting = {
            **cached(11),
            'status': 'SHUTOFF',
            'OS-EXT-STS:task_state': 'powering-on',
        }
        self.answer(
            [starting, cached(11)], [live(11, port_state='DOWN'), live(11)]
        )
        self.assert_done(f'{PORT_ID}\n')

    def test_detach_that_has_failed(self) -> None:
        self.answer([cached(11)], [live(11)])
        self.assert_gives_up(
            'detach_interface',
            f'Server {SERVER_ID}: still plugged in, as the detach has failed '
            '(request ID req-1)\n',
            f'{INTERFACE}: still plugged in\n',
            '--for',
            'detached',
            '--mac-address',
            MAC_ADDRESS,
        )

    def test_attach_that_has_failed(self) -> None:
        self.answer([cached(12)], [live(12)])
        for condition in ('active', 'attached'):
            self.assert_gives_up(
                'attach_interface',
                f'Server {SERVER_ID}: not plugged in, as the attach has '
                'failed (request ID req-1)\n',
                f'Server {SERVER_ID}, interface {PORT_ID}: not plugged in\n',
                '--for',
                condition,
                '--port',
                PORT_ID,
            )

    def test_attach_whose_binding_has_failed(self) -> None:
        self.cloud.register_network_versions()
        self.register_ports(fake_cloud.port(11, 1))
        self.register_actions(
            {
                'action': 'attach_interface',
                'request_id': 'req-1',
                'message': 'Error',
                'start_time': '2026-01-01T11:59:50.000000',
            }
        )
        # Nova has not detached the port from the server.
        self.answer([cached(12)], [live(11, 12)])
        failure = command_result.Result(
            1,
            '',
            f'Server {SERVER_ID}: not plugged in, as the attach has failed '
            '(request ID req-1)\n',
        )
        self.assertEqual(failure, self.wait())
        self.assertEqual([], self.clock.slept)
        self.assertEqual(
            [SERVER_ID, 'os-interface', 'ports', 'os-instance-actions'],
            self.asked(),
        )
        # A port of another project is not reported.
        self.register_ports(fake_cloud.port(11, 1, project_id='another'))
        self.assert_done(f'{PORT_ID}\n{fake_cloud.identifier(12)}\n')

    def assert_gives_up(
        self, action: str, failure: str, pending: str, *arguments: str
    ) -> None:
        """Check that a failed action ends the wait, unless another may follow.

        :param failure: The message if the action has failed.
        :param pending: The message after the timeout otherwise.
        """
        failed: dict[str, object] = {
            'action': action,
            'request_id': 'req-1',
            'message': 'Error',
            'start_time': '2026-01-01T11:59:50.000000',
        }
        earlier = {
            **failed,
            'request_id': 'req-0',
            'start_time': '2026-01-01T11:59:30.000000',
        }
        long_ago = {**failed, 'start_time': '2026-01-01T09:00:00.000000'}
        done = {**failed, 'message': None}
        for name, actions in (
            ('once', [failed]),
            ('twice', [failed, earlier]),
            (
                'after one that was done long ago',
                [failed, {**long_ago, 'message': None}],
            ),
        ):
            with self.subTest(name):
                self.register_actions(*actions)
                before = len(self.polls())
                self.assertEqual(
                    command_result.Result(1, '', failure),
                    self.wait(*arguments),
                )
                self.assertEqual(
                    [SERVER_ID, 'os-interface', 'os-instance-actions'],
                    self.polls()[before:],
                )
        for name, actions in (
            ('another was done or is under way', [failed, done]),
            ('long ago', [long_ago]),
            ('another action', [{**failed, 'action': 'reboot'}]),
        ):
            with self.subTest(name):
                self.register_actions(*actions)
                self.assert_times_out(pending, *arguments)
        self.assertEqual([], self.clock.slept)

    def test_plugged_in_after_a_failed_attach(self) -> None:
        self.register_actions(
            {
                'action': 'attach_interface',
                'request_id': 'req-1',
                'message': 'Error',
                'start_time': '2026-01-01T11:59:50.000000',
            }
        )
        self.answer([cached(11)], [live(11)])
        self.assert_done(f'{PORT_ID}\n', '--port', PORT_ID)
        self.assertEqual([SERVER_ID, 'os-interface'], self.polls())

    def test_attach_that_fails_later(self) -> None:
        self.answer([cached(12)], [live(12)])
        url = f'{SERVER_URL}/os-instance-actions'
        failed = {
            'action': 'attach_interface',
            'request_id': 'req-1',
            'message': 'Error',
            'start_time': '2026-01-01T12:00:01.000000',
        }
        self.cloud.get(
            url,
            [
                {
                    'headers': {'Date': 'Thu, 01 Jan 2026 12:00:02 GMT'},
                    'json': {'instanceActions': actions},
                }
                for actions in ([{**failed, 'message': None}], [failed])
            ],
        )
        self.assertEqual(
            command_result.Result(
                1,
                '',
                f'Server {SERVER_ID}: not plugged in, as the attach has '
                'failed (request ID req-1)\n',
            ),
            self.wait('--port', PORT_ID),
        )
        self.assertEqual([2.0], self.clock.slept)

    def test_unknown_whether_an_action_has_failed(self) -> None:
        self.cloud.get(
            f'{SERVER_URL}/os-instance-actions', status_code=403, json={}
        )
        self.answer([cached(11)], [live(11)])
        self.assert_times_out(
            f'{INTERFACE}: still plugged in\n',
            '--for',
            'detached',
            '--mac-address',
            MAC_ADDRESS,
        )
        port_id = fake_cloud.identifier(12)
        self.assert_times_out(
            f'Server {SERVER_ID}, interface {port_id}: not plugged in\n',
            '--port',
            port_id,
        )

    def test_active(self) -> None:
        self.answer([cached(11)], [live(11, port_state='BUILD'), live(11)])
        self.assert_done(f'{PORT_ID}\n')
        self.assertEqual([2.0], self.clock.slept)

    def test_attached_is_content_with_a_port_that_is_down(self) -> None:
        self.answer([cached(11)], [live(11, port_state='DOWN')])
        self.assert_done(f'{PORT_ID}\n', '--for', 'attached')
        self.assert_times_out(f'{INTERFACE}: its port is DOWN\n')

    def test_port_state_that_is_not_known(self) -> None:
        self.answer([cached(11)], [live(11, port_state=None)])
        self.assert_times_out(
            f'{INTERFACE}: its port is in an unknown state\n'
        )

    def test_detached(self) -> None:
        self.cloud.register_network_versions()
        self.cloud.register_network('ports', fake_cloud.port(11, 1))
        self.answer(
            [cached(11, 12), cached(11, 12), cached(12)],
            [live(11, 12), live(12)],
        )
        self.assert_done(
            f'{fake_cloud.identifier(12)}\n',
            '--for',
            'detached',
            '--port',
            PORT_ID,
        )

    def test_detached_and_deleted(self) -> None:
        """Nothing tells which interface of the cache it was."""
        self.cloud.register_network_versions()
        self.cloud.register_network('ports')
        network = fake_cloud.identifier(701)
        for chosen in (('--port', PORT_ID), ('--network', network)):
            with self.subTest(chosen):
                self.answer([cached(11, 12), cached(12)], [live(12)])
                self.assert_done(
                    f'{fake_cloud.identifier(12)}\n',
                    '--for',
                    'detached',
                    *chosen,
                )
                self.answer([cached(11, 12)], [live(12)])
                self.assert_times_out(
                    f"Server {SERVER_ID}, interface {MAC_ADDRESS}: in Nova's "
                    'cache, but not plugged in\n',
                    '--for',
                    'detached',
                    *chosen,
                )

    def test_all_detached(self) -> None:
        self.answer([cached(11), cached(11), cached()], [live(11), []])
        self.assert_done('', '--for', 'detached')

    def test_network(self) -> None:
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'networks', {'id': fake_cloud.identifier(700), 'name': 'net'}
        )
        self.answer([cached(11)], [[], live(11)])
        self.assert_done(f'{PORT_ID}\n', '--network', 'net')

    def test_ids_in_upper_case(self) -> None:
        self.answer([cached(11)], [live(11)])
        network = fake_cloud.identifier(700).upper()
        self.assert_done(
            f'{PORT_ID}\n', '--port', PORT_ID.upper(), '--network', network
        )

    def test_interface_without_address_is_not_in_the_cache(self) -> None:
        self.answer([cached()], [[fake_cloud.attachment(11)]])
        self.assert_done(f'{PORT_ID}\n')

    def test_one_of_several_servers_is_lost(self) -> None:
        second = fake_cloud.identifier(2)
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db')
        )
        self.answer([cached()], [live(11)])
        url = f'{fake_cloud.COMPUTE_URL}/servers/{second}'
        self.cloud.get(url, status_code=404, json=fake_cloud.NOT_FOUND)
        result = self.openstack(
            'server', 'interface', 'wait', SERVER_ID, second
        )
        self.assertEqual(1, result.status)
        self.assertEqual([], self.clock.slept)
        self.assertIn(f'{INTERFACE}: plugged in, but not', result.stderr)

    def test_port_by_name(self) -> None:
        self.cloud.register_network_versions()
        self.cloud.register_network(
            'ports',
            fake_cloud.port(11, 1, name='front'),
            fake_cloud.port(12, 1, name='twin'),
            fake_cloud.port(13, 1, name='twin'),
        )
        self.answer([cached(11)], [live(11)])
        self.assert_done(f'{PORT_ID}\n', '--port', 'front')
        for name, message in (
            (
                'twin',
                "2 ports have the name 'twin', use an ID: "
                f'{fake_cloud.identifier(12)}, {fake_cloud.identifier(13)}',
            ),
        ):
            self.assertEqual(
                command_result.Result(1, '', f'{message}\n'),
                self.wait('--port', name),
            )

    def test_name_that_appears_later(self) -> None:
        self.answer([cached(11)], [live(11)])
        for option, collection, row in (
            ('--port', 'ports', fake_cloud.port(11, 1, name='new')),
            (
                '--network',
                'networks',
                {'id': fake_cloud.identifier(700), 'name': 'new'},
            ),
        ):
            with self.subTest(option):
                self.clock.slept.clear()
                self.cloud.get(
                    f'{fake_cloud.NETWORK_URL}/v2.0/{collection}',
                    [{'json': {collection: rows}} for rows in ([], [], [row])],
                )
                self.assert_done(f'{PORT_ID}\n', option, 'new')
                self.assertEqual([2.0, 2.4], self.clock.slept)

    def test_name_that_does_not_appear(self) -> None:
        self.answer([cached(11)], [live(11)])
        self.cloud.register_network(
            'ports', fake_cloud.port(11, 1, name='new-1')
        )
        missing = command_result.Result(
            1,
            '',
            "No port with the name or ID 'new' exists. Did you mean "
            "'new-1'?\n",
        )
        for arguments, slept in (
            (('--timeout', '0'), []),
            (('--timeout', '5'), [2.0, 2.4, 0.6]),
            # It cannot be detached before it exists.
            (('--for', 'detached'), []),
        ):
            with self.subTest(str(arguments)):
                self.clock.slept.clear()
                self.assertEqual(
                    missing, self.wait('--port', 'new', *arguments)
                )
                self.assertEqual(slept, self.clock.slept)
                # Only the last look-up suggests names.
                self.assertEqual(
                    [f'{fake_cloud.NETWORK_URL}/v2.0/ports?fields=name'],
                    [
                        request.url.partition('&')[0]
                        for request in self.cloud.request_history
                        if '?fields=name&' in request.url
                    ],
                )
                self.cloud.reset_mock()

    def test_port_that_is_disabled(self) -> None:
        self.answer([cached(11)], [live(11, port_state='DOWN')])
        for name, changes, times_out in (
            ('disabled', {'admin_state_up': False}, False),
            ('enabled', {'admin_state_up': True}, True),
            ('not shown', {}, True),
        ):
            with self.subTest(name):
                self.clock.slept.clear()
                self.register_ports(fake_cloud.port(11, 1, **changes))
                reason = (
                    'its port is DOWN'
                    if times_out
                    else ('its port is disabled')
                )
                self.assertEqual(
                    command_result.Result(3, '', f'{INTERFACE}: {reason}\n'),
                    self.wait(),
                )
                self.assertEqual(times_out, bool(self.clock.slept))

    def test_a_port_that_is_down_costs_one_request(self) -> None:
        self.register_ports(fake_cloud.port(11, 1))
        self.answer(
            [cached(11)], [*[live(11, port_state='DOWN')] * 2, live(11)]
        )
        self.assert_done(f'{PORT_ID}\n')
        self.assertEqual(1, self.asked().count('ports'))

    def test_why_it_timed_out(self) -> None:
        self.answer([cached(12)], [live(11)])
        self.assert_times_out(
            f"{INTERFACE}: plugged in, but not in Nova's cache\n"
            f'Server {SERVER_ID}, interface fa:16:3e:00:00:0c: in '
            "Nova's cache, but not plugged in\n"
        )
        self.assert_times_out(
            f'{INTERFACE}: still plugged in\n'
            f'Server {SERVER_ID}, interface fa:16:3e:00:00:0c: in '
            "Nova's cache, but not plugged in\n",
            '--for',
            'detached',
        )
        self.assert_times_out(
            f'Server {SERVER_ID}, interface fa:16:3e:00:00:63: not plugged '
            'in\n',
            # Given twice, but it is one interface.
            '--mac-address',
            'fa163e000063',
            '--mac-address',
            'fa:16:3e:00:00:63',
        )
        self.answer([cached(11)], [[fake_cloud.attachment(11, '10.0.0.9')]])
        self.assert_times_out(
            f"{INTERFACE}: other fixed IPs in Nova's cache\n"
        )
        # One more than the interface has.
        entries = [fake_cloud.cached(11, f'10.0.0.{n}') for n in (9, 11)]
        server = fake_cloud.server(1, 'web', addresses={'net': entries})
        self.answer([server], [live(11)])
        self.assert_times_out(
            f"{INTERFACE}: other fixed IPs in Nova's cache\n",
            '--port',
            PORT_ID,
        )

    def test_timeout(self) -> None:
        self.answer([cached()], [live(11)])
        result = self.wait('--timeout', '10', '--interval', '3')
        self.assertEqual(3, result.status)
        self.assertEqual([3.0, 3.6, 3.4], self.clock.slept)
        # The last poll reads both views, to give the reason.
        self.assertEqual('os-interface', self.polls()[-1])

    def test_interval_grows_gently(self) -> None:
        self.answer([cached()], [live(11)])
        self.wait('--timeout', '600')
        self.assertEqual([2.0, 2.4, 2.88], self.clock.slept[:3])
        self.assertEqual(15.0, max(self.clock.slept))

    def test_failed_poll(self) -> None:
        self.answer([500, cached(11)], [live(11)])
        self.assert_done(f'{PORT_ID}\n')
        self.answer([500], [live(11)])
        self.assertEqual(
            command_result.Result(
                1, '', f'Server {SERVER_ID}: the service failed (HTTP 500)\n'
            ),
            self.wait(),
        )

    def test_server_is_lost(self) -> None:
        for second, words in (
            (404, 'it has been deleted\n$'),
            (403, 'this is not allowed [^\n]*'),
            ({**cached(), 'status': 'ERROR'}, 'its status is ERROR'),
            ({**cached(), 'status': 'DELETED'}, 'its status is DELETED'),
            ({**cached(), 'status': 'SOFT_DELETED'}, 'its status is SOFT_'),
        ):
            self.clock.slept.clear()
            self.answer([cached(), second], [live(11)])
            result = self.wait()
            self.assertEqual((1, ''), (result.status, result.stdout))
            self.assertRegex(result.stderr, rf'\AServer {SERVER_ID}: {words}')
            self.assertEqual([2.0], self.clock.slept)

    def test_cell_that_is_down(self) -> None:
        down: dict[str, object] = {'id': SERVER_ID, 'status': 'UNKNOWN'}
        self.answer([down], [live(11)])
        self.assert_times_out(f'Server {SERVER_ID}: its cell is down\n')

    def test_several_servers(self) -> None:
        second = fake_cloud.identifier(2)
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db')
        )
        self.answer([cached(11)], [live(11)])
        url = f'{fake_cloud.COMPUTE_URL}/servers/{second}'
        self.cloud.get(url, json={'server': fake_cloud.server(2, 'db')})
        self.cloud.register_interfaces(second, *live(22))
        result = self.openstack(
            'server',
            'interface',
            'wait',
            'web',
            'db',
            '--timeout',
            '0',
            '-f',
            'value',
            '-c',
            'Server Name',
            '-c',
            'Port ID',
        )
        self.assertEqual(
            command_result.Result(
                3,
                f'web {PORT_ID}\n',
                f'Server db, interface {fake_cloud.identifier(22)} '
                "(fa:16:3e:00:00:16): plugged in, but not in Nova's cache\n",
            ),
            result,
        )

    def test_what_servers_are_called(self) -> None:
        """As the user has called them, or by their IDs."""
        names = ('web\x1b', 'db')
        servers = [
            fake_cloud.server(number, name)
            for number, name in enumerate(names, 1)
        ]
        self.cloud.register_servers(*servers)
        for server in servers:
            self.cloud.get(
                f'{fake_cloud.COMPUTE_URL}/servers/{server["id"]}',
                json={'server': {'id': server['id'], 'status': 'UNKNOWN'}},
            )
        for arguments, expected in (
            (names, ['web\\x1b', 'db']),
            ((), [SERVER_ID, fake_cloud.identifier(2)]),
        ):
            result = self.openstack(
                'server', 'interface', 'wait', '--timeout', '0', *arguments
            )
            self.assertEqual(
                sorted(
                    f'Server {name}: its cell is down' for name in expected
                ),
                sorted(result.stderr.splitlines()),
            )

    def test_servers_that_are_selected(self) -> None:
        self.cloud.register_servers(
            {
                **fake_cloud.server(1, 'web'),
                'OS-EXT-SRV-ATTR:host': 'compute-1',
            }
        )
        self.answer([cached(11)], [live(11)])
        project_id = fake_cloud.PROJECT_ID
        self.cloud.get(
            f'{fake_cloud.AUTH_URL}/projects/{project_id}',
            json={'project': {'id': project_id, 'name': 'demo'}},
        )
        for selectors, query in (
            ((), set()),
            (('--all-projects',), {'all_tenants=1'}),
            (
                ('--project', project_id),
                {'all_tenants=1', f'project_id={project_id}'},
            ),
            (('--host', 'compute-1'), {'host=compute-1'}),
            (('--status', 'active'), {'status=ACTIVE'}),
        ):
            with self.subTest(selectors):
                before = len(self.cloud.requested())
                self.assertEqual(
                    command_result.Result(0, f'web {PORT_ID}\n', ''),
                    self.openstack(
                        'server',
                        'interface',
                        'wait',
                        *selectors,
                        '-f',
                        'value',
                        '-c',
                        'Server Name',
                        '-c',
                        'Port ID',
                    ),
                )
                (listing, *_rest) = (
                    parse.urlsplit(url)
                    for url in self.cloud.requested()[before:]
                    if parse.urlsplit(url).path.endswith(
                        ('/servers', '/servers/detail')
                    )
                )
                self.assertLessEqual(query, set(listing.query.split('&')))

    def test_no_server_at_all(self) -> None:
        self.cloud.register_servers()
        self.assertEqual(
            command_result.Result(
                0, '', 'No server exists in project demo.\n'
            ),
            self.openstack('server', 'interface', 'wait', '-f', 'value'),
        )
        self.assertEqual([], self.clock.slept)

    def test_line_on_a_terminal(self) -> None:
        self.useFixture(test_progress.Impatient())
        streams: list[test_progress.Terminal] = []

        def open_terminal() -> test_progress.Terminal:
            streams.append(test_progress.Terminal())
            return streams[-1]

        self.stream = open_terminal
        self.answer([cached(), cached(11)], [[], live(11)])
        with mock.patch(
            'time.sleep',
            lambda _seconds: streams[-1].wait_for(
                'Not ready: servers 1, interfaces 1, '
            ),
        ):
            result = self.wait('--mac-address', MAC_ADDRESS)
        self.assertEqual((0, f'{PORT_ID}\n'), (result.status, result.stdout))

    def test_nothing_to_wait_for(self) -> None:
        """On a terminal, a server without interfaces is no silence."""
        line = 'No interface to show; servers that were looked at: 1.\n'
        for stream, stderr in (
            (io.StringIO, ''),
            (test_progress.Terminal, line),
        ):
            with self.subTest(stderr=stderr):
                self.stream = stream
                self.answer([cached()], [[]])
                self.assertEqual(
                    command_result.Result(0, '', stderr), self.wait()
                )

    def test_malformed(self) -> None:
        for option, value in (
            ('--timeout', '-1'),
            ('--timeout', 'inf'),
            ('--timeout', 'soon'),
            ('--interval', '0'),
            ('--mac-address', 'fa:16'),
            ('--for', 'ever'),
        ):
            result = self.wait(f'{option}={value}')
            self.assertEqual((2, ''), (result.status, result.stdout))
            self.assertIn(option, result.stderr)
        self.assertEqual([], self.polls())


class TestFloatingIP(WaitTestCase):
    def register_floating_ips(self, *floating_ips: dict[str, Any]) -> None:
        self.cloud.register_network('floatingips', *floating_ips)

    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network_versions()
        self.register_floating_ips(
            fake_cloud.floating_ip(
                '203.0.113.5', 11, fixed_ip_address='10.0.0.11'
            )
        )

    def associated(self, *others: int) -> dict[str, object]:
        """Build a server whose cache has the floating IP."""
        entries = [
            fake_cloud.cached(11, '10.0.0.11'),
            fake_cloud.cached(11, '203.0.113.5', 'floating'),
            *(fake_cloud.cached(port, f'10.0.0.{port}') for port in others),
        ]
        return fake_cloud.server(1, 'web', addresses={'net': entries})

    def test_cache_that_follows(self) -> None:
        self.answer([cached(11), self.associated()], [live(11)])
        self.assert_done(f'{PORT_ID}\n', '--for', 'floating-ip')
        self.assertEqual([2.0], self.clock.slept)
        self.assertEqual(
            [SERVER_ID, 'os-interface', 'floatingips'] * 2, self.asked()
        )

    def test_cache_that_does_not(self) -> None:
        self.answer([cached(11)], [live(11)])
        self.assert_times_out(
            f'{INTERFACE}: floating IPs: 203.0.113.5 expected, but not in '
            'the cache\n',
            '--for',
            'floating-ip',
        )

    def test_floating_ip_that_is_gone(self) -> None:
        self.register_floating_ips()
        self.answer([self.associated()], [live(11)])
        self.assert_times_out(
            f'{INTERFACE}: floating IPs: no floating IP expected, but '
            '203.0.113.5\n',
            '--for',
            'floating-ip',
            '--port',
            PORT_ID,
        )

    def test_none_at_all(self) -> None:
        self.answer([cached(12)], [live(12, port_state='DOWN')])
        self.assert_done(
            f'{fake_cloud.identifier(12)}\n', '--for', 'floating-ip'
        )

    def test_floating_ip_of_another_interface(self) -> None:
        self.answer([cached(11, 12)], [live(11, 12)])
        self.assert_done(
            f'{PORT_ID}\n{fake_cloud.identifier(12)}\n',
            '--for',
            'floating-ip',
            '--port',
            fake_cloud.identifier(12),
        )

    def test_interface_that_is_not_there(self) -> None:
        self.answer([cached()], [[]])
        self.assert_times_out(
            f'Server {SERVER_ID}, interface {PORT_ID}: not plugged in\n',
            '--for',
            'floating-ip',
            '--port',
            PORT_ID,
        )
        self.assertNotIn('floatingips', self.asked())

    def test_server_with_a_task(self) -> None:
        self.answer(
            [{**cached(11), 'OS-EXT-STS:task_state': 'rebuilding'}], [live(11)]
        )
        self.assert_times_out(
            f'Server {SERVER_ID}: it is still changing (rebuilding)\n',
            '--for',
            'floating-ip',
        )

    def test_request_that_fails(self) -> None:
        self.cloud.get(
            f'{fake_cloud.NETWORK_URL}/v2.0/floatingips',
            status_code=500,
            json={},
        )
        self.answer([self.associated()], [live(11)])
        self.assertEqual(
            command_result.Result(
                1, '', 'Floating IPs: the service failed (HTTP 500)\n'
            ),
            self.wait('--for', 'floating-ip'),
        )


class TestHost(WaitTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cloud.register_network_versions()

    def on_host(
        self,
        host: str | None,
        status: str = 'ACTIVE',
        task_state: str | None = None,
    ) -> dict[str, object]:
        return {
            **cached(11),
            'status': status,
            'OS-EXT-STS:task_state': task_state,
            'OS-EXT-SRV-ATTR:host': host,
        }

    def test_migration(self) -> None:
        self.register_ports(
            fake_cloud.port(11, 1, **{'binding:host_id': 'compute-2'})
        )
        for name, server, interface in (
            (
                'under way',
                self.on_host('compute-1', 'MIGRATING', 'migrating'),
                'it is still changing (migrating)',
            ),
            (
                'the port has moved',
                self.on_host('compute-1'),
                'its port is not bound to the host of its server',
            ),
        ):
            with self.subTest(name):
                self.answer([server], [live(11)])
                result = self.wait('--for', 'host', '--timeout', '0')
                self.assertEqual((3, ''), (result.status, result.stdout))
                self.assertIn(interface, result.stderr)
        for status in ('ACTIVE', 'SHUTOFF', 'VERIFY_RESIZE'):
            with self.subTest(status):
                before = len(self.asked())
                self.answer(
                    [
                        self.on_host('compute-1', 'RESIZE', 'resize_finish'),
                        self.on_host('compute-2', status),
                    ],
                    [live(11)],
                )
                self.assert_done(f'{PORT_ID}\n', '--for', 'host')
                self.assertEqual(
                    [
                        SERVER_ID,
                        'os-interface',
                        SERVER_ID,
                        'os-interface',
                        'ports',
                    ],
                    self.asked()[before:],
                )

    def test_bindings(self) -> None:
        self.answer([self.on_host('compute-1')], [live(11)])
        for reason, binding in (
            (
                'its port is not bound to the host of its server',
                {'binding:vif_type': 'unbound'},
            ),
            (
                'its port is not bound to the host of its server',
                {'binding:host_id': ''},
            ),
            (
                'its port could not be bound',
                {'binding:vif_type': 'binding_failed'},
            ),
            (
                'its port is about to move',
                {'binding:profile': {'migrating_to': 'compute-2'}},
            ),
        ):
            with self.subTest(reason):
                self.register_ports(fake_cloud.port(11, 1, **binding))
                self.assert_times_out(
                    f'{INTERFACE}: {reason}\n', '--for', 'host'
                )
        self.register_ports()
        self.assert_times_out(
            f'{INTERFACE}: Neutron does not show its port\n', '--for', 'host'
        )
        self.register_ports(
            fake_cloud.port(
                11,
                1,
                **{
                    'binding:vnic_type': 'baremetal',
                    'binding:host_id': 'node-1',
                },
            )
        )
        self.assert_done(f'{PORT_ID}\n', '--for', 'host')

    def test_in_vain(self) -> None:
        self.register_ports(
            fake_cloud.port(11, 1, **{'binding:vif_type': 'binding_failed'})
        )
        for server, line in (
            (
                self.on_host('compute-1'),
                f'{INTERFACE}: its port could not be bound\n',
            ),
            (
                self.on_host(None, 'SHELVED_OFFLOADED'),
                f'Server {SERVER_ID}: it is on no host while its status is '
                'SHELVED_OFFLOADED\n',
            ),
        ):
            self.answer([server], [live(11)])
            self.assertEqual(
                command_result.Result(3, '', line), self.wait('--for', 'host')
            )
        self.assertEqual([], self.clock.slept)

    def test_administrators_only(self) -> None:
        hidden = fake_cloud.port(11, 1)
        for key in ('binding:vif_type', 'binding:host_id'):
            del hidden[key]
        self.register_ports(hidden)
        line = 'Port bindings are visible to administrators only\n'
        for server in (cached(11), self.on_host('compute-1')):
            self.answer([server], [live(11)])
            self.assertEqual(
                command_result.Result(1, '', line), self.wait('--for', 'host')
            )
        second = fake_cloud.identifier(2)
        self.cloud.register_servers(
            fake_cloud.server(1, 'web'), fake_cloud.server(2, 'db')
        )
        self.cloud.get(
            f'{fake_cloud.COMPUTE_URL}/servers/{second}',
            json={'server': fake_cloud.server(2, 'db')},
        )
        self.cloud.register_interfaces(second)
        self.assertEqual(
            command_result.Result(1, '', line),
            self.openstack(
                'server',
                'interface',
                'wait',
                SERVER_ID,
                second,
                '--for',
                'host',
                '-f',
                'value',
            ),
        )
        self.assertEqual([], self.clock.slept)
