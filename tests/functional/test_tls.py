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

import pathlib
import ssl

import fixtures

from tests import command_result
from tests.functional import odd_project
from tests.functional import tls_front

SERVICES = ('identity', 'compute', 'network')


class TestTls(odd_project.OddProjectTestCase):
    """Certificates are handled as by other commands."""

    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.authority = tls_front.Authority(self.directory, 'authority')
        self.certificate = self.authority.issue('server')
        self.plain = self.succeed(*self.command())

    def command(self) -> tuple[str, ...]:
        return (
            'server',
            'interface',
            'list',
            self.project.ids['one'],
            '-f',
            'csv',
            '-c',
            'Port ID',
            '-c',
            'Subnet Names',
        )

    def serve(
        self,
        strangers: tuple[str, ...] = (),
        asking: tuple[str, ...] = (),
    ) -> dict[str, str]:
        """Put TLS in front of the services.

        :param strangers: Services whose certificate is from another authority.
        :param asking: Services that ask clients for a certificate.
        :returns: The environment variables for the cloud.
        """
        other = tls_front.Authority(self.directory, 'other').issue('stranger')
        contexts = {}
        for service in SERVICES:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(
                other if service in strangers else self.certificate
            )
            if service in asking:
                context.load_verify_locations(self.authority.certificate)
                context.verify_mode = ssl.CERT_REQUIRED
            contexts[service] = context
        front = tls_front.fronts(self.cloud.endpoints, contexts)
        urls = front.__enter__()
        self.addCleanup(front.__exit__, None, None, None)
        return {'OS_AUTH_URL': urls['identity']}

    def compare(
        self, *options: str, **variables: str
    ) -> command_result.Result:
        """Run a command, which must behave as ``server list`` does."""
        result = self.openstack(*options, *self.command(), **variables)
        other = self.openstack(*options, 'server', 'list', **variables)
        self.assertEqual(other.status, result.status, other.stderr)
        self.assertEqual(bool(other.stderr), bool(result.stderr))
        return result

    def test_trusted(self) -> None:
        cloud = self.serve()
        authority = str(self.authority.certificate)
        expected = command_result.Result(0, self.plain, '')
        self.assertEqual(
            expected, self.compare('--os-cacert', authority, **cloud)
        )
        self.assertEqual(expected, self.compare(OS_CACERT=authority, **cloud))

    def test_insecure(self) -> None:
        self.assertEqual(
            command_result.Result(0, self.plain, ''),
            self.compare('--insecure', **self.serve()),
        )

    def test_unknown_authority(self) -> None:
        result = self.compare(**self.serve())
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            r'\AAuthentication failed: cannot connect to '
            r'https://127\.0\.0\.1:\d+: its certificate is not trusted: '
            r'unable to get local issuer certificate\n\Z',
        )

    def test_compute_of_unknown_authority(self) -> None:
        result = self.compare(
            '--os-cacert',
            str(self.authority.certificate),
            **self.serve(strangers=('compute',)),
        )
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(
            result.stderr,
            r'\ACompute version document: .*certificate is not trusted.*\n\Z',
        )

    def test_network_of_unknown_authority(self) -> None:
        result = self.openstack(
            '--os-cacert',
            str(self.authority.certificate),
            *self.command(),
            **self.serve(strangers=('network',)),
        )
        self.assertEqual(1, result.status)
        self.assertEqual(self.plain.count('\n'), result.stdout.count('\n'))
        self.assertRegex(
            result.stderr,
            r'\ASome values are missing: .*certificate is not trusted.*\n\Z',
        )

    def test_client_certificates(self) -> None:
        cloud = self.serve(asking=SERVICES)
        client = str(self.authority.issue('client'))
        trust = ('--os-cacert', str(self.authority.certificate))
        result = self.compare(
            *trust, '--os-cert', client, '--os-key', client, **cloud
        )
        self.assertEqual(command_result.Result(0, self.plain, ''), result)
        result = self.compare(*trust, **cloud)
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertNotIn('Traceback', result.stderr)
