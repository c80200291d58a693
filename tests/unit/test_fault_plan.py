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

import unittest

import testtools

from tests import command_result
from tests.faults import plan
from tests.unit import base
from tests.unit import clock
from tests.unit import odd_cloud


# What commands print without a fault.
_HEALTHY: dict[str, command_result.Result] = {}


class TestFaultPlan(base.ShellTestCase):
    # The line that is run; each test has another.
    case: plan.Case

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(clock.Clock())
        self.transport = self.useFixture(odd_cloud.FaultyTransport())
        odd_cloud.register(self.cloud)

    def test_fault(self) -> None:
        words, case = odd_cloud.WORDS, self.case
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
        self.assertTrue(case.expects(sent), sent)
        self.assertRegex(result.stderr, case.expected_error(words))
        self.assertNotRegex(result.stdout + result.stderr, plan.UNSAFE)
        self.assertEqual(set(), self.transport.strangers())

    def healthy(self) -> command_result.Result:
        """Run the command without any fault, once for all tests."""
        command = self.case.command
        if command not in _HEALTHY:
            _HEALTHY[command] = self.run_case()
            self.transport.requests.clear()
            self.clock.slept.clear()
        return _HEALTHY[command]

    def run_case(self) -> command_result.Result:
        """Run the command of the line."""
        role = 'admin' if self.case.is_of_administrator else 'member'
        self.cloud.register_tokens('a-token', 'another-token', role=role)
        return self.openstack(*self.case.arguments(odd_cloud.WORDS))


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
