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

"""Keystone's API, as far as finding a project needs it.

https://docs.openstack.org/api-ref/identity/v3/
"""

from typing import Any
from urllib import parse

from keystoneauth1 import identity as ksa_identity
from openstack import connection as sdk_connection

from osc_port_iface.api import endpoint
from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.i18n import _
from osc_port_iface import printable


def project_id(
    connection: sdk_connection.Connection,
    name_or_id: str,
    domain: str | None,
) -> str:
    """Find the ID of a project, as OSC does.

    :param connection: ``client_manager.sdk_connection``.
    :param name_or_id: The project's name or ID.
    :param domain: The name or ID of its domain; any if None.
    :returns: The ID. Who may not look projects up is taken to have given an
        ID.
    :raises errors.ApiError: There is no such project, or more than one.
    """
    service = endpoint.Endpoint(connection.identity)
    try:
        query = {}
        if domain is not None:
            query['domain_id'] = _find(service, 'domains', domain, {})
        return _find(service, 'projects', name_or_id, query)
    except errors.Forbidden:
        return name_or_id


def is_administrator(connection: sdk_connection.Connection) -> bool:
    """Tell whether the token has the admin role.

    Nova and Neutron show such a caller everything by default; nothing says
    so but the names of the token's roles.

    :param connection: ``client_manager.sdk_connection``.
    """
    plugin = connection.session.auth
    if not isinstance(plugin, ksa_identity.BaseIdentityPlugin):
        return False
    roles = plugin.get_access(connection.session).role_names
    return 'admin' in (roles or [])


def _find(
    service: endpoint.Endpoint,
    collection: str,
    name_or_id: str,
    query: dict[str, str],
) -> str:
    what = _('%(kind)s %(name)s') % {
        'kind': _KINDS[collection],
        'name': printable.escape(name_or_id),
    }
    try:
        body, response = service.get(
            f'/{collection}/{parse.quote(name_or_id, safe="")}', what
        )
        with faults.api_shape(response, what):
            found: list[dict[str, Any]] = [body[collection[:-1]]]
    except errors.NotFound:
        body, response = service.get(
            f'/{collection}', what, {**query, 'name': name_or_id}
        )
        with faults.api_shape(response, what):
            found = list(body[collection])
    with faults.api_shape(response, what):
        ids = [str(resource['id']) for resource in found]
    if not ids:
        raise errors.NotFound(_('%s: not found') % what)
    if len(ids) > 1:
        raise errors.ApiError(
            _('%(what)s: %(count)d have this name, use an ID: %(ids)s')
            % {'what': what, 'count': len(ids), 'ids': ', '.join(ids)}
        )
    return ids[0]


_KINDS = {'domains': _('Domain'), 'projects': _('Project')}
