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

# The seconds of those that take half a minute or more, with six workers on two
# cores.
SECONDS = {
    'test_fault_plan.TestConnectionFaults': 203,
    'test_repair.TestCaches': 168,
    'test_check.TestPorts': 166,
    'test_repair.TestPorts': 127,
    'test_check.TestCaches': 125,
    'test_repair.TestInterruption': 119,
    'test_wait.TestWait': 114,
    'test_repair.TestSafety': 103,
    'test_fault_plan.TestRepairAndDiffFaults': 93,
    'test_authentication.TestEndpoints': 85,
    'test_reach.TestReach': 80,
    'test_authentication.TestAuthentication': 67,
    'test_fault_plan.TestAnswerFaults': 64,
    'test_list_fleet.TestFleet': 63,
    'test_cloud.TestMoves': 50,
    'test_faulty_fleet.TestPassing': 49,
    'test_cloud.TestNetwork': 45,
    'test_fault_plan.TestBodyFaults': 34,
    'test_find_indirections.TestIndirections': 34,
    'test_load_balancers.TestLoadBalancers': 34,
    'test_diff.TestDiff': 33,
    'test_secrets.TestSecrets': 32,
    'test_record.TestRecord': 31,
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
