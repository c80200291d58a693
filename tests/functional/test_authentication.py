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

"""Every way to authenticate that OpenStackClient supports."""

from collections.abc import Callable
from concurrent import futures
import contextlib
import functools
import json
import pathlib
from typing import TypeVar
from urllib import parse

import fixtures

from tests import command_result
from tests.functional import logins
from tests.functional import odd_project
from tests.functional import recording_proxy

_Result = TypeVar('_Result')

# Nobody listens there.
NOWHERE = 'http://127.0.0.1:1'

REFUSED = (
    'the token was refused; it may be expired, revoked or limited by access '
    'rules, or the service behind this one does not accept it'
)

NEEDS_PROJECT = (
    'the token is not scoped to a project, and interfaces need one that is'
)

# The services that each command uses besides Keystone.
ASKED = {
    'list': {'compute'},
    'list by name': {'compute'},
    'list all': {'compute'},
    'list ports': {'network'},
    'show': {'compute'},
    'find': {'compute', 'network'},
    'check': {'compute', 'network'},
    'wait': {'compute'},
    'repair': {'compute', 'network'},
    'diff': {'compute'},
}


class AuthenticationTestCase(odd_project.OddProjectTestCase):
    """Reads the interfaces of one server with every login.

    :ivar expected: The output of ``list`` for it, for a user of clouds.yaml.
    """

    logins: logins.Logins

    @classmethod
    def make_resources(cls) -> None:
        cls.logins = logins.Logins(cls.api, cls.cloud, cls.user)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.logins.remove()
        super().tearDownClass()

    def setUp(self) -> None:
        super().setUp()
        self.server = self.project.ids['one']
        self.list = ('server', 'interface', 'list', self.server)
        self.expected = self.succeed(*self.list, '-f', 'json')

    def create_file(self, text: str) -> str:
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'file')
        path.write_text(text)
        return str(path)

    def openstack_as(
        self, login: dict[str, str], *arguments: str
    ) -> command_result.Result:
        """Run ``openstack`` with these variables, and no clouds.yaml."""
        return self.openstack(
            *arguments,
            **{'OS_CLOUD': '', 'OS_CLIENT_CONFIG_FILE': '', **login},
        )

    def commands(self) -> dict[str, tuple[str, ...]]:
        """Return a command line of each command for the server."""
        port = self.project.words['one_port']
        server = self.server
        return {
            'list': ('list', server, '-f', 'json'),
            'list by name': ('list', 'one', '-f', 'json'),
            'list all': ('list', '-f', 'csv', '-c', 'Fixed IPs'),
            'list ports': (
                'list',
                server,
                '--source',
                'network',
                '-f',
                'value',
                '-c',
                'Port ID',
            ),
            'show': ('show', server, port, '-f', 'json', '-c', 'Tag'),
            'find': ('find', self.project.words['one_address']),
            'check': ('check', server),
            'wait': ('wait', server, '--timeout', '0', '-f', 'value'),
            'repair': ('repair', server, '--dry-run'),
            'diff': ('diff', self.create_file('[]')),
        }

    def run_as(
        self, login: dict[str, str], *names: str
    ) -> dict[str, command_result.Result]:
        """Run some of the commands with these variables; all by default."""
        commands = {
            name: arguments
            for name, arguments in self.commands().items()
            if not names or name in names
        }
        return self.in_parallel(
            lambda arguments: self.openstack_as(
                login, 'server', 'interface', *arguments
            ),
            commands,
        )

    def in_parallel(
        self,
        run: Callable[[tuple[str, ...]], _Result],
        commands: dict[str, tuple[str, ...]],
    ) -> dict[str, _Result]:
        """Run commands in parallel, as some wait for most of the time."""
        with futures.ThreadPoolExecutor(len(commands)) as executor:
            results = executor.map(run, commands.values())
            return dict(zip(commands, results, strict=True))

    def assert_refused(
        self, pattern: str, result: command_result.Result
    ) -> None:
        """Check that the exit status is 1, with no rows and one line."""
        self.assertEqual((1, ''), (result.status, result.stdout))
        self.assertRegex(result.stderr, rf'\A{pattern}\n\Z')


class TestAuthentication(AuthenticationTestCase):
    def test_all_commands_are_the_same(self) -> None:
        expected = self.run_as(self.logins.password())
        self.assertEqual(
            command_result.Result(0, self.expected, ''), expected['list']
        )
        self.assertEqual(
            {'check': 3, 'repair': 3, 'diff': 3},
            {
                name: result.status
                for name, result in expected.items()
                if result.status
            },
        )
        logins = {
            self.logins.application_credential: (),
            self.logins.token: ('list', 'find'),
            self.logins.trust: ('list', 'list ports'),
            # Without Keystone, the name of the project's domain, which find
            # shows, is not known.
            self.logins.admin_token: ('list', 'list by name', 'check', 'diff'),
        }
        for login, names in logins.items():
            for command, result in self.run_as(login(), *names).items():
                self.assertEqual(
                    expected[command], result, f'{login} {command}'
                )

    def test_os_cloud(self) -> None:
        expected = command_result.Result(0, self.expected, '')
        clouds_yaml = {'OS_CLIENT_CONFIG_FILE': str(self.cloud.clouds_yaml)}
        for options, login in (
            (('--os-cloud', self.user), clouds_yaml),
            ((), {**clouds_yaml, 'OS_CLOUD': self.user}),
        ):
            self.assertEqual(
                expected,
                self.openstack_as(login, *options, *self.list, '-f', 'json'),
            )

    def test_access_rules_for_interfaces_alone(self) -> None:
        login = self.logins.application_credential(
            access_rules=[
                {
                    'service': 'compute',
                    'method': 'GET',
                    'path': '/v2.1/servers/*/os-interface',
                }
            ]
        )
        found = self.run_as(login)
        self.assertEqual(
            command_result.Result(0, self.expected, ''), found.pop('list')
        )
        self.assertEqual(
            command_result.Result(0, '{\n  "Tag": "tag-of-one"\n}\n', ''),
            found.pop('show'),
        )
        what = {
            'list by name': "Servers named 'one'",
            'list all': 'Servers',
            'list ports': 'Ports',
            'find': 'Floating IPs',
            'check': f'Server {self.server}',
            'wait': f'Server {self.server}',
            'repair': f'Server {self.server}',
            'diff': 'Servers',
        }
        self.assertEqual(what.keys(), found.keys())
        for command, result in found.items():
            self.assert_refused(
                rf'{what[command]}: {REFUSED}: [^\n]*'
                r'\(HTTP 401, request ID req-[0-9a-f-]+\)',
                result,
            )

    def test_access_rules_without_neutron(self) -> None:
        login = self.logins.application_credential(
            access_rules=[
                {
                    'service': 'compute',
                    'method': 'GET',
                    'path': '/v2.1/servers/*/os-interface',
                }
            ]
        )
        result = self.openstack_as(
            login, *self.list, '-f', 'csv', '-c', 'Port ID', '-c', 'Port Name'
        )
        rows = json.loads(self.expected)
        self.assertEqual(
            (
                1,
                '"Port ID","Port Name"\n'
                + ''.join(f'"{row["Port ID"]}",""\n' for row in rows),
            ),
            (result.status, result.stdout),
        )
        self.assertRegex(
            result.stderr,
            rf'\ASome values are missing: Ports: {REFUSED}: [^\n]*\n\Z',
        )

    def test_token_that_is_none(self) -> None:
        self.assert_refused(
            r'Authentication failed: Not Found \(HTTP 404[^\n]*\)',
            self.openstack_as(
                {**self.logins.token(), 'OS_TOKEN': 'none'}, *self.list
            ),
        )

    def test_wrong_password(self) -> None:
        result = self.openstack_as(
            {**self.logins.password(), 'OS_PASSWORD': 'wrong'}, *self.list
        )
        self.assert_refused(
            r'Authentication failed: Unauthorized \(HTTP 401[^\n]*\)', result
        )

    def test_other_scopes(self) -> None:
        for scope, names in (
            ('system', ()),
            ('domain', ('list', 'list ports', 'find')),
        ):
            for command, result in self.run_as(
                self.logins.administrator(scope), *names
            ).items():
                pattern = (
                    rf'[^\n]*: this is not allowed; {NEEDS_PROJECT}: '
                    r'[^\n]*\(HTTP 403, request ID req-[0-9a-f-]+\)'
                )
                if command in ('find', 'list ports'):
                    pattern = f'Ports: none is shown; {NEEDS_PROJECT}'
                self.assert_refused(pattern, result)

    def test_no_scope(self) -> None:
        for result in self.run_as(
            self.logins.unscoped(), 'list', 'find'
        ).values():
            self.assert_refused(
                f'The service catalog is empty; {NEEDS_PROJECT}', result
            )

    def test_no_token(self) -> None:
        for result in self.run_as(
            self.logins.none(), 'list', 'find', 'wait'
        ).values():
            self.assert_refused(
                rf'[^\n]*: {REFUSED}: [^\n]*'
                r'\(HTTP 401, request ID req-[0-9a-f-]+\)',
                result,
            )

    def test_one_endpoint_for_all_services(self) -> None:
        login = {
            **self.logins.admin_token(),
            'OS_ENDPOINT': self.cloud.endpoints['compute'],
        }
        del login['OS_NETWORK_ENDPOINT_OVERRIDE']
        result = self.openstack_as(login, *self.list, '-f', 'json')
        self.assertEqual(command_result.Result(0, self.expected, ''), result)
        self.assert_refused(
            'Ports: is this endpoint really the service it is '
            r'registered as\? \(HTTP 300\)',
            self.openstack_as(
                login, 'server', 'interface', 'find', '10.30.0.11'
            ),
        )


class TestEndpoints(AuthenticationTestCase):
    """The URLs of the services, from the user or the catalog."""

    region: str

    @classmethod
    def make_resources(cls) -> None:
        super().make_resources()
        cls.region = cls.logins.region(
            public=cls.cloud.endpoints,
            internal={
                **cls.cloud.endpoints,
                'compute': f'{NOWHERE}/v2.1',
                'network': NOWHERE,
            },
        )

    def listed(self, **variables: str) -> command_result.Result:
        return self.openstack_as(
            {**self.logins.password(), **variables}, *self.list, '-f', 'json'
        )

    def test_overrides(self) -> None:
        compute, network = (
            self.cloud.endpoints[name].removesuffix('/v2.1')
            for name in ('compute', 'network')
        )
        expected = self.succeed(*self.list, '-f', 'json', '-c', 'Port Name')
        for override in (
            {'compute': compute},
            {'compute': f'{compute}/v2.1/'},
            {'compute': f'{compute}/v2'},
            {'network': network},
            {'network': f'{network}/v2.0'},
            {'identity': NOWHERE},
        ):
            login = {
                f'OS_{name.upper()}_ENDPOINT_OVERRIDE': url
                for name, url in override.items()
            }
            self.assertEqual(
                command_result.Result(0, expected, ''),
                self.openstack_as(
                    {**self.logins.password(), **login},
                    *self.list,
                    '-f',
                    'json',
                    '-c',
                    'Port Name',
                ),
                str(override),
            )

    def test_overrides_for_each_command(self) -> None:
        """The catalog leads nowhere, so only the overrides can be used."""
        expected = self.run_as(self.logins.password())
        urls = {
            f'{name}_endpoint_override': self.cloud.endpoints[name]
            for name in ('compute', 'network')
        }
        variables = {
            **self.logins.password(),
            'OS_REGION_NAME': self.region,
            'OS_INTERFACE': 'internal',
            **{f'OS_{name.upper()}': url for name, url in urls.items()},
        }
        entry = {'auth': self.cloud.credentials(self.user), **urls}
        clouds_yaml = self.create_file(
            json.dumps({'clouds': {'overridden': entry}})
        )
        options = (
            '--os-cloud',
            'overridden',
            '--os-region-name',
            self.region,
            '--os-interface',
            'internal',
        )
        for login, given in (
            (variables, ()),
            ({'OS_CLIENT_CONFIG_FILE': clouds_yaml}, options),
        ):
            for name, (result, asked) in self.in_parallel(
                functools.partial(self.ask, login, given), self.commands()
            ).items():
                with self.subTest(name, options=given):
                    self.assertEqual(expected[name], result)
                    self.assertEqual({'identity', *ASKED[name]}, asked)

    def ask(
        self,
        login: dict[str, str],
        options: tuple[str, ...],
        arguments: tuple[str, ...],
    ) -> tuple[command_result.Result, set[str]]:
        """Run a command, and return the services that it asked, too."""
        names = {
            parse.urlsplit(url).netloc: name
            for name, url in self.cloud.endpoints.items()
        }
        with contextlib.closing(recording_proxy.RecordingProxy()) as proxy:
            result = self.openstack_as(
                {**login, 'http_proxy': proxy.url},
                *options,
                'server',
                'interface',
                *arguments,
            )
        return result, {
            names[parse.urlsplit(line.partition(' ')[2]).netloc]
            for line in proxy.requests
        }

    def test_overrides_to_nowhere(self) -> None:
        self.assert_refused(
            'Compute version document: [^\n]*HTTP 502[^\n]*',
            self.listed(OS_COMPUTE_ENDPOINT_OVERRIDE=NOWHERE),
        )
        self.assertEqual(
            command_result.Result(0, self.expected, ''),
            self.listed(OS_NETWORK_ENDPOINT_OVERRIDE=NOWHERE),
        )
        self.assert_refused(
            'Floating IPs: [^\n]*HTTP 502[^\n]*',
            self.openstack_as(
                {
                    **self.logins.password(),
                    'OS_NETWORK_ENDPOINT_OVERRIDE': NOWHERE,
                },
                'server',
                'interface',
                'find',
                '10.30.0.11',
            ),
        )

    def test_regions(self) -> None:
        for region in ('RegionOne', self.region):
            self.assertEqual(
                command_result.Result(0, self.expected, ''),
                self.listed(OS_REGION_NAME=region),
            )
        for result in self.run_as(
            {**self.logins.password(), 'OS_REGION_NAME': 'elsewhere'},
            'list',
            'find',
        ).values():
            self.assert_refused(
                'public endpoint for (compute|network) service in elsewhere '
                'region not found',
                result,
            )

    def test_interfaces(self) -> None:
        self.assertEqual(
            command_result.Result(0, self.expected, ''),
            self.listed(OS_REGION_NAME=self.region, OS_INTERFACE='public'),
        )
        self.assert_refused(
            'Compute version document: [^\n]*HTTP 502[^\n]*',
            self.listed(OS_REGION_NAME=self.region, OS_INTERFACE='internal'),
        )
        self.assertEqual(
            command_result.Result(0, self.expected, ''),
            self.listed(
                OS_REGION_NAME=self.region,
                OS_INTERFACE='internal',
                OS_COMPUTE_INTERFACE='public',
            ),
        )
        self.assert_refused(
            f'admin endpoint for compute service in {self.region} region not '
            'found',
            self.listed(OS_REGION_NAME=self.region, OS_INTERFACE='admin'),
        )
