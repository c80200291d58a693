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

"""The lines of the plan of faults that need no connection, in process."""

import threading
import unittest

import testtools

from tests import command_result
from tests.faults import plan
from tests.unit import base
from tests.unit import clock
from tests.unit import odd_cloud


# What commands print without a fault.
_HEALTHY: dict[tuple[str, ...], command_result.Result] = {}


class TestFaultPlan(base.ShellTestCase):
    # The line that is run; each test has another.
    case: plan.Case

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.transport = self.useFixture(odd_cloud.FaultyTransport())
        odd_cloud.register(self.cloud)
        self.words = {**odd_cloud.WORDS, 'saved': ''}
        # What a refused token leaves under way would be another test's.
        before = set(threading.enumerate())
        self.addCleanup(self.join, before)

    def join(self, before: set[threading.Thread]) -> None:
        """Wait for the threads that are not among these."""
        for thread in set(threading.enumerate()) - before:
            thread.join()

    def test_fault(self) -> None:
        words, case = self.words, self.case
        if '{saved}' in case.command:
            words['saved'] = self.create_file(self.saved())
        healthy = self.healthy()
        case.inject(self.transport.faults, words, odd_cloud.ENDPOINTS)
        result = self.run_case()
        self.assertEqual(
            (
                case.expected_output(healthy.stdout, words),
                int(case.exit),
                case.waited,
            ),
            (
                result.stdout,
                result.status,
                f'{sum(self.clock.slept):.0f}',
            ),
            result.stderr,
        )
        sent = self.transport.sent()
        writes = self.transport.writes
        self.assertTrue(
            case.expects(sent, (write.split()[0] for write in writes)),
            f'{sent} {writes}',
        )
        self.assertRegex(result.stderr, case.expected_error(words))
        self.assertNotRegex(result.stdout + result.stderr, plan.UNSAFE)
        self.assertEqual(set(), self.transport.strangers())

    def healthy(self) -> command_result.Result:
        """Run the command without any fault, once for all tests."""
        case = self.case.healthy
        key = case.command, case.requests, case.faults
        if key not in _HEALTHY:
            case.inject(self.transport.faults, self.words, odd_cloud.ENDPOINTS)
            _HEALTHY[key] = self.run_case()
            self.transport.forget()
            self.clock.slept.clear()
        return _HEALTHY[key]

    def saved(self) -> str:
        """Make the listing that is saved."""
        self.register_tokens()
        listed = self.openstack('server', 'interface', 'list', '-f', 'json')
        self.transport.forget()
        return plan.saved(listed.stdout, self.words)

    def run_case(self) -> command_result.Result:
        """Run the command of the line."""
        self.register_tokens()
        return self.openstack(*self.case.arguments(self.words))

    def register_tokens(self) -> None:
        role = 'admin' if self.case.is_of_administrator else 'member'
        self.cloud.register_tokens('a-token', 'another-token', role=role)


def load_tests(
    _loader: unittest.TestLoader, _tests: unittest.TestSuite, _pattern: str
) -> unittest.TestSuite:
    """Make a test of each line of the plan."""
    suite = unittest.TestSuite()
    for case in plan.cases():
        if case.run != 'program':
            test = TestFaultPlan('test_fault')
            test.case = case
            suite.addTest(
                testtools.clone_test_with_new_id(
                    test, f'{test.id()}({case.name})'
                )
            )
    return suite
