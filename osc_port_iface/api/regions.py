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

"""The regions of a cloud, with one token for each Keystone."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from openstack.config import cloud_region
from openstack.config import loader

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import credentials
from osc_port_iface.api import errors


class Regions:
    """The regions that clouds.yaml lists for this cloud, or the catalog.

    :ivar known: Their names, in the order of the list.
    :ivar usual: Those with a Nova, if the catalog lists them.
    """

    def __init__(
        self,
        authenticate: Callable[[], api_cloud.Cloud],
        config: cloud_region.CloudRegion,
        settings: loader.OpenStackConfig,
        options: argparse.Namespace,
    ) -> None:
        """List the regions; no request is sent but for a token.

        :param authenticate: Lets OSC authenticate to its region. That may fail
            if clouds.yaml lists others.
        :param config: The settings of this region, ``app.cloud``.
        :param settings: The configuration of OSC, ``app.cloud_config``.
        :param options: The global options, ``app.options``.
        :raises errors.ApiError: There is no token.
        """
        self._config = config
        self._settings = settings
        self._options = options
        clouds: dict[str, Any] = settings.cloud_config.get('clouds') or {}
        entries = (clouds.get(config.name) or {}).get('regions') or ()
        names = [
            entry['name'] if isinstance(entry, dict) else entry
            for entry in entries
        ]
        # YAML has other names than text, such as numbers.
        self._listed = {str(name): name for name in names}
        self.known = self.usual = list(self._listed)
        # A cloud of each Keystone, or why there is none, by the settings that
        # lead to it.
        self._own: api_cloud.Cloud | errors.ApiError
        try:
            self._own = authenticate()
        except errors.ApiError as error:
            if not self._listed:
                raise
            self._own = error
        keystone = self._keystone(config.region_name or '')
        self._keystones = [(keystone, self._own)]
        if not self.known:
            self.usual = self._in_catalog(compute.ComputeApi.TYPE)
            others = self._in_catalog(None)
            self.known = list(dict.fromkeys((*self.usual, *others)))

    def cloud(self, name: str) -> api_cloud.Cloud:
        """Return the services of a region; no request is sent.

        :param name: One of the known names.
        :raises errors.ApiError: Its settings cannot be used, or there is no
            token of its Keystone.
        """
        keystone = self._keystone(name)
        for known, other in self._keystones:
            if known == keystone:
                if isinstance(other, errors.ApiError):
                    raise other
                return self._sharing(other, name)
        found = credentials.authenticate(
            lambda: api_cloud.Cloud(self._configured(name, validate=True))
        )
        self._keystones.append((keystone, found))
        return found

    def with_one_nova(self, names: Iterable[str]) -> list[str]:
        """Return regions that a setting leads to the same Nova, if any."""
        found: dict[str, list[str]] = {}
        for name in names:
            url = self._config_of(name).get_endpoint(compute.ComputeApi.TYPE)
            found.setdefault(url or name, []).append(name)
        return max(found.values(), key=len, default=[])

    def _sharing(self, other: api_cloud.Cloud, name: str) -> api_cloud.Cloud:
        """Return the services of a region that shares another one's token."""
        config = self._config_of(name)
        return api_cloud.Cloud(
            cloud_region.CloudRegion(
                config.name,
                name,
                config.config,
                session=other.config.get_session(),
            ),
            other.credentials,
        )

    def _config_of(self, name: str) -> cloud_region.CloudRegion:
        is_listed = name in self._listed
        return self._configured(name) if is_listed else self._config

    def _configured(
        self, name: str, validate: bool = False
    ) -> cloud_region.CloudRegion:
        """Return the settings of a region that is listed.

        :param validate: Whether to prepare a session, as well.
        """
        chosen = {**vars(self._options), 'region_name': self._listed[name]}
        return self._settings.get_one(
            cloud=self._options.cloud,
            argparse=argparse.Namespace(**chosen),
            validate=validate,
        )

    def _in_catalog(self, service_type: str | None) -> list[str]:
        if isinstance(self._own, errors.ApiError):
            return []
        return self._own.credentials.regions(
            service_type, self._config.get_interface(service_type)
        )

    def _keystone(self, name: str) -> object:
        """Return the settings that lead to the Keystone of a region."""
        if name not in self._listed:
            return None
        config = self._configured(name)
        return (
            config.config.get('auth_type'),
            config.config.get('auth'),
            config.get_requests_verify_args(),
        )
