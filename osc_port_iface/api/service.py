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

"""Finds services in the catalog and in clouds.yaml.

Version documents are not requested, as a gateway may refuse them, and the
paths of the documented APIs, ``/v2.1``, ``/v2.0`` and ``/v3``, are known
without them.
"""

import re
import threading
from typing import ClassVar

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import exceptions as ksa_exceptions
from openstack.config import cloud_region

from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import errors
from osc_port_iface.api import paging
from osc_port_iface.api import transport as api_transport
from osc_port_iface.i18n import _
from osc_port_iface import printable

# The settings of a service in clouds.yaml, by their names in keystoneauth;
# openstacksdk 1.0 does not have the last three.
_SETTINGS = (
    'service_type',
    'service_name',
    'interface',
    'connect_retries',
    'status_code_retries',
    'connect_retry_delay',
    'status_code_retry_delay',
    'retriable_status_codes',
)


class Service(paging.CollectionLister):
    """A service, reached on first use.

    :cvar TYPE: Its type, as for :func:`endpoint`.
    :cvar VERSION: The version of its API.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[str]

    def __init__(
        self,
        config: cloud_region.CloudRegion,
        credentials: api_credentials.Credentials,
        transport: api_transport.Transport | None = None,
    ) -> None:
        """Prepare to use the service; no request is sent.

        :param config: The settings of the region.
        :param credentials: The token that all services share.
        :param transport: What sends its requests, if it is not a service that
            the catalog has.
        """
        super().__init__()
        self._config = config
        self._credentials = credentials
        self._lock = threading.Lock()
        self._transport = transport

    @property
    def transport(self) -> api_transport.Transport:
        """What sends its requests."""
        with self._lock:
            if self._transport is None:
                self._transport = self._connect()
            return self._transport

    def _connect(self) -> api_transport.Transport:
        """Connect to the service; no request is sent.

        :raises errors.ApiError: As for :func:`endpoint`.
        """
        adapter, url = endpoint(self._config, self._credentials, self.TYPE)
        url = versioned(url, self.VERSION, self._credentials.project_id)
        return api_transport.Transport(adapter, self._credentials, url)


def versioned(url: str, version: str, project_id: str | None = None) -> str:
    """Put a version into the URL of a service.

    :param url: The URL, which may have a version, followed by a project.
    :param version: Such as ``v2.1``.
    :param project_id: The project of the token, in any notation. A project of
        32 hexadecimal digits is recognized without it.
    """
    url = url.rstrip('/')
    project = f'[0-9a-f]{{32}}|{re.escape(project_id or "")}'
    replaced, count = re.subn(
        rf'/v\d+(\.\d+)?(?=(/({project}))?$)', f'/{version}', url
    )
    return replaced if count else f'{url}/{version}'


def _region(
    config: cloud_region.CloudRegion,
    credentials: api_credentials.Credentials,
    service_type: str,
) -> str | None:
    """Choose the region of a service.

    A region may use the Keystone of another one. Without a region,
    keystoneauth takes the first endpoint of each service, which may be the
    Nova of one region and the Neutron of another.
    """

    def known(name: str) -> list[str]:
        return credentials.regions(name, config.get_interface(name))

    region: str | None = config.get_region_name(service_type)
    if region and service_type != 'identity':
        return region
    region = region or config.get_region_name('compute')
    region = region or next(iter(known('compute')), '')
    return region if region in known(service_type) else ''


def endpoint(
    config: cloud_region.CloudRegion,
    credentials: api_credentials.Credentials,
    service_type: str,
) -> tuple[ksa_adapter.Adapter, str]:
    """Make an adapter with all settings of clouds.yaml, and find the URL.

    The adapter is what ``CloudRegion.get_session_client`` makes, but for the
    versions: ``Connection.compute`` of openstacksdk requests the version
    document twice, without a timeout, and hides the reason if that fails
    (``ServiceDescription._make_proxy``).

    :param config: The settings of the region.
    :param credentials: The token that all services share.
    :param service_type: Such as ``compute``.
    :raises errors.NotInCatalog: Neither the catalog nor clouds.yaml has it.
    :raises errors.RequestFailed: Its settings in clouds.yaml are not valid.
    """
    try:
        adapter = ksa_adapter.Adapter(
            config.get_session(),
            auth=credentials.plugin(),
            endpoint_override=config.get_endpoint(service_type),
            region_name=_region(config, credentials, service_type),
            # The loader of openstacksdk makes strings of numbers
            # (``_util.normalize_keys``), which keystoneauth cannot use.
            rate_limit=float(config.get_rate_limit(service_type) or 0) or None,
            # With a negative one, keystoneauth would wait for ever.
            concurrency=max(0, int(config.get_concurrency(service_type) or 0))
            or None,
            # For a method that openstacksdk does not have, None is returned
            # (``CloudRegion.__getattr__``).
            **{
                name: method(service_type)
                for name in _SETTINGS
                if (method := getattr(config, f'get_{name}'))
            },
        )
    except (RuntimeError, TypeError, ValueError) as error:
        raise errors.RequestFailed(
            _('clouds.yaml: %s') % printable.one_line(str(error))
        ) from error
    try:
        url = adapter.get_endpoint(skip_discovery=True)
    except ksa_exceptions.CatalogException as error:
        problem = printable.one_line(str(error))
        if hint := credentials.scope_hint:
            problem = f'{problem.rstrip(".")}; {hint}'
        raise errors.NotInCatalog(problem) from error
    if not url:
        raise errors.NotInCatalog(
            _('The catalog has no %s service.') % adapter.service_type
        )
    # keystoneauth formats an endpoint override in the same way.
    return adapter, re.sub(
        r'[%$]\((project|tenant)_id\)s',
        lambda _match: credentials.project_id or '',
        str(url),
    )
