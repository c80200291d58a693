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

"""The lines of the plan of faults that the real program is run for."""

import pathlib
import unittest
from urllib import parse

import fixtures
import testtools

from tests import command_result
from tests.faults import answers
from tests.faults import language
from tests.faults import plan
from tests.functional import client
from tests.functional import odd_project

# Seconds for one command, whatever the services do.
PATIENCE = 120

# What commands print without a fault.
_HEALTHY: dict[tuple[str, ...], command_result.Result] = {}


class FaultPlanTestCase(odd_project.OddProjectTestCase):
    """Runs the lines of some parts of the plan."""

    parts: frozenset[str]

    # The line that is run; each test has another.
    case: plan.Case
    words: plan.Words

    def test_fault(self) -> None:
        words = self.words = {**self.project.words, 'saved': ''}
        if '{saved}' in self.case.command:
            words['saved'] = self.saved()
        healthy = self.healthy()
        self.case.inject(self.proxy.faults, words, self.cloud.endpoints)
        result = self.run_case()
        self.assertEqual(
            (
                self.case.expected_output(healthy.stdout, words),
                int(self.case.exit),
            ),
            (result.stdout, result.status),
            result.stderr,
        )
        sent, writes = self.sent(), self.proxy.writes
        self.assertTrue(
            self.case.expects(sent, (write[0] for write in writes)),
            f'{sent} {writes}',
        )
        self.assertRegex(result.stderr, self.case.expected_error(words))
        self.assertNotRegex(result.stdout + result.stderr, plan.UNSAFE)
        self.assertEqual(set(), self.strangers(), 'were sent the token')

    def healthy(self) -> command_result.Result:
        """Run the command without any fault, once for all tests."""
        case = self.case.healthy
        key = case.command, case.requests, case.faults
        if key not in _HEALTHY:
            case.inject(self.proxy.faults, self.words, self.cloud.endpoints)
            _HEALTHY[key] = self.run_case()
            self.proxy.faults = answers.Faults()
            self.proxy.requests.clear()
            self.proxy.writes.clear()
        return _HEALTHY[key]

    def saved(self) -> str:
        """Save the listing that ``diff`` begins with."""
        listed = self.succeed('server', 'interface', 'list', '-f', 'json')
        self.proxy.requests.clear()
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'saved'
        path.write_text(plan.saved(listed, self.words))
        return str(path)

    def run_case(self) -> command_result.Result:
        """Run the command of the line, with little memory."""
        user = 'admin' if self.case.is_of_administrator else None
        return client.run(
            self.case.arguments(self.words),
            self.environment(user, no_proxy=language.CLOSED),
            timeout=PATIENCE,
            memory=client.MEMORY,
        )

    def sent(self) -> str:
        """Count what was asked of each service."""
        found = [
            parse.urlsplit(line.partition(' ')[2]).netloc
            for line in self.proxy.requests
        ]
        return ' '.join(
            str(found.count(parse.urlsplit(self.cloud.endpoints[name]).netloc))
            for name in ('identity', 'compute', 'network')
        )

    def strangers(self) -> set[str]:
        """Return who was sent a token and is no service."""
        return self.proxy.trusted - {
            parse.urlsplit(url).netloc for url in self.cloud.endpoints.values()
        }


class TestAuthenticationFaults(FaultPlanTestCase):
    parts = frozenset({'token', 'versions'})


class TestConnectionFaults(FaultPlanTestCase):
    parts = frozenset({'connection', 'size'})


class TestAnswerFaults(FaultPlanTestCase):
    parts = frozenset({'status', 'redirect', 'paging'})


class TestBodyFaults(FaultPlanTestCase):
    parts = frozenset({'headers', 'body', 'value'})


class TestRepairAndDiffFaults(FaultPlanTestCase):
    parts = frozenset({'repair', 'diff', 'write'})


def load_tests(
    _loader: unittest.TestLoader, _tests: unittest.TestSuite, _pattern: str
) -> unittest.TestSuite:
    """Make a test of each line of the plan."""
    suite = unittest.TestSuite()
    for case in plan.cases():
        if case.run == 'shell':
            continue
        (test,) = (
            test_class('test_fault')
            for test_class in FaultPlanTestCase.__subclasses__()
            if case.part in test_class.parts
        )
        test.case = case
        suite.addTest(
            testtools.clone_test_with_new_id(test, f'{test.id()}({case.name})')
        )
    return suite
