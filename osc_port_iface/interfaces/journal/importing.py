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

"""Takes saved listings into a journal, as observations of their time."""

from collections.abc import Iterable, Iterator, Mapping
import datetime
import json
import operator
from typing import Any, TypeAlias
import uuid

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import timestamps

# All listings of a journal are one selection: whoever saved them knows which.
_SCOPE = {'imported': True}

# The columns without which it is not known who has what.
NEEDED = ('Server ID', 'Network ID', 'MAC Address', 'Fixed IPs')


# The text of each column, by header, of each interface.
Rows: TypeAlias = Iterable[Mapping[str, str]]


def import_listings(
    location: str, listings: Iterable[tuple[datetime.datetime, Rows]]
) -> list[observing.Observation]:
    """Store listings, all or none of them.

    :param location: The journal.
    :param listings: When each was made, and what it has; in any order.
    :returns: An observation of each, in the order of their times.
    :raises engines.JournalError: The journal cannot be written, or has an
        imported listing that is as new as one of these.
    """
    found = []
    with engines.open_to_write(location) as connection:
        for moment, rows in sorted(listings, key=operator.itemgetter(0)):
            # As a journal keeps it.
            milliseconds = round(1000 * moment.timestamp())
            moment = timestamps.from_ms(milliseconds)
            observation = observing.Observation(connection, '', _SCOPE)
            if observation.last and moment <= observation.last:
                raise engines.JournalError(
                    location,
                    _(
                        'a listing of %(moment)s cannot follow the imported '
                        'one of %(last)s'
                    )
                    % {
                        'moment': timestamps.as_text(moment),
                        'last': timestamps.as_text(observation.last),
                    },
                )
            for kind, objects in _objects(rows).items():
                observation.keep(
                    kind,
                    [
                        json.dumps(given, sort_keys=True).encode()
                        for given in objects.values()
                    ],
                )
            observation.finish(milliseconds, milliseconds, 0)
            found.append(observation)
    return found


# What the rows of a listing tell of, by the keys of the API.
_COLUMNS = {
    'servers': {
        'id': 'Server ID',
        'name': 'Server Name',
        'tenant_id': 'Project ID',
        'status': 'Server Status',
        'OS-EXT-SRV-ATTR:host': 'Host',
    },
    'ports': {
        'id': 'Port ID',
        'device_id': 'Server ID',
        'device_owner': 'Device Owner',
        'network_id': 'Network ID',
        'mac_address': 'MAC Address',
        'status': 'Port State',
        'name': 'Port Name',
        'project_id': 'Project ID',
        'binding:host_id': 'Host',
        'binding:vif_type': 'VIF Type',
        'binding:vnic_type': 'VNIC Type',
        'description': 'Description',
    },
    'networks': {'id': 'Network ID', 'name': 'Network Name'},
    'floatingips': {'port_id': 'Port ID', 'project_id': 'Project ID'},
    'projects': {'id': 'Project ID', 'name': 'Project Name'},
}


def _objects(rows: Rows) -> dict[str, dict[str, dict[str, Any]]]:
    """Make objects of the rows, as the API would give them.

    :returns: By kind, the objects by ID.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {
        kind: {} for kind in _COLUMNS
    }
    for row in rows:
        objects: dict[str, dict[str, Any]] = {
            kind: {
                key: row[header] or None
                for key, header in columns.items()
                if header in row
            }
            for kind, columns in _COLUMNS.items()
        }
        objects['servers']['addresses'] = {}
        port = objects['ports']
        port['device_owner'] = port.get('device_owner') or 'compute:'
        port['fixed_ips'] = [
            {'ip_address': address} for address in _split(row, 'Fixed IPs')
        ]
        floating_ip = objects.pop('floatingips')
        for address in _split(row, 'Floating IPs'):
            # A listing does not have its ID, and no command shows it.
            identifier = str(uuid.uuid5(uuid.UUID(port['id']), address))
            found['floatingips'][identifier] = {
                'id': identifier,
                'floating_ip_address': address,
                **floating_ip,
            }
        for kind, known in objects.items():
            if known.get('id'):
                found[kind][known['id']] = known
    return found


def _split(row: Mapping[str, str], header: str) -> Iterator[str]:
    return filter(None, row.get(header, '').split(','))
