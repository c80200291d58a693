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

import pathlib
import re

import testtools

from tests import environments
from tests.functional import client
from tests.sessions import page as pages
from tests.sessions import picture
from tests.sessions import running
from tests.sessions import scenarios

PAGES = (
    environments.CHECKOUT / 'README.rst',
    *sorted(environments.CHECKOUT.glob('doc/source/pictures/*.rst')),
    *sorted(environments.CHECKOUT.glob('doc/source/user/**/*.rst')),
)


class PagesTestCase(testtools.TestCase):
    """Runs pages one after another, as they share a project."""

    def assert_true(self, page: pages.Page) -> None:
        self.assert_shown(page, running.run(page, client.preloaded_program()))

    def assert_shown(self, page: pages.Page, wrong: running.Wrong) -> None:
        self.assertEqual([], wrong, running.describe(page, wrong))


class TestShopPages(PagesTestCase):
    """The pages of the project shop."""


class TestPages(PagesTestCase):
    """The pages of the demo."""

    def test_pictures(self) -> None:
        drawn = picture.drawn()
        self.assertNotEqual({}, drawn)
        for path, expected in drawn.items():
            with self.subTest(path.name):
                self.assertEqual(expected, path.read_text())

    def test_one_changed_word_fails(self) -> None:
        path = picture.PAGES / 'list.rst'
        text, count = re.subn(
            r'\| ACTIVE\b', '| DOWN', path.read_text(), count=1
        )
        self.assertEqual(1, count)
        page = pages.Page('list', text)
        wrong = running.run(page, client.preloaded_program())
        self.assertEqual(1, len(wrong), running.describe(page, wrong))
        self.assertRaises(AssertionError, self.assert_shown, page, wrong)


def _add(path: pathlib.Path) -> None:
    """Make a test of a page, unless a functional test runs it."""
    page = pages.Page.read(path)
    if not page.steps or 'functional' in page.settings:
        return

    def test(case: PagesTestCase) -> None:
        case.assert_true(page)

    is_of_shop = page.settings.get('scenario') in scenarios.SHOP
    inside = path.relative_to(environments.CHECKOUT).with_suffix('')
    name = re.sub(r'\W', '_', str(inside).removeprefix('doc/source/'))
    setattr(
        TestShopPages if is_of_shop else TestPages,
        f'test_page_{name.lower()}',
        test,
    )


for path in PAGES:
    _add(path)
