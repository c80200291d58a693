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

"""``python -m tests.sessions [--update] <page> …``: run what pages show."""

import argparse
import pathlib
import sys

from tests.cloud import embedded
from tests import environments
from tests.sessions import page as pages
from tests.sessions import running


def main() -> int:
    """Run the command line; see ``--help``.

    :returns: The exit status: 0 if each page is correct, or was updated.
    """
    parser = argparse.ArgumentParser(
        prog='python -m tests.sessions',
        description='Run the console sessions of pages against the embedded '
        'cloud, and show where they print something else.',
    )
    parser.add_argument('page', nargs='+', type=pathlib.Path)
    parser.add_argument(
        '--update',
        action='store_true',
        help='write into the pages what was printed',
    )
    arguments = parser.parse_args()
    read = {path: pages.Page.read(path) for path in arguments.page}
    for path, page in read.items():
        if tests := page.settings.get('functional'):
            parser.error(f'{path} is run by tests/functional/{tests}.py only')
    openstack = environments.ensure('client') / 'openstack'
    embedded.Cloud().up()
    status = 0
    for path, page in read.items():
        wrong = running.run(page, openstack)
        if wrong and arguments.update:
            path.write_text(running.update(page, wrong))
        elif wrong:
            status = 1
        print(running.describe(page, wrong) or f'{path}: as it says')
    return status


if __name__ == '__main__':
    sys.exit(main())
