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

"""A short version of ``make fuzz``."""

import json
import os

import hypothesis
from hypothesis import strategies as st
import testtools

from tests.fuzz import cases
from tests.unit import base
from tests.unit.interfaces.path import oracle
from tests.unit import odd_cloud

# The factor of examples; tests/fuzz/__main__.py sets it.
FACTOR = int(os.environ.get('FUZZ_FACTOR', '1'))

# Nothing is timed or written; a failure prints how to reproduce it.
BRIEF = hypothesis.settings(
    max_examples=25 * FACTOR,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)

LINES = st.sampled_from(
    [(name, line) for name, lines in cases.COMMANDS.items() for line in lines]
)


def _encoded(text: str) -> bytes:
    return text.encode('utf-8', 'surrogatepass')


class TestFuzz(testtools.TestCase):
    @hypothesis.settings(BRIEF, max_examples=10 * FACTOR)
    @hypothesis.given(cases.VALUES)
    def test_values_in_answers(self, value: object) -> None:
        cases.read_everywhere(value)

    @BRIEF
    @hypothesis.given(st.binary(max_size=200), st.integers(200, 599))
    def test_bodies(self, body: bytes, status: int) -> None:
        cases.read_bytes(body, status)

    @BRIEF
    @hypothesis.given(
        LINES,
        st.dictionaries(
            st.integers(0, 6),
            st.tuples(st.integers(0, 60), cases.VALUES),
            min_size=1,
            max_size=3,
        ),
    )
    def test_commands_with_broken_answers(
        self,
        line: tuple[str, list[str]],
        broken: dict[int, tuple[int, object]],
    ) -> None:
        cases.run_with_broken_answers(*line, broken)

    @BRIEF
    @hypothesis.given(st.integers(0, 6), st.integers(0, 60), cases.VALUES)
    def test_repairs_with_a_broken_answer(
        self, number: int, place: int, value: object
    ) -> None:
        cases.repair_with_a_broken_answer(number, place, value)

    @hypothesis.settings(BRIEF, max_examples=100 * FACTOR)
    @hypothesis.given(
        st.sampled_from(cases.FORMATS),
        st.integers(0, 9),
        st.integers(0, 19),
        cases.VALUES,
    )
    def test_values_in_saved_listings(
        self, form: str, row: int, place: int, value: object
    ) -> None:
        cases.read_listing(form, row, place, value)

    @BRIEF
    @hypothesis.given(cases.VALUES, cases.VALUES)
    def test_names_in_saved_listings(
        self, name: object, value: object
    ) -> None:
        cases.read_listing_with_name(name, value)

    @hypothesis.settings(BRIEF, max_examples=100 * FACTOR)
    @hypothesis.given(
        st.sampled_from(cases.FORMATS),
        st.integers(0, 5000),
        st.binary(max_size=50) | cases.TEXTS.map(_encoded),
    )
    def test_bytes_in_saved_listings(
        self, form: str, start: int, found: bytes
    ) -> None:
        cases.read_listing_of_bytes(form, start, found)

    @BRIEF
    @hypothesis.given(
        st.sampled_from(sorted(cases.COMMANDS)),
        st.lists(
            cases.TEXTS
            | st.sampled_from(
                [
                    '--long',
                    '--project',
                    '--host',
                    '--network',
                    '--fixed-ip',
                    '--mac-address',
                    '--tag',
                    '--port',
                    '--timeout',
                    '--dry-run',
                    '--same',
                    '-',
                    '--sort-column',
                    '-c',
                    '-f',
                    'csv',
                ]
            ),
            max_size=5,
        ),
    )
    @hypothesis.example('check', ['--project', odd_cloud.WORDS['one']])
    @hypothesis.example('list', ['--project', 'ABCDEF01' * 4])
    def test_arguments(self, name: str, line: list[str]) -> None:
        cases.run_with_arguments(name, line)

    @hypothesis.settings(BRIEF, max_examples=200 * FACTOR)
    @hypothesis.given(cases.TEXTS)
    def test_notations(self, text: str) -> None:
        cases.read_notation(text)

    @hypothesis.settings(BRIEF, max_examples=200 * FACTOR)
    @hypothesis.given(st.text(st.characters()))
    def test_texts_for_a_terminal(self, text: str) -> None:
        cases.escape(text)


class TestConfiguration(base.ShellTestCase):
    """Values of clouds.yaml, with the whole shell."""

    @hypothesis.settings(BRIEF, max_examples=10 * FACTOR)
    @hypothesis.given(
        st.dictionaries(
            st.sampled_from(
                [
                    'region_name',
                    'interface',
                    'compute_api_version',
                    'compute_default_microversion',
                    'compute_endpoint_override',
                    'network_endpoint_override',
                    'compute_service_type',
                    'verify',
                ]
            ),
            st.booleans() | st.integers(-1, 100) | cases.TEXTS,
            min_size=1,
            max_size=3,
        )
    )
    def test_clouds_yaml(self, settings: dict[str, object]) -> None:
        cases.COUNTS['values in clouds.yaml'] += 1
        odd_cloud.register(self.cloud)
        environment = dict(self.environment)
        try:
            self.configure_cloud(**json.loads(json.dumps(settings)))
            result = self.openstack(
                'server', 'interface', 'list', odd_cloud.WORDS['one']
            )
        finally:
            self.environment = environment
        self.assertIn(result.status, cases.STATUSES)
        self.assertNotIn('Traceback', result.stderr)


class TestRules(testtools.TestCase):
    @BRIEF
    @hypothesis.given(oracle.cases())
    def test_security_groups_and_packets(self, case: oracle.Case) -> None:
        cases.COUNTS['ports and their security groups'] += 1
        self.assertEqual([], case.disagreements())
