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
    'test_fault_plan.TestConnectionFaults': 285,
    'test_check.TestPorts': 263,
    'test_reach.TestReach': 202,
    'test_repair.TestCaches': 202,
    'test_repair.TestInterruption': 199,
    'test_repair.TestPorts': 174,
    'test_fault_plan.TestRepairAndDiffFaults': 157,
    'test_check.TestCaches': 146,
    'test_regions.TestRegions': 143,
    'test_repair.TestSafety': 133,
    'test_fault_plan.TestAnswerFaults': 118,
    'test_load_balancers.TestLoadBalancers': 110,
    'test_authentication.TestEndpoints': 105,
    'test_wait.TestWait': 86,
    'test_authentication.TestAuthentication': 85,
    'test_check.TestUntouchedFleet': 78,
    'test_record.TestRecord': 77,
    'test_cloud.TestMoves': 75,
    'test_find_indirections.TestIndirections': 74,
    'test_client.TestClient': 72,
    'test_list_fleet.TestFleet': 70,
    'test_secrets.TestSecrets': 65,
    'test_check.TestMonitoring': 64,
    'test_repair.TestRaces': 61,
    'test_faulty_fleet.TestPassing': 60,
    'test_list_fleet.TestPartialFailure': 60,
    'test_find.TestFind': 59,
    'test_cloud.TestNetwork': 55,
    'test_fault_plan.TestBodyFaults': 51,
    'test_show.TestRules': 47,
    'test_diff.TestDiff': 43,
    'test_errors.TestErrors': 41,
    'test_list_columns.TestColumns': 38,
    'test_tls.TestTls': 34,
    'test_repair.TestPortsWithoutServer': 32,
    'test_list.TestOneServer': 27,
    'test_fault_plan.TestAuthenticationFaults': 27,
    'test_faulty_fleet.TestLasting': 23,
    'test_cloud.TestRelease': 22,
    'test_repair.TestRights': 21,
    'test_schema.TestSchemas': 18,
    'test_show.TestShow': 17,
    'test_list.TestNames': 17,
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
