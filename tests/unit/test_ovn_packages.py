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

"""Without the packages, one line says what is missing."""

import os
import pathlib

import fixtures
import testtools

from tests.cloud import ovn_packages


class TestNotAvailable(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable('PATH', str(self.directory))
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'tests.cloud.ovn_packages._UNPACKED', self.directory / 'ovn'
            )
        )
        # Even if the distribution has them.
        self.useFixture(
            fixtures.MonkeyPatch(
                'tests.cloud.ovn_packages._DIRECTORIES', ('usr/none',)
            )
        )

    def program(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(f'#!/bin/sh\n{text}\n')
        path.chmod(0o700)

    def reason(self) -> str:
        error = self.assertRaises(
            ovn_packages.NotAvailableError, ovn_packages.ensure
        )
        return str(error)

    def test_no_apt(self) -> None:
        self.assertEqual(
            'OVN is not available: install ovn-central, ovn-host and '
            'openvswitch-switch, as there is no apt to unpack them.',
            self.reason(),
        )

    def test_apt_that_fails(self) -> None:
        for text, expected in (
            (
                'echo E: no network >&2; echo E: so >&2; exit 100',
                'E: no network',
            ),
            ('exit 100', 'apt-get has failed'),
        ):
            with self.subTest(expected):
                self.program('apt-get', text)
                self.program('dpkg', 'exit 1')
                self.assertEqual(
                    f'OVN is not available: {expected}', self.reason()
                )

    def test_packages_without_the_programs(self) -> None:
        self.program('apt-get', 'exit 0')
        self.program('dpkg', 'exit 0')
        self.assertEqual(
            f'OVN is not available: no {", ".join(ovn_packages.PROGRAMS)} in '
            'the packages.',
            self.reason(),
        )
        self.assertEqual(
            {'apt-get', 'dpkg', 'ovn', 'ovn.lock'},
            {*os.listdir(self.directory)},
        )
