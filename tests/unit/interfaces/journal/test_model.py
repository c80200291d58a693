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

"""The journal against a naive model, on each database that can be had."""

from concurrent import futures
import importlib
from importlib import util
import json
import pathlib
import time
from typing import Any
import unittest

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import observing
from tests.unit.interfaces.journal import samples

# A long history has more in it than many short ones, and costs less.
SETTINGS = hypothesis.settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)

ADDRESSES = ('192.0.2.1', '192.0.2.2', '2001:db8::1')

_PORTS = st.tuples(
    st.sampled_from(ADDRESSES),
    st.sampled_from(['web', 'db']),
    st.sampled_from(['ACTIVE', 'DOWN']),
)

STATES = st.fixed_dictionaries({}, optional=dict.fromkeys('abc', _PORTS))

HISTORIES = st.lists(st.none() | STATES, min_size=9, max_size=9)


def objects(state: samples.State, address: str = '') -> list[dict[str, Any]]:
    """Return the ports of a state, with an address if it is given."""
    return [
        json.loads(samples.port(key, *values))
        for key, values in sorted(state.items())
        if not address or values[0] == address
    ]


class ModelTests(testtools.TestCase):
    """What holds on every database; a subclass provides one."""

    def location(self) -> str:
        """Return where there is no journal yet."""
        raise unittest.SkipTest('a subclass provides the database')

    def record(self, states: list[samples.State | None]) -> str:
        location = self.location()
        for state in states:
            samples.observe(location, state)
        return location

    @SETTINGS
    @hypothesis.given(HISTORIES)
    def test_every_observation_can_be_read_again(
        self, states: list[samples.State | None]
    ) -> None:
        location = self.record(states)
        found = samples.snapshots(location)
        self.assertEqual(
            {
                number: objects(state)
                for number, state in enumerate(states, 1)
                if state is not None
            },
            {number: rows for number, (rows, _a, _b) in found.items()},
        )
        self.assert_spans(found)

    @SETTINGS
    @hypothesis.given(HISTORIES, st.sampled_from(ADDRESSES))
    def test_an_address_leads_to_all_that_have_it(
        self, states: list[samples.State | None], address: str
    ) -> None:
        location = self.record(states)
        found = samples.snapshots(location, 'ip_address', [address])
        for number, (rows, _first, _last) in found.items():
            having = [
                row
                for row in rows
                if row['fixed_ips'][0]['ip_address'] == address
            ]
            state = states[number - 1]
            assert state is not None
            self.assertEqual(objects(state, address), having)
        self.assert_spans(found)

    @SETTINGS
    @hypothesis.given(HISTORIES, st.integers(1, 9))
    def test_what_is_removed_changes_nothing_else(
        self, states: list[samples.State | None], oldest: int
    ) -> None:
        location = self.record(states)
        before = samples.snapshots(location)
        by_address = samples.snapshots(location, 'ip_address', ADDRESSES)
        with engines.open_to_write(location) as connection:
            observing.remove_before(connection, oldest * samples.EVERY)
        for earlier, later in (
            (before, samples.snapshots(location)),
            (
                by_address,
                samples.snapshots(location, 'ip_address', ADDRESSES),
            ),
        ):
            self.assertEqual(
                {
                    number: (rows, max(first, oldest), last)
                    for number, (rows, first, last) in earlier.items()
                    if number >= oldest
                },
                later,
            )

    def test_what_is_hidden_did_not_vanish(self) -> None:
        there = {'a': (ADDRESSES[0], 'web', 'ACTIVE')}
        location = self.record([there, None, there])
        found = samples.snapshots(location)
        self.assertEqual((objects(there), 1, 1), found[1])
        self.assertEqual((objects(there), 3, 3), found[3])

    def test_what_ended_while_it_was_hidden(self) -> None:
        there = {'a': (ADDRESSES[0], 'web', 'ACTIVE')}
        location = self.record([there, None, {}])
        self.assertEqual(
            {1: (objects(there), 1, 1), 3: ([], 3, 3)},
            samples.snapshots(location),
        )

    def test_scopes_do_not_end_one_another(self) -> None:
        location = self.location()
        there = {'a': (ADDRESSES[0], 'web', 'ACTIVE')}
        samples.observe(location, there)
        other = samples.observe(location, {}, {'project_id': 'other'})
        self.assertEqual(0, other.gone)
        again = samples.observe(location, there)
        self.assertEqual((1, 0, 0), (again.objects, again.changed, again.gone))

    def test_the_last_observation_is_removed_with_all_it_had(self) -> None:
        location = self.record([{'a': (ADDRESSES[0], 'web', 'ACTIVE')}])
        with engines.open_to_write(location) as connection:
            observing.remove_before(connection, 10 * samples.EVERY)
            for table in ('versions', 'lookups'):
                query = f'SELECT count(*) FROM {table}'
                self.assertEqual(
                    0, connection.exec_driver_sql(query).scalar(), table
                )

    def assert_spans(
        self, found: dict[int, tuple[list[dict[str, Any]], int, int]]
    ) -> None:
        """Check that the same objects are found throughout a span."""
        for number, (rows, first, last) in found.items():
            self.assertTrue(first <= number <= last)
            for other, (other_rows, *_span) in found.items():
                if first <= other <= last:
                    self.assertEqual(rows, other_rows)


class TestSQLite(ModelTests):
    def location(self) -> str:
        return str(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'journal'
        )


class TestPostgreSQL(ModelTests):
    _databases = 0
    _server: Any = None

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if util.find_spec('pgserver') is None:
            raise unittest.SkipTest('it is not made for every Python')
        pgserver = importlib.import_module('pgserver')
        directory = fixtures.TempDir()
        directory.setUp()
        cls.addClassCleanup(directory.cleanUp)
        cls._server = pgserver.get_server(directory.path)
        cls.addClassCleanup(cls._server.cleanup)

    def location(self) -> str:
        type(self)._databases += 1
        name = f'journal{self._databases}'
        self._server.psql(f'CREATE DATABASE {name};')
        # The oldest supported SQLAlchemy knows only the older driver.
        driver = 'psycopg' if util.find_spec('psycopg') else 'psycopg2'
        url: str = self._server.get_uri(name)
        return url.replace('postgresql', f'postgresql+{driver}', 1)

    def test_a_writer_sees_what_it_waited_for(self) -> None:
        location = self.location()
        # As MySQL has it.
        self._server.psql(
            f'ALTER DATABASE journal{self._databases} '
            "SET default_transaction_isolation = 'repeatable read';"
        )
        there = {'a': (ADDRESSES[0], 'web', 'ACTIVE')}
        samples.observe(location, there)
        with futures.ThreadPoolExecutor() as threads:
            with engines.open_to_write(location) as connection:
                waiting = self.wait_for(threads, location, there)
                second = observing.Observation(connection, 'RegionOne', {})
                second.keep('ports', samples.rows(there))
                second.finish(2 * samples.EVERY, 2 * samples.EVERY, 0)
            third = waiting.result()
        self.assertEqual((3, 0), (third.id, third.changed))

    def test_a_writer_waits_for_the_tables(self) -> None:
        location = self.location()
        with futures.ThreadPoolExecutor() as threads:
            with engines.open_to_write(location):
                waiting = self.wait_for(threads, location, {})
            self.assertEqual(1, waiting.result().id)

    def wait_for(
        self,
        threads: futures.Executor,
        location: str,
        state: samples.State,
    ) -> futures.Future[observing.Observation]:
        """Let a thread record until it waits for a lock."""
        waiting = threads.submit(samples.observe, location, state)
        query = 'SELECT wait_event_type FROM pg_stat_activity;'
        while not (waiting.done() or ' Lock' in self._server.psql(query)):
            time.sleep(0.01)
        return waiting


# It is not a test by itself.
del ModelTests
