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

import pathlib
import re

import testtools

from tests import environments


def names(path: pathlib.Path) -> set[str]:
    """Read the package names in a requirements file."""
    lines = path.read_text().splitlines()
    found = {
        re.split('[=<>~!;# ]', line, maxsplit=1)[0].lower()
        for line in lines
        if line and not line.startswith(('#', '--'))
    }
    included = [line.split()[1] for line in lines if line.startswith('--req')]
    return found.union(*(names(path.parent / name) for name in included))


class TestPins(testtools.TestCase):
    def test_what_is_required_is_pinned(self) -> None:
        for requirements, pins in (
            ('requirements.txt', 'client'),
            ('requirements.txt', 'oldest'),
            ('test-requirements.txt', 'testing'),
            ('test-requirements.txt', 'oldest'),
            ('doc/requirements.txt', 'newest'),
        ):
            with self.subTest(requirements=requirements, pins=pins):
                required = names(environments.CHECKOUT / requirements)
                self.assertNotEqual(set(), required)
                pinned = names(environments.PINS / f'{pins}.txt')
                self.assertEqual(set(), required - pinned)
