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

"""The files of a cloud, for everyone who uses it."""

from collections.abc import Callable, Iterator
import contextlib
import json
import pathlib

from tests.cloud import configuration
from tests.cloud import networks
from tests.cloud import releases
from tests import environments


class CloudDirectory:
    """The directory of a cloud, whether it is up or not."""

    def __init__(
        self, release: str | None = None, network: str | None = None
    ) -> None:
        """Choose a cloud of the checkout.

        :param release: The name of its OpenStack release; by default, that in
            ``EMBEDDED_CLOUD_RELEASE``, and without it the newest.
        :param network: What is below its Neutron; by default, what
            ``EMBEDDED_CLOUD_NETWORK`` says, and without it ``plain``.
        """
        self.release = releases.named(release)
        self.network = networks.named(network)
        parts = ['.cloud']
        if self.release.name != releases.NEWEST:
            parts.append(self.release.name)
        if self.network != networks.PLAIN:
            parts.append(self.network)
        self.state = environments.CHECKOUT / '-'.join(parts)
        self.log = self.state / 'log'
        self.clouds_yaml = self.state / 'clouds.yaml'
        self.facts = self.state / 'cloud.json'

    @property
    def endpoints(self) -> dict[str, str]:
        """The URL of each service."""
        endpoints: dict[str, str] = json.loads(self.facts.read_text())[
            'endpoints'
        ]
        return endpoints

    def database(self, name: str) -> pathlib.Path:
        """Return a service's SQLite file: ``nova-cell1``, ``neutron``, …"""
        return configuration.database(self.state, name)

    def credentials(self, name: str) -> dict[str, str]:
        """Return the ``auth`` of one entry of clouds.yaml."""
        clouds = json.loads(self.clouds_yaml.read_text())['clouds']
        auth: dict[str, str] = clouds[name]['auth']
        return auth

    def add_credentials(
        self, name: str, user: str, password: str, **scope: str
    ) -> None:
        """Add an entry to clouds.yaml.

        :param name: The name of the entry.
        :param user: The user's name.
        :param password: The user's password.
        :param scope: ``project_name``, or ``system_scope``.
        """
        auth = {
            'auth_url': self.endpoints['identity'],
            'username': user,
            'password': password,
            'user_domain_id': 'default',
            **scope,
        }
        if 'project_name' in scope:
            auth['project_domain_id'] = 'default'
        with self._changed_clouds() as clouds:
            clouds[name] = {
                'auth': auth,
                'region_name': 'RegionOne',
                'interface': 'public',
                'identity_api_version': '3',
            }

    def remove_credentials(self, *names: str) -> None:
        """Remove entries from clouds.yaml, which each command reads whole."""
        with self._changed_clouds() as clouds:
            for name in names:
                del clouds[name]

    @contextlib.contextmanager
    def _changed_clouds(self) -> Iterator[dict[str, object]]:
        with self.lock('credentials'):
            content = json.loads(self.clouds_yaml.read_text())
            yield content['clouds']
            # Others may be reading it. JSON is YAML.
            new = self.clouds_yaml.with_suffix('.new')
            new.touch(mode=0o600)
            new.write_text(json.dumps(content, indent=2))
            new.rename(self.clouds_yaml)

    def once(self, name: str, make: Callable[[], object]) -> None:
        """Make something, unless this cloud has it already."""
        with self.lock(name):
            complete = self.state / f'{name}-complete'
            if not complete.exists():
                make()
                complete.touch()

    def lock(
        self, name: str = 'cloud', is_shared: bool = False
    ) -> contextlib.AbstractContextManager[None]:
        """Keep other processes of the checkout from doing the same.

        :param name: The name of the lock.
        :param is_shared: Whether others may hold it at the same time.
        """
        # Not in the state directory, which may be deleted and made again.
        return environments.lock(
            f'{self.state.name.removeprefix(".")}-{name}', is_shared
        )
