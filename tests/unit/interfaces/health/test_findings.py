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

import dataclasses
from typing import Any

import testtools

from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface import records
from tests.unit import fake_cloud
from tests.unit.interfaces import samples

PORT = samples.port(11, '10.0.0.5', host='compute-2', project_id='another')
SERVER = samples.server(PORT)


class TestFinding(testtools.TestCase):
    def finding(
        self,
        server: records.Server | None = None,
        port: records.Port | None = None,
        **changes: Any,
    ) -> findings.Finding:
        plain = findings.Finding(
            codes.Code.PORT_DOWN,
            'server',
            'port',
            'mac',
            'up',
            'down',
            server=server,
            port=port,
        )
        return dataclasses.replace(plain, **changes)

    def test_host_and_project(self) -> None:
        """The server's take precedence over the port's."""
        server = SERVER
        bare = dataclasses.replace(server, host=None, project_id=None)
        other = PORT
        of_server = ('compute-1', fake_cloud.PROJECT_ID)
        of_port = ('compute-2', 'another')
        for name, finding, expected in (
            ('neither', self.finding(), (None, None)),
            ('server', self.finding(server), of_server),
            ('port', self.finding(None, other), of_port),
            ('both', self.finding(server, other), of_server),
            ('bare server', self.finding(bare), (None, None)),
            ('bare server and port', self.finding(bare, other), of_port),
        ):
            with self.subTest(name):
                self.assertEqual(expected, (finding.host, finding.project_id))

    def test_age_is_that_of_a_port_without_a_server(self) -> None:
        old = dataclasses.replace(PORT, seconds_unchanged=60.0)
        for code, of_what, expected in (
            (codes.Code.ORPHAN_PORT, old, 60.0),
            (codes.Code.ORPHAN_PORT, None, None),
            (codes.Code.PORT_DOWN, old, None),
            (codes.Code.ONLY_IN_CACHE, None, None),
        ):
            with self.subTest(code=code, port=of_what is not None):
                finding = self.finding(port=of_what, code=code)
                self.assertEqual(expected, finding.age)

    def test_order(self) -> None:
        """By severity, name, server, port, MAC, code and state; None first."""
        ordered = [
            self.finding(
                server,
                server_id=server_id,
                port_id=port_id,
                mac_address=mac_address,
                code=code,
                actual=actual,
            )
            for server, server_id, port_id, mac_address, code, actual in (
                (None, None, 'b', 'b', codes.Code.UNBOUND, 'b'),
                (None, 'a', None, 'b', codes.Code.UNBOUND, 'b'),
                (None, 'a', 'a', None, codes.Code.UNBOUND, 'b'),
                (None, 'a', 'a', 'a', codes.Code.UNBOUND, 'b'),
                (None, 'a', 'a', 'b', codes.Code.PORT_DOWN, 'b'),
                (None, 'a', 'a', 'b', codes.Code.UNBOUND, 'a'),
                (None, 'a', 'a', 'b', codes.Code.UNBOUND, 'b'),
                (None, 'a', 'b', 'a', codes.Code.PORT_DOWN, 'a'),
                (None, 'b', 'a', 'a', codes.Code.PORT_DOWN, 'a'),
                (SERVER, 'a', 'a', 'a', codes.Code.UNBOUND, 'a'),
                (None, 'a', 'a', 'a', codes.Code.ONLY_IN_CACHE, 'a'),
                (None, 'a', 'a', 'a', codes.Code.HALF_RELEASED, 'a'),
            )
        ]
        self.assertEqual(
            ordered,
            sorted(ordered[::-1], key=lambda finding: finding.order),
        )
