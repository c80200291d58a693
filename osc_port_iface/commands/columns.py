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

"""Cells that read well in a table and keep their structure in JSON."""

import ipaddress
from typing import Any, TYPE_CHECKING

from cliff import columns

from osc_port_iface import printable
from osc_port_iface import records

# Only a newer cliff makes the class generic.
if TYPE_CHECKING:
    Column = columns.FormattableColumn[Any]
else:
    Column = columns.FormattableColumn

# The formats that carry a structure; all others show text, a line a row.
STRUCTURED_FORMATS = frozenset({'json', 'yaml'})


class _TextsColumn(Column):
    """A cell that is made of texts of unknown origin."""

    def texts(self) -> list[str]:
        """Return what to show, safe for a terminal."""
        raise NotImplementedError

    def human_readable(self) -> str:
        return ','.join(self.texts())


class TextColumn(_TextsColumn):
    """One text; empty where there is none.

    The order is that of the text, so that absent values come first and
    every cliff can sort them.
    """

    _value: str | None

    def texts(self) -> list[str]:
        return [printable.escape(self._value or '')]

    def __lt__(self, other: object) -> bool:
        return isinstance(other, TextColumn) and (
            self.human_readable() < other.human_readable()
        )


class TextListColumn(_TextsColumn):
    """Several texts, ordered as a list is."""

    _value: tuple[str, ...]

    def texts(self) -> list[str]:
        return [printable.escape(text) for text in self._value]

    def machine_readable(self) -> list[str]:
        return list(self._value)

    def __lt__(self, other: object) -> bool:
        return isinstance(other, TextListColumn) and (
            self._value < other._value
        )


class FixedIPsColumn(_TextsColumn):
    """The fixed IPs of an interface, ordered as addresses, not as text."""

    _value: tuple[records.FixedIP, ...]

    def texts(self) -> list[str]:
        return [
            printable.escape(fixed_ip.ip_address) for fixed_ip in self._value
        ]

    def machine_readable(self) -> list[dict[str, str | None]]:
        return [
            {
                'ip_address': fixed_ip.ip_address,
                'subnet_id': fixed_ip.subnet_id,
            }
            for fixed_ip in self._value
        ]

    def __lt__(self, other: object) -> bool:
        return isinstance(other, FixedIPsColumn) and (
            self._sort_key() < other._sort_key()
        )

    def _sort_key(self) -> list[tuple[int, int]]:
        addresses = (
            ipaddress.ip_address(fixed_ip.ip_address)
            for fixed_ip in self._value
        )
        return [(address.version, int(address)) for address in addresses]


class AsText(Column):
    """Another cell as text formats show it, in the order of that cell."""

    _value: Column

    def human_readable(self) -> str:
        return self._value.human_readable()

    def machine_readable(self) -> str:
        return self._value.human_readable()

    def __lt__(self, other: object) -> bool:
        return isinstance(other, AsText) and self._value < other._value


class AsLines(AsText):
    """Another cell as text, where a person has a line for each text."""

    _value: _TextsColumn

    def human_readable(self) -> str:
        return '\n'.join(self._value.texts())


SERVER_HEADERS = ('Server ID', 'Server Name')

# As ``server add fixed ip`` has them.
INTERFACE_HEADERS = (
    'Port ID',
    'Network ID',
    'MAC Address',
    'Fixed IPs',
    'Port State',
    'Tag',
)

DETAIL_HEADERS = (
    'Network Name',
    'Port Name',
    'Subnet Names',
    'Floating IPs',
    'Security Groups',
    'Host',
    'VIF Type',
    'VNIC Type',
    'Host Device',
)


def headers(shows_tag: bool) -> tuple[str, ...]:
    """Name the columns of an interface.

    :param shows_tag: Whether the microversion used has the tag.
    """
    return INTERFACE_HEADERS if shows_tag else INTERFACE_HEADERS[:-1]


def server_cells(server: records.Server) -> tuple[Column, ...]:
    """Make the cells of SERVER_HEADERS."""
    return (TextColumn(server.id), TextColumn(server.name))


def interface_cells(
    interface: records.Interface, shows_tag: bool
) -> tuple[Column, ...]:
    """Make the cells of one interface, as :func:`headers` names them."""
    cells = (
        TextColumn(interface.port_id),
        TextColumn(interface.network_id),
        TextColumn(interface.mac_address),
        FixedIPsColumn(interface.fixed_ips),
        TextColumn(interface.port_state),
        TextColumn(interface.tag),
    )
    return cells if shows_tag else cells[:-1]


def detail_cells(plugged: records.Plugged) -> tuple[Column, ...]:
    """Make the cells of DETAIL_HEADERS."""
    details = plugged.details
    port_id = plugged.interface.port_id
    return (
        TextColumn(details.network_name),
        TextColumn(details.port_name),
        TextListColumn(details.subnet_names),
        TextListColumn(details.floating_ips),
        TextListColumn(details.security_groups),
        TextColumn(details.host),
        TextColumn(details.vif_type),
        TextColumn(details.vnic_type),
        # What Nova and Neutron's agents call it on the host: Linux allows
        # no more than 15 characters (IFNAMSIZ).
        TextColumn(port_id and f'tap{port_id[:11]}'),
    )
