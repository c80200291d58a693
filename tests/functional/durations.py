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

"""``python -m tests.functional.durations <repository of stestr>``

Tells stestr in a new checkout which classes take long. Otherwise, it deals
them out to its workers at random, and one worker may get several of these.
"""

import datetime
import sys
import unittest

from stestr.repository import abstract
from stestr.repository import file
import testtools

from tests import environments

# The seconds of those that take a quarter of a minute or more, with eight
# workers on two cores.
SECONDS = {
    'test_check.TestPorts': 227,
    'test_repair.TestCaches': 222,
    'test_fault_plan.TestConnectionFaults': 213,
    'test_reach.TestReach': 207,
    'test_repair.TestPorts': 167,
    'test_fault_plan.TestRepairAndDiffFaults': 152,
    'test_wait.TestWait': 137,
    'test_repair.TestInterruption': 125,
    'test_repair.TestSafety': 122,
    'test_check.TestCaches': 117,
    'test_fault_plan.TestAnswerFaults': 105,
    'test_cloud.TestMoves': 93,
    'test_authentication.TestEndpoints': 89,
    'test_fault_plan.TestBodyFaults': 77,
    'test_find_indirections.TestIndirections': 75,
    'test_authentication.TestAuthentication': 74,
    'test_record.TestRecord': 69,
    'test_faulty_fleet.TestPassing': 55,
    'test_list_columns.TestColumns': 54,
    'test_errors.TestErrors': 50,
    'test_list_fleet.TestFleet': 50,
    'test_repair.TestRaces': 49,
    'test_load_balancers.TestLoadBalancers': 49,
    'test_diff.TestDiff': 47,
    'test_regions.TestRegions': 43,
    'test_client.TestClient': 35,
    'test_faulty_fleet.TestLasting': 33,
    'test_repair.TestRights': 31,
    'test_cloud.TestNetwork': 31,
    'test_secrets.TestSecrets': 30,
    'test_list.TestOneServer': 29,
    'test_repair.TestPortsWithoutServer': 26,
    'test_find.TestFind': 20,
    'test_schema.TestSchemas': 19,
    'test_fault_plan.TestAuthenticationFaults': 19,
    'test_list.TestNames': 18,
    'test_check.TestUntouchedFleet': 17,
    'test_check.TestMonitoring': 17,
}


def tell(repository: file.Repository) -> None:
    """Give each test an equal share of the time of its class."""
    suite = unittest.TestLoader().discover(
        str(environments.CHECKOUT / 'tests' / 'functional'),
        top_level_dir=str(environments.CHECKOUT),
    )
    tests = [test.id() for test in testtools.iterate_tests(suite)]
    start = datetime.datetime.now(datetime.UTC)
    inserter = repository.get_inserter()
    inserter.startTestRun()
    for name, seconds in SECONDS.items():
        of_class = [test for test in tests if f'.{name}.' in test]
        end = start + datetime.timedelta(seconds=seconds / len(of_class))
        for test in of_class:
            for status, when in (('inprogress', start), ('success', end)):
                inserter.status(
                    test_id=test, test_status=status, timestamp=when
                )
    inserter.stopTestRun()


def main() -> None:
    factory = file.RepositoryFactory()
    try:
        factory.open(sys.argv[1])
    except abstract.RepositoryNotFound:
        tell(factory.initialise(sys.argv[1]))


if __name__ == '__main__':
    main()
