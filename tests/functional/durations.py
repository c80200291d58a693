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
"""Tells stestr how long each class takes, so that its workers end together.

It runs before the tests of a new checkout, which stestr has no times of.
``--update`` writes ``durations.csv`` anew, after all have passed.
"""

import argparse
import collections
import csv
import datetime
import pathlib
from typing import Any
import unittest

from stestr.repository import abstract
from stestr.repository import file
import subunit
import testtools

from tests import environments

FILE = pathlib.Path(__file__).with_name('durations.csv')


def test_ids() -> dict[str, list[str]]:
    """Return the IDs of all functional tests, by their class."""
    found = collections.defaultdict(list)
    suite = unittest.TestLoader().discover(
        str(FILE.parent), top_level_dir=str(environments.CHECKOUT)
    )
    for test in testtools.iterate_tests(suite):
        kind = type(test)
        found[f'{kind.__module__}.{kind.__name__}'].append(test.id())
    return found


def tell(repository: file.Repository) -> None:
    """Give each test an equal share of the time of its class."""
    seconds = dict(csv.reader(FILE.read_text().splitlines()))
    inserter = repository.get_inserter()
    inserter.startTestRun()
    start = datetime.datetime.now(datetime.UTC)
    for name, tests in test_ids().items():
        if name not in seconds:
            continue
        end = start + datetime.timedelta(
            seconds=float(seconds[name]) / len(tests)
        )
        for test in tests:
            for status, when in (('inprogress', start), ('success', end)):
                inserter.status(
                    test_id=test, test_status=status, timestamp=when
                )
    inserter.stopTestRun()


class ClassTimes(testtools.StreamResult):
    """Adds up the time that each class takes from a worker.

    What a class makes before its first test counts, too.
    """

    def __init__(self, names: dict[str, str]) -> None:
        """Listen to a run.

        :param names: The class of each test.
        """
        super().__init__()
        self.taken: dict[str, datetime.timedelta] = dict.fromkeys(
            names.values(), datetime.timedelta()
        )
        self._names = names
        self._first: datetime.datetime | None = None
        self._latest: dict[str, datetime.datetime] = {}

    def status(self, *args: Any, **kwargs: Any) -> None:
        """Notice the end of a test."""
        when = kwargs['timestamp']
        self._first = self._first or when
        if kwargs['test_status'] in ('inprogress', 'exists', None):
            return
        (worker,) = kwargs['test_tags']
        before = self._latest.get(worker, self._first)
        self.taken[self._names[kwargs['test_id']]] += when - before
        self._latest[worker] = when


def update(repository: file.Repository) -> None:
    """Write the seconds of each class in the latest run."""
    times = ClassTimes(
        {test: name for name, tests in test_ids().items() for test in tests}
    )
    subunit.ByteStreamToStreamResult(
        repository.get_latest_run().get_subunit_stream()
    ).run(times)
    FILE.write_text(
        ''.join(
            f'{name},{taken.total_seconds():.0f}\n'
            for name, taken in sorted(times.taken.items())
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('repository', help='the --repo-url of stestr')
    parser.add_argument('--update', action='store_true')
    arguments = parser.parse_args()
    factory = file.RepositoryFactory()
    if arguments.update:
        update(factory.open(arguments.repository))
        return
    try:
        factory.open(arguments.repository)
    except abstract.RepositoryNotFound:
        tell(factory.initialise(arguments.repository))


if __name__ == '__main__':
    main()
