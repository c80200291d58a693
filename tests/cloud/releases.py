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

"""The OpenStack releases that the embedded cloud supports.

``tests/cloud/services/release_differences.py`` has their differences.
"""

import dataclasses
import os

from tests import environments

# The environment variable that names the release of a cloud.
VARIABLE = 'EMBEDDED_CLOUD_RELEASE'

NEWEST = 'newest'


@dataclasses.dataclass(frozen=True)
class Release:
    """A release of OpenStack.

    :ivar name: Its name.
    :ivar pins: The name of its file of pins and its environment.
    :ivar pythons: The Python versions that its services support, newest first.
    """

    name: str
    pins: str
    pythons: tuple[str, ...]

    def python(self) -> str | None:
        """Find an interpreter for the services.

        That is the version that runs this, where they support it, and the
        newest one where they do not.
        """
        running = environments.running_version()
        versions = sorted(self.pythons, key=lambda version: version != running)
        found = map(environments.interpreter, versions)
        return next(filter(None, found), None)


RELEASES = {
    release.name: release
    for release in (
        Release(NEWEST, 'cloud', ('3.13', '3.12', '3.11')),
        Release('2025.1', 'cloud-2025.1', ('3.12', '3.11')),
        Release('2024.1', 'cloud-2024.1', ('3.11',)),
    )
}


class UnknownReleaseError(Exception):
    """The embedded cloud does not support this release."""


def named(name: str | None) -> Release:
    """Return a release by name; by default, the one in the environment.

    :raises UnknownReleaseError: There is no release with this name.
    """
    name = name or os.environ.get(VARIABLE, NEWEST)
    try:
        return RELEASES[name]
    except KeyError:
        raise UnknownReleaseError(
            f'There is no release {name}, only {", ".join(RELEASES)}.'
        ) from None
