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

"""Where a service is, as the catalog and clouds.yaml have it.

Version documents are not asked for here: a gateway may refuse them, and what
the documented APIs have below ``/v2.1``, ``/v2.0`` and ``/v3`` is there
without them.
"""

import re

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import exceptions as ksa_exceptions
from openstack import connection as sdk_connection

from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import errors
from osc_port_iface.api import transport
from osc_port_iface.i18n import _
from osc_port_iface import printable


def connect(
    connection: sdk_connection.Connection,
    credentials: api_credentials.Credentials,
    service_type: str,
    version: str,
) -> transport.Transport:
    """Reach a service through what OSC has authenticated.

    :param connection: ``client_manager.sdk_connection``.
    :param credentials: The token of the run.
    :param service_type: ``compute``, ``network`` or ``identity``.
    :param version: The version in the path of the URL, such as ``v2.0``.
    :returns: A transport to that version. No request is sent.
    :raises errors.ApiError: The catalog has no such service.
    """
    adapter = _adapter(connection, service_type)
    return transport.Transport(
        adapter,
        credentials,
        versioned(
            _url(adapter, credentials),
            version,
            adapter.session.get_project_id(),
        ),
    )


def versioned(url: str, version: str, project_id: str | None = None) -> str:
    """Put a version into the URL of a service.

    :param url: The URL, with any version of the service or none, and maybe
        with a project behind it.
    :param version: Such as ``v2.1``.
    :param project_id: The project of the token, however it is written; one
        of 32 hexadecimal digits is known without it.
    """
    url = url.rstrip('/')
    project = f'[0-9a-f]{{32}}|{re.escape(project_id or "")}'
    replaced, count = re.subn(
        rf'/v\d+(\.\d+)?(?=(/({project}))?$)', f'/{version}', url
    )
    return replaced if count else f'{url}/{version}'


def _adapter(
    connection: sdk_connection.Connection, service_type: str
) -> ksa_adapter.Adapter:
    """Make an adapter with everything that the configuration says.

    openstacksdk's own (``Connection.compute``) asks for the version document
    twice, with no timeout, and swallows the reason when it has none
    (``ServiceDescription._make_proxy``).
    """
    config = connection.config
    return ksa_adapter.Adapter(
        connection.session,
        service_type=config.get_service_type(service_type),
        service_name=config.get_service_name(service_type),
        interface=config.get_interface(service_type),
        region_name=config.get_region_name(service_type),
        endpoint_override=config.get_endpoint(service_type),
    )


def _url(
    adapter: ksa_adapter.Adapter, credentials: api_credentials.Credentials
) -> str:
    try:
        url = adapter.get_endpoint(skip_discovery=True)
        project_id = adapter.session.get_project_id()
    except ksa_exceptions.CatalogException as error:
        problem = printable.one_line(str(error))
        if hint := credentials.scope_hint:
            problem = f'{problem.rstrip(".")}; {hint}'
        raise errors.NotInCatalog(problem) from error
    if not url:
        raise errors.NotInCatalog(
            _('The catalog has no %s service.') % adapter.service_type
        )
    # As keystoneauth formats an endpoint that overrides the catalog's.
    return re.sub(
        r'[%$]\((project|tenant)_id\)s',
        lambda _match: project_id or '',
        str(url),
    )
