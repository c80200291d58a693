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


"""The collections of Nova, and how their rows are read.

https://docs.openstack.org/api-ref/compute/
"""

from collections.abc import Iterator

from osc_port_iface.api import fixed_ips
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

INTERFACE = reading.Record(
    records.Interface,
    port_id=reading.uuid('port_id'),
    network_id=reading.optional_text('net_id'),
    mac_address=reading.mac_address('mac_addr'),
    fixed_ips=reading.field(fixed_ips.read, 'fixed_ips'),
    port_state=reading.optional_text('port_state'),
    tag=reading.optional_text('tag'),
)


def interfaces(
    server_id: str, called: str | None = None
) -> paging.Collection[records.Interface]:
    """Return the collection of the interfaces of a server.

    :param called: What messages call the server; by default, its ID.
    """
    what = _('Interfaces of server %s') % printable.escape(called or server_id)
    return paging.Collection(
        f'{server_path(server_id, what)}/os-interface',
        'interfaceAttachments',
        what,
        INTERFACE,
        takes_fields=False,
    )


def _cache(server: reading.Object, key: str) -> tuple[records.Interface, ...]:
    cache = server.optional_nested(key)
    return tuple(_cached(cache)) if cache else ()


def _cached(cache: reading.Object) -> Iterator[records.Interface]:
    """Read an interface for each label and MAC address of the cache.

    The network info cache is keyed by the labels of networks, so networks with
    the same name cannot be told apart.
    """
    for label in cache.names():
        found: dict[str, dict[str, list[str]]] = {}
        for mac_address, kind, address in cache.items(label, _cached_address):
            kinds = found.setdefault(mac_address, {})
            kinds.setdefault(kind, []).append(address)
        for mac_address, kinds in found.items():
            yield records.Interface(
                mac_address=mac_address,
                fixed_ips=fixed_ips.ordered(
                    map(records.FixedIP, kinds.get('fixed', ()))
                ),
                network_label=label or None,
                floating_ips=tuple(kinds.get('floating', ())),
            )


def _cached_address(entry: reading.Object) -> tuple[str, str, str]:
    return (
        entry.mac_address('OS-EXT-IPS-MAC:mac_addr')
        or entry.text('OS-EXT-IPS-MAC:mac_addr'),
        entry.text('OS-EXT-IPS:type'),
        entry.ip_address('addr'),
    )


SERVERS = paging.Collection(
    '/servers',
    'servers',
    _('Servers'),
    reading.Record(
        records.Server,
        id=reading.uuid('id'),
        # A server of a cell that is down has no name.
        name=reading.optional_text('name'),
        project_id=reading.optional_text('tenant_id'),
        user_id=reading.optional_text('user_id'),
        status=reading.optional_text('status'),
        host=reading.optional_text('OS-EXT-SRV-ATTR:host'),
        task_state=reading.optional_text('OS-EXT-STS:task_state'),
        power_state=reading.optional_number('OS-EXT-STS:power_state'),
        created_at=reading.optional_moment('created'),
        cache=reading.field(_cache, 'addresses'),
    ),
    takes_fields=False,
)


def _seconds_ago(action: reading.Object, *keys: str) -> float:
    return action.optional_age(*keys) or 0.0


_ACTION = reading.Record(
    records.InstanceAction,
    action=reading.text('action'),
    request_id=reading.optional_text('request_id'),
    failed=reading.field(
        lambda action, key: action.optional_text(key) == 'Error', 'message'
    ),
    seconds_ago=reading.field(_seconds_ago, 'updated_at', 'start_time'),
)


def instance_actions(
    server_id: str,
) -> paging.Collection[records.InstanceAction]:
    """Return the collection of the actions on a server."""
    what = _('Actions of server %s') % printable.escape(server_id)
    return paging.Collection(
        f'{server_path(server_id, what)}/os-instance-actions',
        'instanceActions',
        what,
        _ACTION,
        takes_fields=False,
    )


ACTION_EVENT = reading.Record(
    records.ActionEvent,
    event=reading.text('event'),
    has_ended=reading.field(
        lambda event, key: event.optional_moment(key) is not None,
        'finish_time',
    ),
)

COMPUTE_SERVICES = paging.Collection(
    '/os-services',
    'services',
    _('Compute services'),
    reading.Record(
        records.ComputeService,
        host=reading.text('host'),
        is_up=reading.field(
            lambda service, key: service.optional_text(key) == 'up', 'state'
        ),
        is_enabled=reading.field(
            lambda service, key: service.optional_text(key) == 'enabled',
            'status',
        ),
    ),
    takes_fields=False,
)


def server_path(server_id: str, what: str) -> str:
    """Return the path of a server.

    :param what: What is requested, as the beginning of the message.
    :raises errors.NotFound: The ID is not a UUID.
    """
    return f'/servers/{service.identifier(server_id, what)}'
