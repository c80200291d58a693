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

"""Every console session of the documentation, run as it stands."""

from collections.abc import Callable
import re

import testtools

from tests import environments
from tests.functional import client
from tests.sessions import page as pages
from tests.sessions import picture
from tests.sessions import running

PAGES = (
    environments.CHECKOUT / 'README.rst',
    *sorted(environments.CHECKOUT.glob('doc/source/pictures/*.rst')),
    *sorted(environments.CHECKOUT.glob('doc/source/user/**/*.rst')),
)


class TestPages(testtools.TestCase):
    """One class, as the pages share the demo and run one after another."""

    def assert_true(self, page: pages.Page) -> None:
        self.assert_shown(page, running.run(page, client.preloaded_program()))

    def assert_shown(self, page: pages.Page, wrong: running.Wrong) -> None:
        self.assertEqual([], wrong, running.describe(page, wrong))

    def test_pictures(self) -> None:
        drawn = picture.drawn()
        self.assertNotEqual({}, drawn)
        for path, expected in drawn.items():
            with self.subTest(path.name):
                self.assertEqual(expected, path.read_text())

    def test_one_changed_word_fails(self) -> None:
        path = environments.CHECKOUT / 'doc/source/user/show.rst'
        text, count = re.subn(
            r'\| ACTIVE\b', '| DOWN', path.read_text(), count=1
        )
        self.assertEqual(1, count)
        page = pages.Page('show', text)
        wrong = running.run(page, client.preloaded_program())
        self.assertEqual(1, len(wrong), running.describe(page, wrong))
        self.assertRaises(AssertionError, self.assert_shown, page, wrong)


def _test_of(page: pages.Page) -> Callable[[TestPages], None]:
    return lambda test: test.assert_true(page)


for path in PAGES:
    page = pages.Page.read(path)
    # Some run where functional tests make their scenario.
    if page.steps and 'functional' not in page.settings:
        inside = path.relative_to(environments.CHECKOUT).with_suffix('')
        name = re.sub(r'\W', '_', str(inside).removeprefix('doc/source/'))
        setattr(TestPages, f'test_page_{name.lower()}', _test_of(page))
