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

from collections.abc import Callable, Iterator
from typing import NamedTuple

from osc_port_iface.api import paging
from osc_port_iface.api import paths
from osc_port_iface.api import reading
from osc_port_iface.i18n import _
from osc_port_iface import records

OTHER_PROJECT_HINT = _(
    'without administrator rights, a server of another project looks the same '
    'as one that does not exist'
)

INTERFACE = reading.Record(
    records.Interface,
    mac_address='mac_addr',
    port_id=reading.field(reading.Object.required_uuid, 'port_id'),
    network_id='net_id',
    # Only the cache has these.
    network_label=None,
    floating_ips=None,
)


class _CachedAddress(NamedTuple):
    mac_address: records.MACText
    kind: str
    ip_address: records.IPText


_CACHED_ADDRESS = reading.Record(
    _CachedAddress,
    mac_address='OS-EXT-IPS-MAC:mac_addr',
    kind='OS-EXT-IPS:type',
    ip_address='addr',
)


def _cached(cache: reading.Object) -> Iterator[records.Interface]:
    """Read an interface for each label and MAC address of the cache.

    The network info cache is keyed by the labels of networks, so networks with
    the same name cannot be told apart.
    """
    for label in cache.values:
        cache.required(label, cache.value(label, list))
        found = records.grouped(
            cache.items(label, _CACHED_ADDRESS.read),
            lambda row: row.mac_address,
        )
        for mac_address, rows in found.items():
            yield records.Interface(
                mac_address=mac_address,
                fixed_ips=reading.ordered_ips(
                    records.FixedIP(row.ip_address)
                    for row in rows
                    if row.kind == 'fixed'
                ),
                network_label=label or None,
                floating_ips=tuple(
                    row.ip_address for row in rows if row.kind == 'floating'
                ),
            )


SERVERS = paging.Collection(
    'servers',
    _('Servers'),
    reading.Record(
        records.Server,
        project_id='tenant_id',
        host='OS-EXT-SRV-ATTR:host',
        task_state='OS-EXT-STS:task_state',
        created_at='created',
        cache=reading.field(
            lambda row, key: tuple(_cached(row.part(key))), 'addresses'
        ),
        power_state='OS-EXT-STS:power_state',
        seconds_unchanged=reading.field(
            reading.Object.age, 'updated', 'created'
        ),
        # As the user wrote it.
        called=None,
    ),
    one=_('Server %s'),
    hint=OTHER_PROJECT_HINT,
)


def _is(expected: str) -> Callable[[reading.Object, str], bool]:
    return lambda row, key: row.text(key) == expected


ACTION = reading.Record(
    records.InstanceAction,
    failed=reading.field(_is('Error'), 'message'),
    seconds_ago=reading.field(
        lambda action, *keys: action.age(*keys) or 0.0,
        *('updated_at', 'start_time'),
    ),
)

ACTION_EVENT = reading.Record(
    records.ActionEvent,
    has_ended=reading.field(
        lambda event, key: event.moment(key) is not None, 'finish_time'
    ),
)

COMPUTE_SERVICE = reading.Record(
    records.ComputeService,
    is_up=reading.field(_is('up'), 'state'),
)


def server_path(server_id: str, what: str, below: str) -> str:
    """Return the path of what is below a server.

    :param what: What is requested, as the beginning of the message.
    :param below: The rest of the path.
    :raises errors.NotFound: The ID is not a UUID.
    """
    return f'/servers/{paths.identifier(server_id, what)}{below}'
