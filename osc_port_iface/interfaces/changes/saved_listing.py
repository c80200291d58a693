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

"""Reads the output of ``server interface list`` in json, yaml or csv.

A file may come from any release, and from anyone. Its values are treated as
untrusted text.
"""

from collections.abc import Iterable, Sequence
import csv
import io
import json
import reprlib
import sys
from typing import Any

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface import printable
from osc_port_iface import records
from osc_port_iface import text_files

_MAC_ADDRESS = 'MAC Address'

# Columns of find, of check and repair, and of diff, which have Port ID, too.
# Another column that is not known may be one of list in a newer release.
_FOREIGN = frozenset({'Query', 'Finding', 'Change'})


class NotAListing(ValueError):
    """The file is not output of ``server interface list``."""


def read(name: str, content: bytes) -> listing_diff.Listing:
    """Read a saved listing.

    :param name: The name of the file in messages.
    :param content: Its content.
    :returns: The listing.
    :raises NotAListing: It is not a listing, or has no port IDs. The message
        names the file, the row, and what is wrong with it.
    """
    try:
        return _listing(name, _rows(text_files.decode(content)))
    except RecursionError:
        raise NotAListing(_('%s: nested too deeply') % name) from None
    except ValueError as error:
        problem = printable.one_line(str(error), 400)
        raise NotAListing(f'{name}: {problem}') from None


def as_text(value: object) -> str:
    """Write a value as the text formats do.

    :param value: A value of a row, as read from json or yaml.
    :returns: One line; empty for null.
    :raises ValueError: No release writes such a value.
    """
    if isinstance(value, list):
        return ','.join(map(_item_as_text, value))
    return _scalar_as_text(value)


def _item_as_text(item: object) -> str:
    if not isinstance(item, dict):
        return _scalar_as_text(item)
    if 'subnet_id' in item:
        return _scalar_as_text(item.get('ip_address'))
    if 'port_id' in item:
        parts = item.get('segmentation_id'), item['port_id']
        return '='.join(filter(None, map(_scalar_as_text, parts)))
    if 'floating_ip_address' in item:
        # Another release may have more or fewer keys.
        given = {key: _scalar_as_text(value) for key, value in item.items()}
        forwarding = records.PortForwarding(
            protocol=given.get('protocol'),
            external_port=given.get('external_port'),
            internal_ip_address=given.get('internal_ip_address'),
            internal_port=given.get('internal_port'),
            internal_port_id=None,
        )
        return forwarding.of(given['floating_ip_address'])
    if 'ip_address' not in item:
        raise ValueError
    parts = item['ip_address'], item.get('mac_address')
    return '@'.join(filter(None, map(_scalar_as_text, parts)))


def _scalar_as_text(value: object) -> str:
    if value is None:
        return ''
    if isinstance(value, str):
        return printable.escape(value)
    if isinstance(value, (bool, int)):
        return str(value)
    raise ValueError


def _listing(name: str, rows: Sequence[object]) -> listing_diff.Listing:
    headers: tuple[str, ...] = ()
    interfaces: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 1):
        try:
            if not isinstance(row, dict):
                raise ValueError(_('not an interface with columns'))
            headers = headers or _headers(row)
            if row.keys() != set(headers):
                raise ValueError(_('other columns than the first interface'))
            # Many texts are repeated.
            texts = {
                header: sys.intern(_text(header, row[header]))
                for header in headers
            }
            port_id = texts[listing_diff.PORT_ID]
            if port_id in interfaces:
                raise ValueError(_('port %s appears twice') % port_id)
        except ValueError as error:
            raise ValueError(
                _('row %(number)d: %(problem)s')
                % {'number': number, 'problem': error}
            ) from None
        interfaces[port_id] = texts
    return listing_diff.Listing(name, headers, interfaces)


def _headers(found: Iterable[Any]) -> tuple[str, ...]:
    headers = tuple(found)
    if listing_diff.PORT_ID not in headers:
        raise ValueError(_('there is no column Port ID'))
    if '' in headers or not all(isinstance(text, str) for text in headers):
        raise ValueError(_('a column has no name'))
    for header in headers:
        if header in _FOREIGN:
            raise ValueError(
                _("'server interface list' has no column %s") % header
            )
    return headers


def _text(header: str, value: object) -> str:
    """Return the text of a cell, with IDs and MAC addresses in lower case.

    :raises ValueError: The cell cannot have this value.
    """
    column = printable.one_line(header, 80)
    try:
        text = as_text(value)
    except (AttributeError, ValueError):
        raise ValueError(
            _('%(column)s is %(value)s')
            % {
                'column': column,
                'value': printable.one_line(reprlib.repr(value), 80),
            }
        ) from None
    if header == listing_diff.PORT_ID and not text:
        # Nova's cache does not have it.
        raise ValueError(
            _('%s is empty, as in a listing with --source cache') % column
        )
    if header == listing_diff.PORT_ID or (
        text and header == listing_diff.SERVER_ID
    ):
        if not addresses.is_uuid(text):
            raise ValueError(
                _("%(column)s is '%(value)s', which is not a UUID")
                % {'column': column, 'value': printable.one_line(text, 80)}
            )
        return text.lower()
    return addresses.mac_address(text) if header == _MAC_ADDRESS else text


def _rows(text: str) -> list[Any]:
    """Return the rows of a file in the format that its beginning shows.

    :raises ValueError: It cannot be read, or is not a list.
    """
    start = text.lstrip()
    if start.startswith(('[', '{')):
        rows = json.loads(text)
    elif start.startswith('-'):
        rows = _yaml_rows(text)
    else:
        rows = _csv_rows(text)
    if not isinstance(rows, list):
        raise ValueError(_('not a list of interfaces'))
    return rows


def _yaml_rows(text: str) -> Any:
    # The import is slow, and nothing else needs it.
    import yaml

    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    try:
        return loader(text).get_single_data()
    except (yaml.YAMLError, OverflowError) as error:
        raise ValueError(str(error)) from None
    except (AttributeError, LookupError):
        # PyYAML raises them for !!timestamp x, !!bool x and !!int ''.
        raise ValueError(_('a value is not what its tag says')) from None


def _csv_rows(text: str) -> list[dict[str, Any]]:
    """Read csv of any ``--quote``.

    cliff writes a backslash before what would end a value
    (``CommaSeparated.emit_list``).
    """
    reader = csv.DictReader(
        io.StringIO(text, newline=''), escapechar='\\', strict=True
    )
    try:
        if listing_diff.PORT_ID in (reader.fieldnames or ()):
            # A row with too few fields lacks columns.
            return [
                {key: row[key] for key in row if row[key] is not None}
                for row in reader
            ]
    except csv.Error as error:
        problem = {'line': reader.line_num, 'problem': error}
        raise ValueError(
            _('after line %(line)d: %(problem)s') % problem
        ) from None
    raise ValueError(
        _(
            "not what 'server interface list' writes with -f json, -f yaml or "
            '-f csv, with commas and the column Port ID'
        )
    )
