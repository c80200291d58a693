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

"""Neutron's API, as far as interfaces need it.

https://docs.openstack.org/api-ref/network/v2/
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from urllib import parse

from keystoneauth1 import exceptions as ksa_exceptions
from openstack import connection as sdk_connection
from openstack import exceptions as sdk_exceptions

from osc_port_iface.api import endpoint
from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import fixed_ips
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# Services take request lines of 8,000 octets at least (RFC 9112, section
# 3); this leaves room for the endpoint and the fields.
_VALUES_LENGTH = 7000

# Neutron has no page size of its own; this bounds what it has in memory.
_PAGE = '1000'

_Parameters = list[tuple[str, str]]
_Record = TypeVar('_Record')


class NetworkApi:
    """Reads ports, and what belongs to them, from Neutron."""

    def __init__(self, service: endpoint.Endpoint) -> None:
        """Use an endpoint; see :func:`connect`."""
        self._endpoint = service

    def ports(
        self, filter_name: str, values: Iterable[str]
    ) -> Iterator[records.Port]:
        """List the ports for which a filter has one of these values.

        ``GET /v2.0/ports``, in batches that fit into a URL.

        :param filter_name: ``device_id``, ``id``, ``name``,
            ``mac_address``, or ``fixed_ips`` with values like
            ``ip_address=192.0.2.5``.
        :param values: The values, each at most once.
        :returns: The ports, in no order.
        :raises errors.ApiError: A request failed.
        """
        for batch in _batches(filter_name, values):
            yield from self._pages('ports', [*batch, *_PORT_FIELDS], _port)

    def all_ports(self) -> Iterator[records.Port]:
        """List the ports that the caller may see.

        ``GET /v2.0/ports``, in pages.

        :returns: The ports, ordered by ID.
        :raises errors.ApiError: A request failed.
        """
        parameters = [
            *_PORT_FIELDS,
            ('limit', _PAGE),
            ('sort_key', 'id'),
            ('sort_dir', 'asc'),
        ]
        return self._pages('ports', parameters, _port)

    def floating_ips(
        self, filter_name: str, values: Iterable[str]
    ) -> Iterator[records.FloatingIP]:
        """List the floating IPs for which a filter has one of these values.

        ``GET /v2.0/floatingips``, in batches that fit into a URL.

        :param filter_name: ``port_id`` or ``floating_ip_address``.
        :param values: The values, each at most once.
        :returns: The floating IPs, in no order; none where Neutron has no
            routers, and so no such collection.
        :raises errors.ApiError: A request failed.
        """
        for batch in _batches(filter_name, values):
            try:
                yield from self._pages(
                    'floatingips', [*batch, *_FLOATING_IP_FIELDS], _floating_ip
                )
            except errors.NotFound:
                return

    def network_ids(self, name: str) -> list[str]:
        """List the IDs of the networks of exactly this name.

        :param name: The name.
        :returns: Their IDs.
        :raises errors.ApiError: The request failed.
        """
        parameters = [('name', name), ('fields', 'id')]
        return list(
            self._pages('networks', parameters, lambda network: network['id'])
        )

    def names(self, collection: str, ids: Iterable[str]) -> dict[str, str]:
        """Look up the names that resources have.

        :param collection: ``networks``, ``subnets``, ``security-groups``.
        :param ids: The IDs of the resources, each at most once.
        :returns: The name by the ID, of those that the caller may see.
        :raises errors.ApiError: A request failed.
        """
        names: dict[str, str] = {}
        for batch in _batches('id', ids):
            parameters = [*batch, ('fields', 'id'), ('fields', 'name')]
            names.update(self._pages(collection, parameters, _id_and_name))
        return names

    def _pages(
        self,
        collection: str,
        parameters: _Parameters,
        record: Callable[[dict[str, Any]], _Record],
    ) -> Iterator[_Record]:
        key = collection.replace('-', '_')
        what = _WHAT[collection]
        query: dict[str, list[str]] = {}
        for name, value in parameters:
            query.setdefault(name, []).append(value)
        page: endpoint.Query | None = query
        while page is not None:
            body, response = self._endpoint.get(f'/{collection}', what, page)
            with faults.api_shape(response, what):
                found = [record(resource) for resource in body[key]]
                page = endpoint.next_page(body.get(f'{key}_links', []))
            yield from found


def connect(connection: sdk_connection.Connection) -> NetworkApi:
    """Reach Neutron through what OSC has authenticated.

    :param connection: ``client_manager.sdk_connection``.
    :returns: The API.
    :raises errors.ApiError: There is no Neutron, or it cannot be reached.
    """
    try:
        adapter = connection.network
        if adapter.get_endpoint() is None:
            raise errors.ApiError(_('The catalog has no network service.'))
    except (
        sdk_exceptions.SDKException,
        ksa_exceptions.ClientException,
        # What openstacksdk 0.101 makes of a missing version document.
        AttributeError,
    ) as error:
        raise errors.ApiError(
            _('Network service: %s') % printable.one_line(str(error))
        ) from error
    return NetworkApi(endpoint.Endpoint(adapter))


_WHAT = {
    'ports': _('Ports'),
    'floatingips': _('Floating IPs'),
    'networks': _('Networks'),
    'subnets': _('Subnets'),
    'security-groups': _('Security groups'),
}


def _fields(*names: str) -> _Parameters:
    return [('fields', name) for name in names]


_PORT_FIELDS = _fields(
    'id',
    'network_id',
    'mac_address',
    'fixed_ips',
    'status',
    'name',
    'device_id',
    'device_owner',
    'project_id',
    'security_groups',
    'admin_state_up',
    'ip_allocation',
    'binding:vnic_type',
    'binding:vif_type',
    'binding:host_id',
)

_FLOATING_IP_FIELDS = _fields(
    'id',
    'floating_ip_address',
    'port_id',
    'project_id',
    'floating_network_id',
)


def _batches(name: str, values: Iterable[str]) -> Iterator[_Parameters]:
    """Cut many values of a filter into queries that fit into a URL."""
    batch: _Parameters = []
    length = 0
    for value in values:
        size = len(parse.urlencode({name: value})) + 1
        if batch and length + size > _VALUES_LENGTH:
            yield batch
            batch, length = [], 0
        batch.append((name, value))
        length += size
    if batch:
        yield batch


def _id_and_name(resource: dict[str, Any]) -> tuple[str, str]:
    return resource['id'], resource['name']


def _port(port: dict[str, Any]) -> records.Port:
    return records.Port(
        id=port['id'],
        network_id=port['network_id'],
        mac_address=port['mac_address'],
        fixed_ips=fixed_ips.parse(port['fixed_ips']),
        status=port['status'],
        name=port['name'],
        device_id=port['device_id'],
        device_owner=port['device_owner'],
        project_id=port['project_id'],
        security_group_ids=tuple(port.get('security_groups') or ()),
        vnic_type=port.get('binding:vnic_type'),
        # Only an administrator is shown these two.
        vif_type=port.get('binding:vif_type'),
        host=port.get('binding:host_id'),
        admin_state_up=port.get('admin_state_up', True),
        ip_allocation=port.get('ip_allocation'),
    )


def _floating_ip(floating_ip: dict[str, Any]) -> records.FloatingIP:
    return records.FloatingIP(
        address=floating_ip['floating_ip_address'],
        network_id=floating_ip['floating_network_id'],
        project_id=floating_ip['project_id'],
        port_id=floating_ip['port_id'],
    )
