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

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import csv
import functools
import io
import json
import re
import reprlib
from typing import Any, ClassVar

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import comparing
from osc_port_iface import printable

# White space in JSON.
_SPACE = re.compile(r'[ \t\r\n]*')

# The first line of csv. All releases quote it; other tools may not.
_CSV_HEADERS = re.compile(r'"|(?:[^\r\n]*,)?"?Port ID"?(?:[,\r\n]|$)')

_NOT_A_LIST = _('not a list of interfaces')
_NOT_AN_OBJECT = _('not an interface with columns')
_TOO_DEEP = _('nested too deeply')

# Returns a place in the file: the line and the column.
_Place = Callable[[], tuple[int, int]]
_Rows = Iterator[tuple[_Place, Mapping[str, Any]]]


class NotAListing(ValueError):
    """The file is not output of ``server interface list``."""

    def __init__(
        self, name: str, place: tuple[int, int], problem: str
    ) -> None:
        super().__init__(
            _('%(name)s, line %(line)d, column %(column)d: %(problem)s')
            % {
                'name': name,
                'line': place[0],
                'column': place[1],
                'problem': problem,
            }
        )


def read(name: str, content: bytes) -> comparing.Listing:
    """Read a saved listing.

    :param name: The name of the file in messages.
    :param content: Its content.
    :returns: The listing.
    :raises NotAListing: It is not a listing, or has no port IDs.
    """
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        before = content[: error.start].decode('utf-8-sig')
        place = _place(before, len(before))
        raise NotAListing(name, place, _('not UTF-8')) from None
    return _listing(name, _rows(name, text))


_FORWARDING = (
    '{floating_ip_address}:{external_port}->'
    '{internal_ip_address}:{internal_port}/{protocol}'
)


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
        known = {key: _scalar_as_text(value) for key, value in item.items()}
        return _FORWARDING.format_map(collections.defaultdict(str, known))
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


def _rows(name: str, text: str) -> _Rows:
    start = text.lstrip()
    if start.startswith(('[', '{')):
        return _json_rows(name, text)
    if start.startswith('-'):
        return _yaml_rows(name, text)
    if _CSV_HEADERS.match(start):
        return _csv_rows(name, text)
    raise NotAListing(
        name,
        (1, 1),
        _(
            "not what 'server interface list' writes with -f json, -f yaml or "
            '-f csv'
        ),
    )


def _listing(name: str, rows: _Rows) -> comparing.Listing:
    headers: tuple[str, ...] = ()
    interfaces: dict[str, list[str]] = {}
    # Many texts are repeated.
    known: dict[str, str] = {}
    for place, row in rows:
        headers = headers or _headers(name, place, row)
        if row.keys() != set(headers):
            raise NotAListing(
                name, place(), _('other columns than the first interface')
            )
        texts = _texts(name, place, row)
        port_id = texts[headers.index(comparing.PORT_ID)].lower()
        if port_id in interfaces:
            raise NotAListing(
                name, place(), _('port %s appears twice') % port_id
            )
        interfaces[port_id] = [known.setdefault(text, text) for text in texts]
    return comparing.Listing(name, headers, interfaces)


def _headers(
    name: str, place: _Place, found: Iterable[str]
) -> tuple[str, ...]:
    headers = tuple(found)
    if '' in headers:
        raise NotAListing(name, place(), _('a column has no name'))
    if comparing.PORT_ID not in headers:
        raise NotAListing(name, place(), _('there is no column Port ID'))
    return headers


def _texts(name: str, place: _Place, row: Mapping[str, Any]) -> list[str]:
    texts = []
    for header, value in row.items():
        try:
            text = as_text(value)
        except ValueError:
            raise NotAListing(
                name,
                place(),
                _('%(column)s is %(value)s')
                % {
                    'column': printable.one_line(header, 80),
                    'value': printable.one_line(reprlib.repr(value), 80),
                },
            ) from None
        if not addresses.is_uuid(text) and (
            header == comparing.PORT_ID
            or (text and header == comparing.SERVER_ID)
        ):
            raise NotAListing(
                name,
                place(),
                _("%(column)s is '%(value)s', which is not a UUID")
                % {
                    'column': header,
                    'value': printable.one_line(text, 80),
                },
            )
        texts.append(text)
    return texts


def _json_rows(name: str, text: str) -> _Rows:
    """Read row by row, so that each has a place."""
    # Numbers stay text.
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique,
        parse_int=str,
        parse_float=str,
        parse_constant=str,
    )
    position = _skip_space(text, 0)
    if text[position] != '[':
        raise NotAListing(name, _place(text, position), _NOT_A_LIST)
    position = _skip_space(text, position + 1)
    separator = text[position : position + 1]
    while separator != ']':
        try:
            row, end = decoder.raw_decode(text, position)
        except RecursionError:
            raise NotAListing(
                name, _place(text, position), _TOO_DEEP
            ) from None
        except ValueError as error:
            where = getattr(error, 'pos', position)
            problem = printable.one_line(getattr(error, 'msg', str(error)))
            raise NotAListing(name, _place(text, where), problem) from None
        place = functools.partial(_place, text, position)
        if not isinstance(row, dict):
            raise NotAListing(name, place(), _NOT_AN_OBJECT)
        yield place, row
        position = _skip_space(text, end)
        separator = text[position : position + 1]
        if separator == ',':
            position = _skip_space(text, position + 1)
        elif separator != ']':
            raise NotAListing(
                name,
                _place(text, position),
                _('a comma or the end of the list is missing'),
            )
    position = _skip_space(text, position + 1)
    if position < len(text):
        raise NotAListing(
            name, _place(text, position), _('something follows the list')
        )


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object.

    :raises ValueError: A name appears twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(_twice(name for name, value in pairs))
    return found


def _twice(names: Iterable[str]) -> str:
    """Say which name appears more than once."""
    name = collections.Counter(names).most_common(1)[0][0]
    return _("'%s' appears twice") % printable.one_line(name, 80)


def _yaml_rows(name: str, text: str) -> _Rows:
    """Read events one by one.

    PyYAML's own documents need about a kilobyte of memory for each value, and
    ten times as long.
    """
    import yaml

    events = _YAMLEvents(name, text)
    try:
        event = events.next()
        if not isinstance(event, yaml.SequenceStartEvent):
            raise NotAListing(name, _mark(event.start_mark), _NOT_A_LIST)
        event = events.next()
        while not isinstance(event, yaml.SequenceEndEvent):
            place = functools.partial(_mark, event.start_mark)
            row = events.value(event)
            if not isinstance(row, dict):
                raise NotAListing(name, place(), _NOT_AN_OBJECT)
            yield place, row
            event = events.next()
        if events.has_more():
            raise NotAListing(
                name, _mark(event.end_mark), _('something follows the list')
            )
    except NotAListing:
        raise
    except yaml.MarkedYAMLError as error:
        problem = printable.one_line(error.problem or str(error))
        raise NotAListing(name, _mark(error.problem_mark), problem) from None
    except yaml.reader.ReaderError as error:
        # Depending on the release, the position counts characters or bytes.
        position = text.find(chr(error.character))
        problem = printable.one_line(error.reason)
        raise NotAListing(name, _place(text, position), problem) from None
    except RecursionError:
        raise NotAListing(name, events.place, _TOO_DEEP) from None
    except yaml.YAMLError as error:
        problem = printable.one_line(str(error))
        raise NotAListing(name, events.place, problem) from None
    except (ValueError, OverflowError):
        # PyYAML's parser in Python does not check the number of an escape
        # (scan_flow_scalar_non_spaces in yaml/scanner.py).
        problem = _('an escape of a character that does not exist')
        raise NotAListing(name, events.place, problem) from None


class _YAMLEvents:
    """Builds values from the events of a YAML file.

    It accepts only what JSON has as well: no tags, no anchors, and only text
    as names. Numbers remain text.

    :ivar place: The place of the last event.
    """

    _SCALARS: ClassVar[Mapping[str, bool | None]] = {
        '': None,
        '~': None,
        'null': None,
        'true': True,
        'false': False,
    }

    def __init__(self, name: str, text: str) -> None:
        # The import is slow, and only ``diff`` needs it.
        import yaml

        self._name = name
        self._yaml = yaml
        loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
        parts = (yaml.NodeEvent, yaml.CollectionEndEvent)
        self._events = (
            event
            for event in yaml.parse(text, Loader=loader)
            if isinstance(event, parts)
        )
        self.place = (1, 1)

    def next(self) -> Any:
        """Return the next event that is part of a value."""
        event = next(self._events)
        self.place = _mark(event.start_mark)
        if getattr(event, 'tag', None) or getattr(event, 'anchor', None):
            raise self._error(_('a tag or an anchor'))
        return event

    def has_more(self) -> bool:
        """Tell whether there is another value."""
        try:
            self.next()
        except StopIteration:
            return False
        return True

    def value(self, event: Any) -> Any:
        """Read the value that begins with an event."""
        if isinstance(event, self._yaml.ScalarEvent):
            is_plain = event.implicit[0]
            if is_plain and event.value in self._SCALARS:
                return self._SCALARS[event.value]
            return event.value
        if isinstance(event, self._yaml.MappingStartEvent):
            return self._mapping()
        values = []
        event = self.next()
        while not isinstance(event, self._yaml.CollectionEndEvent):
            values.append(self.value(event))
            event = self.next()
        return values

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        event = self.next()
        while not isinstance(event, self._yaml.CollectionEndEvent):
            is_scalar = isinstance(event, self._yaml.ScalarEvent)
            key = self.value(event) if is_scalar else None
            if not isinstance(key, str):
                raise self._error(_('a name that is not text'))
            if key in found:
                raise self._error(_twice([key]))
            found[key] = self.value(self.next())
            event = self.next()
        return found

    def _error(self, problem: str) -> NotAListing:
        """Say what is wrong with the last event."""
        return NotAListing(self._name, self.place, problem)


def _csv_rows(name: str, text: str) -> _Rows:
    reader = csv.reader(io.StringIO(text, newline=''), strict=True)
    headers: tuple[str, ...] = ()
    try:
        for row in reader:
            place = functools.partial(_line, reader.line_num)
            if headers and len(row) != len(headers):
                raise NotAListing(
                    name,
                    place(),
                    _('%(fields)d fields below %(headers)d headers')
                    % {'fields': len(row), 'headers': len(headers)},
                )
            if headers:
                yield place, dict(zip(headers, row, strict=True))
            elif row:
                headers = _headers(name, place, row)
                if len(set(headers)) < len(headers):
                    raise NotAListing(name, place(), _twice(headers))
    except csv.Error as error:
        raise NotAListing(
            name, (reader.line_num, 1), printable.one_line(str(error))
        ) from None


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _mark(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _line(number: int) -> tuple[int, int]:
    return number, 1


def _place(text: str, position: int) -> tuple[int, int]:
    """Return the line and the column of a position, both from 1."""
    line = text.count('\n', 0, position) + 1
    return line, position - text.rfind('\n', 0, position)
